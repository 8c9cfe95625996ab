"""The configuration page of the manual, written from the models: `python -m config.reference docs/configuration.md`.

A test compares the page with what this writes, so that no setting is undocumented and no default is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.home import Home
from config.layers import CONFIG, DEFAULT_FILE, PREFIX
from config.settings import Settings

_HEAD = f"""# Configuration

This page is written from the settings models; change it with `make docs-reference`.

## Where settings come from

The environment, then the file `.env` in the working folder, then the file that `{CONFIG}` names
(`{DEFAULT_FILE}` when it names none). The first of these that has a setting wins. In the file a section is a table:
`BRIDGE_MOSAIC__BASE_URL` is `base_url` under `[mosaic]`. An empty value is as good as none.

A name that is not a setting, a value of the wrong kind, a home's file with an unknown field: each ends the command
with exit code 1 and one sentence that names the setting and what to do. No such sentence repeats a value,
unless it is a path or the name of a connector or a map.
`incident-bridge config check` looks at all of it; `incident-bridge config show` prints what is in force with every
secret hidden.

Plain `http://` and mail without STARTTLS are refused unless the host is this machine.

A whole section that is not set owes nothing: without `BRIDGE_MOSAIC__...` no case notes are planned.
"""

_HOMES = """
## A home's file

One TOML file for each home, in the folder that `BRIDGE_HOMES_DIR` names. Only `id`, `name` and the registered
manager's name must be there; an unknown field is an error.

```toml
id = "EXH"
name = "Example House"
provider = "Example County Council"
approved_techniques = ["Low level seated hold", "Disengagement: wrist"]

[registered_manager]
name = "Morgan Sample"
role = "Registered Manager"
email = "manager@example.org"

[senior_manager]
name = "Robin Specimen"
email = "senior@example.org"

[[also_notify]]
name = "Duty desk"
email = "duty@example.org"
duties = ["senior_manager_notified"]

[[known_as]]
child = "child-17"
names = ["Bee"]

[thresholds]
long_hold_minutes = 10
```
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "".join([_HEAD, *_settings(), _HOMES, *_home()])


def _settings() -> Iterator[str]:
    yield "\n## Settings\n"
    yield "\n### General\n\n"
    yield from _table(
        (f"{PREFIX}{name.upper()}", field) for name, field in Settings.model_fields.items() if _model(field) is None
    )
    for name, field in Settings.model_fields.items():
        section = _model(field)
        if section is not None:
            heading, _, unset = (field.description or "").removesuffix(".").partition("; ")
            yield f"\n### {heading}\n\n"
            yield f"{unset.capitalize()}.\n\n" if unset else ""
            yield from _table(
                (f"{PREFIX}{name.upper()}__{inner.upper()}", value) for inner, value in section.model_fields.items()
            )


def _home() -> Iterator[str]:
    yield "\n### The home\n\n"
    yield from _table((name, field) for name, field in Home.model_fields.items() if _model(field) is None)
    for name, field in Home.model_fields.items():
        section = _model(field)
        if section is not None:
            heading = f"[[{name}]]" if get_origin(field.annotation) is tuple else f"[{name}]"
            must = "must be there" if field.is_required() else "may be left out"
            yield f"\n### `{heading}`\n\n{field.description} This table {must}.\n\n"
            yield from _table(section.model_fields.items())


def _table(rows: Any) -> Iterator[str]:
    yield "| name | value | default | what for |\n|---|---|---|---|\n"
    for name, field in rows:
        yield f"| `{name}` | {_kind(field.annotation)} | {_default(field)} | {_limits(field)} |\n"


def _model(field: FieldInfo) -> type[BaseModel] | None:
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


_KINDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


def _kind(annotation: Any) -> str:
    origin, inside = get_origin(annotation), [one for one in get_args(annotation) if one not in (type(None), ...)]
    if origin in (Union, UnionType):
        return _kind(inside[0])
    if origin is tuple:
        return f"list of {_kind(inside[0])}s" if inside[0] is SecretStr else f"list of {_kind(inside[0])}"
    if origin is dict:
        return "text by name"
    return _KINDS.get(annotation, getattr(annotation, "__name__", "text").lower())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in (None, "", (), {}) or value is PydanticUndefined:
        return "unset"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _limits(field: FieldInfo) -> str:
    """The description, with the least and the most where there are any."""
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    found = [
        f"{word} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, word in words.items()
        if getattr(limit, name, None) is not None
    ]
    description = (field.description or "").replace("|", "\\|")
    return f"{description} ({', '.join(found)})" if found else description


def main(arguments: list[str]) -> int:
    """Write the page to the path given."""
    Path(arguments[0]).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
