"""How things stand: counts, lists and ages, for people and monitors. Reading only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from ledger.batches import among
from ledger.database import Ledger
from ledger.errors import UnknownRecord
from ledger.reports import open_revision
from ledger.states import LEFT_OVER, DeliveryState
from ledger.tables import attempt, body, cursor, delivery, in_states, incident, quarantined, revision
from mappings.incident import Incident
from mappings.reference import key_begins


def deliveries_by_state(
    connection: Connection, homes: Sequence[str], states: Sequence[str] | None = None
) -> dict[str, dict[str, int]]:
    """How many deliveries stand in each state, or in each of these, by target."""
    statement = (
        select(delivery.c.target, delivery.c.state, func.count())
        .where(delivery.c.home.in_(homes))
        .group_by(delivery.c.target, delivery.c.state)
    )
    if states is not None:
        statement = statement.where(in_states(states))
    counts: dict[str, dict[str, int]] = {}
    for target, state, count in connection.execute(statement):
        counts.setdefault(target, {})[state] = count
    return counts


def quarantined_count(connection: Connection, homes: Sequence[str]) -> int:
    """How many reports wait in quarantine."""
    statement = select(func.count()).where(quarantined.c.home.in_(homes), quarantined.c.state == "waiting")
    return int(connection.execute(statement).scalar_one())


def amended(connection: Connection, planned: Sequence[tuple[int | None, int]]) -> list[int]:
    """Keys of the incidents that have a later revision than one of these (incident, revision)."""
    of = [(key, number) for key, number in planned if key is not None]
    these = among(connection, incident.c.id, [key for key, _ in of])
    rows = connection.execute(select(incident.c.id, incident.c.revision).where(these))
    latest = {row.id: row.revision for row in rows}
    return sorted({key for key, number in of if latest[key] > number})


def homes_pulled(connection: Connection) -> list[str]:
    """Every home that was ever pulled."""
    return list(connection.execute(select(cursor.c.home).distinct().order_by(cursor.c.home)).scalars())


def left_over_elsewhere(connection: Connection, homes: Collection[str]) -> dict[str, int]:
    """How many deliveries and quarantined reports of other homes than these are not finished."""
    counts: dict[str, int] = {}
    for table, unfinished in (
        (delivery, in_states(LEFT_OVER)),
        (quarantined, quarantined.c.state == "waiting"),
    ):
        elsewhere = select(table.c.home, func.count()).where(unfinished, table.c.home.not_in(homes))
        for home, count in connection.execute(elsewhere.group_by(table.c.home)):
            counts[home] = counts.get(home, 0) + count
    return counts


def oldest_not_final(connection: Connection, home: str) -> datetime | None:
    """Since when the oldest delivery that is not final has waited."""
    states = [DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN, DeliveryState.REJECTED]
    statement = select(func.min(delivery.c.planned_at)).where(delivery.c.home == home, in_states(states))
    found: datetime | None = connection.execute(statement).scalar()
    return found


def last_incident(connection: Connection, home: str) -> datetime | None:
    """When the newest incident of the home was first seen."""
    found: datetime | None = connection.execute(
        select(func.max(incident.c.first_seen)).where(incident.c.home == home)
    ).scalar()
    return found


@dataclass(frozen=True, repr=False)
class HeldIncident:
    """One incident of the ledger with all its revisions' rows; contents are opened when asked for."""

    key: int
    home: str
    source_id: str
    number: str
    status: str
    revision: int
    source_version: int
    source_modified_at: datetime
    occurred_at: datetime
    occurred_on: date
    first_seen: datetime
    found_by: str
    gone_at: datetime | None


def incidents(
    connection: Connection,
    homes: Sequence[str],
    *,
    start: date | None = None,
    end: date | None = None,
    number: str | None = None,
    source_id: str | None = None,
) -> list[HeldIncident]:
    """Incidents of the homes, oldest first, within the UK calendar days given."""
    statement = select(incident).where(incident.c.home.in_(homes)).order_by(incident.c.occurred_at, incident.c.id)
    if start is not None:
        statement = statement.where(incident.c.occurred_on >= start)
    if end is not None:
        statement = statement.where(incident.c.occurred_on <= end)
    if number is not None:
        statement = statement.where(incident.c.number == number)
    if source_id is not None:
        statement = statement.where(incident.c.source_id == source_id)
    return [_held(row) for row in connection.execute(statement)]


def incidents_by_key(connection: Connection, keys: Sequence[int]) -> list[HeldIncident]:
    """Incidents by the ledger's own keys."""
    found: list[HeldIncident] = []
    for start in range(0, len(keys), 500):
        statement = select(incident).where(incident.c.id.in_(keys[start : start + 500]))
        found += [_held(row) for row in connection.execute(statement)]
    return found


def incidents_by_source(connection: Connection, home: str, source_ids: Sequence[str]) -> list[HeldIncident]:
    """Incidents of a home by the source's own ids."""
    found: list[HeldIncident] = []
    for start in range(0, len(source_ids), 500):
        some = source_ids[start : start + 500]
        statement = select(incident).where(incident.c.home == home, incident.c.source_id.in_(some))
        found += [_held(row) for row in connection.execute(statement)]
    return found


def each(connection: Connection, home: str) -> Iterator[HeldIncident]:
    """Every incident of a home, in no order, without holding them all."""
    statement = select(incident).where(incident.c.home == home)
    yield from map(_held, connection.execute(statement, execution_options={"yield_per": 1000}))


def numbers(connection: Connection, home: str) -> list[str]:
    """Every running number of a home that the ledger knows, whatever became of the report."""
    return list(connection.execute(select(incident.c.number).where(incident.c.home == home)).scalars())


def home_of_reference(ledger: Ledger, reference: str) -> str | None:
    """The home of one of this ledger's references, whatever a gateway did to its case; None where it is none."""
    begins = key_begins(reference)
    if begins is None:
        return None
    with ledger.reading() as connection:
        first = and_(delivery.c.key >= begins, delivery.c.key < begins + "g")  # digits, and letters up to f
        further_part = delivery.c.incident_id == select(delivery.c.incident_id).where(first).limit(1).scalar_subquery()
        same = func.upper(delivery.c.reference) == reference.strip().upper()
        statement = select(delivery.c.home).where(or_(first, further_part), same)
        return connection.execute(statement.limit(1)).scalar()


@dataclass(frozen=True, repr=False)
class HeldRevision:
    """One revision, opened. `report` is None after a purge."""

    number: int
    status: str
    source_version: int
    modified_at: datetime
    seen_at: datetime
    report: Incident | None


def revisions(ledger: Ledger, connection: Connection, held: Sequence[HeldIncident]) -> dict[int, list[HeldRevision]]:
    """Every revision of these incidents, oldest first, by the incident's key."""
    by_key = {one.key: one for one in held}
    keys = list(by_key)
    found: dict[int, list[HeldRevision]] = {key: [] for key in keys}
    for start in range(0, len(keys), 500):
        statement = (
            select(revision)
            .where(revision.c.incident_id.in_(keys[start : start + 500]))
            .order_by(revision.c.incident_id, revision.c.number)
        )
        for row in connection.execute(statement):
            one = by_key[row.incident_id]
            report = open_revision(ledger, one.home, one.source_id, row.number, row.content) if row.content else None
            found[row.incident_id].append(
                HeldRevision(row.number, row.status, row.source_version, row.modified_at, row.seen_at, report)
            )
    return found


def delivery_rows(
    connection: Connection,
    *,
    homes: Sequence[str] | None = None,
    keys: Sequence[int] | None = None,
    states: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    actions: Sequence[str] | None = None,
    ids: Sequence[int] | None = None,
) -> Iterator[Row[Any]]:
    """Delivery rows with their sealed bodies, oldest first."""
    conditions: list[ColumnElement[bool]] = []
    if homes is not None:
        conditions.append(delivery.c.home.in_(homes))
    if states is not None:
        conditions.append(in_states(states))
    if targets is not None:
        conditions.append(delivery.c.target.in_(targets))
    if actions is not None:
        conditions.append(delivery.c.action.in_(actions))
    if ids is not None:
        conditions.append(delivery.c.id.in_(ids))
    statement = select(delivery, body.c.content.label("body")).outerjoin(body, body.c.delivery_id == delivery.c.id)
    statement = statement.where(and_(True, *conditions)).order_by(delivery.c.id)
    if keys is None:
        yield from connection.execute(statement)
        return
    for start in range(0, len(keys), 500):
        yield from connection.execute(statement.where(delivery.c.incident_id.in_(keys[start : start + 500])))


def one_delivery(connection: Connection, delivery_id: int) -> Row[Any]:
    """One delivery row. Raises UnknownRecord."""
    row = connection.execute(select(delivery).where(delivery.c.id == delivery_id)).first()
    if row is None:
        raise UnknownRecord(f"There is no delivery {delivery_id}; `incident-bridge delivery list` shows them.")
    return row


def attempts_of(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """The attempts and looks of deliveries, oldest first."""
    found: dict[int, list[Row[Any]]] = {}
    for start in range(0, len(delivery_ids), 500):
        some = delivery_ids[start : start + 500]
        for row in connection.execute(select(attempt).where(attempt.c.delivery_id.in_(some)).order_by(attempt.c.id)):
            found.setdefault(row.delivery_id, []).append(row)
    return found


def waits_behind(rows: Sequence[Row[Any]]) -> dict[int, Row[Any]]:
    """Which deliveries wait behind an earlier one of the same incident, target and subject, and behind which."""
    last: dict[tuple[Any, str, str], Row[Any]] = {}
    waiting: dict[int, Row[Any]] = {}
    for row in rows:
        if row.incident_id is None or row.state == DeliveryState.SUPERSEDED:
            continue
        chain = (row.incident_id, row.target, row.subject)
        blocker = last.get(chain)
        if blocker is not None and row.state == DeliveryState.PENDING:
            waiting[row.id] = blocker
        elif row.state in (
            DeliveryState.PENDING,
            DeliveryState.SENDING,
            DeliveryState.UNCERTAIN,
            DeliveryState.REJECTED,
        ):
            last[chain] = row
    return waiting


def _held(row: Row[Any]) -> HeldIncident:
    return HeldIncident(
        row.id,
        row.home,
        row.source_id,
        row.number,
        row.status,
        row.revision,
        row.source_version,
        row.source_modified_at,
        row.occurred_at,
        row.occurred_on,
        row.first_seen,
        row.found_by,
        row.gone_at,
    )
