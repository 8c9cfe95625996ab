"""The verdict of a reconciliation by mail: the headline and the counts to the registered manager, and to the senior
manager where something is urgent. Never twice for the same state of things.

The outbox carries it like everything else. What a person was told last is read off the last such mail to that address.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from config.home import Contact, Home
from flows import deliver as delivery_stage
from flows.mail_check import withdraw_earlier
from flows.people import first_told
from flows.site import Site
from ledger import owing, standing
from ledger.states import DeliveryState
from mappings.bodies import MailBody
from mappings.incident import Incident
from mappings.owed import Action, Owed, Target
from mappings.reference import delivery_key, reference_of
from reconciliation.finding import Severity
from reconciliation.report import Report
from reconciliation.summary import verdict_mail

_KIND = "verdict"
_LOST = (DeliveryState.REJECTED, DeliveryState.SUPERSEDED)


def tell_managers(site: Site, home: Home, report: Report) -> list[dict[str, str]]:
    """Mail the verdict to whom it concerns; returns roles and what became of each mail.

    Nobody is told who was told the same before. Without mail at this site, or where the home's file says
    `[report] mail = false`, nobody is.
    """
    if not home.report.mail or Target.EMAIL not in site.targets:
        return []
    state = _state_of(report)
    told: dict[str, str] = {}
    about = _incidents(site, home, report)
    for role, contact in _people(home, report, list(about.values())):
        told |= _owe(site, home, report, role, contact, state, sorted(about))
    delivery_stage.deliver(site, [home.id], wait_seconds=0.0, only=Target.EMAIL)
    with site.ledger.reading() as connection:
        states = {row.key: row.state for row in _rows(connection, home)}
    return [{"role": role, "state": str(states[key])} for key, role in told.items()]


def _state_of(report: Report) -> str:
    """What a manager would act on, as one word: the same tomorrow if nothing changed but the day."""
    seen = {
        "headline": report.verdict.headline,
        "findings": sorted(finding.id for finding in report.open_findings),
        "checked": {str(side): str(state) for side, state in report.checked.items()},
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:20]


def _people(home: Home, report: Report, about: Sequence[Incident]) -> list[tuple[str, Contact]]:
    """Who is told, each once. An adult of concern in what the mail counts is passed over (RULINGS 39)."""
    roles = ["registered_manager"]
    if any(finding.severity is Severity.HIGH for finding in report.open_findings):
        roles.append("senior_manager")
    found = [first_told(home, role, about) for role in roles]
    return list({one[1].email.casefold(): one for one in found if one is not None}.values())


def _incidents(site: Site, home: Home, report: Report) -> dict[int, Incident]:
    """The reports that the open findings are about, as they are now, by the ledger's key of the incident."""
    numbers = {finding.incident for finding in report.open_findings if finding.incident}
    with site.ledger.reading() as connection:
        held = [one for one in standing.incidents(connection, [home.id]) if one.number in numbers]
        revisions = standing.revisions(site.ledger, connection, held)
    latest = {key: rows[-1].report for key, rows in revisions.items() if rows}
    return {key: found for key, found in latest.items() if found is not None}


def _owe(
    site: Site, home: Home, report: Report, role: str, contact: Contact, state: str, about: Sequence[int]
) -> dict[str, str]:
    """Owe one mail, unless the last one to this address said the same; its key and role."""
    to = site.ledger.vault.digest(contact.email)
    with site.ledger.reading() as connection:
        rows = [row for row in _rows(connection, home) if row.detail.get("to") == to]
    before = [row for row in rows if row.state not in _LOST]
    last = before[-1] if before else None
    earlier = [row.key for row in rows if row.state != DeliveryState.REJECTED]
    if last is not None and last.detail.get("state") == state:
        return {}
    # The mail before is part of the key: two runs at once owe one mail, and what comes back is told again.
    key = delivery_key(
        home=home.id,
        incident=_KIND,
        revision=0,
        target=Target.EMAIL,
        subject=f"{to}\n{state}\n{earlier[-1] if earlier else ''}",
        action=Action.DIGEST,
    )
    made = verdict_mail(report, kept_at=home.report.kept_at)
    now = site.ledger.now()
    owed = Owed(
        key,
        reference_of(key, number=f"{_KIND.upper()}-{home.id}", revision=0),
        Target.EMAIL,
        Action.DIGEST,
        role,
        0,
        now,
        MailBody(to=contact.email, subject=made.subject, text=made.text, html=made.html, duties=()),
        detail={
            "duties": [],
            "kind": _KIND,
            "to": to,
            "state": state,
            "about": list(about),
            "dated": now.isoformat(),
        },
    )
    owing.owe_alone(site.ledger, home.id, [owed], site.worker)
    withdraw_earlier(site, [row for row in rows if row.key != key])
    return {key: role}


def _rows(connection: Any, home: Home) -> list[Any]:
    """The verdict mails of a home, oldest first."""
    rows = standing.delivery_rows(connection, homes=[home.id], targets=[Target.EMAIL], actions=[Action.DIGEST])
    return [row for row in rows if row.detail.get("kind") == _KIND]
