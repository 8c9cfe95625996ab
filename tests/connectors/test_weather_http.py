"""What each failure proves, measured again over real sockets: every row of the weather table for a POST, and reads.

The promise: a write is called "not applied" only where nothing was sent, or where the system itself promised it. Each
row counts at the server whether the whole request had arrived, so that a wrong class cannot hide.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

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
from connectors.http import Http
from connectors.outcomes import TABLE, Naming, Outcome
from tests.connectors.raw_server import HTML, PAGE, PROBLEM, Act, Exchange, RawServer, after_reading, answer, response

NAMING = Naming("Mosaic", "BRIDGE_MOSAIC__BASE_URL", "BRIDGE_MOSAIC__CLIENT_SECRET")
BODY = {"note": "Example words", "reference": "IB-EXH-2026-0001-R1-AAAAAAAAAAAAAAAA"}
SAID_NO = b'{"title": "No", "status": 0}'


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*acts: Act, tls: ssl.SSLContext | None = None) -> RawServer:
        servers.append(RawServer(list(acts), tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def http_to(base_url: str, *, timeout: float = 2.0, tries: int = 1, ca_file: Path | None = None) -> Http:
    return Http(
        base_url, NAMING, timeout=timeout, tries=tries, ca_file=None if ca_file is None else str(ca_file),
        wait=lambda _seconds: None,
    )  # fmt: skip


def error_of_write(http: Http) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        http.write("/notes", BODY, doing="case note IB-1")
    return caught.value


def error_of_read(http: Http) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        http.read("/notes", doing="case note IB-1")
    return caught.value


# ---- after the first byte: nothing is proven --------------------------------------------------------------------


@dataclass
class Broken:
    name: str
    act: Act
    whole: bool
    outcome: Outcome
    read: type[ConnectorError]


def closed_before_reading(_server: RawServer, exchange: Exchange) -> None:
    exchange.connection.recv(1, socket.MSG_PEEK)  # not before the connection stands at the other end too
    exchange.reset()


def reset_after_reading(exchange: Exchange) -> None:
    exchange.reset()


def silence(exchange: Exchange) -> None:
    exchange.stopped.wait(5)


BROKEN = [
    Broken("accepted, closed before reading", closed_before_reading, False, Outcome.CONNECTION_LOST, Unreachable),
    Broken("read all, then closed", after_reading(lambda _: None), True, Outcome.CONNECTION_LOST, Unreachable),
    Broken("read all, then reset", after_reading(reset_after_reading), True, Outcome.CONNECTION_LOST, Unreachable),
    Broken("read all, silence", after_reading(silence), True, Outcome.SILENT, Unreachable),
    Broken(
        "fewer bytes than promised",
        answer(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n0123456789", keep=False),
        True, Outcome.CUT_OFF, NotApplied,
    ),
    Broken(
        "a chunked body cut off",
        answer(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", keep=False),
        True, Outcome.CUT_OFF, NotApplied,
    ),
    Broken(
        "status line cut off", answer(b"HTTP/1.1 201 Crea", keep=False), True, Outcome.CONNECTION_LOST, Unreachable
    ),
    Broken(
        "headers cut off", answer(b"HTTP/1.1 201 Created\r\nContent-Ty", keep=False),
        True, Outcome.CONNECTION_LOST, Unreachable,
    ),
    Broken(
        "the headers of a refusal cut off",
        answer(b"HTTP/1.1 429 Too Many\r\nContent-Type: application/json\r\n", keep=False),
        True, Outcome.CONNECTION_LOST, Unreachable,
    ),
    Broken("not HTTP at all", answer(b"hello\r\n\r\n", keep=False), True, Outcome.CONNECTION_LOST, Unreachable),
]  # fmt: skip


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_a_write_whose_answer_broke_is_uncertain(row: Broken, serve: Callable[..., RawServer]) -> None:
    server = serve(row.act)
    error = error_of_write(http_to(server.base_url, timeout=1.2))
    assert type(error) is Uncertain
    assert error.reason == row.outcome
    assert (server.whole == 1) is row.whole


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_a_read_whose_answer_broke_is_read_again_later(row: Broken, serve: Callable[..., RawServer]) -> None:
    error = error_of_read(http_to(serve(row.act).base_url, timeout=1.2))
    assert type(error) is row.read
    assert error.reason == row.outcome


CLEAN_LOOKING = {
    "201 with an HTML page": (answer(response("201 Created", PAGE, kind=HTML)), 201),
    "200 with an HTML page": (answer(response("200 OK", PAGE, kind=HTML)), 200),
}


@pytest.mark.parametrize("name", CLEAN_LOOKING)
def test_a_status_is_no_proof_and_the_body_is_left_to_the_caller(name: str, serve: Callable[..., RawServer]) -> None:
    act, status = CLEAN_LOOKING[name]
    got = http_to(serve(act).base_url).write("/notes", BODY, doing="case note IB-1")
    assert got.status == status
    assert not got.from_system


@pytest.mark.parametrize("name", CLEAN_LOOKING)
def test_a_read_answered_with_anything_but_the_contracts_json_is_a_failed_read(
    name: str, serve: Callable[..., RawServer]
) -> None:
    error = error_of_read(http_to(serve(CLEAN_LOOKING[name][0]).base_url))
    assert type(error) is NotApplied
    assert error.reason == Outcome.UNREADABLE
    assert "BRIDGE_MOSAIC__BASE_URL" in error.message


# ---- nothing was sent -------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    for error in (
        error_of_write(http_to(f"http://127.0.0.1:{port}")),
        error_of_read(http_to(f"http://127.0.0.1:{port}")),
    ):
        assert type(error) is Unreachable
        assert error.reason == Outcome.REFUSED_CONNECTION


def test_a_host_that_nobody_knows_is_unreachable_and_names_the_address_setting() -> None:
    error = error_of_write(http_to("http://no-such-host.invalid/api"))
    assert type(error) is Unreachable
    assert error.reason == Outcome.NO_SUCH_HOST
    assert "BRIDGE_MOSAIC__BASE_URL" in error.message


def test_a_connection_that_takes_too_long_is_unreachable() -> None:
    # a listener whose queue is full answers no further connection
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        crowd = []
        for _ in range(4):
            guest = socket.socket()
            guest.setblocking(False)
            guest.connect_ex(full.getsockname())
            crowd.append(guest)
        error = error_of_write(http_to(f"http://127.0.0.1:{full.getsockname()[1]}", timeout=1.0))
        for guest in crowd:
            guest.close()
    assert type(error) is Unreachable
    assert error.reason == Outcome.CONNECT_TIMED_OUT


def test_a_handshake_that_stalls_sent_nothing(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda _server, exchange: silence(exchange))
    error = error_of_write(http_to(server.base_url.replace("http://", "https://"), timeout=1.0))
    assert type(error) is Unreachable


# ---- TLS --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example authority")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_tls(authority: trustme.CA, name: str, *, expired: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    past = datetime.now(UTC) - timedelta(days=1)
    authority.issue_cert(name, not_after=past if expired else None).configure_cert(context)
    return context


def test_a_good_certificate_of_the_sites_own_authority_is_trusted(
    serve: Callable[..., RawServer], authority: trustme.CA, ca_file: Path
) -> None:
    server = serve(answer(response("201 Created", b"{}")), tls=server_tls(authority, "localhost"))
    assert http_to(server.base_url, ca_file=ca_file).write("/notes", BODY, doing="x").status == 201
    assert server.whole == 1


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "outcome", "setting"),
    [
        ("localhost", True, True, Outcome.CERTIFICATE_EXPIRED, "BRIDGE_MOSAIC__BASE_URL"),
        ("localhost", False, False, Outcome.CERTIFICATE_UNKNOWN, "BRIDGE_TLS__CA_FILE"),
        ("elsewhere.example", False, True, Outcome.CERTIFICATE_OTHER_NAME, "BRIDGE_MOSAIC__BASE_URL"),
    ],
)
def test_each_bad_certificate_is_misconfigured_in_its_own_words(
    name: str, expired: bool, trusted: bool, outcome: Outcome, setting: str,
    serve: Callable[..., RawServer], authority: trustme.CA, ca_file: Path,
) -> None:  # fmt: skip
    server = serve(answer(response("201 Created", b"{}")), tls=server_tls(authority, name, expired=expired))
    error = error_of_write(http_to(server.base_url, ca_file=ca_file if trusted else None))
    assert isinstance(error, Misconfigured)
    assert (error.reason, error.setting) == (outcome, setting)
    assert server.whole == 0


def test_a_port_that_does_not_speak_tls_is_misconfigured(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda _server, exchange: exchange.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    error = error_of_write(http_to(server.base_url.replace("http://", "https://")))
    assert isinstance(error, Misconfigured)
    assert error.reason == Outcome.TLS_FAILED


def test_a_tls_error_after_the_request_was_sent_proves_nothing(
    serve: Callable[..., RawServer], authority: trustme.CA, ca_file: Path
) -> None:
    """requests calls it SSLError like a failed handshake; taking that for 'never sent' would send it twice."""

    def garbled(exchange: Exchange) -> None:
        plain = socket.socket(fileno=exchange.connection.detach())
        plain.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)  # a record that does not decrypt
        plain.close()

    server = serve(after_reading(garbled), tls=server_tls(authority, "localhost"))
    error = error_of_write(http_to(server.base_url, ca_file=ca_file))
    assert type(error) is Uncertain
    assert server.whole == 1


# ---- answers ----------------------------------------------------------------------------------------------------


@dataclass
class Said:
    status: str
    write: type[ConnectorError]
    read: type[ConnectorError]
    outcome: Outcome
    kind: str = PROBLEM
    headers: tuple[str, ...] = ()
    cause: Cause | None = None

    @property
    def name(self) -> str:
        return f"{self.status} {self.kind.split(';')[0]} {' '.join(self.headers)}".strip()


SAID = [
    Said("302 Found", SentElsewhere, Misconfigured, Outcome.REDIRECTED, headers=("Location: /login",)),
    Said("303 See Other", SentElsewhere, Misconfigured, Outcome.REDIRECTED, headers=("Location: /login",)),
    Said("307 Temporary Redirect", SentElsewhere, Misconfigured, Outcome.REDIRECTED, headers=("Location: /login",)),
    Said("308 Permanent Redirect", SentElsewhere, Misconfigured, Outcome.REDIRECTED, HTML, ("Location: /login",)),
    Said("400 Bad Request", Rejected, Misconfigured, Outcome.FIELDS_REFUSED, cause=Cause.INVALID),
    Said("401 Unauthorized", Misconfigured, Misconfigured, Outcome.SIGN_IN_REFUSED),
    Said("403 Forbidden", Rejected, Rejected, Outcome.FORBIDDEN, cause=Cause.RESTRICTED),
    Said("404 Not Found", Rejected, Misconfigured, Outcome.NOT_FOUND, cause=Cause.GONE),
    Said("405 Method Not Allowed", Rejected, Misconfigured, Outcome.OTHER_REFUSAL),
    Said("407 Proxy Authentication Required", Uncertain, Misconfigured, Outcome.PROXY_SIGN_IN, HTML),
    Said("408 Request Timeout", Uncertain, NotApplied, Outcome.SERVER_ERROR),
    Said("409 Conflict", Rejected, Rejected, Outcome.CONFLICT, cause=Cause.CONFLICT),
    Said("410 Gone", Rejected, Rejected, Outcome.MERGED, cause=Cause.GONE),
    Said("413 Content Too Large", Rejected, Misconfigured, Outcome.TOO_LARGE, cause=Cause.TOO_LARGE),
    Said("413 Content Too Large", Rejected, Misconfigured, Outcome.TOO_LARGE, HTML, cause=Cause.TOO_LARGE),
    Said("422 Unprocessable", Rejected, Misconfigured, Outcome.FIELDS_REFUSED, cause=Cause.INVALID),
    Said("423 Locked", NotApplied, NotApplied, Outcome.LOCKED),
    Said("429 Too Many", NotApplied, NotApplied, Outcome.SLOW_DOWN, headers=("Retry-After: 7",)),
    Said("429 Too Many", NotApplied, NotApplied, Outcome.SLOW_DOWN),
    Said("429 Too Many", Uncertain, NotApplied, Outcome.PROXY_PAGE, HTML, ("Retry-After: 7",)),
    Said("500 Server Error", Uncertain, NotApplied, Outcome.SERVER_ERROR),
    Said("500 Server Error", Uncertain, NotApplied, Outcome.PROXY_PAGE, HTML),
    Said("502 Bad Gateway", Uncertain, NotApplied, Outcome.PROXY_PAGE, HTML),
    Said("503 Unavailable", NotApplied, NotApplied, Outcome.SLOW_DOWN, headers=("Retry-After: 7",)),
    Said("503 Unavailable", NotApplied, NotApplied, Outcome.SLOW_DOWN, "application/json", ("Retry-After: 7",)),
    Said("503 Unavailable", Uncertain, NotApplied, Outcome.SERVER_ERROR),
    Said("503 Unavailable", Uncertain, NotApplied, Outcome.PROXY_PAGE, HTML, ("Retry-After: 7",)),
    Said("504 Gateway Timeout", Uncertain, NotApplied, Outcome.PROXY_PAGE, HTML),
    Said("404 Not Found", Uncertain, Misconfigured, Outcome.WRONG_ADDRESS, HTML),
    Said("403 Forbidden", Uncertain, Misconfigured, Outcome.WRONG_ADDRESS, HTML),
    Said("401 Unauthorized", Uncertain, Misconfigured, Outcome.WRONG_ADDRESS, HTML),
]


@pytest.mark.parametrize("row", SAID, ids=lambda row: row.name)
def test_each_answer_has_one_class_for_writes_and_one_for_reads(row: Said, serve: Callable[..., RawServer]) -> None:
    body = PAGE if row.kind == HTML else SAID_NO
    server = serve(answer(response(row.status, body, *row.headers, kind=row.kind)))
    http = http_to(server.base_url)
    written, read = error_of_write(http), error_of_read(http)
    assert (type(written), written.reason) == (row.write, row.outcome)
    assert (type(read), read.reason) == (row.read, row.outcome)
    assert server.whole == 2, "each was sent exactly once, and nothing was sent to another address"
    assert written.status == int(row.status[:3])
    if row.cause is not None:
        assert isinstance(written, Rejected)
        assert written.cause is row.cause
    if row.headers == ("Retry-After: 7",) and isinstance(written, NotApplied):
        assert written.retry_after == 7


def test_a_redirected_write_is_both_a_wrong_setting_and_a_doubt(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(response("302 Found", b"", "Location: /login", kind=None)))
    error = error_of_write(http_to(server.base_url))
    assert isinstance(error, Misconfigured)
    assert isinstance(error, Uncertain)
    assert error.setting == "BRIDGE_MOSAIC__BASE_URL"
    assert server.whole == 1


def test_a_kept_connection_that_the_server_closed_is_opened_again_and_the_write_goes_once(
    serve: Callable[..., RawServer],
) -> None:
    server = serve(answer(response("201 Created", b"{}"), keep=False))
    http = http_to(server.base_url)
    http.write("/notes", BODY, doing="x")
    assert server.closed.wait(2)
    assert http.write("/notes", BODY, doing="x").status == 201
    assert server.whole == 2


def test_a_reset_on_a_kept_connection_is_uncertain_and_not_sent_again(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(response("201 Created", b"{}")), after_reading(reset_after_reading))
    http = http_to(server.base_url)
    http.write("/notes", BODY, doing="x")
    assert type(error_of_write(http)) is Uncertain
    assert server.whole == 2


def test_every_outcome_of_the_table_has_a_sentence_that_names_the_system_and_what_to_do() -> None:
    from connectors.outcomes import error_of

    for outcome in Outcome:
        assert outcome in TABLE
        for write in (True, False):
            message = error_of(outcome, NAMING, doing="case note IB-1", write=write, seconds=30, status=500).message
            assert message.startswith("Mosaic ")
            assert message.endswith(".")
            assert "{" not in message
            assert "case note IB-1" in message
