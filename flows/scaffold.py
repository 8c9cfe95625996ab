"""Starts a connector of somebody else's: package, settings, conformance test and docs page, from templates.

What is written passes its own checks as it stands: the connector is whole, its calls to the far end say in one
sentence that they are to be written, and its test runs against a stand-in in the same process.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from config.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TAKEN = frozenset(
    {"config", "mappings", "connectors", "ledger", "reconciliation", "flows", "sandbox", "tests", "docs"}
)
_LONGEST = 30


@dataclass(frozen=True)
class Skip:
    """An assertion that a new connector cannot prove, by its id or by its test, and why."""

    key: str
    reason: str
    inherited: bool = False
    """The kind itself skips it: it stands in the docs page, not in the test."""

    @property
    def shown(self) -> str:
        """As the docs page prints it."""
        return f"`{self.key.removeprefix('test_')}`" if self.key.startswith("test_") else self.key


_NO_WIRE = "The stand-in is an object in this process; take this out when calls.py speaks the far end's protocol."
_CLOCK = Skip("test_c2_a_far_ends_wrong_clock_is_told", _NO_WIRE)
_KEPT = "test_c6_a_kept_connection_that_was_closed_costs_nothing"
_WIRE = tuple(Skip(key, _NO_WIRE) for key in ("C3", "C4", "C5"))
_WIRE_BELOW = tuple(Skip(key, _NO_WIRE) for key in ("C7", "C8"))
_ONE_BODY = Skip("W11", "The ledger keeps one body for each key; this connector keeps nothing between calls.")
_PAGES = Skip("test_w12_a_repeated_cursor_is_an_error", _NO_WIRE)
_READS = "A source writes nothing."


@dataclass(frozen=True)
class _Kind:
    """One kind of connector: its folder of templates, the system that a site chooses it for, and its skips."""

    templates: str
    system: str
    what: str
    skips: tuple[Skip, ...]


_KINDS: Mapping[str, _Kind] = {
    "incident-source": _Kind(
        "incident_source",
        "recording",
        "the recording source",
        (
            _CLOCK,
            Skip("C3", _NO_WIRE),
            Skip("C4", _READS, inherited=True),
            Skip("C5", _NO_WIRE),
            Skip(_KEPT, _READS, inherited=True),
            Skip("test_c6_each_failure_of_a_write_is_the_class_that_it_proves", _READS, inherited=True),
            *_WIRE_BELOW,
        ),
    ),
    "case-note-store": _Kind(
        "case_note_store",
        "mosaic",
        "the store of case notes",
        (_CLOCK, *_WIRE, Skip(_KEPT, _NO_WIRE), *_WIRE_BELOW, _ONE_BODY, _PAGES),
    ),
    "log-store": _Kind(
        "log_store",
        "daily_log",
        "the daily log",
        (
            _CLOCK,
            *_WIRE,
            Skip(_KEPT, _NO_WIRE),
            *_WIRE_BELOW,
            Skip("W10", "A log has no deletion that shows."),
            _ONE_BODY,
            _PAGES,
        ),
    ),
    "notifier": _Kind(
        "notifier",
        "email",
        "the notifier",
        (
            _CLOCK,
            *_WIRE,
            Skip(_KEPT, _NO_WIRE),
            *_WIRE_BELOW,
        ),
    ),
    "form-desk": _Kind(
        "form_desk",
        "lado",
        "the LADO desk",
        (
            _CLOCK,
            Skip("C3", "A form desk signs in nowhere.", inherited=True),
            *(Skip(key, "A form desk sends nothing.", inherited=True) for key in ("C4", "C5", "C6", "C7", "C8")),
            Skip("F1", "It opens no form."),
            Skip("F2", "It opens no form."),
        ),
    ),
}

KINDS = tuple(_KINDS)
"""What `connector new --kind` takes."""


def scaffold(name: str, kind: str, into: Path) -> list[Path]:
    """Write a new connector's project into the folder `into/name`; gives the files that were written.

    Raises ConfigurationError for a name that cannot be a package, an unknown kind, a folder that has anything in it,
    or one that cannot be written.
    """
    chosen = _KINDS.get(kind)
    if chosen is None:
        raise ConfigurationError(f"--kind: received {kind!r}; valid values are {', '.join(KINDS)}.", setting="--kind")
    _check_name(name)
    root = into / name
    texts = _rendered(name, chosen)
    try:
        taken = root.exists() and (not root.is_dir() or any(root.iterdir()))
        if taken:
            reason = f"{root} is there already; choose another name or another --into."
            raise ConfigurationError(reason, setting="--into")
        return [_written(root / path, text) for path, text in texts.items()]
    except OSError:
        reason = f"{root} cannot be written; choose another --into or mend its permissions."
    raise ConfigurationError(reason, setting="--into")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{name!r} cannot be a connector's name; write one such as carebook or care_book: at most {_LONGEST} small "
            "letters and digits, with single underscores between words.",
            setting="NAME",
        )
    if name in _TAKEN or name in sys.stdlib_module_names:
        raise ConfigurationError(f"{name!r} is the name of another package; choose another.", setting="NAME")


def _rendered(name: str, kind: _Kind) -> Mapping[str, str]:
    templates = Environment(
        loader=PackageLoader("flows", "scaffolds"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python and Markdown, from a name that was checked
    )
    section = f"BRIDGE_{kind.system.upper()}__"
    words = {
        "name": name,
        "cls": "".join(word.capitalize() for word in name.split("_")),
        "title": " ".join(word.capitalize() for word in name.split("_")),
        "system": kind.system,
        "what": kind.what,
        "kind_setting": f"{section}KIND",
        "prefix": f"{section}OPTIONS__",
        "skips": [skip for skip in kind.skips if not skip.inherited],
        "skip_rows": kind.skips,
        "no_wire": _NO_WIRE,
    }
    sources = {
        "pyproject.toml": "common/pyproject.toml",
        "README.md": "common/README.md",
        f"docs/{name}.md": "common/docs.md",
        f"{name}/__init__.py": "common/__init__.py",
        f"{name}/py.typed": "common/py.typed",
        f"{name}/settings.py": "common/settings.py",
        f"{name}/calls.py": f"{kind.templates}/calls.py",
        f"{name}/connector.py": f"{kind.templates}/connector.py",
        f"tests/{name}_stand_in.py": f"{kind.templates}/stand_in.py",
        f"tests/test_{name}.py": f"{kind.templates}/test.py",
    }
    return {path: templates.get_template(f"{source}.j2").render(words) for path, source in sources.items()}


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
