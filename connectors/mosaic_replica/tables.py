"""Where the replica's two tables are and how this engine spells them: `dbo` or no schema, upper or lower case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Inspector, TableClause, column, inspect, table
from sqlalchemy.sql.elements import ColumnClause

from connectors.errors import Misconfigured

SETTING = "BRIDGE_REPLICA__URL"
_SCHEMA = "dbo"
_NOTES = (
    "ID", "PERSON_ID", "NOTE_TYPE", "TITLE", "EFFECTIVE_DATE", "CREATED_ON", "LAST_UPDATED_ON", "NOTE",
    "ROOT_CASE_NOTE", "COMPLETED_DATE", "TIMEOUT_DATE", "STATE",
)  # fmt: skip
_PERSONS = ("PERSON_ID", "RESTRICTED")
_NUMBERS = frozenset({"ID", "PERSON_ID", "ROOT_CASE_NOTE"})


@dataclass(frozen=True)
class FoundTable:
    """One table as the engine spells it; columns by their published upper-case names."""

    clause: TableClause
    columns: Mapping[str, ColumnClause[Any]]

    def __getitem__(self, name: str) -> ColumnClause[Any]:
        return self.columns[name]


@dataclass(frozen=True)
class Tables:
    """The case notes, and the persons where the account may see them."""

    notes: FoundTable
    persons: FoundTable | None


def find_tables(connection: Connection) -> Tables:
    """Look the tables up in the engine's own catalogue. Raises Misconfigured where one is lacking."""
    inspector = inspect(connection)
    notes = _found(inspector, "CASE_NOTES", _NOTES, optional=("SIGNIFICANT_EVENT_FLAG",))
    if notes is None:
        raise Misconfigured(
            f"The Mosaic replica has no table dbo.CASE_NOTES that this account can see; correct {SETTING} or ask its "
            "owner for access.",
            setting=SETTING,
        )
    return Tables(notes, _found(inspector, "DM_PERSONS", _PERSONS))


def _found(
    inspector: Inspector, name: str, wanted: tuple[str, ...], optional: tuple[str, ...] = ()
) -> FoundTable | None:
    schemas: list[str | None] = [one for one in inspector.get_schema_names() if one.lower() == _SCHEMA]
    for schema in (*schemas, None):
        spelled = next((one for one in _names(inspector, schema) if one.upper() == name), None)
        if spelled is not None:
            return _described(inspector, spelled, schema, wanted, optional)
    return None


def _names(inspector: Inspector, schema: str | None) -> list[str]:
    """Tables and views: a copy is often shown through views."""
    names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    if inspector.dialect.name in ("postgresql", "oracle"):
        names += inspector.get_materialized_view_names(schema=schema)
    return names


def _described(
    inspector: Inspector, spelled: str, schema: str | None, wanted: tuple[str, ...], optional: tuple[str, ...]
) -> FoundTable:
    held = {str(one["name"]).upper(): str(one["name"]) for one in inspector.get_columns(spelled, schema=schema)}
    lacking = [name for name in wanted if name not in held]
    if lacking:
        raise Misconfigured(
            f"The Mosaic replica's table {spelled.upper()} has no column {', '.join(lacking)}; correct {SETTING} or "
            "ask its owner.",
            setting=SETTING,
        )
    chosen = [name for name in (*wanted, *optional) if name in held]
    # Numbers are bound as 64 bits; what comes back is read by `rows`, not by a type that an engine may not keep to.
    columns = {name: column(held[name], BigInteger()) if name in _NUMBERS else column(held[name]) for name in chosen}
    return FoundTable(table(spelled, *columns.values(), schema=schema), columns)
