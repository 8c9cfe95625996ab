"""A file appears whole or not at all: written beside its place, made durable, then renamed (K11)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ledger.crash_points import reach


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file that only its owner can read. Whatever interrupts, the old file or the new one is there, whole.

    Raises OSError where the folder cannot be written; nothing is left behind then.
    """
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        reach("report.file_written")
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _make_durable(path.parent)
    return path


def _make_durable(folder: Path) -> None:
    """The rename itself survives a power cut, where the system lets a folder be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders; the file's own content is durable
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
