"""An answer as it came over the wire, and what may be read from it.

A body may quote the request, so it never shows in a repr, a log or an error; what is taken from a problem body is
a field's path, checked against the names of the fields that we sent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from requests.utils import get_encoding_from_headers

MOST_PATIENCE = 86_400.0
"""Seconds. A system that asks for more than a day has its clock or its arithmetic wrong, and would be waited for until
nobody remembers why."""


_UNREAD = object()


class Malformed(Exception):
    """The body is not the JSON that was asked for."""


class Answer:
    """Status, headers (by their names in lower case) and body of one answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._content: Any = _UNREAD

    @property
    def content(self) -> Any:
        """The body as JSON: in a Unicode encoding, or else in the character set that it names. Raises Malformed."""
        if self._content is _UNREAD:
            self._content = self._read()
        return self._content

    def _read(self) -> Any:
        try:
            return json.loads(self.body)
        except UnicodeDecodeError:
            return self._content_in(get_encoding_from_headers(cast("Any", self.headers)))
        except (ValueError, RecursionError):
            raise Malformed from None

    def _content_in(self, character_set: str | None) -> Any:
        try:
            return json.loads(self.body.decode(character_set or "utf-8"))
        except (ValueError, LookupError, RecursionError):
            raise Malformed from None

    @property
    def from_system(self) -> bool:
        """Whether the system itself answered, in JSON, rather than a proxy or a login page in front of it."""
        kind = self.headers.get("content-type")
        if kind is not None:
            return "json" in kind.lower()
        try:
            return isinstance(self.content, dict)
        except Malformed:
            return False

    def retry_after(self, now: datetime) -> float | None:
        """Seconds that the answer asks us to wait; a past date is 0, an unreadable wish is None.

        A date is read by the clock of who wrote it, which may be hours from ours; `now` is for an answer without one.
        """
        wish = self.headers.get("retry-after")
        return None if wish is None else seconds_of(wish, _moment(self.headers.get("date") or "") or now)


def seconds_of(wish: str, now: datetime) -> float | None:
    """A Retry-After header, seconds or an HTTP date, as seconds from `now`, a day at the most."""
    wish = wish.strip()
    if wish.isascii() and wish.isdigit() and len(wish) < 10:
        return min(MOST_PATIENCE, float(wish))
    moment = _moment(wish)
    return None if moment is None else min(MOST_PATIENCE, max(0.0, (moment - now).total_seconds()))


def _moment(written: str) -> datetime | None:
    """An HTTP date, in UTC where it names no zone; None where it is none."""
    try:
        moment = parsedate_to_datetime(written)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def refused_fields(answer: Answer, sent: Collection[str]) -> tuple[str, ...]:
    """The paths of the fields that a problem body names, as far as they are fields that we sent.

    Only our own field names and positions pass: a system may put the value itself where the path belongs.
    """
    try:
        errors = answer.content.get("errors")
    except (Malformed, AttributeError):
        return ()
    found: dict[str, None] = {}
    for error in errors if isinstance(errors, list) else ():
        path = error.get("field") if isinstance(error, dict) else None
        if isinstance(path, str) and (known := _known_path(path, sent)):
            found[known] = None
    return tuple(found)


def _known_path(path: str, sent: Collection[str]) -> str | None:
    for opening in ("#", "$", "/", ".", "body.", "body/"):
        path = path.removeprefix(opening)
    first, *rest = path.replace("/", ".").replace("[", ".").replace("]", "").split(".")
    if first not in sent:
        return None
    known = [first]
    for part in rest:
        if not (part.isascii() and part.isdigit() and len(part) < 6):
            break
        known.append(part)
    return ".".join(known)


def survivor(answer: Answer) -> int | None:
    """The surviving person's id in a 410, or None where it is not said."""
    try:
        named = answer.content.get("merged_into")
    except (Malformed, AttributeError):
        return None
    return whole_number(named)


def whole_number(value: object) -> int | None:
    """A positive whole number, given as one or as text; anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and value > 0 else None
