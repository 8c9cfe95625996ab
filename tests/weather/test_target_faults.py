"""WEATHER section 4, T-1 to T-18: every fault of the table, on create, append, complete, log create and log correct.

However an exchange goes wrong, each note, appendment, entry and correction is at its target once in the end.
"""

from __future__ import annotations

import pytest

from sandbox.faults import FAULTS, Stage
from tests.weather.invariants import all_is_well, moved
from tests.weather.scene import Scene

_HTTP = (Stage.HEAD, Stage.BEFORE, Stage.AFTER)
#: Faults after which the record is refused for good: a person must look.
REFUSED = ("400", "400_quoting", "403", "404", "409", "410", "413", "422", "422_naming")
PASSING = sorted(fault.name for fault in FAULTS.values() if fault.stage in _HTTP and fault.name not in REFUSED)


def strike(scene: Scene, fault: str, *operations: str) -> None:
    """Arm a fault once for each operation, wherever that lives."""
    for operation in operations:
        stand_in = scene.house.recording if operation.startswith("log_") else scene.house.mosaic
        stand_in.arm(fault, when=operation, seconds=2 if FAULTS[fault].seconds else None)


@pytest.mark.parametrize("fault", PASSING)
def test_whatever_goes_wrong_once_each_record_is_there_once(scene: Scene, fault: str) -> None:
    scene.environ["BRIDGE_DELIVERY__TIMEOUT_SECONDS"] = "1"
    scene.house.mosaic.gateway.stores_drafts = True
    scene.write(1)
    strike(scene, fault, "create", "complete", "log_create")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, complete=1, log_create=1)

    scene.amend(1)
    strike(scene, fault, "append", "log_correct")
    scene.settle()
    all_is_well(scene)
    moved(scene, create=1, complete=1, append=1, log_create=1, log_correct=1)
    assert scene.house.mosaic.armed() == [], "the fault struck nothing"
