"""Findings by their stable id: first seen, last seen, resolved, acknowledged. None is ever deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select, update

from ledger import audit
from ledger.database import Ledger
from ledger.errors import Refused, UnknownRecord
from ledger.tables import delivery, finding, incident

_URGENCY = ("high", "medium", "low")
_NOT_ACKNOWLEDGED = {"acknowledged_at": None, "acknowledged_by": None, "acknowledged_why": None}


@dataclass(frozen=True)
class Seen:
    """A finding as a reconciliation saw it."""

    id: str
    kind: str
    severity: str
    incident: str | None
    target: str | None
    subject: str | None
    occurred_on: date | None


@dataclass(frozen=True)
class Standing:
    """What the ledger knows of a finding: since when, whether it is acknowledged, and what it was when last seen."""

    first_seen: datetime
    last_seen: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_why: str | None
    seen: Seen


@dataclass(frozen=True)
class Kept:
    """What the ledger knows after a reconciliation: the open findings, and how many this one resolved."""

    standing: dict[str, Standing]
    resolved: int


def keep(
    ledger: Ledger,
    home: str,
    seen: Sequence[Seen],
    *,
    start: date,
    end: date,
    unseen_targets: Sequence[str],
    actor: str,
) -> Kept:
    """Note what was seen, and resolve what was not seen again in the range.

    A finding about a side that could not be read this time is left as it is: not seen is not resolved. One that was
    resolved and is seen again is open anew, and so is one that has become more urgent: what was acknowledged was the
    old trouble, and is in the audit trail.
    """

    def work(connection: Connection) -> Kept:
        now = ledger.now()
        there = {row.id: row for row in connection.execute(select(finding).where(finding.c.home == home))}
        fresh = [one for one in {one.id: one for one in seen}.values() if one.id not in there]
        if fresh:
            connection.execute(
                finding.insert(), [{**_values(one), "home": home, "first_seen": now, "last_seen": now} for one in fresh]
            )
        ids = {one.id for one in seen}
        again = [one for one in seen if one.id in there and _is_anew(there[one.id], one)]
        held = [{**_values(one), "last_seen": now, "resolved_at": None} for one in seen if one.id in there]
        _change(connection, held)
        _change(connection, [{"id": one.id, **_NOT_ACKNOWLEDGED} for one in again])
        gone = and_(
            finding.c.home == home,
            finding.c.resolved_at.is_(None),
            finding.c.last_seen < now,
            or_(finding.c.occurred_on.is_(None), finding.c.occurred_on.between(start, end)),
            or_(finding.c.target.is_(None), finding.c.target.not_in(list(unseen_targets) or [""])),
        )
        resolved = [row.id for row in connection.execute(select(finding.c.id).where(gone)) if row.id not in ids]
        _change(connection, [{"id": one_id, "resolved_at": now} for one_id in resolved])
        acts = [audit.Act("finding opened", f"finding:{one.id}", {"kind": one.kind}) for one in fresh]
        acts += [audit.Act("finding opened again", f"finding:{one.id}", {"kind": one.kind}) for one in again]
        acts += [audit.Act("finding resolved", f"finding:{one_id}") for one_id in resolved]
        audit.record(connection, now, actor, acts)
        return Kept(_standing(connection, home), len(resolved))

    return ledger.write(work)


def _is_anew(row: Row[Any], one: Seen) -> bool:
    """Whether what is known of a finding was about less than what is seen now."""
    worse = _URGENCY.index(one.severity) < _URGENCY.index(row.severity)
    return row.resolved_at is not None or (worse and row.acknowledged_at is not None)


def _change(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Set what each row says of the finding that has its id, with one statement."""
    if rows:
        statement = update(finding).where(finding.c.id == bindparam("which"))
        connection.execute(statement, [{**row, "which": row["id"]} for row in rows])


def open_ones(ledger: Ledger, home: str) -> Kept:
    """The open findings as they stand; nothing is written. For a look at another moment than now."""
    with ledger.reading() as connection:
        return Kept(_standing(connection, home), 0)


def _standing(connection: Connection, home: str) -> dict[str, Standing]:
    rows = connection.execute(select(finding).where(finding.c.home == home, finding.c.resolved_at.is_(None)))
    return {
        row.id: Standing(
            row.first_seen,
            row.last_seen,
            row.acknowledged_at,
            row.acknowledged_by,
            row.acknowledged_why,
            Seen(row.id, row.kind, row.severity, row.incident, row.target, row.subject, row.occurred_on),
        )
        for row in rows
    }


def unresolved(connection: Connection, home: str, kinds: Collection[str]) -> frozenset[tuple[str, str]]:
    """(incident's number, target) of the urgent findings of these kinds that no later look has resolved."""
    rows = connection.execute(
        select(finding.c.incident, finding.c.target)
        .where(finding.c.home == home, finding.c.resolved_at.is_(None), finding.c.severity == _URGENCY[0])
        .where(finding.c.kind.in_(kinds))
    )
    return frozenset((row.incident, row.target) for row in rows if row.incident and row.target)


def open_about_records(connection: Connection, home: str, kinds: Collection[str]) -> int:
    """How many urgent findings of these kinds about records are open. Where anything has become of the record since the
    last look, nobody knows until the next one."""
    since = select(delivery.c.id).join(incident, incident.c.id == delivery.c.incident_id)
    since = since.where(incident.c.home == finding.c.home, incident.c.number == finding.c.incident)
    since = since.where(delivery.c.target == finding.c.target, delivery.c.state_since > finding.c.last_seen)
    wanted = select(func.count()).where(finding.c.home == home, finding.c.kind.in_(kinds), ~since.exists())
    wanted = wanted.where(finding.c.resolved_at.is_(None), finding.c.acknowledged_at.is_(None))
    return int(connection.execute(wanted.where(finding.c.severity == _URGENCY[0])).scalar_one())


def acknowledge(ledger: Ledger, finding_id: str, by: str, reason: str) -> None:
    """A named person says that a finding is known and why. It stays in the report, marked so."""
    if not by.strip() or not reason.strip():
        raise Refused("An acknowledgement needs a name and a reason; give --by and --reason.")

    def work(connection: Connection) -> None:
        row = connection.execute(select(finding.c.id).where(finding.c.id == finding_id)).first()
        if row is None:
            raise UnknownRecord(f"There is no finding {finding_id}; the report and `reconcile --json` show their ids.")
        now = ledger.now()
        values = {"acknowledged_at": now, "acknowledged_by": by, "acknowledged_why": reason}
        connection.execute(update(finding).where(finding.c.id == finding_id).values(values))
        audit.record(connection, now, by, [audit.Act("finding acknowledged", f"finding:{finding_id}")])

    ledger.write(work)


def _values(one: Seen) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": one.kind,
        "severity": one.severity,
        "incident": one.incident,
        "target": one.target,
        "subject": one.subject,
        "occurred_on": one.occurred_on,
    }
