"""The trends as the HTML page lays them out: figures, charts, and a table beside each chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reconciliation import charts, readable
from reconciliation.report import Report
from reconciliation.trends import WEEKDAYS


@dataclass(frozen=True)
class Table:
    """A small table: the first column is the row's heading. `svg` is the chart that it belongs to."""

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str = ""
    note: str = ""
    svg: Markup | None = None


def trends_words(report: Report) -> str:
    """What was counted and what was not."""
    trends, rest = report.trends, []
    if report.drafts:
        rest.append(f"{report.drafts} in draft")
    if report.voids:
        rest.append(f"{report.voids} void")
    if report.quarantined:
        rest.append(f"{len(report.quarantined)} not understood")
    counted = f"Counted over {trends.counted:,} submitted {'report' if trends.counted == 1 else 'reports'}"
    return f"{counted}; not counted: {', '.join(rest)}." if rest else f"{counted}."


def facts(report: Report) -> list[dict[str, str]]:
    """The figures above the charts."""
    trends = report.trends
    ratio = "–" if trends.ratio is None else f"{trends.ratio:.{1 if trends.ratio >= 1 else 2}f} : 1"
    children = "child" if trends.children_injured == 1 else "children"
    hurt = f"{trends.children_injured:,} {children}, {trends.staff_injured:,} staff"
    medians = [
        (
            delay.title,
            readable.hours(delay.median_hours),
            f"{delay.within:,} of {delay.owed:,} within {delay.limit_hours:.0f} h",
        )
        for delay in trends.delays
    ]
    figures = [
        ("Restraints", f"{trends.restraints:,}", "restrictive interventions"),
        ("Disengagements", f"{trends.disengagements:,}", "not restrictive"),
        ("Disengagements to restraints", ratio, "higher is better"),
        ("Incidents with an injury", f"{trends.incidents_with_injury:,}", hurt),
        *((f"{title}, middle time", figure, words) for title, figure, words in medians),
    ]
    return [{"title": title, "figure": figure, "words": words} for title, figure, words in figures]


def charts_of(report: Report) -> Iterator[Table]:
    """Each chart with the table of its figures."""
    trends = report.trends
    unit = "Month" if trends.by_month else "Week of"
    weeks = [
        (
            readable.day(week.start),
            str(week.restraints),
            str(week.disengagements),
            str(week.restraints + week.disengagements),
        )
        for week in trends.weeks
    ]
    yield _chart(
        "week", f"Incidents by {'month' if trends.by_month else 'week'}", charts.by_week, report,
        (unit, "Restraints", "Disengagements", "All"), weeks,
    )  # fmt: skip
    hours = [
        (f"{name} {hour:02}:00–{hour:02}:59", str(count))
        for weekday, name in enumerate(WEEKDAYS)
        for hour in range(24)
        if (count := trends.hours.get((weekday, hour), 0))
    ]
    largest = max(trends.hours.values(), default=0)
    note = f"The larger the dot, the more incidents in that hour; the largest is {largest:,}."
    yield _chart("hour", "Hour and weekday", charts.by_hour, report, ("Hour, UK time", "Incidents"), hours, note)
    places = [(name, str(count)) for name, count in trends.places]
    yield _chart("place", "Place", charts.by_place, report, ("Place", "Incidents"), places)
    techniques = [
        (one.name, str(one.uses), readable.minutes(one.median_minutes), readable.minutes(one.longest_minutes))
        for one in trends.techniques
    ]
    if any(one.minutes for one in trends.techniques):
        yield _chart(
            "technique", "Technique and duration", charts.by_technique, report,
            ("Technique", "Uses", "Middle, minutes", "Longest, minutes"), techniques,
            "The line runs from the shortest to the longest; the dot is the middle one.",
        )  # fmt: skip
    delays = [
        (delay.title, str(delay.owed), str(len(delay.hours)), str(delay.within), readable.hours(delay.median_hours))
        for delay in trends.delays
    ]
    yield _chart(
        "delay", "Time until it was done", charts.by_delay, report,
        ("What", "Owed", "Done", "In time", "Middle time"), delays,
        "Hours from the end of the last measure, six to a column. Beyond the upright bar, the limit, it was late.",
    )  # fmt: skip


def _chart(
    name: str,
    title: str,
    draw: Callable[[Any], str],
    report: Report,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    note: str = "",
) -> Table:
    svg = Markup(draw(report.trends))  # noqa: S704 - drawn and escaped in `charts`
    return Table(name, title, title, columns, tuple(rows), note=note, svg=svg)


def tables(report: Report) -> Iterator[Table]:
    """Repeats: children, and adults, in more than one incident."""
    columns = ("Initials", "Incidents", "Restraints", "Minutes in all")
    for name, title, people, none in (
        ("children", "Children in more than one incident", report.trends.children, "No child was in more than one."),
        ("staff", "Adults who used a measure more than once", report.trends.staff, "No adult used a measure twice."),
    ):
        rows = tuple((one.label, f"{one.incidents:,}", f"{one.restraints:,}", f"{one.minutes:,.0f}") for one in people)
        yield Table(name, title, "By number of incidents", columns, rows, none)
