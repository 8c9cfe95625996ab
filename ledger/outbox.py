"""The outbox: what is owed, who holds it, what came of it. The promise "once" is kept here.

A worker claims deliveries under a lease with a fencing number; the ledger says `sending` before the first byte
leaves. It records what came back under the same number, or nothing: a late worker's word changes nothing. A lease
that runs out means that nobody knows, so the delivery becomes `uncertain` and is looked up, never simply resent.
Every step goes through the table in `ledger.states`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from ledger.batches import Given, Types, write_rows
from ledger.crash_points import reach
from ledger.database import Ledger
from ledger.leases import held
from ledger.states import FINAL, DeliveryState, Event, after
from ledger.steps import Step, write_steps
from ledger.tables import body, delivery, incident

#: Looks that must find nothing, a settling time apart, before an uncertain delivery may be sent again.
LOOKS_BEFORE_RESEND = 2
#: A run waits for what was not applied only this often and this long, in seconds: then the next run tries it.
_PASSING_TRIES, _PASSING_SECONDS = 3, 10.0


class Claim(NamedTuple):
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
    body: bytes
    detail: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Claim of delivery {self.id}>"


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


def claim(
    ledger: Ledger,
    target: str,
    worker: str,
    *,
    homes: Sequence[str],
    limit: int,
    lease_seconds: float,
    but: Collection[int] = (),
    planned_since: datetime | None = None,
) -> list[Claim]:
    """Take deliveries of one target that are due, oldest duty first, and mark them `sending`.

    A delivery is left alone while an earlier one of the same incident, target and subject is not final, where its
    id is among `but`, and where it was planned before `planned_since`.
    """
    only: list[ColumnElement[bool]] = [delivery.c.id.not_in(but)] if but else []
    only += [delivery.c.planned_at >= planned_since] if planned_since else []
    return _take(ledger, target, worker, DeliveryState.PENDING, homes, limit, lease_seconds, only)


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
                .order_by(delivery.c.id.desc())
            )
            if one.action == "append":
                statement = statement.where(delivery.c.action == "create")
            row = connection.execute(statement.limit(1)).first()
            if row is not None:
                found[one.id] = Root(row.remote_id, row.person_id)
    return found


def record(ledger: Ledger, worker: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Write down what came back; returns the outcomes that were written.

    An outcome under an old fencing number, or one whose delivery is no longer held, changes nothing.
    """

    def work(connection: Connection) -> list[Outcome]:
        now, seconds = ledger.now(), ledger.seconds(connection)
        rows = held(connection, [outcome.claim for outcome in outcomes])
        written = [outcome for outcome in outcomes if outcome.claim.id in rows]
        steps = [_step(rows[outcome.claim.id], outcome, now, seconds) for outcome in written]
        write_steps(connection, now, worker, steps)
        reach("record.before_commit")
        return written

    if not outcomes:
        return []
    written = ledger.write(work)
    reach("record.committed")
    return written


def next_due_in(ledger: Ledger, targets: Sequence[str], *, homes: Sequence[str]) -> float | None:
    """Seconds until something of these targets can be looked at or tried; None when there is nothing to wait for.

    What is in doubt is waited for; what was not applied only while its trouble may be a passing one.
    """
    with ledger.reading() as connection:
        seconds = ledger.seconds(connection)
        when = func.coalesce(delivery.c.lease_epoch, delivery.c.due_epoch)
        passing = and_(
            delivery.c.attempts <= _PASSING_TRIES,
            delivery.c.due_epoch <= seconds + _PASSING_SECONDS,
            _not_waiting(),
        )
        on_its_way = delivery.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN])
        condition = and_(delivery.c.target.in_(targets), delivery.c.home.in_(homes), on_its_way)
        statement = select(func.min(when)).where(condition, or_(delivery.c.state != DeliveryState.PENDING, passing))
        first = connection.execute(statement).scalar()
    return None if first is None else max(0.0, float(first) - seconds)


def read_back(ledger: Ledger, delivery_ids: Sequence[int], actor: str) -> int:
    """A later, independent read found these as they were sent; returns how many are verified by it.

    One that the ledger did not know to be there is put in doubt: the next look-up takes down where it is, and nothing
    is sent meanwhile. One that a worker holds is left alone.
    """

    def work(connection: Connection) -> int:
        now, steps = ledger.now(), []
        for start in range(0, len(delivery_ids), 500):
            some = list(delivery_ids[start : start + 500])
            statement = select(delivery.c.id, delivery.c.state, delivery.c.fence).where(delivery.c.id.in_(some))
            for row in connection.execute(statement.with_for_update()).all():
                event = _READ_BACK.get(row.state)
                if event is not None:
                    state = after(DeliveryState(row.state), event)
                    verified_at = now if state is DeliveryState.VERIFIED else None
                    steps.append(Step(row.id, row.fence, event, state, verified_at=verified_at))
        write_steps(connection, now, actor, steps)
        return sum(step.state is DeliveryState.VERIFIED for step in steps)

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
    only: Sequence[ColumnElement[bool]] = (),
) -> list[Claim]:
    def work(connection: Connection) -> list[Claim]:
        seconds = ledger.seconds(connection)
        asked = {"seconds": seconds, "target": target, "homes": homes, "limit": limit}
        rows = connection.execute(_due(state).where(*only), asked).all()
        _hold(connection, rows, state, worker, seconds + lease_seconds, ledger.now())
        return [_claim(ledger, row) for row in rows]

    taken = ledger.write(work)
    if taken:
        reach("claim.committed")
    return taken


@cache
def _due(state: DeliveryState) -> Select[Any]:
    """Claims of what is due in this state and held by nobody, as they are once they are held; oldest duty first."""
    seconds = bindparam("seconds", type_=delivery.c.due_epoch.type)
    tries = int(state is DeliveryState.PENDING)
    columns = {
        **delivery.c,
        "body": body.c.content,
        "fence": delivery.c.fence + 1,
        "attempts": delivery.c.attempts + tries,
    }
    return (
        select(*(columns[name].label(name) for name in Claim._fields))
        .outerjoin(body, body.c.delivery_id == delivery.c.id)
        .where(delivery.c.target == bindparam("target"), delivery.c.state == state, delivery.c.due_epoch <= seconds)
        .where(delivery.c.home.in_(bindparam("homes", expanding=True)))
        .where(or_(delivery.c.lease_epoch.is_(None), delivery.c.lease_epoch < seconds))
        .where(_not_waiting() if state is DeliveryState.PENDING else true())
        .order_by(delivery.c.priority_at, delivery.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, of=delivery)
    )


_HOLDS: Types = tuple((name, delivery.c[name].type) for name in ("id", "owner", "lease_epoch", "state_since"))


def _hold_to_look(given: Given) -> Update:
    one = update(delivery).where(delivery.c.id == given["id"])
    return one.values(owner=given["owner"], lease_epoch=given["lease_epoch"], fence=delivery.c.fence + 1)


def _hold_to_send(given: Given) -> Update:
    return _hold_to_look(given).values(
        state=after(DeliveryState.PENDING, Event.CLAIMED),
        attempts=delivery.c.attempts + 1,
        state_since=given["state_since"],
        why=None,
    )


def _hold(
    connection: Connection, rows: Sequence[Row[Any]], state: DeliveryState, worker: str, until: float, now: datetime
) -> None:
    statement = _hold_to_send if state is DeliveryState.PENDING else _hold_to_look
    held = [{"id": row.id, "owner": worker, "lease_epoch": until, "state_since": now} for row in rows]
    write_rows(connection, _HOLDS, statement, held)


def _claim(ledger: Ledger, row: Row[Any]) -> Claim:
    opened = ledger.vault.open(row.body, f"delivery:{row.key}") if row.body is not None else b""
    return Claim._make([*row[:-2], opened, row.detail])


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
    # A value and no EXISTS: this is looked up for each delivery, and void incidents are never gathered first.
    status = func.coalesce(
        select(incident.c.status).where(incident.c.id == delivery.c.incident_id).scalar_subquery(), ""
    )
    return and_(
        ~exists(select(literal_column("1")).select_from(earlier).where(blocks)),
        or_(delivery.c.action != "create", status != "Void"),
    )


def _step(row: Row[Any], outcome: Outcome, now: datetime, seconds: float) -> Step:
    """What came back, as a step from where the delivery stands."""
    claim, event = outcome.claim, outcome.event
    looks = row.looks + 1 if event is Event.LOOK_ABSENT else row.looks
    if event is Event.LOOK_ABSENT and looks >= LOOKS_BEFORE_RESEND:
        event = Event.LOOK_ABSENT_AGAIN
    state = after(DeliveryState(row.state), event)
    return Step(
        claim.id,
        claim.fence,
        event,
        state,
        why=outcome.why or None,
        cause=outcome.cause,
        due=0.0 if event is Event.LOOK_ABSENT_AGAIN else seconds + outcome.retry_in,
        looks=looks if state is DeliveryState.UNCERTAIN else 0,
        remote_id=outcome.remote_id,
        person_id=outcome.person_id,
        accepted_at=(outcome.at or now) if state is DeliveryState.ACCEPTED else None,
        detail={**row.detail, **outcome.detail} if outcome.detail else None,
    )
