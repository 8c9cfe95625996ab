"""The daily log over REST, against a stand-in over real sockets; what counts is what the stand-in holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import DailyLogSettings, DeliverySettings, Settings
from connectors.daily_log_rest import connect
from connectors.daily_log_rest.store import DailyLogRest
from connectors.errors import Cause, Misconfigured, NotApplied, Rejected, Uncertain
from connectors.protocols import Found, LogStore, NewEntry
from sandbox.recording import API_KEY, Recording
from tests.connectors.raw_server import RawServer, answer, response

HOME, OTHER = "EXH", "OTH"
REFERENCE = "IB-EXH-2026-0001-R1-ABCDEFGHIJKLMNOP"
DAY = date(2026, 10, 5)


def an_entry(**changes: Any) -> NewEntry:
    entry = NewEntry(
        home_id=HOME,
        entry_time=datetime(2026, 10, 5, 14, 5, tzinfo=UTC),
        category="Safety intervention",
        text=f"E.C. was held; see the report.\nReference: {REFERENCE}",
        reference=REFERENCE,
        child_ids=("child-17",),
    )
    return replace(entry, **changes)


@pytest.fixture
def recording() -> Iterator[Recording]:
    with Recording() as stand_in:
        yield stand_in


def settings_for(recording: Recording, key: str = API_KEY) -> Settings:
    section = DailyLogSettings(base_url=recording.base_url, api_key=SecretStr(key))
    return Settings(daily_log=section, delivery=DeliverySettings(timeout_seconds=2))


@pytest.fixture
def log(recording: Recording) -> DailyLogRest:
    store = connect(settings_for(recording))
    store.http._wait = lambda _seconds: None
    return store


def found(log: DailyLogRest) -> Found:
    return log.find(REFERENCE, home_id=HOME, entry_on=DAY)


def test_it_is_a_log_store(log: DailyLogRest) -> None:
    assert isinstance(log, LogStore)


def test_an_entry_is_added_with_its_uk_time_and_reference(recording: Recording, log: DailyLogRest) -> None:
    receipt = log.create(an_entry())
    (held,) = recording.entries()
    assert (held["entryId"], held["reference"], held["entryTime"]) == (
        receipt.remote_id, REFERENCE, "2026-10-05T15:05:00+01:00",
    )  # fmt: skip
    assert "corrects" not in held or held["corrects"] is None


def test_a_correction_names_the_old_entry(recording: Recording, log: DailyLogRest) -> None:
    old = log.create(an_entry()).remote_id
    log.create(an_entry(reference="IB-EXH-2026-0001-R2-ABCDEFGHIJKLMNOP", corrects=old))
    assert [entry.corrects for entry in log.list(HOME, DAY, DAY)] == [None, old]


LOSSY = [
    "close_after_apply", "reset_after_apply", "stall_after_apply", "cut_status_line", "cut_headers", "short_body",
    "cut_chunk", "truncated_json", "html_201", "html_200", "empty_body", "other_json", "error_500_after_apply",
    "503_html_after_apply", "redirect_302_after_apply",
]  # fmt: skip


@pytest.mark.parametrize("fault", LOSSY)
def test_applied_and_the_answer_lost_is_uncertain_and_a_look_finds_it_once(
    fault: str, recording: Recording, log: DailyLogRest
) -> None:
    recording.arm(fault, when="log_create")
    with pytest.raises(Uncertain):
        log.create(an_entry())
    assert len(found(log).receipts) == len(recording.applied()) == 1


@pytest.mark.parametrize("odd", ["\ud800", "\0"], ids=["half a letter", "NUL"])
@pytest.mark.parametrize("field", ["entryId", "homeId"])
def test_an_answer_with_an_id_that_no_ledger_can_hold_proves_nothing(field: str, odd: str) -> None:
    """Recording what it said ended the run, and each run after it, with a traceback."""
    entry = {"entryId": "log-1", "homeId": HOME, "entryTime": "2026-10-05T15:05:00+01:00", "reference": REFERENCE}
    server = RawServer([answer(response("201 Created", json.dumps({**entry, field: odd}).encode()))])
    section = DailyLogSettings(base_url=server.base_url, api_key=SecretStr(API_KEY))
    with pytest.raises(Uncertain):
        connect(Settings(daily_log=section)).create(an_entry())
    server.close()


@pytest.mark.parametrize(
    ("fault", "kind", "cause"),
    [
        ("400", Rejected, Cause.INVALID), ("409", Rejected, Cause.CONFLICT), ("403", Rejected, Cause.RESTRICTED),
        ("413", Rejected, Cause.TOO_LARGE), ("401", NotApplied, None), ("429", NotApplied, None),
        ("503", NotApplied, None), ("503_absent", Uncertain, None), ("redirect_307", Misconfigured, None),
    ],
)  # fmt: skip
def test_each_answer_to_a_create_has_its_class(
    fault: str, kind: type[Exception], cause: Cause | None, recording: Recording, log: DailyLogRest
) -> None:
    recording.arm(fault, when="log_create")
    with pytest.raises(kind) as caught:
        log.create(an_entry())
    assert getattr(caught.value, "cause", None) is cause
    assert recording.applied() == []
    assert len(recording.requests()) == 1


def test_a_wrong_key_is_misconfigured_at_the_second_refusal(recording: Recording) -> None:
    log = connect(settings_for(recording, key="wrong"))
    with pytest.raises(NotApplied):
        log.create(an_entry())
    with pytest.raises(Misconfigured) as caught:
        log.create(an_entry())
    assert caught.value.setting == "BRIDGE_DAILY_LOG__API_KEY"


def switched(**faults: Any) -> Callable[[Recording], None]:
    def switch(recording: Recording) -> None:
        for name, value in faults.items():
            setattr(recording.gateway if hasattr(recording.gateway, name) else recording.gateway.paging, name, value)

    return switch


GATEWAYS = {
    "as the contract says": switched(),
    "ignores the reference filter": switched(ignores=frozenset({"reference"})),
    "ignores every filter": switched(ignores=frozenset({"reference", "from", "to", "homeId"})),
    "drops the field": switched(drops_reference=True),
    "folds its case, exact filter": switched(folds_reference=True, filter_is_exact=True),
    "pages in twos": switched(most=2),
    "has empty pages": switched(most=2, empty_pages=True),
    "has a blank cursor": switched(most=2, blank_cursor=True),
    "repeats items": switched(most=2, repeats_items=True),
    "loses a cursor once": switched(most=2, expired_status=400, expires_once=True),
}


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_our_entry_is_found_through_every_gateway_and_nobody_elses(
    gateway: str, recording: Recording, log: DailyLogRest
) -> None:
    for number in range(5):
        recording.write_entry(
            {"homeId": HOME, "entryTime": f"2026-10-05T1{number}:00:00", "category": "Day", "text": "A quiet hour."}
        )
    recording.write_entry({"homeId": OTHER, "entryTime": "2026-10-05T12:00:00", "category": "Day", "text": "Theirs."})
    GATEWAYS[gateway](recording)
    assert found(log).absent
    receipt = log.create(an_entry(reference=REFERENCE.lower() if "folds" in gateway else REFERENCE))
    assert [each.remote_id for each in found(log).receipts] == [receipt.remote_id]
    assert len(log.list(HOME, DAY, DAY)) == 6


def test_two_entries_with_one_reference_are_two_receipts(log: DailyLogRest) -> None:
    log.create(an_entry())
    log.create(an_entry())
    assert len(found(log).receipts) == 2


def test_a_repeated_cursor_is_an_error_and_not_an_end(recording: Recording, log: DailyLogRest) -> None:
    for _ in range(4):
        log.create(an_entry())
    recording.gateway.paging.most, recording.gateway.paging.repeats_cursor = 1, True
    with pytest.raises(NotApplied):
        found(log)


def test_an_entry_that_shows_no_reference_proves_nothing(recording: Recording, log: DailyLogRest) -> None:
    recording.gateway.drops_reference = True
    with pytest.raises(Uncertain):
        log.create(an_entry(text="Cut off before its last line"))


def test_an_entry_in_another_homes_log_is_an_alarm(
    recording: Recording, log: DailyLogRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = recording.diary._add
    monkeypatch.setattr(recording.diary, "_add", lambda entry, **options: add({**entry, "homeId": OTHER}, **options))
    with pytest.raises(Rejected) as caught:
        log.create(an_entry())
    assert caught.value.cause is Cause.WRONG_PERSON
    assert "ALARM" in caught.value.message


def test_the_range_of_a_list_is_in_uk_days_with_both_ends(log: DailyLogRest) -> None:
    for moment in ("2026-10-04T23:59:00+01:00", "2026-10-05T00:00:00+01:00", "2026-10-06T23:59:00+01:00",
                   "2026-10-07T00:00:00+01:00"):  # fmt: skip
        log.create(an_entry(entry_time=datetime.fromisoformat(moment)))
    assert len(log.list(HOME, DAY, DAY + timedelta(days=1))) == 2


def test_check_writes_nothing_and_names_what_is_wrong(recording: Recording, log: DailyLogRest) -> None:
    assert log.check().ok
    wrong = connect(settings_for(recording, key="wrong")).check()
    assert (wrong.ok, wrong.setting) == (False, "BRIDGE_DAILY_LOG__API_KEY")
    recording.arm("refuse")
    down = log.check()
    assert (down.ok, down.reachable, down.setting) == (False, False, "BRIDGE_DAILY_LOG__BASE_URL")
    assert recording.entries() == []


def test_a_missing_setting_is_named(recording: Recording) -> None:
    settings = Settings(daily_log=DailyLogSettings(base_url=recording.base_url))
    with pytest.raises(ConfigurationError) as caught:
        connect(settings)
    assert caught.value.setting == "BRIDGE_DAILY_LOG__API_KEY"
