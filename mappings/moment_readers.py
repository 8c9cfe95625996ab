"""Readers of days and moments, in whatever of the map's styles the source wrote them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time

from mappings.readers import LARGEST_WHOLE, Reader, Reading, Wrong
from mappings.uk_time import from_wall, nearest_second, parse_excel, parse_iso, parse_iso_day, parse_style

EXCEL = "excel"
"""The style of dates and times kept as Excel's serial number."""

EARLIEST_DAY_YEAR = 1900
TIME_STYLES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%H.%M")


def day_reader(styles: Sequence[str]) -> Reader:
    """A calendar day: ISO 8601 always, then the styles of the map. A date that does not exist is Wrong."""

    def read(value: object, _: Reading) -> object:
        day = _day(value, styles)
        if day.year < EARLIEST_DAY_YEAR:
            raise Wrong
        return day

    return read


def moment_reader(styles: Sequence[str], *, date_only: str | None) -> Reader:
    """A date and time, to UTC: ISO 8601 always, then the styles of the map; without an offset it is UK time.

    `date_only`: the source gives days, not moments: read as their `start` or their `end`.
    """

    def read(value: object, reading: Reading) -> object:
        try:
            wall = _wall(value, styles, date_only)
            moment, reading.trouble = from_wall(wall, not_before=reading.occurred_at)
        except (ValueError, OverflowError):
            raise Wrong from None
        return moment

    return read


def paired_moment_reader(day_column: str, time_column: str, styles: Sequence[str]) -> Reader:
    """A date and a time of their own columns, to UTC. The value is the pair; either alone is Wrong."""

    def read(value: object, reading: Reading) -> object:
        if not isinstance(value, tuple):
            raise Wrong(day_column, time_column)
        day_value, time_value = value
        wrong = []
        day, hour = None, None
        try:
            day = _day(day_value, styles)
        except Wrong:
            wrong.append(day_column)
        try:
            hour = _hour(time_value, styles)
        except Wrong:
            wrong.append(time_column)
        if day is None or hour is None:
            raise Wrong(*wrong)
        try:
            moment, reading.trouble = from_wall(datetime.combine(day, hour), not_before=reading.occurred_at)
        except (ValueError, OverflowError):
            raise Wrong(day_column) from None
        return moment

    return read


def _wall(value: object, styles: Sequence[str], date_only: str | None) -> datetime:
    if type(value) is str:
        try:
            wall = parse_iso(value)
        except ValueError:
            wall = _styled(value, styles, date_only)
    elif isinstance(value, datetime):
        wall = value
    elif isinstance(value, date):
        wall = _whole_day(value, date_only)
    else:
        wall = parse_excel(_serial(value, styles))
    if date_only == "end" and wall.tzinfo is None and wall.time() == time(0):
        return wall.replace(hour=23, minute=59)
    return wall


def _styled(text: str, styles: Sequence[str], date_only: str | None) -> datetime:
    for style in styles:
        try:
            if style == EXCEL:
                return parse_excel(_serial(text, styles))
            wall = parse_style(text, style)
        except ValueError:
            continue
        return wall if has_hour(style) else _whole_day(wall.date(), date_only)
    if date_only is not None:
        return _whole_day(date.fromisoformat(text), date_only)
    raise Wrong


def has_hour(style: str) -> bool:
    """Whether a `strptime` style names the hour, and so a moment rather than a day."""
    return any(directive in style for directive in ("%H", "%I", "%c", "%X"))


def _whole_day(day: date, date_only: str | None) -> datetime:
    if date_only is None:
        raise Wrong
    return datetime.combine(day, time(0))


def _day(value: object, styles: Sequence[str]) -> date:
    try:
        if isinstance(value, datetime):
            if value.time() != time(0):
                raise Wrong
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            return _day_in(value, styles)
        return parse_excel(_serial(value, styles)).date()
    except (ValueError, OverflowError):
        raise Wrong from None


def _day_in(text: str, styles: Sequence[str]) -> date:
    try:
        return parse_iso_day(text)
    except ValueError:
        pass
    for style in styles:
        try:
            wall = parse_excel(_serial(text, styles)) if style == EXCEL else parse_style(text, style)
        except ValueError:
            continue
        if not has_hour(style) or wall.time() == time(0):
            return wall.date()
    raise Wrong


def _hour(value: object, styles: Sequence[str]) -> time:
    if isinstance(value, datetime):
        return nearest_second(value.replace(tzinfo=None)).time()
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, str):
        for style in TIME_STYLES:
            try:
                return parse_style(value, style).time()
            except ValueError:
                continue
        try:
            return parse_iso(value).time()
        except ValueError:
            pass
    serial = _serial(value, styles)
    if not 0 <= serial < 1:
        raise Wrong
    return nearest_second(parse_excel(serial + 1)).time()


def _serial(value: object, styles: Sequence[str]) -> float:
    if EXCEL not in styles or isinstance(value, bool):
        raise Wrong
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}(\.\d{1,20})?", value, re.ASCII):
        return float(value)
    if isinstance(value, int | float) and 0 <= value < LARGEST_WHOLE:
        return float(value)
    raise Wrong
