"""Entries that staff keep by hand, in CSV or XLSX files of their own beside ours.

Headings are read without regard to case, spaces and punctuation. A file without a column for the home belongs to the
home whose id its name begins with.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.daily_log_files.cells import held_entry
from connectors.daily_log_files.month_file import NotALogError, parsed
from connectors.protocols import HeldEntry

ENDINGS = (".csv", ".xlsx")

_HEADINGS = {
    "entryid": "entry_id", "id": "entry_id",
    "homeid": "home_id", "home": "home_id",
    "entrytime": "entry_time", "dateandtime": "entry_time", "datetime": "entry_time", "when": "entry_time",
    "date": "date", "time": "time",
    "category": "category", "type": "category",
    "childids": "child_ids", "children": "child_ids", "child": "child_ids", "childid": "child_ids",
    "text": "text", "entry": "text", "note": "text", "notes": "text", "details": "text",
    "corrects": "corrects",
    "createdat": "created_at",
    "createdby": "created_by", "writtenby": "created_by", "author": "created_by", "staff": "created_by",
    "reference": "reference",
}  # fmt: skip


def is_log(path: Path) -> bool:
    """Whether a file of the folder is one to read; hidden files and Excel's lock files are not.

    A link that leads nowhere is: what it leads to may hold entries, and was not seen.
    """
    named = path.suffix.lower() in ENDINGS and not path.name.startswith((".", "~$"))
    return named and (path.is_file() or (path.is_symlink() and not path.exists()))


def entries_in(path: Path, home_id: str) -> Iterator[HeldEntry]:
    """Every entry of the home in one file. Raises OSError, and NotALogError saying which row to mend."""
    for number, row in enumerate(_rows(path), 2):
        cells = _named(row)
        if not cells.get("home_id", "").strip():
            if not re.match(rf"{re.escape(home_id)}(?![A-Za-z0-9])", path.stem):
                continue
            cells["home_id"] = home_id
        if cells["home_id"].strip() != home_id or not cells.get("text", "").strip():
            continue
        cells["entry_time"] = cells.get("entry_time") or f"{cells.get('date', '')} {cells.get('time', '')}"
        # An id that is the row's own content stays the same when rows are put in above it.
        own = "\x1f".join([path.name, cells["entry_time"], cells["text"]]).encode("utf-8", "surrogateescape")
        cells["entry_id"] = cells.get("entry_id", "").strip() or f"hand-{hashlib.sha256(own).hexdigest()[:16]}"
        try:
            yield held_entry(cells)
        except ValueError:
            raise NotALogError(f"has no readable date and time in row {number}") from None


def _rows(path: Path) -> list[Mapping[str, str]]:
    if path.suffix.lower() == ".csv":
        found = parsed(path.read_bytes())
    else:
        found = _workbook(path)
    if found and "text" not in _named(found[0]):
        raise NotALogError("has no column 'text'")
    return found


def _workbook(path: Path) -> list[Mapping[str, str]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, EOFError):
        raise NotALogError("is not a whole XLSX file, or is still being written") from None
    try:
        lines = [[_cell(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    if not lines:
        return []
    return [dict(zip(lines[0], cells, strict=False)) for cells in lines[1:] if any(cell.strip() for cell in cells)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _named(row: Mapping[str, str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for heading, cell in row.items():
        column = _HEADINGS.get(re.sub(r"[\W_]+", "", heading).casefold())
        if column:
            named.setdefault(column, cell or "")
    # A date cell of a spreadsheet is a midnight; the time of day stands beside it.
    if " 00:00:00" in named.get("date", "") and named.get("time"):
        named["date"] = named["date"].removesuffix(" 00:00:00")
    return named
