"""The far end of a benchmark: the sandbox's recording system, daily log and Mosaic, each in a process of its own.

`with far_end(Load(5000)) as far:` starts them and loads the reports; `far.settings(folder)` points a bridge at them,
and `far.prove()` asks the stand-ins themselves whether each write was applied exactly once.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.sync_speed.standard_server import StandardServer
from sandbox.cast import HOME_ID, home_file
from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from sandbox.scenario import BULK_PERSON, bulk

_HERE = "benchmarks.sync_speed.far_end"


@dataclass(frozen=True)
class Load:
    """So many reports of each home. `latency`: seconds that each answer of the targets waits. `server`: "sandbox", the
    quickest there is, or "standard", Python's own."""

    count: int
    homes: tuple[str, ...] = (HOME_ID,)
    latency: float = 0.0
    server: str = "sandbox"
    children: int = 40

    @property
    def reports(self) -> int:
        """Of all homes together."""
        return self.count * len(self.homes)


class StandIn:
    """One stand-in in a process of its own. It ends when this process does."""

    def __init__(self, name: str, load: Load, end: datetime) -> None:
        spoken = json.dumps({**asdict(load), "latency": load.latency if name != "recording" else 0.0})
        command = [sys.executable, "-m", _HERE, name, spoken, end.isoformat()]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def told(self) -> dict[str, Any]:
        """The next thing that it says."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("A stand-in ended early.")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self) -> dict[str, Any]:
        """What was applied there, and the processor time that it took."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.told()

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@dataclass(frozen=True)
class FarEnd:
    """The stand-ins, running."""

    recording: Mapping[str, Any]
    daily_log: Mapping[str, Any]
    mosaic: Mapping[str, Any]
    targets: Sequence[StandIn]
    load: Load
    end: datetime

    def settings(self, folder: Path, *, ledger: str | None = None, threads: int = 8) -> dict[str, str]:
        """The environment of a bridge that pulls from here and writes to here; two writes an incident, no mail."""
        homes = folder / "homes"
        homes.mkdir(parents=True, exist_ok=True)
        for home in self.load.homes:
            (homes / f"{home}.toml").write_text(home_file().replace(HOME_ID, home), "utf-8")
        return {
            "BRIDGE_LEDGER_URL": ledger or f"sqlite:///{folder / 'ledger.db'}",
            "BRIDGE_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "BRIDGE_HOMES_DIR": str(homes),
            "BRIDGE_RECORDING__BASE_URL": self.recording["base_url"],
            "BRIDGE_RECORDING__API_KEY": self.recording["api_key"],
            "BRIDGE_RECORDING__START_DATE": (self.end - timedelta(days=40)).date().isoformat(),
            "BRIDGE_MOSAIC__BASE_URL": self.mosaic["base_url"],
            "BRIDGE_MOSAIC__CLIENT_ID": self.mosaic["client_id"],
            "BRIDGE_MOSAIC__CLIENT_SECRET": self.mosaic["client_secret"],
            "BRIDGE_DAILY_LOG__BASE_URL": self.daily_log["base_url"],
            "BRIDGE_DAILY_LOG__API_KEY": self.daily_log["api_key"],
            "BRIDGE_LADO__OUT_DIR": str(folder / "lado"),
            "BRIDGE_DELIVERY__THREADS": str(threads),
        }

    def prove(self) -> float:
        """Processor seconds that the targets took. Ends the benchmark unless each write was applied exactly once."""
        seconds = 0.0
        for stand_in in self.targets:
            found = stand_in.ask()
            seconds += found["cpu"]
            if found["applied"] != self.load.reports or found["doubled"]:
                raise SystemExit(f"Not what was to be measured: {found}, where {self.load.reports} writes were due.")
        return seconds


@contextmanager
def far_end(load: Load) -> Iterator[FarEnd]:
    """Fresh stand-ins, the source with the reports of the load."""
    end = datetime.now(UTC)
    source = StandIn("recording", load, end)
    targets = [StandIn("daily_log", load, end), StandIn("mosaic", load, end)]
    try:
        yield FarEnd(source.told(), targets[0].told(), targets[1].told(), targets, load, end)
    finally:
        for stand_in in (source, *targets):
            stand_in.close()


def _serve(stand_in: Recording | Mosaic, load: Load, address: Mapping[str, str]) -> None:
    with stand_in:
        base_url = stand_in.base_url
        if load.server == "standard":
            base_url = base_url.replace(stand_in.server.root, StandardServer(stand_in).root)
        before = time.process_time()
        print(json.dumps({"base_url": base_url, **address}), flush=True)
        for _ in sys.stdin:
            took, references = time.process_time() - before, Counter(one.reference for one in stand_in.applied())
            doubled = sum(count > 1 for count in references.values())
            print(json.dumps({"applied": references.total(), "doubled": doubled, "cpu": took}), flush=True)


def main() -> None:
    """One stand-in: its name, its load, and when the made-up time ends. Ends with its standard input."""
    name, spoken, end = sys.argv[1], json.loads(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
    load = Load(**{**spoken, "homes": tuple(spoken["homes"])})
    if name == "mosaic":
        mosaic = Mosaic(latency=load.latency)
        mosaic.add_people(range(BULK_PERSON + 1, BULK_PERSON + load.children + 1))
        _serve(mosaic, load, {"client_id": mosaic.client_id, "client_secret": mosaic.client_secret})
        return
    recording = Recording(latency=load.latency)
    if name == "recording":
        for place, home in enumerate(load.homes):
            first = place * load.count + 1
            recording.put_all(bulk(load.count, end=end, home=home, first=first, children=load.children))
    _serve(recording, load, {"api_key": recording.api_key})


if __name__ == "__main__":
    main()
