"""Many rows at once: what goes in comes out as it was, in its order, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Text, Update, delete, event, select, update

from ledger.batches import Given, Types, among, insert_rows, write_rows
from ledger.database import Ledger
from ledger.tables import known_child, quarantined
from tests.ledger.conftest import NOON

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_DETAILS = st.dictionaries(_TEXTS, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS, max_size=3)
# An offset has seconds before a place had a standard time, and wherever somebody says so.
_ZONES = st.timezones() | st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "home": _TEXTS,
            "source_id": st.none() | _TEXTS,
            "occurred_on": st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            "fields": st.lists(_TEXTS | _DETAILS, max_size=3),
            "first_seen": st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=_ZONES),
            "content": st.binary(max_size=300),
        }
    ),
    min_size=1,
    max_size=30,
)
_NEW_NAMES: Types = (("which", Text()), ("child_id", Text()), ("name", LargeBinary()))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=_ROWS)
def test_rows_come_out_as_they_went_in_and_in_their_order(ledger: Ledger, rows: list[dict[str, Any]]) -> None:
    whole = [
        {**row, "fingerprint": str(place), "last_seen": NOON, "state": "waiting"} for place, row in enumerate(rows)
    ]
    with ledger.engine.connect() as connection:
        connection.execute(delete(quarantined))
        insert_rows(connection, quarantined, whole)
        kept = connection.execute(select(quarantined).order_by(quarantined.c.id)).mappings().all()
    expected = [{**row, "first_seen": row["first_seen"].astimezone(UTC)} for row in whole]
    assert [{name: row[name] for name in expected[0]} for row in kept] == expected


def test_each_row_changes_its_own_and_no_other(ledger: Ledger) -> None:
    there = [_named(child) for child in ("1", "2", "3")]
    changes = [{"which": "2", "child_id": "two", "name": b""}, {"which": "1", "child_id": "one", "name": b"\0\xff"}]
    with ledger.engine.connect() as connection:
        insert_rows(connection, known_child, there)
        write_rows(connection, _NEW_NAMES, _rename, changes)
        kept = connection.execute(select(known_child.c.child_id, known_child.c.name).order_by(known_child.c.id)).all()
    assert [tuple(row) for row in kept] == [("one", b"\0\xff"), ("two", b""), ("3", b"name 3")]


def test_no_rows_are_no_statement(ledger: Ledger) -> None:
    asked: list[object] = []
    with ledger.engine.connect() as connection:
        event.listen(ledger.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
        insert_rows(connection, known_child, [])
        write_rows(connection, _NEW_NAMES, _rename, [])
    assert asked == []


def test_a_batch_is_one_statement_on_postgresql(open_ledger: Callable[..., Ledger]) -> None:
    """What makes it quick there; on SQLite there is nothing to go back and forth for."""
    ledger = open_ledger()
    asked: list[Any] = []
    with ledger.engine.connect() as connection:
        event.listen(ledger.engine, "before_cursor_execute", lambda *call: asked.append(call))
        insert_rows(connection, known_child, [_named(str(child)) for child in range(50)])
    ((*_, executemany),) = [call for call in asked if call[2].startswith("INSERT")]
    assert executemany is not ledger.is_postgresql


@pytest.mark.parametrize("count", [0, 1, 400])
def test_of_many_rows_those_of_a_list_are_found_and_postgresql_takes_it_as_one_value(
    ledger: Ledger, count: int
) -> None:
    children, asked = [str(child) for child in range(count)], []
    with ledger.engine.connect() as connection:
        insert_rows(connection, known_child, [_named(child) for child in [*children, "another", "0'); --"]])
        event.listen(ledger.engine, "before_cursor_execute", lambda *call: asked.append(call[3]))
        these = among(connection, known_child.c.child_id, children)
        found = connection.execute(select(known_child.c.child_id).where(these)).scalars().all()
    assert sorted(found) == sorted(children)
    assert len(asked[-1]) == (1 if ledger.is_postgresql else count)


def test_a_moment_without_an_offset_is_not_written(ledger: Ledger) -> None:
    row = {"home": "EXH", "fingerprint": "f", "fields": [], "state": "waiting", "first_seen": NOON, "content": b""}
    with ledger.engine.connect() as connection, pytest.raises(ValueError, match="aware moments only"):
        insert_rows(connection, quarantined, [{**row, "last_seen": NOON.replace(tzinfo=None)}])


def _named(child: str) -> dict[str, Any]:
    return {"home": "EXH", "child_id": child, "name_digest": child, "name": f"name {child}".encode()}


def _rename(given: Given) -> Update:
    one = update(known_child).where(known_child.c.child_id == given["which"])
    return one.values(child_id=given["child_id"], name=given["name"])
