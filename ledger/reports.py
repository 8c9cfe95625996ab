"""What was seen at the source: incidents, their revisions, quarantine, and the cursor.

`store` is the one place that decides whether a report is new, and the one that moves a cursor. A page, what it owes
and the cursor are written in one transaction: all of it, or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from ledger import audit, children, owing, quarantine
from ledger.batches import among, insert_rows
from ledger.crash_points import reach
from ledger.database import Ledger
from ledger.quarantine import Unreadable
from ledger.tables import cursor, incident, revision
from mappings.incident import Incident
from mappings.owed import Planner

_KNOWN = select(incident).where(incident.c.home == bindparam("home")).order_by(incident.c.id).with_for_update()
_KEYS = select(incident.c.source_id, incident.c.id).where(incident.c.home == bindparam("home"))
_OURS = (cursor.c.home == bindparam("b_home"), cursor.c.source == bindparam("b_source"))
_MARK = select(cursor.c.modified_at, cursor.c.incident).where(*_OURS).with_for_update()
_MOVE = update(cursor).where(*_OURS).values(modified_at=bindparam("b_modified"), incident=bindparam("b_incident"))


class Readable(NamedTuple):
    """A report that was understood. `fingerprint` covers its content, not its version or time stamp."""

    report: Incident
    fingerprint: str
    occurred_on: date

    def __repr__(self) -> str:
        return "<Readable>"


class Watermark(NamedTuple):
    """A position in the source's order of change, in which they are compared."""

    modified_at: datetime
    incident: str


@dataclass
class Stored:
    """What became of a page."""

    seen: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    quarantined: int = 0
    drafts: int = 0
    owed: int = 0

    def add(self, other: Stored) -> None:
        """Count another page in."""
        for name in ("seen", "new", "revised", "unchanged", "quarantined", "drafts", "owed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def changed(self) -> int:
        """How many reports were not known as they are."""
        return self.new + self.revised


def store(
    ledger: Ledger,
    home: str,
    source: str,
    *,
    readable: Sequence[Readable],
    unreadable: Sequence[Unreadable],
    watermark: Watermark | None,
    plan: Planner,
    actor: str,
    found_by: str = "pull",
) -> Stored:
    """Keep a page: new revisions, quarantined reports, what they owe, and the cursor that passed them."""
    page = _latest_of_each(readable)

    def work(connection: Connection) -> Stored:
        now = ledger.now()
        stored = Stored(seen=len(readable) + len(unreadable), unchanged=len(readable) - len(page))
        acts: list[audit.Act] = []
        _store_reports(ledger, connection, home, page, now, plan, stored, acts, found_by)
        stored.quarantined = quarantine.keep(ledger, connection, home, unreadable, now, acts)
        quarantine.let_go(connection, home, {one.report.incident_id for one in page}, unreadable, now)
        reach("store.before_cursor")
        if watermark is not None:
            _move_cursor(connection, home, source, watermark)
        audit.record(connection, now, actor, acts)
        reach("store.before_commit")
        return stored

    stored = ledger.write(work)
    reach("store.committed")
    children.stored(ledger, home)
    return stored


def watermark_of(ledger: Ledger, home: str, source: str) -> Watermark | None:
    """The true watermark of a home: what lies at or before it is stored. None before the first pull."""
    with ledger.reading() as connection:
        row = connection.execute(
            select(cursor.c.modified_at, cursor.c.incident).where(cursor.c.home == home, cursor.c.source == source)
        ).first()
    return None if row is None else Watermark(row.modified_at, row.incident)


def open_revision(ledger: Ledger, home: str, source_id: str, number: int, content: bytes) -> Incident:
    """The report that a revision's sealed content holds."""
    return Incident.model_validate_json(ledger.vault.open(content, record_of(home, source_id, number)))


def _latest_of_each(readable: Sequence[Readable]) -> list[Readable]:
    """An item that a page repeats counts once: the last of the highest version is what the source holds now."""
    latest: dict[str, Readable] = {}
    for one in readable:
        held = latest.get(one.report.incident_id)
        if held is None or (one.report.modified_at, one.report.version) >= (
            held.report.modified_at,
            held.report.version,
        ):
            latest[one.report.incident_id] = one
    return list(latest.values())


def _store_reports(
    ledger: Ledger,
    connection: Connection,
    home: str,
    page: Sequence[Readable],
    now: datetime,
    plan: Planner,
    stored: Stored,
    acts: list[audit.Act],
    found_by: str,
) -> None:
    known = _known(connection, home, [one.report.incident_id for one in page])
    new, revised = [], []
    for one in page:
        row = known.get(one.report.incident_id)
        if row is None:
            new.append(one)
        elif row.fingerprint == one.fingerprint:
            stored.unchanged += 1
        elif _is_older(one.report, row):
            # A page that was made before the one already stored; what it shows has been seen and passed.
            stored.unchanged += 1
        else:
            revised.append((one, row))
    _touch(connection, known, page, now)
    children.remember(ledger, connection, home, [one.report for one in new] + [one.report for one, _ in revised])
    ids = _insert_incidents(connection, home, new, now, found_by) | _raise_revisions(connection, revised, now)
    numbered = [(one, 1, ids[one.report.incident_id]) for one in new]
    numbered += [(one, row.revision + 1, row.id) for one, row in revised]
    _insert_revisions(ledger, connection, home, numbered, now)
    reach("store.before_owed")
    counts = owing.plan_all(
        ledger, connection, home, [(one.report, number, key) for one, number, key in numbered], plan, now
    )
    stored.new, stored.revised = len(new), len(revised)
    stored.drafts = sum(one.report.status == "Draft" for one, _, _ in numbered)
    stored.owed = sum(counts.values())
    acts += [
        audit.Act(
            "revision stored", f"incident:{key}", {"revision": number, "owed": counts.get(key, 0), "by": found_by}
        )
        for _, number, key in numbered
    ]


def _is_older(report: Incident, row: Row[Any]) -> bool:
    """Whether what came is an earlier state than what is stored. One place decides; equal in both is not older."""
    before = report.modified_at <= row.source_modified_at and report.version <= row.source_version
    return before and (report.modified_at, report.version) != (row.source_modified_at, row.source_version)


def _known(connection: Connection, home: str, source_ids: Sequence[str]) -> dict[str, Row[Any]]:
    return {row.source_id: row for row in _these(connection, _KNOWN, home, source_ids)}


def _touch(connection: Connection, known: Mapping[str, Row[Any]], page: Sequence[Readable], now: datetime) -> None:
    rows = [
        {
            "b_id": known[one.report.incident_id].id,
            "b_version": max(one.report.version, known[one.report.incident_id].source_version),
            "b_modified": max(one.report.modified_at, known[one.report.incident_id].source_modified_at),
            "b_seen": now,
        }
        for one in page
        if one.report.incident_id in known
    ]
    if rows:
        statement = (
            update(incident)
            .where(incident.c.id == bindparam("b_id"))
            .values(
                source_version=bindparam("b_version"),
                source_modified_at=bindparam("b_modified"),
                last_seen=bindparam("b_seen"),
                gone_at=None,
            )
        )
        connection.execute(statement, rows)


def _insert_incidents(
    connection: Connection, home: str, new: Sequence[Readable], now: datetime, found_by: str
) -> dict[str, int]:
    rows = [
        {
            "home": home,
            "source_id": one.report.incident_id,
            "number": one.report.number,
            "status": one.report.status,
            "revision": 1,
            "fingerprint": one.fingerprint,
            "source_version": one.report.version,
            "source_modified_at": one.report.modified_at,
            "occurred_at": one.report.occurred_at,
            "occurred_on": one.occurred_on,
            "first_seen": now,
            "last_seen": now,
            "found_by": found_by,
        }
        for one in new
    ]
    insert_rows(connection, incident, rows)
    return {row.source_id: row.id for row in _these(connection, _KEYS, home, [one.report.incident_id for one in new])}


def _raise_revisions(
    connection: Connection, revised: Sequence[tuple[Readable, Row[Any]]], now: datetime
) -> dict[str, int]:
    rows = [
        {
            "b_id": row.id,
            "b_number": one.report.number,
            "b_status": one.report.status,
            "b_revision": row.revision + 1,
            "b_fingerprint": one.fingerprint,
            "b_occurred": one.report.occurred_at,
            "b_day": one.occurred_on,
            "b_seen": now,
        }
        for one, row in revised
    ]
    if rows:
        statement = (
            update(incident)
            .where(incident.c.id == bindparam("b_id"))
            .values(
                number=bindparam("b_number"),
                status=bindparam("b_status"),
                revision=bindparam("b_revision"),
                fingerprint=bindparam("b_fingerprint"),
                occurred_at=bindparam("b_occurred"),
                occurred_on=bindparam("b_day"),
                last_seen=bindparam("b_seen"),
            )
        )
        connection.execute(statement, rows)
    return {one.report.incident_id: row.id for one, row in revised}


def _insert_revisions(
    ledger: Ledger, connection: Connection, home: str, numbered: Sequence[tuple[Readable, int, int]], now: datetime
) -> None:
    rows = [
        {
            "incident_id": key,
            "number": number,
            "status": one.report.status,
            "fingerprint": one.fingerprint,
            "source_version": one.report.version,
            "modified_at": one.report.modified_at,
            "seen_at": now,
            "content": ledger.vault.seal(one.report.model_dump_json(), record_of(home, one.report.incident_id, number)),
        }
        for one, number, key in numbered
    ]
    insert_rows(connection, revision, rows)


def _move_cursor(connection: Connection, home: str, source: str, mark: Watermark) -> None:
    """The only comparison of cursors in the code: a watermark never goes back."""
    ours = {"b_home": home, "b_source": source}
    row = connection.execute(_MARK, ours).first()
    if row is None:
        values = {"home": home, "source": source, "modified_at": mark.modified_at, "incident": mark.incident}
        connection.execute(cursor.insert().values(values))
        return
    best = max(mark, Watermark(row.modified_at, row.incident))
    connection.execute(_MOVE, {**ours, "b_modified": best.modified_at, "b_incident": best.incident})


def record_of(home: str, source_id: str, number: int) -> str:
    """The name that a revision's sealed content is bound to."""
    return json.dumps(["revision", home, source_id, number])


def _these(
    connection: Connection, statement: Select[Any], home: str, source_ids: Sequence[str], size: int = 500
) -> Iterator[Row[Any]]:
    """What the statement finds of these incidents of a home."""
    for start in range(0, len(source_ids), size):
        some = among(connection, incident.c.source_id, source_ids[start : start + size])
        yield from connection.execute(statement.where(some), {"home": home})
