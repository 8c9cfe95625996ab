"""Many workers on one ledger: they share the work, double nothing, and take over what a killed one held."""

from __future__ import annotations

import signal
from collections import Counter

from tests.databases import fresh_database
from tests.kills.bridge import KILLED, Bridge, Run
from tests.weather.invariants import all_is_well, check, moved
from tests.weather.scene import Scene, wait_until
from tests.weather.test_email_rows import MANAGER, inbox

SMALL = {"BRIDGE_DELIVERY__BATCH_SIZE": "3", "BRIDGE_DELIVERY__THREADS": "2"}


def accepted_by(scene: Scene) -> Counter[str]:
    """How many deliveries each worker had accepted."""
    return Counter(row["actor"] for row in scene.rows("audit_entry", "act = 'delivery accepted'"))


def ends(scene: Scene, runs: list[Run]) -> list[int]:
    """The exit codes of all; then every invariant."""
    codes = [run.end() for run in runs]
    scene.printed += [run.said for run in runs]
    check(scene)
    return codes


def test_four_workers_on_postgresql_share_the_work_and_double_nothing(bridge_on_postgresql: Bridge) -> None:
    bridge, scene = bridge_on_postgresql, bridge_on_postgresql.scene
    scene.write(*range(1, 41), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.1)
    scene.house.recording.arm("late", when="log_create", times=None, seconds=0.1)
    codes = ends(scene, [bridge.start("sync", "--json", **SMALL) for _ in range(4)])
    assert set(codes) <= {0, 2}, codes
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=40, log_create=40)
    assert inbox(scene)[MANAGER] == 40
    workers = accepted_by(scene)
    assert len(workers) >= 4, workers
    assert max(workers.values()) < 100, f"one of them did nearly all of it: {workers}"


def test_what_a_killed_worker_held_is_taken_over_by_the_others(bridge_on_postgresql: Bridge) -> None:
    bridge, scene = bridge_on_postgresql, bridge_on_postgresql.scene
    scene.write(*range(1, 31), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.15)
    runs = [bridge.start("sync", "--json", **SMALL) for _ in range(4)]
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 6, what="work in flight")
    for run in runs[:2]:
        run.signal(signal.SIGKILL)
    codes = ends(scene, runs)
    assert codes[:2] == [KILLED, KILLED]
    assert set(codes[2:]) <= {0, 2}
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=30, log_create=30)


def test_a_batch_that_takes_longer_than_its_lease_is_sent_at_the_first_try(bridge: Bridge) -> None:
    """The lease is renewed while its batch is on its way; a delivery that lost it would be claimed once more."""
    scene = bridge.scene
    scene.write(*range(1, 13), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.8)
    one_at_a_time = {"BRIDGE_DELIVERY__LEASE_SECONDS": "6", "BRIDGE_DELIVERY__THREADS": "1"}
    assert bridge.sync(**one_at_a_time) == 0
    notes = scene.rows(where="target = 'mosaic'")
    assert [note["attempts"] for note in notes] == [1] * 12
    all_is_well(scene)


def test_two_runs_at_once_on_sqlite_are_safe(bridge: Bridge) -> None:
    scene = bridge.scene
    scene.write(*range(1, 21), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.05)
    codes = ends(scene, [bridge.start("sync", "--json", **SMALL) for _ in range(2)])
    assert set(codes) <= {0, 2}, codes
    scene.amend(*range(1, 6))
    codes = ends(scene, [bridge.start("sync", "--json", **SMALL) for _ in range(2)])
    assert set(codes) <= {0, 2}, codes
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=20, append=5, log_create=20, log_correct=5)


def test_runs_that_meet_at_a_ledger_that_is_not_there_yet_make_one(bridge_on_both: Bridge, request: object) -> None:
    bridge, scene = bridge_on_both, bridge_on_both.scene
    if scene.environ["BRIDGE_LEDGER_URL"].startswith("sqlite"):
        scene.environ["BRIDGE_LEDGER_URL"] = f"sqlite:///{scene.house.folder / 'new.db'}"
    else:
        server = request.getfixturevalue("postgres")  # type: ignore[attr-defined]
        scene.environ["BRIDGE_LEDGER_URL"] = fresh_database(server)
    scene.write(*range(1, 9), hours_ago=5)
    codes = ends(scene, [bridge.start("sync", "--json", **SMALL) for _ in range(3)])
    assert set(codes) <= {0, 2}, [run.said[-600:] for run in bridge.runs]
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=8, log_create=8)


def test_a_run_a_reconciliation_and_a_decision_at_once_get_in_nobodys_way(bridge_on_both: Bridge) -> None:
    bridge, scene = bridge_on_both, bridge_on_both.scene
    scene.write(*range(1, 7), hours_ago=5)
    bridge.until_done()
    scene.amend(*range(1, 7))
    scene.house.mosaic.arm("late", when="append", times=None, seconds=0.1)
    days = ("--from", str(scene.today), "--to", str(scene.today), "--out", "reports")
    runs = [
        bridge.start("sync", "--json", **SMALL),
        bridge.start("reconcile", "--json", "--heal", *days, **SMALL),
        bridge.start("status", "--json"),
        bridge.start("ledger", "backup", "copy.db", "--json"),
    ]
    codes = ends(scene, runs)
    assert 3 not in codes, [run.said[-400:] for run in runs]
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=6, append=6, log_create=6, log_correct=6)


def test_a_dry_run_on_postgresql_shows_what_a_sync_would_send_and_holds_nobody_up(bridge_on_postgresql: Bridge) -> None:
    """It ended with a mistake of ours; what it had stored of the first page kept real runs waiting for the last."""
    bridge, scene = bridge_on_postgresql, bridge_on_postgresql.scene
    scene.write(1, 2, hours_ago=5)
    code, rehearsed = bridge.run("sync", "--dry-run", "--json")
    assert code == 0, rehearsed.said
    shown = [(one["target"], one["action"]) for one in rehearsed.result["would_send"]]
    assert {("mosaic", "create"), ("daily_log", "create")} <= set(shown)
    assert not scene.rows("incident", "true")

    scene.house.recording.reset()
    scene.house.recording.arm("late", when="pull", skip=1, seconds=4)
    slow = bridge.start("sync", "--dry-run", "--json", BRIDGE_RECORDING__PAGE_SIZE="1")
    wait_until(lambda: len(scene.house.recording.requests("pull")) == 2, what="that it reads the second page")
    assert bridge.sync() == 0
    assert not slow.said, "the real run waited for it"
    assert slow.end() == 0
    all_is_well(scene)
    moved(scene, create=2, log_create=2)
