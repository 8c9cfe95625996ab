"""Builders: a report, and a plan that owes a note and its later appendments, one chain a child."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ledger.database import Ledger
from ledger.quarantine import Unreadable
from ledger.reports import Readable, Stored, Watermark, store
from mappings.bodies import AppendmentBody, NoteBody
from mappings.fingerprint import content_fingerprint
from mappings.incident import Incident
from mappings.owed import Action, History, Owed, Plan, Target
from mappings.reference import delivery_key, reference_of

HOME = "EXH"
START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def report(number: int = 1, *, version: int = 1, narrative: str = "A first account.", **changes: Any) -> Incident:
    """A valid report; one change at a time."""
    values: dict[str, Any] = {
        "incident_id": f"inc-{number}",
        "number": f"EXH-2026-{number:04}",
        "home_id": HOME,
        "status": "Submitted",
        "version": version,
        "created_at": START,
        "modified_at": START + timedelta(minutes=version),
        "occurred_at": START - timedelta(hours=1),
        "intervention": "Restrictive",
        "narrative": narrative,
        "children": [{"child_id": "child-1", "name": "Invented Person", "role": "Held"}],
    }
    return Incident.model_validate(values | changes)


def readable(one: Incident) -> Readable:
    """As the pull hands it to the ledger."""
    return Readable(one, content_fingerprint(one), date(2026, 11, 1))


def plan(one: Incident, history: History) -> Plan:
    """A note first, an appendment for each later revision."""
    action = Action.APPEND if any(before.live for before in history.before) else Action.CREATE
    key = delivery_key(
        home=one.home_id,
        incident=one.incident_id,
        revision=history.revision,
        target=Target.MOSAIC,
        subject="child-1",
        action=action,
    )
    reference = reference_of(key, number=one.number, revision=history.revision)
    html = f"<p>{one.narrative}</p><p>Reference: {reference}</p>"
    body = (
        NoteBody(title="t", html=html, effective_date=one.occurred_at, note_type="SAFEINT")
        if action is Action.CREATE
        else AppendmentBody(html=html)
    )
    owed = Owed(
        key,
        reference,
        Target.MOSAIC,
        action,
        "child-1",
        history.revision,
        one.occurred_at + timedelta(hours=24),
        body,
        person_id=4101,
    )
    return Plan(owed=(owed,))


def keep(
    ledger: Ledger, *reports: Incident, mark: Watermark | None = None, unreadable: tuple[Unreadable, ...] = ()
) -> Stored:
    """Store a page."""
    return store(
        ledger,
        HOME,
        "rest",
        readable=[readable(one) for one in reports],
        unreadable=unreadable,
        watermark=mark,
        plan=plan,
        actor="test",
    )
