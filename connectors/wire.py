"""The wire to one system: kept connections of urllib3's, with a deadline that a slow drip cannot stretch.

urllib3 connects, verifies and passes through proxies; one request is written and one answer read here, at a fraction of
what the general way costs. A general time-out is the patience for one `recv`, and a server that sends a byte a second
stretches a call for ever: here every connect, send and receive is given what is left of the call's own time.

The wire also remembers whether any byte of the request was handed to a connected socket. That is what separates
"never sent" from "may have been applied": after the handshake even a TLS error proves nothing.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import create_urllib3_context, parse_url

from connectors.reply import AnswerTooLong, Reply, read_reply

__all__ = ["MOST_BYTES", "AnswerTooLong", "Wire"]

MOST_BYTES = 32 * 1024 * 1024
"""The largest answer that is read; a longer one is an answer that cannot be understood."""

_SLICE = 16 * 1024
_IDLE = 1.5
"""Seconds after which a kept connection is not trusted any more. Servers close idle ones after two seconds and more,
and a request that meets such a close on its way is in doubt."""

# urllib3 writes request lines at DEBUG and raw header lines at WARNING; neither belongs in anybody's log.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class _Call(threading.local):
    """The call that this thread has under way."""

    ends: float = float("inf")  # by time.monotonic
    sent: bool = False
    answered: bool = False
    on_stage: Callable[[str], None] | None = None

    def has_answer(self) -> None:
        """Status and headers came back."""
        self.answered = True

    def left(self) -> float:
        """Seconds that are left; raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


_CALL = _Call()


class _Line(HTTPConnection):
    """A kept connection whose every step is timed by the call that uses it."""

    debuglevel = 0  # a debuglevel set on http.client for everyone would print headers and bodies
    _answered_at = 0.0
    _tunnel_headers: Mapping[str, str]

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except OSError as why:
            raise NameResolutionError(self.host, self, cast("socket.gaierror", why)) from None
        last: OSError | None = None
        for tried, (family, kind, protocol, _, address) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(_CALL.left() / (len(found) - tried))
                sock.connect(address)
                sock.settimeout(_CALL.left())  # for the handshake
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
        """Ask the proxy for a way through. What goes out here is for the proxy, not for the system."""
        host = cast("str", self._tunnel_host)
        where = f"{f'[{host}]' if ':' in host else host}:{self._tunnel_port or self.port}"
        self._send_timed(_head("CONNECT", where, {"Host": where, **self._tunnel_headers}))
        if not 200 <= read_reply(self.sock, most=MOST_BYTES, left=_CALL.left, bodiless=True).status < 300:
            self.close()
            raise OSError("the proxy refuses the tunnel")

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._answered_at < _IDLE and super().is_connected

    def exchange(self, request: bytes) -> Reply:
        """Send one whole request and read its answer. The connection is closed unless the answer lets it be kept."""
        self._answered_at = 0.0
        _CALL.sent = True
        # A far end may refuse early and close: what it said first is its answer.
        with contextlib.suppress(BrokenPipeError):
            self._send_in_stages(request)
        reply = read_reply(self.sock, most=MOST_BYTES, left=_CALL.left, on_head=_CALL.has_answer)
        if reply.keeps:
            self._answered_at = time.monotonic()
        else:
            self.close()
        return reply

    def _send_in_stages(self, data: bytes) -> None:
        if _CALL.on_stage is None:
            self._send_timed(data)
            return
        half = len(data) // 2
        self._send_timed(data[:half])
        _CALL.on_stage("half_written")
        self._send_timed(data[half:])
        _CALL.on_stage("written")

    def _send_timed(self, data: bytes) -> None:
        for start in range(0, len(data), _SLICE):  # TLS gives each record the whole time-out anew
            self.sock.settimeout(_CALL.left())
            self.sock.sendall(data[start : start + _SLICE])


class _SecureLine(_Line, HTTPSConnection):
    """The same over TLS."""


class Wire:
    """The way to one address: one pool of kept connections, no redirects, no cookies, no retries."""

    def __init__(
        self, base_url: str, *, connections: int, ca_file: str | None = None, proxy_url: str | None = None
    ) -> None:
        secure = base_url.startswith("https://")
        address = parse_url(base_url)
        self._forwarded_to = base_url if proxy_url is not None and not secure else ""
        options: dict[str, Any] = {"maxsize": connections, "block": False}
        if secure:
            options["ssl_context"] = _trusting(ca_file)
        manager = urllib3.PoolManager(**options)
        passes: Mapping[str, str] = {}
        if proxy_url is not None:
            passes = _proxy_headers(proxy_url)
            if proxy_url.startswith("https://"):
                options["proxy_ssl_context"] = _trusting(ca_file)
            manager = urllib3.ProxyManager(proxy_url, proxy_headers=passes, **options)
        self._tunnelled = proxy_url is not None and secure
        self._pool = manager.connection_from_url(base_url)
        self._pool.ConnectionCls = _SecureLine if self._pool.scheme == "https" else _Line
        self._path = address.path or ""
        self._always = {"Host": address.netloc or "", **(passes if self._forwarded_to else {})}

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        seconds: float,
        on_stage: Callable[[str], None] | None = None,
    ) -> Reply:
        """Send one request and read its whole answer. `path`, with its query, goes after the base address.

        Raises urllib3's errors and http.client's, OSError, ValueError for what HTTP cannot carry, AnswerTooLong, and
        TimeoutError when the time is up.
        """
        _CALL.ends, _CALL.sent, _CALL.answered, _CALL.on_stage = time.monotonic() + seconds, False, False, on_stage
        target = f"{self._forwarded_to or self._path}{path}"
        request = _head(method, target, {**self._always, **headers}) + (body or b"")
        if on_stage is not None:
            on_stage("connect")
        line = self._line()
        try:
            reply = line.exchange(request)
        except BaseException:
            line.close()
            raise
        self._pool._put_conn(line)
        if on_stage is not None:
            on_stage("answered")
        return reply

    @property
    def sent(self) -> bool:
        """Whether any byte of this thread's last request was handed to a connected socket."""
        return _CALL.sent

    @property
    def answered(self) -> bool:
        """Whether status and headers came back for this thread's last request."""
        return _CALL.answered

    def _line(self) -> _Line:
        """A connected line: a kept one that is still trusted, or a new one."""
        line = cast("_Line", self._pool._get_conn())
        try:
            if line.is_closed and self._tunnelled:
                self._pool._prepare_proxy(line)
            elif line.is_closed:
                line.connect()
        except BaseException:
            line.close()
            raise
        return line


_UNSENDABLE = re.compile("[\x00-\x1f\x7f]")


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The request up to its body. Raises ValueError for what would end a line early."""
    fields = "".join(f"{name}: {value}\n" for name, value in headers.items())
    lines = f"{method} {target} HTTP/1.1\n{fields}"
    if target.count(" ") or lines.count("\n") != len(headers) + 1 or _UNSENDABLE.search(lines.replace("\n", "")):
        raise ValueError("an address or a header holds what HTTP cannot carry")
    return f"{lines}\n".replace("\n", "\r\n").encode("latin-1")


def _proxy_headers(proxy_url: str) -> Mapping[str, str]:
    """What the proxy is shown, where its address holds a name and a password."""
    auth = parse_url(proxy_url).auth
    return {} if auth is None else urllib3.make_headers(proxy_basic_auth=unquote(auth))


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Verifies against the usual authorities, and the site's own. Raises OSError for a file that cannot be used."""
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
