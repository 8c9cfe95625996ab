"""The report's tables as CSV for Excel: UTF-8 with its mark, ISO dates, no cell that would be computed."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

from reconciliation.report import Report
from reconciliation.sheets import Cell, sheets_of

#: A text that begins with one of these is a formula to some spreadsheet, also behind spaces.
_FORMULA = frozenset("=+-@\t\r\n|%＝＋－＠")


def csv_reports(report: Report) -> dict[str, bytes]:
    """Each table by its name in small letters: `findings`, `duties`, `totals`, `by-clause`, `incidents`."""
    files: dict[str, bytes] = {}
    for sheet in sheets_of(report):
        written = io.StringIO(newline="")
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow([safe_cell(column) for column in sheet.columns])
        writer.writerows([safe_cell(cell) for cell in row] for row in sheet.rows)
        files[sheet.name.lower().replace(" ", "-")] = b"\xef\xbb\xbf" + written.getvalue().encode()
    return files


def safe_cell(cell: Cell) -> str:
    """A cell as text. One that a spreadsheet would take for a formula gets an apostrophe in front (OWASP)."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:.4f}"
    text = str(cell).replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in _FORMULA else text
