"""Walking the pages of a list: only a null cursor ends it, and a repeated cursor is an error.

An empty page with a cursor goes on, and the empty text is a cursor like any other (STORIES 20).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from connectors.answers import Answer
from connectors.errors import NotApplied
from connectors.http import Http


class PageRefused(Exception):
    """A page was answered with a status that the walker said it reads itself."""

    def __init__(self, answer: Answer, *, first: bool) -> None:
        super().__init__()
        self.answer = answer
        self.first = first


def pages(
    http: Http,
    path: str,
    query: Mapping[str, str],
    *,
    cursor_field: str,
    doing: str,
    expect: Collection[int] = (),
    well_formed: Callable[[Mapping[str, Any]], bool] = lambda _page: True,
) -> Iterator[Mapping[str, Any]]:
    """Every page's content, which holds `items` and the cursor field.

    Raises PageRefused for a status in `expect`, NotApplied for a repeated cursor, and what Http.read raises.
    """

    def shaped(content: Any) -> bool:
        if not isinstance(content, dict) or not isinstance(content.get("items"), list) or cursor_field not in content:
            return False
        return isinstance(content[cursor_field], str | None) and well_formed(content)

    cursor: str | None = None
    seen: set[str] = set()
    while True:
        asked = dict(query) if cursor is None else {**query, "cursor": cursor}
        answer = http.read(path, asked, doing=doing, expect=expect, well_formed=shaped)
        if answer.status in expect:
            raise PageRefused(answer, first=cursor is None)
        content: Mapping[str, Any] = answer.content
        yield content
        cursor = content[cursor_field]
        if cursor is None:
            return
        if cursor in seen:
            raise NotApplied(
                f"{http.naming.system} gave the same page cursor twice ({doing}); the walk was stopped and is "
                "made again later."
            )
        seen.add(cursor)
