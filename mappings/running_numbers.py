"""A home's running incident numbers, and the holes in them: flag `number_gap` ("none missed").

Numbers are PREFIX-YEAR-NNNN, from 0001 each January. Draft and Void reports count as present (RULINGS 7).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CLAUSE = "none missed"


@dataclass(frozen=True, order=True)
class RunningNumber:
    """One number, taken apart."""

    year: int
    position: int

    def text(self, prefix: str) -> str:
        """The number as the home writes it."""
        return f"{prefix}-{self.year:04}-{self.position:04}"


@dataclass(frozen=True)
class NumberGap:
    """One hole: every number from `first` to `last` of that year is missing."""

    prefix: str
    year: int
    first: int
    last: int
    clause: str = CLAUSE

    @property
    def missing(self) -> int:
        """How many numbers the hole has."""
        return self.last - self.first + 1

    def numbers(self) -> Iterator[str]:
        """The missing numbers, lowest first. A mistyped number can make a hole of millions: look at `missing` first."""
        return (RunningNumber(self.year, position).text(self.prefix) for position in range(self.first, self.last + 1))

    @property
    def message(self) -> str:
        """A sentence for the report."""
        first = RunningNumber(self.year, self.first).text(self.prefix)
        if self.missing == 1:
            return f"No report has the number {first}, though later numbers exist."
        last = RunningNumber(self.year, self.last).text(self.prefix)
        return f"No report has the numbers {first} to {last} ({self.missing} of them), though later numbers exist."


def read_number(number: str, prefix: str) -> RunningNumber | None:
    """Take a number apart, or None where it is not one of this home's running numbers."""
    found = re.fullmatch(rf"{re.escape(prefix)}-(\d{{4}})-(\d{{4,9}})", number.strip(), re.IGNORECASE | re.ASCII)
    if found is None or int(found[2]) == 0:
        return None
    return RunningNumber(int(found[1]), int(found[2]))


def misfits(numbers: Iterable[str], prefix: str) -> tuple[str, ...]:
    """Numbers that do not follow the home's pattern, so that they can be said: they take part in no gap."""
    return tuple(sorted({number for number in numbers if read_number(number, prefix) is None}))


def number_gaps(
    present: Iterable[str],
    prefix: str,
    *,
    in_range: Iterable[str] | None = None,
    first_ever: str | None = None,
) -> tuple[NumberGap, ...]:
    """The holes in a home's running numbers, oldest first.

    `present`: every number known of the home, whatever its day: drafts, voids and quarantined reports too.
    `in_range`: the numbers of the period looked at (all, if None): a year is searched up to its highest of these.
    `first_ever`: the first number ever seen of the home (the lowest of `present`, if None); its year is searched from
    there, earlier years not at all.
    """
    there: dict[int, set[int]] = defaultdict(set)
    for number in filter(None, (read_number(text, prefix) for text in present)):
        there[number.year].add(number.position)
    highest = {year: max(positions) for year, positions in there.items()}
    if in_range is not None:
        highest = {}
        for number in filter(None, (read_number(text, prefix) for text in in_range)):
            highest[number.year] = max(number.position, highest.get(number.year, 0))
            there[number.year].add(number.position)
    start = _start(there, read_number(first_ever, prefix) if first_ever else None)
    gaps: list[NumberGap] = []
    for year in sorted(highest):
        if start is not None and year >= start.year:
            lowest = start.position if year == start.year else 1
            gaps += _holes(prefix, year, sorted(there[year]), lowest, highest[year])
    return tuple(gaps)


def _start(there: dict[int, set[int]], first_ever: RunningNumber | None) -> RunningNumber | None:
    if first_ever is not None or not there:
        return first_ever
    year = min(there)
    return RunningNumber(year, min(there[year]))


def _holes(prefix: str, year: int, positions: list[int], lowest: int, highest: int) -> Iterator[NumberGap]:
    expected = lowest
    for position in positions:
        if position < expected:
            continue
        if position > highest:
            return
        if position > expected:
            yield NumberGap(prefix, year, expected, position - 1)
        expected = position + 1
