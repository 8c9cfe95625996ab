"""The control totals: every incident of the period lands in exactly one row, and the rows add up to the source's total.

verified      everything owed to Mosaic and the daily log was seen there, and mail was taken by the next server
quarantined   the report could not be understood; nothing was sent
draft         staff have not submitted it; nothing was sent
exempt        nothing owed: every held child is exempt under its EHC plan and what was recorded was seen, or the
              report was void before anything was sent (`void` says how many of those)
outstanding   anything else: somebody must look, or a run must finish
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.states import DeliveryState
from mappings.exemption import wholly_exempt
from mappings.incident import Status
from reconciliation.source_side import SourceSide
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, QuarantinedReport, Side, Target


class Row(StrEnum):
    """Where an incident of the period stands."""

    VERIFIED = "verified"
    QUARANTINED = "quarantined"
    DRAFT = "draft"
    EXEMPT = "exempt"
    OUTSTANDING = "outstanding"


@dataclass(frozen=True)
class Totals:
    """The rows as counts. `source` is None when the source's index could not be read; then nothing is balanced."""

    source: int | None
    ledger: int
    verified: int
    quarantined: int
    draft: int
    exempt: int
    outstanding: int
    balanced: bool
    void: int = 0
    """How many of `exempt` were void before anything was sent."""
    not_in_ledger: int = 0
    """How many of `outstanding` the ledger has never seen."""
    not_at_source: int = 0
    """Incidents of the ledger that the source no longer lists; they are in no row."""
    swept: int = 0
    """How many were found by the sweep of the index, not by the pull."""

    @property
    def sum_of_rows(self) -> int:
        """What the rows add up to."""
        return self.verified + self.quarantined + self.draft + self.exempt + self.outstanding


@dataclass(frozen=True)
class Standing:
    """Where each incident of the period landed, by the source's id, and the totals."""

    rows: Mapping[str, Row]
    totals: Totals


def count(evidence: Evidence, source: SourceSide, seen_right: frozenset[int], incomplete: frozenset[str]) -> Standing:
    """Put every incident of the period into its row.

    `seen_right`: ids of deliveries that a read found as they were sent. `incomplete`: ids of incidents for which
    something was never even planned.
    """
    by_incident: dict[str, list[LedgerDelivery]] = defaultdict(list)
    for delivery in evidence.deliveries:
        by_incident[delivery.incident_id].append(delivery)
    ledger = {incident.incident_id: incident for incident in evidence.incidents}
    checked = evidence.source.side is Side.CHECKED
    quarantined = _quarantined(evidence, source)
    ids = list(source.listed) if checked else list(dict.fromkeys([*ledger, *quarantined]))
    void = set[str]()
    rows: dict[str, Row] = {}
    for key in ids:
        incident = ledger.get(key)
        if key in quarantined:
            rows[key] = Row.QUARANTINED
        elif incident is None or key in source.stale:
            rows[key] = Row.OUTSTANDING
        else:
            owed = [one for one in by_incident[key] if one.state is not DeliveryState.SUPERSEDED]
            if incident.status is Status.VOID and not owed:
                void.add(key)
            rows[key] = _row(evidence, incident, owed, seen_right, complete=key not in incomplete)
    counted = Counter(rows.values())
    stored = {key for key in ledger if not checked or key in source.listed} | (set(quarantined) & set(ids))
    gone = len(source.gone)
    totals = Totals(
        source=len(source.listed) if checked else None,
        ledger=len(stored) + gone,
        verified=counted[Row.VERIFIED],
        quarantined=counted[Row.QUARANTINED],
        draft=counted[Row.DRAFT],
        exempt=counted[Row.EXEMPT],
        outstanding=counted[Row.OUTSTANDING],
        balanced=checked and not gone and len(stored) == len(source.listed) == sum(counted.values()),
        void=len(void),
        not_in_ledger=sum(1 for key in ids if key not in stored),
        not_at_source=gone,
        swept=sum(1 for key in ids if key in ledger and ledger[key].found_by == "index sweep"),
    )
    return Standing(rows, totals)


def _quarantined(evidence: Evidence, source: SourceSide) -> dict[str, QuarantinedReport]:
    """Quarantined reports by incident id; one whose id is unreadable is found by its number in the index."""
    found: dict[str, QuarantinedReport] = {}
    ids_by_number = {row.number: key for key, row in source.listed.items()}
    for report in evidence.quarantined:
        key = report.source_id or ids_by_number.get(report.number or "") or f"quarantined:{report.id}"
        found[key] = report
    return found


def _row(
    evidence: Evidence,
    incident: LedgerIncident,
    owed: Sequence[LedgerDelivery],
    seen_right: frozenset[int],
    *,
    complete: bool,
) -> Row:
    if incident.status is Status.DRAFT:
        return Row.DRAFT
    if not owed:
        return Row.EXEMPT if incident.status is Status.VOID else Row.OUTSTANDING
    if not complete or not all(_is_done(evidence, delivery, seen_right) for delivery in owed):
        return Row.OUTSTANDING
    if incident.incident is not None and wholly_exempt(incident.incident):
        return Row.EXEMPT
    return Row.VERIFIED


def _is_done(evidence: Evidence, delivery: LedgerDelivery, seen_right: frozenset[int]) -> bool:
    """Done is what was seen. Mail is done when it was taken (RULINGS 16); a LADO package waits for a person.

    Where a target could not be read now, an earlier look counts, unless the last one found something wrong, and an
    unseen acceptance does not.
    """
    if delivery.target == Target.LADO:
        return True
    if delivery.target == Target.EMAIL:
        return delivery.was_accepted
    if delivery.id in seen_right:
        return True
    unread = evidence.side(delivery.target) is not Side.CHECKED
    doubted = (delivery.number, delivery.target) in evidence.doubted
    return unread and delivery.state is DeliveryState.VERIFIED and not doubted
