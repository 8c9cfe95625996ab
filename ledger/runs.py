"""When each home was last looked at, and whether everything was seen. Silence is read off these rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from ledger.database import Ledger
from ledger.tables import run


def begin(ledger: Ledger, home: str, kind: str, counts: dict[str, Any] | None = None) -> int:
    """Note that a run of one home began. A run that is killed stays without an end."""

    def work(connection: Connection) -> int:
        values = {"home": home, "kind": kind, "started_at": ledger.now(), "good": False, "counts": counts or {}}
        return int(connection.execute(run.insert().values(values).returning(run.c.id)).scalar_one())

    return ledger.write(work)


def end(ledger: Ledger, run_id: int, *, good: bool, counts: dict[str, Any]) -> None:
    """Note that it ended. `good`: it saw everything that it set out to see."""

    def work(connection: Connection) -> None:
        values = {"finished_at": ledger.now(), "good": good, "counts": counts}
        connection.execute(update(run).where(run.c.id == run_id).values(values))

    ledger.write(work)


def last_good(connection: Connection, home: str, kind: str, at: datetime) -> datetime | None:
    """When a home's last good run of a kind ended, as seen at this moment; None where there was none.

    Two hosts' clocks differ by less than a day: a run that ended later says nothing, as its clock was wrong.
    """
    statement = select(func.max(run.c.finished_at)).where(
        run.c.home == home, run.c.kind == kind, run.c.good.is_(True), run.c.finished_at <= at + timedelta(days=1)
    )
    found: datetime | None = connection.execute(statement).scalar()
    return found


def since_last_good(connection: Connection, home: str, kind: str) -> list[dict[str, Any]]:
    """What the runs noted that came after the last good one: they were killed, stopped, or met a fault."""
    good = select(func.coalesce(func.max(run.c.id), 0)).where(
        run.c.home == home, run.c.kind == kind, run.c.good.is_(True)
    )
    statement = select(run.c.counts).where(run.c.home == home, run.c.kind == kind, run.c.id > good.scalar_subquery())
    return list(connection.execute(statement).scalars())


def first(connection: Connection, home: str) -> datetime | None:
    """When the home was first looked at."""
    found: datetime | None = connection.execute(select(func.min(run.c.started_at)).where(run.c.home == home)).scalar()
    return found
