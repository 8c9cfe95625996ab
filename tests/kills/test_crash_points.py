"""WEATHER section 4, K1 to K9: SIGKILL at each named point, on the first try and on the next; in the end, one of each.

Real processes, real sockets, both engines where the point is inside a transaction or between two.
"""

from __future__ import annotations

import pytest

from tests.kills.bridge import KILLED, Bridge
from tests.weather.invariants import all_is_well, moved
from tests.weather.reports import id_of
from tests.weather.scene import Scene
from tests.weather.test_email_rows import MANAGER, different_letters

#: What the ledger writes, step by step: each of these is tried on both engines.
IN_THE_LEDGER = (
    "store.before_owed",  # K3: between a revision and what it owes
    "store.before_cursor",  # K2: inside the transaction of a page
    "store.before_commit",
    "store.committed",  # K2: just after
    "claim.committed",  # K4: `sending`, before the connection
    "record.before_note",  # K8: recorded, before the audit entry
    "record.before_commit",
    "record.committed",
)
#: Everything else.
ON_THE_WAY = (
    "pull.page_read",  # K1
    "pull.page_stored",  # K2: before the next page
    "deliver.claimed.mosaic",
    "deliver.claimed.email",
    "deliver.sending.mosaic",  # K4
    "deliver.sending.mosaic:3",
    "wire.mosaic.connect",
    "wire.mosaic.half_written",  # K5
    "wire.mosaic.half_written:2",
    "wire.mosaic.written",  # K6
    "wire.mosaic.written:2",
    "wire.mosaic.answered",  # K7, and K9: the draft is there, and not finished
    "wire.mosaic.answered:2",
    "deliver.sent.mosaic",
    "deliver.answered.mosaic",
    "deliver.recorded.mosaic",
    "wire.daily_log.half_written",
    "wire.daily_log.written",
    "wire.daily_log.answered",
    "deliver.sent.daily_log:2",
    "deliver.answered.daily_log",
    "deliver.sending.email",
    "deliver.sent.email",
    "deliver.answered.email",
    "deliver.sent.lado",
    "deliver.answered.lado",
)


#: While a long pull still reads and what it has planned goes out already.
AHEAD = (
    "pull.page_stored:4",
    "store.before_commit:4",
    "claim.committed:2",
    "deliver.sending.mosaic:2",
    "wire.mosaic.half_written",
    "deliver.sent.mosaic:2",
    "record.before_commit",
)


def an_evening(scene: Scene) -> None:
    """One report that was delivered and is amended now; two new ones, one of them about an adult too."""
    scene.house.mosaic.gateway.stores_drafts = True
    scene.write(1, hours_ago=20)
    scene.sync(wait=8)
    moved(scene, create=1, complete=1, log_create=1)
    scene.amend(1)
    scene.write(2, 3, hours_ago=5)
    child = scene.house.recording.report(id_of(3))["children"][0]
    scene.house.recording.amend(id_of(3), {"children": [{**child, "injured": "Yes", "injuryDetails": "A graze."}]})


def one_of_each(scene: Scene) -> None:
    """What an evening must have come to, counted in the stand-ins."""
    all_is_well(scene)
    moved(scene, create=3, complete=3, append=1, log_create=3, log_correct=1)
    assert different_letters(scene)[MANAGER] == 3
    assert len(list((scene.house.folder / "lado").glob("*.json"))) == 2
    assert scene.states()["awaiting_approval"] == 2


def dies_twice(bridge: Bridge, point: str) -> None:
    """Kill the first run at a point and the next one too, then let it finish."""
    an_evening(bridge.scene)
    assert bridge.sync(crash_at=point) == KILLED, "the point was not reached"
    bridge.sync(crash_at=point)
    bridge.until_done()
    one_of_each(bridge.scene)


@pytest.mark.parametrize("point", IN_THE_LEDGER)
def test_killed_while_the_ledger_writes_it_ends_with_one_of_each(bridge_on_both: Bridge, point: str) -> None:
    dies_twice(bridge_on_both, point)


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_killed_on_the_way_it_ends_with_one_of_each(bridge: Bridge, point: str) -> None:
    dies_twice(bridge, point)


@pytest.mark.parametrize("point", ["deliver.sending.mosaic", "wire.mosaic.written", "deliver.sent.mosaic:2"])
def test_on_postgresql_too_killed_on_the_way_it_ends_with_one_of_each(bridge_on_postgresql: Bridge, point: str) -> None:
    dies_twice(bridge_on_postgresql, point)


@pytest.mark.parametrize("point", AHEAD)
def test_killed_while_it_sends_ahead_of_a_long_pull_it_ends_with_one_of_each(bridge: Bridge, point: str) -> None:
    scene = bridge.scene
    scene.write(*range(1, 10), hours_ago=5)
    assert bridge.sync(crash_at=point, BRIDGE_RECORDING__PAGE_SIZE="2") == KILLED, "the point was not reached"
    bridge.sync(crash_at=point, BRIDGE_RECORDING__PAGE_SIZE="2")
    bridge.until_done()
    all_is_well(scene)
    moved(scene, create=9, log_create=9)
