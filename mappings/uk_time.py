"""UK time: wall-clock text in, aware UTC out, and back to what people in the UK read.

Inside everything is aware and in UTC. A time without an offset is Europe/London wall-clock time; one with an
offset is respected. A wall-clock time that the clocks went forward over is read with the offset before the
change; one that the clocks went back over is the first of the two, unless it is evidence and would then lie before
the incident (RULINGS 10). Both are named to the caller, who makes a `clock` finding.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mappings.incident import ClockTroubleKind

LONDON = ZoneInfo("Europe/London")

EARLIEST_YEAR = 1990
LATEST_YEAR = 2199
"""A moment outside these years is a slip of the source (such as 0001-01-01), never an incident or its evidence."""

_EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall-clock time, as every Excel serial is
_NO_TIME = timedelta(0)
_LAST_HOUR_OF_A_CHANGE = 3
"""UK clocks change at night; the many times of the day are spared the comparison."""
_ZONE_WORDS = {"Z": 0, "UTC": 0, "GMT": 0, "BST": 1}
_TRAILING_ZONE = re.compile(r"\s*(Z|UTC|GMT|BST)$", re.IGNORECASE)
_SPACED_OFFSET = re.compile(r"\s+([+-]\d\d:?\d\d)$")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))


class UkMoment(NamedTuple):
    """A moment in UTC, and what was wrong with the wall-clock time that it was read from, if anything."""

    moment: datetime
    trouble: ClockTroubleKind | None = None


# ---- wall clock to UTC -----------------------------------------------------------------------------------------


def from_wall(wall: datetime, *, not_before: datetime | None = None) -> UkMoment:
    """Read a time as the source wrote it: naive means Europe/London, aware is respected.

    `not_before` is for evidence: the incident's moment in UTC. Of an hour that happened twice the first is taken,
    unless only the second is at or after the minute of `not_before` (RULINGS 10, 11).
    Raises ValueError for a year that no report can have.
    """
    if not EARLIEST_YEAR <= wall.year <= LATEST_YEAR:
        raise ValueError("this year cannot be")
    if wall.tzinfo is not None:
        return UkMoment(wall.astimezone(UTC))
    if wall.hour > _LAST_HOUR_OF_A_CHANGE:
        return UkMoment(_ahead_of_utc(wall, LONDON.utcoffset(wall)))
    before = LONDON.utcoffset(wall.replace(fold=0)) or _NO_TIME
    after = LONDON.utcoffset(wall.replace(fold=1)) or _NO_TIME
    first = _ahead_of_utc(wall, before)
    if before == after:
        return UkMoment(first)
    if before < after:
        return UkMoment(first, ClockTroubleKind.MISSING)
    if not_before is not None and first < _minute(not_before):
        second = _ahead_of_utc(wall, after)
        if second >= _minute(not_before):
            return UkMoment(second, ClockTroubleKind.TWICE)
    return UkMoment(first, ClockTroubleKind.TWICE)


def _ahead_of_utc(wall: datetime, offset: timedelta | None) -> datetime:
    """The moment at which clocks that are so far ahead of UTC show this time. (`replace` takes five times as long.)"""
    return datetime.combine(wall, wall.time(), UTC) - (offset or _NO_TIME)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def latest_alike(moment: datetime) -> datetime:
    """The last moment at which the UK clock shows the same: itself, but for the first of an hour that happens twice."""
    local = moment.astimezone(LONDON)
    if local.hour > _LAST_HOUR_OF_A_CHANGE or local.fold:
        return moment
    return local.replace(fold=1).astimezone(UTC)


# ---- text, by style --------------------------------------------------------------------------------------------


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 date and time, with or without offset or fraction; naive means wall clock.

    Also takes a space for the T, a lower-case t or z, and the words GMT, UTC and BST in place of an offset.
    Raises ValueError for anything else, a date alone included: a day is not a moment.
    """
    if len(text) < 16 or text[4] != "-" or text[7] != "-" or text[10] not in "Tt " or text[13] != ":":
        raise ValueError("not an ISO 8601 date and time")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _parse_odd_iso(text)


def _parse_odd_iso(text: str) -> datetime:
    word = _TRAILING_ZONE.search(text)
    if word is None:
        return datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1", text))
    naive = datetime.fromisoformat(text[: word.start()])
    if naive.tzinfo is not None:
        raise ValueError("two offsets in one time")
    return naive.replace(tzinfo=timezone(timedelta(hours=_ZONE_WORDS[word[1].upper()])))


def parse_excel(serial: float) -> datetime:
    """Read Excel's count of days since 30 December 1899 as a wall-clock time, to the second.

    Raises ValueError for a number that is no date.
    """
    if not 1 <= serial < 110_000:
        raise ValueError("not an Excel date")
    return nearest_second(_EXCEL_DAY_ZERO + timedelta(days=serial))


def parse_style(text: str, style: str) -> datetime:
    """Read a date and time in a `strptime` style, such as `%d/%m/%Y %H:%M`; naive means wall clock.

    Raises ValueError where the text does not fit.
    """
    return datetime.strptime(text, style)  # noqa: DTZ007 - wall clock, read by from_wall


def nearest_second(wall: datetime) -> datetime:
    """The nearest whole second: spreadsheets keep a time as a fraction of a day, which is never exact."""
    return (wall + timedelta(milliseconds=500)).replace(microsecond=0)


def parse_iso_day(text: str) -> date:
    """Read an ISO 8601 calendar day. A midnight after it is allowed, any other time is not.

    Raises ValueError for anything else.
    """
    if len(text) == 10 and text[4] == "-" and text[7] == "-":
        return date.fromisoformat(text)
    moment = parse_iso(text)
    if moment.time() != time(0):
        raise ValueError("a moment is not a day")
    return moment.date()


# ---- UTC to what the UK reads ----------------------------------------------------------------------------------


def uk_day(moment: datetime) -> date:
    """The calendar day in the UK at an aware moment."""
    return moment.astimezone(LONDON).date()


def uk_day_start(day: date) -> datetime:
    """The moment, in UTC, at which a UK calendar day begins."""
    return from_wall(datetime.combine(day, time(0))).moment


def london_offset_iso(moment: datetime) -> str:
    """ISO 8601 with the London offset, to the second, as `effective_date` is sent (RULINGS 21)."""
    return moment.astimezone(LONDON).isoformat(timespec="seconds")


def uk_minute(moment: datetime) -> str:
    """The UK wall-clock minute, such as `2026-11-03T14:05`, by which dates are compared (RULINGS 21).

    A naive moment is taken as UK wall-clock time already, as the Mosaic replica keeps it.
    """
    local = moment if moment.tzinfo is None else moment.astimezone(LONDON)
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


@lru_cache(maxsize=1024)
def readable_day(day: date) -> str:
    """A day for people: `Tuesday 3 November 2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def clock_face(local: datetime) -> str:
    """The time of day as a wall clock shows it: `14:05`."""
    return f"{_TWO_DIGITS[local.hour]}:{_TWO_DIGITS[local.minute]}"


def uk_clock(moment: datetime) -> str:
    """The time of day in the UK: `14:05`; in the hour that happens twice it says which one: `01:30 GMT`."""
    local = moment.astimezone(LONDON)
    if local.hour <= _LAST_HOUR_OF_A_CHANGE and _happens_twice(local):
        return f"{clock_face(local)} {local.tzname()}"
    return clock_face(local)


def _happens_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def readable(moment: datetime) -> str:
    """A moment for people in the UK: `Tuesday 3 November 2026 at 14:05`.

    In the hour that happens twice it says which one: `... at 01:30 BST`, `... at 01:30 GMT`.
    """
    local = moment.astimezone(LONDON)
    return f"{readable_day(local.date())} at {uk_clock(local)}"
