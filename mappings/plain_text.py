"""HTML as a person reads it, for comparing what we sent with what a target now holds.

Mosaic sanitises on save: tags go, entities change form, spaces move. Text is compared, never bytes. What two sides
do to lines and tables is no difference; a missing word is one.
"""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

_LINE_TAGS = frozenset("p br div ul ol li table thead tbody tfoot tr td th h1 h2 h3 h4 h5 h6 hr section".split())  # noqa: SIM905
_SILENT_TAGS = frozenset({"script", "style", "head", "title", "template"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"</?\w[^<>]*>")
_HALF_A_TAG = re.compile(r"<[^<>]*$|&#?\w{0,10}$")
_REFERENCE = re.compile(r"(?<![^\W\d_])reference\s*:\s*(\S+)\s*$", re.IGNORECASE)
_PRINTED = re.compile(r"reference:(IB-[A-Z0-9-]{1,24}-R\d{1,6}-[A-Z2-7]{16})(?!-\d)", re.IGNORECASE)
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
_ENDING = 200
_CLOSING = ".,;:!?)]}>\"'’”"


def text_of(html: str) -> str:
    """The text of a piece of HTML: a line for each paragraph, list item and table cell, no empty lines.

    Entities are read, runs of spaces (no-break ones too) are one space, and characters nobody sees are dropped.
    Plain text comes out as it is, its lines kept.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (_SPACES.sub(" ", _INVISIBLE.sub("", line)).strip() for line in "".join(reader.pieces).split("\n"))
    return unicodedata.normalize("NFC", "\n".join(filter(None, lines)))


def same_text(one: str, other: str) -> bool:
    """Whether two pieces of HTML say the same, however their lines, lists and tables are made."""
    return one == other or _letters(one) == _letters(other)


def truncated(sent: str, held: str) -> bool:
    """Whether what is held is only the beginning of what was sent."""
    if same_text(sent, held):
        return False
    whole, part = _letters(sent), _letters(_HALF_A_TAG.sub("", held)).rstrip("….")
    return len(part) < len(whole.rstrip("….")) and whole.startswith(part)


def last_line_reference(html: str) -> str | None:
    """The reference that the last line of a text carries, or None (RULINGS 13).

    Where a gateway has run all lines together, what stands at the very end counts; so it does where something in
    the text, such as half a comment, hides the rest from a reader of HTML. One of our shape counts near the end, too:
    a gateway may set a line of its own under it, or break it in two.
    """
    text = text_of(html)
    return _printed_reference(text) or _closing_reference(text) or _closing_reference(_TAG.sub("\n", html[-_ENDING:]))


def _printed_reference(text: str) -> str | None:
    found = _PRINTED.findall(_SPACES.sub("", text).translate(_HYPHENS)[-_ENDING:])
    return str(found[-1]) if found else None


def _closing_reference(text: str) -> str | None:
    lines = text.strip().split("\n")
    while lines and not lines[-1].strip(_CLOSING + " "):
        lines.pop()
    if not lines:
        return None
    last = lines[-1]
    if len(lines) > 1 and ":" not in last:
        last = f"{lines[-2]} {last}"
    found = _REFERENCE.search(last.rstrip(_CLOSING + " "))
    return found[1] if found else None


def _letters(html: str) -> str:
    """The text with no space at all: what a sanitiser may not change."""
    return _SPACES.sub("", text_of(html))


class _Reader(HTMLParser):
    """Collects text, with a line end for each tag that begins or ends a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT_TAGS:
            self._silent += 1
        elif tag in _LINE_TAGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT_TAGS:
            self._silent = max(0, self._silent - 1)
        elif tag in _LINE_TAGS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)
