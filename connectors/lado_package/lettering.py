"""Letters for the PDF: a font that has most of the world's, and words for what it has not.

DejaVu Sans comes with matplotlib. A character that it lacks is written out (an emoji as its name in brackets), so
that nothing a child or a worker wrote is dropped in silence or turned into an empty box.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN = "BridgeSans"
BOLD = "BridgeSans-Bold"

_FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}


@cache
def register_fonts() -> frozenset[int]:
    """Make the fonts known to reportlab; gives the code points that both have."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise FileNotFoundError("matplotlib, whose fonts the LADO package uses, is not installed")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    fonts = [TTFont(name, str(folder / file)) for name, file in _FILES.items()]
    for font in fonts:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    return frozenset.intersection(*(frozenset(font.face.charToGlyph) for font in fonts))


def writable(text: str) -> str:
    """The text in characters that the fonts have. Line feeds stay."""
    known = register_fonts()
    return "".join(
        character if character == "\n" or _drawable(character, known) else _spelled(character, known)
        for character in unicodedata.normalize("NFC", text)
    )


def _drawable(character: str, known: frozenset[int]) -> bool:
    # Beyond the basic plane a copy from the PDF gives other characters than were drawn. Format characters, such as
    # those that turn a text's direction, are never wanted.
    return ord(character) in known and ord(character) < 0x10000 and unicodedata.category(character) != "Cf"


def _spelled(character: str, known: frozenset[int]) -> str:
    kind = unicodedata.category(character)
    if character.isspace():
        return " "
    if kind in ("Cc", "Cf", "Mn", "Me"):
        return ""  # joiners, selectors and marks: they say nothing by themselves
    simpler = unicodedata.normalize("NFKD", character)
    if simpler != character and all(_drawable(part, known) for part in simpler):
        return simpler
    name = unicodedata.name(character, "")
    if name and kind in ("So", "Sk", "Sm"):
        return f"[{name.lower()}]"
    return f"[U+{ord(character):04X}]"
