"""A small HTTP server with manners of its own and bad weather on demand. It knows nothing of the software under test.

`Manners` are legal habits that a client must put up with; `Storm` is a fault that ends after so many answers.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Manners:
    """What this server does although nobody asked: all of it within the contract."""

    chunked: bool = False
    gzipped: bool = False
    http_1_0: bool = False
    charset: str = ""
    slow: float = 0.0
    extra: bool = False
    skew_seconds: float = 0.0
    page: int | None = None
    empty_pages: bool = False
    blank_cursor: bool = False
    offset_cursor: bool = False
    twice: bool = False
    ignore_filters: bool = False
    drop_reference: bool = False
    fold_reference: bool = False
    fold_home: bool = False
    idempotent: bool = False
    rewrite: bool = False
    short_lists: bool = False
    token_seconds: int = 600
    locationless: bool = True


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body.decode("utf-8"))


@dataclass
class Storm:
    """A fault: for requests that `hits`, `times` times. `after` says whether the request was applied first."""

    kind: str
    hits: Callable[[Asked], bool]
    times: int = 1
    after: bool = False
    detail: Any = None
    struck: int = 0


class Refusal(Exception):
    """A problem document (RFC 9457)."""

    def __init__(self, status: int, title: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(title)
        self.status, self.headers = status, headers or {}
        self.body = {"type": "about:blank", "title": title, "status": status, **more}


@dataclass
class Reply:
    """An answer before manners."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Wire:
    """The server. Subclasses say what a path means in `meet`; what they hold is theirs."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        self.asked: list[Asked] = []
        self.storms: list[Storm] = []
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/gateway/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def storm(
        self, kind: str, hits: Callable[[Asked], bool], *, times: int = 1, after: bool = False, detail: Any = None
    ) -> Storm:
        one = Storm(kind, hits, times, after, detail)
        self.storms.append(one)
        return one

    def meet(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def count(self, method: str, part: str) -> int:
        return sum(one.method == method and part in one.path for one in self.asked)

    # ---- how it answers ----

    def _storm_for(self, asked: Asked) -> Storm | None:
        for one in self.storms:
            if one.struck < one.times and one.hits(asked):
                one.struck += 1
                return one
        return None

    def _answer(self, asked: Asked) -> Reply:
        try:
            return self.meet(asked)
        except Refusal as why:
            headers = {"content-type": "application/problem+json", **why.headers}
            return Reply(why.status, why.body, headers)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        wire = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0" if wire.manners.http_1_0 else "HTTP/1.1"
            timeout = 60

            def log_message(self, *_: object) -> None: ...

            def _go(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("content-length") or 0)
                asked = Asked(
                    self.command,
                    unquote(parts.path).removeprefix("/gateway/v1"),
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                with wire.lock:
                    wire.asked.append(asked)
                    storm = wire._storm_for(asked)
                if wire.manners.slow:
                    time.sleep(wire.manners.slow)
                if storm is not None and not storm.after:
                    self._weather(storm, None)
                    return
                reply = wire._answer(asked)
                if storm is not None:
                    self._weather(storm, reply)
                    return
                self._send(reply, asked)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _go  # noqa: N815

            def _send(self, reply: Reply, asked: Asked) -> None:
                raw = (
                    json.dumps(reply.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
                    if reply.body is not None
                    else b""
                )
                headers = {"content-type": "application/json" + wire.manners.charset, **reply.headers}
                if wire.manners.gzipped and "gzip" in asked.headers.get("accept-encoding", ""):
                    raw = gzip.compress(raw)
                    headers["content-encoding"] = "gzip"
                self.send_response(reply.status, "")
                for name, value in headers.items():
                    self.send_header(name, value)
                if wire.manners.chunked and not wire.manners.http_1_0:
                    self.send_header("transfer-encoding", "chunked")
                    self.end_headers()
                    for at in range(0, len(raw), 700):
                        piece = raw[at : at + 700]
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.write(b"0\r\n\r\n")
                    return
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def _weather(self, storm: Storm, reply: Reply | None) -> None:
                self.close_connection = True
                for step in weather(storm, reply):
                    if isinstance(step, bytes):
                        try:
                            self.wfile.write(step)
                        except OSError:
                            return  # the other side had enough
                    elif isinstance(step, float):
                        time.sleep(step)
                    elif step == "reset":
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if storm.kind in ("reset", "cut body"):
                    self.connection.close()

        return Handler


def whole(status: str, kind: str, body: bytes, **headers: str) -> bytes:
    """A whole answer, after which the connection is closed, as it says."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def weather(storm: Storm, reply: Reply | None) -> Iterator[bytes | float | str]:
    """What goes over the wire instead of the answer: bytes, pauses in seconds, or `reset`."""
    body = json.dumps(reply.body if reply else {"title": "?", "status": 500}).encode()
    detail = storm.detail
    if storm.kind == "reset":
        yield "reset"
    elif storm.kind == "hang up":
        return
    elif storm.kind == "stall":
        yield float(detail or 3.0)
    elif storm.kind == "cut status":
        yield b"HTTP/1.1 201 Crea"
    elif storm.kind == "cut body":
        yield b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        yield body[:12]
    elif storm.kind == "truncated json":
        yield whole("200 OK", "application/json", body[: max(1, len(body) // 2)])
    elif storm.kind == "html":
        yield whole("200 OK", "text/html", b"<html><body>Please sign in</body></html>")
    elif storm.kind == "drip":
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n"
        yield head
        for _ in range(60):
            yield b" "
            yield 0.2
    elif storm.kind == "redirect":
        status, where = detail
        yield whole(f"{status} Moved", "text/plain", b"", location=where)
    elif storm.kind == "proxy 503":
        yield whole("503 Busy", "text/html", b"<html>upstream unavailable</html>")
    elif storm.kind == "status":
        status, headers = detail
        problem = json.dumps({"title": "storm", "status": status, "detail": "may quote the request"}).encode()
        yield whole(f"{status} Storm", "application/problem+json", problem, **headers)
    else:
        raise AssertionError(f"no weather called {storm.kind}")
