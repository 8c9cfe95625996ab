"""A server of raw sockets: what it does with each request is a list of small acts, so that any weather can be made."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """One accepted connection, with the request that was read from it."""

    connection: socket.socket
    stopped: threading.Event
    head: bytes = b""
    body: bytes = b""

    def read(self) -> bool:
        """Read one whole request; whether there was one."""
        received = b""
        while b"\r\n\r\n" not in received:
            more = self.connection.recv(65536)
            if not more:
                return False
            received += more
        self.head, _, self.body = received.partition(b"\r\n\r\n")
        while len(self.body) < self._length():
            more = self.connection.recv(65536)
            if not more:
                return False
            self.body += more
        return True

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def reset(self) -> None:
        """End with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def drip(self, data: bytes, pause: float) -> None:
        """Send byte by byte."""
        for byte in data:
            if self.stopped.wait(pause):
                return
            self.send(bytes([byte]))

    def _length(self) -> int:
        for line in self.head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return 0


Act = Callable[["RawServer", Exchange], bool | None]
"""What is done with one connection or request. True keeps the connection open for the next act."""


@dataclass
class RawServer:
    """Acts in order, the last one for ever. `whole` counts the requests that were read to their end."""

    acts: list[Act]
    tls: ssl.SSLContext | None = None
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self.closed = threading.Event()
        """Set when the first connection was closed from this side."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._taken = 0
        self.accepted = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://localhost:{self.port}/api" if self.tls else f"{scheme}://127.0.0.1:{self.port}/api"

    @property
    def whole(self) -> int:
        return len(self.heads)

    def close(self) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def note(self, exchange: Exchange) -> None:
        with self._lock:
            self.heads.append(exchange.head)
            self.bodies.append(exchange.body)
            self.moments.append(time.monotonic())

    def _next(self) -> Act:
        with self._lock:
            act = self.acts[min(self._taken, len(self.acts) - 1)]
            self._taken += 1
            return act

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                exchange = Exchange(connection, self._stopped)
                while self._next()(self, exchange):
                    pass
        self.closed.set()


def answer(data: bytes, *, keep: bool = True) -> Act:
    """Read the whole request, then send this."""

    def act(server: RawServer, exchange: Exchange) -> bool:
        if not exchange.read():
            return False
        server.note(exchange)
        exchange.send(data)
        return keep

    return act


def after_reading(do: Callable[[Exchange], object]) -> Act:
    """Read the whole request, do this, and close."""

    def act(server: RawServer, exchange: Exchange) -> None:
        if exchange.read():
            server.note(exchange)
            do(exchange)

    return act


def response(status: str, body: bytes = b"", *headers: str, kind: str | None = "application/json") -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"
PAGE = b"<html><body>Please log in</body></html>"
