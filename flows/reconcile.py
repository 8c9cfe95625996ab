"""reconcile: look again at both ends, independently; keep what was found; write the report.

The sweep of the source's index is the guarantee that no report is missed: what it shows and no pull has seen is
fetched here and planned, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.errors import ConfigurationError
from config.home import Home
from connectors.errors import ConnectorError
from connectors.protocols import IndexRow
from flows import deliver as delivery_stage
from flows import pull
from flows.exit_codes import ExitCode
from flows.ids import Ids
from flows.looking import Looked, look, look_at_source
from flows.site import Site
from ledger import children, desk, findings, outbox, runs, standing
from ledger.crash_points import reach
from ledger.errors import Refused
from ledger.findings import Kept
from ledger.reports import Stored
from ledger.standing import HeldIncident
from mappings.uk_time import uk_day
from reconciliation.compare import Comparison, compare
from reconciliation.finding import Finding
from reconciliation.json_document import json_document
from reconciliation.merge import Gap, Staging, differences
from reconciliation.remember import earlier_findings, to_keep, with_healed, with_standing
from reconciliation.report import Report, report_of
from reconciliation.report_files import write_report_files
from reconciliation.views import Evidence, Side, SourceView


@dataclass
class _Healing:
    """What `--heal` did."""

    sent: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def reconcile(
    site: Site,
    home: Home,
    start: date,
    end: date,
    out: Path,
    *,
    heal: bool = False,
    as_of: datetime | None = None,
    shown_to: Callable[[Report], object] = lambda _: None,
) -> dict[str, Any]:
    """Reconcile one home and period (UK days, both included); returns the JSON of FACE.md.

    A side that cannot be read makes the exit code 3 and its column "not checked"; the report is written all the same.
    `shown_to` gets the report itself, once it is written. `as_of`: judge deadlines as of another moment; what is found
    then is shown and not kept, so that no finding is opened or resolved by it.
    """
    run = runs.begin(site.ledger, home.id, "reconcile")
    moment = as_of or site.ledger.now()
    looked, comparison, swept = _look(site, home, start, end, moment)
    outbox.read_back(site.ledger, sorted(comparison.verified), site.worker)
    reach("reconcile.verified")
    healing = _Healing()
    before = comparison
    if heal and (comparison.healable or comparison.unfinished):
        healing = _heal(site, home, looked.evidence, comparison)
        looked = look(site, home, start, end, moment, looked.evidence.source, looked.faults.get("source"))
        comparison = compare(looked.evidence)
        outbox.read_back(site.ledger, sorted(comparison.verified), site.worker)
        healing.sent &= {one.id for one in looked.evidence.deliveries if one.was_accepted}
    if comparison.verified:
        # What was verified just now is proof for the duties that it meets.
        looked = replace(looked, evidence=_with_fresh_duties(site, home, looked.evidence))
        comparison = compare(looked.evidence)
    known = findings.open_ones(site.ledger, home.id)
    kept = known if as_of else _keep(site, home, looked.evidence, comparison)
    healed = with_standing(_gone(before, comparison), known.standing) if heal else ()
    shown = with_standing(comparison.findings, kept.standing) + with_healed(healed, {one.id for one in healed})
    report = _report(site, home, looked.evidence, comparison, shown, kept)
    code = _exit_code(comparison, report)
    written = _write(report, out, code)
    counts = {"findings": len(shown), "swept": swept, "source": comparison.totals.source}
    runs.end(site.ledger, run, good=not looked.faults, counts=counts)
    shown_to(report)
    age = looked.evidence.replica.age
    return {
        **json_document(report, exit_code=int(code), files_written=written),
        "faults": looked.faults,
        "replica_as_of": age.as_of.isoformat() if age and age.as_of else None,
        "found_by_index": swept,
        "healed": {"sent": len(healing.sent), "finished": len(healing.finished), "refused": healing.refused},
    }


def _look(site: Site, home: Home, start: date, end: date, moment: datetime) -> tuple[Looked, Comparison, int]:
    """Look at everything, after the sweep; and again where the source still has what the ledger lacks.

    Returns what was seen, how it compares, and how many reports were found by the index.
    """
    source, fault = look_at_source(site, home, start, end)
    swept = _sweep(site, home, source)
    reach("reconcile.swept")
    looked = look(site, home, start, end, moment, source, fault)
    comparison = compare(looked.evidence)
    fetched = _fetch(site, home, comparison.unseen_incidents)
    if not comparison.unseen_incidents or fetched is None:
        return looked, comparison, swept
    # It may be a sync that came by while we looked: the index is asked again before it is called incomplete.
    source, fault = look_at_source(site, home, start, end)
    looked = look(site, home, start, end, moment, source, fault)
    return looked, compare(looked.evidence), swept + _found(fetched)


def _sweep(site: Site, home: Home, source: SourceView) -> int:
    """Fetch what the index shows and the ledger has not, or not so; returns how many were new."""
    if source.index is None:
        return 0
    rows = {row.incident_id: row for row in source.index.rows}
    with site.ledger.reading() as connection:
        unlike = _unlike(connection, home, source.index.rows)
        held = {one.source_id: one for one in standing.incidents_by_source(connection, home.id, unlike)}
        waiting = {one.source_id for one in _waiting(connection, home)}
    unseen = [
        incident_id
        for incident_id in unlike
        if incident_id not in held or _is_behind(held[incident_id], rows[incident_id])
    ]
    # What waits in quarantine may have been mended; that it is still not understood is nothing new.
    again = _fetch(site, home, [one for one in unseen if one in waiting])
    found = _found(_fetch(site, home, [one for one in unseen if one not in waiting]))
    return found + (again.changed if again else 0)


def _fetch(site: Site, home: Home, incident_ids: Iterable[str]) -> Stored | None:
    """Fetch these from the source, one by one; None where it fails: the comparison then says that they are missing."""
    try:
        return pull.fetch(site, home, sorted(incident_ids))
    except ConnectorError:
        return None


def _found(stored: Stored | None) -> int:
    """How many were not known as they are."""
    return stored.changed + stored.quarantined if stored else 0


def _unlike(connection: Any, home: Home, listed: Sequence[IndexRow]) -> list[str]:
    """Ids that the index lists and the ledger has not, or not so. However long both are, only these are held."""

    def state(version: int, modified_at: datetime, status: str, day: date) -> str:
        return f"{version} {modified_at.timestamp()} {status} {day}"

    with Staging() as staging:
        index = staging.put((r.incident_id, state(r.version, r.modified_at, r.status, r.occurred_on)) for r in listed)
        held = staging.put(
            (one.source_id, state(one.source_version, one.source_modified_at, one.status, one.occurred_on))
            for one in standing.each(connection, home.id)
        )
        found = differences(staging.connection, index, held)
        return sorted({one.key for one in found if one.gap is not Gap.RIGHT_ONLY})


def _is_behind(held: HeldIncident, row: IndexRow) -> bool:
    """Whether the index shows a later state than the ledger has, or another status or day of the same version."""
    if (row.version, row.modified_at) > (held.source_version, held.source_modified_at):
        return True
    same = (row.status, row.occurred_on) == (held.status, held.occurred_on)
    return not same and row.version >= held.source_version


def _waiting(connection: Any, home: Home) -> Sequence[Any]:
    from ledger import quarantine

    return quarantine.waiting(connection, [home.id])


def _heal(site: Site, home: Home, evidence: Evidence, comparison: Comparison) -> _Healing:
    """Send what was never accepted and is proven absent, and finish our own drafts (RULINGS 14).

    A note beside one that a person seems to have typed is left: a person compares first (WEATHER H-3).
    """
    healing = _Healing()
    for delivery_id in sorted(comparison.healable):
        try:
            desk.retry(site.ledger, delivery_id, site.worker)
            healing.sent.add(delivery_id)
        except Refused as why:
            healing.refused.append(str(why))
    references = {one.id: one.reference for one in evidence.deliveries}
    for delivery_id, note_id in comparison.unfinished.items():
        if site.mosaic is None:
            continue
        try:
            site.mosaic.finish(note_id, references[delivery_id])
            healing.finished.add(delivery_id)
        except ConnectorError as why:
            healing.refused.append(why.message)
    wait = site.settings.delivery.wait_seconds
    delivery_stage.deliver(site, [home.id], wait_seconds=wait, but=comparison.beside_typed)
    return healing


def _with_fresh_duties(site: Site, home: Home, evidence: Evidence) -> Evidence:
    from flows.case_files import case_files

    with site.ledger.reading() as connection:
        held = standing.incidents_by_source(connection, home.id, [one.incident_id for one in evidence.incidents])
    files = {file.held.source_id: file for file in case_files(site, home, held, evidence.as_of)}
    states = {row.id: row for file in files.values() for row in file.deliveries}
    deliveries = tuple(
        replace(one, state=type(one.state)(states[one.id].state)) if one.id in states else one
        for one in evidence.deliveries
    )
    duties = {source_id: tuple(file.duties) for source_id, file in files.items()}
    return replace(evidence, duties={**evidence.duties, **duties}, deliveries=deliveries)


def _keep(site: Site, home: Home, evidence: Evidence, comparison: Comparison) -> Kept:
    return findings.keep(
        site.ledger,
        home.id,
        to_keep(comparison.findings),
        start=evidence.start,
        end=evidence.end,
        unseen_targets=comparison.unseen_targets,
        actor=site.worker,
    )


def _gone(before: Comparison, after: Comparison) -> list[Finding]:
    """The findings that healing has resolved."""
    ids = {one.id for one in after.findings}
    return [one for one in before.findings if one.id not in ids]


def _report(
    site: Site, home: Home, evidence: Evidence, comparison: Comparison, shown: Sequence[Finding], kept: Kept
) -> Report:
    known = tuple(children.committed(site.ledger, home.id))
    earlier = earlier_findings(evidence, comparison, kept.standing)
    ids = Ids(home, site.ledger.vault)
    report = report_of(
        evidence,
        comparison,
        findings=shown,
        known_children=known,
        earlier=earlier,
        resolved=kept.resolved,
        shown_id=lambda one: ids.shown(one) or one,
    )
    if not home.pseudonymise_ids:
        return report
    labels = {ids.shown(subject) or "": label for subject, label in report.labels.items()}
    hidden = {
        one.id: replace(one, subject=ids.shown(one.subject), incident_id=ids.shown(one.incident_id))
        for one in report.findings
    }
    stories = tuple(
        replace(story, findings=tuple(hidden[one.id] for one in story.findings)) for story in report.stories
    )
    earlier = tuple(replace(one, subject=ids.shown(one.subject)) for one in report.earlier)
    return replace(report, findings=tuple(hidden.values()), labels=labels, stories=stories, earlier=earlier)


def _write(report: Report, out: Path, code: ExitCode) -> Mapping[str, str]:
    try:
        return write_report_files(report, out, exit_code=int(code))
    except OSError as why:
        raise ConfigurationError(
            f"The report could not be written to {out} ({why.strerror}); check the folder and the free space.",
            setting="--out",
        ) from None


def _exit_code(comparison: Comparison, report: Report) -> ExitCode:
    """2 for any finding that is not acknowledged (RULINGS 19), 3 where a side could not be read."""
    if any(side is Side.NOT_CHECKED for side in comparison.checked.values()):
        return ExitCode.UNREACHABLE
    standing_findings = [one for one in report.open_findings if not one.healed]
    return ExitCode.LEFT_OVER if standing_findings else ExitCode.DONE


def previous_month(now: datetime) -> tuple[date, date]:
    """From the first of last month to today: what a nightly reconciliation looks at."""
    today = uk_day(now)
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return date(year, month, 1), today
