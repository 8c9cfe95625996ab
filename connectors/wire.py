"""The wire to one system: `requests`, over kept connections that are timed by the call.

The wire also remembers whether any byte of the request was handed to a connected socket. That is what separates
"never sent" from "may have been applied": after the handshake even a TLS error proves nothing.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import create_urllib3_context, parse_url

from connectors.answers import Answer
from connectors.line import CALL, Line, SecureLine, TimedTls

MOST_BYTES = 32 * 1024 * 1024
"""The largest answer that is read; a longer one is an answer that cannot be understood."""

# urllib3 writes request lines at DEBUG and raw header lines at WARNING; neither belongs in anybody's log.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class AnswerTooLong(Exception):
    """The far end sent more than MOST_BYTES."""


class Wire(HTTPAdapter):
    """A `requests` transport to one address: one kept pool, no redirects, no cookies, no retries."""

    def __init__(
        self, base_url: str, *, connections: int, ca_file: str | None = None, proxy_url: str | None = None
    ) -> None:
        super().__init__(max_retries=urllib3.Retry(0, redirect=0))
        secure = parse_url(base_url).scheme == "https"
        self._whole_address = proxy_url is not None and not secure
        options: dict[str, Any] = {"maxsize": connections, "block": False}
        if secure:
            options["ssl_context"] = _trusting(ca_file)
        manager = urllib3.PoolManager(**options)
        if proxy_url is not None:
            if parse_url(proxy_url).scheme == "https":
                options["proxy_ssl_context"] = _trusting(ca_file)
            manager = urllib3.ProxyManager(proxy_url, proxy_headers=self.proxy_headers(proxy_url), **options)
        self._pool = manager.connection_from_url(base_url)
        self._pool.ConnectionCls = SecureLine if secure else Line

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
        response = self.send(request, stream=True, timeout=seconds)
        try:
            body = response.raw.read(MOST_BYTES + 1, decode_content=True)
            if len(body) > MOST_BYTES:
                raise AnswerTooLong
        except BaseException:
            response.raw.close()
            raise
        if on_stage is not None:
            on_stage("answered")
        return Answer(response.status_code, response.headers, body)

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
        url = cast("str", request.url)
        if " " in url or not "".join((url, *request.headers.values())).isprintable():
            raise ValueError("an address or a header holds what HTTP cannot carry")
        return url if self._whole_address else url[url.index("/", 8) :]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response.__new__(requests.Response)  # without a cookie jar and a history that nobody reads
        response.request, response.raw = req, resp
        response.status_code, response.headers = resp.status, resp.headers
        return response


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Verifies against the usual authorities, and the site's own. Raises OSError for a file that cannot be used."""
    context = create_urllib3_context()
    context.sslsocket_class = TimedTls
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
