"""XLSX: the first sheet that has the map's key columns, its cells as JSON would say them.

Dates and times become ISO 8601 text. Formulas give the value that Excel kept; one that Excel never calculated, and an
error such as #REF!, become an object that no field can be read from, so that the field is named and nothing guessed.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from connectors.recording_files.table import (
    Cells,
    HalfWritten,
    NoTable,
    Row,
    Table,
    column_names,
    find_header,
    is_blank,
    lacks_key,
    row_of,
)
from mappings.field_map import FieldMap
from mappings.uk_time import nearest_second

_ZIP = b"PK"
_MOST_UNPACKED = 1024 * 1024 * 1024
NOT_CALCULATED = {"formula": "not calculated"}


def read_xlsx(raw: bytes, field_map: FieldMap, *, patient: bool) -> Table:
    """Read a workbook. `patient`: it has been still for long, so an incomplete one stays so.

    Raises HalfWritten or NoTable.
    """
    if not raw.strip(b"\0"):
        raise NoTable if patient else HalfWritten
    if not raw.startswith(_ZIP):
        raise NoTable
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(member.file_size for member in packed.infolist()) > _MOST_UNPACKED:
                raise NoTable
            has_formulas = any(
                b"<f" in packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/")
            )
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise (NoTable if patient else HalfWritten) from None
    try:
        sheets = _sheets(raw, has_formulas, field_map)
    except Exception:  # noqa: BLE001 - whatever a damaged workbook does to its reader, the file goes to a person
        raise NoTable from None
    return _table(sheets, field_map)


def _table(sheets: Sequence[Sequence[Cells]], field_map: FieldMap) -> Table:
    complaint = NoTable()
    for cells in sheets:
        try:
            header = find_header(cells, field_map)
        except NoTable as why:
            complaint = why if why.fields != ("file",) else complaint
            continue
        names = column_names(cells[header], field_map)
        rows: list[Row] = []
        for line in cells[header + 1 :]:
            if not all(is_blank(cell) for cell in line):
                rows.append(row_of(names, line[: len(names)])[0])
        lacking = (position for position, row in enumerate(rows) if lacks_key(row, field_map))
        return Table(rows, frozenset(lacking))
    raise NoTable(*complaint.fields)


def _sheets(raw: bytes, has_formulas: bool, field_map: FieldMap) -> list[list[Cells]]:
    wanted = field_map.file.rows.sheet if field_map.file.rows is not None else None
    kept = _opened(raw, values=True)
    written = _opened(raw, values=False) if has_formulas else None
    try:
        found = []
        for sheet in kept.worksheets:
            if wanted is not None and sheet.title.strip().casefold() != wanted.strip().casefold():
                continue
            twin = written[sheet.title] if written is not None else None
            found.append(list(_lines(sheet, twin)))
        return found
    finally:
        kept.close()
        if written is not None:
            written.close()


def _opened(raw: bytes, *, values: bool) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that say nothing of the cells
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=values)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some products write wrong ones
    return book


def _lines(sheet: Any, twin: Any) -> Iterator[Cells]:
    if twin is None:
        for line in sheet.iter_rows():
            yield [_said(cell.value, cell.data_type) for cell in line]
        return
    for line, written in zip(sheet.iter_rows(), twin.iter_rows(), strict=True):
        yield [
            NOT_CALCULATED if cell.value is None and formula.data_type == "f" else _said(cell.value, cell.data_type)
            for cell, formula in zip(line, written, strict=True)
        ]


def _said(value: object, data_type: str) -> object:
    if data_type == "e":
        return {"error": str(value)}
    if isinstance(value, datetime):
        return nearest_second(value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
