"""The ledger, for a person or a monitor: status, duties, one incident's story, deliveries, quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from config.home import Home
from flows.case_files import CaseFile, case_files, duty_json, exemption_of
from flows.exit_codes import ExitCode
from flows.ids import Ids
from flows.site import Site
from ledger import findings, quarantine, runs, standing
from ledger.errors import Refused, UnknownRecord
from ledger.standing import HeldIncident
from ledger.states import LEFT_OVER, DeliveryState
from mappings.duties import DutyState
from reconciliation.finding import NOT_IN_PLACE, Kind


def status(site: Site, homes: Sequence[Home], as_of: datetime | None = None) -> dict[str, Any]:
    """How every home stands. Exit code 2 when anything needs a person or another run, or has been silent too long."""
    now = as_of or site.ledger.now()
    rows = [_home_status(site, home, now) for home in homes]
    with site.ledger.reading() as connection:
        elsewhere = standing.left_over_elsewhere(connection, site.homes)
    left = bool(elsewhere) or any(
        row["silent"] or row["quarantined"] or row["duties_overdue"] or row["not_in_place"] or _left_over(row)
        for row in rows
    )
    return {
        "homes": rows,
        "homes_without_file": elsewhere,
        "exit_code": int(ExitCode.LEFT_OVER if left else ExitCode.DONE),
    }


def _left_over(row: dict[str, Any]) -> bool:
    return any(counts.get(state, 0) for counts in row["deliveries"].values() for state in LEFT_OVER)


def _home_status(site: Site, home: Home, now: datetime) -> dict[str, Any]:
    with site.ledger.reading() as connection:
        pulled = runs.last_good(connection, home.id, "pull", now)
        reconciled = runs.last_good(connection, home.id, "reconcile", now)
        first = runs.first(connection, home.id)
        oldest = standing.oldest_not_final(connection, home.id)
        newest = standing.last_incident(connection, home.id)
        counts = standing.deliveries_by_state(connection, [home.id])
        waiting = standing.quarantined_count(connection, [home.id])
        held = [one for one in standing.incidents(connection, [home.id]) if one.status != "Void"]
        amiss = findings.open_about_records(connection, home.id, [*NOT_IN_PLACE, Kind.ORPHAN])
    overdue = sum(duty.state is DutyState.OVERDUE for file in case_files(site, home, held, now) for duty in file.duties)
    silences = _silences(home, now, pulled=pulled, reconciled=reconciled, first=first, newest=newest)
    return {
        "home": home.id,
        "last_good_pull": _iso(pulled),
        "last_good_reconcile": _iso(reconciled),
        "oldest_not_final": _iso(oldest),
        "deliveries": counts,
        "quarantined": waiting,
        "duties_overdue": overdue,
        "not_in_place": amiss,
        "silent": bool(silences),
        "silences": silences,
    }


def _silences(
    home: Home,
    now: datetime,
    *,
    pulled: datetime | None,
    reconciled: datetime | None,
    first: datetime | None,
    newest: datetime | None,
) -> list[str]:
    """Why silence is an alarm here (DESIGN 9), in words."""
    limit = timedelta(hours=home.thresholds.silent_after_hours)
    found = []
    if pulled is None or now - pulled > limit:
        found.append("no good pull in time")
    began = first or now
    if now - (reconciled or began) > limit:
        found.append("no good reconciliation in time")
    usual = timedelta(days=home.thresholds.normal_days_between_incidents)
    if newest is not None and now - newest > usual:
        found.append("no incident for longer than is usual for this home")
    return found


def duties(
    site: Site,
    homes: Sequence[Home],
    *,
    child: str | None = None,
    owner: str | None = None,
    states: Sequence[str] = (),
    as_of: datetime | None = None,
) -> dict[str, Any]:
    """What every incident owes, soonest first."""
    now = as_of or site.ledger.now()
    found = []
    for home in homes:
        ids = Ids(home, site.ledger.vault)
        with site.ledger.reading() as connection:
            held = standing.incidents(connection, [home.id])
        for file in case_files(site, home, held, now):
            for duty, row in zip(file.duties, _duties(file, ids), strict=True):
                wanted = (child in (None, duty.child, row["child"])) and owner in (None, duty.owner)
                if wanted and (not states or duty.state in states):
                    found.append(row)
    found.sort(key=lambda row: (row["due_at"] or "9999", row["incident"], row["id"], row["child"] or ""))
    return {"duties": found, "exit_code": int(ExitCode.DONE)}


def _duties(file: CaseFile, ids: Ids) -> list[dict[str, Any]]:
    """The duties of one incident, each with no id but such as may be shown."""
    ids.know(file.report)
    shown = [duty_json(file.held, duty) for duty in file.duties]
    return [row | {"child": ids.shown(row["child"]), "reason": ids.hidden(row["reason"])} for row in shown]


def find_incident(site: Site, number: str | None, source_id: str | None, home: str | None) -> HeldIncident:
    """One incident by its running number or the source's id. Raises UnknownRecord, or Refused where two fit."""
    homes = [one.id for one in site.chosen(home)]
    with site.ledger.reading() as connection:
        held = standing.incidents(connection, homes, number=number, source_id=source_id)
    if not held:
        raise UnknownRecord(f"The ledger has no incident {number or source_id}; check the number, or run a sync first.")
    if len(held) > 1:
        ids = ", ".join(f"{one.home}: {one.source_id}" for one in held)
        raise Refused(f"Several incidents have the number {number}; choose one with --home or --id ({ids}).")
    return held[0]


def story(site: Site, held: HeldIncident, *, as_of: datetime | None = None) -> tuple[CaseFile, dict[str, Any]]:
    """The story of one incident: revisions, deliveries, duties, flags. Ids only."""
    home = site.homes[held.home]
    ids = Ids(home, site.ledger.vault)
    now = as_of or site.ledger.now()
    (file,) = case_files(site, home, [held], now)
    with site.ledger.reading() as connection:
        tries = standing.attempts_of(connection, [row.id for row in file.deliveries])
        seconds = site.ledger.seconds(connection)
    waits = standing.waits_behind(file.deliveries)
    exempt = exemption_of(file.report)
    shown = {
        "incident": held.number,
        "id": ids.shown(held.source_id),
        "home": held.home,
        "status": held.status,
        "occurred_at": _iso(held.occurred_at),
        "first_seen": _iso(held.first_seen),
        "found_by": held.found_by,
        "purged": file.report is None,
        "revisions": [
            {
                "revision": revision.number,
                "status": revision.status,
                "source_version": revision.source_version,
                "modified_at": _iso(revision.modified_at),
                "seen_at": _iso(revision.seen_at),
            }
            for revision in file.revisions
        ],
        "deliveries": [
            delivery_json(row, seconds, ids, waits.get(row.id))
            | {"history": [{"at": _iso(t.at), "event": t.event, "why": t.why} for t in tries.get(row.id, [])]}
            for row in file.deliveries
        ],
        "duties": _duties(file, ids),
        "flags": [
            {
                "id": flag.id,
                "child": ids.shown(flag.child),
                "staff": ids.shown(flag.staff),
                "message": ids.hidden(flag.message),
            }
            for flag in file.flags
        ],
        "exemption": exempt and exempt | {"children": [ids.shown(child) for child in exempt["children"]]},
        "exit_code": int(ExitCode.DONE),
    }
    return file, shown


def deliveries(
    site: Site, homes: Sequence[Home], *, states: Sequence[str] = (), target: str | None = None
) -> dict[str, Any]:
    """Deliveries of the homes, oldest first."""
    with site.ledger.reading() as connection:
        seconds = site.ledger.seconds(connection)
        rows = list(standing.delivery_rows(connection, homes=[home.id for home in homes]))
    waits = standing.waits_behind(rows)
    ids = {home.id: Ids(home, site.ledger.vault) for home in homes}
    shown = [
        delivery_json(row, seconds, ids[row.home], waits.get(row.id))
        for row in rows
        if (not states or row.state in states) and target in (None, row.target)
    ]
    return {"deliveries": shown, "exit_code": int(ExitCode.DONE)}


def delivery_json(row: Row[Any], seconds: float, ids: Ids, behind: Row[Any] | None = None) -> dict[str, Any]:
    """One delivery in the shape of FACE.md. `seconds`: the ledger's clock now."""
    why = row.why
    if behind is not None:
        why = (
            f"It waits behind revision {behind.revision} (delivery {behind.id}), which has been {behind.state} "
            f"since {behind.state_since:%d %B %Y %H:%M} UTC."
        )
    due = None
    if row.state in (DeliveryState.UNCERTAIN, DeliveryState.PENDING) and behind is None:
        due = _iso(datetime.fromtimestamp(max(row.due_epoch, seconds), tz=row.planned_at.tzinfo))
    return {
        "id": row.id,
        "key": row.key,
        "incident": row.incident,
        "home": row.home,
        "revision": row.revision,
        "part": row.part,
        "target": row.target,
        "action": row.action,
        "subject": ids.subject(row.target, row.subject),
        "reference": row.reference,
        "state": row.state,
        "attempts": row.attempts,
        "next_look_at": due,
        "remote_id": None if row.target == "lado" else row.remote_id,
        "planned_at": _iso(row.planned_at),
        "state_since": _iso(row.state_since),
        "accepted_at": _iso(row.accepted_at),
        "verified_at": _iso(row.verified_at),
        "waits_behind": behind.id if behind is not None else None,
        "cause": row.cause,
        "why": why,
    }


def quarantined(site: Site, homes: Sequence[Home]) -> dict[str, Any]:
    """What waits in quarantine."""
    with site.ledger.reading() as connection:
        waiting = quarantine.waiting(connection, [home.id for home in homes])
    ids = {home.id: Ids(home, site.ledger.vault) for home in homes}
    return {
        "quarantined": [
            {
                "id": one.id,
                "home": one.home,
                "fingerprint": one.fingerprint,
                "source_id": ids[one.home].shown(one.source_id),
                "incident": one.number,
                "fields": list(one.fields),
                "first_seen": _iso(one.first_seen),
                "last_seen": _iso(one.last_seen),
            }
            for one in waiting
        ],
        "exit_code": int(ExitCode.LEFT_OVER if waiting else ExitCode.DONE),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
