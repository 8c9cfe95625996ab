"""How a REST connector is unit-tested: `responses` answers in place of the far end, at the seam of `requests`.

For what a connector asks and what it reads from a whole answer. What a broken connection proves is for real sockets
(test_weather_http, test_wire, the conformance kit): here nothing is connected, so nothing is proven to be unsent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests
from responses import RequestsMock, matchers

from connectors.errors import Cause, NotApplied, Rejected, Uncertain
from connectors.http import Http
from connectors.mosaic_rest.store import MosaicRest
from connectors.outcomes import Naming
from connectors.protocols import NewNote

BASE = "https://mosaic.example/api"
REFERENCE = "IB-EXH-2026-0001-R1-ABCDEFGHIJKLMNOP"
NOTE = NewNote(
    person_id=17,
    note_type="SAFEINT",
    title="Safety intervention, EXH-2026-0001",
    html=f"<p>Example words.</p><p>Reference: {REFERENCE}</p>",
    effective_date=datetime(2026, 10, 5, 14, 5, tzinfo=UTC),
    reference=REFERENCE,
)


@pytest.fixture
def mosaic() -> Iterator[RequestsMock]:
    """Mosaic's answers, which the test writes; each one must be asked for."""
    with RequestsMock() as answers:
        yield answers


@pytest.fixture
def store() -> MosaicRest:
    return MosaicRest(Http(BASE, Naming("Mosaic", "BRIDGE_MOSAIC__BASE_URL", "BRIDGE_MOSAIC__CLIENT_SECRET"), tries=1))


def held(**changes: Any) -> dict[str, Any]:
    """Our note as Mosaic shows it."""
    return {
        "id": 7,
        "person_id": 17,
        "state": "COMPLETE",
        "note_type": "SAFEINT",
        "title": NOTE.title,
        "note": NOTE.html,
        "effective_date": "2026-10-05T15:05:00+01:00",
        "reference": REFERENCE,
        "created_on": "2026-10-06T09:00:00+01:00",
        "appendments": [],
        **changes,
    }


def test_a_note_is_sent_once_with_its_reference_as_the_key(mosaic: RequestsMock, store: MosaicRest) -> None:
    asked_for = {"reference": REFERENCE, "complete": True, "effective_date": "2026-10-05T15:05:00+01:00"}
    mosaic.post(
        f"{BASE}/persons/17/case-notes",
        json=held(),
        status=201,
        match=[
            matchers.json_params_matcher(asked_for, strict_match=False),
            matchers.header_matcher({"Idempotency-Key": REFERENCE}),
        ],
    )
    receipt = store.create(NOTE)
    assert (receipt.remote_id, receipt.person_id, receipt.already_there) == ("7", 17, False)
    assert len(mosaic.calls) == 1


def test_an_answer_that_shows_only_an_id_is_believed_when_a_read_confirms_it(
    mosaic: RequestsMock, store: MosaicRest
) -> None:
    mosaic.post(f"{BASE}/persons/17/case-notes", json={"id": 7}, status=201)
    mosaic.get(f"{BASE}/case-notes/7", json=held())
    assert store.create(NOTE).remote_id == "7"


def test_a_page_with_a_good_status_proves_nothing(mosaic: RequestsMock, store: MosaicRest) -> None:
    mosaic.post(f"{BASE}/persons/17/case-notes", body="<html>Welcome</html>", content_type="text/html", status=201)
    with pytest.raises(Uncertain):
        store.create(NOTE)


def test_a_merged_person_is_followed_to_the_survivor(mosaic: RequestsMock, store: MosaicRest) -> None:
    mosaic.post(f"{BASE}/persons/17/case-notes", json={"merged_into": 19}, status=410)
    mosaic.post(f"{BASE}/persons/19/case-notes", json=held(person_id=19), status=201)
    assert store.create(NOTE).person_id == 19


def test_a_record_that_is_gone_without_a_word_of_the_survivor_is_no_absence(
    mosaic: RequestsMock, store: MosaicRest
) -> None:
    mosaic.get(f"{BASE}/persons/17/case-notes", json={"items": [], "next_cursor": None})
    mosaic.get(f"{BASE}/persons/17", body="", content_type="application/problem+json", status=410)
    with pytest.raises(NotApplied):
        store.find(REFERENCE, person_id=17, note_type="SAFEINT", effective_on=date(2026, 10, 5))


def test_a_refusal_names_the_field_and_never_what_was_in_it(mosaic: RequestsMock, store: MosaicRest) -> None:
    problem = {"title": "Not valid", "errors": [{"field": "title", "message": NOTE.title}]}
    mosaic.post(f"{BASE}/persons/17/case-notes", json=problem, status=422)
    with pytest.raises(Rejected) as caught:
        store.create(NOTE)
    assert (caught.value.cause, caught.value.field) == (Cause.INVALID, "title")
    assert NOTE.title not in caught.value.message


def test_patience_that_is_asked_for_reaches_the_ledger(mosaic: RequestsMock, store: MosaicRest) -> None:
    mosaic.post(f"{BASE}/persons/17/case-notes", json={"title": "Slow"}, status=429, headers={"Retry-After": "90"})
    with pytest.raises(NotApplied) as caught:
        store.create(NOTE)
    assert caught.value.retry_after == 90


def test_every_page_is_read_to_the_last(mosaic: RequestsMock, store: MosaicRest) -> None:
    asked = f"{BASE}/persons/17/case-notes"
    mosaic.get(asked, json={"items": [held(id=7)], "next_cursor": "b"})
    mosaic.get(
        asked,
        json={"items": [held(id=8)], "next_cursor": None},
        match=[matchers.query_param_matcher({"cursor": "b"}, strict_match=False)],
    )
    assert [note.remote_id for note in store.list(17, date(2026, 10, 1), date(2026, 10, 9))] == ["7", "8"]


@pytest.mark.parametrize("failure", [requests.ConnectionError(), requests.ConnectTimeout(), requests.ReadTimeout()])
def test_a_failure_that_is_only_played_is_never_taken_for_proof_that_nothing_was_sent(
    failure: requests.RequestException, mosaic: RequestsMock, store: MosaicRest
) -> None:
    mosaic.post(f"{BASE}/persons/17/case-notes", body=failure)
    with pytest.raises(Uncertain):
        store.create(NOTE)
