"""What goes over the wire, and what comes back from servers of every kind: careless, old, slow, or without end."""

from __future__ import annotations

import gzip
import select
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator

import pytest
import trustme

from connectors import reading
from connectors.answers import Answer
from connectors.errors import Misconfigured, NotApplied, Uncertain, Unreachable
from connectors.http import Http
from connectors.outcomes import Naming, Outcome
from connectors.wire import Wire
from tests.connectors.raw_server import Act, Exchange, RawServer, after_reading, answer, response

NAMING = Naming("Mosaic", "BRIDGE_MOSAIC__BASE_URL", "BRIDGE_MOSAIC__CLIENT_SECRET")
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
CREATED = HEAD + b'Content-Length: 8\r\n\r\n{"id":7}'


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*acts: Act, tls: ssl.SSLContext | None = None) -> RawServer:
        servers.append(RawServer(list(acts), tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example authority")


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def http_to(base_url: str, *, timeout: float = 2.0, ca_file: str | None = None, proxy_url: str | None = None) -> Http:
    return Http(base_url, NAMING, timeout=timeout, tries=1, ca_file=ca_file, proxy_url=proxy_url)


def written(http: Http) -> Answer:
    return http.write("/notes", {"a": "é"}, doing="x")


def reason_of(http: Http) -> str:
    """Why a write is in doubt."""
    with pytest.raises(Uncertain) as caught:
        written(http)
    return caught.value.reason


# ---- what is sent ------------------------------------------------------------------------------------------------


def test_a_request_says_who_asks_for_what_in_one_packet_and_carries_no_cookie(serve: Callable[..., RawServer]) -> None:
    packets: list[bytes] = []

    def one_packet(_server: RawServer, exchange: Exchange) -> bool:
        packets.append(exchange.connection.recv(65536))
        exchange.send(response("201 Created", b"{}", "Set-Cookie: session=1; Path=/"))
        return len(packets) < 2

    server = serve(one_packet)
    http = http_to(server.base_url)
    for _ in range(2):
        http.write("/notes", {"a": 1}, doing="x", headers={"Idempotency-Key": "IB-1"})
    head, _, body = packets[1].partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    assert (line, body) == ("POST /api/notes HTTP/1.1", b'{"a":1}')
    assert {name: value for name, _, value in (field.partition(": ") for field in fields)} == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "incident-bridge", "Accept": "application/json, application/problem+json",
        "Accept-Encoding": "identity", "Cache-Control": "no-cache",
        "Content-Type": "application/json", "Idempotency-Key": "IB-1",
        "Content-Length": "7",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Mosaic.example/api", "mosaic.example"),
        ("https://mosaic.example:443/api", "mosaic.example"),
        ("https://mosaic.example:80/api", "mosaic.example:80"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://[fe80::1%25eth0]/api", "[fe80::1]"),
        ("https://b\u00fccher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_request_names_the_host_as_http_wants_it(address: str, host: str) -> None:
    assert Wire(address, connections=1).headers == {"Host": host}


def test_an_address_with_letters_that_http_cannot_carry_is_asked_at_its_plain_form(
    serve: Callable[..., RawServer],
) -> None:
    server = serve(answer(CREATED))
    written(http_to(server.base_url + "/b\u00fcro a"))
    assert server.heads[0].startswith(b"POST /api/b%C3%BCro%20a/notes HTTP/1.1\r\n")


def test_a_host_that_no_name_can_be_is_a_host_that_nobody_knows() -> None:
    with pytest.raises(Unreachable) as caught:
        written(http_to("http://mosaic..example/api"))
    assert caught.value.reason == Outcome.NO_SUCH_HOST


def test_a_call_whose_time_is_up_before_it_begins_sent_nothing(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(CREATED))
    with pytest.raises(Unreachable) as caught:
        written(http_to(server.base_url, timeout=0.0))
    assert caught.value.reason == Outcome.CONNECT_TIMED_OUT
    assert server.accepted == 0


# ---- how an answer is read ---------------------------------------------------------------------------------------

LENGTH = b"Content-Length: 2\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: Chunked\r\n"
OLD = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0")
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199 ?\r\n\r\n"
CARELESS = b"HTTP/1.1 201\nContent-Type:\n  application/json\nnonsense\ncontent-length:2\n\n{}"
KEPT = {
    "of a told length": HEAD + LENGTH + b"\r\n{}",
    "one length said twice": HEAD + LENGTH + b"content-length: 2\r\n\r\n{}",
    "one length said twice in a line": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "in chunks with trailers": CHUNKED + b"\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-Late: 1\r\n\r\n",
    "in chunks, with a length too": CHUNKED + LENGTH + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "after interim answers": INTERIM + HEAD + LENGTH + b"\r\n{}",
    "with careless line ends": CARELESS,
    "of an old server that keeps": OLD + b"Connection: Keep-Alive\r\n" + LENGTH + b"\r\n{}",
}
CLOSED = {
    "of an old server": OLD + LENGTH + b"\r\n{}",
    "that says it closes": HEAD + b"connection: Close\r\n" + LENGTH + b"\r\n{}",
    "in a coding that nobody knows": HEAD + b"Transfer-Encoding: own, chunked\r\n" + LENGTH + b"\r\n{}",
    "in a coding without a name": HEAD + b"Transfer-Encoding:\r\n" + LENGTH + b"\r\n{}",
    "that ends with the connection": HEAD + b"\r\n{}",
}


@pytest.mark.parametrize("name", [*KEPT, *CLOSED])
def test_an_answer_is_read_however_it_is_framed(name: str, serve: Callable[..., RawServer]) -> None:
    server = serve(answer((KEPT | CLOSED)[name], keep=name != "that ends with the connection"))
    http = http_to(server.base_url)
    for _ in range(2):
        got = written(http)
        assert (got.status, got.content, got.from_system) == (201, {}, True)
    assert server.accepted == (1 if name in KEPT else 2)


def test_headers_are_found_in_any_case_and_those_that_came_twice_are_joined(serve: Callable[..., RawServer]) -> None:
    got = written(http_to(serve(answer(response("201 Created", b"{}", "x-late: 1", "X-Late: 2"))).base_url))
    assert (got.headers["x-late"], got.headers.get("nope")) == ("1, 2", None)


def test_a_status_without_a_body_waits_for_none(serve: Callable[..., RawServer]) -> None:
    promising = [f"HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n".encode() for status in ("204 No", "304 Same")]
    server = serve(*map(answer, promising), answer(CREATED))
    http = http_to(server.base_url)
    assert written(http).status == 204
    with pytest.raises(Misconfigured):
        written(http)
    assert written(http).status == 201
    assert server.accepted == 1


def test_bytes_after_the_end_of_an_answer_are_no_part_of_the_next(serve: Callable[..., RawServer]) -> None:
    surplus = HEAD + LENGTH + b"\r\n{}HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    server = serve(answer(surplus), answer(CREATED))
    http = http_to(server.base_url)
    assert [written(http).content, written(http).content] == [{}, {"id": 7}]
    assert server.accepted == 2, "nobody knows what else would come"


def test_what_an_answer_of_unknown_length_leaves_behind_is_no_part_of_the_next(
    serve: Callable[..., RawServer],
) -> None:
    """It came when the next write was out, and the one record was taken for the other."""

    def behindhand(_server: RawServer, exchange: Exchange) -> bool:
        exchange.read()
        exchange.send(HEAD + b"Transfer-Encoding: gzip, chunked\r\n" + LENGTH + b"\r\n{}")
        if exchange.read():
            exchange.send(response("201 Created", b'{"id":666}'))
        return False

    http = http_to(serve(behindhand, answer(CREATED)).base_url)
    written(http)
    assert written(http).content == {"id": 7}


def test_a_connection_that_changed_to_another_protocol_is_left(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(b"HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n"), answer(CREATED))
    http = http_to(server.base_url)
    assert reason_of(http) == Outcome.UNREADABLE
    assert written(http).content == {"id": 7}
    assert server.accepted == 2


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this system cannot acknowledge at once")
def test_a_far_end_that_sends_head_and_body_apart_is_not_kept_waiting(serve: Callable[..., RawServer]) -> None:
    """It holds the body back until the head is acknowledged, which a system puts off for 40 milliseconds."""

    def apart(_server: RawServer, exchange: Exchange) -> bool:
        exchange.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        exchange.read()
        exchange.send(CREATED[:-8])
        exchange.send(CREATED[-8:])
        return True

    http = http_to(serve(apart).base_url)
    started = time.monotonic()
    for _ in range(250):
        written(http)
    assert time.monotonic() - started < 250 * 0.04


PACKED = {
    "gzip": gzip.compress(b"[1]"),
    "GZIP": gzip.compress(b"[1]"),
    "deflate": zlib.compress(b"[1]"),
    "Deflate": zlib.compress(b"[1]")[2:-4],  # without its frame
    "identity": b"[1]",
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_body_that_a_gateway_packed_unasked_is_unpacked(kind: str, serve: Callable[..., RawServer]) -> None:
    server = serve(answer(response("200 OK", PACKED[kind], f"Content-Encoding: {kind}")))
    assert http_to(server.base_url).read("/notes", doing="x").content == [1]


BROKEN = {
    "shorter than it said": HEAD + b"Content-Length: 10\r\n\r\n{}",
    "of two lengths": HEAD + LENGTH + b"Content-Length: 3\r\n\r\n{} ",
    "of a length that is no number": HEAD + b"Content-Length: 1\r\n 4\r\n\r\n{}",
    "of a length that it does not say": HEAD + b"Content-Length:\r\n\r\n{}",
    "without its last chunk": CHUNKED + b"\r\n2\r\n{}\r\n",
    "cut off in the size of a chunk": CHUNKED + b"\r\n0002\r\n{}\r\n00",
    "cut off in a chunk": CHUNKED + b"\r\n5\r\n{",
    "with a chunk of no size": CHUNKED + b"\r\nzz\r\n{}\r\n0\r\n\r\n",
    "with a chunk of less than nothing": CHUNKED + b"\r\n-1\r\n{}\r\n0\r\n\r\n",
    "not packed as it says": HEAD + b"Content-Encoding: gzip\r\n" + LENGTH + b"\r\n{}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_broke_off_is_no_answer(name: str, serve: Callable[..., RawServer]) -> None:
    assert reason_of(http_to(serve(answer(BROKEN[name], keep=False)).base_url)) == Outcome.CUT_OFF


STRANGE = {
    "no HTTP": b"hello\r\n\r\n",
    "another protocol": b"SMTP 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "no number": b"HTTP/1.1 42a No\r\n\r\n",
    "endless headers": HEAD + b"X-A: 1\r\n" * 200 + b"\r\n",
    "an endless header": HEAD + b"X-A: " + b"x" * 70_000 + b"\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_http_is_no_answer(name: str, serve: Callable[..., RawServer]) -> None:
    assert reason_of(http_to(serve(answer(STRANGE[name], keep=False)).base_url)) == Outcome.CONNECTION_LOST


ENDLESS = {
    "told": HEAD + b"Content-Length: 2000000000\r\n\r\n" + b"x" * 2000,
    "until the end": HEAD + b"\r\n" + b"x" * 2000,
    "in chunks": CHUNKED + b"\r\n258\r\n" + b"x" * 600 + b"\r\n258\r\n" + b"x" * 600 + b"\r\n0\r\n\r\n",
    "packed": response("200 OK", gzip.compress(b"x" * 1_000_000), "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_no_more_than_the_most_is_taken_in(
    name: str, serve: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    http = http_to(serve(answer(ENDLESS[name], keep=False)).base_url)
    assert reason_of(http) == Outcome.TOO_LONG
    with pytest.raises(NotApplied):
        http.read("/notes", doing="x")


# ---- TLS and proxies ---------------------------------------------------------------------------------------------


def test_a_scheme_in_capitals_is_verified_like_any_other(
    serve: Callable[..., RawServer], tls: ssl.SSLContext, ca_file: str
) -> None:
    server = serve(answer(CREATED), tls=tls)
    assert written(http_to(server.base_url.replace("https", "HTTPS"), ca_file=ca_file)).status == 201


def test_a_slow_drip_over_tls_cannot_stretch_the_deadline(
    serve: Callable[..., RawServer], tls: ssl.SSLContext, ca_file: str
) -> None:
    server = serve(after_reading(lambda exchange: exchange.drip(CREATED, 0.4)), tls=tls)
    started = time.monotonic()
    assert reason_of(http_to(server.base_url, timeout=1.5, ca_file=ca_file)) == Outcome.SILENT
    assert time.monotonic() - started < 15


def test_a_far_end_that_takes_its_time_over_tls_cannot_stretch_the_deadline(
    serve: Callable[..., RawServer], tls: ssl.SSLContext, ca_file: str
) -> None:
    def sip(_server: RawServer, exchange: Exchange) -> None:
        while not exchange.stopped.wait(0.02):
            exchange.connection.recv(16 * 1024)

    server = serve(sip, tls=tls)
    http = http_to(server.base_url, timeout=1.5, ca_file=ca_file)
    started = time.monotonic()
    with pytest.raises(Uncertain):
        http.write("/notes", {"note": "x" * 20_000_000}, doing="x")
    assert time.monotonic() - started < 15


def tunnel_to(port: int) -> Act:
    """A proxy that lets everything through to this port of this machine."""

    def act(server: RawServer, exchange: Exchange) -> None:
        exchange.read()
        server.note(exchange)
        near = exchange.connection
        with socket.create_connection(("127.0.0.1", port)) as far:
            exchange.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            while ready := select.select([near, far], [], [], 5)[0]:
                for end in ready:
                    passed = end.recv(65536)
                    if not passed:
                        return
                    (far if end is near else near).sendall(passed)

    return act


def test_a_tunnel_through_a_proxy_that_itself_speaks_tls_is_timed_too(
    serve: Callable[..., RawServer], tls: ssl.SSLContext, ca_file: str
) -> None:
    far = serve(answer(CREATED), after_reading(lambda exchange: exchange.drip(CREATED, 0.4)), tls=tls)
    proxy = serve(tunnel_to(far.port), tls=tls)
    http = http_to(far.base_url, timeout=2.5, ca_file=ca_file, proxy_url=f"HTTPS://some:one@localhost:{proxy.port}")
    assert written(http).content == {"id": 7}
    assert b"\r\nproxy-authorization: basic c29tztpvbmu=" in proxy.heads[0].lower()
    assert b"roxy-" not in far.heads[0]
    started = time.monotonic()
    assert reason_of(http) == Outcome.SILENT
    assert time.monotonic() - started < 15


def test_a_proxy_that_itself_speaks_tls_passes_on_what_is_asked_in_plain(
    serve: Callable[..., RawServer], tls: ssl.SSLContext, ca_file: str
) -> None:
    proxy = serve(answer(CREATED), tls=tls)
    http = http_to("http://localhost:80/api", ca_file=ca_file, proxy_url=f"https://some:one@localhost:{proxy.port}")
    assert written(http).content == {"id": 7}
    head = proxy.heads[0].decode()
    assert head.startswith("POST http://localhost:80/api/notes HTTP/1.1\r\nHost: localhost:80\r\n")
    assert "\r\nProxy-Authorization: Basic c29tZTpvbmU=\r\n" in head
