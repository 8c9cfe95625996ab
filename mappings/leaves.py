"""Leaves: one field of the Incident joined to its place in the source, compiled once when a map is loaded.

What a leaf can be (text, code, whole number, minutes, day, moment, or a list of texts or codes) is read off the
Incident's own annotations, so a map only says where a field comes from and how it is written there.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mappings.readers import Reader, clean, folded

NOTHING = object()
"""No default."""

IDS = ("incident_id", "number", "home_id", "child_id", "staff_id")
"""Texts by which a thing is known: never blank where they are required."""

ID_FIELDS = (*IDS, "held_child_id", "about_staff_id", "concerning_child_id", "staff_ids")
"""Every field that holds such a text."""

Raw = Mapping[str, Any]
Fetch = Callable[[Raw], object]


class Astray(Exception):
    """On the way to a field stands something that holds no fields. `path` is where."""

    def __init__(self, path: str) -> None:
        super().__init__("the path leads through a value that has no fields")
        self.path = path


class Kind(StrEnum):
    """What a field of the Incident holds."""

    TEXT = "text"
    CODE = "code"
    WHOLE = "whole number"
    MINUTES = "duration"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Target:
    """A field of the Incident: what it holds, whether several, whether the source must say it."""

    kind: Kind
    many: bool
    enum: type[Enum] | None
    required: bool
    may_be_blank: bool
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field, compiled.

    `label` is its path in the source, below its item, where it has one; `columns` are all its paths as the map
    writes them. Where it is a single path, `key` is its last step and `way` what leads there, empty on the item itself.
    """

    inside: str
    name: str
    label: str
    way: str
    key: str | None
    fetch: Fetch
    read: Reader
    required: bool
    keeps_blank: bool
    default: object
    is_missed: bool
    """Whether its absence is noted: it has a default, or the source must say it."""
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        """The field's path in the Incident, below its item."""
        return f"{self.inside}.{self.name}" if self.inside else self.name


@lru_cache(maxsize=4096)
def column_key(column: str) -> str:
    """A spreadsheet's column name as it is compared: without case and spaces."""
    return folded(clean(column))


def target_of(field: FieldInfo) -> Target | type[BaseModel] | None:
    """What a field of the Incident holds: a Target, a model of its own, or None for a list of models."""
    kind, many, enum = Kind.TEXT, False, None
    annotation = _bare(field.annotation)
    if get_origin(annotation) is tuple:
        many, annotation = True, _bare(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None if many else annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        kind, enum = Kind.CODE, annotation
    else:
        kind = {int: Kind.WHOLE, float: Kind.MINUTES, date: Kind.DAY, datetime: Kind.MOMENT}.get(annotation, kind)
    least = next((float(str(rule.ge)) for rule in field.metadata if isinstance(rule, annotated_types.Ge)), 0.0)
    most = next((float(str(rule.le)) for rule in field.metadata if isinstance(rule, annotated_types.Le)), 0.0)
    may_be_blank = not any(isinstance(rule, annotated_types.MinLen) for rule in field.metadata)
    return Target(kind, many, enum, field.is_required(), may_be_blank, least, most)


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation


# ---- fetching --------------------------------------------------------------------------------------------------


def path_fetch(path: str) -> Fetch:
    """Fetches a dotted path; None where it or something on its way is absent. Raises Astray where it is barred."""
    *steps, last = path.split(".")

    def fetch(raw: Raw) -> object:
        holder = holder_at(steps, raw)
        return None if holder is None else holder.get(last)

    return fetch


def holder_at(steps: Sequence[str], raw: Raw) -> Raw | None:
    """What holds the fields at the end of these steps, None where there is nothing. Raises Astray where something else
    stands on the way."""
    here = raw
    for depth, step in enumerate(steps, start=1):
        found = here.get(step)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise Astray(".".join(steps[:depth]))
        here = found
    return here


def several_fetch(columns: Sequence[str], fetch_of: Callable[[str], Fetch]) -> Fetch:
    """Fetches several fields together, as a tuple; None where all of them are absent or blank."""
    fetches = [fetch_of(column) for column in columns]

    def fetch(raw: Raw) -> object:
        cells = tuple(_kept(one(raw)) for one in fetches)
        said = any(cell is not None for cell in cells)
        return cells if said else None

    return fetch


def _kept(cell: object) -> object:
    if isinstance(cell, str):
        return clean(cell) or None
    return cell
