"""What is read from an answer: Retry-After in every style, whose answer it is, fields that are only ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from connectors.answers import Answer, Malformed, refused_fields, seconds_of, survivor, whole_number

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def answered(content: object, kind: str | None = "application/problem+json") -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(400, CaseInsensitiveDict({} if kind is None else {"Content-Type": kind}), body)


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("0", 0), (" 120 ", 120), ("86400", 86400),
        ("Thu, 01 Oct 2026 12:00:30 GMT", 30), ("Thursday, 01-Oct-26 12:00:30 GMT", 30),
        ("Thu, 01 Oct 2026 11:00:00 GMT", 0), ("Thu, 01 Oct 2026 13:00:30 +0100", 30),
        ("", None), ("soon", None), ("-1", None), ("1.5", None), ("٣", None), ("Thu, 99 Oct 2026 12:00:30 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_every_style(wish: str, seconds: float | None) -> None:
    assert seconds_of(wish, NOW) == seconds


@pytest.mark.parametrize("date", ["Fri, 02 Oct 2026 12:00:00 GMT", "Wed, 30 Sep 2026 12:00:00 GMT", "", "a while ago"])
def test_a_date_to_wait_for_is_read_by_the_clock_of_who_wrote_it(date: str) -> None:
    wish = {"": "Thu, 01 Oct 2026 12:00:30 GMT", "a while ago": "Thu, 01 Oct 2026 12:00:30 GMT"}.get(date)
    wish = wish or date.replace("12:00:00", "12:00:30")
    answer = Answer(429, CaseInsensitiveDict({"Date": date, "Retry-After": wish}), b"")
    assert answer.retry_after(NOW) == 30


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(wish: str) -> None:
    found = seconds_of(wish, NOW)
    assert found is None or found >= 0


def test_the_system_is_told_from_a_proxy_by_what_it_speaks() -> None:
    assert answered({}).from_system
    assert answered({}, "application/json; charset=utf-8").from_system
    assert answered({"title": "No"}, None).from_system
    assert not answered(b"<html></html>", "text/html").from_system
    assert not answered(b"<html></html>", None).from_system
    assert not answered(b"", None).from_system


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        _ = answered(body).content


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"a": "é"}'.encode(), "application/json"),
        ('{"a": "é"}'.encode("utf-8-sig"), "application/json"),
        ('{"a": "é"}'.encode("utf-16"), "application/json; charset=utf-16"),
        ('{"a": "é"}'.encode("cp1252"), "application/json; charset=Windows-1252"),
        ('{"a": "é"}'.encode("latin-1"), 'application/json; charset="ISO-8859-1"'),
        ('{"a": "é"}'.encode(), "application/json; charset=iso-8859-1"),
    ],
    ids=["as it should be", "with a byte order mark", "utf-16", "a Windows page", "latin-1", "named wrongly"],
)
def test_json_is_read_in_the_character_set_that_it_is_in(body: bytes, kind: str) -> None:
    """A note that was made, answered in a Windows code page, would stay uncertain for ever."""
    assert answered(body, kind).content == {"a": "é"}


@pytest.mark.parametrize("named", ["no-such-set", "hex", "us-ascii", "utf-8", ""])
def test_bytes_that_are_not_in_the_character_set_that_they_name_are_malformed(named: str) -> None:
    with pytest.raises(Malformed):
        _ = answered('{"a": "é"}'.encode("latin-1"), f"application/json; charset={named}").content


def test_only_fields_that_we_sent_are_named() -> None:
    problem = {"errors": [{"field": "/title"}, {"field": "body.note"}, {"field": "Mia"}, {"field": 7}, "x", {}]}
    assert refused_fields(answered(problem), {"title", "note"}) == ("title", "note")


@pytest.mark.parametrize("content", [[], {"errors": "x"}, {"errors": None}, b"<html>", {"errors": [None]}])
def test_a_problem_without_fields_names_none(content: object) -> None:
    assert refused_fields(answered(content), {"note"}) == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [(17, 17), ("17", 17), ("0017", 17), (0, None), (-1, None), (True, None), ("x", None), (None, None), (1.5, None)],
)
def test_an_id_is_a_positive_whole_number(value: object, number: int | None) -> None:
    assert whole_number(value) == number
    assert survivor(answered({"merged_into": value})) == number


def test_an_answer_shows_nothing_of_its_body() -> None:
    assert "Mia" not in repr(answered({"detail": "Mia"}))
