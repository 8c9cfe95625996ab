"""The source's own index against the ledger: what the ledger never saw, saw in an older version, or holds alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from connectors.protocols import IndexRow, SourceAnswer
from mappings.incident import Status
from reconciliation.finding import Finding, Kind
from reconciliation.telling import Record, tell
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, QuarantinedReport, Side, Target


@dataclass(frozen=True)
class SourceSide:
    """What the comparison with the index saw. Ids are the source's own."""

    listed: dict[str, IndexRow]
    missing: frozenset[str] = frozenset()
    """In the index and nowhere in the ledger."""
    stale: frozenset[str] = frozenset()
    """In both, and the ledger's is older or other."""
    gone: frozenset[str] = frozenset()
    """In the ledger for this period and not in the index."""
    unlisted: frozenset[str] = frozenset()
    """In quarantine alone and not in the index: of another period, or torn out; only the source can tell."""
    unseen: frozenset[str] = frozenset()
    """What the source has and the ledger lacks, or has otherwise, but for what waits in quarantine: to be fetched."""
    findings: tuple[Finding, ...] = ()


def listed_rows(evidence: Evidence) -> dict[str, IndexRow]:
    """The index's rows of this home and period, one an incident (an item served on two pages counts once)."""
    index = evidence.source.index
    if evidence.source.side is not Side.CHECKED or index is None:
        return {}
    return {
        row.incident_id: row
        for row in index.rows
        if row.home_id == evidence.home.id and evidence.start <= row.occurred_on <= evidence.end
    }


def compare_source(evidence: Evidence) -> SourceSide:
    """Compare the index with the ledger's incidents of the period; nothing is concluded when the index was not read."""
    if evidence.source.side is not Side.CHECKED or evidence.source.index is None:
        return SourceSide({})
    rows = listed_rows(evidence)
    ledger = {incident.incident_id: incident for incident in evidence.incidents}
    held = _quarantined_ids(rows, evidence.quarantined)
    missing, gone = set(rows) - set(ledger), set(ledger) - set(rows)
    unlisted = {one.source_id: _of_quarantined(one) for one in evidence.quarantined if one.source_id is not None}
    unlisted = {key: record for key, record in unlisted.items() if key not in rows and key not in ledger}
    torn_out = {key for key in unlisted if evidence.source.answers.get(key) is SourceAnswer.GONE}
    records = {key: Record.of_incident(incident) for key, incident in ledger.items()} | unlisted
    stale = {key for key in rows.keys() & ledger.keys() if _disagreement(rows[key], ledger[key]) is not None}
    findings = [
        *_missing(evidence, rows, missing - held),
        *_stale(evidence, rows, ledger, stale - held),
        *_gone(evidence, records, gone | torn_out),
        *_shared_numbers(evidence, rows),
    ]
    there = {key for key in gone if evidence.source.answers.get(key) is SourceAnswer.FOUND}
    unseen = (missing - evidence.discarded | stale | there) - held
    return SourceSide(
        rows,
        missing=frozenset(missing),
        stale=frozenset(stale),
        gone=frozenset(gone),
        unlisted=frozenset(unlisted),
        unseen=frozenset(unseen),
        findings=tuple(findings),
    )


def _quarantined_ids(rows: dict[str, IndexRow], waiting: Sequence[QuarantinedReport]) -> set[str]:
    ids = {report.source_id for report in waiting if report.source_id is not None}
    numbers = {report.number for report in waiting if report.source_id is None and report.number is not None}
    return {key for key, row in rows.items() if key in ids or row.number in numbers}


def _of_quarantined(report: QuarantinedReport) -> Record:
    return Record(report.number, report.source_id, None, None, report.occurred_on)


def _disagreement(row: IndexRow, incident: LedgerIncident) -> str | None:
    """How the index contradicts the ledger. A ledger that is newer than the index read a moment ago does not."""
    if (row.version, row.modified_at) > (incident.source_version, incident.modified_at):
        return "version"
    if (row.version, row.modified_at) < (incident.source_version, incident.modified_at):
        return None
    if row.status != incident.status:
        return "status"
    if row.occurred_on != incident.occurred_on:
        return "day"
    content = incident.incident
    if content is not None and row.child_ids and set(row.child_ids) != {child.child_id for child in content.children}:
        return "children"
    return None


def _missing(evidence: Evidence, rows: dict[str, IndexRow], ids: set[str]) -> Iterator[Finding]:
    for key in sorted(ids):
        row = rows[key]
        record = Record(row.number, key, Target.LEDGER, None, row.occurred_on)
        reason = "discarded" if key in evidence.discarded else "ledger"
        yield tell(evidence.home.id, Kind.MISSING, record, reason=reason, about=key)


def _stale(
    evidence: Evidence, rows: dict[str, IndexRow], ledger: dict[str, LedgerIncident], ids: set[str]
) -> Iterator[Finding]:
    for key in sorted(ids):
        record = Record.of_incident(ledger[key], Target.LEDGER)
        yield tell(evidence.home.id, Kind.DIFFERENT, record, reason=_disagreement(rows[key], ledger[key]), about=key)


def _gone(evidence: Evidence, records: dict[str, Record], ids: set[str]) -> Iterator[Finding]:
    sent: dict[str, list[LedgerDelivery]] = defaultdict(list)
    for delivery in evidence.deliveries:
        if delivery.was_accepted:
            sent[delivery.incident_id].append(delivery)
    for key in sorted(ids):
        answer = evidence.source.answers.get(key)
        record = replace(records[key], target=Target.LEDGER)
        if answer is SourceAnswer.FOUND:
            yield tell(evidence.home.id, Kind.DIFFERENT, record, reason="unlisted", about=key)
        elif answer is SourceAnswer.FORBIDDEN:
            yield tell(evidence.home.id, Kind.DIFFERENT, record, reason="forbidden", about=key)
        else:
            record = replace(record, target=Target.SOURCE)
            reason = "gone_from_source" if sent[key] else "gone_unsent"
            if key in evidence.source.moved:
                reason = "moved" if sent[key] else "moved_unsent"
            yield tell(evidence.home.id, Kind.ORPHAN, record, reason=reason, about=key)


def _shared_numbers(evidence: Evidence, rows: dict[str, IndexRow]) -> Iterator[Finding]:
    by_number: dict[str, list[IndexRow]] = defaultdict(list)
    for row in rows.values():
        by_number[row.number].append(row)
    for number, sharing in sorted(by_number.items()):
        live = [row for row in sharing if row.status != Status.VOID]
        if len(live) > 1:
            record = Record(number, None, Target.SOURCE, None, min(row.occurred_on for row in live))
            yield tell(evidence.home.id, Kind.DOUBLED, record, reason="number")
