"""Which outcome an answer or an exception shows. What an outcome means is for the table in connectors.outcomes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from connectors.answers import Answer
from connectors.outcomes import Outcome

_STATUSES: Mapping[int, Outcome] = {
    400: Outcome.FIELDS_REFUSED,
    401: Outcome.SIGN_IN_REFUSED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    407: Outcome.PROXY_SIGN_IN,
    408: Outcome.SERVER_ERROR,
    409: Outcome.CONFLICT,
    410: Outcome.MERGED,
    413: Outcome.TOO_LARGE,
    422: Outcome.FIELDS_REFUSED,
    423: Outcome.LOCKED,
    425: Outcome.SERVER_ERROR,
    429: Outcome.SLOW_DOWN,
}

_PASSING_PAGES = frozenset({408, 425, 429})
"""Statuses under 500 with which a proxy in front says 'not now' rather than 'not here'."""


def outcome_of_answer(answer: Answer) -> Outcome:
    """What an answer that is no success shows."""
    status = answer.status
    if status < 400:
        return Outcome.REDIRECTED if status >= 300 else Outcome.UNREADABLE
    if status in (407, 413):  # a size limit is a refusal whoever has it, and 407 is a proxy's by its meaning
        return _STATUSES[status]
    if not answer.from_system:
        passing = status >= 500 or status in _PASSING_PAGES
        return Outcome.PROXY_PAGE if passing else Outcome.WRONG_ADDRESS
    if status == 503 and "retry-after" in answer.headers:
        return Outcome.SLOW_DOWN
    if status >= 500:
        return Outcome.SERVER_ERROR
    return _STATUSES.get(status, Outcome.OTHER_REFUSAL)


_CERTIFICATES: Mapping[int, Outcome] = {
    9: Outcome.CERTIFICATE_EXPIRED,  # not yet valid
    10: Outcome.CERTIFICATE_EXPIRED,
    18: Outcome.CERTIFICATE_UNKNOWN,  # signed by itself
    19: Outcome.CERTIFICATE_UNKNOWN,
    20: Outcome.CERTIFICATE_UNKNOWN,
    21: Outcome.CERTIFICATE_UNKNOWN,
    62: Outcome.CERTIFICATE_OTHER_NAME,
    64: Outcome.CERTIFICATE_OTHER_NAME,
}
"""OpenSSL's verify codes."""


def outcome_of_failure(why: BaseException, *, sent: bool, answered: bool = False, proxied: bool = False) -> Outcome:
    """What an exception of requests or urllib3 shows. `sent`: a byte of the request had left on a connected socket;
    `answered`: a status line had come back.

    An exception alone does not tell: a TLS error after the handshake, or a proxy's, may come when all was sent.
    """
    links = tuple(_links(why))
    if sent:
        if any(isinstance(link, TimeoutError | requests.Timeout) for link in links):
            return Outcome.SILENT
        return Outcome.CUT_OFF if answered else Outcome.CONNECTION_LOST
    if proxied and not any(isinstance(link, ssl.SSLError) for link in links):
        return Outcome.PROXY_FAILED
    for link in links:
        if isinstance(link, NameResolutionError):
            return Outcome.NO_SUCH_HOST
        if isinstance(link, NewConnectionError):
            return Outcome.REFUSED_CONNECTION
        if isinstance(link, requests.ConnectTimeout | ConnectTimeoutError):
            return Outcome.CONNECT_TIMED_OUT
        if isinstance(link, ssl.SSLError):
            return _CERTIFICATES.get(getattr(link, "verify_code", 0), Outcome.TLS_FAILED)
    return Outcome.NOT_CONNECTED


def _links(why: BaseException) -> Iterator[BaseException]:
    """The exception and every one that it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [why]
    while waiting:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (
            [getattr(link, "reason", None), *link.args]
            if isinstance(link, requests.RequestException | HTTPError)
            else []
        )
        waiting.extend([*inner, link.__cause__, link.__context__])
