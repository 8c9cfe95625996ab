"""Two long lists of keys compared inside a database: what only one side has, what differs, what is doubled.

The database walks both sides in key order, so memory grows with what differs and not with the lists: a million keys a
side take about a second and a few megabytes (`benchmarks/reconcile_scale.py`). Sides that lie elsewhere are staged
first, in a private SQLite database that goes to disk when it is large and vanishes when it is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    Select,
    Table,
    Text,
    create_engine,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.pool import StaticPool

#: A query of two columns of text, named `key` and `fingerprint`: a key and what tells its state from another.
Side = Select[tuple[str, str]]

_BATCH = 10_000


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

    key: str
    gap: Gap


def differences(connection: Connection, left: Side, right: Side) -> Iterator[Difference]:
    """Compare two sides that lie in one database; each key once a gap. A doubled key is not called different as well.

    Fast where each side has an index of (key, fingerprint); right, and slower, where it has none.
    """
    twice, again = _doubled(connection, left), _doubled(connection, right)
    yield from (Difference(key, Gap.LEFT_DOUBLED) for key in sorted(twice))
    yield from (Difference(key, Gap.RIGHT_DOUBLED) for key in sorted(again))
    ours, theirs = _lacking(connection, left, right), _lacking(connection, right, left)
    doubled = twice | again
    yield from (Difference(key, Gap.DIFFERENT) for key in sorted((ours & theirs) - doubled))
    for keys, other, gap in ((ours - theirs, right, Gap.LEFT_ONLY), (theirs - ours, left, Gap.RIGHT_ONLY)):
        # One copy of a doubled key may be as the other side has it, and the other copy not.
        absent = (key for key in sorted(keys) if key not in doubled or not _has(connection, other, key))
        yield from (Difference(key, gap) for key in absent)


def _lacking(connection: Connection, side: Side, other: Side) -> set[str]:
    """Keys of rows that the other side has not, or not in this state. Ordered: so SQLite merges and stores none."""
    rows = side.except_(other).order_by(literal_column("1"), literal_column("2"))
    return set(connection.scalars(rows))


def _doubled(connection: Connection, side: Side) -> set[str]:
    rows = side.subquery()
    return set(connection.scalars(select(rows.c.key).group_by(rows.c.key).having(func.count() > 1)))


def _has(connection: Connection, side: Side, key: str) -> bool:
    rows = side.subquery()
    return connection.execute(select(rows.c.key).where(rows.c.key == key).limit(1)).first() is not None


class Staging:
    """A private SQLite database for sides that lie elsewhere."""

    def __init__(self) -> None:
        # The empty name is a temporary database of SQLite's own: it spills to disk, bounded by the small cache.
        self._engine = create_engine("sqlite:///file:?uri=true", poolclass=StaticPool)
        self.connection: Connection = self._engine.connect()
        self.connection.exec_driver_sql("PRAGMA cache_size = -8000")
        self._tables = MetaData()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self._engine.dispose()

    def put(self, rows: Iterable[tuple[str, str]]) -> Side:
        """Store the rows, in any order, equal ones too; returns the side that they are."""
        name = f"side_{len(self._tables.tables) + 1}"
        table = Table(name, self._tables, Column("key", Text), Column("fingerprint", Text))
        table.create(self.connection)
        into = str(insert(table).compile(self.connection))
        source = iter(rows)
        while batch := list(islice(source, _BATCH)):
            self.connection.exec_driver_sql(into, batch)
        Index(f"{name}_in_order", table.c.key, table.c.fingerprint).create(self.connection)
        return select(table.c.key, table.c.fingerprint)
