"""Reports as staff type them. Every personal value carries a mark, so that a stray one can be found anywhere."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

#: Nobody has these names.
CHILD = "Zebedee Quillfeather"
OTHER = "Ottoline Marchbanksy"
STAFF = "Perpetua Wrenfold"
SECOND_STAFF = "Barnaby Thistledown"
WORKER = "Lysander Coppergate"
MANAGER = "Marigold Underhillock"
SENIOR = "Cornelius Vanterpoole"
WORKER_MAIL = "lysander.coppergate@council.example"
MANAGER_MAIL = "manager@exh.example"
SENIOR_MAIL = "senior@exh.example"

#: What must never be seen outside the encrypted columns, the targets and the LADO packages.
MARKS = (
    "Zebedee",
    "Quillfeather",
    "Ottoline",
    "Marchbanksy",
    "Perpetua",
    "Wrenfold",
    "Thistledown",
    "Coppergate",
    "2011-02-13",
    "13 February 2011",
    "flumoxtext",
    "CanaryKey",
    "CanarySecret",
    "CanaryPass",
)

NOW = datetime.now(LONDON).replace(microsecond=0)


def ago(days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    """A UK moment before now, to the minute."""
    return (NOW - timedelta(days=days, hours=hours, minutes=minutes)).replace(second=0)


def wall(moment: datetime) -> str:
    """UK wall-clock time without an offset."""
    return moment.astimezone(LONDON).replace(tzinfo=None).isoformat(timespec="minutes")


def stamp(moment: datetime, fraction: bool = False) -> str:
    """A time stamp of the source: UTC, with or without a fraction."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (".123000+00:00" if fraction else "Z")


def minimal(number: int, when: datetime, *, home: str = "EXH", **changes: Any) -> dict[str, Any]:
    """Nothing but the required keys."""
    return {
        "incidentId": f"inc-{home.lower()}-{number:04}",
        "incidentNumber": f"{home}-{when.year}-{number:04}",
        "homeId": home,
        "status": "Submitted",
        "version": 1,
        "createdAt": stamp(when + timedelta(hours=1)),
        "modifiedAt": stamp(when + timedelta(hours=1)),
        "occurredAt": wall(when),
        "interventionType": "NonRestrictive",
        "children": [{"childId": "child-1", "name": CHILD, "mosaicPersonId": 1001}],
    } | changes


def held_child(**changes: Any) -> dict[str, Any]:
    """A child that was held, with a social worker."""
    return {
        "childId": "child-1",
        "mosaicPersonId": 1001,
        "name": CHILD,
        "dateOfBirth": "2011-02-13",
        "role": "Held",
        "legalStatus": "S31",
        "fullyAccommodated": "No",
        "placingAuthority": "Example County Council",
        "socialWorker": {"name": WORKER, "email": WORKER_MAIL, "phone": "0000 000000"},
        "injured": "No",
        "medical": {"offered": "Yes", "seen": "No", "outcome": "flumoxtext no injury seen"},
    } | changes


def other_child(**changes: Any) -> dict[str, Any]:
    """A second child, who saw it."""
    return {
        "childId": "child-2",
        "mosaicPersonId": "0001002",
        "name": OTHER,
        "dateOfBirth": None,
        "role": "Present",
    } | changes


def full(number: int, when: datetime, *, home: str = "EXH", **changes: Any) -> dict[str, Any]:
    """A hold of one child with another present, told at length."""
    report = minimal(number, when, home=home)
    report |= {
        "homeName": "Example House",
        "createdBy": STAFF,
        "submittedAt": stamp(when + timedelta(hours=1)),
        "location": "Lounge flumoxtext",
        "interventionType": "Restrictive",
        "planned": "No",
        "reasons": ["InjuryToOthers"],
        "behaviourBefore": "Zebedee was shouting at Ottoline Marchbanksy flumoxtext",
        "deEscalation": "Staff offered Zebedee space & time <b>flumoxtext</b>",
        "measures": [
            {
                "technique": "Low level seated hold",
                "position": "Seated",
                "heldChildId": "child-1",
                "startedAt": wall(when),
                "durationMinutes": 4,
                "staffIds": ["staff-1", "staff-2"],
                "breathingAffected": "No",
                "painComplaint": "No",
            }
        ],
        "effectiveness": "Calm after four minutes flumoxtext",
        "consequences": "None",
        "narrative": "Perpetua held Zebedee's arms; Ottoline was moved away. flumoxtext 🙂",
        "policeCalled": "No",
        "emergencyServicesCalled": "No",
        "seriousIncident": "No",
        "staff": [
            {
                "staffId": "staff-1",
                "name": STAFF,
                "role": "Residential worker",
                "involvement": "UsedMeasure",
                "trainingExpires": (when + timedelta(days=90)).date().isoformat(),
                "injured": "No",
            },
            {
                "staffId": "staff-2",
                "name": SECOND_STAFF,
                "role": "Residential worker",
                "involvement": "UsedMeasure",
                "trainingExpires": (when + timedelta(days=90)).date().isoformat(),
                "injured": "No",
            },
        ],
        "children": [held_child(), other_child()],
        "allegations": [],
    }
    return report | changes


def amended(report: dict[str, Any], minutes: float = 60, **changes: Any) -> dict[str, Any]:
    """The next version of a report."""
    later = copy.deepcopy(report) | changes
    later["version"] = report["version"] + 1
    later["modifiedAt"] = stamp(datetime.fromisoformat(report["modifiedAt"]) + timedelta(minutes=minutes))
    return later


def accused(report: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The same report with an allegation about the first member of staff."""
    allegation = {
        "raisedBy": "Child",
        "raisedAt": report["occurredAt"],
        "aboutStaffId": "staff-1",
        "concerningChildId": "child-1",
        "summary": "Zebedee says it hurt flumoxtext",
        "excessiveForce": "Yes",
        "mashReferred": "",
        "policeReferred": "",
    }
    return report | {"allegations": [allegation | changes]}
