"""Parts: a report, a child, a measure ... of a source, read leaf by leaf; and sections, the lists they stand in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import BaseModel

from mappings.leaf_maker import LeafMaker
from mappings.leaves import NOTHING, Astray, Leaf, Raw, Target, column_key, holder_at, path_fetch, target_of
from mappings.map_file import SectionOptions, options_of, wrong_map
from mappings.readers import Reader, Reading, Wrong, clean, folded


class _Group(NamedTuple):
    """Leaves that stand together in one part of the item, at the end of these steps; none: on the item itself."""

    leaves: tuple[Leaf, ...]
    steps: tuple[str, ...]
    is_missed: bool
    """Whether anything is noted where the part is absent."""


@dataclass(frozen=True)
class Part:
    """Everything that one item of the source says, as the keyword arguments of one model."""

    leaves: tuple[Leaf, ...]
    constants: tuple[Leaf, ...]
    marks: tuple[Leaf, ...] = ()
    """In numbered columns: the leaves whose columns carry the number. One that is filled makes the item present."""

    def read(self, raw: Raw, source: str, ours: str, reading: Reading) -> dict[str, Any]:
        """Read the item at `source` (a path prefix there) to `ours` (the Incident's). Failures go to `reading`."""
        found: dict[str, Any] = {}
        for leaf in self.constants:
            _put(found, leaf, leaf.default)
        for group in self._groups:
            try:
                holder = holder_at(group.steps, raw) if group.steps else raw
            except Astray as why:
                reading.fail(source + why.path)
                continue
            if holder is not None:
                _read_leaves(group.leaves, holder, found, source, ours, reading)
            elif group.is_missed:
                _read_leaves(group.leaves, {}, found, source, ours, reading)
        return found

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        """The leaves in their order, those together that stand in one part of the item."""
        ways = [(way, tuple(leaves)) for way, leaves in groupby(self.leaves, key=lambda leaf: leaf.way)]
        return tuple(
            _Group(leaves, tuple(way.split(".")) if way else (), any(leaf.is_missed for leaf in leaves))
            for way, leaves in ways
        )

    def only(self, paths: Collection[str]) -> Part:
        """The part that reads these fields alone."""
        constants = tuple(leaf for leaf in self.constants if leaf.path in paths)
        return Part(tuple(leaf for leaf in self.leaves if leaf.path in paths), constants)

    def is_present(self, raw: Raw) -> bool:
        """Whether any of the item's numbered columns says something."""
        for leaf in self.marks:
            try:
                value = leaf.fetch(raw)
            except Astray:
                return True
            if value is not None and not (isinstance(value, str) and not clean(value)):
                return True
        return False

    def labels(self, path: str, source: str) -> tuple[str, ...]:
        """The paths in the source of one field of ours."""
        return tuple(source + label for leaf in self.leaves if leaf.path == path for label in _labels(leaf))


def _put(found: dict[str, Any], leaf: Leaf, value: object) -> None:
    place = found.setdefault(leaf.inside, {}) if leaf.inside else found
    place[leaf.name] = value


def _read_leaves(
    leaves: Iterable[Leaf], holder: Raw, found: dict[str, Any], source: str, ours: str, reading: Reading
) -> None:
    for leaf in leaves:
        try:
            value = leaf.fetch(holder) if leaf.key is None else holder.get(leaf.key)
            if type(value) is str:
                value = clean(value)
                if not value and not leaf.keeps_blank:
                    value = None
            if value is None:
                if leaf.is_missed:
                    _note_absent(found, leaf, source, reading)
                continue
            result = leaf.read(value, reading)
        except (Astray, Wrong) as why:
            _note_failure(why, leaf, source, reading)
            continue
        if leaf.inside:
            found.setdefault(leaf.inside, {})[leaf.name] = result
        else:
            found[leaf.name] = result
        if reading.trouble is not None:
            reading.troubles.append({"field": ours + leaf.path, "kind": reading.trouble})
            reading.trouble = None


def _note_failure(why: Astray | Wrong, leaf: Leaf, source: str, reading: Reading) -> None:
    for path in (why.path,) if isinstance(why, Astray) else (leaf.label + where for where in why.where):
        reading.fail(source + path)


def _labels(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.label,) if leaf.label else leaf.columns


def _note_absent(found: dict[str, Any], leaf: Leaf, source: str, reading: Reading) -> None:
    if leaf.default is not NOTHING:
        _put(found, leaf, leaf.default)
    else:
        for label in _labels(leaf):
            reading.fail(source + label)


def make_part(maker: LeafMaker, model: type[BaseModel], given: dict[str, Any], where: str, number: int = 0) -> Part:
    """Compile the fields that a map gives for one model, its nested models included.

    Raises ConfigurationError for a field that the model lacks, or one that it needs and the map does not give.
    """
    leaves: list[Leaf] = []
    constants: list[Leaf] = []
    marks: list[Leaf] = []
    for name, inside, target, options_given in _targets(maker, model, given, where):
        place = ".".join(part for part in (where, inside, name) if part)
        options = options_of(options_given, place, maker.map_name)
        leaf = maker.make(target, options, place, inside, name, number)
        if leaf.path == "occurred_at":
            leaf = replace(leaf, read=_remembered(leaf.read))
        if options.constant is not None:
            constants.append(leaf)
            continue
        leaves.append(leaf)
        if any("{n}" in column for column in _written(options_given)):
            marks.append(leaf)
    leaves.sort(key=lambda leaf: leaf.path != "occurred_at")  # the moment that evidence is read against comes first
    return Part(tuple(leaves), tuple(constants), tuple(marks))


def _remembered(read: Reader) -> Reader:
    """Evidence is read against the moment of the incident, so that moment is kept as soon as it is known."""

    def remembering(value: object, reading: Reading) -> object:
        moment = read(value, reading)
        reading.occurred_at = moment if isinstance(moment, datetime) else None
        return moment

    return remembering


def _targets(
    maker: LeafMaker, model: type[BaseModel], given: dict[str, Any], where: str
) -> Iterator[tuple[str, str, Target, object]]:
    targets = {name: target_of(info) for name, info in model.model_fields.items()}
    for name, options in given.items():
        target = targets.get(name)
        if target is None:
            wrong_map(maker.map_name, f"has '{where}.{name}', which the incident does not have; correct its spelling")
        if isinstance(target, Target):
            yield name, "", target, options
            continue
        if not isinstance(options, dict):
            wrong_map(maker.map_name, f"needs a table of fields in '{where}.{name}'")
        for inner, _, inner_target, inner_options in _targets(maker, target, options, f"{where}.{name}"):
            yield inner, name, inner_target, inner_options
    for name, target in targets.items():
        if isinstance(target, Target) and target.required and name not in given:
            wrong_map(maker.map_name, f"does not say where '{where}.{name}' comes from; every incident needs it")


def _written(options: object) -> list[str]:
    if isinstance(options, str):
        return [options]
    found: list[str] = []
    if isinstance(options, dict):
        for name in ("from", "date", "time"):
            column = options.get(name)
            found += column if isinstance(column, list) else [column] if isinstance(column, str) else []
        found += list(options.get("ticks") or ())
    return found


# ---- sections --------------------------------------------------------------------------------------------------


class Material(NamedTuple):
    """What a report is read from: the report itself, and for a spreadsheet its rows, keyed as columns are compared."""

    report: Raw
    rows: Sequence[Raw] = ()


class Item(NamedTuple):
    """One item of a section, read: its fields, where it stands in the source, and the part that read it."""

    found: dict[str, Any]
    source: str
    part: Part


Walk = Callable[[Material, Reading], Iterator[tuple[Part, Raw, str]]]


@dataclass(frozen=True)
class Section:
    """A list of the Incident: children, staff, measures or allegations."""

    name: str
    label: str
    parts: tuple[Part, ...]
    walk: Walk = field(repr=False)
    distinct: bool
    report_leaves: tuple[Leaf, ...]
    """Leaves that are read off the report as a whole, whose columns must agree among its rows."""

    def read(self, material: Material, reading: Reading) -> list[Item]:
        """Every item, in the source's order. Failures go to `reading`."""
        items: list[Item] = []
        for part, raw, source in self.walk(material, reading):
            troubles = len(reading.troubles)
            found = part.read(raw, source, f"{self.name}.{len(items)}.", reading)
            if self.distinct and any(found == item.found for item in items):
                del reading.troubles[troubles:]
                continue
            items.append(Item(found, source, part))
        return items


def make_section(maker: LeafMaker, model: type[BaseModel], name: str, options: SectionOptions) -> Section:
    """Compile one section of a map. Raises ConfigurationError as `make_part` does."""
    where = f"{name}.fields"
    numbers = range(1, options.numbered + 1) if options.numbered is not None else range(1)
    parts = tuple(make_part(maker, model, options.fields, where, number) for number in numbers)
    if options.numbered is not None and not parts[0].marks:
        wrong_map(
            maker.map_name, f"numbers '{name}', but no field of it has {{n}} in its column; write where it stands"
        )
    by_row = maker.rows and (options.per == "row" or options.each is not None)
    walk, label = _walk_of(parts, options, by_row=by_row, rows=maker.rows)
    leaves = () if by_row or options.numbered is None else tuple(leaf for part in parts for leaf in part.leaves)
    return Section(name, label, parts, walk, options.distinct, leaves)


def _walk_of(parts: tuple[Part, ...], options: SectionOptions, *, by_row: bool, rows: bool) -> tuple[Walk, str]:
    if options.numbered is not None:
        return (_numbered_in_rows(parts) if by_row else _numbered(parts)), ""
    if rows:
        return _each_row(parts[0], options), "rows"
    label = options.each or ""
    return _each_of_list(parts[0], label), label


def _each_of_list(part: Part, label: str) -> Walk:
    fetch = path_fetch(label)

    def walk(material: Material, reading: Reading) -> Iterator[tuple[Part, Raw, str]]:
        try:
            found = fetch(material.report)
        except Astray as why:
            reading.fail(why.path)
            return
        if found is None:
            return
        if not isinstance(found, list):
            reading.fail(label)
            return
        for position, raw in enumerate(found):
            if isinstance(raw, dict):
                yield part, raw, f"{label}.{position}."
            else:
                reading.fail(f"{label}.{position}")

    return walk


def _each_row(part: Part, options: SectionOptions) -> Walk:
    wanted = {
        column_key(column): {folded(value) for value in ([values] if isinstance(values, str) else values)}
        for column, values in options.where.items()
    }

    filled = None if options.when is None else column_key(options.when)

    def walk(material: Material, _: Reading) -> Iterator[tuple[Part, Raw, str]]:
        for position, row in enumerate(material.rows):
            if filled is not None and not clean(str(row.get(filled) or "")):
                continue
            if all(folded(clean(str(row.get(column, "")))) in values for column, values in wanted.items()):
                yield part, row, f"rows.{position}."

    return walk


def _numbered(parts: tuple[Part, ...]) -> Walk:
    def walk(material: Material, _: Reading) -> Iterator[tuple[Part, Raw, str]]:
        for part in parts:
            if part.is_present(material.report):
                yield part, material.report, ""

    return walk


def _numbered_in_rows(parts: tuple[Part, ...]) -> Walk:
    def walk(material: Material, _: Reading) -> Iterator[tuple[Part, Raw, str]]:
        for position, row in enumerate(material.rows):
            for part in parts:
                if part.is_present(row):
                    yield part, row, f"rows.{position}."

    return walk
