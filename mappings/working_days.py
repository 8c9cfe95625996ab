"""English working days: Monday to Friday less the bank holidays of England.

Days are calendar days in Europe/London. "Within n working days" ends at 23:59:59 local time on the n-th working day
after day 0, and day 0 is the day itself, whatever the hour and whether or not it is a working day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from holidays import country_holidays

from mappings.uk_time import LONDON

FIRST_YEAR = 1978  # the early May bank holiday began then; since then England has had eight a year
_FEWEST_A_YEAR = 8
_SATURDAY = 5


class BankHolidaysUnknown(LookupError):
    """The bank holidays of a year are not known, so its working days cannot be counted. `year` says which."""

    def __init__(self, year: int) -> None:
        known = covered_years()
        super().__init__(
            f"The bank holidays of {year} are not known (known: {known.start} to {known.stop - 1}); "
            "update the `holidays` package."
        )
        self.year = year


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of England in one year, substitute days and one-off days included.

    Raises BankHolidaysUnknown where the library has no full year of them.
    """
    days = _library_days(year)
    if year < FIRST_YEAR or len(days) < _FEWEST_A_YEAR:
        raise BankHolidaysUnknown(year)
    return days


@cache
def covered_years() -> range:
    """The years from the first on whose bank holidays are known, checked against the library: eight or more in each.

    For people to be told; that one year is known is asked of `bank_holidays`, which need not look at all of them.
    One-off days (a coronation, a state funeral) are known only once they are proclaimed and the library is updated.
    """
    last, end = FIRST_YEAR - 1, country_holidays("GB").end_year
    while last < end and len(_library_days(last + 1)) >= _FEWEST_A_YEAR:
        last += 1
    return range(FIRST_YEAR, last + 1)


def is_working_day(day: date) -> bool:
    """Whether this is Monday to Friday and no bank holiday of England. Raises BankHolidaysUnknown."""
    known = bank_holidays(day.year)
    return day.weekday() < _SATURDAY and day not in known


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`. Raises BankHolidaysUnknown when it has to pass an uncovered year."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def add_weekdays(day: date, count: int) -> date:
    """The `count`-th Monday to Friday after `day`: never later than the working day, so the safe side where a year's
    bank holidays are not known."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day


def end_of(day: date) -> datetime:
    """23:59:59 Europe/London on that day, as a moment in UTC."""
    return datetime.combine(day, time(23, 59, 59), LONDON).astimezone(UTC)


@cache
def _library_days(year: int) -> frozenset[date]:
    return frozenset(day for day in country_holidays("GB", subdiv="ENG", years=year) if day.year == year)
