"""Two clocks: the database's, by which leases and waits go, and the wall clock that dates what people read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, text

Now = Callable[[], datetime]


def wall_clock() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


class LeaseClock(Protocol):
    """Seconds since 1970 by a clock that every worker of this ledger shares."""

    def seconds(self, connection: Connection) -> float: ...


class DatabaseClock:
    """The database's own clock. Hosts whose clocks differ agree on it."""

    _QUERIES = {  # noqa: RUF012
        "postgresql": text("SELECT extract(epoch FROM clock_timestamp())"),
        "sqlite": text("SELECT (julianday('now') - 2440587.5) * 86400.0"),
    }

    def seconds(self, connection: Connection) -> float:
        """Seconds since 1970 at the database."""
        return float(connection.execute(self._QUERIES[connection.dialect.name]).scalar_one())


class SetClock:
    """A clock that a test sets: both the wall clock and the lease clock."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def seconds(self, connection: Connection) -> float:  # noqa: ARG002
        """Seconds since 1970 at the moment that was set."""
        return self.at.timestamp()

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.at += timedelta(seconds=seconds)
