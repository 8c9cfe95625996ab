"""Acts of a person on deliveries: another try, and the manager's decision about a LADO submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ledger import audit
from ledger.database import Ledger
from ledger.errors import Refused, UnknownRecord
from ledger.owing import when_restored
from ledger.states import DeliveryState, Event, after
from ledger.tables import approval, attempt, body, delivery
from mappings.owed import DOUBTFUL_CAUSES


@dataclass(frozen=True)
class Decision:
    """A named manager's word about one submission of one revision."""

    delivery_id: int
    revision: int
    decision: str
    by: str
    at: datetime
    reason: str | None
    mash: bool | None
    police: bool | None


#: Why there is no other try of what is in one of these states.
_NOT_RETRIED = {
    DeliveryState.SENDING: "is with a worker now; wait for that run to end",
    DeliveryState.ACCEPTED: "is accepted; sending it again would double the record",
    DeliveryState.VERIFIED: "is verified; sending it again would double the record",
    DeliveryState.AWAITING_APPROVAL: "waits for a named manager: `lado approve` or `lado decline`",
    DeliveryState.SUPERSEDED: "is no longer owed; `delivery list` says why",
}


def retry(ledger: Ledger, delivery_id: int, actor: str) -> str:
    """Ask for another try now; returns a sentence that says what will happen.

    Raises UnknownRecord, or Refused where another try would double a record.
    """

    def work(connection: Connection) -> str:
        row = _locked(connection, delivery_id)
        now, state = ledger.now(), DeliveryState(row.state)
        values: dict[str, Any] = {"due_epoch": 0.0}
        if state in _NOT_RETRIED:
            raise Refused(f"Delivery {delivery_id} {_NOT_RETRIED[state]}.")
        if connection.execute(select(body.c.delivery_id).where(body.c.delivery_id == delivery_id)).first() is None:
            raise Refused(f"Delivery {delivery_id} has nothing that may be sent; mend the report at the source.")
        if state is DeliveryState.REJECTED:
            doubtful = row.cause in DOUBTFUL_CAUSES or _was_in_doubt(connection, row)
            state = after(state, Event.DOUBTED if doubtful else Event.RETRIED)
            values |= {
                "state": state,
                "state_since": now,
                "cause": None,
                "why": "A person asked for another try.",
                "looks": 0,
            }
        elif state is DeliveryState.UNCERTAIN:
            # it is looked up now, but two looks are a settling time apart whoever asks for them; and where it was
            # sent to is where it is looked up now, and what the target claimed to hold is not there: the person says so
            values |= {"looks": 0, "detail": {**row.detail, "sent_to": None, "claimed": None}}
        connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(values))
        audit.record(
            connection, now, actor, [audit.Act("delivery retried", f"delivery:{delivery_id}", {"state": state})]
        )
        if state is DeliveryState.UNCERTAIN:
            return f"Delivery {delivery_id} will be looked up at the target first, by the next sync."
        return f"Delivery {delivery_id} will be tried again by the next sync."

    return ledger.write(work)


def decide(
    ledger: Ledger,
    delivery_id: int,
    decision: str,
    by: str,
    *,
    reason: str | None = None,
    mash: bool | None = None,
    police: bool | None = None,
) -> Decision:
    """Record approve, decline or sent by a named person, for the revision that the submission was made from.

    Raises UnknownRecord, or Refused when it was decided before or a later revision took its place.
    """
    if not by.strip():
        raise Refused("A named person decides about people; say who with --by.")
    if decision == "declined" and not (reason or "").strip():
        raise Refused("A decline needs its reason; say it with --reason.")

    def work(connection: Connection) -> Decision:
        row = _locked(connection, delivery_id)
        if row.target != "lado":
            raise UnknownRecord(
                f"Delivery {delivery_id} is no LADO submission; `incident-bridge lado list` shows them."
            )
        now, state = ledger.now(), DeliveryState(row.state)
        _refuse_second_word(connection, row, decision)
        if decision == "sent" and state is DeliveryState.AWAITING_APPROVAL:
            # The manager's word that it was sent is an approval too.
            _decided(connection, row, "approved", by, now, None, mash, police)
            state = after(state, Event.APPROVED)
        event = {"approved": Event.APPROVED, "declined": Event.DECLINED, "sent": Event.SENT_BY_PERSON}[decision]
        values: dict[str, Any] = {"state": after(state, event), "state_since": now}
        if decision == "declined":
            values["why"] = "Declined by a manager; the reason is in the approvals."
        elif decision == "approved" or row.accepted_at is None:
            values["accepted_at"] = now
        if decision == "sent":
            values["verified_at"] = now
        connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(values))
        made = _decided(connection, row, decision, by, now, reason, mash, police)
        act = audit.Act(f"lado {decision}", f"delivery:{delivery_id}", {"revision": row.revision})
        audit.record(connection, now, by, [act])
        return made

    return ledger.write(work)


def note_package(ledger: Ledger, delivery_id: int, path: str, detail: Mapping[str, Any], actor: str) -> None:
    """Note where a submission's package lies from now on, and what was written there."""

    def work(connection: Connection) -> None:
        values = {"remote_id": path, "detail": dict(detail)}
        connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(values))
        audit.record(connection, ledger.now(), actor, [audit.Act("package written", f"delivery:{delivery_id}", {})])

    ledger.write(work)


def decisions(connection: Connection, delivery_ids: list[int]) -> dict[int, list[Decision]]:
    """What managers decided about these submissions, oldest first."""
    found: dict[int, list[Decision]] = {}
    for start in range(0, len(delivery_ids), 500):
        some = delivery_ids[start : start + 500]
        statement = select(approval).where(approval.c.delivery_id.in_(some)).order_by(approval.c.id)
        for row in connection.execute(statement):
            made = Decision(
                row.delivery_id, row.revision, row.decision, row.by, row.at, row.reason, row.mash, row.police
            )
            found.setdefault(row.delivery_id, []).append(made)
    return found


def _was_in_doubt(connection: Connection, row: Row[Any]) -> bool:
    """Whether an earlier try, of what can be looked up, may have been applied, whatever the last one proved.

    A ledger that was restored may have forgotten the try that a person asked for before.
    """
    restored_at = when_restored(connection)
    if restored_at is not None and row.planned_at <= restored_at:
        return bool(row.target != "email")
    doubts = [Event.AMBIGUOUS, Event.LEASE_EXPIRED]
    earlier = select(attempt.c.id).where(attempt.c.delivery_id == row.id, attempt.c.event.in_(doubts))
    return row.target != "email" and connection.execute(earlier.limit(1)).first() is not None


def _refuse_second_word(connection: Connection, row: Row[Any], decision: str) -> None:
    state = DeliveryState(row.state)
    if state in (DeliveryState.AWAITING_APPROVAL,):
        return
    if decision == "sent" and state is DeliveryState.ACCEPTED:
        return
    made = decisions(connection, [row.id]).get(row.id, [])
    if made:
        last = made[-1]
        raise Refused(
            f"Submission {row.id} was {last.decision} by {last.by} on {last.at:%d %B %Y}; one decision stands."
        )
    if state is DeliveryState.SUPERSEDED:
        newer = connection.execute(
            select(delivery.c.id)
            .where(delivery.c.incident_id == row.incident_id, delivery.c.target == "lado")
            .where(delivery.c.subject == row.subject, delivery.c.id > row.id)
            .order_by(delivery.c.id.desc())
        ).scalar()
        raise Refused(f"Submission {row.id} is of an older revision; decide about submission {newer} instead.")
    raise Refused(f"Submission {row.id} is not ready for a decision yet; run `incident-bridge sync` first.")


def _decided(
    connection: Connection,
    row: Row[Any],
    decision: str,
    by: str,
    at: datetime,
    reason: str | None,
    mash: bool | None,
    police: bool | None,
) -> Decision:
    made = Decision(row.id, row.revision, decision, by, at, reason, mash, police)
    values = {
        name: getattr(made, name)
        for name in ("delivery_id", "revision", "decision", "by", "at", "reason", "mash", "police")
    }
    connection.execute(approval.insert().values(values))
    return made


def _locked(connection: Connection, delivery_id: int) -> Row[Any]:
    row = connection.execute(select(delivery).where(delivery.c.id == delivery_id).with_for_update()).first()
    if row is None:
        raise UnknownRecord(f"There is no delivery {delivery_id}; `incident-bridge delivery list` shows them.")
    return row
