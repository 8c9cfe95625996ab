"""One kept connection, whose every step is timed by the call that uses it.

`timeout=` of requests is the patience for one `recv`; a server that sends a byte a second stretches a call for ever.
Here the sockets themselves know the call: each connect, send and receive is given what is left of its time.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

IDLE = 1.5
"""Seconds after which a kept connection is not trusted any more. Servers close idle ones after two seconds and more,
and a request that meets such a close on its way is in doubt."""


class UnderWay(threading.local):
    """The call that this thread has under way.

    `sent`: a byte of the request was handed to a connected socket; `answered`: status and headers came back.
    """

    ends: float = float("inf")  # by time.monotonic
    sent: bool = False
    answered: bool = False
    on_stage: Callable[[str], None] | None = None

    def left(self) -> float:
        """Seconds that are left; raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


CALL = UnderWay()


_AT_ONCE = getattr(socket, "TCP_QUICKACK", None)  # Linux has it


class TimedSocket(socket.socket):
    """A socket whose every wait is timed by the call."""

    def recv_into(self, *args: Any) -> int:
        self.settimeout(CALL.left())
        if _AT_ONCE is not None:  # many a far end holds an answer's body back, 40 ms, until its head is acknowledged
            self.setsockopt(socket.IPPROTO_TCP, _AT_ONCE, 1)
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        self.settimeout(CALL.left())
        super().sendall(*args)


class TimedTls(TimedSocket, ssl.SSLSocket):
    """The same over TLS."""


class Reading(http.client.HTTPResponse):
    """The library's reader of one answer, but for how it begins.

    There it takes the headers for those of a mail with attachments, which is a fifth of what a whole call costs, and
    an interim answer other than 100 for the answer.
    """

    headers: HTTPHeaderDict  # type: ignore[assignment]

    def begin(self) -> None:
        status = 100
        while status in (100, 102, 103):
            version, status, self.reason = self._read_status()  # type: ignore[attr-defined]
            headers = _headers(http.client._read_headers(self.fp))  # type: ignore[attr-defined]
        self.headers, self.status = headers, status
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = headers.get("Content-Length", "").partition(",")[0]  # urllib3 refuses two that differ
        self.length = int(length) if length.isdecimal() else None
        if status in (204, 304):
            self.length = 0
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        CALL.answered = True


_FOLDED = re.compile(r"\r?\n[ \t]+")


def _headers(lines: list[bytes]) -> HTTPHeaderDict:
    """An answer's headers; a line that is none is passed over."""
    headers = HTTPHeaderDict()
    for line in _FOLDED.sub(" ", b"".join(lines).decode("latin-1")).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.add(name.strip(), value.strip())
    return headers


class Line(HTTPConnection):
    """A kept connection that sends a request in one piece."""

    debuglevel = 0  # a debuglevel set on http.client for everyone would print headers and bodies
    response_class = Reading
    _body = b""
    _answered_at = 0.0

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as why:  # the second for what cannot be a host's name
            raise NameResolutionError(self.host, self, cast("socket.gaierror", why)) from None
        last: OSError | None = None
        for tried, (family, kind, protocol, _, address) in enumerate(found):
            sock = TimedSocket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(CALL.left() / (len(found) - tried))
                sock.connect(address)
                sock.settimeout(CALL.left())  # for the handshake
            except OSError as why:
                sock.close()
                last = why
            else:
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from None
        raise NewConnectionError(self, "no connection") from None

    def _tunnel(self) -> None:
        try:
            super()._tunnel()
        finally:
            CALL.sent = False  # what went out so far was for the proxy, not for the system

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._answered_at < IDLE and super().is_connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        reading = cast("Reading", http.client.HTTPConnection.getresponse(self))
        self._answered_at = time.monotonic()
        return HTTPResponse(reading, reading.headers, reading.status, preload_content=False, original_response=reading)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any) -> None:
        """Send head and body in one piece: one packet, one wake-up at the far end. The headers are text that HTTP
        can carry, and say themselves how long the body is."""
        if self.sock is None:
            self.connect()
        self.putrequest(method, url, skip_accept_encoding=True)
        self._output("\r\n".join(map(": ".join, headers.items())).encode("latin-1"))  # type: ignore[attr-defined]
        self._body = body or b""
        self.endheaders()

    def send(self, data: Any) -> None:
        data, self._body = data + self._body, b""
        CALL.sent = True
        if CALL.on_stage is None:
            self.sock.sendall(data)
            return
        half = len(data) // 2
        self.sock.sendall(data[:half])
        CALL.on_stage("half_written")
        self.sock.sendall(data[half:])
        CALL.on_stage("written")


class SecureLine(Line, HTTPSConnection):
    """The same over TLS."""
