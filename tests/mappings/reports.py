"""Builders: a valid, plainly invented report in one call, and one thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from config.home import Contact, Home
from mappings.case_note import NoteContext
from mappings.incident import (
    Allegation,
    Answer,
    Child,
    ChildRole,
    EhcPlan,
    Incident,
    Intervention,
    Involvement,
    ManagerOversight,
    Measure,
    Medical,
    ParentsInformed,
    Position,
    RaisedBy,
    Reason,
    RestorativeConversation,
    SocialWorker,
    StaffDebrief,
    StaffMember,
    Status,
    Views,
)

OCCURRED = datetime(2026, 10, 6, 13, 5, tzinfo=UTC)  # 14:05 in London
NOW = OCCURRED + timedelta(hours=20)
REFERENCE = "IB-EXH-2026-0147-R1-ABCDEFGHIJKLMNOP"

AISHA = Child(child_id="child-17", name="Aisha Testwell", role=ChildRole.HELD)
GRACE = Child(child_id="child-18", name="Grace Pennyfold", role=ChildRole.PRESENT)
WILL = Child(child_id="child-19", name="Will O'Brien-Poole", role=ChildRole.PRESENT)

UNDERHILL = StaffMember(
    staff_id="staff-1", name="Tom Underhill", role="Residential Support Worker", involvement=Involvement.USED_MEASURE
)
HALL = StaffMember(staff_id="staff-2", name="Grace Hall", role="Deputy Manager", involvement=Involvement.PRESENT)


def after(**of: float) -> datetime:
    """A moment after the incident."""
    return OCCURRED + timedelta(**of)


def incident(**changes: Any) -> Incident:
    """A short restrictive report about one held child."""
    values: dict[str, Any] = {
        "incident_id": "inc-147",
        "number": "EXH-2026-0147",
        "home_id": "EXH",
        "home_name": "Example House",
        "status": Status.SUBMITTED,
        "version": 1,
        "created_at": after(hours=1),
        "created_by": "Tom Underhill",
        "modified_at": after(hours=2),
        "submitted_at": after(hours=2),
        "occurred_at": OCCURRED,
        "location": "Lounge",
        "intervention": Intervention.RESTRICTIVE,
        "planned": Answer.NO,
        "reasons": (Reason.INJURY_TO_OTHERS,),
        "behaviour_before": "Aisha was shouting.",
        "narrative": "Aisha kicked out at staff.",
        "measures": (
            Measure(
                technique="Low level seated hold",
                position=Position.SEATED,
                child_id="child-17",
                started_at=after(minutes=2),
                duration_minutes=4,
                staff_ids=("staff-1",),
                breathing_affected=Answer.NO,
                pain_complaint=Answer.NO,
            ),
        ),
        "staff": (UNDERHILL, HALL),
        "children": (AISHA,),
    }
    return Incident(**(values | changes))


def full_report(**changes: Any) -> Incident:
    """A report with every part filled in, and two other children in it."""
    aisha = AISHA.model_copy(
        update={
            "social_worker": SocialWorker(
                name="Ola Fieldson", email="ola.fieldson@council.example", notified_at=after(hours=3)
            ),
            "parents_informed": ParentsInformed(required=Answer.NO, decided_by="Ola Fieldson"),
            "injured": Answer.YES,
            "injury_details": "Small graze on the left elbow, from the table when Grace's chair fell.",
            "medical": Medical(
                offered=Answer.YES,
                offered_at=after(minutes=40),
                seen=Answer.YES,
                seen_by="Nurse Plainly",
                seen_at=after(hours=1),
                told_of_restraint=Answer.YES,
                outcome="Graze cleaned. No further treatment.",
            ),
            "views": Views(
                recorded_at=after(hours=5), text="I was cross because Will took my phone.", spoken_to_by="Grace Hall"
            ),
            "advocacy_offered_at": after(hours=5),
            "restorative_conversation": RestorativeConversation(
                held_at=after(hours=18),
                feedback="Aisha said sorry to Tom.",
                alternative_de_escalation="A walk in the garden, away from Gracie.",
            ),
        }
    )
    values: dict[str, Any] = {
        "children": (aisha, GRACE, WILL),
        "behaviour_before": "Aisha and Will argued about a phone.\n\nGrace Pennyfold laughed at Aisha.",
        "de_escalation": "Tom offered a drink and a quiet room. Staff asked Will to leave; he will not always go.",
        "narrative": (
            "Aisha threw a cup at Grace. Tom Underhill told her he would hold her if she did not stop.\n"
            "She ran at Will O’Brien Poole and Tom held her on the sofa. Grace Hall moved the others."
        ),
        "effectiveness": "Aisha calmed within four minutes.",
        "consequences": "No sanction. Will's phone was returned.",
        "manager_notified_at": after(hours=2),
        "staff_debrief": StaffDebrief(held_at=after(hours=4), with_name="Grace Hall", with_role="Deputy Manager"),
        "police_called": Answer.NO,
        "emergency_services_called": Answer.NO,
    }
    return incident(**(values | changes))


def allegation(**changes: Any) -> Allegation:
    """An allegation by the child about the adult who held her."""
    values: dict[str, Any] = {
        "raised_by": RaisedBy.CHILD,
        "summary": "Aisha says that Tom squeezed her arm too hard.",
        "raised_at": after(hours=5),
        "about_staff_id": "staff-1",
        "concerning_child_id": "child-17",
        "excessive_force": Answer.YES,
        "mash_referred": Answer.YES,
    }
    return Allegation(**(values | changes))


def routine_plan() -> EhcPlan:
    """A plan that provides for the builder's measure."""
    return EhcPlan(routine_restraint=Answer.YES, techniques=("Low level seated hold",))


def oversight() -> ManagerOversight:
    """A manager's oversight, the day after."""
    return ManagerOversight(at=after(hours=22), by="Morgan Leadwell", comments="Proportionate. Grace was spoken to.")


def home(**changes: Any) -> Home:
    """A home with every person in its file."""
    values: dict[str, Any] = {
        "id": "EXH",
        "name": "Example House",
        "provider": "Example County Council",
        "registered_manager": Contact(
            name="Morgan Leadwell", role="Registered Manager", email="manager@home.example", phone="01632 960001"
        ),
        "senior_manager": Contact(name="Sasha Overton", role="Service Manager", email="senior@home.example"),
        "deputy": Contact(name="Grace Hall", role="Deputy Manager", email="deputy@home.example"),
    }
    return Home(**(values | changes))


@dataclass(frozen=True)
class PlainDuty:
    """A duty as the texts see it."""

    id: str
    title: str
    due_at: datetime | None = None
    state: str = "open"
    child: str | None = None


DUTIES = (
    PlainDuty("manager_oversight", "Manager's oversight", after(hours=48)),
    PlainDuty("care_plan_reviewed", "Care plan reviewed", after(days=5), child="child-17"),
    PlainDuty("care_plan_reviewed", "Care plan reviewed", after(days=5), child="child-18"),
    PlainDuty("staff_debrief", "Staff debrief", after(hours=10), "overdue"),
    PlainDuty("lado_contact", "LADO contacted", after(hours=30)),
    PlainDuty("medical_offered", "Nurse or doctor offered", after(hours=24), "met", "child-17"),
)


def note_context(**changes: Any) -> NoteContext:
    """What a note needs besides the report."""
    values: dict[str, Any] = {"home": home(), "reference": REFERENCE, "revision": 1, "now": NOW, "duties": DUTIES}
    return NoteContext(**(values | changes))
