"""Faults of every kind, counted afterwards in what the servers hold: nothing lost, nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.black_box.bridge import Town
from tests.black_box.stories import MARKS, ago, amended, full, minimal, other_child
from tests.black_box.wire import Asked, Manners

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())


def creates(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/case-notes")


def appends(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith("/appendments")


def logs(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == "/daily-log"


def reads(asked: Asked) -> bool:
    return asked.method == "GET"


def anything(asked: Asked) -> bool:
    return True


def once(town: Town, reports: int, children: int = 1) -> None:
    """Each record is there exactly once and finished."""
    references = [note["_reference"] for note in town.mosaic.notes.values()]
    assert len(set(references)) == len(references) == reports * children, references
    assert all(note["state"] == "COMPLETE" for note in town.mosaic.notes.values())
    entries = [one["reference"] for one in town.recording.entries()]
    assert len(set(entries)) == len(entries) == reports, entries
    parts = [part["_reference"] for note in town.mosaic.notes.values() for part in note["appendments"]]
    assert len(set(parts)) == len(parts), parts


LOST_ANSWERS = ("hang up", "reset", "stall", "cut status", "cut body", "html", "truncated json", "proxy 503", "drip")


@pytest.mark.parametrize("after", [True, False], ids=["applied", "not applied"])
def test_every_kind_of_lost_answer_is_looked_up_and_never_sent_twice(found: Found, after: bool) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="60", BRIDGE_DELIVERY__TIMEOUT_SECONDS="1.5")
    town.recording.put(*(minimal(number, ago(12 - number)) for number in range(1, 11)))
    for kind in LOST_ANSWERS:
        town.mosaic.storm(kind, creates, after=after)
        town.recording.storm(kind, logs, after=after)
    town.mosaic.storm("status", creates, after=after, detail=(500, {}))
    for _ in range(4):
        if town.bridge.sync()["exit_code"] == 0:
            break
    once(town, 10)
    assert town.bridge.sync(code=0)["deliveries"]["mosaic"]["uncertain"] == 0
    assert all(storm.struck for storm in town.mosaic.storms)


def test_appendments_and_corrections_whose_answers_are_lost_are_there_once(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="30", BRIDGE_DELIVERY__TIMEOUT_SECONDS="1")
    reports = [minimal(number, ago(2, minutes=number)) for number in range(1, 5)]
    town.recording.put(*reports)
    town.bridge.sync(code=0)
    town.recording.put(*(amended(one, location="Garden", consequences="flumoxtext more") for one in reports))
    for kind in ("hang up", "stall", "cut status"):
        town.mosaic.storm(kind, appends, after=True)
        town.recording.storm(kind, logs, after=True)
    town.mosaic.storm("status", appends, after=True, detail=(500, {}))
    for _ in range(3):
        if town.bridge.sync()["exit_code"] == 0:
            break
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1, 1, 1, 1]
    assert sorted(bool(one.get("corrects")) for one in town.recording.log) == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    "wait",
    ["2", "soon", "past date", "86400"],
)
def test_a_target_that_says_wait_is_waited_for_and_not_stormed(found: Found, wait: str) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="0")
    now = datetime.now(UTC)
    said = format_datetime(now - timedelta(hours=2), usegmt=True) if wait == "past date" else wait
    town.recording.put(minimal(1, ago(2)), minimal(2, ago(1)))
    town.mosaic.storm("status", creates, times=2, detail=(429, {"Retry-After": said}))
    town.recording.storm("status", logs, times=2, detail=(503, {"Retry-After": said}))
    result = town.bridge.sync()
    assert result["exit_code"] in (2, 3), result
    assert town.mosaic.count("POST", "/case-notes") <= 3
    assert result["deliveries"]["mosaic"]["rejected"] == result["deliveries"]["mosaic"]["uncertain"] == 0
    if wait == "86400":
        assert town.bridge.sync()["deliveries"]["mosaic"]["pending"] == 2
        assert town.mosaic.count("POST", "/case-notes") <= 3, "long waits are kept over runs"
        due = town.bridge.json("delivery", "list")["deliveries"][0]["next_look_at"]
        assert datetime.fromisoformat(due) > now + timedelta(hours=1)


def test_a_source_that_fails_now_and_then_loses_nothing(found: Found) -> None:
    town = found(mail=False, recording=Manners(page=2))
    town.recording.put(*(minimal(number, ago(12 - number)) for number in range(1, 8)))
    for kind in ("hang up", "html", "truncated json", "proxy 503", "reset", "stall"):
        town.recording.storm(kind, lambda asked: asked.path == "/incidents")
    town.recording.storm("status", lambda asked: asked.path == "/incidents", detail=(429, {"Retry-After": "0"}))
    codes = [town.bridge.sync()["exit_code"] for _ in range(5)]
    assert codes[-1] == 0, codes
    once(town, 7)


@pytest.mark.parametrize("which", ["recording", "mosaic", "email"])
def test_a_system_that_is_down_is_named_and_the_others_go_on(found: Found, which: str) -> None:
    town = found(BRIDGE_DELIVERY__WAIT_SECONDS="20")
    town.recording.put(minimal(1, ago(2)))
    base = {"recording": "BRIDGE_RECORDING__BASE_URL", "mosaic": "BRIDGE_MOSAIC__BASE_URL"}.get(which)
    down = {base: "http://127.0.0.1:9/v1"} if base else {"BRIDGE_EMAIL__PORT": "9"}
    result = town.bridge.sync(code=3, env=down)
    assert result["unreachable"] == [which]
    expected = {"recording": (0, 0, 0), "mosaic": (0, 1, 1), "email": (1, 1, 0)}[which]
    assert (len(town.mosaic.notes), len(town.recording.log), len(town.post.taken)) == expected
    town.bridge.sync(code=0)
    assert (len(town.mosaic.notes), len(town.recording.log), len(town.post.taken)) == (1, 1, 1)


def test_a_refused_token_stops_one_target_and_names_its_setting(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(*(minimal(number, ago(2)) for number in range(1, 6)))
    result = town.bridge.sync(code=1, env={"BRIDGE_MOSAIC__CLIENT_SECRET": "wrong"})
    assert len(town.recording.log) == 5
    assert town.mosaic.count("POST", "/oauth/token") <= 3, "no storm of sign-ins"
    assert "BRIDGE_MOSAIC__CLIENT_SECRET" in str(result), result
    town.bridge.sync(code=0)
    once(town, 5)


def test_a_refused_token_stops_the_look_ups_of_that_target_too(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(*(minimal(number, ago(2)) for number in range(1, 31)))
    town.bridge("ledger", "restored", "--since", ago(3).isoformat(), code=0)
    town.bridge.sync(code=1, env={"BRIDGE_MOSAIC__CLIENT_SECRET": "wrong", "BRIDGE_DELIVERY__THREADS": "1"})
    assert town.mosaic.count("POST", "/oauth/token") <= 3, "no storm of sign-ins"


def test_a_storm_of_401_on_every_write_stops_that_target_only(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(*(minimal(number, ago(2)) for number in range(1, 9)))
    storm = town.mosaic.storm("status", creates, times=10**6, detail=(401, {}))
    result = town.bridge.sync()
    assert result["exit_code"] in (1, 3), result
    assert storm.struck <= 20
    assert town.mosaic.count("POST", "/oauth/token") <= 17
    assert len(town.recording.log) == 8
    storm.times = 0
    town.bridge.sync(code=0)
    once(town, 8)


def test_a_redirect_is_never_followed_with_a_childs_record(found: Found) -> None:
    town, elsewhere = found(mail=False), found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("redirect", creates, times=50, detail=(307, elsewhere.mosaic.url + "/login"))
    result = town.bridge.sync(code=1)
    assert elsewhere.mosaic.asked == []
    assert "mosaic" in str(result["problems"]).lower()


def test_a_draft_left_by_a_crash_is_found_and_finished(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="20")
    town.mosaic.leave_drafts = 2
    town.recording.put(minimal(1, ago(2)), minimal(2, ago(1)), minimal(3, ago(1)))
    town.bridge.sync(code=0)
    once(town, 3)
    assert town.mosaic.count("POST", "/complete") == 2


def test_every_kind_of_closed_record_ends_in_its_own_words(found: Found) -> None:
    town = found(mail=False)
    mosaic = town.mosaic
    mosaic.admit(2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008)
    mosaic.persons[2001]["restricted"] = True
    mosaic.closed.add(2002)
    mosaic.locked.add(2003)
    mosaic.merge(2004, 2005)
    mosaic.merge(2005, 2006)
    mosaic.echo_wrong.add(2007)
    who = [2001, 2002, 2003, 2004, 2007, 2999, None, "12AB", " 0002008 "]
    for number, person in enumerate(who, 1):
        town.recording.put(
            minimal(number, ago(2), children=[{"childId": f"c{number}", "name": "Q. Qu", "mosaicPersonId": person}])
        )
    result = town.bridge.sync(code=2)
    states = {
        one["incident"][-4:]: (one["state"], one["cause"], one["why"])
        for one in town.bridge.json("delivery", "list")["deliveries"]
        if one["target"] == "mosaic"
    }
    assert [states[f"{n:04}"][0] for n in range(1, 10)] == [
        "rejected", "rejected", "pending", "accepted", "rejected", "rejected", "rejected", "rejected", "accepted",
    ], states  # fmt: skip
    assert "access" in states["0001"][2]
    assert "access" in states["0002"][2]
    assert len(mosaic.of(2006)) == 1
    assert len(mosaic.of(2008)) == 1
    assert result["deliveries"]["mosaic"]["rejected"] == 6
    mosaic.locked.clear()
    mosaic.persons[2001]["restricted"] = False
    mosaic.admit(2010)
    town.recording.put(
        amended(minimal(6, ago(2)), children=[{"childId": "c6", "name": "Q. Qu", "mosaicPersonId": 2010}]),
        amended(minimal(7, ago(2)), children=[{"childId": "c7", "name": "Q. Qu", "mosaicPersonId": 2010}]),
    )
    for one in town.bridge.json("delivery", "list")["deliveries"]:
        if one["state"] == "rejected" and one["incident"].endswith("0001"):
            town.bridge.json("delivery", "retry", str(one["id"]), code=0)
    town.bridge.sync(code=2)
    assert len(mosaic.of(2001)) == 1
    assert len(mosaic.of(2003)) == 1
    assert len(mosaic.of(2010)) == 2


def test_a_merge_between_a_note_and_its_amendment_is_followed(found: Found) -> None:
    town = found(mail=False)
    first = minimal(1, ago(2))
    town.recording.put(first)
    town.bridge.sync(code=0)
    town.mosaic.merge(1001, 1004)
    town.recording.put(amended(first, narrative="flumoxtext more"))
    town.bridge.sync(code=0)
    assert [len(note["appendments"]) for note in town.mosaic.of(1004)] == [1]
    found_out = town.bridge.reconcile(*PERIOD)
    assert found_out["totals"]["verified"] == 1, found_out


def test_a_childs_two_records_that_were_merged_into_one_are_no_alarm(found: Found) -> None:
    town = found(mail=False)
    old, new = minimal(1, ago(3)), minimal(2, ago(2))
    old["children"] = [old["children"][0] | {"mosaicPersonId": 1003}]
    town.recording.put(old, new)
    town.bridge.sync(code=0)
    town.mosaic.merge(1003, 1001)
    found_out = town.bridge.reconcile(*PERIOD)
    assert not {one["kind"] for one in found_out["findings"]} & {"wrong_child", "missing", "deleted", "orphan"}
    assert found_out["totals"]["verified"] == 2


def test_two_syncs_at_once_double_nothing(found: Found) -> None:
    town = found(mail=False, mosaic=Manners(slow=0.02))
    town.recording.put(*(full(number, ago(12 - number / 4)) for number in range(1, 41)))
    running = [town.bridge.start("sync") for _ in range(2)]
    for one in running:
        one.wait(timeout=180)
    town.bridge.sync(code=0)
    once(town, 40, children=2)


def test_killed_in_the_middle_it_ends_with_one_of_everything(found: Found) -> None:
    town = found(mail=False, mosaic=Manners(slow=0.1), BRIDGE_DELIVERY__LEASE_SECONDS="2", BRIDGE_DELIVERY__THREADS="2")
    town.recording.put(*(full(number, ago(12 - number / 4)) for number in range(1, 21)))
    for least in (3, 12):
        process = town.bridge.start("sync")
        ends = time.monotonic() + 60
        while len(town.mosaic.notes) < least and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.02)
        process.kill()
        process.wait()
    for _ in range(6):
        if town.bridge.sync()["exit_code"] == 0:
            break
        time.sleep(1)
    once(town, 20, children=2)
    verdict: dict[str, Any] = town.bridge.json("audit", "verify", code=0)
    assert verdict["ok"] is True
    assert town.bridge.traces(MARKS) == {}


def test_the_second_child_of_a_report_does_not_wait_for_the_first(found: Found) -> None:
    town = found(mail=False)
    town.mosaic.locked.add(1001)
    town.recording.put(
        full(1, ago(2), children=[*full(1, ago(2))["children"], other_child(childId="c3", mosaicPersonId=1003)])
    )
    result = town.bridge.sync(code=2)
    assert result["deliveries"]["mosaic"] | {"rejected": 0} == {
        "accepted": 2,
        "uncertain": 0,
        "rejected": 0,
        "pending": 1,
    }
