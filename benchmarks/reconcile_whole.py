"""A whole `reconcile` of one home against stand-ins over HTTP, and whether it grows with the incidents or faster.

    python -m benchmarks.reconcile_whole [--few 250] [--many 1000]

Each size is synced and reconciled in processes of its own: the index and every record are read, compared, told,
kept in the ledger and written as HTML, XLSX, CSV, PDF and JSON. The load is a hard one: 25 incidents a day, about a
dozen findings each. `benchmarks.reconcile_scale` measures the comparison of keys alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.sync_speed.far_end import Load, far_end


def _reconcile(start: str, end: str, out: str) -> None:
    """In this process: seconds, processor seconds and MB, above what its imports take, as JSON."""
    from flows.running import reconcile_here

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.perf_counter(), time.process_time()
    result = reconcile_here(home=None, start=date.fromisoformat(start), end=date.fromisoformat(end), out=out)
    took, work = time.perf_counter() - started, time.process_time() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = {"verified": result["totals"]["verified"], "findings": len(result["findings"])}
    print(json.dumps({"seconds": took, "processor": work, "mb": grown, **found}))


def _measured(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, far_end(Load(count)) as far:
        environment = {**os.environ, **far.settings(Path(name))}
        sync = [sys.executable, "-m", "benchmarks.sync_speed.ours", "sync"]
        subprocess.run(sync, env=environment, check=True, stdout=subprocess.DEVNULL)
        days = ((far.end - timedelta(days=45)).date().isoformat(), far.end.date().isoformat())
        look = [sys.executable, "-m", "benchmarks.reconcile_whole", "--look", *days, str(Path(name) / "out")]
        said = subprocess.run(look, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    if found["verified"] != count:
        raise SystemExit(f"Not what was to be measured: {found}, where {count} incidents were to be verified.")
    return found


def main() -> None:
    """Print a line a size, by the incident."""
    asked = argparse.ArgumentParser(description="A whole reconciliation of one home.")
    asked.add_argument("--few", type=int, default=250)
    asked.add_argument("--many", type=int, default=1_000)
    asked.add_argument("--look", nargs=3, metavar=("START", "END", "OUT"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.look:
        _reconcile(*given.look)
        return
    for count in (given.few, given.many):
        took = _measured(count)
        work, memory = took["processor"], took["mb"]
        print(
            f"{count:6,} incidents, {took['findings']:6,} findings, {took['seconds']:5.1f} s, {work:5.1f} s processor, "
            f"{memory:4.0f} MB; an incident {work / count * 1e3:.1f} ms of processor, {memory / count * 1e3:.0f} KB"
        )


if __name__ == "__main__":
    main()
