"""A run as a whole: what one flaky refusal, a dead target, a stalled one and a hopeless leftover cost it."""

from __future__ import annotations

import threading
import time

import pytest

from tests.weather.invariants import all_is_well, moved
from tests.weather.reports import person_of
from tests.weather.scene import Scene, wait_until
from tests.weather.test_target_rows import lose_the_answer


@pytest.mark.parametrize("count", [1, 12])
def test_one_refused_connection_is_tried_again_in_the_same_run(scene: Scene, count: int) -> None:
    scene.write(*range(1, count + 1))
    scene.house.mosaic.arm("refuse")

    def come_back() -> None:
        wait_until(lambda: scene.rows(where="target = 'mosaic' AND why IS NOT NULL"), what="a refusal")
        scene.house.mosaic.disarm()

    back = threading.Thread(target=come_back)
    back.start()
    result = scene.sync(wait=60)
    back.join()
    assert result["exit_code"] == 0
    all_is_well(scene)
    moved(scene, create=count, log_create=count)


@pytest.mark.parametrize("count", [1, 60])
def test_a_dead_target_costs_a_run_a_few_seconds_and_is_named(scene: Scene, count: int) -> None:
    scene.write(*range(1, count + 1))
    scene.house.mosaic.arm("refuse")
    began = time.monotonic()
    result = scene.sync(wait=180)
    assert time.monotonic() - began < 60
    assert (result["exit_code"], result["unreachable"]) == (3, ["mosaic"])
    moved(scene, log_create=count)
    # and no wait at all where none is wanted
    scene.advance(30)
    assert scene.sync(wait=0)["unreachable"] == ["mosaic"]


def test_a_target_that_stalls_is_rested_and_every_record_is_written_once_afterwards(scene: Scene) -> None:
    scene.write(*range(1, 31))
    scene.house.mosaic.arm("stall_after_apply", when="create", times=None)
    scene.sync(BRIDGE_DELIVERY__TIMEOUT_SECONDS="1", BRIDGE_DELIVERY__THREADS="8")
    assert scene.held()["log_create"] == 30
    assert scene.held()["create"] < 30, "the breaker let every one of them stall"
    scene.house.mosaic.disarm()
    scene.advance(61)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=30, log_create=30)


@pytest.mark.parametrize("fault", ["error_500_before", "stall_before", "403", "refuse"])
def test_a_second_run_waits_for_nothing_when_only_what_cannot_be_looked_up_is_left(scene: Scene, fault: str) -> None:
    scene.write(1, 2)
    lose_the_answer(scene, "create", times=2)
    scene.sync()
    scene.house.mosaic.arm(fault, when="look", times=None)
    for _ in range(2):  # the first run looks twice and is told nothing
        scene.advance(61)
        scene.sync(BRIDGE_DELIVERY__TIMEOUT_SECONDS="0.6")
    began = time.monotonic()
    result = scene.sync(wait=180, BRIDGE_DELIVERY__TIMEOUT_SECONDS="0.6")
    assert time.monotonic() - began < 60
    assert result["exit_code"] in (2, 3)
    all_is_well(scene, but={"uncertain": 2})
    scene.house.mosaic.disarm()
    scene.advance(901)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)


def test_an_amendment_behind_a_note_that_was_refused_holds_no_run_up(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.restrict(person_of(1))
    scene.settle()
    scene.amend(1)
    began = time.monotonic()
    scene.sync(wait=180)
    assert time.monotonic() - began < 60
    assert scene.states()["pending"] == scene.states()["rejected"] == 1


def _creates_asked(scene: Scene) -> int:
    return sum(seen.operation == "create" for seen in scene.house.mosaic.requests())


def test_a_locked_record_does_not_hold_a_run_up_for_long_and_the_next_ones_less(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.arm("423", when="create", times=None)
    began = time.monotonic()
    scene.sync(wait=180)
    assert time.monotonic() - began < 60
    first = _creates_asked(scene)
    began = time.monotonic()
    scene.sync(wait=180)
    assert time.monotonic() - began < 60
    assert _creates_asked(scene) - first < first


def test_uncertain_records_settle_within_one_run_where_it_may_wait(scene: Scene) -> None:
    scene.write(1, 2, 3)
    lose_the_answer(scene, "create", "log_create", times=2)
    scene.house.recording.arm("close_before", when="log_create")
    result = scene.sync(wait=30, BRIDGE_DELIVERY__SETTLE_SECONDS="0.3")
    assert result["exit_code"] == 0
    all_is_well(scene)
    moved(scene, create=3, log_create=3)


def test_a_mistake_of_our_own_in_one_targets_thread_is_never_a_clean_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.deliver

    scene.write(1)

    def broken(*_: object) -> None:
        raise KeyError("a child's own words")

    with monkeypatch.context() as patch:
        patch.setattr(flows.deliver.outbox, "roots", broken)
        with pytest.raises(KeyError):
            scene.sync()
    scene.advance(301)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
