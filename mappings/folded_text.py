"""Free text as names are looked for in it: accents folded, invisible characters gone, every position traceable.

A tired person's text holds curly apostrophes, zero-width characters, accents typed or forgotten, and HTML entities
pasted from elsewhere. Names are compared in the folded text and hidden in the source text, so each folded position
remembers where it came from. Case is kept: it is evidence that a word is used as a name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,24});")

#: Letters that Unicode does not decompose, and the marks that people use for one apostrophe or one hyphen.
_SPECIAL = {
    **dict.fromkeys("’‘‛ʼʹ`´′＇", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **{"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ð": "d", "Ð": "D"},
    **{"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"},
}


class _Table(dict[int, str]):
    """Code point -> folded text, worked out on first sight."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _SPECIAL.get(character)
        if folded is None:
            folded = "".join(
                part
                for part in unicodedata.normalize("NFKD", character)
                if not unicodedata.combining(part) and unicodedata.category(part) != "Cf"
            )
        self[code] = folded
        return folded


_TABLE = _Table()


class FoldedText(NamedTuple):
    """`cased` keeps the case, `lower` has the same length; `origin[i]` is where position i begins in the source.

    `origin` is None where both have the same length, position by position; otherwise it has one element more than
    `cased`, so that the end of a span can be read too.
    """

    cased: str
    lower: str
    origin: list[int] | None

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the source text that a span of the folded text came from."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + self._width(end - 1)

    def _width(self, position: int) -> int:
        assert self.origin is not None
        here = self.origin[position]
        return next((later - here for later in self.origin[position + 1 :] if later > here), 0)

    def __repr__(self) -> str:
        return "<FoldedText>"


def cleaned(text: str) -> str:
    """The text without NUL, control characters and halves of surrogates (RULINGS 6); every line end is a newline."""
    if text.isprintable() or text.replace("\n", "").isprintable():
        return text
    return _LINE_ENDS.sub("\n", _CONTROL.sub("", text))


def folded(text: str) -> FoldedText:
    """Fold a cleaned text."""
    entities = "&" in text and _ENTITY.search(text) is not None
    if text.isascii() and not entities:
        return FoldedText(text, text.lower(), None)
    if not entities and all(len(_TABLE[ord(character)]) == 1 for character in set(text)):
        cased = text.translate(_TABLE)
        return FoldedText(cased, _lowered(cased), None)
    return _traced(text)


def folded_words(text: str) -> str:
    """The folded text in lower case, for names, which need no way back."""
    return _lowered(html.unescape(cleaned(text)).translate(_TABLE))


def _lowered(cased: str) -> str:
    lower = cased.lower()
    if len(lower) == len(cased):
        return lower
    return "".join(low if len(low := character.lower()) == 1 else character for character in cased)


def _traced(text: str) -> FoldedText:
    """The slow way, character by character, for texts whose length changes."""
    pieces: list[str] = []
    origin: list[int] = []
    position = 0
    while position < len(text):
        entity = _ENTITY.match(text, position) if text[position] == "&" else None
        end = entity.end() if entity else position + 1
        piece = (html.unescape(entity.group()) if entity else text[position]).translate(_TABLE)
        pieces.append(piece)
        origin.extend([position] * len(piece))
        position = end
    origin.append(len(text))
    cased = "".join(pieces)
    return FoldedText(cased, _lowered(cased), origin)
