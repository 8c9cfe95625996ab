"""Reports that could not be understood: kept whole, looked at, tried again, or discarded with a reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from ledger import audit
from ledger.database import Ledger
from ledger.errors import Refused, UnknownRecord
from ledger.tables import quarantined


@dataclass(frozen=True, repr=False)
class Unreadable:
    """A report that was not understood. `raw` is kept whole; `fields` are the paths that failed."""

    raw: str
    fingerprint: str
    fields: tuple[str, ...]
    source_id: str | None = None
    number: str | None = None
    occurred_on: date | None = None


@dataclass(frozen=True, repr=False)
class Quarantined:
    """One report in quarantine. `raw` is opened only when it is asked for."""

    id: int
    home: str
    fingerprint: str
    source_id: str | None
    number: str | None
    occurred_on: date | None
    fields: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    state: str


def keep(
    ledger: Ledger,
    connection: Connection,
    home: str,
    unreadable: Sequence[Unreadable],
    now: datetime,
    acts: list[audit.Act],
) -> int:
    """Keep what could not be understood; returns how many wait in this page, seen before or not."""
    found = 0
    for one in {one.fingerprint: one for one in unreadable}.values():
        where = and_(quarantined.c.home == home, quarantined.c.fingerprint == one.fingerprint)
        row = connection.execute(select(quarantined.c.id, quarantined.c.state).where(where)).first()
        if row is not None:
            seen: dict[str, Any] = {"last_seen": now, "fields": list(one.fields)}
            if row.state == "released":  # its contents may have been purged
                seen |= {"state": "waiting", "content": _sealed(ledger, home, one)}
            connection.execute(update(quarantined).where(where).values(seen))
            found += row.state != "discarded"
            continue
        found += 1
        values = {
            "home": home,
            "fingerprint": one.fingerprint,
            "source_id": one.source_id,
            "number": one.number,
            "occurred_on": one.occurred_on,
            "fields": list(one.fields),
            "first_seen": now,
            "last_seen": now,
            "state": "waiting",
            "content": _sealed(ledger, home, one),
        }
        connection.execute(quarantined.insert().values(values))
        acts.append(
            audit.Act("report quarantined", f"quarantined:{one.fingerprint[:16]}", {"fields": list(one.fields)})
        )
    return found


def let_go(
    connection: Connection, home: str, readable: Collection[str], unreadable: Sequence[Unreadable], now: datetime
) -> None:
    """A later version of the same report takes an earlier unreadable one out of the waiting room.

    `readable`: the source's ids of the page's reports that were understood.
    """
    rows = connection.execute(_WAITING, {"home": home}).all()
    replaced = {one.source_id: one.fingerprint for one in unreadable}
    for row in rows:
        if row.source_id in readable:
            reason = "A readable version arrived."
        elif row.source_id in replaced and replaced[row.source_id] != row.fingerprint:
            reason = "A later version took its place."
        else:
            continue
        connection.execute(
            update(quarantined).where(quarantined.c.id == row.id).values(state="released", reason=reason, last_seen=now)
        )


_WAITING = select(quarantined.c.id, quarantined.c.source_id, quarantined.c.fingerprint).where(
    quarantined.c.home == bindparam("home"), quarantined.c.state == "waiting", quarantined.c.source_id.is_not(None)
)


def waiting(connection: Connection, homes: Sequence[str]) -> list[Quarantined]:
    """What waits in quarantine, oldest first."""
    statement = (
        select(quarantined)
        .where(quarantined.c.home.in_(homes), quarantined.c.state == "waiting")
        .order_by(quarantined.c.id)
    )
    return [_view(row) for row in connection.execute(statement)]


def discarded(connection: Connection, home: str) -> frozenset[str]:
    """The source's ids of the reports that a person has discarded."""
    statement = select(quarantined.c.source_id).where(quarantined.c.home == home, quarantined.c.state == "discarded")
    return frozenset(connection.execute(statement.where(quarantined.c.source_id.is_not(None))).scalars())


def one(connection: Connection, quarantine_id: int) -> Quarantined:
    """One report in quarantine, in whatever state. Raises UnknownRecord."""
    return _view(_row(connection, quarantine_id))


def raw(ledger: Ledger, quarantine_id: int) -> str:
    """The whole report as it came. Whoever calls it audits that it was shown. Raises Refused after a purge."""
    with ledger.reading() as connection:
        row = _row(connection, quarantine_id)
    if not row.content:
        raise Refused(f"The contents of quarantined report {quarantine_id} were purged; look for it at the source.")
    return ledger.vault.open(row.content, f"quarantined:{row.home}:{row.fingerprint}").decode()


def release(ledger: Ledger, quarantine_id: int, actor: str) -> None:
    """It was understood after all: the same bytes, another map."""
    _settle(ledger, quarantine_id, "released", "It was understood when it was tried again.", actor)


def discard(ledger: Ledger, quarantine_id: int, reason: str, actor: str) -> None:
    """A person says that it is no incident report. It stays in the ledger, with the reason."""
    if not reason.strip():
        raise Refused("A discard needs its reason; say it with --reason.")
    _settle(ledger, quarantine_id, "discarded", reason, actor)


def note_shown(ledger: Ledger, record: str, actor: str) -> None:
    """Audit that personal data was shown to a person."""
    ledger.write(
        lambda connection: audit.record(connection, ledger.now(), actor, [audit.Act("contents revealed", record)])
    )


def _sealed(ledger: Ledger, home: str, one: Unreadable) -> bytes:
    return ledger.vault.seal(one.raw, f"quarantined:{home}:{one.fingerprint}")


def _settle(ledger: Ledger, quarantine_id: int, state: str, reason: str, actor: str) -> None:
    def work(connection: Connection) -> None:
        _row(connection, quarantine_id)
        now = ledger.now()
        connection.execute(
            update(quarantined).where(quarantined.c.id == quarantine_id).values(state=state, reason=reason)
        )
        audit.record(connection, now, actor, [audit.Act(f"quarantined report {state}", f"quarantined:{quarantine_id}")])

    ledger.write(work)


def _row(connection: Connection, quarantine_id: int) -> Row[Any]:
    row = connection.execute(select(quarantined).where(quarantined.c.id == quarantine_id)).first()
    if row is None:
        raise UnknownRecord(
            f"There is no quarantined report {quarantine_id}; `incident-bridge quarantine list` shows them."
        )
    return row


def _view(row: Row[Any]) -> Quarantined:
    return Quarantined(
        row.id,
        row.home,
        row.fingerprint,
        row.source_id,
        row.number,
        row.occurred_on,
        tuple(row.fields),
        row.first_seen,
        row.last_seen,
        row.state,
    )
