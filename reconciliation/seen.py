"""What one look at a target made of our deliveries: seen right, found wrong, or not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from ledger.states import DeliveryState
from mappings.plain_text import same_text, truncated
from mappings.reference import PATTERN
from reconciliation.finding import Finding, Kind
from reconciliation.telling import Record, moment_words, tell
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, Target

_PART = re.compile(r"-\d{1,4}\Z")


@dataclass
class Seen:
    """Filled while one target is compared. `verified` and `healable` are delivery ids."""

    verified: set[int] = field(default_factory=set)
    healable: set[int] = field(default_factory=set)
    typed: set[int] = field(default_factory=set)
    """Deliveries of notes beside which a person seems to have typed one."""
    unfinished: dict[int, str] = field(default_factory=dict)
    """Delivery id to the remote id of our own draft or timed-out note."""
    deleted: set[int] = field(default_factory=set)
    """Deliveries of a void report whose note the council has deleted, as it was asked to."""
    findings: list[Finding] = field(default_factory=list)


def fold(reference: str | None) -> str:
    """A reference as gateways may have folded it."""
    return (reference or "").strip().upper()


def is_ours(reference: str | None) -> bool:
    """Whether a reference has the shape of ours, whoever wrote it; that of a further part ends in its number."""
    return PATTERN.fullmatch(_PART.sub("", fold(reference))) is not None


def differing_parts(pairs: Iterable[tuple[str, bool]]) -> str | None:
    """Names of the parts that differ, for the sentence; never what they say."""
    return ", ".join(name for name, same in pairs if not same) or None


def text_part(sent: str, held: str) -> tuple[str, bool]:
    """The text as a part of a record, and whether it is the same; one that was cut short says so."""
    if same_text(held, sent):
        return "text", True
    return ("text, cut short" if truncated(sent, held) else "text"), False


def same_line(one: str, other: str) -> bool:
    """Whether two titles say the same, spaces and escaping aside."""
    return same_text(" ".join(one.split()), " ".join(other.split()))


def same_title(held: str, sent: str, reference: str) -> bool:
    """Whether a title is as it was sent; a gateway may have cut it short to put our reference behind it (T-21)."""
    words = held.split()
    ours = [word for word in words if fold(word) != fold(reference)]
    if len(ours) == len(words):
        return same_line(held, sent)
    return " ".join(sent.split()).startswith(" ".join(ours))


def not_there(
    evidence: Evidence,
    delivery: LedgerDelivery,
    incident: LedgerIncident | None,
    seen: Seen,
    target: str,
    *,
    typed: bool = False,
) -> None:
    """A target was read and this delivery is not in it: what that means depends on what the ledger knows.

    `typed`: a person seems to have typed the same by hand. Then healing leaves it: a person compares first.
    """
    if delivery.was_accepted:
        seen.findings.append(_told(evidence, Kind.MISSING, delivery, incident, target, "vanished"))
    elif delivery.state is DeliveryState.PENDING and delivery.waits_behind is None:
        if not typed:
            seen.healable.add(delivery.id)
        reason = "beside_typed" if typed else "never_accepted"
        seen.findings.append(_told(evidence, Kind.MISSING, delivery, incident, target, reason))
    else:
        seen.findings.extend(by_the_ledger(evidence, delivery, incident))


def by_the_ledger(evidence: Evidence, delivery: LedgerDelivery, incident: LedgerIncident | None) -> tuple[Finding, ...]:
    """What the ledger alone says is not settled, whether or not the target could be read."""
    state = delivery.state
    if state is DeliveryState.REJECTED:
        return (_told(evidence, Kind.REJECTED, delivery, incident, delivery.target, delivery.cause),)
    if state in (DeliveryState.UNCERTAIN, DeliveryState.SENDING):
        return (_told(evidence, Kind.UNCERTAIN, delivery, incident, delivery.target, None),)
    if state is DeliveryState.PENDING:
        reason = "behind" if delivery.waits_behind is not None else None
        return (_told(evidence, Kind.WAITING, delivery, incident, delivery.target, reason),)
    return ()


def _told(
    evidence: Evidence,
    kind: Kind,
    delivery: LedgerDelivery,
    incident: LedgerIncident | None,
    target: str,
    reason: str | None,
) -> Finding:
    return tell(
        evidence.home.id,
        kind,
        Record.of_delivery(delivery, incident, target),
        reason=reason,
        about=identity_of(delivery),
        due=due_of(evidence, delivery),
        since=moment_words(delivery.since),
        revision=str(delivery.revision),
    )


def identity_of(delivery: LedgerDelivery) -> str:
    """What tells this delivery from the others of its record: revision, action and part."""
    return f"r{delivery.revision}:{delivery.action}:{delivery.part}:{delivery.subject}"


def differing_identity(delivery: LedgerDelivery, parts: str) -> str:
    """What tells this difference from another of the same record: who acknowledged one did not see the other."""
    return f"{identity_of(delivery)}:{parts}"


def copies_identity(delivery: LedgerDelivery, count: int) -> str:
    """The same of a record that is there more than once: a third copy is another trouble than a second."""
    return identity_of(delivery) if count == 2 else f"{identity_of(delivery)}:{count}"


def copies_words(ids: Sequence[str], known: str | None) -> str:
    """How often something is there, and under which ids, so that whoever deletes can tell them apart."""
    times = "twice" if len(ids) == 2 else f"{len(ids)} times"
    named = [f"{one} (which the ledger names)" if one == known else one for one in ids]
    return f"{times}, as {', '.join(named[:-1])} and {named[-1]}"


def is_left_out(delivery: LedgerDelivery, incident: LedgerIncident) -> bool:
    """Whether the report as it is now no longer names the child of this note."""
    content = incident.incident
    return content is not None and bool(content.children) and content.child(delivery.subject) is None


_DUTY_OF_TARGET = {"mosaic": "mosaic_case_note", "daily_log": "daily_log"}


def due_of(evidence: Evidence, delivery: LedgerDelivery) -> datetime | None:
    """When the duty that this delivery meets is due, where one does."""
    wanted = _DUTY_OF_TARGET.get(delivery.target)
    for duty in evidence.duties.get(delivery.incident_id, ()):
        if duty.id == wanted and duty.child in (None, delivery.subject):
            return duty.due_at
    return None


def unknown_record(
    evidence: Evidence, target: Target, reference: str, on: date, *, reason: str = "unknown_reference"
) -> Finding:
    """Something at a target carries a reference of our shape that the ledger does not know, or not of this home."""
    record = Record(None, None, target, None, on)
    return tell(evidence.home.id, Kind.ORPHAN, record, reason=reason, about=reference, incident=reference)
