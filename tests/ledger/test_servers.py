"""PostgreSQL as somebody else set it up: rights, encodings, formats, limits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from ledger import audit, database, runs
from ledger.clock import wall_clock
from ledger.database import Ledger, upgrade
from ledger.errors import LedgerError, LedgerUnavailable
from tests.databases import fresh_database
from tests.ledger.conftest import KEY
from tests.ledger.owed import HOME, keep, report


@pytest.fixture
def url(postgres: str) -> str:
    """An empty database."""
    return fresh_database(postgres)


@pytest.fixture
def owner(url: str) -> Iterator[Engine]:
    """Whoever set the server up."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def _as_user(url: str, owner: Engine, *rights: str) -> str:
    """The URL of a user with these rights alone."""
    user = "user_" + str(make_url(url).database)
    with owner.connect() as connection:
        connection.execute(text(f'CREATE ROLE "{user}" LOGIN'))
        for right in rights:
            connection.execute(text(f'{right} "{user}"'))
    return make_url(url).set(username=user).render_as_string(hide_password=False)


def test_a_user_who_may_not_make_the_tables_hears_of_a_right(url: str, owner: Engine) -> None:
    theirs = _as_user(url, owner)
    for ask in (lambda: Ledger(theirs, [KEY]), lambda: upgrade(theirs)):
        with pytest.raises(LedgerError, match="its user lacks a right there"):
            ask()


def test_a_user_who_may_read_alone_hears_of_a_right_at_the_first_write(url: str, owner: Engine) -> None:
    upgrade(url)
    Ledger(url, [KEY]).close()
    ledger = Ledger(_as_user(url, owner, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO"), [KEY])
    for write in (lambda: keep(ledger, report(1)), ledger.refuse_if_only_readable):
        with pytest.raises(LedgerError, match="its user lacks a right there") as why:
            write()
        assert not isinstance(why.value, LedgerUnavailable), "nothing passes here by itself"
    ledger.close()


def test_a_path_without_a_schema_is_no_mistake_of_ours(url: str) -> None:
    lost = make_url(url).update_query_dict({"options": "-csearch_path=nowhere"}).render_as_string(hide_password=False)
    with pytest.raises(LedgerError, match="grant it the database, the schema"):
        Ledger(lost, [KEY])


def test_a_server_that_is_not_there_is_away_and_no_missing_file() -> None:
    with pytest.raises(LedgerUnavailable, match="start the database"):
        Ledger("postgresql://user@/name?host=/nowhere", [KEY])


def test_a_server_that_is_frozen_is_away_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_MUTE", "2")
    with socket.create_server(("127.0.0.1", 0)) as frozen, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(Ledger, f"postgresql://user@127.0.0.1:{frozen.getsockname()[1]}/name", [KEY])
        try:
            why = asked.exception(30)
        finally:
            frozen.close()
    assert isinstance(why, LedgerUnavailable)


def test_a_limit_of_the_servers_is_named(url: str) -> None:
    limited = (
        make_url(url).update_query_dict({"options": "-cstatement_timeout=300"}).render_as_string(hide_password=False)
    )
    ledger = Ledger(limited, [KEY])
    with pytest.raises(LedgerUnavailable, match="a time limit of its own"), ledger.reading() as connection:
        connection.execute(text("SELECT pg_sleep(1)"))
    ledger.close()


@pytest.mark.parametrize("setting", ["datestyle = 'SQL, DMY'", "timezone = '<+0333>-3:33'"])
def test_a_server_that_writes_moments_its_own_way_is_understood(
    url: str, owner: Engine, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    with owner.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{make_url(url).database}" SET {setting}'))
    _works(url)
    assert not caplog.records


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_is_understood(url: str, owner: Engine, encoding: str) -> None:
    name = f"{make_url(url).database}_{encoding}".lower()
    with owner.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"))
    ledger = _works(make_url(url).set(database=name).render_as_string(hide_password=False))
    if encoding == "LATIN1":
        with pytest.raises(LedgerError, match="the encoding UTF8"):
            keep(ledger, report(2, incident_id="inc-\N{SNOWMAN}"))


def _works(url: str) -> Ledger:
    ledger = Ledger(url, [KEY])
    keep(ledger, report(1))
    runs.end(ledger, runs.begin(ledger, HOME, "pull"), good=True, counts={})
    assert audit.verify(ledger).ok
    with ledger.reading() as connection:
        assert abs((runs.last_good(connection, HOME, "pull", wall_clock()) - wall_clock()).total_seconds()) < 60
    ledger.close()
    return ledger
