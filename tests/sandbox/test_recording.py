"""The recording stand-in keeps its contract, and misbehaves where it is told to."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.checks import checked
from sandbox.diary import ENTRY_RULES
from sandbox.messages import Refusal, Request
from sandbox.recording import Recording
from tests.sandbox.examples import ENTRY
from tests.sandbox.schemas import keeps, validator


def report(n: int, **changes: Any) -> dict[str, Any]:
    return {
        "incidentId": f"inc-{n:03d}",
        "incidentNumber": f"EXH-2026-{n:04d}",
        "homeId": "EXH",
        "status": "Submitted",
        "version": 1,
        "createdAt": "2026-06-03T12:00:00Z",
        "modifiedAt": f"2026-06-03T12:{n:02d}:00Z",
        "occurredAt": "2026-06-03T11:00:00",
        "interventionType": "Restrictive",
        "children": [{"childId": f"child-{n}", "name": "Amara Pretend"}],
        **changes,
    }


def pull(
    recording: Recording, session: requests.Session, most: int = 50, **asked: Any
) -> tuple[list[str], list[str | None]]:
    """Ids and cursors of a walk that ends at a null cursor, or after `most` pages."""
    ids: list[str] = []
    cursors: list[str | None] = []
    parameters = dict(asked)
    for _ in range(most):
        answer = session.get(f"{recording.base_url}/incidents", params=parameters, timeout=5)
        keeps("recording", "/incidents", "get", answer)
        ids += [item["incidentId"] for item in answer.json()["items"]]
        cursors.append(answer.json()["nextCursor"])
        if cursors[-1] is None:
            break
        parameters = {**asked, "cursor": cursors[-1]}
    return ids, cursors


def test_reports_come_in_order_of_change_with_ties_by_id(recording: Recording, to_recording: requests.Session) -> None:
    same = "2026-06-03T12:30:00Z"
    recording.put_all([report(3, modifiedAt=same), report(1, modifiedAt=same), report(2), report(9, modifiedAt=same)])
    ids, cursors = pull(recording, to_recording, limit=1)
    assert ids == ["inc-002", "inc-001", "inc-003", "inc-009"]
    assert len(cursors) == 4


def test_the_window_includes_its_start_and_excludes_its_end(
    recording: Recording, to_recording: requests.Session
) -> None:
    recording.put_all(report(n) for n in range(1, 6))
    bounds = {"modifiedSince": "2026-06-03T13:02:00+01:00", "modifiedBefore": "2026-06-03T12:04:00Z"}
    assert pull(recording, to_recording, **bounds)[0] == ["inc-002", "inc-003"]


def test_only_the_home_that_was_asked_for_is_served(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all([report(1), report(2, homeId="OTH")])
    assert pull(recording, to_recording, homeId="OTH")[0] == ["inc-002"]
    recording.gateway.ignores = frozenset({"homeId"})
    assert pull(recording, to_recording, homeId="OTH")[0] == ["inc-001", "inc-002"]


def test_an_empty_page_can_have_a_cursor(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 4))
    recording.gateway.paging.empty_pages = True
    ids, cursors = pull(recording, to_recording, limit=2)
    assert ids == ["inc-001", "inc-002", "inc-003"]
    assert len(cursors) == 4


def test_an_item_can_come_again_on_the_next_page(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 5))
    recording.gateway.paging.repeats_items = True
    assert pull(recording, to_recording, limit=2)[0] == ["inc-001", "inc-002", "inc-002", "inc-003", "inc-004"]


def test_a_cursor_can_repeat_for_ever(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 8))
    recording.gateway.paging.repeats_cursor = True
    _, cursors = pull(recording, to_recording, most=5, limit=2)
    assert len(cursors) == 5
    assert len(set(cursors)) == 1


def test_the_empty_string_can_be_a_cursor(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 6))
    recording.gateway.paging.blank_cursor = True
    ids, cursors = pull(recording, to_recording, limit=2)
    assert (len(ids), cursors[0]) == (5, "")


def test_a_limit_can_be_ignored_or_capped(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 6))
    recording.gateway.paging.ignores_limit = True
    assert len(pull(recording, to_recording, limit=2)[1]) == 1
    recording.gateway.paging.ignores_limit = False
    recording.gateway.paging.most = 1
    assert len(pull(recording, to_recording, limit=500)[1]) == 5


@pytest.mark.parametrize("status", [400, 410])
def test_a_cursor_can_expire(status: int, recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 4))
    first = to_recording.get(f"{recording.base_url}/incidents", params={"limit": 1}, timeout=5).json()
    recording.gateway.paging.expired_status = status
    recording.gateway.paging.expires_once = True
    asked = {"limit": 1, "cursor": first["nextCursor"]}
    answers = [to_recording.get(f"{recording.base_url}/incidents", params=asked, timeout=5) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]


@pytest.mark.parametrize(("style", "lost"), [("keyset", False), ("offset", True)])
def test_a_report_changed_between_pages_shifts_an_offset_and_not_a_keyset(
    style: str, lost: bool, recording: Recording, to_recording: requests.Session
) -> None:
    recording.put_all(report(n) for n in range(1, 6))
    recording.gateway.paging.style = style
    first = to_recording.get(f"{recording.base_url}/incidents", params={"limit": 2}, timeout=5).json()
    recording.amend("inc-001", {"location": "Lounge"})
    rest, _ = pull(recording, to_recording, limit=2, cursor=first["nextCursor"])
    seen = {item["incidentId"] for item in first["items"]} | set(rest)
    assert ("inc-003" not in seen) is lost


def test_a_late_commit_becomes_visible_with_its_old_time(recording: Recording, to_recording: requests.Session) -> None:
    recording.put(report(5))
    recording.put(report(2), visible_after=60)
    assert pull(recording, to_recording)[0] == ["inc-005"]
    recording.advance(61)
    assert pull(recording, to_recording)[0] == ["inc-002", "inc-005"]


def test_the_index_lists_by_uk_day_with_a_control_total(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(
        [
            report(1, occurredAt="2026-06-03T23:30:00Z"),  # 00:30 on the 4th in London
            report(2, occurredAt="2026-06-03T23:30:00"),
            report(3, occurredAt="2026-06-04T09:00:00", status="Void"),
        ]
    )
    asked = {"occurredFrom": "2026-06-04", "occurredTo": "2026-06-04", "limit": 1}
    answer = to_recording.get(f"{recording.base_url}/incidents/index", params=asked, timeout=5)
    keeps("recording", "/incidents/index", "get", answer)
    assert answer.json()["total"] == 2
    assert answer.json()["items"][0]["incidentId"] == "inc-001"
    assert answer.json()["items"][0]["childIds"] == ["child-1"]


def test_one_report_can_be_there_gone_or_forbidden(recording: Recording, to_recording: requests.Session) -> None:
    recording.put_all(report(n) for n in range(1, 4))
    recording.delete("inc-002")
    recording.forbid("inc-003")
    answers = [to_recording.get(f"{recording.base_url}/incidents/inc-00{n}", timeout=5) for n in (1, 2, 3)]
    assert [answer.status_code for answer in answers] == [200, 404, 403]
    for answer in answers:
        keeps("recording", "/incidents/{incidentId}", "get", answer)


def test_an_amendment_raises_version_and_time(recording: Recording) -> None:
    recording.put(report(1))
    recording.void("inc-001")
    found = recording.report("inc-001")
    assert (found["status"], found["version"]) == ("Void", 2)
    assert found["modifiedAt"] > "2026-06-03T12:01:00Z"


def test_a_wrong_key_is_401(recording: Recording) -> None:
    answer = requests.get(f"{recording.base_url}/incidents", headers={"X-Api-Key": "wrong"}, timeout=5)
    keeps("recording", "/incidents", "get", answer)
    assert answer.status_code == 401


def test_an_entry_is_added_listed_found_and_corrected(recording: Recording, to_recording: requests.Session) -> None:
    made = to_recording.post(f"{recording.base_url}/daily-log", json=ENTRY, timeout=5)
    keeps("recording", "/daily-log", "post", made)
    correction = {**ENTRY, "reference": "EXH-1-c", "corrects": made.json()["entryId"]}
    assert to_recording.post(f"{recording.base_url}/daily-log", json=correction, timeout=5).status_code == 201
    asked = {"homeId": "EXH", "from": "2026-06-03", "to": "2026-06-03"}
    every = to_recording.get(f"{recording.base_url}/daily-log", params=asked, timeout=5)
    keeps("recording", "/daily-log", "get", every)
    found = to_recording.get(f"{recording.base_url}/daily-log", params={**asked, "reference": "EXH-1"}, timeout=5)
    assert len(every.json()["items"]) == 2
    assert [item["entryId"] for item in found.json()["items"]] == [made.json()["entryId"]]
    assert [effect.operation for effect in recording.applied()] == ["log_create", "log_correct"]
    assert [seen.operation for seen in recording.requests()][-2:] == ["log_list", "log_find"]


def test_a_correction_of_nothing_is_refused(recording: Recording, to_recording: requests.Session) -> None:
    wrong = {**ENTRY, "corrects": "log-999999"}
    answer = to_recording.post(f"{recording.base_url}/daily-log", json=wrong, timeout=5)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "corrects")
    assert recording.entries() == []


def test_a_log_can_drop_fold_or_refuse_a_reference_and_be_blind(
    recording: Recording, to_recording: requests.Session
) -> None:
    address = f"{recording.base_url}/daily-log"
    asked = {"homeId": "EXH", "from": "2026-06-03", "to": "2026-06-03", "reference": "Exh-1"}
    recording.gateway.folds_reference = True
    recording.gateway.unique_reference = 409
    recording.gateway.blind_seconds = 60
    assert to_recording.post(address, json={**ENTRY, "reference": "Exh-1"}, timeout=5).status_code == 201
    assert to_recording.post(address, json={**ENTRY, "reference": "exh-1"}, timeout=5).status_code == 409
    assert to_recording.get(address, params=asked, timeout=5).json()["items"] == []
    recording.advance(61)
    assert to_recording.get(address, params=asked, timeout=5).json()["items"][0]["reference"] == "EXH-1"
    recording.gateway.drops_reference = True
    unfiltered = {name: value for name, value in asked.items() if name != "reference"}
    assert to_recording.get(address, params=unfiltered, timeout=5).json()["items"][0]["reference"] is None


_TEXTS = st.one_of(st.text(max_size=70), st.none(), st.integers(), st.just("2026-06-03T14:05:00"))


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*ENTRY, "childIds", "corrects", "extra"]), st.one_of(_TEXTS, st.lists(_TEXTS, max_size=2))
    )
)
def test_what_is_refused_is_what_the_schema_refuses(changes: dict[str, Any]) -> None:
    body = {**ENTRY, **changes}
    schema = {"$ref": "#/components/schemas/NewDailyLogEntry"}
    paths = {error.path[0] for error in validator("recording", schema).iter_errors(body) if error.path}
    allowed = not list(validator("recording", schema).iter_errors(body))
    try:
        checked(Request("POST", "", "", {}, json.dumps(body).encode()), ENTRY_RULES)
        refused: set[str] = set()
    except Refusal as refusal:
        refused = {error["field"] for error in json.loads(refusal.answer.body)["errors"]}
    # The contract says in words what entryTime must be; its schema only says that it is a string.
    assert refused - {"entryTime", "extra"} == paths - {"entryTime", "extra"}
    assert not (allowed and refused - {"entryTime"})


def test_an_index_may_hide_rows_that_its_total_counts(recording: Recording, to_recording: requests.Session) -> None:
    for number in (1, 2, 3):
        recording.put(report(number))
    recording.gateway.index_hides = 1
    query = {"occurredFrom": "2026-01-01", "occurredTo": "2026-12-31"}
    found = to_recording.get(f"{recording.base_url}/incidents/index", params=query, timeout=5).json()
    assert (found["total"], len(found["items"])) == (3, 2)
