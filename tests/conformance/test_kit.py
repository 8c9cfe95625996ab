"""The kit cannot be talked out of an assertion: every way round it fails, and says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.conformance import HTTP, SMTP, Habit
from connectors.conformance.case_notes import _another
from connectors.conformance.common import is_secretive
from sandbox.faults import FAULTS

ROOT = Path(__file__).parents[2]

EVADING = """
from __future__ import annotations

import dataclasses

import pytest

from connectors.conformance import Weather
from tests.conformance.zoo import postroom

GOOD = postroom.TestPostroom


class TestGivesNoReason(GOOD):
    skips = {"N5": "n/a"}


class TestSkipsSomethingElse(GOOD):
    skips = {"N55": "there is no such assertion here"}


class TestTakesATestOut(GOOD):
    test_n1_one_letter_to_each_and_a_refused_one_is_not_sent = None


class TestReplacesATest(GOOD):
    def test_n2_a_repeat_has_the_same_message_id(self):
        assert True


class TestSkipsInTheFixture(GOOD):
    @pytest.fixture
    def subject(self):
        pytest.skip("the server is not there today")


class TestTriesNothing(GOOD):
    @pytest.fixture
    def subject(self, tmp_path):
        with postroom.postroom(tmp_path) as found:
            yield dataclasses.replace(found, weather=Weather(wrong=("office",)))


class TestHasADullStandIn(GOOD):
    @pytest.fixture
    def subject(self, tmp_path):
        with postroom.postroom(tmp_path) as found:
            yield dataclasses.replace(found, weather=Weather(doubtful=("thunder",), proven={"hail": Exception}))


class TestSkipsWhatTheDocsDoNotPrint(GOOD):
    skips = {"N5": "it cannot be asked afterwards"}
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """What came of each class that tries to get round the kit."""
    folder = tmp_path_factory.mktemp("evading")
    (folder / "test_evading.py").write_text(EVADING, "utf-8")
    script = (
        "import json, sys, pytest\n"
        "from tests.conformance.zoo.keeper import Logbook\n"
        "book = Logbook()\n"
        "pytest.main(['-q', '--noconftest', '-p', 'no:cacheprovider', '-p', 'no:xdist', sys.argv[1]], plugins=[book])\n"
        "print(json.dumps(book.log))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder / "test_evading.py")],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, dict[str, list[str]]] = json.loads(ran.stdout.splitlines()[-1])
    return found


GUARD = "test_every_assertion_is_run_or_skipped_with_a_reason"


@pytest.mark.parametrize(
    ("way", "fails"),
    [
        ("GivesNoReason", [GUARD, "test_n5_a_failure_that_comes_later_is_seen"]),
        ("SkipsSomethingElse", [GUARD]),
        ("TakesATestOut", [GUARD]),
        ("ReplacesATest", [GUARD]),
        (
            "SkipsInTheFixture",
            ["test_c1_a_check_is_one_line_and_writes_nothing", "test_n4_a_letter_holds_what_was_given"],
        ),
        ("TriesNothing", ["test_n2_a_mail_whose_answer_was_lost_is_uncertain", "test_c6_each_failure_of_a_write"]),
        ("HasADullStandIn", ["test_n2_a_mail_whose_answer_was_lost_is_uncertain", "test_c6_each_failure_of_a_write"]),
        ("SkipsWhatTheDocsDoNotPrint", ["test_c10_the_docs_name_every_setting_and_every_skip"]),
    ],
)
def test_a_way_round_the_kit_fails(way: str, fails: list[str], log: dict[str, dict[str, list[str]]]) -> None:
    failed = log[way]["failed"]
    assert not [name for name in fails if not any(test.startswith(name) for test in failed)]


def test_the_kits_faults_are_ones_that_the_sandbox_has() -> None:
    for weather in (HTTP, SMTP):
        named = [*weather.quick(), *weather.slow, *weather.harmless, weather.drip, weather.late_commit]
        assert not [fault for fault in [*named, weather.wrong_clock] if fault and fault not in FAULTS]
    assert not {*Habit} & set(FAULTS)


@pytest.mark.parametrize("note_id", ["7", "700001", "3f2b8c1e-8a4d", "note-QZ", "abcba"])
def test_an_id_that_nothing_has_is_made_of_one_of_any_shape(note_id: str) -> None:
    other = _another(note_id)
    assert other != note_id
    assert len(other) == len(note_id)


def test_a_setting_is_taken_for_a_secret_by_the_end_of_its_name() -> None:
    names = ["token_url", "key_column", "secret", "api_keys", "subscription_key", "access_token", "passphrase"]
    assert [name for name in names if not is_secretive(name)] == ["token_url", "key_column"]
