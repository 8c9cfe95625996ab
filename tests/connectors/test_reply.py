"""An answer is read as far as it was sent: lenient with careless servers, strict about a body's promised length."""

from __future__ import annotations

import gzip
import socket
import zlib
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest

from connectors.reply import AnswerTooLong, Reply, read_reply


def read(sent: bytes, *, most: int = 10_000, open_end: bool = False, bodiless: bool = False) -> Reply:
    """What is read of these bytes; the far end closes after them unless the end stays open."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        if not open_end:
            theirs.shutdown(socket.SHUT_WR)
        return read_reply(ours, most=most, left=lambda: 5.0, bodiless=bodiless)


def test_a_body_of_a_told_length_ends_there_and_the_connection_is_kept() -> None:
    reply = read(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Id: 7\r\n\r\n{}", open_end=True)
    assert (reply.status, reply.body, reply.keeps) == (201, b"{}", True)
    assert (reply.headers["x-iD"], reply.headers.get("CONTENT-length"), "nope" in reply.headers) == ("7", "2", False)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_connection_is_not_kept_where_the_far_end_closes_it(head: bytes) -> None:
    reply = read(head + b"\r\n\r\n{}")
    assert (reply.body, reply.keeps) == (b"{}", False)


def test_bytes_after_the_end_of_an_answer_belong_to_no_answer_and_the_connection_is_given_up() -> None:
    assert not read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 No\r\n\r\n").keeps


def test_chunks_are_put_together_and_trailers_are_passed_over() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = read(chunked + b"1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-Late: 1\r\n\r\n", open_end=True)
    assert (reply.body, reply.keeps) == (b"{}", True)
    for cut in (b"5\r\n{", b"1\r\n{", b"-1\r\n{\r\n0\r\n\r\n", b"zz\r\n", b""):
        with pytest.raises(IncompleteRead):
            read(chunked + cut)


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    with pytest.raises(RemoteDisconnected):
        read(b"")
    with pytest.raises(IncompleteRead):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")


def test_two_lengths_of_one_body_are_refused_and_one_said_twice_is_taken() -> None:
    with pytest.raises(HTTPException):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", open_end=True)
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}", open_end=True).body == b"{}"


def test_an_interim_answer_is_not_the_answer() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert read(interim + b"HTTP/1.1 204 No Content\r\n\r\n", open_end=True).status == 204


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_status_without_a_body_waits_for_none(status: bytes) -> None:
    reply = read(b"HTTP/1.1 " + status + b"\r\n\r\n", open_end=True)
    assert (reply.body, reply.keeps) == (b"", True)


def test_careless_line_ends_long_headers_and_nonsense_between_them_are_read() -> None:
    reply = read(b"HTTP/1.1 200\nContent-Type: application/json;\n charset=utf-8\nnonsense\nX-A: 1\nX-A: 2\n\n{}")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert (reply.headers["x-a"], reply.body) == ("1, 2", b"{}")


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        ("gzip", gzip.compress(b"[1]")),
        ("GZIP", gzip.compress(b"[1]")),
        ("deflate", zlib.compress(b"[1]")),
        ("deflate", zlib.compress(b"[1]")[2:-4]),
        ("identity", b"[1]"),
    ],
    ids=["gzip", "in capitals", "deflate", "deflate without its frame", "not packed"],
)
def test_a_body_that_a_gateway_packed_is_unpacked(kind: str, packed: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {kind}\r\nContent-Length: {len(packed)}\r\n\r\n"
    assert read(head.encode() + packed).body == b"[1]"


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 20000\r\n\r\n",
        b"\r\n" + b"x" * 20_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1770\r\n" + b"x" * 6000 + b"\r\n1770\r\n",
        b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 1_000_000),
    ],
    ids=["told", "until the end", "chunks", "packed"],
)
def test_no_more_than_the_most_is_taken_in(sent: bytes) -> None:
    with pytest.raises(AnswerTooLong):
        read(b"HTTP/1.1 200 OK\r\n" + sent)


def test_endless_headers_and_lines_are_refused() -> None:
    with pytest.raises(HTTPException):
        read(b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n")
    with pytest.raises(HTTPException):
        read(b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 70_000 + b"\r\n\r\n")


@pytest.mark.parametrize("line", [b"hello", b"HTTP/1.1", b"HTTP/1.1 abc", b"HTTP/1.1 42 No", b"SMTP 200 OK"])
def test_what_is_not_http_is_refused(line: bytes) -> None:
    with pytest.raises(HTTPException):
        read(line + b"\r\n\r\n")


def test_neither_an_answer_nor_its_headers_show_what_they_hold() -> None:
    reply = read(b"HTTP/1.1 200 OK\r\nX-Name: canary\r\n\r\ncanary")
    assert "canary" not in f"{reply!r}{reply.headers!r}{reply}"
