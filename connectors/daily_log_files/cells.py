"""A log entry as a row of text cells, and back: safe to open in a spreadsheet, equal when read again.

A cell that a spreadsheet would take for a formula gets an apostrophe in front. One that has apostrophes already gets
one more, so that taking one away gives back exactly what was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connectors.protocols import HeldEntry, NewEntry
from mappings.uk_time import from_wall, london_offset_iso, parse_iso, parse_style

COLUMNS = (
    "entry_id",
    "home_id",
    "entry_time",
    "category",
    "child_ids",
    "text",
    "corrects",
    "created_at",
    "created_by",
    "reference",
)
BYTE_ORDER_MARK = "\ufeff"
"""Excel takes a CSV file for UTF-8 only where it begins with this."""

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_STYLES = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%y %H:%M", "%d-%m-%Y %H:%M", "%d.%m.%Y %H:%M")


def neutralised(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_written(cell: str) -> str:
    """What was written into the cell."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def cells_of(entry: NewEntry, entry_id: str, created_at: datetime, created_by: str) -> Mapping[str, str]:
    """The entry as one cell a column."""
    return {
        "entry_id": entry_id,
        "home_id": entry.home_id,
        "entry_time": london_offset_iso(entry.entry_time),
        "category": entry.category,
        "child_ids": ";".join(entry.child_ids),
        "text": entry.text,
        "corrects": entry.corrects or "",
        "created_at": created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "created_by": created_by,
        "reference": entry.reference,
    }


def csv_row(cells: Iterable[str], delimiter: str = ",") -> str:
    """Cells as one CSV row. Every cell is quoted: what is typed in one can never run into the next."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([neutralised(cell) for cell in cells])
    return written.getvalue()


def held_entry(cells: Mapping[str, str]) -> HeldEntry:
    """An entry read back. Raises ValueError where its time cannot be read."""
    found = {column: as_written(cells.get(column, "")) for column in COLUMNS}
    entry_time = moment(found["entry_time"])
    return HeldEntry(
        remote_id=found["entry_id"].strip(),
        home_id=found["home_id"].strip(),
        entry_time=entry_time,
        category=found["category"],
        text=found["text"],
        reference=found["reference"].strip() or None,
        created_at=moment(found["created_at"]) if found["created_at"].strip() else entry_time,
        child_ids=tuple(part.strip() for part in re.split(r"[;,]", found["child_ids"]) if part.strip()),
        corrects=found["corrects"].strip() or None,
        created_by=found["created_by"].strip(),
    )


def moment(text: str) -> datetime:
    """A time as text, in UTC; without an offset it is UK wall-clock time. Raises ValueError."""
    text = text.strip()
    try:
        return from_wall(parse_iso(text)).moment
    except ValueError:
        pass
    for style in _STYLES:
        try:
            return from_wall(parse_style(text, style)).moment
        except ValueError:
            continue
    raise ValueError("no date and time")
