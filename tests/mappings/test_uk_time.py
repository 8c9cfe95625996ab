"""UK wall-clock times to UTC and back, checked against a calculation of its own."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mappings.incident import ClockTroubleKind
from mappings.uk_time import (
    from_wall,
    london_offset_iso,
    parse_excel,
    parse_iso,
    parse_iso_day,
    parse_style,
    readable,
    readable_day,
    uk_day,
    uk_day_start,
    uk_minute,
)

HOUR = timedelta(hours=1)


def last_sunday(year: int, month: int) -> date:
    last = date(year, month, calendar.monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() + 1) % 7)


def summer(year: int) -> tuple[datetime, datetime]:
    """When British Summer Time begins and ends, in UTC, by the rule in force since 1996 and not by any database."""
    spring, autumn = last_sunday(year, 3), last_sunday(year, 10)
    return (
        datetime(spring.year, 3, spring.day, 1, tzinfo=UTC),
        datetime(autumn.year, 10, autumn.day, 1, tzinfo=UTC),
    )


def wall_at(moment: datetime) -> datetime:
    """What a UK clock shows at a moment, by the same rule."""
    begins, ends = summer(moment.year)
    return (moment + (HOUR if begins <= moment < ends else timedelta())).replace(tzinfo=None)


# The UK clock's rule has been the same since 1996; the database's own forecasts end in 2037.
moments = st.datetimes(datetime(1996, 1, 1), datetime(2036, 12, 30)).map(lambda naive: naive.replace(tzinfo=UTC))
nights = st.tuples(st.integers(1996, 2036), st.sampled_from(["spring", "autumn"]), st.integers(0, 3599))


@given(moments)
def test_every_moment_survives_the_way_to_the_wall_clock_and_back(moment: datetime) -> None:
    read = from_wall(wall_at(moment))
    _, ends = summer(moment.year)
    second_time = ends <= moment < ends + HOUR
    assert read.moment == (moment - HOUR if second_time else moment)
    assert (read.trouble is ClockTroubleKind.TWICE) == (ends - HOUR <= moment < ends + HOUR)


@given(nights)
def test_the_hour_that_does_not_exist_takes_the_offset_before_the_change(night: tuple[int, str, int]) -> None:
    year, _, second = night
    begins, _ = summer(year)
    wall = (begins + timedelta(seconds=second)).replace(tzinfo=None)
    assert from_wall(wall) == (begins + timedelta(seconds=second), ClockTroubleKind.MISSING)


def test_half_past_one_on_the_spring_sunday_is_half_past_one_utc() -> None:
    assert from_wall(datetime(2026, 3, 29, 1, 30)) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ClockTroubleKind.MISSING,
    )


def test_an_hour_that_happens_twice_is_the_first() -> None:
    assert from_wall(datetime(2026, 10, 25, 1, 30)) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ClockTroubleKind.TWICE,
    )


@given(nights, st.integers(-7200, 7200))
def test_evidence_in_the_doubled_hour_is_never_put_before_the_incident_if_it_need_not_be(
    night: tuple[int, str, int], after: int
) -> None:
    year, _, second = night
    _, ends = summer(year)
    wall = (ends + timedelta(seconds=second)).replace(tzinfo=None)
    first, second_time = ends - HOUR + timedelta(seconds=second), ends + timedelta(seconds=second)
    incident = first + timedelta(seconds=after)
    incident_minute = incident.replace(second=0, microsecond=0)
    read = from_wall(wall, not_before=incident)
    assert read.trouble is ClockTroubleKind.TWICE
    assert read.moment == (second_time if first < incident_minute <= second_time else first)


def test_evidence_in_the_incidents_own_minute_is_not_before_it() -> None:
    incident = datetime(2026, 10, 25, 0, 30, 40, tzinfo=UTC)
    assert from_wall(datetime(2026, 10, 25, 1, 30), not_before=incident).moment == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_an_offset_in_the_text_is_respected_and_never_a_trouble(moment: datetime, minutes: int) -> None:
    text = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert from_wall(parse_iso(text)) == (moment, None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03T14:05:00Z",
        "2026-11-03t14:05:00z",
        "2026-11-03 14:05",
        "2026-11-03T14:05:00.000000+00:00",
        "2026-11-03T15:05+0100",
        "2026-11-03T15:05:00 +01:00",
        "2026-11-03 14:05 GMT",
        "2026-11-03 15:05:00 BST",
        "2026-11-03 14:05:00 UTC",
    ],
)
def test_every_spelling_of_iso_8601_gives_the_same_moment(text: str) -> None:
    assert from_wall(parse_iso(text)).moment == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)


def test_a_fraction_of_a_second_is_kept() -> None:
    assert parse_iso("2026-11-03T14:05:00.123Z") == datetime(2026, 11, 3, 14, 5, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03",
        "2026-02-30T10:00:00",
        "2026-11-03T25:00",
        "2026-11-03T14:05:00+00:00Z",
        "2026-W45-2T14:05:00",
        "20261103T140500",
        "soon",
        "",
        "2026-11-03T14:05:00 around",
    ],
)
def test_what_is_not_a_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any refusal will do: the caller names the field
        parse_iso(text)


@given(st.text(max_size=40))
def test_any_text_is_a_date_and_time_or_refused(text: str) -> None:
    try:
        wall = parse_iso(text)
    except ValueError:
        return
    assert isinstance(wall, datetime)


@pytest.mark.parametrize("year", [1, 1989, 2200, 9999])
def test_a_year_that_no_report_can_have_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="year"):
        from_wall(datetime(year, 1, 1))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2036, 12, 30)))
def test_an_excel_serial_is_the_time_that_it_shows_to_the_second(shown: datetime) -> None:
    shown = shown.replace(microsecond=0)
    serial = (shown - datetime(1899, 12, 30)) / timedelta(days=1)
    assert parse_excel(serial) == shown


@given(st.datetimes(datetime(1990, 1, 1), datetime(2036, 12, 30)))
def test_a_uk_style_is_read_day_first(shown: datetime) -> None:
    shown = shown.replace(second=0, microsecond=0)
    text = f"{shown.day:02}/{shown.month:02}/{shown.year:04} {shown.hour:02}:{shown.minute:02}"
    assert parse_style(text, "%d/%m/%Y %H:%M") == shown


def test_a_day_may_carry_a_midnight_but_no_other_time() -> None:
    assert parse_iso_day("2012-05-01") == parse_iso_day("2012-05-01T00:00:00Z") == date(2012, 5, 1)
    with pytest.raises(ValueError, match="moment"):
        parse_iso_day("2012-04-30T23:00:00Z")


@given(moments)
def test_the_uk_day_and_minute_are_what_a_uk_clock_shows(moment: datetime) -> None:
    wall = wall_at(moment)
    assert uk_day(moment) == wall.date()
    assert uk_minute(moment) == f"{wall:%Y-%m-%dT%H:%M}"
    assert uk_minute(wall) == uk_minute(moment)


@given(st.dates(date(1996, 1, 2), date(2036, 12, 30)))
def test_a_uk_day_begins_when_it_begins(day: date) -> None:
    start = uk_day_start(day)
    assert (uk_day(start), uk_day(start - timedelta(microseconds=1))) == (day, day - timedelta(days=1))


@given(moments)
def test_the_effective_date_carries_the_london_offset(moment: datetime) -> None:
    text = london_offset_iso(moment)
    assert datetime.fromisoformat(text) == moment.replace(microsecond=0)
    assume(wall_at(moment) != moment.replace(tzinfo=None))
    assert text.endswith("+01:00")


def test_people_read_a_day_and_a_time() -> None:
    assert readable(datetime(2026, 11, 3, 14, 5, tzinfo=UTC)) == "Tuesday 3 November 2026 at 14:05"
    assert readable(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "Thursday 2 July 2026 at 00:30"
    assert readable_day(date(2028, 2, 29)) == "Tuesday 29 February 2028"


def test_people_are_told_which_of_the_two_hours_it_was() -> None:
    assert readable(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "Sunday 25 October 2026 at 01:30 BST"
    assert readable(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "Sunday 25 October 2026 at 01:30 GMT"
