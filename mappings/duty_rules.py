"""Every duty that one incident can create, as the policy's table has it: data, for the code, the report and the docs.

`owed_by`, `trigger`, `due`, `met_by` and `clause` are the table's own words, in Markdown; a test compares them with a
copy of the table. What they mean for one incident is computed in `duties`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """Who owes a duty: a role that the home's file knows, the staff on shift, or this software.

    The policy's "home", "home manager", "registered person" and "employer" are the registered manager; its "senior
    member of the team" is the deputy; its "external manager" is the senior manager.
    """

    STAFF = "staff"
    SOFTWARE = "software"
    DEPUTY = "deputy"
    REGISTERED_MANAGER = "registered_manager"
    SENIOR_MANAGER = "senior_manager"


class DutyId(StrEnum):
    """The stable name of each duty: in code, in the ledger and in the report."""

    # An enum's own hash is worked out in Python; tables of duties are looked into hundreds of times a report.
    __hash__ = str.__hash__

    INCIDENT_REPORT = "incident_report"
    REPORT_COMPLETE = "report_complete"
    DAILY_LOG = "daily_log"
    MOSAIC_CASE_NOTE = "mosaic_case_note"
    MANAGER_OVERSIGHT = "manager_oversight"
    MANAGER_NOTIFIED = "manager_notified"
    SOCIAL_WORKER_NOTIFIED = "social_worker_notified"
    PARENTS_INFORMED = "parents_informed"
    SENIOR_MANAGER_NOTIFIED = "senior_manager_notified"
    NOTIFIABLE_EVENT = "notifiable_event"
    MEDICAL_OFFERED = "medical_offered"
    MEDICAL_TOLD = "medical_told"
    CHILD_VIEWS = "child_views"
    ADVOCACY_OFFERED = "advocacy_offered"
    RESTORATIVE_CONVERSATION = "restorative_conversation"
    STAFF_DEBRIEF = "staff_debrief"
    RISK_ASSESSMENT_REVIEWED = "risk_assessment_reviewed"
    CARE_PLAN_REVIEWED = "care_plan_reviewed"
    EXTERNAL_REVIEW = "external_review"
    LADO_CONTACT = "lado_contact"
    MASH_OR_POLICE = "mash_or_police"
    EHC_PLAN_REVIEW = "ehc_plan_review"


@dataclass(frozen=True)
class DutyRule:
    """One row of the table. `owner` is the role, `owed_by` the table's words for it."""

    id: DutyId
    title: str
    owner: Owner
    per_child: bool
    owed_by: str
    trigger: str
    due: str
    met_by: str
    clause: str


RULES: tuple[DutyRule, ...] = (
    DutyRule(
        id=DutyId.INCIDENT_REPORT,
        title="Incident report submitted",
        owner=Owner.STAFF,
        per_child=False,
        owed_by="staff",
        trigger="every safety intervention, restrictive or not",
        due="24 h (reg 35(3)(a))",
        met_by="report status Submitted or SignedOff",
        clause=(
            "All forms of Safety intervention – restrictive and non-restrictive must be recorded on safety "
            "intervention Incident Report"
        ),
    ),
    DutyRule(
        id=DutyId.REPORT_COMPLETE,
        title="Report complete (regulation 35)",
        owner=Owner.STAFF,
        per_child=False,
        owed_by="staff",
        trigger="restrictive",
        due="24 h",
        met_by="the eight items of reg 35(3)(a), below, all present",
        clause="reg 35(3)(a)(i)-(viii)",
    ),
    DutyRule(
        id=DutyId.DAILY_LOG,
        title="Entry in the daily log",
        owner=Owner.SOFTWARE,
        per_child=False,
        owed_by="this software",
        trigger="every incident",
        due="24 h",
        met_by="a delivered daily-log entry, seen again at the log",
        clause="should be recorded in the Home's Daily Log",
    ),
    DutyRule(
        id=DutyId.MOSAIC_CASE_NOTE,
        title="Case note on Mosaic",
        owner=Owner.SOFTWARE,
        per_child=True,
        owed_by="this software",
        trigger="every involved child",
        due="24 h",
        met_by="a Complete note on the child's Mosaic record, seen again there",
        clause="and in the case note Record for the individual Child(ren) on mosaic",
    ),
    DutyRule(
        id=DutyId.MANAGER_OVERSIGHT,
        title="Manager's oversight",
        owner=Owner.REGISTERED_MANAGER,
        per_child=False,
        owed_by="home manager",
        trigger="every incident",
        due="48 h (reg 35(3)(b): spoken to the user of the measure, and signed the record as accurate)",
        met_by="`managerOversight.at` with comments, **and** the oversight present on Mosaic",
        clause=(
            "Managers must have oversight of the reports and record on mosaic, their oversight must be "
            "recorded within the incident report"
        ),
    ),
    DutyRule(
        id=DutyId.MANAGER_NOTIFIED,
        title="Home manager told",
        owner=Owner.STAFF,
        per_child=False,
        owed_by="staff",
        trigger="every incident",
        due="2 working days",
        met_by="`managerNotifiedAt`, or our delivered email",
        clause="the Home Manager and child's social worker if allocated, must be notified within two working days",
    ),
    DutyRule(
        id=DutyId.SOCIAL_WORKER_NOTIFIED,
        title="Social worker told",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="child has a social worker",
        due="2 working days",
        met_by="`socialWorker.notifiedAt`, or our delivered email",
        clause="same",
    ),
    DutyRule(
        id=DutyId.PARENTS_INFORMED,
        title="Parents or carers informed",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home, or as the social worker decides",
        trigger="every involved child",
        due="2 working days",
        met_by=(
            "`parentsInformed.informedAt`; for a fully accommodated child a recorded decision not to inform "
            "also meets it"
        ),
        clause=(
            '"Parents and carers must also be informed"; "If a child is fully accommodated The social worker '
            "should decide about whether to inform the child's parent(s) and, if so, who should do so\""
        ),
    ),
    DutyRule(
        id=DutyId.SENIOR_MANAGER_NOTIFIED,
        title="Senior manager told",
        owner=Owner.REGISTERED_MANAGER,
        per_child=False,
        owed_by="home",
        trigger="serious incident, or police or emergency services called",
        due="without delay: 24 h",
        met_by="`seniorManagerNotifiedAt`, or our delivered email",
        clause="the relevant senior manager must be notified",
    ),
    DutyRule(
        id=DutyId.NOTIFIABLE_EVENT,
        title="Notifiable event considered",
        owner=Owner.REGISTERED_MANAGER,
        per_child=False,
        owed_by="registered person",
        trigger=(
            "same as above, or an allegation of abuse against the home or a person working there (reg "
            "40(4)(b), (c), (e))"
        ),
        due="without delay: 24 h",
        met_by="`notifiableEvent.decision` with `by` and `consideredAt`; if Notify, also `notifiedAt`",
        clause="consideration given to whether a Notifiable Event has occurred",
    ),
    DutyRule(
        id=DutyId.MEDICAL_OFFERED,
        title="Nurse or doctor offered",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="restrictive: each held child",
        due="24 h",
        met_by="`medical.offered` answered and, whether or not anyone was seen, the outcome recorded",
        clause=(
            '"must be given the opportunity to see a Registered Nurse or Medical Practitioner … even if there '
            'are no apparent injuries"; "it must be recorded, together with the outcome"'
        ),
    ),
    DutyRule(
        id=DutyId.MEDICAL_TOLD,
        title="Nurse or doctor told of the restraint",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="a nurse or doctor saw the child",
        due="with `medical.seenAt`",
        met_by="`medical.toldOfRestraint` = Yes",
        clause="they must be informed that an incident has occurred involving physical Restraint",
    ),
    DutyRule(
        id=DutyId.CHILD_VIEWS,
        title="Child's views heard",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="restrictive: each held child",
        due="target 24 h, limit 5 days (reg 35(3)(c))",
        met_by="`views.recordedAt`, or `views.declined` with who spoke to the child",
        clause="ideally within 24 hours … no longer than 5 days after the incident",
    ),
    DutyRule(
        id=DutyId.ADVOCACY_OFFERED,
        title="Advocacy offered",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="restrictive: each held child",
        due="5 days",
        met_by="`advocacyOfferedAt`",
        clause="Children should be offered the opportunity to access an advocacy support",
    ),
    DutyRule(
        id=DutyId.RESTORATIVE_CONVERSATION,
        title="Restorative conversation",
        owner=Owner.STAFF,
        per_child=True,
        owed_by="staff",
        trigger="any safety intervention: each child",
        due="5 days (our reading: the policy gives none)",
        met_by="`restorativeConversation.heldAt` with the feedback on alternatives",
        clause=(
            "staff will complete a Restorative Conversation … whether an alternative form of de-escalation "
            "would have been helpful"
        ),
    ),
    DutyRule(
        id=DutyId.STAFF_DEBRIEF,
        title="Staff debrief",
        owner=Owner.DEPUTY,
        per_child=False,
        owed_by="senior member of the team",
        trigger="every incident",
        due="48 h",
        met_by="`staffDebrief.heldAt` and `withName`",
        clause=(
            "Within 48 Hours the use of intervention, staff should have discussed the incident with a senior "
            "member of the team"
        ),
    ),
    DutyRule(
        id=DutyId.RISK_ASSESSMENT_REVIEWED,
        title="Risk assessment reviewed",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="every incident: each child",
        due="5 days (our reading)",
        met_by="`riskAssessmentReviewedAt`",
        clause="The child's individual risk assessment must be reviewed following any safety interventions",
    ),
    DutyRule(
        id=DutyId.CARE_PLAN_REVIEWED,
        title="Care plan reviewed",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="every incident: each child",
        due="5 days (our reading)",
        met_by="`carePlanReviewedAt`",
        clause=(
            "individual care Plan should be reviewed to incorporate strategies for reducing or preventing "
            "future incidents"
        ),
    ),
    DutyRule(
        id=DutyId.EXTERNAL_REVIEW,
        title="External review",
        owner=Owner.SENIOR_MANAGER,
        per_child=False,
        owed_by="CPI instructor or another external manager",
        trigger="restrictive",
        due="none: best practice, never overdue",
        met_by="`externalReview.at`",
        clause=(
            "Best practice would be to have another external manager or CPI Instructor look at the incident report"
        ),
    ),
    DutyRule(
        id=DutyId.LADO_CONTACT,
        title="LADO contacted",
        owner=Owner.REGISTERED_MANAGER,
        per_child=False,
        owed_by="registered person",
        trigger="any of the LADO triggers, below",
        due="1 working day of knowing (Working Together)",
        met_by=(
            "a submission prepared by us, approved by a named manager, and `lado.notifiedAt` or the approver's "
            "word that it was sent"
        ),
        clause="Refer to LADO using the LADO Online Contact Form",
    ),
    DutyRule(
        id=DutyId.MASH_OR_POLICE,
        title="MASH or police considered",
        owner=Owner.REGISTERED_MANAGER,
        per_child=False,
        owed_by="employer",
        trigger="any LADO trigger",
        due="without delay: 24 h",
        met_by="`mashReferred` or `policeReferred` answered on the allegation",
        clause="Ensure child is safe and refer to MASH/Police as appropriate",
    ),
    DutyRule(
        id=DutyId.EHC_PLAN_REVIEW,
        title="EHC plan reviewed",
        owner=Owner.REGISTERED_MANAGER,
        per_child=True,
        owed_by="home",
        trigger="a restraint exempt under an EHC plan",
        due="yearly",
        met_by="`ehcPlan.reviewedOn` within 12 months",
        clause="any specified Restraints should be kept under review to ensure relevancy",
    ),
)

RULE_OF: Mapping[DutyId, DutyRule] = {rule.id: rule for rule in RULES}

DUTY_TITLES: Mapping[str, str] = {rule.id.value: rule.title for rule in RULES}


def clause_of(duty: DutyId) -> str:
    """The policy's words for a duty; the table's "same" stands for those of the row above."""
    return CLAUSES[duty]


def _clauses() -> Iterator[tuple[DutyId, str]]:
    above = ""
    for rule in RULES:
        above = above if rule.clause == "same" else rule.clause
        yield rule.id, above


CLAUSES: Mapping[DutyId, str] = dict(_clauses())
