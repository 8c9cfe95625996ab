"""One night at Example House: stand-ins over real sockets, a ledger, and a bridge that is started anew for each run.

Time belongs to the test: `advance` moves the stand-ins' clocks and the ledger's together, so that a settling time or a
lease passes at once.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from config.home import load_homes
from config.settings import load_settings
from flows.reconcile import reconcile
from flows.site import Site
from flows.sync import sync
from ledger.database import Ledger
from ledger.desk import retry
from ledger.outbox import next_due_in
from sandbox.house import House
from sandbox.story import stamp
from tests.weather import invariants
from tests.weather.reports import by_staff, id_of, person_of, report

#: Runs after which whatever can settle has settled.
ENOUGH = 12
OPEN = ("pending", "sending", "uncertain")
_TARGETS = ("mosaic", "daily_log", "email", "lado")


class RunningClock:
    """Real time plus what it was moved on by: a ledger's lease clock, and the wall clock of a host.

    `wrong_by`: seconds by which the host's own clock is wrong; the database's is right.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self.wrong_by = 0.0
        self.lease_is_wrong_too = False

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead + self.wrong_by)

    def seconds(self, connection: Connection) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead + (self.wrong_by if self.lease_is_wrong_too else 0.0)


class Overheard(logging.Handler):
    """Everything that anybody logs, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Scene:
    """The house, the ledger's URL, the bridge's environment, and what was heard of it so far."""

    house: House
    environ: dict[str, str]
    clock: RunningClock = field(default_factory=RunningClock)
    heard: Overheard = field(default_factory=Overheard)
    printed: list[str] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    """Ids of reports that were committed behind what was already served, and that nothing has looked for since."""
    doubled: set[str] = field(default_factory=set)
    """References that the far end applied twice by itself, long after every look: reconciliation must say so."""
    known: set[str] = field(default_factory=set)
    """Keys of deliveries that were owed once: none may ever go missing."""
    exempt: set[str] = field(default_factory=set)
    """Invariants that this row suspends, with its own reason."""

    # ---- what happens at the home ----

    def write(self, *numbers: int, **how: Any) -> None:
        """Staff write reports; each child has a Mosaic record."""
        for n in numbers:
            self.house.mosaic.add_person(person_of(n))
            changed = {"modifiedAt": stamp(self.house.recording.weather.clock.now()), **how}
            self.house.recording.put(report(n, self.house.end, **changed))

    def amend(self, *numbers: int, words: str = "Added later.", **changes: Any) -> None:
        """Staff amend reports, so that note and entry are owed an addition."""
        for n in numbers:
            self.house.recording.amend(id_of(n), {**by_staff(n, words), **changes})

    # ---- the bridge ----

    @contextmanager
    def site(self, **settings: str) -> Iterator[Site]:
        """The bridge, opened as for one run."""
        settings_ = load_settings(self.environ | settings)
        ledger = self.ledger()
        site = Site(settings_, load_homes(settings_.homes_dir), ledger)
        try:
            yield site
        finally:
            ledger.close()
            for name in ("source", "mosaic", "daily_log", "email"):
                close = getattr(site.__dict__.get(name), "close", None)
                if close is not None:
                    close()

    def ledger(self) -> Ledger:
        """The ledger under the scene's clock. Whoever asks closes it."""
        settings = load_settings(self.environ)
        url = settings.ledger_url.get_secret_value()
        return Ledger(url, settings.raw_keys(), clock=self.clock, lease_clock=self.clock)

    def sync(self, *, wait: float = 0.0, **settings: str) -> dict[str, Any]:
        """One run of sync, as a new process would make it; then every invariant."""
        with self.site(**settings) as site:
            result = self.run(site, wait=wait)
        invariants.check(self)
        invariants.printed_numbers_add_up(self, result)
        return result

    def run(self, site: Site, *, wait: float = 0.0) -> dict[str, Any]:
        """A run of an open bridge, as it is."""
        result = sync(site, list(site.homes.values()), wait_seconds=wait).as_json()
        self.printed.append(json.dumps(result))
        return result

    def reconcile(self, *, heal: bool = False, days: int = 60, **settings: str) -> dict[str, Any]:
        """One reconciliation of the whole time; then every invariant."""
        end = self.clock().date() + timedelta(days=1)
        with self.site(**settings) as site:
            home = next(iter(site.homes.values()))
            out = self.house.folder / "reports"
            result = reconcile(site, home, end - timedelta(days=days), end, out, heal=heal)
        if result["checked"]["source"] == "checked":
            self.late.clear()
        self.printed.append(json.dumps(result))
        invariants.check(self)
        return result

    def settle(self, runs: int = ENOUGH, **settings: str) -> dict[str, Any]:
        """Run and let time pass until nothing is on its way, or for that many runs; returns the last result."""
        result = self.sync(**settings)
        for _ in range(runs):
            if not self.on_its_way():
                break
            self.advance(self._until_due())
            result = self.sync(**settings)
        return result

    def advance(self, seconds: float) -> None:
        """Let time pass, everywhere."""
        self.house.advance(seconds)
        self.clock.ahead += seconds

    def retry_rejected(self) -> None:
        """A person asks for another try of everything that was rejected."""
        ledger = self.ledger()
        try:
            for row in self.rows(where="state = 'rejected'"):
                retry(ledger, row["id"], "operator")
        finally:
            ledger.close()
        invariants.check(self)

    # ---- what is where ----

    def rows(self, table: str = "delivery", where: str = "") -> list[dict[str, Any]]:
        """Rows of a ledger table, as they lie there."""
        return invariants.rows(self.environ["BRIDGE_LEDGER_URL"], table, where)

    def states(self) -> Counter[str]:
        """How many deliveries there are in each state."""
        return Counter(row["state"] for row in self.rows())

    def on_its_way(self) -> list[dict[str, Any]]:
        """Deliveries that are pending, sending or uncertain."""
        return [row for row in self.rows() if row["state"] in OPEN]

    def held(self) -> Counter[str]:
        """How often each operation was applied, counted in the stand-ins."""
        house = self.house
        return Counter(effect.operation for effect in (*house.mosaic.applied(), *house.recording.applied()))

    def findings(self, result: dict[str, Any]) -> Counter[str]:
        """How many findings of each kind there are."""
        return Counter(finding["kind"] for finding in result["findings"])

    def _until_due(self) -> float:
        ledger = self.ledger()
        try:
            with ledger.reading() as connection:
                now = ledger.seconds(connection)
            due = [row["lease_epoch"] or row["due_epoch"] for row in self.on_its_way()]
            soon = next_due_in(ledger, _TARGETS, homes=[self.home_id])
        finally:
            ledger.close()
        return max(1.0, (min(due) - now if soon is None else soon) + 0.1)

    @property
    def home_id(self) -> str:
        """The one home's id."""
        return "EXH"

    @property
    def today(self) -> date:
        """The day by the scene's clock."""
        return self.clock().date()


def wait_until(true: Callable[[], bool], *, seconds: float = 60.0, what: str = "it") -> None:
    """Look again and again until it is so. Raises AssertionError when it is not so in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:g} seconds"
        time.sleep(0.02)


def environment(house: House, url: str, *, mail: bool = False, **more: str) -> dict[str, str]:
    """A bridge's settings at this house: production's settling time and lease, and a short patience for one call."""
    return {
        **{name: value for name, value in house.environment().items() if mail or "EMAIL" not in name},
        "BRIDGE_LEDGER_URL": url,
        "BRIDGE_DELIVERY__SETTLE_SECONDS": "60",
        "BRIDGE_DELIVERY__LEASE_SECONDS": "300",
        "BRIDGE_DELIVERY__TIMEOUT_SECONDS": "5",
        "BRIDGE_DELIVERY__THREADS": "4",
        **more,
    }
