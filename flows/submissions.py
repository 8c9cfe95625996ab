"""LADO submissions, for the manager who decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from config.home import Home
from connectors.errors import Misconfigured
from flows.exit_codes import ExitCode
from flows.ids import Ids
from flows.packages import approval_among, opened, write_approved
from flows.site import Site, known_home
from ledger import desk, standing
from ledger.crash_points import reach
from ledger.desk import Decision
from ledger.errors import Refused, UnknownRecord
from ledger.quarantine import note_shown
from ledger.states import DeliveryState
from mappings.owed import Target

_STATES = {
    DeliveryState.AWAITING_APPROVAL: "awaiting_approval",
    DeliveryState.ACCEPTED: "approved",
    DeliveryState.VERIFIED: "sent",
    DeliveryState.SUPERSEDED: "superseded",
}


def listed(site: Site, homes: Sequence[Home]) -> dict[str, Any]:
    """Every submission, in the shape of FACE.md."""
    with site.ledger.reading() as connection:
        rows = list(standing.delivery_rows(connection, homes=[home.id for home in homes], targets=[Target.LADO]))
        made = desk.decisions(connection, [row.id for row in rows])
    return {
        "submissions": [_json(site, row, made.get(row.id, [])) for row in rows],
        "exit_code": int(ExitCode.DONE),
    }


def shown(site: Site, submission_id: int, *, reveal: bool, actor: str) -> dict[str, Any]:
    """One submission; with `reveal` its answers, audited. Raises UnknownRecord."""
    row, made = _one(site, submission_id)
    found = _json(site, row, made)
    if reveal:
        note_shown(site.ledger, f"delivery:{submission_id}", actor)
        found["fields"] = opened(site, row, approval_among(made))["fields"]
    return found | {"exit_code": int(ExitCode.DONE)}


def decide(
    site: Site,
    submission_id: int,
    decision: str,
    by: str,
    *,
    reason: str | None = None,
    mash: bool | None = None,
    police: bool | None = None,
) -> dict[str, Any]:
    """Record a named manager's decision and, when it is an approval, write the package again with it.

    Raises Misconfigured where the package cannot be written; the decision stands then, and the sentence says so.
    """
    approved_before = approval_among(_one(site, submission_id)[1])
    desk.decide(site.ledger, submission_id, decision, by, reason=reason, mash=mash, police=police)
    reach("lado.decided")
    row, made = _one(site, submission_id)
    approved = approval_among(made)
    if approved is not None and approved_before is None:
        try:
            write_approved(site, row, approved)
        except Misconfigured as why:
            raise Misconfigured(
                f"Submission {submission_id} is recorded as {decision} by {by}, and that stands, but its package could "
                f"not be written with the date: {why.message} Then run `incident-bridge sync`, which writes it.",
                setting=why.setting,
            ) from None
        row, made = _one(site, submission_id)
    message = {
        "approved": f"Submission {submission_id} is approved by {by}; the package now carries the date. Send it, then "
        f"report it with `incident-bridge lado sent {submission_id} --by NAME`.",
        "declined": f"Submission {submission_id} is declined by {by}; it stays in the report with the reason.",
        "sent": f"Submission {submission_id} is recorded as sent by {by}.",
    }[decision]
    return {**_json(site, row, made), "message": message, "exit_code": int(ExitCode.DONE)}


def prefill(
    site: Site, submission_id: int, *, url: str, profile: str | None, screenshot: str | None, actor: str
) -> dict[str, Any]:
    """Fill the council's online form in a browser; a person checks and submits it."""
    from connectors.lado_prefill import prefill_form

    row, made = _one(site, submission_id)
    approved = approval_among(made)
    if approved is None:
        raise Refused(f"Submission {submission_id} is not approved; a named manager decides first with `lado approve`.")
    package = opened(site, row, approved)
    note_shown(site.ledger, f"delivery:{submission_id}", actor)
    settings = site.settings
    filled = prefill_form(
        package,
        url=url,
        profile=profile,
        screenshot=screenshot,
        form=settings.lado.form,
        browser=settings.lado.browser,
        timeout_seconds=settings.delivery.timeout_seconds,
    )
    message = (
        f"{len(filled)} fields of the form were filled for submission {submission_id}; nothing was submitted. "
        "Check it, complete what is missing, and submit it yourself."
    )
    return {"id": submission_id, "filled": list(filled), "message": message, "exit_code": int(ExitCode.DONE)}


def state_of(row: Row[Any], made: Sequence[Decision]) -> str:
    """Where a submission stands, in the manager's words."""
    if any(one.decision == "declined" for one in made):
        return "declined"
    return _STATES.get(DeliveryState(row.state), str(row.state))


def _one(site: Site, submission_id: int) -> tuple[Row[Any], list[Decision]]:
    with site.ledger.reading() as connection:
        row = standing.one_delivery(connection, submission_id)
        made = desk.decisions(connection, [row.id]).get(row.id, [])
    if row.target != Target.LADO:
        raise UnknownRecord(f"Delivery {submission_id} is no LADO submission; `incident-bridge lado list` shows them.")
    known_home(site.homes, row.home)
    return row, made


def _json(site: Site, row: Row[Any], made: Sequence[Decision]) -> dict[str, Any]:
    ids = Ids(site.homes[row.home], site.ledger.vault)
    package = row.remote_id
    return {
        "id": row.id,
        "incident": row.incident,
        "home": row.home,
        "revision": row.revision,
        "adult": ids.shown(row.subject),
        "triggers": row.detail.get("triggers", []),
        "state": state_of(row, made),
        "due_at": row.priority_at.isoformat(),
        "package": package,
        "pdf": str(Path(package).with_suffix(".pdf")) if package else None,
        "to_be_completed": row.detail.get("to_be_completed", []),
        "decisions": [
            {"decision": one.decision, "by": one.by, "at": one.at.isoformat(), "reason": one.reason} for one in made
        ],
    }
