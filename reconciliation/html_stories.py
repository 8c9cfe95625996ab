"""Each incident's story as the HTML page lays it out: what was found, its revisions, what was sent, what is owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from mappings.duties import DUTY_TITLES
from reconciliation import readable
from reconciliation.duty_table import DutyShown
from reconciliation.finding import Finding, Kind
from reconciliation.html_findings import without_number
from reconciliation.report import DeliveryShown, Report, Story
from reconciliation.totals import Row
from reconciliation.views import Side
from reconciliation.wording import MAIL_NAMES, RECORD_NAMES

#: More stories than this are folded by month.
MOST_OPEN = 100
#: What still asks for somebody comes first.
_FIRST = {"overdue": 0, "not_checked": 1, "open": 2}
#: Findings about these say that a record is not in its place; what is owed or flagged does not.
_WHERE_IT_BELONGS = ("mosaic", "daily_log", "email", "replica", "ledger")
_NOT_IN_PLACE = (Row.OUTSTANDING, Row.QUARANTINED, None)


def months(report: Report, anchors: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The stories by month, in order of day."""
    grouped: dict[str, list[Story]] = defaultdict(list)
    for story in report.stories:
        grouped[f"{story.occurred_on:%B %Y}" if story.occurred_on else "Day not readable"].append(story)
    for title, stories in grouped.items():
        yield {
            "id": f"month-{title.lower().replace(' ', '-')}",
            "title": title,
            "found": sum(1 for story in stories if story.findings),
            "stories": [_story(report, story, anchors) for story in stories],
        }


def shown(report: Report) -> list[dict[str, Any]]:
    """What a reader can narrow the list to, without a script."""
    found = sum(1 for story in report.stories if story.findings)
    amiss = sum(1 for story in report.stories if story.row in _NOT_IN_PLACE)
    choices = (
        ("all", "All", len(report.stories)),
        ("found", "With findings", found),
        ("amiss", "Not proven in place", amiss),
    )
    return [{"id": one, "title": title, "count": count} for one, title, count in choices if count]


def not_looked_for(report: Report, story: Story) -> bool:
    """Outstanding for no reason that was found: a system that would show its records could not be read."""
    blind = any(side is Side.NOT_CHECKED for side in report.checked.values())
    amiss = any(finding.target in _WHERE_IT_BELONGS for finding in story.findings)
    return blind and story.row is Row.OUTSTANDING and not amiss


def _story(report: Report, story: Story, anchors: Mapping[str, str]) -> dict[str, Any]:
    unproven = not_looked_for(report, story)
    row_words = readable.ROWS[story.row][0] if story.row else "Not at the source"
    return {
        "anchor": anchors[story.incident_id],
        "number": story.number,
        "when": readable.moment(story.occurred_at) or readable.day(story.occurred_on),
        "kind": story.kind,
        "children": ", ".join(story.children),
        "row": story.row.value if story.row else "gone",
        "tag": "unseen" if unproven else story.row or "gone",
        "row_words": "Not looked for" if unproven else row_words,
        "findings": [_found(finding, report.label(finding.subject)) for finding in story.findings],
        "flags": ", ".join(story.flags),
        "revisions": [
            f"{one.number}: {readable.status(one.status)}, seen {readable.moment(one.seen_at)}"
            for one in story.revisions
        ],
        "deliveries": [_delivery(one) for one in story.deliveries],
        "duties": [
            {"state": one.state, "state_words": readable.DUTY_STATES.get(one.state, one.state), "words": _duty(one)}
            for one in sorted(story.duties, key=lambda one: _FIRST.get(one.state, len(_FIRST)))
        ],
        "met": _met(story),
    }


def _met(story: Story) -> str:
    """What the list of duties leaves out; that none is listed does not say that none is owed."""
    if not story.revisions:
        return "Not known: the ledger could read no version of it."
    if story.is_purged:
        return "Not known any more: its contents were purged."
    duties = "duty" if story.duties_met == 1 else "duties"
    return f"{story.duties_met} {duties} met in time, {story.duties_not_applicable} not owed."


def _found(finding: Finding, who: str) -> str:
    title = DUTY_TITLES.get(finding.reason or "", "") if finding.kind == Kind.DUTY_OVERDUE else ""
    words = without_number(finding, who or "the child")
    child = f" for {who}" if who else ""
    return f"{title}{child}: {words[:1].lower()}{words[1:]}" if title else words


def _delivery(one: DeliveryShown) -> str:
    what = f"{readable.SIDE_NAMES.get(one.target, one.target.upper())} {readable.ACTIONS.get(one.action, one.action)}"
    if one.mail_to:
        what = MAIL_NAMES.get(one.mail_to, RECORD_NAMES["email"]).capitalize()
    child = f" for {one.child}" if one.child else ""
    state = "seen right just now" if one.seen else readable.delivery_state(one.target, one.state)
    return f"{what}{child}, revision {one.revision}: {state}, since {readable.moment(one.since)}"


def _duty(one: DutyShown) -> str:
    child = f" for {one.child}" if one.child else ""
    ends = [f"due {readable.moment(one.due_at)}" if one.due_at else "no limit"]
    if one.met_at:
        ends.append(f"done {readable.moment(one.met_at)}")
    ends.append(readable.owner_words(one.owner))
    return f"{one.title}{child}: {', '.join(ends)}"
