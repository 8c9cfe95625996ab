"""A further walk of a pull reads what is new, and whatever differs by a single letter."""

from __future__ import annotations

from flows.seen_items import SeenItems

FIRST = {"incidentId": "inc-1", "modifiedAt": "2026-11-01T09:00:00Z", "version": 1, "narrative": "Calm."}
SECOND = {**FIRST, "incidentId": "inc-2"}


def test_what_an_earlier_walk_stored_is_not_read_again() -> None:
    seen = SeenItems()
    assert seen.others([FIRST, SECOND]) == [FIRST, SECOND]
    seen.add([FIRST])
    assert seen.others([FIRST, SECOND]) == [SECOND]
    seen.add([SECOND])
    assert seen.others([dict(reversed(FIRST.items())), SECOND]) == []


def test_a_report_that_was_changed_between_the_walks_is_read_though_its_stamp_and_version_are_the_same() -> None:
    seen = SeenItems()
    seen.add([FIRST, SECOND])
    changed = {**FIRST, "narrative": "Calm!"}
    assert seen.others([FIRST, changed]) == [changed]


def test_items_that_are_no_reports_at_all_are_told_apart_too() -> None:
    seen = SeenItems()
    seen.add([{"unreadable": 7}, {}])
    assert seen.others([{"unreadable": 7}, {"unreadable": "7"}, {}]) == [{"unreadable": "7"}]
