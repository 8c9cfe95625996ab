"""English working days, against a second table of bank holidays: GOV.UK's own list, typed in by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.working_days import (
    BankHolidaysUnknown,
    add_weekdays,
    add_working_days,
    bank_holidays,
    covered_years,
    end_of,
    is_working_day,
)

GOV_UK = {
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
TYPED = {date.fromisoformat(f"{year}-{day}") for year, days in GOV_UK.items() for day in days.split()}


def _second_calculation(day: date, count: int) -> date:
    """Every day after `day`, listed; weekends and typed holidays struck out; the count-th that is left."""
    after = [day + timedelta(days=step) for step in range(1, 60)]
    return [one for one in after if one.isoweekday() <= 5 and one not in TYPED][count - 1]


@pytest.mark.parametrize("year", GOV_UK)
def test_the_bank_holidays_that_fall_on_weekdays_are_those_of_gov_uk(year: int) -> None:
    on_weekdays = {day for day in bank_holidays(year) if day.isoweekday() <= 5}
    assert on_weekdays == {day for day in TYPED if day.year == year}


@given(st.dates(date(2020, 1, 1), date(2027, 11, 1)), st.integers(1, 10))
def test_working_days_agree_with_a_second_calculation(day: date, count: int) -> None:
    assert add_working_days(day, count) == _second_calculation(day, count)


@given(st.dates(date(1978, 1, 1), date(2099, 1, 1)), st.integers(1, 10))
def test_weekdays_alone_are_never_later_than_working_days(day: date, count: int) -> None:
    assert day < add_weekdays(day, count) <= add_working_days(day, count)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 10, 6), 2, date(2026, 10, 8)),  # Tuesday: Thursday
        (date(2026, 10, 9), 2, date(2026, 10, 13)),  # Friday: Tuesday
        (date(2026, 10, 10), 2, date(2026, 10, 13)),  # Saturday: Tuesday
        (date(2026, 10, 11), 2, date(2026, 10, 13)),  # Sunday: Tuesday
        (date(2026, 4, 2), 2, date(2026, 4, 8)),  # Thursday before Good Friday
        (date(2026, 5, 1), 2, date(2026, 5, 6)),  # Friday before the early May bank holiday
        (date(2026, 12, 24), 2, date(2026, 12, 30)),  # Christmas Eve: Boxing Day is a Saturday, the 28th its substitute
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # over the new year
        (date(2026, 8, 31), 1, date(2026, 9, 1)),  # a bank holiday is day 0 itself
    ],
)
def test_hand_worked_days(day: date, count: int, expected: date) -> None:
    assert add_working_days(day, count) == expected


def test_a_bank_holiday_a_saturday_and_a_sunday_are_no_working_days() -> None:
    assert [is_working_day(date(2026, 4, day)) for day in range(2, 8)] == [True, False, False, False, False, True]


def test_scotlands_and_northern_irelands_own_days_are_working_days_in_england() -> None:
    assert is_working_day(date(2026, 1, 2))
    assert is_working_day(date(2026, 3, 17))


def test_every_covered_year_has_at_least_eight_bank_holidays() -> None:
    years = covered_years()
    assert 2020 in years
    assert 2040 in years
    assert all(len(bank_holidays(year)) >= 8 for year in years)


def test_a_year_without_bank_holidays_is_said_and_not_counted_silently() -> None:
    beyond = covered_years().stop
    with pytest.raises(BankHolidaysUnknown, match=str(beyond)) as raised:
        add_working_days(date(beyond - 1, 12, 31), 1)
    assert raised.value.year == beyond


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 7, 1), datetime(2026, 7, 1, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 12, 1), datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_day_ends_a_second_before_midnight_in_london(day: date, expected: datetime) -> None:
    assert end_of(day) == expected
