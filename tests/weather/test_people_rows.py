"""WEATHER section 4, People: decisions, retries, and a manager who typed the note by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows import submissions
from ledger.desk import retry
from ledger.errors import Refused
from ledger.outbox import Outcome, claim, claim_looks, record
from ledger.states import Event
from tests.weather.invariants import all_is_well, check, moved
from tests.weather.reports import id_of, person_of, report
from tests.weather.scene import Scene


def with_a_concern(scene: Scene) -> None:
    """A report that owes a LADO submission for each adult who held the child."""
    found = report(1, scene.house.end)
    found["children"][0].update(injured="Yes", injuryDetails="A graze.")
    scene.house.mosaic.add_person(person_of(1))
    scene.house.recording.put(found)


def decide(scene: Scene, submission_id: int, decision: str, by: str, **more: Any) -> dict[str, Any]:
    """A manager decides; then every invariant."""
    with scene.site() as site:
        found = submissions.decide(site, submission_id, decision, by, **more)
    check(scene)
    return found


def waiting(scene: Scene) -> list[int]:
    """Submissions that wait for a manager."""
    return [row["id"] for row in scene.rows(where="target = 'lado' AND state = 'awaiting_approval'")]


@pytest.mark.parametrize("second", ["approved", "declined"])
def test_h1_one_decision_stands_and_the_second_manager_is_told_whose(scene_on_both: Scene, second: str) -> None:
    scene = scene_on_both
    with_a_concern(scene)
    assert scene.sync()["exit_code"] == 0
    first, *_ = waiting(scene)
    decide(scene, first, "approved", "Pat Example")
    with pytest.raises(Refused, match="approved by Pat Example"):
        decide(scene, first, second, "Jo Overseer", reason="Not needed")
    assert [row["by"] for row in scene.rows("approval")] == ["Pat Example"]
    all_is_well(scene)


def test_h1_a_revision_that_was_overtaken_cannot_be_decided_and_the_newer_one_is_named(scene: Scene) -> None:
    with_a_concern(scene)
    scene.sync()
    old = waiting(scene)
    scene.house.recording.amend(id_of(1), {"narrative": "A second account of the same evening."})
    scene.settle()
    new = waiting(scene)
    assert not set(old) & set(new)
    with pytest.raises(Refused, match=str(new[0])):
        decide(scene, old[0], "approved", "Pat Example")
    decide(scene, new[0], "approved", "Pat Example")
    assert not scene.house.lado_form.submissions()


def test_k12_a_package_that_was_not_written_again_after_its_approval_is_written_by_the_next_run(scene: Scene) -> None:
    with_a_concern(scene)
    scene.sync()
    one = waiting(scene)[0]
    path = Path(scene.rows(where=f"id = {one}")[0]["remote_id"])
    before = path.read_bytes()
    decide(scene, one, "approved", "Pat Example")
    after = path.read_bytes()
    path.write_bytes(before)
    scene.sync()
    assert path.read_bytes() == after
    assert json.loads(after)["fields"]["referral_date"]["value"]


def test_h2_a_retry_of_what_is_in_doubt_looks_first_and_finds_it(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.house.mosaic.arm("reset_after_apply", when="create")
    scene.sync()
    ledger = scene.ledger()
    one = scene.rows(where="state = 'uncertain'")[0]["id"]
    assert "looked up" in retry(ledger, one, "operator")
    ledger.close()
    scene.sync()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_h2_a_retry_of_what_was_verified_is_refused(scene: Scene) -> None:
    scene.write(1)
    scene.settle()
    scene.reconcile()
    ledger = scene.ledger()
    for row in scene.rows(where="state = 'verified'"):
        with pytest.raises(Refused, match="would double"):
            retry(ledger, row["id"], "operator")
    ledger.close()
    scene.settle()
    moved(scene, create=1, log_create=1)


def test_h2_a_retry_of_what_a_worker_holds_is_refused(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1)
    scene.house.mosaic.arm("refuse")
    scene.sync()
    scene.house.mosaic.disarm()
    scene.advance(60)
    ledger = scene.ledger()
    (held,) = claim(ledger, "mosaic", "another-worker", homes=["EXH"], limit=5, lease_seconds=300)
    with pytest.raises(Refused, match="with a worker"):
        retry(ledger, held.id, "operator")
    ledger.close()
    # that worker never comes back: its lease runs out, it is looked for twice, and sent once
    scene.advance(301)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_h2_a_retry_while_a_look_is_under_way_is_not_forgotten(scene_on_both: Scene) -> None:
    """Broken once: the look wrote down what it had known when it began, and the person's word was lost."""
    scene = scene_on_both
    scene.write(1)
    scene.house.mosaic.arm("close_before", when="create")
    scene.sync()
    scene.advance(61)
    ledger = scene.ledger()
    for said_so in (False, True):
        (held,) = claim_looks(ledger, "mosaic", "another worker", homes=["EXH"], limit=5, lease_seconds=300)
        assert (held.detail["sent_to"] is None) == said_so
        retry(ledger, held.id, "operator")
        record(ledger, "another worker", [Outcome(held, Event.LOOK_FAILED, "Away.", detail={"looks_failed": 1})])
    ledger.close()
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)


def test_h3_a_note_that_was_typed_by_hand_in_the_outage_is_shown_as_a_possible_duplicate(scene: Scene) -> None:
    scene.house.mosaic.arm("refuse")
    scene.write(1)
    scene.sync()
    scene.house.mosaic.disarm()
    note = report(1, scene.house.end)
    scene.house.mosaic.write_by_hand(
        person_of(1),
        title="Restraint",
        text="<p>Held for four minutes.</p>",
        note_type="SAFEINT",
        effective_date=note["occurredAt"],
    )
    scene.advance(60)
    scene.settle()
    told = scene.reconcile()
    assert scene.findings(told)["possible_duplicate"] == 1
    moved(scene, create=1, log_create=1)
