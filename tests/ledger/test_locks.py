"""Several workers on one PostgreSQL: who waits for whom, and what is said when it takes nobody more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text

from ledger import audit, database, keeping, leases, outbox, quarantine
from ledger.database import Ledger
from ledger.errors import LedgerUnavailable
from ledger.outbox import Outcome
from ledger.quarantine import Unreadable
from ledger.reports import store
from ledger.states import Event
from mappings.incident import Incident
from mappings.owed import History, Plan
from tests.databases import fresh_database
from tests.ledger.conftest import KEY, NOON
from tests.ledger.owed import HOME, keep, readable, report
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


def test_what_the_plan_of_an_amended_report_withdraws_is_taken_by_no_worker_meanwhile(ledger: Ledger) -> None:
    """A worker took the note while its report's void was planned: it went out, and nothing ever said so on it."""
    keep(ledger, report(1))
    taken = []

    def voided(_report: Incident, history: History) -> Plan:
        taken.extend(outbox.claim(ledger, "mosaic", "other", homes=[HOME], limit=9, lease_seconds=300))
        return Plan(withdrawn=((history.before[0].id, "It was voided."),))

    page = [readable(report(1, version=2, status="Void"))]
    store(ledger, HOME, "rest", readable=page, unreadable=[], watermark=None, plan=voided, actor="w")
    assert not taken


def test_what_is_being_recorded_is_taken_over_by_nobody_meanwhile(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(ledger, report(1))
    (late,) = outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=-1)
    whole, taken = leases.held, []

    def held(connection: Connection, claims: Sequence[leases.Lease]) -> dict[int, Any]:
        rows = whole(connection, claims)
        taken.append(leases.expire(ledger, "other", settle_seconds=0))
        return rows

    monkeypatch.setattr(outbox, "held", held)
    outbox.record(ledger, "w", [Outcome(late, Event.ACCEPTED, remote_id="note-1", person_id=1)])
    assert taken == [0]


def test_a_purge_leaves_the_words_of_what_a_run_comes_to_owe_meanwhile(ledger: Ledger, url: str) -> None:
    """It asked what was finished, and then emptied what an amended report had come to owe since."""
    keep(ledger, report(1))
    (first,) = outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    outbox.record(ledger, "w", [Outcome(first, Event.ACCEPTED, remote_id="note-1", person_id=1)])
    with ThreadPoolExecutor(2) as pool, ledger.engine.connect() as slow, ledger.engine.connect() as other:
        slow.execute(text("SELECT id FROM revision FOR UPDATE"))
        purged = pool.submit(keeping.purge, ledger, date(2026, 12, 1), "operator")
        wait_until(lambda: _somebody_waits(other), what="that the purge is on its way")
        stored = pool.submit(keep, ledger, report(1, version=2, narrative="Another account."))
        wait_until(lambda: stored.done() or _waiting(other) == 2, what="that a run stores the amended report")
        slow.rollback()
    assert (purged.result().emptied, stored.result().revised) == (1, 1)
    (addition,) = outbox.claim(ledger, "mosaic", "w", homes=[HOME], limit=9, lease_seconds=300)
    assert b"Another account." in addition.body


def test_what_is_purged_while_keys_are_rotated_stays_empty(ledger: Ledger, open_ledger: Callable[..., Ledger]) -> None:
    """The rotation read a report, and wrote it back after it had been emptied."""
    keep(ledger, report(1))
    rotating = open_ledger((bytes(range(1, 33)), KEY))
    with ThreadPoolExecutor(1) as pool, ledger.engine.connect() as purge, ledger.engine.connect() as other:
        purge.execute(text("UPDATE revision SET content = ''"))
        rotated = pool.submit(keeping.rotate, rotating)
        wait_until(lambda: _somebody_waits(other), what="that the rotation comes to the report")
        purge.commit()
    rotated.result()
    with ledger.reading() as connection:
        assert connection.execute(text("SELECT content FROM revision")).scalar_one() == b""


def test_a_report_that_is_seen_again_during_a_purge_waits_whole(ledger: Ledger) -> None:
    """The purge had found it released, and emptied it when it waited once more."""
    keep(ledger, unreadable=(Unreadable("{}", "f" * 64, ("x",)),))
    quarantine.release(ledger, 1, "operator")
    with ThreadPoolExecutor(1) as pool, ledger.engine.connect() as run, ledger.engine.connect() as other:
        run.execute(text("UPDATE quarantined SET state = 'waiting', last_seen = now()"))
        purged = pool.submit(keeping.purge, ledger, date(2026, 12, 1), "operator")
        wait_until(lambda: _somebody_waits(other), what="that the purge comes to the report")
        run.commit()
    assert purged.result().emptied == 0
    assert quarantine.raw(ledger, 1) == "{}"


def _somebody_waits(connection: Connection) -> bool:
    return _waiting(connection) > 0


def _waiting(connection: Connection) -> int:
    connection.rollback()  # a transaction sees who waits as it was at its first look
    found = int(connection.execute(_WAITING).scalar_one())
    connection.rollback()
    return found
