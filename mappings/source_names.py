"""Source names: the fields of a source that a map speaks of, and those that it does not know (RULINGS 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mappings.leaves import column_key
from mappings.map_file import MapFile, SectionOptions
from mappings.parts import Part, Section
from mappings.readers import clean


def known_paths(file: MapFile, report: Part, sections: Sequence[Section]) -> list[str]:
    """Every path or column that the map speaks of; a list item's paths stand below their list."""
    paths = [*file.ignore, *(file.rows.key if file.rows is not None else ())]
    paths += [column for leaf in report.leaves for column in leaf.columns]
    for section in sections:
        above = f"{section.label}." if section.label and file.layout == "object" else ""
        paths += [above + column for part in section.parts for leaf in part.leaves for column in leaf.columns]
        options: SectionOptions = getattr(file, section.name)
        paths += [*options.where, *([options.when] if options.when is not None else ())]
    return paths


def unknown_columns(rows: object, known: Collection[str]) -> set[str]:
    """The columns of a spreadsheet's rows that are not among the known ones."""
    if not isinstance(rows, list):
        return set()
    names = {str(name) for row in rows if isinstance(row, dict) for name in row}
    return {clean(name) for name in names if column_key(name) and column_key(name) not in known}


def unknown_paths(raw: Mapping[str, Any], known: Iterable[str]) -> set[str]:
    """The paths of a JSON report that are not among the known ones, without list positions."""
    tree: dict[str, Any] = {}
    for path in known:
        here = tree
        for step in path.split("."):
            here = here.setdefault(step, {})
    return set(_unknown(raw, tree, ""))


def _unknown(raw: Mapping[str, Any], tree: Mapping[str, Any], above: str) -> list[str]:
    found: list[str] = []
    for name, value in raw.items():
        known = tree.get(name)
        if known is None:
            found.append(above + clean(str(name)))
        elif known:
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    found += _unknown(item, known, f"{above}{name}.")
    return found
