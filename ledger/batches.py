"""Many rows with one statement, at the driver's own speed.

SQLAlchemy compiles the statement and knows the types; for a batch it also works out the parameters of each row anew,
which costs more than the row. Here that is worked out once a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, LargeBinary, Update


class _Written(NamedTuple):
    """A statement as the driver takes it: its text, and each parameter's name and conversion, in order.

    Bytes need none: both drivers take them as they are.
    """

    text: str
    positional: bool
    parameters: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    constants: Mapping[str, Any]


def write_rows(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or update once for each row. Every row has the same names; what the statement itself names, and a column's
    default, stands for what is left out.

    `statement` is kept for ever: make it once, at the top of a module.
    """
    if not rows:
        return
    names = tuple(rows[0]) if isinstance(statement, Insert) and statement.select is None else ()
    written = _written(statement, connection.dialect, names)
    same = written.constants
    columns = [
        _column([same[name]] * len(rows) if name in same else [row[name] for row in rows], convert)
        for name, convert in written.parameters
    ]
    values: Any = list(zip(*columns, strict=True))
    if not written.positional:
        values = [dict(zip((name for name, _ in written.parameters), row, strict=True)) for row in values]
    connection.exec_driver_sql(written.text, values)


def _column(values: list[Any], convert: Callable[[Any], Any] | None) -> list[Any]:
    """One column as the driver takes it. A batch has one moment and one worker: what is the same is converted once."""
    if convert is None:
        return values
    first = values[0]
    if all(value is first for value in values):
        return [convert(first)] * len(values)
    return [convert(value) for value in values]


@lru_cache(maxsize=64)
def _written(statement: Insert | Update, dialect: Dialect, names: tuple[str, ...]) -> _Written:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
    order = compiled.positiontup if compiled.positional else list(compiled.binds)
    kinds = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in order]
    constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    return _Written(
        compiled.string,
        compiled.positional,
        tuple((name, None if isinstance(kind, LargeBinary) else kind.bind_processor(dialect)) for name, kind in kinds),
        constants | {column.key: column.default.arg for column in compiled.insert_prefetch},
    )
