"""Readers: one value of a source, as it came, to one value of the Incident.

A reader takes a value and the `Reading` under way and returns what the Incident keeps, or raises `Wrong`, which
holds no value, only where inside the value the trouble lies. Strings arrive here cleaned (see `clean`) and
not blank: a blank says nothing and is dealt with before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum

from mappings.incident import ClockTroubleKind

LARGEST_WHOLE = 2**31 - 1
LARGEST_ID = 10**18
LONGEST_ID = 200

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Wrong(ValueError):
    """A value that cannot be understood. `where` are path endings below the field; no value is kept."""

    def __init__(self, *where: str) -> None:
        super().__init__("this value cannot be understood")
        self.where = where or ("",)


class Reading:
    """What one report's reading has found so far: failed paths, clock troubles, and when the incident was."""

    __slots__ = ("failed", "occurred_at", "trouble", "troubles")

    def __init__(self) -> None:
        self.failed: dict[str, None] = {}
        self.troubles: list[dict[str, object]] = []
        self.trouble: ClockTroubleKind | None = None
        self.occurred_at: datetime | None = None

    def fail(self, path: str) -> None:
        """Note a field of the source that is missing or wrong."""
        self.failed[path] = None


Reader = Callable[[object, Reading], object]


def clean(text: str) -> str:
    """Text as it may be kept: no NUL or control character but newline and tab, no half character, no blank ends."""
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _UNWANTED.sub("", text))
    return text.strip()


def folded(text: str) -> str:
    """A code without its case and spaces, for comparison."""
    return "".join(text.casefold().split())


def bounded_text(value: object) -> str:
    """A string, or a number taken as its text: an id, or a typed spreadsheet cell. Raises Wrong for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < LARGEST_ID:
        return str(value)
    if isinstance(value, float) and math.isfinite(value) and abs(value) < LARGEST_ID:
        return str(int(value)) if value.is_integer() else repr(value)
    raise Wrong


# ---- text and codes --------------------------------------------------------------------------------------------


def text_reader(*, numbers: bool) -> Reader:
    """Free text and names. `numbers`: a number is taken as its text, as an id or a typed cell may be one."""

    def read(value: object, _: Reading) -> object:
        if type(value) is str:
            return value
        if numbers and not isinstance(value, bool):
            return bounded_text(value)
        raise Wrong

    return read


def id_reader(inner: Reader) -> Reader:
    """What `inner` reads, where it is no longer than an id can be: a database's index takes no more."""

    def read(value: object, reading: Reading) -> object:
        found = inner(value, reading)
        if len(str(found)) > LONGEST_ID:
            raise Wrong
        return found

    return read


def code_reader(codes: Mapping[str, Enum]) -> Reader:
    """A source's code to ours, whatever its case and spaces. An unknown code is Wrong, never a guess."""
    exact = dict(codes)
    loose = {folded(code): ours for code, ours in codes.items()}

    def read(value: object, _: Reading) -> object:
        found = exact.get(value) if type(value) is str else None
        if found is None:
            found = loose.get(folded(bounded_text(value)))
        if found is None:
            raise Wrong
        return found

    return read


# ---- numbers -------------------------------------------------------------------------------------------------------


def whole_reader(*, text: bool, least: int) -> Reader:
    """A whole number of at least `least`. `text`: digits in text are taken too."""

    def read(value: object, _: Reading) -> object:
        if text and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_WHOLE:
            raise Wrong
        return value

    return read


# ---- lists -----------------------------------------------------------------------------------------------------


def list_reader(item: Reader, separators: Sequence[str] | None) -> Reader:
    """A list of texts or codes. `separators` None: a list of the source; else one text, split at any of them."""
    splitter = re.compile("|".join(re.escape(separator) for separator in separators)) if separators else None

    def read(value: object, reading: Reading) -> object:
        if isinstance(value, list):
            return _items(value, item, reading, indexed=True)
        if separators is None:
            raise Wrong
        text = bounded_text(value)
        return _items(splitter.split(text) if splitter else (text,), item, reading, indexed=False)

    return read


def _items(parts: Sequence[object], item: Reader, reading: Reading, *, indexed: bool) -> tuple[object, ...]:
    found: dict[object, None] = {}
    wrong = []
    for position, part in enumerate(parts):
        kept = clean(part) if isinstance(part, str) else part
        if kept == "":
            continue
        try:
            found[item(kept, reading)] = None
        except Wrong:
            wrong.append(f".{position}" if indexed else "")
    if wrong:
        raise Wrong(*wrong)
    return tuple(found)


def columns_reader(columns: Sequence[str], inner: Reader) -> Reader:
    """A list laid out over several columns, each read by `inner` (a `list_reader`). The value is their tuple."""

    def read(value: object, reading: Reading) -> object:
        found: dict[object, None] = {}
        wrong = []
        for column, cell in zip(columns, value, strict=True):  # type: ignore[call-overload]  # the columns' cells
            if cell is None or cell == "":
                continue
            try:
                found.update(dict.fromkeys(inner(cell, reading)))  # type: ignore[call-overload]  # a tuple of items
            except Wrong:
                wrong.append(column)
        if wrong:
            raise Wrong(*wrong)
        return tuple(found)

    return read


def ticks_reader(ticks: Mapping[str, Enum], answer: Reader, yes: Enum) -> Reader:
    """A list laid out as one tick box a column: the codes of the columns that say Yes. The value is their cells."""

    def read(value: object, reading: Reading) -> object:
        found, wrong = [], []
        for (column, code), cell in zip(ticks.items(), value, strict=True):  # type: ignore[call-overload]  # cells
            if cell is None or cell == "":
                continue
            try:
                if answer(cell, reading) is yes:
                    found.append(code)
            except Wrong:
                wrong.append(column)
        if wrong:
            raise Wrong(*wrong)
        return tuple(found)

    return read
