"""The delivery promise under combined faults: on the write and on the look, and on what a person does after."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.black_box.bridge import Town
from tests.black_box.stories import ago, amended, minimal
from tests.black_box.test_weather import appends, creates, logs, once
from tests.black_box.wire import Asked

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())


def listed(town: Town, target: str = "mosaic") -> list[dict[str, Any]]:
    return [one for one in town.bridge.json("delivery", "list")["deliveries"] if one["target"] == target]


def retried(town: Town, delivery: dict[str, Any]) -> None:
    town.bridge.json("delivery", "retry", str(delivery["id"]), code=0)


def put_to_sleep(process: subprocess.Popen[bytes], ledger: Path) -> None:
    """Stop it where it does not hold SQLite's only pen: stopped in a commit, it would hold up everybody else."""
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        try:
            with closing(sqlite3.connect(ledger, timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
        else:
            return


def reads_of_a_note(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.startswith("/case-notes/")


def anything_of_a_person(asked: Asked) -> bool:
    return asked.path.startswith("/persons/")


def test_an_amendment_whose_note_is_hidden_for_a_while_is_there_once_when_a_person_asks_again(found: Found) -> None:
    town = found(mail=False)
    first = minimal(1, ago(2))
    town.recording.put(first)
    town.bridge.sync(code=0)
    town.recording.put(amended(first, narrative="flumoxtext more"))
    town.mosaic.storm("hang up", appends, after=True)
    hidden = town.mosaic.storm("status", lambda a: reads_of_a_note(a) or appends(a), times=10**6, detail=(404, {}))
    town.bridge.sync(code=2)
    hidden.times = 0
    (late,) = [one for one in listed(town) if one["action"] == "append"]
    retried(town, late)
    town.bridge.sync(code=0)
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1]


def test_a_note_whose_person_is_hidden_for_a_while_is_there_once_when_a_person_asks_again(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates, after=True)
    hidden = town.mosaic.storm("status", anything_of_a_person, times=10**6, detail=(404, {}))
    town.bridge.sync(code=2)
    hidden.times = 0
    (note,) = listed(town)
    retried(town, note)
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 1


def test_a_person_merged_in_a_circle_while_a_note_is_in_doubt_is_no_proof_that_it_is_absent(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates, after=True)
    town.bridge.sync("--no-wait", code=2)
    town.mosaic.persons[1001]["merged_into"], town.mosaic.persons[1002]["merged_into"] = 1002, 1001
    town.bridge.sync(code=2)
    assert [one["state"] for one in listed(town)] == ["uncertain"]
    town.mosaic.persons[1001]["merged_into"] = None
    retried(town, listed(town)[0])
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 1


def test_a_note_that_is_said_to_be_there_and_was_deleted_meanwhile_is_not_called_absent(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates, after=True)
    town.bridge.sync("--no-wait", code=2)
    (note,) = town.mosaic.notes.values()
    note["state"] = "DELETED"
    town.bridge.sync(code=0)
    kinds = {one["kind"] for one in town.bridge.reconcile(*PERIOD, code=2)["findings"]}
    assert "deleted" in kinds
    assert len(town.mosaic.notes) == 1


def test_an_entry_that_landed_in_another_homes_log_is_not_written_again(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="3")
    town.recording.put(minimal(1, ago(2)))
    town.recording.storm("hang up", logs, after=True)
    town.bridge.sync("--no-wait", code=2)
    (entry,) = town.recording.log
    entry["homeId"] = "NTH"
    town.recording.entries_of_any_home = True
    town.bridge.sync(code=2)
    assert len(town.recording.log) == 1
    (held,) = listed(town, "daily_log")
    assert held["state"] == "uncertain"
    assert "ALARM" in held["why"]


def test_a_note_in_doubt_under_an_id_that_nobody_has_goes_to_the_right_one_when_the_report_has_it(found: Found) -> None:
    town = found(mail=False)
    wrong = minimal(1, ago(2))
    wrong["children"][0]["mosaicPersonId"] = 4040
    town.recording.put(wrong)
    town.mosaic.storm("hang up", creates)
    town.bridge.sync(code=2)
    assert [one["state"] for one in listed(town)] == ["uncertain"]
    assert "4040" in listed(town)[0]["why"]
    town.recording.put(amended(wrong, children=[{**wrong["children"][0], "mosaicPersonId": 1001}]))
    town.bridge.sync(code=0)
    assert len(town.mosaic.of(1001)) == len(town.mosaic.notes) == 1


def test_a_note_on_the_wrong_childs_record_stays_an_alarm_when_its_report_is_voided(found: Found) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    town.recording.put(report)
    town.mosaic.echo_wrong.add(1001)
    town.bridge.sync(code=2)
    town.recording.put(amended(report, status="Void"))
    town.bridge.sync(code=2)
    first = listed(town)[0]
    assert (first["state"], "ALARM" in first["why"]) == ("rejected", True)
    assert len(town.mosaic.notes) == 1


def test_a_conflict_over_a_note_that_was_deleted_is_not_called_absent(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("status", creates, after=True, detail=(409, {}))
    town.mosaic.made_as = "DELETED"
    town.bridge.sync(code=0)
    assert "deleted" in listed(town)[0]["why"]
    assert "deleted" in {one["kind"] for one in town.bridge.reconcile(*PERIOD, code=2)["findings"]}


def test_a_conflict_over_a_note_that_cannot_be_looked_up_is_a_doubt_and_no_refusal(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("status", creates, after=True, detail=(409, {}))
    away = town.mosaic.storm("status", lambda a: a.method == "GET", times=10**6, detail=(500, {}))
    town.bridge.sync("--no-wait")
    assert listed(town)[0]["state"] == "uncertain"
    away.times = 0
    town.bridge.sync(code=0)
    once(town, 1)


def test_a_conflict_over_a_draft_of_ours_finishes_it(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("status", creates, after=True, detail=(409, {}))
    town.mosaic.made_as = "DRAFT"
    town.bridge.sync(code=0)
    once(town, 1)


@pytest.mark.parametrize("status", [406, 424, 499])
def test_what_was_refused_with_a_status_that_nobody_promised_is_looked_up_before_another_try(
    found: Found, status: int
) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("status", creates, after=True, detail=(status, {}))
    town.recording.storm("status", logs, after=True, detail=(status, {}))
    town.bridge.sync(code=2)
    for refused in (*listed(town), *listed(town, "daily_log")):
        assert refused["state"] == "rejected"
        retried(town, refused)
    town.bridge.sync(code=0)
    once(town, 1)


@pytest.mark.parametrize("wait", ["999999999", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_target_that_asks_for_years_of_patience_is_asked_again_after_a_day(found: Found, wait: str) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("status", creates, detail=(429, {"Retry-After": wait}))
    town.bridge.sync("--no-wait")
    due = datetime.fromisoformat(listed(town)[0]["next_look_at"])
    assert timedelta(hours=1) < due - datetime.now(UTC) <= timedelta(days=1, minutes=1)


def test_a_look_up_that_a_target_puts_off_waits_as_long_as_it_says(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates)
    town.mosaic.storm("status", anything_of_a_person, times=10**6, detail=(429, {"Retry-After": "7200"}))
    town.bridge.sync(code=2)
    (note,) = listed(town)
    assert note["state"] == "uncertain"
    assert datetime.fromisoformat(note["next_look_at"]) - datetime.now(UTC) > timedelta(hours=1)


def test_a_mail_that_could_not_be_sent_often_is_still_repeated_when_its_taking_is_in_doubt(found: Found) -> None:
    town = found()
    town.recording.put(minimal(1, ago(1)))
    for _ in range(4):
        town.bridge.sync(code=1, env={"BRIDGE_TLS__CA_FILE": ""})
    answers = iter(["drop"])
    town.post.data = lambda _envelope: next(answers, "250 taken")
    town.bridge.sync(code=0)
    assert len(town.post.taken) == 2
    assert len({message["Message-ID"] for _, message in town.post.taken}) == 1


@pytest.mark.parametrize("rate", ["0.5", "0.1"], ids=["its turn has come", "it hears first of its lost lease"])
def test_a_run_that_was_put_to_sleep_while_it_waited_for_its_turn_sends_nothing_of_what_was_taken_over(
    found: Found, rate: str
) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__LEASE_SECONDS="2")
    town.recording.put(minimal(1, ago(2)), minimal(2, ago(1)))
    sleeper = town.bridge.start("sync", env={"BRIDGE_MOSAIC__RATE_PER_SECOND": rate})
    try:
        while not town.mosaic.notes and sleeper.poll() is None:
            time.sleep(0.01)
        put_to_sleep(sleeper, town.bridge.folder / "ledger.db")
        time.sleep(2.2)
        town.bridge.sync(code=0)
        sleeper.send_signal(signal.SIGCONT)
        sleeper.wait(60)
    finally:
        sleeper.kill()
    assert len(town.mosaic.notes) == 2
