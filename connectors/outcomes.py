"""What each failure proves: one table from outcome to class, reason and a sentence for a person.

    Outcome   what was seen: a broken connection, a status, a body
    Fate      what that makes of a write, and of a read
    TABLE     the one place that decides

How an exception or an answer is recognised as an outcome stands in connectors.evidence.

The rule for a write: not applied is only what was never sent (no connection, no handshake) or what an answer of
the system itself promises (401, 423, 429, 503 with Retry-After). Everything else after the first byte is uncertain.
Reads change nothing: a passing failure is tried again within the call, and ends as not applied or unreachable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connectors.errors import (
    Cause,
    ConnectorError,
    Misconfigured,
    NotApplied,
    Rejected,
    SentElsewhere,
    Uncertain,
    Unreachable,
)


class Outcome(StrEnum):
    """What was seen. The value is the reason that the ledger keeps with an attempt."""

    NO_SUCH_HOST = "no_such_host"
    REFUSED_CONNECTION = "connection_refused"
    CONNECT_TIMED_OUT = "connect_timed_out"
    NOT_CONNECTED = "not_connected"
    PROXY_FAILED = "proxy_failed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_UNKNOWN = "certificate_unknown"
    CERTIFICATE_OTHER_NAME = "certificate_other_name"
    TLS_FAILED = "tls_failed"
    CONNECTION_LOST = "connection_lost"
    SILENT = "silent"
    CUT_OFF = "cut_off"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    REDIRECTED = "redirected"
    PROXY_PAGE = "proxy_page"
    WRONG_ADDRESS = "wrong_address"
    SIGN_IN_STALE = "sign_in_stale"
    SIGN_IN_REFUSED = "sign_in_refused"
    PROXY_SIGN_IN = "proxy_sign_in"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    MERGED = "merged"
    FIELDS_REFUSED = "fields_refused"
    TOO_LARGE = "too_large"
    LOCKED = "locked"
    SLOW_DOWN = "slow_down"
    SERVER_ERROR = "server_error"
    OTHER_REFUSAL = "other_refusal"
    RESTING = "resting"
    STOPPED = "stopped"


class Fate(StrEnum):
    """What an outcome makes of a call: the classes of connectors.errors."""

    NOT_APPLIED = "not applied"
    UNREACHABLE = "unreachable"
    UNCERTAIN = "uncertain"
    REJECTED = "rejected"
    MISCONFIGURED = "misconfigured"
    SENT_ELSEWHERE = "sent elsewhere"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `happened` goes after the system's name; `mend` says what to do. `setting` names what to change where the fate
    is misconfigured. `again`: a read may be tried again within the call. `counts`: it is a mark against the system
    for the breaker.
    """

    write: Fate
    read: Fate
    happened: str
    mend: str = ""
    setting: str = "{base_url}"
    cause: Cause = Cause.REFUSED
    again: bool = False
    counts: bool = False


_NOT_APPLIED, _UNREACHABLE, _UNCERTAIN = Fate.NOT_APPLIED, Fate.UNREACHABLE, Fate.UNCERTAIN
_REJECTED, _MISCONFIGURED = Fate.REJECTED, Fate.MISCONFIGURED

TABLE: Mapping[Outcome, Row] = {
    # nothing was sent
    Outcome.NO_SUCH_HOST: Row(
        _UNREACHABLE, _UNREACHABLE, "could not be reached: no host has the name in {base_url}",
        "check its spelling, and this machine's DNS", again=True, counts=True,
    ),
    Outcome.REFUSED_CONNECTION: Row(
        _UNREACHABLE, _UNREACHABLE, "could not be reached: nothing answers at the address in {base_url}",
        "check that it is up, and that the address and port are right", again=True, counts=True,
    ),
    Outcome.CONNECT_TIMED_OUT: Row(
        _UNREACHABLE, _UNREACHABLE, "could not be reached: no connection within {seconds} seconds",
        "check the firewall and the address in {base_url}", counts=True,
    ),
    Outcome.NOT_CONNECTED: Row(
        _UNREACHABLE, _UNREACHABLE, "could not be reached: the connection broke before anything was sent",
        "check the network and the address in {base_url}", again=True, counts=True,
    ),
    Outcome.PROXY_FAILED: Row(
        _UNREACHABLE, _UNREACHABLE, "could not be reached: the proxy in BRIDGE_PROXY__URL does not let us through",
        "check that setting, and the proxy", setting="BRIDGE_PROXY__URL", again=True, counts=True,
    ),
    Outcome.CERTIFICATE_EXPIRED: Row(
        _MISCONFIGURED, _MISCONFIGURED, "shows a certificate that is out of date",
        "ask whoever runs it to renew the certificate, and check this machine's clock",
    ),
    Outcome.CERTIFICATE_UNKNOWN: Row(
        _MISCONFIGURED, _MISCONFIGURED, "shows a certificate from an authority that this machine does not trust",
        "put that authority's certificate into the file that BRIDGE_TLS__CA_FILE names", setting="BRIDGE_TLS__CA_FILE",
    ),
    Outcome.CERTIFICATE_OTHER_NAME: Row(
        _MISCONFIGURED, _MISCONFIGURED, "shows a certificate for another host name",
        "write the host in {base_url} as its certificate does",
    ),
    Outcome.TLS_FAILED: Row(
        _MISCONFIGURED, _MISCONFIGURED, "does not speak TLS with us at the address in {base_url}",
        "check the port, and which TLS versions it takes",
    ),
    # something was sent, and no proof came back
    Outcome.CONNECTION_LOST: Row(
        _UNCERTAIN, _UNREACHABLE, "closed the connection without an answer", again=True, counts=True
    ),
    Outcome.SILENT: Row(_UNCERTAIN, _UNREACHABLE, "did not answer within {seconds} seconds", counts=True),
    Outcome.CUT_OFF: Row(_UNCERTAIN, _NOT_APPLIED, "broke off its answer", again=True, counts=True),
    Outcome.TOO_LONG: Row(_UNCERTAIN, _NOT_APPLIED, "sent more than any answer of its may hold", counts=True),
    Outcome.UNREADABLE: Row(
        _UNCERTAIN, _NOT_APPLIED, "answered with something other than what its contract says",
        "if this goes on, check that {base_url} is the address of its API", again=True, counts=True,
    ),
    Outcome.PROXY_PAGE: Row(
        _UNCERTAIN, _NOT_APPLIED, "is hidden behind an error page (status {status}) that is not its own",
        "if this goes on, ask whoever runs the gateway", again=True, counts=True,
    ),
    Outcome.SERVER_ERROR: Row(
        _UNCERTAIN, _NOT_APPLIED, "answered with a failure of its own (status {status})", again=True, counts=True
    ),
    # the address or the credentials are wrong
    Outcome.WRONG_ADDRESS: Row(
        _UNCERTAIN, _MISCONFIGURED, "is not at the address in {base_url} (a page with status {status} is)",
        "correct that address",
    ),
    Outcome.REDIRECTED: Row(
        Fate.SENT_ELSEWHERE, _MISCONFIGURED, "sends us elsewhere (status {status}), and redirects are not followed",
        "write the final address of its API into {base_url}",
    ),
    Outcome.SIGN_IN_STALE: Row(_NOT_APPLIED, _NOT_APPLIED, "no longer takes our sign-in (status 401)", again=True),
    Outcome.SIGN_IN_REFUSED: Row(
        _MISCONFIGURED, _MISCONFIGURED, "refuses our sign-in (status 401)",
        "correct {credential}", setting="{credential}",
    ),
    Outcome.PROXY_SIGN_IN: Row(
        _UNCERTAIN, _MISCONFIGURED, "is behind a proxy that wants a sign-in (status 407)",
        "put the right proxy into BRIDGE_PROXY__URL", setting="BRIDGE_PROXY__URL",
    ),
    # the system says no, or not now
    Outcome.FORBIDDEN: Row(
        _REJECTED, _REJECTED, "does not let us at this record (status 403)",
        "ask for access for the integration's worker on this record", cause=Cause.RESTRICTED,
    ),
    Outcome.NOT_FOUND: Row(
        _REJECTED, _MISCONFIGURED, "knows nothing under this address (status 404)",
        "check the record's id, and {base_url}", cause=Cause.GONE,
    ),
    Outcome.CONFLICT: Row(
        _REJECTED, _REJECTED, "says that this conflicts with what it holds (status 409)",
        "look at the record there", cause=Cause.CONFLICT,
    ),
    Outcome.MERGED: Row(
        _REJECTED, _REJECTED, "says that this record is gone (status 410)", "look for it there", cause=Cause.GONE
    ),
    Outcome.FIELDS_REFUSED: Row(
        _REJECTED, _MISCONFIGURED, "refuses {fields} (status {status})",
        "correct the report, or the home's file, and retry", cause=Cause.INVALID,
    ),
    Outcome.TOO_LARGE: Row(
        _REJECTED, _MISCONFIGURED, "finds this too large (status 413)",
        "shorten the report, or ask for a higher limit there", cause=Cause.TOO_LARGE,
    ),
    Outcome.LOCKED: Row(_NOT_APPLIED, _NOT_APPLIED, "has the record locked while someone edits it (status 423)"),
    Outcome.SLOW_DOWN: Row(
        _NOT_APPLIED, _NOT_APPLIED, "asks us to slow down (status {status})", again=True, counts=True
    ),
    Outcome.OTHER_REFUSAL: Row(
        _REJECTED, _MISCONFIGURED, "refuses this (status {status})", "check that {base_url} is the address of its API",
        cause=Cause.UNUSUAL,
    ),
    # our own doing
    Outcome.RESTING: Row(_NOT_APPLIED, _NOT_APPLIED, "failed several times in a row and is left alone for a while"),
    Outcome.STOPPED: Row(_NOT_APPLIED, _NOT_APPLIED, "was not called: this run is being stopped"),
}  # fmt: skip


@dataclass(frozen=True)
class Naming:
    """How messages name a system and its settings, such as Mosaic and BRIDGE_MOSAIC__BASE_URL."""

    system: str
    base_url: str
    credential: str


def setting_of(reason: str, naming: Naming) -> str | None:
    """The setting that an outcome points at, whether or not it is at fault."""
    outcome = next((outcome for outcome in Outcome if outcome == reason), None)
    if outcome is None:
        return None
    return TABLE[outcome].setting.format(base_url=naming.base_url, credential=naming.credential)


_TAILS: Mapping[tuple[Fate, bool], str] = {
    (Fate.NOT_APPLIED, True): "nothing was applied, and it is tried again later",
    (Fate.UNREACHABLE, True): "nothing was sent, and it is tried again later",
    (Fate.SENT_ELSEWHERE, True): "it may have been applied, so it is looked up before anything is sent again",
    (Fate.UNCERTAIN, True): "it may have been applied, so it is looked up before anything is sent again",
    (Fate.NOT_APPLIED, False): "nothing is lost, and it is read again later",
    (Fate.UNREACHABLE, False): "nothing is lost, and it is read again later",
}


def error_of(
    outcome: Outcome,
    naming: Naming,
    *,
    doing: str,
    write: bool,
    seconds: float = 0,
    status: int | None = None,
    retry_after: float | None = None,
    fields: tuple[str, ...] = (),
) -> ConnectorError:
    """The error that the table gives to an outcome. `doing` says to which record, with ids only."""
    row = TABLE[outcome]
    fate = row.write if write else row.read
    words = {
        "base_url": naming.base_url,
        "credential": naming.credential,
        "seconds": f"{seconds:g}",
        "status": "?" if status is None else str(status),
        "fields": f"the field {', '.join(fields)}" if fields else "what was sent",
    }
    parts = [part.format_map(words) for part in (row.mend, _TAILS.get((fate, write), "")) if part]
    message = f"{naming.system} {row.happened.format_map(words)} ({doing}); {'; '.join(parts) or 'look at the record'}."
    error: ConnectorError
    match fate:
        case Fate.NOT_APPLIED:
            error = NotApplied(message, status=status, retry_after=retry_after)
        case Fate.UNREACHABLE:
            error = Unreachable(message, status=status, retry_after=retry_after)
        case Fate.UNCERTAIN:
            error = Uncertain(message, status=status)
        case Fate.REJECTED:
            error = Rejected(message, cause=row.cause, status=status, field=fields[0] if fields else None)
        case Fate.MISCONFIGURED:
            error = Misconfigured(message, setting=row.setting.format_map(words), status=status)
        case Fate.SENT_ELSEWHERE:
            error = SentElsewhere(message, setting=row.setting.format_map(words), status=status)
    error.reason = outcome
    return error
