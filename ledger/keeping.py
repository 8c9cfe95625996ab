"""Keeping house: backup, what to do after a restore, new keys, and the end of a record's time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, delete, select, tuple_, update

from ledger import audit
from ledger.crash_points import reach
from ledger.database import DIGEST_KEY, KEY_CHECK, Ledger
from ledger.errors import LedgerError, Refused
from ledger.states import DeliveryState, Event, after
from ledger.tables import body, cursor, delivery, finding, incident, known_child, meta, quarantined, revision
from mappings.uk_time import LONDON

_BATCH = 500


def backup(ledger: Ledger, to: Path) -> Path:
    """Copy a SQLite ledger while it is in use; the copy appears whole or not at all.

    Raises Refused for PostgreSQL, whose own tools do it, and where the copy would replace the ledger or no file at all.
    """
    if ledger.is_postgresql:
        raise Refused("This ledger is on PostgreSQL; back it up with pg_dump, which takes one consistent state.")
    part = to.parent / f"{to.name}.part"
    try:
        if to.exists() and not to.is_file():
            raise Refused(f"{to} is no file; give the copy a name of its own.")
        if to.exists() and to.samefile(ledger.engine.url.database or ""):
            raise Refused(f"{to} is the ledger itself; give the copy another name, and best another disk.")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        os.close(handle)
        with ledger.reading() as connection:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            target = sqlite3.connect(part)
            try:
                source.backup(target)
            finally:
                target.close()
        reach("backup.copied")
        os.replace(part, to)
    except (OSError, sqlite3.Error):
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise LedgerError(f"The backup could not be written to {to}; check the folder and the free space.") from None
    ledger.write(lambda c: audit.record(c, ledger.now(), "operator", [audit.Act("ledger backed up", "ledger")]))
    return to


@dataclass(frozen=True)
class Restored:
    """What `restored` marked."""

    doubted: int
    mails_held: int
    cursors_moved: int


def restored(ledger: Ledger, since: datetime, actor: str) -> Restored:
    """Say that this ledger came from a backup taken at `since`: what it has forgotten may have been sent.

    Everything that waits is looked up before it is sent; what is planned from reports changed up to this moment starts
    in doubt; mail, which cannot be looked up, waits for a person; the pulls begin again before `since`. An audit trail
    that is broken goes on from here, and says where it was.
    """
    broken_at = audit.verify(ledger).broken_at

    def work(connection: Connection) -> Restored:
        now = ledger.now()
        waiting = connection.execute(
            select(delivery.c.id, delivery.c.state, delivery.c.target)
            .where(delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING]), delivery.c.target != "lado")
            .with_for_update()
        ).all()
        mails = [row for row in waiting if row.target == "email"]
        others = [row for row in waiting if row.target != "email"]
        why = "The ledger was restored from a backup; it is looked up before anything is sent."
        for row in others:
            _mark(connection, row, after(DeliveryState(row.state), Event.DOUBTED), now, why, None)
        why = "The ledger was restored from a backup and this mail may have gone out before; retry it if it did not."
        for row in mails:
            _mark(connection, row, DeliveryState.REJECTED, now, why, "restored")
        moved = connection.execute(
            update(cursor).where(cursor.c.modified_at > since).values(modified_at=since, incident="")
        )
        connection.execute(delete(meta).where(meta.c.name == "restored_at"))
        connection.execute(meta.insert().values(name="restored_at", value=now.isoformat()))
        detail = {"since": since.isoformat(), "doubted": len(others)}
        detail |= {} if broken_at is None else {"broken_at": broken_at}
        audit.begin_anew(connection)
        audit.record(connection, now, actor, [audit.Act("ledger restored", "ledger", detail)])
        return Restored(len(others), len(mails), moved.rowcount)

    return ledger.write(work)


def _mark(connection: Connection, row: Any, state: DeliveryState, now: datetime, why: str, cause: str | None) -> None:
    values = {
        "state": state,
        "state_since": now,
        "why": why,
        "cause": cause,
        "due_epoch": 0.0,
        "looks": 0,
        "owner": None,
        "lease_epoch": None,
        "fence": delivery.c.fence + 1,
    }
    connection.execute(update(delivery).where(delivery.c.id == row.id).values(values))


def rotate(ledger: Ledger, progress: Callable[[int], None] = lambda _: None) -> int:
    """Seal every row with the first key. It may be stopped and started again; old keys must stay until it ends.

    Returns how many values were sealed anew.
    """
    total = 0
    for sealed in _sealed_columns():
        last = 0
        while True:
            done, last = ledger.write(lambda c, one=sealed, n=last: _reseal(ledger, c, one, n))  # type: ignore[misc]
            if last == 0:
                break
            total += done
            progress(total)
            reach("rotate.batch")

    def finish(connection: Connection) -> None:
        for name in (KEY_CHECK, DIGEST_KEY):
            sealed = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one()
            fresh = ledger.vault.seal(ledger.vault.open(bytes.fromhex(sealed), f"meta:{name}"), f"meta:{name}").hex()
            connection.execute(update(meta).where(meta.c.name == name).values(value=fresh))
        audit.record(connection, ledger.now(), "operator", [audit.Act("key rotated", "ledger", {"values": total})])

    ledger.write(finish)
    return total


class _Sealed(NamedTuple):
    """A sealed column, the key of its rows, and the name of the record that a value belongs to."""

    column: Column[Any]
    key: Column[Any]
    rows: Select[Any]
    record: Callable[[Row[Any]], str]


def _sealed_columns() -> list[_Sealed]:
    from ledger.reports import record_of

    children = select(known_child.c.home)
    reports = select(quarantined.c.home, quarantined.c.fingerprint)
    revisions = select(incident.c.home, incident.c.source_id, revision.c.number).join_from(revision, incident)
    bodies = select(delivery.c.key.label("of")).join_from(body, delivery)
    return [
        _Sealed(
            revision.c.content, revision.c.id, revisions, lambda row: record_of(row.home, row.source_id, row.number)
        ),
        _Sealed(known_child.c.name, known_child.c.id, children, lambda row: f"known_child:{row.home}"),
        _Sealed(
            quarantined.c.content, quarantined.c.id, reports, lambda row: f"quarantined:{row.home}:{row.fingerprint}"
        ),
        _Sealed(body.c.content, body.c.delivery_id, bodies, lambda row: f"delivery:{row.of}"),
    ]


def _reseal(ledger: Ledger, connection: Connection, sealed: _Sealed, after_key: int) -> tuple[int, int]:
    """Seal the next rows of a column; returns how many, and the last key, or 0 when there are no more."""
    some = sealed.rows.add_columns(sealed.key.label("key"), sealed.column.label("sealed"))
    some = some.where(sealed.key > after_key).order_by(sealed.key).limit(_BATCH)
    rows = connection.execute(some.with_for_update(of=sealed.column.table)).all()  # or a purge meanwhile is undone
    done = 0
    for row in rows:
        if not row.sealed or ledger.vault.is_current(row.sealed):
            continue  # what was purged stays empty
        fresh = ledger.vault.seal(ledger.vault.open(row.sealed, sealed.record(row)), sealed.record(row))
        connection.execute(update(sealed.column.table).where(sealed.key == row.key).values({sealed.column: fresh}))
        done += 1
    return done, rows[-1].key if rows else 0


class Purged(NamedTuple):
    """How many reports lost their contents, and how many incidents keep them for an urgent finding that is open."""

    emptied: int
    kept: int


def purge(ledger: Ledger, before: date, actor: str) -> Purged:
    """Empty the contents of incidents that happened before a day and are finished everywhere.

    So too of reports that left quarantine and were not seen there since that day. The rows stay, with their ids,
    states, references and hashes: that something was recorded, and where, is never forgotten. An incident with an
    urgent finding that is open is not finished: without its contents nobody would hear of an overdue duty again.
    """
    urgent = select(finding.c.home, finding.c.incident).where(
        finding.c.incident.is_not(None),
        finding.c.severity == "high",
        finding.c.resolved_at.is_(None),
        finding.c.acknowledged_at.is_(None),
    )
    name = tuple_(incident.c.home, incident.c.number)
    unfinished = select(delivery.c.incident_id).where(
        delivery.c.incident_id.is_not(None),
        delivery.c.state.not_in([DeliveryState.ACCEPTED, DeliveryState.VERIFIED, DeliveryState.SUPERSEDED]),
    )
    old = (
        select(incident.c.id)
        .where(incident.c.occurred_on < before, incident.c.id.not_in(unfinished), incident.c.status != "Draft")
        .where(incident.c.id.in_(select(revision.c.incident_id).where(revision.c.content != b"")))
    )

    def work(connection: Connection) -> int:
        audit.hold(connection)  # or it would take the words of what a run comes to owe meanwhile
        keys = list(connection.execute(old.where(name.not_in(urgent)).limit(_BATCH)).scalars())
        if keys:
            connection.execute(update(revision).where(revision.c.incident_id.in_(keys)).values(content=b""))
            theirs = select(delivery.c.id).where(delivery.c.incident_id.in_(keys))
            connection.execute(delete(body).where(body.c.delivery_id.in_(theirs)))
            audit.record(
                connection, ledger.now(), actor, [audit.Act("contents purged", f"incident:{key}") for key in keys]
            )
        return len(keys)

    def left_quarantine(connection: Connection) -> int:
        midnight = datetime.combine(before, time(), LONDON).astimezone(UTC)
        old = (
            select(quarantined.c.id)
            .where(quarantined.c.state != "waiting", quarantined.c.last_seen < midnight, quarantined.c.content != b"")
            .limit(_BATCH)
            .with_for_update()  # one that a run sees again meanwhile waits once more, and is whole
        )
        keys = list(connection.execute(old).scalars())
        if keys:
            connection.execute(update(quarantined).where(quarantined.c.id.in_(keys)).values(content=b""))
            acts = [audit.Act("contents purged", f"quarantined:{key}") for key in keys]
            audit.record(connection, ledger.now(), actor, acts)
        return len(keys)

    total = 0
    for some in (work, left_quarantine):
        while done := ledger.write(some):
            total += done
            reach("purge.batch")
    with ledger.reading() as connection:
        return Purged(total, len(connection.execute(old.where(name.in_(urgent))).all()))
