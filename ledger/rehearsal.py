"""A ledger on which everything can be tried and nothing is kept: `sync --dry-run`.

SQLite is copied, so that a real run is not held up. On PostgreSQL one transaction is never committed.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger.clock import Now, wall_clock
from ledger.database import Ledger, open_engine, unavailable
from ledger.errors import LedgerUnavailable

T = TypeVar("T")


class _Uncommitted(Ledger):
    """Every write happens in one transaction that ends with the process."""

    _held: Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The transaction in which everything is tried, from the first write on."""
        if self._held is None:
            with super().reading() as connection:
                yield connection
            return
        try:
            yield self._held
        except DBAPIError as why:
            raise unavailable(why) from None

    def write(self, work: Callable[[Connection], T]) -> T:
        """Try it; nothing is kept."""
        if not self._was_open:
            return super().write(work)
        try:
            if self._held is None:
                self._held = self.engine.connect().execution_options(bridge_writes=True)
                self._held.begin()
            return work(self._held)
        except DBAPIError as why:
            raise unavailable(why) from None

    def close(self) -> None:
        """Forget everything."""
        if self._held is not None:
            self._held.close()
        super().close()


@contextmanager
def rehearsal(url: str, keys: Sequence[bytes], *, clock: Now = wall_clock) -> Iterator[Ledger]:
    """A ledger that shows what would happen and forgets it. Raises what opening the real one would raise."""
    parsed = open_engine(url).url
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        ledger: Ledger = _Uncommitted(url, keys, clock=clock)
        try:
            yield ledger
        finally:
            ledger.close()
        return
    folder = Path(tempfile.mkdtemp(prefix="incident-bridge-"))
    try:
        copy = folder / "ledger.db"
        if Path(parsed.database).exists():
            _copy(Path(parsed.database), copy)
        ledger = Ledger(f"sqlite:///{copy}", keys, clock=clock)
        try:
            yield ledger
        finally:
            ledger.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    try:
        held = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        with closing(held), closing(sqlite3.connect(target)) as copy:
            held.backup(copy)
    except sqlite3.Error:
        raise LedgerUnavailable(
            f"The ledger could not be copied to {target.parent.parent}, to try it there; free some space, and ask "
            "`incident-bridge doctor` whether the ledger is in order."
        ) from None
