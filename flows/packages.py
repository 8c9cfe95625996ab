"""LADO packages stand whole on the desk: one that is missing or damaged, or that lacks the approval that was given
while the process died, is written again (K12)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from config.home import Home
from flows.site import Site
from ledger import children, desk, standing
from ledger.desk import Decision
from mappings.bodies import LadoPackage
from mappings.lado_form import Approval
from mappings.owed import Target
from mappings.submission import submission

_STATES = ("awaiting_approval", "accepted", "verified")
_NAMES = {"form", "version", "incident", "revision", "adult"}


def rebuild(site: Site, homes: Sequence[str]) -> int:
    """Write the packages again that are not as they should be; returns how many. Raises as the desk does."""
    with site.ledger.reading() as connection:
        rows = list(standing.delivery_rows(connection, homes=homes, targets=[Target.LADO], states=_STATES))
        made = desk.decisions(connection, [row.id for row in rows])
    rebuilt = 0
    for row in rows:
        approved = next((one for one in made.get(row.id, ()) if one.decision == "approved"), None)
        if _stands(row, approved):
            continue
        if approved is not None:
            write_approved(site, row, approved)
        elif row.body is not None:
            _write(site, row, LadoPackage.model_validate_json(site.ledger.vault.open(row.body, f"delivery:{row.key}")))
        rebuilt += 1
    return rebuilt


def on_the_desk(row: Row[Any]) -> Mapping[str, Any] | None:
    """A submission's package as it lies there; None where there is none, or somebody has damaged it."""
    try:
        found = json.loads(Path(row.remote_id or "").read_text("utf-8"))
        sections = [found["fields"], *found["children"]]
        whole = found.keys() >= _NAMES and all(isinstance(one, dict) for part in sections for one in part.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if whole else None


def write_approved(site: Site, row: Row[Any], approved: Decision) -> None:
    """Write the package of one revision with its approval. The same revision and approval give the same bytes."""
    home: Home = site.homes[row.home]
    with site.ledger.reading() as connection:
        held = standing.incidents_by_key(connection, [row.incident_id])
        revisions = standing.revisions(site.ledger, connection, held)[row.incident_id]
    report = next(one.report for one in revisions if one.number == row.revision)
    assert report is not None, "an approved submission's revision is never purged"
    approval = Approval(at=approved.at, by=approved.by, mash=approved.mash, police=approved.police)
    known = children.committed(site.ledger, row.home)
    package = submission(report, row.subject, home, row.revision, known, approval, site.lado_form)
    assert package is not None, "the submission was made from this revision"
    _write(site, row, package)


def _write(site: Site, row: Row[Any], package: LadoPackage) -> None:
    """Write a package, and note where it lies: the settings may name another folder by now."""
    path = str(site.desk.prepare(package).json)
    if path != row.remote_id:
        desk.note_place(site.ledger, row.id, path, site.worker)


def _stands(row: Row[Any], approved: Decision | None) -> bool:
    """Whether both files are there, and say when it was approved if it was."""
    found = on_the_desk(row)
    if found is None or not Path(row.remote_id).with_suffix(".pdf").is_file():
        return False
    return approved is None or found["fields"].get("referral_date", {}).get("value") is not None
