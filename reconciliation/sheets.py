"""The report as tables for people who live in Excel: totals, findings, duties. XLSX and CSV lay out the same rows.

Cells are text, whole numbers, shares, days or moments in UK wall-clock time, each of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from mappings.uk_time import LONDON
from reconciliation import readable
from reconciliation.report import Report
from reconciliation.totals import Row

Cell = str | int | float | datetime | date | None


@dataclass(frozen=True)
class Sheet:
    """One table. `widths` are in characters; a datetime cell is UK wall-clock time without a zone, a date a UK day."""

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheets_of(report: Report) -> tuple[Sheet, ...]:
    """Every table, the totals first."""
    return (_totals(report), _findings(report), _duties(report), _duty_lines(report), _incidents(report))


def _wall(moment: datetime | None) -> datetime | None:
    return moment.astimezone(LONDON).replace(tzinfo=None, microsecond=0) if moment else None


def _totals(report: Report) -> Sheet:
    totals = report.totals
    rows: list[tuple[Cell, ...]] = [
        ("Home", "home", report.home, report.home_name),
        ("First day", "start", report.start, ""),
        ("Last day", "end", report.end, ""),
        ("As seen on (UK time)", "as_of", _wall(report.as_of), ""),
        ("Verdict", "verdict", readable.SIGNS[report.verdict.tone], report.verdict.headline),
    ]
    rows += [(readable.ROWS[row][0], row.value, getattr(totals, row), readable.ROWS[row][1]) for row in Row]
    source = totals.source if totals.source is not None else "not seen"
    rows += [
        ("The rows add up to", "sum", totals.sum_of_rows, ""),
        ("The recording system's own count", "source", source, ""),
        ("The ledger's count", "ledger", totals.ledger, ""),
        (
            "Balanced",
            "balanced",
            "yes" if totals.balanced else "no",
            "The recording system and the ledger list the same incidents." if totals.balanced else "",
        ),
    ]
    rows += [
        (f"{readable.SIDE_NAMES[side]}: looked at", f"checked_{side}", readable.SIDES[state], "")
        for side, state in report.checked.items()
    ]
    rows.append(("Findings of earlier looks, not looked at again", "not_looked_at", report.not_looked_at, ""))
    rows.append(("Findings resolved since the last look", "resolved", report.resolved, ""))
    return Sheet("Totals", ("What", "Key", "Value", "Meaning"), (34, 14, 26, 80), tuple(rows))


def _findings(report: Report) -> Sheet:
    columns = (
        "How soon", "What", "Incident", "Child or adult", "System", "What was seen", "What to do", "Who", "Due",
        "First seen", "Last seen", "Acknowledged", "Severity", "Kind", "Id",
    )  # fmt: skip
    rows = tuple(
        (
            readable.how_soon(finding),
            readable.kind_title(finding.kind),
            finding.incident,
            report.label(finding.subject),
            readable.SIDE_NAMES.get(finding.target or "", finding.target),
            finding.told_of(report.label(finding.subject) or "the child"),
            finding.action.replace("`", ""),
            readable.owner_words(finding.owner),
            _wall(finding.due),
            _wall(finding.first_seen),
            _wall(finding.last_seen),
            _wall(finding.acknowledged_at) or ("yes" if finding.acknowledged else None),
            finding.severity.value,
            finding.kind,
            finding.id,
        )
        for finding in report.findings
    )
    return Sheet("Findings", columns, (14, 30, 16, 14, 17, 70, 60, 34, 17, 17, 17, 17, 10, 22, 18), rows)


def _duties(report: Report) -> Sheet:
    columns = ("Incident", "Duty", "Id", "Child", "Who owes it", "State", "Aim", "Due", "Met", "Why")
    rows = tuple(
        (
            duty.incident,
            duty.title,
            duty.id,
            duty.child,
            readable.owner_words(duty.owner),
            readable.DUTY_STATES.get(duty.state, duty.state),
            _wall(duty.target_at),
            _wall(duty.due_at),
            _wall(duty.met_at),
            duty.reason,
        )
        for duty in report.duties
    )
    return Sheet("Duties", columns, (16, 32, 26, 10, 26, 12, 17, 17, 17, 50), rows)


def _duty_lines(report: Report) -> Sheet:
    columns = (
        "Duty", "Id", "Limit", "On time", "Met in time", "Late", "Overdue", "Open", "Not checked", "Not owed", "Clause",
    )  # fmt: skip
    rows = tuple(
        (
            line.title,
            line.id,
            readable.limit(line.due),
            line.rate,
            line.on_time,
            line.late,
            line.overdue,
            line.open,
            line.not_checked,
            line.not_applicable,
            line.clause,
        )
        for line in report.duty_lines
    )
    return Sheet("By clause", columns, (32, 26, 30, 10, 12, 8, 10, 8, 12, 10, 90), rows)


def _incidents(report: Report) -> Sheet:
    columns = ("Incident", "Day", "When", "Kind", "Children", "Status", "Stands", "Findings", "Flags", "Found by")
    return Sheet("Incidents", columns, (16, 12, 17, 15, 20, 12, 24, 10, 40, 14), tuple(_incident_rows(report)))


def _incident_rows(report: Report) -> Iterator[tuple[Cell, ...]]:
    for story in report.stories:
        yield (
            story.number,
            story.occurred_on,
            _wall(story.occurred_at),
            story.kind,
            ", ".join(story.children),
            readable.status(story.status),
            readable.ROWS[story.row][0] if story.row else "Not at the source",
            len(story.findings),
            ", ".join(story.flags),
            story.found_by,
        )
