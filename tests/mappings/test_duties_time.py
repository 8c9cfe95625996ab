"""Deadlines: elapsed time across both clock changes, the end of the last measure, working days at the edges of days."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.duties import DutyState
from mappings.duty_deadlines import ELAPSED
from mappings.holds import clock_start
from mappings.incident import Incident
from tests.mappings.perfect import END, HOME, LATER, OCCURRED, at, child, duty, measure, report, seen

LONDON = ZoneInfo("Europe/London")
HOURS = {
    "incident_report": 24,
    "report_complete": 24,
    "daily_log": 24,
    "mosaic_case_note": 24,
    "manager_oversight": 48,
    "medical_offered": 24,
    "child_views": 120,
    "advocacy_offered": 120,
    "restorative_conversation": 120,
    "staff_debrief": 48,
    "risk_assessment_reviewed": 120,
    "care_plan_reviewed": 120,
}


def _happened(moment: datetime, **changes: object) -> Incident:
    return report(occurred_at=moment, measures=(measure(started_at=None, duration_minutes=None),), **changes)


def _london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def _weeks(first: str) -> st.SearchStrategy[datetime]:
    start = datetime.fromisoformat(first)
    return st.datetimes(start, start + timedelta(days=9), timezones=st.just(UTC))


@settings(deadline=None)
@given(st.one_of(_weeks("2026-03-22"), _weeks("2026-10-18"), _weeks("2024-02-25"), _weeks("2026-12-27")))
def test_hours_are_elapsed_seconds_whatever_the_clocks_do(moment: datetime) -> None:
    incident = _happened(moment)
    for duty_id, hours in HOURS.items():
        due_at = duty(duty_id, incident, now=moment).due_at
        assert due_at is not None
        assert timegm(due_at.utctimetuple()) - timegm(moment.utctimetuple()) == hours * 3600
    assert {key.value for key in ELAPSED} - set(HOURS) == {
        "senior_manager_notified",
        "notifiable_event",
        "mash_or_police",
    }


@pytest.mark.parametrize(
    ("happened", "due"),
    [
        ("2026-03-28 14:00", "2026-03-29 15:00"),  # the night of 29 March lacks an hour
        ("2026-10-24 14:00", "2026-10-25 13:00"),  # that of 25 October has one more
        ("2026-03-27 23:30", "2026-03-28 23:30"),
    ],
)
def test_twenty_four_hours_across_a_change_end_at_another_wall_clock_hour(happened: str, due: str) -> None:
    assert duty("incident_report", _happened(_london(happened))).due_at == _london(due)


@pytest.mark.parametrize(
    ("happened", "due"),
    [
        ("2026-10-06 00:00:00", "2026-10-08 23:59:59"),  # Tuesday at midnight
        ("2026-10-06 23:59:59", "2026-10-08 23:59:59"),  # Tuesday's last second
        ("2026-10-09 18:00", "2026-10-13 23:59:59"),  # Friday
        ("2026-10-10 09:00", "2026-10-13 23:59:59"),  # Saturday
        ("2026-04-02 20:00", "2026-04-08 23:59:59"),  # Maundy Thursday
        ("2026-05-22 20:00", "2026-05-27 23:59:59"),  # Friday before the spring bank holiday
        ("2026-12-24 23:30", "2026-12-30 23:59:59"),  # Christmas Eve
        ("2026-03-27 12:00", "2026-03-31 23:59:59"),  # Friday before the clocks go forward
        ("2026-10-23 12:00", "2026-10-27 23:59:59"),  # Friday before they go back
        ("2026-07-01 00:30", "2026-07-03 23:59:59"),  # still 30 June in UTC
    ],
)
def test_two_working_days_end_with_a_london_day_counted_from_the_london_day_of_the_incident(
    happened: str, due: str
) -> None:
    incident = _happened(_london(happened))
    for duty_id in ("manager_notified", "social_worker_notified", "parents_informed"):
        assert duty(duty_id, incident).due_at == _london(due)


def test_working_days_run_from_the_incident_even_where_the_hold_ends_on_the_next_day() -> None:
    over_midnight = report(
        occurred_at=_london("2026-10-06 23:50"),
        measures=(measure(started_at=_london("2026-10-06 23:55"), duration_minutes=20),),
    )
    assert duty("manager_notified", over_midnight).due_at == _london("2026-10-08 23:59:59")
    assert duty("daily_log", over_midnight).due_at == _london("2026-10-08 00:15")


def test_the_clock_starts_at_the_end_that_is_last_not_at_the_measure_that_began_last() -> None:
    long_first = measure(started_at=OCCURRED, duration_minutes=30)
    short_later = measure(started_at=OCCURRED + timedelta(minutes=10), duration_minutes=5)
    assert clock_start(report(measures=(long_first, short_later)), LATER) == OCCURRED + timedelta(minutes=30)
    assert clock_start(report(measures=(short_later, long_first)), LATER) == OCCURRED + timedelta(minutes=30)


@pytest.mark.parametrize(
    "unknown",
    [
        {"duration_minutes": None},
        {"started_at": None},
        {"started_at": OCCURRED - timedelta(days=1)},
        {"started_at": OCCURRED + timedelta(days=2)},
        {"started_at": LATER},
    ],
    ids=["no duration", "no start", "before the incident", "days after it", "not yet over"],
)
def test_an_end_that_is_unknown_or_cannot_be_leaves_the_time_of_the_incident(unknown: dict[str, object]) -> None:
    assert clock_start(report(measures=(measure(**unknown),)), LATER) == OCCURRED


def test_a_hold_that_is_not_over_at_the_moment_of_looking_has_no_end_yet() -> None:
    assert clock_start(report(), OCCURRED + timedelta(minutes=2)) == OCCURRED


def test_a_known_end_counts_beside_one_that_is_unknown() -> None:
    assert clock_start(report(measures=(measure(), measure(duration_minutes=None))), LATER) == END


def test_no_measure_at_all_leaves_the_time_of_the_incident() -> None:
    assert clock_start(report(measures=()), LATER) == OCCURRED


def test_the_deadline_itself_is_on_time_and_the_next_second_is_not() -> None:
    waiting = report(staff_debrief={})
    due_at = duty("staff_debrief", waiting).due_at
    assert due_at is not None
    assert duty("staff_debrief", waiting, now=due_at).state is DutyState.OPEN
    assert duty("staff_debrief", waiting, now=due_at + timedelta(microseconds=999_999)).state is DutyState.OPEN
    assert duty("staff_debrief", waiting, now=due_at + timedelta(seconds=1)).state is DutyState.OVERDUE


def test_a_report_that_arrives_after_the_deadline_is_judged_by_the_evidences_own_time() -> None:
    arrived_late = report(modified_at=at(500), submitted_at=at(3))
    assert duty("staff_debrief", arrived_late, now=at(501)).state is DutyState.MET
    assert duty("staff_debrief", arrived_late, now=at(501)).met_at == at(10)


def test_a_year_without_bank_holidays_is_said_and_counted_by_weekdays() -> None:
    far = datetime(2150, 12, 24, 12, tzinfo=UTC)  # a Thursday
    found = duty("manager_notified", _happened(far, manager_notified_at=None), seen(), now=far)
    assert found.due_at == datetime(2150, 12, 28, 23, 59, 59, tzinfo=UTC)
    assert found.reason is not None
    assert "bank holidays of 2150 are not known" in found.reason


def test_looking_at_an_earlier_moment_shows_what_was_there_then() -> None:
    incident = report(children=(child(),))
    assert duty("child_views", incident, now=at(4)).state is DutyState.OPEN
    assert duty("child_views", incident, now=at(5)).state is DutyState.MET
    assert HOME.thresholds.long_hold_minutes == 10
