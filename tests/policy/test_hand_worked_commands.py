"""The same documents, asked of the command line: one small home, a few reports, and what each command must answer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from flows.main import commands
from sandbox.cast import MANAGER
from sandbox.house import House, start
from tests.policy.hand_worked import ALLEGATION, MEASURE, STAFF, STAFF_2, STAFF_3, report_with

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HELD, ENDED, WRITTEN = NOW - timedelta(hours=3), NOW - timedelta(hours=2, minutes=55), NOW - timedelta(hours=2)
YEAR = HELD.year
OVERSIGHT = {"by": MANAGER.name, "comments": "Proportionate."}


@dataclass
class Bridge:
    """The command line of one site, beside the stand-ins that it works with."""

    house: House
    numbers: dict[str, str]

    def run(self, *arguments: str) -> Any:
        """One command in this process; only exit codes 0 and 2 are answers."""
        others = {name: None for name in os.environ if name.startswith(("BRIDGE_", "PREFECT_API"))}
        quick = {"BRIDGE_DELIVERY__SETTLE_SECONDS": "0.3", "BRIDGE_DELIVERY__WAIT_SECONDS": "5"}
        ran = CliRunner().invoke(commands, [*arguments, "--json"], env=others | self.house.environment() | quick)
        assert ran.exit_code in (0, 2), ran.output
        return json.loads(ran.stdout)

    def reconcile(self) -> Any:
        out = str(self.house.folder / "reports")
        return self.run("reconcile", "--from", str(HELD.date()), "--to", str(NOW.date()), "--out", out)

    def write(self, name: str, number: int, change: Mapping[str, Any]) -> None:
        """Put a report of three hours ago into the recording system."""
        self.numbers[name] = f"EXH-{YEAR}-{number:04}"
        measure = {"heldChildId": f"child-{name}", "startedAt": HELD.isoformat(), "technique": "Low level seated hold"}
        child = {"childId": f"child-{name}", "mosaicPersonId": 8000 + number, "name": f"Invented Number{number}"}
        self.house.mosaic.add_person(8000 + number)
        self.house.recording.put(
            report_with(
                {
                    "incidentId": f"inc-{name}",
                    "incidentNumber": self.numbers[name],
                    "createdAt": ENDED.isoformat(),
                    "modifiedAt": WRITTEN.isoformat(),
                    "submittedAt": WRITTEN.isoformat(),
                    "occurredAt": HELD.isoformat(),
                    **{f"measures.0.{key}": value for key, value in measure.items()},
                    **{f"children.0.{key}": value for key, value in child.items()},
                    **change,
                }
            )
        )

    def amend(self, name: str, changes: Mapping[str, Any]) -> None:
        self.house.recording.amend(f"inc-{name}", changes, modified_at=datetime.now(UTC).isoformat())

    def shown(self, name: str) -> Any:
        return self.run("incident", "show", self.numbers[name])

    def duty(self, name: str, duty: str, *, of: Any = None) -> Any:
        return next(one for one in (of or self.shown(name))["duties"] if one["id"] == duty)


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """A home with its reports, synchronised once."""
    with start(seed=3, folder=tmp_path_factory.mktemp("hand-worked")) as house:
        site = Bridge(house, {})
        hurt = {"children.0.injured": "Yes", "children.0.injuryDetails": "Red wrist.", "policeCalled": "Yes"}
        both = {"measures.0.staffIds": ["staff-1", "staff-3"], "staff.+": STAFF_3}
        nobody = {key: value for key, value in ALLEGATION.items() if key not in ("aboutStaffId", "concerningChildId")}
        raised = {"raisedAt": ENDED.isoformat()}
        plan = {"routineRestraint": "Yes", "techniques": ["low level  seated HOLD"], "reviewedOn": str(HELD.date())}
        manager = STAFF | {"staffId": "staff-9", "name": MANAGER.name, "involvement": "Present"}
        site.write("plain", 1, {})
        site.write("hurt", 3, {**hurt, **both})
        site.write("nobody", 4, {"allegations": [nobody | raised]})
        site.write("draft", 5, {"status": "Draft", "submittedAt": None})
        site.write("exempt", 6, {"children.0.ehcPlan": plan})
        about = ALLEGATION | raised | {"aboutStaffId": "staff-9", "concerningChildId": "child-about"}
        site.write("about", 7, {"allegations": [about], "staff": [STAFF, STAFF_2, manager]})
        site.write("odd", 8, {"status": "Perhaps"})
        site.write("decided", 9, {**hurt, **both})
        site.write("later", 10, {})
        for child in ("child-other", "child-plain", "child-draft"):
            house.recording.write_entry(
                {
                    "homeId": "EXH",
                    "entryTime": HELD.isoformat(),
                    "category": "Handover",
                    "childIds": [child],
                    "text": "Restrained in the hall by two staff.",
                }
            )
        site.run("sync")
        yield site


def test_duties_as_of_another_moment_are_those_of_that_moment(bridge: Bridge) -> None:
    number = bridge.numbers["plain"]

    def views(moment: datetime) -> list[str]:
        found = bridge.run("duties", "--as-of", moment.isoformat())["duties"]
        return [one["state"] for one in found if one["incident"] == number and one["id"] == "child_views"]

    assert views(ENDED + timedelta(days=5)) == ["open"]
    assert views(ENDED + timedelta(days=5, seconds=1)) == ["overdue"]


def test_one_incident_is_shown_with_its_deadlines(bridge: Bridge) -> None:
    shown = bridge.shown("plain")
    report = bridge.duty("plain", "incident_report", of=shown)
    assert (report["state"], at(report["met_at"]), at(report["due_at"])) == ("met", WRITTEN, ENDED + timedelta(days=1))
    views = bridge.duty("plain", "child_views", of=shown)
    assert (at(views["target_at"]), at(views["due_at"])) == (ENDED + timedelta(days=1), ENDED + timedelta(days=5))
    assert (views["owner"], views["child"], views["reason"]) == ("registered_manager", "child-plain", None)
    assert bridge.duty("plain", "manager_notified", of=shown)["state"] == "met"  # our mail was accepted
    assert bridge.duty("plain", "lado_contact", of=shown)["state"] == "not_applicable"
    assert shown["flags"] == []


def test_a_draft_is_staffs_and_goes_nowhere(bridge: Bridge) -> None:
    shown = bridge.shown("draft")
    note = bridge.duty("draft", "mosaic_case_note", of=shown)
    assert (note["state"], note["owner"], note["reason"]) == ("open", "staff", "report still Draft")
    assert shown["deliveries"] == []


def test_an_exempt_incident_is_sent_and_owes_nothing(bridge: Bridge) -> None:
    shown = bridge.shown("exempt")
    owed = {one["id"] for one in shown["duties"] if one["state"] != "not_applicable"}
    assert owed == {"ehc_plan_review"}
    assert bridge.duty("exempt", "child_views", of=shown)["reason"] == "routine under the EHC plan"
    assert shown["exemption"]
    assert {one["target"] for one in shown["deliveries"]} >= {"mosaic", "daily_log"}


def test_an_injury_asks_for_one_submission_an_adult(bridge: Bridge) -> None:
    mine = [one for one in bridge.run("lado", "list")["submissions"] if one["incident"] == bridge.numbers["hurt"]]
    assert sorted((one["adult"], tuple(one["triggers"]), one["state"]) for one in mine) == [
        ("staff-1", (1,), "awaiting_approval"),
        ("staff-3", (1,), "awaiting_approval"),
    ]
    assert all(
        {"adult_date_of_birth", "adult_address", "adult_own_children", "adult_other_roles"}
        <= set(one["to_be_completed"])
        for one in mine
    )
    assert "harm_threshold" not in mine[0]["to_be_completed"]
    assert bridge.duty("hurt", "senior_manager_notified")["state"] == "met"


def test_an_allegation_that_names_nobody_is_about_an_adult_to_be_identified(bridge: Bridge) -> None:
    mine = [one for one in bridge.run("lado", "list")["submissions"] if one["incident"] == bridge.numbers["nobody"]]
    assert [(one["adult"], one["triggers"]) for one in mine] == [("to be identified", [2])]
    assert {"adult_name", "adult_job_title", "harm_threshold"} <= set(mine[0]["to_be_completed"])


def test_a_manager_who_is_the_adult_of_concern_hears_nothing_and_the_next_person_up_does(bridge: Bridge) -> None:
    letters = [letter for letter in bridge.house.mail.inbox() if bridge.numbers["about"] in letter.text()]
    told = {letter.recipient for letter in letters}
    assert "manager@example-house.example" not in told
    assert "senior@example-council.example" in told
    assert all("LADO" not in letter.text() and "Invented" not in letter.text() for letter in letters)
    later = (ENDED + timedelta(days=4)).isoformat()
    digests = bridge.run("remind", "--dry-run", "--as-of", later)["digests"]
    texts = {one["role"]: one["text"] for one in digests if bridge.numbers["about"] in one["text"]}
    assert set(texts) == {"senior_manager", "deputy"}
    # The debrief is the deputy's own; the decision about their manager is not.
    lines = [line for line in texts["deputy"].splitlines() if bridge.numbers["about"] in line]
    assert [("Staff debrief" in line, "decision" in line) for line in lines] == [(True, False)]


def test_what_the_numbers_and_the_log_tell_is_found(bridge: Bridge) -> None:
    found = bridge.reconcile()
    gaps = [one for one in found["findings"] if one["kind"] == "number_gap"]
    assert [f"EXH-{YEAR}-0002" in one["message"] for one in gaps] == [True]
    # Two entries are covered: by a report and by a draft.
    unrecorded = [one for one in found["findings"] if one["kind"] == "unrecorded_restraint"]
    assert [one["subject"] for one in unrecorded] == ["child-other"]
    assert found["totals"]["exempt"] == 1
    assert found["totals"]["quarantined"] == 1
    note = bridge.duty("plain", "mosaic_case_note")
    assert note["state"] == "met"
    assert at(note["met_at"]) < at(note["due_at"])  # type: ignore[operator]


def test_the_decisions_of_a_named_manager_meet_the_two_duties(bridge: Bridge) -> None:
    mine = {
        one["adult"]: str(one["id"])
        for one in bridge.run("lado", "list")["submissions"]
        if one["incident"] == bridge.numbers["decided"]
    }
    bridge.run("lado", "approve", mine["staff-1"], "--by", "Morag Sampleton", "--mash", "yes", "--police", "no")
    shown = bridge.shown("decided")
    assert bridge.duty("decided", "lado_contact", of=shown)["state"] == "open"
    assert "staff-3" in bridge.duty("decided", "mash_or_police", of=shown)["reason"]
    bridge.run("lado", "decline", mine["staff-3"], "--by", "Morag Sampleton", "--reason", "Was not in the room.")
    assert bridge.duty("decided", "mash_or_police")["state"] == "met"
    bridge.run("lado", "sent", mine["staff-1"], "--by", "Morag Sampleton")
    assert bridge.duty("decided", "lado_contact")["state"] == "met"
    states = {
        one["adult"]: one["state"]
        for one in bridge.run("lado", "list")["submissions"]
        if str(one["id"]) in mine.values()
    }
    assert states == {"staff-1": "sent", "staff-3": "declined"}


def test_later_revisions_bring_oversight_to_mosaic_and_a_trigger_to_the_manager(bridge: Bridge) -> None:
    before = bridge.duty("later", "manager_oversight")
    assert before["state"] == "open"
    assert before["reason"] is None
    written = datetime.now(UTC).replace(second=0, microsecond=0)
    bridge.amend(
        "later",
        {
            "managerOversight": OVERSIGHT | {"at": written.isoformat()},
            "measures": [
                MEASURE
                | {
                    "technique": "Low level seated hold",
                    "heldChildId": "child-later",
                    "startedAt": HELD.isoformat(),
                    "breathingAffected": "Yes",
                }
            ],
        },
    )
    bridge.run("sync")
    shown = bridge.shown("later")
    assert "Mosaic" in bridge.duty("later", "manager_oversight", of=shown)["reason"]
    assert bridge.duty("later", "lado_contact", of=shown)["state"] == "open"
    assert [flag["id"] for flag in shown["flags"]] == ["prohibited_technique"]
    appended = [note for note in bridge.house.mosaic.notes(8010)[0]["appendments"] if "Proportionate." in str(note)]
    assert len(appended) == 1
    bridge.reconcile()
    after = bridge.duty("later", "manager_oversight")
    assert (after["state"], at(after["met_at"])) == ("met", written)


def test_no_note_calls_what_it_holds_itself_still_owed(bridge: Bridge) -> None:
    signed = {"status": "SignedOff", "modifiedAt": datetime.now(UTC).isoformat()}
    bridge.write("seen", 11, {"managerOversight": OVERSIGHT | {"at": WRITTEN.isoformat()}, **signed})
    bridge.run("sync")
    [note] = bridge.house.mosaic.notes(8011)
    owed = note["note"][note["note"].index("Still owed") :]
    assert "Manager's oversight" not in owed
    assert "Child's views heard" in owed
    mail = [letter.text() for letter in bridge.house.mail.inbox() if bridge.numbers["seen"] in letter.text()]
    assert mail
    assert not any("oversight" in text for text in mail)
