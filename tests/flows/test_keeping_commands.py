"""Keeping house: backfill, the ledger, its keys, the audit trail."""

from __future__ import annotations

import base64
import os
import sqlite3
from datetime import timedelta

import pytest

from sandbox.house import House
from tests.flows.conftest import Bridge


@pytest.fixture
def month(house: House, bridge: Bridge) -> House:
    """Three reports, delivered."""
    house.load_bulk(3)
    assert bridge("sync").code == 0
    return house


def _days(house: House) -> tuple[str, ...]:
    start = (house.end - timedelta(days=40)).date()
    return ("--from", start.isoformat(), "--to", house.end.date().isoformat())


# ---- backfill --------------------------------------------------------------------------------------------------------


def test_history_is_owed_to_a_target_that_came_later_on_purpose_and_once(house, bridge, monkeypatch):
    kept = {name: value for name, value in house.environment().items() if "DAILY_LOG" in name}
    for name in kept:
        monkeypatch.delenv(name)
    house.load_bulk(2)
    bridge("sync")
    for name, value in kept.items():
        monkeypatch.setenv(name, value)
    bridge("sync")
    assert house.recording.applied("log_create") == []

    assert bridge("backfill", "--target", "daily_log", *_days(house), "--dry-run", "--json").json["owed"] == 2
    assert bridge("backfill", "--target", "daily_log", *_days(house)).out == "2 deliveries are now owed to daily_log.\n"
    assert bridge("backfill", "--target", "daily_log", *_days(house), "--json").json["owed"] == 0
    bridge("sync")

    assert len(house.recording.applied("log_create")) == 2


def test_a_target_that_the_site_does_not_have_is_named_with_its_setting(house, bridge, monkeypatch):
    for name in [name for name in house.environment() if "DAILY_LOG" in name]:
        monkeypatch.delenv(name)

    ended = bridge("backfill", "--target", "daily_log", *_days(house), "--json")

    assert (ended.code, ended.json["error"]["setting"]) == (1, "BRIDGE_DAILY_LOG__KIND")


# ---- the ledger ------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_ledger(month, bridge, tmp_path, monkeypatch):
    copy = tmp_path / "copy.db"
    assert bridge("ledger", "backup", copy).code == 0

    monkeypatch.setenv("BRIDGE_LEDGER_URL", f"sqlite:///{copy}")
    assert bridge("audit", "verify").code == 0
    assert len(bridge("delivery", "list", "--json").json["deliveries"]) >= 6


def test_a_backup_does_not_take_the_ledgers_own_place(month, bridge):
    ledger = month.folder / "ledger.db"
    before = ledger.stat().st_ino

    refused = bridge("ledger", "backup", ledger, "--json")

    assert refused.code == 1
    assert "is the ledger itself; give the copy another name" in refused.json["error"]["message"]
    assert ledger.stat().st_ino == before
    assert bridge("audit", "verify").code == 0


def test_a_backup_that_cannot_be_written_says_so(month, bridge, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")

    refused = bridge("ledger", "backup", tmp_path / "file" / "copy.db")

    assert refused.code == 1
    assert "could not be written to" in refused.err


def test_a_backup_takes_the_place_of_nothing_that_is_no_file(month, bridge, tmp_path):
    """Run by root it replaced /dev/stdout; a variable that was not set was a mistake of ours."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for place in (pipe, ""):
        refused = bridge("ledger", "backup", place)
        assert (refused.code, refused.err.count("give the copy a name of its own")) == (1, 1)
    assert pipe.is_fifo()


def test_after_a_restore_what_was_sent_since_is_looked_up_and_not_sent_again(house, bridge, tmp_path, monkeypatch):
    house.load_bulk(1)
    bridge("sync")
    before = house.end - timedelta(minutes=1)
    bridge("ledger", "backup", tmp_path / "old.db")
    house.load_bulk(3)
    bridge("sync")
    monkeypatch.setenv("BRIDGE_LEDGER_URL", f"sqlite:///{tmp_path / 'old.db'}")

    restored = bridge("ledger", "restored", "--since", before.isoformat(), "--json")
    monkeypatch.setenv("BRIDGE_DELIVERY__WAIT_SECONDS", "5")
    ended = bridge("sync", "--json")

    assert restored.code == ended.code == 0
    assert ended.json["pulled"]["new"] == 2  # what the backup has forgotten is read again
    assert len(house.mosaic.applied("create")) == 3


def test_purging_wants_a_yes_and_leaves_ids_and_states(month, bridge):
    tomorrow = (month.end + timedelta(days=1)).date().isoformat()
    refused = bridge("ledger", "purge", "--before", tomorrow)
    assert refused.code == 1
    assert "do not come back" in refused.err

    purged = bridge("ledger", "purge", "--before", tomorrow, "--yes", "--json")

    assert purged.code == 0
    assert len(bridge("delivery", "list", "--json").json["deliveries"]) >= 6


def test_a_ledger_is_brought_up_to_this_version(month, bridge):
    from ledger.schema import HEAD

    assert bridge("ledger", "upgrade", "--json").json == {"version": HEAD, "exit_code": 0}


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_a_new_key_is_one_that_the_settings_take(bridge):
    printed = bridge("key", "new")

    assert printed.code == 0
    assert len(base64.urlsafe_b64decode(printed.out.strip())) == 32


def test_after_a_rotation_the_old_key_is_needed_no_more(month, bridge, monkeypatch):
    new = bridge("key", "new").out.strip()
    monkeypatch.setenv("BRIDGE_ENCRYPTION_KEYS", f"{new},{month.encryption_key}")

    rotated = bridge("key", "rotate", "--json")
    monkeypatch.setenv("BRIDGE_ENCRYPTION_KEYS", new)

    assert rotated.json["sealed"] > 0
    assert bridge("incident", "show", "--id", "bulk-0000001", "--reveal", "--json").json["report"]["number"]


def test_a_wrong_key_is_one_sentence_and_changes_nothing(month, bridge, monkeypatch):
    monkeypatch.setenv("BRIDGE_ENCRYPTION_KEYS", bridge("key", "new").out.strip())
    before = (month.folder / "ledger.db").read_bytes()

    ended = bridge("sync", "--json")

    assert (ended.code, ended.json["error"]["setting"]) == (1, "BRIDGE_ENCRYPTION_KEYS")
    assert (month.folder / "ledger.db").read_bytes() == before


# ---- the audit trail -------------------------------------------------------------------------------------------------


def test_a_whole_trail_says_how_long_it_is_and_what_to_keep(month, bridge):
    ended = bridge("audit", "verify", "--json")

    assert ended.code == 0
    assert ended.json["ok"] is True
    assert ended.json["entries"] > 0
    assert ended.json["head"] in bridge("audit", "verify").out


def test_a_trail_that_was_tampered_with_names_the_place(month, bridge):
    with sqlite3.connect(month.folder / "ledger.db") as ledger:
        ledger.execute("DROP TRIGGER IF EXISTS audit_entry_stays")
        for (trigger,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {trigger}")
        ledger.execute("UPDATE audit_entry SET actor = 'somebody else' WHERE sequence = 2")

    ended = bridge("audit", "verify")

    assert ended.code == 2
    assert ended.out.startswith("THE AUDIT TRAIL IS BROKEN.")
    assert bridge("audit", "verify", "--json").json["broken_at"] == 2
