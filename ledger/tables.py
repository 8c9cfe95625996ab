"""The tables. SQLModel defines them; the hot path writes batches through SQLAlchemy Core.

Moments are aware and kept in UTC. Columns that end in `_epoch` are seconds by the database's own clock: leases and
waiting times go by it, so that two hosts whose clocks differ agree. Columns of type LargeBinary are sealed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
)
from sqlmodel import Field, SQLModel

from mappings.owed import Target


class UtcMoment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """On SQLite the same text as SQLAlchemy writes, without its detour: an incident brings two dozen moments."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for one that is not aware."""
    if moment.tzinfo is None:
        raise ValueError("the ledger keeps aware moments only")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _as_text(value: datetime | None) -> str | None:
    return None if value is None else in_utc(value).isoformat(" ", "microseconds")[:-6]


def _key() -> Any:
    return Field(default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True))


def _refers(to: str, *, optional: bool = False) -> Any:
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Field(default=None, sa_column=Column(kind, ForeignKey(to), nullable=optional))


def _moment(*, optional: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcMoment(), nullable=optional))


def _text(*, optional: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=optional))


def _sealed(*, optional: bool = False) -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=optional))


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def _epoch(*, optional: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Float(53), nullable=optional))


class IncidentRow(SQLModel, table=True):
    """One incident report, whatever its revisions. `fingerprint` is the latest revision's."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("home", "source_id"),
        Index("incident_by_day", "home", "occurred_on"),
        Index("incident_by_number", "number"),
    )
    id: int | None = _key()
    home: str = _text()
    source_id: str = _text()
    number: str = _text()
    status: str = _text()
    revision: int
    fingerprint: str = _text()
    source_version: int = Field(sa_column=Column(BigInteger, nullable=False))
    source_modified_at: datetime = _moment()
    occurred_at: datetime = _moment()
    occurred_on: date
    first_seen: datetime = _moment()
    last_seen: datetime = _moment()
    found_by: str = Field(default="pull", sa_column=Column(Text, nullable=False))
    gone_at: datetime | None = _moment(optional=True)


class RevisionRow(SQLModel, table=True):
    """One immutable version of a report. `content` is the sealed Incident as JSON."""

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("incident_id", "number"),)
    id: int | None = _key()
    incident_id: int = _refers("incident.id")
    number: int
    status: str = _text()
    fingerprint: str = _text()
    source_version: int = Field(sa_column=Column(BigInteger, nullable=False))
    modified_at: datetime = _moment()
    seen_at: datetime = _moment()
    content: bytes = _sealed()


class KnownChildRow(SQLModel, table=True):
    """A name that the home's reports gave a child, in order of first appearance (RULINGS 35, 37)."""

    __tablename__ = "known_child"
    __table_args__ = (UniqueConstraint("home", "child_id", "name_digest"),)
    id: int | None = _key()
    home: str = _text()
    child_id: str = _text()
    name_digest: str = _text()
    name: bytes = _sealed()


class QuarantineRow(SQLModel, table=True):
    """A report that could not be understood, whole. `state` is waiting, released or discarded."""

    __tablename__ = "quarantined"
    __table_args__ = (UniqueConstraint("home", "fingerprint"),)
    id: int | None = _key()
    home: str = _text()
    fingerprint: str = _text()
    source_id: str | None = _text(optional=True)
    number: str | None = _text(optional=True)
    occurred_on: date | None = Field(default=None)
    fields: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    first_seen: datetime = _moment()
    last_seen: datetime = _moment()
    state: str = Field(default="waiting", sa_column=Column(Text, nullable=False))
    reason: str | None = _text(optional=True)
    content: bytes = _sealed()


class CursorRow(SQLModel, table=True):
    """The true watermark of a home's pulls: what lies at or before it is stored."""

    __tablename__ = "cursor"
    __table_args__ = (UniqueConstraint("home", "source"),)
    id: int | None = _key()
    home: str = _text()
    source: str = _text()
    modified_at: datetime = _moment()
    incident: str = _text()


class DeliveryRow(SQLModel, table=True):
    """One thing owed to one target. `key` is what it is; `reference` is what the target shows of it."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("delivery_by_priority", "target", "state", "priority_at", "id"),
        Index("delivery_chain", "incident_id", "target", "subject"),
    )
    id: int | None = _key()
    key: str = _text()
    home: str = _text()
    incident_id: int | None = _refers("incident.id", optional=True)
    incident: str | None = _text(optional=True)
    revision: int = 0
    part: int = 1
    target: str = _text()
    action: str = _text()
    subject: str = Field(default="", sa_column=Column(Text, nullable=False))
    reference: str = _text()
    state: str = _text()
    priority_at: datetime = _moment()
    planned_at: datetime = _moment()
    state_since: datetime = _moment()
    fence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, default=0))
    owner: str | None = _text(optional=True)
    lease_epoch: float | None = _epoch()
    due_epoch: float = Field(default=0.0, sa_column=Column(Float(53), nullable=False, default=0.0))
    attempts: int = 0
    looks: int = 0
    person_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    remote_id: str | None = _text(optional=True)
    accepted_at: datetime | None = _moment(optional=True)
    verified_at: datetime | None = _moment(optional=True)
    why: str | None = _text(optional=True)
    cause: str | None = _text(optional=True)
    body_digest: str | None = _text(optional=True)
    detail: dict[str, Any] = _json()


class BodyRow(SQLModel, table=True):
    """What a delivery sends, sealed; none where nothing may be sent, or where it was purged.

    It is apart from its delivery, whose row is written anew at every step.
    """

    __tablename__ = "body"
    delivery_id: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer, "sqlite"),
            ForeignKey("delivery.id"),
            primary_key=True,
            autoincrement=False,
        ),
    )
    content: bytes = _sealed()


class AttemptRow(SQLModel, table=True):
    """One try or look and what came of it. Append-only."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_by_delivery", "delivery_id"),)
    id: int | None = _key()
    delivery_id: int = _refers("delivery.id")
    fence: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str = _text()
    event: str = _text()
    at: datetime = _moment()
    why: str | None = _text(optional=True)


class ApprovalRow(SQLModel, table=True):
    """A named manager's decision about one LADO submission of one revision. One row a decision."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("delivery_id", "decision"),)
    id: int | None = _key()
    delivery_id: int = _refers("delivery.id")
    revision: int
    decision: str = _text()
    by: str = _text()
    at: datetime = _moment()
    reason: str | None = _text(optional=True)
    mash: bool | None = None
    police: bool | None = None


class FindingRow(SQLModel, table=True):
    """One discrepancy, by its stable id. It stays when it is resolved or acknowledged."""

    __tablename__ = "finding"
    __table_args__ = (Index("finding_by_home", "home"),)
    id: str = Field(sa_column=Column(Text, primary_key=True))
    home: str = _text()
    kind: str = _text()
    severity: str = _text()
    incident: str | None = _text(optional=True)
    target: str | None = _text(optional=True)
    subject: str | None = _text(optional=True)
    occurred_on: date | None = Field(default=None)
    first_seen: datetime = _moment()
    last_seen: datetime = _moment()
    resolved_at: datetime | None = _moment(optional=True)
    acknowledged_at: datetime | None = _moment(optional=True)
    acknowledged_by: str | None = _text(optional=True)
    acknowledged_why: str | None = _text(optional=True)


class RunRow(SQLModel, table=True):
    """A pull, delivery or reconciliation of one home: when it began and ended, and whether it saw everything."""

    __tablename__ = "run"
    __table_args__ = (Index("run_by_home", "home", "kind", "id"),)
    id: int | None = _key()
    home: str = _text()
    kind: str = _text()
    started_at: datetime = _moment()
    finished_at: datetime | None = _moment(optional=True)
    good: bool = False
    counts: dict[str, Any] = _json()


class AuditRow(SQLModel, table=True):
    """One act. `hash` covers this entry and the hash of the one before it."""

    __tablename__ = "audit_entry"
    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = _moment()
    actor: str = _text()
    act: str = _text()
    record: str = _text()
    detail: str = _text()
    previous: str = _text()
    hash: str = _text()


class MetaRow(SQLModel, table=True):
    """Facts about the ledger itself: its key, the head of the audit chain, a restore."""

    __tablename__ = "meta"
    name: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = _text()


def _table(model: type[SQLModel]) -> Table:
    table = model.__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)
    return table


incident = _table(IncidentRow)
revision = _table(RevisionRow)
known_child = _table(KnownChildRow)
quarantined = _table(QuarantineRow)
cursor = _table(CursorRow)
delivery = _table(DeliveryRow)
body = _table(BodyRow)
attempt = _table(AttemptRow)
approval = _table(ApprovalRow)
finding = _table(FindingRow)
run = _table(RunRow)
audit_entry = _table(AuditRow)
meta = _table(MetaRow)


def in_states(states: Collection[str]) -> ColumnElement[bool]:
    """A delivery, to whatever target, is in one of these states. Every target is named, so that an index leads there:
    few deliveries are on their way, and years of them are done."""
    return and_(delivery.c.target.in_(list(Target)), delivery.c.state.in_(states))


TABLES = (
    incident,
    revision,
    known_child,
    quarantined,
    cursor,
    delivery,
    body,
    attempt,
    approval,
    finding,
    run,
    audit_entry,
    meta,
)
