"""The report in a few lines, for a mail and for Prefect's artifacts: the verdict, counts and incident numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mappings.mail_text import Block, MailText, Rows, mail_text
from reconciliation import readable
from reconciliation.finding import Kind
from reconciliation.report import Report
from reconciliation.totals import Row
from reconciliation.views import Side

_MOST_NUMBERS = 200
#: What looks like a running number: a quarantined report may hold anything in its place.
_NUMBER = re.compile(r"[A-Za-z0-9]{1,12}-[0-9]{4}-[0-9]{1,8}\Z")
#: A kind whose title no mail may say (RULINGS 39), and what is said instead.
_IN_A_MAIL: Mapping[str, str] = {Kind.LADO_UNDECIDED: "A decision that waits for a manager"}


def verdict_mail(report: Report, *, kept_at: str = "") -> MailText:
    """The verdict and the counts, for a manager. No name, initials, child or incident; no word that no mail says.

    `kept_at`: where the site keeps the report, in its own words; said only where the home's file says it.
    """
    period = readable.period(report.start, report.end)
    totals = [(readable.ROWS[row][0], f"{getattr(report.totals, row):,}") for row in Row]
    source = "not seen" if report.totals.source is None else f"{report.totals.source:,}"
    totals += [("In the recording system", source), ("In the ledger", f"{report.totals.ledger:,}")]
    kinds = Counter(_IN_A_MAIL.get(one.kind, readable.kind_title(one.kind)) for one in report.open_findings)
    sides = [(readable.SIDE_NAMES[side], readable.SIDES[state]) for side, state in report.checked.items()]
    blocks: list[Block] = [f"{report.home_name}, {period}.", report.verdict.headline, *report.verdict.sentences]
    if kinds:
        counted = tuple((kind, f"{count:,}") for kind, count in kinds.most_common())
        blocks.append(Rows("Open findings", ("What", "How many"), counted))
    blocks.append(Rows("Control totals", ("Incidents", "How many"), tuple(totals)))
    blocks.append(Rows("What was looked at", ("System", "Seen"), tuple(sides)))
    if kept_at:
        blocks.append(f"The report: {kept_at}")
    blocks.append("You hear of this again when something has changed. Nothing needs an answer to this mail.")
    return mail_text(f"{report.home} reconciliation, {period}: {report.verdict.headline}", blocks)


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
    lines += [f"Not checked: {', '.join(unseen)}.", ""] if unseen else []
    lines += ["| What | Count |", "|---|---:|"]
    lines += [f"| {row['what']} | {row['count']} |" for row in artifact_rows(report)]
    found = dict.fromkeys(finding.incident for finding in report.open_findings if finding.incident)
    numbers = [number for number in found if _NUMBER.match(number)]
    if numbers:
        rest = f" and {len(numbers) - _MOST_NUMBERS} more" if len(numbers) > _MOST_NUMBERS else ""
        lines += ["", f"Incidents with open findings: {', '.join(numbers[:_MOST_NUMBERS])}{rest}"]
    return "\n".join(lines) + "\n"
