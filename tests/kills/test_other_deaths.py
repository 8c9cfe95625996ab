"""Deaths at no named point: at random moments, while it waits, decides, reconciles, keeps house, is being stopped."""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.keeping import purge
from sandbox.story import stamp
from tests.kills.bridge import KILLED, Bridge
from tests.kills.test_crash_points import an_evening, one_of_each
from tests.weather.invariants import all_is_well, check, moved
from tests.weather.reports import id_of
from tests.weather.scene import wait_until
from tests.weather.test_source_rows import between_pages

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_random_moments_it_ends_with_one_of_each(bridge_on_both: Bridge, seed: int) -> None:
    bridge = bridge_on_both
    dice = random.Random(seed)
    print(f"seed {seed}")
    scene = bridge.scene
    scene.house.mosaic.gateway.stores_drafts = True
    scene.house.mosaic.weather.storm(0.02, seed, among=("reset_after_apply", "close_before", "error_502_html"))
    scene.write(*range(1, 5), hours_ago=20)
    bridge.sync()
    scene.write(*range(5, 13), hours_ago=5)
    for kill in range(6):
        run = bridge.start("sync", "--json", BRIDGE_DELIVERY__BATCH_SIZE="4", BRIDGE_DELIVERY__THREADS="3")
        time.sleep(dice.uniform(0.05, 0.9))
        run.signal(signal.SIGKILL)
        assert run.end() in (KILLED, 0, 2, 3)
        check(scene)
        if kill == 2:
            scene.amend(1, 2, 3, 4)
    scene.house.mosaic.disarm()
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=12, complete=12, append=4, log_create=12, log_correct=4)


@pytest.mark.parametrize("end", ["killed", "told to stop"])
def test_k2_ended_before_a_walk_was_confirmed_what_it_skipped_is_found_by_the_next_run(
    bridge: Bridge, end: str
) -> None:
    scene = bridge.scene
    scene.house.recording.gateway.paging.style = "offset"
    scene.environ["BRIDGE_RECORDING__PAGE_SIZE"] = "2"
    for n in range(1, 6):
        scene.write(n, modifiedAt=stamp(scene.house.end - timedelta(days=7 - n)))
    between_pages(scene, lambda: scene.amend(1))
    scene.late |= {id_of(3)}
    if end == "killed":
        assert bridge.sync(crash_at="pull.page_stored:3") == KILLED
    else:
        scene.house.recording.arm("late", when="pull", times=None, seconds=1)
        run = bridge.start("sync", "--json")
        wait_until(lambda: len(scene.house.recording.requests("pull")) == 3, what="its reading of the last page")
        run.signal(signal.SIGTERM)
        assert run.end() == 2
        scene.house.recording.disarm()
    bridge.until_done()
    scene.late.clear()
    all_is_well(scene)
    moved(scene, create=5, log_create=5)


def test_the_real_command_dies_at_the_point_that_its_environment_names(bridge: Bridge) -> None:
    scene = bridge.scene
    scene.write(1, hours_ago=5)
    environ = {
        **os.environ,
        **scene.environ,
        "INCIDENT_BRIDGE_CRASH_AT": "wire.mosaic.written",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", "from flows.main import main; main()", "sync", "--json"]
    died = subprocess.run(command, env=environ, cwd=scene.house.folder, capture_output=True, timeout=60, check=False)
    assert died.returncode == KILLED
    check(scene)
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_k10_killed_while_it_waits_for_a_doubt_to_settle_it_waits_again(bridge_on_both: Bridge) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(1, hours_ago=5)
    scene.house.mosaic.arm("commit_later", when="create", seconds=3600)
    run = bridge.start("sync", "--json", BRIDGE_DELIVERY__SETTLE_SECONDS="60", BRIDGE_DELIVERY__WAIT_SECONDS="180")
    wait_until(lambda: scene.states()["uncertain"] == 1, what="a doubt")
    run.signal(signal.SIGKILL)
    assert run.end() == KILLED
    code, again = bridge.run("sync", "--json", "--no-wait", BRIDGE_DELIVERY__SETTLE_SECONDS="60")
    assert code == 2
    assert again.result["deliveries"]["mosaic"]["uncertain"] == 1
    assert len(scene.house.mosaic.requests("create")) == 1, "sent again before it had settled"
    scene.house.advance(3600)
    doubt = scene.rows(where="state = 'uncertain'")[0]["id"]
    assert bridge.run("delivery", "retry", str(doubt), "--json")[0] == 0
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


@pytest.mark.parametrize("point", ["reconcile.swept", "pull.fetched", "reconcile.verified", "report.file_written:3"])
def test_k11_killed_while_it_reconciles_it_leaves_whole_files_or_none(bridge: Bridge, point: str) -> None:
    scene = bridge.scene
    an_evening(scene)
    bridge.until_done()
    scene.late.add(id_of(4))
    scene.write(4, hours_ago=6, modifiedAt=(scene.house.end - timedelta(days=3)).isoformat())
    days = ["--from", str(scene.today - timedelta(days=10)), "--to", str(scene.today)]
    out = scene.house.folder / "reports"
    assert bridge.run("reconcile", "--json", *days, "--out", str(out), crash_at=point)[0] == KILLED
    for path in out.glob("[!.]*.json"):
        json.loads(path.read_text("utf-8"))
    for path in out.glob("[!.]*.html"):
        assert path.read_text("utf-8").rstrip().endswith("</html>")
    code, run = bridge.run("reconcile", "--json", *days, "--out", str(out))
    scene.late.clear()
    assert code == 2
    assert run.result["totals"]["source"] == 4
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=4, complete=4, append=1, log_create=4, log_correct=1)


def test_k12_killed_between_a_decision_and_its_package_the_decision_stands_and_the_package_follows(
    bridge_on_both: Bridge,
) -> None:
    bridge = bridge_on_both
    an_evening(bridge.scene)
    bridge.until_done()
    one = bridge.scene.rows(where="target = 'lado' AND state = 'awaiting_approval'")[0]
    words = ("lado", "approve", str(one["id"]), "--by", "Pat Example", "--mash", "yes", "--police", "no", "--json")
    assert bridge.run(*words, crash_at="lado.decided")[0] == KILLED
    package = Path(one["remote_id"])
    assert json.loads(package.read_text("utf-8"))["fields"]["referral_date"]["value"] is None
    code, run = bridge.run(*words)
    assert code != 0
    assert "Pat Example" in run.said
    bridge.sync()
    assert json.loads(package.read_text("utf-8"))["fields"]["referral_date"]["value"]
    assert not bridge.scene.house.lado_form.submissions()


def test_k12_killed_with_a_package_in_hand_the_amended_report_has_one_submission_to_decide_about(
    bridge_on_both: Bridge,
) -> None:
    """Broken once: the package of the first revision was written after that of the second, and could be approved."""
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(1, hours_ago=5)
    child = scene.house.recording.report(id_of(1))["children"][0]
    scene.amend(1, children=[{**child, "injured": "Yes", "injuryDetails": "A graze."}])
    assert bridge.sync(crash_at="deliver.sent.lado") == KILLED
    scene.amend(1, words="Added again.")
    wait_until(lambda: all((row["lease_epoch"] or 0) < time.time() for row in scene.rows()), what="the lease's end")
    assert bridge.sync() == 0
    revisions = [row["revision"] for row in scene.rows(where="target = 'lado' AND state = 'awaiting_approval'")]
    assert revisions == [2] * len(revisions)
    assert revisions, "nothing waits for a decision"
    all_is_well(scene)


def test_killed_with_mails_in_hand_it_does_not_repeat_them_when_the_report_was_voided_since(
    bridge_on_both: Bridge,
) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(1, hours_ago=5)
    assert bridge.sync(crash_at="deliver.sending.email") == KILLED
    scene.amend(1, status="Void")
    wait_until(lambda: all((row["lease_epoch"] or 0) < time.time() for row in scene.rows()), what="the lease's end")
    bridge.until_done()
    assert not scene.house.mail.applied(), "somebody was told of a report that was recorded in error"
    withdrawn = scene.rows(where="target = 'email' AND state = 'superseded'")
    assert withdrawn
    assert all("voided" in row["why"] for row in withdrawn)
    all_is_well(scene)


def test_k13_a_key_rotation_that_is_killed_goes_on_where_it_was(bridge_on_both: Bridge) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    an_evening(scene)
    old = scene.environ["BRIDGE_ENCRYPTION_KEYS"]
    new = bridge.run("key", "new", "--json")[1].result["key"]
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = f"{new},{old}"
    for batch in (1, 2):
        assert bridge.run("key", "rotate", "--json", crash_at=f"rotate.batch:{batch}")[0] == KILLED
    bridge.sync()
    assert bridge.run("key", "rotate", "--json")[0] == 0
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = new
    bridge.until_done()
    one_of_each(scene)


def test_k13_a_purge_that_is_killed_goes_on_and_keys_are_rotated_past_what_is_empty(bridge_on_both: Bridge) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(1, 2, hours_ago=24 * 30)
    bridge.until_done()
    day = str(scene.today - timedelta(days=7))
    assert bridge.run("ledger", "purge", "--before", day, "--yes", "--json", crash_at="purge.batch")[0] == KILLED
    assert bridge.run("ledger", "purge", "--before", day, "--yes", "--json")[0] == 0
    assert all(not row["content"] for row in scene.rows("revision"))
    ledger = scene.ledger()
    assert purge(ledger, scene.today - timedelta(days=7), "operator") == (0, 0)
    ledger.close()
    new = bridge.run("key", "new", "--json")[1].result["key"]
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = f"{new},{scene.environ['BRIDGE_ENCRYPTION_KEYS']}"
    assert bridge.run("key", "rotate", "--json")[0] == 0
    scene.environ["BRIDGE_ENCRYPTION_KEYS"] = new
    scene.write(3, hours_ago=5)
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=3, log_create=3)


def test_k13_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(bridge: Bridge) -> None:
    scene = bridge.scene
    an_evening(scene)
    to = scene.house.folder / "copy.db"
    assert bridge.run("ledger", "backup", str(to), "--json", crash_at="backup.copied")[0] == KILLED
    assert not to.exists()
    assert bridge.run("ledger", "backup", str(to), "--json")[0] == 0
    assert to.read_bytes()[:15] == b"SQLite format 3"
    bridge.until_done()
    one_of_each(scene)


def test_k13_a_ledger_whose_making_is_killed_is_made_by_the_next_run(bridge: Bridge) -> None:
    scene = bridge.scene
    scene.environ["BRIDGE_LEDGER_URL"] = f"sqlite:///{scene.house.folder / 'new.db'}"
    scene.write(1, hours_ago=5)
    run = bridge.start("sync", "--json", crash_at="schema.before_commit")
    assert run.end() == KILLED
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_k14_told_to_stop_with_sends_in_flight_it_ends_honestly_and_loses_nothing(bridge_on_both: Bridge) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(*range(1, 101), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=2)
    run = bridge.start("sync", "--json")
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 4, what="sends in flight")
    run.signal(signal.SIGTERM)
    assert run.end() == 2
    assert run.result["stopped"] is True
    check(scene)
    assert scene.states()["pending"] > 0, "it did not stop until everything was sent"
    assert scene.states()["sending"] == 0, "it kept what it did not send"
    assert scene.held()["create"] == len(scene.rows(where="target = 'mosaic' AND state = 'accepted'"))
    scene.house.mosaic.disarm()
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=100, log_create=100)


def test_k14_a_word_to_stop_that_does_not_wake_the_main_thread_is_heard(bridge: Bridge) -> None:
    """As when it comes just before the main thread begins to wait: Python notes it then, and answers nothing yet."""
    scene = bridge.scene
    scene.write(*range(1, 101), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=1)
    run = bridge.start("sync", "--json")
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 4, what="sends in flight")
    others = {int(task.name) for task in Path(f"/proc/{run.pid}/task").iterdir()} - {run.pid}
    assert ctypes.CDLL(None).tgkill(run.pid, max(others), signal.SIGTERM) == 0
    assert run.end() == 2
    assert run.result["stopped"] is True
    check(scene)
    assert scene.states()["pending"] > 0, "it did not stop until everything was sent"


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_k14_told_twice_it_ends_at_once_and_the_next_run_finds_what_it_did(
    bridge: Bridge, word: signal.Signals
) -> None:
    scene = bridge.scene
    scene.write(*range(1, 9), hours_ago=5)
    scene.house.mosaic.arm("stall_after_apply", when="create", times=None, seconds=30)
    run = bridge.start("sync", "--json", BRIDGE_DELIVERY__TIMEOUT_SECONDS="30")
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 4, what="sends in flight")
    run.signal(word)
    wait_until(lambda: _told(run.pid, word), what="the first word heard")
    run.signal(word)
    began = time.monotonic()
    assert run.end() == -word
    assert time.monotonic() - began < 25
    scene.house.mosaic.disarm()
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=8, log_create=8)


def _told(pid: int, word: signal.Signals) -> bool:
    """Whether a process has heard a signal: it no longer catches the next one."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert caught is not None
    return not int(caught[1], 16) >> (word - 1) & 1


def test_k14_told_to_stop_while_it_waits_for_a_doubt_it_does_not_wait(bridge: Bridge) -> None:
    scene = bridge.scene
    scene.write(1, hours_ago=5)
    scene.house.mosaic.arm("reset_after_apply", when="create")
    run = bridge.start("sync", "--json", BRIDGE_DELIVERY__SETTLE_SECONDS="60", BRIDGE_DELIVERY__WAIT_SECONDS="180")
    wait_until(lambda: scene.states()["uncertain"] == 1, what="a doubt")
    run.signal(signal.SIGTERM)
    began = time.monotonic()
    assert run.end() == 2
    assert time.monotonic() - began < 50


def test_k14_told_to_stop_while_it_looks_up_what_is_in_doubt_it_looks_no_further(bridge: Bridge) -> None:
    scene = bridge.scene
    scene.write(*range(1, 61), hours_ago=5)
    bridge.run("ledger", "restored", "--since", (scene.house.end - timedelta(days=1)).isoformat(), "--json")
    scene.house.mosaic.arm("late", when="look", times=None, seconds=0.3)
    run = bridge.start("sync", "--json", BRIDGE_DELIVERY__THREADS="2", BRIDGE_DELIVERY__LEASE_SECONDS="60")
    wait_until(lambda: len(scene.house.mosaic.requests("find")) >= 2, what="a look-up")
    run.signal(signal.SIGTERM)
    assert run.end() == 2
    assert len(scene.house.mosaic.requests("find")) < 30, "it looked on"
    check(scene)


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGINT])
def test_k14_told_to_stop_while_it_reconciles_it_reads_no_further_and_reports_nothing(
    bridge: Bridge, word: signal.Signals
) -> None:
    scene = bridge.scene
    scene.write(*range(1, 61), hours_ago=5)
    bridge.until_done()
    scene.house.mosaic.arm("late", when="read", times=None, seconds=0.5)
    before = len(scene.house.mosaic.requests())
    days = ("--from", str(scene.today - timedelta(days=10)), "--to", str(scene.today), "--out", "reports")
    run = bridge.start("reconcile", "--json", *days, BRIDGE_DELIVERY__THREADS="2")
    wait_until(lambda: len(scene.house.mosaic.requests()) > before, what="its reading of the notes")
    run.signal(word)
    assert run.end() == 2
    assert run.result["error"]["kind"] == "stopped"
    assert len(scene.house.mosaic.requests()) - before < 50, "it read on"
    assert not list(scene.house.folder.glob("reports/*")), "it told what it had seen of a part"
    scene.house.mosaic.disarm()
    assert bridge.run("reconcile", "--json", *days)[1].result["totals"]["verified"] == 60


def test_a_worker_that_is_put_to_sleep_for_longer_than_its_lease_doubles_nothing_when_it_wakes(
    bridge_on_both: Bridge,
) -> None:
    bridge = bridge_on_both
    scene = bridge.scene
    scene.write(*range(1, 13), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.3)
    sleeper = bridge.start("sync", "--json", BRIDGE_DELIVERY__THREADS="2")
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 3, what="sends in flight")
    sleeper.signal(signal.SIGSTOP)
    time.sleep(1.3)  # longer than its lease: another takes over what it holds
    bridge.sync()
    sleeper.signal(signal.SIGCONT)
    assert sleeper.end() in (0, 2)
    check(scene)
    scene.house.mosaic.disarm()
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=12, log_create=12)


@pytest.mark.parametrize("more", [0, 20_000, 60_000, 120_000])
def test_l3_a_disk_that_is_full_stops_it_with_a_reason_and_doubles_nothing(bridge: Bridge, more: int) -> None:
    scene = bridge.scene
    scene.write(*range(1, 13), hours_ago=5)
    size = Path(scene.environ["BRIDGE_LEDGER_URL"].removeprefix("sqlite:///")).stat().st_size
    code, run = bridge.run("sync", "--json", most_bytes=size // 8 + more, BRIDGE_DELIVERY__BATCH_SIZE="3")
    assert code == 3
    assert "full" in run.result["error"]["message"]
    if more == 0:
        assert not scene.held(), "sent without being able to write it down"
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=12, log_create=12)


@pytest.mark.parametrize("becomes", ["moved", "replaced"])
def test_l3_a_ledger_that_is_moved_or_replaced_while_a_run_is_at_work_stops_it(bridge: Bridge, becomes: str) -> None:
    """SQLite would write on into the file that it has open: what was sent then, the next run would send again."""
    scene = bridge.scene
    path = Path(scene.environ["BRIDGE_LEDGER_URL"].removeprefix("sqlite:///"))
    aside = [(Path(f"{path}{end}"), Path(f"{path}{end}.aside")) for end in ("", "-wal", "-shm")]
    scene.write(*range(1, 25), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.2)
    run = bridge.start("sync", "--json", BRIDGE_DELIVERY__THREADS="2", BRIDGE_DELIVERY__BATCH_SIZE="4")
    wait_until(lambda: len(scene.house.mosaic.applied("create")) >= 6, what="sends in flight")
    for there, then in aside:
        there.rename(then)
    if becomes == "replaced":
        path.write_bytes(aside[0][1].read_bytes())
    assert run.end() == 3
    assert "removed or replaced" in run.result["error"]["message"]
    assert len(scene.house.mosaic.applied("create")) < 20, "it went on sending"
    path.unlink(missing_ok=True)
    for there, then in aside:
        if then.exists():
            then.rename(there)
    scene.house.mosaic.disarm()
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=24, log_create=24)


@pytest.mark.parametrize("seed", [4, 5])
def test_l2_a_postgresql_that_restarts_all_the_time_costs_nothing(
    bridge_on_postgresql: Bridge, restart_postgres: object, seed: int
) -> None:
    bridge = bridge_on_postgresql
    scene = bridge.scene
    dice = random.Random(seed)
    print(f"seed {seed}")
    scene.write(*range(1, 25), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.05)
    codes = []
    for _ in range(3):
        run = bridge.start("sync", "--json", BRIDGE_DELIVERY__BATCH_SIZE="5", BRIDGE_DELIVERY__THREADS="2")
        time.sleep(dice.uniform(0.2, 0.9))
        restart_postgres()  # type: ignore[operator]
        codes.append(run.end())
        check(scene)
    assert set(codes) <= {0, 2, 3}, codes
    scene.house.mosaic.disarm()
    scene.amend(1, 2)
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=24, append=2, log_create=24, log_correct=2)
