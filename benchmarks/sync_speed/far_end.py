"""The far end of a benchmark: the sandbox's recording system, daily log and Mosaic, each in a process of its own.

`with far_end(5000) as far:` starts them and loads the reports; `far.settings(folder)` points a bridge at them, and
`far.prove(5000)` asks the stand-ins themselves whether each write was applied exactly once.
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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.cast import HOME_ID, home_file
from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from sandbox.scenario import BULK_PERSON, bulk

_HERE = "benchmarks.sync_speed.far_end"


class StandIn:
    """One stand-in in a process of its own. It ends when this process does."""

    def __init__(self, name: str, count: int, latency: float, end: datetime) -> None:
        command = [sys.executable, "-m", _HERE, name, str(count), str(latency), end.isoformat()]
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
    end: datetime

    def settings(self, folder: Path, *, ledger: str | None = None, threads: int = 8) -> dict[str, str]:
        """The environment of a bridge that pulls from here and writes to here; two writes an incident, no mail."""
        homes = folder / "homes"
        homes.mkdir(parents=True, exist_ok=True)
        (homes / f"{HOME_ID}.toml").write_text(home_file(), "utf-8")
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

    def prove(self, count: int) -> float:
        """Processor seconds that the targets took. Ends the benchmark unless each write was applied exactly once."""
        seconds = 0.0
        for stand_in in self.targets:
            found = stand_in.ask()
            seconds += found["cpu"]
            if found["applied"] != count or found["doubled"]:
                raise SystemExit(f"Not what was to be measured: {found}, where {count} writes were due.")
        return seconds


@contextmanager
def far_end(count: int, *, latency: float = 0.0) -> Iterator[FarEnd]:
    """Fresh stand-ins, the source with `count` reports. `latency`: seconds that each answer of the targets waits."""
    end = datetime.now(UTC)
    source = StandIn("recording", count, 0.0, end)
    targets = [StandIn("daily_log", count, latency, end), StandIn("mosaic", count, latency, end)]
    try:
        yield FarEnd(source.told(), targets[0].told(), targets[1].told(), targets, end)
    finally:
        for stand_in in (source, *targets):
            stand_in.close()


def _serve(stand_in: Recording | Mosaic, address: Mapping[str, str]) -> None:
    with stand_in:
        before = time.process_time()
        print(json.dumps({"base_url": stand_in.base_url, **address}), flush=True)
        for _ in sys.stdin:
            took, references = time.process_time() - before, Counter(one.reference for one in stand_in.applied())
            doubled = sum(count > 1 for count in references.values())
            print(json.dumps({"applied": references.total(), "doubled": doubled, "cpu": took}), flush=True)


def main() -> None:
    """One stand-in: name, how many reports, latency, and when the made-up time ends. Ends with its standard input."""
    name, count, latency, end = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), datetime.fromisoformat(sys.argv[4])
    if name == "mosaic":
        mosaic = Mosaic(latency=latency)
        mosaic.add_people(range(BULK_PERSON + 1, BULK_PERSON + count + 1))
        _serve(mosaic, {"client_id": mosaic.client_id, "client_secret": mosaic.client_secret})
        return
    recording = Recording(latency=latency)
    if name == "recording":
        recording.put_all(bulk(count, end=end))
    _serve(recording, {"api_key": recording.api_key})


if __name__ == "__main__":
    main()
