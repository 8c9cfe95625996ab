"""A long pull: what it has planned goes to the records while it still reads, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from connectors.protocols import SourcePage
from flows.deliver import TargetResult, Terms, drain, senders_of
from mappings.owed import Target
from tests.weather.invariants import all_is_well, moved
from tests.weather.reports import id_of, person_of
from tests.weather.scene import Scene, wait_until

_SHORT_PAGES = {"BRIDGE_RECORDING__PAGE_SIZE": "2"}


class _Gated:
    """The source, some of whose pages come only when something has happened."""

    def __init__(self, source: Any, waits: Mapping[int, Callable[[], bool]]) -> None:
        self._source, self._waits = source, waits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def pull(self, *asked: Any) -> Iterator[SourcePage]:
        for number, page in enumerate(self._source.pull(*asked), start=1):
            if number in self._waits:
                wait_until(self._waits[number], what="sending ahead")
            yield page


def _run(scene: Scene, waits: Mapping[int, Callable[[], bool]]) -> dict[str, Any]:
    with scene.site(**_SHORT_PAGES) as site:
        site.__dict__["source"] = _Gated(site.source, waits)
        return scene.run(site)


def _notes(scene: Scene) -> int:
    return len(scene.house.mosaic.applied("create"))


def test_notes_and_entries_go_out_while_the_source_is_still_read(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(*range(1, 10))
    result = _run(scene, {4: lambda: _notes(scene) >= 4 and scene.held()["log_create"] >= 4})
    assert result["exit_code"] == 0
    assert result["deliveries"]["mosaic"]["accepted"] == 9, "what went ahead is counted in"
    all_is_well(scene)
    moved(scene, create=9, log_create=9)


def test_a_target_that_answers_at_once_is_sent_one_batch_ahead(scene: Scene) -> None:
    scene.write(*range(1, 6))
    scene.house.mosaic.arm("refuse")
    scene.sync()
    scene.house.mosaic.disarm()
    scene.advance(60)
    result = TargetResult()
    with scene.site(BRIDGE_DELIVERY__BATCH_SIZE="2") as site:
        drain(site, Target.MOSAIC, senders_of(site)[Target.MOSAIC], result, ["EXH"], Terms(worth=99))
    assert result.accepted == 2


def test_what_was_owed_before_waits_until_it_is_known_what_became_of_its_report(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.arm("refuse")
    scene.sync()
    scene.house.mosaic.disarm()
    scene.advance(60)
    scene.write(*range(2, 10))
    scene.advance(60)
    scene.amend(1, status="Void")
    _run(scene, {4: lambda: _notes(scene) >= 4})
    all_is_well(scene)
    moved(scene, create=8, log_create=9, log_correct=1)
    assert not scene.house.mosaic.notes(person_of(1)), f"{id_of(1)} was void before its note went out"


def test_people_are_told_when_all_is_read(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(*range(1, 10), hours_ago=5)
    scene.house.mosaic.arm("late", when="create", times=None, seconds=0.3)
    letters: list[int] = []

    def happened() -> bool:
        letters.append(len(scene.house.mail.inbox()))
        return _notes(scene) >= 4

    _run(scene, {4: happened})
    assert set(letters) == {0}
    assert scene.house.mail.inbox()
    all_is_well(scene)


@pytest.mark.parametrize("fault", ["reset_after_apply", "error_500_before", "stall_after_apply"])
def test_a_fault_while_it_sends_ahead_is_a_fault_like_any_other(scene: Scene, fault: str) -> None:
    scene.write(*range(1, 10))
    scene.house.mosaic.arm(fault, when="create", times=2)
    with scene.site(**_SHORT_PAGES, BRIDGE_DELIVERY__TIMEOUT_SECONDS="1") as site:
        scene.run(site)
    scene.settle(**_SHORT_PAGES)
    all_is_well(scene)
    moved(scene, create=9, log_create=9)


def test_a_target_that_was_away_while_it_sent_ahead_is_tried_anew_when_all_is_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_site: object, _target: object, _sender: object, result: TargetResult, *_: object) -> int:
        result.unreachable, result.rounds_away = "Away.", 2
        return 0

    monkeypatch.setattr("flows.ahead.drain", away)
    scene.write(*range(1, 10))
    assert _run(scene, {})["exit_code"] == 0
    all_is_well(scene)
    moved(scene, create=9, log_create=9)
