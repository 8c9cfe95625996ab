"""The report for machines: the JSON of `reconcile --json`, with the published schema `report.schema.json`.

Times are ISO 8601 in UTC. Children and adults are the source's own ids; nothing here is a name or free text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from reconciliation.duty_table import DutyLine
from reconciliation.finding import Finding
from reconciliation.report import Report


def json_document(report: Report, *, exit_code: int, files_written: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document. `files_written`: kind of file (html, xlsx, csv, pdf) to its path."""
    totals = report.totals
    return {
        "home": report.home,
        "from": report.start.isoformat(),
        "to": report.end.isoformat(),
        "as_of": _utc(report.as_of),
        "exit_code": exit_code,
        "checked": {str(side): str(state) for side, state in report.checked.items()},
        "totals": {
            "source": totals.source,
            "ledger": totals.ledger,
            "verified": totals.verified,
            "quarantined": totals.quarantined,
            "draft": totals.draft,
            "exempt": totals.exempt,
            "outstanding": totals.outstanding,
            "balanced": totals.balanced,
            "void": totals.void,
            "not_in_ledger": totals.not_in_ledger,
            "not_at_source": totals.not_at_source,
            "found_by_index_sweep": totals.swept,
        },
        "verdict": {"tone": str(report.verdict.tone), "headline": report.verdict.headline},
        "targets": {
            str(line.target): {
                "owed": line.owed,
                "seen": line.seen,
                "accepted_not_seen": line.accepted,
                "not_settled": line.unsettled,
            }
            for line in report.target_lines
        },
        "findings": [finding_document(finding) for finding in report.findings],
        "duties": [_duty_line(line) for line in report.duty_lines],
        "resolved": report.resolved,
        "not_looked_at": report.not_looked_at,
        "report": dict(files_written or {}),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "id": finding.id,
        "kind": finding.kind,
        "reason": finding.reason,
        "severity": finding.severity.value,
        "incident": finding.incident,
        "incident_id": finding.incident_id,
        "target": finding.target,
        "subject": finding.subject,
        "due": _utc(finding.due),
        "first_seen": _utc(finding.first_seen),
        "last_seen": _utc(finding.last_seen),
        "acknowledged": finding.acknowledged,
        "acknowledged_at": _utc(finding.acknowledged_at),
        "healed": finding.healed,
        "message": finding.message,
        "action": finding.action,
        "owner": finding.owner,
    }


def schema() -> dict[str, Any]:
    """The published JSON Schema of the document."""
    text = files("reconciliation").joinpath("report.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _duty_line(line: DutyLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "on_time": line.on_time,
        "late": line.late,
        "overdue": line.overdue,
        "open": line.open,
        "not_checked": line.not_checked,
        "not_applicable": line.not_applicable,
        "rate": None if line.rate is None else round(line.rate, 4),
    }


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
