"""The verdict by mail: counts to the managers, once for each state of things, and no more than counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.house import House
from tests.flows.canaries import MARKS, homes_own, report
from tests.flows.conftest import Bridge

PEOPLE = (70001, 70002)
MANAGER, SENIOR = "manager@example-house.example", "senior@example-house.example"


@pytest.fixture
def told(house: House, bridge: Bridge, tmp_path: Path) -> Iterator[object]:
    """Reconciles with `--mail` and gives who got how many letters about the verdict."""
    (house.homes_dir / "EXH.toml").write_text(homes_own(), "utf-8")
    house.mosaic.add_people(PEOPLE)

    def reconcile(*words: str) -> Counter[str]:
        days = ("--from", f"{house.end.year - 1}-12-01", "--to", house.end.date().isoformat())
        ended = bridge("reconcile", *days, "--out", tmp_path / "out", *(words or ("--mail",)))
        assert ended.code in (0, 2, 3), ended
        return Counter(letter.recipient for letter in _verdicts(house))

    return reconcile


def _verdicts(house: House) -> list:
    return [letter for letter in house.mail.inbox() if "reconciliation" in str(letter.message["Subject"])]


def test_the_manager_hears_once_and_again_when_something_has_changed(house, told, bridge):
    assert told() == {MANAGER: 1}
    assert told() == {MANAGER: 1}

    house.load_bulk(1)  # an incident that a sync would have brought: the index sweep finds it

    assert told()[MANAGER] == 2
    assert told()[MANAGER] == 2


def test_what_comes_back_is_told_again(house, told):
    assert told() == {MANAGER: 1}
    house.recording.arm("refuse")
    assert told()[MANAGER] == 2
    house.recording.disarm()

    assert told()[MANAGER] == 3


def test_the_senior_manager_hears_where_something_is_urgent(house, told):
    house.recording.put(report(1, house.end, PEOPLE))

    assert told() == {MANAGER: 1, SENIOR: 1}


def test_the_mail_holds_counts_and_no_name_number_or_story(house, told, bridge):
    (house.homes_dir / "EXH.toml").write_text(
        homes_own(report='kept_at = "the managers\' folder on the intranet"'), "utf-8"
    )
    house.recording.put(report(1, house.end, PEOPLE))
    bridge("sync")
    told()

    letter = _verdicts(house)[0]
    words = f"{letter.message['Subject']}\n{letter.text()}\n{letter.text('html')}"
    assert "Example House" in words
    assert "Control totals" in words
    assert "A decision that waits for a manager" in words
    assert "The report: the managers' folder on the intranet" in letter.text()
    assert not [mark for mark in (*MARKS, "LADO", "EXH-", "child-", "staff-", "Q.Z.") if mark in words]
    assert [part.get_content_type() for part in letter.message.walk() if part.get_filename()] == []


def test_where_the_report_is_kept_is_not_said_unless_the_home_says_it(house, told):
    told()

    assert "The report:" not in _verdicts(house)[0].text()


def test_a_manager_who_is_an_adult_of_concern_is_passed_over(house, told):
    concerned = report(1, house.end, PEOPLE)["staff"][0]["name"]
    (house.homes_dir / "EXH.toml").write_text(homes_own(concerned), "utf-8")
    house.recording.put(report(1, house.end, PEOPLE))

    assert told() == {SENIOR: 1}


def test_nobody_is_told_without_the_option_or_where_the_home_says_no(house, told):
    assert told("--json") == {}

    (house.homes_dir / "EXH.toml").write_text(homes_own(report="mail = false"), "utf-8")
    assert told() == {}


def test_a_mail_server_that_is_away_delays_the_verdict_and_does_not_double_it(house, told, bridge):
    house.mail.weather.arm("refuse")
    assert told() == {}
    house.mail.weather.disarm()

    bridge("sync", "--no-wait")
    assert _until_sent(house, bridge) == {MANAGER: 1}
    assert told() == {MANAGER: 1}


def _until_sent(house: House, bridge: Bridge) -> Counter[str]:
    """What was refused is tried again after a pause; the next runs do it."""
    import time

    end = time.monotonic() + 20
    while not _verdicts(house) and time.monotonic() < end:
        bridge("sync")
    return Counter(letter.recipient for letter in _verdicts(house))


def test_the_command_says_who_is_told(house, told, bridge, tmp_path):
    days = ("--from", "2026-01-01", "--to", "2026-01-31", "--out", tmp_path / "out")

    assert "The verdict is mailed to the registered manager (accepted)." in bridge("reconcile", *days, "--mail").out
    assert bridge("reconcile", *days, "--mail", "--as-of", "2026-01-31").code == 1
