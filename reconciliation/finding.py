"""A finding: one discrepancy, with a stable id, a sentence, what to do next and who can do it.

The id is made of what the finding is about, never of its time or its text, so that it is the same tomorrow and a
manager's acknowledgement stays with it. No field holds a name or free text: children and staff are ids here, and the
report shows initials instead.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong. The policy's flags are kinds as well, each under its own id (`FLAGS`)."""

    MISSING = "missing"
    DOUBLED = "doubled"
    DIFFERENT = "different"
    WRONG_CHILD = "wrong_child"
    UNFINISHED = "unfinished"
    ORPHAN = "orphan"
    DELETED = "deleted"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    WAITING = "waiting"
    NUMBER_GAP = "number_gap"
    UNRECORDED_RESTRAINT = "unrecorded_restraint"
    DUTY_OVERDUE = "duty_overdue"
    LADO_UNDECIDED = "lado_undecided"
    CLOCK = "clock"
    POSSIBLE_DUPLICATE = "possible_duplicate"


#: The flags that one incident can raise; `number_gap` and `unrecorded_restraint` belong to the home.
FLAGS = (
    "prohibited_technique",
    "unapproved_technique",
    "purpose_not_permitted",
    "pain",
    "training_lapsed",
    "training_unknown",
    "long_hold",
    "repeat",
)


#: A record of which one of these is known is not in its place, whatever an earlier look saw.
NOT_IN_PLACE = (
    Kind.MISSING,
    Kind.DOUBLED,
    Kind.DIFFERENT,
    Kind.WRONG_CHILD,
    Kind.UNFINISHED,
    Kind.DELETED,
)


class Severity(StrEnum):
    """How soon a person must look: high today, medium this week, low when the report is read."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Severity).index(self)


class Owner(StrEnum):
    """Who can put it right: the roles of the home's file, the council, and IT."""

    REGISTERED_MANAGER = "registered_manager"
    SENIOR_MANAGER = "senior_manager"
    DEPUTY = "deputy"
    STAFF = "staff"
    COUNCIL = "mosaic_administrators"
    IT = "it"


@dataclass(frozen=True)
class Finding:
    """One discrepancy. `incident` is the running number; `subject` a source's own id of a child or an adult.

    `reason` says more narrowly what was seen (which part differs, why it is an orphan), in this package's words;
    `obstacle` what stands in the way of a duty, which its sentence says too.
    `sentence` has the slot `{child}` where the report puts initials. `first_seen`, `last_seen` and the
    acknowledgement come from the ledger.
    """

    id: str
    home: str
    kind: str
    severity: Severity
    sentence: str
    action: str
    owner: str
    incident: str | None = None
    incident_id: str | None = None
    target: str | None = None
    subject: str | None = None
    reason: str | None = None
    obstacle: str = ""
    due: datetime | None = None
    occurred_on: date | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    acknowledged: bool = False
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    healed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it still asks for somebody: not acknowledged, not healed just now, not resolved."""
        return not self.acknowledged and not self.healed and self.resolved_at is None

    @property
    def message(self) -> str:
        """One sentence with ids, for machines, logs and mails."""
        return self.told_of(self.subject or "the child")

    def told_of(self, child: str) -> str:
        """The sentence with these words for the child or adult, such as initials, whose full stop may end it."""
        sentence = self.sentence.replace("{child}.", "{child}") if child.endswith(".") else self.sentence
        return sentence.replace("{child}", child)


def finding_id(
    *, home: str, kind: str, incident: str | None, target: str | None, subject: str | None, about: str = ""
) -> str:
    """The stable id of a discrepancy. `about` tells apart two of one kind on one record: a duty's id, a remote id."""
    parts = [home, kind, incident or "", target or "", subject or "", about]
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


#: Within a severity: a record that is wrong about a child, one that is lost, what nobody knows, what people owe.
_ORDER = (
    Kind.WRONG_CHILD,
    "prohibited_technique",
    "pain",
    Kind.MISSING,
    Kind.DELETED,
    Kind.QUARANTINED,
    Kind.UNRECORDED_RESTRAINT,
    Kind.NUMBER_GAP,
    Kind.DOUBLED,
    Kind.ORPHAN,
    Kind.DIFFERENT,
    Kind.UNFINISHED,
    Kind.REJECTED,
    Kind.UNCERTAIN,
    Kind.LADO_UNDECIDED,
    Kind.DUTY_OVERDUE,
)
_PLACES = {str(kind): place for place, kind in enumerate(_ORDER)}


def by_urgency(finding: Finding) -> tuple[bool, int, int, str, bool, float, str, str]:
    """Sort key: what is open first, then severity, kind, what is due first, and the incident."""
    due = finding.due.timestamp() if finding.due else 0.0
    return (
        not finding.is_open,
        finding.severity.rank,
        _PLACES.get(finding.kind, len(_ORDER)),
        finding.kind,
        finding.due is None,
        due,
        finding.incident or "",
        finding.id,
    )
