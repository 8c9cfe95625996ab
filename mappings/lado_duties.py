"""The two duties that a LADO trigger creates: contact for each adult of concern, and MASH or police."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mappings.case import Case
from mappings.duty_deadlines import Deadline, after_working_days
from mappings.evidence import (
    NOTHING,
    LadoAct,
    LadoState,
    Proof,
    all_of,
    first_of,
    referral_answered,
    referral_key,
)
from mappings.lado_triggers import TO_BE_IDENTIFIED, Concern
from mappings.uk_time import uk_day

DECLINED = "a named manager declined the submission, with a reason; it stays in the report"


@dataclass(frozen=True)
class _Owed:
    """What is owed about one adult."""

    deadline: Deadline
    proof: Proof

    @property
    def due_at(self) -> datetime:
        assert self.deadline.due_at is not None
        return self.deadline.due_at


def declined_by_manager(case: Case) -> bool:
    """Whether a named manager declined the submission about every adult of concern."""
    return bool(case.concerns) and all(_declined(case, concern) for concern in case.concerns)


def lado_contact(case: Case) -> tuple[Deadline, Proof]:
    """The contact as one duty: met when every submission that was not declined was approved and sent.

    Due at the end of the first working day after the UK day of knowing (RULINGS 12). What is still owed sets the
    deadline, the earliest first; when nothing is, the submission that was latest against its own deadline does.
    """
    owed = [_owed(case, concern) for concern in case.concerns if not _declined(case, concern)]
    waiting = [one for one in owed if one.proof.at is None]
    if waiting:
        next_due = min(waiting, key=lambda one: one.due_at)
        reasons = dict.fromkeys(one.proof.reason for one in waiting if one.proof.reason)
        return next_due.deadline, Proof(reason="; ".join(reasons) or None)
    latest = max(owed, key=lambda one: (one.proof.at or one.due_at) - one.due_at)
    return latest.deadline, latest.proof


def mash_or_police(case: Case) -> Proof:
    """Answered on every allegation; without one, by the approver of every submission (RULINGS 27)."""
    if case.incident.allegations:
        return all_of(*(_referral(case, index) for index in range(len(case.incident.allegations))))
    concerns = [concern for concern in case.concerns if not _declined(case, concern)]
    return all_of(*(_approver_answer(case, concern.adult) for concern in concerns)) if concerns else NOTHING


def _declined(case: Case, concern: Concern) -> bool:
    act = case.lado_act(concern.adult)
    return act is not None and act.state is LadoState.DECLINED


def _owed(case: Case, concern: Concern) -> _Owed:
    return _Owed(after_working_days(uk_day(concern.knowing_at), 1), _contact(case, concern))


def _contact(case: Case, concern: Concern) -> Proof:
    act = case.lado_act(concern.adult)
    if act is None or act.state is LadoState.AWAITING:
        return Proof(reason=f"the submission about {_named(concern.adult)} waits for a named manager")
    told = case.dated(case.incident.lado.notified_at, "telling the LADO")
    proof = first_of(told, _reported_sent(case, act))
    if proof.at is None and proof.reason is None:
        return Proof(reason=f"the submission about {_named(concern.adult)} is approved and not yet reported as sent")
    return proof


def _reported_sent(case: Case, act: LadoAct) -> Proof:
    at = act.sent_at or (act.decided_at if act.state is LadoState.SENT else None)
    return case.seen(at)


def _referral(case: Case, index: int) -> Proof:
    if not referral_answered(case.incident.allegations[index]):
        return Proof(reason="an allegation does not say whether MASH or the police were told")
    return case.dated(case.since(referral_key(case.incident, index)), "the answer about MASH or the police")


def _approver_answer(case: Case, adult: str) -> Proof:
    act = case.lado_act(adult)
    if act is None or (act.mash is None and act.police is None):
        return Proof(reason=f"nobody has answered for {_named(adult)} whether MASH or the police were told")
    return case.seen(act.decided_at)


def _named(adult: str) -> str:
    return "an adult to be identified" if adult == TO_BE_IDENTIFIED else adult
