"""The recording system over REST, against a stand-in over real sockets: none lost, and short lists refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import DeliverySettings, RecordingSettings, Settings
from connectors.errors import Misconfigured, NotApplied, Unreachable
from connectors.protocols import IncidentSource, SourceAnswer, SourcePage
from connectors.recording_rest import connect
from connectors.recording_rest.source import RecordingRest
from sandbox.recording import API_KEY, Recording

HOME, OTHER = "EXH", "OTH"
START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = date(2026, 10, 5)


def report(number: int, **changes: Any) -> dict[str, Any]:
    made = {
        "incidentId": f"inc-{number:04}",
        "incidentNumber": f"EXH-2026-{number:04}",
        "homeId": HOME,
        "status": "Submitted",
        "version": 1,
        "createdAt": "2026-10-05T14:30:00+01:00",
        "modifiedAt": (START + timedelta(minutes=number)).isoformat(),
        "occurredAt": "2026-10-05T14:05:00",
        "interventionType": "Restrictive",
        "children": [{"childId": f"child-{number}", "name": "Example Child"}],
    }
    return {**made, **changes}


@pytest.fixture
def recording() -> Iterator[Recording]:
    with Recording() as stand_in:
        yield stand_in


def settings_for(recording: Recording, *, key: str = API_KEY, base_url: str | None = None, **options: Any) -> Settings:
    section = RecordingSettings(base_url=base_url or recording.base_url, api_key=SecretStr(key), **options)
    return Settings(recording=section, delivery=DeliverySettings(timeout_seconds=2))


def source_of(recording: Recording, **options: Any) -> RecordingRest:
    source = connect(settings_for(recording, **options))
    source.http._wait = lambda _seconds: None
    return source


@pytest.fixture
def source(recording: Recording) -> RecordingRest:
    return source_of(recording, page_size=3)


def ids(pages: Sequence[SourcePage] | Iterator[SourcePage]) -> list[str]:
    return [str(item["incidentId"]) for page in pages for item in page.items]


def pulled(source: RecordingRest) -> list[str]:
    return ids(list(source.pull(HOME, START)))


# ---- pull --------------------------------------------------------------------------------------------------------


def test_it_is_an_incident_source_with_the_contracts_field_map(source: RecordingRest) -> None:
    assert isinstance(source, IncidentSource)
    assert source.field_map == "contract"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9])
def test_every_report_comes_once_whatever_the_page_size(
    count: int, recording: Recording, source: RecordingRest
) -> None:
    for number in range(count):
        recording.put(report(number))
    assert pulled(source) == [f"inc-{number:04}" for number in range(count)]


def test_ties_over_page_boundaries_are_not_lost(recording: Recording, source: RecordingRest) -> None:
    for number in range(10):
        recording.put(report(number, modifiedAt="2026-10-05T12:00:00Z"))
    assert len(set(pulled(source))) == 10


def test_the_lower_bound_is_inclusive_and_never_rounded_up(recording: Recording, source: RecordingRest) -> None:
    recording.put(report(1, modifiedAt="2026-10-05T12:00:00.700Z"))
    assert len(ids(source.pull(HOME, datetime(2026, 10, 5, 12, 0, 0, 700_000, tzinfo=UTC)))) == 1
    assert ids(source.pull(HOME, datetime(2026, 10, 5, 12, 0, 1, tzinfo=UTC))) == []


def switched(**faults: Any) -> Callable[[Recording], None]:
    def switch(recording: Recording) -> None:
        for name, value in faults.items():
            setattr(recording.gateway.paging, name, value)

    return switch


ODD_PAGES = {
    "empty pages with a cursor": switched(empty_pages=True),
    "items that come twice": switched(repeats_items=True),
    "a blank cursor": switched(blank_cursor=True),
    "a limit that is ignored": switched(ignores_limit=True),
    "a cursor lost once (400)": switched(expired_status=400, expires_once=True),
    "a cursor lost once (410)": switched(expired_status=410, expires_once=True),
}


@pytest.mark.parametrize("odd", ODD_PAGES)
def test_odd_pages_lose_nothing(odd: str, recording: Recording, source: RecordingRest) -> None:
    for number in range(10):
        recording.put(report(number))
    ODD_PAGES[odd](recording)
    assert set(pulled(source)) == {f"inc-{number:04}" for number in range(10)}


def test_a_repeated_cursor_is_an_error(recording: Recording, source: RecordingRest) -> None:
    for number in range(10):
        recording.put(report(number))
    recording.gateway.paging.repeats_cursor = True
    with pytest.raises(NotApplied):
        pulled(source)


def test_a_source_that_always_loses_its_cursor_is_read_by_watermark_to_the_end(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    """The overlap must not send every new walk back to its beginning."""
    source = source_of(recording, page_size=3, overlap_minutes=60)
    for number in range(10):
        recording.put(report(number))
    recording.gateway.paging.expired_status = 410
    with caplog.at_level(logging.WARNING):
        assert set(pulled(source)) == {f"inc-{number:04}" for number in range(10)}
    assert source.restarts > 0
    assert "lost its cursor" in caplog.text


def test_a_source_that_gets_no_further_is_an_error_and_not_an_end(recording: Recording, source: RecordingRest) -> None:
    for number in range(10):
        recording.put(report(number, modifiedAt="2026-10-05T12:00:00Z"))
    recording.gateway.paging.expired_status = 410
    with pytest.raises(NotApplied):
        pulled(source)


def test_an_overlap_is_taken_off_the_last_watermark_when_the_cursor_is_lost(recording: Recording) -> None:
    source = source_of(recording, page_size=3, overlap_minutes=1)
    for number in range(7):
        recording.put(report(number))
    recording.gateway.paging.expired_status, recording.gateway.paging.expires_once = 400, True
    pages = source.pull(HOME, START)
    next(pages)
    again = next(pages)
    assert ids([again])[0] == "inc-0001", "one minute before the last change that was seen"
    assert set(ids(pages)) >= {"inc-0005", "inc-0006"}


@pytest.mark.parametrize(
    "fault", ["html_200", "truncated_json", "other_json", "error_500_before", "429", "close_before"]
)
def test_a_failing_page_is_read_again_and_never_taken_for_the_end(
    fault: str, recording: Recording, source: RecordingRest
) -> None:
    for number in range(7):
        recording.put(report(number))
    recording.arm(fault, when="pull", skip=1, times=2, seconds=0)
    assert len(pulled(source)) == 7
    recording.arm(fault, when="pull", skip=1, times=None, seconds=0)
    with pytest.raises(NotApplied):
        pulled(source)


def test_a_source_that_is_down_is_unreachable(recording: Recording, source: RecordingRest) -> None:
    recording.arm("refuse")
    with pytest.raises(Unreachable):
        pulled(source)


def test_reports_of_other_homes_are_left_out_and_counted(recording: Recording, source: RecordingRest) -> None:
    recording.gateway.ignores = frozenset({"homeId"})
    recording.put(report(1))
    recording.put(report(2, homeId=OTHER))
    nameless = report(3)
    del nameless["homeId"]
    recording.put(nameless)
    assert pulled(source) == ["inc-0001", "inc-0003"]
    assert source.foreign == 1


# ---- one report --------------------------------------------------------------------------------------------------


def test_found_gone_and_forbidden_are_three_answers(recording: Recording, source: RecordingRest) -> None:
    recording.put(report(1))
    recording.put(report(2))
    recording.put(report(3, homeId=OTHER))
    recording.put(report(4, incidentId="a/b ?c"))
    recording.forbid("inc-0002")
    assert source.get(HOME, "inc-0001").item == recording.report("inc-0001")
    assert source.get(HOME, "a/b ?c").answer is SourceAnswer.FOUND
    answers = [source.get(HOME, each).answer for each in ("inc-0001", "inc-0002", "inc-0003", "inc-9999", "index")]
    gone = SourceAnswer.GONE
    assert answers == [SourceAnswer.FOUND, SourceAnswer.FORBIDDEN, gone, gone, gone]


def test_a_report_whose_home_cannot_be_read_or_is_written_otherwise_is_not_passed_over(
    recording: Recording, source: RecordingRest
) -> None:
    recording.gateway.ignores = frozenset({"homeId"})
    recording.put(report(1, homeId="exh"))
    recording.put(report(2, homeId=None))
    recording.put(report(3, homeId=OTHER))
    items = [item for page in source.pull(HOME, START) for item in page.items]
    assert [(item["incidentId"], item["homeId"]) for item in items] == [("inc-0001", HOME), ("inc-0002", None)]
    assert [row.incident_id for row in source.index(HOME, DAY, DAY).rows] == ["inc-0001", "inc-0002"]
    assert source.get(HOME, "inc-0001").answer is SourceAnswer.FOUND


# ---- the index ---------------------------------------------------------------------------------------------------


def test_the_index_holds_every_row_of_the_range_in_uk_days(recording: Recording, source: RecordingRest) -> None:
    recording.put(report(1, occurredAt="2026-10-04T23:59:00"))
    recording.put(report(2, occurredAt="2026-10-05T00:00:00"))
    recording.put(report(3, occurredAt="2026-10-05T22:59:00Z", status="Void"))
    recording.put(report(4, occurredAt="2026-10-05T23:00:00Z"))
    index = source.index(HOME, DAY, DAY)
    assert [(row.incident_id, row.status, row.occurred_on) for row in index.rows] == [
        ("inc-0002", "Submitted", DAY),
        ("inc-0003", "Void", DAY),
    ]
    assert index.rows[0].child_ids == ("child-2",)
    assert (index.home_id, index.start, index.end) == (HOME, DAY, DAY)


def test_filters_that_the_index_ignores_are_applied_here_after_the_total_was_compared(
    recording: Recording, source: RecordingRest
) -> None:
    recording.gateway.ignores = frozenset({"homeId"})
    recording.put(report(1))
    recording.put(report(2, homeId=OTHER))
    assert [row.incident_id for row in source.index(HOME, DAY, DAY).rows] == ["inc-0001"]


@pytest.mark.parametrize("odd", ODD_PAGES)
def test_odd_pages_of_the_index_lose_nothing(odd: str, recording: Recording, source: RecordingRest) -> None:
    for number in range(10):
        recording.put(report(number))
    recording.gateway.paging.most = 3
    ODD_PAGES[odd](recording)
    assert len(source.index(HOME, DAY, DAY).rows) == 10


def test_a_total_that_does_not_add_up_is_counted_again_and_then_refused(
    recording: Recording, source: RecordingRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        recording.put(report(number))
    real, lies = recording.shelf.index, [1]

    def short(home: str | None, first: date, last: date) -> Any:
        rows = real(home, first, last)
        return _Longer(rows, by=lies[0])

    monkeypatch.setattr(recording.shelf, "index", short)
    with pytest.raises(NotApplied) as caught:
        source.index(HOME, DAY, DAY)
    assert "incomplete" in caught.value.message
    assert len(recording.requests("index")) == 2
    lies[0] = 0
    assert len(source.index(HOME, DAY, DAY).rows) == 4


class _Longer(list[Any]):
    """A list that says it is longer than it is, once."""

    def __init__(self, rows: Sequence[Any], *, by: int) -> None:
        super().__init__(rows)
        self._by, self._asked = by, 0

    def __len__(self) -> int:
        self._asked += 1
        return super().__len__() + (self._by if self._asked > 1 else 0)


def test_a_row_whose_time_cannot_be_read_still_counts(
    recording: Recording, source: RecordingRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording.put(report(1))
    row = recording.shelf.row
    monkeypatch.setattr(
        recording.shelf, "row", lambda key: {**row(key), "occurredAt": "teatime", "version": "x", "modifiedAt": None}
    )
    (only,) = source.index(HOME, DAY, DAY).rows
    assert (only.incident_id, only.occurred_on, only.version) == ("inc-0001", DAY, 0)


@pytest.mark.parametrize("fault", ["html_200", "truncated_json", "error_500_before"])
def test_an_index_that_cannot_be_read_is_never_a_short_list(
    fault: str, recording: Recording, source: RecordingRest
) -> None:
    recording.put(report(1))
    recording.arm(fault, when="index", times=None)
    with pytest.raises(NotApplied):
        source.index(HOME, DAY, DAY)


# ---- check -------------------------------------------------------------------------------------------------------


def test_check_says_which_setting_is_wrong(recording: Recording) -> None:
    assert source_of(recording).check().ok
    wrong_key = source_of(recording, key="wrong").check()
    wrong_path = source_of(recording, base_url=f"http://127.0.0.1:{recording.server.port}/wrong").check()
    assert (wrong_key.ok, wrong_key.setting) == (False, "BRIDGE_RECORDING__API_KEY")
    assert (wrong_path.ok, wrong_path.setting) == (False, "BRIDGE_RECORDING__BASE_URL")
    recording.arm("redirect_302", when="pull", times=None)
    redirected = source_of(recording).check()
    assert (redirected.ok, redirected.setting) == (False, "BRIDGE_RECORDING__BASE_URL")
    assert len({wrong_key.sentence, wrong_path.sentence, redirected.sentence}) == 3


def test_a_forbidden_pull_asks_for_the_keys_rights(recording: Recording, source: RecordingRest) -> None:
    recording.arm("403", when="pull", times=None)
    with pytest.raises(Misconfigured) as caught:
        pulled(source)
    assert caught.value.setting == "BRIDGE_RECORDING__API_KEY"


@pytest.mark.parametrize("missing", ["base_url", "api_key"])
def test_a_missing_setting_is_named(missing: str, recording: Recording) -> None:
    settings = settings_for(recording)
    section = settings.recording.model_copy(update={missing: None})
    with pytest.raises(ConfigurationError) as caught:
        connect(settings.model_copy(update={"recording": section}))
    assert caught.value.setting == f"BRIDGE_RECORDING__{missing.upper()}"


def test_a_key_that_no_header_can_hold_is_a_configuration_error_that_does_not_show_it(recording: Recording) -> None:
    with pytest.raises(ConfigurationError) as caught:
        source_of(recording, key="kéy\nwith more")
    assert caught.value.setting == "BRIDGE_RECORDING__API_KEY"
    assert "kéy" not in str(caught.value)
