"""How calls are made: the deadline, retries of reads, Retry-After, one try of a write, nothing told to strangers."""

from __future__ import annotations

import gzip
import http.client
import io
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors import line, reading
from connectors.breaker import Breaker
from connectors.errors import ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain, Unreachable
from connectors.http import Http
from connectors.outcomes import Naming, Outcome
from connectors.sign_in import Pass, SignIn
from tests.connectors.raw_server import HTML, PAGE, PROBLEM, Act, Exchange, RawServer, after_reading, answer, response

NAMING = Naming("Mosaic", "BRIDGE_MOSAIC__BASE_URL", "BRIDGE_MOSAIC__CLIENT_SECRET")
NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
GOOD = answer(response("200 OK", b'{"items": []}'))
CREATED = answer(response("201 Created", b'{"id": 7}'))


class Waits(list[float]):
    """Takes the place of sleeping, and remembers for how long."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*acts: Act) -> RawServer:
        servers.append(RawServer(list(acts)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def http_to(server: RawServer, **options: object) -> Http:
    known = {"timeout": 5.0, "wait": Waits(), "clock": lambda: NOW, **options}
    return Http(server.base_url, NAMING, **known)  # type: ignore[arg-type]


def refused(status: str, *headers: str, body: bytes = b'{"title": "No"}', kind: str = PROBLEM) -> Act:
    return answer(response(status, body, *headers, kind=kind))


# ---- the deadline ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["status line", "headers", "body"])
def test_a_slow_drip_cannot_stretch_the_deadline(where: str, serve: Callable[..., RawServer]) -> None:
    """A time-out for each recv let 1 second last 4.8."""
    whole = response("201 Created", b'{"id": 7}' + b" " * 200, "X-Padding: " + "x" * 200)
    at = {"status line": 0, "headers": 40, "body": whole.index(b"\r\n\r\n") + 4}[where]

    def drip(exchange: Exchange) -> None:
        exchange.send(whole[:at])
        exchange.drip(whole[at:], 0.2)

    server = serve(after_reading(drip))
    started = time.monotonic()
    with pytest.raises(Uncertain) as caught:
        http_to(server, timeout=0.8).write("/notes", {"a": 1}, doing="x")
    assert time.monotonic() - started < 20
    assert caught.value.reason == Outcome.SILENT


def test_a_far_end_that_reads_nothing_cannot_stretch_the_deadline(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda _server, exchange: exchange.stopped.wait(40) and None)
    started = time.monotonic()
    with pytest.raises(Uncertain):
        http_to(server, timeout=0.8).write("/notes", {"note": "x" * 20_000_000}, doing="x")
    assert time.monotonic() - started < 20


def test_the_tries_of_a_read_share_one_deadline(serve: Callable[..., RawServer]) -> None:
    server = serve(refused("500 No"), after_reading(lambda exchange: exchange.stopped.wait(40)))
    started = time.monotonic()
    with pytest.raises(Unreachable):
        http_to(server, timeout=2).read("/notes", doing="x")
    assert time.monotonic() - started < 20
    assert server.whole == 2


def test_an_answer_beyond_the_cap_is_not_swallowed_whole(
    serve: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    server = serve(answer(response("200 OK", b'{"a": "' + b"x" * 2000 + b'"}')))
    with pytest.raises(NotApplied) as caught:
        http_to(server).read("/notes", doing="x")
    assert caught.value.reason == Outcome.TOO_LONG
    with pytest.raises(Uncertain):
        http_to(server).write("/notes", {}, doing="x")


# ---- reads are tried again, writes are not ------------------------------------------------------------------------

PASSING = {
    "500": refused("500 No"),
    "429": refused("429 No"),
    "503 from a proxy": refused("503 No", body=PAGE, kind=HTML),
    "an HTML page with 200": answer(response("200 OK", PAGE, kind=HTML)),
    "cut-off JSON": answer(response("200 OK", b'{"items": [')),
    "a closed connection": after_reading(lambda _: None),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_read_survives_a_passing_failure(name: str, serve: Callable[..., RawServer]) -> None:
    server = serve(PASSING[name], PASSING[name], GOOD)
    assert http_to(server).read("/notes", doing="x").content == {"items": []}
    assert server.whole == 3


@pytest.mark.parametrize("name", PASSING)
def test_a_write_is_sent_once_whatever_happens(name: str, serve: Callable[..., RawServer]) -> None:
    server = serve(PASSING[name], CREATED)
    try:
        got = http_to(server).write("/notes", {"a": 1}, doing="x")
    except ConnectorError:
        pass
    else:
        assert not got.from_system or got.body.endswith(b"[")
    assert server.whole == 1


def test_a_read_gives_up_after_its_tries(serve: Callable[..., RawServer]) -> None:
    server, waits = serve(refused("500 No")), Waits()
    with pytest.raises(NotApplied):
        http_to(server, tries=3, wait=waits).read("/notes", doing="x")
    assert server.whole == 3
    assert len(waits) == 2


def test_a_wrong_shape_is_read_again_and_never_taken_for_an_end(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(response("200 OK", b'{"items": "none"}')), GOOD)
    got = http_to(server).read("/notes", doing="x", well_formed=lambda content: isinstance(content["items"], list))
    assert got.content == {"items": []}


# ---- Retry-After -------------------------------------------------------------------------------------------------

WISHES = {
    "seconds": ("3", 3.0),
    "a date": (format_datetime(NOW + timedelta(seconds=4), usegmt=True), 4.0),
    "a past date": (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
    "garbage": ("soon", None),
    "a negative number": ("-5", None),
    "nonsense digits": ("9" * 400, None),
    "a day": ("86400", 86400.0),
}


@pytest.mark.parametrize("name", WISHES)
@pytest.mark.parametrize("status", ["429 Slow", "503 Slow"])
def test_a_writes_error_carries_what_was_asked(name: str, status: str, serve: Callable[..., RawServer]) -> None:
    header, seconds = WISHES[name]
    server = serve(refused(status, f"Retry-After: {header}"))
    with pytest.raises(NotApplied) as caught:
        http_to(server).write("/notes", {}, doing="x")
    assert caught.value.retry_after == seconds


def test_jitter_comes_on_top_of_what_was_asked(serve: Callable[..., RawServer]) -> None:
    waits = Waits()
    server = serve(refused("429 Slow", "Retry-After: 3"), GOOD)
    http_to(server, wait=waits).read("/notes", doing="x")
    assert len(waits) == 1
    assert 3.0 <= waits[0] < 5.0


def test_a_long_wish_goes_back_to_the_ledger_neither_slept_through_nor_shortened(
    serve: Callable[..., RawServer],
) -> None:
    waits = Waits()
    server = serve(refused("503 Slow", "Retry-After: 86400"))
    with pytest.raises(NotApplied) as caught:
        http_to(server, wait=waits).read("/notes", doing="x")
    assert caught.value.retry_after == 86400
    assert waits == []
    assert server.whole == 1


# ---- signing in --------------------------------------------------------------------------------------------------


def tokens(issued: list[str]) -> SignIn:
    def issue() -> Pass:
        issued.append(f"token-{len(issued) + 1}")
        return Pass({"Authorization": f"Bearer {issued[-1]}"})

    return SignIn(issue)


def test_a_read_renews_a_refused_token_and_is_replayed_once(serve: Callable[..., RawServer]) -> None:
    issued: list[str] = []
    server = serve(refused("401 No"), GOOD)
    assert http_to(server, sign_in=tokens(issued)).read("/notes", doing="x").status == 200
    assert [b"token-1" in server.heads[0], b"token-2" in server.heads[1]] == [True, True]


def test_a_read_refused_twice_is_misconfigured_and_names_the_secret(serve: Callable[..., RawServer]) -> None:
    issued: list[str] = []
    server = serve(refused("401 No"))
    with pytest.raises(Misconfigured) as caught:
        http_to(server, sign_in=tokens(issued)).read("/notes", doing="x")
    assert caught.value.setting == "BRIDGE_MOSAIC__CLIENT_SECRET"
    assert len(issued) == server.whole == 2


def test_a_refused_write_was_not_applied_and_the_second_refusal_in_a_row_is_misconfigured(
    serve: Callable[..., RawServer],
) -> None:
    issued: list[str] = []
    server = serve(refused("401 No"))
    http = http_to(server, sign_in=tokens(issued))
    with pytest.raises(NotApplied) as first:
        http.write("/notes", {}, doing="x")
    assert first.value.retry_after == 0
    with pytest.raises(Misconfigured):
        http.write("/notes", {}, doing="x")
    assert server.whole == 2


def test_a_write_refused_by_a_proxys_page_is_uncertain(serve: Callable[..., RawServer]) -> None:
    server = serve(refused("401 No", body=PAGE, kind=HTML))
    with pytest.raises(Uncertain):
        http_to(server, sign_in=tokens([])).write("/notes", {}, doing="x")


def test_many_threads_with_a_refused_token_ask_for_one_new_one(serve: Callable[..., RawServer]) -> None:
    issued: list[str] = []

    def guarded(server: RawServer, exchange: Exchange) -> bool:
        if not exchange.read():
            return False
        server.note(exchange)
        good = b"Bearer token-1\r\n" not in exchange.head + b"\r\n"
        exchange.send(response("200 OK", b"{}") if good else response("401 No", b"{}"))
        return True

    http = http_to(serve(guarded), sign_in=tokens(issued), connections=8)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            http.read("/notes", doing="x")
        except ConnectorError as why:
            failures.append(why)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert issued == ["token-1", "token-2"]


# ---- breaker, stop, stages ---------------------------------------------------------------------------------------


def test_doubt_opens_the_breaker_and_then_nothing_touches_the_network(serve: Callable[..., RawServer]) -> None:
    server = serve(after_reading(lambda _: None))
    http = http_to(server, breaker=Breaker(failures=3, pause=60))
    for _ in range(3):
        with pytest.raises(Uncertain):
            http.write("/notes", {}, doing="x")
    with pytest.raises(NotApplied) as caught:
        http.write("/notes", {}, doing="x")
    assert caught.value.retry_after == pytest.approx(60, abs=2)
    assert caught.value.reason == Outcome.RESTING
    assert server.whole == 3


def test_a_breaker_that_opened_on_a_dead_system_says_unreachable(serve: Callable[..., RawServer]) -> None:
    server = serve(GOOD)
    server.close()
    http = http_to(server, breaker=Breaker(failures=1, pause=60))
    for _ in range(2):
        with pytest.raises(Unreachable):
            http.write("/notes", {}, doing="x")


@pytest.mark.parametrize("status", ["400 No", "403 No", "409 No", "423 No"])
def test_a_refusal_of_one_record_is_no_mark_against_the_system(status: str, serve: Callable[..., RawServer]) -> None:
    server = serve(refused(status))
    http = http_to(server, breaker=Breaker(failures=2, pause=60))
    for _ in range(4):
        with pytest.raises((Rejected, NotApplied)):
            http.write("/notes", {}, doing="x")
    assert server.whole == 4


@pytest.mark.parametrize("status", ["400 No", "403 No", "409 No", "423 No"])
def test_a_refusal_of_one_record_says_that_the_system_is_alive(status: str, serve: Callable[..., RawServer]) -> None:
    server = serve(*[refused("500 No"), refused(status)] * 2)
    http = http_to(server, breaker=Breaker(failures=2, pause=60))
    for _ in range(4):
        with pytest.raises((Rejected, NotApplied, Uncertain)):
            http.write("/notes", {}, doing="x")
    assert server.whole == 4


def test_closing_wakes_a_wait_and_nothing_more_is_sent(serve: Callable[..., RawServer]) -> None:
    server = serve(GOOD)
    http = Http(server.base_url, NAMING, rate_per_second=0.01)
    http.read("/notes", doing="x")
    failures: list[ConnectorError] = []

    def work() -> None:
        try:
            http.read("/notes", doing="x")
        except ConnectorError as why:
            failures.append(why)

    waiting = threading.Thread(target=work)
    waiting.start()
    http.close()
    waiting.join(timeout=3)
    assert not waiting.is_alive()
    assert [failure.reason for failure in failures] == [Outcome.STOPPED]
    assert server.whole == 1


def test_waiting_for_the_rate_does_not_use_up_the_deadline(serve: Callable[..., RawServer]) -> None:
    server = serve(GOOD)
    http = Http(server.base_url, NAMING, rate_per_second=1, timeout=0.8)
    for _ in range(2):
        assert http.read("/notes", doing="x").status == 200


def test_a_token_that_takes_its_time_leaves_a_write_all_of_its_own(serve: Callable[..., RawServer]) -> None:
    """What was never sent must not be called uncertain because fetching the token was slow."""
    server = serve(CREATED)
    slow = threading.Event()

    def issue() -> Pass:
        slow.wait(1.2)
        return Pass({"Authorization": "Bearer x"})

    assert http_to(server, sign_in=SignIn(issue), timeout=1.0).write("/notes", {}, doing="x").status == 201


def test_a_write_passes_its_stages_in_order(serve: Callable[..., RawServer]) -> None:
    server, stages = serve(CREATED), []
    http = http_to(server)
    http.on_stage = stages.append
    http.write("/notes", {"a": "x" * 100}, doing="x")
    assert stages == ["connect", "half_written", "written", "answered"]
    assert server.bodies == [b'{"a":"' + b"x" * 100 + b'"}']


def test_a_kept_connection_is_used_again_but_not_after_a_long_rest(
    serve: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that meets the server's close of an idle connection on its way would be in doubt."""
    server = serve(CREATED)
    http = http_to(server)
    for _ in range(2):
        http.write("/notes", {}, doing="x")
    assert server.accepted == 1
    monkeypatch.setattr(line, "IDLE", 0.0)
    http.write("/notes", {}, doing="x")
    assert server.accepted == 2


def test_a_compressed_answer_is_read(serve: Callable[..., RawServer]) -> None:
    server = serve(answer(response("200 OK", gzip.compress(b'{"items": [1]}'), "Content-Encoding: gzip")))
    assert http_to(server).read("/notes", doing="x").content == {"items": [1]}


# ---- what a stranger learns --------------------------------------------------------------------------------------

CANARIES = {name: f"canary-{name}" for name in ("note", "secret", "answer", "field", "header")}


def quoting(status: str) -> Act:
    """An answer that says everything back, in its status line, a header, a broken header and its body."""
    words = " ".join(CANARIES.values())
    body = f'{{"title": "{words}", "detail": "{words}", "errors": [{{"field": "{words}"}}]}}'.encode()
    return answer(response(f"{status} {words}", body, f"X-Back: {words}", f"Broken {words}", kind=PROBLEM), keep=False)


STRANGE = [
    *(quoting(status) for status in ("400", "401", "403", "409", "422", "500", "302", "201")),
    after_reading(lambda _: None),
    answer(f"HTTP/1.1 201 {CANARIES['answer']}\r\nContent-Length: 99\r\n\r\n{CANARIES['answer']}".encode(), keep=False),
    answer(f"{CANARIES['answer']} {CANARIES['answer']}\r\n\r\n".encode(), keep=False),
]


@pytest.mark.parametrize("act", STRANGE)
def test_no_body_secret_or_answer_reaches_a_log_an_error_or_the_terminal(
    act: Act, serve: Callable[..., RawServer], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    seen: list[str] = []
    with caplog.at_level(logging.DEBUG):
        sign_in = SignIn(lambda: Pass({"Authorization": f"Bearer {CANARIES['secret']}"}))
        connection = http_to(serve(act), sign_in=sign_in, tries=1, timeout=1.0)
        try:
            seen.append(repr(connection.write("/notes", {"note": CANARIES["note"]}, doing="case note IB-1")))
        except ConnectorError as why:
            seen += [str(why), repr(why), repr(vars(why)), *traceback.format_exception(why)]
    printed = capsys.readouterr()
    everything = "\n".join([*seen, caplog.text, printed.out, printed.err])
    assert seen
    assert [canary for canary in CANARIES.values() if canary in everything] == []


def test_the_root_logger_at_debug_prints_no_header_and_no_query(serve: Callable[..., RawServer]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        sign_in = SignIn(lambda: Pass({"Authorization": "Bearer canary-secret"}))
        http = http_to(serve(GOOD), sign_in=sign_in)
        assert http.read("/notes", {"title": "canary-query"}, doing="x").status == 200
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert "canary" not in stream.getvalue()


def test_a_refused_field_is_named_and_a_value_in_its_place_is_not(serve: Callable[..., RawServer]) -> None:
    body = b'{"title": "No", "errors": [{"field": "Mia Invented"}, {"field": "/note/0"}, {"field": "note.Mia"}]}'
    with pytest.raises(Rejected) as caught:
        http_to(serve(refused("422 No", body=body))).write("/notes", {"note": "Mia Invented"}, doing="x")
    assert caught.value.field == "note.0"
    assert "Mia" not in str(caught.value)


def test_the_environments_proxy_is_not_used(serve: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert http_to(serve(GOOD)).read("/notes", doing="x").status == 200


def test_the_configured_proxy_gets_every_call_and_a_dead_one_is_unreachable(serve: Callable[..., RawServer]) -> None:
    proxy = serve(GOOD)
    http = Http("http://localhost:9/api", NAMING, proxy_url=f"http://127.0.0.1:{proxy.port}")
    assert http.read("/notes", doing="x").status == 200
    assert proxy.heads[0].startswith(b"GET http://localhost:9/api/notes ")
    proxy.close()
    dead = Http("https://mosaic.example/api", NAMING, proxy_url="http://127.0.0.1:9", tries=1)
    with pytest.raises(Unreachable) as caught:
        dead.write("/notes", {}, doing="x")
    assert "BRIDGE_PROXY__URL" in caught.value.message


def test_a_proxy_that_refuses_the_tunnel_had_nothing_to_pass_on(serve: Callable[..., RawServer]) -> None:
    proxy = serve(answer(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", keep=False))
    http = Http("https://mosaic.example/api", NAMING, proxy_url=f"http://127.0.0.1:{proxy.port}", tries=1)
    with pytest.raises(Unreachable) as caught:
        http.write("/notes", {"note": "x"}, doing="x")
    assert caught.value.reason == Outcome.PROXY_FAILED
    assert proxy.bodies == [b""]


def test_a_proxy_that_drips_cannot_stretch_the_deadline(serve: Callable[..., RawServer]) -> None:
    proxy = serve(after_reading(lambda exchange: exchange.drip(b"HTTP/1.1 200 Connected\r\n" * 50, 0.05)))
    http = Http("https://mosaic.example/api", NAMING, proxy_url=f"http://127.0.0.1:{proxy.port}", tries=1, timeout=1.0)
    started = time.monotonic()
    with pytest.raises(Unreachable):
        http.write("/notes", {}, doing="x")
    assert time.monotonic() - started < 20


def test_the_proxys_own_sign_in_is_shown_to_the_proxy(serve: Callable[..., RawServer]) -> None:
    proxy = serve(GOOD)
    http = Http("http://localhost:9/api", NAMING, proxy_url=f"http://some:one%20@127.0.0.1:{proxy.port}")
    http.read("/notes", doing="x")
    assert b"\r\nproxy-authorization: basic c29tztpvbmug\r\n" in proxy.heads[0].lower() + b"\r\n"
    assert b"\r\nhost: localhost:9\r\n" in proxy.heads[0].lower()


@pytest.mark.parametrize("path", ["/notes\r\nX-Evil: 1", "/no tes", "/n\x00tes"])
def test_an_address_that_would_end_a_line_early_is_never_sent(path: str, serve: Callable[..., RawServer]) -> None:
    server = serve(CREATED)
    with pytest.raises(Unreachable):
        http_to(server).write(path, {}, doing="x")
    with pytest.raises(Unreachable):
        http_to(server).write("/notes", {}, doing="x", headers={"Idempotency-Key": "a\r\nX-Evil: 1"})
    assert server.accepted == 0


def test_nothing_that_is_not_ours_is_chained_and_the_message_is_one_sentence(serve: Callable[..., RawServer]) -> None:
    with pytest.raises(ConnectorError) as caught:
        http_to(serve(after_reading(lambda _: None))).write("/notes", {}, doing="case note IB-1 for person 17")
    assert str(caught.value) == (
        "Mosaic closed the connection without an answer (case note IB-1 for person 17); it may have been applied, so "
        "it is looked up before anything is sent again."
    )
    assert repr(caught.value).startswith("Uncertain(")
