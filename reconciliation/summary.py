"""The report in a few lines, for a mail and for Prefect's artifacts: the verdict, counts and incident numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from reconciliation import readable
from reconciliation.report import Report
from reconciliation.totals import Row
from reconciliation.views import Side

_MOST_NUMBERS = 200


def mail_subject(report: Report) -> str:
    """The subject of the mail: the home, the period and the verdict."""
    return f"{report.home} reconciliation, {readable.period(report.start, report.end)}: {report.verdict.headline}"


def mail_text(report: Report) -> str:
    """The mail: the verdict and the counts. No name, initials, child or story (DESIGN 5)."""
    lines = [f"{report.home_name}, {readable.period(report.start, report.end)}", "", report.verdict.headline]
    lines += [*report.verdict.sentences, "", "Control totals"]
    lines += [f"  {readable.ROWS[row][0]}: {getattr(report.totals, row):,}" for row in Row]
    source = "not seen" if report.totals.source is None else f"{report.totals.source:,}"
    lines += [f"  In the recording system: {source}", f"  In the ledger: {report.totals.ledger:,}", ""]
    kinds = Counter(readable.kind_title(finding.kind) for finding in report.open_findings)
    if kinds:
        lines += ["Open findings", *(f"  {kind}: {count:,}" for kind, count in kinds.most_common()), ""]
    lines += [f"{readable.SIDE_NAMES[side]}: {readable.SIDES[state].lower()}" for side, state in report.checked.items()]
    return "\n".join(lines) + "\n"


def artifact_rows(report: Report) -> list[dict[str, Any]]:
    """Rows of Prefect's table artifact: what, and how many."""
    rows: list[dict[str, Any]] = [{"what": readable.ROWS[row][0], "count": getattr(report.totals, row)} for row in Row]
    source = "not seen" if report.totals.source is None else report.totals.source
    rows += [
        {"what": "In the recording system", "count": source},
        {"what": "In the ledger", "count": report.totals.ledger},
    ]
    kinds = Counter(finding.kind for finding in report.open_findings)
    return rows + [{"what": f"Finding: {kind}", "count": count} for kind, count in sorted(kinds.items())]


def artifact_markdown(report: Report) -> str:
    """Prefect's markdown artifact: the verdict, the totals, and the numbers of the incidents with open findings."""
    unseen = [readable.SIDE_NAMES[side] for side, state in report.checked.items() if state is Side.NOT_CHECKED]
    lines = [
        f"# {report.home}: {report.start.isoformat()} to {report.end.isoformat()}",
        "",
        report.verdict.headline,
        "",
    ]
    lines += [f"Not seen: {', '.join(unseen)}.", ""] if unseen else []
    lines += ["| What | Count |", "|---|---:|"]
    lines += [f"| {row['what']} | {row['count']} |" for row in artifact_rows(report)]
    numbers = list(dict.fromkeys(finding.incident for finding in report.open_findings if finding.incident))
    if numbers:
        shown = [number.replace("|", " ").replace("`", " ") for number in numbers[:_MOST_NUMBERS]]
        rest = f" and {len(numbers) - _MOST_NUMBERS} more" if len(numbers) > _MOST_NUMBERS else ""
        lines += ["", f"Incidents with open findings: {', '.join(shown)}{rest}"]
    return "\n".join(lines) + "\n"
