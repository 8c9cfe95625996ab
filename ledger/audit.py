"""Every act has an owner: an append-only trail, each entry carrying the hash of the one before it.

`record` opens no transaction of its own: an act and its entry are written together or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from ledger.batches import insert_rows
from ledger.database import Ledger
from ledger.tables import audit_entry, meta

_START = "0" * 64
_HEAD, _FROM = "audit_head", "audit_from"
#: How many entries at its end every run checks before it adds to the chain.
END = 1000
_LOCKED_HEAD = select(meta.c.value).where(meta.c.name == _HEAD).with_for_update()
_NEW_HEAD = update(meta).where(meta.c.name == _HEAD).values(value=bindparam("head"))


class Act(NamedTuple):
    """What was done to which record. `detail` holds ids, counts and states, never a name or a text."""

    act: str
    record: str
    detail: Mapping[str, Any] = MappingProxyType({})


def record(connection: Connection, at: datetime, actor: str, acts: Sequence[Act]) -> None:
    """Append acts to the trail, in the transaction that does them."""
    if not acts:
        return
    sequence, previous = _locked_head(connection)
    moment = _moment(at)
    rows = []
    for act in acts:
        sequence += 1
        row = {
            "sequence": sequence,
            "at": at,
            "actor": actor,
            "act": act.act,
            "record": act.record,
            "detail": orjson.dumps(dict(act.detail), default=str, option=orjson.OPT_SORT_KEYS).decode(),
            "previous": previous,
        }
        previous = row["hash"] = _hash(row, moment)
        rows.append(row)
    insert_rows(connection, audit_entry, rows)
    connection.execute(_NEW_HEAD, {"head": f"{sequence}:{previous}"})


def hold(connection: Connection) -> None:
    """Let nobody else commit what is told in the trail until this transaction ends."""
    _locked_head(connection)


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: how many entries, the last hash to keep elsewhere, and the first place that is wrong."""

    entries: int
    head: str
    broken_at: int | None = None
    sentence: str = ""

    @property
    def ok(self) -> bool:
        """Whether the whole chain holds."""
        return self.broken_at is None


def verify(ledger: Ledger, *, last: int | None = None) -> Verdict:
    """Check the chain from its first entry to its head; names the first entry that was altered, removed or moved.

    `last`: only so many entries, and none from before somebody said that the ledger was restored.
    """
    with ledger.reading() as connection:
        if ledger.is_postgresql:  # or what another worker adds meanwhile looks like a broken end
            connection.execution_options(isolation_level="REPEATABLE READ")
        before = 0 if last is None else _before_the_last(connection, last)
        expected, previous = before + 1, _START if before == 0 else ""
        rows = connection.execution_options(stream_results=True, yield_per=2000).execute(
            select(audit_entry).where(audit_entry.c.sequence > before).order_by(audit_entry.c.sequence)
        )
        for row in rows:
            fault = _fault(row, expected, previous or row.previous)
            if fault:
                return Verdict(expected - 1, previous, min(expected, row.sequence), fault)
            previous, expected = row.hash, expected + 1
        head = connection.execute(select(meta.c.value).where(meta.c.name == _HEAD)).scalar()
    if head is not None and head != f"{expected - 1}:{previous}":
        return Verdict(expected - 1, previous, expected, f"Entries after {expected - 1} were removed.")
    if head is None and expected > 1:
        return Verdict(expected - 1, previous, expected, "The head of the chain was removed.")
    return Verdict(expected - 1, previous)


def begin_anew(connection: Connection) -> None:
    """Go on from the newest entry there is, whatever became of those before it: they are checked by no run any more.

    `verify` still names the place.
    """
    newest = select(audit_entry.c.sequence, audit_entry.c.hash).order_by(audit_entry.c.sequence.desc()).limit(1)
    sequence, last = connection.execute(newest).first() or (0, _START)
    connection.execute(delete(meta).where(meta.c.name.in_([_HEAD, _FROM])))
    values = {_HEAD: f"{sequence}:{last}", _FROM: str(sequence + 1)}
    connection.execute(meta.insert(), [{"name": name, "value": value} for name, value in values.items()])


def _before_the_last(connection: Connection, count: int) -> int:
    """The sequence after which the last entries begin."""
    newest = connection.execute(select(func.max(audit_entry.c.sequence))).scalar() or 0
    begun_at = connection.execute(select(meta.c.value).where(meta.c.name == _FROM)).scalar()
    return max(0, newest - count, int(begun_at or 1) - 1)


def _fault(row: Row[Any], expected: int, previous: str) -> str:
    if row.sequence != expected:
        return f"Entry {expected} was removed or moved: entry {row.sequence} stands in its place."
    if row.previous != previous:
        return f"Entry {row.sequence} does not follow the one before it."
    if row.hash != _hash(dict(row._mapping), _moment(row.at)):
        return f"Entry {row.sequence} was altered."
    return ""


def _locked_head(connection: Connection) -> tuple[int, str]:
    """The last sequence and hash. Holds the head's row, so that two workers do not both follow one entry."""
    value = connection.execute(_LOCKED_HEAD).scalar()
    if value is None:
        connection.execute(meta.insert().values(name=_HEAD, value=f"0:{_START}"))
        return 0, _START
    sequence, _, last = value.partition(":")
    return int(sequence), last


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _hash(row: Mapping[str, Any], moment: str) -> str:
    parts = [str(row["sequence"]), moment, row["actor"], row["act"], row["record"], row["detail"], row["previous"]]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
