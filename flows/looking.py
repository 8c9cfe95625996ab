"""Look at both ends: the source's index, the ledger, the targets as they are now. Reading only.

What cannot be read is `not_checked`; it never looks like "nothing there".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from config.home import Home
from connectors.errors import ConnectorError, Rejected
from connectors.protocols import HeldNote
from flows.ledger_look import ledger_side
from flows.replica_look import look_at_replica
from flows.site import Site
from mappings.bodies import EntryBody, NoteBody
from mappings.flags import LogDay, ReportDay, unrecorded_restraints
from mappings.incident import Status
from mappings.owed import Target
from mappings.reference import PATTERN
from mappings.uk_time import uk_day
from reconciliation.compare import second_looks, with_notes
from reconciliation.log_side import names_of
from reconciliation.views import (
    Evidence,
    LogView,
    NotesView,
    Side,
    SourceView,
)

#: So far before and after is an entry looked for that the log has accepted and did not list.
_AROUND = timedelta(days=62)


@dataclass
class Looked:
    """What was seen, and what could not be."""

    evidence: Evidence
    faults: dict[str, str] = field(default_factory=dict)


def look_at_source(site: Site, home: Home, start: date, end: date) -> tuple[SourceView, str | None]:
    """The source's own index of the range, or why it could not be read."""
    try:
        return SourceView(Side.CHECKED, site.source.index(home.id, start, end)), None
    except ConnectorError as why:
        return SourceView(Side.NOT_CHECKED), why.message


def look(
    site: Site, home: Home, start: date, end: date, as_of: datetime, source: SourceView, fault: str | None
) -> Looked:
    """Everything that one reconciliation of one home and period can see now."""
    if source.index is not None and source.index.end < end:
        end = max(source.index.end, start)  # the source claims completeness only so far
    looked = Looked(ledger_side(site, home, start, end, as_of, source))
    if fault is not None:
        looked.faults["source"] = fault
    evidence = looked.evidence
    evidence = replace(evidence, mosaic=_mosaic(site, evidence, looked.faults))
    evidence = replace(evidence, daily_log=_daily_log(site, evidence, looked.faults))
    evidence = replace(evidence, unrecorded=_unrecorded(evidence))
    evidence = _second_looks(site, home, evidence, looked.faults)
    days = _days(evidence)
    looked.evidence = replace(
        evidence, replica=look_at_replica(site, evidence, _people(evidence), *days, faults=looked.faults)
    )
    return looked


def _mosaic(site: Site, evidence: Evidence, faults: dict[str, str]) -> NotesView:
    store = site.mosaic
    if store is None:
        return NotesView(Side.ABSENT)
    people = _people(evidence)
    notes: dict[int, Sequence[HeldNote]] = {}
    unreadable: set[int] = set()
    start, end = _days(evidence)

    def read(person: int) -> None:
        try:
            notes[person] = store.list(person, start, end)
        except Rejected:
            unreadable.add(person)

    fault = _each(site, "reading Mosaic", sorted(people), read)
    if not people and fault is None:
        health = store.check()
        fault = None if health.ok else health.sentence
    if fault is not None:
        faults[Target.MOSAIC] = fault
        return NotesView(Side.NOT_CHECKED)
    return NotesView(Side.CHECKED, notes, frozenset(unreadable))


def _people(evidence: Evidence) -> frozenset[int]:
    """Mosaic's persons on whose records our notes lie, or belong."""
    people = {one.person_id for one in evidence.deliveries if one.target == Target.MOSAIC and one.person_id}
    for incident in evidence.incidents:
        for child in incident.incident.children if incident.incident else ():
            person = child.mosaic_person()
            if person is not None:
                people.add(person)
    return frozenset(people)


def _days(evidence: Evidence) -> tuple[date, date]:
    """The period, the days of the incidents that count as of it, and those to which their records were sent."""
    days = [evidence.start, *(incident.occurred_on for incident in evidence.incidents)]
    for one in evidence.deliveries:
        if isinstance(one.body, NoteBody | EntryBody):
            days.append(uk_day(one.body.effective_date if isinstance(one.body, NoteBody) else one.body.entry_time))
    return min(evidence.start, *days), max(evidence.end, *days)


def _daily_log(site: Site, evidence: Evidence, faults: dict[str, str]) -> LogView:
    store = site.daily_log
    if store is None:
        return LogView(Side.ABSENT)
    try:
        start, end = _days(evidence)
        return LogView(Side.CHECKED, tuple(store.list(evidence.home.id, start, end)))
    except ConnectorError as why:
        faults[Target.DAILY_LOG] = why.message
        return LogView(Side.NOT_CHECKED)


def _second_looks(site: Site, home: Home, evidence: Evidence, faults: dict[str, str]) -> Evidence:
    """Ask singly for what a list did not show, before absence is believed."""
    wanted = second_looks(evidence)
    answers = dict(evidence.source.answers)
    moved = set[str]()
    try:
        for incident_id in wanted.incidents:
            record = site.source.get(home.id, incident_id)
            answers[incident_id] = record.answer
            moved |= {incident_id} if record.moved else set()
    except ConnectorError as why:
        faults.setdefault("source", why.message)
        evidence = replace(evidence, source=SourceView(Side.NOT_CHECKED))
        answers = {}
    source = replace(evidence.source, answers=answers, moved=frozenset(moved)) if answers else evidence.source
    evidence = replace(evidence, source=source)
    evidence = replace(evidence, mosaic=_with_single_notes(site, evidence.mosaic, wanted.notes, faults))
    return replace(evidence, daily_log=_with_moved_entries(site, evidence, wanted.entries, faults))


def _with_moved_entries(site: Site, evidence: Evidence, wanted: frozenset[str], faults: dict[str, str]) -> LogView:
    """The log with those of these entries that somebody moved to a day shortly before or after what was listed."""
    store = site.daily_log
    if store is None or not wanted:
        return evidence.daily_log
    start, end = _days(evidence)
    day = timedelta(days=1)
    try:
        around = [
            *store.list(evidence.home.id, start - _AROUND, start - day),
            *store.list(evidence.home.id, end + day, end + _AROUND),
        ]
    except ConnectorError as why:
        faults.setdefault(Target.DAILY_LOG, why.message)
        return LogView(Side.NOT_CHECKED)
    moved = [entry for entry in around if names_of(entry) & wanted]
    return replace(evidence.daily_log, entries=(*evidence.daily_log.entries, *moved))


def _with_single_notes(site: Site, view: NotesView, wanted: Sequence[str], faults: dict[str, str]) -> NotesView:
    """The view with these notes, asked for one by one. A note that refuses us says nothing about the others."""
    if site.mosaic is None:
        return view
    found: list[HeldNote] = []
    refused = set(view.refused)
    try:
        for note_id in wanted:
            try:
                note = site.mosaic.get(note_id)
            except Rejected:
                refused.add(note_id)
                continue
            if note is not None:
                found.append(note)
    except ConnectorError as why:
        faults.setdefault(Target.MOSAIC, why.message)
        return NotesView(Side.NOT_CHECKED)
    return replace(with_notes(view, found), refused=frozenset(refused))


def _each(site: Site, stage: str, items: Sequence[Any], work: Callable[[Any], None]) -> str | None:
    """Do it for each on the network threads; the first fault ends it and is returned as its sentence.

    Raises KeyboardInterrupt when the run is to stop: what was seen of a part would be told as if it were all.
    """
    done = 0
    with ThreadPoolExecutor(site.settings.delivery.threads) as pool:
        futures = [pool.submit(work, item) for item in items]
        for future in futures:
            if site.stopping.is_set():
                pool.shutdown(wait=False, cancel_futures=True)
                raise KeyboardInterrupt
            try:
                future.result()
            except ConnectorError as why:
                for other in futures:
                    other.cancel()
                return why.message
            done += 1
            site.progress(stage, done, len(items))
    return None


def _unrecorded(evidence: Evidence) -> tuple[Any, ...]:
    """Of the period alone: the reports of other days that the log was read for are not all known here."""
    if evidence.daily_log.side is not Side.CHECKED:
        return ()
    ours = {one.remote_id for one in evidence.deliveries if one.target == Target.DAILY_LOG and one.remote_id}
    entries = [
        LogDay(
            entry.remote_id,
            uk_day(entry.entry_time),
            frozenset(entry.child_ids),
            entry.text,
            ours=entry.remote_id in ours or bool(entry.reference and PATTERN.search(entry.reference)),
        )
        for entry in evidence.daily_log.entries
        if evidence.start <= uk_day(entry.entry_time) <= evidence.end
    ]
    return unrecorded_restraints(entries, _report_days(evidence), words=evidence.home.restraint_words)


def _report_days(evidence: Evidence) -> Iterable[ReportDay]:
    for incident in evidence.incidents:
        children = frozenset(child.child_id for child in incident.incident.children) if incident.incident else None
        yield ReportDay(incident.occurred_on, children, void=incident.status is Status.VOID)
    listed = {row.incident_id: row for row in evidence.source.index.rows} if evidence.source.index else {}
    for one in evidence.quarantined:
        row = listed.get(one.source_id or "")
        if row is not None:
            yield ReportDay(row.occurred_on, frozenset(row.child_ids) or None)
        elif one.occurred_on is not None:
            yield ReportDay(one.occurred_on, None)
