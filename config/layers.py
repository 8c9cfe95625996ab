"""Where settings come from: the file `BRIDGE_CONFIG` names, then `.env`, then the environment; the later one wins.

Each layer is read into nested plain values with lower-case keys. An unknown name, a line that cannot be read or a
broken file is a ConfigurationError that names the setting or the line, never what stands there.
"""

from __future__ import annotations

import difflib
import io
import tomllib
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any, cast

from dotenv.parser import parse_stream

from config.errors import ConfigurationError

PREFIX = "BRIDGE_"
CONFIG = "BRIDGE_CONFIG"
DEFAULT_FILE = Path("config/bridge.toml")


def merged_layers(environ: Mapping[str, str], folder: Path, known: Set[str]) -> dict[str, Any]:
    """Every layer under `folder` and in `environ`, merged. `known` holds each setting's environment name.

    Raises ConfigurationError.
    """
    dotenv = _dotenv(folder / ".env")
    merged: dict[str, Any] = {}
    for layer in (
        _from_file(_config_of(environ) or _config_of(dotenv), folder, known),
        _from_names(dotenv, ".env", known),
        _from_names(environ, "the environment", known),
    ):
        _merge(merged, layer)
    return merged


def read_toml(path: Path, what: str, setting: str) -> dict[str, Any]:
    """A TOML file, with or without a byte-order mark. `what` begins the sentence of a ConfigurationError."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as why:
        raise ConfigurationError(f"{what} is not valid TOML ({why}); mend that line.", setting=setting) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{what} is not UTF-8 text; save it as UTF-8.", setting=setting) from None
    except OSError as why:
        raise ConfigurationError(
            f"{what} cannot be read ({why.strerror}); check the file and its permissions.", setting=setting
        ) from None


def is_there(path: Path, what: str, setting: str, *, folder: bool = False) -> bool:
    """Whether it is a file, or a folder. Raises ConfigurationError where this user may not look."""
    try:
        return path.is_dir() if folder else path.is_file()
    except OSError as why:
        raise ConfigurationError(
            f"{what} cannot be read ({why.strerror}); correct the path, or let this user read there.", setting=setting
        ) from None


def _dotenv(path: Path) -> dict[str, str]:
    if not is_there(path, str(path), PREFIX):
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8.", setting=PREFIX) from None
    except OSError as why:
        raise ConfigurationError(
            f"{path} cannot be read ({why.strerror}); check the file and its permissions.", setting=PREFIX
        ) from None
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.value is None and (binding.key or "").upper().startswith(PREFIX)):
            held = binding.original.string
            line = binding.original.line + held[: len(held) - len(held.lstrip())].count("\n")
            raise ConfigurationError(f"Line {line} of {path} cannot be read; write NAME=value there.", setting=PREFIX)
        if binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    return found


def _config_of(names: Mapping[str, str]) -> str | None:
    return next((value for name, value in names.items() if name.upper() == CONFIG and value.strip()), None)


def _from_names(environ: Mapping[str, str], where: str, known: Set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in environ.items():
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper == CONFIG:
            continue
        if not _is_known(upper, known):
            raise ConfigurationError(f"{upper} in {where} is not a setting; {_closest(upper, known)}.", setting=upper)
        if not value.strip():
            continue
        if upper.endswith("__OPTIONS"):
            raise ConfigurationError(
                f"{upper} in {where} holds no value itself; write {upper}__NAME=value.", setting=upper
            )
        target = found
        *path, last = upper.removeprefix(PREFIX).lower().split("__")
        for part in path:
            target = target.setdefault(part, {})
        target[last] = value.strip("\r\n")  # the end of a line that was written on Windows
    return found


def _from_file(named: str | None, folder: Path, known: Set[str]) -> dict[str, Any]:
    path = Path(named) if named else folder / DEFAULT_FILE
    if not is_there(path, f"{CONFIG} names {path}, which" if named else str(path), CONFIG):
        if named:
            raise ConfigurationError(
                f"{CONFIG} names {path}, which is not a file; correct the path or unset it.", setting=CONFIG
            )
        return {}
    found = _lower(read_toml(path, str(path), CONFIG))
    for name in _file_names(found):
        if not _is_known(name, known):
            raise ConfigurationError(
                f"{path} sets {name}, which is not a setting; {_closest(name, known)}.", setting=name
            )
    return _without_blanks(found)


def _is_known(name: str, known: Set[str]) -> bool:
    """A setting, or one of the free options of a third party's connector."""
    section, marker, option = name.partition("__OPTIONS__")
    return name in known or bool(marker and option and "__" not in option and f"{section}__OPTIONS" in known)


def _lower(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key.lower(): _lower(cast("Mapping[str, Any]", value)) if isinstance(value, dict) else value
        for key, value in found.items()
    }


def _without_blanks(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_blanks(cast("Mapping[str, Any]", value)) if isinstance(value, dict) else value
        for key, value in found.items()
        if not isinstance(value, str) or value.strip()
    }


def _file_names(found: Mapping[str, Any], above: str = PREFIX) -> Iterator[str]:
    for key, value in found.items():
        name = f"{above}{key.upper()}"
        if isinstance(value, dict) and value:
            yield from _file_names(cast("Mapping[str, Any]", value), f"{name}__")
        elif not isinstance(value, dict):
            yield name


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        else:
            below[key] = value


def _closest(name: str, known: Set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {near[0]}? Correct or remove it" if near else "remove it"
