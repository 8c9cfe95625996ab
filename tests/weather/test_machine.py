"""The whole bridge as a state machine: the home writes, systems fail, people act, time passes, processes die.

After every step all invariants hold; when the weather clears, everything that is owed is at its target once.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ledger import crash_points
from ledger.desk import retry
from ledger.errors import Refused
from sandbox.faults import Effect
from sandbox.house import start
from sandbox.story import stamp
from tests.weather.invariants import all_is_well, check
from tests.weather.reports import id_of, person_of
from tests.weather.scene import Scene, environment

FAULTS = (
    "reset_after_apply",
    "close_before",
    "cut_status_line",
    "html_201",
    "html_200_before",
    "error_500_after_apply",
    "error_502_html",
    "truncated_json",
    "503",
    "429_absent",
    "401",
    "403",
    "400",
    "409",
    "423",
    "commit_later",
)
OPERATIONS = ("create", "append", "complete", "log_create", "log_correct", "look", "pull", "get", "*")
POINTS = (
    "pull.page_read",
    "store.before_owed",
    "store.before_commit",
    "store.committed",
    "claim.committed",
    "deliver.sending.mosaic",
    "deliver.sent.mosaic",
    "deliver.sent.daily_log",
    "deliver.answered.mosaic",
    "record.before_note",
    "record.before_commit",
    "record.committed",
)
REPORTS = st.integers(1, 3)
#: So far from a child's own Mosaic id is the one that staff mistype.
MISTYPED = 500
#: How many nights a test run lives through. A soak sets more: NIGHTS=500 pytest tests/weather/test_machine.py
NIGHTS = int(os.environ.get("NIGHTS", "16"))


class Killed(BaseException):
    """The process is gone, as far as one process can play that."""


def _die() -> None:
    crash_points.arm("")
    raise Killed


class Night(RuleBasedStateMachine):
    """One night at Example House."""

    new_ledger: Callable[[Path], str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="night-"))
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        house = self.stack.enter_context(start(folder=folder))
        self.scene = Scene(house, environment(house, type(self).new_ledger(folder)))
        self.scene.environ["BRIDGE_DELIVERY__TIMEOUT_SECONDS"] = "2"
        self.stack.enter_context(mock.patch.object(crash_points, "_die_in_turn", _die))
        self.stack.enter_context(mock.patch.object(threading, "excepthook"))
        self.stack.enter_context(mock.patch("flows.reconcile.write_report_files", return_value={}))
        self.written: set[int] = set()
        self.words = itertools.count(1)

    def teardown(self) -> None:
        try:
            self._morning()
        finally:
            self.stack.close()

    # ---- the home ----

    @initialize(known=st.booleans())
    def the_evening_begins(self, known: bool) -> None:
        """With a report that was delivered in the day, or with two that were not."""
        self.staff_write_or_amend_a_report(1)
        if known:
            self.scene.sync()
        self.staff_write_or_amend_a_report(2)

    @rule(n=REPORTS)
    def staff_write_or_amend_a_report(self, n: int) -> None:
        if n in self.written:
            self.scene.amend(n, words=f"Words {next(self.words)}.", status="SignedOff")
        else:
            self.written.add(n)
            self.scene.write(n)

    @precondition(lambda self: self.written)
    @rule(n=REPORTS, status=st.sampled_from(["Void", "Draft", "SignedOff"]))
    def a_report_changes_its_life(self, n: int, status: str) -> None:
        if n in self.written:
            self.scene.house.recording.amend(id_of(n), {"status": status})

    @precondition(lambda self: self.written)
    @rule(n=REPORTS, mistyped=st.booleans())
    def staff_put_another_mosaic_id_into_a_report(self, n: int, mistyped: bool) -> None:
        if n in self.written:
            self.scene.exempt.add("I5")  # what was seen before they did lies on another record until the next run
            self.scene.house.mosaic.add_person(person_of(n) + MISTYPED)
            child = self.scene.house.recording.report(id_of(n))["children"][0]
            named = person_of(n) + MISTYPED * mistyped
            self.scene.house.recording.amend(id_of(n), {"children": [{**child, "mosaicPersonId": named}]})

    @precondition(lambda self: 3 not in self.written)
    @rule(minutes=st.integers(1, 50))
    def a_report_is_committed_late(self, minutes: int) -> None:
        self.written.add(3)
        self.scene.late.add(id_of(3))
        self.scene.write(3, modifiedAt=stamp(self.scene.clock() - timedelta(minutes=minutes)))

    # ---- the weather ----

    @rule(fault=st.sampled_from(FAULTS), operation=st.sampled_from(OPERATIONS), times=st.integers(1, 3))
    def something_goes_wrong(self, fault: str, operation: str, times: int) -> None:
        stand_in = self.scene.house.mosaic if operation in OPERATIONS[:3] else self.scene.house.recording
        if operation in ("look", "*"):
            self.scene.house.mosaic.arm(fault, when=operation, times=times, seconds=20)
        stand_in.arm(fault, when=operation, times=times, seconds=20)

    @rule(seconds=st.sampled_from([5.0, 61.0, 301.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.scene.advance(seconds)
        check(self.scene)

    # ---- the bridge ----

    @rule()
    def the_bridge_runs(self) -> None:
        before = len(self.scene.house.mosaic.applied("create"))
        result = self.scene.sync()
        self._looked(result["exit_code"] != 3)
        if "recording" not in result["unreachable"]:
            self._are_where_the_reports_say(self.scene.house.mosaic.applied("create")[before:])

    @rule(point=st.sampled_from(POINTS), nth=st.integers(1, 2))
    def the_bridge_runs_and_dies(self, point: str, nth: int) -> None:
        crash_points.arm(f"{point}:{nth}")
        try:
            with self.scene.site() as site:
                self.scene.run(site)
        except Killed:
            pass
        finally:
            crash_points.arm("")
        check(self.scene)

    @rule(heal=st.booleans())
    def the_bridge_reconciles(self, heal: bool) -> None:
        self.scene.reconcile(heal=heal, BRIDGE_DELIVERY__WAIT_SECONDS="0")

    # ---- people ----

    @rule(data=st.data())
    def an_operator_asks_for_another_try(self, data: st.DataObject) -> None:
        rows = [row for row in self.scene.rows() if row["target"] != "lado"]
        if not rows:
            return
        ledger = self.scene.ledger()
        try:
            retry(ledger, data.draw(st.sampled_from([row["id"] for row in rows])), "operator")
        except Refused:
            pass
        finally:
            ledger.close()
        check(self.scene)

    @rule(n=REPORTS, act=st.sampled_from(["lock", "restrict", "add to the note"]))
    def people_at_the_council_work(self, n: int, act: str) -> None:
        mosaic, person = self.scene.house.mosaic, person_of(n)
        if person not in mosaic.book.persons:
            return
        if act == "add to the note":
            for note in mosaic.notes(person)[:1]:
                mosaic.append_by_hand(note["id"], "<p>Seen by the team.</p>")
        else:
            getattr(mosaic, act)(person)

    def _are_where_the_reports_say(self, made: list[Effect]) -> None:
        """What a run writes lies on the record that the report of that moment names, and is of no void report."""
        rows = {row["reference"]: row["incident_id"] for row in self.scene.rows()}
        ids = {row["id"]: row["source_id"] for row in self.scene.rows("incident")}
        for effect in made:
            found = self.scene.house.recording.report(ids[rows[str(effect.reference)]])
            assert effect.subject == str(found["children"][0]["mosaicPersonId"])
            assert found["status"] in ("Submitted", "SignedOff")

    # ---- the morning ----

    def _looked(self, seen: bool) -> None:
        if seen:
            self.scene.late.clear()

    def _morning(self) -> None:
        """The weather clears, the doors are open again, and a person has another try of what was refused."""
        scene, mosaic = self.scene, self.scene.house.mosaic
        for stand_in in (mosaic, scene.house.recording):
            stand_in.disarm()
        for person in list(mosaic.book.persons):
            mosaic.lock(person, locked=False)
            mosaic.restrict(person, restricted=False)
        scene.reconcile(BRIDGE_DELIVERY__WAIT_SECONDS="0")
        scene.advance(1000)
        scene.settle()
        for _ in range(3):
            scene.retry_rejected()
            scene.settle()
        scene.exempt.discard("I5")
        all_is_well(scene)
        self._one_of_each()

    def _one_of_each(self) -> None:
        """Every report that is not a draft or void has its note and its entry, once; and no other has more."""
        applied: list[Any] = [*self.scene.house.mosaic.applied("create")]
        for n in self.written:
            status = self.scene.house.recording.report(id_of(n))["status"]
            persons = {str(person_of(n)), str(person_of(n) + MISTYPED)}
            notes = [effect for effect in applied if effect.subject in persons]
            assert len(notes) <= 1
            assert notes or status != "SignedOff", f"report {n} is signed off and has no note"


def test_whatever_happens_in_a_night_everything_is_there_once_in_the_morning(
    sqlite_ledger: Callable[[Path], str], pytestconfig: pytest.Config
) -> None:
    class ThisNight(Night):
        new_ledger = staticmethod(sqlite_ledger)  # type: ignore[assignment]

    test = ThisNight.TestCase
    test.settings = settings(
        max_examples=NIGHTS,
        stateful_step_count=12,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    test("runTest").debug()
