"""A small, quick HTTP/1.1 server that can misbehave at every byte: one thread a connection, keep-alive, raw sockets.

An `Application` names the operation of a request and answers it; this file reads, writes, and lets the weather strike
before the request is applied or after. Loopback only. It parses as little as it can, because benchmarks measure
programs against it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from typing import Protocol, Self

from sandbox import mishaps
from sandbox.faults import Armed, Stage, Weather
from sandbox.messages import Answer, Request

_IN_REQUEST = frozenset({Stage.BEFORE, Stage.AFTER})


class Application(Protocol):
    """What a stand-in says to a request."""

    def operation(self, request: Request) -> str:
        """The operation's name, as `when` uses it."""

    def answer(self, request: Request, operation: str) -> Answer:
        """Apply the request and answer it."""


class HttpServer:
    """Serves one application on a free loopback port. `latency`: seconds that every answer waits."""

    def __init__(
        self, application: Application, weather: Weather, *, latency: float = 0.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.application = application
        self.weather = weather
        self.latency = latency
        self._tls = tls
        self._stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        # The reservation is bound and never listens: it keeps the port ours while the port refuses connections.
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]
        self._listener: socket.socket | None = None
        self._crowd: list[socket.socket] = []
        weather.watch(self._sky)

    @property
    def root(self) -> str:
        """Scheme, host and port, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Listen."""
        self._open()
        return self

    def stop(self) -> None:
        """Close everything. A stalled request is let go."""
        self._stopped.set()
        self._shut()
        self._cut()
        self._reservation.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- who gets in ----

    def _sky(self, armed: frozenset[str]) -> None:
        if self._stopped.is_set():
            return
        if "refuse" in armed:
            self._shut()
            self._cut()
        elif "connect_timeout" in armed:
            self._shut()
            self._cut()
            self._crowd = mishaps.crowd(self.port)
        elif self._listener is None:
            for member in self._crowd:
                member.close()
            self._crowd = []
            self._open()

    def _open(self) -> None:
        self._listener = _bound(self.port)
        self._listener.listen(256)
        threading.Thread(target=self._accept, args=(self._listener,), name=f"sandbox-{self.port}", daemon=True).start()

    def _shut(self) -> None:
        listener, self._listener = self._listener, None
        for member in self._crowd:
            member.close()
        self._crowd = []
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _cut(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    # ---- one connection ----

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._connections.add(connection)
            reader = _Reader(connection)
            while not self._stopped.is_set():
                request = reader.head()
                if request is None or not self._exchange(connection, reader, request):
                    break
        with self._lock:
            self._connections.discard(connection)
        connection.close()

    def _exchange(self, connection: socket.socket, reader: _Reader, request: Request) -> bool:
        """Read, apply and answer one request; whether the connection is kept."""
        if self.weather.has_armed:
            operation = self.application.operation(request)
            if armed := self.weather.take(operation, (Stage.HEAD,), path=request.path):
                self.weather.saw(request.method, request.path, operation, armed.fault.name)
                if not reader.holds_body(request):
                    # The body lies unread in the kernel: a reset while the client still writes would look different.
                    select.select([connection], [], [], 0.5)
                mishaps.reset(connection)
                return False
        request.body = reader.body(request)
        operation = self.application.operation(request)
        if self.weather.has_armed and (armed := self.weather.take(operation, _IN_REQUEST, path=request.path)):
            self.weather.saw(request.method, request.path, operation, armed.fault.name)
            return self._spoil(connection, request, operation, armed)
        self.weather.saw(request.method, request.path, operation)
        self.weather.settle()
        answer = self.application.answer(request, operation)
        if self.latency:
            time.sleep(self.latency)
        connection.sendall(answer.wire())
        return request.keep_alive

    def _spoil(self, connection: socket.socket, request: Request, operation: str, armed: Armed) -> bool:
        name = armed.fault.name
        self.weather.settle()
        right = Answer(500)
        if armed.fault.stage is Stage.BEFORE:
            wrong = mishaps.answer_instead(name, armed.seconds, request)
        else:
            request.commit_after = armed.seconds if name == "commit_later" else 0.0
            right = self.application.answer(request, operation)
            wrong = mishaps.spoil(name, right)
        if self.latency:
            time.sleep(self.latency)
        if wrong is not None:
            connection.sendall(wrong.wire())
            return request.keep_alive
        return mishaps.misbehave(name, connection, right, armed.seconds, lambda: self._wait(connection, armed.seconds))

    def _wait(self, connection: socket.socket, seconds: float) -> bool:
        """Wait, but not longer than the client does; whether the client is still there."""
        end = time.monotonic() + seconds
        while not self._stopped.is_set():
            left = end - time.monotonic()
            if left <= 0:
                return True
            readable, _, _ = select.select([connection], [], [], min(left, 0.25))
            # Under TLS a client that waits is silent: whatever comes is its goodbye.
            if readable and (self._tls is not None or not connection.recv(1, socket.MSG_PEEK)):
                return False
        return False


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


class _Reader:
    """Reads requests off one connection. Raises ValueError for what is not HTTP, OSError for a lost connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def head(self) -> Request | None:
        """The next request without its body, or None at the end of the connection."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._more():
                return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        self._buffer = self._buffer[end + 4 :]
        method, target, version = lines[0].split(" ")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        path, _, query = target.partition("?")
        keep = headers.get("connection", "").lower() != "close" and version != "HTTP/1.0"
        return Request(method, path, query, headers, keep_alive=keep)

    def body(self, request: Request) -> bytes:
        """The request's body."""
        if "chunked" in request.headers.get("transfer-encoding", ""):
            return self._chunks()
        length = int(request.headers.get("content-length") or 0)
        if length == 0:
            return b""
        if request.headers.get("expect", "").lower() == "100-continue":
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self._exactly(length)

    def holds_body(self, request: Request) -> bool:
        """Whether the body, if there is one, came along with the head."""
        return len(self._buffer) >= int(request.headers.get("content-length") or 0)

    def _exactly(self, length: int) -> bytes:
        parts = [self._buffer]
        have = len(self._buffer)
        while have < length:
            piece = self._connection.recv(262144)
            if not piece:
                raise ValueError("the request was cut off")
            parts.append(piece)
            have += len(piece)
        whole = b"".join(parts)
        self._buffer = whole[length:]
        return whole[:length]

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while (end := self._buffer.find(b"\r\n")) < 0:
                if not self._more():
                    raise ValueError("the request was cut off")
            size = int(self._buffer[:end].split(b";")[0], 16)
            self._buffer = self._buffer[end + 2 :]
            body += self._exactly(size)
            self._exactly(2)
            if size == 0:
                return body

    def _more(self) -> bool:
        piece = self._connection.recv(65536)
        self._buffer += piece
        return bool(piece)
