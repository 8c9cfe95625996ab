"""Lets every animal of one house meet its kit, and prints what came of each: `python -m ...keeper HOUSE`.

JSON on the last line: by animal, by outcome (`passed`, `failed`, `skipped`), the names of the tests.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

CAGES = Path(__file__).with_name("cages.py")
Log = dict[str, dict[str, list[str]]]


class Logbook:
    """A pytest plugin that writes down each test's outcome; a test that cannot be set up has failed."""

    def __init__(self) -> None:
        self.log: Log = defaultdict(lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        _, animal, test = report.nodeid.split("::")
        outcome = "failed" if report.when == "teardown" else report.outcome
        self.log[animal.removeprefix("Test")][outcome].append(test)


def main(house: str) -> int:
    os.environ["ZOO_HOUSE"] = house
    from tests.conformance.zoo.cages import HOUSES

    logbook = Logbook()
    with TemporaryDirectory() as folder:
        chosen = ["-k", HOUSES[house].only] if HOUSES[house].only else []
        arguments = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "--basetemp", f"{folder}/runs"]
        pytest.main([*arguments, *chosen, str(CAGES)], plugins=[logbook])
    sys.stdout.write("\n" + json.dumps(logbook.log) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
