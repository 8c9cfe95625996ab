"""The children that a home's reports have named, in order of first appearance (RULINGS 35, 37).

They are read for every page of reports, so an open ledger remembers the committed ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from ledger.database import Ledger
from ledger.tables import known_child
from mappings.incident import Incident


def known(ledger: Ledger, connection: Connection, home: str) -> list[tuple[str, str]]:
    """Ids and names of the home's children, this transaction's included; one child may have several names."""
    return [(child_id, name) for _, child_id, name in _read(ledger, connection, home)]


def committed(ledger: Ledger, home: str) -> list[tuple[str, str]]:
    """Ids and names of the home's children, and remember them."""
    with ledger.reading() as connection:
        ledger.children[home] = _read(ledger, connection, home)
    return [(child_id, name) for _, child_id, name in ledger.children[home]]


def remember(ledger: Ledger, connection: Connection, home: str, reports: Iterable[Incident]) -> None:
    """Keep the names that are new."""
    named: dict[str, tuple[str, str]] = {}
    for report in reports:
        for child in report.children:
            named[ledger.vault.digest(f"{home}\n{child.child_id}\n{child.name}")] = (child.child_id, child.name)
    digests, there = list(named), set[str]()
    for start in range(0, len(digests), 500):
        some = digests[start : start + 500]
        statement = select(known_child.c.name_digest).where(
            known_child.c.home == home, known_child.c.name_digest.in_(some)
        )
        there |= set(connection.execute(statement).scalars())
    rows = [
        {
            "home": home,
            "child_id": child_id,
            "name_digest": digest,
            "name": ledger.vault.seal(name, f"known_child:{home}"),
        }
        for digest, (child_id, name) in named.items()
        if digest not in there
    ]
    if rows:
        connection.execute(known_child.insert(), rows)


def _read(ledger: Ledger, connection: Connection, home: str) -> list[tuple[int, str, str]]:
    """What is remembered, and what the database holds beyond it."""
    held = ledger.children.get(home, [])
    statement = (
        select(known_child.c.id, known_child.c.child_id, known_child.c.name)
        .where(known_child.c.home == home, known_child.c.id > (held[-1][0] if held else 0))
        .order_by(known_child.c.id)
    )
    record = f"known_child:{home}"
    fresh = [
        (row.id, row.child_id, ledger.vault.open(row.name, record).decode()) for row in connection.execute(statement)
    ]
    return held + fresh
