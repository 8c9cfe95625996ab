"""Everything that the ledger knows of an incident, put together: revisions, deliveries, decisions, duties, flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from config.home import Home
from flows.site import Site
from ledger import desk, standing
from ledger.desk import Decision
from ledger.standing import HeldIncident, HeldRevision
from ledger.states import DeliveryState
from mappings.duties import Duty, duties_of
from mappings.evidence import Evidence, LadoAct, LadoState, submitted_at, undated
from mappings.exemption import exempt_children, wholly_exempt
from mappings.flags import Earlier, Flag, earlier_of, flags_of, just_before
from mappings.incident import Incident
from mappings.owed import Action, Target

_DECIDED = {"approved": LadoState.APPROVED, "declined": LadoState.DECLINED, "sent": LadoState.SENT}


@dataclass(frozen=True, repr=False)
class CaseFile:
    """One incident as it stands at a moment. `report` is the latest revision; None after a purge."""

    held: HeldIncident
    revisions: Sequence[HeldRevision]
    deliveries: Sequence[Row[Any]]
    decisions: Mapping[int, Sequence[Decision]]
    duties: Sequence[Duty]
    flags: Sequence[Flag]

    @property
    def report(self) -> Incident | None:
        """The latest revision that is not purged."""
        return self.revisions[-1].report if self.revisions else None

    @property
    def exempt(self) -> bool:
        """Whether every held child is exempt under an EHC plan (RULINGS 4)."""
        return self.report is not None and wholly_exempt(self.report)


def case_files(site: Site, home: Home, held: Sequence[HeldIncident], now: datetime) -> list[CaseFile]:
    """Put together the files of incidents of one home, in the order given, as they stand at `now`."""
    keys = [one.key for one in held]
    with site.ledger.reading() as connection:
        revisions = standing.revisions(site.ledger, connection, held)
        rows = list(standing.delivery_rows(connection, keys=keys))
        decided = desk.decisions(connection, [row.id for row in rows if row.target == Target.LADO])
    deliveries: dict[int, list[Row[Any]]] = {}
    for row in rows:
        deliveries.setdefault(row.incident_id, []).append(row)
    earlier = [earlier_of(r[-1].report) for r in revisions.values() if r and r[-1].report is not None]
    earlier += _before(site, home, held)
    earlier.sort(key=lambda one: one.occurred_at)
    return [_file(home, one, revisions[one.key], deliveries.get(one.key, []), decided, earlier, now) for one in held]


def _before(site: Site, home: Home, held: Sequence[HeldIncident]) -> list[Earlier]:
    """The incidents just before these, for the flag `repeat`."""
    if not held:
        return []
    known = {one.key for one in held}
    first = min(one.occurred_on for one in held)
    last = max(one.occurred_on for one in held)
    with site.ledger.reading() as connection:
        around = standing.incidents(
            connection, [home.id], start=first - timedelta(days=home.thresholds.repeat_days + 1), end=last
        )
        revisions = standing.revisions(site.ledger, connection, [one for one in around if one.key not in known])
    return [earlier_of(rows[-1].report) for rows in revisions.values() if rows and rows[-1].report is not None]


def evidence_of(
    revisions: Sequence[HeldRevision], deliveries: Sequence[Row[Any]], decided: Mapping[int, Sequence[Decision]]
) -> Evidence:
    """What the ledger adds to the report as proof that duties were met."""
    reports = [revision.report for revision in revisions if revision.report is not None]
    verified = [row for row in deliveries if row.state == DeliveryState.VERIFIED]
    notes = {
        row.subject: row.accepted_at
        for row in reversed(verified)
        if row.target == Target.MOSAIC and row.action == Action.CREATE and row.part == 1 and row.accepted_at
    }
    log = next((row.accepted_at for row in verified if row.target == Target.DAILY_LOG and row.accepted_at), None)
    oversight: dict[str, datetime] = {}
    for row in verified:
        if row.target == Target.MOSAIC and row.detail.get("oversight") and row.accepted_at:
            oversight.setdefault(row.subject, row.accepted_at)
    mailed: dict[tuple[str, str | None], datetime] = {}
    for row in deliveries:
        if row.target == Target.EMAIL and row.state == DeliveryState.ACCEPTED and row.accepted_at:
            for duty in row.detail.get("duties", ()):
                mailed.setdefault((duty, row.detail.get("child")), row.accepted_at)
    return Evidence(
        submitted_at=submitted_at(reports),
        undated_at=undated(reports),
        log_seen=log,
        notes_seen=notes,
        oversight_seen=oversight,
        mailed=mailed,
        lado=tuple(_acts(deliveries, decided)),
    )


def _file(
    home: Home,
    held: HeldIncident,
    revisions: Sequence[HeldRevision],
    deliveries: Sequence[Row[Any]],
    decided: Mapping[int, Sequence[Decision]],
    earlier: Sequence[Earlier],
    now: datetime,
) -> CaseFile:
    report = revisions[-1].report if revisions else None
    duties: tuple[Duty, ...] = ()
    flags: tuple[Flag, ...] = ()
    if report is not None:
        duties = duties_of(report, home, evidence_of(revisions, deliveries, decided), now)
        flags = flags_of(report, home, earlier=just_before(report, home, earlier))
    return CaseFile(held, revisions, deliveries, decided, duties, flags)


def _acts(deliveries: Sequence[Row[Any]], decided: Mapping[int, Sequence[Decision]]) -> list[LadoAct]:
    """The standing decision about each adult: the newest submission that was decided, else the one that waits."""
    acts: dict[str, LadoAct] = {}
    for row in deliveries:
        if row.target != Target.LADO:
            continue
        made = decided.get(row.id, ())
        if not made:
            if row.state != DeliveryState.SUPERSEDED and row.subject not in acts:
                acts[row.subject] = LadoAct(row.subject, LadoState.AWAITING)
            continue
        last = made[-1]
        sent = next((one.at for one in made if one.decision == "sent"), None)
        acts[row.subject] = LadoAct(
            adult=row.subject,
            state=_DECIDED[last.decision],
            decided_at=made[0].at,
            sent_at=sent,
            by=last.by,
            mash=next((one.mash for one in made if one.mash is not None), None),
            police=next((one.police for one in made if one.police is not None), None),
        )
    return list(acts.values())


def duty_json(held: HeldIncident, duty: Duty) -> dict[str, Any]:
    """One duty in the shape of FACE.md."""
    return {
        "id": duty.id,
        "incident": held.number,
        "home": held.home,
        "child": duty.child,
        "target_at": _iso(duty.target_at),
        "due_at": _iso(duty.due_at),
        "state": duty.state,
        "met_at": _iso(duty.met_at),
        "reason": duty.reason,
        "owner": duty.owner,
        "title": duty.title,
        "clause": duty.clause,
    }


def exemption_of(report: Incident | None) -> dict[str, Any] | None:
    """Which children are exempt, for `incident show`."""
    if report is None:
        return None
    children = sorted(exempt_children(report))
    return {"children": children, "wholly": wholly_exempt(report), "reason": "EHC plan"} if children else None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
