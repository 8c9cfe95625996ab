"""A million keys a side, compared inside the ledger's database: ours beside well-known tools, in the same run.

    python -m benchmarks.reconcile_scale [--keys 1000000] [--rounds 5]

0.1 % of the keys are missing each way and 0.1 % differ; both sides lie in key order in one SQLite file. Every way
starts from that file, runs in a process of its own, interleaved with the others, and must find the same. Figures are
medians: seconds by the clock, seconds of processor time (all threads), and the peak of memory above a process that has
only imported what it needs.

pandas and DuckDB run from the environment `.venv-bench`, which `make bench` sets up. pandas reads with its own
`read_sql_query`. DuckDB gets the rows as Arrow batches from ADBC's SQLite driver, all of it compiled code; its own
SQLite reader is a download at run time. `duckdb's own` has the data in DuckDB's file already: the best it could do.

`ours` compares two sides that lie in the database. `ours, staged` is the same with both first read out and put, in no
known order, into a private database: this is how the sweep of `reconcile` compares the source's index with the ledger.
Both compare keys. A whole reconciliation also reads, compares and tells every record of one home's period, and holds
them while it does: `benchmarks.reconcile_whole` measures that, by the incident.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

#: How many keys only the left side has, only the right side has, and differ.
Found = tuple[int, int, int]

_QUERY = "SELECT key, fingerprint FROM {side} ORDER BY key"
_JOIN = """SELECT count(*) FILTER (r.key IS NULL), count(*) FILTER (l.key IS NULL),
           count(*) FILTER (l.fingerprint <> r.fingerprint) FROM l FULL JOIN r USING (key)"""
_APART = Path(".venv-bench/bin/python")
_MOST_IN_MEMORY = 2_000_000


def _rows(count: int, side: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        if number % 1000 != side:
            changed = side and number % 1000 == 500
            yield f"IB-EXH-2026-{number:08}-R1", f"{number * 2654435761 % 2**64:016x}{'*' if changed else ''}"


def _prepare(path: Path, count: int) -> None:
    with sqlite3.connect(path) as database:
        for side, name in enumerate(("ledger", "target")):
            database.execute(
                f"CREATE TABLE {name} (key TEXT, fingerprint TEXT, PRIMARY KEY (key, fingerprint)) WITHOUT ROWID"
            )
            database.executemany(f"INSERT INTO {name} VALUES (?, ?)", _rows(count, side))


# ---- ours --------------------------------------------------------------------------------------------------------


def _ours(path: str) -> Callable[[], Found]:
    from sqlalchemy import column, create_engine, select, table

    from reconciliation.merge import differences

    engine = create_engine(f"sqlite:///{path}")
    left, right = (
        select(side.c.key, side.c.fingerprint)
        for side in (table(name, column("key"), column("fingerprint")) for name in ("ledger", "target"))
    )

    def run() -> Found:
        with engine.connect() as connection:
            return _counted(Counter(one.gap for one in differences(connection, left, right)))

    return run


def _staged(path: str) -> Callable[[], Found]:
    from reconciliation.merge import Staging, differences

    def run() -> Found:
        with sqlite3.connect(path) as database, Staging() as staging:
            left, right = (staging.put(database.execute(_QUERY.format(side=side))) for side in ("ledger", "target"))
            return _counted(Counter(one.gap for one in differences(staging.connection, left, right)))

    return run


def _counted(gaps: Counter[str]) -> Found:
    return gaps["left_only"], gaps["right_only"], gaps["different"]


# ---- the others --------------------------------------------------------------------------------------------------


def _dicts(path: str) -> Callable[[], Found]:
    def run() -> Found:
        with sqlite3.connect(path) as database:
            left = dict(database.execute(_QUERY.format(side="ledger")))
            right = dict(database.execute(_QUERY.format(side="target")))
        changed = sum(1 for key in left.keys() & right.keys() if left[key] != right[key])
        return len(left.keys() - right.keys()), len(right.keys() - left.keys()), changed

    return run


def _sqlite(path: str) -> Callable[[], Found]:
    query = """SELECT sum(t.key IS NULL), sum(t.fingerprint <> l.fingerprint)
               FROM ledger l LEFT JOIN target t USING (key)"""
    other = "SELECT count(*) FROM target t LEFT JOIN ledger l USING (key) WHERE l.key IS NULL"

    def run() -> Found:
        with sqlite3.connect(path) as database:
            left, changed = database.execute(query).fetchone()
            return left, database.execute(other).fetchone()[0], changed

    return run


def _pandas(path: str) -> Callable[[], Found]:
    import pandas

    def run() -> Found:
        with sqlite3.connect(path) as database:
            left = pandas.read_sql_query(_QUERY.format(side="ledger"), database)
            right = pandas.read_sql_query(_QUERY.format(side="target"), database)
        both = pandas.merge(left, right, on="key", how="outer", indicator=True, suffixes=("_l", "_r"))
        counts = both["_merge"].value_counts()
        changed = ((both["_merge"] == "both") & (both["fingerprint_l"] != both["fingerprint_r"])).sum()
        return int(counts["left_only"]), int(counts["right_only"]), int(changed)

    return run


def _duckdb(path: str) -> Callable[[], Found]:
    import duckdb
    from adbc_driver_sqlite import dbapi

    def run() -> Found:
        with (
            duckdb.connect() as memory,
            dbapi.connect(path) as one,
            dbapi.connect(path) as two,
            one.cursor() as left,
            two.cursor() as right,
        ):
            for name, cursor, side in (("l", left, "ledger"), ("r", right, "target")):
                cursor.execute(_QUERY.format(side=side))
                memory.register(name, cursor.fetch_arrow())
            return memory.execute(_JOIN).fetchone()

    return run


def _duckdb_own(path: str) -> Callable[[], Found]:
    import duckdb

    def run() -> Found:
        with duckdb.connect(f"{path}.duckdb", read_only=True) as own:
            return own.execute(_JOIN).fetchone()

    return run


def _prepare_duckdb(path: str) -> None:
    """Both sides in a file of DuckDB's own, which is not measured."""
    import duckdb
    from adbc_driver_sqlite import dbapi

    with duckdb.connect(f"{path}.duckdb") as own, dbapi.connect(path) as database, database.cursor() as cursor:
        for name, side in (("l", "ledger"), ("r", "target")):
            cursor.execute(_QUERY.format(side=side))
            own.register("arriving", cursor.fetch_arrow())
            own.execute(f"CREATE TABLE {name} AS SELECT * FROM arriving")


WAYS = {
    "ours": _ours,
    "ours, staged": _staged,
    "sqlite join": _sqlite,
    "dicts": _dicts,
    "pandas.merge": _pandas,
    "duckdb": _duckdb,
    "duckdb's own": _duckdb_own,
}
_ELSEWHERE = ("pandas.merge", "duckdb", "duckdb's own")
_IN_MEMORY = ("dicts", "pandas.merge")


# ---- the run -----------------------------------------------------------------------------------------------------


def _one(way: str, path: str) -> None:
    """One run in this process: seconds, processor seconds, peak memory above the imports in MB, and what was found."""
    if way == "prepare duckdb":
        _prepare_duckdb(path)
        return
    run = WAYS[way](path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.perf_counter(), time.process_time()
    found = run()
    took, work = time.perf_counter() - started, time.process_time() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(took, work, grown, *found)


def _apart(way: str, path: Path) -> list[str]:
    """The same in a process of its own."""
    python = str(_APART) if way in (*_ELSEWHERE, "prepare duckdb") else sys.executable
    command = [python, "-m", "benchmarks.reconcile_scale", "--one", way, str(path)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def _measured(ways: list[str], keys: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, tuple[str, ...]]]:
    results: dict[str, list[list[float]]] = {way: [] for way in ways}
    found: dict[str, tuple[str, ...]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sides.db"
        _prepare(path, keys)
        if "duckdb's own" in ways:
            _apart("prepare duckdb", path)
        for _ in range(rounds):
            for way in ways:
                *figures, left, right, changed = _apart(way, path)
                results[way].append([float(figure) for figure in figures])
                found[way] = (left, right, changed)
    return {
        way: [statistics.median(column) for column in zip(*rows, strict=True)] for way, rows in results.items()
    }, found


def main() -> None:
    """Print one line a way, and what share of it ours takes."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("--keys", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--one", nargs=2, metavar=("WAY", "PATH"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        _one(*given.one)
        return
    ways = [way for way in WAYS if _APART.exists() or way not in _ELSEWHERE]
    if given.keys > _MOST_IN_MEMORY:
        ways = [way for way in ways if way not in _IN_MEMORY]
    medians, found = _measured(ways, given.keys, given.rounds)
    if len(set(found.values())) != 1:
        raise SystemExit(f"The ways disagree: {found}")
    print(
        f"{given.keys:,} keys a side, {given.rounds} rounds; found {' / '.join(found['ours'])} (left, right, different)"
    )
    print(f"  {'':13} {'seconds':>8} {'processor':>10} {'memory':>11}   ours takes of its seconds, processor, memory")
    for way, figures in medians.items():
        took, work, grown = figures
        shares = [ours / max(other, 0.01) for ours, other in zip(medians["ours"], figures, strict=True)]
        words = f"   {shares[0]:6.2f} {shares[1]:6.2f} {shares[2]:6.3f}" if way != "ours" else ""
        print(f"  {way:13} {took:6.2f} s {work:8.2f} s {grown:8.1f} MB{words}")
    if not _APART.exists():
        print(f"  pandas and DuckDB are not measured: {_APART} is not there (`make bench` sets it up)")


if __name__ == "__main__":
    main()
