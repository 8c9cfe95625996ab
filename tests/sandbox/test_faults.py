"""Every fault of the table does over a real socket what the table says, and applies what it says it applies."""

from __future__ import annotations

import socket
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from sandbox.certificates import Certificates
from sandbox.faults import FAULTS, Stage, Weather
from sandbox.mosaic import Mosaic
from tests.sandbox.examples import NOTE

BROKEN = {  # fault -> (exception of requests, word in its cause chain)
    "close_before_read": (requests.ConnectionError, "ConnectionResetError"),
    "close_before": (requests.ConnectionError, "RemoteDisconnected"),
    "reset_before": (requests.ConnectionError, "ConnectionResetError"),
    "stall_before": (requests.ReadTimeout, ""),
    "close_after_apply": (requests.ConnectionError, "RemoteDisconnected"),
    "reset_after_apply": (requests.ConnectionError, "ConnectionResetError"),
    "stall_after_apply": (requests.ReadTimeout, ""),
    "short_body": (requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
    "cut_chunk": (requests.exceptions.ChunkedEncodingError, "ProtocolError"),
    "commit_later": (requests.ConnectionError, "RemoteDisconnected"),
    "refuse": (requests.ConnectionError, "NewConnectionError"),
    "connect_timeout": (requests.ConnectTimeout, ""),
}
ANSWERED = {  # fault -> (status, word in the content type)
    "error_500_before": (500, "problem+json"),
    "error_502_html": (502, "html"),
    "error_504_html": (504, "html"),
    "html_200_before": (200, "html"),
    "redirect_302": (302, "html"),
    "redirect_307": (307, "html"),
    "redirect_308": (308, "html"),
    "400": (400, "problem+json"),
    "400_quoting": (400, "problem+json"),
    "401": (401, "problem+json"),
    "403": (403, "problem+json"),
    "404": (404, "problem+json"),
    "409": (409, "problem+json"),
    "410": (410, "problem+json"),
    "413": (413, "problem+json"),
    "422": (422, "problem+json"),
    "422_naming": (422, "problem+json"),
    "423": (423, "problem+json"),
    "429": (429, "problem+json"),
    "429_http_date": (429, "problem+json"),
    "429_past_date": (429, "problem+json"),
    "429_garbage": (429, "problem+json"),
    "429_absent": (429, "problem+json"),
    "429_day": (429, "problem+json"),
    "503": (503, "problem+json"),
    "503_http_date": (503, "problem+json"),
    "503_absent": (503, "problem+json"),
    "503_html": (503, "html"),
    "cut_status_line": (201, ""),
    "cut_headers": (201, ""),
    "truncated_json": (201, "json"),
    "html_201": (201, "html"),
    "html_200": (200, "html"),
    "empty_body": (201, "json"),
    "other_json": (201, "json"),
    "redirect_302_after_apply": (302, "html"),
    "redirect_307_after_apply": (307, "html"),
    "error_500_after_apply": (500, "problem+json"),
    "error_500_html_after_apply": (500, "html"),
    "503_html_after_apply": (503, "html"),
    "slow_drip": (201, "json"),
    "late": (201, "json"),
    "wrong_clock": (201, "json"),
    "close_idle": (201, "json"),
}
SMTP_STAGES = {Stage.CONNECT, Stage.HELLO, Stage.AUTH, Stage.SENDER, Stage.RECIPIENT, Stage.DATA}


def create(mosaic: Mosaic, session: requests.Session) -> requests.Response:
    return session.post(f"{mosaic.base_url}/persons/1/case-notes", json=NOTE, timeout=1.5, allow_redirects=False)


def chain(why: BaseException | None) -> str:
    words = []
    while why is not None and len(words) < 10:
        words.append(type(why).__name__)
        inner = [arg for arg in why.args if isinstance(arg, BaseException)] + [getattr(why, "reason", None)]
        why = next((found for found in inner if isinstance(found, BaseException)), None) or why.__cause__
    return " ".join(words)


def test_every_http_fault_of_the_table_has_a_row_here() -> None:
    http = {name for name, fault in FAULTS.items() if fault.stage not in SMTP_STAGES}
    assert http == BROKEN.keys() | ANSWERED.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_that_breaks_the_exchange_raises_what_was_measured(
    name: str, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.arm(name, when="create")
    expected, word = BROKEN[name]
    with pytest.raises(expected) as caught:
        create(mosaic, to_mosaic)
    assert word in chain(caught.value)
    applied_now = FAULTS[name].applied and name != "commit_later"
    assert [effect.reference for effect in mosaic.applied()] == (["EXH-1"] if applied_now else [])


@pytest.mark.parametrize("name", ANSWERED)
def test_a_fault_that_answers_gives_its_status_and_applies_what_the_table_says(
    name: str, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.arm(name, when="create", seconds=0.3 if name in ("slow_drip", "late") else None)
    status, kind = ANSWERED[name]
    answer = create(mosaic, to_mosaic)
    assert answer.status_code == status
    assert kind in answer.headers.get("Content-Type", "")
    assert len(mosaic.applied()) == int(FAULTS[name].applied)
    assert mosaic.requests("create")[0].fault == name
    assert create(mosaic, to_mosaic).status_code == 201, "a fault strikes once unless told otherwise"


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [("429_http_date", 0, 3), ("429_past_date", -3700, -3500), ("503_http_date", 0, 3)],
)
def test_a_retry_after_can_be_a_date(
    name: str, lowest: float, highest: float, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.arm(name)
    asked = parsedate_to_datetime(create(mosaic, to_mosaic).headers["Retry-After"]).timestamp() - time.time()
    assert lowest - 1 <= asked <= highest


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("429", "2"),
        ("429_garbage", "soon"),
        ("429_absent", None),
        ("429_day", "86400"),
        ("503", "2"),
        ("503_html", "2"),
    ],
)
def test_a_retry_after_can_be_seconds_or_nonsense(
    name: str, asked: str | None, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.arm(name)
    assert create(mosaic, to_mosaic).headers.get("Retry-After") == asked


def test_a_cut_status_line_is_a_clean_201_without_a_body(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("cut_status_line")
    answer = create(mosaic, to_mosaic)
    assert (answer.status_code, answer.reason, answer.content) == (201, "Crea", b"")


def test_a_commit_later_is_applied_when_the_clock_has_moved_on(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("commit_later", seconds=30)
    with pytest.raises(requests.ConnectionError):
        create(mosaic, to_mosaic)
    mosaic.advance(29)
    assert mosaic.applied() == []
    mosaic.advance(2)
    assert [effect.subject for effect in mosaic.applied()] == ["1"]
    assert len(mosaic.notes(1)) == 1


def test_a_slow_drip_outlasts_the_read_time_out(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("slow_drip", seconds=1)
    began = time.monotonic()
    answer = create(mosaic, to_mosaic)
    assert answer.json()["reference"] == "EXH-1"
    assert time.monotonic() - began > 0.8 > 0.5, "longer than the time-out of 0.5 s"


def test_a_refused_port_is_the_same_port_when_it_opens_again(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    assert create(mosaic, to_mosaic).status_code == 201
    mosaic.arm("refuse")
    with pytest.raises(requests.ConnectionError):
        create(mosaic, to_mosaic)
    mosaic.disarm("refuse")
    assert create(mosaic, to_mosaic).status_code == 201


def test_a_stalled_request_lets_go_when_the_client_leaves(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("stall_before", times=None)
    for _ in range(2):
        with pytest.raises(requests.ReadTimeout):
            create(mosaic, to_mosaic)
    mosaic.disarm()
    assert create(mosaic, to_mosaic).status_code == 201


def test_a_kept_connection_that_the_server_closed_is_opened_again_in_silence(
    mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.arm("close_idle")
    create(mosaic, to_mosaic)
    assert create(mosaic, to_mosaic).status_code == 201
    assert len(mosaic.applied()) == 2


def test_a_fault_waits_for_its_operation_and_skips_as_many_as_it_is_told() -> None:
    weather = Weather("mosaic")
    weather.arm("401", when="create, append", times=2, skip=1)
    struck = [
        weather.take(operation) is not None for operation in ("find", "create", "append", "token", "create", "create")
    ]
    assert struck == [False, False, True, False, True, False]
    assert weather.armed() == []


def test_a_fault_can_be_aimed_at_one_record(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("503", path="/persons/2/")
    answers = [
        to_mosaic.post(f"{mosaic.base_url}/persons/{person}/case-notes", json=NOTE, timeout=5) for person in (1, 2, 2)
    ]
    assert [answer.status_code for answer in answers] == [201, 503, 201]


def test_a_group_of_operations_can_be_named_at_once() -> None:
    weather = Weather("mosaic")
    weather.arm("401", when="write", times=None)
    assert [weather.take(name) is not None for name in ("create", "append", "log_create", "find", "pull")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_storm_with_a_seed_repeats_itself() -> None:
    def storm(seed: int) -> list[bool]:
        weather = Weather("mosaic")
        weather.arm("401", times=None, probability=0.3, seed=seed)
        return [weather.take("create") is not None for _ in range(200)]

    assert storm(7) == storm(7) != storm(8)
    assert 30 < sum(storm(7)) < 90


def test_an_unknown_fault_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="close_after_apply"):
        Weather("mosaic").arm("explode")


def test_a_reset_forgets_everything(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.arm("refuse")
    mosaic.advance(4000)
    mosaic.reset()
    assert mosaic.armed() == []
    assert create(mosaic, to_mosaic).status_code == 201
    assert len(mosaic.applied()) == len(mosaic.requests()) == 1


def test_many_connections_are_served_at_once(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    connections = [socket.create_connection(("127.0.0.1", mosaic.server.port), timeout=5) for _ in range(64)]
    head = f"GET /api/v1/persons/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {to_mosaic.headers['Authorization']}\r\n\r\n"
    mosaic.server.latency = 0.2
    began = time.monotonic()
    for connection in connections:
        connection.sendall(head.encode())
    answers = [connection.recv(4096) for connection in connections]
    assert all(answer.startswith(b"HTTP/1.1 200 OK") for answer in answers)
    assert time.monotonic() - began < 64 * 0.2, "the latency is waited for side by side"
    for connection in connections:
        connection.close()


def test_a_storm_of_passing_faults_lets_the_rest_through(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.weather.storm(0.02, seed=5, among=("503", "error_500_after_apply", "reset_before"), when="create")
    answered = 0
    for _ in range(100):
        try:
            answered += create(mosaic, to_mosaic).status_code == 201
        except requests.ConnectionError:
            continue
    met = {seen.fault for seen in mosaic.requests("create")}
    assert met == {None, "503", "error_500_after_apply", "reset_before"}
    assert answered == sum(seen.fault is None for seen in mosaic.requests("create"))


@pytest.mark.parametrize("expired", [False, True])
def test_a_stand_in_can_speak_https_with_a_certificate_that_may_have_expired(expired: bool, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with Mosaic(tls=certificates.server(expired=expired)) as mosaic:
        address = f"{mosaic.base_url}/persons/1"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(address, timeout=5)
        trusting = str(certificates.ca_file)
        if expired:
            with pytest.raises(requests.exceptions.SSLError, match="expired"):
                requests.get(address, verify=trusting, timeout=5)
        else:
            mosaic.arm("stall_before", when="person")
            with pytest.raises(requests.ReadTimeout):
                requests.get(address, verify=trusting, timeout=0.3)
            assert requests.get(address, verify=trusting, timeout=5).status_code == 401
