"""remind: who hears of what is owed, and never twice of the same."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from sandbox.house import House
from tests.flows.canaries import MARKS, homes_own, report
from tests.flows.conftest import Bridge

PEOPLE = (70001, 70002)
MANAGER, SENIOR = "manager@example-house.example", "senior@example-house.example"


@pytest.fixture
def late(house: House, bridge: Bridge) -> House:
    """A house with one report of which much is overdue, and which has been delivered."""
    (house.homes_dir / "EXH.toml").write_text(homes_own(), "utf-8")
    house.mosaic.add_people(PEOPLE)
    house.recording.put(report(20, house.end - timedelta(days=9), PEOPLE))
    assert bridge("sync").code in (0, 2)
    house.reset()
    return house


def _digests(house: House) -> Counter[str]:
    return Counter(letter.recipient for letter in house.mail.inbox() if "overdue" in str(letter.message["Subject"]))


def test_each_person_gets_one_digest_and_what_stays_late_goes_up(late, bridge):
    ended = bridge("remind", "--json")

    assert ended.code == 0
    told = {row["role"]: row for row in ended.json["digests"]}
    assert told["registered_manager"]["overdue"] > 0
    assert told["senior_manager"]["escalated"] > 0
    assert {row["state"] for row in told.values()} == {"sent"}
    assert set(_digests(late).values()) == {1}
    assert {MANAGER, SENIOR} <= set(_digests(late))


def test_a_second_reminder_has_nothing_to_say(late, bridge):
    bridge("remind")
    before = _digests(late)

    ended = bridge("remind")

    assert (ended.code, ended.out) == (0, "Nothing new to say to anybody.\n")
    assert _digests(late) == before


def test_what_becomes_late_after_a_reminder_is_said_again(late, bridge):
    late.recording.put(report(21, late.end, PEOPLE))
    bridge("sync")
    bridge("remind")
    tomorrow = (late.end + timedelta(days=4)).isoformat()

    later = bridge("remind", "--dry-run", "--as-of", tomorrow, "--json").json

    assert any(row["new"] for row in later["digests"])
    assert all(row["state"] == "would be sent" for row in later["digests"])


def test_a_dry_run_sends_and_keeps_nothing_and_names_nobody(late, bridge):
    shown = bridge("remind", "--dry-run", "--json")

    assert shown.code == 0
    assert _digests(late) == {}
    assert [row["state"] for row in bridge("remind", "--json").json["digests"]] != []
    text = "".join(row["subject"] + row["text"] for row in shown.json["digests"])
    assert "EXH-" in text
    assert not [mark for mark in MARKS if mark in text]


def test_a_dry_run_in_words_says_who_would_be_told(late, bridge):
    assert "EXH: registered manager would be told of" in bridge("remind", "--dry-run").out


def test_a_mail_server_that_is_away_is_exit_code_three_and_doubles_nothing(late, bridge):
    late.mail.weather.arm("refuse")
    away = bridge("remind", "--json")
    late.mail.weather.disarm()

    assert away.code == 3
    assert [problem["system"] for problem in away.json["problems"]] == ["email"]
    assert bridge("remind", "--json").json["digests"] == []


def test_wrong_credentials_are_a_wrong_setting(late, bridge, monkeypatch):
    monkeypatch.setenv("BRIDGE_EMAIL__PASSWORD", "not-the-password")

    ended = bridge("remind")

    assert ended.code == 1
    assert "BRIDGE_EMAIL__" in ended.out


def test_with_nobody_to_tell_it_says_so_and_needs_a_person(late, bridge):
    (late.homes_dir / "EXH.toml").write_text(homes_own(mail=False), "utf-8")

    ended = bridge("remind")

    assert ended.code == 2
    assert "The registered manager has no usable address in the home's file" in ended.out
    assert _digests(late) == {}


def test_an_adult_of_concern_gets_no_digest_about_the_incident(late, bridge):
    concerned = report(1, late.end, PEOPLE)["staff"][0]["name"]
    (late.homes_dir / "EXH.toml").write_text(homes_own(concerned), "utf-8")

    bridge("remind")

    assert MANAGER not in _digests(late)
    assert SENIOR in _digests(late)


def test_another_moment_goes_with_a_dry_run_only(house, bridge):
    ended = bridge("remind", "--as-of", "2026-11-03")

    assert ended.code == 1
    assert "mail is sent only about this moment" in ended.err


def test_an_empty_ledger_has_nothing_to_say(house, bridge):
    assert bridge("remind", "--json").json == {
        "dry_run": False, "digests": [], "undeliverable": [], "problems": [], "exit_code": 0,
    }  # fmt: skip
