"""Tables: a file's rows under the header that the field map knows, whatever the file was made with.

A file is a table, or `HalfWritten` (left for the next time), or `NoTable` (a person must look).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.field_map import FieldMap
from mappings.leaves import column_key
from mappings.readers import clean, folded

_HEADER_WITHIN = 20
"""Exports put titles and dates above their header; it is looked for in this many rows."""

Cells = Sequence[Any]
Row = dict[str, Any]


class HalfWritten(Exception):
    """The file is not complete yet; it is read when it is."""


class NoTable(Exception):
    """The file is no table that the map knows. `fields` says what is missing: `file`, or `header.<column>`."""

    def __init__(self, *fields: str) -> None:
        super().__init__("the file is no table that the field map knows")
        self.fields = fields or ("file",)
        self.names_columns = bool(fields)
        """Whether some column of the map was there: then it may be a header that is not yet whole."""


@dataclass(frozen=True, repr=False)
class Table:
    """Rows by column name. `damaged`: positions of rows that were shifted or cut off."""

    rows: Sequence[Row]
    damaged: frozenset[int] = frozenset()


@dataclass(frozen=True, repr=False)
class Group:
    """The rows of one report, and which of them (by position in the group) are damaged."""

    rows: Sequence[Row]
    damaged: tuple[int, ...]


def is_blank(cell: object) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not clean(cell))


def known_columns(cells: Cells, field_map: FieldMap) -> int:
    """How many of the map's columns a row of cells names: the header names most."""
    return len({column_key(str(cell)) for cell in cells if not is_blank(cell)} & field_map.columns())


def find_header(rows: Sequence[Cells], field_map: FieldMap) -> int:
    """The position of the header: the first row that names every key column. Raises NoTable naming what lacks."""
    wanted = dict(zip(field_map.key_columns, field_map.file.rows.key if field_map.file.rows else (), strict=True))
    best: set[str] = set()
    for position, cells in enumerate(rows[:_HEADER_WITHIN]):
        names = {column_key(str(cell)) for cell in cells if not is_blank(cell)}
        if names >= wanted.keys():
            return position
        if names & field_map.columns() and len(names & field_map.columns()) > len(best & field_map.columns()):
            best = names
    raise NoTable(*(f"header.{label}" for key, label in wanted.items() if best and key not in best))


def column_names(header: Cells, field_map: FieldMap) -> list[str]:
    """The header's names, "" where it has none. Raises NoTable for a column of the map that is there twice."""
    names: list[str] = []
    seen: set[str] = set()
    known = field_map.columns()
    for cell in header:
        name = "" if is_blank(cell) else clean(str(cell))
        key = column_key(name)
        if key in seen and key in known:
            raise NoTable(f"header.{name}")
        while key and key in seen:
            name = f"{name} again"
            key = column_key(name)
        seen.add(key)
        names.append(name)
    while names and not names[-1]:
        names.pop()
    return names


def row_of(names: Sequence[str], cells: Cells) -> tuple[Row, bool]:
    """A row by column name, and whether it has cells beyond the header: then the others are shifted."""
    row = {name: cell for name, cell in zip(names, cells, strict=False) if name and not is_blank(cell)}
    beyond = [cell for cell in cells[len(names) :] if not is_blank(cell)]
    if beyond:
        row[""] = beyond
    return row, bool(beyond)


def groups(table: Table, field_map: FieldMap) -> Iterator[Group]:
    """The table's reports, by the map's key columns, in order of appearance.

    A row without its key belongs to no report: it becomes one of its own, which will not be understood.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    for position, row in enumerate(table.rows):
        key = _key_of(row, field_map.key_columns)
        found.setdefault(key if all(key) else (position,), []).append(position)
    for positions in found.values():
        damaged = tuple(place for place, position in enumerate(positions) if position in table.damaged)
        yield Group([table.rows[position] for position in positions], damaged)


def lacks_key(row: Mapping[str, Any], field_map: FieldMap) -> bool:
    """Whether a row lacks a cell of the key."""
    return not all(_key_of(row, field_map.key_columns))


def _key_of(row: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    keyed = {column_key(name): cell for name, cell in row.items()}
    return tuple(folded(str(keyed.get(column, ""))) for column in columns)
