"""An empty ledger database on either engine, made from a template so that a test pays for no migration."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from ledger.database import upgrade


def fresh_database(server: str, template: str | None = None) -> str:
    """An empty database on a PostgreSQL server; `template` names another one on it that it begins as a copy of."""
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        copied = f' TEMPLATE "{make_url(template).database}"' if template else ""
        connection.execute(text(f'CREATE DATABASE "{name}"{copied}'))
    admin.dispose()
    return make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def with_schema(url: str) -> str:
    """Give an empty database the ledger's tables."""
    upgrade(url)
    return url


def copied_file(template: Path, folder: Path) -> str:
    """The URL of a SQLite ledger that begins as a copy of a file."""
    shutil.copy(template, folder / "ledger.db")
    return f"sqlite:///{folder / 'ledger.db'}"
