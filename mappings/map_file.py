"""A field map as its file writes it: TOML, strictly checked, before it is joined to the Incident.

`docs/field-maps.md` describes the format. Every mistake is a ConfigurationError that names the map and the field.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.errors import ConfigurationError

SETTING = "BRIDGE_RECORDING__FIELD_MAP"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True)


class FieldOptions(_Strict):
    """Where one field of the Incident comes from, and how it is written there."""

    from_: str | list[str] | None = Field(default=None, alias="from")
    constant: str | int | float | None = None
    default: str | int | float | None = None
    date: str | None = None
    time: str | None = None
    styles: list[str] | None = None
    date_only: Literal["start", "end"] | None = None
    codes: str | None = None
    ticks: dict[str, str] | None = None
    separators: list[str] | None = None
    numbers: bool | None = None
    text: bool | None = None
    unit: Literal["hours", "minutes", "seconds"] | None = None
    clock: Literal["h:mm", "mm:ss"] | None = None

    def given(self) -> frozenset[str]:
        """The options that the file sets."""
        return frozenset(name.rstrip("_") for name in self.model_fields_set)


class SectionOptions(_Strict):
    """Where the items of a list (children, staff, measures, allegations) come from."""

    each: str | None = None
    where: dict[str, str | list[str]] = Field(default_factory=dict)
    when: str | None = None
    numbered: int | None = Field(default=None, ge=1, le=50)
    per: Literal["report", "row"] = "report"
    distinct: bool = False
    fields: dict[str, Any]


class RowOptions(_Strict):
    """How a spreadsheet's rows become reports: rows with the same values in the `key` columns are one report."""

    key: list[str] = Field(min_length=1)
    sheet: str | None = None


class StyleOptions(_Strict):
    """How the source writes moments and days, beside ISO 8601, which is always read."""

    moment: list[str] = Field(default_factory=list)
    date: list[str] = Field(default_factory=list)


class MapFile(_Strict):
    """A whole field map."""

    name: str = Field(min_length=1)
    version: int = Field(ge=1)
    title: str = ""
    layout: Literal["object", "rows"]
    ignore: list[str] = Field(default_factory=list)
    rows: RowOptions | None = None
    styles: StyleOptions = StyleOptions()
    codes: dict[str, dict[str, str]] = Field(default_factory=dict)
    incident: dict[str, Any]
    children: SectionOptions
    staff: SectionOptions | None = None
    measures: SectionOptions | None = None
    allegations: SectionOptions | None = None


def wrong_map(name: str, complaint: str) -> NoReturn:
    """Refuse a map. Raises ConfigurationError: the map's name, what is wrong, and where."""
    raise ConfigurationError(f"The field map {name} {complaint}.", setting=SETTING)


def shipped_names() -> tuple[str, ...]:
    """The names of the maps that ship."""
    found = (entry.name for entry in (files("config") / "maps").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def read_map_file(name_or_path: str | Path) -> MapFile:
    """Read a shipped map by its name, or a site's own by its path (with .toml).

    Raises ConfigurationError naming the map, and the field or line that is wrong.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return parse_map(_site_text(Path(name_or_path)), text)
    if text not in shipped_names():
        raise ConfigurationError(
            f"{SETTING} is '{text}', which is no field map; the shipped ones are {', '.join(shipped_names())}, "
            "or give the path of your own .toml file.",
            setting=SETTING,
        )
    return parse_map((files("config") / "maps" / f"{text}.toml").read_text("utf-8"), text)


def parse_map(text: str, name: str) -> MapFile:
    """Check a map's TOML text. Raises ConfigurationError; `name` is what its sentence calls the map."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        wrong_map(name, f"is not valid TOML ({why}); mend that line")
    try:
        file = MapFile.model_validate(found)
    except ValidationError as why:
        wrong_map(name, complaint_of(why))
    _check_layout(file, name)
    return file


def options_of(given: object, where: str, name: str) -> FieldOptions:
    """One field's options: a table, or a plain string that says where it comes from."""
    found: Mapping[str, object] = given if isinstance(given, dict) else {"from": given}
    try:
        return FieldOptions.model_validate(found)
    except ValidationError as why:
        wrong_map(name, complaint_of(why, where))


def complaint_of(why: ValidationError, where: str = "") -> str:
    """What is wrong with a map, for a person: the field's path, never its value."""
    first = why.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(part for part in (where, *(str(step) for step in first["loc"])) if part)
    if first["type"] == "extra_forbidden":
        return f"has an unknown field '{field}'; remove it or correct its spelling"
    if first["type"] == "missing":
        return f"lacks the field '{field}'; add it"
    return f"has a wrong value in '{field}' ({first['msg']}); correct it"


def _site_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as why:
        reason = getattr(why, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(
            f"{SETTING} names {path}, which cannot be read ({reason}); correct the path or the file's permissions.",
            setting=SETTING,
        ) from None


def _check_layout(file: MapFile, name: str) -> None:
    if (file.rows is not None) != (file.layout == "rows"):
        wrong_map(name, "needs a [rows] table exactly when its layout is 'rows'; add or remove it")
    for section_name in ("children", "staff", "measures", "allegations"):
        section: SectionOptions | None = getattr(file, section_name)
        if section is None:
            continue
        if (section.each is None) == (section.numbered is None):
            wrong_map(name, f"needs either 'each' or 'numbered' in '{section_name}', and not both")
        if file.layout == "rows" and section.each not in (None, "row"):
            wrong_map(name, f"can only have each = \"row\" in '{section_name}', because its layout is 'rows'")
        if file.layout == "object" and (section.where or section.when is not None or section.per == "row"):
            wrong_map(name, f"can have 'where', 'when' or per = \"row\" in '{section_name}' only in a map for rows")
        if section.each != "row" and (section.where or section.when is not None):
            wrong_map(name, f"can have 'where' or 'when' in '{section_name}' only together with each = \"row\"")
