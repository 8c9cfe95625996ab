"""A finding over several runs: opened, seen again, acknowledged, resolved, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flows.reconcile import reconcile
from ledger import findings
from sandbox.notes import Note
from tests.weather.reports import person_of
from tests.weather.scene import Scene


def deleted(scene: Scene) -> Note:
    """Somebody at the council deletes the one note."""
    scene.write(1)
    scene.settle()
    scene.reconcile()
    (note,) = scene.house.mosaic.book.of_person(person_of(1))
    scene.house.mosaic.delete_note(note.note_id)
    return note


def about_the_note(told: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in told["findings"] if one["kind"] == "deleted"]
    return dict(found)


def acknowledge(scene: Scene, finding_id: str) -> None:
    ledger = scene.ledger()
    findings.acknowledge(ledger, finding_id, "M. Manager", "the council knows")
    ledger.close()


def test_a_finding_keeps_its_id_and_its_first_sight_and_an_acknowledgement_stays_visible(scene: Scene) -> None:
    deleted(scene)
    first = about_the_note(scene.reconcile())
    scene.advance(60)
    acknowledge(scene, first["id"])
    second = about_the_note(scene.reconcile())
    assert (second["id"], second["first_seen"]) == (first["id"], first["first_seen"])
    assert second["last_seen"] > first["last_seen"]
    assert second["acknowledged"]
    assert second["acknowledged_at"] is not None


def test_what_was_acknowledged_and_resolved_is_open_when_it_comes_back(scene: Scene) -> None:
    """Broken once: a note that vanished for the second time was still acknowledged from the first, and nobody heard."""
    note = deleted(scene)
    first = about_the_note(scene.reconcile())
    acknowledge(scene, first["id"])
    note.deleted = False
    scene.advance(60)
    assert scene.reconcile()["resolved"] == 1
    note.deleted = True
    scene.advance(60)
    back = about_the_note(scene.reconcile())
    assert (back["id"], back["first_seen"]) == (first["id"], first["first_seen"])
    assert not back["acknowledged"]
    assert back["acknowledged_at"] is None
    acts = [row["act"] for row in scene.rows("audit_entry") if row["record"] == f"finding:{first['id']}"]
    assert acts == ["finding opened", "finding acknowledged", "finding resolved", "finding opened again"]


def test_a_look_at_another_moment_opens_and_resolves_nothing(scene: Scene) -> None:
    """Broken once: to look at last Tuesday resolved what has come due since, and opened it again the next night."""
    scene.write(1, staffDebrief={})
    scene.settle()
    now = scene.reconcile()
    before = scene.rows("finding")
    scene.advance(60)
    for moment in (scene.clock() - timedelta(days=40), scene.clock() + timedelta(days=400)):
        with scene.site() as site:
            (home,) = site.homes.values()
            end = scene.today + timedelta(days=1)
            seen = reconcile(site, home, end - timedelta(days=60), end, scene.house.folder, as_of=moment)
        assert seen["resolved"] == 0
        assert scene.rows("finding") == before
    first_seen = {one["id"]: one["first_seen"] for one in now["findings"]}
    assert {one["id"]: one["first_seen"] for one in scene.reconcile()["findings"]} == first_seen


def test_what_is_healed_says_since_when_it_stood(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.lock(person_of(1))
    scene.sync()
    (first,) = [one for one in scene.reconcile()["findings"] if one["kind"] == "missing"]
    scene.house.mosaic.lock(person_of(1), locked=False)
    scene.advance(60)
    (healed,) = [one for one in scene.reconcile(heal=True)["findings"] if one["kind"] == "missing"]
    assert healed["healed"]
    assert (healed["id"], healed["first_seen"]) == (first["id"], first["first_seen"])
    assert [one for one in scene.reconcile()["findings"] if one["kind"] == "missing"] == []


def test_an_acknowledgement_ends_where_a_finding_becomes_more_urgent(scene: Scene) -> None:
    """Broken once: a LADO decision that was acknowledged in time was silent when its time was over."""
    waits = findings.Seen("f1", "lado_undecided", "medium", "EXH-2026-0001", "lado", "staff-1", None)
    ledger = scene.ledger()

    def seen(severity: str) -> bool:
        day = scene.today
        range_of_days = {"start": day, "end": day, "unseen_targets": (), "actor": "test"}
        kept = findings.keep(ledger, "EXH", [replace(waits, severity=severity)], **range_of_days)
        return kept.standing["f1"].acknowledged_at is not None

    seen("medium")
    findings.acknowledge(ledger, "f1", "M. Manager", "on Monday")
    assert [seen("medium"), seen("high"), seen("medium")] == [True, False, False]
    findings.acknowledge(ledger, "f1", "M. Manager", "decided today")
    assert [seen("medium"), seen("low"), seen("medium")] == [True, True, False]
    ledger.close()
