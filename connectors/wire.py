"""The wire to one system: `requests` over kept connections, with a deadline that a slow drip cannot stretch.

`timeout=` of requests is the patience for one `recv`; a server that sends a byte a second stretches a call for ever.
Here every connect, send and receive of a call is given what is left of the call's own time, headers and body alike.

The wire also remembers whether any byte of the request was handed to a connected socket. That is what separates
"never sent" from "may have been applied": after the handshake even a TLS error proves nothing.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util import create_urllib3_context

MOST_BYTES = 32 * 1024 * 1024
"""The largest answer that is read; a longer one is an answer that cannot be understood."""

_SLICE = 16 * 1024
_IDLE = 1.5
"""Seconds after which a kept connection is not trusted any more. Servers close idle ones after two seconds and more,
and a request that meets such a close on its way is in doubt."""

# urllib3 writes request lines at DEBUG and raw header lines at WARNING; neither belongs in anybody's log.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class AnswerTooLong(Exception):
    """The far end sent more than MOST_BYTES."""


class _Call(threading.local):
    """The call that this thread has under way."""

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


_CALL = _Call()


class _TimedReader(io.RawIOBase):
    """A socket's bytes, each wait no longer than what is left of the call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # makefile keeps the socket open until the reader is closed too, which http.client relies on
        self._raw = cast("io.RawIOBase", sock.makefile("rb", buffering=0))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_CALL.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._raw.close()


class _TimedSocket:
    """What http.client.HTTPResponse asks of a socket: a file to read from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock), 16 * 1024)


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(cast("socket.socket", _TimedSocket(sock)), *args, **kwargs)


class _Line(HTTPConnection):
    """A kept connection whose every step is timed by the call that uses it."""

    debuglevel = 0  # a debuglevel set on http.client for everyone would print headers and bodies
    response_class = _TimedResponse
    _held: bytes | None = None
    _answered_at = 0.0

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
        try:
            super()._tunnel()
        finally:
            _CALL.sent = False  # what went out so far was for the proxy, not for the system

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._answered_at < _IDLE and super().is_connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself does
        response = super().getresponse()
        self._answered_at = time.monotonic()
        return response

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        self._held = b"" if body else None
        super().request(method, url, body=body, headers=headers, **options)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if self._held == b"":  # the headers wait for the body: one packet, one wake-up at the far end
            self._held = data
            return
        if self._held is not None:
            data, self._held = self._held + data, None
        _CALL.sent = True
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


class Wire(HTTPAdapter):
    """A `requests` transport to one address: one kept pool, no redirects, no cookies, no retries."""

    def __init__(
        self, base_url: str, *, connections: int, ca_file: str | None = None, proxy_url: str | None = None
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=urllib3.Retry(0, redirect=0))
        secure = base_url.startswith("https://")
        self._whole_address = proxy_url is not None and not secure
        options: dict[str, Any] = {"maxsize": connections, "block": False}
        if secure:
            options["ssl_context"] = _trusting(ca_file)
        manager = urllib3.PoolManager(**options)
        if proxy_url is not None:
            if proxy_url.startswith("https://"):
                options["proxy_ssl_context"] = _trusting(ca_file)
            manager = urllib3.ProxyManager(proxy_url, proxy_headers=self.proxy_headers(proxy_url), **options)
        self._pool = manager.connection_from_url(base_url)
        self._pool.ConnectionCls = _SecureLine if self._pool.scheme == "https" else _Line

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def exchange(
        self,
        request: requests.PreparedRequest,
        *,
        seconds: float,
        on_stage: Callable[[str], None] | None = None,
    ) -> tuple[int, Any, bytes]:
        """Send one request and read its whole answer: status, headers, body.

        Raises what requests and urllib3 raise, AnswerTooLong, and TimeoutError when the time is up.
        """
        _CALL.ends, _CALL.sent, _CALL.answered, _CALL.on_stage = time.monotonic() + seconds, False, False, on_stage
        if on_stage is not None:
            on_stage("connect")
        response = self.send(request, stream=True, timeout=seconds)
        _CALL.answered = True
        raw = response.raw
        try:
            body: bytes = raw.read(MOST_BYTES + 1, decode_content=True)
        except BaseException:
            raw.close()
            raise
        if len(body) > MOST_BYTES:
            raw.close()
            raise AnswerTooLong
        if on_stage is not None:
            on_stage("answered")
        return response.status_code, response.headers, body

    @property
    def sent(self) -> bool:
        """Whether any byte of this thread's last request was handed to a connected socket."""
        return _CALL.sent

    @property
    def answered(self) -> bool:
        """Whether a status line came back for this thread's last request."""
        return _CALL.answered

    # What requests works out anew at each call is known here from the start.

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> urllib3.HTTPConnectionPool:
        return self._pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """The pool's own TLS context verifies."""

    def request_url(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> str:
        url = cast("str", request.url)
        return url if self._whole_address else url[url.index("/", 8) :]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:  # noqa: ARG002
        return cast("requests.Response", _Response(resp.status, resp.headers, resp))


class _Response(NamedTuple):
    """What is used of a requests.Response; cookies, history and encodings are work for nothing here."""

    status_code: int
    headers: Any
    raw: Any


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Verifies against the usual authorities, and the site's own. Raises OSError for a file that cannot be used."""
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
