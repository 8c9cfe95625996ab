"""What each HTTP fault does to an exchange: the answer in place of the right one, or the bytes that go wrong."""

from __future__ import annotations

import json
import math
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

from sandbox.messages import HTML, Answer, Request, problem

_LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
_PROXY_PAGE = b"<!doctype html><html><body><h1>We are sorry</h1><p>The service is not available.</p></body></html>"
_TITLES = {
    400: "Bad request",
    401: "Unauthorised",
    403: "Forbidden",
    404: "Not found",
    409: "Conflict",
    410: "Gone",
    413: "Content too large",
    422: "Unprocessable content",
    423: "Locked",
    429: "Too many requests",
    500: "Internal error",
    503: "Service unavailable",
}


def answer_instead(name: str, seconds: float, request: Request) -> Answer | None:
    """The answer that a fault gives where nothing was applied; None for faults that give none."""
    if name.startswith("redirect_"):
        return Answer(int(name.split("_")[1]), _LOGIN_PAGE, HTML, (("Location", "/login"),))
    if name == "html_200_before":
        return Answer(200, _PROXY_PAGE, HTML)
    if name.endswith("_html"):
        status = int("".join(c for c in name if c.isdigit()))
        headers = (("Retry-After", str(int(seconds))),) if status == 503 else ()
        return Answer(status, _PROXY_PAGE, HTML, headers)
    if name == "400_quoting":
        return problem(400, _TITLES[400], detail=request.body.decode("utf-8", "replace"))
    if name == "422_naming":
        return problem(422, _TITLES[422], errors=_quoted(request.body))
    digits = name.removeprefix("error_")[:3]
    if not digits.isdigit():
        return None
    status = int(digits)
    return problem(status, _TITLES[status], headers=_retry_after(name, seconds))


def _quoted(body: bytes) -> list[dict[str, str]]:
    try:
        sent = json.loads(body)
    except ValueError:
        return []
    return [{"field": name, "message": f"not allowed: {value}"} for name, value in sent.items()]


def _retry_after(name: str, seconds: float) -> tuple[tuple[str, str], ...]:
    if not name.startswith(("429", "503")) or name.endswith("_absent"):
        return ()
    styles = {
        "http_date": formatdate(math.ceil(time.time() + seconds), usegmt=True),
        "past_date": formatdate(time.time() - 3600, usegmt=True),
        "garbage": "soon",
        "day": "86400",
        "": f"{seconds:g}",
    }
    return (("Retry-After", styles[name[4:]]),)


def spoil(name: str, answer: Answer) -> Answer | None:
    """A whole, well-framed answer that is nevertheless wrong; None for faults that break the framing."""
    if name in ("html_201", "html_200"):
        return Answer(int(name[5:]), _PROXY_PAGE, HTML)
    if name == "truncated_json":
        return Answer(answer.status, answer.body[: max(1, len(answer.body) // 2)], answer.content_type)
    if name == "empty_body":
        return Answer(answer.status, b"", answer.content_type)
    if name == "other_json":
        return Answer(answer.status, b'{"ok":true}', answer.content_type)
    if name == "error_500_after_apply":
        return problem(500, _TITLES[500])
    if name == "error_500_html_after_apply":
        return Answer(500, _PROXY_PAGE, HTML)
    if name == "503_html_after_apply":
        return Answer(503, _PROXY_PAGE, HTML, (("Retry-After", "2"),))
    if name.endswith("_after_apply") and name.startswith("redirect_"):
        return Answer(int(name.split("_")[1]), _LOGIN_PAGE, HTML, (("Location", "/login"),))
    return None


def misbehave(name: str, connection: socket.socket, answer: Answer, seconds: float, wait: Callable[[], bool]) -> bool:
    """Break the exchange at the level of bytes; whether the connection is kept. `wait` says if the client stayed."""
    if name.startswith("reset"):
        reset(connection)
    elif name.startswith("stall"):
        wait()
    elif name == "cut_status_line":
        connection.sendall(answer.wire()[:17])
    elif name == "cut_headers":
        connection.sendall(answer.wire()[: answer.wire().index(b"\r\n") + 10])
    elif name == "short_body":
        framing = f"Content-Length: {max(100, len(answer.body))}"
        connection.sendall(answer.head(framing) + answer.body[:10])
    elif name == "cut_chunk":
        half = answer.body[: len(answer.body) // 2]
        connection.sendall(answer.head("Transfer-Encoding: chunked") + f"{len(answer.body):x}\r\n".encode() + half)
    elif name == "wrong_clock":
        dated = ("Date", formatdate(time.time() + seconds, usegmt=True))
        connection.sendall(replace(answer, headers=(*answer.headers, dated)).wire())
        return True
    elif name == "late":
        if not wait():
            return False
        connection.sendall(answer.wire())
        return True
    elif name == "slow_drip":
        drip(connection, answer.wire(), seconds)
        return True
    elif name == "close_idle":
        # The end of the connection travels with the answer, so that a client that looks sees both.
        connection.sendall(answer.wire(), 0 if isinstance(connection, ssl.SSLSocket) else socket.MSG_MORE)
        connection.shutdown(socket.SHUT_WR)
    return False


def drip(connection: socket.socket, wire: bytes, seconds: float) -> None:
    """Send a few bytes at a time, over so many seconds, with never a long silence."""
    pauses = max(1, int(seconds / 0.2))
    size = max(1, -(-len(wire) // pauses))
    for start in range(0, len(wire), size):
        connection.sendall(wire[start : start + size])
        time.sleep(seconds / pauses)


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def crowd(port: int) -> list[socket.socket]:
    """Fill the port's waiting line, so that the kernel answers no further connection attempt."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    members = [listener]
    for _ in range(4):
        member = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        member.setblocking(False)
        member.connect_ex(("127.0.0.1", port))
        members.append(member)
    return members
