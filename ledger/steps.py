"""A step of a delivery's life: its new state, its attempt and its audit entry, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Update, func, null, update

from ledger import audit
from ledger.batches import Given, Types, insert_rows, write_rows
from ledger.crash_points import reach
from ledger.states import DeliveryState, Event
from ledger.tables import attempt, delivery


class Step(NamedTuple):
    """What `event`, under this fencing number, made of a delivery. `due` is in seconds by the ledger's clock.

    None leaves ids, moments and the detail as they were.
    """

    delivery: int
    fence: int
    event: Event
    state: DeliveryState
    why: str | None = None
    cause: str | None = None
    due: float = 0.0
    looks: int = 0
    remote_id: str | None = None
    person_id: int | None = None
    accepted_at: datetime | None = None
    verified_at: datetime | None = None
    detail: Mapping[str, Any] | None = None


def write_steps(connection: Connection, now: datetime, actor: str, steps: Sequence[Step]) -> None:
    """Write the steps down and let the deliveries go: nobody holds them any more."""
    if not steps:
        return
    write_rows(connection, _COLUMNS, _statement, [_row(step, now) for step in steps])
    for step in steps:
        if step.detail is not None:
            statement = update(delivery).where(delivery.c.id == step.delivery)
            connection.execute(statement.values(detail=dict(step.detail)))
    reach("record.before_note")
    note(connection, now, actor, steps)


def note(connection: Connection, now: datetime, actor: str, steps: Sequence[Step]) -> None:
    """Append the attempts and their audit entries."""
    tries = [
        {
            "delivery_id": step.delivery,
            "fence": step.fence,
            "kind": "look" if step.event.startswith("look") else "send",
            "event": step.event,
            "at": now,
            "why": step.why,
        }
        for step in steps
    ]
    insert_rows(connection, attempt, tries)
    acts = [
        audit.Act(f"delivery {step.event}", f"delivery:{step.delivery}", {"fence": step.fence, "state": step.state})
        for step in steps
    ]
    audit.record(connection, now, actor, acts)


_GIVEN = ("state", "state_since", "why", "cause", "due_epoch", "looks")
_GIVEN_OR_AS_IT_WAS = ("remote_id", "person_id", "accepted_at", "verified_at")
_COLUMNS: Types = tuple((name, delivery.c[name].type) for name in ("id", *_GIVEN, *_GIVEN_OR_AS_IT_WAS))


def _statement(given: Given) -> Update:
    values = {name: given[name] for name in _GIVEN}
    values |= {name: func.coalesce(given[name], delivery.c[name]) for name in _GIVEN_OR_AS_IT_WAS}
    return update(delivery).where(delivery.c.id == given["id"]).values(**values, owner=null(), lease_epoch=null())


def _row(step: Step, now: datetime) -> dict[str, Any]:
    return {
        "id": step.delivery,
        "state": step.state,
        "state_since": now,
        "why": step.why,
        "cause": step.cause,
        "due_epoch": step.due,
        "looks": step.looks,
        "remote_id": step.remote_id,
        "person_id": step.person_id,
        "accepted_at": step.accepted_at,
        "verified_at": step.verified_at,
    }
