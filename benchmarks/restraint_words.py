"""Precision and recall of the words that speak of a hold, on the labelled daily-log entries of the tests.

    python -m benchmarks.restraint_words [--wrong]

Prints both for the part that was looked at while the words were chosen and for the part that was not. `--wrong` also
prints the development entries that are read wrongly, never the held-out ones.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mappings.restraint_words import speaks_of_restraint

ENTRIES = Path(__file__).parent.parent / "tests" / "mappings" / "restraint_entries.toml"


@dataclass(frozen=True)
class Score:
    """How one part of the set was read."""

    true_alarms: int
    false_alarms: int
    missed: int
    quiet: int

    @property
    def precision(self) -> float:
        """Of the entries that were flagged, how many speak of a hold."""
        return self.true_alarms / max(1, self.true_alarms + self.false_alarms)

    @property
    def recall(self) -> float:
        """Of the entries that speak of a hold, how many were flagged."""
        return self.true_alarms / max(1, self.true_alarms + self.missed)


def parts() -> dict[str, dict[str, list[str]]]:
    """The labelled entries, by part and label."""
    return tomllib.loads(ENTRIES.read_text("utf-8"))


def score(part: dict[str, list[str]]) -> Score:
    """Read every entry of a part and count."""
    flagged = sum(map(speaks_of_restraint, part["restraint"]))
    wrongly = sum(map(speaks_of_restraint, part["other"]))
    return Score(flagged, wrongly, len(part["restraint"]) - flagged, len(part["other"]) - wrongly)


def main() -> None:
    """Print the measure of each part."""
    for name, part in parts().items():
        found = score(part)
        entries = len(part["restraint"]) + len(part["other"])
        print(f"{name:12} {entries:4} entries  precision {found.precision:.3f}  recall {found.recall:.3f}")
        if "--wrong" in sys.argv and name == "development":
            for text in part["restraint"]:
                if not speaks_of_restraint(text):
                    print(f"    missed: {text}")
            for text in part["other"]:
                if speaks_of_restraint(text):
                    print(f"    false alarm: {text}")


if __name__ == "__main__":
    main()
