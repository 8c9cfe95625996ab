"""Recipients are checked again right before sending: the home's file or the report may have changed (RULINGS 39)."""

from __future__ import annotations

from collections.abc import Sequence

from config.home import Home
from flows.planning import replan
from flows.site import Site
from ledger import standing, withdrawals
from ledger.states import DeliveryState
from mappings.duties import DutyState, duties_of
from mappings.evidence import Evidence
from mappings.incident import Incident
from mappings.owed import Target
from mappings.plan import recipients

_CHANGED = "This person is no longer the one to be told; the right one is told instead."


def withdraw_changed_recipients(site: Site, homes: Sequence[Home]) -> int:
    """Withdraw mails that wait for somebody who should not get them any more, and plan the right ones.

    Returns how many were withdrawn.
    """
    withdrawn: list[int] = []
    for home in homes:
        with site.ledger.reading() as connection:
            waiting = list(
                standing.delivery_rows(
                    connection, homes=[home.id], targets=[Target.EMAIL], states=[DeliveryState.PENDING]
                )
            )
            keys = sorted({row.incident_id for row in waiting if row.incident_id is not None})
            held = standing.incidents_by_key(connection, keys)
            revisions = standing.revisions(site.ledger, connection, held)
        latest = {key: rows[-1].report for key, rows in revisions.items() if rows}
        for row in waiting:
            report = latest.get(row.incident_id)
            if report is None or (row.subject, row.detail.get("to", "")) in _recipients(site, home, report):
                continue
            if withdrawals.withdraw(site.ledger, row.id, _CHANGED, site.worker):
                withdrawn.append(row.incident_id)
    replan(site, sorted(set(withdrawn)), frozenset({Target.EMAIL}))
    return len(withdrawn)


def _recipients(site: Site, home: Home, report: Incident) -> frozenset[tuple[str, str]]:
    """Who may be mailed about this report now."""
    duties = duties_of(report, home, Evidence(), site.ledger.now())
    applicable = [duty for duty in duties if duty.state is not DutyState.NOT_APPLICABLE]
    return recipients(report, home, applicable, site.ledger.vault.digest)
