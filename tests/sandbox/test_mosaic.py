"""The Mosaic stand-in keeps its contract and the life cycle of its notes, and misbehaves where it is told to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.mosaic import Mosaic
from sandbox.sanitiser import sanitised
from tests.sandbox.examples import NOTE, token
from tests.sandbox.schemas import keeps

NOTES = "/persons/{person_id}/case-notes"


def create(mosaic: Mosaic, session: requests.Session, person: int = 1, **changes: Any) -> requests.Response:
    headers = changes.pop("headers", {})
    return session.post(
        f"{mosaic.base_url}/persons/{person}/case-notes", json={**NOTE, **changes}, headers=headers, timeout=5
    )


def listed(mosaic: Mosaic, session: requests.Session, person: int = 1, **asked: Any) -> list[dict[str, Any]]:
    answer = session.get(f"{mosaic.base_url}/persons/{person}/case-notes", params=asked, timeout=5)
    keeps("mosaic", NOTES, "get", answer)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def act(mosaic: Mosaic, session: requests.Session, note_id: int, what: str, **body: Any) -> requests.Response:
    return session.post(f"{mosaic.base_url}/case-notes/{note_id}/{what}", json=body or None, timeout=5)


def test_a_note_is_created_finished_found_and_read_again(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    made = create(mosaic, to_mosaic)
    keeps("mosaic", NOTES, "post", made)
    assert (made.status_code, made.json()["state"], made.json()["person_id"]) == (201, "COMPLETE", 1)
    assert made.json()["effective_date"] == "2026-06-03T14:05:00+01:00"
    read = to_mosaic.get(f"{mosaic.base_url}/case-notes/{made.json()['id']}", timeout=5)
    keeps("mosaic", "/case-notes/{note_id}", "get", read)
    assert listed(mosaic, to_mosaic, reference="EXH-1") == [read.json()]
    assert listed(mosaic, to_mosaic, reference="EXH-2") == []
    assert listed(mosaic, to_mosaic, effective_from="2026-06-03", effective_to="2026-06-03", note_type="SAFEINT")
    assert not listed(mosaic, to_mosaic, effective_from="2026-06-04")


def test_every_effect_is_counted_with_its_reference_and_person(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    note_id = create(mosaic, to_mosaic, complete=False).json()["id"]
    act(mosaic, to_mosaic, note_id, "complete")
    act(mosaic, to_mosaic, note_id, "appendments", note="<p>More.</p>", reference="EXH-1-2")
    effects = [(effect.operation, effect.reference, effect.subject, effect.target) for effect in mosaic.applied()]
    assert effects == [
        ("create", "EXH-1", "1", "mosaic"),
        ("complete", "EXH-1", "1", "mosaic"),
        ("append", "EXH-1-2", "1", "mosaic"),
    ]


def test_a_draft_is_finished_once_and_appended_to_only_afterwards(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    note_id = create(mosaic, to_mosaic, complete=False).json()["id"]
    more = {"note": "<p>More.</p>", "reference": "EXH-1-2"}
    assert act(mosaic, to_mosaic, note_id, "appendments", **more).status_code == 409
    finished = act(mosaic, to_mosaic, note_id, "complete")
    keeps("mosaic", "/case-notes/{note_id}/complete", "post", finished)
    again = act(mosaic, to_mosaic, note_id, "complete")
    keeps("mosaic", "/case-notes/{note_id}/complete", "post", again)
    assert (finished.json()["state"], again.status_code) == ("COMPLETE", 409)
    appended = act(mosaic, to_mosaic, note_id, "appendments", **more)
    keeps("mosaic", "/case-notes/{note_id}/appendments", "post", appended)
    assert appended.status_code == 201


def test_a_draft_times_out_and_can_still_be_finished(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    note_id = create(mosaic, to_mosaic, complete=False).json()["id"]
    assert mosaic.notes(1)[0]["state"] == "DRAFT"
    mosaic.advance(8 * 86400)
    assert mosaic.notes(1)[0]["state"] == "TIMED_OUT"
    to_mosaic.headers["Authorization"] = f"Bearer {token(mosaic)}"
    assert act(mosaic, to_mosaic, note_id, "complete").json()["state"] == "COMPLETE"


def test_a_deleted_note_is_listed_as_deleted_and_takes_nothing_more(
    mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    note_id = create(mosaic, to_mosaic).json()["id"]
    mosaic.delete_note(note_id)
    assert [note["state"] for note in listed(mosaic, to_mosaic)] == ["DELETED"]
    assert act(mosaic, to_mosaic, note_id, "appendments", note="x", reference="y").status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "x" * 101}, "title"),
        ({"title": ""}, "title"),
        ({"note": "x" * 32001}, "note"),
        ({"note_type": "x" * 17}, "note_type"),
        ({"reference": "x" * 65}, "reference"),
        ({"effective_date": "2026-06-03T14:05:00"}, "effective_date"),
        ({"effective_date": "yesterday"}, "effective_date"),
        ({"complete": "yes"}, "complete"),
        ({"acting_for": "x" * 31}, "acting_for"),
        ({"alert_recipients": ["x"] * 21}, "alert_recipients"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_the_schema_refuses_is_a_400_that_names_the_field(
    changes: dict[str, Any], field: str, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    answer = create(mosaic, to_mosaic, **changes)
    keeps("mosaic", NOTES, "post", answer)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert mosaic.applied() == []


def test_a_note_of_exactly_the_greatest_length_is_taken(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    longest = {"title": "\u00e9" * 100, "note": "\U0001f614" * 32000, "reference": "r" * 64, "note_type": "n" * 16}
    assert create(mosaic, to_mosaic, **longest).status_code == 201


def test_a_merged_person_answers_410_with_the_survivor_and_the_notes_move(
    mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    create(mosaic, to_mosaic)
    mosaic.merge(1, 2)
    gone = create(mosaic, to_mosaic)
    keeps("mosaic", NOTES, "post", gone)
    assert (gone.status_code, gone.json()["merged_into"]) == (410, 2)
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1/case-notes", timeout=5).status_code == 410
    assert [note["person_id"] for note in listed(mosaic, to_mosaic, person=2)] == [2]
    person = to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5)
    keeps("mosaic", "/persons/{person_id}", "get", person)
    assert person.json()["merged_into"] == 2


def test_restricted_locked_and_missing_records_each_answer_in_their_own_way(
    mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.restrict(1)
    mosaic.lock(2)
    answers = [create(mosaic, to_mosaic, person) for person in (1, 2, 999)]
    assert [answer.status_code for answer in answers] == [403, 423, 404]
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).json()["restricted"] is True
    assert listed(mosaic, to_mosaic, person=2) == [], "a locked record can be read"
    mosaic.gateway.restricted_status = 403
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 403
    mosaic.lock(2, locked=False)
    assert create(mosaic, to_mosaic, 2).status_code == 201


def test_a_token_is_asked_for_expires_and_can_be_revoked(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    assert requests.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 401
    mosaic.advance(3599)
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 200
    mosaic.advance(2)
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 401
    to_mosaic.headers["Authorization"] = f"Bearer {token(mosaic)}"
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 200
    mosaic.revoke_tokens()
    assert to_mosaic.get(f"{mosaic.base_url}/persons/1", timeout=5).status_code == 401


def test_a_token_answer_keeps_the_contract_and_wrong_credentials_are_401(mosaic: Mosaic) -> None:
    form = {"grant_type": "client_credentials", "client_id": mosaic.client_id, "client_secret": mosaic.client_secret}
    for secret, status in ((mosaic.client_secret, 200), ("wrong", 401)):
        answer = requests.post(f"{mosaic.base_url}/oauth/token", data={**form, "client_secret": secret}, timeout=5)
        keeps("mosaic", "/oauth/token", "post", answer)
        assert answer.status_code == status


def test_a_gateway_can_drop_the_reference_or_put_it_into_the_title(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.drops_reference = True
    assert create(mosaic, to_mosaic).json()["reference"] is None
    assert listed(mosaic, to_mosaic, reference="EXH-1") == []
    mosaic.gateway.drops_reference = False
    mosaic.gateway.reference_in_title = True
    found = create(mosaic, to_mosaic, title="t" * 100).json()
    assert (found["reference"], found["title"][-6:], len(found["title"])) == (None, " EXH-1", 100)
    assert [effect.reference for effect in mosaic.applied()] == ["EXH-1", "EXH-1"], "counted as it was sent"


def test_a_gateway_can_ignore_the_filter_or_fold_the_case(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.folds_reference = True
    create(mosaic, to_mosaic, reference="exh-1")
    assert [note["reference"] for note in listed(mosaic, to_mosaic, reference="exh-1")] == ["EXH-1"]
    mosaic.gateway.filter_is_exact = True
    assert listed(mosaic, to_mosaic, reference="exh-1") == []
    mosaic.gateway.ignores = frozenset({"reference"})
    assert len(listed(mosaic, to_mosaic, reference="something else")) == 1


def test_a_gateway_can_leave_every_note_a_draft(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.stores_drafts = True
    found = create(mosaic, to_mosaic, complete=True)
    keeps("mosaic", NOTES, "post", found)
    assert (found.json()["state"], found.json()["completed_on"]) == ("DRAFT", None)


@pytest.mark.parametrize(("mode", "status"), [("key", 200), (200, 200), (409, 409), (None, 201)])
def test_a_repeat_is_recognised_where_the_gateway_can(
    mode: object, status: int, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.gateway.honours_idempotency_key = mode == "key"
    mosaic.gateway.unique_reference = mode if isinstance(mode, int) else None
    headers = {"Idempotency-Key": "k1"}
    first = create(mosaic, to_mosaic, headers=headers)
    second = create(mosaic, to_mosaic, headers=headers)
    assert second.status_code == status
    assert len(mosaic.applied("create")) == (2 if status == 201 else 1)
    assert status != 200 or second.json()["id"] == first.json()["id"]


def test_lists_can_be_blind_to_a_new_note_for_a_while(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.blind_seconds = 60
    mosaic.gateway.blind_to_ids = True
    note_id = create(mosaic, to_mosaic).json()["id"]
    address = f"{mosaic.base_url}/case-notes/{note_id}"
    assert listed(mosaic, to_mosaic) == []
    assert to_mosaic.get(address, timeout=5).status_code == 404
    mosaic.advance(61)
    assert len(listed(mosaic, to_mosaic)) == 1
    assert to_mosaic.get(address, timeout=5).status_code == 200


def test_a_gateway_can_echo_or_use_the_wrong_person(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.echoes_person = 7
    assert create(mosaic, to_mosaic).json()["person_id"] == 7
    assert len(listed(mosaic, to_mosaic, person=1)) == 1
    mosaic.gateway.echoes_person = None
    mosaic.gateway.files_on_person = 8
    assert create(mosaic, to_mosaic).json()["person_id"] == 8
    assert len(listed(mosaic, to_mosaic, person=8)) == 1


def test_people_can_edit_append_and_type_notes_by_hand(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    note_id = create(mosaic, to_mosaic).json()["id"]
    mosaic.edit_note(note_id, text="<p>Other words.</p>")
    mosaic.append_by_hand(note_id, "<p>Seen by me.</p>")
    mosaic.write_by_hand(
        1, title="Incident", text="typed", note_type="SAFEINT", effective_date=datetime(2026, 6, 3, 13, 0, tzinfo=UTC)
    )
    first, second = sorted(listed(mosaic, to_mosaic), key=lambda note: int(note["id"]))
    assert (first["note"], first["appendments"][0]["reference"]) == ("<p>Other words.</p>", None)
    assert (second["reference"], second["created_by"]) == (None, "A. Worker")
    assert [effect.operation for effect in mosaic.applied()] == ["create"], "a person's act is not the integration's"


def test_finishing_and_appending_alert_the_recipients(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    note_id = create(mosaic, to_mosaic, alert_recipients=["team"]).json()["id"]
    act(mosaic, to_mosaic, note_id, "appendments", note="x", reference="y")
    assert [(why, told) for _, why, told in mosaic.book.alerts] == [("finish", ("team",)), ("append", ("team",))]


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("offset", "2026-06-03T14:05:00+01:00"),
        ("utc", "2026-06-03T13:05:00+00:00"),
        ("local", "2026-06-03T14:05:00"),
    ],
)
def test_the_effective_date_comes_back_in_three_styles(
    style: str, shown: str, mosaic: Mosaic, to_mosaic: requests.Session
) -> None:
    mosaic.gateway.effective_style = style
    assert create(mosaic, to_mosaic).json()["effective_date"] == shown


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<p>One &amp; two</p>\n  <p>three</p>", "<p>One &amp; two</p><p>three</p>"),
        ("<p>It&#39;s &quot;so&quot;&nbsp;&mdash; ok</p>", '<p>It\'s "so"\u00a0\u2014 ok</p>'),
        ('<p class="x">a<br/>b</p><script>c()</script>', "<p>a<br>b</p>"),
        ('<p id="x">a<br></br>b</p>', "<p>a<br>b</p>"),
        ("<h1>Title</h1><div>text</div><b>bold</b>", "Titletextbold"),
        ("<!-- note --><p>a &lt; b</p>", "<p>a &lt; b</p>"),
        ("<p>many   spaces\r\nand lines</p>", "<p>many spaces and lines</p>"),
    ],
)
def test_text_is_sanitised_on_save(sent: str, kept: str) -> None:
    assert sanitised(sent) == kept


def test_a_text_can_be_cut_in_silence(mosaic: Mosaic, to_mosaic: requests.Session) -> None:
    mosaic.gateway.truncates_at = 10
    assert create(mosaic, to_mosaic).json()["note"] == "<p>Words o"
