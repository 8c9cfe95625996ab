"""One ledger on each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.clock import SetClock
from ledger.database import Ledger
from tests.databases import fresh_database

KEY = bytes(range(32))
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


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
