"""Recipients are checked again right before sending: the home's file or the report may have changed (RULINGS 39)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from config.home import Home
from connectors.protocols import SearchableNotifier
from flows.people import may_hear
from flows.planning import replan
from flows.site import Site
from ledger import standing, withdrawals
from ledger.states import DeliveryState
from mappings.duties import DutyState, duties_of
from mappings.evidence import Evidence
from mappings.incident import Incident, Status
from mappings.owed import Target
from mappings.plan import recipients

_CHANGED = "This person is not to be told any more; whoever is to be told now is told instead."
_VOIDED = "The report was voided; nobody is told of it any more."
_NEWER = "A newer mail tells this person how things stand, and might have come before this one."
_NOT_AGAIN = "The mail server may have taken this mail; it is not sent again."


def withdraw_changed_recipients(site: Site, homes: Sequence[Home]) -> int:
    """Withdraw mails that wait for somebody who should not get them any more, and plan the right ones.

    What a worker had in hand that did not come back must be in doubt like the rest. Returns how many were withdrawn.
    """
    withdrawn: list[int] = []
    states = _waiting(site)
    for home in homes:
        with site.ledger.reading() as connection:
            waiting = list(standing.delivery_rows(connection, homes=[home.id], targets=[Target.EMAIL], states=states))
            keys = sorted({key for row in waiting for key in _about(row)})
            held = standing.incidents_by_key(connection, keys)
            revisions = standing.revisions(site.ledger, connection, held)
        latest = {key: rows[-1].report for key, rows in revisions.items() if rows}
        for row in waiting:
            reports = [report for key in _about(row) if (report := latest.get(key)) is not None]
            if _is_right(site, home, row, reports):
                continue
            voided = row.incident_id is not None and reports[0].status is Status.VOID
            if _withdraw(site, row, _VOIDED if voided else _CHANGED):
                withdrawn.append(row.incident_id)
    replan(site, sorted({key for key in withdrawn if key is not None}), frozenset({Target.EMAIL}))
    return len(withdrawn)


def withdraw_earlier(site: Site, digests: Sequence[Row[Any]]) -> None:
    """Withdraw those of these that wait, after a newer one to the same person is owed."""
    for row in digests:
        if row.state in _waiting(site):
            _withdraw(site, row, _NEWER)


def _waiting(site: Site) -> list[DeliveryState]:
    """In which states a mail is still to go out; one in doubt is repeated where it cannot be looked for."""
    repeated = [] if isinstance(site.email, SearchableNotifier) else [DeliveryState.UNCERTAIN]
    return [DeliveryState.PENDING, *repeated]


def _withdraw(site: Site, row: Row[Any], why: str) -> bool:
    if row.state == DeliveryState.UNCERTAIN:
        return withdrawals.repeat_no_more(site.ledger, row.id, f"{_NOT_AGAIN} {why}", site.worker)
    return withdrawals.withdraw(site.ledger, row.id, why, site.worker)


def _about(row: Row[Any]) -> Sequence[int]:
    """The ledger's keys of the incidents that a mail tells of."""
    return row.detail.get("about", ()) if row.incident_id is None else (row.incident_id,)


def _is_right(site: Site, home: Home, row: Row[Any], reports: Sequence[Incident]) -> bool:
    """Whether this mail still waits for somebody who may have it."""
    to = row.detail.get("to", "")
    if row.incident_id is None:
        return any(site.ledger.vault.digest(person.email) == to for person in may_hear(home, reports))
    return not reports or (row.subject, to) in _recipients(site, home, reports[0])


def _recipients(site: Site, home: Home, report: Incident) -> frozenset[tuple[str, str]]:
    """Who may be mailed about this report now."""
    duties = duties_of(report, home, Evidence(), site.ledger.now())
    applicable = [duty for duty in duties if duty.state is not DutyState.NOT_APPLICABLE]
    return recipients(report, home, applicable, site.ledger.vault.digest)
