"""What a sync would send where, found out by doing it on a ledger that is thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from config.home import load_homes
from config.settings import load_settings
from flows.exit_codes import ExitCode
from flows.pull import rehearse
from flows.site import Progress, Site, silent
from ledger import standing
from ledger.rehearsal import rehearsal
from ledger.states import DeliveryState

_ACTIONS: Mapping[str, str] = {DeliveryState.UNCERTAIN: "look up"}


def dry_run(*, home: str | None, since: datetime | None, progress: Progress = silent) -> dict[str, Any]:
    """The deliveries that a sync would try, with their references. Raises a ConnectorError when the source is away."""
    settings = load_settings()
    homes = load_homes(settings.homes_dir)
    with rehearsal(settings.ledger_url.get_secret_value(), settings.raw_keys()) as ledger:
        site = Site(settings, homes, ledger, progress)
        site.ready()
        chosen = list(site.chosen(home))
        rehearse(site, chosen, since)
        with ledger.reading() as connection:
            states = [DeliveryState.PENDING, DeliveryState.UNCERTAIN, DeliveryState.SENDING]
            rows = list(standing.delivery_rows(connection, homes=[one.id for one in chosen], states=states))
    shown = [
        {
            "target": row.target,
            "action": _ACTIONS.get(row.state, row.action),
            "incident": row.incident,
            "subject": row.subject or None,
            "reference": row.reference,
        }
        for row in rows
    ]
    return {"home": [one.id for one in chosen], "would_send": shown, "exit_code": int(ExitCode.DONE)}
