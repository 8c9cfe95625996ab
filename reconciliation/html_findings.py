"""The findings as the HTML page lays them out: by urgency, and together where they ask the same of the same person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.duties import DUTY_TITLES
from reconciliation import readable
from reconciliation.finding import Finding, Kind
from reconciliation.report import Report


def levels(report: Report, anchors: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for severity, (title, words) in readable.LEVELS.items():
        some = [one for one in report.open_findings if one.severity is severity]
        if some:
            yield {"id": severity.value, "title": title, "words": words, "groups": _groups(report, some, anchors)}
    known = [one for one in report.findings if one.acknowledged]
    if known:
        words = "A manager knows of these, with a reason in the ledger"
        yield {"id": "acknowledged", "title": "Acknowledged", "words": words, "groups": _groups(report, known, anchors)}
    healed = [one for one in report.findings if not one.is_open and not one.acknowledged]
    if healed:
        words = "Found in this run, put right, and seen right afterwards"
        yield {"id": "healed", "title": "Healed", "words": words, "groups": _groups(report, healed, anchors)}


def _groups(report: Report, findings: Sequence[Finding], anchors: Mapping[str, str]) -> list[dict[str, Any]]:
    """Findings that ask for the same thing of the same person, together; the order is that of the first of each."""
    grouped: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        title = readable.kind_title(finding.kind)
        if finding.kind == Kind.DUTY_OVERDUE:
            title = f"{title}: {DUTY_TITLES.get(finding.reason or '', finding.reason)}"
        grouped[title, finding.action, finding.owner].append(finding)
    return [
        {
            "title": title,
            "action": action,
            "owner": readable.owner_words(owner),
            "findings": [_finding(report, finding, anchors) for finding in some],
        }
        for (title, action, owner), some in grouped.items()
    ]


def _finding(report: Report, finding: Finding, anchors: Mapping[str, str]) -> dict[str, Any]:
    who = report.label(finding.subject)
    return {
        "id": finding.id,
        "number": finding.incident or readable.day(finding.occurred_on) or "No number",
        "link": anchors.get(finding.incident_id or "") or anchors.get(finding.incident or ""),
        "who": who,
        "words": without_number(finding, who or "the child"),
        "due": readable.moment(finding.due) if finding.kind != Kind.DUTY_OVERDUE else "",
        "first_seen": readable.uk_date(finding.first_seen),
        "acknowledged": readable.uk_date(finding.acknowledged_at) or ("yes" if finding.acknowledged else ""),
        "healed": finding.healed,
    }


def without_number(finding: Finding, who: str) -> str:
    """The sentence, which need not repeat the number, or the duty, that stands beside it."""
    if finding.kind == Kind.DUTY_OVERDUE and finding.due:
        return f"Was due {readable.moment(finding.due)}"
    told = finding.told_of(who)
    if finding.incident and told.startswith(f"{finding.incident}: "):
        told = told[len(finding.incident) + 2 :]
        return told[:1].upper() + told[1:]
    return told
