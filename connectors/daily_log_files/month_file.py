"""One home's CSV file of one month: rows are only ever added, each whole and durable, or not there at all.

A row is added by writing the file anew beside itself and moving it over in one step, under a lock, so that neither a
killed process nor another reader ever sees half a row.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import io
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from connectors.daily_log_files.cells import BYTE_ORDER_MARK, COLUMNS, csv_row
from connectors.errors import NotApplied, Uncertain

LOCK_LOOK_SECONDS = 0.01
MOST_READINGS = 10

csv.field_size_limit(16 * 1024 * 1024)


class NotALogError(Exception):
    """The file cannot be read as a log; `problem` says what a person can mend, never what it holds."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def file_name(home_id: str, month: date) -> str:
    """The file of one home and month, such as `EXH-2026-11.csv`; odd home ids are kept apart by a hash."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", home_id).strip("-")
    if plain != home_id:
        plain = f"{plain[:40] or 'home'}-{hashlib.sha256(home_id.encode()).hexdigest()[:8]}"
    return f"{plain}-{month:%Y-%m}.csv"


class MonthFile:
    """One file. Raises OSError as the system does, and NotALogError for a file that somebody broke."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[Mapping[str, str]]:
        """Every row by column, as it is now; none where there is no file yet."""
        try:
            return parsed(self.path.read_bytes())
        except FileNotFoundError:
            return []

    def append(self, cells: Mapping[str, str]) -> None:
        """Add a row durably, in the file's own order of columns. The caller holds the lock.

        Staff hold no lock: where the file has changed since it was read, it is read again, so that no line of theirs is
        written over. Raises OSError, NotALogError or NotApplied where nothing was added, and Uncertain where the system
        did not say whether it will last.
        """
        for _ in range(MOST_READINGS):
            if self._added(cells):
                return
        raise NotApplied(
            f"The daily log's file {self.path.name} is being changed by somebody all the time; try again later."
        )

    def _added(self, cells: Mapping[str, str]) -> bool:
        """Add a row; False where somebody has changed the file meanwhile."""
        found = self._found()
        try:
            text, mode = decoded(self.path.read_bytes()), self.path.stat().st_mode & 0o777
        except FileNotFoundError:
            text, mode = "", None
        # A spreadsheet program may have saved the file with other letters, another delimiter or other columns.
        delimiter = delimiter_of(text)
        headings = headings_of(text, delimiter) or list(COLUMNS)
        missing = [column for column in COLUMNS if column not in headings]
        if missing:
            raise NotALogError(f"has lost its column '{missing[0]}'")
        if not text.strip():
            text = csv_row(COLUMNS)
        elif not text.endswith("\n"):
            text += "\r\n"
        text += csv_row([cells.get(heading, "") for heading in headings], delimiter)
        return self._replaced((BYTE_ORDER_MARK + text).encode("utf-8"), mode, found)

    def _found(self) -> tuple[int, int, int] | None:
        """What tells the file as it is from itself before and after a change; None where there is none."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _replaced(self, content: bytes, mode: int | None, found: tuple[int, int, int] | None) -> bool:
        """Put the content in the file's place, unless that is no longer the one that was found."""
        # The lock is ours, so a half-written file beside it was left by a process that was killed.
        for left in self.path.parent.glob(f".{self.path.name}.*.part"):
            left.unlink(missing_ok=True)
        beside = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.part")
        try:
            _write_durably(beside, content, mode)
            unchanged = self._found() == found
            if unchanged:
                beside.replace(self.path)
            else:
                beside.unlink()
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        if not unchanged:
            return False
        try:
            _sync_folder(self.path.parent)
            synced = True
        except OSError:
            synced = False
        if not synced:
            raise Uncertain("The daily log's disk did not confirm the entry; it is looked up before it is sent again.")
        return True

    @contextlib.contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Hold the file against every other writer. Raises NotApplied where another holds it too long."""
        ends = time.monotonic() + seconds
        handle = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while not _taken(handle):
                if time.monotonic() >= ends:
                    raise NotApplied(
                        f"The daily log's file {self.path.name} is held by another writer; try again later."
                    )
                time.sleep(LOCK_LOOK_SECONDS)
            yield
        finally:
            os.close(handle)


def parsed(content: bytes) -> list[Mapping[str, str]]:
    """CSV as one mapping a row, by heading. Raises NotALogError."""
    text = decoded(content)
    lines = _lines(text, delimiter_of(text))
    if not lines:
        return []
    headings = [heading.strip() for heading in lines[0]]
    return [dict(zip(headings, cells, strict=False)) for cells in lines[1:] if any(cell.strip() for cell in cells)]


def decoded(content: bytes) -> str:
    """A file's text: UTF-8, or what Excel writes as plain CSV in the UK."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def delimiter_of(text: str) -> str:
    """What stands between the headings."""
    headings = text.partition("\n")[0]
    return ";" if headings.count(";") > headings.count(",") else ","


def headings_of(text: str, delimiter: str) -> list[str]:
    """The headings. Raises NotALogError."""
    return [heading.strip() for heading in next(iter(_lines(text, delimiter)), [])]


def _lines(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise NotALogError("is not well-formed CSV: a quotation mark is open or out of place") from None


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_durably(path: Path, content: bytes, mode: int | None) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        if mode is not None:
            os.fchmod(handle, mode)
        unwritten = memoryview(content)
        while unwritten:
            unwritten = unwritten[os.write(handle, unwritten) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
