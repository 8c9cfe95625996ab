"""The findings as the HTML page lays them out: by urgency, and together where they ask the same of the same person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.duties import DUTY_TITLES
from reconciliation import readable
from reconciliation.finding import Finding, Kind
from reconciliation.report import Report

#: A group of more than this is folded after its first few.
_MOST, _FIRST = 12, 8


def owners(report: Report) -> dict[str, Any]:
    """Open findings counted by who can put them right and how soon, with the sums of both."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in report.open_findings:
        counted[finding.owner][finding.severity] += 1
    seen = [severity for severity in readable.LEVELS if any(counts[severity] for counts in counted.values())]
    rows = sorted(counted.items(), key=lambda item: [-item[1][severity] for severity in seen])
    both = [[counts[severity] for severity in seen] for _, counts in rows]
    together = [sum(column) for column in zip(*both, strict=True)]
    names = [readable.owner_words(owner) for owner, _ in rows]
    return {
        "levels": [{"id": severity.value, "title": readable.LEVELS[severity][0]} for severity in seen],
        "rows": [
            {"who": name[:1].upper() + name[1:], "counts": [*counts, sum(counts)]}
            for name, counts in zip(names, both, strict=True)
        ],
        "together": [*together, sum(together)],
    }


def levels(report: Report, anchors: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The findings by urgency, then those acknowledged, those of earlier looks, and those that this run healed."""
    open_ones = report.open_findings
    for severity, (title, words) in readable.LEVELS.items():
        some = [one for one in open_ones if one.severity is severity]
        yield from _level(report, severity.value, title, words, some, anchors)
    known = [one for one in report.findings if one.acknowledged]
    words = "A manager knows of these, with a reason in the ledger"
    yield from _level(report, "acknowledged", "Acknowledged", words, known, anchors)
    words = "Found by an earlier look; what would show them could not be read now"
    yield from _level(report, "earlier", "Not looked at again", words, report.earlier, anchors)
    healed = [one for one in report.findings if not one.is_open and not one.acknowledged]
    yield from _level(
        report, "healed", "Healed", "Found in this run, put right, and seen right afterwards", healed, anchors
    )


def _level(
    report: Report, level: str, title: str, words: str, findings: Sequence[Finding], anchors: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    if findings:
        groups = _groups(report, findings, anchors)
        yield {"id": level, "title": title, "words": words, "count": len(findings), "groups": groups}


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
            "count": len(some),
            "parts": _folded([_finding(report, finding, anchors) for finding in some]),
        }
        for (title, action, owner), some in grouped.items()
    ]


def _folded(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What is shown, and what is folded away where there is much of it."""
    return [rows[:_FIRST], rows[_FIRST:]] if len(rows) > _MOST else [rows]


def _finding(report: Report, finding: Finding, anchors: Mapping[str, str]) -> dict[str, Any]:
    who = report.label(finding.subject)
    return {
        "id": finding.id,
        "number": finding.incident or readable.day(finding.occurred_on) or "No number",
        "link": anchors.get(finding.incident_id or "") or anchors.get(finding.incident or ""),
        "who": who,
        "words": without_number(finding, who or "the child"),
        "due": "" if _says_when(finding) else readable.moment(finding.due),
        "first_seen": readable.uk_date(finding.first_seen),
        "acknowledged": readable.uk_date(finding.acknowledged_at) or ("yes" if finding.acknowledged else ""),
        "healed": finding.healed,
    }


def _says_when(finding: Finding) -> bool:
    """Whether its own sentence says when it was due."""
    return finding.kind == Kind.DUTY_OVERDUE or (finding.kind == Kind.LADO_UNDECIDED and finding.reason == "overdue")


def without_number(finding: Finding, who: str) -> str:
    """The sentence, which need not repeat the number, or the duty, that stands beside it."""
    if finding.kind == Kind.DUTY_OVERDUE and finding.due:
        obstacle = f": {finding.obstacle}" if finding.obstacle else ""
        return f"Was due {readable.moment(finding.due)}{obstacle}"
    told = finding.told_of(who)
    if finding.incident and told.startswith(f"{finding.incident}: "):
        told = told[len(finding.incident) + 2 :]
        return told[:1].upper() + told[1:]
    return told
