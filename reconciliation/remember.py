"""What the ledger knows of a finding beyond what was seen now: since when it stands, and whether it is acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ledger.findings import Seen, Standing
from reconciliation.finding import Finding


def to_keep(findings: Iterable[Finding]) -> list[Seen]:
    """The findings as the ledger keeps them: ids and kinds, no sentence."""
    return [
        Seen(
            id=finding.id,
            kind=finding.kind,
            severity=finding.severity.value,
            incident=finding.incident,
            target=finding.target,
            subject=finding.subject,
            occurred_on=finding.occurred_on,
        )
        for finding in findings
    ]


def with_standing(findings: Iterable[Finding], standing: Mapping[str, Standing]) -> tuple[Finding, ...]:
    """The findings with what the ledger knows of each. An acknowledged one stays, marked so."""
    return tuple(
        replace(
            finding,
            first_seen=known.first_seen,
            last_seen=known.last_seen,
            acknowledged=known.acknowledged_at is not None,
            acknowledged_at=known.acknowledged_at,
        )
        if (known := standing.get(finding.id))
        else finding
        for finding in findings
    )


def with_healed(findings: Iterable[Finding], healed: Collection[str]) -> tuple[Finding, ...]:
    """The findings, those marked that this run has put right; `healed` are their ids."""
    return tuple(replace(finding, healed=True) if finding.id in healed else finding for finding in findings)
