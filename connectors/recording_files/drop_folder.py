"""The drop folder: which files wait there, which are complete, and how they are moved aside with a receipt.

    <folder>/                 what was dropped and is not yet stored
    <folder>/processed/       stored files, each with `<name>.receipt.json`
    <folder>/unreadable/      files that were no table; their bytes are in quarantine
    <folder>/processed/.homes which homes have stored a file that holds several homes' reports

A receipt is written before its file is moved, so a crash between leaves a file that is read again, which does no harm.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.errors import Misconfigured, NotApplied, Unreachable

SETTING = "BRIDGE_RECORDING__FOLDER"
PROCESSED = "processed"
UNREADABLE = "unreadable"
RECEIPT = ".receipt.json"

_HOMES = ".homes"
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".lock", ".lck", ".swp")
_SYSTEM = ("thumbs.db", "desktop.ini", ".ds_store")
_OURS_TO_MEND = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG)


@dataclass(frozen=True)
class Waiting:
    """A file that was left for the next time, and why."""

    name: str
    reason: str


@dataclass(frozen=True, repr=False)
class Dropped:
    """A file as it was read. `modified_at` is in UTC and is the file's own time stamp."""

    path: Path
    sha256: str
    size: int
    modified_at: datetime
    raw: bytes

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True)
class DropFolder:
    """One drop folder. Reads and renames; never deletes what was dropped."""

    root: Path

    def listing(self) -> list[tuple[Path, os.stat_result]]:
        """Files that wait, oldest first; those of other programs at work are not seen.

        Raises Misconfigured where the folder cannot be read, Unreachable where its share does not answer.
        """
        return _listed(self.root, self.root)

    def processed(self) -> list[tuple[Path, os.stat_result]]:
        """Files that were stored, oldest first."""
        folder = self.root / PROCESSED
        try:
            there = folder.is_dir()
        except OSError as why:
            raise fault_of(why, self.root) from None
        return _listed(folder, self.root) if there else []

    def rewritten(self) -> list[tuple[Path, os.stat_result]]:
        """Stored files that somebody wrote to after their receipt: a slow writer follows a file that was moved."""
        found = []
        for path, stat in self.processed():
            receipt = self.receipt_of(path)
            if receipt and (receipt.get("size"), receipt.get("modified_at")) != (
                stat.st_size,
                _stamp(stat).isoformat(),
            ):
                found.append((path, stat))
        return found

    def read(self, path: Path) -> Dropped | None:
        """The file's bytes, or None where it changed while it was read. Raises OSError."""
        before = path.stat()
        raw = path.read_bytes()
        after = path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(raw) != after.st_size:
            return None
        return Dropped(path, hashlib.sha256(raw).hexdigest(), len(raw), _stamp(after), raw)

    def receipt_of(self, path: Path) -> Mapping[str, Any]:
        """The receipt beside a stored file; empty where there is none."""
        try:
            found = json.loads(path.with_name(path.name + RECEIPT).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def set_aside(self, file: Dropped, aside: str, receipt: Mapping[str, Any]) -> Path:
        """Write the receipt, then move the file under `processed` or `unreadable`. Raises OSError."""
        folder = self.root / aside
        folder.mkdir(exist_ok=True)
        target = file.path if file.path.parent == folder else self._free(folder, file)
        told = {
            "file": file.name,
            "sha256": file.sha256,
            "size": file.size,
            "modified_at": file.modified_at.isoformat(),
        }
        _write(target.with_name(target.name + RECEIPT), {**told, **receipt})
        if target != file.path:
            _move(file.path, target)
        (folder / _HOMES / f"{file.sha256}.json").unlink(missing_ok=True)
        return target

    def homes_done(self, sha256: str) -> set[str]:
        """Homes that have already stored their part of a file."""
        try:
            found = json.loads((self.root / PROCESSED / _HOMES / f"{sha256}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return set()
        return {str(home) for home in found} if isinstance(found, list) else set()

    def note_homes(self, sha256: str, homes: Collection[str]) -> None:
        """Remember which homes have stored their part of a file. Raises OSError."""
        folder = self.root / PROCESSED / _HOMES
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{sha256}.json", sorted(homes))

    def _free(self, folder: Path, file: Dropped) -> Path:
        target = folder / file.name
        if not target.exists() or hashlib.sha256(target.read_bytes()).hexdigest() == file.sha256:
            return target
        return folder / f"{file.path.stem}.{file.sha256[:12]}{file.path.suffix}"


def fault_of(why: OSError, root: Path) -> NotApplied | Misconfigured:
    """What a folder that cannot be read means: a wrong setting, or a share that does not answer."""
    if why.errno in _OURS_TO_MEND:
        return Misconfigured(
            f"{SETTING} names {root}, which is not a folder that can be read; set it to the folder where the exports "
            "are dropped, or mend its permissions.",
            setting=SETTING,
        )
    return Unreachable(f"The drop folder {root} does not answer; check the share it is on and try again.")


def _listed(folder: Path, root: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    try:
        for path in folder.iterdir():
            if _is_export(path):
                stat = _stat(path)
                if stat is not None:
                    found.append((path, stat))
    except OSError as why:
        raise fault_of(why, root) from None
    return sorted(found, key=lambda one: (one[1].st_mtime_ns, one[0].name))


def _stat(path: Path) -> os.stat_result | None:
    """What a file is, or what a link is that leads nowhere; None where another run has moved it a moment ago."""
    try:
        return path.stat()
    except OSError as why:
        if path.is_symlink():
            return path.lstat()
        if isinstance(why, FileNotFoundError):
            return None
        raise


def _move(path: Path, target: Path) -> None:
    """Move a file; a link so that it leads to the same file from there."""
    if path.is_symlink():
        link = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.realpath(path))
        os.replace(link, target)
        path.unlink()
    else:
        os.replace(path, target)


def _is_export(path: Path) -> bool:
    name = path.name.lower()
    passed_over = name.startswith((".", "~")) or name in _SYSTEM or name.endswith((*_UNFINISHED, RECEIPT))
    return not passed_over and not path.is_dir()


def _stamp(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1_000_000, UTC)


def _write(path: Path, content: object) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    # A name that is no UTF-8 is written as JSON says such a character.
    with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
