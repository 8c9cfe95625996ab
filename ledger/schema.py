"""The schema's history: what this version writes, and how an older ledger becomes it (Alembic)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, text
from sqlmodel import SQLModel

from ledger.crash_points import reach
from ledger.tables import TABLES

if TYPE_CHECKING:
    from alembic.config import Config

#: The migration that this version of the code reads and writes. A test compares it with the folder of migrations.
HEAD = "0002"
_FOLDER = Path(__file__).parent / "migrations"


def found_revision(connection: Connection) -> str | None:
    """The migration that a database stands at, or None where there is no ledger."""
    look = inspect(connection)
    if not (look.has_table("alembic_version") and look.has_table("audit_entry")):
        return None  # others use Alembic, too
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def known_revisions() -> tuple[str, ...]:
    """Every migration that this version knows."""
    from alembic.script import ScriptDirectory

    return tuple(script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions())


def create_schema(engine: Engine) -> None:
    """Make an empty database a ledger of this version. Safe when two processes do it at once."""
    with _alone(engine) as connection:
        if found_revision(connection) is None:
            # Loading Alembic takes longer than a small sync. A test holds both ways against each other.
            SQLModel.metadata.create_all(connection, tables=TABLES)
            version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
            version.create(connection)
            connection.execute(version.insert().values(version_num=HEAD))
        reach("schema.before_commit")


def migrate_schema(engine: Engine) -> None:
    """Bring an empty database or an older ledger up to this version, a migration at a time."""
    from alembic import command

    with _alone(engine) as connection:
        command.upgrade(_config(connection), "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else changes the schema: SQLite's writer lock, or an advisory lock of
    PostgreSQL's."""
    with engine.connect().execution_options(bridge_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7241953)"))
        yield connection


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
