"""Canaries: a word of its own in every personal field of a report and of the home's file. Plainly made up.

`MARKS` maps each word to the field in which it was planted. A word that turns up where it has no business names the
field that leaks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.story import local, stamp

#: The field in which it was planted -> the word. Names are two words, so that either half gives a leak away.
_PEOPLE = {
    "children.0.name": "Quellian Zebrawick",
    "children.1.name": "Tamsinette Oxbowlark",
    "children.socialWorker.name": "Sorrelia Caseduck",
    "children.parentsInformed.decidedBy": "Decidora Wrenhill",
    "children.parentsInformed.informedBy": "Informelda Ruffgate",
    "children.medical.seenBy": "Nursella Plovertree",
    "children.views.spokenToBy": "Listenia Stonechat",
    "staff.0.name": "Peregrina Staffowl",
    "staff.1.name": "Merlinda Kitefield",
    "allegations.raisedByName": "Accusanne Linnetbury",
    "createdBy": "Authorina Swiftcroft",
    "staffDebrief.withName": "Debriefa Dunnockley",
    "managerOversight.by": "Oversighta Martinhoe",
    "notifiableEvent.by": "Norvinia Redwingham",
    "externalReview.by": "Reviewa Siskinford",
    "home.registered_manager.name": "Managerina Goshawksby",
    "home.senior_manager.name": "Seniora Harrierton",
    "home.deputy.name": "Deputina Merganserly",
    "home.also_notify.name": "Alsonia Godwitfold",
    "home.known_as": "Quellybird",
}
_TEXTS = {
    "location": "locationcanary",
    "behaviourBefore": "behaviourcanary",
    "deEscalation": "deescalationcanary",
    "effectiveness": "effectivenesscanary",
    "consequences": "consequencescanary",
    "narrative": "narrativecanary",
    "children.injuryDetails": "childinjurycanary",
    "children.medical.outcome": "outcomecanary",
    "children.views.text": "viewscanary",
    "children.restorativeConversation.feedback": "feedbackcanary",
    "children.restorativeConversation.alternativeDeEscalation": "alternativecanary",
    "staff.injuryDetails": "staffinjurycanary",
    "allegations.summary": "allegationcanary",
    "managerOversight.comments": "commentscanary",
    "broken report": "brokencanary",
    "home.address": "addresscanary",
}
_NUMBERS = {
    "children.0.dateOfBirth": "2011-07-23",
    "children.1.dateOfBirth": "2012-09-14",
    "children.socialWorker.email": "sw.caseduck@canary-council.example",
    "children.socialWorker.phone": "01632 960811",
    "children.parentsInformed.contactEmail": "parent@canary-family.example",
    "home.registered_manager.email": "goshawksby@canary-home.example",
    "home.registered_manager.phone": "01632 960812",
    "home.senior_manager.email": "harrierton@canary-home.example",
    "home.senior_manager.phone": "01632 960813",
    "home.deputy.email": "merganserly@canary-home.example",
    "home.also_notify.email": "godwitfold@canary-home.example",
    "lado.reference": "LADOREF-CANARY-77",
}
#: Other ways of writing a date of birth.
_DATES = ("23 July 2011", "23/07/2011", "23 Jul 2011", "14 September 2012", "14/09/2012", "14 Sep 2012")

MARKS: dict[str, str] = {
    **{half: field for field, name in _PEOPLE.items() for half in name.split()},
    **{word: field for field, word in {**_TEXTS, **_NUMBERS}.items()},
    **dict.fromkeys(_DATES, "children.dateOfBirth"),
}


def _staff(n: int, end: datetime) -> dict[str, Any]:
    return {
        "staffId": f"staff-{n}",
        "name": _PEOPLE[f"staff.{n}.name"],
        "role": "Residential support worker",
        "involvement": "UsedMeasure",
        "trainingExpires": (end + timedelta(days=90)).date().isoformat(),
        "injured": "Yes",
        "injuryDetails": f"Scratch on the arm, {_TEXTS['staff.injuryDetails']}.",
    }


def _child(n: int, person: int, at: datetime) -> dict[str, Any]:
    then = local(at + timedelta(hours=1))
    return {
        "childId": f"child-{n}",
        "mosaicPersonId": person,
        "name": _PEOPLE[f"children.{n}.name"],
        "dateOfBirth": _NUMBERS[f"children.{n}.dateOfBirth"],
        "role": "Held",
        "legalStatus": "S20",
        "fullyAccommodated": "No",
        "placingAuthority": "Example County Council",
        "socialWorker": {
            "name": _PEOPLE["children.socialWorker.name"],
            "email": _NUMBERS["children.socialWorker.email"],
            "phone": _NUMBERS["children.socialWorker.phone"],
        },
        "parentsInformed": {
            "required": "Yes",
            "decidedBy": _PEOPLE["children.parentsInformed.decidedBy"],
            "informedBy": _PEOPLE["children.parentsInformed.informedBy"],
            "contactEmail": _NUMBERS["children.parentsInformed.contactEmail"],
        },
        "injured": "Yes",
        "injuryDetails": f"Red mark on the wrist, {_TEXTS['children.injuryDetails']}.",
        "medical": {
            "offered": "Yes",
            "offeredAt": then,
            "seen": "Yes",
            "seenBy": _PEOPLE["children.medical.seenBy"],
            "seenAt": then,
            "outcome": f"No treatment, {_TEXTS['children.medical.outcome']}.",
        },
        "views": {
            "recordedAt": then,
            "text": f"I was angry, {_TEXTS['children.views.text']}.",
            "spokenToBy": _PEOPLE["children.views.spokenToBy"],
        },
        "restorativeConversation": {
            "heldAt": then,
            "feedback": f"It was too long, {_TEXTS['children.restorativeConversation.feedback']}.",
            "alternativeDeEscalation": "Let me go out, "
            + _TEXTS["children.restorativeConversation.alternativeDeEscalation"],
        },
    }


def report(n: int, end: datetime, people: tuple[int, int], **changes: Any) -> dict[str, Any]:
    """Report n of two children and two adults, submitted, with an allegation, a day or two before `end`."""
    at = end - timedelta(hours=20 + n)
    child, other = _PEOPLE["children.0.name"], _PEOPLE["children.1.name"]
    said = f"{child} ran at {other} and {_PEOPLE['staff.0.name']}; {_PEOPLE['home.known_as']} was held."
    found = {
        "incidentId": f"canary-{n}",
        "incidentNumber": f"EXH-{at.year}-{n:04d}",
        "homeId": "EXH",
        "homeName": "Example House",
        "status": "Submitted",
        "version": 1,
        "createdAt": stamp(at + timedelta(hours=1)),
        "createdBy": _PEOPLE["createdBy"],
        "modifiedAt": stamp(at + timedelta(hours=2)),
        "submittedAt": stamp(at + timedelta(hours=2)),
        "occurredAt": local(at),
        "location": f"{child}'s room, {_TEXTS['location']}",
        "interventionType": "Restrictive",
        "planned": "No",
        "reasons": ["InjuryToOthers"],
        "behaviourBefore": f"{said} {_TEXTS['behaviourBefore']}",
        "deEscalation": f"Talked to {child}. {_TEXTS['deEscalation']}",
        "measures": [
            {
                "technique": "Low level seated hold",
                "position": "Prone" if n == 1 else "Seated",
                "startedAt": local(at),
                "durationMinutes": 12,
                "staffIds": ["staff-0", "staff-1"],
                "painComplaint": "Yes",
            }
        ],
        "effectiveness": f"Calm. {_TEXTS['effectiveness']}",
        "consequences": f"None. {_TEXTS['consequences']}",
        "narrative": f"{said} {_TEXTS['narrative']}",
        "policeCalled": "No",
        "seriousIncident": "Yes",
        "staff": [_staff(0, end), _staff(1, end)],
        "children": [_child(0, people[0], at), _child(1, people[1], at)],
        "allegations": [
            {
                "raisedBy": "Parent",
                "raisedByName": _PEOPLE["allegations.raisedByName"],
                "raisedAt": local(at + timedelta(hours=2)),
                "aboutStaffId": "staff-0",
                "concerningChildId": "child-0",
                "summary": f"{_PEOPLE['staff.0.name']} hurt {child}. {_TEXTS['allegations.summary']}",
                "excessiveForce": "Yes",
            }
        ],
        "staffDebrief": {"heldAt": local(at + timedelta(hours=3)), "withName": _PEOPLE["staffDebrief.withName"]},
        "managerOversight": {
            "at": local(at + timedelta(hours=4)),
            "by": _PEOPLE["managerOversight.by"],
            "comments": f"Read. {_TEXTS['managerOversight.comments']}",
        },
        "notifiableEvent": {"by": _PEOPLE["notifiableEvent.by"], "decision": "Notify"},
        "externalReview": {"by": _PEOPLE["externalReview.by"], "role": "CPI instructor"},
        "lado": {"reference": _NUMBERS["lado.reference"]},
    }
    return found | changes


def broken_report(n: int, end: datetime, people: tuple[int, int]) -> dict[str, Any]:
    """A report that no map understands, with canaries where codes, dates and lists should be."""
    word = _TEXTS["broken report"]
    child = {"childId": f"child-{n}", "name": _PEOPLE["children.0.name"], "dateOfBirth": word, "role": word}
    return report(n, end, people, interventionType=f"{_PEOPLE['children.1.name']} {word}", children=[child, word])


def home_file() -> str:
    """The home's file, with canaries for people."""
    return f"""id = "EXH"
name = "Example House"
secure = true
provider = "Example County Council"
address = "1 {_TEXTS["home.address"]} Lane, Sampleton"
number_prefix = "EXH"
approved_techniques = ["Low level seated hold"]

[registered_manager]
name = "{_PEOPLE["home.registered_manager.name"]}"
role = "Registered Manager"
email = "{_NUMBERS["home.registered_manager.email"]}"
phone = "{_NUMBERS["home.registered_manager.phone"]}"

[senior_manager]
name = "{_PEOPLE["home.senior_manager.name"]}"
email = "{_NUMBERS["home.senior_manager.email"]}"
phone = "{_NUMBERS["home.senior_manager.phone"]}"

[deputy]
name = "{_PEOPLE["home.deputy.name"]}"
email = "{_NUMBERS["home.deputy.email"]}"

[[also_notify]]
name = "{_PEOPLE["home.also_notify.name"]}"
email = "{_NUMBERS["home.also_notify.email"]}"
duties = ["manager_notified"]

[[known_as]]
child = "child-0"
names = ["{_PEOPLE["home.known_as"]}"]

[parents]
mail = true
"""


def homes_own(manager: str = "Pat Example", *, mail: bool = True, report: str = "") -> str:
    """A small home's file for tests about people. `mail` False: nobody has an address."""

    def address(role: str) -> str:
        return f'email = "{role}@example-house.example"' if mail else ""

    return f"""id = "EXH"
name = "Example House"
number_prefix = "EXH"
approved_techniques = ["Low level seated hold"]

[registered_manager]
name = "{manager}"
role = "Registered Manager"
{address("manager")}

[deputy]
name = "Del Deputyson"
{address("deputy")}

[senior_manager]
name = "Jo Overseer"
{address("senior")}

[report]
{report}
"""
