"""What reconciliation looks at: the source's index, the ledger, and each target as it is now.

Plain frozen dataclasses that the flows fill. Moments are aware, in UTC; dates are UK calendar days. None of those that
carry a child's data shows a field in its repr. A side is `checked`, `not_checked` (we tried and could not see) or
`absent` (the site has none): "nothing to do" and "could not see" are different words everywhere (DESIGN 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from config.home import Home
from connectors.protocols import CopyAge, HeldEntry, HeldNote, Index, SourceAnswer
from ledger.states import DeliveryState
from mappings.bodies import AppendmentBody, EntryBody, NoteBody
from mappings.duties import Duty
from mappings.flags import Flag, UnrecordedRestraint
from mappings.incident import Incident, Status
from mappings.running_numbers import NumberGap


class Side(StrEnum):
    """Whether one side of the comparison was seen."""

    CHECKED = "checked"
    NOT_CHECKED = "not_checked"
    ABSENT = "absent"


class Target(StrEnum):
    """Where a discrepancy lies: a target of ours, or one of the sides that are only read."""

    MOSAIC = "mosaic"
    DAILY_LOG = "daily_log"
    EMAIL = "email"
    LADO = "lado"
    REPLICA = "replica"
    LEDGER = "ledger"
    SOURCE = "source"


class FoundBy(StrEnum):
    """How the ledger came to know an incident: the incremental pull, or the sweep of the source's index."""

    PULL = "pull"
    INDEX_SWEEP = "index sweep"


@dataclass(frozen=True)
class RevisionSeen:
    """One revision of an incident, for its story."""

    number: int
    status: str
    seen_at: datetime


@dataclass(frozen=True, repr=False)
class LedgerIncident:
    """One incident as the ledger has it now. `incident` is the latest revision's content."""

    home: str
    incident_id: str
    number: str
    status: Status
    occurred_at: datetime
    occurred_on: date
    revision: int
    source_version: int
    modified_at: datetime
    first_seen: datetime
    incident: Incident | None = None
    found_by: FoundBy = FoundBy.PULL
    revisions: tuple[RevisionSeen, ...] = ()


@dataclass(frozen=True, repr=False)
class LedgerDelivery:
    """One delivery as the ledger has it, with the body as it was sent."""

    id: int
    incident_id: str
    number: str
    revision: int
    target: str
    action: str
    subject: str
    state: DeliveryState
    reference: str
    since: datetime
    created_at: datetime
    body: NoteBody | AppendmentBody | EntryBody | None = None
    part: int = 1
    remote_id: str | None = None
    person_id: int | None = None
    accepted_at: datetime | None = None
    attempts: int = 0
    why: str | None = None
    cause: str | None = None
    waits_behind: int | None = None
    corrects: str | None = None
    """Remote id of the daily-log entry that this one corrects."""

    @property
    def was_accepted(self) -> bool:
        """Whether the target ever said that it has this."""
        return self.state in (DeliveryState.ACCEPTED, DeliveryState.VERIFIED)


@dataclass(frozen=True)
class QuarantinedReport:
    """A report that could not be understood. `source_id` and `number` are None where even they could not be read."""

    id: int
    source_id: str | None
    number: str | None
    fields: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    occurred_on: date | None = None


@dataclass(frozen=True)
class Submission:
    """One LADO submission for one adult of concern. `state` is awaiting_approval, approved, declined or sent."""

    id: int
    incident_id: str
    number: str
    revision: int
    adult: str
    triggers: tuple[int, ...]
    state: str
    due_at: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, repr=False)
class SourceView:
    """The recording system. `answers` is what it said of single ids that its index did not list.

    `moved`: those that it has under another home now.
    """

    side: Side = Side.NOT_CHECKED
    index: Index | None = None
    answers: Mapping[str, SourceAnswer] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()


@dataclass(frozen=True, repr=False)
class NotesView:
    """Case notes as Mosaic, or its replica, holds them now.

    `notes` has every person that was asked for, with what was listed, deleted notes too; after a merge the listed notes
    lie on the survivor. `unreadable` are persons whose record refused us, `refused` notes that did when they were asked
    for singly. `age`: how far a copy goes.
    """

    side: Side = Side.ABSENT
    notes: Mapping[int, Sequence[HeldNote]] = field(default_factory=dict)
    unreadable: frozenset[int] = frozenset()
    refused: frozenset[str] = frozenset()
    age: CopyAge | None = None


@dataclass(frozen=True, repr=False)
class LogView:
    """The home's daily log as it is now, entries that staff wrote included."""

    side: Side = Side.ABSENT
    entries: Sequence[HeldEntry] = ()


@dataclass(frozen=True)
class LastGood:
    """When the home's last good runs ended; None: never."""

    pull: datetime | None = None
    reconcile: datetime | None = None


def _knows_nothing(_reference: str) -> bool:
    return False


@dataclass(frozen=True, repr=False)
class Evidence:
    """Everything that one reconciliation of one home and period saw. `start` and `end` are UK days, both included."""

    home: Home
    start: date
    end: date
    as_of: datetime
    source: SourceView = field(default_factory=SourceView)
    incidents: Sequence[LedgerIncident] = ()
    quarantined: Sequence[QuarantinedReport] = ()
    discarded: frozenset[str] = frozenset()
    """Ids at the source of reports that could not be understood and that a person has discarded."""
    deliveries: Sequence[LedgerDelivery] = ()
    mosaic: NotesView = field(default_factory=NotesView)
    daily_log: LogView = field(default_factory=LogView)
    replica: NotesView = field(default_factory=NotesView)
    duties: Mapping[str, Sequence[Duty]] = field(default_factory=dict)
    """By incident id."""
    flags: Mapping[str, Sequence[Flag]] = field(default_factory=dict)
    """By incident id."""
    number_gaps: Sequence[NumberGap] = ()
    misfits: Sequence[str] = ()
    """Numbers of the period's reports that are not running numbers of this home, and so take part in no gap."""
    unrecorded: Sequence[UnrecordedRestraint] = ()
    submissions: Sequence[Submission] = ()
    targets: frozenset[str] = frozenset({Target.MOSAIC, Target.DAILY_LOG})
    """Where each incident of this site belongs."""
    knows: Callable[[str], bool] = field(default=_knows_nothing)
    """Whether the ledger knows a reference that is not among `deliveries`: another period's, another home's."""
    of_another_home: Callable[[str], bool] = field(default=_knows_nothing)
    """Whether the ledger knows a reference as one of another home's."""
    doubted: frozenset[tuple[str, str]] = frozenset()
    """(number, target) of records in which an earlier look found something wrong that no later one has resolved."""
    last_good: LastGood = LastGood()

    def side(self, target: str) -> Side:
        """Whether this target was seen. Mail and LADO packages cannot be read back: the ledger's word counts."""
        sides: dict[str, Side] = {
            Target.MOSAIC: self.mosaic.side,
            Target.DAILY_LOG: self.daily_log.side,
            Target.REPLICA: self.replica.side,
            Target.SOURCE: self.source.side,
            Target.LEDGER: self.source.side,
        }
        return sides.get(target, Side.CHECKED)
