"""An answer is read whole or not at all, in whatever packets it comes and wherever it is cut off."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading import Incoming, read_from


class Packets:
    """A socket that has received these, and whose far end has closed."""

    def __init__(self, *packets: bytes) -> None:
        self.packets = [packet for packet in packets if packet]

    def recv(self, most: int) -> bytes:
        packet = self.packets.pop(0) if self.packets else b""
        assert len(packet) <= most
        return packet


def incoming(*packets: bytes) -> Incoming:
    sock: Any = Packets(*packets)
    return Incoming(sock)


class Sent(NamedTuple):
    """An answer as a server sends it. `enough`: so many of its bytes say all that there is to say."""

    body: bytes
    data: bytes
    enough: int


@st.composite
def answers(draw: st.DrawFn) -> Sent:
    before = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\nLink: a\n\n"]))
    head = before + b"HTTP/1.1 201 Created\r\nX-Folded: a\r\n b\r\n"
    pieces = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
    body = b"".join(pieces)
    if draw(st.booleans()):
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        return Sent(body, data, len(data))
    extra = draw(st.sampled_from([b"", b";a=b", b" "]))
    zeros = draw(st.sampled_from([b"", b"000"]))
    chunks = b"".join(b"%b%x%b\r\n%b\r\n" % (zeros, len(piece), extra, piece) for piece in pieces)
    data = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + zeros + b"0" + extra + b"\r\n"
    return Sent(body, data + draw(st.sampled_from([b"", b"X-Late: 1\r\n"])) + b"\r\n", len(data))


def packed(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    ends = sorted({cut % (len(data) + 1) for cut in cuts} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(answers(), answers(), st.lists(st.integers(0, 1000), max_size=8))
def test_two_answers_are_read_as_two_in_whatever_packets_they_come(one: Sent, other: Sent, cuts: list[int]) -> None:
    line = incoming(*packed(one.data + other.data, cuts))
    assert [read_from(line).data, read_from(line).data] == [one.body, other.body]
    assert line.left == b""


@given(answers(), st.data())
def test_an_answer_that_is_cut_off_is_never_read(sent: Sent, draws: st.DataObject) -> None:
    cut = draws.draw(st.integers(0, sent.enough - 1))
    with pytest.raises(http.client.HTTPException):
        read_from(incoming(sent.data[:cut]))
