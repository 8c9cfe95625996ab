"""What people, settings and strange reports do to the promise: nothing lost, nothing twice, and nobody held up."""

from __future__ import annotations

import itertools
import json
import random
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.black_box.bridge import Town
from tests.black_box.stories import MANAGER, accused, ago, amended, full, minimal, stamp
from tests.black_box.test_promise import listed, retried
from tests.black_box.test_weather import creates, once
from tests.black_box.wire import Asked, Manners
from tests.databases import fresh_database

Found = Callable[..., Town]
PERIOD = (ago(30).date().isoformat(), ago(0).date().isoformat())


# ---- people at the worst moment ------------------------------------------------------------------------------------


def test_a_person_who_asks_again_and_again_does_not_shorten_the_time_in_which_a_note_may_appear(found: Found) -> None:
    town = found(mail=False, BRIDGE_DELIVERY__SETTLE_SECONDS="600")
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates)
    town.bridge.sync("--no-wait", code=2)
    for _ in range(3):
        (note,) = listed(town)
        assert note["state"] == "uncertain"
        retried(town, note)
        town.bridge.sync("--no-wait", code=2)
    assert not town.mosaic.notes


def test_a_sync_that_is_told_to_begin_late_passes_nothing_over(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(9)))
    town.bridge.sync(code=0)
    town.recording.put(minimal(2, ago(6)), minimal(3, ago(1)))
    town.bridge.sync("--since", stamp(ago(2)), code=0)
    town.bridge.sync(code=0)
    once(town, 3)


def test_a_sync_that_is_told_to_begin_early_finds_what_committed_late(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(1)))
    town.bridge.sync(code=0)
    town.recording.put(minimal(2, ago(9)))
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 1
    town.bridge.sync("--since", stamp(ago(10)), code=0)
    once(town, 2)


def test_an_adult_whose_id_is_also_a_childs_waits_for_no_note_of_that_child(found: Found) -> None:
    town = found(mail=False)
    town.mosaic.locked.add(1001)
    report = accused(full(1, ago(2)))
    town.recording.put(json.loads(json.dumps(report).replace("staff-1", "child-1")))
    town.bridge.sync(code=2)
    assert {one["state"] for one in listed(town, "lado")} == {"awaiting_approval"}


@pytest.mark.parametrize("change", [{"narrative": "flumoxtext more"}, {"status": "Void"}, {"status": "Draft"}])
def test_a_report_that_changes_after_its_contents_were_purged_is_said_and_holds_up_nobody(
    found: Found, change: dict[str, str]
) -> None:
    town = found(mail=False)
    old = minimal(1, ago(20))
    town.recording.put(old)
    town.bridge.sync(code=0)
    town.bridge("ledger", "purge", "--before", ago(10).date().isoformat(), "--yes", code=0)
    town.recording.put(amended(old, minutes=60 * 24 * 19, **change), minimal(2, ago(1)))
    town.bridge.sync(code=0)
    assert [len(town.mosaic.notes[number]["appendments"]) for number in sorted(town.mosaic.notes)] == [1, 0]
    assert [bool(entry.get("corrects")) for entry in town.recording.log].count(True) == 1
    assert town.bridge.reconcile(*PERIOD)["totals"]["outstanding"] == 0


def test_why_there_is_no_other_try_is_said_as_it_is(found: Found) -> None:
    """A package that waited for a manager, and a mail that nobody is owed, "would double the record"."""
    town = found()
    town.recording.put(accused(full(1, ago(1))), minimal(2, ago(20)))
    town.bridge.sync("--since", stamp(ago(30)))
    said = {}
    for one in town.bridge.json("delivery", "list")["deliveries"]:
        said[one["target"], one["state"]] = town.bridge("delivery", "retry", str(one["id"]), code=1).err
    assert "waits for a named manager: `lado approve`" in said["lado", "awaiting_approval"]
    assert "is no longer owed; `delivery list` says why" in said["email", "superseded"]
    assert "would double the record" in said["mosaic", "accepted"]


def test_an_overdue_duty_is_not_purged_away_before_a_manager_has_acknowledged_it(found: Found) -> None:
    """Its finding was resolved by the next look, which found no duty in a report without contents."""
    town = found(mail=False)
    old = minimal(1, ago(20), reasons=["InjuryToSelf"])
    town.recording.put(old)
    town.bridge.sync(code=0)
    overdue = town.bridge.reconcile(*PERIOD, code=2)["findings"]
    assert {one["kind"] for one in overdue} == {"duty_overdue"}

    purge = ("ledger", "purge", "--before", ago(10).date().isoformat(), "--yes")
    assert town.bridge.json(*purge, code=0) == {"purged": 0, "kept": 1, "exit_code": 0}
    assert "1 kept theirs: an urgent finding" in town.bridge(*purge).out
    assert len(town.bridge.reconcile(*PERIOD, code=2)["findings"]) == len(overdue)

    for one in overdue:
        town.bridge("finding", "acknowledge", one["id"], "--by", MANAGER, "--reason", "seen too late", code=0)
    assert town.bridge.json(*purge, code=0) == {"purged": 1, "kept": 0, "exit_code": 0}
    shown = town.bridge("incident", "show", old["incidentNumber"], code=0)
    assert "duties and flags cannot be told any more" in shown.out
    report = town.bridge.reconcile(*PERIOD, code=0)["report"]["html"]
    assert "Not known any more: its contents were purged." in (town.bridge.folder / report).read_text("utf-8")
    revealed = town.bridge("incident", "show", old["incidentNumber"], "--reveal", code=1)
    assert "were purged; look for the report at the source" in revealed.err


# ---- settings that change between two runs -------------------------------------------------------------------------


def test_what_a_home_still_owes_is_said_when_its_file_is_gone(found: Found) -> None:
    town = found(mail=False)
    town.bridge.add_home("NTH")
    town.recording.put(minimal(1, ago(2)), minimal(1, ago(2), home="NTH"))
    town.mosaic.storm("status", creates, times=2, detail=(429, {"Retry-After": "0"}))
    town.bridge.sync("--no-wait", code=2)
    file = town.bridge.folder / "homes" / "nth.toml"
    kept = file.read_text("utf-8")
    file.unlink()
    assert town.bridge.sync(code=2)["homes_without_file"] == {"NTH": 1}
    assert town.bridge.json("status")["homes_without_file"] == {"NTH": 1}
    assert "NTH: 1 thing" in town.bridge("status").out
    file.write_text(kept, "utf-8")
    town.bridge.sync(code=0)
    once(town, 2)


def test_a_home_whose_id_is_written_in_other_letters_is_refused_before_everything_goes_out_again(found: Found) -> None:
    town = found(mail=False, recording=Manners(ignore_filters=True))
    town.recording.put(minimal(1, ago(2)))
    town.bridge.sync(code=0)
    file = town.bridge.folder / "homes" / "exh.toml"
    file.write_text(file.read_text("utf-8").replace('id = "EXH"', 'id = "Exh"'), "utf-8")
    told = town.bridge.json("sync", code=1)
    assert (told["error"]["setting"], "EXH" in told["error"]["message"]) == ("BRIDGE_HOMES_DIR", True)
    once(town, 1)


def test_a_note_in_doubt_is_not_called_absent_by_another_system_than_the_one_it_was_sent_to(found: Found) -> None:
    town, other = found(mail=False, BRIDGE_DELIVERY__WAIT_SECONDS="3"), found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates, after=True)
    town.bridge.sync("--no-wait", code=2)
    elsewhere = {"BRIDGE_MOSAIC__BASE_URL": other.mosaic.url}
    town.bridge.sync(code=2, env=elsewhere)
    (note,) = listed(town)
    assert (note["state"], "another address" in note["why"]) == ("uncertain", True)
    assert not other.mosaic.notes
    retried(town, note)
    town.bridge.sync(code=0)
    once(town, 1)


def test_a_note_in_doubt_goes_to_a_new_address_of_the_same_system_when_a_person_says_that_it_is_one(
    found: Found,
) -> None:
    town, other = found(mail=False), found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    town.mosaic.storm("hang up", creates)
    town.bridge.sync("--no-wait", code=2)
    retried(town, listed(town)[0])
    town.bridge.sync(code=0, env={"BRIDGE_MOSAIC__BASE_URL": other.mosaic.url})
    assert (len(town.mosaic.notes), len(other.mosaic.notes)) == (0, 1)


def test_a_mail_in_doubt_is_repeated_under_its_own_id_when_the_sender_in_the_settings_is_new(found: Found) -> None:
    town = found()
    town.recording.put(minimal(1, ago(1)))
    answers = iter(["drop"])
    town.post.data = lambda _envelope: next(answers, "250 taken")
    town.bridge.sync("--no-wait", code=2)
    town.bridge.sync(code=0, env={"BRIDGE_EMAIL__SENDER": "bridge@other.example"})
    first, again = (message for _, message in town.post.taken)
    assert (first["From"] == again["From"], first["Message-ID"] == again["Message-ID"]) == (False, True)


def restored(town: Town, copy: Path, since: str) -> None:
    """The ledger is lost, and a backup takes its place."""
    ledger = town.bridge.folder / "ledger.db"
    for suffix in ("-wal", "-shm"):
        ledger.with_name(f"ledger.db{suffix}").unlink(missing_ok=True)
    copy.replace(ledger)
    town.bridge("ledger", "restored", "--since", since, code=0)


def test_history_that_was_owed_on_purpose_and_forgotten_in_a_restore_is_not_sent_again(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(3)), minimal(2, ago(2)))
    town.bridge.sync(code=0, env={name: "" for name in town.bridge.env if name.startswith("BRIDGE_MOSAIC")})
    copy, since = town.bridge.folder / "copy.db", datetime.now(UTC).isoformat()
    town.bridge("ledger", "backup", str(copy), code=0)
    for is_restored in (False, True):
        if is_restored:
            restored(town, copy, since)
        town.bridge("backfill", "--target", "mosaic", "--from", PERIOD[0], "--to", PERIOD[1], code=0)
        town.bridge.sync(code=0)
        once(town, 2)


def test_what_is_new_in_an_old_report_after_a_restore_is_told_of(found: Found) -> None:
    town = found()
    report = full(1, ago(2))
    town.recording.put(report)
    town.bridge.sync(code=0)
    town.bridge("ledger", "restored", "--since", ago(0).isoformat(), code=0)
    later = stamp(datetime.now(UTC) + timedelta(seconds=1))
    second = report["children"][0] | {"childId": "child-2", "mosaicPersonId": 1002}
    second["socialWorker"] = {"name": "Q. Qu", "email": "qu@council.example", "phone": "0"}
    town.recording.put(amended(report, children=[report["children"][0], second]) | {"modifiedAt": later})
    town.bridge.sync(code=0)
    assert len(town.post.to("qu@council.example")) == 1


def test_what_a_restore_put_in_doubt_and_no_record_can_hold_is_refused_for_that_reason(found: Found) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    town.recording.put(report | {"children": [report["children"][0] | {"mosaicPersonId": None}]})
    town.bridge("ledger", "restored", "--since", ago(3).isoformat(), code=0)
    town.bridge.sync(code=2)
    (note,) = listed(town)
    assert (note["state"], note["cause"]) == ("rejected", "no_person_id")


@pytest.mark.parametrize("mended", ["by the report", "by access", "before it was sent"])
def test_what_was_mended_and_sent_after_the_backup_is_not_sent_again_by_the_restored_ledger(
    found: Found, mended: str
) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    (child,) = report["children"]
    town.recording.put(report | {"children": [child | {"mosaicPersonId": 1002 if mended != "by the report" else None}]})
    town.mosaic.persons[1002]["restricted"] = mended == "by access"
    town.mosaic.locked |= {1002} if mended == "before it was sent" else set()
    town.bridge.sync(code=2)
    copy, since = town.bridge.folder / "copy.db", datetime.now(UTC).isoformat()
    town.bridge("ledger", "backup", str(copy), code=0)
    town.mosaic.persons[1002]["restricted"] = False
    if mended != "by access":
        town.recording.put(amended(report))
    for is_restored in (False, True):
        if is_restored:
            restored(town, copy, since)
        if mended == "by access":
            retried(town, listed(town)[0])
        town.bridge.sync()
        town.bridge.sync(code=0)
        once(town, 1)


# ---- sources with a life of their own ------------------------------------------------------------------------------


def test_a_source_whose_new_cursors_lead_nowhere_is_left_and_holds_up_nobody(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    numbers, page = itertools.count(), town.recording.paged

    def first_page(rows: list[Any], asked: Asked, most: int, key: Any) -> tuple[list[Any], str | None]:
        asked.query.pop("cursor", None)
        number = next(numbers)
        return page(rows, asked, most, key)[0], f"c{number}" if number < 500 else None

    town.recording.paged = first_page  # type: ignore[method-assign]
    assert town.bridge.sync(code=3)["unreachable"] == ["recording"]
    once(town, 1)
    town.recording.paged = page  # type: ignore[method-assign]
    town.bridge.sync(code=0)


def test_reports_that_together_are_too_much_for_one_answer_come_a_few_at_a_time(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(*(minimal(number, ago(number), photograph="0" * 9_000_000) for number in range(1, 5)))
    town.bridge.sync(code=0)
    once(town, 4)


# ---- targets with a life of their own ------------------------------------------------------------------------------


def test_a_draft_beside_the_finished_note_is_not_finished_too(found: Found) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    town.recording.put(report)
    town.mosaic.storm("hang up", creates, after=True)
    town.bridge.sync("--no-wait", code=2)
    (note,) = town.mosaic.notes.values()
    draft = town.mosaic.write_by_hand(1001, note["title"], note["note"], note["_sent"]["effective_date"])
    draft |= {"reference": note["reference"], "state": "DRAFT", "completed_on": None}
    town.bridge.sync(code=0)
    assert [one["state"] for one in town.mosaic.notes.values()] == ["COMPLETE", "DRAFT"]


def test_a_target_whose_clock_is_a_day_ahead_is_not_waited_for_a_day_longer(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(2)))
    ahead = datetime.now(UTC) + timedelta(days=1)
    wait = {"Date": format_datetime(ahead, usegmt=True), "Retry-After": format_datetime(ahead, usegmt=True)}
    town.mosaic.storm("status", creates, detail=(429, wait))
    town.bridge.sync(code=0)
    once(town, 1)


# ---- reports that nobody ever thought of ---------------------------------------------------------------------------

LONG = "".join(random.Random(7).choices(string.ascii_letters, k=6000))


def _child(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(report: dict[str, Any]) -> None:
        report["children"][0].update(changes)
        report["measures"][0]["heldChildId"] = report["children"][0]["childId"]

    return change


STRANGE: list[Callable[[dict[str, Any]], object]] = [
    _child(mosaicPersonId="9" * 40),
    _child(childId=LONG),
    lambda report: report.update(incidentId=LONG),
    lambda report: report.update(incidentNumber=LONG),
    lambda report: report.update(incidentId="inc-\ud800"),
    lambda report: report.update(incidentNumber="EXH-\ud800"),
    lambda report: report.update(incidentId="inc\0-1"),
]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_reports_that_no_database_takes_hold_up_no_other(
    found: Found, engine: str, request: pytest.FixtureRequest
) -> None:
    """Pages for ids, half a character, NUL, a number beyond every number."""
    ledger = {}
    if engine == "postgresql":
        ledger["BRIDGE_LEDGER_URL"] = fresh_database(request.getfixturevalue("postgres"))
    town = found(mail=False, **ledger)
    reports = [full(number, ago(3)) for number in range(1, len(STRANGE) + 2)]
    for strange, report in zip(STRANGE, reports, strict=False):
        strange(report)
    town.recording.put(*reports)
    result = town.bridge.sync(code=2)
    assert (result["pulled"]["seen"], result["quarantined"]) == (len(reports), 3)
    assert result["deliveries"]["mosaic"] == {"accepted": 9, "uncertain": 0, "rejected": 1, "pending": 0}
    assert sum("-0008-" in note["_reference"] for note in town.mosaic.notes.values()) == 2
    found_out = town.bridge.reconcile(*PERIOD, code=2)
    assert (found_out["checked"]["source"], found_out["totals"]["source"]) == ("checked", len(reports))
    assert found_out["totals"]["balanced"], found_out["totals"]
