"""Days, moments and record numbers as people type them on the command line: UK calendar days, UK wall-clock times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

#: Whoever types another year has mistyped it; at the ends of the calendar no time can be counted back or on.
_YEARS = range(1900, 2200)


class _Day(click.ParamType[date]):
    name = "DAY"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """A UK calendar day, as YYYY-MM-DD."""
        if isinstance(value, date):
            return value
        try:
            found = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD.", param, ctx)
        _check_year(self, value, found.year, param, ctx)
        return found


class _Moment(click.ParamType[datetime]):
    name = "MOMENT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware moment in UTC; without an offset it is UK wall-clock time, a bare day its first minute."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is not a moment; write it as 2026-11-03T14:05, with an offset if not UK time.", param, ctx
            )
        _check_year(self, value, found.year, param, ctx)
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo("Europe/London"))
        return found.astimezone(UTC)


def _check_year(
    kind: click.ParamType[Any], value: object, year: int, param: click.Parameter | None, ctx: click.Context | None
) -> None:
    if year not in _YEARS:
        kind.fail(f"{value!r} lies in the year {year}; write one from {_YEARS[0]} to {_YEARS[-1]}.", param, ctx)


DAY = _Day()
MOMENT = _Moment()
#: No database holds a longer number.
RECORD = click.IntRange(1, 2**63 - 1)
