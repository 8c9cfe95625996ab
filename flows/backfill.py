"""backfill: owe history to a target that was added later, only when somebody asks (promise 2, T-29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from config.errors import ConfigurationError
from config.home import Home
from flows.exit_codes import ExitCode
from flows.planning import replan
from flows.site import Site
from ledger import standing
from mappings.owed import Target


def backfill(
    site: Site, homes: Sequence[Home], target: str, start: date, end: date, *, dry_run: bool = False
) -> dict[str, Any]:
    """Plan the latest revision of the incidents of these days for one target. What is owed there is not owed twice.

    Raises ConfigurationError when the site does not have the target.
    """
    wanted = Target(target)
    if wanted not in site.targets:
        setting = f"BRIDGE_{target.upper()}__KIND"
        raise ConfigurationError(f"{setting} is not set, so nothing can be owed to {target}; set it.", setting=setting)
    with site.ledger.reading() as connection:
        held = standing.incidents(connection, [home.id for home in homes], start=start, end=end)
        keys = [one.key for one in held if one.status in ("Submitted", "SignedOff")]
        there = {row.incident_id for row in standing.delivery_rows(connection, keys=keys, targets=[target])}
    lacking = [key for key in keys if key not in there]
    owed = replan(site, lacking, frozenset({wanted}), dry_run=dry_run)
    return {
        "target": target,
        "incidents": len(lacking),
        "owed": owed,
        "dry_run": dry_run,
        "exit_code": int(ExitCode.DONE),
    }
