"""What the ledger knows of a finding beyond what was seen now: since when it stands, and whether it is acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from ledger.findings import Seen, Standing
from reconciliation.compare import Comparison
from reconciliation.finding import Finding, Owner, Severity
from reconciliation.views import Evidence, Side, Target
from reconciliation.wording import TARGET_NAMES

_DONE = "Nothing: this run has put it right."


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


def earlier_findings(
    evidence: Evidence, comparison: Comparison, standing: Mapping[str, Standing]
) -> tuple[Finding, ...]:
    """Open findings of earlier looks at this period, about what could not be read now: they stand as they were."""
    now = {one.id for one in comparison.findings}
    unread = {str(side) for side, state in comparison.checked.items() if state is Side.NOT_CHECKED}
    unread |= {str(Target.LEDGER)} if Target.SOURCE in unread else set()
    return tuple(
        _told_again(evidence.home.id, known)
        for key, known in standing.items()
        if key not in now and known.seen.target in unread and _in_period(evidence, known.seen.occurred_on)
    )


def _in_period(evidence: Evidence, day: date | None) -> bool:
    return day is None or evidence.start <= day <= evidence.end


def _told_again(home: str, known: Standing) -> Finding:
    seen = known.seen
    return Finding(
        id=seen.id,
        home=home,
        kind=seen.kind,
        severity=Severity(seen.severity),
        sentence="Found by an earlier look, and not looked at again.",
        action=f"Look again when {TARGET_NAMES.get(seen.target or '', seen.target)} can be read; until then it stands.",
        owner=Owner.IT,
        incident=seen.incident,
        target=seen.target,
        subject=seen.subject,
        occurred_on=seen.occurred_on,
        first_seen=known.first_seen,
        last_seen=known.last_seen,
        acknowledged=known.acknowledged_at is not None,
        acknowledged_at=known.acknowledged_at,
    )


def with_healed(findings: Iterable[Finding], healed: Collection[str]) -> tuple[Finding, ...]:
    """The findings, those marked that this run has put right; `healed` are their ids."""
    return tuple(
        replace(finding, healed=True, action=_DONE) if finding.id in healed else finding for finding in findings
    )
