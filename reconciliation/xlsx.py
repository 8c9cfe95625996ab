"""The report as a workbook: typed dates, filters, a frozen header, and no cell that Excel would compute."""

from __future__ import annotations

import gc
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from reconciliation.report import Report
from reconciliation.sheets import Cell, Sheet, sheets_of

#: What XML 1.0 cannot hold; Excel refuses a workbook that has any.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_000


def xlsx_report(report: Report) -> bytes:
    """The workbook, the same bytes for the same report."""
    import xlsxwriter  # type: ignore[import-untyped]

    written = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "dd/mm/yyyy hh:mm",
    }
    with _uncollected(), xlsxwriter.Workbook(written, options) as book:
        book.set_properties({"title": f"Reconciliation, {report.home}", "created": datetime(2000, 1, 1)})  # noqa: DTZ001
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "moment": book.add_format({"num_format": "dd/mm/yyyy hh:mm", "valign": "top", "align": "left"}),
            "day": book.add_format({"num_format": "dd/mm/yyyy", "valign": "top", "align": "left"}),
            "share": book.add_format({"num_format": "0 %", "valign": "top"}),
            "number": book.add_format({"num_format": "#,##0", "valign": "top"}),
        }
        for sheet in sheets_of(report):
            _write(book.add_worksheet(sheet.name), sheet, heading, formats)
    return written.getvalue()


@contextmanager
def _uncollected() -> Iterator[None]:
    """A year's workbook is 180,000 cells and none in a cycle; looking for cycles takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write(page: Any, sheet: Sheet, heading: Any, formats: dict[str, Any]) -> None:
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for column, (title, width) in enumerate(zip(sheet.columns, sheet.widths, strict=True)):
        page.set_column(column, column, width)
        page.write_string(0, column, title, heading)
    for number, row in enumerate(sheet.rows, 1):
        for column, cell in enumerate(row):
            _write_cell(page, number, column, cell, formats)
    page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.columns) - 1)


def _write_cell(page: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    """Every kind of cell has its own call: a text is written as text whatever it begins with."""
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        page.write_datetime(row, column, cell, formats["moment"])
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell, formats["day"])
    elif isinstance(cell, str):
        text = cell if cell.isprintable() else _UNWRITABLE.sub("", cell)
        page.write_string(row, column, text[:_LONGEST], formats["text"])
    elif isinstance(cell, float):
        page.write_number(row, column, cell, formats["share"])
    else:
        page.write_number(row, column, cell, formats["number"])
