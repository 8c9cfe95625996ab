"""The bridge as real processes on one scene: started, killed, stopped, and started again until everything is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.weather import invariants
from tests.weather.scene import Scene

_ROOT = Path(__file__).parents[2]
KILLED = -9
#: Small, so that a lease runs out and a doubt settles while somebody watches.
QUICK = {
    "BRIDGE_DELIVERY__SETTLE_SECONDS": "0.2",
    "BRIDGE_DELIVERY__LEASE_SECONDS": "1",
    "BRIDGE_DELIVERY__WAIT_SECONDS": "8",
    "BRIDGE_DELIVERY__TIMEOUT_SECONDS": "5",
}


class Launcher:
    """The process that forks the others. One at a time speaks to it."""

    def __init__(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PREFECT_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.launcher"],
            cwd=_ROOT,
            env={**environ, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def ask(self, **told: Any) -> int:
        """Tell it something; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


@dataclass
class Run:
    """One process of the bridge."""

    launcher: Launcher
    pid: int
    out: Path

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Wait for its end; its exit code, or minus the signal that ended it."""
        return self.launcher.ask(do="wait", pid=self.pid, out=str(self.out))

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self.out.read_text("utf-8", "replace") if self.out.exists() else ""

    @property
    def result(self) -> dict[str, Any]:
        """What it printed as JSON."""
        said = self.said
        found: dict[str, Any] = json.loads(said[said.index("{") :])
        return found


@dataclass
class Bridge:
    """Real processes on a scene."""

    scene: Scene
    launcher: Launcher
    runs: list[Run] = field(default_factory=list)

    def start(self, *arguments: str, crash_at: str = "", most_bytes: int | None = None, **settings: str) -> Run:
        """Start a command and do not wait for it."""
        out = self.scene.house.folder / f"said-{len(self.runs)}.txt"
        pid = self.launcher.ask(
            do="start",
            arguments=list(arguments),
            environ={
                "PATH": os.environ["PATH"],
                "HOME": str(self.scene.house.folder),
                **self.scene.environ,
                **settings,
            },
            cwd=str(self.scene.house.folder),
            crash_at=crash_at,
            most_bytes=most_bytes,
            out=str(out),
        )
        self.runs.append(Run(self.launcher, pid, out))
        return self.runs[-1]

    def run(self, *arguments: str, **how: Any) -> tuple[int, Run]:
        """A command from its start to its end; then every invariant."""
        run = self.start(*arguments, **how)
        code = run.end()
        self.scene.printed.append(run.said)
        invariants.check(self.scene)
        return code, run

    def sync(self, **how: Any) -> int:
        """One sync; its exit code."""
        return self.run("sync", "--json", **how)[0]

    def until_done(self, runs: int = 10) -> None:
        """Sync again and again in fair weather until there is nothing left over."""
        codes = []
        for _ in range(runs):
            codes.append(self.sync())
            if codes[-1] == 0:
                return
        raise AssertionError(f"exit codes {codes}; left over: {self.scene.states()}; {self.runs[-1].said[-2000:]}")
