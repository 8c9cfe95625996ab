"""Right-to-left writing on a page that is drawn from left to right.

reportlab draws letters in the order they come, unjoined. A name in Arabic or Hebrew script must still read as the
name: Arabic letters take their joined forms, and right-to-left words are put in the order in which they are seen.
This is the part of Unicode's rules that names and quoted sentences need: one level, in a left-to-right paragraph.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache

from connectors.lado_package.lettering import register_fonts

_RIGHT_TO_LEFT = ("R", "AL")
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_CLUSTER = re.compile(r"[0-9٠-٩۰-۹]+(?:[.,:/][0-9٠-٩۰-۹]+)*|[A-Za-z]+|.", re.DOTALL)
_FORM = re.compile(r"<(isolated|final|initial|medial)> ([0-9A-F]{4})(?: ([0-9A-F]{4}))?")


def is_right_to_left(text: str) -> bool:
    """Whether any letter of the text is written from right to left."""
    return any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)


def visual_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """A line of text as the lines to draw, none wider than `width` unless a single word is."""
    lines: list[str] = []
    current = ""
    for word in joined(text).split(" "):
        longer = f"{current} {word}" if current else word
        if current and measure(longer) > width:
            lines.append(visual(current))
            longer = word
        current = longer
    return [*lines, visual(current)]


def visual(line: str) -> str:
    """One line in the order in which it is seen."""
    strong = [unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line]
    if not any(strong):
        return line
    parts: list[str] = []
    position = 0
    while position < len(line):
        if not strong[position]:
            parts.append(line[position])
            position += 1
            continue
        end = last = position
        while end < len(line) and unicodedata.bidirectional(line[end]) != "L":
            last = end if strong[end] else last
            end += 1
        last = max(last, _marks_after(line, last))
        parts.append(_reversed(line[position : last + 1]))
        position = last + 1
    return "".join(parts)


def joined(text: str) -> str:
    """Arabic letters in the forms that they take beside each other."""
    forms = _forms()
    written: list[str] = []
    position = 0
    while position < len(text):
        pair = text[position : position + 2]
        unit = pair if pair in forms else text[position]
        shapes = forms.get(unit)
        if shapes is None:
            written.append(unit)
        else:
            before = _joins_on(_neighbour(text, position, -1), "initial")
            after = "initial" in shapes and _joins_on(_neighbour(text, position + len(unit) - 1, 1), "final")
            wanted = {(True, True): "medial", (True, False): "final", (False, True): "initial"}
            shape = wanted.get((before and "final" in shapes, after), "isolated")
            written.append(shapes.get(shape, unit))
        position += len(unit)
    return "".join(written)


@cache
def _forms() -> Mapping[str, Mapping[str, str]]:
    """Letter (or lam and alef) to those presentation forms that the font has, out of Unicode's decompositions."""
    known = register_fonts()
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFC00), *range(0xFE70, 0xFEFD)):
        match = _FORM.fullmatch(unicodedata.decomposition(chr(code)))
        if match is None or code not in known:
            continue
        letters = "".join(chr(int(part, 16)) for part in match.groups()[1:] if part)
        if len(letters) == 1 or letters[0] == "\u0644":
            found.setdefault(letters, {})[match.group(1)] = chr(code)
    return found


def _neighbour(text: str, position: int, step: int) -> str:
    position += step
    while 0 <= position < len(text) and unicodedata.category(text[position]) == "Mn":
        position += step
    return text[position] if 0 <= position < len(text) else ""


def _joins_on(letter: str, form: str) -> bool:
    return form in _forms().get(letter, {})


def _marks_after(line: str, position: int) -> int:
    while position + 1 < len(line) and unicodedata.category(line[position + 1]) == "Mn":
        position += 1
    return position


def _reversed(run: str) -> str:
    clusters: list[str] = []
    for cluster in _CLUSTER.findall(run):
        if clusters and unicodedata.category(cluster[0]) == "Mn":
            clusters[-1] += cluster
        else:
            clusters.append(cluster if len(cluster) > 1 else cluster.translate(_MIRRORED))
    return "".join(reversed(clusters))
