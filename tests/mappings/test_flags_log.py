"""Holds that the daily log speaks of and no report covers (RULINGS 29)."""

from __future__ import annotations

from datetime import date

import pytest

from mappings.flags import LogDay, ReportDay, UnrecordedRestraint, unrecorded_restraints

DAY = date(2026, 10, 6)
HELD = "Staff held him in a seated hold for two minutes."


def entry(*children: str, text: str = HELD, **changes: object) -> LogDay:
    return LogDay(**{"entry_id": "e-1", "day": DAY, "child_ids": frozenset(children), "text": text, **changes})  # type: ignore[arg-type]


def covering(*children: str, day: date = DAY, void: bool = False) -> ReportDay:
    return ReportDay(day, frozenset(children), void=void)


@pytest.mark.parametrize(
    ("entries", "reports", "children"),
    [
        ([entry("a")], [], ["a"]),
        ([entry("a")], [covering("a")], []),
        ([entry("a")], [covering("b")], ["a"]),
        ([entry("a")], [covering("a", day=date(2026, 10, 5))], ["a"]),
        ([entry("a")], [covering("a", void=True)], ["a"]),
        ([entry("a")], [ReportDay(DAY, None)], []),
        ([entry("a", "b")], [covering("a")], ["b"]),
        ([entry("a", "b")], [covering("a"), covering("b")], []),
        ([entry()], [], [None]),
        ([entry()], [covering("b")], []),
        ([entry()], [covering("b", void=True)], [None]),
        ([entry("a", text="Household meeting held, no restraint needed.")], [], []),
        ([entry("a", ours=True)], [], []),
    ],
)
def test_which_entries_no_report_covers(
    entries: list[LogDay], reports: list[ReportDay], children: list[str | None]
) -> None:
    assert [one.child for one in unrecorded_restraints(entries, reports)] == children


def test_the_homes_own_words_count_too() -> None:
    odd = entry("a", text="Blue blanket used at 17:00.")
    assert unrecorded_restraints([odd], []) == ()
    assert unrecorded_restraints([odd], [], words=("blue blanket",)) == (UnrecordedRestraint("e-1", DAY, "a"),)


def test_the_flag_names_the_entry_the_day_and_the_child_and_repeats_no_word_of_it() -> None:
    (found,) = unrecorded_restraints([entry("child-17")], [])
    flag = found.flag()
    assert flag.id == "unrecorded_restraint"
    assert flag.child == "child-17"
    assert flag.message == (
        "The daily-log entry e-1 of 06/10/2026 speaks of a hold, and there is no report for child-17 of that day."
    )
    assert "seated" not in repr(entry("child-17"))
