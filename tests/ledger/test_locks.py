"""Several workers on one PostgreSQL: who waits for whom, and what is said when it takes nobody more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, make_url, text

from ledger import audit, database, outbox
from ledger.database import Ledger
from ledger.errors import LedgerUnavailable
from tests.databases import fresh_database
from tests.ledger.conftest import KEY, NOON
from tests.ledger.owed import HOME, keep, report
from tests.weather.scene import wait_until

_ONE = text("SELECT id FROM incident WHERE source_id = :which FOR UPDATE NOWAIT")
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
def url(postgres: str) -> str:
    """An empty database on PostgreSQL: SQLite has one writer, for whom the others wait."""
    return fresh_database(postgres)


def test_two_workers_take_the_reports_of_their_pages_in_one_order(ledger: Ledger) -> None:
    """They took them as they lay in the table, where an amended report comes last: each waited for the other."""
    keep(ledger, report(1), report(2))
    keep(ledger, report(1, version=2, narrative="Another account."))
    with ThreadPoolExecutor(1) as pool, ledger.engine.connect() as first, ledger.engine.connect() as other:
        first.execute(text("ANALYZE incident"))
        first.commit()
        first.execute(_ONE, {"which": "inc-1"})
        page = pool.submit(keep, ledger, report(2, version=3), report(1, version=3))
        wait_until(lambda: _somebody_waits(other), what="that the page waits")
        try:
            assert other.execute(_ONE, {"which": "inc-2"}).scalar_one() == 2, "it holds what it should come to later"
        finally:
            other.rollback()
            first.rollback()
    assert page.result().seen == 2


def test_a_server_that_takes_no_more_connections_is_not_taken_for_a_wrong_url(ledger: Ledger, url: str) -> None:
    role = "few_" + str(make_url(url).database)
    with ledger.engine.begin() as connection:
        connection.execute(text(f'CREATE ROLE "{role}" LOGIN CONNECTION LIMIT 0'))
    with pytest.raises(LedgerUnavailable, match="no more connections"):
        Ledger(make_url(url).set(username=role).render_as_string(), [KEY])


def test_nothing_is_left_at_the_server_for_the_next_transaction(ledger: Ledger) -> None:
    """So that a pooler may give each transaction another connection of its own."""
    keep(ledger, report(1))
    for _ in range(12):
        outbox.claim_looks(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    left = "(SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors)"
    locks = "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
    with ledger.engine.connect() as connection:
        assert tuple(connection.execute(text(f"SELECT {left}, {locks}")).one()) == (0, 0, 0)


def test_a_worker_that_freezes_in_a_transaction_does_not_hold_up_the_others(
    ledger: Ledger, open_ledger: Callable[..., Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its machine is paused: it holds the end of the audit trail, for which every other one waits."""
    monkeypatch.setattr(database, "_FROZEN", "1s")
    frozen, wakes, tries = threading.Event(), threading.Event(), []

    def freeze(connection: Connection) -> None:
        audit.record(connection, NOON, "sleeper", [audit.Act("slept", "ledger")])
        tries.append(1)
        frozen.set()
        wakes.wait(60)

    with ThreadPoolExecutor(2) as pool:
        sleeper = pool.submit(ledger.write, freeze)
        assert frozen.wait(60)
        other = pool.submit(keep, open_ledger(), report(1))
        try:
            assert other.result(30).seen == 1
        finally:
            wakes.set()
        sleeper.result(60)
    assert len(tries) == 2, "what it had not committed is done again when it wakes"
    assert audit.verify(ledger).ok


def _somebody_waits(connection: Connection) -> bool:
    connection.rollback()  # a transaction sees who waits as it was at its first look
    found = bool(connection.execute(_WAITING).scalar_one())
    connection.rollback()
    return found
