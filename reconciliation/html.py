"""The report as one HTML file for a manager: no script, nothing loaded from anywhere, initials and never names.

The page's own style is the only one that its content-security policy allows, by hash. Text is escaped by the template;
only the charts, which are made here, go in as they are.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from reconciliation import charts, readable
from reconciliation.finding import Finding
from reconciliation.report import DutyLine, Report, Story, TargetLine
from reconciliation.totals import Row
from reconciliation.trends import WEEKDAYS
from reconciliation.verdict import Tone
from reconciliation.views import Side

_SIGNS = {
    Tone.CLEAR: "Nothing to do",
    Tone.ATTENTION: "Needs attention",
    Tone.UNSEEN: "Not everything was seen",
    Tone.ALARM: "Stop and look",
}


@dataclass(frozen=True)
class _Table:
    """A small table: the first column is the row's heading. `svg` is the chart that it belongs to."""

    id: str
    title: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str = ""
    svg: Markup | None = None


def html_report(report: Report) -> str:
    """The whole page."""
    css = _css()
    anchors = {story.incident_id: f"incident-{place}" for place, story in enumerate(report.stories, 1)}
    unseen = [readable.SIDE_NAMES[side] for side, state in report.checked.items() if state is Side.NOT_CHECKED]
    return _template().render(
        report=report,
        css=Markup(css),  # noqa: S704 - our own file
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        period=readable.period(report.start, report.end),
        signs=_SIGNS,
        sides=[_side(side, state) for side, state in report.checked.items()],
        unseen=unseen,
        open_count=len(report.open_findings),
        levels=list(_levels(report, anchors)),
        total_rows=[_total_row(report, row) for row in Row],
        total_bar=_bar([(row, getattr(report.totals, row)) for row in Row]),
        target_lines=[_target_line(line) for line in report.target_lines],
        duty_lines=[_duty_line(line) for line in report.duty_lines],
        submissions=[_submission(one, adult, anchors) for one, adult in report.submissions],
        trends_words=_trends_words(report),
        facts=_facts(report) if report.trends.counted else (),
        charts=list(_charts(report)) if report.trends.counted else (),
        tables=list(_tables(report)),
        months=list(_months(report, anchors)),
        last_good=_last_good(report),
    )


def _css() -> str:
    return files("reconciliation").joinpath("templates/report.css").read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reconciliation"), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    environment.filters["moment"] = readable.moment
    return environment.get_template("report.html.j2")


def _side(side: str, state: Side) -> dict[str, str]:
    return {"id": side, "name": readable.SIDE_NAMES[side], "state": state, "words": readable.SIDES[state]}


# ---- findings ----------------------------------------------------------------------------------------------------


def _levels(report: Report, anchors: dict[str, str]) -> Iterator[dict[str, Any]]:
    for severity, (title, words) in readable.LEVELS.items():
        some = [one for one in report.findings if one.severity is severity and not one.acknowledged]
        if some:
            yield {"id": severity.value, "title": title, "words": words, "groups": _groups(report, some, anchors)}
    known = [one for one in report.findings if one.acknowledged]
    if known:
        words = "A manager knows of these, with a reason in the ledger"
        yield {"id": "acknowledged", "title": "Acknowledged", "words": words, "groups": _groups(report, known, anchors)}


def _groups(report: Report, findings: Sequence[Finding], anchors: dict[str, str]) -> list[dict[str, Any]]:
    """Findings that ask for the same thing of the same person, together; the order is that of the first of each."""
    grouped: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.kind, finding.action, finding.owner].append(finding)
    return [
        {
            "title": readable.kind_title(kind),
            "action": action,
            "owner": readable.owner_words(owner),
            "findings": [_finding(report, finding, anchors) for finding in some],
        }
        for (kind, action, owner), some in grouped.items()
    ]


def _finding(report: Report, finding: Finding, anchors: dict[str, str]) -> dict[str, Any]:
    who = report.label(finding.subject)
    return {
        "id": finding.id,
        "number": finding.incident or readable.day(finding.occurred_on) or "No number",
        "link": anchors.get(finding.incident_id or ""),
        "who": who,
        "words": _without_number(finding, who or "the child"),
        "due": readable.moment(finding.due) if finding.kind != "duty_overdue" else "",
        "first_seen": readable.moment(finding.first_seen),
        "acknowledged": readable.moment(finding.acknowledged_at) or ("yes" if finding.acknowledged else ""),
        "healed": finding.healed,
    }


def _without_number(finding: Finding, who: str) -> str:
    """The sentence, which need not repeat the number that stands beside it."""
    told = finding.told_of(who)
    if finding.incident and told.startswith(f"{finding.incident}: "):
        told = told[len(finding.incident) + 2 :]
        return told[:1].upper() + told[1:]
    return told


# ---- totals and duties -------------------------------------------------------------------------------------------


def _total_row(report: Report, row: Row) -> dict[str, Any]:
    title, words = readable.ROWS[row]
    if row is Row.EXEMPT and report.totals.void:
        words = f"{words} {report.totals.void} {'was' if report.totals.void == 1 else 'were'} void."
    return {"id": row.value, "title": title, "count": getattr(report.totals, row), "words": words}


def _bar(parts: Sequence[tuple[str, int]]) -> list[dict[str, str]]:
    """Parts of a whole as rectangles of a bar that is a hundred wide."""
    whole = sum(count for _, count in parts)
    if not whole:
        return [{"id": "none", "x": "0", "width": "100"}]
    drawn: list[dict[str, str]] = []
    past = 0.0
    for name, count in parts:
        width = 100 * count / whole
        if count:
            drawn.append({"id": str(name), "x": f"{past:.3f}", "width": f"{width:.3f}"})
        past += width
    return drawn


def _target_line(line: TargetLine) -> dict[str, Any]:
    unread = {Side.NOT_CHECKED: "not seen", Side.ABSENT: "–"}
    return {
        "name": readable.SIDE_NAMES[line.target],
        "owed": line.owed,
        "seen": f"{line.seen:,}" if line.side is Side.CHECKED or line.seen else unread[line.side],
        "accepted": line.accepted,
        "unsettled": line.unsettled,
    }


def _duty_line(line: DutyLine) -> dict[str, Any]:
    counts = [("on_time", line.on_time), ("late", line.late), ("overdue", line.overdue), ("open", line.open)]
    return {
        "title": line.title,
        "clause": line.clause.replace("**", "").strip('"'),
        "due": line.due.replace("`", ""),
        "rate": readable.share(line.rate),
        "bar": _bar(counts),
        **dict(counts),
        "not_applicable": line.not_applicable,
    }


def _submission(one: Any, adult: str, anchors: dict[str, str]) -> dict[str, str]:
    states = {
        "awaiting_approval": "Waits for a manager",
        "approved": "Approved, not yet reported sent",
        "declined": "Declined, with a reason in the ledger",
        "sent": "Reported sent",
    }
    return {
        "number": one.number,
        "link": anchors.get(one.incident_id, ""),
        "adult": adult.replace("-", " ") if adult == "to-be-identified" else adult,
        "triggers": ", ".join(str(trigger) for trigger in one.triggers),
        "state": states.get(one.state, one.state),
        "due": readable.moment(one.due_at),
        "decided": readable.moment(one.decided_at),
    }


def _last_good(report: Report) -> str:
    pull, look = readable.moment(report.last_good.pull), readable.moment(report.last_good.reconcile)
    return (
        f"Last good reading of the recording system: {pull or 'never'}. "
        f"Last good reconciliation before this one: {look or 'never'}."
    )


# ---- trends ------------------------------------------------------------------------------------------------------


def _trends_words(report: Report) -> str:
    trends, rest = report.trends, []
    if report.drafts:
        rest.append(f"{report.drafts} in draft")
    if report.voids:
        rest.append(f"{report.voids} void")
    if report.quarantined:
        rest.append(f"{len(report.quarantined)} not understood")
    counted = f"Counted over {trends.counted:,} submitted {'report' if trends.counted == 1 else 'reports'}"
    return f"{counted}; not counted: {', '.join(rest)}." if rest else f"{counted}."


def _facts(report: Report) -> list[dict[str, str]]:
    trends = report.trends
    ratio = "–" if trends.ratio is None else f"{trends.ratio:.1f} : 1"
    hurt = f"{trends.children_injured} children, {trends.staff_injured} staff"
    medians = [
        (
            delay.title,
            readable.hours(delay.median_hours),
            f"{delay.within} of {delay.owed} within {delay.limit_hours:.0f} h",
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


def _charts(report: Report) -> Iterator[_Table]:
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
    yield _chart("hour", "Hour and weekday", charts.by_hour, report, ("Hour, UK time", "Incidents"), hours)
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
        )  # fmt: skip
    delays = [
        (delay.title, str(delay.owed), str(len(delay.hours)), str(delay.within), readable.hours(delay.median_hours))
        for delay in trends.delays
    ]
    yield _chart(
        "delay", "Time until it was done", charts.by_delay, report,
        ("What", "Owed", "Done", "In time", "Middle time"), delays,
    )  # fmt: skip


def _chart(
    name: str,
    title: str,
    draw: Callable[[Any], str],
    report: Report,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
) -> _Table:
    svg = Markup(draw(report.trends))  # noqa: S704 - drawn and escaped in `charts`
    return _Table(name, title, title, columns, tuple(rows), svg=svg)


def _tables(report: Report) -> Iterator[_Table]:
    columns = ("Initials", "Incidents", "Restraints", "Minutes in all")
    for name, title, people, none in (
        ("children", "Children in more than one incident", report.trends.children, "No child was in more than one."),
        ("staff", "Adults who used a measure more than once", report.trends.staff, "No adult used a measure twice."),
    ):
        rows = tuple(
            (one.label, str(one.incidents), str(one.restraints), readable.minutes(one.minutes)) for one in people
        )
        yield _Table(name, title, "By number of incidents", columns, rows, none)


# ---- stories -----------------------------------------------------------------------------------------------------


def _months(report: Report, anchors: dict[str, str]) -> Iterator[dict[str, Any]]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for story in report.stories:
        title = f"{story.occurred_on:%B %Y}" if story.occurred_on else "Day not readable"
        grouped[title].append(_story(story, anchors))
    for title, stories in grouped.items():
        yield {"title": title, "stories": stories}


def _story(story: Story, anchors: dict[str, str]) -> dict[str, Any]:
    met = f"{story.duties_met} {'duty' if story.duties_met == 1 else 'duties'} met in time"
    return {
        "anchor": anchors[story.incident_id],
        "number": story.number,
        "when": readable.moment(story.occurred_at) or readable.day(story.occurred_on),
        "kind": story.kind,
        "children": ", ".join(story.children),
        "row": story.row.value if story.row else "gone",
        "row_words": readable.ROWS[story.row][0] if story.row else "Not at the source",
        "findings": [_without_number(finding, "this child or adult") for finding in story.findings],
        "flags": ", ".join(story.flags),
        "revisions": [
            f"{one.number}: {readable_status(one.status)}, seen {readable.moment(one.seen_at)}"
            for one in story.revisions
        ],
        "deliveries": [_delivery(one) for one in story.deliveries],
        "duties": [
            {"state": one.state, "state_words": readable.DUTY_STATES.get(one.state, one.state), "words": _duty(one)}
            for one in story.duties
        ],
        "met": f"{met}, {story.duties_not_applicable} not owed." if story.revisions else "",
    }


def readable_status(status: str) -> str:
    """A report's status in words: `SignedOff` is "signed off"."""
    return {"SignedOff": "signed off"}.get(status, status.lower())


def _delivery(one: Any) -> str:
    what = f"{readable.SIDE_NAMES.get(one.target, one.target.upper())} {readable.ACTIONS.get(one.action, one.action)}"
    child = f" for {one.child}" if one.child else ""
    state = "seen right just now" if one.seen else readable.DELIVERY_STATES.get(one.state, one.state)
    return f"{what}{child}, revision {one.revision}: {state}, since {readable.moment(one.since)}"


def _duty(one: Any) -> str:
    child = f" for {one.child}" if one.child else ""
    ends = [f"due {readable.moment(one.due_at)}" if one.due_at else "no limit"]
    if one.met_at:
        ends.append(f"done {readable.moment(one.met_at)}")
    ends.append(readable.owner_words(one.owner))
    return f"{one.title}{child}: {', '.join(ends)}"
