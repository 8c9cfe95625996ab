"""The outbox: what is owed, who holds it, what came of it. The promise "once" is kept here.

A worker claims deliveries under a lease with a fencing number; the ledger says `sending` before the first byte
leaves. It records what came back under the same number, or nothing: a late worker's word changes nothing. A lease
that runs out means that nobody knows, so the delivery becomes `uncertain` and is looked up, never simply resent.
Every step goes through the table in `ledger.states`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from ledger import audit
from ledger.batches import write_rows
from ledger.crash_points import reach
from ledger.database import Ledger
from ledger.states import FINAL, DeliveryState, Event, after
from ledger.tables import attempt, delivery, incident

#: Looks that must find nothing, a settling time apart, before an uncertain delivery may be sent again.
LOOKS_BEFORE_RESEND = 2
#: A run waits for what was not applied only this often and this long, in seconds: then the next run tries it.
_PASSING_TRIES, _PASSING_SECONDS = 3, 10.0


@dataclass(frozen=True, repr=False)
class Claim:
    """A delivery that this worker holds until its lease runs out. `body` is what is sent, word for word."""

    id: int
    key: str
    fence: int
    home: str
    incident_id: int | None
    incident: str | None
    revision: int
    part: int
    target: str
    action: str
    subject: str
    reference: str
    person_id: int | None
    remote_id: str | None
    attempts: int
    looks: int
    body: bytes
    detail: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What came of one try or look. `retry_in` is in seconds by the ledger's clock."""

    claim: Claim
    event: Event
    why: str = ""
    retry_in: float = 0.0
    remote_id: str | None = None
    person_id: int | None = None
    cause: str | None = None
    at: datetime | None = None
    detail: dict[str, Any] = field(default_factory=dict)


#: What a claim is made of.
_CLAIMED = [delivery.c[name] for name in (*(one.name for one in fields(Claim)), "state")]


def claim(
    ledger: Ledger, target: str, worker: str, *, homes: Sequence[str], limit: int, lease_seconds: float
) -> list[Claim]:
    """Take deliveries of one target that are due, oldest duty first, and mark them `sending`.

    A delivery is left alone while an earlier one of the same incident, target and subject is not final.
    """
    return _take(ledger, target, worker, DeliveryState.PENDING, homes, limit, lease_seconds)


def claim_looks(
    ledger: Ledger, target: str, worker: str, *, homes: Sequence[str], limit: int, lease_seconds: float
) -> list[Claim]:
    """Take uncertain deliveries of one target whose settling time is over. They stay `uncertain`."""
    return _take(ledger, target, worker, DeliveryState.UNCERTAIN, homes, limit, lease_seconds)


@dataclass(frozen=True)
class Root:
    """What an addition adds to: the note's id and the person it lies on, or the log entry that is corrected."""

    remote_id: str
    person_id: int | None


def roots(ledger: Ledger, claims: Sequence[Claim]) -> dict[int, Root]:
    """What each of these additions adds to: the incident's first note, or its newest log entry."""
    additions = [one for one in claims if one.action in ("append", "correct")]
    found: dict[int, Root] = {}
    with ledger.reading() as connection:
        for one in additions:
            statement = (
                select(delivery.c.remote_id, delivery.c.person_id)
                .where(delivery.c.incident_id == one.incident_id, delivery.c.target == one.target)
                .where(delivery.c.subject == one.subject, delivery.c.id < one.id, delivery.c.remote_id.is_not(None))
                .where(delivery.c.state.in_([DeliveryState.ACCEPTED, DeliveryState.VERIFIED]))
            )
            if one.action == "append":
                statement = statement.where(delivery.c.action == "create").order_by(delivery.c.id.desc())
            else:
                statement = statement.order_by(delivery.c.id.desc())
            row = connection.execute(statement.limit(1)).first()
            if row is not None:
                found[one.id] = Root(row.remote_id, row.person_id)
    return found


def renew(ledger: Ledger, claims: Sequence[Claim], lease_seconds: float) -> frozenset[int]:
    """Hold on to deliveries that are still in flight; returns the ids of those that are still held.

    One that was taken over meanwhile is left alone, and must not be sent any more by whoever asked.
    """

    def work(connection: Connection) -> frozenset[int]:
        until = ledger.seconds(connection) + lease_seconds
        held = frozenset(_held(connection, claims))
        if held:
            connection.execute(update(delivery).where(delivery.c.id.in_(held)).values(lease_epoch=until))
        return held

    return ledger.write(work) if claims else frozenset()


def record(ledger: Ledger, worker: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write down what came back; returns the outcomes that were written.

    An outcome under an old fencing number, or one whose delivery is no longer held, changes nothing.
    """

    def work(connection: Connection) -> list[Outcome]:
        now, seconds = ledger.now(), ledger.seconds(connection)
        held = _held(connection, [outcome.claim for outcome in outcomes])
        written = [outcome for outcome in outcomes if held.get(outcome.claim.id) is not None]
        rows = [_after_outcome(held[outcome.claim.id], outcome, now, seconds) for outcome in written]
        _update(connection, rows)
        _note(
            connection,
            now,
            worker,
            [(outcome.claim.id, outcome.claim.fence, row) for outcome, row in zip(written, rows, strict=True)],
        )
        reach("record.before_commit")
        return written

    if not outcomes:
        return []
    written = ledger.write(work)
    reach("record.committed")
    return written


def expire_leases(ledger: Ledger, worker: str, *, settle_seconds: float) -> int:
    """Turn deliveries whose worker did not come back into `uncertain`; frees look-ups that were left hanging."""

    def work(connection: Connection) -> int:
        now, seconds = ledger.now(), ledger.seconds(connection)
        gone = and_(delivery.c.lease_epoch.is_not(None), delivery.c.lease_epoch < seconds)
        statement = select(delivery.c.id, delivery.c.fence, delivery.c.state).where(gone)
        if ledger.is_postgresql:
            statement = statement.with_for_update(skip_locked=True)
        rows = connection.execute(statement).all()
        changes = []
        for row in rows:
            sending = row.state == DeliveryState.SENDING
            state = after(DeliveryState.SENDING, Event.LEASE_EXPIRED) if sending else DeliveryState(row.state)
            change = _change(
                row.id, state, now, "Its worker did not come back; it is looked up before anything is sent again."
            )
            change.update(b_fence=row.fence + 1, b_due=seconds + (settle_seconds if sending else 0.0))
            if sending:
                change["event"] = Event.LEASE_EXPIRED
            changes.append(change)
        _update(connection, changes)
        _note(
            connection,
            now,
            worker,
            [(row.id, row.fence, change) for row, change in zip(rows, changes, strict=True) if "event" in change],
        )
        return len(rows)

    with ledger.reading() as connection:
        seconds = ledger.seconds(connection)
        some = connection.execute(
            select(delivery.c.id).where(delivery.c.lease_epoch.is_not(None), delivery.c.lease_epoch < seconds).limit(1)
        ).first()
    return ledger.write(work) if some else 0


def next_due_in(ledger: Ledger, targets: Sequence[str], *, homes: Sequence[str]) -> float | None:
    """Seconds until something of these targets can be looked at or tried; None when there is nothing to wait for.

    What is in doubt is waited for; what was not applied only while its trouble may be a passing one.
    """
    with ledger.reading() as connection:
        seconds = ledger.seconds(connection)
        when = func.coalesce(delivery.c.lease_epoch, delivery.c.due_epoch)
        passing = and_(
            delivery.c.state == DeliveryState.PENDING,
            delivery.c.attempts <= _PASSING_TRIES,
            delivery.c.due_epoch <= seconds + _PASSING_SECONDS,
            _not_waiting(),
        )
        in_doubt = delivery.c.state.in_([DeliveryState.SENDING, DeliveryState.UNCERTAIN])
        condition = and_(delivery.c.target.in_(targets), delivery.c.home.in_(homes), or_(passing, in_doubt))
        first = connection.execute(select(func.min(when)).where(condition)).scalar()
    return None if first is None else max(0.0, float(first) - seconds)


def read_back(ledger: Ledger, delivery_ids: Sequence[int], actor: str) -> int:
    """A later, independent read found these as they were sent; returns how many are verified by it.

    One that the ledger did not know to be there is put in doubt: the next look-up takes down where it is, and nothing
    is sent meanwhile. One that a worker holds is left alone.
    """

    def work(connection: Connection) -> int:
        now, changes = ledger.now(), []
        for start in range(0, len(delivery_ids), 500):
            some = list(delivery_ids[start : start + 500])
            statement = select(delivery.c.id, delivery.c.state, delivery.c.fence).where(delivery.c.id.in_(some))
            for row in connection.execute(statement.with_for_update()).all():
                event = _READ_BACK.get(row.state)
                if event is not None:
                    changes.append((row.id, row.fence, after(DeliveryState(row.state), event), event))
        for row_id, _, state, event in changes:
            verified = {"verified_at": now} if event is Event.READ_BACK else {"due_epoch": 0.0, "looks": 0}
            values = {"state": state, "state_since": now, **verified}
            connection.execute(update(delivery).where(delivery.c.id == row_id).values(values))
        notes = [
            (row_id, fence, {"event": event, "b_why": None, "b_state": state})
            for row_id, fence, state, event in changes
        ]
        _note(connection, now, actor, notes)
        return sum(event is Event.READ_BACK for *_, event in changes)

    return ledger.write(work) if delivery_ids else 0


_READ_BACK = {
    DeliveryState.ACCEPTED: Event.READ_BACK,
    DeliveryState.PENDING: Event.DOUBTED,
    DeliveryState.REJECTED: Event.DOUBTED,
}


def _take(
    ledger: Ledger,
    target: str,
    worker: str,
    state: DeliveryState,
    homes: Sequence[str],
    limit: int,
    lease_seconds: float,
) -> list[Claim]:
    def work(connection: Connection) -> list[Claim]:
        seconds = ledger.seconds(connection)
        free = or_(delivery.c.lease_epoch.is_(None), delivery.c.lease_epoch < seconds)
        statement = (
            select(*_CLAIMED)
            .where(delivery.c.target == target, delivery.c.state == state, delivery.c.due_epoch <= seconds)
            .where(delivery.c.home.in_(homes))
            .where(free, _not_waiting() if state is DeliveryState.PENDING else true())
            .order_by(delivery.c.priority_at, delivery.c.id)
            .limit(limit)
        )
        if ledger.is_postgresql:
            statement = statement.with_for_update(skip_locked=True, of=delivery)
        rows = connection.execute(statement).all()
        if not rows:
            return []
        _hold(connection, rows, state, worker, seconds + lease_seconds, ledger.now())
        return [_claim(ledger, row) for row in rows]

    taken = ledger.write(work)
    if taken:
        reach("claim.committed")
    return taken


def _hold(
    connection: Connection, rows: Sequence[Row[Any]], state: DeliveryState, worker: str, until: float, now: datetime
) -> None:
    values: dict[str, Any] = {"owner": worker, "lease_epoch": until, "fence": delivery.c.fence + 1}
    if state is DeliveryState.PENDING:
        values |= {
            "state": after(DeliveryState.PENDING, Event.CLAIMED),
            "attempts": delivery.c.attempts + 1,
            "state_since": now,
            "why": None,
        }
    connection.execute(update(delivery).where(delivery.c.id.in_([row.id for row in rows])).values(values))


def _claim(ledger: Ledger, row: Row[Any]) -> Claim:
    pending = row.state == DeliveryState.PENDING
    return Claim(
        id=row.id,
        key=row.key,
        fence=row.fence + 1,
        home=row.home,
        incident_id=row.incident_id,
        incident=row.incident,
        revision=row.revision,
        part=row.part,
        target=row.target,
        action=row.action,
        subject=row.subject,
        reference=row.reference,
        person_id=row.person_id,
        remote_id=row.remote_id,
        attempts=row.attempts + (1 if pending else 0),
        looks=row.looks,
        body=ledger.vault.open(row.body, f"delivery:{row.key}") if row.body is not None else b"",
        detail=row.detail,
    )


def _not_waiting() -> ColumnElement[bool]:
    """No earlier delivery of the same incident, target and subject is still on its way, and no note is made
    of a report that was voided before it went out (promise 3, RULINGS 2)."""
    earlier = delivery.alias("earlier")
    blocks = and_(
        earlier.c.incident_id == delivery.c.incident_id,
        earlier.c.target == delivery.c.target,
        earlier.c.subject == delivery.c.subject,
        earlier.c.id < delivery.c.id,
        earlier.c.state.not_in([*FINAL, DeliveryState.AWAITING_APPROVAL]),
    )
    void = and_(
        incident.c.id == delivery.c.incident_id,
        incident.c.status == "Void",
        delivery.c.action == "create",
        delivery.c.state == DeliveryState.PENDING,
    )
    return and_(
        ~exists(select(literal_column("1")).select_from(earlier).where(blocks)),
        ~exists(select(literal_column("1")).select_from(incident).where(void)),
    )


def _held(connection: Connection, claims: Sequence[Claim]) -> dict[int, Any]:
    """The rows that are still held under the claims' fencing numbers."""
    fences = {one.id: one.fence for one in claims}
    statement = (
        select(delivery.c.id, delivery.c.fence, delivery.c.state, delivery.c.lease_epoch)
        .where(delivery.c.id.in_(fences))
        .with_for_update()
    )
    rows = connection.execute(statement).all()
    held = {}
    for row in rows:
        if row.fence == fences[row.id] and row.lease_epoch is not None:
            held[row.id] = row
    return held


def _change(row_id: int, state: DeliveryState, now: datetime, why: str | None) -> dict[str, Any]:
    return {
        "b_id": row_id,
        "b_state": state,
        "b_since": now,
        "b_why": why or None,
        "b_cause": None,
        "b_due": 0.0,
        "b_looks": 0,
        "b_fence": None,
        "b_remote": None,
        "b_person": None,
        "b_accepted": None,
        "b_detail": None,
    }


def _after_outcome(row: Any, outcome: Outcome, now: datetime, seconds: float) -> dict[str, Any]:
    event = outcome.event
    claim = outcome.claim
    looks = claim.looks + 1 if event is Event.LOOK_ABSENT else claim.looks
    if event is Event.LOOK_ABSENT and looks >= LOOKS_BEFORE_RESEND:
        event = Event.LOOK_ABSENT_AGAIN
    state = after(DeliveryState(row.state), event)
    change = _change(claim.id, state, now, outcome.why)
    change |= {
        "event": event,
        "b_cause": outcome.cause,
        "b_due": seconds + outcome.retry_in if event is not Event.LOOK_ABSENT_AGAIN else 0.0,
        "b_looks": looks if state is DeliveryState.UNCERTAIN else 0,
        "b_remote": outcome.remote_id,
        "b_person": outcome.person_id,
        "b_accepted": (outcome.at or now) if state is DeliveryState.ACCEPTED else None,
        "b_detail": {**claim.detail, **outcome.detail} if outcome.detail else None,
    }
    return change


_OUTCOME = (
    update(delivery)
    .where(delivery.c.id == bindparam("b_id"))
    .values(
        state=bindparam("b_state"),
        state_since=bindparam("b_since"),
        why=bindparam("b_why"),
        cause=bindparam("b_cause"),
        due_epoch=bindparam("b_due"),
        looks=bindparam("b_looks"),
        owner=null(),
        lease_epoch=null(),
        fence=func.coalesce(bindparam("b_fence", type_=delivery.c.fence.type), delivery.c.fence),
        remote_id=func.coalesce(bindparam("b_remote", type_=delivery.c.remote_id.type), delivery.c.remote_id),
        person_id=func.coalesce(bindparam("b_person", type_=delivery.c.person_id.type), delivery.c.person_id),
        accepted_at=func.coalesce(bindparam("b_accepted", type_=delivery.c.accepted_at.type), delivery.c.accepted_at),
    )
)
_ATTEMPT = attempt.insert()


def _update(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Write the new states and let the deliveries go. A value of None leaves ids and details as they were."""
    write_rows(connection, _OUTCOME, changes)
    for change in changes:
        if change["b_detail"] is not None:
            statement = update(delivery).where(delivery.c.id == change["b_id"])
            connection.execute(statement.values(detail=change["b_detail"]))


def _note(
    connection: Connection, now: datetime, worker: str, changes: Sequence[tuple[int, int, dict[str, Any]]]
) -> None:
    """Append the attempts and their audit entries, in the transaction that changes the deliveries."""
    if not changes:
        return
    reach("record.before_note")
    rows = [
        {
            "delivery_id": row_id,
            "fence": fence,
            "kind": "look" if str(change["event"]).startswith("look") else "send",
            "event": change["event"],
            "at": now,
            "why": change["b_why"],
        }
        for row_id, fence, change in changes
    ]
    write_rows(connection, _ATTEMPT, rows)
    acts = [
        audit.Act(f"delivery {change['event']}", f"delivery:{row_id}", {"fence": fence, "state": change["b_state"]})
        for row_id, fence, change in changes
    ]
    audit.record(connection, now, worker, acts)
