"""What staff change while something waits: the newest report decides what still goes out, and to whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flows.backfill import backfill
from flows.case_files import case_files
from flows.planning import another_try
from ledger import outbox, standing
from ledger.outbox import Outcome
from ledger.states import Event
from mappings.owed import Plan
from mappings.plan import plan_revision
from tests.weather.invariants import all_is_well, moved
from tests.weather.reports import child_of, id_of, person_of, report
from tests.weather.scene import Scene

OTHER_NAME = "Ottoline Canarybird"
_EVER = (date.min, date.max)


def child(scene: Scene, n: int = 1, **changes: Any) -> dict[str, Any]:
    """The child of report 1, or another one who was there; each has a Mosaic record."""
    scene.house.mosaic.add_person(person_of(n))
    found = report(1, scene.house.end)["children"][0]
    if n != 1:
        found |= {"childId": child_of(n), "name": OTHER_NAME, "mosaicPersonId": person_of(n)}
    return {**found, **changes}


def begun_elsewhere(scene: Scene) -> list[outbox.Claim]:
    """What another worker has taken to send to Mosaic."""
    ledger = scene.ledger()
    try:
        return outbox.claim(ledger, "mosaic", "another worker", homes=["EXH"], limit=9, lease_seconds=300)
    finally:
        ledger.close()


def not_applied(scene: Scene, claims: list[outbox.Claim]) -> None:
    """Mosaic has told that worker to slow down."""
    ledger = scene.ledger()
    try:
        outbox.record(ledger, "another worker", [Outcome(one, Event.NOT_APPLIED, "Slow down.") for one in claims])
    finally:
        ledger.close()


@pytest.mark.parametrize("named", [True, False])
def test_a_note_that_was_in_hand_while_the_report_changed_goes_where_the_report_says_now(
    scene_on_both: Scene, *, named: bool
) -> None:
    """Broken once: what came back as not applied was sent again to a record that the report named no longer."""
    scene = scene_on_both
    first, second = child(scene), child(scene, 2)
    scene.write(1, children=[first, second])
    scene.house.mosaic.arm("503", when="create", times=2)
    scene.sync()
    scene.advance(900)
    claims = begun_elsewhere(scene)
    scene.house.mosaic.add_person(4242)
    scene.amend(1, children=[first, {**second, "mosaicPersonId": 4242}] if named else [first])
    scene.sync()
    not_applied(scene, claims)
    scene.settle()
    all_is_well(scene)
    assert len(scene.house.mosaic.notes(person_of(1))) == 1
    assert not scene.house.mosaic.notes(person_of(2)), "it lies on a record that the report does not name"
    assert len(scene.house.mosaic.notes(4242)) == named


def test_a_note_that_is_refused_while_staff_correct_the_id_goes_to_the_right_record(scene: Scene) -> None:
    """Broken once: it stayed refused under the old id, and another try asked for the old record again."""
    scene.write(1)
    scene.house.mosaic.arm("503", when="create")
    scene.sync()
    scene.advance(900)
    claims = begun_elsewhere(scene)
    scene.house.mosaic.add_person(4242)
    scene.amend(1, children=[child(scene, mosaicPersonId=4242)])
    scene.sync()
    ledger = scene.ledger()
    outbox.record(ledger, "another worker", [Outcome(claims[0], Event.REFUSED, "Restricted.", cause="restricted")])
    ledger.close()
    scene.retry_rejected()
    scene.settle()
    all_is_well(scene)
    assert len(scene.house.mosaic.notes(4242)) == 1
    assert not scene.house.mosaic.notes(person_of(1))


def test_another_try_of_a_refused_note_goes_nowhere_when_staff_have_taken_the_id_out(scene: Scene) -> None:
    """Broken once: `delivery retry` sent it to the old record, which may be another child's."""
    scene.write(1)
    scene.house.mosaic.arm("403", when="create")
    scene.sync()
    scene.amend(1, children=[child(scene, mosaicPersonId=None)])
    scene.sync()
    scene.retry_rejected()
    scene.settle()
    (refused,) = scene.rows(where="state = 'rejected'")
    assert refused["cause"] == "no_person_id"
    assert not scene.house.mosaic.notes(), "it lies on the record that the report names no longer"


@pytest.mark.parametrize("fault", ["400", "413", "422"])
def test_what_was_refused_for_its_text_is_made_anew_when_staff_mend_the_report(scene: Scene, fault: str) -> None:
    """Broken once: the mended report waited behind the refused one, and another try sent the refused text again."""
    scene.write(1)
    scene.house.mosaic.arm(fault, when="create")
    scene.house.recording.arm(fault, when="log_create")
    assert scene.sync()["exit_code"] == 2
    scene.amend(1, words="Shorter now.")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
    (note,) = scene.house.mosaic.notes(person_of(1))
    assert "Shorter now." in note["note"]


def test_an_appendment_that_was_refused_for_its_text_is_made_anew_with_all_that_changed(scene: Scene) -> None:
    scene.write(1)
    scene.settle()
    scene.house.mosaic.arm("413", when="append")
    scene.amend(1, words="Far too long.", effectiveness="Calm after the hold.")
    scene.settle()
    scene.amend(1, words="Shorter now.")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, append=1, log_create=1, log_correct=2)
    (note,) = scene.house.mosaic.notes(person_of(1))
    (added,) = note["appendments"]
    assert "Shorter now." in added["note"]
    assert "Calm after the hold." in added["note"]


def test_another_try_of_what_the_homes_file_had_wrong_is_sent_as_the_file_says_now(scene_on_both: Scene) -> None:
    """Broken once: the refusal said to correct the home's file, and another try sent what was refused again."""
    scene = scene_on_both
    file = scene.house.homes_dir / "EXH.toml"
    right = file.read_text("utf-8")
    file.write_text(right.replace('note_type = "SAFEINT"', 'note_type = "SAFEIN"'), "utf-8")
    scene.house.mosaic.gateway.note_types = frozenset({"SAFEINT"})
    scene.write(1)
    scene.sync()
    file.write_text(right, "utf-8")
    (refused,) = scene.rows(where="state = 'rejected'")
    with scene.site() as site:
        another_try(site, refused["id"], "operator")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
    scene.reconcile()
    assert scene.states() == {"verified": 2}


@pytest.mark.parametrize("fault", ["423", "close_before"])
def test_a_note_that_waits_does_not_name_a_child_whom_staff_have_added_meanwhile(scene: Scene, fault: str) -> None:
    """Broken once: it was sent as it was written, when nobody knew that a word in it was another child's name."""
    scene.write(1, narrative="Ottoline was moved away.")
    scene.house.mosaic.arm(fault, when="create")
    scene.sync()
    scene.house.recording.amend(id_of(1), {"children": [child(scene), child(scene, 2)]})
    scene.settle()
    all_is_well(scene)
    moved(scene, create=2, log_create=1, log_correct=1)
    (note,) = scene.house.mosaic.notes(person_of(1))
    assert "another child (A) was moved away" in note["note"]
    assert "Ottoline" not in note["note"]


@pytest.mark.parametrize("fault", ["503", "close_before"])
def test_an_entry_that_waits_names_no_child_whom_staff_have_taken_out_meanwhile(scene: Scene, fault: str) -> None:
    """Broken once: the log first said that the child was there, and then that it was not."""
    scene.write(1, children=[child(scene), child(scene, 2)])
    scene.house.recording.arm(fault, when="log_create")
    scene.sync()
    scene.house.recording.amend(id_of(1), {"children": [child(scene)]})
    scene.settle()
    all_is_well(scene)
    (entry,) = scene.house.recording.entries()
    assert entry["childIds"] == [child_of(1)]


@pytest.mark.parametrize("fault", ["503", "close_before"])
def test_what_staff_take_back_to_draft_before_it_is_sent_is_sent_when_they_submit_it_again(
    mail_scene: Scene, fault: str
) -> None:
    """Broken once: a draft went out to everybody (RULINGS 1)."""
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mosaic.arm(fault, when="create")
    scene.house.recording.arm(fault, when="log_create")
    scene.house.mail.arm("refuse")
    scene.sync()
    scene.amend(1, status="Draft")
    scene.house.mail.disarm()
    scene.settle()
    scene.advance(1000)
    scene.settle()
    assert not scene.held()
    assert not scene.house.mail.inbox()
    scene.amend(1, status="Submitted", words="What happened.")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
    assert len(scene.house.mail.inbox()) == 1
    assert "What happened." in scene.house.mosaic.notes(person_of(1))[0]["note"]


@pytest.mark.parametrize("sent", [True, False])
def test_what_staff_change_while_mosaic_is_switched_off_is_said_there_when_it_is_back(
    scene: Scene, *, sent: bool
) -> None:
    """Broken once: a note stood as it was, and one that waited went to the record of a child who was not there."""
    first, second = child(scene), child(scene, 2)
    scene.write(1, children=[first, second])
    if not sent:
        scene.house.mosaic.arm("503", when="create", times=2)
    scene.sync()
    with_it = scene.environ
    scene.environ = {name: value for name, value in with_it.items() if "MOSAIC" not in name}
    scene.amend(1, children=[first], words="Only one child was there.")
    assert scene.sync()["exit_code"] == 2
    scene.environ = with_it
    scene.advance(900)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1 + sent, append=1 + sent, log_create=1, log_correct=1)
    assert len(scene.house.mosaic.notes(person_of(2))) == sent
    assert scene.sync()["exit_code"] == 0


def test_a_plan_that_a_later_revision_has_overtaken_writes_nothing(
    scene_on_both: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """History is owed to Mosaic on purpose while another worker reads that staff put the child's Mosaic id right."""
    scene = scene_on_both
    scene.house.mosaic.add_person(4242)
    with_it = scene.environ
    scene.environ = {name: value for name, value in with_it.items() if "MOSAIC" not in name}
    scene.write(1)
    scene.sync()
    scene.environ = with_it

    def overtaken(*given: Any) -> Plan:
        monkeypatch.setattr("flows.planning.plan_revision", plan_revision)
        planned = plan_revision(*given)
        scene.amend(1, children=[child(scene, mosaicPersonId=4242)])
        scene.sync()
        return planned

    monkeypatch.setattr("flows.planning.plan_revision", overtaken)
    with scene.site() as site:
        backfill(site, list(site.homes.values()), "mosaic", *_EVER)
    scene.settle()
    all_is_well(scene)
    assert len(scene.house.mosaic.notes(4242)) == 1
    assert not scene.house.mosaic.notes(person_of(1)), "it lies on a record that the report does not name"


def duty(scene: Scene) -> str:
    """Where the duty to write the note stands."""
    with scene.site() as site:
        home = site.homes["EXH"]
        with site.ledger.reading() as connection:
            (file,) = case_files(site, home, standing.incidents(connection, [home.id]), site.ledger.now())
    return next(str(one.state) for one in file.duties if one.id == "mosaic_case_note")


@pytest.mark.parametrize("merged", [True, False])
def test_a_note_that_was_seen_under_another_id_than_staff_name_now_must_be_seen_under_that(
    scene_on_both: Scene, *, merged: bool
) -> None:
    """Broken once: the duty stayed met although the note lay on another child's record."""
    scene = scene_on_both
    scene.write(1)
    scene.sync()
    scene.reconcile()
    before = duty(scene)
    assert before in ("met", "met_late")
    scene.house.mosaic.add_person(4242)
    if merged:
        scene.house.mosaic.merge(person_of(1), 4242)
    scene.amend(1, children=[child(scene, mosaicPersonId=4242)])
    scene.sync()
    assert duty(scene) in ("open", "overdue")
    found = scene.findings(scene.reconcile())
    assert bool(found["wrong_child"]) == (not merged)
    assert (duty(scene) == before) == merged


@pytest.mark.parametrize("voided", [True, False])
def test_a_submission_whose_concern_staff_have_taken_out_is_told_to_the_manager_as_that(
    scene: Scene, *, voided: bool
) -> None:
    """Broken once: the manager was asked to decide as if the report still said so."""
    hurt = {"injured": "Yes", "injuryDetails": "A graze."}
    scene.write(1, children=[child(scene, **hurt)], hours_ago=2)
    scene.sync()
    (asked, *_) = undecided(scene)
    assert asked["severity"] == "medium"
    scene.amend(1, **({"status": "Void"} if voided else {"children": [child(scene)]}))
    scene.sync()
    told = undecided(scene)
    assert told
    for one in told:
        assert "staff have voided the report, or taken out of it" in one["message"]
        assert one["severity"] == "high"


def undecided(scene: Scene) -> list[dict[str, Any]]:
    """What a reconciliation finds of LADO submissions that wait."""
    return [one for one in scene.reconcile()["findings"] if one["kind"] == "lado_undecided"]
