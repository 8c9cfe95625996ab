"""LADO packages after a decision: written again with the approval, even when the process died in between (K12)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from config.home import Home
from connectors.protocols import PackageFiles
from flows.site import Site
from ledger import children, desk, standing
from ledger.desk import Decision
from mappings.lado_form import Approval
from mappings.owed import Target
from mappings.submission import submission


def rebuild_approved(site: Site, homes: Sequence[str]) -> int:
    """Write the packages of approved submissions that do not carry their approval yet; returns how many."""
    with site.ledger.reading() as connection:
        rows = list(
            standing.delivery_rows(connection, homes=homes, targets=[Target.LADO], states=["accepted", "verified"])
        )
        made = desk.decisions(connection, [row.id for row in rows])
    rebuilt = 0
    for row in rows:
        approved = next((one for one in made.get(row.id, ()) if one.decision == "approved"), None)
        if approved is not None and not _carries(row):
            write_approved(site, row, approved)
            rebuilt += 1
    return rebuilt


def write_approved(site: Site, row: Row[Any], approved: Decision) -> PackageFiles:
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
    return site.desk.prepare(package)


def _carries(row: Row[Any]) -> bool:
    """Whether the file on the desk already says when it was approved."""
    try:
        found = json.loads(Path(row.remote_id or "").read_text("utf-8"))
        value = found["fields"]["referral_date"]["value"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return value is not None
