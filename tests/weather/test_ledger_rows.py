"""WEATHER section 4, Ledger: lost connections, full disks, restores, late workers, versions, keys, a broken trail."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

import flows.deliver
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import NewNote, Receipt
from ledger import database
from ledger.audit import verify
from ledger.database import Ledger
from ledger.errors import LedgerError, LedgerUnavailable
from ledger.keeping import restored, rotate
from ledger.outbox import Outcome, claim, record
from ledger.schema import HEAD
from ledger.states import Event
from tests.databases import fresh_database
from tests.weather.invariants import all_is_well, check, moved
from tests.weather.scene import Scene, wait_until

MOMENTS = ("begin", "middle", "before commit", "after commit")


class Cable:
    """The connection to the ledger, which breaks at one moment of every second transaction that writes."""

    def __init__(self, ledger: Ledger, moment: str) -> None:
        self.dialect = ledger.engine.dialect
        self.engine = ledger.engine
        self.moment = moment
        self.broken = 0
        self._writes = 0
        self._lock = threading.Lock()
        self._this = threading.local()
        self._whole = {name: getattr(self.dialect, name) for name in ("do_begin", "do_execute", "do_commit")}

    def __enter__(self) -> Cable:
        event.listen(self.engine, "begin", self._begun, insert=True)
        for name in self._whole:
            setattr(self.dialect, name, getattr(self, name))
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "begin", self._begun)
        for name in self._whole:
            delattr(self.dialect, name)

    def _begun(self, connection: Any) -> None:
        self._this.breaks = False
        if connection.get_execution_options().get("bridge_writes"):
            with self._lock:
                self._writes += 1
                self._this.breaks = self._writes % 2 == 0

    def _break(self, moment: str) -> None:
        if self.moment == moment and getattr(self._this, "breaks", False):
            self._this.breaks = False
            self.broken += 1
            raise self.dialect.dbapi.OperationalError("the connection was closed")  # type: ignore[union-attr]

    def do_begin(self, connection: Any) -> None:
        self._break("begin")
        self._whole["do_begin"](connection)

    def do_execute(self, *told: Any) -> None:
        self._whole["do_execute"](*told)
        self._break("middle")

    def do_commit(self, connection: Any) -> None:
        self._break("before commit")
        self._whole["do_commit"](connection)
        self._break("after commit")


@pytest.mark.parametrize("moment", MOMENTS)
def test_l1_a_connection_that_breaks_in_every_second_transaction_costs_nothing(
    scene_on_both: Scene, moment: str
) -> None:
    scene = scene_on_both
    scene.write(1, 2, 3)
    scene.house.mosaic.arm("reset_after_apply", when="create")
    broken = 0
    for _ in range(2):
        with scene.site() as site, Cable(site.ledger, moment) as cable:
            scene.run(site)
        broken += cable.broken
        check(scene)
        scene.amend(1, 2, 3)
    assert broken > 4, "no connection broke"
    scene.advance(301)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=3, append=3, log_create=3, log_correct=3)


def test_l1_a_ledger_that_another_program_locks_for_a_while_is_waited_for(scene: Scene) -> None:
    scene.write(1, 2)
    path = scene.environ["BRIDGE_LEDGER_URL"].removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    free = threading.Timer(0.6, lambda: other.execute("ROLLBACK"))
    free.start()
    assert scene.sync()["exit_code"] == 0
    free.join()
    other.close()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)


def test_l1_a_ledger_that_a_frozen_program_holds_is_given_up_by_all_threads_together(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread waited for it anew, eight times: a run went on for many minutes, and told nobody why."""
    monkeypatch.setattr(database, "_HELD", 0.5)
    scene.write(*range(1, 25))
    path = scene.environ["BRIDGE_LEDGER_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as frozen, scene.site() as site:
        at_each_connection(site.ledger, "PRAGMA busy_timeout=200")
        frozen.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(site.ledger.write, lambda _: None) for _ in range(8)]
        with pytest.raises(LedgerUnavailable, match="end it if it stands still"):
            scene.run(site)
        assert time.monotonic() - began < 5, "somebody waited for it anew"
    assert {type(one.exception()) for one in asked} == {LedgerUnavailable}
    scene.settle()
    all_is_well(scene)


def at_each_connection(ledger: Ledger, statement: str) -> None:
    """Say something to the database at the beginning of every connection."""

    def say(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        if ledger.is_postgresql:
            connection.commit()

    ledger.engine.dispose()
    event.listen(ledger.engine, "connect", say)


@pytest.mark.parametrize("pages", [0, 1, 4, 8, 16, 23])
def test_l3_a_disk_that_fills_up_at_any_moment_stops_the_run_and_doubles_nothing(scene: Scene, pages: int) -> None:
    scene.write(*range(1, 41))
    with scene.site(BRIDGE_DELIVERY__BATCH_SIZE="2") as site:
        with site.ledger.reading() as connection:
            used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        at_each_connection(site.ledger, f"PRAGMA max_page_count={used + pages}")
        with pytest.raises(LedgerUnavailable, match="full"):
            scene.run(site)
    check(scene)
    if pages == 0:
        assert not scene.held(), "something was sent although nothing could be written down"
    scene.advance(301)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=40, log_create=40)


def test_l3_a_ledger_that_may_not_be_written_sends_nothing_and_says_why(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    read_only = (
        "PRAGMA query_only=ON"
        if scene.environ["BRIDGE_LEDGER_URL"].startswith("sqlite")
        else "SET default_transaction_read_only=on"
    )
    with scene.site() as site:
        at_each_connection(site.ledger, read_only)
        with pytest.raises(LedgerUnavailable, match="read-only"):
            scene.run(site)
    assert not scene.held()
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_l4_a_ledger_restored_from_yesterday_sends_nothing_twice(
    new_scene: Any, sqlite_ledger: Any, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    scene = new_scene(sqlite_ledger, mail=True)
    path = Path(scene.environ["BRIDGE_LEDGER_URL"].removeprefix("sqlite:///"))
    _restore(scene, lambda: shutil.copy(path, tmp_path / "copy.db"), lambda: _put_back(tmp_path / "copy.db", path))


def test_l4_a_postgresql_ledger_restored_from_yesterday_sends_nothing_twice(
    new_scene: Any, postgresql_ledger: Any, postgres: str
) -> None:
    scene = new_scene(postgresql_ledger, mail=True)
    url = scene.environ["BRIDGE_LEDGER_URL"]
    copies: list[str] = []

    def put_back() -> None:
        scene.environ["BRIDGE_LEDGER_URL"] = copies[0]

    _restore(scene, lambda: copies.append(fresh_database(postgres, url)), put_back)


def _put_back(copy: Path, path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, path)


def _restore(scene: Scene, copy: Any, put_back: Any) -> None:
    scene.write(1, 2, hours_ago=30)
    scene.settle()
    scene.house.mosaic.arm("refuse")
    scene.write(3, hours_ago=20)
    scene.sync()
    scene.house.mosaic.disarm()
    copy()
    since = scene.clock()
    scene.advance(60)
    # a day's work that the copy knows nothing of
    scene.write(4, hours_ago=10)
    scene.amend(1)
    scene.settle()
    letters = len(scene.house.mail.inbox())
    put_back()
    scene.known.clear()
    ledger = scene.ledger()
    marked = restored(ledger, since, "operator")
    ledger.close()
    assert marked.doubted == 1
    scene.late.clear()
    scene.exempt.add("I8")  # until the pull has run again, the restored ledger does not know what it forgot
    scene.settle()
    scene.exempt.clear()
    check(scene)
    moved(scene, create=4, append=1, log_create=4, log_correct=1)
    assert len(scene.house.mail.inbox()) == letters, "mail that may have gone out before went out again"
    held_back = scene.rows(where="state = 'rejected'")
    assert held_back
    assert {row["target"] for row in held_back} == {"email"}
    # what happens after the restore is ordinary again
    scene.advance(10)
    scene.write(5, hours_ago=0)
    scene.settle()
    moved(scene, create=5, append=1, log_create=5, log_correct=1)
    assert len(scene.house.mail.inbox()) > letters


def test_l5_a_worker_that_was_asleep_for_longer_than_its_lease_changes_nothing(scene_on_both: Scene) -> None:
    """It wakes when another has taken over: what it says under its old fencing number is not written down."""
    scene = scene_on_both
    scene.write(1)
    scene.house.mosaic.arm("refuse")
    scene.sync()
    scene.house.mosaic.disarm()
    scene.advance(60)
    sleeper = scene.ledger()
    (held,) = claim(sleeper, "mosaic", "sleeper", homes=["EXH"], limit=9, lease_seconds=300)
    scene.advance(301)
    scene.settle()
    moved(scene, create=1, log_create=1)
    before = scene.rows()
    for word in (Event.NOT_APPLIED, Event.AMBIGUOUS, Event.REFUSED, Event.ACCEPTED):
        assert record(sleeper, "sleeper", [Outcome(held, word)]) == []
    sleeper.close()
    assert scene.rows() == before
    all_is_well(scene)


def test_l5_an_answer_that_comes_after_the_lease_is_not_written_and_nothing_is_sent_twice(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.house.mosaic.arm("late", when="create", seconds=2.5)
    results: list[dict[str, Any]] = []

    def slow() -> None:
        with scene.site() as site:
            results.append(scene.run(site))

    first = threading.Thread(target=slow)
    first.start()
    wait_until(lambda: bool(scene.house.mosaic.applied("create")), what="the slow create")
    scene.advance(301)
    scene.sync()
    scene.advance(61)
    scene.sync()
    first.join()
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
    assert results


def test_l5_no_note_is_begun_when_its_lease_is_nearly_over(scene: Scene) -> None:
    """Its answer would come when somebody else may hold it. It is claimed anew, and sent then."""
    waited = 0.0

    def create(store: MosaicRest, note: NewNote) -> Receipt:
        nonlocal waited
        receipt = at_once(store, note)
        waited += 0.8 * 300
        return receipt

    at_once = MosaicRest.create
    scene.write(1, 2, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MosaicRest, "create", create)
        patch.setattr(flows.deliver, "_uptime", lambda: time.monotonic() + waited)
        scene.sync(BRIDGE_DELIVERY__THREADS="1", BRIDGE_DELIVERY__LEASE_SECONDS="300")
    assert [row["attempts"] for row in scene.rows(where="target = 'mosaic'")] == [1, 2, 3]
    all_is_well(scene)
    moved(scene, create=3, log_create=3)


def test_l6_a_ledger_of_a_newer_version_is_refused_in_one_sentence_and_nothing_is_changed(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.sync()
    url = scene.environ["BRIDGE_LEDGER_URL"].replace("postgresql:", "postgresql+psycopg:", 1)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = scene.rows()
    scene.write(2)
    with pytest.raises(LedgerError, match="newer version"):
        scene.sync()
    assert scene.rows() == before
    assert scene.held()["create"] == 1
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{HEAD}'"))
    engine.dispose()
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)


def test_l7_without_the_right_key_nothing_is_read_or_sent(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.sync()
    right = scene.environ["BRIDGE_ENCRYPTION_KEYS"]
    before = scene.rows()
    scene.write(2)
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    with pytest.raises(LedgerError, match="BRIDGE_ENCRYPTION_KEYS"):
        scene.sync()
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = right
    assert scene.rows() == before
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)


def test_l7_a_key_that_is_rotated_with_deliveries_in_doubt_loses_none(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1, 2)
    scene.house.mosaic.arm("reset_after_apply", when="create", times=2)
    scene.sync()
    old = scene.environ["BRIDGE_ENCRYPTION_KEYS"]
    new = base64.urlsafe_b64encode(os.urandom(32)).decode()
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = f"{new},{old}"
    ledger = scene.ledger()
    assert rotate(ledger) > 0
    ledger.close()
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = new
    scene.amend(1)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, append=1, log_create=2, log_correct=1)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_entry SET act = 'delivery refused' WHERE sequence = 3",
        "UPDATE audit_entry SET detail = '{}' WHERE sequence = 3",
        "DELETE FROM audit_entry WHERE sequence = 3",
        "UPDATE audit_entry SET sequence = CASE sequence WHEN 3 THEN -3 ELSE sequence END",
        "DELETE FROM audit_entry WHERE sequence >= 3",
    ],
)
def test_l8_a_trail_that_was_tampered_with_names_the_place_and_nothing_is_added(
    scene_on_both: Scene, harm: str
) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.sync()
    engine = create_engine(scene.environ["BRIDGE_LEDGER_URL"].replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(text(harm))
    engine.dispose()
    before = scene.rows()
    scene.write(2)
    with pytest.raises(LedgerError, match="audit trail is broken: E"):
        _as_a_command(scene)
    assert scene.rows() == before
    assert scene.held()["create"] == 1
    ledger = scene.ledger()
    verdict = verify(ledger)
    restored(ledger, ledger.now() - timedelta(days=1), "operator")
    ledger.close()
    assert verdict.broken_at in (3, 4)
    assert verdict.sentence
    for _ in range(3):
        _as_a_command(scene)
        scene.advance(3600)
    moved(scene, create=2, log_create=2)


def _as_a_command(scene: Scene) -> None:
    with scene.site() as site:
        site.ready()
        scene.run(site)
