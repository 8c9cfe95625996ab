"""Who is an adult of concern, because of which trigger, about which children, and since when the home knew."""

from __future__ import annotations

import pytest

from mappings.evidence import submitted_at, undated
from mappings.incident import Allegation, Answer, ChildRole, Incident, Involvement, Position, RaisedBy
from mappings.lado_triggers import TO_BE_IDENTIFIED, triggers_of
from tests.mappings.perfect import NA, NO, YES, at, child, disengagement, measure, report, staff


def allegation(**changes: object) -> Allegation:
    values: dict[str, object] = {
        "raised_by": RaisedBy.CHILD,
        "summary": "He was too rough.",
        "raised_at": at(3),
        "about_staff_id": "staff-1",
        "concerning_child_id": "child-17",
    }
    return Allegation.model_validate({**values, **changes})


def alleged(**changes: object) -> Incident:
    return report(allegations=(allegation(**changes),))


def adults(incident: Incident) -> dict[str, tuple[int, ...]]:
    return {concern.adult: concern.triggers for concern in triggers_of(incident)}


def test_a_report_without_any_sign_is_no_concern() -> None:
    assert triggers_of(report()) == ()


@pytest.mark.parametrize(
    ("incident", "triggers"),
    [
        (report(children=(child(injured=YES),)), (1,)),
        (report(children=(child(injured=Answer.UNANSWERED, injury_details="Red mark on wrist"),)), (1,)),
        (report(measures=(measure(breathing_affected=YES),)), (1,)),
        (report(measures=(measure(pain_complaint=YES),)), (1,)),
        (alleged(excessive_force=YES), (1, 2)),
        (alleged(), (2,)),
        (alleged(raised_by=RaisedBy.PARENT), (2,)),
        (alleged(raised_by=RaisedBy.CARER), (2,)),
        (alleged(raised_by=RaisedBy.PROFESSIONAL), (3,)),
        (alleged(raised_by=RaisedBy.OTHER_ADULT), (3,)),
        (alleged(raised_by=RaisedBy.OTHER_CHILD), (3,)),
        (report(measures=(measure(position=Position.PRONE),)), (3,)),
        (report(measures=(measure(position=Position.PRONE, pain_complaint=YES),)), (1, 3)),
    ],
)
def test_each_sign_is_its_trigger(incident: Incident, triggers: tuple[int, ...]) -> None:
    assert adults(incident) == {"staff-1": triggers}


@pytest.mark.parametrize(
    "incident",
    [
        report(children=(child(injured=NA, injury_details="None"),)),
        report(children=(child(injured=NO, injury_details="Old bruise, seen before"),)),
        report(measures=(measure(breathing_affected=NA, pain_complaint=NA),)),
        report(measures=(measure(position=Position.SUPINE),)),
        report(measures=(measure(position=Position.UNKNOWN, technique="Seated hold, not prone"),)),
        report(children=(child(), child("child-18", role=ChildRole.PRESENT, injured=YES))),
        report(children=(child(), child("child-18", role=ChildRole.INJURED))),
        report(staff=(staff(injured=YES),)),
    ],
    ids=["no injury in words", "answered No", "N/A", "supine", "not prone", "a child present", "role Injured", "staff"],
)
def test_what_is_no_trigger(incident: Incident) -> None:
    assert triggers_of(incident) == ()


def test_an_injury_is_the_concern_of_everyone_who_used_a_measure_on_that_child_and_nobody_else() -> None:
    incident = report(
        children=(child(injured=YES), child("child-18")),
        measures=(
            measure(staff_ids=("staff-1", "staff-2")),
            measure(staff_ids=("staff-3",)),
            measure(child_id="child-18", staff_ids=("staff-4",)),
        ),
        staff=(staff(), staff("staff-5", involvement=Involvement.PRESENT)),
    )
    assert adults(incident) == dict.fromkeys(["staff-1", "staff-2", "staff-3"], (1,))


def test_pain_is_the_concern_of_those_in_that_measure() -> None:
    incident = report(
        measures=(measure(), measure(staff_ids=("staff-2",), pain_complaint=YES)), staff=(staff(), staff("staff-2"))
    )
    assert adults(incident) == {"staff-2": (1,)}


def test_an_adult_who_used_a_measure_and_whom_no_measure_names_may_have_been_in_each() -> None:
    incident = report(children=(child(injured=YES),), staff=(staff(), staff("staff-2")))
    assert adults(incident) == {"staff-1": (1,), "staff-2": (1,)}


def test_with_nobody_named_the_adult_is_to_be_identified() -> None:
    incident = report(children=(child(injured=YES),), measures=(measure(staff_ids=()),), staff=())
    assert adults(incident) == {TO_BE_IDENTIFIED: (1,)}
    assert adults(alleged(about_staff_id=" ")) == {TO_BE_IDENTIFIED: (2,)}


def test_an_adult_whom_the_report_does_not_list_is_still_the_adult_of_concern() -> None:
    assert adults(alleged(about_staff_id="staff-99")) == {"staff-99": (2,)}


def test_one_concern_an_adult_with_all_triggers_children_and_allegations() -> None:
    incident = report(
        children=(child(), child("child-18")),
        measures=(measure(), measure(child_id="child-18", position=Position.PRONE)),
        allegations=(
            allegation(),
            allegation(raised_by=RaisedBy.PROFESSIONAL, about_staff_id="staff-2"),
            allegation(concerning_child_id="child-18", excessive_force=YES),
        ),
    )
    first, second = triggers_of(incident)
    assert (first.adult, first.triggers, first.children) == ("staff-1", (1, 2, 3), ("child-17", "child-18"))
    assert first.allegation_indexes == (0, 2)
    assert (second.adult, second.triggers, second.allegation_indexes) == ("staff-2", (3,), (1,))


def test_an_allegation_that_names_no_child_concerns_those_who_were_held() -> None:
    incident = report(
        children=(child(), child("child-18", role=ChildRole.PRESENT)), allegations=(allegation(concerning_child_id=""),)
    )
    assert triggers_of(incident)[0].children == ("child-17",)


def test_an_allegation_after_a_disengagement_is_one_too() -> None:
    incident = disengagement(allegations=(allegation(concerning_child_id=""),))
    assert (adults(incident), triggers_of(incident)[0].children) == ({"staff-1": (2,)}, ("child-17",))


def test_a_prone_measure_that_names_no_child_belongs_to_every_held_child() -> None:
    incident = report(
        children=(child(), child("child-18"), child("child-19", role=ChildRole.PRESENT)),
        measures=(measure(child_id="", position=Position.PRONE),),
    )
    assert triggers_of(incident)[0].children == ("child-17", "child-18")


def test_a_technique_called_prone_counts_where_no_position_is_given() -> None:
    incident = report(measures=(measure(position=Position.UNKNOWN, technique="Prone restraint"),))
    assert adults(incident) == {"staff-1": (3,)}


def test_the_home_knew_when_the_allegation_was_raised() -> None:
    assert triggers_of(alleged())[0].knowing_at == at(3)


@pytest.mark.parametrize("raised_at", [None, at(-5)], ids=["not said", "before the incident"])
def test_else_it_knew_at_submission(raised_at: object) -> None:
    assert triggers_of(alleged(raised_at=raised_at))[0].knowing_at == at(2)


def test_an_allegation_dated_in_the_future_was_known_at_submission() -> None:
    assert triggers_of(alleged(raised_at=at(50)), now=at(9))[0].knowing_at == at(2)


def test_an_injury_is_known_at_submission_or_when_a_later_version_brings_it() -> None:
    calm = report(submitted_at=None)
    hurt = report(submitted_at=None, modified_at=at(40), children=(child(injured=YES),))
    assert triggers_of(report(children=(child(injured=YES),)))[0].knowing_at == at(2)
    versions = [calm, hurt]
    (concern,) = triggers_of(hurt, submitted_at=submitted_at(versions), since=undated(versions))
    assert concern.knowing_at == at(40)


def test_the_earliest_of_several_signs_is_when_the_home_knew() -> None:
    both = report(children=(child(injured=YES),), allegations=(allegation(raised_at=at(1)),))
    assert triggers_of(both)[0].knowing_at == at(1)
