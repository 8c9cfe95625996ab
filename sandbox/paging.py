"""Pages of a sorted list behind an opaque cursor, and the ways in which real servers page badly."""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.messages import Refusal, problem

Key = tuple[str, ...] | tuple[str, int]


@dataclass
class Paging:
    """How a server pages. Every field but `style` is a fault that may be switched on."""

    style: str = "keyset"
    """`keyset`, or `offset`: rows that move between pages are then skipped or repeated."""
    empty_pages: bool = False
    """An empty page with a cursor comes before every real one."""
    repeats_items: bool = False
    """A page begins with the last item of the page before."""
    repeats_cursor: bool = False
    """The second page names its own cursor as the next, for ever."""
    blank_cursor: bool = False
    """The first cursor is the empty string, which is a cursor."""
    expired_status: int | None = None
    """Every cursor is refused with this status, such as 410 or 400."""
    expires_once: bool = False
    """With `expired_status`: only the next cursor is refused."""
    ignores_limit: bool = False
    """Everything comes on one page."""
    most: int | None = None
    """No page has more items than this, whatever was asked."""
    _blank: str | None = field(default=None, repr=False)

    def page(
        self, keys: Sequence[Key], low: int, high: int, cursor: str | None, limit: int
    ) -> tuple[int, int, str | None]:
        """Where the page starts and stops within keys[low:high], and the next cursor. Raises Refusal."""
        place = self._place(cursor)
        if self.empty_pages and not place.get("after_empty"):
            return low, low, _encode({**place, "after_empty": True})
        if "offset" in place:
            start = min(high, low + int(place["offset"]))
        elif "last" in place:
            start = max(low, bisect_right(keys, tuple(place["last"])))
        else:
            start = low
        if self.repeats_items and start > low:
            start -= 1
            limit += 1
        if self.most is not None:
            limit = min(limit, self.most + int(self.repeats_items and start > low))
        stop = high if self.ignores_limit else min(high, start + limit)
        if stop >= high:
            return start, stop, None
        if self.repeats_cursor and cursor is not None:
            return start, stop, cursor
        following = {"offset": stop - low} if self.style == "offset" else {"last": keys[stop - 1]}
        return start, stop, self._name(_encode(following), first=cursor is None)

    def _name(self, cursor: str, *, first: bool) -> str:
        if self.blank_cursor and first:
            self._blank = cursor
            return ""
        return cursor

    def _place(self, cursor: str | None) -> dict[str, Any]:
        if cursor is None:
            return {}
        if self.expired_status is not None:
            status = self.expired_status
            if self.expires_once:
                self.expired_status = None
            raise Refusal(problem(status, "This cursor has expired"))
        if cursor == "" and self._blank is not None:
            cursor = self._blank
        try:
            found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        except (binascii.Error, UnicodeError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise Refusal(problem(400, "Not a cursor of ours"))
        return found


def _encode(place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def limit_of(parameters: dict[str, str], *, default: int, most: int) -> int:
    """The page size asked for. Raises Refusal (400) outside 1..most."""
    text = parameters.get("limit")
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise Refusal(problem(400, f"limit must be a whole number from 1 to {most}"))
    return int(text)
