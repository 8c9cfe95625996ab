"""The read-only SQL copy of Mosaic that many councils keep, as a SQLite file filled from the Mosaic stand-in.

Tables CASE_NOTES and DM_PERSONS as the contracts name them, in `main`; attach the file as `dbo` to read them as
`dbo.CASE_NOTES`. Time stamps carry no zone and mean UK local time. There is no reference column: the last line of
the text is all there is. Like the real one it is a copy: it shows what was there when `refresh` was called.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.checks import LONDON
from sandbox.mosaic import Mosaic
from sandbox.notes import DELETED, Appendment, Note

_SCHEMA = """
CREATE TABLE IF NOT EXISTS CASE_NOTES (
  ID NUMERIC(9) PRIMARY KEY, PERSON_ID BIGINT, NOTE_TYPE VARCHAR(16), TITLE VARCHAR(100), EFFECTIVE_DATE TIMESTAMP,
  CREATED_ON TIMESTAMP, CREATED_BY VARCHAR(30), LAST_UPDATED_BY VARCHAR(64), LAST_UPDATED_ON TIMESTAMP,
  FROZEN_FLAG VARCHAR(1), NOTE TEXT, ROOT_CASE_NOTE NUMERIC(9), CREATED_ACTING_FOR VARCHAR(30),
  UPDATED_ACTING_FOR VARCHAR(30), SIGNIFICANT_EVENT_FLAG VARCHAR(1), COMPLETED_DATE TIMESTAMP, TIMEOUT_DATE TIMESTAMP,
  STATE VARCHAR(16) DEFAULT 'ACTIVE', COPY_OF_CASE_NOTE_ID NUMERIC(9));
CREATE TABLE IF NOT EXISTS DM_PERSONS (
  PERSON_ID BIGINT PRIMARY KEY, FULL_NAME VARCHAR(62), DATE_OF_BIRTH TIMESTAMP, RESTRICTED VARCHAR(1),
  PERSON_ID_LEGACY VARCHAR(16));
"""


class Replica:
    """One SQLite file. `url` is for BRIDGE_REPLICA__URL."""

    def __init__(self, path: Path, mosaic: Mosaic) -> None:
        self.path = path
        self._mosaic = mosaic
        self.refresh()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL."""
        return f"sqlite:///{self.path}"

    def refresh(self) -> None:
        """Copy what Mosaic holds now, in one transaction."""
        self._mosaic.weather.settle()
        with self._mosaic.weather.lock:
            notes = [row for note in self._mosaic.book.notes.values() for row in _rows(note)]
            persons = [
                (
                    person.person_id,
                    person.full_name[:62],
                    person.date_of_birth and f"{person.date_of_birth} 00:00:00",
                    "Y" if person.restricted else "N",
                    None,
                )
                for person in self._mosaic.book.persons.values()
                if person.merged_into is None
            ]
        with closing(sqlite3.connect(self.path, timeout=30)) as database:
            database.executescript(_SCHEMA)
            with database:
                database.execute("DELETE FROM CASE_NOTES")
                database.execute("DELETE FROM DM_PERSONS")
                database.executemany(f"INSERT INTO CASE_NOTES VALUES ({','.join('?' * 19)})", notes)
                database.executemany("INSERT INTO DM_PERSONS VALUES (?,?,?,?,?)", persons)


def _rows(note: Note) -> Iterator[tuple[Any, ...]]:
    yield _row(note, note.note_id, note.note, note.created_on, note.created_by, None)
    for appendment in note.appendments:
        yield _appended(note, appendment)


def _appended(note: Note, found: Appendment) -> tuple[Any, ...]:
    return _row(note, found.appendment_id, found.note, found.created_on, found.created_by, note.note_id)


def _row(note: Note, row_id: int, text: str, created: datetime, by: str, root: int | None) -> tuple[Any, ...]:
    completed = note.completed_on if root is None else created
    state = DELETED if note.deleted else "ACTIVE"
    return (
        row_id,
        note.person_id,
        note.note_type,
        note.title,
        _local(note.effective_date),
        _local(created),
        by[:30],
        by[:64],
        _local(note.last_updated_on if root is None else created),
        "Y" if completed else "N",
        text,
        root,
        note.acting_for or None,
        None,
        "Y" if note.significant_event else "N",
        _local(completed),
        _local(note.timeout_on) if root is None else None,
        state,
        None,
    )


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(LONDON).strftime("%Y-%m-%d %H:%M:%S") if moment else None
