"""CSV: text in whatever encoding and with whatever delimiter the export chose."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence

from connectors.recording_files.table import (
    HalfWritten,
    NoTable,
    Row,
    Table,
    column_names,
    find_header,
    is_blank,
    known_columns,
    lacks_key,
    row_of,
)
from mappings.field_map import FieldMap

csv.field_size_limit(256 * 1024 * 1024)  # the standard limit of 128 KB would refuse a long account

_DELIMITERS = (",", ";", "\t", "|")
_KEPT_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_LINES_LOOKED_AT = 20


def read_csv(raw: bytes, field_map: FieldMap, *, patient: bool) -> Table:
    """Read a CSV file. `patient`: it has been still for long, so a cut line is damage and no more a sign of writing.

    Raises HalfWritten or NoTable.
    """
    if not raw.strip(b"\0"):
        raise NoTable if patient else HalfWritten
    text = _decoded(raw, patient=patient)
    delimiter = _delimiter(text, field_map)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise NoTable from None
    if rows and len(rows[0]) <= 2 and rows[0] and rows[0][0].lower().startswith("sep="):
        del rows[0]
    complete = text.endswith(("\n", "\r")) and text.count('"') % 2 == 0
    while rows and all(is_blank(cell) for cell in rows[-1]):
        rows.pop()
    try:
        header = find_header(rows, field_map)
    except NoTable as why:
        if why.names_columns and not complete and not patient:
            raise HalfWritten from None
        raise
    names = column_names(rows[header], field_map)
    cut = not complete and len(rows) > header + 1 and len(rows[-1]) < len(names)
    if (cut or text.count('"') % 2) and not patient:
        raise HalfWritten
    if not complete and len(rows) == header + 1 and not patient:
        raise HalfWritten
    return _table(rows[header + 1 :], names, field_map, cut=cut)


def _table(lines: Sequence[Sequence[str]], names: Sequence[str], field_map: FieldMap, *, cut: bool) -> Table:
    rows: list[Row] = []
    short: list[bool] = []
    damaged: set[int] = set()
    for cells in lines:
        if all(is_blank(cell) for cell in cells):
            continue
        row, shifted = row_of(names, [_unwrapped(cell) for cell in cells])
        if shifted:
            damaged.add(len(rows))
        if lacks_key(row, field_map):
            damaged.add(len(rows))
            if rows and short[-1]:
                damaged.add(len(rows) - 1)  # a line break without quotes has broken the row before in two
        rows.append(row)
        short.append(len(cells) < len(names))
    if cut and rows:
        damaged.add(len(rows) - 1)
    return Table(rows, frozenset(damaged))


def _unwrapped(cell: str) -> str:
    """Without the `="0123"` by which exports make Excel keep an id as text."""
    wrapped = _KEPT_AS_TEXT.fullmatch(cell)
    return wrapped[1] if wrapped else cell


def _decoded(raw: bytes, *, patient: bool) -> str:
    if raw.endswith(b"\0") and not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # A copy under way may have reserved its room before filling it.
        if not patient:
            raise HalfWritten
        raw = raw.rstrip(b"\0")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as why:
            if why.reason == "unexpected end of data" and why.end == len(raw) and not patient:
                raise HalfWritten from None
    raise NoTable


def _delimiter(text: str, field_map: FieldMap) -> str:
    """The delimiter under which the lines at the top name most of the map's columns."""
    top = io.StringIO(text, newline="")
    lines = [top.readline() for _ in range(_LINES_LOOKED_AT)]

    def named(delimiter: str) -> int:
        try:
            return max(known_columns(cells, field_map) for cells in ([], *csv.reader(lines, delimiter=delimiter)))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=named)
