"""The policy's tables against cases worked by hand from the documents, one clause a case."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.running_numbers import number_gaps
from tests.policy import cases_evidence, cases_flags, cases_lado, cases_time
from tests.policy.cases_flags import Flagged, Logged
from tests.policy.cases_lado import Concerns
from tests.policy.hand_worked import Case

DUTIES = {
    **{f"time, {name}": case for name, case in cases_time.CASES.items()},
    **{f"evidence, {name}": case for name, case in cases_evidence.CASES.items()},
    **{f"LADO, {name}": case for name, case in cases_lado.DUTIES.items()},
}


@pytest.mark.parametrize("case", DUTIES.values(), ids=DUTIES.keys())
def test_a_duty_is_as_worked_by_hand(case: Case) -> None:
    assert case.disagreements() == [], case.clause


@pytest.mark.parametrize("case", cases_lado.TRIGGERS.values(), ids=cases_lado.TRIGGERS.keys())
def test_the_adults_of_concern_are_as_worked_by_hand(case: Concerns) -> None:
    assert case.found() == case.wanted(), case.clause


@pytest.mark.parametrize("case", cases_flags.CASES.values(), ids=cases_flags.CASES.keys())
def test_a_report_is_flagged_as_worked_by_hand(case: Flagged) -> None:
    assert case.found() == case.expect, case.clause


@pytest.mark.parametrize("case", cases_flags.LOG.values(), ids=cases_flags.LOG.keys())
def test_a_hold_that_only_the_log_speaks_of_is_found_as_worked_by_hand(case: Logged) -> None:
    assert case.found() == case.expect, case.clause


@pytest.mark.parametrize("case", cases_flags.NUMBERS.values(), ids=cases_flags.NUMBERS.keys())
def test_a_hole_in_the_numbers_is_as_worked_by_hand(case: tuple[str, list[str], dict[str, Any], list[str]]) -> None:
    clause, present, known, missing = case
    assert [number for gap in number_gaps(present, "EXH", **known) for number in gap.numbers()] == missing, clause
