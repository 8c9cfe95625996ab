"""One kept connection, whose every step is timed by the call that uses it.

`timeout=` of requests is the patience for one `recv`; a server that sends a byte a second stretches a call for ever.
Here the sockets themselves know the call: each connect, send and receive is given what is left of its time.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.reading import Incoming
from connectors.under_way import CALL

IDLE = 1.5
"""Seconds after which a kept connection is not trusted any more. Servers close idle ones after two seconds and more,
and a request that meets such a close on its way is in doubt."""


_AT_ONCE = getattr(socket, "TCP_QUICKACK", None)  # Linux has it


class TimedSocket(socket.socket):
    """A socket whose every wait is timed by the call."""

    def recv(self, *args: Any) -> bytes:
        self._wait_no_longer()
        return super().recv(*args)

    def recv_into(self, *args: Any) -> int:
        self._wait_no_longer()
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        self.settimeout(CALL.left())
        super().sendall(*args)

    def _wait_no_longer(self) -> None:
        self.settimeout(CALL.left())
        if _AT_ONCE is not None:  # many a far end holds an answer's body back, 40 ms, until its head is acknowledged
            self.setsockopt(socket.IPPROTO_TCP, _AT_ONCE, 1)


class TimedTls(TimedSocket, ssl.SSLSocket):
    """The same over TLS."""


class Line(HTTPConnection):
    """A kept connection that sends a request in one piece."""

    debuglevel = 0  # a debuglevel set on http.client for everyone would print headers and bodies
    incoming: Incoming
    rests_since = 0.0  # by time.monotonic

    def connect(self) -> None:
        super().connect()
        self.incoming = Incoming(self.sock)

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
        return time.monotonic() - self.rests_since < IDLE and super().is_connected

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any) -> None:
        """Send head and body in one piece: one packet, one wake-up at the far end. The headers are text that HTTP
        can carry, and say themselves to whom and how long the body is."""
        head = "\r\n".join((f"{method} {url} HTTP/1.1", *map(": ".join, headers.items()), "\r\n"))
        self.send(head.encode("latin-1") + (body or b""))

    def send(self, data: Any) -> None:
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
