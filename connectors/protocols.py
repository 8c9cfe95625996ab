"""What a connector can do is what it implements. Each protocol below is one capability.

Reads may be retried inside a call; writes never are. A write either returns what the target now holds, or raises
one of `connectors.errors`. Bodies are plain frozen dataclasses: they hold children's data, so none shows a field
in its repr. All datetimes are aware; dates are UK calendar days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from mappings.bodies import LadoPackage


@dataclass(frozen=True)
class Health:
    """What `check` found. `sentence` is one line for IT, with the fix where there is one."""

    ok: bool
    sentence: str
    setting: str | None = None
    reachable: bool = True


class Checkable(Protocol):
    """Everything that IT can check without writing at the far end."""

    def check(self) -> Health: ...


# ---- the recording source --------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class SourcePage:
    """One page of raw reports, as the source's own JSON-like dicts (spreadsheets: one dict a report).

    `receipt` is for sources that must be told when a page is safely stored (the drop folder moves its file aside).
    """

    items: Sequence[Mapping[str, Any]]
    number: int
    receipt: str | None = None


@dataclass(frozen=True)
class IndexRow:
    """One incident in the source's own index: ids only. `occurred_on` is the UK calendar day."""

    incident_id: str
    number: str
    home_id: str
    status: str
    version: int
    modified_at: datetime
    occurred_on: date
    child_ids: tuple[str, ...]


@dataclass(frozen=True)
class Index:
    """A claim of completeness for the stated range, ends included (UK calendar days)."""

    home_id: str
    start: date
    end: date
    rows: tuple[IndexRow, ...]


class SourceAnswer(StrEnum):
    """What a source says of one id."""

    FOUND = "found"
    GONE = "gone"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, repr=False)
class SourceRecord:
    """The answer to `get`: the raw report where there is one.

    `moved`: it is gone from this home because another home has it now.
    """

    answer: SourceAnswer
    item: Mapping[str, Any] | None = None
    moved: bool = False


@runtime_checkable
class IncidentSource(Checkable, Protocol):
    """Where staff write the reports."""

    #: Which field map turns this source's items into incidents: a shipped map's name, or a path.
    field_map: str

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        """Pages of reports changed at or after `since`, oldest change first. Ends only at a null cursor.

        Raises NotApplied/Unreachable/Misconfigured; a repeated cursor is an error. `since` already has the overlap off.
        """

    def stored(self, page: SourcePage) -> None:
        """The page is durable in the ledger; a drop folder moves the file aside with a receipt."""

    def index(self, home_id: str, start: date, end: date) -> Index:
        """Every incident of the range. Raises rather than return a short list."""

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        """One report as it is now."""


# ---- Mosaic case notes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class NewNote:
    """A case note for one child. `html` is limited HTML whose last line is the reference."""

    person_id: int
    note_type: str
    title: str
    html: str
    effective_date: datetime
    reference: str
    significant_event: bool = False
    acting_for: str = ""
    alert_recipients: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class NewAppendment:
    """An addition to a finished note."""

    note_id: str
    html: str
    reference: str
    acting_for: str = ""


class NoteState(StrEnum):
    """A note's state at Mosaic."""

    DRAFT = "DRAFT"
    COMPLETE = "COMPLETE"
    TIMED_OUT = "TIMED_OUT"
    DELETED = "DELETED"


@dataclass(frozen=True, repr=False)
class HeldAppendment:
    """An appendment as the target holds it now."""

    remote_id: str
    html: str
    reference: str | None
    created_at: datetime


@dataclass(frozen=True, repr=False)
class HeldNote:
    """A note as the target holds it now. `reference` was read from the field, else from the text's last line."""

    remote_id: str
    person_id: int
    note_type: str
    title: str
    html: str
    effective_date: datetime
    state: NoteState
    reference: str | None
    created_at: datetime
    completed_at: datetime | None = None
    appendments: tuple[HeldAppendment, ...] = ()
    significant_event: bool | None = None


@dataclass(frozen=True)
class Receipt:
    """A well-formed answer that carries our reference, or an id that a read confirmed.

    `person_id` is the person that the note now lies on (the survivor after a merge). `already_there` when the target
    had it before this call. `refused` names recipients' positions, never addresses.
    """

    remote_id: str
    at: datetime | None = None
    person_id: int | None = None
    already_there: bool = False


@dataclass(frozen=True, repr=False)
class Found:
    """What a look-up by reference saw. `absent` means: looked everywhere, not there now."""

    receipts: tuple[Receipt, ...] = ()
    deleted: bool = False
    unfinished: str | None = None  # remote id of our own draft or timed-out note

    @property
    def absent(self) -> bool:
        """Nothing with this reference is there, finished, unfinished or deleted."""
        return not self.receipts and not self.deleted and self.unfinished is None


@runtime_checkable
class CaseNoteStore(Checkable, Protocol):
    """Mosaic."""

    def create(self, note: NewNote) -> Receipt:
        """Create and finish the note. Follows a merge (410) to the survivor, at most five hops."""

    def append(self, appendment: NewAppendment) -> Receipt:
        """Append to a finished note."""

    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:
        """Look for our note on the person's record (or the survivor's), whether or not the filter is honoured."""

    def find_appendment(self, reference: str, *, note_id: str) -> Found:
        """Look for our appendment on the note. Raises Rejected where the note itself is not to be seen."""

    def finish(self, note_id: str, reference: str) -> Receipt:
        """Finish our own draft or timed-out note."""

    def get(self, note_id: str) -> HeldNote | None:
        """One note as it is now, or None where the target does not know the id."""

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        """Every note on the person's record (or the survivor's) in the range, ends included, deleted ones too."""


@dataclass(frozen=True)
class CopyAge:
    """How far a copy of Mosaic goes: the newest change that it shows, in UTC, and its highest note id.

    `as_of` is None where it shows no note at all.
    """

    as_of: datetime | None = None
    last_id: int | None = None


class CopyReading(Protocol):
    """One look into the copy."""

    def newest(self) -> CopyAge:
        """How far the copy goes."""

    def list(self, person_ids: Iterable[int], note_types: Iterable[str], start: date, end: date) -> Iterator[HeldNote]:
        """Notes of these types on these persons' records in the range, ends included, deleted ones too."""

    def carrying(self, marker: str, note_types: Iterable[str], start: date, end: date) -> Iterator[HeldNote]:
        """Notes of these types of the range whose text holds `marker`, on whosever record they lie."""

    def get(self, note_ids: Iterable[int]) -> Iterator[HeldNote]:
        """These notes, whatever became of them; unknown ids give nothing."""

    def persons(self, person_ids: Iterable[int]) -> Mapping[int, bool] | None:
        """Which persons the copy knows, and whether each is restricted; None where it does not show persons."""


@runtime_checkable
class CaseNoteCopy(Checkable, Protocol):
    """The read-only replica of Mosaic: a look of its own, which shares no code with what writes."""

    def reading(self) -> AbstractContextManager[CopyReading]:
        """Look into the copy; inside and at its end raises NotApplied, Unreachable or Misconfigured."""


# ---- the daily log ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class NewEntry:
    """A daily-log entry, or a correction when `corrects` names the old entry. Last line: the reference."""

    home_id: str
    entry_time: datetime
    category: str
    text: str
    reference: str
    child_ids: tuple[str, ...] = ()
    corrects: str | None = None


@dataclass(frozen=True, repr=False)
class HeldEntry:
    """An entry as the log holds it now, whoever wrote it."""

    remote_id: str
    home_id: str
    entry_time: datetime
    category: str
    text: str
    reference: str | None
    created_at: datetime
    child_ids: tuple[str, ...] = ()
    corrects: str | None = None
    created_by: str = ""


@runtime_checkable
class LogStore(Checkable, Protocol):
    """The home's daily log. Entries are never edited: a correction is a new entry that names the old one."""

    def create(self, entry: NewEntry) -> Receipt: ...

    def find(self, reference: str, *, home_id: str, entry_on: date) -> Found: ...

    def list(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]: ...


# ---- people ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Message:
    """One mail to one person. `message_id` is made before the first try and is the same at every repeat."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime


@runtime_checkable
class Notifier(Checkable, Protocol):
    """Sends one message to one person."""

    def send(self, message: Message) -> Receipt: ...


@runtime_checkable
class SearchableNotifier(Notifier, Protocol):
    """A notifier that can be asked whether a message was taken (GOV.UK Notify; not SMTP)."""

    def find(self, message_id: str) -> Found: ...


# ---- the LADO desk ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PackageFiles:
    """Where the package was written."""

    json: Path
    pdf: Path
    to_be_completed: tuple[str, ...]


@runtime_checkable
class FormDesk(Checkable, Protocol):
    """Prepares a submission. It never submits one."""

    def prepare(self, package: LadoPackage) -> PackageFiles:
        """Write the package, atomically and byte-stable, readable by the owner alone."""
