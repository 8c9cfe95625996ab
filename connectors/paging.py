"""Walking the pages of a list: only a null cursor ends it, and a repeated cursor is an error.

An empty page with a cursor goes on, and the empty text is a cursor like any other (STORIES 20).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from connectors.answers import Answer, survivor
from connectors.errors import NotApplied
from connectors.http import Http


class PageRefused(Exception):
    """A page was answered with a status that the walker said it reads itself."""

    def __init__(self, answer: Answer, *, first: bool) -> None:
        super().__init__()
        self.answer = answer
        self.first = first


_MOST_ALIKE = 100
"""Pages in a row that show what the one before showed, or nothing: then the walk gets nowhere."""

NO_SUCH_FILTER = (400, 422)
"""With what a strict gateway may refuse a question by reference. What it holds is then asked for without."""

_LOST = (400, 410)
"""With what a system says that it no longer knows a cursor."""


def pages(
    http: Http,
    path: str,
    query: Mapping[str, str],
    *,
    cursor_field: str,
    doing: str,
    expect: Collection[int] = (),
    well_formed: Callable[[Mapping[str, Any]], bool] = lambda _page: True,
    restarts: int = 2,
) -> Iterator[Mapping[str, Any]]:
    """Every page's content, which holds `items` and the cursor field.

    A walk whose cursor the system no longer knows begins again, so often as `restarts` says: the same items come
    twice then. Raises PageRefused for a status in `expect`, NotApplied for a repeated cursor, one that is lost too
    often or ever new ones that lead nowhere, and what Http.read raises.
    """

    def shaped(content: Any) -> bool:
        if not isinstance(content, dict) or not isinstance(content.get("items"), list) or cursor_field not in content:
            return False
        return isinstance(content[cursor_field], str | None) and well_formed(content)

    cursor: str | None = None
    seen: set[str] = set()
    shown: object = None
    alike = 0
    while True:
        asked = dict(query) if cursor is None else {**query, "cursor": cursor}
        first = cursor is None
        answer = http.read(path, asked, doing=doing, expect=expect if first else (*expect, *_LOST), well_formed=shaped)
        if not first and answer.status in _LOST and survivor(answer) is None and restarts > 0:
            restarts -= 1
            cursor = None
            seen.clear()
            continue
        if answer.status in expect:
            raise PageRefused(answer, first=first)
        if answer.status in _LOST:
            raise _stopped(http, f"keeps losing its own page cursor (status {answer.status})", doing)
        content: Mapping[str, Any] = answer.content
        yield content
        alike = alike + 1 if content["items"] in (shown, []) else 0
        shown = content["items"]
        if alike > _MOST_ALIKE:
            raise _stopped(http, "gives ever new page cursors that lead nowhere", doing)
        cursor = content[cursor_field]
        if cursor is None:
            return
        if cursor in seen:
            raise _stopped(http, "gave the same page cursor twice", doing)
        seen.add(cursor)


def _stopped(http: Http, what: str, doing: str) -> NotApplied:
    return NotApplied(f"{http.naming.system} {what} ({doing}); the walk was stopped, and it is made again later.")
