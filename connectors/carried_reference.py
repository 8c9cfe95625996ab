"""Where our reference may stand in what a target holds: its field, the text's last line, or behind the title.

A gateway may drop the field, fold its case, or move it into the title; the last line is always ours (RULINGS 13).
"""

from __future__ import annotations

import html
import re

from mappings.reference import same_reference

_BREAKS = re.compile(r"<\s*/?\s*(?:p|br|li|ul|ol|tr|td|th|table|thead|tbody|tfoot|div|h[1-6])\b[^>]*>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")
_LINE = re.compile(r"^\W*reference\s*:\s*(\S+)\W*$", re.IGNORECASE)


def last_line_reference(text: str, *, markup: bool) -> str | None:
    """The reference in the last line that has any words, or None. `markup`: the text is HTML."""
    if markup:
        text = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", text)))
    for line in reversed(text.splitlines()):
        if line.strip():
            found = _LINE.match(line.strip())
            return found[1] if found else None
    return None


def carries(reference: str, *, field: str | None, text: str, markup: bool, title: str = "") -> bool:
    """Whether a record is the one with our reference."""
    return (
        same_reference(field, reference)
        or same_reference(last_line_reference(text, markup=markup), reference)
        or any(same_reference(word, reference) for word in title.split())
    )
