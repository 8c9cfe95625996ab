"""How well other children's names are found in free text: precision and recall on a labelled set.

    python benchmarks/redaction.py

Prints both for names that are no words (where recall must be 1.0), for names that are also words, and for the part
of the set that the rules were never tuned against; then what one text costs.
"""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from mappings.name_index import name_index
from mappings.person_name import NamedChild
from mappings.redactor import Redactor

LABELLED = Path(__file__).with_name("redaction_set.toml")
_GOT = re.compile(r"another child(?: \([A-Z](?: or [A-Z])*\))?")
_WANTED = re.compile(r"\{[^}]*\}")
_PIECES = re.compile(r"§|\w+")


class Score(NamedTuple):
    """Names hidden rightly, hidden wrongly, and missed."""

    hidden: int
    too_much: int
    missed: int

    @property
    def precision(self) -> float:
        """Of what was hidden, how much was a name."""
        return self.hidden / max(1, self.hidden + self.too_much)

    @property
    def recall(self) -> float:
        """Of the names, how many were hidden."""
        return self.hidden / max(1, self.hidden + self.missed)


def labelled() -> dict[str, list[str]]:
    """The cases of each part of the set."""
    found = tomllib.loads(LABELLED.read_text("utf-8"))
    return {part: found[part]["cases"] for part in ("sure", "word", "held_out")}


def redactor() -> Redactor:
    """The redactor of the own child's record, with every other child of the set in the report."""
    found = tomllib.loads(LABELLED.read_text("utf-8"))
    children = [NamedChild("own", found["own"])]
    children += [NamedChild(f"child-{place}", name) for place, name in enumerate(found["others"])]
    labels = {child.child_id: f"another child ({chr(64 + place)})" for place, child in enumerate(children) if place}
    index = name_index(tuple(children))
    return Redactor(index, own={"own"}, labels=labels, adults=lambda: found["staff"], staff=found["staff"])


def score(cases: Sequence[str], hide: Redactor) -> tuple[Score, list[str]]:
    """The score, and the cases that came out otherwise than labelled."""
    totals = [0, 0, 0]
    wrong: list[str] = []
    for case in cases:
        result = hide.text(case.replace("{", "").replace("}", ""))
        wanted, got = _PIECES.findall(_WANTED.sub("§", case)), _PIECES.findall(_GOT.sub("§", result))
        blocks = SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
        right = sum(wanted[block.a : block.a + block.size].count("§") for block in blocks)
        here = (right, got.count("§") - right, wanted.count("§") - right)
        totals = [total + part for total, part in zip(totals, here, strict=True)]
        if here[1:] != (0, 0):
            wrong.append(f"{case!r} -> {result!r}")
    return Score(*totals), wrong


def main() -> int:
    """Print the figures; 1 when a name that is no word was missed."""
    hide = redactor()
    lost = 0
    for part, cases in labelled().items():
        found, wrong = score(cases, hide)
        names = found.hidden + found.missed
        figures = f"precision {found.precision:.3f}, recall {found.recall:.3f}"
        print(f"{part:9} {len(cases):3} texts, {names:3} names: {figures}")
        print("".join(f"          {line}\n" for line in wrong), end="")
        lost += found.missed if part == "sure" else 0
    long_text = " ".join(case.replace("{", "").replace("}", "") for case in labelled()["word"])[:2000]
    begun = time.perf_counter()
    for _ in range(200):
        hide.text(long_text)
    print(f"a text of 2,000 characters full of names: {(time.perf_counter() - begun) * 5000:.0f} µs")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
