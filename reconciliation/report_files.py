"""The report as files in one folder: HTML, XLSX, CSV, PDF and JSON, each whole and readable by its owner alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from reconciliation.csv_files import csv_reports
from reconciliation.html import html_report
from reconciliation.json_document import json_document
from reconciliation.pdf import pdf_report
from reconciliation.report import Report
from reconciliation.whole_file import write_whole
from reconciliation.xlsx import xlsx_report


def write_report_files(report: Report, folder: Path, *, exit_code: int, pdf: bool = True) -> Mapping[str, str]:
    """Write every file of a report; a report of the same home and period is replaced.

    Returns the kind of file (`html`, `xlsx`, `csv` for the findings, `csv_duties`, ..., `pdf`, `json`) and its path.
    Raises OSError where the folder cannot be written. All of it is made before the first file is written.
    """
    stem = f"reconciliation-{_safe(report.home)}-{report.start.isoformat()}-{report.end.isoformat()}"
    contents: dict[str, tuple[str, bytes]] = {
        "html": (f"{stem}.html", html_report(report).encode()),
        "xlsx": (f"{stem}.xlsx", xlsx_report(report)),
    }
    for name, content in csv_reports(report).items():
        kind = "csv" if name == "findings" else f"csv_{name.replace('-', '_')}"
        contents[kind] = (f"{stem}-{name}.csv", content)
    if pdf:
        contents["pdf"] = (f"{stem}.pdf", pdf_report(report))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = {kind: str(folder / name) for kind, (name, _) in contents.items()}
    paths["json"] = str(folder / f"{stem}.json")
    document = json_document(report, exit_code=exit_code, files_written=paths)
    contents["json"] = (f"{stem}.json", json.dumps(document, indent=2, ensure_ascii=False).encode())
    for name, content in contents.values():
        write_whole(folder / name, content)
    return paths


def _safe(home: str) -> str:
    """A home's id as part of a file name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", home)[:40] or "home"
