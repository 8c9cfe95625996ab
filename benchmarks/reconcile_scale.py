"""A million keys a side, compared inside the ledger's database: ours beside two well-known tools, in the same run.

    python -m benchmarks.reconcile_scale [--keys 1000000] [--rounds 5]

Each way runs in a process of its own, interleaved with the others; time is the median, memory the peak above a process
that has only imported what it needs. 0.1 % of the keys are missing each way and 0.1 % differ. Both sides lie in one
SQLite file in key order, as the ledger keeps them. pandas and DuckDB are measured where they are installed
(`pip install pandas duckdb`); plain Python dicts and SQLite's own join always are. Every way must find the same.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_QUERY = "SELECT key, fingerprint FROM {side} ORDER BY key"


def _rows(count: int, side: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        if number % 1000 != side:
            changed = side and number % 1000 == 500
            yield f"IB-EXH-2026-{number:08}-R1", f"{number * 2654435761 % 2**64:016x}{'*' if changed else ''}"


def _prepare(path: Path, count: int) -> None:
    with sqlite3.connect(path) as database:
        for side, name in enumerate(("ledger", "target")):
            database.execute(f"CREATE TABLE {name} (key TEXT PRIMARY KEY, fingerprint TEXT) WITHOUT ROWID")
            database.executemany(f"INSERT INTO {name} VALUES (?, ?)", _rows(count, side))


def _ours(path: str) -> Callable[[], tuple[int, int, int]]:
    from collections import Counter

    from sqlalchemy import create_engine, text

    from reconciliation.merge import Gap, compare_sorted, stream

    engine = create_engine(f"sqlite:///{path}")

    def run() -> tuple[int, int, int]:
        with engine.connect() as one, engine.connect() as two:
            left = stream(one, text(_QUERY.format(side="ledger")))
            right = stream(two, text(_QUERY.format(side="target")))
            gaps = Counter(difference.gap for difference in compare_sorted(left, right))
        return gaps[Gap.LEFT_ONLY], gaps[Gap.RIGHT_ONLY], gaps[Gap.DIFFERENT]

    return run


def _dicts(path: str) -> Callable[[], tuple[int, int, int]]:
    def run() -> tuple[int, int, int]:
        with sqlite3.connect(path) as database:
            left = dict(database.execute(_QUERY.format(side="ledger")))
            right = dict(database.execute(_QUERY.format(side="target")))
        changed = sum(1 for key in left.keys() & right.keys() if left[key] != right[key])
        return len(left.keys() - right.keys()), len(right.keys() - left.keys()), changed

    return run


def _sqlite(path: str) -> Callable[[], tuple[int, int, int]]:
    query = """SELECT sum(t.key IS NULL), sum(t.fingerprint <> l.fingerprint)
               FROM ledger l LEFT JOIN target t USING (key)"""
    other = "SELECT count(*) FROM target t LEFT JOIN ledger l USING (key) WHERE l.key IS NULL"

    def run() -> tuple[int, int, int]:
        with sqlite3.connect(path) as database:
            left, changed = database.execute(query).fetchone()
            return left, database.execute(other).fetchone()[0], changed

    return run


def _pandas(path: str) -> Callable[[], tuple[int, int, int]]:
    import pandas

    def run() -> tuple[int, int, int]:
        with sqlite3.connect(path) as database:
            left = pandas.read_sql_query(_QUERY.format(side="ledger"), database)
            right = pandas.read_sql_query(_QUERY.format(side="target"), database)
        both = pandas.merge(left, right, on="key", how="outer", indicator=True, suffixes=("_l", "_r"))
        counts = both["_merge"].value_counts()
        changed = ((both["_merge"] == "both") & (both["fingerprint_l"] != both["fingerprint_r"])).sum()
        return int(counts["left_only"]), int(counts["right_only"]), int(changed)

    return run


def _duckdb(path: str) -> Callable[[], tuple[int, int, int]]:
    import duckdb

    def run() -> tuple[int, int, int]:
        with sqlite3.connect(path) as database:
            sides = [database.execute(_QUERY.format(side=side)).fetchall() for side in ("ledger", "target")]
        with duckdb.connect() as memory:
            for name, rows in zip(("l", "r"), sides, strict=True):
                memory.execute(
                    f"CREATE TABLE {name} AS SELECT unnest($1) AS key, unnest($2) AS fingerprint",
                    list(map(list, zip(*rows, strict=True))),
                )
            query = """SELECT count(*) FILTER (r.key IS NULL), count(*) FILTER (l.key IS NULL),
                       count(*) FILTER (l.fingerprint <> r.fingerprint) FROM l FULL JOIN r USING (key)"""
            found = memory.execute(query).fetchone()
        assert found is not None
        return found[0], found[1], found[2]

    return run


WAYS = {"ours": _ours, "dicts": _dicts, "sqlite join": _sqlite, "pandas.merge": _pandas, "duckdb": _duckdb}
_NEEDS = {"pandas.merge": "pandas", "duckdb": "duckdb"}


def _one(way: str, path: str) -> None:
    """One run in this process: seconds, peak memory above the imports in MB, and what was found."""
    run = WAYS[way](path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    found = run()
    took = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(took, grown, *found)


def main() -> None:
    """Print one line a way, and the ratios of GOALS."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--keys", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--one", nargs=2, metavar=("WAY", "PATH"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        _one(*given.one)
        return
    ways = [way for way in WAYS if way not in _NEEDS or importlib.util.find_spec(_NEEDS[way])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sides.db"
        _prepare(path, given.keys)
        results: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        found: dict[str, tuple[str, ...]] = {}
        for _ in range(given.rounds):
            for way in ways:
                command = [sys.executable, "-m", "benchmarks.reconcile_scale", "--one", way, str(path)]
                took, grown, *counts = subprocess.run(
                    command, check=True, capture_output=True, text=True
                ).stdout.split()
                results[way].append((float(took), float(grown)))
                found[way] = tuple(counts)
    if len(set(found.values())) != 1:
        raise SystemExit(f"The ways disagree: {found}")
    medians = {way: [statistics.median(column) for column in zip(*rows, strict=True)] for way, rows in results.items()}
    print(
        f"{given.keys:,} keys a side, {given.rounds} rounds; found {' / '.join(found['ours'])} (left, right, different)"
    )
    ours = medians["ours"]
    for way, (took, grown) in medians.items():
        of_time, of_memory = ours[0] / took, ours[1] / max(grown, 0.1)
        shares = f"ours takes {of_time:5.2f} of its time and {of_memory:6.2f} of its memory" if way != "ours" else ""
        print(f"  {way:13} {took:6.2f} s {grown:8.1f} MB   {shares}")
    missing = [tool for way, tool in _NEEDS.items() if way not in ways]
    if missing:
        print(f"  not installed, so not measured: {', '.join(missing)} (pip install {' '.join(missing)})")


if __name__ == "__main__":
    main()
