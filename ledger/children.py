"""The children that a home's reports have named, in order of first appearance (RULINGS 35, 37).

They are needed for every page of reports, so an open ledger keeps them in memory and reads only what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select, text

from ledger.batches import insert_rows
from ledger.database import Ledger
from ledger.tables import known_child
from mappings.home_children import HomeChildren
from mappings.incident import Incident

# Without the home in the question it is a look at the end of the table, however many children a home has.
_LATER = select(known_child).where(known_child.c.id > bindparam("after")).order_by(known_child.c.id)


@dataclass
class Kept:
    """A home's children as they are kept in memory: up to which row they were read, and which rows are committed."""

    children: HomeChildren = field(default_factory=HomeChildren)
    read: int = 0
    committed: int = 0


def known(ledger: Ledger, connection: Connection, home: str) -> HomeChildren:
    """The home's children, this transaction's included; call `stored` when it is committed."""
    with ledger.remembering:
        kept = _kept(ledger, home)
        kept.read = _read(ledger, connection, home, kept.children, kept.read)
        return kept.children


def stored(ledger: Ledger, home: str) -> None:
    """The transaction that called `known` is committed."""
    with ledger.remembering:
        kept = ledger.children.get(home)
        if kept is not None:
            kept.committed = kept.read


def committed(ledger: Ledger, home: str) -> HomeChildren:
    """The home's children, for reading."""
    with ledger.remembering, ledger.reading() as connection:
        kept = ledger.children.setdefault(home, Kept())
        last = _read(ledger, connection, home, kept.children, kept.committed)
        if kept.read == kept.committed:
            kept.read = kept.committed = last
        return kept.children


def remember(ledger: Ledger, connection: Connection, home: str, reports: Iterable[Incident]) -> None:
    """Keep the names that are new."""
    with ledger.remembering:
        there = _kept(ledger, home).children
    named = dict.fromkeys((child.child_id, child.name) for report in reports for child in report.children)
    digests = {
        ledger.vault.digest(f"{home}\n{child_id}\n{name}"): (child_id, name)
        for child_id, name in named
        if not there.knows(child_id, name)
    }
    if digests and ledger.is_postgresql:
        # Names are written one transaction after the other: one that committed out of turn would stay unread.
        connection.execute(text("SELECT pg_advisory_xact_lock(7241954)"))
    for digest in _kept_already(connection, home, list(digests)):
        del digests[digest]
    rows = [
        {
            "home": home,
            "child_id": child_id,
            "name_digest": digest,
            "name": ledger.vault.seal(name, f"known_child:{home}"),
        }
        for digest, (child_id, name) in digests.items()
    ]
    insert_rows(connection, known_child, rows)


def _kept_already(connection: Connection, home: str, digests: list[str]) -> Iterable[str]:
    for start in range(0, len(digests), 500):
        some = digests[start : start + 500]
        statement = select(known_child.c.name_digest).where(
            known_child.c.home == home, known_child.c.name_digest.in_(some)
        )
        yield from connection.execute(statement).scalars()


def _kept(ledger: Ledger, home: str) -> Kept:
    """What is in memory of a home: nothing, where the transaction that named somebody was rolled back."""
    kept = ledger.children.get(home)
    if kept is None or kept.read > kept.committed:
        kept = ledger.children[home] = Kept()
    return kept


def _read(ledger: Ledger, connection: Connection, home: str, children: HomeChildren, after: int) -> int:
    """Take in the rows after this one; returns the last."""
    for row in connection.execute(_LATER, {"after": after}):
        if row.home == home:
            children.add(row.child_id, ledger.vault.open(row.name, f"known_child:{home}").decode())
        after = row.id
    return after
