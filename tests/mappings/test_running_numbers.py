"""Holes in a home's running numbers (RULINGS 7)."""

from __future__ import annotations

import pytest

from mappings.running_numbers import NumberGap, misfits, number_gaps, read_number


def numbers(*positions: int, year: int = 2026) -> list[str]:
    return [f"EXH-{year}-{position:04}" for position in positions]


def missing(gaps: tuple[NumberGap, ...]) -> list[str]:
    return [number for gap in gaps for number in gap.numbers()]


@pytest.mark.parametrize(
    ("present", "first_ever", "expected"),
    [
        (numbers(1, 2, 3), None, []),
        (numbers(1, 3), None, numbers(2)),
        (numbers(3, 1), None, numbers(2)),
        (numbers(90, 92), None, numbers(91)),
        (numbers(2, 3), "EXH-2026-0001", numbers(1)),
        (numbers(85, 90, 92), "EXH-2026-0090", numbers(91)),
        (numbers(90) + numbers(3, year=2027), None, numbers(1, 2, year=2027)),
        (numbers(90, 92, year=2025) + numbers(1, 2), "EXH-2026-0001", []),
        (numbers(9999, 10001), None, ["EXH-2026-10000"]),
        ([], None, []),
        (["XXX-2026-0001", *numbers(1, 2), "XXX-2026-0009"], None, []),
    ],
)
def test_what_is_missing(present: list[str], first_ever: str | None, expected: list[str]) -> None:
    assert missing(number_gaps(present, "EXH", first_ever=first_ever)) == expected


def test_a_period_is_searched_up_to_its_own_highest_number_and_from_the_years_first() -> None:
    present = numbers(1, 3, 5, 9)
    assert missing(number_gaps(present, "EXH", in_range=numbers(5))) == numbers(2, 4)
    assert missing(number_gaps(present, "EXH", in_range=[])) == []


def test_a_hole_is_one_finding_however_wide_and_a_mistyped_number_does_not_make_millions() -> None:
    (gap,) = number_gaps([*numbers(1), "EXH-2026-99999999"], "EXH")
    assert (gap.first, gap.last, gap.missing) == (2, 99_999_998, 99_999_997)


def test_a_gap_says_what_is_missing() -> None:
    one, several = number_gaps(numbers(1, 3, 6), "EXH")
    assert one.message == "No report has the number EXH-2026-0002, though later numbers exist."
    assert "EXH-2026-0004 to EXH-2026-0005 (2 of them)" in several.message


@pytest.mark.parametrize("odd", ["EXH-26-0001", "EXH-2026-1", "EXH/2026/0001", "EXH-2026-0000", "", "EXH-2026-0001a"])
def test_a_number_that_does_not_follow_the_pattern_is_named_and_takes_part_in_no_gap(odd: str) -> None:
    assert read_number(odd, "EXH") is None
    assert misfits([*numbers(1), odd], "EXH") == (odd,)
    assert number_gaps([*numbers(1, 2), odd], "EXH") == ()


def test_a_prefix_with_signs_is_taken_literally() -> None:
    assert missing(number_gaps(["E.H-2026-0001", "E.H-2026-0003", "EXH-2026-0002"], "E.H")) == ["E.H-2026-0002"]
