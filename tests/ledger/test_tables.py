"""How the ledger keeps moments, and that a claim costs the same however much is waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import StatementError

from ledger import outbox
from ledger.database import Ledger
from ledger.tables import run
from tests.ledger.conftest import KEY
from tests.ledger.owed import HOME, keep, report


def test_a_moment_of_any_offset_is_kept_in_utc_to_the_microsecond(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    moment = datetime(2026, 10, 25, 1, 30, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    ledger.write(
        lambda connection: connection.execute(
            run.insert().values(home=HOME, kind="pull", started_at=moment, finished_at=None, good=True, counts={})
        )
    )
    with ledger.reading() as connection:
        row = connection.execute(run.select().where(run.c.started_at == moment.astimezone(UTC))).one()
        kept = connection.execute(text("SELECT started_at FROM run")).scalar_one()
    assert (row.started_at, row.started_at.tzinfo, row.finished_at) == (moment, UTC, None)
    if not ledger.is_postgresql:
        assert kept == "2026-10-25 00:30:00.000007"


def test_a_moment_without_an_offset_is_refused(open_ledger: Callable[..., Ledger]) -> None:
    ledger = open_ledger()
    with pytest.raises((StatementError, ValueError)), ledger.reading() as connection:
        connection.execute(run.select().where(run.c.started_at == datetime(2026, 10, 25, 1, 30)))


def test_a_claim_reads_what_it_takes_and_does_not_sort_all_that_waits(tmp_path: Path) -> None:
    """Asked of SQLite alone: PostgreSQL chooses its plan by what the table holds, and the index is the same."""
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", [KEY])
    keep(ledger, *(report(number) for number in range(1, 4)))
    asked: list[tuple[str, object]] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    assert len(outbox.claim(ledger, "mosaic", "test", homes=[HOME], limit=2, lease_seconds=60)) == 2
    statement, values = next(pair for pair in asked if "ORDER BY delivery.priority_at" in pair[0])
    with ledger.reading() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())  # type: ignore[arg-type]
    assert "delivery_by_priority" in plan
    assert "TEMP B-TREE" not in plan
