"""Makes findings out of the table of words: the one place where a discrepancy gets its id and its sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from mappings.owed import Action
from mappings.uk_time import uk_clock, uk_day
from reconciliation.finding import Finding, Owner, Severity, finding_id
from reconciliation.views import LedgerDelivery, LedgerIncident, Target
from reconciliation.wording import ADDITION_NAMES, MAIL_NAMES, RECORD_NAMES, TARGET_NAMES, words_for

_ONE_OF = {"measures": "measure", "children": "child", "allegations": "allegation", "staff": "member of staff"}


@dataclass(frozen=True)
class Record:
    """Which record a finding is about."""

    number: str | None = None
    incident_id: str | None = None
    target: str | None = None
    subject: str | None = None
    occurred_on: date | None = None
    is_addition: bool = False

    @classmethod
    def of_incident(cls, incident: LedgerIncident, target: str | None = None, subject: str | None = None) -> Record:
        """This incident's record at a target."""
        return cls(incident.number, incident.incident_id, target, subject, incident.occurred_on)

    @classmethod
    def of_delivery(
        cls, delivery: LedgerDelivery, incident: LedgerIncident | None, target: str | None = None
    ) -> Record:
        """What this delivery made, or should have made. An address never becomes a subject."""
        subject = delivery.subject if delivery.subject and "@" not in delivery.subject else None
        day = incident.occurred_on if incident else None
        is_addition = delivery.action in (Action.APPEND, Action.CORRECT)
        return cls(delivery.number, delivery.incident_id, target or delivery.target, subject, day, is_addition)


def tell(
    home: str,
    kind: str,
    record: Record,
    *,
    reason: str | None = None,
    about: str = "",
    due: datetime | None = None,
    severity: Severity | None = None,
    owner: str | None = None,
    obstacle: str = "",
    **slots: str,
) -> Finding:
    """A finding. `about`, `reason` and `obstacle` as in `finding_id` and `Finding`; `slots` fill the sentence."""
    target = str(record.target or "")
    words = words_for(kind, reason, target)
    child = "{child}" if record.subject else "the child"
    filled = {
        "incident": record.number or _without_number(record),
        "child": child,
        "target": TARGET_NAMES.get(target, target),
        "target_id": target,
        "record": _record_name(record).replace("{child}", child),
        "at_mosaic": _record_name(replace(record, target=Target.MOSAIC)).replace("{child}", child),
        "kind": kind,
        "reason": reason or "",
        "why": f": {obstacle}" if obstacle else "",
        **slots,
    }
    return Finding(
        id=finding_id(
            home=home,
            kind=kind,
            incident=record.incident_id or record.number,
            target=record.target,
            subject=record.subject,
            about=about,
        ),
        home=home,
        kind=str(kind),
        severity=severity or words.severity,
        sentence=words.sentence.format(**filled),
        action=words.action.format(**filled),
        owner=owner or str(_who(words.owner, target)),
        incident=record.number,
        incident_id=record.incident_id,
        target=str(record.target) if record.target else None,
        subject=record.subject,
        reason=reason,
        obstacle=obstacle,
        due=due,
        occurred_on=record.occurred_on,
    )


def _without_number(record: Record) -> str:
    """What a report is called whose number cannot be read: by its day, where that is known."""
    day = f" of {day_words(record.occurred_on)}" if record.occurred_on else ""
    return f"A report{day} without a readable number"


def field_words(path: str) -> str:
    """A field of a report in words: `measures.0.started_at` is "measure 1: started at"."""
    words: list[str] = []
    for part in path.split("."):
        if part.isdecimal() and words:
            words[-1] = f"{_ONE_OF.get(words[-1], words[-1])} {int(part) + 1}"
        else:
            words.append(part.replace("_", " "))
    return ": ".join(words)


def _record_name(record: Record) -> str:
    if record.target == Target.EMAIL:
        role = (record.subject or "").partition(":")[0]
        return MAIL_NAMES.get(role, RECORD_NAMES[Target.EMAIL])
    names = ADDITION_NAMES if record.is_addition else RECORD_NAMES
    return names.get(record.target or "", "the record")


def _who(owner: Owner, target: str) -> Owner:
    """Who can do it: the council keeps Mosaic, and the home keeps its own daily log."""
    return Owner.REGISTERED_MANAGER if owner is Owner.COUNCIL and target == Target.DAILY_LOG else owner


def day_words(day: date) -> str:
    """A day in a sentence: `3 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def moment_words(moment: datetime) -> str:
    """A moment in a sentence, UK time: `3 November 2026 at 14:05`."""
    return f"{day_words(uk_day(moment))} at {uk_clock(moment)}"
