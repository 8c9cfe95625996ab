"""The daily log in a folder. Entries are never edited: a correction is a new row that names the old one."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from config.errors import ConfigurationError
from config.settings import Settings
from connectors.carried_reference import carries
from connectors.daily_log_files.cells import cells_of, held_entry
from connectors.daily_log_files.hand_made import entries_in, is_log
from connectors.daily_log_files.month_file import MonthFile, NotALogError, file_name
from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain
from connectors.printable import printable
from connectors.protocols import Found, Health, HeldEntry, NewEntry, Receipt
from mappings.plain_text import same_text
from mappings.uk_time import uk_day

SETTING = "BRIDGE_DAILY_LOG__FOLDER"
AUTHOR = "incident-bridge"

Result = TypeVar("Result")

_DAY = timedelta(days=1)
_REASONS = {
    errno.ENOSPC: "its disk is full; free some space",
    errno.EDQUOT: "its disk quota is used up; free some space",
    errno.EROFS: "its disk can only be read; set {setting} to a folder that can be written",
    errno.EACCES: "this user may not; let this user write there, or correct {setting}",
    errno.EPERM: "this user may not; let this user write there, or correct {setting}",
    errno.ENOENT: "it is not there; make the folder, or correct {setting}",
    errno.ENOTDIR: "it is not a folder; correct {setting}",
    errno.ENOLCK: "its disk has no locks; set {setting} to a folder on a disk that has",
}
_NOWHERE = "it is a link that leads nowhere; bring back what it leads to, or take the link away"


class DailyLogFiles:
    """A LogStore over a folder of files. Safe to use from many threads and processes."""

    def __init__(
        self,
        folder: Path,
        *,
        lock_seconds: float = 30.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._lock_seconds = lock_seconds
        self._clock = clock

    def create(self, entry: NewEntry) -> Receipt:
        """Add the entry, durably, to its home's file of the month; an entry that is there already is not added.

        Raises Misconfigured where the file cannot be written and NotApplied where another writer holds it: nothing
        was added then. Raises Rejected where other words stand there under this reference, and Uncertain where the disk
        did not confirm the entry.
        """
        outcome = self._guarded(lambda: self._created(entry))
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def find(self, reference: str, *, home_id: str, entry_on: date) -> Found:  # noqa: ARG002 - the protocol's
        """Look for our entry in every file of the folder, whatever its day: somebody may have moved it.

        Raises Misconfigured where a file cannot be read: what was not seen is not absent.
        """
        outcome = self._guarded(lambda: self._found(reference, home_id))
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def list(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        """Every entry of the home in the range of UK days, ends included, in our files and in hand-made ones.

        Raises Misconfigured naming the file and row that cannot be read, rather than return a short list.
        """
        outcome = self._guarded(lambda: self._listed(home_id, start, end))
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def check(self) -> Health:
        """See that a file can be written into the folder; nothing is left there."""
        outcome = self._guarded(self._tried)
        if isinstance(outcome, ConnectorError):
            return Health(ok=False, sentence=outcome.message, setting=SETTING)
        return Health(ok=True, sentence=f"The daily log's folder {self._folder} can be read and written.")

    def _created(self, entry: NewEntry) -> Receipt:
        self._is_folder()
        # Where a link stands for the month's file, the file that it leads to is written anew, and not the link.
        named = self._folder / file_name(entry.home_id, uk_day(entry.entry_time))
        file = MonthFile(Path(os.path.realpath(named)))
        if not file.path.parent.is_dir():
            raise _not_read(named, _NOWHERE)
        with file.locked(self._lock_seconds), _readable(file.path):
            with _opened(file.path):
                found = file.rows()
            held = _ours((held_entry(row) for row in found), entry.reference)
            if held and not same_text(held[0].text, entry.text):
                raise _other_words(entry, file.path)
            if held:
                return Receipt(held[0].remote_id, held[0].created_at, already_there=True)
            now = self._clock()
            entry_id = _entry_id(entry)
            file.append(cells_of(entry, entry_id, now, AUTHOR))
        return Receipt(entry_id, now)

    def _found(self, reference: str, home_id: str) -> Found:
        held = _ours(self._all(home_id), reference)
        return Found(tuple(Receipt(one.remote_id, one.created_at, already_there=True) for one in held))

    def _listed(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        found = [one for one in self._all(home_id) if start <= uk_day(one.entry_time) <= end]
        return sorted(found, key=lambda one: (one.entry_time, one.remote_id))

    def _all(self, home_id: str) -> Iterable[HeldEntry]:
        """Every entry of the home, in whatever file. A row that was copied by hand has an id of its own."""
        self._is_folder()
        seen: Counter[str] = Counter()
        for path in sorted(path for path in self._folder.iterdir() if is_log(path)):
            with _opened(path), _readable(path):
                for one in entries_in(path, home_id):
                    seen[one.remote_id] += 1
                    copies = seen[one.remote_id]
                    yield one if copies == 1 else replace(one, remote_id=f"{one.remote_id}#{copies}")

    def _tried(self) -> None:
        self._is_folder()
        path = self._folder / f".check.{secrets.token_hex(8)}.part"
        try:
            path.write_bytes(b"check")  # a full disk still takes an empty file
        finally:
            path.unlink(missing_ok=True)

    def _is_folder(self) -> None:
        if not self._folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR if self._folder.exists() else errno.ENOENT, "")

    def _guarded(self, act: Callable[[], Result]) -> Result | ConnectorError:
        try:
            return act()
        except (Misconfigured, NotApplied, Rejected, Uncertain) as why:
            # It is raised again outside, where no foreign exception and no row of the file hangs on to it.
            why.__context__ = None
            return why.with_traceback(None)
        except OSError as why:
            reason = _REASONS.get(why.errno or 0, "the system refused it; check the folder and its disk")
        return Misconfigured(
            f"The daily log's folder {self._folder} cannot be used: {reason.format(setting=SETTING)}.", setting=SETTING
        )


def connect(settings: Settings) -> DailyLogFiles:
    """The daily log of this site. Raises ConfigurationError where no folder is set."""
    if settings.daily_log is None or settings.daily_log.folder is None:
        raise ConfigurationError(
            f"{SETTING} is not set; set it to the folder of the daily log's files.", setting=SETTING
        )
    return DailyLogFiles(settings.daily_log.folder, lock_seconds=settings.delivery.timeout_seconds)


def _ours(entries: Iterable[HeldEntry], reference: str) -> Sequence[HeldEntry]:
    return [one for one in entries if carries(reference, field=one.reference, text=one.text, markup=False)]


def _other_words(entry: NewEntry, path: Path) -> Rejected:
    return Rejected(
        f"The daily log's file {path.name} holds other words under reference {entry.reference}; nothing was added: "
        "see who changed the entry there.",
        cause=Cause.CONFLICT,
    )


def _entry_id(entry: NewEntry) -> str:
    exact = f"{entry.home_id}\x1f{entry.reference}"
    return f"log-{hashlib.sha256(exact.encode()).hexdigest()[:16]}"


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    """Names the file that the system does not let us read: the folder may be as it should be."""
    try:
        yield
        return
    except PermissionError:
        problem = "this user may not; let this user read it, or move it away"
    except FileNotFoundError:
        problem = _NOWHERE if path.is_symlink() else "somebody has moved it meanwhile; try again"
    except OSError:
        problem = "the system refused it; check the file and its disk"
    raise _not_read(path, problem)


def _not_read(path: Path, problem: str) -> Misconfigured:
    return Misconfigured(f"The daily log's file {printable(str(path))} cannot be read: {problem}.", setting=SETTING)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns what cannot be read in a file into a sentence for the person who keeps it."""
    try:
        yield
        return
    except NotALogError as why:
        problem = why.problem
    except ValueError:
        problem = "has a row without a readable date and time"
    raise Misconfigured(
        f"The daily log's file {printable(str(path))} {problem}; mend it or move it away.", setting=SETTING
    )
