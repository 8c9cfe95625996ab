"""Mosaic's own book: persons, case notes and their life (Draft, Complete, Timed out, Deleted). No HTTP here.

Times are by the stand-in's clock, kept to the second, so ties are common. Nothing here is locked: the stand-in locks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.checks import LONDON

DRAFT, COMPLETE, TIMED_OUT, DELETED = "DRAFT", "COMPLETE", "TIMED_OUT", "DELETED"


@dataclass(slots=True, repr=False)
class Person:
    """A person record."""

    person_id: int
    full_name: str = ""
    date_of_birth: str | None = None
    restricted: bool = False
    locked: bool = False
    merged_into: int | None = None


@dataclass(slots=True, repr=False)
class Appendment:
    """An addition to a note."""

    appendment_id: int
    note: str
    reference: str | None
    created_on: datetime
    created_by: str
    acting_for: str = ""


@dataclass(slots=True, repr=False)
class Note:
    """A case note. `effective_date` has its own offset; `seen_from` is when lists begin to show it."""

    note_id: int
    person_id: int
    note_type: str
    title: str
    note: str
    effective_date: datetime
    significant_event: bool
    reference: str | None
    created_on: datetime
    created_by: str
    last_updated_on: datetime
    completed_on: datetime | None = None
    timeout_on: datetime | None = None
    deleted: bool = False
    acting_for: str = ""
    seen_from: datetime | None = None
    idempotency_key: str | None = None
    appendments: list[Appendment] = field(default_factory=list)

    def state(self, now: datetime) -> str:
        """The note's state at this moment."""
        if self.deleted:
            return DELETED
        if self.completed_on is not None:
            return COMPLETE
        return TIMED_OUT if self.timeout_on is not None and self.timeout_on <= now else DRAFT

    @property
    def effective_day(self) -> date:
        """The UK calendar day of contact."""
        return self.effective_date.astimezone(LONDON).date()


@dataclass(slots=True)
class NoteBook:
    """Every person and note. `draft_timeout`: how long a draft may stay one."""

    draft_timeout: timedelta = timedelta(days=7)
    persons: dict[int, Person] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    appendments: dict[int, Appendment] = field(default_factory=dict)
    alerts: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    """(note id, `finish` or `append`, recipients) of every alert mail that Mosaic sent."""
    recipients: dict[int, tuple[str, ...]] = field(default_factory=dict)
    _of_person: dict[int, list[int]] = field(default_factory=dict)
    _by_key: dict[str, int] = field(default_factory=dict)
    _last_id: int = 700_000

    def next_id(self) -> int:
        """A new id, for a note or an appendment."""
        self._last_id += 1
        return self._last_id

    def add_person(self, person: Person) -> None:
        """Open a person record."""
        self.persons[person.person_id] = person

    def add(self, note: Note, recipients: Iterable[str] = ()) -> None:
        """Put a new note on its person's record; a finished one alerts its recipients."""
        self.notes[note.note_id] = note
        self._of_person.setdefault(note.person_id, []).append(note.note_id)
        if note.idempotency_key:
            self._by_key[note.idempotency_key] = note.note_id
        if told := tuple(recipients):
            self.recipients[note.note_id] = told
        if note.completed_on is not None:
            self._alert(note.note_id, "finish")

    def by_key(self, key: str) -> Note | None:
        """The note that was made with this Idempotency-Key."""
        return self.notes.get(self._by_key.get(key, 0))

    def of_person(self, person_id: int) -> list[Note]:
        """The person's notes, newest last: by (last_updated_on, id)."""
        notes = [self.notes[note_id] for note_id in self._of_person.get(person_id, ())]
        return sorted(notes, key=lambda note: (note.last_updated_on, note.note_id))

    def with_reference(self, person_id: int, reference: str) -> Note | None:
        """The person's first note with this reference, as stored."""
        return next((note for note in self.of_person(person_id) if note.reference == reference), None)

    def finish(self, note: Note, now: datetime) -> None:
        """Finish a note."""
        note.completed_on = note.last_updated_on = now
        note.timeout_on = None
        self._alert(note.note_id, "finish")

    def append(self, note: Note, appendment: Appendment) -> None:
        """Append to a note."""
        note.appendments.append(appendment)
        note.last_updated_on = appendment.created_on
        self.appendments[appendment.appendment_id] = appendment
        self._alert(note.note_id, "append")

    def merge(self, loser: int, survivor: int) -> None:
        """The overnight batch: the loser's notes move to the survivor, for good."""
        self.persons[loser].merged_into = survivor
        moved = self._of_person.pop(loser, [])
        for note_id in moved:
            self.notes[note_id].person_id = survivor
        self._of_person.setdefault(survivor, []).extend(moved)

    def _alert(self, note_id: int, why: str) -> None:
        if told := self.recipients.get(note_id):
            self.alerts.append((note_id, why, told))


def note_as_json(note: Note, now: datetime, *, effective_style: str) -> dict[str, Any]:
    """The note as the API shows it."""
    return {
        "id": note.note_id,
        "person_id": note.person_id,
        "note_type": note.note_type,
        "title": note.title,
        "note": note.note,
        "effective_date": _effective(note.effective_date, effective_style),
        "significant_event": note.significant_event,
        "state": note.state(now),
        "reference": note.reference,
        "created_on": moment(note.created_on),
        "created_by": note.created_by,
        "last_updated_on": moment(note.last_updated_on),
        "completed_on": moment(note.completed_on) if note.completed_on else None,
        "timeout_on": moment(note.timeout_on) if note.timeout_on else None,
        "appendments": [appendment_as_json(appendment) for appendment in note.appendments],
    }


def appendment_as_json(appendment: Appendment) -> dict[str, Any]:
    """The appendment as the API shows it."""
    return {
        "id": appendment.appendment_id,
        "note": appendment.note,
        "reference": appendment.reference,
        "created_on": moment(appendment.created_on),
        "created_by": appendment.created_by,
    }


def moment(found: datetime) -> str:
    """A moment in UTC, as the API writes it."""
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _effective(found: datetime, style: str) -> str:
    local = found.astimezone(LONDON)
    if style == "local":
        return local.strftime("%Y-%m-%dT%H:%M:%S")
    return found.astimezone(UTC).isoformat() if style == "utc" else local.isoformat()
