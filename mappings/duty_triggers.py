"""Whether a duty applies to an incident and, where it does not, why not: never a silent absence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mappings import exemption
from mappings.case import Case
from mappings.duty_rules import DutyId
from mappings.incident import Answer, Child, SocialWorker
from mappings.lado_duties import DECLINED, declined_by_manager
from mappings.said import answered, said

VOID = "the report is void"
NOT_RESTRICTIVE = "not a restrictive intervention"
NOT_HELD = "this child was not held"
NO_SOCIAL_WORKER = "no social worker is named for this child"
NOT_SERIOUS = "not a serious incident, and neither police nor emergency services were called"
NOT_NOTIFIABLE = f"{NOT_SERIOUS}; no allegation"
NOT_SEEN = "no nurse or doctor saw the child"
NO_LADO_TRIGGER = "no LADO trigger"
NO_EXEMPT_RESTRAINT = "no restraint was exempt under an EHC plan"


def not_applicable(duty: DutyId, case: Case, child: Child | None) -> str | None:
    """Why this duty is not owed for this incident (and child), or None where it is owed."""
    if case.is_void:
        return VOID
    if case.wholly_exempt if child is None else child.child_id in case.exempt:
        return None if duty is DutyId.EHC_PLAN_REVIEW else exemption.REASON
    condition = _CONDITIONS.get(duty)
    return condition(case, child) if condition else None


def has_social_worker(worker: SocialWorker) -> bool:
    """Whether the record gives the child an allocated social worker, by name or by any way to reach one."""
    return worker.notified_at is not None or any(map(said, (worker.name, worker.email, worker.phone)))


def was_seen(child: Child) -> bool:
    """Whether a nurse or doctor saw the child: the answer, or who and when where there is no answer."""
    medical = child.medical
    if answered(medical.seen):
        return medical.seen is Answer.YES
    return medical.seen_at is not None or said(medical.seen_by)


def _restrictive(case: Case, _child: Child | None) -> str | None:
    return None if case.is_restrictive else NOT_RESTRICTIVE


def _held(case: Case, child: Child | None) -> str | None:
    if not case.is_restrictive:
        return NOT_RESTRICTIVE
    return None if child is not None and child.child_id in case.held else NOT_HELD


def _social_worker(_case: Case, child: Child | None) -> str | None:
    return None if child is not None and has_social_worker(child.social_worker) else NO_SOCIAL_WORKER


def _serious(case: Case, _child: Child | None) -> str | None:
    return None if case.is_serious else NOT_SERIOUS


def _notifiable(case: Case, _child: Child | None) -> str | None:
    """Every allegation counts as one of abuse until a person says otherwise (RULINGS 28)."""
    return None if case.is_serious or case.incident.allegations else NOT_NOTIFIABLE


def _seen(_case: Case, child: Child | None) -> str | None:
    return None if child is not None and was_seen(child) else NOT_SEEN


def _lado_contact(case: Case, _child: Child | None) -> str | None:
    if not case.concerns:
        return NO_LADO_TRIGGER
    return DECLINED if declined_by_manager(case) else None


def _mash_or_police(case: Case, child: Child | None) -> str | None:
    """A declined submission owes no contact; what an allegation asks of MASH and police is owed all the same."""
    return None if case.incident.allegations else _lado_contact(case, child)


def _no_exempt_restraint(_case: Case, _child: Child | None) -> str:
    """An exempt child is asked about before."""
    return NO_EXEMPT_RESTRAINT


_CONDITIONS: Mapping[DutyId, Callable[[Case, Child | None], str | None]] = {
    DutyId.REPORT_COMPLETE: _restrictive,
    DutyId.SOCIAL_WORKER_NOTIFIED: _social_worker,
    DutyId.SENIOR_MANAGER_NOTIFIED: _serious,
    DutyId.NOTIFIABLE_EVENT: _notifiable,
    DutyId.MEDICAL_OFFERED: _held,
    DutyId.MEDICAL_TOLD: _seen,
    DutyId.CHILD_VIEWS: _held,
    DutyId.ADVOCACY_OFFERED: _held,
    DutyId.EXTERNAL_REVIEW: _restrictive,
    DutyId.LADO_CONTACT: _lado_contact,
    DutyId.MASH_OR_POLICE: _mash_or_police,
    DutyId.EHC_PLAN_REVIEW: _no_exempt_restraint,
}
