"""A copy of Mosaic's tables in an engine of one's choice, spelled as that engine's owner likes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

NOTES = (
    "ID", "PERSON_ID", "NOTE_TYPE", "TITLE", "EFFECTIVE_DATE", "CREATED_ON", "CREATED_BY", "LAST_UPDATED_BY",
    "LAST_UPDATED_ON", "FROZEN_FLAG", "NOTE", "ROOT_CASE_NOTE", "CREATED_ACTING_FOR", "UPDATED_ACTING_FOR",
    "SIGNIFICANT_EVENT_FLAG", "COMPLETED_DATE", "TIMEOUT_DATE", "STATE", "COPY_OF_CASE_NOTE_ID",
)  # fmt: skip
PERSONS = ("PERSON_ID", "FULL_NAME", "DATE_OF_BIRTH", "RESTRICTED", "PERSON_ID_LEGACY")
_TYPES = {
    "ID": "numeric(9) PRIMARY KEY", "PERSON_ID": "bigint", "EFFECTIVE_DATE": "timestamp", "CREATED_ON": "timestamp",
    "LAST_UPDATED_ON": "timestamp", "NOTE": "text", "ROOT_CASE_NOTE": "numeric(9)", "COMPLETED_DATE": "timestamp",
    "TIMEOUT_DATE": "timestamp", "COPY_OF_CASE_NOTE_ID": "numeric(9)", "DATE_OF_BIRTH": "timestamp",
    "STATE": "varchar(16) DEFAULT 'ACTIVE'",
}  # fmt: skip
#: How engines and their owners spell the tables: the schema, and whether names are kept in capital letters.
SPELLINGS = {
    "postgresql, lower case in dbo": ("postgresql", "dbo", False),
    "postgresql, upper case in dbo": ("postgresql", "dbo", True),
    "postgresql, no schema": ("postgresql", None, False),
    "sqlite, upper case": ("sqlite", None, True),
    "sqlite, lower case": ("sqlite", None, False),
}


@dataclass
class ReplicaCopy:
    """The two tables, which a test fills and breaks."""

    url: str
    schema: str | None = None
    upper: bool = True

    def create(self) -> ReplicaCopy:
        """Make the empty tables."""
        if self.schema:
            self.run(f"CREATE SCHEMA {self.schema}")
        for name, columns in (("CASE_NOTES", NOTES), ("DM_PERSONS", PERSONS)):
            spelled = ", ".join(f"{self.spelled(each)} {_TYPES.get(each, 'varchar(100)')}" for each in columns)
            self.run(f"CREATE TABLE {self.table(name)} ({spelled})")
        return self

    def spelled(self, name: str) -> str:
        """One identifier as this copy has it."""
        return f'"{name.upper() if self.upper else name.lower()}"'

    def table(self, name: str) -> str:
        """A table with its schema."""
        return f"{self.schema}.{self.spelled(name)}" if self.schema else self.spelled(name)

    def run(self, *statements: str, **values: Any) -> None:
        """Change the copy, as its owner may."""
        url = make_url(self.url)
        engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
        engine.dispose()

    def rows(self, where: str = "", name: str = "CASE_NOTES") -> list[dict[str, Any]]:
        """Rows as they lie there, by the published column names."""
        url = make_url(self.url)
        engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT * FROM {self.table(name)} {where}")).mappings().all()
        engine.dispose()
        return [{key.upper(): value for key, value in row.items()} for row in found]

    def change(self, note_id: int, **values: Any) -> None:
        """One row says something else."""
        named = ", ".join(f"{self.spelled(name)} = :{name}" for name in values)
        self.run(f"UPDATE {self.table('CASE_NOTES')} SET {named} WHERE {self.spelled('ID')} = {note_id}", **values)

    def remove(self, note_id: int) -> None:
        """One row is gone."""
        self.run(f"DELETE FROM {self.table('CASE_NOTES')} WHERE {self.spelled('ID')} = {note_id}")

    def row(self, note_id: int) -> dict[str, Any]:
        """One note as it lies there."""
        return self.rows(f"WHERE {self.spelled('ID')} = {note_id}")[0]

    def add(self, row: Mapping[str, Any], name: str = "CASE_NOTES") -> None:
        """One row more."""
        columns = ", ".join(self.spelled(each) for each in row)
        slots = ", ".join(f":{each}" for each in row)
        self.run(f"INSERT INTO {self.table(name)} ({columns}) VALUES ({slots})", **row)

    def load(self, path: Path) -> None:
        """Last night's load: everything anew, from the SQLite file that the sandbox keeps."""
        self.run(f"DELETE FROM {self.table('CASE_NOTES')}", f"DELETE FROM {self.table('DM_PERSONS')}")
        with closing(sqlite3.connect(path)) as database:
            for name, columns in (("CASE_NOTES", NOTES), ("DM_PERSONS", PERSONS)):
                for row in database.execute(f"SELECT {', '.join(columns)} FROM {name}"):
                    self.add(dict(zip(columns, row, strict=True)), name)


def note_row(note_id: int, **changes: Any) -> dict[str, Any]:
    """A finished note of an invented child, as the copy holds it."""
    row = {
        "ID": note_id,
        "PERSON_ID": 700017,
        "NOTE_TYPE": "SAFEINT",
        "TITLE": f"Safety intervention EXH-2026-{note_id:04}",
        "EFFECTIVE_DATE": "2026-10-05 15:20:00",
        "CREATED_ON": "2026-10-05 18:00:00",
        "LAST_UPDATED_ON": "2026-10-05 18:00:00",
        "NOTE": f"<p>Invented.</p><p>Reference: {reference(note_id)}</p>",
        "COMPLETED_DATE": "2026-10-05 18:00:00",
        "STATE": "ACTIVE",
        "SIGNIFICANT_EVENT_FLAG": "Y",
    }
    return {**row, **changes}


def reference(note_id: int) -> str:
    """A reference of our shape."""
    return f"IB-EXH-2026-{note_id:04}-R1-ABCDEFGHIJKLMNOP"


def filled(copy: ReplicaCopy, rows: Iterable[Mapping[str, Any]]) -> ReplicaCopy:
    """The copy with these notes."""
    for row in rows:
        copy.add(row)
    return copy
