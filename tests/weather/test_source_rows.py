"""WEATHER section 4, Source: ties, late commits, edits between pages, lives of a report, drift, silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.messages import Answer
from sandbox.story import stamp
from tests.weather.invariants import all_is_well, moment, moved
from tests.weather.reports import STORY, child_of, id_of, person_of, report
from tests.weather.scene import Scene

PAGES = {"BRIDGE_RECORDING__PAGE_SIZE": "2"}


def between_pages(scene: Scene, act: Callable[[], object]) -> None:
    """Do something at the source after it served the first page of the next walk."""
    recording = scene.house.recording
    serve = recording._pull

    def served(asked: dict[str, str]) -> Any:
        answer = serve(asked)
        recording._pull = serve
        act()
        return answer

    recording._pull = served


def commit_late(scene: Scene, n: int, behind: timedelta) -> None:
    """A long transaction ends: a report appears whose change is dated before what was served long ago."""
    newest = moment(scene.rows("cursor")[0]["modified_at"])
    scene.late.add(id_of(n))
    scene.write(n, modifiedAt=stamp(newest - behind))


# ---- S-1, S-2, S-3 -------------------------------------------------------------------------------------------------


def test_s1_ties_over_page_and_run_boundaries_lose_nothing(scene_on_both: Scene) -> None:
    scene = scene_on_both
    instant = stamp(scene.clock())
    scene.write(1, 3, 4, 6, 8, modifiedAt=instant)
    scene.sync(**PAGES)
    moved(scene, create=5, log_create=5)
    # the same instant again, with ids before, between and after those that were passed
    scene.late |= {id_of(2), id_of(5)}
    scene.write(2, 5, 9, modifiedAt=instant)
    scene.sync(**PAGES)
    scene.late.clear()
    all_is_well(scene)
    moved(scene, create=8, log_create=8)


@pytest.mark.parametrize("behind", [timedelta(seconds=1), timedelta(minutes=59)])
def test_s2_a_late_commit_within_the_overlap_is_found_by_the_next_pull(scene: Scene, behind: timedelta) -> None:
    scene.write(1)
    scene.sync()
    commit_late(scene, 2, behind)
    scene.sync()
    scene.late.clear()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)
    assert {row["found_by"] for row in scene.rows("incident")} == {"pull"}


@pytest.mark.parametrize("behind", [timedelta(hours=2), timedelta(days=3), timedelta(days=150)])
def test_s2_a_late_commit_beyond_the_overlap_is_found_by_the_index_sweep(scene: Scene, behind: timedelta) -> None:
    scene.write(1)
    scene.sync()
    commit_late(scene, 2, behind)
    scene.sync()
    moved(scene, create=1, log_create=1)
    told = scene.reconcile()
    assert told["found_by_index"] == 1
    assert told["exit_code"] == 2
    scene.sync()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)
    assert {row["source_id"]: row["found_by"] for row in scene.rows("incident")}[id_of(2)] == "index sweep"


@pytest.mark.parametrize("style", ["keyset", "offset"])
def test_s3_an_edit_between_pages_loses_no_other_report(scene: Scene, style: str) -> None:
    scene.house.recording.gateway.paging.style = style
    scene.write(1, 2, 3, 4, 5)
    between_pages(scene, lambda: scene.amend(1))
    scene.settle(**PAGES)
    all_is_well(scene)
    moved(scene, create=5, log_create=5, append=1, log_correct=1)


@pytest.mark.parametrize("style", ["keyset", "offset"])
def test_s3_an_insert_and_a_deletion_between_pages_lose_no_other_report(scene: Scene, style: str) -> None:
    scene.house.recording.gateway.paging.style = style
    scene.write(1, 2, 3, 4, 5)

    def act() -> None:
        scene.house.recording.delete(id_of(1))
        scene.write(6)

    between_pages(scene, act)
    scene.sync(**PAGES)
    all_is_well(scene)
    moved(scene, create=6, log_create=6)
    assert [f for f in scene.reconcile()["findings"] if f["kind"] == "orphan"], "a report that was torn out is said"


@pytest.mark.parametrize("times", [1, 2])
def test_s3_what_a_walk_skipped_that_could_not_be_confirmed_is_found_by_the_next_pull(
    scene_on_both: Scene, times: int
) -> None:
    """The cursor has passed it by days, and so no overlap brings it back: the next pull walks that stretch again."""
    scene = scene_on_both
    scene.house.recording.gateway.paging.style = "offset"
    for n in range(1, 6):
        scene.write(n, modifiedAt=stamp(scene.house.end - timedelta(days=7 - n)))
    between_pages(scene, lambda: scene.amend(1))
    scene.house.recording.arm("503", when="pull", skip=3, times=None, seconds=9)
    scene.late |= {id_of(3)}  # skipped: it moved to the page that had been read
    for _ in range(times):
        assert scene.sync(**PAGES, BRIDGE_DELIVERY__TIMEOUT_SECONDS="1")["exit_code"] == 3
    assert scene.held()["create"] == 4
    scene.house.recording.disarm()
    scene.settle(**PAGES)
    scene.late.clear()
    all_is_well(scene)
    moved(scene, create=5, log_create=5, append=1, log_correct=1)


# ---- S-4, S-5: the lives of a report -------------------------------------------------------------------------------


def test_s4_an_amendment_and_its_taking_back_are_three_revisions_and_two_additions(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    first = scene.house.recording.report(id_of(1))
    scene.sync()
    scene.amend(1)
    scene.sync()
    scene.house.recording.amend(id_of(1), {name: first[name] for name in ("narrative", "location")})
    scene.sync()
    all_is_well(scene)
    moved(scene, create=1, append=2, log_create=1, log_correct=2)
    assert [row["number"] for row in scene.rows("revision")] == [1, 2, 3]


def test_s5_a_void_is_said_once_at_each_target_and_taken_back_once(scene: Scene) -> None:
    scene.write(1)
    scene.sync()
    scene.house.recording.void(id_of(1))
    scene.settle()
    moved(scene, create=1, append=1, log_create=1, log_correct=1)
    note = scene.house.mosaic.notes(person_of(1))[0]
    assert "recorded in error" in note["appendments"][0]["note"]
    scene.house.recording.amend(id_of(1), {"status": "SignedOff"})
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, append=2, log_create=1, log_correct=2)


def test_s5_a_report_that_is_void_before_it_is_sent_is_sent_nowhere(scene: Scene) -> None:
    scene.house.mosaic.arm("refuse")
    scene.house.recording.arm("429", when="log_create", times=None, seconds=600)
    scene.write(1)
    scene.sync()
    scene.house.recording.void(id_of(1))
    scene.house.mosaic.disarm()
    scene.house.recording.disarm()
    scene.settle()
    all_is_well(scene)
    assert not scene.held()
    assert scene.states().keys() == {"superseded"}
    scene.house.recording.amend(id_of(1), {"status": "SignedOff"})
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_s5_two_homes_and_two_reports_with_one_number_are_told_apart(scene: Scene) -> None:
    homes = scene.house.homes_dir
    other = (
        (homes / "EXH.toml").read_text("utf-8").replace('id = "EXH"', 'id = "SAH"', 1).replace("Example H", "Sample H")
    )
    (homes / "SAH.toml").write_text(other, "utf-8")
    scene.write(1, 2)
    number = scene.house.recording.report(id_of(1))["incidentNumber"]
    scene.house.recording.amend(id_of(2), {"incidentNumber": number, "homeId": "SAH"})
    scene.write(3, incidentNumber=number)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=3, log_create=3)
    for n in (1, 2, 3):
        assert f"number {n}." in scene.house.mosaic.notes(person_of(n))[0]["note"]
    assert sorted(entry["homeId"] for entry in scene.house.recording.entries()) == ["EXH", "EXH", "SAH"]


# ---- S-6, S-7, S-8 -------------------------------------------------------------------------------------------------


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.pop(name)


def _with(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(changes)


DRIFTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "an unknown enum": _with(interventionType="Telepathic"),
    "an unknown status": _with(status="Archived"),
    "a renamed field": lambda found: found.update(happenedAt=found.pop("occurredAt")),
    "a missing key": _without("incidentNumber"),
    "a wrong type": _with(children="child-1"),
    "an impossible date": _with(occurredAt="2026-02-30T10:00:00"),
    "a number for a name": lambda found: found["children"][0].update(name=["not", "a", "name"]),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_s6_a_report_that_cannot_be_understood_waits_whole_and_blocks_nobody(scene: Scene, drift: str) -> None:
    scene.write(1, 3)
    strange = report(2, scene.house.end)
    DRIFTS[drift](strange)
    scene.house.mosaic.add_person(person_of(2))
    scene.house.recording.put(strange)
    result = scene.sync()
    assert result["exit_code"] == 2
    assert result["quarantined"] == 1
    moved(scene, create=2, log_create=2)
    told = scene.reconcile()
    assert scene.findings(told)["quarantined"] == 1
    assert told["totals"]["quarantined"] == 1
    # the source mends it: it leaves quarantine by itself
    scene.house.recording.put(report(2, scene.house.end, version=2, modifiedAt=stamp(scene.clock())))
    assert scene.settle()["quarantined"] == 0
    all_is_well(scene)
    moved(scene, create=3, log_create=3)


def test_s6_a_report_of_ten_megabytes_blocks_nobody_and_goes_on_in_appendments(scene: Scene) -> None:
    scene.write(1, 3)
    scene.write(2, narrative=f"{STORY} " + "It went on and on. " * 20_000, attachment="0" * 10_000_000)
    scene.settle()
    all_is_well(scene)
    parts = len(scene.house.mosaic.notes(person_of(2))[0]["appendments"])
    assert parts >= 10
    moved(scene, create=3, append=parts, log_create=3)


@pytest.mark.parametrize("fault", ["html_200_before", "truncated_json", "other_json", "empty_body", "short_body"])
def test_s7_an_answer_that_is_no_answer_is_never_taken_for_nothing_to_do(scene: Scene, fault: str) -> None:
    scene.write(1)
    scene.house.recording.arm(fault, when="pull", times=None)
    result = scene.sync(BRIDGE_DELIVERY__TIMEOUT_SECONDS="1")
    assert result["exit_code"] == 3
    assert result["unreachable"] == ["recording"]
    assert not scene.rows("cursor")
    assert not any(row["good"] for row in scene.rows("run"))
    scene.house.recording.disarm()
    assert scene.sync()["exit_code"] == 0
    moved(scene, create=1, log_create=1)


def test_s7_no_reports_at_all_where_there_were_some_is_no_clean_bill(scene: Scene) -> None:
    scene.write(1, 2)
    scene.sync()
    for n in (1, 2):
        scene.house.recording.delete(id_of(n))
    assert scene.sync()["pulled"]["seen"] == 0
    told = scene.reconcile()
    assert told["exit_code"] == 2
    assert scene.findings(told)["orphan"] >= 2


@pytest.mark.parametrize("status", [400, 410])
@pytest.mark.parametrize("once", [True, False])
def test_s8_a_cursor_that_is_lost_is_said_and_loses_no_report(scene: Scene, status: int, once: bool) -> None:
    scene.write(1, 2, 3, 4, 5)
    paging = scene.house.recording.gateway.paging
    paging.expired_status, paging.expires_once = status, once
    result = scene.sync(**PAGES)
    if once:
        assert any("lost its cursor" in line for line in scene.heard.lines)
    else:
        assert result["exit_code"] == 3
        paging.expired_status = None
        scene.sync(**PAGES)
    all_is_well(scene)
    moved(scene, create=5, log_create=5)


@pytest.mark.parametrize("mode", ["empty_pages", "repeats_items", "blank_cursor", "ignores_limit"])
def test_a_source_that_pages_oddly_loses_and_doubles_nothing(scene: Scene, mode: str) -> None:
    scene.write(1, 2, 3, 4, 5)
    setattr(scene.house.recording.gateway.paging, mode, True)
    scene.sync(**PAGES)
    all_is_well(scene)
    moved(scene, create=5, log_create=5)


def test_a_source_that_shows_the_newest_first_has_nothing_passed_over_when_its_pages_break_off(scene: Scene) -> None:
    recording = scene.house.recording
    serve = recording._pull

    def newest_first(asked: dict[str, str]) -> Any:
        rest = int(asked.get("cursor") or 5)
        items = json.loads(serve({"homeId": asked["homeId"]}).body)["items"][::-1]
        page = {"items": items[5 - rest : 7 - rest], "nextCursor": str(rest - 2) if rest > 2 else None}
        return Answer(200, json.dumps(page).encode())

    recording._pull = newest_first  # type: ignore[method-assign]
    scene.write(1, 2, 3, 4, 5)
    recording.arm("error_500_before", when="pull", skip=1, times=None)
    assert scene.sync(**PAGES)["exit_code"] == 3
    assert 0 < len(scene.rows("incident")) < 5
    recording.disarm()
    scene.sync(**PAGES)
    all_is_well(scene)
    moved(scene, create=5, log_create=5)
    assert scene.rows("cursor"), "every run reads it all again"


def test_a_source_whose_pages_never_end_is_left_with_what_was_read(scene: Scene) -> None:
    scene.write(1, 2, 3, 4, 5, 6)
    scene.house.recording.gateway.paging.repeats_cursor = True
    assert scene.sync(**PAGES)["exit_code"] == 3
    scene.house.recording.gateway.paging.repeats_cursor = False
    scene.sync(**PAGES)
    all_is_well(scene)
    moved(scene, create=6, log_create=6)


@pytest.mark.parametrize("ignored", [{"modifiedSince"}, {"homeId"}, {"modifiedSince", "modifiedBefore", "homeId"}])
def test_a_source_that_ignores_a_filter_brings_no_foreign_report(scene: Scene, ignored: set[str]) -> None:
    scene.house.recording.gateway.ignores = frozenset(ignored)
    scene.write(1)
    scene.write(2, home="OTHER")
    scene.settle()
    scene.amend(1)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, append=1, log_create=1, log_correct=1)


def test_yesterdays_copy_of_a_report_on_a_later_page_is_no_revision(scene: Scene) -> None:
    scene.write(1)
    old = scene.house.recording.report(id_of(1))
    scene.sync()
    scene.amend(1)
    scene.sync()
    scene.house.recording.put(old)
    scene.sync(BRIDGE_RECORDING__OVERLAP_MINUTES=str(60 * 24 * 30))
    all_is_well(scene)
    moved(scene, create=1, append=1, log_create=1, log_correct=1)


def test_a_source_that_is_down_holds_up_no_delivery_that_is_owed(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.arm("refuse")
    assert scene.sync()["exit_code"] == 3
    scene.house.mosaic.disarm()
    scene.house.recording.arm("503", when="pull", times=None)
    scene.advance(30)
    result = scene.sync(BRIDGE_DELIVERY__TIMEOUT_SECONDS="1")
    assert (result["exit_code"], result["unreachable"]) == (3, ["recording"])
    moved(scene, create=1, log_create=1)


def test_a_draft_is_counted_and_sent_nowhere_until_it_is_submitted(scene: Scene) -> None:
    scene.write(1, status="Draft")
    assert scene.sync()["pulled"]["drafts"] == 1
    assert not scene.held()
    scene.house.recording.amend(id_of(1), {"status": "Submitted"})
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_two_children_of_one_report_get_a_note_each_and_never_each_others(scene: Scene) -> None:
    both = report(1, scene.house.end)
    both["children"].append(
        {**both["children"][0], "childId": child_of(2), "mosaicPersonId": person_of(2), "name": "Child2 Canarybird"}
    )
    both["narrative"] = "Child1 pushed Child2, who was led away."
    for n in (1, 2):
        scene.house.mosaic.add_person(person_of(n))
    scene.house.recording.put(both)
    scene.house.mosaic.arm("reset_after_apply", when="create", path=f"/persons/{person_of(2)}/")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, log_create=1)
    assert {len(scene.house.mosaic.notes(person_of(n))) for n in (1, 2)} == {1}
    assert "Child2" not in json.dumps(scene.house.mosaic.notes(person_of(1)))
