"""The replica is a copy with the published columns, in UK local time without a zone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import requests

from sandbox.mosaic import Mosaic
from sandbox.replica import Replica
from tests.sandbox.examples import NOTE


def rows(replica: Replica, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(replica.path) as database:
        database.execute("ATTACH ? AS dbo", (str(replica.path),))
        return database.execute(query).fetchall()


def test_a_note_and_its_appendment_are_rows_of_the_copy(
    tmp_path: Path, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    replica = Replica(tmp_path / "replica.db", mosaic)
    made = to_mosaic.post(f"{mosaic.base_url}/persons/1/case-notes", json=NOTE, timeout=5).json()
    more = {"note": "<p>More.</p>", "reference": "EXH-1-2"}
    to_mosaic.post(f"{mosaic.base_url}/case-notes/{made['id']}/appendments", json=more, timeout=5)
    columns = "PERSON_ID, NOTE_TYPE, EFFECTIVE_DATE, ROOT_CASE_NOTE, STATE, NOTE"
    query = f"SELECT {columns} FROM dbo.CASE_NOTES ORDER BY ID"
    assert rows(replica, query) == [], "a copy is as old as its last refresh"
    replica.refresh()
    first, second = rows(replica, query)
    assert first == (1, "SAFEINT", "2026-06-03 14:05:00", None, "ACTIVE", NOTE["note"])
    assert second[3:] == (made["id"], "ACTIVE", "<p>More.</p>")


def test_drafts_deletions_restrictions_and_merges_are_seen_in_the_copy(
    tmp_path: Path, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    draft = {**NOTE, "complete": False}
    to_mosaic.post(f"{mosaic.base_url}/persons/1/case-notes", json=draft, timeout=5)
    gone = to_mosaic.post(f"{mosaic.base_url}/persons/2/case-notes", json=NOTE, timeout=5).json()
    mosaic.delete_note(gone["id"])
    mosaic.restrict(3)
    mosaic.merge(1, 4)
    replica = Replica(tmp_path / "replica.db", mosaic)
    found = rows(replica, "SELECT PERSON_ID, STATE, COMPLETED_DATE IS NULL, TIMEOUT_DATE IS NULL FROM dbo.CASE_NOTES")
    assert found == [(4, "ACTIVE", 1, 0), (2, "DELETED", 0, 1)]
    people = dict(rows(replica, "SELECT PERSON_ID, RESTRICTED FROM dbo.DM_PERSONS"))
    assert people[3] == "Y"
    assert 1 not in people
