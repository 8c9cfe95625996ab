"""Lets every animal of one house meet its kit, and prints what came of each: `python -m ...keeper HOUSE`.

JSON on the last line: by animal, by outcome (`passed`, `failed`, `skipped`), the names of the tests.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conformance import test_shipped  # noqa: F401 - once for all groups

CAGES = Path(__file__).with_name("cages.py")
Log = dict[str, dict[str, list[str]]]
_AT_ONCE = 4


class Logbook:
    """A pytest plugin that writes down each test's outcome; a test that cannot be set up has failed."""

    def __init__(self) -> None:
        self.log: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        _, animal, test = report.nodeid.split("::")
        outcome = "failed" if report.when == "teardown" else report.outcome
        self.log[animal.removeprefix("Test")][outcome].append(test)


def main(house: str) -> int:
    os.environ["ZOO_HOUSE"] = house
    log: Log = {}
    # Most of what the kit costs is waiting for deadlines: several groups wait at once, each in a process of its own.
    with multiprocessing.get_context("fork").Pool(_AT_ONCE) as processes:
        for found in processes.map(_meet, range(_AT_ONCE), chunksize=1):
            log.update(found)
    sys.stdout.write("\n" + json.dumps(log) + "\n")
    return 0


def _meet(group: int) -> Log:
    """Let one group of the house's animals meet their kit, one after the other."""
    os.environ["ZOO_GROUP"] = f"{group}/{_AT_ONCE}"
    from tests.conformance.zoo.cages import HOUSES

    house = HOUSES[os.environ["ZOO_HOUSE"]]
    logbook = Logbook()
    with TemporaryDirectory() as folder:
        chosen = ["-k", house.only] if house.only else []
        arguments = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "--basetemp", f"{folder}/runs"]
        pytest.main([*arguments, *chosen, str(CAGES)], plugins=[logbook])
    return {animal: dict(found) for animal, found in logbook.log.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
