"""The ledger's door: one engine, its transactions, and what is refused before anything is read or written.

`Ledger.write` runs a function in one transaction and runs it again when the database was locked, restarted or lost
the connection, the answer to COMMIT included. So what is passed to it must come to the same end when run twice.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, delete, event, false, inspect, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ledger.clock import DatabaseClock, LeaseClock, Now, wall_clock
from ledger.encryption import Vault
from ledger.errors import LedgerError, LedgerUnavailable
from ledger.schema import HEAD, create_schema, found_revision, known_revisions, migrate_schema
from ledger.tables import TABLES, meta

if TYPE_CHECKING:
    from ledger.children import Kept

T = TypeVar("T")
_SETTING = "BRIDGE_LEDGER_URL"
KEY_CHECK, DIGEST_KEY = "key_check", "digest_key"
#: How often a transaction is tried, and how long the pauses between tries are, in seconds.
_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_LOCKED = ("locked", "busy")
_BUSY = (*_LOCKED, "starting up", "shutting down")
_BY_ANOTHER = "another process holds it; wait for that run to end, or end it if it stands still, then run again"
_OTHER_FILE = (
    f"The ledger at {_SETTING} cannot be used: its file was removed or replaced while this run was at work; put back "
    "the one that was there, or restore a backup, before the next run."
)
#: A worker that freezes in mid-transaction, its machine paused or its network gone, holds what the others wait for.
#: After so long without a word PostgreSQL ends that transaction.
_FROZEN = "30s"
#: So long do all threads together wait for another process that holds SQLite, in seconds; then each write ends at once.
_HELD = 60.0
#: How long a server may take to let us in, in seconds, unless the URL says otherwise: a frozen one never answers.
_MUTE = "10"
_FULL = ("disk is full", "disk full", "no space left", "readonly", "read-only", "disk i/o error", "could not extend")
#: What a database says, in its words or PostgreSQL's codes, and what it means. The first that fits.
_MEANINGS: Sequence[tuple[Sequence[str], type[LedgerError], str]] = (
    (_FULL, LedgerUnavailable, "it is full or read-only; free some space or mend its permissions, then run again"),
    (_LOCKED, LedgerUnavailable, _BY_ANOTHER),
    (
        ("too many", "connection slots"),
        LedgerUnavailable,
        "it takes no more connections; wait for other runs to end, or let it take more",
    ),
    (
        ("statement timeout", "lock timeout", "transaction timeout"),
        LedgerUnavailable,
        "it cut the work off at a time limit of its own; run again, or let that limit be longer",
    ),
    (
        ("[42501]", "[3f000]", "permission denied for database"),
        LedgerError,
        "its user lacks a right there; grant it the database, the schema, and every table and sequence in it",
    ),
    (("[22p05]",), LedgerError, "its encoding lacks a character; move it to a database with the encoding UTF8"),
    (
        ("certificate", "pg_hba.conf", "ssl was required"),
        LedgerError,
        "the server does not let us in that way; correct sslmode in the URL, or the server's pg_hba.conf",
    ),
    (
        ("unable to open",),
        LedgerError,
        "its file cannot be opened; check that its folder exists and may be written",
    ),
    (
        ("not a database", "malformed", "no such table", "no such column", "[42p01]", "[42703]"),
        LedgerError,
        "it is damaged or is no ledger; restore it from a backup",
    ),
    (
        ("password", "authentication", "role", "does not exist"),
        LedgerError,
        "the user, the password or the database's name is wrong; correct the URL",
    ),
)


class Ledger:
    """One ledger: SQLite in WAL mode, synchronous FULL, or PostgreSQL.

    Raises LedgerError when the URL is wrong, the ledger is from a newer version, or no key opens it; and
    LedgerUnavailable when the database cannot be reached, is full or read-only.
    """

    def __init__(
        self, url: str, keys: Sequence[bytes], *, clock: Now = wall_clock, lease_clock: LeaseClock | None = None
    ) -> None:
        self.vault = Vault(keys)
        self.now = clock
        self.lease_clock = lease_clock or DatabaseClock()
        self.engine = open_engine(url)
        self.children: dict[str, Kept] = {}
        self.remembering = threading.RLock()
        # SQLite has one writer; threads that wait for it here are woken at once, and would sleep in its busy handler.
        self._writing = nullcontext() if self.is_postgresql else threading.RLock()
        self._held_since: float | None = None
        self._was_open = False
        self._file: tuple[int, int] | None = None
        self._open()
        self._file = self._found_file()
        self._was_open = True

    def __repr__(self) -> str:
        return f"<Ledger on {self.engine.dialect.name}>"

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @property
    def is_postgresql(self) -> bool:
        """Whether several workers may hold rows side by side."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading one consistent state. A database that is being restarted is waited for."""
        try:
            with self._connected() as connection:
                yield connection
        except DBAPIError as why:
            raise unavailable(why) from None

    def _connected(self) -> Connection:
        """A connection. One that fails is tried again where the ledger was there before, or says that it is busy."""
        for pause in _PAUSES:
            try:
                return self.engine.connect()
            except DBAPIError as why:
                if not (_says(why, _BUSY) or (self._was_open and _passing(why))):
                    raise
            time.sleep(pause)
        return self.engine.connect()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; run it again after a passing fault. Raises LedgerUnavailable."""
        last: DBAPIError | None = None
        for pause in (*_PAUSES, None):
            began = time.monotonic()
            try:
                with self._writing, self._beginning() as connection:
                    done = work(connection)
                self._held_since = None
                return done
            except DBAPIError as why:
                if not (isinstance(why, IntegrityError) or _passing(why)):
                    raise unavailable(why) from None
                last = why
            if _says(last, _LOCKED):
                self._held_since = self._held_since or began
            if pause is None or self._waited_enough():
                break
            time.sleep(pause)
        assert last is not None
        raise unavailable(last) from None

    def _waited_enough(self) -> bool:
        """Whether another process has held SQLite for so long that it will not let go: it may be frozen."""
        return self._held_since is not None and time.monotonic() - self._held_since > _HELD

    def refuse_if_only_readable(self) -> None:
        """Raises what a run would raise where a table may be read and not written. Nothing is changed."""

        def work(connection: Connection) -> None:
            for table in TABLES:
                connection.execute(delete(table).where(false()))

        self.write(work)

    @contextmanager
    def _beginning(self) -> Iterator[Connection]:
        """A transaction that writes."""
        if self._waited_enough():
            raise _not_usable(LedgerUnavailable, _BY_ANOTHER)
        with self.engine.connect().execution_options(bridge_writes=True) as connection, connection.begin():
            if self._was_open and self._found_file() != self._file:
                raise LedgerUnavailable(_OTHER_FILE, setting=_SETTING)
            yield connection

    def _found_file(self) -> tuple[int, int] | None:
        """Which file is there now: SQLite writes on into one that was removed, where nobody would read it again."""
        try:
            found = os.stat(self.engine.url.database or "")
        except OSError:
            return None
        return None if self.is_postgresql else (found.st_dev, found.st_ino)

    def seconds(self, connection: Connection) -> float:
        """The shared clock by which leases and waits go."""
        return self.lease_clock.seconds(connection)

    def _open(self) -> None:
        with self.reading() as connection:
            found = _found(connection)
        if found is None:
            try:
                create_schema(self.engine)
            except DBAPIError as why:
                raise unavailable(why) from None
        elif found != HEAD:
            raise LedgerError(_other_version(found), setting=_SETTING)
        self._check_key()

    def _check_key(self) -> None:
        """Refuse a key that cannot open this ledger, before anything is read or written with it."""

        def make(connection: Connection) -> None:
            for name, plain in ((KEY_CHECK, b"incident-bridge"), (DIGEST_KEY, os.urandom(32))):
                if connection.execute(select(meta.c.name).where(meta.c.name == name)).first() is None:
                    value = self.vault.seal(plain, f"meta:{name}").hex()
                    connection.execute(meta.insert().values(name=name, value=value))

        def read() -> dict[str, str]:
            statement = select(meta.c.name, meta.c.value).where(meta.c.name.in_([KEY_CHECK, DIGEST_KEY]))
            with self.reading() as connection:
                return {row.name: row.value for row in connection.execute(statement)}

        found = read()
        if len(found) < 2:
            self.write(make)
            found = read()
        self.vault.open(bytes.fromhex(found[KEY_CHECK]), f"meta:{KEY_CHECK}")
        self.vault.digest_key = self.vault.open(bytes.fromhex(found[DIGEST_KEY]), f"meta:{DIGEST_KEY}")


def upgrade(url: str) -> None:
    """Bring the ledger at `url` up to this version. Raises LedgerError when it is from a newer one."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            found = _found(connection)
        if found is not None and found not in known_revisions():
            raise LedgerError(_other_version(found), setting=_SETTING)
        migrate_schema(engine)
    except DBAPIError as why:
        raise unavailable(why) from None
    finally:
        engine.dispose()


def _found(connection: Connection) -> str | None:
    """The migration that a ledger stands at, or None in an empty database. Another program's is refused."""
    tables = inspect(connection).get_table_names()
    found = found_revision(connection)
    if found is None and tables:
        raise LedgerError(
            f"{_SETTING} names a database that holds other tables but no ledger; give the ledger one of its own.",
            setting=_SETTING,
        )
    return found


def open_engine(url: str) -> Engine:
    """An engine for the ledger; connects to nothing. Raises LedgerError for a URL that is none of a ledger."""
    try:
        return _engine(url)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise LedgerError(f"{_SETTING} cannot be used: its database driver is missing.", setting=_SETTING) from None
    except (SQLAlchemyError, ValueError):
        raise LedgerError(
            f"{_SETTING} is not a database URL; write sqlite:///ledger.db or postgresql://user@host/name, and "
            "%40, %2F and %3A for an @, a slash or a colon in the password.",
            setting=_SETTING,
        ) from None


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        # Each statement is planned anew: a plan that was kept while a table was small reads it whole when it has grown.
        connect_args = {"prepare_threshold": None, "client_encoding": "utf8"}
        options: dict[str, Any] = {
            "pool_pre_ping": True,
            "pool_size": 8,
            "max_overflow": 8,
            "connect_args": connect_args,
        }
        parsed = parsed.set(drivername="postgresql+psycopg", query={"connect_timeout": _MUTE, **parsed.query})
    elif parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError(
                f"{_SETTING} must name a file: a ledger in memory forgets what was sent.", setting=_SETTING
            )
        options = {"poolclass": QueuePool, "connect_args": {"check_same_thread": False, "timeout": 30}}
    else:
        raise LedgerError(
            f"{_SETTING} names {parsed.get_backend_name()}; valid databases are sqlite and postgresql.",
            setting=_SETTING,
        )
    engine = create_engine(parsed, hide_parameters=True, json_deserializer=orjson.loads, **options)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA page_size=16384")  # of a new file: reports and notes lie whole in a page
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # Moments come back in a form that can be read, whatever the server's own is. A pooler carries these two on.
    connection.autocommit = True
    connection.execute("SET datestyle = 'ISO'; SET timezone = 'UTC'")
    connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: a lock that is upgraded later fails in the middle of a transaction.
    writes = connection.get_execution_options().get("bridge_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("bridge_writes"):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_FROZEN}'")


def _says(why: DBAPIError, words: Sequence[str]) -> bool:
    text = f"[{_state(why)}] {why.orig}".lower()
    return any(word in text for word in words)


def _state(why: DBAPIError) -> str:
    """PostgreSQL's code of what happened."""
    return getattr(why.orig, "sqlstate", None) or ""


def _passing(why: DBAPIError) -> bool:
    state = _state(why)
    return (
        why.connection_invalidated
        or state[:2] in ("40", "08", "57")
        or state == "55P03"
        or _says(why, (*_BUSY, "connection", "closed", "terminat"))
    )


def unavailable(why: DBAPIError) -> LedgerError:
    """What the database said, as a sentence without its words: they may quote a row.

    A LedgerUnavailable passes or is mended at the database; what only the setting can mend is a plain LedgerError.
    """
    fitting = ((kind, meaning) for words, kind, meaning in _MEANINGS if _says(why, words))
    kind, meaning = next(fitting, (LedgerUnavailable, "it does not answer; start the database or correct the URL"))
    return _not_usable(kind, meaning)


def _not_usable(kind: type[LedgerError], meaning: str) -> LedgerError:
    return kind(f"The ledger at {_SETTING} cannot be used: {meaning}.", setting=_SETTING)


def _other_version(found: str) -> str:
    if found in known_revisions():
        return (
            "The ledger was made by an older version; back it up (with that version, with pg_dump, or by copying its "
            "file while nothing runs), and run `incident-bridge ledger upgrade`."
        )
    return "The ledger was made by a newer version of incident-bridge; install that version, or restore a backup."
