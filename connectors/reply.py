"""One HTTP/1.1 answer read off a socket: status, headers, body, and whether the connection may be kept.

As lenient as the standard library's reader where a far end is careless (a line end without its carriage return, an
answer that simply ends), and as strict about a body: one that is shorter than was promised is no answer.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable
from http.client import BadStatusLine, HTTPException, IncompleteRead, LineTooLong, RemoteDisconnected
from typing import NamedTuple

_LONGEST_LINE = 65536
_MOST_HEADERS = 100
_PIECE = 64 * 1024
_INTERIM = (100, 102, 103)
_NO_BODY = (204, 304)
_GZIP = (16 + zlib.MAX_WBITS,)
_PACKED = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}


class AnswerTooLong(Exception):
    """The far end sent more than is read of any answer."""


class Headers(dict[str, str]):
    """An answer's headers, whatever the case of their names; one that came twice is joined with a comma."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(name.lower(), default)

    def __repr__(self) -> str:
        return f"<{len(self)} headers>"


class Reply(NamedTuple):
    """An answer. `keeps`: the connection is at the beginning of the next one."""

    status: int
    headers: Headers
    body: bytes
    keeps: bool

    def __repr__(self) -> str:
        return f"<Reply {self.status}>"


def read_reply(
    sock: socket.socket,
    *,
    most: int,
    left: Callable[[], float],
    on_head: Callable[[], None] = lambda: None,
    bodiless: bool = False,
) -> Reply:
    """Read one answer of at most so many bytes; `left` gives the seconds of patience for the next wait, or raises.

    `on_head` is called when status and headers are there. `bodiless`: by what was asked, the answer has no body.
    Raises OSError, HTTPException or AnswerTooLong.
    """
    incoming = _Incoming(sock, most, left)
    while True:
        version, status = _status(incoming.line())
        headers = _headers(incoming)
        if status not in _INTERIM:
            break
    on_head()
    body, framed = (b"", True) if bodiless else _body(incoming, status, headers)
    closing = (headers.get("connection") or "").lower()
    stays = "close" not in closing if version >= "HTTP/1.1" else "keep-alive" in closing
    return Reply(status, headers, _unpacked(body, headers, most), framed and stays and not incoming.buffer)


class _Incoming:
    """Bytes off a socket, by lines and by counts."""

    def __init__(self, sock: socket.socket, most: int, left: Callable[[], float]) -> None:
        self.buffer = b""
        self._sock = sock
        self.most = most
        self._left = left

    def more(self) -> bool:
        """Wait for more; False at the end."""
        self._sock.settimeout(self._left())
        piece = self._sock.recv(_PIECE)
        self.buffer = self.buffer + piece if self.buffer else piece
        return bool(piece)

    def line(self) -> bytes:
        """The next line with its end, or what there is before the end of everything."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > _LONGEST_LINE:
                raise LineTooLong("line")
            if not self.more():
                end = len(self.buffer)
                break
        if end > _LONGEST_LINE:
            raise LineTooLong("line")
        line, self.buffer = self.buffer[: end + 1], self.buffer[end + 1 :]
        return line

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        if count > self.most:
            raise AnswerTooLong
        pieces, have = [self.buffer], len(self.buffer)
        while have < count:
            self.buffer = b""
            if not self.more():
                raise IncompleteRead(b"", count - have)
            pieces.append(self.buffer)
            have += len(self.buffer)
        whole = b"".join(pieces)
        self.buffer = whole[count:]
        return whole[:count]

    def rest(self) -> bytes:
        """Everything to the end of the connection."""
        pieces, have = [self.buffer], len(self.buffer)
        self.buffer = b""
        while have <= self.most and self.more():
            pieces.append(self.buffer)
            have += len(self.buffer)
            self.buffer = b""
        if have > self.most:
            raise AnswerTooLong
        return b"".join(pieces)


def _status(line: bytes) -> tuple[str, int]:
    if not line:
        raise RemoteDisconnected("no answer")
    version, _, rest = line.decode("latin-1").partition(" ")
    number = rest.split(maxsplit=1)[:1]
    if not version.startswith("HTTP/") or not number or not number[0].isdigit() or not 100 <= int(number[0]) <= 999:
        raise BadStatusLine("not HTTP")
    return version, int(number[0])


def _headers(incoming: _Incoming) -> Headers:
    headers = Headers()
    last = ""
    for _ in range(_MOST_HEADERS + 1):
        line = incoming.line()
        if line in (b"\r\n", b"\n", b""):
            return headers
        text = line.decode("latin-1").rstrip("\r\n")
        if text[:1] in (" ", "\t") and last:  # a long header that goes on
            dict.__setitem__(headers, last, f"{headers[last]} {text.strip()}")
            continue
        name, colon, value = text.partition(":")
        if not colon:
            continue
        last = name.strip().lower()
        dict.__setitem__(headers, last, f"{headers[last]}, {value.strip()}" if last in headers else value.strip())
    raise HTTPException("too many headers")


def _body(incoming: _Incoming, status: int, headers: Headers) -> tuple[bytes, bool]:
    """The body, and whether its end was told rather than met."""
    if status in _NO_BODY or status < 200:
        return b"", True
    if (headers.get("transfer-encoding") or "").lower() == "chunked":
        return _chunks(incoming), True
    told = {length.strip() for length in (headers.get("content-length") or "").split(",")}
    if len(told) > 1:
        raise HTTPException("two lengths of one body")
    length = told.pop()
    if length.isascii() and length.isdigit():
        return incoming.exactly(int(length)), True
    return incoming.rest(), False


def _chunks(incoming: _Incoming) -> bytes:
    pieces: list[bytes] = []
    room = incoming.most
    while True:
        size = _size(incoming.line())
        if size == 0:
            break
        if size > room:
            raise AnswerTooLong
        room -= size
        pieces.append(incoming.exactly(size))
        if incoming.line() not in (b"\r\n", b"\n"):
            raise IncompleteRead(b"")
    while incoming.line() not in (b"\r\n", b"\n", b""):
        pass
    return b"".join(pieces)


def _size(line: bytes) -> int:
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError:
        size = -1
    if size < 0:
        raise IncompleteRead(b"")
    return size


def _unpacked(body: bytes, headers: Headers, most: int) -> bytes:
    """The body as it was before a gateway packed it unasked; not more of it than is ever read."""
    for bits in _PACKED.get((headers.get("content-encoding") or "").strip().lower(), ()) if body else ():
        try:
            plain = zlib.decompressobj(bits).decompress(body, most + 1)
        except zlib.error:
            continue
        if len(plain) > most:
            raise AnswerTooLong
        return plain
    return body
