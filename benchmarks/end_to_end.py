"""How fast a whole sync is, beside a plain script that posts the same bodies and keeps nothing.

    python -m benchmarks.end_to_end            2,000 incidents, five rounds
    python -m benchmarks.end_to_end --quick    300 incidents, three rounds

Each round runs the two after each other against fresh stand-ins in processes of their own, and the stand-ins are asked
whether each write was applied exactly once. The figures are ratios of the same round; the median is what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.sync_speed.far_end import far_end

_PLAIN, _OURS = "benchmarks.sync_speed.plain_script", "benchmarks.sync_speed.ours"


def main() -> None:
    """Print the ratios, each beside its bar and its goal."""
    asked = argparse.ArgumentParser(description="A whole sync beside a plain script.")
    asked.add_argument("--quick", action="store_true", help="fewer incidents and rounds")
    quick = asked.parse_args().quick
    count, rounds = (300, 3) if quick else (2000, 5)
    print(f"{count} incidents, two writes each, {rounds} rounds; incidents a second, ours and the plain script's")
    instant = [_round(count, 0.0, 8) for _ in range(rounds)]
    _tell("a target that answers at once", instant, bar=1.2, goal=1.8)
    kept = [one["ours"] / one["unkept"] for one in instant]
    print(f"  with the ledger / without it: {statistics.median(kept):.2f} (bar 0.95, goal 0.98)")
    slow = [_round(count // 2, 0.05, 32, plain=False)["ours"] * 2 / 640 for _ in range(rounds)]
    print(f"a target that takes 50 ms, 32 threads: {statistics.median(slow):.2f} of 640 posts/s (bar 0.72, goal 0.9)")


def _tell(what: str, rounds: list[dict[str, float]], *, bar: float, goal: float) -> None:
    ratios = [one["ours"] / one["plain"] for one in rounds]
    ours, plain = (statistics.median(one[name] for one in rounds) for name in ("ours", "plain"))
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{what}: {statistics.median(ratios):.2f} times ({spread}); bar {bar}, goal {goal}")
    print(f"  {ours:.0f} and {plain:.0f} incidents/s")


def _round(count: int, latency: float, threads: int, *, plain: bool = True) -> dict[str, float]:
    """Incidents a second of each contestant, one after the other, each against fresh stand-ins."""
    speeds = {"ours": _speed(count, latency, threads, "sync")}
    if plain:
        speeds["unkept"] = _speed(count, latency, threads, "unkept")
        speeds["plain"] = _speed(count, latency, threads, None)
    return speeds


def _speed(count: int, latency: float, threads: int, ours: str | None) -> float:
    with tempfile.TemporaryDirectory() as name, far_end(count, latency=latency) as far:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BRIDGE_")}
        environment |= far.settings(folder, threads=threads) | {"BRIDGE_CONFIG": str(_empty(folder))}
        if ours is not None:
            took = _told([_OURS, ours], environment)
        else:
            bodies = folder / "bodies"
            with bodies.open("w") as file:
                command = [sys.executable, "-m", _OURS, "bodies"]
                subprocess.run(command, env=environment, stdout=file, stderr=subprocess.DEVNULL, check=True)
            took = _told([_PLAIN, str(bodies)], environment)
        far.prove(count)
    return took["incidents"] / took["seconds"]


def _empty(folder: Path) -> Path:
    path = folder / "bridge.toml"
    path.write_text("", "utf-8")
    return path


def _told(module: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", *module], env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
