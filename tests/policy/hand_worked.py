"""The hand-worked cases' grammar: one plain report, one change to it, and the answer read off the documents.

The base report: Tuesday 9 June 2026, a seated hold from 14:00 to 14:05 London time (13:00Z to 13:05Z) at a home that is
not secure, submitted at 15:00Z, with every one of the eight items and no evidence of anything that comes after.
Moments without a zone in an expectation are UTC; in a report they are UK wall-clock time, as the contract says.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.home import Home
from mappings.duties import Duty, Evidence, duties_of
from mappings.field_map import load_map
from mappings.incident import Incident

#: A change that takes the key away.
GONE = object()
#: Looked at two hours after the report was submitted, unless a case says otherwise.
LOOKED = "2026-06-09 16:00"

HOME: dict[str, Any] = {
    "id": "EXH",
    "name": "Example House",
    "secure": False,
    "provider": "Example County Council",
    "address": "1 Example Lane, Example Town",
    "number_prefix": "EXH",
    "approved_techniques": ["Seated hold", "Standing hold", "Disengagement: wrist"],
    "registered_manager": {
        "name": "Morag Sampleton",
        "role": "Registered Manager",
        "email": "manager@example-house.example",
        "phone": "01632 960001",
    },
    "senior_manager": {"name": "Desmond Placeholder", "role": "Service Manager", "email": "senior@example.example"},
    "deputy": {"name": "Petra Standin", "role": "Deputy Manager", "email": "deputy@example-house.example"},
}

MEASURE: dict[str, Any] = {
    "technique": "Seated hold",
    "position": "Seated",
    "heldChildId": "child-1",
    "startedAt": "2026-06-09T14:00",
    "durationMinutes": 5,
    "staffIds": ["staff-1"],
    "breathingAffected": "No",
    "painComplaint": "No",
}
CHILD: dict[str, Any] = {
    "childId": "child-1",
    "mosaicPersonId": 1001,
    "name": "Aisha Testwell",
    "dateOfBirth": "2011-02-03",
    "role": "Held",
    "legalStatus": "S31",
    "fullyAccommodated": "No",
    "placingAuthority": "Example County Council",
    "socialWorker": {"name": "Sam Casefile", "email": "sam.casefile@example.example"},
    "injured": "No",
}
CHILD_2: dict[str, Any] = CHILD | {"childId": "child-2", "mosaicPersonId": 1002, "name": "Bertram Mockford"}
STAFF: dict[str, Any] = {
    "staffId": "staff-1",
    "name": "Tom Underhill",
    "role": "Residential support worker",
    "involvement": "UsedMeasure",
    "trainingExpires": "2027-01-31",
    "injured": "No",
}
STAFF_2: dict[str, Any] = STAFF | {"staffId": "staff-2", "name": "Una Overdale", "involvement": "Present"}
STAFF_3: dict[str, Any] = STAFF | {"staffId": "staff-3", "name": "Vic Middlemarsh"}
ALLEGATION: dict[str, Any] = {
    "raisedBy": "Child",
    "raisedAt": "2026-06-10T10:00",
    "aboutStaffId": "staff-1",
    "concerningChildId": "child-1",
    "summary": "Says the hold was too tight.",
}

REPORT: dict[str, Any] = {
    "incidentId": "inc-1",
    "incidentNumber": "EXH-2026-0001",
    "homeId": "EXH",
    "homeName": "Example House",
    "status": "Submitted",
    "version": 1,
    "createdAt": "2026-06-09T14:30:00Z",
    "createdBy": "Tom Underhill",
    "modifiedAt": "2026-06-09T15:00:00Z",
    "submittedAt": "2026-06-09T15:00:00Z",
    "occurredAt": "2026-06-09T14:00",
    "location": "Lounge",
    "interventionType": "Restrictive",
    "reasons": ["InjuryToOthers"],
    "behaviourBefore": "Threw a chair towards a member of staff.",
    "deEscalation": "Talked, offered a walk.",
    "measures": [MEASURE],
    "effectiveness": "Calm after four minutes.",
    "consequences": "None for the child.",
    "narrative": "A short hold in the lounge.",
    "policeCalled": "No",
    "emergencyServicesCalled": "No",
    "seriousIncident": "No",
    "staff": [STAFF, STAFF_2],
    "children": [CHILD],
}

#: The same hour of the same week's end, for plans that an EHC plan names.
EHC: dict[str, Any] = {"routineRestraint": "Yes", "techniques": ["Seated hold"], "reviewedOn": "2026-01-10"}


def moment(text: str) -> datetime:
    """`06-10 13:05` is UTC in 2026; a year and seconds may be given."""
    day, _, time = text.partition(" ")
    day = day if day.count("-") == 2 else f"2026-{day}"
    return datetime.fromisoformat(f"{day}T{time or '00:00'}").replace(tzinfo=UTC)


def report_with(change: Mapping[str, Any]) -> dict[str, Any]:
    """The base report with what stands at each dotted path replaced; `+` at a list's end appends."""
    report = copy.deepcopy(REPORT)
    for path, value in change.items():
        *way, last = path.split(".")
        here: Any = report
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        if value is GONE:
            del here[last]
        elif isinstance(here, list):
            if last == "+":
                here.append(copy.deepcopy(value))
            else:
                here[int(last)] = copy.deepcopy(value)
        else:
            here[last] = copy.deepcopy(value)
    return report


def incident_with(change: Mapping[str, Any]) -> Incident:
    """The changed report, read through the contract's own field map."""
    return load_map("contract").read(report_with(change))


def home_with(change: Mapping[str, Any]) -> Home:
    """The home's file with keys replaced."""
    return Home.model_validate({**HOME, **change})


def on(day: str, time: str = "14:00", minutes: float | None = 5, **more: Any) -> dict[str, Any]:
    """The whole base report moved to another day and UK wall-clock time; submitted an hour after it began."""
    return {
        "occurredAt": f"{day}T{time}",
        "measures.0.startedAt": f"{day}T{time}",
        "measures.0.durationMinutes": minutes,
        **more,
    }


@dataclass(frozen=True)
class Owed:
    """What one duty must be. `None` is not looked at; `due=""` is no due time, `reason=""` no reason."""

    state: str
    due: str | None = None
    met: str | None = None
    target: str | None = None
    owner: str | None = None
    reason: str | None = None

    def differs(self, duty: Duty) -> list[str]:
        """What the product says otherwise."""
        said = []
        if duty.state.value != self.state:
            said.append(f"state {duty.state.value}, not {self.state} (reason: {duty.reason})")
        for name, wanted, found in (
            ("due", self.due, duty.due_at),
            ("met", self.met, duty.met_at),
            ("target", self.target, duty.target_at),
        ):
            if wanted is not None and (moment(wanted) if wanted else None) != found:
                said.append(f"{name} {found}, not {wanted or 'none'}")
        if self.owner is not None and duty.owner.value != self.owner:
            said.append(f"owner {duty.owner.value}, not {self.owner}")
        if self.reason == "" and duty.reason:
            said.append(f"a reason ({duty.reason}) where none is due")
        if self.reason and self.reason.lower() not in (duty.reason or "").lower():
            said.append(f"reason {duty.reason!r} does not say {self.reason!r}")
        if self.state == "not_applicable" and not duty.reason:
            said.append("not applicable without a reason")
        return said


def opened(due: str | None = None, **more: Any) -> Owed:
    return Owed("open", due, met="", **more)


def met(at: str | None = None, **more: Any) -> Owed:
    return Owed("met", met=at, **more)


def late(at: str | None = None, **more: Any) -> Owed:
    return Owed("met_late", met=at, **more)


def overdue(due: str | None = None, **more: Any) -> Owed:
    return Owed("overdue", due, met="", **more)


def none(reason: str | None = None) -> Owed:
    return Owed("not_applicable", due="", met="", reason=reason)


@dataclass(frozen=True)
class Case:
    """One worked case: a sentence that names the clause, the change to the base report, the moment, the answer.

    `expect` is by duty id, with `/child-1` for one child's; `seen` is what the ledger adds (fields of `Evidence`).
    """

    clause: str
    change: Mapping[str, Any]
    expect: Mapping[str, Owed]
    at: str = LOOKED
    home: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)

    def disagreements(self) -> list[str]:
        """Every difference between the documents' answer and the product's."""
        duties = duties_of(incident_with(self.change), home_with(self.home), Evidence(**self.seen), moment(self.at))
        by_key = {f"{duty.id.value}/{duty.child}" if duty.child else duty.id.value: duty for duty in duties}
        found = []
        for key, owed in self.expect.items():
            one = by_key.get(key) or by_key.get(f"{key}/child-1")
            found += [f"{key}: {said}" for said in (owed.differs(one) if one else ["is not listed"])]
        return found
