"""What one incident owes, to whom, by when, and how far it is met: the policy's table, computed.

Every row of the table is answered for every incident, and for every child where it is about a child: open, met, met
late, overdue, or not applicable with the reason. The rows are in `duty_rules`; whether one applies is in
`duty_triggers`, when it is due in `duty_deadlines`, what proves it in `duty_proofs` and `lado_duties`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from config.home import Home
from mappings.case import Case
from mappings.duty_deadlines import NO_DEADLINE, Deadline, deadline_of
from mappings.duty_proofs import proof_of
from mappings.duty_rules import DUTY_TITLES, RULES, DutyId, DutyRule, Owner, clause_of
from mappings.duty_triggers import not_applicable
from mappings.evidence import NOTHING, Evidence, LadoAct, LadoState, Proof, submitted_at, undated
from mappings.incident import Child, Incident, Status
from mappings.lado_duties import DECLINED, declined_by_manager, lado_contact, mash_or_police

__all__ = [
    "DUTY_TITLES",
    "Duty",
    "DutyId",
    "DutyState",
    "Evidence",
    "LadoAct",
    "LadoState",
    "Owner",
    "duties_of",
    "submitted_at",
    "undated",
]

_WITHOUT_DELAY = (DutyId.MASH_OR_POLICE, DutyId.NOTIFIABLE_EVENT)
RAISED_LATER = "it was raised after this time; without delay means now"


class DutyState(StrEnum):
    """How far a duty is met."""

    OPEN = "open"
    MET = "met"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    NOT_APPLICABLE = "not_applicable"


class Duty(NamedTuple):
    """One duty of one incident, as it stands. Moments are in UTC; `due_at` itself is still on time.

    `child`: the source's child id, for a duty towards one child. `owner`: one of `Owner`. `target_at`: the ideal, where
    the policy has one before its limit. `reason`: why it is not applicable, or what stands in the way of the evidence.
    `ours`: only this software can do what is left; nobody is asked for it, and no text blames them for it.
    """

    id: DutyId
    child: str | None
    owner: Owner
    target_at: datetime | None
    due_at: datetime | None
    state: DutyState
    met_at: datetime | None
    reason: str | None
    clause: str
    title: str
    ours: bool = False

    @property
    def is_owed(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in (DutyState.OPEN, DutyState.OVERDUE)


def duties_of(incident: Incident, home: Home, evidence: Evidence, now: datetime) -> tuple[Duty, ...]:
    """Every duty of the incident in the table's order, a child's in the report's order of children.

    `now` is the moment of looking: evidence after it is not there yet.
    """
    case = Case(incident, home, evidence, now)
    return tuple(_duty(case, rule, child) for rule in RULES for child in _subjects(rule, incident))


def _subjects(rule: DutyRule, incident: Incident) -> Iterator[Child | None]:
    if rule.per_child:
        yield from incident.children
    else:
        yield None


def _duty(case: Case, rule: DutyRule, child: Child | None) -> Duty:
    absent = not_applicable(rule, case, child) or _declined(rule.id, case)
    deadline, proof, state, reason = NO_DEADLINE, NOTHING, DutyState.NOT_APPLICABLE, absent
    if not absent:
        deadline, proof = _assess(rule.id, case, child)
        state = _state(deadline, proof, case.now)
        reason = _reason(rule.id, case, state, deadline, proof)
    owner = _owner(rule, case.incident)
    return Duty(
        rule.id,
        None if child is None else child.child_id,
        owner,
        deadline.target_at,
        deadline.due_at,
        state,
        proof.at,
        reason,
        clause_of(rule.id),
        rule.title,
        proof.ours or owner is Owner.SOFTWARE,
    )


def _declined(duty: DutyId, case: Case) -> str | None:
    """A declined submission owes no contact; what an allegation asks of MASH and police is owed all the same."""
    if duty is DutyId.LADO_CONTACT or (duty is DutyId.MASH_OR_POLICE and not case.incident.allegations):
        return DECLINED if declined_by_manager(case) else None
    return None


def _assess(duty: DutyId, case: Case, child: Child | None) -> tuple[Deadline, Proof]:
    if duty is DutyId.LADO_CONTACT:
        return lado_contact(case)
    proof = mash_or_police(case) if duty is DutyId.MASH_OR_POLICE else proof_of(duty, case, child)
    return deadline_of(duty, case, child), proof


def _state(deadline: Deadline, proof: Proof, now: datetime) -> DutyState:
    if proof.at is not None:
        return DutyState.MET if _by(proof.at, deadline) else DutyState.MET_LATE
    return DutyState.OPEN if _by(now, deadline) else DutyState.OVERDUE


def _by(moment: datetime, deadline: Deadline) -> bool:
    """Within the second of the deadline is on time: "within two working days" lasts as long as 23:59:59 does."""
    due_at = deadline.due_at
    return due_at is None or moment <= due_at or moment.replace(microsecond=0) <= due_at


def _owner(rule: DutyRule, incident: Incident) -> Owner:
    """While a report is Draft, what the software would deliver waits for staff (RULINGS 1)."""
    if rule.owner is Owner.SOFTWARE and incident.status is Status.DRAFT:
        return Owner.STAFF
    return rule.owner


def _reason(duty: DutyId, case: Case, state: DutyState, deadline: Deadline, proof: Proof) -> str | None:
    note = deadline.note if state is not DutyState.MET else None
    late = state in (DutyState.OVERDUE, DutyState.MET_LATE) and duty in _WITHOUT_DELAY
    raised_later = RAISED_LATER if late and not case.is_serious and _known_after(case, deadline) else None
    if note is None and raised_later is None:
        return proof.reason or None
    return "; ".join(filter(None, (proof.reason, note, raised_later)))


def _known_after(case: Case, deadline: Deadline) -> bool:
    moments = [concern.knowing_at for concern in case.concerns]
    return bool(moments) and deadline.due_at is not None and min(moments) > deadline.due_at
