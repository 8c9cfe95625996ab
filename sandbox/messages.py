"""An HTTP request and its answer, as the stand-ins see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True, repr=False)
class Request:
    """One request. `headers` have lower-case names. `commit_after`: apply it only so many seconds later."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    keep_alive: bool = True
    commit_after: float = 0.0

    def parameters(self) -> dict[str, str]:
        """The query's parameters; a blank one is kept."""
        return dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}


@dataclass(slots=True, repr=False)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Sequence[tuple[str, str]] = field(default=())

    def head(self, framing: str) -> bytes:
        """Status line and headers, with the given line about the body's length."""
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Answer')}\r\n"
            f"Content-Type: {self.content_type}\r\n{extra}{framing}\r\n\r\n"
        ).encode("latin-1")

    def wire(self) -> bytes:
        """The whole answer as it should be sent."""
        return self.head(f"Content-Length: {len(self.body)}") + self.body


class Refusal(Exception):
    """A request that the stand-in refuses; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def as_json(status: int, found: object) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())


def problem(status: int, title: str, *, headers: Sequence[tuple[str, str]] = (), **more: Any) -> Answer:
    """An RFC 9457 problem."""
    body = {"type": "about:blank", "title": title, "status": status, **more}
    return Answer(status, json.dumps(body, ensure_ascii=False).encode(), PROBLEM, headers)
