"""Hand-worked: who is an adult of concern, by which triggers, about which children, known when, and what it creates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.duties import LadoAct, LadoState
from mappings.lado_triggers import triggers_of
from tests.policy.hand_worked import (
    ALLEGATION,
    CHILD_2,
    MEASURE,
    STAFF_3,
    Case,
    incident_with,
    late,
    met,
    moment,
    none,
    opened,
    overdue,
)

NOBODY = "to be identified"
HURT = {"children.0.injured": "Yes", "children.0.injuryDetails": "Red mark on the wrist."}
PRESENT = CHILD_2 | {"role": "Present"}
ON_2 = MEASURE | {"heldChildId": "child-2", "staffIds": ["staff-3"]}
RAISED, SUBMITTED = "06-10 09:00", "06-09 15:00"


def alleged(**more: Any) -> dict[str, Any]:
    """One allegation, changed; a value of None takes the key away."""
    return {key: value for key, value in (ALLEGATION | more).items() if value is not None}


@dataclass(frozen=True)
class Concerns:
    """One worked case: for each adult the triggers, the children, and when it was known."""

    clause: str
    change: Mapping[str, Any]
    expect: Mapping[str, tuple[list[int], list[str], str]] = field(default_factory=dict)

    def found(self) -> dict[str, tuple[list[int], list[str], object]]:
        """What the product says."""
        incident = incident_with(self.change)
        known = triggers_of(incident, submitted_at=incident.submitted_at)
        return {one.adult: (list(one.triggers), sorted(one.children), one.knowing_at) for one in known}

    def wanted(self) -> dict[str, tuple[list[int], list[str], object]]:
        """What the documents say."""
        return {adult: (triggers, children, moment(at)) for adult, (triggers, children, at) in self.expect.items()}


C1, C2 = ["child-1"], ["child-2"]

TRIGGERS: dict[str, Concerns] = {
    "nothing": Concerns("no trigger", {}),
    "injury": Concerns("trigger 1: a held child with an injury", HURT, {"staff-1": ([1], C1, SUBMITTED)}),
    "injury N/A": Concerns("R25: N/A answers nothing", {"children.0.injured": "N/A"}),
    "injury of a bystander": Concerns(
        "trigger 1: a *held* child", {"children.+": PRESENT | {"injured": "Yes", "injuryDetails": "Tripped."}}
    ),
    "injury of staff": Concerns(
        "trigger 1 is about children", {"staff.0.injured": "Yes", "staff.0.injuryDetails": "Bite."}
    ),
    "breathing": Concerns(
        "trigger 1: breathing affected", {"measures.0.breathingAffected": "Yes"}, {"staff-1": ([1], C1, SUBMITTED)}
    ),
    "pain": Concerns(
        "trigger 1: a pain complaint under a hold",
        {"measures.0.painComplaint": "Yes"},
        {"staff-1": ([1], C1, SUBMITTED)},
    ),
    "pain N/A": Concerns("R25", {"measures.0.painComplaint": "N/A", "measures.0.breathingAffected": ""}),
    "prone": Concerns(
        "R31: trigger 3 by itself, for everyone in that measure",
        {"measures.0.position": "Prone", "measures.0.staffIds": ["staff-1", "staff-2"]},
        {"staff-1": ([3], C1, SUBMITTED), "staff-2": ([3], C1, SUBMITTED)},
    ),
    "prone in one of two measures": Concerns(
        "R31: everyone in *that* measure",
        {
            "measures.0.position": "Prone",
            "measures.+": MEASURE | {"staffIds": ["staff-3"]},
            "staff.+": STAFF_3,
        },
        {"staff-1": ([3], C1, SUBMITTED)},
    ),
    "prone and hurt": Concerns(
        "several at once, one submission an adult",
        HURT | {"measures.0.position": "Prone"},
        {"staff-1": ([1, 3], C1, SUBMITTED)},
    ),
    "a child alleges": Concerns("trigger 2", {"allegations": [alleged()]}, {"staff-1": ([2], C1, RAISED)}),
    "a parent alleges": Concerns(
        "trigger 2", {"allegations": [alleged(raisedBy="Parent")]}, {"staff-1": ([2], C1, RAISED)}
    ),
    "a carer alleges": Concerns(
        "trigger 2", {"allegations": [alleged(raisedBy="Carer")]}, {"staff-1": ([2], C1, RAISED)}
    ),
    "a professional reports": Concerns(
        "trigger 3", {"allegations": [alleged(raisedBy="Professional")]}, {"staff-1": ([3], C1, RAISED)}
    ),
    "another adult reports": Concerns(
        "trigger 3", {"allegations": [alleged(raisedBy="OtherAdult")]}, {"staff-1": ([3], C1, RAISED)}
    ),
    "another child reports": Concerns(
        "trigger 3: a professional, other adult or child",
        {"allegations": [alleged(raisedBy="OtherChild")]},
        {"staff-1": ([3], C1, RAISED)},
    ),
    "excessive force, said by the child": Concerns(
        "triggers 1 and 2", {"allegations": [alleged(excessiveForce="Yes")]}, {"staff-1": ([1, 2], C1, RAISED)}
    ),
    "excessive force, said by a professional": Concerns(
        "triggers 1 and 3",
        {"allegations": [alleged(raisedBy="Professional", excessiveForce="Yes")]},
        {"staff-1": ([1, 3], C1, RAISED)},
    ),
    "excessive force N/A": Concerns(
        "R25", {"allegations": [alleged(excessiveForce="N/A")]}, {"staff-1": ([2], C1, RAISED)}
    ),
    "all three": Concerns(
        "every trigger on one adult; known at the earliest",
        HURT | {"allegations": [alleged(), alleged(raisedBy="Professional", raisedAt="2026-06-11T10:00")]},
        {"staff-1": ([1, 2, 3], C1, SUBMITTED)},
    ),
    "two allegations about two adults": Concerns(
        "each adult of concern gets a submission of their own",
        {"allegations": [alleged(), alleged(aboutStaffId="staff-2", raisedAt="2026-06-11T10:00")]},
        {"staff-1": ([2], C1, RAISED), "staff-2": ([2], C1, "06-11 09:00")},
    ),
    "hurt, and an allegation about another": Concerns(
        "each adult by their own triggers",
        HURT | {"allegations": [alleged(aboutStaffId="staff-2")]},
        {"staff-1": ([1], C1, SUBMITTED), "staff-2": ([2], C1, RAISED)},
    ),
    "an allegation that names nobody": Concerns(
        "issue 4.6: to be identified", {"allegations": [alleged(aboutStaffId=None)]}, {NOBODY: ([2], C1, RAISED)}
    ),
    "an allegation with an empty name": Concerns(
        "issue 4.6: to be identified", {"allegations": [alleged(aboutStaffId=" ")]}, {NOBODY: ([2], C1, RAISED)}
    ),
    "an allegation that names no child": Concerns(
        "R32: about the held child",
        {"allegations": [alleged(concerningChildId=None)], "children.+": PRESENT},
        {"staff-1": ([2], C1, RAISED)},
    ),
    "an allegation about a bystander's treatment": Concerns(
        "R32: a section for each child the concern is about",
        {"allegations": [alleged(concerningChildId="child-2")], "children.+": PRESENT},
        {"staff-1": ([2], C2, RAISED)},
    ),
    "an allegation without a time": Concerns(
        "R12: without one, the time of submission",
        {"allegations": [alleged(raisedAt=None)]},
        {"staff-1": ([2], C1, SUBMITTED)},
    ),
    "an allegation from before the incident": Concerns(
        "R12, issue 4.3: an impossible time is no time",
        {"allegations": [alleged(raisedAt="2026-06-01T10:00")]},
        {"staff-1": ([2], C1, SUBMITTED)},
    ),
    "two adults in the hold": Concerns(
        "R30: everyone who used a measure on that child",
        HURT | {"measures.0.staffIds": ["staff-1", "staff-3"], "staff.+": STAFF_3},
        {"staff-1": ([1], C1, SUBMITTED), "staff-3": ([1], C1, SUBMITTED)},
    ),
    "a user whom no measure names": Concerns(
        "R9: `staffIds` and involvement UsedMeasure together",
        HURT | {"staff.+": STAFF_3},
        {"staff-1": ([1], C1, SUBMITTED), "staff-3": ([1], C1, SUBMITTED)},
    ),
    "nobody named": Concerns(
        "R30: nobody named: to be identified",
        HURT | {"measures.0.staffIds": [], "staff.0.involvement": "Present"},
        {NOBODY: ([1], C1, SUBMITTED)},
    ),
    "no staff in the report at all": Concerns(
        "R30: nobody named: to be identified",
        HURT | {"measures.0.staffIds": [], "staff": []},
        {NOBODY: ([1], C1, SUBMITTED)},
    ),
    "one of two held is hurt": Concerns(
        "R30: who used a measure on *that* child",
        HURT | {"children.+": CHILD_2, "measures.+": ON_2, "staff.+": STAFF_3},
        {"staff-1": ([1], C1, SUBMITTED)},
    ),
    "both held are hurt by one": Concerns(
        "R32: one submission for each adult, with a section for each child",
        HURT
        | {
            "children.+": CHILD_2 | {"injured": "Yes", "injuryDetails": "Bruise."},
            "measures.+": ON_2 | {"staffIds": ["staff-1"]},
        },
        {"staff-1": ([1], C1 + C2, SUBMITTED)},
    ),
    "hurt by role alone, in a measure for every held child": Concerns(
        "R9: a measure that names no child belongs to every held child",
        {"children.+": CHILD_2 | {"injured": "Yes", "injuryDetails": "Bruise."}, "measures.0.heldChildId": ""},
        {"staff-1": ([1], C2, SUBMITTED)},
    ),
    "pain in the second measure": Concerns(
        "R30: when it was in pain: those of that measure",
        {"measures.+": MEASURE | {"staffIds": ["staff-3"], "painComplaint": "Yes"}, "staff.+": STAFF_3},
        {"staff-3": ([1], C1, SUBMITTED)},
    ),
    "an allegation after a disengagement": Concerns(
        "the software never decides that a trigger does not matter",
        {"interventionType": "NonRestrictive", "allegations": [alleged()]},
        {"staff-1": ([2], C1, RAISED)},
    ),
    "an allegation about somebody not in the report": Concerns(
        "an adult of concern is whoever the allegation is about",
        {"allegations": [alleged(aboutStaffId="staff-99")]},
        {"staff-99": ([2], C1, RAISED)},
    ),
    "an allegation at night": Concerns(
        "R12: raisedAt is UK wall-clock time",
        {"allegations": [alleged(raisedAt="2026-06-10T00:30")]},
        {"staff-1": ([2], C1, "06-09 23:30")},
    ),
}


def act(state: LadoState, at: str, adult: str = "staff-1", sent: str | None = None, **answers: bool) -> LadoAct:
    return LadoAct(
        adult, state, decided_at=moment(at), sent_at=moment(sent) if sent else None, by="Morag Sampleton", **answers
    )


def contact(change: Mapping[str, Any], expect: Any, why: str, *acts: LadoAct, at: str = "06-10 12:00") -> Case:
    """What the two duties are, with the decisions taken so far."""
    expected = expect if isinstance(expect, dict) else {"lado_contact": expect}
    return Case(f"lado_contact, mash_or_police: {why}", change, expected, at=at, seen={"lado": acts})


APPROVED = act(LadoState.APPROVED, "06-10 10:00")
SENT = act(LadoState.SENT, "06-10 10:00", sent="06-10 11:00")
DECLINED = act(LadoState.DECLINED, "06-10 10:00")
TWO = {"measures.0.staffIds": ["staff-1", "staff-3"], "staff.+": STAFF_3}
#: Knowing on Tuesday (submission): the end of Wednesday. Raised on Wednesday: the end of Thursday.
WEDNESDAY, THURSDAY = "06-10 22:59:59", "06-11 22:59:59"

DUTIES: dict[str, Case] = {
    "hurt": contact(
        HURT,
        {
            "lado_contact": opened(WEDNESDAY, owner="registered_manager"),
            "mash_or_police": opened("06-10 13:05", owner="registered_manager"),
            "notifiable_event": none(),
        },
        "one working day of knowing; without delay: 24 h",
    ),
    "raised on Wednesday": contact({"allegations": [alleged()]}, opened(THURSDAY), "from raisedAt"),
    "raised on a Friday": contact(
        {"allegations": [alleged(raisedAt="2026-06-12T23:50")]}, opened("06-15 22:59:59"), "Monday", at="06-13 12:00"
    ),
    "raised on a Sunday": contact(
        {"allegations": [alleged(raisedAt="2026-06-14T12:00")]}, opened("06-15 22:59:59"), "Monday", at="06-14 12:00"
    ),
    "raised before Christmas": contact(
        {"allegations": [alleged(raisedAt="2026-12-24T12:00")]},
        opened("12-29 23:59:59"),
        "Tuesday 29th",
        at="12-25 12:00",
    ),
    "submitted after midnight in London": contact(
        HURT | {"submittedAt": "2026-06-09T23:30:00Z"}, opened(THURSDAY), "the local day of knowing"
    ),
    "late": contact(HURT, overdue(WEDNESDAY), "past the working day", at="06-10 23:00:00"),
    "approved, not sent": contact(HURT, opened(WEDNESDAY), "approved is not sent", APPROVED),
    "sent": contact(HURT, met("06-10 11:00", due=WEDNESDAY), "the approver's word that it was sent", SENT),
    "told, not approved": contact(
        HURT | {"lado": {"notifiedAt": "2026-06-10T09:00"}}, opened(WEDNESDAY), "prepared, approved **and** notified"
    ),
    "told and approved": contact(
        HURT | {"lado": {"notifiedAt": "2026-06-10T09:00"}}, met("06-10 08:00"), "`lado.notifiedAt`", APPROVED
    ),
    "told before the incident": contact(
        HURT | {"lado": {"notifiedAt": "2026-06-08T09:00"}}, opened(WEDNESDAY, reason="before"), "impossible", APPROVED
    ),
    "sent late": contact(
        HURT,
        late("06-12 11:00", due=WEDNESDAY),
        "late by the approver's word",
        act(LadoState.SENT, "06-12 10:00", sent="06-12 11:00"),
        at="06-13 12:00",
    ),
    "declined": contact(
        HURT, {"lado_contact": none("declined"), "mash_or_police": none()}, "a declined one owes no contact", DECLINED
    ),
    "approved by nobody": contact(
        HURT,
        opened(WEDNESDAY),
        "issue 4.6: by a named person",
        LadoAct("staff-1", LadoState.SENT, decided_at=moment("06-10 10:00"), sent_at=moment("06-10 10:00"), by=" "),
    ),
    "two adults, one sent": contact(HURT | TWO, opened(WEDNESDAY, reason="staff-3"), "each adult", SENT),
    "two adults, both sent": contact(
        HURT | TWO,
        met("06-10 11:30"),
        "each adult; met with the last",
        SENT,
        act(LadoState.SENT, "06-10 10:00", "staff-3", sent="06-10 11:30"),
    ),
    "two adults, one declined": contact(
        HURT | TWO,
        met("06-10 11:00"),
        "a declined one is no longer owed",
        SENT,
        act(LadoState.DECLINED, "06-10 10:00", "staff-3"),
    ),
    "MASH answered on the allegation": contact(
        {"allegations": [alleged(raisedAt="2026-06-09T15:30", mashReferred="No")]},
        {"mash_or_police": met("06-09 15:00", due="06-10 13:05")},
        "answered, yes or no",
    ),
    "police answered on the allegation": contact(
        {"allegations": [alleged(raisedAt="2026-06-09T15:30", policeReferred="Yes", mashReferred="")]},
        {"mash_or_police": met()},
        "`mashReferred` or `policeReferred`",
    ),
    "MASH N/A": contact(
        {"allegations": [alleged(raisedAt="2026-06-09T15:30", mashReferred="N/A")]},
        {"mash_or_police": opened("06-10 13:05")},
        "R25: N/A answers nothing",
    ),
    "one of two allegations answered": contact(
        {"allegations": [alleged(mashReferred="Yes"), alleged(raisedBy="Parent")]},
        {"mash_or_police": opened("06-10 13:05")},
        "on the allegation: on each",
    ),
    "approver answers where there is no allegation": contact(
        HURT,
        {"mash_or_police": met("06-10 10:00")},
        "R27: the approver's answers",
        act(LadoState.APPROVED, "06-10 10:00", mash=True, police=False),
    ),
    "approver says no to both": contact(
        HURT,
        {"mash_or_police": met("06-10 10:00")},
        "R27: answered, yes or no",
        act(LadoState.APPROVED, "06-10 10:00", mash=False, police=False),
    ),
    "approver answers nothing": contact(HURT, {"mash_or_police": opened("06-10 13:05")}, "R27: unanswered", APPROVED),
    "approver answers where there is an allegation": contact(
        {"allegations": [alleged()]},
        {"mash_or_police": opened("06-10 13:05")},
        "R27: where there is an allegation, its own answers",
        act(LadoState.APPROVED, "06-10 10:00", mash=True, police=True),
    ),
    "declined, with an allegation": contact(
        {"allegations": [alleged()]},
        {"lado_contact": none("declined"), "mash_or_police": opened("06-10 13:05"), "notifiable_event": opened()},
        "what the allegation asks of MASH and Ofsted is owed all the same",
        DECLINED,
    ),
    "declined, seen from before the decision": contact(
        HURT, opened(WEDNESDAY), "as of a moment before it was declined", DECLINED, at="06-10 09:00"
    ),
}
