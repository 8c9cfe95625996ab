"""Deliveries that lost their reason before anything was sent: they are withdrawn, with the reason, never deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, literal_column, select, update

from ledger import audit
from ledger.database import Ledger
from ledger.states import DeliveryState, Event, after
from ledger.tables import delivery, in_states, incident
from mappings.owed import DOUBTFUL_CAUSES

_VOID = "The report was voided before anything was sent."
_OUTDATED = "A later revision changed this submission; decide about the newer one."
_NOTHING_THERE = "Nothing was ever written that it could add to."


def withdraw_pointless(ledger: Ledger, actor: str) -> list[int]:
    """Withdraw notes of reports that were voided before they went out, and additions to what never was.

    Returns the ledger's keys of incidents, not void now, that lost an addition in this way: they are planned anew.
    """
    with ledger.reading() as connection:
        if not _voided(connection, limit=1) and not _rootless(connection, limit=1):
            return []

    def work(connection: Connection) -> list[int]:
        _withdraw(ledger, connection, _voided(connection), _VOID, actor)
        rootless = _rootless(connection)
        _withdraw(ledger, connection, rootless, _NOTHING_THERE, actor)
        return sorted({row.incident_id for row in rootless if row.incident_status != "Void"})

    return ledger.write(work)


def withdraw_outdated_packages(ledger: Ledger, actor: str) -> None:
    """Withdraw packages that were being written while a later revision came to owe another one about the same adult."""
    with ledger.reading() as connection:
        if not _outdated(connection):
            return

    ledger.write(lambda connection: _withdraw(ledger, connection, _outdated(connection), _OUTDATED, actor))


def withdraw(ledger: Ledger, delivery_id: int, why: str, actor: str) -> bool:
    """Withdraw one delivery that is proven not to be at its target. False when a worker took it meanwhile."""

    def work(connection: Connection) -> bool:
        row = connection.execute(select(delivery).where(delivery.c.id == delivery_id).with_for_update()).one()
        if row.state not in (DeliveryState.PENDING, DeliveryState.REJECTED, DeliveryState.AWAITING_APPROVAL):
            return False
        _withdraw(ledger, connection, [row], why, actor)
        return True

    return ledger.write(work)


def repeat_no_more(ledger: Ledger, delivery_id: int, why: str, actor: str) -> bool:
    """Withdraw what is in doubt at a target that cannot be asked, instead of a repeat. False when a worker has it."""

    def work(connection: Connection) -> bool:
        row = connection.execute(select(delivery).where(delivery.c.id == delivery_id).with_for_update()).one()
        held = row.lease_epoch is not None and row.lease_epoch >= ledger.seconds(connection)
        if row.state != DeliveryState.UNCERTAIN or held:
            return False
        state = after(after(DeliveryState.UNCERTAIN, Event.REPEATABLE), Event.WITHDRAWN)
        values = {"state": state, "state_since": ledger.now(), "why": why, "fence": row.fence + 1}
        still = update(delivery).where(delivery.c.id == row.id, delivery.c.fence == row.fence)
        if not connection.execute(still.where(delivery.c.state == row.state).values(values)).rowcount:
            return False
        act = audit.Act("delivery withdrawn", f"delivery:{row.id}", {"why": why})
        audit.record(connection, ledger.now(), actor, [act])
        return True

    return ledger.write(work)


def _withdraw(ledger: Ledger, connection: Connection, rows: list[Row[Any]], why: str, actor: str) -> None:
    """Those that a worker or a person took meanwhile stay as they are, and the trail says nothing of them."""
    now, acts = ledger.now(), []
    for row in rows:
        values = {"state": after(DeliveryState(row.state), Event.WITHDRAWN), "state_since": now, "why": why}
        still = update(delivery).where(delivery.c.id == row.id, delivery.c.state == row.state)
        if connection.execute(still.values(values)).rowcount:
            acts.append(audit.Act("delivery withdrawn", f"delivery:{row.id}", {"why": why}))
    audit.record(connection, now, actor, acts)


def _voided(connection: Connection, limit: int = 10_000) -> list[Row[Any]]:
    """Notes and entries that wait to be made, and are proven not to be there, for a report that is void now."""
    statement = (
        select(delivery.c.id, delivery.c.state)
        .join(incident, incident.c.id == delivery.c.incident_id)
        .where(incident.c.status == "Void", delivery.c.action == "create")
        .where(in_states([DeliveryState.PENDING, DeliveryState.REJECTED]))
        .where(func.coalesce(delivery.c.cause, "").not_in(DOUBTFUL_CAUSES))
    )
    return list(connection.execute(statement.limit(limit)))


def _outdated(connection: Connection) -> list[Row[Any]]:
    """Packages that wait for a decision although there is a later one about the same adult."""
    later = delivery.alias("later")
    newer = and_(
        later.c.incident_id == delivery.c.incident_id,
        later.c.target == delivery.c.target,
        later.c.subject == delivery.c.subject,
        later.c.id > delivery.c.id,
        later.c.state != DeliveryState.SUPERSEDED,
    )
    waits = select(delivery.c.id, delivery.c.state).where(in_states([DeliveryState.AWAITING_APPROVAL]))
    return list(connection.execute(waits.where(exists(select(literal_column("1")).select_from(later).where(newer)))))


def _rootless(connection: Connection, limit: int = 10_000) -> list[Row[Any]]:
    """Additions that wait although everything before them was withdrawn."""
    earlier = delivery.alias("earlier")
    root = and_(
        earlier.c.incident_id == delivery.c.incident_id,
        earlier.c.target == delivery.c.target,
        earlier.c.subject == delivery.c.subject,
        earlier.c.id < delivery.c.id,
        earlier.c.action == "create",
        earlier.c.state != DeliveryState.SUPERSEDED,
    )
    statement = (
        select(delivery.c.id, delivery.c.state, delivery.c.incident_id, incident.c.status.label("incident_status"))
        .join(incident, incident.c.id == delivery.c.incident_id)
        .where(delivery.c.action.in_(["append", "correct"]), in_states([DeliveryState.PENDING]))
        .where(~exists(select(literal_column("1")).select_from(earlier).where(root)))
    )
    return list(connection.execute(statement.limit(limit)))
