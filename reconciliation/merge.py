"""Two long lists in key order, compared a block at a time: what only one side has, what differs, what is doubled.

Memory does not grow with the lists: a block of each is held, compared as a dict, and let go. A million keys a side
take a second or two and a few megabytes (`benchmarks/reconcile_scale.py`). Sides that do not come in key order are
staged first in a temporary SQLite table, which sorts them on disk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Column, Connection, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.pool import StaticPool

#: A key and a fingerprint of what it stands for.
Row = tuple[Any, ...]

BLOCK = 1024


class Gap(StrEnum):
    """How two sides disagree about one key."""

    LEFT_ONLY = "left_only"
    RIGHT_ONLY = "right_only"
    DIFFERENT = "different"
    LEFT_DOUBLED = "left_doubled"
    RIGHT_DOUBLED = "right_doubled"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key about which the sides disagree."""

    key: Any
    gap: Gap


class OutOfOrder(ValueError):
    """A side did not come in key order; comparing it would invent differences."""


class _Reader:
    """One side: the rows that were read and not yet compared."""

    def __init__(self, rows: Iterable[Row], block: int) -> None:
        self._rows = iter(rows)
        self._block = block
        self.held: list[Row] = []
        self.done = False
        self._last: Any = None

    def read(self) -> None:
        """Read one more block."""
        more = list(islice(self._rows, self._block))
        if not more:
            self.done = True
            return
        if more[0][0] > more[-1][0] or (self._last is not None and self._last > more[0][0]):
            raise OutOfOrder("One side of the comparison is not in key order; sort it by its key first.")
        self._last = more[-1][0]
        self.held = [*self.held, *more] if self.held else more

    def take_below(self, bound: Any) -> list[Row]:
        """Rows whose key is below the bound; they leave the reader."""
        place = bisect_left(self.held, bound, key=itemgetter(0))
        taken, self.held = self.held[:place], self.held[place:]
        return taken

    def take_all(self) -> list[Row]:
        taken, self.held = self.held, []
        return taken


def compare_sorted(left: Iterable[Row], right: Iterable[Row], *, block: int = BLOCK) -> Iterator[Difference]:
    """Compare two sides of (key, fingerprint), each in ascending key order.

    Keys of one side must be comparable with those of the other (text in code-point order: SQLite's BINARY, PostgreSQL's
    COLLATE "C"). Yields differences in key order. Raises OutOfOrder when a side is seen to be unsorted.
    """
    one, two = _Reader(left, block), _Reader(right, block)
    while True:
        for side in (one, two):
            if not side.held and not side.done:
                side.read()
        open_ends = [side.held[-1][0] for side in (one, two) if not side.done and side.held]
        if not open_ends:
            if one.done and two.done:
                yield from _compare_block(one.take_all(), two.take_all())
                return
            continue
        # A key equal to the bound may go on in the next block, so only what lies below it is settled.
        bound = min(open_ends)
        below = one.take_below(bound), two.take_below(bound)
        yield from _compare_block(*below)
        for side in (one, two):
            if not side.done and side.held and side.held[-1][0] == bound:
                side.read()


def _compare_block(left: list[Row], right: list[Row]) -> Iterator[Difference]:
    ours, theirs = _by_key(left), _by_key(right)
    if len(ours) == len(left) and len(theirs) == len(right) and ours == theirs:
        return
    found: list[tuple[Any, Gap]] = []
    if len(ours) != len(left):
        found += [(key, Gap.LEFT_DOUBLED) for key in _repeated(left)]
    if len(theirs) != len(right):
        found += [(key, Gap.RIGHT_DOUBLED) for key in _repeated(right)]
    doubled = {key for key, _ in found}
    for key in ours.keys() ^ theirs.keys():
        found.append((key, Gap.LEFT_ONLY if key in ours else Gap.RIGHT_ONLY))
    if ours != theirs:
        changed = dict(ours.items() - theirs.items()).keys() & theirs.keys()
        found += [(key, Gap.DIFFERENT) for key in changed if key not in doubled]
    for key, gap in sorted(found):
        yield Difference(key, gap)


def _by_key(rows: list[Row]) -> dict[Any, Any]:
    return dict(rows)


def _repeated(rows: list[Row]) -> list[Any]:
    keys = [row[0] for row in rows]
    return sorted({this for this, following in pairwise(keys) if this == following})


class Staging:
    """A temporary SQLite database that puts one side in key order on disk. It vanishes when it is closed."""

    def __init__(self) -> None:
        # The empty name is a private on-disk database that SQLite itself removes; a small cache bounds the memory.
        self._engine = create_engine("sqlite:///file:?uri=true", poolclass=StaticPool)
        self._connection: Connection = self._engine.connect()
        self._connection.exec_driver_sql("PRAGMA synchronous = OFF")
        self._connection.exec_driver_sql("PRAGMA cache_size = -8000")
        self._count = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._engine.dispose()

    def in_key_order(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Store the rows, then give them back in key order. Keys and fingerprints are text; equal keys are all kept."""
        self._count += 1
        side = Table(f"side_{self._count}", MetaData(), Column("key", Text), Column("fingerprint", Text))
        side.create(self._connection)
        into = str(insert(side).compile(self._connection))
        source = iter(rows)
        while batch := [(row[0], row[1]) for row in islice(source, 16 * BLOCK)]:
            self._connection.exec_driver_sql(into, batch)
        self._connection.commit()
        return stream(self._connection, select(side.c.key, side.c.fingerprint).order_by(side.c.key))


def stream(connection: Connection, query: ClauseElement) -> Iterator[Row]:
    """The rows of a query of (key, fingerprint), both plain text or numbers, without holding them all.

    They come from the driver's own cursor (on PostgreSQL a server-side one): a Row object for each would cost four
    times the comparison.
    """
    written = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    named = {"name": "compared_side"} if connection.dialect.name == "postgresql" else {}
    cursor = driver.cursor(**named)
    cursor.execute(written)
    while rows := cursor.fetchmany(BLOCK):
        yield from rows
