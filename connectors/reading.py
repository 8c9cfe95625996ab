"""How an answer is read from a kept connection: its head and length here, chunks and packing by the libraries."""

from __future__ import annotations

import http.client
import io
import re
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

import urllib3

from connectors.under_way import CALL

MOST_BYTES = 32 * 1024 * 1024
"""The largest answer that is read; a longer one is an answer that cannot be understood."""

_MOST_OF_HEAD = 64 * 1024
_MOST_HEADERS = 100
_PIECE = 64 * 1024
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_FOLDED = re.compile(r"\n[ \t]+")
_SWITCHED = 101
_BODILESS = (_SWITCHED, 204, 304)


class AnswerTooLong(Exception):
    """The far end sent more than MOST_BYTES."""


class Reading(NamedTuple):
    """One answer, read to its end: its headers by their names in lower case, its body as `data`.

    `ends`: nothing more is to be read or written on its connection.
    """

    status: int
    headers: dict[str, str]
    data: bytes
    ends: bool


class Incoming:
    """What comes in over one connection. The library reads it as a file; what it has left can be seen."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.left = b""

    def head(self) -> str:
        """Up to the first empty line. Raises HTTPException where none comes: what is missing might say anything."""
        while (end := _END_OF_HEAD.search(self.left)) is None and len(self.left) <= _MOST_OF_HEAD and self._more():
            pass
        if end is None or end.start() > _MOST_OF_HEAD:
            raise http.client.HTTPException("a head without end")
        head, self.left = self.left[: end.start()], self.left[end.end() :]
        return head.decode("latin-1").replace("\r\n", "\n")

    def readline(self, most: int) -> bytes:
        """The next line, or so much of it; nothing where nothing more comes. Raises HTTPException for a part of one."""
        while b"\n" not in self.left and len(self.left) < most and self._more():
            pass
        end = min(self.left.find(b"\n") + 1 or most, most)
        if 0 < len(self.left) < end:
            raise http.client.IncompleteRead(self.left)
        line, self.left = self.left[:end], self.left[end:]
        return line

    def read(self, amount: int) -> bytes:
        """So many bytes; fewer where no more come."""
        if amount < 0:
            raise ValueError("fewer bytes than none")
        pieces, size = [self.left], len(self.left)
        while size < amount and (piece := self._sock.recv(_PIECE)):
            pieces.append(piece)
            size += len(piece)
        whole = b"".join(pieces)
        self.left = whole[amount:]
        return whole[:amount]

    def close(self) -> None:
        """For the library, which has come to the end of an answer: the connection is kept."""

    def _more(self) -> bool:
        piece = self._sock.recv(_PIECE)
        self.left += piece
        return bool(piece)


class _Chunks(http.client.HTTPResponse):
    """The library's reader of a body that comes in chunks."""

    def __init__(self, incoming: Incoming) -> None:
        self.fp: Any = incoming
        self.chunked, self.chunk_left, self._method = True, None, None


def read_from(incoming: Incoming) -> Reading:
    """Read one answer. Raises HTTPException, OSError, ValueError, urllib3's HTTPError and AnswerTooLong."""
    status = 100
    while 100 <= status < 200 and status != _SWITCHED:
        first, *lines = _FOLDED.sub(" ", incoming.head()).split("\n")
        version, status = _status_in(first)
    headers = _headers_in(lines)
    CALL.answered = True
    coding = headers["transfer-encoding"].lower() if "transfer-encoding" in headers else None
    length = _length_in(headers["content-length"]) if "content-length" in headers else None
    said = headers.get("connection", "").lower()
    ends = "close" in said or (version in ("HTTP/1.0", "HTTP/0.9") and "keep-alive" not in said)
    if status == _SWITCHED or coding not in (None, "chunked"):
        ends = True  # where it ends is anybody's guess
    if status in _BODILESS:
        body = b""
    elif coding == "chunked":
        body = _Chunks(incoming).read(MOST_BYTES + 1)
    elif length is None:
        body, ends = incoming.read(MOST_BYTES + 1), True
    elif length > MOST_BYTES:
        raise AnswerTooLong
    else:
        body = incoming.read(length)
        if len(body) < length:
            raise http.client.IncompleteRead(body, length - len(body))
    packing = headers.get("content-encoding")
    if packing is not None:
        packed = urllib3.HTTPResponse(io.BytesIO(body), {"content-encoding": packing}, preload_content=False)
        body = packed.read(MOST_BYTES + 1, decode_content=True)
    if len(body) > MOST_BYTES:
        raise AnswerTooLong
    return Reading(status, headers, body, ends or bool(incoming.left))


def _status_in(line: str) -> tuple[str, int]:
    version, status, *_ = *line.split(None, 2), ""
    if not (version.startswith("HTTP/") and status.isdecimal() and len(status) == 3):
        raise http.client.BadStatusLine("no status")
    return version, int(status)


def _headers_in(lines: Sequence[str]) -> dict[str, str]:
    """Those that came twice are joined; a line that is none is passed over."""
    if len(lines) > _MOST_HEADERS:
        raise http.client.HTTPException("headers without end")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _length_in(told: str) -> int:
    """How long a body is said to be. Raises HTTPException where that is no number, or said twice and not alike."""
    lengths = {one.strip() for one in told.split(",")}
    length = lengths.pop()
    if lengths or not length.isdecimal():
        raise http.client.HTTPException("no one length")
    return int(length)
