"""WEATHER section 4, Time: doubled hours, and hosts whose clocks are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.weather.invariants import all_is_well, moved
from tests.weather.reports import person_of, report
from tests.weather.scene import Scene


@pytest.mark.parametrize("hours", [-1.0, -24 * 30, 24.0, 24 * 400])
def test_c2_a_host_whose_clock_is_wrong_neither_doubles_nor_loses(scene_on_both: Scene, hours: float) -> None:
    """Leases and settling times go by the database's clock; the wall clock only dates what people read."""
    scene = scene_on_both
    scene.write(1, 2, 3)
    scene.house.mosaic.arm("reset_after_apply", when="create", times=2)
    scene.sync()
    scene.clock.wrong_by = hours * 3600
    scene.amend(1, 2, 3)
    scene.settle()
    scene.clock.wrong_by = 0.0
    scene.write(4)
    scene.amend(2, words="And again.")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=4, append=4, log_create=4, log_correct=4)


def test_c2_two_hosts_five_minutes_apart_take_nothing_from_each_other(scene_on_both: Scene) -> None:
    scene = scene_on_both
    scene.write(1, 2)
    scene.house.mosaic.arm("commit_later", when="create", times=2, seconds=100)
    for _ in range(6):
        for wrong_by in (0.0, 300.0):
            scene.clock.wrong_by = wrong_by
            scene.sync()
        scene.advance(61)
    all_is_well(scene)
    moved(scene, create=2, log_create=2)
    assert not [row for row in scene.rows("attempt") if row["event"] == "lease_expired"]


def test_c1_an_incident_in_the_doubled_hour_is_delivered_once_and_flagged(scene: Scene) -> None:
    autumn = datetime(2026, 10, 25, 1, 30)
    found = report(1, autumn.replace(tzinfo=UTC) + timedelta(days=1), hours_ago=20)
    found["occurredAt"] = found["measures"][0]["startedAt"] = "2026-10-25T01:30:00"
    found["modifiedAt"] = scene.clock().isoformat()
    scene.house.mosaic.add_person(person_of(1))
    scene.house.recording.put(found)
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, log_create=1)
    days = (scene.today - autumn.date()).days + 3
    assert scene.findings(scene.reconcile(days=days))["clock"] == 1


def test_c3_a_report_changed_on_a_clock_that_is_ahead_hides_no_later_one(scene: Scene) -> None:
    scene.write(1, modifiedAt=(scene.clock() + timedelta(days=2)).isoformat())
    scene.sync()
    scene.write(2, modifiedAt=scene.clock().isoformat())
    scene.sync()
    all_is_well(scene)
    moved(scene, create=2, log_create=2)
