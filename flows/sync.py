"""sync: pull, plan, deliver, for one home or all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.errors import ConfigurationError
from config.home import Home
from connectors.errors import Misconfigured
from flows import deliver as delivery_stage
from flows import packages
from flows import pull as pull_stage
from flows.ahead import Ahead
from flows.exit_codes import ExitCode
from flows.site import Site
from ledger import standing
from ledger.errors import LedgerError
from ledger.reports import Stored
from ledger.states import DeliveryState
from mappings.owed import Target

#: What a run leaves behind, in the order in which it is shown.
_SHOWN = (
    DeliveryState.UNCERTAIN,
    DeliveryState.REJECTED,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.AWAITING_APPROVAL,
)


@dataclass
class Synced:
    """What one sync did and what it left."""

    homes: list[str]
    started_at: datetime
    finished_at: datetime
    stored: Stored = field(default_factory=Stored)
    deliveries: dict[str, dict[str, int]] = field(default_factory=dict)
    quarantined: int = 0
    homes_without_file: dict[str, int] = field(default_factory=dict)
    unreachable: list[dict[str, str]] = field(default_factory=list)
    misconfigured: list[dict[str, str]] = field(default_factory=list)
    stopped: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """RULINGS 19: a LADO package that waits within its time is no leftover."""
        if self.misconfigured:
            return ExitCode.WRONG
        if self.unreachable:
            return ExitCode.UNREACHABLE
        left = ("pending", "sending", "uncertain", "rejected")
        waits = self.stopped or self.quarantined or self.homes_without_file
        if waits or any(counts.get(s) for counts in self.deliveries.values() for s in left):
            return ExitCode.LEFT_OVER
        return ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """The shape of FACE.md."""
        stored = self.stored
        return {
            "home": self.homes,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "exit_code": int(self.exit_code),
            "pulled": {
                "seen": stored.seen,
                "new": stored.new,
                "revised": stored.revised,
                "unchanged": stored.unchanged,
                "quarantined": stored.quarantined,
                "drafts": stored.drafts,
            },
            "quarantined": self.quarantined,
            "deliveries": self.deliveries,
            "homes_without_file": self.homes_without_file,
            "unreachable": [one["system"] for one in self.unreachable],
            "problems": [*self.unreachable, *self.misconfigured],
            "stopped": self.stopped,
        }


def sync(site: Site, homes: list[Home], *, since: datetime | None = None, wait_seconds: float | None = None) -> Synced:
    """Pull the homes, deliver what is owed, wait for what is in doubt.

    Raises LedgerError when the ledger fails. A mistake of ours over one home's reports holds up neither the other homes
    nor what is owed already: it is raised when they had their turn.
    """
    ledger = site.ledger
    result = Synced([home.id for home in homes], ledger.now(), ledger.now())
    mistakes: list[Exception] = []
    with Ahead(site, result.homes) as ahead:
        for home in homes:
            if site.stopping.is_set():
                break
            try:
                _pull(site, home, since, result, ahead)
            except (ConfigurationError, LedgerError):
                raise
            except Exception as why:  # noqa: BLE001 - raised below
                mistakes.append(why)
    desk_fault = _packages_fault(site, result.homes)
    wait = site.settings.delivery.wait_seconds if wait_seconds is None else wait_seconds
    delivered = delivery_stage.deliver(site, result.homes, wait_seconds=wait, ahead=ahead.delivered)
    for target, outcome in delivered.targets.items():
        if outcome.unreachable:
            result.unreachable.append({"system": target.value, "message": outcome.unreachable})
        if outcome.misconfigured:
            result.misconfigured.append({"system": target.value, "message": outcome.misconfigured})
    if desk_fault is not None and not delivered.targets[Target.LADO].misconfigured:
        result.misconfigured.append({"system": Target.LADO.value, "message": desk_fault})
    _count(site, result, delivered)
    result.stopped = site.stopping.is_set()
    result.finished_at = ledger.now()
    for mistake in mistakes:
        raise mistake
    return result


def _pull(site: Site, home: Home, since: datetime | None, result: Synced, ahead: Ahead) -> None:
    pulled = pull_stage.pull(site, home, since, ahead.stored)
    result.stored.add(pulled.stored)
    if pulled.fault is None:
        return
    row = {"system": "recording", "home": home.id, "message": pulled.fault.message}
    if isinstance(pulled.fault, Misconfigured):
        result.misconfigured.append({**row, "setting": pulled.fault.setting})
    else:
        result.unreachable.append(row)


def _packages_fault(site: Site, homes: list[str]) -> str | None:
    """Put the LADO packages in order; why that cannot be done. Notes, entries and mails do not wait for it."""
    try:
        packages.rebuild(site, homes)
    except Misconfigured as why:
        return why.message
    return None


def _count(site: Site, result: Synced, delivered: delivery_stage.Delivered) -> None:
    with site.ledger.reading() as connection:
        states = standing.deliveries_by_state(connection, result.homes, _SHOWN)
        result.quarantined = standing.quarantined_count(connection, result.homes)
        result.homes_without_file = standing.left_over_elsewhere(connection, site.homes)
    targets = dict.fromkeys([*(target.value for target in delivered.targets), *states])
    for target in targets:
        outcome = delivered.targets.get(Target(target))
        counts = {} if target == Target.LADO else {"accepted": outcome.accepted if outcome else 0}
        for state in _SHOWN:
            found = states.get(target, {}).get(state, 0)
            if found or (target != Target.LADO and state.value in ("uncertain", "rejected", "pending")):
                counts[state.value] = found
        if target == Target.LADO:
            counts.setdefault(DeliveryState.AWAITING_APPROVAL.value, 0)
        result.deliveries[target] = counts
