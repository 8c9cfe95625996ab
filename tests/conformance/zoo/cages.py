"""The animals in their cages: each is put in the place of the good connector, and meets its whole kit.

Run by `keeper.py`, which names the house of the zoo; never collected with the other tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connectors.conformance import Subject
from tests.conformance import subjects, test_shipped
from tests.conformance.zoo import (
    appending_animals,
    keeping_animals,
    looking_animals,
    mosaic_animals,
    other_animals,
    postroom,
    source_animals,
)


class House(NamedTuple):
    """Animals of one kind, the kit that they meet, and the far end that they meet it with."""

    animals: Sequence[type[Any]]
    kit: type[Any]
    subject: subjects.SubjectOf
    only: str = ""
    """Which tests, where the whole kit would cost too much: pytest's -k."""


_QUICK = "not c2 and not c8 and not w2"
_KEEPING = "every or test_w and not w2 or c10"
_READING = "every or test_s or c1 or c6"
_HALF = len(mosaic_animals.ANIMALS) // 2
HOUSES: Mapping[str, House] = {
    "mosaic, one": House(mosaic_animals.ANIMALS[:_HALF], test_shipped.TestMosaicRest, subjects.mosaic),
    "mosaic, two": House(mosaic_animals.ANIMALS[_HALF:], test_shipped.TestMosaicRest, subjects.mosaic),
    # What these animals cannot touch, and what costs whole deadlines, is left to those above.
    "mosaic, appending": House(appending_animals.ANIMALS, test_shipped.TestMosaicRest, subjects.mosaic, _QUICK),
    "mosaic, looking": House(looking_animals.ANIMALS, test_shipped.TestMosaicRest, subjects.mosaic, _QUICK),
    "mosaic, keeping": House(keeping_animals.ANIMALS, test_shipped.TestMosaicRest, subjects.mosaic, _KEEPING),
    "recording": House(source_animals.ANIMALS, test_shipped.TestRecordingRest, subjects.recording),
    "recording, reading": House(source_animals.READERS, test_shipped.TestRecordingRest, subjects.recording, _READING),
    "daily log": House(other_animals.LOG_REST, test_shipped.TestDailyLogRest, subjects.daily_log),
    "log files": House(other_animals.LOG_FILES, test_shipped.TestDailyLogFiles, subjects.log_folder),
    "smtp": House(other_animals.SMTP, test_shipped.TestSmtp, subjects.mail),
    "postroom": House(other_animals.POSTROOM, postroom.TestPostroom, postroom.postroom),
    "packages": House(other_animals.PACKAGE, test_shipped.TestLadoPackage, subjects.lado_desk),
    # A browser for each test: those that these animals cannot touch are left to the good connector.
    "prefill": House(
        other_animals.PREFILL, test_shipped.TestLadoPrefill, subjects.lado_form, "f1 or f2 or f3 or c10 or every"
    ),
}


def _caged(animal: type[Any], house: House) -> type[Any]:
    def tame(connector: Any) -> Any:
        connector.__class__ = animal
        getattr(connector, "settle_in", lambda: None)()
        return connector

    @pytest.fixture
    def subject(_self: Any, tmp_path: Path) -> Iterator[Subject]:
        with house.subject(tmp_path, tame) as found:
            yield getattr(animal, "changed", lambda one: one)(found)

    return type(f"Test{animal.__name__}", (house.kit,), {"subject": subject, "__module__": __name__})


if (_open := os.environ.get("ZOO_HOUSE")) is not None:
    _group, _groups = map(int, os.environ["ZOO_GROUP"].split("/"))
    for _animal in HOUSES[_open].animals[_group::_groups]:
        globals()[f"Test{_animal.__name__}"] = _caged(_animal, HOUSES[_open])
