"""What the kit says of itself, for the manual and for a docs page: its assertions, and what a connector skips."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NAMED = re.compile(r"test_([a-z]\d+)_")


def assertion_of(name: str) -> str | None:
    """The assertion that a test proves, by the test's name: `test_w7_...` proves W7."""
    found = _NAMED.match(name)
    return found[1].upper() if found else None


def asserted_by(kit: type[Any]) -> Mapping[str, Callable[..., Any]]:
    """A class's tests of the kit by name, in the order of their assertions."""
    found = {
        name: getattr(kit, name) for base in kit.__mro__ for name in vars(base) if assertion_of(name) and _is_kits(base)
    }
    return dict(sorted(found.items(), key=lambda one: _order(one[0])))


def reasons_of(kit: type[Any]) -> Mapping[str, str]:
    """What a class skips and why, with what its kind skips."""
    found: dict[str, str] = {}
    for base in reversed(kit.__mro__):
        found.update(vars(base).get("skips", {}))
    whole = {name: reason for name, reason in found.items() if assertion_of(name) not in found}
    return dict(sorted(whole.items(), key=lambda one: _order(one[0])))


def skip_table(kit: type[Any]) -> Iterator[str]:
    """The skips of one connector, as Markdown; every line must stand in its docs page."""
    reasons = reasons_of(kit)
    if not reasons:
        yield "Nothing is skipped."
        return
    yield "| not applicable | why |"
    yield "|---|---|"
    for name, reason in reasons.items():
        yield f"| {_shown(name)} | {reason} |"


def assertion_table(*kits: type[Any]) -> Iterator[str]:
    """Every assertion of these classes with its sentence, as Markdown."""
    yield "| id | test | proves |"
    yield "|---|---|---|"
    seen: dict[str, str] = {}
    for kit in kits:
        for name, test in asserted_by(kit).items():
            seen.setdefault(name, _sentence(test))
    for name, sentence in sorted(seen.items(), key=lambda one: _order(one[0])):
        yield f"| {assertion_of(name)} | {_shown(name)} | {sentence} |"


def _sentence(test: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(test) or "").split("\n\n")[0].split())


def _shown(name: str) -> str:
    found = assertion_of(name)
    return name if found is None else f"`{name.removeprefix('test_')}`"


def _order(name: str) -> tuple[int, int, str]:
    found = assertion_of(name) or name
    return "CSWNF".find(found[0]), int(re.sub(r"\D", "", found) or 0), name


def _is_kits(base: type[Any]) -> bool:
    return base.__module__.startswith(__name__.rpartition(".")[0])
