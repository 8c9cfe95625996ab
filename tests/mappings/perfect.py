"""A restrictive report, plainly invented, in which every duty is met in time; and how to change one thing of it.

It happened on Tuesday 6 October 2026 at 14:05 in London (13:05 UTC); the one hold ended at 13:09 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from config.home import Contact, Home
from mappings.duties import Duty, DutyId, DutyState, Evidence, duties_of
from mappings.incident import (
    Answer,
    Child,
    ChildRole,
    ExternalReview,
    Incident,
    Intervention,
    Involvement,
    ManagerOversight,
    Measure,
    Medical,
    ParentsInformed,
    Position,
    Reason,
    RestorativeConversation,
    SocialWorker,
    StaffDebrief,
    StaffMember,
    Status,
    Views,
)

OCCURRED = datetime(2026, 10, 6, 13, 5, tzinfo=UTC)
END = OCCURRED + timedelta(minutes=4)
LATER = OCCURRED + timedelta(days=30)
YES, NO, NA = Answer.YES, Answer.NO, Answer.NOT_APPLICABLE

HOME = Home(
    id="EXH",
    name="Example House",
    approved_techniques=("Low level seated hold", "Medium level standing hold", "Disengagement: wrist"),
    registered_manager=Contact(name="Rita Manager", email="rita@example.org"),
    senior_manager=Contact(name="Sam Senior", email="sam@example.org"),
    deputy=Contact(name="Dee Deputy", email="dee@example.org"),
)


def at(hours: float = 0, **more: float) -> datetime:
    """A moment after the end of the hold."""
    return END + timedelta(hours=hours, **more)


def child(child_id: str = "child-17", **changes: Any) -> Child:
    """A held child towards whom every duty is met."""
    values: dict[str, Any] = {
        "child_id": child_id,
        "name": "Test Childone",
        "mosaic_person_id": "5001",
        "role": ChildRole.HELD,
        "injured": NO,
        "social_worker": SocialWorker(name="Test Workerone", email="worker@example.org", notified_at=at(3)),
        "parents_informed": ParentsInformed(required=YES, informed_at=at(4), informed_by="Test Staffone"),
        "medical": Medical(offered=YES, offered_at=at(0.5), seen=NO, outcome="Declined, no injuries seen"),
        "views": Views(recorded_at=at(5), text="I was cross.", spoken_to_by="Test Stafftwo"),
        "advocacy_offered_at": at(6),
        "restorative_conversation": RestorativeConversation(
            held_at=at(20), feedback="It was fair.", alternative_de_escalation="A walk."
        ),
        "risk_assessment_reviewed_at": at(30),
        "care_plan_reviewed_at": at(31),
    }
    return Child(**{**values, **changes})


def measure(**changes: Any) -> Measure:
    """A seated hold of four minutes on child-17 by staff-1."""
    values: dict[str, Any] = {
        "technique": "Low level seated hold",
        "position": Position.SEATED,
        "child_id": "child-17",
        "started_at": OCCURRED,
        "duration_minutes": 4,
        "staff_ids": ("staff-1",),
        "breathing_affected": NO,
        "pain_complaint": NO,
    }
    return Measure(**{**values, **changes})


def staff(staff_id: str = "staff-1", **changes: Any) -> StaffMember:
    """An adult who used a measure, with current training."""
    values: dict[str, Any] = {
        "staff_id": staff_id,
        "name": f"Test Adult {staff_id.replace('-', ' ')}",
        "involvement": Involvement.USED_MEASURE,
        "training_expires": date(2027, 3, 1),
        "injured": NO,
    }
    return StaffMember(**{**values, **changes})


def report(**changes: Any) -> Incident:
    """The report, signed off."""
    values: dict[str, Any] = {
        "incident_id": "inc-147",
        "number": "EXH-2026-0147",
        "home_id": "EXH",
        "status": Status.SIGNED_OFF,
        "version": 1,
        "created_at": at(1),
        "modified_at": at(2),
        "submitted_at": at(2),
        "occurred_at": OCCURRED,
        "location": "Lounge",
        "intervention": Intervention.RESTRICTIVE,
        "reasons": (Reason.INJURY_TO_OTHERS,),
        "behaviour_before": "Threw a chair.",
        "de_escalation": "Offered a walk.",
        "measures": (measure(),),
        "effectiveness": "Calm after four minutes.",
        "consequences": "None.",
        "staff": (staff(),),
        "children": (child(),),
        "staff_debrief": StaffDebrief(held_at=at(10), with_name="Dee Deputy"),
        "manager_notified_at": at(1),
        "manager_oversight": ManagerOversight(at=at(24), by="Rita Manager", comments="Read and accurate."),
        "external_review": ExternalReview(at=at(200), by="Ivy Instructor"),
    }
    return Incident(**{**values, **changes})


def disengagement(**changes: Any) -> Incident:
    """The same as a disengagement: nobody was held."""
    values: dict[str, Any] = {
        "intervention": Intervention.NON_RESTRICTIVE,
        "measures": (measure(technique="Disengagement: wrist", position=Position.STANDING),),
        "children": (child(role=ChildRole.DISENGAGED),),
    }
    return report(**{**values, **changes})


def seen(*child_ids: str, **changes: Any) -> Evidence:
    """What was seen at the targets in time, for these children (child-17 if none is named)."""
    ids = child_ids or ("child-17",)
    values: dict[str, Any] = {
        "log_seen": at(2.5),
        "notes_seen": dict.fromkeys(ids, at(2.5)),
        "oversight_seen": dict.fromkeys(ids, at(25)),
    }
    return Evidence(**{**values, **changes})


def duties(
    incident: Incident, evidence: Evidence | None = None, now: datetime = LATER, home: Home = HOME
) -> Mapping[tuple[str, str | None], Duty]:
    """The duties by id and child."""
    evidence = seen(*(one.child_id for one in incident.children)) if evidence is None else evidence
    return {(duty.id.value, duty.child): duty for duty in duties_of(incident, home, evidence, now)}


def duty(
    duty_id: str,
    incident: Incident,
    evidence: Evidence | None = None,
    now: datetime = LATER,
    child_id: str = "child-17",
) -> Duty:
    """One duty, of child-17 where it is towards a child."""
    found = duties(incident, evidence, now)
    return found.get((DutyId(duty_id), None)) or found[(DutyId(duty_id), child_id)]


def states(found: Mapping[tuple[str, str | None], Duty], state: DutyState) -> set[str]:
    """The ids of the duties in a state."""
    return {one.id.value for one in found.values() if one.state is state}
