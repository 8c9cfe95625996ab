"""The wire to one system: `requests`, over kept connections that are timed by the call.

The wire also remembers whether any byte of the request was handed to a connected socket. That is what separates
"never sent" from "may have been applied": after the handshake even a TLS error proves nothing.
"""

from __future__ import annotations

import logging
import queue
import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Url, create_urllib3_context, parse_url

from connectors.answers import Answer
from connectors.line import Line, SecureLine, TimedTls
from connectors.reading import Reading, read_from
from connectors.under_way import CALL

# urllib3 writes request lines at DEBUG and raw header lines at WARNING; neither belongs in anybody's log.
logging.getLogger("urllib3").setLevel(logging.ERROR)

_TIMED_BY_THE_CALL: Any = urllib3.Timeout()


class _Resting(queue.LifoQueue[Any]):
    """The connections that no call has. Nobody waits here for one, so that nothing is locked."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: ARG002
        try:
            return self.queue.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002
        if len(self.queue) >= self.maxsize:
            raise queue.Full
        self.queue.append(item)


class Lines(urllib3.HTTPConnectionPool):
    """Kept connections to one address. Each call has one to itself until its answer is read; nothing is sent twice."""

    ConnectionCls = Line
    QueueCls = _Resting
    through_a_tunnel = False

    def urlopen(  # type: ignore[override]  # what urllib3 does besides (again, elsewhere, timed apart) is not wanted
        self, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any
    ) -> Reading:
        """Send one request and read its whole answer."""
        line = cast("Line", self._get_conn())
        try:
            if line.is_closed:
                self._open(line)
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it hung up
                line.request(method, url, body, headers)
            reading = read_from(line.incoming)
            if reading.ends:
                line.close()
            line.rests_since = time.monotonic()
        except BaseException:
            line.close()
            raise
        finally:
            self._put_conn(line)
        return reading

    def _open(self, line: Line) -> None:
        if self.through_a_tunnel:
            self._prepare_proxy(line)
        else:
            line.connect()


class SecureLines(Lines, urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = SecureLine


class Wire(HTTPAdapter):
    """A `requests` transport to one address: one kept pool, no redirects, no cookies, no retries."""

    def __init__(
        self, base_url: str, *, connections: int, ca_file: str | None = None, proxy_url: str | None = None
    ) -> None:
        super().__init__()
        address = parse_url(base_url)
        secure = address.scheme == "https"
        self._written = len(base_url)
        self._root = address.path or ""
        self.headers = {"Host": _host(address)}
        """What each request has to carry for the way that it goes."""
        options: dict[str, Any] = {"maxsize": connections, "block": False}
        if secure:
            options["ssl_context"] = _trusting(ca_file)
        manager = urllib3.PoolManager(**options)
        if proxy_url is not None:
            if parse_url(proxy_url).scheme == "https":
                options["proxy_ssl_context"] = _trusting(ca_file)
            sign_in = self.proxy_headers(proxy_url)
            manager = urllib3.ProxyManager(proxy_url, proxy_headers=sign_in, **options)
            if not secure:  # it reads the request itself, and passes it on
                self._root, self.headers = address.url, {"Host": address.netloc or "", **sign_in}
        manager.pool_classes_by_scheme = {"http": Lines, "https": SecureLines}
        self._pool = cast("Lines", manager.connection_from_url(base_url))
        self._pool.through_a_tunnel = secure and proxy_url is not None

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def exchange(
        self, request: requests.PreparedRequest, *, seconds: float, on_stage: Callable[[str], None] | None = None
    ) -> Answer:
        """Send one request and read its whole answer.

        Raises what requests and urllib3 raise, ValueError for what HTTP cannot carry, AnswerTooLong, and TimeoutError
        when the time is up.
        """
        # Sent, until the real transport says otherwise: one that stands in for it in a test proves nothing.
        CALL.ends, CALL.sent, CALL.answered, CALL.on_stage = time.monotonic() + seconds, True, False, on_stage
        if on_stage is not None:
            on_stage("connect")
        response = self.send(request, timeout=_TIMED_BY_THE_CALL)
        if on_stage is not None:
            on_stage("answered")
        return Answer(response.status_code, response.headers, response.raw.data)

    @property
    def sent(self) -> bool:
        """Whether any byte of this thread's last request was handed to a connected socket."""
        return CALL.sent

    @property
    def answered(self) -> bool:
        """Whether status and headers came back for this thread's last request."""
        return CALL.answered

    # What requests works out anew at each call is known here from the start, or not wanted.

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> urllib3.HTTPConnectionPool:
        CALL.sent = False
        return self._pool

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """The pool's own TLS context verifies."""

    def request_url(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> str:
        target = self._root + cast("str", request.url)[self._written :]
        if not target.isascii() or " " in target or not "".join((target, *request.headers.values())).isprintable():
            raise ValueError("an address or a header holds what HTTP cannot carry")
        return target

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response.__new__(requests.Response)  # without a cookie jar and a history that nobody reads
        response.request, response.raw = req, resp
        response.status_code, response.headers = resp.status, resp.headers
        return response


def _host(address: Url) -> str:
    """Who is asked, as a request says it: without the port that goes without saying, and this machine's own zone."""
    host = re.sub("%[^]]*", "", address.host or "")
    usual = {"http": 80, "https": 443}.get(address.scheme or "")
    return host if address.port in (None, usual) else f"{host}:{address.port}"


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Verifies against the usual authorities, and the site's own. Raises OSError for a file that cannot be used."""
    context = create_urllib3_context()
    context.sslsocket_class = TimedTls
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
