"""status, duties, incident, delivery, quarantine and finding: for a person in lines, for a machine as FACE has it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import pytest

from ledger.states import DeliveryState
from mappings.duty_rules import Owner
from sandbox.house import House
from tests.flows.canaries import MARKS, broken_report, homes_own, report
from tests.flows.conftest import Answer, Bridge

PEOPLE = (70001, 70002)
KEYS = {
    ("status",): {"homes", "exit_code"},
    ("duties",): {"duties", "exit_code"},
    ("delivery", "list"): {"deliveries", "exit_code"},
    ("quarantine", "list"): {"quarantined", "exit_code"},
    ("lado", "list"): {"submissions", "exit_code"},
    ("incident", "show", "--id", "canary-1"): {
        "incident", "home", "status", "revisions", "deliveries", "duties", "flags", "exemption",
    },
}  # fmt: skip


@pytest.fixture
def synced(house: House, bridge: Bridge) -> House:
    """One report delivered, one refused by Mosaic for one child, one in quarantine."""
    (house.homes_dir / "EXH.toml").write_text(homes_own(), "utf-8")
    house.mosaic.add_people(PEOPLE[:1])
    house.recording.put(report(1, house.end, PEOPLE))
    house.recording.put(broken_report(2, house.end, PEOPLE))
    assert bridge("sync").code == 2
    return house


@pytest.mark.parametrize("words", KEYS, ids=" ".join)
def test_each_command_has_the_keys_that_monitors_rely_on_and_names_nobody(synced, bridge, words):
    ended = bridge(*words, "--json")

    assert KEYS[words] <= set(ended.json)
    assert ended.code == ended.json["exit_code"]
    assert ended.err == ""
    assert not [mark for mark in MARKS if mark in ended.out]


@pytest.mark.parametrize("words", KEYS, ids=" ".join)
def test_each_command_speaks_to_a_person_without_a_name(synced, bridge, words):
    ended = bridge(*words)

    assert ended.out
    assert not [mark for mark in MARKS if mark in ended.out + ended.err]


# ---- status ----------------------------------------------------------------------------------------------------------


def _only(status: Answer) -> dict:
    (home,) = status.json["homes"]
    return home


def test_a_home_that_was_never_looked_at_is_silent(house, bridge):
    ended = bridge("status", "--json")

    assert ended.code == 2
    assert (_only(ended)["silent"], _only(ended)["last_good_pull"]) == (True, None)
    assert "SILENT: no good pull in time" in bridge("status").out


def test_a_home_that_was_just_pulled_is_not_silent_and_is_again_a_day_later(house, bridge):
    house.load_bulk(1)
    bridge("sync")
    assert _only(bridge("status", "--json"))["silent"] is False

    later = _only(bridge("status", "--json", "--as-of", (house.end + timedelta(hours=27)).isoformat()))

    assert later["silences"] == ["no good pull in time", "no good reconciliation in time"]


def test_a_pull_that_failed_is_no_sign_of_life(house, bridge):
    house.recording.arm("refuse")
    bridge("sync")

    assert _only(bridge("status", "--json"))["last_good_pull"] is None


def test_no_incident_where_incidents_are_usual_is_a_silence(house, bridge):
    house.load_bulk(1)
    bridge("sync")

    later = _only(bridge("status", "--json", "--as-of", (house.end + timedelta(days=30)).isoformat()))

    assert "no incident for longer than is usual for this home" in later["silences"]


def test_what_needs_a_person_is_counted_by_target_and_state(synced, bridge):
    ended = bridge("status", "--json")

    home = _only(ended)
    assert ended.code == 2
    assert (home["deliveries"]["mosaic"]["rejected"], home["quarantined"]) == (1, 1)
    assert datetime.fromisoformat(home["last_good_pull"]).tzinfo is not None


# ---- duties ----------------------------------------------------------------------------------------------------------


def test_duties_can_be_asked_for_by_child_person_and_state(synced, bridge):
    every = bridge("duties", "--json").json["duties"]
    of_child = bridge("duties", "--child", "child-0", "--json").json["duties"]
    of_manager = bridge("duties", "--person", "registered_manager", "--json").json["duties"]
    met = bridge("duties", "--state", "met", "--state", "met_late", "--json").json["duties"]

    assert {row["child"] for row in of_child} == {"child-0"}
    assert {row["owner"] for row in of_manager} == {"registered_manager"}
    assert {row["state"] for row in met} <= {"met", "met_late"}
    assert len(of_child) < len(every) > len(of_manager)
    assert {"id", "incident", "child", "target_at", "due_at", "state", "met_at", "reason", "owner"} <= set(every[0])


def test_what_is_open_now_is_overdue_later(synced, bridge):
    later = (synced.end + timedelta(days=12)).isoformat()

    now = bridge("duties", "--state", "overdue", "--json").json["duties"]
    then = bridge("duties", "--state", "overdue", "--as-of", later, "--json").json["duties"]

    assert len(then) > len(now)
    assert "OVERDUE" in bridge("duties", "--as-of", later).out


def test_a_person_sees_what_is_open_and_a_machine_everything(synced, bridge):
    lines = bridge("duties").out

    assert "not_applicable" not in lines
    assert "not_applicable" in bridge("duties", "--all").out
    assert lines.splitlines()[-1].endswith("duties.")


# ---- one incident ----------------------------------------------------------------------------------------------------


def test_an_incident_is_found_by_its_number_and_by_the_sources_id(synced, bridge):
    number = synced.recording.report("canary-1")["incidentNumber"]

    by_number = bridge("incident", "show", number, "--json").json
    by_id = bridge("incident", "show", "--id", "canary-1", "--json").json

    assert by_number == by_id
    assert {flag["id"] for flag in by_number["flags"]} >= {"prohibited_technique", "pain"}
    assert len([row for row in by_number["deliveries"] if row["target"] == "mosaic"]) == 2


def test_an_incident_that_is_unknown_is_one_sentence(house, bridge):
    ended = bridge("incident", "show", "EXH-2026-9999")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "incident-bridge: The ledger has no incident EXH-2026-9999; check the number, or run a sync first.\n"
    )


def test_neither_or_both_of_number_and_id_is_a_wrong_command(house, bridge):
    assert bridge("incident", "show").code == bridge("incident", "show", "N-1", "--id", "x").code == 1


# ---- deliveries ------------------------------------------------------------------------------------------------------


def test_deliveries_can_be_asked_for_by_state_and_target(synced, bridge):
    rejected = bridge("delivery", "list", "--state", "rejected", "--target", "mosaic", "--json").json["deliveries"]

    (row,) = rejected
    assert (row["subject"], row["state"], row["action"], row["attempts"]) == ("child-1", "rejected", "create", 1)
    assert row["why"]
    assert {"id", "key", "incident", "revision", "next_look_at", "remote_id"} <= set(row)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("delivery", "list", "--state", "uncertian"), "'uncertian' is not one of 'pending'"),
        (("duties", "--person", "the manager"), "'the manager' is not one of 'staff'"),
        (("delivery", "retry", "9" * 23), "'DELIVERY_ID'"),
        (("quarantine", "show", "9" * 23), "'QUARANTINE_ID'"),
        (("duties", "--as-of", "0001-01-01T00:00:00+14:00"), "write one from 1900 to 2199"),
        (("status", "--as-of", "9999-12-31"), "write one from 1900 to 2199"),
        (("reconcile", "--from", "2026-11-01", "--to", "20261-11-30"), "'--to'"),
        (("reconcile", "--from", "0206-11-01", "--to", "2026-11-30"), "write one from 1900 to 2199"),
    ],
)
def test_a_mistyped_word_is_named_and_does_not_look_like_an_answer(words, named, house, bridge):
    refused = bridge(*words, "--json")

    assert (refused.code, refused.json["error"]["kind"]) == (1, "usage")
    assert named in refused.json["error"]["message"]


@pytest.mark.parametrize(
    ("words", "every"), [(("duties", "--person"), Owner), (("delivery", "list", "--state"), DeliveryState)]
)
def test_every_person_and_every_state_may_be_asked_for(words, every, house, bridge):
    assert [bridge(*words, one).code for one in every] == [0] * len(every)


def test_a_refused_delivery_is_tried_again_by_the_next_sync_when_a_person_asks(synced, bridge):
    (row,) = bridge("delivery", "list", "--state", "rejected", "--json").json["deliveries"]
    synced.mosaic.add_people(PEOPLE[1:])

    assert bridge("delivery", "retry", row["id"]).code == 0
    bridge("sync")

    assert bridge("delivery", "list", "--state", "rejected", "--json").json["deliveries"] == []
    assert len(synced.mosaic.applied("create")) == 2


def test_a_delivery_that_is_unknown_is_one_sentence(house, bridge):
    ended = bridge("delivery", "retry", "4711")

    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "4711" in ended.err


# ---- quarantine ------------------------------------------------------------------------------------------------------


def test_quarantine_names_the_fields_that_failed_and_no_value(synced, bridge):
    ended = bridge("quarantine", "list", "--json")

    (row,) = ended.json["quarantined"]
    assert ended.code == 2
    assert "interventionType" in row["fields"]
    assert (row["source_id"], row["incident"]) == ("canary-2", synced.recording.report("canary-2")["incidentNumber"])
    shown = bridge("quarantine", "show", row["id"])
    assert "interventionType" in shown.out
    assert "brokencanary" not in shown.out


def test_a_report_that_still_cannot_be_read_stays_and_one_that_is_mended_goes_out(synced, bridge):
    still = bridge("quarantine", "retry", "1")
    assert still.code == 2
    assert "still cannot be read" in still.out

    synced.recording.put(report(2, synced.end, PEOPLE, version=2))
    bridge("sync")

    assert bridge("quarantine", "list", "--json").json == {"quarantined": [], "exit_code": 0}


def test_what_is_discarded_is_kept_with_the_reason_and_waits_no_more(synced, bridge):
    assert bridge("quarantine", "discard", "1").code == 1  # a reason is owed
    assert bridge("quarantine", "discard", "1", "--reason", "a training entry").code == 0

    assert bridge("quarantine", "list", "--json").json["quarantined"] == []
    with sqlite3.connect(synced.folder / "ledger.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM quarantined").fetchone() == (1,)


# ---- findings --------------------------------------------------------------------------------------------------------


def test_an_acknowledged_finding_stays_in_the_report_and_needs_nobody(synced, bridge, tmp_path):
    days = ("--from", f"{synced.end.year - 1}-12-01", "--to", synced.end.date().isoformat(), "--out", tmp_path / "out")
    found = bridge("reconcile", *days, "--json").json["findings"]
    one = next(finding for finding in found if finding["kind"] == "rejected")

    bridge("finding", "acknowledge", one["id"], "--by", "Pat Example", "--reason", "the council was asked")

    again = {row["id"]: row for row in bridge("reconcile", *days, "--json").json["findings"]}
    assert again[one["id"]]["acknowledged"] is True
    assert again[one["id"]]["first_seen"] == one["first_seen"]
    assert bridge("finding", "acknowledge", "nosuchfinding", "--by", "P", "--reason", "r").code == 1
