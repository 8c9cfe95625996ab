"""What one incident owes, to whom, by when, and how far it is met: the policy's table, computed.

Every row of the table is answered for every incident, and for every child where it is about a child: open, met, met
late, overdue, or not applicable with the reason. The rows are in `duty_rules`; whether one applies is in
`duty_triggers`, when it is due in `duty_deadlines`, what proves it in `duty_proofs` and `lado_duties`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from config.home import Home
from mappings.case import Case
from mappings.duty_deadlines import Deadline, deadlines_of, own_deadline
from mappings.duty_proofs import CHILD_PROOFS, HOME_PROOFS
from mappings.duty_rules import CLAUSES, DUTY_TITLES, RULES, DutyId, DutyRule, Owner
from mappings.duty_triggers import not_applicable
from mappings.evidence import Evidence, LadoAct, LadoState, Proof, submitted_at, undated
from mappings.incident import Child, Incident
from mappings.lado_duties import lado_contact

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

_WITHOUT_DELAY = frozenset({DutyId.MASH_OR_POLICE, DutyId.NOTIFIABLE_EVENT})
_THE_HOME = (None,)
_SOFTWARE, _LADO_CONTACT = Owner.SOFTWARE, DutyId.LADO_CONTACT
RAISED_LATER = "it was raised after this time; without delay means now"


class DutyState(StrEnum):
    """How far a duty is met."""

    OPEN = "open"
    MET = "met"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    NOT_APPLICABLE = "not_applicable"


#: Getting a member from an enum takes as long as a call; a report asks for these dozens of times.
_OPEN, _OVERDUE, _NOT_APPLICABLE = DutyState.OPEN, DutyState.OVERDUE, DutyState.NOT_APPLICABLE
_LATE = (_OVERDUE, DutyState.MET_LATE)


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
        return self.state in (_OPEN, _OVERDUE)


def duties_of(incident: Incident, home: Home, evidence: Evidence, now: datetime) -> tuple[Duty, ...]:
    """Every duty of the incident in the table's order, a child's in the report's order of children.

    `now` is the moment of looking: evidence after it is not there yet.
    """
    case = Case(incident, home, evidence, now)
    deadlines = deadlines_of(case)
    return tuple(
        [
            _duty(case, deadlines, rule, child)
            for rule in RULES
            for child in (incident.children if rule.per_child else _THE_HOME)
        ]
    )


def _duty(case: Case, deadlines: Mapping[DutyId, Deadline], rule: DutyRule, child: Child | None) -> Duty:
    duty, owner, title, clause = rule.id, rule.owner, rule.title, CLAUSES[rule.id]
    child_id = None if child is None else child.child_id
    if owner is _SOFTWARE and case.is_draft:
        owner = Owner.STAFF  # who must submit it first (RULINGS 1)
    ours = owner is _SOFTWARE
    absent = not_applicable(duty, case, child)
    if absent is not None:
        return Duty(duty, child_id, owner, None, None, _NOT_APPLICABLE, None, absent, clause, title, ours)
    if duty is _LADO_CONTACT:
        deadline, proof = lado_contact(case)
    else:
        deadline = deadlines.get(duty) or own_deadline(duty, case, child)
        proof = HOME_PROOFS[duty](case) if child is None else CHILD_PROOFS[duty](case, child)
    due_at, target_at, note = deadline
    met_at, reason, waits_for_us = proof
    if met_at is not None:
        state = DutyState.MET if _in_time(met_at, due_at) else DutyState.MET_LATE
    else:
        state = _OPEN if due_at is None or case.second <= due_at else _OVERDUE
    if note is not None or duty in _WITHOUT_DELAY:
        reason = _reason(duty, case, state, deadline, proof)
    return Duty(duty, child_id, owner, target_at, due_at, state, met_at, reason, clause, title, ours or waits_for_us)


def _in_time(met_at: datetime, due_at: datetime | None) -> bool:
    """Within the second of the deadline is on time: "within two working days" lasts as long as 23:59:59 does."""
    return due_at is None or met_at <= due_at or met_at.replace(microsecond=0) <= due_at


def _reason(duty: DutyId, case: Case, state: DutyState, deadline: Deadline, proof: Proof) -> str | None:
    note = deadline.note if state is not DutyState.MET else None
    raised_later = RAISED_LATER if duty in _WITHOUT_DELAY and _raised_later(case, state, deadline) else None
    return "; ".join(filter(None, (proof.reason, note, raised_later))) or None


def _raised_later(case: Case, state: DutyState, deadline: Deadline) -> bool:
    """Whether what is late, and without delay, was not known in time."""
    if case.is_serious or state not in _LATE or deadline.due_at is None:
        return False
    return bool(case.concerns) and min(concern.knowing_at for concern in case.concerns) > deadline.due_at
