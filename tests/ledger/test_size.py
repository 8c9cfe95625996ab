"""What a run asks costs by what is on its way, and not by the years of deliveries that are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from ledger import leases, outbox, standing, withdrawals
from ledger.database import Ledger
from ledger.outbox import Outcome
from ledger.states import DeliveryState, Event
from tests.ledger.owed import HOME, keep, report

_YEARS = (
    """INSERT INTO incident (home, source_id, number, status, revision, fingerprint, source_version, source_modified_at,
           occurred_at, occurred_on, first_seen, last_seen, found_by)
       SELECT home, 'old-' || n.n, 'EXH-2020-' || n.n, CASE WHEN n.n % 50 = 0 THEN 'Void' ELSE status END, revision,
           fingerprint, source_version, source_modified_at, occurred_at, occurred_on, first_seen, last_seen, found_by
       FROM incident,
           (WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000) SELECT n FROM n) AS n
       WHERE source_id = 'inc-1'""",
    """INSERT INTO delivery (key, home, incident_id, incident, revision, part, target, action, subject, reference,
           state, priority_at, planned_at, state_since, fence, due_epoch, attempts, looks, detail)
       SELECT 'old-' || old.id, old.home, old.id, old.number, delivery.revision, part, target, action, subject,
           'old-' || old.id, 'verified', priority_at, planned_at, state_since, 1, 0, 1, 0, '{}'
       FROM delivery, incident AS old
       WHERE old.source_id LIKE 'old-%' AND delivery.id = (SELECT min(id) FROM delivery)""",
)
_SCANS = {
    "postgresql": ("Seq Scan on delivery", "Seq Scan on incident"),
    "sqlite": ("SCAN delivery", "SCAN incident", "delivery_by_priority (target=?)"),
}


@pytest.fixture
def old(ledger: Ledger) -> Ledger:
    """A ledger with three reports of today and twenty thousand that are done."""
    keep(ledger, report(1), report(2), report(3))
    with ledger.engine.begin() as connection:
        for statement in _YEARS:
            connection.execute(text(statement))
        if ledger.is_postgresql:  # as its autovacuum does
            connection.execute(text("ANALYZE"))
    return ledger


_RUN: dict[str, Callable[[Ledger, Connection], object]] = {
    "expire": lambda ledger, _: leases.expire(ledger, "w", settle_seconds=60),
    "withdraw": lambda ledger, _: withdrawals.withdraw_pointless(ledger, "w"),
    "claim": lambda ledger, _: outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300),
    "claim looks": lambda ledger, _: outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=9),
    "next due": lambda ledger, _: outbox.next_due_in(ledger, ["mosaic", "email"], homes=[HOME]),
    "counts": lambda _, connection: standing.deliveries_by_state(connection, [HOME], [DeliveryState.PENDING]),
    "elsewhere": lambda _, connection: standing.left_over_elsewhere(connection, ["OTH"]),
    "oldest": lambda _, connection: standing.oldest_not_final(connection, HOME),
    "rows": lambda _, connection: list(standing.delivery_rows(connection, homes=[HOME], states=["pending"])),
}


@pytest.mark.parametrize("asked", _RUN)
def test_nothing_that_a_run_asks_reads_what_is_done(old: Ledger, asked: str) -> None:
    with _asked(old.engine) as statements, old.reading() as connection:
        _RUN[asked](old, connection)
    assert [plan for plan in _plans(old.engine, statements) if any(scan in plan for scan in _scans(old))] == []


def test_a_batch_is_recorded_and_a_reference_found_without_reading_what_is_done(old: Ledger) -> None:
    claims = outbox.claim(old, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    part = {"id": claims[2].id, "of": claims[0].incident_id, "reference": f"{claims[0].reference}-2"}
    with old.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET incident_id = :of, reference = :reference WHERE id = :id"), part)
    with _asked(old.engine) as statements:
        leases.renew(old, claims, 300)
        outbox.roots(old, claims)
        plans = _plans(old.engine, statements)
        outbox.record(old, "w", [Outcome(claim, Event.ACCEPTED, remote_id="note") for claim in claims])
        assert standing.home_of_reference(old, f" {claims[0].reference.lower()} ") == HOME
        assert standing.home_of_reference(old, f"{claims[0].reference}-2") == HOME
        assert standing.home_of_reference(old, f"{claims[0].reference}-3") is None
        assert standing.home_of_reference(old, claims[0].reference.replace("EXH", "OTH")) is None
        assert standing.home_of_reference(old, "none of ours") is None
        plans += _plans(old.engine, [one for one in statements if one[0].startswith(("SELECT", "UPDATE delivery"))])
    assert [plan for plan in plans if any(scan in plan for scan in _scans(old))] == []


def _scans(ledger: Ledger) -> tuple[str, ...]:
    return _SCANS[ledger.engine.dialect.name]


@contextmanager
def _asked(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is executed, with its parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        statements.append((statement, given[0] if isinstance(given, list) else given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _plans(engine: Engine, statements: list[tuple[str, Any]]) -> list[str]:
    explain = "EXPLAIN " if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        plans = []
        for statement, given in [one for one in statements if one[0].startswith(("SELECT", "UPDATE", "INSERT"))]:
            cursor.execute(explain + statement, given)
            plans.append("\n".join([statement, *(str(row[-1]) for row in cursor.fetchall())]))
        return plans
    finally:
        connection.close()
