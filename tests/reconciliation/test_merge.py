"""Two long lists compared a block at a time give the same answer as two dicts held in memory."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, select

from reconciliation.merge import Difference, Gap, OutOfOrder, Staging, compare_sorted, stream

ROWS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), max_size=60)


def _plainly(left: list[tuple[int, str]], right: list[tuple[int, str]]) -> set[Difference]:
    """The same comparison with everything in memory."""
    ours, theirs = Counter(key for key, _ in left), Counter(key for key, _ in right)
    doubled = {Difference(key, Gap.LEFT_DOUBLED) for key, count in ours.items() if count > 1}
    doubled |= {Difference(key, Gap.RIGHT_DOUBLED) for key, count in theirs.items() if count > 1}
    only = {Difference(key, Gap.LEFT_ONLY) for key in ours.keys() - theirs.keys()}
    only |= {Difference(key, Gap.RIGHT_ONLY) for key in theirs.keys() - ours.keys()}
    once = {key for key in ours.keys() & theirs.keys() if ours[key] == theirs[key] == 1}
    changed = {Difference(key, Gap.DIFFERENT) for key in once if dict(left)[key] != dict(right)[key]}
    return doubled | only | changed


@given(ROWS, ROWS, st.integers(1, 9))
def test_any_two_sides_give_what_a_plain_comparison_gives(left, right, block) -> None:
    found = list(compare_sorted(sorted(left), sorted(right), block=block))
    assert set(found) == _plainly(left, right)
    assert len(found) == len(set(found))


@given(ROWS, ROWS)
def test_sides_in_any_order_are_staged_on_disk_first(left, right) -> None:
    as_text = [[(f"{key:03}", value) for key, value in side] for side in (left, right)]
    with Staging() as staging:
        found = set(compare_sorted(staging.in_key_order(as_text[0]), staging.in_key_order(as_text[1])))
    assert found == {Difference(f"{one.key:03}", one.gap) for one in _plainly(left, right)}


def test_a_side_out_of_order_is_refused_rather_than_compared() -> None:
    with pytest.raises(OutOfOrder):
        list(compare_sorted([(2, "a"), (1, "a")], [(1, "a")]))


def test_memory_does_not_grow_with_the_lists() -> None:
    def side(count: int, step: int):
        return ((f"{key:09}", "x") for key in range(count) if key % 1000 != step)

    peaks = []
    for count in (20_000, 200_000):
        tracemalloc.start()
        found = sum(1 for _ in compare_sorted(side(count, 1), side(count, 2)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == 2 * count // 1000
    assert peaks[1] < peaks[0] * 1.3


def test_rows_of_a_table_come_in_key_order_and_none_is_lost() -> None:
    engine = create_engine("sqlite://")
    table = Table("held", MetaData(), Column("key", Text), Column("fingerprint", Text))
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"key": f"{key:05}", "fingerprint": "x"} for key in reversed(range(3000))])
        rows = list(stream(connection, select(table.c.key, table.c.fingerprint).order_by(table.c.key)))
    assert rows == [(f"{key:05}", "x") for key in range(3000)]
