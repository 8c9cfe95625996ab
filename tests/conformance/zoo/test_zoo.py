"""A kit that cannot fail proves nothing: each broken connector fails exactly the assertion that it breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.conformance import (
    CaseNoteStoreConformance,
    FormDeskConformance,
    LogStoreConformance,
    NotifierConformance,
    SourceConformance,
)
from connectors.conformance.documentation import asserted_by, assertion_of
from tests.conformance.zoo.cages import HOUSES
from tests.conformance.zoo.postroom import TestPostroom  # noqa: F401 - the good one is a test too

ROOT = Path(__file__).parents[3]
KITS = (
    CaseNoteStoreConformance,
    SourceConformance,
    LogStoreConformance,
    NotifierConformance,
    FormDeskConformance,
)


@pytest.mark.parametrize("house", HOUSES)
def test_each_animal_fails_exactly_its_own_assertion(house: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.conformance.zoo.keeper", house],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    log = json.loads(ran.stdout.splitlines()[-1])
    failed = {animal: sorted({assertion_of(test) for test in log[animal].get("failed", [])}) for animal in log}
    expected = {animal.__name__: [animal.breaks] if animal.breaks else [] for animal in HOUSES[house].animals}
    assert failed == expected, ran.stdout[-4000:]
    assert all(len(log[animal].get("passed", [])) > 4 for animal in log)


def test_every_assertion_has_an_animal_that_breaks_it() -> None:
    asserted = {assertion_of(name) for kit in KITS for name in asserted_by(kit)}
    broken = {animal.breaks for house in HOUSES.values() for animal in house.animals}
    assert broken - {""} == asserted
    assert len(asserted) == 11 + 11 + 12 + 5 + 3
