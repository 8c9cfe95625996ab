"""The report's files, each whole or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

from config.errors import ConfigurationError
from reconciliation.html import html_report
from reconciliation.report import Report


def write_report(report: Report, out: Path) -> dict[str, str]:
    """Write the report's files into a folder; returns what is where. Raises ConfigurationError when it cannot."""
    stem = f"{report.home}-{report.start}-{report.end}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        return {"html": str(_whole(out / f"{stem}.html", html_report(report).encode()))}
    except OSError as why:
        raise ConfigurationError(
            f"The report could not be written to {out} ({why.strerror}); check the folder and the free space.",
            setting="--out",
        ) from None


def _whole(path: Path, content: bytes) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
