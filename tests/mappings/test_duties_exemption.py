"""The EHC-plan exemption: as written, never silently, and ended by any injury, complaint or allegation (RULINGS 4)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mappings.duties import DutyState
from mappings.exemption import REASON, exempt_children, exemption_note, wholly_exempt
from mappings.incident import (
    Allegation,
    ChildRole,
    EhcPlan,
    Incident,
    Intervention,
    Position,
    RaisedBy,
)
from tests.mappings.perfect import NA, YES, child, duties, duty, measure, report, staff, states

PLAN = EhcPlan(
    routine_restraint=YES, techniques=("low-level seated  hold", "Two person escort"), reviewed_on=date(2026, 1, 9)
)


def routine(**changes: object) -> Incident:
    values: dict[str, object] = {"children": (child(ehc_plan=PLAN),)}
    return report(**{**values, **changes})


def test_a_child_held_only_as_the_plan_provides_is_exempt_whatever_the_spelling() -> None:
    assert exempt_children(routine()) == {"child-17"}
    assert wholly_exempt(routine())


def test_an_exempt_child_and_its_home_owe_nothing_but_the_review_of_the_plan_and_say_why() -> None:
    found = duties(routine())
    assert states(found, DutyState.NOT_APPLICABLE) == {key[0] for key in found} - {"ehc_plan_review"}
    assert {one.reason for one in found.values() if one.id.value != "ehc_plan_review"} == {REASON}
    assert found["ehc_plan_review", "child-17"].state is DutyState.MET


ENDS: dict[str, Incident] = {
    "one measure that the plan does not name": routine(measures=(measure(), measure(technique="Supine hold"))),
    "no measure on the child": routine(measures=()),
    "a plan that does not say so": routine(children=(child(ehc_plan=EhcPlan(techniques=PLAN.techniques)),)),
    "a plan that says N/A": routine(children=(child(ehc_plan=PLAN.model_copy(update={"routine_restraint": NA})),)),
    "an injured child": routine(children=(child(ehc_plan=PLAN, injured=YES),)),
    "an injured other child": routine(children=(child(ehc_plan=PLAN), child("child-18", role=ChildRole.INJURED))),
    "injured staff": routine(staff=(staff(injured=YES),)),
    "an injury described and not answered": routine(staff=(staff(injured=NA, injury_details="Bitten hand"),)),
    "an allegation": routine(allegations=(Allegation(raised_by=RaisedBy.PARENT, summary="Too rough"),)),
    "a complaint of pain": routine(measures=(measure(pain_complaint=YES),)),
    "breathing affected": routine(measures=(measure(breathing_affected=YES),)),
    "a prone position": routine(measures=(measure(position=Position.PRONE),)),
    "a disengagement": routine(intervention=Intervention.NON_RESTRICTIVE),
}


@pytest.mark.parametrize("incident", ENDS.values(), ids=list(ENDS))
def test_what_ends_the_exemption(incident: Incident) -> None:
    assert exempt_children(incident) == frozenset()
    assert not wholly_exempt(incident)
    assert duty("daily_log", incident).state is DutyState.MET


def test_no_injuries_written_as_words_does_not_end_it() -> None:
    assert wholly_exempt(routine(children=(child(ehc_plan=PLAN, injured=NA, injury_details="None."),)))


def test_a_child_who_was_only_present_is_not_exempt_though_the_home_is() -> None:
    both = routine(children=(child(ehc_plan=PLAN), child("child-18", role=ChildRole.PRESENT, ehc_plan=PLAN)))
    found = duties(both)
    assert exempt_children(both) == {"child-17"}
    assert found["manager_notified", None].reason == REASON
    assert found["parents_informed", "child-17"].reason == REASON
    assert found["parents_informed", "child-18"].state is DutyState.MET


def test_with_one_held_child_that_is_not_exempt_the_home_owes_everything() -> None:
    both = routine(
        children=(child(ehc_plan=PLAN), child("child-18")), measures=(measure(), measure(child_id="child-18"))
    )
    found = duties(both)
    assert not wholly_exempt(both)
    assert found["manager_notified", None].state is DutyState.MET
    assert found["child_views", "child-17"].reason == REASON
    assert found["child_views", "child-18"].state is DutyState.MET


@pytest.mark.parametrize(
    ("reviewed_on", "state"),
    [
        (date(2025, 10, 6), DutyState.MET),
        (date(2025, 10, 5), DutyState.OVERDUE),
        (date(2026, 10, 6), DutyState.MET),
        (date(2026, 10, 20), DutyState.MET_LATE),
        (date(2030, 1, 1), DutyState.OVERDUE),
        (None, DutyState.OVERDUE),
    ],
)
def test_the_plan_was_reviewed_within_twelve_months_before_the_incident(
    reviewed_on: date | None, state: DutyState
) -> None:
    plan = PLAN.model_copy(update={"reviewed_on": reviewed_on})
    assert duty("ehc_plan_review", routine(children=(child(ehc_plan=plan),))).state is state


def test_a_year_before_the_last_of_february_is_the_twenty_eighth() -> None:
    leap = routine(
        occurred_at=report().occurred_at.replace(year=2028, month=2, day=29),
        children=(child(ehc_plan=PLAN.model_copy(update={"reviewed_on": date(2027, 2, 28)})),),
    )
    assert duty("ehc_plan_review", leap, now=leap.occurred_at + timedelta(days=30)).state is DutyState.MET


def test_the_exemption_is_said_either_way_and_no_plan_says_nothing() -> None:
    assert REASON in (exemption_note(routine()) or "")
    assert "injured" in (exemption_note(ENDS["injured staff"]) or "")
    assert "allegation" in (exemption_note(ENDS["an allegation"]) or "")
    assert "not for every measure" in (exemption_note(ENDS["one measure that the plan does not name"]) or "")
    assert exemption_note(report()) is None
