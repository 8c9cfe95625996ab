"""Hand-worked: to whom each duty applies, and what proves it, row by row."""

from __future__ import annotations

from tests.policy.hand_worked import (
    ALLEGATION,
    CHILD_2,
    GONE,
    MEASURE,
    Case,
    late,
    met,
    moment,
    none,
    opened,
    overdue,
)

SEEN_NURSE = {
    "offered": "Yes",
    "offeredAt": "2026-06-09T14:10",
    "seen": "Yes",
    "seenBy": "A. Nurse",
    "seenAt": "2026-06-09T15:00",
    "toldOfRestraint": "Yes",
    "outcome": "No injury found.",
}
OVERSIGHT = {"at": "2026-06-10T10:00", "by": "Morag Sampleton", "comments": "Proportionate."}
EVENT = {"consideredAt": "2026-06-09T16:00", "by": "Morag Sampleton", "decision": "DoNotNotify"}
PRESENT = CHILD_2 | {"role": "Present"}
NEXT_DAY = "06-10 12:00"
MUCH_LATER = "06-30 12:00"


def incomplete(change: dict[str, object], item: str) -> Case:
    """A report that lacks one of the eight items."""
    return Case(f"reg 35(3)(a): {item}", change, {"report_complete": opened("06-10 13:05", owner="staff")})


def offered(medical: dict[str, str], why: str) -> Case:
    """Answers about the nurse that do not meet the row."""
    return Case(
        f"medical_offered, R25: {why}",
        {"children.0.medical": medical},
        {"medical_offered": overdue("06-10 13:05")},
        at="06-11 12:00",
    )


def oversight_open(oversight: dict[str, str], why: str) -> Case:
    return Case(
        f"manager_oversight: {why}",
        {"managerOversight": oversight},
        {"manager_oversight": opened("06-11 13:05")},
        at=NEXT_DAY,
        seen={"oversight_seen": {"child-1": moment("06-10 09:30")}},
    )


def parents(answer: dict[str, str], accommodated: str, expected: object, why: str) -> Case:
    return Case(
        f"parents_informed, R26: {why}",
        {"children.0.parentsInformed": answer, "children.0.fullyAccommodated": accommodated},
        {"parents_informed": expected},  # type: ignore[dict-item]
        at=NEXT_DAY,
    )


def event(change: dict[str, object], senior: object, notifiable: object, why: str, at: str = "06-09 16:00") -> Case:
    return Case(
        f"senior_manager_notified, notifiable_event: {why}",
        change,
        {"senior_manager_notified": senior, "notifiable_event": notifiable},  # type: ignore[dict-item]
        at=at,
    )


CASES: dict[str, Case] = {
    # ---- the eight items ----------------------------------------------------------------------------------------
    "no name of the child": incomplete({"children.0.name": ""}, "(i) the child's name"),
    "no behaviour": incomplete({"behaviourBefore": ""}, "(ii) the behaviour that led to it"),
    "no place": incomplete({"location": GONE}, "(iii) date, time and place"),
    "no duration": Case(
        "reg 35(3)(a): (iv) the measure and its duration; the unknown end also sets the clock to occurredAt",
        {"measures.0.durationMinutes": None},
        {"report_complete": opened("06-10 13:00")},
    ),
    "nothing tried": incomplete({"deEscalation": "   "}, "(v) what was tried to avoid it; blanks are no answer"),
    "nobody who used it": incomplete(
        {"measures.0.staffIds": [], "staff.0.involvement": "Present"}, "(vi) who used it and who was present"
    ),
    "a user who is not in the list of staff": incomplete(
        {"measures.0.staffIds": ["staff-1", "staff-77"]}, "R9: an id that is not in `staff` makes it incomplete"
    ),
    "no effectiveness": incomplete({"effectiveness": GONE}, "(vii) how effective it was"),
    "no consequences": incomplete({"consequences": ""}, "(vii) and its consequences"),
    "injury answered N/A": incomplete({"children.0.injured": "N/A"}, "(viii) any injury; R25: N/A answers nothing"),
    "injury not answered": incomplete({"children.0.injured": ""}, "(viii) any injury"),
    "injury without a word": incomplete(
        {"children.0.injured": "Yes", "children.0.injuryDetails": ""}, "(viii) any injury"
    ),
    "complete, and late": Case(
        "report_complete: all eight, from the time of submission",
        {"submittedAt": "2026-06-10T14:00:00Z"},
        {"report_complete": late("06-10 14:00", due="06-10 13:05")},
        at="06-10 15:00",
    ),
    "a disengagement needs no eight items": Case(
        "report_complete, medical, views, advocacy, external review: restrictive only",
        {
            "interventionType": "NonRestrictive",
            "measures.0.technique": "Disengagement: wrist",
            "children.0.role": "Disengaged",
            "behaviourBefore": "",
        },
        {
            "report_complete": none(),
            "medical_offered": none(),
            "child_views": none(),
            "advocacy_offered": none(),
            "external_review": none(),
            "incident_report": met("06-09 15:00"),
            "restorative_conversation": opened("06-14 13:05"),
            "staff_debrief": opened("06-11 13:05"),
            "manager_oversight": opened("06-11 13:05"),
            "risk_assessment_reviewed": opened("06-14 13:05"),
            "care_plan_reviewed": opened("06-14 13:05"),
            "mosaic_case_note": opened("06-10 13:05"),
            "social_worker_notified": opened("06-11 22:59:59"),
            "parents_informed": opened("06-11 22:59:59"),
        },
    ),
    # ---- which child --------------------------------------------------------------------------------------------
    "one held, one present": Case(
        "held child against involved child",
        {"children.+": PRESENT},
        {
            "medical_offered/child-1": opened(),
            "medical_offered/child-2": none(),
            "child_views/child-2": none(),
            "advocacy_offered/child-2": none(),
            "mosaic_case_note/child-2": opened("06-10 13:05"),
            "parents_informed/child-2": opened("06-11 22:59:59"),
            "social_worker_notified/child-2": opened("06-11 22:59:59"),
            "restorative_conversation/child-2": opened("06-14 13:05"),
            "risk_assessment_reviewed/child-2": opened("06-14 13:05"),
            "care_plan_reviewed/child-2": opened("06-14 13:05"),
        },
    ),
    "present by role, held by a measure": Case(
        "R9: named by a measure is held",
        {"children.+": PRESENT, "measures.+": MEASURE | {"heldChildId": "child-2"}},
        {"medical_offered/child-2": opened(), "child_views/child-2": opened()},
    ),
    "a measure that names nobody": Case(
        "R9: it belongs to every child with role Held",
        {"children.+": CHILD_2, "measures.0.heldChildId": GONE},
        {"medical_offered/child-1": opened(), "medical_offered/child-2": opened()},
    ),
    "held by role alone": Case(
        "R9: role Held is held, though the only measure names the other",
        {"children.+": CHILD_2},
        {"child_views/child-2": opened(), "medical_offered/child-2": opened()},
    ),
    "two held, one heard": Case(
        "child_views: each held child by itself",
        {"children.+": CHILD_2, "children.0.views": {"recordedAt": "2026-06-09T16:00"}},
        {"child_views/child-1": met("06-09 15:00"), "child_views/child-2": overdue("06-14 13:05")},
        at=MUCH_LATER,
    ),
    # ---- our own deliveries --------------------------------------------------------------------------------------
    "seen at the log and on Mosaic": Case(
        "daily_log, mosaic_case_note: seen again at the target",
        {},
        {"daily_log": met("06-09 15:20"), "mosaic_case_note": late("06-10 13:06", due="06-10 13:05")},
        at="06-12 09:00",
        seen={"log_seen": moment("06-09 15:20"), "notes_seen": {"child-1": moment("06-10 13:06")}},
    ),
    "seen for one child of two": Case(
        "mosaic_case_note: every involved child",
        {"children.+": PRESENT},
        {"mosaic_case_note/child-1": met("06-09 15:20"), "mosaic_case_note/child-2": opened("06-10 13:05")},
        seen={"notes_seen": {"child-1": moment("06-09 15:20")}},
    ),
    # ---- oversight -----------------------------------------------------------------------------------------------
    "oversight in both places": Case(
        "manager_oversight: in the report and on Mosaic; the time is the manager's own",
        {"managerOversight": OVERSIGHT},
        {"manager_oversight": met("06-10 09:00", due="06-11 13:05")},
        at=NEXT_DAY,
        seen={"oversight_seen": {"child-1": moment("06-10 09:30")}},
    ),
    "oversight in the report alone": Case(
        "manager_oversight: **and** present on Mosaic",
        {"managerOversight": OVERSIGHT},
        {"manager_oversight": opened("06-11 13:05", reason="Mosaic")},
        at=NEXT_DAY,
    ),
    "oversight on one child's record of two": Case(
        "manager_oversight: on each child's note",
        {"managerOversight": OVERSIGHT, "children.+": PRESENT},
        {"manager_oversight": opened("06-11 13:05", reason="Mosaic")},
        at=NEXT_DAY,
        seen={"oversight_seen": {"child-1": moment("06-10 09:30")}},
    ),
    "oversight in time, on Mosaic late": Case(
        "issue 4.2: from the evidence's own time, not from ours; a late copy is the case note's lateness",
        {"managerOversight": OVERSIGHT},
        {"manager_oversight": met("06-10 09:00")},
        at="06-13 09:00",
        seen={"oversight_seen": {"child-1": moment("06-12 09:30")}},
    ),
    "oversight late": Case(
        "manager_oversight: 48 h",
        {"managerOversight": OVERSIGHT | {"at": "2026-06-11T14:06"}},
        {"manager_oversight": late("06-11 13:06")},
        at="06-13 09:00",
        seen={"oversight_seen": {"child-1": moment("06-11 13:30")}},
    ),
    "oversight without comments": oversight_open(OVERSIGHT | {"comments": ""}, "`managerOversight.at` with comments"),
    "oversight of blanks": oversight_open(OVERSIGHT | {"comments": " \n "}, "blanks are no comments"),
    "oversight without a name": oversight_open(OVERSIGHT | {"by": ""}, "issue: no name is not evidence"),
    "oversight without a time": oversight_open({"by": "Morag Sampleton", "comments": "Proportionate."}, "no `at`"),
    "oversight before the incident": oversight_open(OVERSIGHT | {"at": "2026-06-08T10:00"}, "before the incident"),
    # ---- who is told ---------------------------------------------------------------------------------------------
    "manager by our mail": Case(
        "manager_notified: our delivered email",
        {},
        {"manager_notified": met("06-09 15:05"), "social_worker_notified": met("06-09 15:06")},
        seen={
            "mailed": {
                ("manager_notified", None): moment("06-09 15:05"),
                ("social_worker_notified", "child-1"): moment("06-09 15:06"),
            }
        },
    ),
    "manager told before our mail": Case(
        "manager_notified: `managerNotifiedAt`, or our mail; the earlier",
        {"managerNotifiedAt": "2026-06-09T14:20"},
        {"manager_notified": met("06-09 13:20")},
        seen={"mailed": {("manager_notified", None): moment("06-09 15:05")}},
    ),
    "an impossible note and our mail": Case(
        "manager_notified: the impossible time is passed over, the mail counts",
        {"managerNotifiedAt": "2026-06-09T10:00"},
        {"manager_notified": met("06-09 15:05")},
        seen={"mailed": {("manager_notified", None): moment("06-09 15:05")}},
    ),
    "mail about the other child": Case(
        "social_worker_notified: each child's own social worker",
        {"children.+": CHILD_2},
        {"social_worker_notified/child-1": opened(), "social_worker_notified/child-2": met("06-09 15:06")},
        seen={"mailed": {("social_worker_notified", "child-2"): moment("06-09 15:06")}},
    ),
    "no social worker": Case(
        "social_worker_notified: child has a social worker",
        {"children.0.socialWorker": GONE},
        {"social_worker_notified": none("social worker")},
    ),
    "a social worker of blanks": Case(
        "social_worker_notified: an empty form is nobody",
        {"children.0.socialWorker": {"name": "", "email": "", "phone": ""}},
        {"social_worker_notified": none("social worker")},
    ),
    "a social worker without an address": Case(
        "social_worker_notified: owed by telephone all the same",
        {"children.0.socialWorker": {"name": "Sam Casefile"}},
        {"social_worker_notified": opened("06-11 22:59:59")},
    ),
    "social worker told": Case(
        "social_worker_notified: `socialWorker.notifiedAt`",
        {"children.0.socialWorker.notifiedAt": "2026-06-12T09:00"},
        {"social_worker_notified": late("06-12 08:00")},
        at=MUCH_LATER,
    ),
    # ---- parents -------------------------------------------------------------------------------------------------
    "parents informed": parents(
        {"informedAt": "2026-06-09T18:00", "informedBy": "T. Underhill"}, "No", met("06-09 17:00"), "informedAt"
    ),
    "decided not to": parents(
        {"required": "No", "decidedBy": "Sam Casefile"},
        "Yes",
        met("06-09 15:00"),
        "a recorded decision, fully accommodated, dated by submission (R8)",
    ),
    "decided not to, by nobody": parents(
        {"required": "No", "decidedBy": ""}, "Yes", opened("06-11 22:59:59"), "a decision has a name"
    ),
    "decided not to, not fully accommodated": parents(
        {"required": "No", "decidedBy": "Sam Casefile"},
        "No",
        opened("06-11 22:59:59"),
        "only a fully accommodated child",
    ),
    "decided not to, accommodation N/A": parents(
        {"required": "No", "decidedBy": "Sam Casefile"}, "N/A", opened("06-11 22:59:59"), "R25: N/A answers nothing"
    ),
    "required N/A": parents(
        {"required": "N/A", "decidedBy": "Sam Casefile"}, "Yes", opened("06-11 22:59:59"), "R25: N/A answers nothing"
    ),
    "decided to, not yet done": parents(
        {"required": "Yes", "decidedBy": "Sam Casefile"},
        "Yes",
        opened("06-11 22:59:59"),
        "a decision to inform is not informing",
    ),
    "decided not to, informed anyway": parents(
        {"required": "No", "decidedBy": "Sam Casefile", "informedAt": "2026-06-09T15:30"},
        "Yes",
        met("06-09 14:30"),
        "either meets it, the earlier first",
    ),
    # ---- serious -------------------------------------------------------------------------------------------------
    "police": event(
        {"policeCalled": "Yes"},
        opened("06-10 13:05", owner="registered_manager"),
        opened("06-10 13:05", owner="registered_manager"),
        "police called",
    ),
    "emergency services": event(
        {"emergencyServicesCalled": "Yes"}, opened("06-10 13:05"), opened("06-10 13:05"), "emergency services called"
    ),
    "serious": event({"seriousIncident": "Yes"}, opened("06-10 13:05"), opened("06-10 13:05"), "a serious incident"),
    "police N/A": event(
        {"policeCalled": "N/A", "emergencyServicesCalled": "", "seriousIncident": "N/A"},
        none(),
        none(),
        "R25: N/A answers nothing",
    ),
    "an allegation alone": event(
        {"allegations": [ALLEGATION | {"raisedAt": "2026-06-09T15:00"}]},
        none(),
        opened("06-10 13:05"),
        "R28: an allegation is notifiable, but is not `serious incident, or police`",
    ),
    "an allegation about nobody named": event(
        {"allegations": [{"raisedBy": "Parent", "raisedAt": "2026-06-09T15:00", "summary": "Too rough."}]},
        none(),
        opened("06-10 13:05"),
        "R28: against the home",
    ),
    "decided not to notify": event(
        {"policeCalled": "Yes", "notifiableEvent": EVENT, "seniorManagerNotifiedAt": "2026-06-09T14:30"},
        met("06-09 13:30"),
        met("06-09 15:00"),
        "decision with `by` and `consideredAt`",
    ),
    "decision without a name": event(
        {"policeCalled": "Yes", "notifiableEvent": EVENT | {"by": ""}}, opened(), opened("06-10 13:05"), "no name"
    ),
    "decision without a time": event(
        {"policeCalled": "Yes", "notifiableEvent": {"by": "Morag Sampleton", "decision": "DoNotNotify"}},
        opened(),
        opened("06-10 13:05"),
        "no consideredAt",
    ),
    "considered, not decided": event(
        {"policeCalled": "Yes", "notifiableEvent": EVENT | {"decision": ""}},
        opened(),
        opened("06-10 13:05"),
        "considered is not decided",
    ),
    "to be notified, not yet": event(
        {"policeCalled": "Yes", "notifiableEvent": EVENT | {"decision": "Notify"}},
        opened(),
        opened("06-10 13:05"),
        "if Notify, also `notifiedAt`",
    ),
    "notified": event(
        {"policeCalled": "Yes", "notifiableEvent": EVENT | {"decision": "Notify", "notifiedAt": "2026-06-10T15:00"}},
        overdue(),
        late("06-10 14:00", due="06-10 13:05"),
        "if Notify, also `notifiedAt`",
        at="06-12 09:00",
    ),
    "senior manager by our mail": Case(
        "senior_manager_notified: or our delivered email",
        {"seriousIncident": "Yes"},
        {"senior_manager_notified": met("06-09 15:04")},
        seen={"mailed": {("senior_manager_notified", None): moment("06-09 15:04")}},
    ),
    # ---- medical -------------------------------------------------------------------------------------------------
    "offered and declined": Case(
        "medical_offered: whether or not anyone was seen, the outcome recorded",
        {
            "children.0.medical": {
                "offered": "Yes",
                "offeredAt": "2026-06-09T14:10",
                "seen": "No",
                "outcome": "Did not want to.",
            }
        },
        {"medical_offered": met(), "medical_told": none()},
    ),
    "offered, no outcome": offered(
        {"offered": "Yes", "offeredAt": "2026-06-09T14:10", "seen": "No"},
        "it must be recorded, together with the outcome",
    ),
    "not offered": offered({"offered": "No", "outcome": "Seemed fine."}, "No never meets it"),
    "offer N/A": offered({"offered": "N/A", "outcome": "Seemed fine."}, "N/A answers nothing"),
    "offer unanswered": offered({"offered": "", "outcome": "Seemed fine."}, "not answered"),
    "offered before the incident": offered(
        {"offered": "Yes", "offeredAt": "2026-06-08T10:00", "outcome": "Declined."}, "impossible evidence"
    ),
    "nurse told": Case(
        "medical_told: due with seenAt, met by toldOfRestraint",
        {"children.0.medical": SEEN_NURSE},
        {"medical_offered": met(), "medical_told": met(due="06-09 14:00", reason="")},
    ),
    "nurse not told": Case(
        "medical_told: No does not meet it, and it was due with the visit",
        {"children.0.medical": SEEN_NURSE | {"toldOfRestraint": "No"}},
        {"medical_told": overdue("06-09 14:00")},
    ),
    "nurse told N/A": Case(
        "R25: N/A answers nothing",
        {"children.0.medical": SEEN_NURSE | {"toldOfRestraint": "N/A"}},
        {"medical_told": overdue("06-09 14:00")},
    ),
    "seen N/A": Case(
        "medical_told: N/A is not seen",
        {"children.0.medical": {"offered": "Yes", "seen": "N/A", "outcome": "Declined."}},
        {"medical_told": none()},
    ),
    # ---- the child, afterwards -----------------------------------------------------------------------------------
    "views declined": Case(
        "child_views: declined with who spoke to the child, dated by submission",
        {"children.0.views": {"declined": "Yes", "spokenToBy": "T. Underhill"}},
        {"child_views": met("06-09 15:00")},
    ),
    "views declined to nobody": Case(
        "child_views: no name is not evidence, and it says why",
        {"children.0.views": {"declined": "Yes"}},
        {"child_views": opened("06-14 13:05", reason="who")},
    ),
    "views declined N/A": Case(
        "R25: N/A answers nothing",
        {"children.0.views": {"declined": "N/A", "spokenToBy": "T. Underhill"}},
        {"child_views": opened("06-14 13:05")},
    ),
    "text of views without a time": Case(
        "child_views: `recordedAt`",
        {"children.0.views": {"text": "It was OK.", "spokenToBy": "T. Underhill"}},
        {"child_views": opened("06-14 13:05")},
    ),
    "advocacy": Case(
        "advocacy_offered: within 5 days",
        {"children.0.advocacyOfferedAt": "2026-06-14T10:00"},
        {"advocacy_offered": met("06-14 09:00")},
        at=MUCH_LATER,
    ),
    "restorative, with feedback": Case(
        "restorative_conversation: heldAt with the feedback on alternatives",
        {
            "children.0.restorativeConversation": {
                "heldAt": "2026-06-10T10:00",
                "feedback": "Listened.",
                "alternativeDeEscalation": "A walk.",
            }
        },
        {"restorative_conversation": met("06-10 09:00")},
        at=MUCH_LATER,
    ),
    "restorative, no feedback": Case(
        "restorative_conversation: a date alone is not the feedback",
        {"children.0.restorativeConversation": {"heldAt": "2026-06-10T10:00"}},
        {"restorative_conversation": overdue("06-14 13:05")},
        at=MUCH_LATER,
    ),
    "debrief with nobody": Case(
        "staff_debrief: heldAt and withName",
        {"staffDebrief": {"heldAt": "2026-06-10T09:00", "withRole": "Deputy"}},
        {"staff_debrief": opened("06-11 13:05", reason="whom")},
        at=NEXT_DAY,
    ),
    "debrief": Case(
        "staff_debrief: within 48 hours",
        {"staffDebrief": {"heldAt": "2026-06-10T09:00", "withName": "P. Standin"}},
        {"staff_debrief": met("06-10 08:00", reason="")},
        at=NEXT_DAY,
    ),
    "reviews": Case(
        "risk_assessment_reviewed, care_plan_reviewed: by their own times",
        {
            "children.0.riskAssessmentReviewedAt": "2026-06-14T14:05",
            "children.0.carePlanReviewedAt": "2026-06-14T14:06",
        },
        {"risk_assessment_reviewed": met("06-14 13:05"), "care_plan_reviewed": late("06-14 13:06")},
        at=MUCH_LATER,
    ),
    "external review months later": Case(
        "external_review: none, never overdue, never late",
        {"externalReview": {"at": "2026-09-01T10:00", "by": "X. Ternal", "role": "CPI Instructor"}},
        {"external_review": met("09-01 09:00", due="")},
        at="09-02 09:00",
    ),
    "no external review for a year": Case(
        "external_review: best practice, never overdue",
        {},
        {"external_review": opened("")},
        at="2027-06-09 09:00",
    ),
}

#: Held under an EHC plan that names the seated hold for routine use.
ROUTINE = {"children.0.ehcPlan": {"routineRestraint": "Yes", "techniques": ["Seated hold"], "reviewedOn": "2026-01-10"}}
OWED = {"incident_report": met("06-09 15:00"), "child_views": opened("06-14 13:05"), "ehc_plan_review": none()}
EXEMPT = {
    duty: none()
    for duty in (
        "incident_report", "report_complete", "daily_log", "mosaic_case_note", "manager_oversight", "manager_notified",
        "social_worker_notified", "parents_informed", "medical_offered", "child_views", "advocacy_offered",
        "restorative_conversation", "staff_debrief", "risk_assessment_reviewed", "care_plan_reviewed",
        "external_review",
    )
}  # fmt: skip


def ehc(change: dict[str, object], expect: dict[str, object], why: str, at: str = "06-09 16:00") -> Case:
    return Case(f"EHC exemption: {why}", ROUTINE | change, expect, at=at)  # type: ignore[arg-type]


CASES |= {
    "routine under the plan": ehc(
        {},
        {**EXEMPT, "incident_report": none("EHC"), "ehc_plan_review": met()},
        "every measure on that child is named for routine use",
    ),
    "the plan writes it otherwise": ehc(
        {"measures.0.technique": " seated  HOLD"}, EXEMPT, "the same technique in other case and spacing"
    ),
    "another technique": ehc({"measures.0.technique": "Standing hold"}, OWED, "not the one that the plan names"),
    "one unnamed among named": ehc({"measures.+": MEASURE | {"technique": "Standing hold"}}, OWED, "**every** measure"),
    "not for routine use": ehc(
        {"children.0.ehcPlan.routineRestraint": "No"}, OWED, "not for day-to-day use is still recorded"
    ),
    "routine N/A": ehc({"children.0.ehcPlan.routineRestraint": "N/A"}, OWED, "R25: N/A answers nothing"),
    "a plan of no techniques": ehc({"children.0.ehcPlan.techniques": []}, OWED, "the plan names none"),
    "the child injured": ehc(
        {"children.0.injured": "Yes", "children.0.injuryDetails": "Red wrist."},
        OWED | {"lado_contact": opened()},
        "any injury ends it",
    ),
    "staff injured": ehc(
        {"staff.0.injured": "Yes", "staff.0.injuryDetails": "Scratch."}, OWED, "R4: injury to anyone ends it"
    ),
    "a bystander injured": ehc(
        {"children.+": PRESENT | {"injured": "Yes", "injuryDetails": "Bump."}}, OWED, "R4: injury to anyone ends it"
    ),
    "a complaint of pain": ehc(
        {"measures.0.painComplaint": "Yes"}, OWED | {"lado_contact": opened()}, "any complaint ends it"
    ),
    "breathing affected": ehc(
        {"measures.0.breathingAffected": "Yes"},
        {"lado_contact": opened(), "mash_or_police": opened()},
        "a LADO trigger is never decided away",
    ),
    "an allegation": ehc(
        {"allegations": [ALLEGATION | {"raisedAt": "2026-06-09T15:00"}]},
        OWED | {"lado_contact": opened(), "notifiable_event": opened()},
        "any allegation ends it",
    ),
    "a disengagement": ehc(
        {"interventionType": "NonRestrictive"},
        {"incident_report": met("06-09 15:00"), "staff_debrief": opened(), "ehc_plan_review": none()},
        "the plan's exemption is of restrictive practice",
    ),
    "no measure recorded": ehc(
        {"measures": []}, {"incident_report": met(), "staff_debrief": opened()}, "R4: no measure, nothing to exempt"
    ),
    "held with another who is not exempt": ehc(
        {"children.+": CHILD_2, "measures.+": MEASURE | {"heldChildId": "child-2"}},
        {
            "child_views/child-1": none("EHC"),
            "mosaic_case_note/child-1": none("EHC"),
            "ehc_plan_review/child-1": met(),
            "child_views/child-2": opened("06-14 13:05"),
            "mosaic_case_note/child-2": opened(),
            "ehc_plan_review/child-2": none(),
            "incident_report": met("06-09 15:00"),
            "daily_log": opened(),
            "staff_debrief": opened(),
        },
        "one child's plan exempts that child; the home's duties are owed for the other",
    ),
    "a bystander beside an exempt child": ehc(
        {"children.+": PRESENT},
        {
            "child_views/child-1": none("EHC"),
            "incident_report": none("EHC"),
            "staff_debrief": none("EHC"),
            "mosaic_case_note/child-2": opened(),
            "risk_assessment_reviewed/child-2": opened(),
        },
        "R4: only Present is not exempt; the home's duties are not owed when every held child is exempt",
    ),
    "a measure that names nobody, one of two with a plan": ehc(
        {"children.+": CHILD_2, "measures.0.heldChildId": GONE},
        {"child_views/child-1": none("EHC"), "child_views/child-2": opened(), "incident_report": met()},
        "R9: the measure belongs to both",
    ),
    "exempt, and the police called": ehc(
        {"policeCalled": "Yes"},
        {"child_views": none("EHC")},
        "the police are not an injury, complaint or allegation",
    ),
    "plan reviewed twelve months ago to the day": ehc(
        {"children.0.ehcPlan.reviewedOn": "2025-06-09"}, {"ehc_plan_review": met()}, "R4: within 12 months before"
    ),
    "plan reviewed twelve months and a day ago": ehc(
        {"children.0.ehcPlan.reviewedOn": "2025-06-08"},
        {"ehc_plan_review": overdue()},
        "R4: within 12 months before",
        at="06-10 12:00",
    ),
    "plan reviewed after the incident": ehc(
        {"children.0.ehcPlan.reviewedOn": "2026-06-10"},
        {"ehc_plan_review": late()},
        "R4: within 12 months before",
        at="06-12 12:00",
    ),
    "plan never reviewed": ehc(
        {"children.0.ehcPlan.reviewedOn": None},
        {"ehc_plan_review": overdue(reason="review")},
        "no review within 12 months",
        at="06-10 12:00",
    ),
    "plan reviewed in the future": ehc(
        {"children.0.ehcPlan.reviewedOn": "2026-09-01"},
        {"ehc_plan_review": overdue(reason="future")},
        "not evidence yet",
        at="06-10 12:00",
    ),
}
