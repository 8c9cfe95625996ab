"""Days and moments as people type them on the command line: UK calendar days, UK wall-clock times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click


class _Day(click.ParamType[date]):
    name = "DAY"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """A UK calendar day, as YYYY-MM-DD."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD.", param, ctx)


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
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo("Europe/London"))
        return found.astimezone(UTC)


DAY = _Day()
MOMENT = _Moment()
