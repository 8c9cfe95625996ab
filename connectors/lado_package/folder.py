"""A folder that its owner alone can read, and files that are whole or not there at all.

The umask of the process cannot widen or narrow what is made here: modes are set on the open file. A file is written
beside its place, made durable, and moved over in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from pathlib import Path

from connectors.errors import Misconfigured

SETTING = "BRIDGE_LADO__OUT_DIR"
OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600
LEFT_BEHIND_SECONDS = 3600
"""A half-written file this old was left by a process that was killed; it holds names, so it is taken away."""

_REASONS = {
    errno.ENOSPC: ("its disk is full", "free some space"),
    errno.EDQUOT: ("its disk quota is used up", "free some space"),
    errno.EROFS: ("its disk can only be read", "set {setting} to a folder that can be written"),
    errno.EACCES: ("this user may not write there", "let this user own the folder, or set {setting} to another"),
    errno.EPERM: ("this user does not own it", "let this user own the folder, or set {setting} to another"),
    errno.ENOTDIR: ("a part of the path is not a folder", "correct {setting}"),
    errno.EEXIST: ("it is not a folder", "correct {setting}"),
}


class PrivateFolder:
    """The folder of the packages. Every method raises Misconfigured naming the folder and what to do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make it, if it is not there, and close it to everybody but its owner."""
        try:
            self.path.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            if stat.S_IMODE(self.path.stat().st_mode) != OWNER_ONLY_FOLDER:
                self.path.chmod(OWNER_ONLY_FOLDER)
        except OSError as why:
            code = why.errno
        else:
            return
        raise self._misconfigured(code)

    def write(self, name: str, content: bytes) -> Path:
        """Put a whole, durable file in its place, over an older one of that name. Same content: same bytes."""
        self.make()
        target = self.path / name
        beside = self.path / f".{name}.{secrets.token_hex(8)}.part"
        try:
            self._take_away_left_behind(name)
            self._write_durably(beside, content)
            beside.replace(target)
            self._sync()
        except OSError as why:
            code = why.errno
        else:
            return target
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        if code == errno.EISDIR:
            raise Misconfigured(
                f"The LADO package {target} cannot be written: a folder stands in its place; move that folder away.",
                setting=SETTING,
            )
        raise self._misconfigured(code)

    def try_writing(self) -> None:
        """See that a file can be written, and leave nothing behind."""
        self.make()
        beside = self.path / f".check.{secrets.token_hex(8)}.part"
        try:
            self._write_durably(beside, b"check")
            beside.unlink()
        except OSError as why:
            code = why.errno
        else:
            return
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise self._misconfigured(code)

    def _write_durably(self, path: Path, content: bytes) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, OWNER_ONLY_FILE)
        try:
            os.fchmod(handle, OWNER_ONLY_FILE)
            unwritten = memoryview(content)
            while unwritten:
                unwritten = unwritten[os.write(handle, unwritten) :]
            os.fsync(handle)
        finally:
            os.close(handle)

    def _sync(self) -> None:
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _take_away_left_behind(self, name: str) -> None:
        for path in self.path.glob(f".{name}.*.part"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LEFT_BEHIND_SECONDS:
                    path.unlink()

    def _misconfigured(self, code: int | None) -> Misconfigured:
        why, mend = _REASONS.get(code or 0, ("the system refused it", "check the folder and its disk"))
        return Misconfigured(
            f"The folder of the LADO packages, {self.path}, cannot be written: {why}; {mend.format(setting=SETTING)}.",
            setting=SETTING,
        )
