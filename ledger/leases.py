"""Leases: who holds a delivery, until when by the database's clock, and what it means when nobody comes back.

Each claim has a fencing number of its own, and a lease that ran out is nobody's. Whoever comes back late has an old
number or no lease, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from ledger.batches import among
from ledger.database import Ledger
from ledger.states import DeliveryState, Event, after
from ledger.steps import Step, write_steps
from ledger.tables import delivery, in_states

#: No lease and no wait lasts longer than a day, in seconds. What does was written while the database's clock was ahead,
#: and would stand still until that day comes.
_TOO_LONG = 25 * 3600.0


class Lease(Protocol):
    """A claimed delivery and the number it was claimed under."""

    @property
    def id(self) -> int: ...

    @property
    def fence(self) -> int: ...


def held(connection: Connection, leases: Sequence[Lease]) -> dict[int, Any]:
    """The deliveries that are still held under these fencing numbers, by id, and locked from here on."""
    fences = {one.id: one.fence for one in leases}
    rows = connection.execute(_HELD.where(among(connection, delivery.c.id, list(fences)))).all()
    return {row.id: row for row in rows if row.fence == fences[row.id]}


_HELD_IN = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_WAITS_IN = (DeliveryState.PENDING, DeliveryState.UNCERTAIN)
_HELD = (
    select(delivery.c.id, delivery.c.fence, delivery.c.state, delivery.c.looks, delivery.c.detail)
    .where(delivery.c.lease_epoch.is_not(None))
    .with_for_update()
)


def renew(ledger: Ledger, leases: Sequence[Lease], lease_seconds: float) -> frozenset[int]:
    """Hold on to deliveries that are still in flight; returns the ids of those that are still held.

    One that was taken over meanwhile is left alone, and must not be sent any more by whoever asked.
    """

    def work(connection: Connection) -> frozenset[int]:
        until = ledger.seconds(connection) + lease_seconds
        still = frozenset(held(connection, leases))
        if still:
            connection.execute(update(delivery).where(delivery.c.id.in_(still)).values(lease_epoch=until))
        return still

    return ledger.write(work) if leases else frozenset()


def expire(ledger: Ledger, worker: str, *, settle_seconds: float) -> int:
    """Turn deliveries whose worker did not come back into `uncertain`; frees look-ups that were left hanging.

    A clock that was ahead and was put right holds nothing up: what waits for longer than anything may is due now.
    """

    def over(now: float) -> ColumnElement[bool]:
        return and_(in_states(_HELD_IN), or_(delivery.c.lease_epoch < now, delivery.c.lease_epoch > now + _TOO_LONG))

    def waits_too_long(now: float) -> ColumnElement[bool]:
        return and_(in_states(_WAITS_IN), delivery.c.due_epoch > now + _TOO_LONG)

    def work(connection: Connection) -> int:
        now, seconds = ledger.now(), ledger.seconds(connection)
        steps = []
        gone = select(delivery.c.id, delivery.c.fence, delivery.c.state).where(over(seconds))
        for row in connection.execute(gone.with_for_update(skip_locked=True)).all():
            sending = row.state == DeliveryState.SENDING
            event = Event.LEASE_EXPIRED if sending else Event.LOOK_FAILED
            steps.append(
                Step(
                    row.id,
                    row.fence,
                    event,
                    after(DeliveryState(row.state), event),
                    why="Its worker did not come back; it is looked up before anything is sent again.",
                    due=seconds + (settle_seconds if sending else 0.0),
                )
            )
        write_steps(connection, now, worker, steps)
        connection.execute(update(delivery).where(waits_too_long(seconds)).values(due_epoch=seconds))
        return len(steps)

    with ledger.reading() as connection:
        now = ledger.seconds(connection)
        found = (select(delivery.c.id).where(which(now)).limit(1) for which in (over, waits_too_long))
        some = any(connection.execute(one).first() for one in found)
    return ledger.write(work) if some else 0
