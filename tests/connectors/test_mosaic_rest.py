"""Mosaic over REST, against a stand-in over real sockets; what counts is what the stand-in holds afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import DeliverySettings, MosaicSettings, Settings
from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain, Unreachable
from connectors.mosaic_rest import connect
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import CaseNoteStore, Found, NewAppendment, NewNote, NoteState
from sandbox.mosaic import CLIENT_ID, CLIENT_SECRET, Mosaic

CHILD, OTHER, SURVIVOR = 17, 18, 19
REFERENCE = "IB-EXH-2026-0001-R1-ABCDEFGHIJKLMNOP"
AFTER = "IB-EXH-2026-0001-R2-ABCDEFGHIJKLMNOP"
DAY = date(2026, 10, 5)


def a_note(**changes: Any) -> NewNote:
    note = NewNote(
        person_id=CHILD,
        note_type="SAFEINT",
        title="Safety intervention, EXH-2026-0001",
        html=f"<p>Example words &amp; more.</p><p>Reference: {REFERENCE}</p>",
        effective_date=datetime(2026, 10, 5, 14, 5, tzinfo=UTC),
        reference=REFERENCE,
    )
    return replace(note, **changes)


def an_appendment(note_id: str) -> NewAppendment:
    return NewAppendment(note_id, f"<p>Oversight was given.</p><p>Reference: {AFTER}</p>", AFTER)


@pytest.fixture
def mosaic() -> Iterator[Mosaic]:
    with Mosaic() as stand_in:
        stand_in.add_people([CHILD, OTHER, SURVIVOR])
        yield stand_in


def settings_for(
    mosaic: Mosaic, *, secret: str = CLIENT_SECRET, base_url: str | None = None, **options: Any
) -> Settings:
    section = MosaicSettings(
        base_url=base_url or mosaic.base_url, client_id=CLIENT_ID, client_secret=SecretStr(secret), **options
    )
    return Settings(mosaic=section, delivery=DeliverySettings(timeout_seconds=2))


@pytest.fixture
def store(mosaic: Mosaic) -> Iterator[MosaicRest]:
    made = connect(settings_for(mosaic))
    made.http._wait = lambda _seconds: None
    yield made
    made.close()


def found(store: MosaicRest, person: int = CHILD) -> Found:
    return store.find(REFERENCE, person_id=person, note_type="SAFEINT", effective_on=DAY)


# ---- create ------------------------------------------------------------------------------------------------------


def test_it_is_a_case_note_store(store: MosaicRest) -> None:
    assert isinstance(store, CaseNoteStore)


def test_a_note_is_created_finished_with_the_london_offset_and_the_reference(mosaic: Mosaic, store: MosaicRest) -> None:
    receipt = store.create(a_note(significant_event=True))
    held = store.get(receipt.remote_id)
    assert held is not None
    assert (held.person_id, held.state, held.reference) == (CHILD, NoteState.COMPLETE, REFERENCE)
    assert held.effective_date == datetime(2026, 10, 5, 14, 5, tzinfo=UTC)
    assert held.significant_event is True
    assert (receipt.person_id, receipt.already_there) == (CHILD, False)
    assert mosaic.notes(CHILD)[0]["effective_date"].startswith("2026-10-05T15:05")


def test_nobody_at_mosaic_is_mailed_unless_the_home_asks(mosaic: Mosaic, store: MosaicRest) -> None:
    store.create(a_note())
    store.create(a_note(reference=AFTER, alert_recipients=("team-a",)))
    assert [told for _, _, told in mosaic.book.alerts] == [("team-a",)]


LOSSY = [
    "close_after_apply", "reset_after_apply", "stall_after_apply", "cut_status_line", "cut_headers", "short_body",
    "cut_chunk", "truncated_json", "html_201", "html_200", "empty_body", "redirect_302_after_apply",
    "redirect_307_after_apply", "error_500_after_apply", "error_500_html_after_apply", "503_html_after_apply",
    "other_json", "slow_drip",
]  # fmt: skip


@pytest.mark.parametrize("fault", LOSSY)
def test_applied_and_the_answer_lost_is_uncertain_and_a_look_finds_it_once(
    fault: str, mosaic: Mosaic, store: MosaicRest
) -> None:
    mosaic.arm(fault, when="create")
    with pytest.raises(Uncertain):
        store.create(a_note())
    assert len(mosaic.applied("create")) == 1
    assert [receipt.person_id for receipt in found(store).receipts] == [CHILD]


NOT_APPLIED = {
    "401": NotApplied, "423": NotApplied, "429": NotApplied, "429_garbage": NotApplied, "503": NotApplied,
    "403": Rejected, "404": Rejected, "409": Rejected, "410": Rejected, "413": Rejected, "400": Rejected,
    "400_quoting": Rejected, "422": Rejected, "503_absent": Uncertain, "503_html": Uncertain, "close_before": Uncertain,
    "stall_before": Uncertain, "error_502_html": Uncertain, "redirect_302": Misconfigured,
    "redirect_308": Misconfigured, "close_before_read": Uncertain, "html_200_before": Uncertain, "refuse": Unreachable,
}  # fmt: skip


@pytest.mark.parametrize("fault", NOT_APPLIED)
def test_each_answer_to_a_create_has_its_class_and_only_one_try(fault: str, mosaic: Mosaic, store: MosaicRest) -> None:
    store.http.sign_in.current()
    mosaic.arm(fault, when="create")
    with pytest.raises(NOT_APPLIED[fault]):
        store.create(a_note())
    mosaic.disarm()
    assert mosaic.applied() == []
    assert len(mosaic.requests("create")) <= 1


def test_causes_of_a_refusal_are_told_apart(mosaic: Mosaic, store: MosaicRest) -> None:
    causes = {"403": Cause.RESTRICTED, "404": Cause.PERSON_NOT_FOUND, "409": Cause.CONFLICT, "413": Cause.TOO_LARGE}
    for fault, cause in causes.items():
        mosaic.arm(fault, when="create")
        with pytest.raises(Rejected) as caught:
            store.create(a_note())
        assert caught.value.cause is cause


def test_a_refused_field_is_named(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.note_types = frozenset({"OTHER"})
    with pytest.raises(Rejected) as caught:
        store.create(a_note())
    assert (caught.value.cause, caught.value.field) == (Cause.INVALID, "note_type")


@pytest.mark.parametrize("how", ["drops_reference", "reference_in_title", "folds_reference", "honours_idempotency_key"])
def test_a_create_is_believed_wherever_the_reference_comes_back(how: str, mosaic: Mosaic, store: MosaicRest) -> None:
    setattr(mosaic.gateway, how, True)
    assert store.create(a_note()).person_id == CHILD


def test_an_answer_without_any_reference_is_confirmed_by_reading_the_id(
    mosaic: Mosaic, store: MosaicRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = mosaic._shown
    calls: list[int] = []

    def bare_at_first(note: Any) -> dict[str, Any]:
        calls.append(1)
        item = shown(note)
        return {"id": item["id"], "state": "COMPLETE"} if len(calls) == 1 else item

    monkeypatch.setattr(mosaic, "_shown", bare_at_first)
    assert store.create(a_note()).person_id == CHILD
    assert [seen.operation for seen in mosaic.requests()] == ["token", "create", "get"]


def test_a_note_that_shows_no_reference_anywhere_proves_nothing(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.drops_reference = True
    with pytest.raises(Uncertain):
        store.create(a_note(html="<p>Cut off before its last line</p>"))


@pytest.mark.parametrize("status", [200, None])
def test_a_gateway_that_knows_the_reference_answers_with_what_it_has(
    status: int | None, mosaic: Mosaic, store: MosaicRest
) -> None:
    mosaic.gateway.unique_reference = status
    first, second = store.create(a_note()), store.create(a_note())
    assert (first.remote_id == second.remote_id) is (status == 200)
    assert second.already_there is (status == 200)


def test_a_draft_is_finished_at_once(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.stores_drafts = True
    receipt = store.create(a_note())
    assert mosaic.notes(CHILD)[0]["state"] == "COMPLETE"
    assert receipt.remote_id == str(mosaic.notes(CHILD)[0]["id"])


@pytest.mark.parametrize("fault", ["401", "403", "409", "423", "429", "503", "close_before", "404", "redirect_302"])
def test_a_draft_that_could_not_be_finished_is_in_doubt_never_sent_anew(
    fault: str, mosaic: Mosaic, store: MosaicRest
) -> None:
    """'Not applied' there would mean a second note."""
    mosaic.gateway.stores_drafts = True
    mosaic.arm(fault, when="complete")
    with pytest.raises(Uncertain):
        store.create(a_note())
    look = found(store)
    assert (look.receipts, look.unfinished) == ((), str(mosaic.notes(CHILD)[0]["id"]))
    assert store.finish(str(look.unfinished), REFERENCE).remote_id == look.unfinished
    assert len(mosaic.notes(CHILD)) == 1


def test_an_ambiguous_finish_that_was_applied_is_found_finished(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.stores_drafts = True
    mosaic.arm("reset_after_apply", when="complete")
    with pytest.raises(Uncertain):
        store.create(a_note())
    assert len(found(store).receipts) == 1


def test_finishing_a_finished_note_is_as_good(mosaic: Mosaic, store: MosaicRest) -> None:
    receipt = store.create(a_note())
    assert store.finish(receipt.remote_id, REFERENCE).already_there
    with pytest.raises(Rejected) as caught:
        store.finish("999999", REFERENCE)
    assert caught.value.cause is Cause.GONE


# ---- whose record ------------------------------------------------------------------------------------------------


def test_a_merge_is_followed_to_the_survivor(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.merge(CHILD, OTHER)
    mosaic.merge(OTHER, SURVIVOR)
    assert store.create(a_note()).person_id == SURVIVOR
    assert found(store).receipts[0].person_id == SURVIVOR
    assert len(mosaic.applied("create")) == 1


def test_a_merge_that_only_the_persons_record_tells_is_followed(
    mosaic: Mosaic, store: MosaicRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = store.create(a_note())
    mosaic.merge(CHILD, SURVIVOR)
    monkeypatch.setattr(mosaic, "_open_record", lambda person_id, *, write: None)
    assert [(each.remote_id, each.person_id) for each in found(store).receipts] == [(receipt.remote_id, SURVIVOR)]
    assert [note.person_id for note in store.list(CHILD, DAY, DAY)] == [SURVIVOR]


def test_a_chain_of_five_merges_is_followed_and_six_are_not(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.add_people(range(100, 107))
    for step in range(100, 105):
        mosaic.merge(step, step + 1)
    assert store.create(a_note(person_id=100)).person_id == 105
    mosaic.merge(105, 106)
    with pytest.raises(Rejected) as caught:
        store.create(a_note(person_id=100))
    assert caught.value.cause is Cause.PERSON_NOT_FOUND


def test_a_merge_that_does_not_say_into_whom_asks_for_the_id(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.arm("410", when="create")
    with pytest.raises(Rejected) as caught:
        store.create(a_note())
    assert (caught.value.cause, caught.value.field) == (Cause.PERSON_NOT_FOUND, "mosaicPersonId")


def test_a_note_on_another_childs_record_is_an_alarm(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.files_on_person = OTHER
    with pytest.raises(Rejected) as caught:
        store.create(a_note())
    assert caught.value.cause is Cause.WRONG_PERSON
    assert str(OTHER) in caught.value.message


def test_an_answer_that_names_the_survivor_is_right_when_the_records_say_so(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.echoes_person = SURVIVOR
    with pytest.raises(Rejected):
        store.create(a_note())
    mosaic.merge(CHILD, SURVIVOR)
    mosaic.gateway.echoes_person = None
    assert store.create(a_note(reference=AFTER)).person_id == SURVIVOR


@pytest.mark.parametrize("status", [200, 403])
def test_a_restricted_record_says_who_must_grant_access(status: int, mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.restrict(CHILD)
    mosaic.gateway.restricted_status = status
    for call in (lambda: store.create(a_note()), lambda: found(store), lambda: store.list(CHILD, DAY, DAY)):
        with pytest.raises(Rejected) as caught:
            call()
        assert caught.value.cause is Cause.RESTRICTED
        assert "ask for access for the integration's worker on this record" in caught.value.message


def test_an_empty_list_of_a_restricted_record_is_not_an_absence(
    mosaic: Mosaic, store: MosaicRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    mosaic.restrict(CHILD)
    monkeypatch.setattr(mosaic, "_open_record", lambda person_id, *, write: None)
    with pytest.raises(Rejected) as caught:
        found(store)
    assert caught.value.cause is Cause.RESTRICTED


def test_an_unknown_person_is_not_an_empty_record(mosaic: Mosaic, store: MosaicRest) -> None:
    with pytest.raises(Rejected) as caught:
        found(store, person=555)
    assert caught.value.cause is Cause.PERSON_NOT_FOUND


# ---- append ------------------------------------------------------------------------------------------------------


def test_an_appendment_is_made_and_found_by_its_reference(mosaic: Mosaic, store: MosaicRest) -> None:
    note = store.create(a_note()).remote_id
    receipt = store.append(an_appendment(note))
    assert store.find_appendment(AFTER, note_id=note).receipts[0].remote_id == receipt.remote_id
    assert store.find_appendment(REFERENCE, note_id=note).absent
    with pytest.raises(Rejected) as caught:
        store.find_appendment(AFTER, note_id="999999")
    assert caught.value.cause is Cause.GONE


@pytest.mark.parametrize("fault", LOSSY)
def test_an_appendment_whose_answer_was_lost_is_uncertain_or_seen(
    fault: str, mosaic: Mosaic, store: MosaicRest
) -> None:
    note = store.create(a_note()).remote_id
    mosaic.arm(fault, when="append")
    try:
        receipt = store.append(an_appendment(note))
    except Uncertain:
        receipt = store.find_appendment(AFTER, note_id=note).receipts[0]
    assert receipt.remote_id == str(mosaic.notes(CHILD)[0]["appendments"][0]["id"])
    assert len(mosaic.applied("append")) == 1


def test_an_appendment_without_its_field_is_known_by_its_last_line(mosaic: Mosaic, store: MosaicRest) -> None:
    note = store.create(a_note()).remote_id
    mosaic.gateway.drops_reference = True
    store.append(an_appendment(note))
    assert len(store.find_appendment(AFTER, note_id=note).receipts) == 1


def test_appending_to_what_is_a_draft_deleted_or_unknown_is_refused_in_its_own_way(
    mosaic: Mosaic, store: MosaicRest
) -> None:
    note = store.create(a_note()).remote_id
    mosaic.delete_note(int(note))
    mosaic.gateway.stores_drafts = True
    mosaic.arm("503", when="complete")
    with pytest.raises(Uncertain):
        store.create(a_note(reference=AFTER))
    draft = str(mosaic.notes(CHILD)[1]["id"])
    for note_id, cause in ((draft, Cause.CONFLICT), (note, Cause.GONE), ("999999", Cause.GONE), ("../1", Cause.GONE)):
        with pytest.raises(Rejected) as caught:
            store.append(an_appendment(note_id))
        assert caught.value.cause is cause


# ---- find and list -----------------------------------------------------------------------------------------------

GATEWAYS: dict[str, Callable[[Mosaic], None]] = {
    "as the contract says": lambda _: None,
    "ignores the reference filter": lambda m: setattr(m.gateway, "ignores", frozenset({"reference"})),
    "ignores every filter": lambda m: setattr(
        m.gateway, "ignores", frozenset({"reference", "note_type", "effective_from", "effective_to"})
    ),
    "drops the field": lambda m: setattr(m.gateway, "drops_reference", True),
    "puts it into the title": lambda m: setattr(m.gateway, "reference_in_title", True),
    "folds its case, exact filter": lambda m: [
        setattr(m.gateway, "folds_reference", True), setattr(m.gateway, "filter_is_exact", True)
    ],
    "keeps UK local time": lambda m: setattr(m.gateway, "effective_style", "local"),
    "pages in twos": lambda m: setattr(m.gateway.paging, "most", 2),
    "has empty pages": lambda m: [setattr(m.gateway.paging, "most", 2), setattr(m.gateway.paging, "empty_pages", True)],
    "has a blank cursor": lambda m: [
        setattr(m.gateway.paging, "most", 2), setattr(m.gateway.paging, "blank_cursor", True)
    ],
    "repeats items": lambda m: [setattr(m.gateway.paging, "most", 2), setattr(m.gateway.paging, "repeats_items", True)],
    "loses a cursor once": lambda m: [
        setattr(m.gateway.paging, "most", 2), setattr(m.gateway.paging, "expired_status", 410),
        setattr(m.gateway.paging, "expires_once", True),
    ],
}  # fmt: skip


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_our_note_is_found_through_every_gateway_and_nobody_elses(
    gateway: str, mosaic: Mosaic, store: MosaicRest
) -> None:
    for number in range(5):
        mosaic.write_by_hand(
            CHILD,
            title=f"By hand {number}",
            text="<p>Words</p>",
            note_type="SAFEINT",
            effective_date="2026-10-05T10:00:00+01:00",
        )
    GATEWAYS[gateway](mosaic)
    assert found(store).absent
    receipt = store.create(a_note(reference=REFERENCE.lower() if "folds" in gateway else REFERENCE))
    look = found(store)
    assert [each.remote_id for each in look.receipts] == [receipt.remote_id]
    assert not look.deleted
    assert len(store.list(CHILD, DAY, DAY)) == 6


def test_a_note_that_lies_on_another_day_or_under_another_type_is_found_all_the_same(store: MosaicRest) -> None:
    store.create(a_note(effective_date=datetime(2026, 11, 20, 9, 0, tzinfo=UTC), note_type="OTHER"))
    assert [receipt.person_id for receipt in found(store).receipts] == [CHILD]


def test_two_notes_with_one_reference_are_two_receipts(store: MosaicRest) -> None:
    store.create(a_note())
    store.create(a_note())
    assert len(found(store).receipts) == 2


def test_a_deleted_note_is_deleted_and_not_absent(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.delete_note(int(store.create(a_note()).remote_id))
    look = found(store)
    assert (look.deleted, look.absent, look.receipts) == (True, False, ())
    assert [note.state for note in store.list(CHILD, DAY, DAY)] == [NoteState.DELETED]


def test_a_timed_out_draft_is_unfinished(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.gateway.stores_drafts = True
    mosaic.arm("close_before", when="complete")
    with pytest.raises(Uncertain):
        store.create(a_note())
    mosaic.advance(10 * 24 * 3600)
    assert found(store).unfinished is not None
    assert store.list(CHILD, DAY, DAY)[0].state is NoteState.TIMED_OUT


def test_a_repeated_cursor_is_an_error_and_not_an_end(mosaic: Mosaic, store: MosaicRest) -> None:
    for _ in range(5):
        store.create(a_note())
    mosaic.gateway.paging.most, mosaic.gateway.paging.repeats_cursor = 1, True
    with pytest.raises(NotApplied):
        found(store)


def test_the_range_of_a_list_is_in_uk_days_with_both_ends(mosaic: Mosaic, store: MosaicRest) -> None:
    for moment in ("2026-10-04T23:59:00+01:00", "2026-10-05T00:00:00+01:00", "2026-10-06T23:59:00+01:00",
                   "2026-10-07T00:00:00+01:00"):  # fmt: skip
        store.create(a_note(effective_date=datetime.fromisoformat(moment)))
    for style in ("offset", "utc", "local"):
        mosaic.gateway.effective_style = style
        assert len(store.list(CHILD, DAY, DAY + timedelta(days=1))) == 2


def test_a_note_that_nobody_knows_is_none(store: MosaicRest) -> None:
    assert store.get("999999") is None


@pytest.mark.parametrize("fault", ["html_200", "truncated_json", "other_json", "503_html", "error_500_before"])
def test_a_look_that_could_not_see_is_never_an_absence(fault: str, mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.arm(fault, when="look", times=None)
    with pytest.raises(NotApplied):
        found(store)


# ---- signing in --------------------------------------------------------------------------------------------------


def test_a_token_that_expires_in_mid_run_is_renewed_once(mosaic: Mosaic, store: MosaicRest) -> None:
    store.create(a_note())
    mosaic.revoke_tokens()
    assert len(found(store).receipts) == 1
    assert len(mosaic.requests("token")) == 2


def test_a_token_is_renewed_ahead_of_its_end(mosaic: Mosaic) -> None:
    mosaic.token_seconds = 1
    store = connect(settings_for(mosaic))
    now = [0.0]
    store.http.sign_in._monotonic = lambda: now[0]
    store.create(a_note())
    now[0] = 0.9
    store.create(a_note())
    assert len(mosaic.requests("token")) == 2
    assert len(mosaic.applied("create")) == 2


def test_two_workers_whose_token_expired_do_not_storm(mosaic: Mosaic, store: MosaicRest) -> None:
    store.create(a_note())
    mosaic.revoke_tokens()
    failures: list[ConnectorError] = []

    def look() -> None:
        try:
            found(store)
        except ConnectorError as why:
            failures.append(why)

    workers = [threading.Thread(target=look) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert len(mosaic.requests("token")) == 2


def test_a_write_without_a_token_was_never_sent(mosaic: Mosaic, store: MosaicRest) -> None:
    mosaic.arm("error_500_before", when="token", times=None)
    with pytest.raises(NotApplied):
        store.create(a_note())
    assert mosaic.requests("create") == []
    assert 1 <= len(mosaic.requests("token")) <= 4


# ---- check -------------------------------------------------------------------------------------------------------


def test_a_good_site_is_well_in_one_line_and_nothing_is_written(mosaic: Mosaic, store: MosaicRest) -> None:
    health = store.check()
    assert (health.ok, health.reachable) == (True, True)
    assert "\n" not in health.sentence
    assert mosaic.applied() == []


def test_each_wrong_setting_has_a_sentence_of_its_own(mosaic: Mosaic) -> None:
    port = mosaic.server.port
    broken = {
        "a wrong secret": (settings_for(mosaic, secret="wrong"), "BRIDGE_MOSAIC__CLIENT_SECRET"),
        "a wrong path": (settings_for(mosaic, base_url=f"http://127.0.0.1:{port}/wrong"), "BRIDGE_MOSAIC__BASE_URL"),
        "no TLS there": (settings_for(mosaic, base_url=f"https://127.0.0.1:{port}/api/v1"), "BRIDGE_MOSAIC__BASE_URL"),
        "no such host": (settings_for(mosaic, base_url="https://no-such-host.invalid"), "BRIDGE_MOSAIC__BASE_URL"),
        "nothing there": (settings_for(mosaic, base_url="http://127.0.0.1:1"), "BRIDGE_MOSAIC__BASE_URL"),
    }
    sentences = set()
    for settings, setting in broken.values():
        store = connect(settings)
        store.http._wait = lambda _seconds: None
        health = store.check()
        assert (health.ok, health.setting) == (False, setting)
        assert setting in health.sentence
        sentences.add(health.sentence)
    mosaic.arm("html_200", when="token", times=None)
    store = connect(settings_for(mosaic))
    store.http._wait = lambda _seconds: None
    page = store.check()
    assert (page.ok, page.setting) == (False, "BRIDGE_MOSAIC__BASE_URL")
    assert len({*sentences, page.sentence}) == 6


@pytest.mark.parametrize("missing", ["base_url", "client_id", "client_secret"])
def test_a_missing_setting_is_named(missing: str, mosaic: Mosaic) -> None:
    settings = settings_for(mosaic)
    assert settings.mosaic is not None
    section = settings.mosaic.model_copy(update={missing: None})
    with pytest.raises(ConfigurationError) as caught:
        connect(settings.model_copy(update={"mosaic": section}))
    assert caught.value.setting == f"BRIDGE_MOSAIC__{missing.upper()}"


def test_two_stores_and_two_threads_share_nothing(mosaic: Mosaic) -> None:
    stores = [connect(settings_for(mosaic)) for _ in range(2)]
    references = [f"IB-EXH-2026-{number:04}-R1-ABCDEFGHIJKLMNOP" for number in range(40)]

    def work(mine: int) -> None:
        for reference in references[mine::2]:
            stores[mine].create(a_note(reference=reference, html=f"<p>{reference}</p><p>Reference: {reference}</p>"))

    workers = [threading.Thread(target=work, args=(mine,)) for mine in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    held = {note["reference"]: note["note"] for note in mosaic.notes(CHILD)}
    assert set(held) == set(references)
    assert all(f"<p>{reference}</p>" in text for reference, text in held.items())
