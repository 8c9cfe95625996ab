"""Rows of the replica, read into the notes that they are. Time stamps carry no zone and mean UK local time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.protocols import HeldAppendment, HeldNote, NoteState
from mappings.plain_text import last_line_reference
from mappings.uk_time import LONDON, from_wall

#: A row that gives no readable moment at all stands at the beginning of time: it is seen, and its day is "different".
_NO_MOMENT = datetime(1990, 1, 1, tzinfo=UTC)
#: Words in STATE that say nothing against the row: the life of a note is told by its dates.
_STANDING = frozenset(
    {"", "ACTIVE", "DRAFT", "COMPLETE", "COMPLETED", "FINISHED", "TIMED_OUT", "TIMED OUT", "INCOMPLETE"}
)
Row = Mapping[str, Any]
"""One row, by the published column names."""


def moment_of(value: object) -> datetime | None:
    """A time stamp in UTC. A UK time that exists twice is the first, one that does not exist as RULINGS 10 has it."""
    wall = wall_of(value)
    if wall is None:
        return None
    try:
        return from_wall(wall).moment
    except ValueError:
        return None


def wall_of(value: object) -> datetime | None:
    """A time stamp as it is written there; SQLite keeps text, some views keep a date."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, str) and value.strip():
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    return None


def number_of(value: object) -> int | None:
    """A key as a whole number: engines give integers, decimals or text."""
    if value is None:
        return None
    try:
        return int(str(value).strip().partition(".")[0])
    except ValueError:
        return None


def root_of(row: Row) -> int | None:
    """The note that this row appends to, or None for a note of its own."""
    root = number_of(row["ROOT_CASE_NOTE"])
    return None if root in (None, 0, number_of(row["ID"])) else root


def held_note(row: Row, appended: Sequence[Row], now: datetime) -> HeldNote:
    """A note with what was appended to it, oldest first. `now` is aware: a time-out that it has passed has come."""
    text = str(row["NOTE"] or "")
    created = moment_of(row["CREATED_ON"]) or moment_of(row["LAST_UPDATED_ON"]) or _NO_MOMENT
    state = _state(row, now)
    flag = row.get("SIGNIFICANT_EVENT_FLAG")
    return HeldNote(
        remote_id=str(number_of(row["ID"])),
        person_id=number_of(row["PERSON_ID"]) or 0,
        note_type=str(row["NOTE_TYPE"] or "").strip(),
        title=str(row["TITLE"] or "").strip(),
        html=text,
        effective_date=moment_of(row["EFFECTIVE_DATE"]) or _NO_MOMENT,
        state=state,
        reference=last_line_reference(text),
        created_at=created,
        completed_at=moment_of(row["COMPLETED_DATE"]),
        appendments=tuple(
            _held_appendment(one)
            for one in sorted(appended, key=lambda one: number_of(one["ID"]) or 0)
            if _stands(one) or state is NoteState.DELETED
        ),
        significant_event=None if flag is None else str(flag).strip().upper() in ("Y", "1", "T", "TRUE"),
    )


def _held_appendment(row: Row) -> HeldAppendment:
    text = str(row["NOTE"] or "")
    created = moment_of(row["CREATED_ON"]) or moment_of(row["LAST_UPDATED_ON"]) or _NO_MOMENT
    return HeldAppendment(str(number_of(row["ID"])), text, last_line_reference(text), created)


def _stands(row: Row) -> bool:
    return str(row["STATE"] or "").strip().upper() in _STANDING


def _state(row: Row, now: datetime) -> NoteState:
    """Finished when COMPLETED_DATE is set; timed out when TIMEOUT_DATE has passed without it."""
    if not _stands(row):
        return NoteState.DELETED
    if row["COMPLETED_DATE"] is not None and str(row["COMPLETED_DATE"]).strip():
        return NoteState.COMPLETE
    timeout = wall_of(row["TIMEOUT_DATE"])
    # Compared as wall-clock time: a far year such as 9999, which means "never", is no moment that we could convert.
    passed = timeout is not None and timeout.replace(tzinfo=None) <= now.astimezone(LONDON).replace(tzinfo=None)
    return NoteState.TIMED_OUT if passed else NoteState.DRAFT
