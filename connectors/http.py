"""The one place that calls outside systems over HTTP: deadline, classification, Retry-After, rate limit, breaker.

A read is tried again inside the call, within a budget of tries and of time. A write is tried once and never again: it
goes back to the ledger with an error that says what is proven (connectors.outcomes).

What is promised: a call ends within its deadline, whatever the far end drips (a token that must be fetched first has
a deadline of its own); a redirect is never followed; no body,
header or query shows in a log or an error. What is not: looking up a host name takes as long as this machine's
resolver lets it.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlencode

import requests
import urllib3
from tenacity import Retrying, retry_if_exception

from config.errors import ConfigurationError
from connectors.answers import Answer, Malformed, refused_fields
from connectors.breaker import Breaker
from connectors.errors import ConnectorError, NotApplied, Rejected, Unreachable
from connectors.evidence import outcome_of_answer, outcome_of_failure
from connectors.outcomes import TABLE, Naming, Outcome, error_of
from connectors.patience import Patience, may_write, pause
from connectors.rate_limit import RateLimit
from connectors.reading import AnswerTooLong
from connectors.sign_in import Pass, SignIn
from connectors.wire import Wire

if TYPE_CHECKING:
    from config.settings import Settings

_AGENT = "incident-bridge"
_in_json = json.JSONEncoder(separators=(",", ":")).encode
_NONE: frozenset[int] = frozenset()


def _anything(_content: Any) -> bool:
    return True


class Call(NamedTuple):
    """One call: where, with what, to do what to which record (ids only).

    `expect`: statuses other than success that the caller reads itself, where the system itself gave them.
    `well_formed`: whether a success has the shape that the contract says.
    """

    method: str
    path: str
    doing: str
    writes: bool
    payload: bytes | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    expect: Collection[int] = _NONE
    well_formed: Callable[[Any], bool] = _anything
    sent_fields: Collection[str] = ()

    def __repr__(self) -> str:
        return f"<Call for {self.doing}>"


class Http:
    """Calls to one system, shared by every thread that works on it. Times are seconds."""

    def __init__(
        self,
        base_url: str,
        naming: Naming,
        *,
        timeout: float = 30.0,
        connections: int = 8,
        sign_in: SignIn | None = None,
        rate_per_second: float | None = None,
        breaker: Breaker | None = None,
        ca_file: str | None = None,
        proxy_url: str | None = None,
        tries: int = 4,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.naming = naming
        self.timeout = timeout
        self.on_stage: Callable[[str], None] | None = None
        """Called at `connect`, `half_written`, `written` and `answered` of each write; for crash tests."""
        self.sign_in = sign_in
        self._tries = tries
        self._clock = clock
        self._stopped = threading.Event()
        self._wait = self._sleep if wait is None else wait
        self._breaker = Breaker() if breaker is None else breaker
        self._rate = RateLimit(rate_per_second, wait=self._wait)
        self._proxied = proxy_url is not None
        # one more than the workers' threads: a renewed token has a connection of its own
        self._wire = Wire(self.base_url, connections=connections + 1, ca_file=ca_file, proxy_url=proxy_url)
        self._headers = {
            **self._wire.headers,
            "User-Agent": _AGENT,
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",
        }

    @classmethod
    def from_settings(
        cls, settings: Settings, base_url: str, naming: Naming, *, sign_in: SignIn | None, rate_per_second: float | None
    ) -> Http:
        """An Http as the site's settings say. Raises ConfigurationError for a CA file that cannot be used."""
        ca_file, proxy = settings.tls.ca_file, settings.proxy.url
        try:
            return cls(
                base_url,
                naming,
                timeout=settings.delivery.timeout_seconds,
                connections=settings.delivery.threads,
                sign_in=sign_in,
                rate_per_second=rate_per_second,
                ca_file=None if ca_file is None else str(ca_file),
                proxy_url=None if proxy is None else proxy.get_secret_value(),
            )
        except OSError:
            raise ConfigurationError(
                f"BRIDGE_TLS__CA_FILE names {ca_file}, which cannot be read as a PEM file of certificates; "
                "correct the path or the file.",
                setting="BRIDGE_TLS__CA_FILE",
            ) from None

    # ---- calls -------------------------------------------------------------------------------------------------

    def read(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        doing: str,
        expect: Collection[int] = _NONE,
        well_formed: Callable[[Any], bool] = _anything,
    ) -> Answer:
        """Ask, and ask again within the deadline where the failure may pass.

        Raises NotApplied (with `retry_after` where the system asked for more patience than the deadline has),
        Unreachable, Rejected or Misconfigured.
        """
        if query:
            path = f"{path}?{urlencode(query)}"
        return self._ask(Call("GET", path, doing, writes=False, expect=expect, well_formed=well_formed))

    def ask(
        self,
        path: str,
        form: Mapping[str, str],
        *,
        doing: str,
        expect: Collection[int],
        well_formed: Callable[[Any], bool],
    ) -> Answer:
        """A question that is put by POST and changes nothing, such as asking for a token. Shows no pass."""
        return self._ask(
            Call(
                "POST",
                path,
                doing,
                writes=False,
                payload=urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                expect=expect,
                well_formed=well_formed,
            ),
            signed=False,
        )

    def write(
        self,
        path: str,
        body: Mapping[str, object] | None,
        *,
        doing: str,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = _NONE,
    ) -> Answer:
        """Send once. A returned success is only an answer: whether it proves anything is the caller's to read.

        Raises NotApplied, Unreachable, Uncertain, Rejected or Misconfigured.
        """
        own = dict(headers or {})
        payload = b""
        if body is not None:
            payload, own["Content-Type"] = _in_json(body).encode(), "application/json"
        call = Call(
            "POST", path, doing, writes=True, payload=payload, headers=own, expect=expect, sent_fields=body or ()
        )
        return self._once(call, Patience(self.timeout))

    def unreadable(self, doing: str, *, write: bool = False, status: int | None = None) -> ConnectorError:
        """The error for an answer that reads well enough as JSON and yet is not what the contract says."""
        return error_of(Outcome.UNREADABLE, self.naming, doing=doing, write=write, status=status)

    def close(self) -> None:
        """Wake every wait, refuse further calls and close the connections."""
        self._stopped.set()
        self._wire.close()

    # ---- one try -----------------------------------------------------------------------------------------------

    def _once(self, call: Call, patience: Patience, *, signed: bool = True) -> Answer:
        asked_at = time.monotonic()
        shown = self.sign_in.current() if signed and self.sign_in is not None else None
        self._rate.take()
        patience.ends += time.monotonic() - asked_at
        resting = self._breaker.admit()
        if resting > 0:
            raise self._left_alone(call, resting)
        try:
            answer = self._judged(call, self._exchange(call, shown, patience.left), shown)
        except ConnectorError as error:
            self._mark(error)
            raise
        except BaseException:
            self._breaker.released()
            raise
        self._breaker.succeeded()
        return answer

    def _exchange(self, call: Call, shown: Pass | None, seconds: float) -> Answer:
        if self._stopped.is_set() or (call.writes and not may_write.get()()):
            raise self._error(Outcome.STOPPED, call)
        if seconds <= 0:
            raise self._error(Outcome.CONNECT_TIMED_OUT, call)
        headers = {**self._headers, **(shown.headers if shown else {}), **call.headers}
        if call.payload is not None:
            headers["Content-Length"] = str(len(call.payload))
        request = requests.PreparedRequest()
        request.method, request.url, request.body = call.method, self.base_url + call.path, call.payload
        request.headers = cast("Any", headers)  # a plain dict: nothing here looks a name up in another case
        try:
            return self._wire.exchange(request, seconds=seconds, on_stage=self.on_stage if call.writes else None)
        except AnswerTooLong:
            raise self._error(Outcome.TOO_LONG, call) from None
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as why:
            wire = self._wire  # what requests itself raises is an OSError
            outcome = outcome_of_failure(why, sent=wire.sent, answered=wire.answered, proxied=self._proxied)
            raise self._error(outcome, call) from None

    def _judged(self, call: Call, answer: Answer, shown: Pass | None) -> Answer:
        status = answer.status
        expected = status in call.expect and answer.from_system
        if expected or 200 <= status < 300:
            if shown is not None:
                cast("SignIn", self.sign_in).accepted()
            if expected or call.writes or _readable(call, answer):
                return answer
            raise self._error(Outcome.UNREADABLE, call, status=status)
        if status == 401 and shown is not None:
            raise self._refused(call, answer, shown)
        outcome = outcome_of_answer(answer)
        raise self._error(
            outcome,
            call,
            status=status,
            retry_after=answer.retry_after(self._clock()),
            fields=refused_fields(answer, call.sent_fields) if outcome is Outcome.FIELDS_REFUSED else (),
        )

    def _refused(self, call: Call, answer: Answer, shown: Pass) -> ConnectorError:
        """A 401: a write was not applied if the system itself says so; a read is worth another try, once."""
        once_more = cast("SignIn", self.sign_in).refused(shown)
        if call.writes and not answer.from_system:
            return self._error(Outcome.PROXY_PAGE, call, status=401)
        outcome = Outcome.SIGN_IN_STALE if once_more else Outcome.SIGN_IN_REFUSED
        return self._error(outcome, call, status=401, retry_after=0.0)

    def _left_alone(self, call: Call, seconds: float) -> ConnectorError:
        error = self._error(Outcome.RESTING, call, retry_after=seconds)
        if self._breaker.unreachable:
            error = Unreachable(error.message, retry_after=seconds)
            error.reason = Outcome.RESTING
        return error

    def _mark(self, error: ConnectorError) -> None:
        """Tell the breaker what the failure says about the system."""
        outcome = Outcome(error.reason)
        if TABLE[outcome].counts:
            asked = error.retry_after if isinstance(error, NotApplied) else None
            self._breaker.failed(asked=asked, unreachable=isinstance(error, Unreachable))
        elif isinstance(error, Rejected) or outcome in _ALIVE:
            self._breaker.succeeded()
        else:
            self._breaker.released()

    def _error(self, outcome: Outcome, call: Call, **known: Any) -> ConnectorError:
        return error_of(outcome, self.naming, doing=call.doing, write=call.writes, seconds=self.timeout, **known)

    # ---- reads, again ------------------------------------------------------------------------------------------

    def _ask(self, call: Call, *, signed: bool = True) -> Answer:
        patience = Patience(self.timeout)
        retrying = Retrying(
            retry=retry_if_exception(self._may_pass),
            wait=pause,
            stop=lambda state: state.attempt_number >= self._tries or state.upcoming_sleep >= patience.left,
            sleep=self._wait,
            reraise=True,
        )
        return retrying(self._once, call, patience, signed=signed)

    def _may_pass(self, why: BaseException) -> bool:
        if not isinstance(why, ConnectorError) or (self.sign_in is not None and why is self.sign_in.failure):
            return False  # a token that could not be had was asked for often enough
        return TABLE[Outcome(why.reason)].again

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)


_ALIVE = frozenset({Outcome.LOCKED, Outcome.SIGN_IN_STALE, Outcome.SIGN_IN_REFUSED})


def _readable(call: Call, answer: Answer) -> bool:
    try:
        return call.well_formed(answer.content)
    except Malformed:
        return False
