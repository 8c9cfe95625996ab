"""The duties of a LADO trigger: one working day from knowing, a named manager's decision, MASH or police."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mappings.duties import DutyState, Evidence, LadoAct, LadoState, undated
from mappings.incident import Allegation, Answer, Incident, LadoContact, RaisedBy
from tests.mappings.perfect import NA, NO, YES, at, child, duty, measure, report, seen, staff

HURT = report(children=(child(injured=YES),))
DUE = datetime(2026, 10, 7, 22, 59, 59, tzinfo=UTC)  # known on Tuesday: the end of Wednesday


def alleged(*about: str, **changes: object) -> Incident:
    values: dict[str, object] = {"raised_by": RaisedBy.CHILD, "summary": "Too rough.", "raised_at": at(3)}
    return report(
        allegations=tuple(Allegation.model_validate({**values, "about_staff_id": one, **changes}) for one in about)
    )


def act(adult: str = "staff-1", **changes: object) -> LadoAct:
    values: dict[str, object] = {"state": LadoState.SENT, "decided_at": at(4), "sent_at": at(5), "by": "Rita Manager"}
    return LadoAct(adult, **{**values, **changes})  # type: ignore[arg-type]


def after(*acts: LadoAct) -> Evidence:
    return seen(lado=acts)


def test_contact_is_due_at_the_end_of_the_working_day_after_the_day_of_knowing() -> None:
    waiting = duty("lado_contact", HURT, now=at(10))
    assert (waiting.state, waiting.due_at, waiting.owner) == (DutyState.OPEN, DUE, "registered_manager")
    assert waiting.reason == "the submission about staff-1 waits for a named manager"
    friday = alleged("staff-1", raised_at=datetime(2026, 12, 24, 23, 30, tzinfo=UTC))
    assert duty("lado_contact", friday, now=at(24 * 90)).due_at == datetime(2026, 12, 29, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("acts", "state", "met_at"),
    [
        ((act(),), DutyState.MET, at(5)),
        ((act(state=LadoState.APPROVED, sent_at=None),), DutyState.OVERDUE, None),
        ((act(state=LadoState.AWAITING, sent_at=None),), DutyState.OVERDUE, None),
        ((act(by=" "),), DutyState.OVERDUE, None),
        ((act(sent_at=at(60)),), DutyState.MET_LATE, at(60)),
        ((act("staff-2"),), DutyState.OVERDUE, None),
        ((act(sent_at=at(90_000)),), DutyState.OVERDUE, None),
        ((act(state=LadoState.DECLINED, sent_at=None),), DutyState.NOT_APPLICABLE, None),
        ((act(state=LadoState.DECLINED, sent_at=None, by=""),), DutyState.OVERDUE, None),
    ],
    ids=[
        "sent",
        "approved",
        "awaiting",
        "by nobody",
        "late",
        "another adult",
        "future",
        "declined",
        "declined by nobody",
    ],
)
def test_contact_needs_a_named_managers_decision_and_the_word_that_it_was_sent(
    acts: tuple[LadoAct, ...], state: DutyState, met_at: datetime | None
) -> None:
    found = duty("lado_contact", HURT, after(*acts))
    assert (found.state, found.met_at) == (state, met_at)
    assert found.state is DutyState.MET or found.reason is not None or found.met_at is not None


def test_the_records_own_notification_counts_once_a_manager_approved() -> None:
    told = report(children=HURT.children, lado=LadoContact(notified_at=at(6)))
    assert duty("lado_contact", told).state is DutyState.OVERDUE
    approved = after(act(state=LadoState.APPROVED, sent_at=None))
    assert duty("lado_contact", told, approved).met_at == at(6)


def test_each_adult_of_concern_has_to_be_dealt_with() -> None:
    two = alleged("staff-1", "staff-2")
    half = duty("lado_contact", two, after(act()))
    assert half.state is DutyState.OVERDUE
    assert half.reason == "the submission about staff-2 waits for a named manager"
    assert duty("lado_contact", two, after(act(), act("staff-2", sent_at=at(7)))).met_at == at(7)
    assert duty("lado_contact", two, after(act(), act("staff-2", state=LadoState.DECLINED))).met_at == at(5)


def test_a_concern_that_came_later_has_a_deadline_of_its_own() -> None:
    later = report(
        allegations=(
            Allegation(raised_by=RaisedBy.CHILD, summary="x", raised_at=at(3), about_staff_id="staff-1"),
            Allegation(raised_by=RaisedBy.PARENT, summary="y", raised_at=at(24 * 14), about_staff_id="staff-2"),
        )
    )
    both = duty("lado_contact", later, after(act(), act("staff-2", sent_at=at(24 * 14 + 5))))
    assert both.state is DutyState.MET
    assert duty("lado_contact", later, after(act())).due_at == DUE + timedelta(days=14)
    assert duty("lado_contact", later, after()).due_at == DUE


def test_the_unidentified_adult_is_dealt_with_under_that_name() -> None:
    assert duty("lado_contact", alleged(""), after(act("to be identified"))).state is DutyState.MET


def test_a_trigger_in_a_later_revision_is_owed_from_that_revision() -> None:
    first = report(submitted_at=None)
    second = report(submitted_at=None, modified_at=at(24 * 7), children=HURT.children)
    found = duty("lado_contact", second, seen(undated_at=undated([first, second])))
    assert found.due_at == DUE + timedelta(days=7)


def test_mash_or_police_is_met_by_any_answer_on_the_allegation() -> None:
    for answers in ({"mash_referred": NO}, {"police_referred": YES}):
        assert duty("mash_or_police", alleged("staff-1", **answers)).state is DutyState.MET
    unanswered = duty("mash_or_police", alleged("staff-1", mash_referred=NA, police_referred=Answer.UNANSWERED))
    assert (unanswered.state, unanswered.due_at) == (DutyState.OVERDUE, at(24))


def test_every_allegation_has_to_answer() -> None:
    incident = alleged("staff-1", "staff-2", mash_referred=NO)
    assert duty("mash_or_police", incident).state is DutyState.MET
    first, second = incident.allegations
    silent = second.model_copy(update={"mash_referred": NA})
    assert duty("mash_or_police", report(allegations=(first, silent))).state is DutyState.OVERDUE


def test_an_answer_that_a_later_version_gives_is_late_from_then() -> None:
    silent = report(allegations=alleged("staff-1").allegations, submitted_at=None)
    answers = report(
        allegations=alleged("staff-1", mash_referred=YES).allegations, submitted_at=None, modified_at=at(40)
    )
    found = duty("mash_or_police", answers, seen(undated_at=undated([silent, answers])))
    assert (found.state, found.met_at) == (DutyState.MET_LATE, at(40))


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"mash": False}, DutyState.MET),
        ({"police": True}, DutyState.MET),
        ({}, DutyState.OVERDUE),
        ({"mash": True, "decided_at": at(30)}, DutyState.MET_LATE),
        ({"state": LadoState.DECLINED}, DutyState.NOT_APPLICABLE),
    ],
)
def test_without_an_allegation_the_approver_answers(answers: dict[str, object], state: DutyState) -> None:
    assert duty("mash_or_police", HURT, after(act(**answers))).state is state


def test_with_an_allegation_a_declined_submission_still_owes_the_answer() -> None:
    declined = after(act(state=LadoState.DECLINED))
    assert duty("lado_contact", alleged("staff-1"), declined).state is DutyState.NOT_APPLICABLE
    assert duty("mash_or_police", alleged("staff-1"), declined).state is DutyState.OVERDUE


def test_an_allegation_raised_after_the_deadline_is_late_and_says_why() -> None:
    found = duty("mash_or_police", alleged("staff-1", raised_at=at(90)))
    assert found.reason is not None
    assert "raised after this time" in found.reason


def test_without_a_trigger_neither_is_owed() -> None:
    calm = report(measures=(measure(),), staff=(staff(),))
    assert duty("lado_contact", calm).reason == "no LADO trigger"
    assert duty("mash_or_police", calm).state is DutyState.NOT_APPLICABLE
