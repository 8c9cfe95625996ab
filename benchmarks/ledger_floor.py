"""What SQLite alone takes for the rows that a sync writes: the least that a ledger of these rows can cost.

    python -m benchmarks.ledger_floor                3,000 incidents, five rounds: about two minutes

Each round runs our code with the ledger and without it, then writes the rows of that ledger again, finished as they
are, into a new file with the bare driver: the same tables and indexes, a commit a page, and two steps a delivery in
batches. Nothing is sealed, worked out, looked up or read back. Processor time, in this process and on its own.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import _run
from benchmarks.sync_speed.far_end import Load
from config.settings import DeliverySettings, RecordingSettings

_BAR = 0.95
_BY_PAGE, _BY_BATCH = ("incident", "revision", "delivery", "body"), ("attempt", "audit_entry")
_SEND = "UPDATE delivery SET state = 'sending', owner = 'w', lease_epoch = 1.0, state_since = planned_at WHERE id = ?"
_TAKE = (
    "UPDATE delivery SET state = 'accepted', owner = NULL, lease_epoch = NULL, accepted_at = planned_at WHERE id = ?"
)


def main() -> None:
    """Print what the rows cost, beside what the bar of the ledger's row leaves for them."""
    asked = argparse.ArgumentParser(description="What SQLite alone takes for the rows of a sync.")
    asked.add_argument("--incidents", type=int, default=3000)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    rounds = [_round(given.incidents) for _ in range(given.rounds)]
    kept, unkept, floor = (statistics.median(one) for one in zip(*rounds, strict=True))
    left = unkept / _BAR - unkept
    print(f"{given.incidents} incidents, {given.rounds} rounds; medians, milliseconds of processor an incident")
    print(f"our own code without the ledger {unkept:.3f}, with it {kept:.3f}")
    print(f"a bar of {_BAR} leaves the ledger {left:.3f}; SQLite's driver alone takes {floor:.3f} for its rows")


def _round(count: int) -> tuple[float, float, float]:
    """Milliseconds an incident with the ledger, without it, and of the rows alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (kept,) = _run(Load(count), ["sync"], ledger=f"sqlite:///{folder / 'ledger.db'}")
        (unkept,) = _run(Load(count), ["unkept"])
        floor = _written_again(folder / "ledger.db", folder / "again.db")
    return tuple(1000 * seconds / count for seconds in (kept["cpu"], unkept["cpu"], floor))  # type: ignore[return-value]


def _written_again(ledger: Path, again: Path) -> float:
    """Processor seconds for writing the rows of a ledger into a new file."""
    with sqlite3.connect(ledger) as source, sqlite3.connect(again, isolation_level=None) as target:
        for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=FULL"):
            target.execute(f"PRAGMA {pragma}")
        for (made,) in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"):
            target.execute(made)
        rows = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in (*_BY_PAGE, *_BY_BATCH)}
        pages = -(-len(rows["incident"]) // RecordingSettings().page_size)
        batches = -(-len(rows["delivery"]) // DeliverySettings().batch_size)
        deliveries = source.execute("SELECT id FROM delivery ORDER BY id").fetchall()
        began = time.process_time()
        for page in zip(*(_shares(rows[table], pages) for table in _BY_PAGE), strict=True):
            target.execute("BEGIN IMMEDIATE")
            for table, some in zip(_BY_PAGE, page, strict=True):
                _insert(target, table, some)
            target.execute("COMMIT")
        shares = (_shares(each, batches) for each in (deliveries, *(rows[table] for table in _BY_BATCH)))
        for held, *batch in zip(*shares, strict=True):
            target.execute("BEGIN IMMEDIATE")
            target.executemany(_SEND, held)
            target.execute("COMMIT")
            target.execute("BEGIN IMMEDIATE")
            target.executemany(_TAKE, held)
            for table, some in zip(_BY_BATCH, batch, strict=True):
                _insert(target, table, some)
            target.execute("COMMIT")
        return time.process_time() - began


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _shares(rows: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    size = -(-len(rows) // count)
    return (rows[start : start + size] for start in range(0, len(rows), size))


if __name__ == "__main__":
    main()
