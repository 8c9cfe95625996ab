"""Hand-worked cases, clause by clause: what one changed thing does to one duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from mappings.duties import DutyState, Evidence
from mappings.incident import (
    Allegation,
    Answer,
    ChildRole,
    Incident,
    Intervention,
    ManagerOversight,
    Medical,
    NotifiableDecision,
    NotifiableEvent,
    ParentsInformed,
    RaisedBy,
    RestorativeConversation,
    SocialWorker,
    StaffDebrief,
    Status,
    Views,
)
from tests.mappings.perfect import (
    END,
    LATER,
    NA,
    NO,
    OCCURRED,
    YES,
    at,
    child,
    disengagement,
    duties,
    duty,
    measure,
    report,
    seen,
    staff,
    states,
)

OPEN, MET, LATE, OVERDUE, NOT = (
    DutyState.OPEN,
    DutyState.MET,
    DutyState.MET_LATE,
    DutyState.OVERDUE,
    DutyState.NOT_APPLICABLE,
)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Example:
    """One case: the duty, the report, and what a person works out by hand."""

    says: str
    duty: str
    incident: Incident
    state: DutyState
    because: str | None = None
    met_at: datetime | None = None
    due_at: datetime | None = None
    evidence: Evidence | None = None
    now: datetime = LATER


def of_child(**changes: object) -> Incident:
    return report(children=(child(**changes),))


def unsubmitted(**changes: object) -> Incident:
    return report(status=Status.DRAFT, submitted_at=None, **changes)


def notifiable(**changes: object) -> Incident:
    values = {"decision": NotifiableDecision.DO_NOT_NOTIFY, "by": "Rita Manager", "considered_at": at(3)}
    return report(serious_incident=YES, notifiable_event=NotifiableEvent(**{**values, **changes}))


ALLEGED = Allegation(raised_by=RaisedBy.CHILD, summary="He hurt me.", raised_at=at(1), about_staff_id="staff-1")

EXAMPLES = [
    # incident_report
    Example(
        "submitted exactly at 24 hours is in time", "incident_report", report(submitted_at=at(24)), MET, due_at=at(24)
    ),
    Example("submitted a second after 24 hours is late", "incident_report", report(submitted_at=at(24) + SECOND), LATE),
    Example("a disengagement needs a report too", "incident_report", disengagement(), MET, met_at=at(2)),
    Example("a draft is no report yet", "incident_report", unsubmitted(), OPEN, "report still Draft", now=at(24)),
    Example("a draft after 24 hours is overdue", "incident_report", unsubmitted(), OVERDUE, now=at(24) + SECOND),
    Example(
        "submitted before the incident cannot be", "incident_report", report(submitted_at=at(-2)), OVERDUE, "before"
    ),
    Example(
        "without submittedAt the version's own change counts",
        "incident_report",
        report(submitted_at=None),
        MET,
        met_at=at(2),
    ),
    Example(
        "a submission in the future is none", "incident_report", report(submitted_at=at(9)), OPEN, "future", now=at(5)
    ),
    # report_complete
    Example("all eight items count from submission", "report_complete", report(), MET, met_at=at(2)),
    Example("a disengagement has no eight items", "report_complete", disengagement(), NOT, "not a restrictive"),
    Example("no place", "report_complete", report(location=" "), OVERDUE, "date, time and place"),
    Example("no behaviour", "report_complete", report(behaviour_before="N/A"), OVERDUE, "the behaviour"),
    Example("nothing tried", "report_complete", report(de_escalation=""), OVERDUE, "tried to avoid"),
    Example("no duration", "report_complete", report(measures=(measure(duration_minutes=None),)), OVERDUE, "duration"),
    Example("no measure", "report_complete", report(measures=()), OVERDUE, "the measure"),
    Example("no name", "report_complete", of_child(name=""), OVERDUE, "the child's name"),
    Example("no consequences", "report_complete", report(consequences=""), OVERDUE, "how effective"),
    Example("injury not answered", "report_complete", of_child(injured=NA), OVERDUE, "any injury"),
    Example("injury not described", "report_complete", of_child(injured=YES), OVERDUE, "any injury"),
    Example(
        "a measure used by somebody who is not in staff",
        "report_complete",
        report(measures=(measure(staff_ids=("staff-1", "staff-99")),)),
        OVERDUE,
        "who used it",
    ),
    Example(
        "nobody used it", "report_complete", report(staff=(), measures=(measure(staff_ids=()),)), OVERDUE, "who used it"
    ),
    Example(
        "a second held child without a measure",
        "report_complete",
        report(children=(child(), child("child-18"))),
        OVERDUE,
        "the measure",
    ),
    # daily_log and mosaic_case_note
    Example("an entry seen at the log", "daily_log", report(), MET, met_at=at(2.5), due_at=at(24)),
    Example("an entry not seen at the log", "daily_log", report(), OVERDUE, evidence=Evidence()),
    Example("an entry accepted after 24 hours", "daily_log", report(), LATE, evidence=seen(log_seen=at(25))),
    Example("a disengagement is logged too", "daily_log", disengagement(), MET),
    Example("an entry of tomorrow is not there yet", "daily_log", report(), OPEN, now=at(1)),
    Example("a draft is not logged", "daily_log", unsubmitted(), OVERDUE, "report still Draft", evidence=Evidence()),
    Example("a note seen on Mosaic", "mosaic_case_note", report(), MET, met_at=at(2.5)),
    Example("a note on no other child's record", "mosaic_case_note", report(), OVERDUE, evidence=seen("child-18")),
    Example(
        "no Mosaic id",
        "mosaic_case_note",
        of_child(mosaic_person_id="ABC-1"),
        OVERDUE,
        "Mosaic id",
        evidence=Evidence(),
    ),
    # manager_oversight
    Example("in the report and seen on Mosaic", "manager_oversight", report(), MET, met_at=at(24), due_at=at(48)),
    Example(
        "in the report, not seen on Mosaic",
        "manager_oversight",
        report(),
        OVERDUE,
        "not been seen on Mosaic for child-17",
        evidence=seen(oversight_seen={}),
    ),
    Example(
        "seen for one child of two",
        "manager_oversight",
        report(children=(child(), child("child-18", role=ChildRole.PRESENT))),
        OVERDUE,
        "child-18",
        evidence=seen(),
    ),
    Example(
        "without comments",
        "manager_oversight",
        report(manager_oversight=ManagerOversight(at=at(5), by="Rita Manager", comments="n/a")),
        OVERDUE,
        "no comments",
    ),
    Example(
        "signed by nobody",
        "manager_oversight",
        report(manager_oversight=ManagerOversight(at=at(5), comments="Read.")),
        OVERDUE,
        "names nobody",
    ),
    Example(
        "after 48 hours",
        "manager_oversight",
        report(manager_oversight=ManagerOversight(at=at(49), by="Rita Manager", comments="Read.")),
        LATE,
    ),
    # manager_notified, social_worker_notified, parents_informed: two working days
    Example(
        "the last second of the second working day",
        "manager_notified",
        report(manager_notified_at=datetime(2026, 10, 8, 22, 59, 59, tzinfo=UTC)),
        MET,
        due_at=datetime(2026, 10, 8, 22, 59, 59, tzinfo=UTC),
    ),
    Example(
        "midnight after it", "manager_notified", report(manager_notified_at=datetime(2026, 10, 8, 23, tzinfo=UTC)), LATE
    ),
    Example(
        "our mail meets it",
        "manager_notified",
        report(manager_notified_at=None),
        MET,
        met_at=at(3),
        evidence=seen(mailed={("manager_notified", None): at(3)}),
    ),
    Example(
        "our mail, late",
        "manager_notified",
        report(manager_notified_at=None),
        LATE,
        evidence=seen(mailed={("manager_notified", None): at(72)}),
    ),
    Example(
        "the earlier of the two counts",
        "manager_notified",
        report(manager_notified_at=at(100)),
        MET,
        met_at=at(3),
        evidence=seen(mailed={("manager_notified", None): at(3)}),
    ),
    Example(
        "told before the incident",
        "manager_notified",
        report(manager_notified_at=at(-3)),
        OVERDUE,
        "before the incident",
    ),
    Example(
        "told in the incident's own minute",
        "manager_notified",
        report(occurred_at=OCCURRED + timedelta(seconds=40), manager_notified_at=OCCURRED),
        MET,
    ),
    Example(
        "no social worker", "social_worker_notified", of_child(social_worker=SocialWorker()), NOT, "no social worker"
    ),
    Example(
        "a social worker who is N/A", "social_worker_notified", of_child(social_worker=SocialWorker(name="N/A")), NOT
    ),
    Example(
        "a social worker by name, not told",
        "social_worker_notified",
        of_child(social_worker=SocialWorker(name="Test Workerone")),
        OVERDUE,
        "no address",
    ),
    Example(
        "the mail about another child does not count",
        "social_worker_notified",
        of_child(social_worker=SocialWorker(email="worker@example.org")),
        OVERDUE,
        evidence=seen(mailed={("social_worker_notified", "child-18"): at(3)}),
    ),
    Example(
        "the mail about this child does",
        "social_worker_notified",
        of_child(social_worker=SocialWorker(email="worker@example.org")),
        MET,
        evidence=seen(mailed={("social_worker_notified", "child-17"): at(3)}),
    ),
    Example(
        "a decision not to inform, fully accommodated",
        "parents_informed",
        of_child(fully_accommodated=YES, parents_informed=ParentsInformed(required=NO, decided_by="Test Workerone")),
        MET,
        met_at=at(2),
    ),
    Example(
        "a decision not to inform, not fully accommodated",
        "parents_informed",
        of_child(fully_accommodated=NO, parents_informed=ParentsInformed(required=NO, decided_by="Test Workerone")),
        OVERDUE,
        "fully accommodated",
    ),
    Example(
        "a decision by nobody",
        "parents_informed",
        of_child(fully_accommodated=YES, parents_informed=ParentsInformed(required=NO, decided_by=" - ")),
        OVERDUE,
        "who decided",
    ),
    Example(
        "N/A is no decision",
        "parents_informed",
        of_child(fully_accommodated=YES, parents_informed=ParentsInformed(required=NA, decided_by="Test Workerone")),
        OVERDUE,
    ),
    Example(
        "a mail that says ring the home informs nobody",
        "parents_informed",
        of_child(parents_informed=ParentsInformed(required=YES)),
        OVERDUE,
        evidence=seen(mailed={("parents_informed", "child-17"): at(3)}),
    ),
    Example(
        "a child who was only present has parents too",
        "parents_informed",
        of_child(role=ChildRole.PRESENT, parents_informed=ParentsInformed()),
        OVERDUE,
    ),
    # senior_manager_notified, notifiable_event
    Example("nothing serious", "senior_manager_notified", report(serious_incident=NA, police_called=NO), NOT),
    Example("police called", "senior_manager_notified", report(police_called=YES), OVERDUE, due_at=at(24)),
    Example("an ambulance called", "senior_manager_notified", report(emergency_services_called=YES), OVERDUE),
    Example(
        "serious, senior manager told",
        "senior_manager_notified",
        report(serious_incident=YES, senior_manager_notified_at=at(24)),
        MET,
    ),
    Example(
        "an allegation alone is not for the senior manager",
        "senior_manager_notified",
        report(allegations=(ALLEGED,)),
        NOT,
    ),
    Example("considered, not to notify", "notifiable_event", notifiable(), MET, met_at=at(3)),
    Example(
        "to notify, notified",
        "notifiable_event",
        notifiable(decision=NotifiableDecision.NOTIFY, notified_at=at(5)),
        MET,
        met_at=at(5),
    ),
    Example(
        "to notify, notified late",
        "notifiable_event",
        notifiable(decision=NotifiableDecision.NOTIFY, notified_at=at(25)),
        LATE,
    ),
    Example(
        "to notify, not notified",
        "notifiable_event",
        notifiable(decision=NotifiableDecision.NOTIFY),
        OVERDUE,
        "no notification is recorded",
    ),
    Example("considered by nobody", "notifiable_event", notifiable(by=""), OVERDUE, "names nobody"),
    Example("a decision without a time", "notifiable_event", notifiable(considered_at=None), OVERDUE, "no time"),
    Example(
        "no decision", "notifiable_event", notifiable(decision=NotifiableDecision.UNDECIDED), OVERDUE, "no decision"
    ),
    Example("any allegation about staff", "notifiable_event", report(allegations=(ALLEGED,)), OVERDUE, due_at=at(24)),
    Example(
        "an allegation about nobody in particular",
        "notifiable_event",
        report(allegations=(ALLEGED.model_copy(update={"about_staff_id": ""}),)),
        OVERDUE,
    ),
    Example(
        "an allegation that came after the deadline says so",
        "notifiable_event",
        report(allegations=(ALLEGED.model_copy(update={"raised_at": at(90)}),)),
        OVERDUE,
        "raised after this time",
    ),
    # medical_offered, medical_told
    Example(
        "offered, refused and written down",
        "medical_offered",
        report(),
        MET,
        met_at=at(2),
    ),
    Example(
        "No never meets it", "medical_offered", of_child(medical=Medical(offered=NO, outcome="Fine")), OVERDUE, "No"
    ),
    Example("N/A answers nothing", "medical_offered", of_child(medical=Medical(offered=NA, outcome="Fine")), OVERDUE),
    Example("no outcome", "medical_offered", of_child(medical=Medical(offered=YES, seen=YES)), OVERDUE, "outcome"),
    Example(
        "offered before the incident",
        "medical_offered",
        of_child(medical=Medical(offered=YES, offered_at=at(-5), outcome="Fine")),
        OVERDUE,
        "before the incident",
    ),
    Example(
        "offered late",
        "medical_offered",
        of_child(medical=Medical(offered=YES, offered_at=at(30), outcome="Fine")),
        LATE,
        met_at=at(30),
    ),
    Example("a disengagement needs no offer", "medical_offered", disengagement(), NOT, "not a restrictive"),
    Example(
        "a child who was only present",
        "medical_offered",
        of_child(role=ChildRole.PRESENT, child_id="x"),
        NOT,
        "not held",
    ),
    Example(
        "a child present by role whom a measure names was held",
        "medical_offered",
        of_child(role=ChildRole.PRESENT, medical=Medical()),
        OVERDUE,
    ),
    Example("nobody saw the child", "medical_told", report(), NOT, "no nurse or doctor"),
    Example(
        "told when seen",
        "medical_told",
        of_child(medical=Medical(seen=YES, seen_at=at(2), told_of_restraint=YES)),
        MET,
        met_at=at(2),
        due_at=at(2),
    ),
    Example(
        "seen and not told",
        "medical_told",
        of_child(medical=Medical(seen=YES, seen_at=at(2), told_of_restraint=NO)),
        OVERDUE,
        "not told",
    ),
    Example(
        "seen and N/A",
        "medical_told",
        of_child(medical=Medical(seen=YES, seen_at=at(2), told_of_restraint=NA)),
        OVERDUE,
    ),
    Example(
        "seen by somebody, answer left empty",
        "medical_told",
        of_child(medical=Medical(seen_by="Nurse Test", seen_at=at(2))),
        OVERDUE,
    ),
    Example(
        "seen before the incident",
        "medical_told",
        of_child(medical=Medical(seen=YES, seen_at=at(-9), told_of_restraint=YES)),
        OVERDUE,
        "before the incident",
        due_at=at(24),
    ),
    Example(
        "seen, nobody says when",
        "medical_told",
        of_child(medical=Medical(seen=YES)),
        OPEN,
        "does not say when",
        now=at(5),
    ),
    # child_views, advocacy_offered, restorative_conversation
    Example("heard within five days", "child_views", of_child(views=Views(recorded_at=at(120))), MET, due_at=at(120)),
    Example("heard after five days", "child_views", of_child(views=Views(recorded_at=at(120) + SECOND)), LATE),
    Example("heard after the target is still in time", "child_views", of_child(views=Views(recorded_at=at(60))), MET),
    Example("past the target, before the limit", "child_views", of_child(views=Views()), OPEN, now=at(100)),
    Example(
        "declined, and who spoke to the child",
        "child_views",
        of_child(views=Views(declined=YES, spoken_to_by="Test Stafftwo")),
        MET,
        met_at=at(2),
    ),
    Example("declined to nobody", "child_views", of_child(views=Views(declined=YES)), OVERDUE, "who spoke"),
    Example("declined N/A", "child_views", of_child(views=Views(declined=NA, spoken_to_by="Test Stafftwo")), OVERDUE),
    Example("not for a disengagement", "child_views", disengagement(), NOT, "not a restrictive"),
    Example(
        "role Held in a disengagement is not restrictive either",
        "advocacy_offered",
        report(intervention=Intervention.NON_RESTRICTIVE),
        NOT,
    ),
    Example("no advocacy", "advocacy_offered", of_child(advocacy_offered_at=None), OVERDUE, due_at=at(120)),
    Example(
        "advocacy in the future", "advocacy_offered", of_child(advocacy_offered_at=at(9)), OPEN, "future", now=at(5)
    ),
    Example(
        "a conversation without the word on alternatives",
        "restorative_conversation",
        of_child(restorative_conversation=RestorativeConversation(held_at=at(9), feedback="OK")),
        OVERDUE,
        "alternatives",
    ),
    Example("a conversation after a disengagement", "restorative_conversation", disengagement(), MET, met_at=at(20)),
    # staff_debrief, reviews
    Example(
        "debrief at 48 hours", "staff_debrief", report(staff_debrief=StaffDebrief(held_at=at(48), with_name="Dee")), MET
    ),
    Example(
        "debrief with nobody", "staff_debrief", report(staff_debrief=StaffDebrief(held_at=at(4))), OVERDUE, "with whom"
    ),
    Example("risk assessment late", "risk_assessment_reviewed", of_child(risk_assessment_reviewed_at=at(121)), LATE),
    Example(
        "care plan not reviewed", "care_plan_reviewed", of_child(care_plan_reviewed_at=None), OVERDUE, due_at=at(120)
    ),
    Example(
        "an external review is never overdue",
        "external_review",
        report(external_review={}),
        OPEN,
        now=LATER + timedelta(days=4000),
    ),
    Example("no external review of a disengagement", "external_review", disengagement(), NOT),
    Example("no exempt restraint", "ehc_plan_review", report(), NOT, "no restraint was exempt"),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.duty}: {example.says}")
def test_a_hand_worked_case(example: Example) -> None:
    child_id = example.incident.children[0].child_id
    found = duty(example.duty, example.incident, example.evidence, example.now, child_id)
    assert found.state is example.state, found.reason
    assert (found.met_at is None) == (example.state not in (MET, LATE))
    if example.because is not None:
        assert example.because in (found.reason or "")
    if example.met_at is not None:
        assert found.met_at == example.met_at
    if example.due_at is not None:
        assert found.due_at == example.due_at


def test_there_are_enough_cases_and_every_duty_but_lado_has_one() -> None:
    assert len(EXAMPLES) >= 60
    assert {example.duty for example in EXAMPLES} == {key[0] for key in duties(report())} - {
        "lado_contact",
        "mash_or_police",
    }


def test_a_report_in_which_all_was_done_in_time_owes_nothing() -> None:
    found = duties(report())
    assert states(found, OPEN) | states(found, OVERDUE) | states(found, LATE) == set()
    assert "child_views" in states(found, MET)


def test_the_childs_views_have_a_target_and_a_limit_which_are_two_things() -> None:
    views = duty("child_views", report())
    assert (views.target_at, views.due_at) == (END + timedelta(hours=24), END + timedelta(days=5))
    assert views.owner == "registered_manager"
    others = [one for one in duties(report()).values() if one.id.value != "child_views"]
    assert all(one.target_at is None for one in others)


def test_a_void_report_owes_nothing_and_says_why() -> None:
    found = duties(report(status=Status.VOID, allegations=(ALLEGED,)))
    assert {one.state for one in found.values()} == {NOT}
    assert {one.reason for one in found.values()} == {"the report is void"}


def test_while_a_report_is_draft_log_and_note_wait_for_staff() -> None:
    draft = duties(unsubmitted(), Evidence())
    for duty_id, child_id in (("daily_log", None), ("mosaic_case_note", "child-17")):
        assert (draft[duty_id, child_id].owner, draft[duty_id, child_id].reason) == ("staff", "report still Draft")
    assert duty("daily_log", report()).owner == "software"


def test_a_report_back_in_draft_keeps_the_entry_that_was_seen() -> None:
    assert duty("daily_log", unsubmitted()).state is MET


def test_no_answer_is_taken_for_an_answer_because_another_child_has_it() -> None:
    two = report(
        children=(child(), child("child-18", views=Views(), medical=Medical())),
        measures=(measure(), measure(child_id="child-18")),
    )
    found = duties(two)
    assert found["child_views", "child-17"].state is MET
    assert found["child_views", "child-18"].state is OVERDUE
    assert found["medical_offered", "child-18"].state is OVERDUE


@pytest.mark.parametrize("role", [None, ChildRole.INJURED])
def test_where_nobody_is_called_held_a_role_that_does_not_deny_it_counts_as_held(role: ChildRole | None) -> None:
    unsaid = report(children=(child(role=role, views=Views()),), measures=(measure(child_id=""),))
    assert duty("child_views", unsaid).state is OVERDUE


def test_a_reason_names_nobody_and_is_there_only_for_what_needs_one() -> None:
    broken = report(
        children=(child(name="Zebedee Canaryname", views=Views(declined=YES), mosaic_person_id=""),),
        staff=(staff(name="Yolanda Canarystaff"),),
        manager_oversight=ManagerOversight(at=at(-9), by="Xavier Canaryboss", comments="Canarywords"),
    )
    texts = " ".join(one.reason or "" for one in duties(broken, Evidence()).values())
    assert "Canary" not in texts
    assert all(one.reason is None for one in duties(report()).values() if one.state is MET)


def test_the_answer_of_a_field_that_is_not_applicable_is_never_yes() -> None:
    assert Answer("N/A") is NA
    na = of_child(
        medical=Medical(offered=NA, seen=NA, told_of_restraint=NA),
        views=Views(declined=NA),
        parents_informed=ParentsInformed(required=NA),
    )
    found = duties(na)
    assert found["medical_told", "child-17"].state is NOT
    assert states(found, OVERDUE) >= {"medical_offered", "child_views", "parents_informed"}
