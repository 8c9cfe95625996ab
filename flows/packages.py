"""LADO packages stand whole on the desk: one that is missing or damaged, or that lacks the approval that was given
while the process died, is written again (K12).

The ledger keeps a hash of what was written: a package that somebody has changed since is never taken for it. It is left
as it is, for it may be a person's work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from config.home import Home
from connectors.errors import Misconfigured
from flows.site import Site
from ledger import children, desk, standing
from ledger.desk import Decision
from ledger.errors import Refused
from mappings.bodies import LadoPackage
from mappings.incident import Incident
from mappings.lado_form import Approval
from mappings.owed import Target
from mappings.submission import submission

_STATES = ("awaiting_approval", "accepted", "verified")
#: Where a delivery's detail has the hash of its package.
NOTED = "package"
_NAMES = {"form", "version", "incident", "revision", "adult"}


def rebuild(site: Site, homes: Sequence[str]) -> int:
    """Write the packages again that are not as they should be; returns how many.

    Raises as the desk does; one package that cannot be written holds up no other.
    """
    with site.ledger.reading() as connection:
        rows = list(standing.delivery_rows(connection, homes=homes, targets=[Target.LADO], states=_STATES))
        made = desk.decisions(connection, [row.id for row in rows])
    rebuilt, fault = 0, None
    for row in rows:
        approved = approval_among(made.get(row.id, ()))
        if stands(row, approved):
            continue
        try:
            rebuilt += _written_again(site, row, approved)
        except Misconfigured as why:
            if not site.desk.check().ok:
                raise
            fault = fault or why
    if fault is not None:
        raise fault
    return rebuilt


def stands(row: Row[Any], approved: Decision | None) -> bool:
    """Whether both files of a submission are there and whole, with the approval if there is one."""
    found = _on_the_desk(row)
    if found is None or not _is_whole_pdf(Path(row.remote_id).with_suffix(".pdf")):
        return False
    if approved is None:
        return True
    noted = row.detail.get(NOTED)
    dated = found["fields"].get("referral_date", {"value": "not asked by this form"}).get("value")
    return dated is not None and (noted is None or noted["approved"])


def opened(site: Site, row: Row[Any], approved: Decision | None) -> Mapping[str, Any]:
    """A submission's package as it was written. Raises Refused, with what to do, where something else lies there."""
    found = _on_the_desk(row)
    if found is None or not stands(row, approved):
        missing = f"The package of submission {row.id} is not on the desk, is damaged, or lacks its approval"
        if row.state not in _STATES:
            raise Refused(f"{missing}; it is not written again, because it is no longer owed.")
        if approved is not None and _report(site, row) is None:
            raise Refused(f"{missing}; nobody can write it again, because the incident's contents were purged.")
        raise Refused(f"{missing}; run `incident-bridge sync`, which writes it again.")
    noted = row.detail.get(NOTED)
    if noted and noted["sha256"] != _hash_of(row.remote_id):
        raise Refused(
            f"The package of submission {row.id} has been changed since it was written, so nothing is taken from it; "
            f"move {row.remote_id} away and run `incident-bridge sync`, which writes it again."
        )
    return found


def approval_among(made: Sequence[Decision]) -> Decision | None:
    """The approval among a submission's decisions."""
    return next((one for one in made if one.decision == "approved"), None)


def note_of(path: str, *, approved: bool) -> dict[str, Any]:
    """What the ledger keeps of a package that was written now, so that another one is not taken for it."""
    found = _hash_of(path)
    return {} if found is None else {NOTED: {"sha256": found, "approved": approved}}


def write_approved(site: Site, row: Row[Any], approved: Decision) -> bool:
    """Write the package of one revision with its approval. The same revision and approval give the same bytes.

    False where the incident's contents were purged.
    """
    report = _report(site, row)
    if report is None:
        return False
    home: Home = site.homes[row.home]
    approval = Approval(at=approved.at, by=approved.by, mash=approved.mash, police=approved.police)
    known = children.committed(site.ledger, row.home)
    package = submission(report, row.subject, home, row.revision, known, approval, site.lado_form)
    assert package is not None, "the submission was made from this revision"
    _write(site, row, package, approved=True)
    return True


def _written_again(site: Site, row: Row[Any], approved: Decision | None) -> bool:
    if approved is not None:
        return write_approved(site, row, approved)
    if row.body is None:
        return False
    package = LadoPackage.model_validate_json(site.ledger.vault.open(row.body, f"delivery:{row.key}"))
    _write(site, row, package, approved=False)
    return True


def _report(site: Site, row: Row[Any]) -> Incident | None:
    """The report that a submission was made from; None where it was purged."""
    with site.ledger.reading() as connection:
        held = standing.incidents_by_key(connection, [row.incident_id])
        revisions = standing.revisions(site.ledger, connection, held)[row.incident_id]
    return next(one.report for one in revisions if one.number == row.revision)


def _write(site: Site, row: Row[Any], package: LadoPackage, *, approved: bool) -> None:
    """Write a package, and note what lies where: the settings may name another folder by now."""
    path = str(site.desk.prepare(package).json)
    detail = {**row.detail, **note_of(path, approved=approved)}
    if path != row.remote_id or detail != row.detail:
        desk.note_package(site.ledger, row.id, path, detail, site.worker)


def _on_the_desk(row: Row[Any]) -> Mapping[str, Any] | None:
    """A submission's package as it lies there; None where there is none, or somebody has damaged it."""
    try:
        found = json.loads(Path(row.remote_id or "").read_text("utf-8"))
        sections = [found["fields"], *found["children"]]
        whole = found.keys() >= _NAMES and all(isinstance(one, dict) for part in sections for one in part.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if whole else None


def _is_whole_pdf(path: Path) -> bool:
    """Whether it begins and ends as a PDF does."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]


def _hash_of(path: str) -> str | None:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None
