"""What the report and the targets prove about each duty: since when it is met, or what stands in the way.

A reason is a few plain words for a manager, with ids and never a name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from config.home import Contact
from mappings.case import Case
from mappings.duty_rules import DutyId
from mappings.evidence import (
    NOTHING,
    REPORT_COMPLETE,
    SUBMITTED,
    Proof,
    all_of,
    declined_key,
    first_of,
    outcome_key,
    parents_key,
    told_key,
)
from mappings.incident import Answer, Child, NotifiableDecision
from mappings.lado_duties import mash_or_police
from mappings.report_items import missing_items
from mappings.said import said
from mappings.uk_time import uk_day, uk_day_start

STILL_DRAFT = "report still Draft"


def _mailed(case: Case, duty: DutyId, child: Child | None = None) -> Proof:
    return case.seen(case.evidence.mailed.get((duty, child.child_id if child else None)))


# ---- the home's duties -------------------------------------------------------------------------------------------


def _incident_report(case: Case) -> Proof:
    if case.incident.status not in SUBMITTED:
        return Proof(reason=STILL_DRAFT)
    return case.dated(case.submitted_at, "submission")


def _report_complete(case: Case) -> Proof:
    missing = missing_items(case.incident)
    if missing:
        return Proof(reason=f"the report does not fully say: {'; '.join(missing)}")
    return case.dated(case.since(REPORT_COMPLETE), "the report")


def _daily_log(case: Case) -> Proof:
    return _or_draft(case, case.seen(case.evidence.log_seen))


def _or_draft(case: Case, proof: Proof) -> Proof:
    return Proof(reason=STILL_DRAFT) if case.is_draft and proof.at is None else proof


def _manager_oversight(case: Case) -> Proof:
    """The manager's own time counts; that Mosaic shows it is a condition, and its lateness is the case note's."""
    oversight = case.incident.manager_oversight
    written = case.dated(oversight.at, "the manager's oversight")
    if written.at is None:
        return written
    if not said(oversight.comments):
        return Proof(reason="the manager's oversight has no comments")
    if not said(oversight.by):
        return Proof(reason="the manager's oversight names nobody")
    there = case.evidence.oversight_seen
    lacking = [c.child_id for c in case.incident.children if case.seen(there.get(c.child_id)).at is None]
    if lacking:
        return Proof(reason=f"the manager's oversight has not been seen on Mosaic for {', '.join(lacking)}", ours=True)
    return written


def _manager_notified(case: Case) -> Proof:
    told = case.dated(case.incident.manager_notified_at, "telling the manager")
    return first_of(told, _mailed(case, DutyId.MANAGER_NOTIFIED), _no_address(case.home.registered_manager))


def _senior_manager_notified(case: Case) -> Proof:
    told = case.dated(case.incident.senior_manager_notified_at, "telling the senior manager")
    return first_of(told, _mailed(case, DutyId.SENIOR_MANAGER_NOTIFIED), _no_address(case.home.senior_manager))


def _no_address(contact: Contact | None) -> Proof:
    """Why no mail of ours can meet a duty, so that somebody rings instead."""
    if contact is not None and contact.email:
        return NOTHING
    return Proof(reason="the home's file has no address for this person, so no mail goes out: ring them and record it")


def _notifiable_event(case: Case) -> Proof:
    event = case.incident.notifiable_event
    if event.decision is NotifiableDecision.UNDECIDED:
        return Proof(reason="considered, but no decision is recorded") if event.considered_at else NOTHING
    if not said(event.by):
        return Proof(reason="the decision on a notifiable event names nobody")
    if event.considered_at is None:
        return Proof(reason="the decision on a notifiable event has no time")
    considered = case.dated(event.considered_at, "the decision on a notifiable event")
    if event.decision is NotifiableDecision.DO_NOT_NOTIFY:
        return considered
    if event.notified_at is None and considered.at is not None:
        return Proof(reason="the decision is to notify, but no notification is recorded")
    return all_of(considered, case.dated(event.notified_at, "the notification"))


def _staff_debrief(case: Case) -> Proof:
    debrief = case.incident.staff_debrief
    proof = case.dated(debrief.held_at, "the debrief")
    if proof.at is not None and not said(debrief.with_name):
        return Proof(reason="the debrief does not say with whom")
    return proof


def _external_review(case: Case) -> Proof:
    return case.dated(case.incident.external_review.at, "the external review")


# ---- duties towards one child ------------------------------------------------------------------------------------


def _mosaic_case_note(case: Case, child: Child) -> Proof:
    note = _or_draft(case, case.seen(case.evidence.notes_seen.get(child.child_id)))
    if note is NOTHING and child.mosaic_person() is None:
        return Proof(reason="the report has no usable Mosaic id for this child; staff must add it")
    return note


def _social_worker_notified(case: Case, child: Child) -> Proof:
    told = case.dated(child.social_worker.notified_at, "telling the social worker")
    no_address = NOTHING
    if not said(child.social_worker.email):
        no_address = Proof(reason="the record has no address for the social worker, so no mail goes out")
    return first_of(told, _mailed(case, DutyId.SOCIAL_WORKER_NOTIFIED, child), no_address)


def _parents_informed(case: Case, child: Child) -> Proof:
    """RULINGS 26. A mail that asks parents to ring the home does not inform them."""
    parents = child.parents_informed
    return first_of(case.dated(parents.informed_at, "informing the parents"), _decided_not_to(case, child))


def _decided_not_to(case: Case, child: Child) -> Proof:
    parents = child.parents_informed
    if parents.required is not Answer.NO:
        return NOTHING
    if child.fully_accommodated is not Answer.YES:
        return Proof(reason="a decision not to inform counts only for a fully accommodated child")
    if not said(parents.decided_by):
        return Proof(reason="the decision not to inform does not say who decided")
    return case.dated(case.since(parents_key(child)), "the decision not to inform")


def _medical_offered(case: Case, child: Child) -> Proof:
    """RULINGS 25: "No" never meets it, "N/A" answers nothing, and the outcome is part of it."""
    medical = child.medical
    if medical.offered is Answer.NO:
        return Proof(reason="the answer is No: a nurse or doctor must still be offered")
    if medical.offered is not Answer.YES:
        return NOTHING
    if not said(medical.outcome):
        return Proof(reason="a nurse or doctor was offered, but the outcome is not recorded")
    outcome = case.dated(case.since(outcome_key(child)), "the outcome")
    if medical.offered_at is None:
        return outcome
    return all_of(case.dated(medical.offered_at, "the offer"), outcome)


def _medical_told(case: Case, child: Child) -> Proof:
    """Told when seen: the answer counts from `seenAt` where the record has it."""
    medical = child.medical
    if medical.told_of_restraint is Answer.NO:
        return Proof(reason="the nurse or doctor was not told of the restraint")
    if medical.told_of_restraint is not Answer.YES:
        return NOTHING
    if medical.seen_at is not None:
        return case.dated(medical.seen_at, "seeing the nurse or doctor")
    return case.dated(case.since(told_key(child)), "telling the nurse or doctor")


def _child_views(case: Case, child: Child) -> Proof:
    views = child.views
    recorded = case.dated(views.recorded_at, "the child's views")
    if recorded.at is not None or views.declined is not Answer.YES:
        return recorded
    if not said(views.spoken_to_by):
        return Proof(reason="the child declined, but the record does not say who spoke to the child")
    return first_of(recorded, case.dated(case.since(declined_key(child)), "the child's answer"))


def _advocacy_offered(case: Case, child: Child) -> Proof:
    return case.dated(child.advocacy_offered_at, "the offer of advocacy")


def _restorative_conversation(case: Case, child: Child) -> Proof:
    conversation = child.restorative_conversation
    proof = case.dated(conversation.held_at, "the restorative conversation")
    if proof.at is not None and not said(conversation.alternative_de_escalation):
        return Proof(reason="the child's word on alternatives is not recorded")
    return proof


def _risk_assessment_reviewed(case: Case, child: Child) -> Proof:
    return case.dated(child.risk_assessment_reviewed_at, "the review of the risk assessment")


def _care_plan_reviewed(case: Case, child: Child) -> Proof:
    return case.dated(child.care_plan_reviewed_at, "the review of the care plan")


def _ehc_plan_review(case: Case, child: Child) -> Proof:
    """Within the 12 months before the incident (RULINGS 4); a review after the incident is late, not absent."""
    reviewed = child.ehc_plan.reviewed_on
    if reviewed is None:
        return Proof(reason="no review of the EHC plan is recorded")
    if reviewed > uk_day(case.now):
        return Proof(reason="the review of the EHC plan is in the future")
    day = uk_day(case.incident.occurred_at)
    if reviewed < a_year_before(day):
        return Proof(reason="the EHC plan was last reviewed more than 12 months before the incident")
    return Proof(at=uk_day_start(reviewed))


def a_year_before(day: date) -> date:
    """The same calendar day twelve months earlier; 28 February for 29 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


# ---- the proof of every duty but the LADO contact, which has one for each adult -----------------------------------

HOME_PROOFS: Mapping[DutyId, Callable[[Case], Proof]] = {
    DutyId.INCIDENT_REPORT: _incident_report,
    DutyId.REPORT_COMPLETE: _report_complete,
    DutyId.DAILY_LOG: _daily_log,
    DutyId.MANAGER_OVERSIGHT: _manager_oversight,
    DutyId.MANAGER_NOTIFIED: _manager_notified,
    DutyId.SENIOR_MANAGER_NOTIFIED: _senior_manager_notified,
    DutyId.NOTIFIABLE_EVENT: _notifiable_event,
    DutyId.STAFF_DEBRIEF: _staff_debrief,
    DutyId.EXTERNAL_REVIEW: _external_review,
    DutyId.MASH_OR_POLICE: mash_or_police,
}

CHILD_PROOFS: Mapping[DutyId, Callable[[Case, Child], Proof]] = {
    DutyId.MOSAIC_CASE_NOTE: _mosaic_case_note,
    DutyId.SOCIAL_WORKER_NOTIFIED: _social_worker_notified,
    DutyId.PARENTS_INFORMED: _parents_informed,
    DutyId.MEDICAL_OFFERED: _medical_offered,
    DutyId.MEDICAL_TOLD: _medical_told,
    DutyId.CHILD_VIEWS: _child_views,
    DutyId.ADVOCACY_OFFERED: _advocacy_offered,
    DutyId.RESTORATIVE_CONVERSATION: _restorative_conversation,
    DutyId.RISK_ASSESSMENT_REVIEWED: _risk_assessment_reviewed,
    DutyId.CARE_PLAN_REVIEWED: _care_plan_reviewed,
    DutyId.EHC_PLAN_REVIEW: _ehc_plan_review,
}
