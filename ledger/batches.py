"""Many rows with one statement.

PostgreSQL is sent all of them as one JSON text, which it unfolds into a table: a statement for each row costs several
times as much on both sides. What is sealed goes beside it in one piece, of which each row takes its slice. SQLite, to
which it is not far, is given row after row. What SQLAlchemy would work out for each of them, which costs more than the
row, is worked out once a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Integer,
    LargeBinary,
    Table,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

from ledger.tables import UtcMoment, in_utc

Row = Mapping[str, Any]
Given = Mapping[str, ColumnElement[Any]]
Types = tuple[tuple[str, TypeEngine[Any]], ...]
Statement = Callable[[Given], Insert | Update]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows in this order. All have the same names; a column's default stands for what is left out."""
    if rows:
        _insert(connection.dialect, table, tuple(rows[0]))(connection, rows)


def write_rows(connection: Connection, columns: Types, statement: Statement, rows: Sequence[Row]) -> None:
    """Run a statement for each row, whose values it is given by name.

    Name `columns` and `statement` at the top of a module: what is made of them is kept for ever.
    """
    if rows:
        _made(connection.dialect, columns, statement)(connection, rows)


def among(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether the column has one of these values. For PostgreSQL they are one value: its driver works its way through
    the text of a statement in which each of hundreds has a place of its own, which takes longer than the statement."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


@lru_cache(maxsize=32)
def _insert(dialect: Dialect, table: Table, names: tuple[str, ...]) -> Callable[[Connection, Sequence[Row]], None]:
    others = (one for one in table.c if one.name not in names)
    defaults = {one.name: one.default.arg for one in others if isinstance(one.default, ScalarElementColumnDefault)}

    def statement(given: Given) -> Insert:
        values = [*(given[name] for name in names), *(literal(value) for value in defaults.values())]
        return table.insert().from_select([*names, *defaults], select(*values))

    return _made(dialect, tuple((name, table.c[name].type) for name in names), statement)


@lru_cache(maxsize=32)
def _made(dialect: Dialect, columns: Types, statement: Statement) -> Callable[[Connection, Sequence[Row]], None]:
    if dialect.name == "postgresql":
        return _AllAtOnce(columns, statement)
    return _OneByOne(dialect, columns, statement)


class _OneByOne:
    """A statement as the driver takes it, and what each value has to become first."""

    def __init__(self, dialect: Dialect, columns: Types, statement: Statement) -> None:
        given = {name: bindparam(f"given_{name}", type_=kind) for name, kind in columns}
        compiled: Any = statement(given).compile(dialect=dialect)
        kinds = {f"given_{name}": (name, kind.dialect_impl(dialect)) for name, kind in columns}
        self._text = compiled.string
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if name not in kinds}
        self._places = [kinds.get(name, (name, None)) for name in compiled.positiontup]
        self._conversions = {
            name: None if kind is None or isinstance(kind, LargeBinary) else kind.bind_processor(dialect)
            for name, kind in self._places
        }

    def __call__(self, connection: Connection, rows: Sequence[Row]) -> None:
        columns = [self._column(name, rows) for name, _ in self._places]
        connection.exec_driver_sql(self._text, list(zip(*columns, strict=True)))

    def _column(self, name: str, rows: Sequence[Row]) -> list[Any]:
        """One column. A batch has one moment and one worker: what is the same in all rows is converted once."""
        if name in self._constants:
            return [self._constants[name]] * len(rows)
        convert, values = self._conversions[name], [row[name] for row in rows]
        if convert is None:
            return values
        first = values[0]
        if all(value is first for value in values):
            return [convert(first)] * len(values)
        return [convert(value) for value in values]


class _AllAtOnce:
    """A statement over a table of the rows. The one column of bytes, if there is any, lies beside it."""

    def __init__(self, columns: Types, statement: Statement) -> None:
        self._sealed = next((name for name, kind in columns if isinstance(kind, LargeBinary)), None)
        self._moments = [name for name, kind in columns if isinstance(kind, UtcMoment)]
        sent = {name: Integer() if name == self._sealed else kind for name, kind in columns}
        sent |= {"place": Integer(), "size": Integer()}
        table = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
        rows = table.table_valued(*(column(*one) for one in sent.items())).render_derived("sent", with_types=True)
        found = [rows.c[name] for name, _ in columns if name != self._sealed]
        if self._sealed is not None:
            piece = cast(bindparam("sealed", type_=LargeBinary), LargeBinary)
            found.append(func.substr(piece, rows.c[self._sealed], rows.c.size).label(self._sealed))
        given = select(*found).order_by(rows.c.place).subquery("given")
        self._statement = statement({name: given.c[name] for name, _ in columns})

    def __call__(self, connection: Connection, rows: Sequence[Row]) -> None:
        sent = [{name: value for name, value in row.items() if value is not None} for row in rows]
        for place, row in enumerate(sent):
            row["place"] = place
        for name in self._moments:
            for row in sent:
                if name in row:
                    row[name] = in_utc(row[name])  # in JSON, the seconds of an offset are lost
        values = {} if self._sealed is None else {"sealed": self._take_out(self._sealed, sent)}
        connection.execute(self._statement, {"rows": orjson.dumps(sent).decode(), **values})

    @staticmethod
    def _take_out(name: str, rows: Sequence[dict[str, Any]]) -> bytes:
        """Take the bytes out of the rows, and leave there where they begin and how many they are."""
        pieces: list[bytes] = [row[name] for row in rows]
        begin = 1
        for row, piece in zip(rows, pieces, strict=True):
            row[name], row["size"] = begin, len(piece)
            begin += len(piece)
        return b"".join(pieces)
