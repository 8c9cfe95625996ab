"""Where our reference may stand in what a target holds: its field, the text's last line, or behind the title.

A gateway may drop the field, fold its case, or move it into the title; the last line is always ours (RULINGS 13).
"""

from __future__ import annotations

import re

from mappings.plain_text import last_line_reference
from mappings.reference import same_reference

_LINE = re.compile(r"^\W*reference\s*:\s*(\S+)\W*$", re.IGNORECASE)


def reference_in(text: str, *, markup: bool) -> str | None:
    """The reference in the last line that has any words, or None. `markup`: the text is HTML."""
    if markup:
        return last_line_reference(text)
    for line in reversed(text.splitlines()):
        if line.strip():
            found = _LINE.match(line)
            return found[1] if found else last_line_reference(text)
    return None


def carries(reference: str, *, field: str | None, text: str, markup: bool, title: str = "") -> bool:
    """Whether a record is the one with our reference."""
    return (
        same_reference(field, reference)
        or same_reference(reference_in(text, markup=markup), reference)
        or any(same_reference(word, reference) for word in title.split())
    )
