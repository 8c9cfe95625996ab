"""The report as one HTML file for a manager: no script, nothing loaded from anywhere, initials and never names.

The page's own style is the only one that its content-security policy allows, by hash. Text is escaped by the template;
only the charts, which are made here, go in as they are.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from mappings.duty_rules import DutyId, clause_of
from reconciliation import readable
from reconciliation.duty_table import DutyLine
from reconciliation.html_findings import levels, owners
from reconciliation.html_stories import MOST_OPEN, months, not_looked_for, shown
from reconciliation.html_trends import charts_of, facts, tables, trends_words
from reconciliation.report import Report, TargetLine
from reconciliation.totals import Row
from reconciliation.views import Side


def html_report(report: Report) -> str:
    """The whole page."""
    css = _css()
    places = [(story, f"incident-{place}") for place, story in enumerate(report.stories, 1)]
    # By number too, for findings whose ids are pseudonyms.
    anchors = {story.number: place for story, place in places} | {story.incident_id: place for story, place in places}
    unseen = [readable.SIDE_NAMES[side] for side, state in report.checked.items() if state is Side.NOT_CHECKED]
    return _template().render(
        report=report,
        css=Markup(css),  # noqa: S704 - our own file
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        period=readable.period(report.start, report.end),
        signs=readable.SIGNS,
        sides=[_side(side, state) for side, state in report.checked.items()],
        unseen=readable.listed(unseen),
        open_count=len(report.open_findings) + sum(not one.acknowledged for one in report.earlier),
        owners=owners(report),
        levels=list(levels(report, anchors)),
        total_rows=[_total_row(report, row) for row in Row],
        total_bar=_bar(_places(report)),
        unproven=any(not_looked_for(report, story) for story in report.stories),
        target_lines=[_target_line(line) for line in report.target_lines],
        duty_lines=[_duty_line(line) for line in report.duty_lines],
        duties_unseen=any(line.not_checked for line in report.duty_lines),
        submissions=[_submission(one, adult, anchors) for one, adult in report.submissions],
        trends_words=trends_words(report),
        facts=facts(report) if report.trends.counted else (),
        charts=list(charts_of(report)) if report.trends.counted else (),
        tables=list(tables(report)),
        months=list(months(report, anchors)),
        shown=shown(report),
        folded=len(report.stories) > MOST_OPEN,
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
    environment.filters["commands"] = _commands
    return environment.get_template("report.html.j2")


def _commands(text: str) -> Markup:
    """Text in which what stands between backticks is a command."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def _side(side: str, state: Side) -> dict[str, str]:
    return {"id": side, "name": readable.SIDE_NAMES[side], "state": state, "words": readable.SIDES[state]}


# ---- totals and duties -------------------------------------------------------------------------------------------


def _total_row(report: Report, row: Row) -> dict[str, Any]:
    title, words = readable.ROWS[row]
    if row is Row.EXEMPT and report.totals.void:
        words = f"{words} {report.totals.void} {'was' if report.totals.void == 1 else 'were'} void."
    return {"id": row.value, "title": title, "count": getattr(report.totals, row), "words": words}


def _places(report: Report) -> list[tuple[str, int]]:
    """The rows as counts; what was only not looked for is not drawn as what was found amiss."""
    unproven = sum(not_looked_for(report, story) for story in report.stories)
    counts = [(row.value, getattr(report.totals, row) - (unproven if row is Row.OUTSTANDING else 0)) for row in Row]
    return [*counts, ("not_checked", unproven)]


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
    counts = [
        ("on_time", line.on_time),
        ("late", line.late),
        ("overdue", line.overdue),
        ("open", line.open),
        ("not_checked", line.not_checked),
    ]
    return {
        "title": line.title,
        "clause": readable.quoted(clause_of(DutyId(line.id))),
        "due": readable.limit(line.due),
        "rate": readable.share(line.rate),
        "bar": _bar(counts),
        **dict(counts),
        "owed": line.owed,
        "not_applicable": line.not_applicable,
    }


def _submission(one: Any, adult: str, anchors: dict[str, str]) -> dict[str, str]:
    return {
        "number": one.number,
        "link": anchors.get(one.incident_id, ""),
        "adult": adult,
        "triggers": ", ".join(str(trigger) for trigger in one.triggers),
        "state": readable.DECISIONS.get(one.state, one.state),
        "due": readable.moment(one.due_at),
        "decided": readable.moment(one.decided_at),
    }


def _last_good(report: Report) -> str:
    pull, look = readable.moment(report.last_good.pull), readable.moment(report.last_good.reconcile)
    return (
        f"Last good reading of the recording system: {pull or 'never'}. "
        f"Last good reconciliation before this one: {look or 'never'}."
    )
