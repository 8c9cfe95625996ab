"""The replica's database: opened from a URL, read in one read-only transaction, its errors told as ours.

No message here repeats a driver's own words: they can hold the URL, a host, a value of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from config.errors import ConfigurationError
from connectors.errors import ConnectorError, Misconfigured, NotApplied, Unreachable

SETTING = "BRIDGE_REPLICA__URL"
_CONNECT_SECONDS = 15
#: The driver that a URL without one means, and the package that brings it.
_DRIVERS = {"postgresql": "postgresql+psycopg", "oracle": "oracle+oracledb", "mssql": "mssql+pyodbc"}
_EXAMPLES = "postgresql+psycopg://, mssql+pyodbc://, oracle+oracledb:// or sqlite:///"

#: What a driver's words mean, for those that give no code. Compared, never shown.
_SIGN_IN = ("authentication failed", "login failed", "ora-01017", "no password supplied", "28000")
_NO_DATABASE = ("cannot open database", "ora-12514", "ora-12505")
_NO_PERMISSION = ("permission denied", "permission was denied", "ora-01031", "42501")
_NO_TABLE = ("no such table", "no such column", "invalid object name", "ora-00942", "42p01")
_TOO_LONG = ("statement timeout", "hyt00", "dpy-4024", "timeout expired", "57014")


def open_engine(url: str, timeout_seconds: float) -> Engine:
    """An engine for the replica; `timeout_seconds` is the longest that one query may take. Connects to nothing.

    Raises ConfigurationError for what is no URL of a database, and for a driver that is not installed.
    """
    parsed = _parsed(url)
    try:
        engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=_connect_args(parsed))
    except NoSuchModuleError:
        raise _wrong(f"it names a kind of database that is not known; write {_EXAMPLES}") from None
    except ImportError as why:
        package = (why.name or parsed.drivername.partition("+")[2] or parsed.drivername).partition(".")[0]
        raise _wrong(
            f"the database driver {package} is not installed; install it with `pip install {package}`"
        ) from None
    except (SQLAlchemyError, ValueError, TypeError):
        raise _wrong(f"it is not a database URL; write {_EXAMPLES}") from None
    _limit(engine, timeout_seconds)
    return engine


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(f"{SETTING} has a wrong value: {what}.", setting=SETTING)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise _wrong(f"it is not a database URL; write {_EXAMPLES}") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "sqlite" and parsed.database and not parsed.database.startswith((":", "file:")):
        # Opened for reading alone, so that a mistyped path makes no empty file.
        query = {**parsed.query, "mode": "ro", "uri": "true"}
        parsed = parsed.set(database=f"file:{quote(parsed.database)}", query=query)
    return parsed


def _connect_args(url: URL) -> dict[str, Any]:
    arguments: dict[str, dict[str, Any]] = {
        "postgresql+psycopg": {"connect_timeout": _CONNECT_SECONDS, "application_name": "incident-bridge"},
        "oracle+oracledb": {"tcp_connect_timeout": _CONNECT_SECONDS},
        "mssql+pyodbc": {"timeout": _CONNECT_SECONDS, "readonly": True},
        "sqlite": {"timeout": _CONNECT_SECONDS},
    }
    return arguments.get(url.drivername, {})


def _limit(engine: Engine, seconds: float) -> None:
    """Drivers that take a limit for each call take it when a connection is made."""
    if engine.dialect.driver == "oracledb":
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "call_timeout", int(seconds * 1000)))
    elif engine.dialect.driver == "pyodbc":
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "timeout", max(1, int(seconds))))
    elif engine.dialect.name == "postgresql":
        event.listen(
            engine,
            "begin",
            lambda connection: connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")),
        )
    elif engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
    if engine.dialect.name == "oracle":
        event.listen(engine, "begin", lambda connection: connection.execute(text("SET TRANSACTION READ ONLY")))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read-only transaction, a single moment of the copy where the engine can give one; rolled back at its end.

    Raises Unreachable, NotApplied or Misconfigured, each one sentence for IT.
    """
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection
    except SQLAlchemyError as why:
        raise told(why) from None


def told(why: SQLAlchemyError) -> ConnectorError:
    """What went wrong, as the caller may act on it."""
    words = _words(why)
    if any(each in words for each in _SIGN_IN):
        return Misconfigured(f"The Mosaic replica refuses the sign-in; correct {SETTING}.", setting=SETTING)
    if any(each in words for each in _NO_DATABASE):
        return Misconfigured(
            f"There is no database of this name at the Mosaic replica; correct {SETTING}.", setting=SETTING
        )
    if any(each in words for each in _NO_PERMISSION):
        return Misconfigured(
            f"The Mosaic replica does not let this account read; grant SELECT on CASE_NOTES and DM_PERSONS to the "
            f"account of {SETTING}.",
            setting=SETTING,
        )
    if any(each in words for each in _NO_TABLE):
        return NotApplied("A table of the Mosaic replica vanished while it was read; try again when its load is done.")
    if any(each in words for each in _TOO_LONG):
        return NotApplied(
            "The Mosaic replica took too long over one query; ask its owner for an index, or raise "
            "BRIDGE_REPLICA__TIMEOUT_SECONDS."
        )
    if isinstance(why, OperationalError | InterfaceError):
        return Unreachable(f"The Mosaic replica could not be reached; check that it is up, and {SETTING}.")
    return NotApplied("The Mosaic replica could not be read to the end; try again, and tell its owner if it stays so.")


def _words(why: SQLAlchemyError) -> str:
    """The driver's code and words in lower case, for telling errors apart."""
    if not isinstance(why, DBAPIError) or why.orig is None:
        return ""
    code = getattr(why.orig, "sqlstate", None) or ""
    return f"{code} {why.orig}".lower()
