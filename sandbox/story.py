"""One incident being made up: a report in which all was done in time, until the story says otherwise.

A `Story` keeps the report as the recording contract has it and, beside it, `marks`: what this incident was built to
show, such as `duty:child_views:met_late` or `flag:pain`. Times of evidence are hours after the end of the measure;
what would lie after the moment of telling (`cut`) is not there yet.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.cast import HOME_ID, HOME_NAME, CastAdult, CastChild
from sandbox.checks import LONDON
from sandbox.words import Words

#: duty: (hours at which it is met, hours at which it is late). Nine days are later than any two working days.
EVIDENCE: dict[str, tuple[float, float]] = {
    "incident_report": (3, 31),
    "manager_notified": (4, 9 * 24),
    "social_worker_notified": (6, 9 * 24),
    "parents_informed": (7, 9 * 24),
    "senior_manager_notified": (2, 30),
    "notifiable_event": (5, 40),
    "medical_offered": (0.5, 30),
    "medical_told": (1.5, 30),
    "child_views": (16, 7 * 24),
    "advocacy_offered": (17, 7 * 24),
    "staff_debrief": (18, 70),
    "manager_oversight": (20, 60),
    "restorative_conversation": (30, 8 * 24),
    "risk_assessment_reviewed": (40, 8 * 24),
    "care_plan_reviewed": (44, 8 * 24),
    "external_review": (72, 200),
    "lado_contact": (8, 9 * 24),
    "mash_or_police": (3, 31),
}
RESTRICTIVE_ONLY = frozenset({"medical_offered", "medical_told", "child_views", "advocacy_offered", "external_review"})
SERIOUS_ONLY = frozenset({"senior_manager_notified", "notifiable_event"})
LADO_ONLY = frozenset({"lado_contact", "mash_or_police"})


class Story:
    """An incident under way. `at`, `cut`: aware moments."""

    def __init__(
        self,
        rng: random.Random,
        at: datetime,
        cut: datetime,
        children: Iterable[CastChild],
        adults: Iterable[CastAdult],
        *,
        minutes: float = 4,
        technique: str = "Low level seated hold",
        position: str = "Seated",
    ) -> None:
        self.at = at
        self.cut = cut
        self.children = list(children)
        self.adults = list(adults)
        self.marks: set[str] = set()
        self.plan: dict[str, float | None] = {duty: hours for duty, (hours, _) in EVIDENCE.items()}
        self.words = Words(rng, self.children, self.adults)
        self.done = at + timedelta(minutes=minutes + 2)
        self.report: dict[str, Any] = {
            "homeId": HOME_ID,
            "homeName": HOME_NAME,
            "status": "Submitted",
            "version": 1,
            "createdBy": self.adults[0].name,
            "occurredAt": local(at),
            "location": self.words.place(),
            "interventionType": "Restrictive",
            "planned": "No",
            "reasons": ["InjuryToOthers"],
            "behaviourBefore": self.words.before(),
            "deEscalation": self.words.de_escalation(),
            "measures": [self._measure(technique, position, minutes)],
            "effectiveness": "Calm within minutes, walked to the quiet room by choice.",
            "consequences": "None. Space was offered and a drink.",
            "narrative": self.words.narrative(),
            "policeCalled": "No",
            "emergencyServicesCalled": "No",
            "seriousIncident": "No",
            "staff": [self._adult(adult, n) for n, adult in enumerate(self.adults)],
            "children": [self._child(child) for child in self.children],
            "allegations": [],
        }

    # ---- what a case changes ----

    def mark(self, *marks: str) -> None:
        """Say what this incident is there to show."""
        self.marks.update(marks)

    def late(self, *duties: str) -> None:
        """These were done, too late."""
        for duty in duties:
            self.plan[duty] = EVIDENCE[duty][1]

    def never(self, *duties: str) -> None:
        """Nothing shows that these were done."""
        for duty in duties:
            self.plan[duty] = None

    def after(self, duty: str, hours: float) -> None:
        """This was done so many hours after the measure."""
        self.plan[duty] = hours

    def child(self, n: int = 0) -> dict[str, Any]:
        """The n-th child of the report."""
        found: dict[str, Any] = self.report["children"][n]
        return found

    def measure(self) -> dict[str, Any]:
        """The first measure."""
        found: dict[str, Any] = self.report["measures"][0]
        return found

    def serious(self, *, police: bool = False) -> None:
        """A serious incident, perhaps with the police."""
        self.report["seriousIncident"] = "Yes"
        self.report["policeCalled"] = "Yes" if police else "No"

    def disengagement(self, technique: str = "Disengagement: wrist", reason: str = "InjuryToOthers") -> None:
        """Not a restraint: staff got away."""
        self.report["interventionType"] = "NonRestrictive"
        self.report["reasons"] = [reason]
        self.report["measures"] = [
            {**self.measure(), "technique": technique, "position": "Standing", "durationMinutes": 0.5}
        ]
        for found in self.report["children"]:
            found["role"] = "Disengaged"
        self.mark("kind:disengagement")

    def allegation(self, raised_by: str, *, about: CastAdult | None, force: str = "", hours: float = 2) -> None:
        """Somebody complains. `about` None: the adult is not named."""
        answers = {"mashReferred": "No", "policeReferred": "No"} if self.plan["mash_or_police"] is not None else {}
        self.report["allegations"].append(
            {
                "raisedBy": raised_by,
                "raisedByName": {"Child": self.children[0].name, "Parent": "A parent"}.get(raised_by, "A visitor"),
                "raisedAt": local(self.done + timedelta(hours=hours)),
                **({"aboutStaffId": about.staff_id} if about else {}),
                "concerningChildId": self.children[0].child_id,
                "summary": self.words.complaint(about),
                "excessiveForce": force,
                **answers,
            }
        )

    # ---- the end of the telling ----

    def finish(self) -> dict[str, Any]:
        """The report as it stands at `cut`, with the evidence that is there by then."""
        for duty in self.plan:
            if self._applies(duty):
                self._tell(duty)
        submitted = self._moment("incident_report")
        signed = self._moment("manager_oversight")
        self.report["createdAt"] = stamp(min(self.done + timedelta(hours=1), self.cut))
        if "status:kept" not in self.marks:
            self.report["status"] = "Draft" if submitted is None else "SignedOff" if signed else "Submitted"
        self.report["submittedAt"] = stamp(submitted) if submitted else None
        self.report["signedOffAt"] = stamp(signed) if signed and submitted else None
        self._mark_what_follows(submitted)
        moments = [moment for duty in self.plan if (moment := self._moment(duty)) is not None]
        self.report["modifiedAt"] = stamp(max([self.done + timedelta(hours=1), *moments]))
        if datetime.fromisoformat(self.report["modifiedAt"]) > self.cut:
            self.report["modifiedAt"] = stamp(self.cut)
        return self.report

    def _mark_what_follows(self, submitted: datetime | None) -> None:
        """Duties that follow from the report as a whole, and not from a field of its own."""
        if "status:void" in self.marks:
            return
        old = self.cut - self.done > timedelta(hours=26)
        late = submitted is not None and submitted - self.done > timedelta(hours=24)
        exempt = "exempt" in self.marks
        unsent = "overdue" if old else "open"
        sent = unsent if submitted is None else "met_late" if old else "met"
        for duty in ("daily_log", "mosaic_case_note"):
            self.mark(f"duty:{duty}:{'not_applicable' if exempt else sent}")
        if exempt or self.report["interventionType"] != "Restrictive":
            self.mark("duty:report_complete:not_applicable")
        elif "incomplete" in self.marks:
            self.mark(f"duty:report_complete:{unsent}")
        elif submitted is not None:
            self.mark(f"duty:report_complete:{'met_late' if late else 'met'}")
        if not exempt:
            self.mark("duty:ehc_plan_review:not_applicable")

    def _applies(self, duty: str) -> bool:
        restrictive = self.report["interventionType"] == "Restrictive"
        serious = "Yes" in (self.report["seriousIncident"], self.report["policeCalled"])
        allegations = bool(self.report["allegations"])
        if "exempt" in self.marks:
            self.mark(f"duty:{duty}:not_applicable")
            return False
        applies = not (
            (duty in RESTRICTIVE_ONLY and not restrictive)
            or (duty in SERIOUS_ONLY and not serious and not (duty == "notifiable_event" and allegations))
            or (duty in LADO_ONLY and not any(mark.startswith("lado:") for mark in self.marks))
            or (duty == "medical_told" and not self._seen_by_nurse())
            or (duty == "social_worker_notified" and not any(child.social_worker for child in self.children))
        )
        if not applies:
            self.mark(f"duty:{duty}:not_applicable")
        return applies

    def _seen_by_nurse(self) -> bool:
        if self.child()["medical"].get("seen") == "No":
            return False
        return self._moment("medical_offered") is not None or self._moment("medical_told") is not None

    def _moment(self, duty: str) -> datetime | None:
        hours = self.plan[duty]
        if hours is None or not self._told(duty):
            return None
        moment = self.done + timedelta(hours=hours)
        return moment if moment <= self.cut else None

    def _told(self, duty: str) -> bool:
        return f"duty:{duty}:not_applicable" not in self.marks or duty in ("incident_report", "manager_oversight")

    def _tell(self, duty: str) -> None:
        moment = self._moment(duty)
        if moment is not None:
            if duty in _TELLERS:
                _TELLERS[duty](self, local(moment))
            state = self._state(duty, moment)
        elif self.cut - self.done < timedelta(hours=12) or duty == "external_review":
            state = "open"
        else:
            state = "overdue" if self.cut - self.done > timedelta(days=10) else ""
        if state and "status:void" not in self.marks:
            self.mark(f"duty:{duty}:{state}")

    def _state(self, duty: str, moment: datetime) -> str:
        """Met or late; what has no time of its own counts from the report's submission."""
        if duty == "medical_told":
            return "" if self.child()["medical"].get("toldOfRestraint") == "No" else "met"
        if duty == "mash_or_police" and not self.report["allegations"]:
            return "overdue" if self.cut - self.done > timedelta(days=10) else ""
        hours = (moment - self.done) / timedelta(hours=1)
        if duty == "medical_offered":
            submitted = self.plan["incident_report"]
            if submitted is None:
                return ""
            hours = max(hours, submitted)
        return "met" if hours < EVIDENCE[duty][1] else "met_late"

    # ---- people and measures ----

    def _measure(self, technique: str, position: str, minutes: float) -> dict[str, Any]:
        return {
            "technique": technique,
            "position": position,
            "heldChildId": self.children[0].child_id,
            "startedAt": local(self.at + timedelta(minutes=2)),
            "durationMinutes": minutes,
            "staffIds": [adult.staff_id for adult in self.adults[:2]],
            "breathingAffected": "No",
            "painComplaint": "No",
        }

    def _adult(self, adult: CastAdult, n: int) -> dict[str, Any]:
        expires = None
        if adult.training_days is not None:
            expires = (self.cut + timedelta(days=adult.training_days)).date().isoformat()
        return {
            "staffId": adult.staff_id,
            "name": adult.name,
            "role": adult.role,
            "involvement": "UsedMeasure" if n < 2 else "Witness",
            "trainingExpires": expires,
            "injured": "No",
        }

    def _child(self, child: CastChild) -> dict[str, Any]:
        worker = {}
        if child.social_worker:
            worker = {
                "name": child.social_worker,
                "email": f"{child.social_worker.lower().replace(' ', '.')}@example-council.example",
                "phone": "01632 960100",
            }
        return {
            "childId": child.child_id,
            "mosaicPersonId": child.mosaic_id,
            "name": child.name,
            "dateOfBirth": child.born(self.cut.date()),
            "role": "Held",
            "legalStatus": child.legal_status,
            "fullyAccommodated": "Yes" if child.fully_accommodated else "No",
            "placingAuthority": child.authority,
            "socialWorker": worker,
            "parentsInformed": {},
            "injured": "No",
            "medical": {},
            "views": {},
        }


def local(moment: datetime) -> str:
    """UK wall-clock time without an offset, as staff's products write it."""
    return moment.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M:%S")


def stamp(moment: datetime) -> str:
    """UTC with an offset, as the product's own clock writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- what the evidence of each duty looks like in a report ----


def _each(path: str) -> Callable[[Story, str], None]:
    def tell(story: Story, at: str) -> None:
        for child in story.report["children"]:
            child[path] = at

    return tell


def _social_worker(story: Story, at: str) -> None:
    for child in story.report["children"]:
        if child["socialWorker"]:
            child["socialWorker"]["notifiedAt"] = at


def _parents(story: Story, at: str) -> None:
    for child in story.report["children"]:
        if child["fullyAccommodated"] == "Yes":
            child["parentsInformed"] = {"required": "No", "decidedBy": child["socialWorker"].get("name", "Duty worker")}
        else:
            child["parentsInformed"] = {"required": "Yes", "informedAt": at, "informedBy": story.adults[-1].name}


def _medical(story: Story, at: str) -> None:
    for child in story.report["children"]:
        seen = child["medical"].get("seen", "Yes")
        outcome = "Looked at by the nurse, nothing found." if seen == "Yes" else "Did not want to see anyone."
        child["medical"] = {"offered": "Yes", "offeredAt": at, "seen": seen, "outcome": outcome, **child["medical"]}


def _told_of_restraint(story: Story, at: str) -> None:
    for child in story.report["children"]:
        child["medical"] = {
            **child["medical"],
            "seen": "Yes",
            "seenBy": "Nurse Sampleward",
            "seenAt": at,
            "toldOfRestraint": child["medical"].get("toldOfRestraint", "Yes"),
        }


def _views(story: Story, at: str) -> None:
    for child in story.report["children"]:
        child["views"] = child["views"] or {
            "recordedAt": at,
            "text": story.words.views(child["childId"]),
            "spokenToBy": story.adults[-1].name,
        }


def _restorative(story: Story, at: str) -> None:
    for child in story.report["children"]:
        child["restorativeConversation"] = {
            "heldAt": at,
            "feedback": "Would have liked to be left alone for ten minutes first.",
            "alternativeDeEscalation": "A walk in the courtyard.",
        }


def _notifiable(story: Story, at: str) -> None:
    decision = "Notify" if story.report["policeCalled"] == "Yes" else "DoNotNotify"
    story.report["notifiableEvent"] = {"consideredAt": at, "by": "Pat Example", "decision": decision}
    if decision == "Notify":
        story.report["notifiableEvent"]["notifiedAt"] = at


def _section(name: str, **fixed: str) -> Callable[[Story, str], None]:
    key = {"staffDebrief": "heldAt", "lado": "notifiedAt"}.get(name, "at")

    def tell(story: Story, at: str) -> None:
        story.report[name] = {key: at, **fixed}

    return tell


def _at(name: str) -> Callable[[Story, str], None]:
    def tell(story: Story, at: str) -> None:
        story.report[name] = at

    return tell


_TELLERS: dict[str, Callable[[Story, str], None]] = {
    "manager_notified": _at("managerNotifiedAt"),
    "senior_manager_notified": _at("seniorManagerNotifiedAt"),
    "social_worker_notified": _social_worker,
    "parents_informed": _parents,
    "notifiable_event": _notifiable,
    "medical_offered": _medical,
    "medical_told": _told_of_restraint,
    "child_views": _views,
    "advocacy_offered": _each("advocacyOfferedAt"),
    "restorative_conversation": _restorative,
    "risk_assessment_reviewed": _each("riskAssessmentReviewedAt"),
    "care_plan_reviewed": _each("carePlanReviewedAt"),
    "staff_debrief": _section("staffDebrief", withName="Chris Sampleton", withRole="Senior residential worker"),
    "manager_oversight": _section(
        "managerOversight", by="Pat Example", comments="Read, discussed with staff, measure was proportionate."
    ),
    "external_review": _section("externalReview", by="Ray Instructor", role="CPI instructor"),
    "lado_contact": _section("lado", reference="LADO-EXAMPLE-1"),
}
