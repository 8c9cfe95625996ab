"""Look at the ledger: its incidents of the period, what is owed of each, and what could not be understood.

Reading only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row

from config.home import Home
from flows.case_files import CaseFile, case_files
from flows.site import Site
from flows.submissions import state_of
from ledger import findings, quarantine, runs, standing
from ledger.standing import HeldIncident
from ledger.states import DeliveryState
from mappings.bodies import AppendmentBody, EntryBody, NoteBody
from mappings.incident import Status
from mappings.owed import Action, Target
from mappings.running_numbers import misfits, number_gaps
from reconciliation.finding import NOT_IN_PLACE
from reconciliation.views import (
    Evidence,
    FoundBy,
    LastGood,
    LedgerDelivery,
    LedgerIncident,
    QuarantinedReport,
    RevisionSeen,
    SourceView,
    Submission,
)

_BODIES: dict[tuple[str, str], type[NoteBody | AppendmentBody | EntryBody]] = {
    (Target.MOSAIC, Action.CREATE): NoteBody,
    (Target.MOSAIC, Action.APPEND): AppendmentBody,
    (Target.DAILY_LOG, Action.CREATE): EntryBody,
    (Target.DAILY_LOG, Action.CORRECT): EntryBody,
}


def ledger_side(site: Site, home: Home, start: date, end: date, as_of: datetime, source: SourceView) -> Evidence:
    """The ledger's incidents of the period, those that the index places in it, and what the ledger says of each."""
    listed = [row.incident_id for row in source.index.rows] if source.index else []
    with site.ledger.reading() as connection:
        held = standing.incidents(connection, [home.id], start=start, end=end)
        known = {one.source_id for one in held}
        # The index may place a report on another day than the ledger does: both count as of this period.
        moved = standing.incidents_by_source(connection, home.id, [one for one in listed if one not in known])
        held = sorted([*held, *moved], key=lambda one: (one.occurred_at, one.key))
        waiting = quarantine.waiting(connection, [home.id])
        discarded = quarantine.discarded(connection, home.id)
        numbers = standing.numbers(connection, home.id)
        doubted = findings.unresolved(connection, home.id, NOT_IN_PLACE)
        pulled, reconciled = (runs.last_good(connection, home.id, kind, as_of) for kind in ("pull", "reconcile"))
        last = LastGood(pulled, reconciled)
    files = case_files(site, home, held, as_of)
    in_range = {row.number for row in source.index.rows} if source.index else set()
    quarantined = tuple(_quarantined(one) for one in waiting if _of_period(one, listed, start, end))
    home_of = cache(lambda reference: standing.home_of_reference(site.ledger, reference))
    present = [*numbers, *in_range, *(one.number for one in waiting if one.number)]
    return Evidence(
        home=home,
        start=start,
        end=end,
        as_of=as_of,
        source=source,
        incidents=tuple(_incident(file) for file in files),
        quarantined=quarantined,
        discarded=discarded,
        deliveries=tuple(delivery for file in files for delivery in _deliveries(site, file)),
        duties={file.held.source_id: tuple(file.duties) for file in files},
        flags={file.held.source_id: tuple(file.flags) for file in files},
        number_gaps=number_gaps(
            present, home.prefix, in_range=[*in_range, *(one.number for one in held)], first_ever=_first(numbers)
        ),
        misfits=misfits(_readable_numbers(source, waiting), home.prefix),
        submissions=tuple(one for file in files for one in _submissions(file)),
        targets=frozenset(target for target in site.targets if target in (Target.MOSAIC, Target.DAILY_LOG)),
        knows=lambda reference: home_of(reference) is not None,
        of_another_home=lambda reference: home_of(reference) not in (None, home.id),
        doubted=doubted,
        last_good=last,
    )


def _of_period(one: quarantine.Quarantined, listed: Sequence[str], start: date, end: date) -> bool:
    """Quarantined reports of this period: by the index, else by their own day, else nobody knows and they count."""
    if one.source_id is not None and one.source_id in listed:
        return True
    return one.occurred_on is None or start <= one.occurred_on <= end


def _readable_numbers(source: SourceView, waiting: Sequence[quarantine.Quarantined]) -> list[str]:
    """Numbers of the listed reports, but for those in quarantine: what is wrong with these is said there."""
    unread = {one.source_id for one in waiting}
    return [row.number for row in source.index.rows if row.incident_id not in unread] if source.index else []


def _first(numbers: Sequence[str]) -> str | None:
    """The first number that the ledger ever saw, by when it saw it, of its year's lowest (RULINGS 7)."""
    return min(numbers) if numbers else None


def _quarantined(one: quarantine.Quarantined) -> QuarantinedReport:
    return QuarantinedReport(
        one.id, one.source_id, one.number, one.fields, one.first_seen, one.last_seen, one.occurred_on
    )


def _incident(file: CaseFile) -> LedgerIncident:
    held: HeldIncident = file.held
    return LedgerIncident(
        home=held.home,
        incident_id=held.source_id,
        number=held.number,
        status=Status(held.status),
        occurred_at=held.occurred_at,
        occurred_on=held.occurred_on,
        revision=held.revision,
        source_version=held.source_version,
        modified_at=held.source_modified_at,
        first_seen=held.first_seen,
        incident=file.report,
        found_by=FoundBy(held.found_by),
        revisions=tuple(RevisionSeen(one.number, one.status, one.seen_at) for one in file.revisions),
    )


def _deliveries(site: Site, file: CaseFile) -> Iterable[LedgerDelivery]:
    waits = standing.waits_behind(file.deliveries)
    entries: dict[int, str | None] = {}
    last_entry: str | None = None
    for row in file.deliveries:
        if row.target == Target.DAILY_LOG:
            entries[row.id] = last_entry if row.action == Action.CORRECT else None
            if row.remote_id and row.state in (DeliveryState.ACCEPTED, DeliveryState.VERIFIED):
                last_entry = row.remote_id
    for row in file.deliveries:
        yield _delivery(site, file, row, waits.get(row.id), entries.get(row.id))


def _delivery(
    site: Site, file: CaseFile, row: Row[Any], behind: Row[Any] | None, corrects: str | None
) -> LedgerDelivery:
    kind = _BODIES.get((row.target, row.action))
    body = None
    if kind is not None and row.body is not None:
        body = kind.model_validate_json(site.ledger.vault.open(row.body, f"delivery:{row.key}"))
    return LedgerDelivery(
        id=row.id,
        incident_id=file.held.source_id,
        number=file.held.number,
        revision=row.revision,
        target=row.target,
        action=row.action,
        subject=row.subject,
        state=DeliveryState(row.state),
        reference=row.reference,
        since=row.state_since,
        created_at=row.planned_at,
        body=body,
        part=row.part,
        remote_id=row.remote_id,
        person_id=row.person_id,
        accepted_at=row.accepted_at,
        attempts=row.attempts,
        why=row.why,
        cause=row.cause,
        waits_behind=behind.id if behind is not None else None,
        corrects=corrects,
    )


def _submissions(file: CaseFile) -> Iterable[Submission]:
    for row in file.deliveries:
        made = file.decisions.get(row.id, ())
        state = state_of(row, made)
        if row.target == Target.LADO and state != "superseded":
            yield Submission(
                id=row.id,
                incident_id=file.held.source_id,
                number=file.held.number,
                revision=row.revision,
                adult=row.subject,
                triggers=tuple(row.detail.get("triggers", ())),
                state=state,
                due_at=row.priority_at,
                decided_at=made[0].at if made else None,
            )
