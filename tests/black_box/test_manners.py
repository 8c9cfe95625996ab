"""Servers with strange but legal habits: everything arrives once, on the right record, and is seen there again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.black_box.bridge import Town
from tests.black_box.stories import ago, full, minimal, other_child, stamp
from tests.black_box.wire import Manners

Found = Callable[..., Town]

HOUSES: dict[str, tuple[Manners, Manners]] = {
    "keyset cursors, blank ones, empty pages, chunked, more keys than promised": (
        Manners(page=2, blank_cursor=True, empty_pages=True, chunked=True, extra=True, charset="; charset=utf-8"),
        Manners(page=1, blank_cursor=True, chunked=True, extra=True, rewrite=True, ignore_filters=True),
    ),
    "offset cursors, repeated items, gzip, filters ignored, references dropped": (
        Manners(page=3, offset_cursor=True, twice=True, gzipped=True, ignore_filters=True, drop_reference=True),
        Manners(gzipped=True, drop_reference=True, rewrite=True, skew_seconds=-420, charset=";charset=UTF-8"),
    ),
    "a connection a call, short tokens, folded references, a fast clock, 200 for what is there": (
        Manners(http_1_0=True, fold_reference=True, fold_home=True, idempotent=True, skew_seconds=400, slow=0.02),
        Manners(
            http_1_0=True,
            token_seconds=1,
            slow=0.15,
            fold_reference=True,
            idempotent=True,
            skew_seconds=600,
            locationless=False,
        ),
    ),
}


def a_fortnight() -> list[dict[str, Any]]:
    """Twelve reports, five of them with one time stamp, ids of several kinds, times with and without offsets."""
    reports = []
    for number in range(1, 13):
        when = ago(days=13 - number, hours=1)
        make = full if number % 3 == 0 else minimal
        one = make(number, when, incidentId=f"{number % 4}:{number:03}/é ü?&x={number}#%41")
        if 4 <= number <= 8:
            one["modifiedAt"] = stamp(ago(days=2), fraction=number % 2 == 0)
        if number == 5:
            one["occurredAt"] = when.isoformat()
        if number == 7:
            one |= {"submittedAt": None, "signedOffAt": None, "version": 3}
        if number == 9:
            one["children"] = [*one["children"], other_child(childId="child-3", mosaicPersonId="1003", name="Ignatius")]
        reports.append(one)
    return reports


@pytest.mark.parametrize("habits", HOUSES, ids=lambda name: name.split(",")[0])
def test_a_house_with_strange_manners_is_served_whole_and_once(found: Found, habits: str) -> None:
    recording, mosaic = HOUSES[habits]
    town = found(recording=recording, mosaic=mosaic, mail=False)
    reports = a_fortnight()
    town.recording.put(*reports, minimal(1, ago(1), home="ZZZ"))
    owed = sum(len(one["children"]) for one in reports)

    first = town.bridge.sync(code=0)
    again = town.bridge.sync(code=0)
    found_out = town.bridge.reconcile(ago(20).date().isoformat(), ago(0).date().isoformat())

    assert first["pulled"]["new"] == 12
    assert again["pulled"]["new"] == again["pulled"]["revised"] == 0
    assert (town.mosaic.refused, town.recording.refused) == ([], [])
    assert len({note["_reference"] for note in town.mosaic.notes.values()}) == len(town.mosaic.notes) == owed
    assert len(town.recording.log) == 12
    assert all(note["state"] == "COMPLETE" for note in town.mosaic.notes.values())
    assert found_out["totals"]["verified"] == found_out["totals"]["source"] == 12, found_out["totals"]
    assert found_out["totals"]["balanced"] is True
    allowed = {"purpose_not_permitted", "repeat", "duty_overdue", "training_unknown", "training_lapsed"}
    assert {one["kind"] for one in found_out["findings"]} <= allowed, town.bridge.kinds(found_out)


def test_the_servers_own_clock_may_run_ahead_and_nothing_is_passed_over(found: Found) -> None:
    town = found(mail=False)
    ahead = ago(0) + timedelta(minutes=50)
    town.recording.put(minimal(1, ago(1), modifiedAt=stamp(ahead)))
    town.bridge.sync(code=0)
    town.recording.put(minimal(2, ago(1), modifiedAt=stamp(ago(minutes=20))))
    town.bridge.sync(code=0)
    assert len(town.recording.log) == 2
