"""Two long lists compared inside a database give the same answer as two dicts held in memory."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, MetaData, Table, Text, create_engine, insert, make_url, select

from reconciliation.merge import Difference, Gap, Staging, differences

ROWS = st.lists(st.tuples(st.sampled_from([f"{key:02}" for key in range(30)]), st.sampled_from("abc")), max_size=60)

_PEAK = """
import resource, sys
from reconciliation.merge import Staging, differences
def side(count, missing):
    return ((f"{key:09}", "x") for key in range(count) if key % 1000 != missing)
def run(count):
    with Staging() as staging:
        return sum(1 for _ in differences(staging.connection, staging.put(side(count, 1)), staging.put(side(count, 2))))
run(1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert run(300_000) == 600
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _plainly(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> set[Difference]:
    """The same comparison with everything in memory."""
    ours, theirs = Counter(key for key, _ in left), Counter(key for key, _ in right)
    doubled = {Difference(key, Gap.LEFT_DOUBLED) for key, count in ours.items() if count > 1}
    doubled |= {Difference(key, Gap.RIGHT_DOUBLED) for key, count in theirs.items() if count > 1}
    only = {Difference(key, Gap.LEFT_ONLY) for key in ours.keys() - theirs.keys()}
    only |= {Difference(key, Gap.RIGHT_ONLY) for key in theirs.keys() - ours.keys()}
    once = {key for key in ours.keys() & theirs.keys() if ours[key] == theirs[key] == 1}
    changed = {Difference(key, Gap.DIFFERENT) for key in once if dict(left)[key] != dict(right)[key]}
    return doubled | only | changed


@given(ROWS, ROWS)
def test_any_two_sides_in_any_order_give_what_a_plain_comparison_gives(left, right) -> None:
    with Staging() as staging:
        found = list(differences(staging.connection, staging.put(left), staging.put(right)))
    assert set(found) == _plainly(left, right)
    assert len(found) == len(set(found))


def _filled(connection: Connection, name: str, rows: list[tuple[str, str]]):
    table = Table(name, MetaData(), Column("key", Text), Column("fingerprint", Text), prefixes=["TEMPORARY"])
    table.create(connection)
    connection.execute(insert(table), [{"key": key, "fingerprint": value} for key, value in rows])
    return select(table.c.key, table.c.fingerprint)


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_sides_that_lie_in_one_ledger_are_compared_where_they_are(where, request) -> None:
    url = make_url("sqlite://" if where == "sqlite" else request.getfixturevalue("postgres"))
    engine = create_engine(url if where == "sqlite" else url.set(drivername="postgresql+psycopg"))
    ours = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("d", "2"), ("e", "1"), ("e", "1")]
    theirs = [("B", "1"), ("b", "2"), ("c", "1"), ("d", "1"), ("f", "1"), ("f", "2")]
    with engine.connect() as connection:
        found = set(differences(connection, _filled(connection, "ours", ours), _filled(connection, "theirs", theirs)))
    engine.dispose()
    assert found == _plainly(ours, theirs)


def test_memory_does_not_grow_with_the_lists() -> None:
    peak = subprocess.run([sys.executable, "-c", _PEAK], capture_output=True, text=True, check=True).stdout
    assert int(peak) < 30_000, "kilobytes above a small comparison; the lists themselves would take 60,000"
