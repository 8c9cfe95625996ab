"""What a revision owes, written with the revision in one transaction: the set of deliveries is fixed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, LargeBinary, Row, Text, select, update

from ledger import audit, children
from ledger.batches import Given, Types, insert_rows, write_rows
from ledger.database import Ledger
from ledger.states import DeliveryState, Event, after
from ledger.tables import body, delivery, incident, meta, revision
from mappings.incident import Incident
from mappings.owed import NO_RECORD_CAUSES, OTHER_RECORD_CAUSES, Before, History, Owed, Plan, Planner

_BODY: Types = (("of", Text()), ("content", LargeBinary()))
_RESTORED_AT = select(meta.c.value).where(meta.c.name == "restored_at")
_DOUBT = "The ledger was restored from a backup; it is looked up before anything is sent."
_UNSEEN = "The report now has another Mosaic id for this child, under which this was not seen yet."
_DOUBT_MAIL = "The ledger was restored from a backup and this mail may have gone out before; retry it if it did not."


def plan_all(
    ledger: Ledger,
    connection: Connection,
    home: str,
    reports: Sequence[tuple[Incident, int, int]],
    plan: Planner,
    now: datetime,
) -> dict[int, int]:
    """Plan (report, revision number, incident key) one after the other; returns how much each incident now owes."""
    if not reports:
        return {}
    revised = [key for _, number, key in reports if number > 1]
    before = deliveries_before(connection, revised, hold=True)
    restored_at = when_restored(connection)
    known = children.known(ledger, connection, home)
    counts: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    for report, number, key in reports:
        history = History(
            revision=number,
            before=before.get(key, ()),
            earlier=lambda n, key=key, report=report: _earlier(ledger, connection, home, report.incident_id, key, n),  # type: ignore[misc]
            known_children=known,
        )
        planned = plan(report, history)
        rows += [
            _row(
                ledger,
                home,
                key,
                report.number,
                owed,
                now,
                doubt=_forgotten(report, owed, restored_at, new=number == 1),
            )
            for owed in planned.owed
        ]
        apply_changes(connection, planned, now)
        counts[key] = len(planned.owed)
    _write(connection, rows)
    return counts


def add(ledger: Ledger, home: str, report: Incident, key: int, number: int, plan: Plan, actor: str) -> int:
    """Owe something more to an incident that is already planned: a backfill or a new recipient. Returns how many.

    None where another revision than `number` is the latest by now: what it owes was planned with it.
    """

    def work(connection: Connection) -> int:
        now = ledger.now()
        latest = select(incident.c.revision).where(incident.c.id == key).with_for_update()
        if connection.execute(latest).scalar_one() != number:
            return 0
        wanted = [owed.key for owed in plan.owed]
        there = set(connection.execute(select(delivery.c.key).where(delivery.c.key.in_(wanted))).scalars())
        restored_at = when_restored(connection)
        rows = [
            _row(ledger, home, key, report.number, owed, now, doubt=_forgotten(report, owed, restored_at, new=False))
            for owed in plan.owed
            if owed.key not in there
        ]
        _write(connection, rows)
        apply_changes(connection, plan, now)
        acts = [
            audit.Act("delivery owed", f"incident:{key}", {"target": row["target"], "key": row["key"]}) for row in rows
        ]
        audit.record(connection, now, actor, acts)
        return len(rows)

    return ledger.write(work)


def rewrite(ledger: Ledger, owed: Owed) -> None:
    """Write down anew what is sent, where it was refused."""
    said = owed.body.model_dump_json() if owed.body is not None else ""
    values = {"body_digest": ledger.vault.digest(said), "detail": dict(owed.detail)}

    def work(connection: Connection) -> None:
        refused = select(delivery.c.id).where(delivery.c.key == owed.key, delivery.c.state == DeliveryState.REJECTED)
        row_id = connection.execute(refused.with_for_update()).scalar()
        if row_id is not None:
            connection.execute(update(delivery).where(delivery.c.id == row_id).values(values))
            connection.execute(body.delete().where(body.c.delivery_id == row_id))
            sealed = {"of": owed.key, "content": ledger.vault.seal(said, f"delivery:{owed.key}")}
            write_rows(connection, _BODY, _body, [sealed])

    ledger.write(work)


def owe_alone(ledger: Ledger, home: str, owed: Sequence[Owed], actor: str) -> int:
    """Owe something that belongs to no single incident, such as a digest. What is owed already is not owed again."""

    def work(connection: Connection) -> int:
        now = ledger.now()
        wanted = [one.key for one in owed]
        there = set(connection.execute(select(delivery.c.key).where(delivery.c.key.in_(wanted))).scalars())
        rows = [_row(ledger, home, None, None, one, now, doubt=False) for one in owed if one.key not in there]
        _write(connection, rows)
        audit.record(connection, now, actor, [audit.Act("digest owed", f"delivery:{row['key'][:16]}") for row in rows])
        return len(rows)

    return ledger.write(work) if owed else 0


def change_detail(ledger: Ledger, delivery_id: int, detail: Mapping[str, Any]) -> None:
    """Note anew what we keep of a delivery for ourselves."""
    statement = update(delivery).where(delivery.c.id == delivery_id).values(detail=dict(detail))
    ledger.write(lambda connection: connection.execute(statement))


def deliveries_before(
    connection: Connection, keys: Sequence[int], *, hold: bool = False
) -> dict[int, tuple[Before, ...]]:
    """The deliveries that incidents already have, oldest first. `hold`: no worker takes one until this is committed."""
    found: dict[int, list[Before]] = {}
    for start in range(0, len(keys), 500):
        statement = (
            select(delivery).where(delivery.c.incident_id.in_(keys[start : start + 500])).order_by(delivery.c.id)
        )
        for row in connection.execute(statement.with_for_update() if hold else statement):
            found.setdefault(row.incident_id, []).append(_before(row))
    return {key: tuple(rows) for key, rows in found.items()}


def apply_changes(connection: Connection, plan: Plan, now: datetime) -> None:
    """Withdraw what is no longer owed; send and look for notes under a child's new Mosaic id.

    A delivery that a worker took meanwhile is left as it is: only what is proven not there can be withdrawn.
    """
    for row_id, why in plan.withdrawn:
        state = connection.execute(
            select(delivery.c.state).where(delivery.c.id == row_id).with_for_update()
        ).scalar_one()
        if state in (DeliveryState.PENDING, DeliveryState.REJECTED, DeliveryState.AWAITING_APPROVAL):
            values = {"state": after(DeliveryState(state), Event.WITHDRAWN), "state_since": now, "why": why}
            connection.execute(update(delivery).where(delivery.c.id == row_id).values(values))
    new_person = {
        "why": "The report now has another Mosaic id for this child, or none.",
        "cause": None,
        "due_epoch": 0.0,
    }
    for row_id, person_id in plan.readdressed:
        one = update(delivery).where(delivery.c.id == row_id).values(new_person | {"person_id": person_id})
        again = {"state": after(DeliveryState.REJECTED, Event.RETRIED), "state_since": now}
        nowhere, refused = delivery.c.cause.in_(NO_RECORD_CAUSES), delivery.c.cause.in_(OTHER_RECORD_CAUSES)
        connection.execute(one.where(delivery.c.state == DeliveryState.PENDING))
        connection.execute(one.where(delivery.c.state == DeliveryState.UNCERTAIN, nowhere).values(looks=0))
        connection.execute(one.where(delivery.c.state == DeliveryState.REJECTED, refused).values(again))
        restored_at = when_restored(connection)
        if restored_at is not None:
            # It may have gone to the new record already, and this ledger has forgotten it.
            older = delivery.c.state == DeliveryState.PENDING, delivery.c.planned_at <= restored_at
            doubt = {"state": after(DeliveryState.PENDING, Event.DOUBTED), "state_since": now, "why": _DOUBT}
            connection.execute(one.where(*older).values(doubt))
    for row_id in plan.unseen:
        seen = update(delivery).where(delivery.c.id == row_id, delivery.c.state == DeliveryState.VERIFIED)
        state = after(DeliveryState.VERIFIED, Event.READDRESSED)
        connection.execute(seen.values(state=state, state_since=now, why=_UNSEEN, verified_at=None))


def _row(
    ledger: Ledger, home: str, key: int | None, number: str | None, owed: Owed, now: datetime, *, doubt: bool
) -> dict[str, Any]:
    state, why, cause = DeliveryState.PENDING, owed.not_sent, None
    if owed.not_sent is not None:
        state = DeliveryState.SUPERSEDED
    elif owed.refused is not None:
        state, why, cause = DeliveryState.REJECTED, owed.refused, "unsafe_text"
    elif doubt and owed.target == "email":
        state, why, cause = DeliveryState.REJECTED, _DOUBT_MAIL, "restored"
    elif doubt and owed.target != "lado":
        state, why = DeliveryState.UNCERTAIN, _DOUBT
    said = owed.body.model_dump_json() if owed.body is not None else None
    return {
        "key": owed.key,
        "home": home,
        "incident_id": key,
        "incident": number,
        "revision": owed.revision,
        "part": owed.part,
        "target": owed.target,
        "action": owed.action,
        "subject": owed.subject,
        "reference": owed.reference,
        "state": state,
        "priority_at": owed.priority_at,
        "planned_at": now,
        "state_since": now,
        "person_id": owed.person_id,
        "why": why,
        "cause": cause,
        "body": ledger.vault.seal(said, f"delivery:{owed.key}") if said is not None else None,
        "body_digest": ledger.vault.digest(said) if said is not None else None,
        "detail": dict(owed.detail),
    }


def _write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write down what is owed, and beside it what is sent."""
    sealed = [(row["key"], row.pop("body")) for row in rows]
    insert_rows(connection, delivery, rows)
    contents = [{"of": key, "content": content} for key, content in sealed if content is not None]
    write_rows(connection, _BODY, _body, contents)


def _body(given: Given) -> Insert:
    found = select(delivery.c.id, given["content"]).where(delivery.c.key == given["of"])
    return body.insert().from_select(["delivery_id", "content"], found)


def _before(row: Row[Any]) -> Before:
    return Before(
        id=row.id,
        target=row.target,
        action=row.action,
        subject=row.subject,
        part=row.part,
        revision=row.revision,
        state=row.state,
        person_id=row.person_id,
        cause=row.cause,
        detail=row.detail,
    )


def _earlier(
    ledger: Ledger, connection: Connection, home: str, source_id: str, key: int, number: int
) -> Incident | None:
    """The report as it was; None where it was purged."""
    from ledger.reports import open_revision

    statement = select(revision.c.content).where(revision.c.incident_id == key, revision.c.number == number)
    content = connection.execute(statement).scalar_one()
    return open_revision(ledger, home, source_id, number, content) if content else None


def _forgotten(report: Incident, owed: Owed, restored_at: datetime | None, *, new: bool) -> bool:
    """Whether what a report owes may have been sent by a ledger that was lost.

    A report that is older than the restore may have been sent before as it read then, whatever it says now. A mail,
    which cannot be looked for, is held back for a new report, and else where the revision itself is as old.
    """
    if restored_at is None:
        return False
    first = report.modified_at if owed.target == "email" and not new else report.created_at
    return min(first, report.modified_at) <= restored_at


def when_restored(connection: Connection) -> datetime | None:
    """When this ledger was last put back from a backup."""
    value = connection.execute(_RESTORED_AT).scalar()
    return None if value is None else datetime.fromisoformat(value)


def incident_key(connection: Connection, home: str, source_id: str) -> int | None:
    """The ledger's own key of an incident."""
    return connection.execute(
        select(incident.c.id).where(incident.c.home == home, incident.c.source_id == source_id)
    ).scalar()
