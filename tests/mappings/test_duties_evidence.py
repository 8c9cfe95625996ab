"""When a report was submitted, and when evidence without a time of its own came, from all revisions (RULINGS 8)."""

from __future__ import annotations

from mappings.duties import DutyState, Evidence, submitted_at, undated
from mappings.incident import Incident, Medical, ParentsInformed, Status
from tests.mappings.perfect import NO, YES, at, child, duty, report, seen

OUTCOME = "medical_outcome/child-17"


def revision(hours: float, *, medical: Medical | None = None, **changes: object) -> Incident:
    """A version changed that many hours after the hold; the source does not say when it was submitted."""
    kept = child() if medical is None else child(medical=medical)
    return report(**{"modified_at": at(hours), "submitted_at": None, "children": (kept,), **changes})


NO_OUTCOME = Medical(offered=YES, seen=NO)


def test_where_the_source_says_when_that_is_when_it_was_submitted() -> None:
    assert submitted_at([revision(2, submitted_at=at(1)), revision(9, submitted_at=at(1))]) == at(1)


def test_else_it_was_when_the_first_version_seen_submitted_was_changed() -> None:
    versions = [revision(1, status=Status.DRAFT), revision(5, status=Status.SUBMITTED), revision(9)]
    assert submitted_at(versions) == at(5)


def test_what_was_never_seen_submitted_was_not_submitted() -> None:
    assert submitted_at([revision(1, status=Status.DRAFT), revision(2, status=Status.VOID)]) is None
    assert submitted_at([]) is None


def test_an_outcome_counts_from_the_version_that_brought_it() -> None:
    versions = [revision(2, medical=NO_OUTCOME), revision(30), revision(60)]
    assert undated(versions)[OUTCOME] == at(30)
    evidence = seen(submitted_at=submitted_at(versions), undated_at=undated(versions))
    found = duty("medical_offered", versions[-1], evidence)
    assert (found.state, found.met_at) == (DutyState.MET_LATE, at(30))


def test_an_outcome_of_the_first_submitted_version_counts_from_submission() -> None:
    versions = [revision(1, medical=NO_OUTCOME, status=Status.DRAFT), revision(50, submitted_at=at(3))]
    assert undated(versions)[OUTCOME] == at(3)


def test_an_outcome_that_a_draft_had_counts_from_the_draft() -> None:
    versions = [revision(1, status=Status.DRAFT), revision(50, submitted_at=at(3))]
    assert undated(versions)[OUTCOME] == at(1)


def test_a_time_of_submission_that_cannot_be_dates_nothing() -> None:
    assert undated([revision(2, submitted_at=at(-40))])[OUTCOME] == at(2)


def test_what_the_source_says_of_submission_dates_an_outcome_even_after_its_own_last_change() -> None:
    assert undated([revision(2, submitted_at=at(40))])[OUTCOME] == at(40)


def test_a_report_made_complete_later_is_complete_from_then() -> None:
    versions = [revision(2, location=""), revision(30)]
    found = duty("report_complete", versions[-1], seen(undated_at=undated(versions)))
    assert (found.state, found.met_at) == (DutyState.MET_LATE, at(30))


def test_a_decision_that_came_and_went_and_came_counts_from_its_first_time() -> None:
    decided = child(fully_accommodated=YES, parents_informed=ParentsInformed(required=NO, decided_by="Test Workerone"))
    undecided = child(fully_accommodated=YES, parents_informed=ParentsInformed())
    versions = [revision(h, children=(c,)) for h, c in ((2, decided), (5, undecided), (9, decided))]
    assert duty("parents_informed", versions[-1], seen(undated_at=undated(versions))).met_at == at(2)


def test_without_any_history_the_report_itself_is_the_only_version() -> None:
    assert duty("medical_offered", revision(2), Evidence()).met_at == at(2)


def test_evidence_of_the_last_version_only_counts_while_it_is_there() -> None:
    versions = [revision(2), revision(9, medical=NO_OUTCOME)]
    found = duty("medical_offered", versions[-1], seen(undated_at=undated(versions)))
    assert found.state is DutyState.OVERDUE


def test_oversight_that_a_later_revision_adds_is_met_once_it_is_seen_on_each_record() -> None:
    later = report(children=(child(), child("child-18", mosaic_person_id="5002")))
    both = {"child-17": at(70), "child-18": at(71)}
    assert duty("manager_oversight", later, seen("child-17", "child-18", oversight_seen={})).state is DutyState.OVERDUE
    found = duty("manager_oversight", later, seen("child-17", "child-18", oversight_seen=both))
    assert (found.state, found.met_at) == (DutyState.MET, at(24))
    assert duty("manager_oversight", later, seen(oversight_seen=both), now=at(70.5)).state is DutyState.OVERDUE
