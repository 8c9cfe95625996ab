"""Field maps: what turns a source's own report into an Incident, by configuration alone.

`load_map` reads and compiles a map once; `FieldMap.read` then turns a raw report (the contract's JSON, or the rows of
a spreadsheet) into an `Incident`, or raises `Unreadable` with every field path that failed, in the source's own
terms and without any value (RULINGS 6). Unknown fields are ignored; `unknown_fields` names them for `doctor`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from mappings.fingerprint import content_fingerprint, raw_fingerprint
from mappings.incident import Allegation, Child, Incident, Measure, StaffMember
from mappings.leaf_maker import LeafMaker
from mappings.leaves import column_key
from mappings.map_file import MapFile, SectionOptions, parse_map, read_map_file, wrong_map
from mappings.parts import Item, Material, Part, Section, make_part, make_section
from mappings.readers import Reading, clean, folded
from mappings.source_names import known_paths, unknown_columns, unknown_paths
from mappings.uk_time import uk_day

__all__ = [
    "FieldMap",
    "Identity",
    "Outline",
    "Unreadable",
    "content_fingerprint",
    "load_map",
    "map_from_text",
    "raw_fingerprint",
]

_SECTIONS: dict[str, type[BaseModel]] = {
    "children": Child,
    "staff": StaffMember,
    "measures": Measure,
    "allegations": Allegation,
}
_SHOWN = 12
_REPORT = "report"
_ROWS = "rows"


class Unreadable(Exception):
    """This report cannot be understood; look at the named fields at the source. `fields`: paths, no values."""

    def __init__(
        self,
        fields: tuple[str, ...],
        source_id: str | None = None,
        number: str | None = None,
        *,
        home_id: str | None = None,
        modified_at: datetime | None = None,
    ) -> None:
        more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
        super().__init__(
            f"A report cannot be understood: these fields are missing or wrong: {', '.join(fields[:_SHOWN])}{more}."
        )
        self.fields = fields
        self.source_id = source_id
        self.number = number
        self.home_id = home_id
        self.modified_at = modified_at


class Identity(NamedTuple):
    """Which report this is, as far as it can be told. `modified_at` is in UTC."""

    source_id: str | None
    number: str | None
    home_id: str | None
    modified_at: datetime | None


class Outline(NamedTuple):
    """What can be told of a report even where the whole cannot be understood. Moments are in UTC."""

    source_id: str | None
    number: str | None
    home_id: str | None
    modified_at: datetime | None
    status: str | None
    version: int | None
    created_at: datetime | None
    occurred_at: datetime | None
    child_ids: tuple[str, ...]


def load_map(name_or_path: str | Path) -> FieldMap:
    """Load a shipped map (`contract`, `spreadsheet`) by name, or a site's own by the path of its .toml file.

    Raises ConfigurationError naming the map and the line or field that is wrong.
    """
    return _compiled(read_map_file(name_or_path), str(name_or_path))


def map_from_text(text: str, name: str) -> FieldMap:
    """Compile a map from its TOML text. Raises ConfigurationError; `name` is what its sentence calls the map."""
    return _compiled(parse_map(text, name), name)


def _compiled(file: MapFile, name: str) -> FieldMap:
    maker = LeafMaker(file, name, set())
    for section in (*_SECTIONS, "clock_troubles"):
        if section in file.incident:
            wrong_map(name, f"has 'incident.{section}'; write it as a table of its own, [{section}], or leave it out")
    report = make_part(maker, Incident, file.incident, "incident")
    sections: list[Section] = []
    for section, model in _SECTIONS.items():
        options: SectionOptions | None = getattr(file, section)
        if options is not None:
            sections.append(make_section(maker, model, section, options))
    for table in sorted(set(file.codes) - maker.used):
        wrong_map(name, f"has [codes.{table}], which no field uses; correct its spelling or remove it")
    leaves = (*report.leaves, *(leaf for section in sections for leaf in section.report_leaves))
    columns = {column_key(column): column for leaf in leaves for column in leaf.columns}
    return FieldMap(file, report, tuple(sections), columns)


@dataclass(frozen=True, repr=False)
class FieldMap:
    """A compiled map. Make one with `load_map`; it keeps no state and may be shared among threads."""

    file: MapFile
    report: Part
    sections: tuple[Section, ...]
    report_columns: Mapping[str, str]
    """In a spreadsheet: the columns that speak of the report as a whole, as compared and as written."""

    @property
    def name(self) -> str:
        """The map's own name."""
        return self.file.name

    @property
    def version(self) -> int:
        """The map's version: raised by its author when its meaning changes, so that quarantine is tried again."""
        return self.file.version

    @property
    def is_for_rows(self) -> bool:
        """Whether the map reads a spreadsheet's rows rather than JSON objects."""
        return self.file.layout == _ROWS

    # ---- reading -----------------------------------------------------------------------------------------------

    def read(self, raw: Mapping[str, Any]) -> Incident:
        """Turn one raw report into an Incident.

        Raises Unreadable with every failing path in the source's own terms; nothing else, whatever `raw` holds.
        """
        found, reading = self._read(raw)
        if not reading.failed:
            try:
                return Incident.model_validate(found)
            except ValidationError as why:
                # The readers know every rule of the model; should one be missed, the report still waits for a person.
                for error in why.errors(include_url=False, include_input=False, include_context=False):
                    reading.fail(".".join(str(step) for step in error["loc"]) or _REPORT)
        identity = _identity(found)
        raise Unreadable(
            tuple(reading.failed),
            identity.source_id,
            identity.number,
            home_id=identity.home_id,
            modified_at=identity.modified_at,
        )

    def identify(self, raw: Mapping[str, Any]) -> Identity:
        """Which report this is, as far as it can be told; for quarantine and cursors. Never raises."""
        reading = Reading()
        material = self._material(raw, reading)
        return _identity({} if material is None else self._identifying.read(material.report, "", "", reading))

    @cached_property
    def _identifying(self) -> Part:
        """The fields that tell which report it is, and the one that their moments are read against."""
        return self.report.only((*Identity._fields, "incident_id", "occurred_at"))

    def outline(self, raw: Mapping[str, Any]) -> Outline:
        """What can be told of a report, understood or not; for an index that must list both. Never raises."""
        found, _ = self._read(raw)
        status = found.get("status")
        return Outline(
            *_identity(found),
            status=None if status is None else str(status),
            version=found.get("version"),
            created_at=found.get("created_at"),
            occurred_at=found.get("occurred_at"),
            child_ids=tuple(child["child_id"] for child in found.get("children", ()) if "child_id" in child),
        )

    def _read(self, raw: object) -> tuple[dict[str, Any], Reading]:
        reading = Reading()
        material = self._material(raw, reading)
        if material is None:
            return {}, reading
        found = self.report.read(material.report, "", "", reading)
        read: dict[str, list[Item]] = {}
        for section in self.sections:
            items = section.read(material, reading)
            read[section.name] = items
            if items:
                found[section.name] = tuple([item.found for item in items])
            elif section.name == "children":
                _note_no_child(section, reading)
        _check_children(read["children"], reading)
        _check_measures(read.get("measures", []), read["children"], reading)
        if reading.troubles:
            found["clock_troubles"] = tuple(reading.troubles)
        return found, reading

    # ---- what the source hands over ------------------------------------------------------------------------------

    def _material(self, raw: object, reading: Reading) -> Material | None:
        """What there is to read, or None where the item holds no report at all."""
        if not isinstance(raw, Mapping):
            reading.fail(_REPORT)
            return None
        if not self.is_for_rows:
            return Material(raw)
        unreadable = raw.get("@unreadable")
        if unreadable is not None:
            for path in unreadable if isinstance(unreadable, list) and unreadable else ["file"]:
                reading.fail(str(path))
            return None
        rows = self._rows(raw.get(_ROWS), reading)
        if not rows:
            return None
        damaged = raw.get("@damaged")
        for position in damaged if isinstance(damaged, list) else ():
            reading.fail(f"{_ROWS}.{position}")
        report = self._agreed(rows, reading)
        for key, value in raw.items():
            if isinstance(key, str) and key.startswith("@"):
                report[column_key(key)] = value
        return Material(report, rows)

    def _rows(self, given: object, reading: Reading) -> list[dict[str, Any]]:
        if not isinstance(given, list) or not given:
            reading.fail(_ROWS)
            return []
        rows: list[dict[str, Any]] = []
        for position, given_row in enumerate(given):
            row = given_row if isinstance(given_row, dict) else {}
            if row is not given_row:
                reading.fail(f"{_ROWS}.{position}")
            keyed = {column_key(str(column)): cell for column, cell in row.items()}
            if len(keyed) != len(row):
                reading.fail(f"{_ROWS}.{position}")
            rows.append(keyed)
        return rows

    def _agreed(self, rows: Sequence[Mapping[str, Any]], reading: Reading) -> dict[str, Any]:
        """What the rows say of the report as a whole. A blank cell says nothing; two cells that differ fail."""
        agreed: dict[str, Any] = {}
        for key, label in self.report_columns.items():
            for position, row in enumerate(rows):
                cell = row.get(key)
                if cell is None or (isinstance(cell, str) and not clean(cell)):
                    continue
                if key not in agreed:
                    agreed[key] = cell
                elif cell != agreed[key] and _compared(cell) != _compared(agreed[key]):
                    reading.fail(f"{_ROWS}.{position}.{label}")
        return agreed

    # ---- names -------------------------------------------------------------------------------------------------

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns whose values make rows one report, as they are compared (see `column_key`)."""
        return () if self.file.rows is None else tuple(column_key(column) for column in self.file.rows.key)

    @property
    def is_stamped(self) -> bool:
        """Whether the source itself says when a report was modified, rather than the connector of the whole file."""
        return not any(
            column.startswith("@")
            for leaf in self.report.leaves
            if leaf.path == "modified_at"
            for column in leaf.columns
        )

    def columns(self) -> frozenset[str]:
        """Every column that the map reads or ignores on purpose, as columns are compared."""
        return frozenset(column_key(path) for path in known_paths(self.file, self.report, self.sections))

    def unknown_fields(self, raw: Mapping[str, Any]) -> set[str]:
        """Fields of the source that the map does not know, for `doctor`: dotted paths or column names, no values."""
        if not isinstance(raw, Mapping):
            return set()
        if self.is_for_rows:
            return unknown_columns(raw.get(_ROWS), self.columns())
        return unknown_paths(raw, known_paths(self.file, self.report, self.sections))


def _identity(found: Mapping[str, Any]) -> Identity:
    return Identity(
        found.get("incident_id"),
        found.get("number"),
        found.get("home_id"),
        found.get("modified_at"),
    )


def _compared(cell: object) -> str:
    return folded(clean(cell)) if isinstance(cell, str) else str(cell)


def _note_no_child(section: Section, reading: Reading) -> None:
    if section.label:
        if not any(path == section.label or path.startswith(f"{section.label}.") for path in reading.failed):
            reading.fail(section.label)
        return
    for leaf in section.parts[0].marks:
        if leaf.required:
            for column in leaf.columns:
                reading.fail(column)


def _check_children(children: Sequence[Item], reading: Reading) -> None:
    """No child twice; nobody born after the day of the incident."""
    seen: set[str] = set()
    day = None if reading.occurred_at is None else uk_day(reading.occurred_at)
    for item in children:
        child_id = item.found.get("child_id")
        if child_id in seen:
            _fail_item(item, "child_id", reading)
        elif child_id is not None:
            seen.add(child_id)
        born = item.found.get("date_of_birth")
        if born is not None and day is not None and born > day:
            _fail_item(item, "date_of_birth", reading)


def _check_measures(measures: Sequence[Item], children: Sequence[Item], reading: Reading) -> None:
    """A measure names a child of this report or nobody. Where a child is unreadable, nothing can be said."""
    ids = {item.found.get("child_id") for item in children}
    if not ids or None in ids:
        return
    ids.add("")
    for item in measures:
        if item.found.get("child_id", "") not in ids:
            _fail_item(item, "child_id", reading)


def _fail_item(item: Item, path: str, reading: Reading) -> None:
    for label in item.part.labels(path, item.source):
        reading.fail(label)
