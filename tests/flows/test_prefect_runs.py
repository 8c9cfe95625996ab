"""A command whose runs go through Prefect says, shows and ends the same as one that runs in its own process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest

from config.errors import ConfigurationError
from flows import prefect_api, running
from flows.automations import TAG
from flows.reconcile import previous_month
from sandbox.house import House, start
from tests.databases import copied_file
from tests.flows.conftest import settings_of, through
from tests.flows.forwarder import forwarded

NOTHING_RUN = (
    "The Prefect API at PREFECT_API_URL could not be reached, so nothing was run; start the server, correct the "
    "address, or unset PREFECT_API_URL to run in this process."
)


@pytest.fixture
def prefect(house: House, prefect_server) -> Iterator[str]:
    """The site's runs go through the Prefect server."""
    with through(prefect_server.url):
        yield prefect_server.url


def _ask(api: str, path: str, **wanted: Any) -> Any:
    asked = urllib.request.Request(f"{api}/{path}", json.dumps(wanted).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def last_run(prefect: str) -> Callable[[], tuple[str, str]]:
    """State and message of this test's last flow run, told from others' by the tag it wears."""
    from prefect import tags

    mark = f"runs-{os.getpid()}-{threading.get_ident()}-{datetime.now(UTC).timestamp()}"

    def last() -> tuple[str, str]:
        wanted = {"tags": {"all_": [mark]}}
        (run,) = _ask(prefect, "flow_runs/filter", flow_runs=wanted, sort="EXPECTED_START_TIME_DESC", limit=1)
        return run["state_type"], run["state"]["message"] or ""

    with tags(mark):
        yield last


def _timeless(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if not name.endswith("_at")}


def test_the_json_and_the_exit_code_are_those_of_a_run_in_this_process(bridge, house, prefect, tmp_path, blank_ledger):
    house.load_bulk(3)
    there = bridge("sync", "--json")
    with start(folder=tmp_path / "twin", end=house.end) as twin:
        copied_file(blank_ledger, twin.folder)
        twin.load_bulk(3)
        with settings_of(twin):
            here = bridge("sync", "--json")

    assert there.code == here.code == 0
    assert _timeless(there.json) == _timeless(here.json)
    assert there.json["pulled"]["new"] == 3
    assert there.err == here.err == ""


def test_a_run_says_on_the_error_output_where_it_runs_and_nothing_else(bridge, house, prefect):
    house.load_bulk(1)

    assert bridge("sync").err == "Running as a Prefect flow run.\n"


def test_progress_is_shown_by_a_run_that_goes_through_prefect(house, prefect):
    house.load_bulk(2)
    seen: set[str] = set()

    running.run_sync(
        home=None, since=None, wait=False, progress=lambda stage, _done, _total: seen.add(stage), told=lambda _: None
    )

    assert {"reading EXH", "delivering to mosaic"} <= seen


def test_what_was_left_over_is_a_completed_run_and_a_system_that_is_away_a_failed_one(bridge, house, prefect, last_run):
    house.load_bulk(1)
    house.mosaic.arm("403", when="create")
    assert bridge("sync").code == 2
    assert last_run()[0] == "COMPLETED"

    house.recording.arm("refuse")
    assert bridge("sync").code == 3

    state, message = last_run()
    assert state == "FAILED"
    assert message.startswith("sync ended with exit code 3. recording: The recording system could not be reached")


def test_a_reconciliation_that_could_not_see_is_failed_and_names_the_side(bridge, house, prefect, last_run, tmp_path):
    house.recording.arm("refuse")

    ended = bridge("reconcile", "--from", "2026-01-01", "--to", "2026-01-31", "--out", tmp_path / "out", "--json")

    assert ended.code == ended.json["exit_code"] == 3
    state, message = last_run()
    assert (state, message.split(".")[0]) == ("FAILED", "reconcile ended with exit code 3")
    assert "source: The recording system could not be reached" in message


def test_a_run_that_is_told_to_stop_is_cancelled_and_no_crash(bridge, prefect, last_run, monkeypatch, tmp_path):
    """Whoever cancelled a reconciliation in Prefect was told by an alarm that it had crashed."""
    monkeypatch.setattr(running, "reconcile_here", mock.Mock(side_effect=KeyboardInterrupt))

    ended = bridge("reconcile", "--from", "2026-01-01", "--to", "2026-01-31", "--out", tmp_path / "out")

    assert (ended.code, ended.err.splitlines()[-1]) == (2, "incident-bridge: Stopped; run it again to go on.")
    assert last_run() == ("CANCELLED", "reconcile was stopped; the next run takes up what is left.")


def test_a_failed_run_is_failed_where_the_site_has_told_prefect_to_try_again(
    house, prefect, prefect_environment, tmp_path
):
    """It waited for its next try, after the command had ended, until its silence was taken for a crash."""
    house.recording.arm("refuse")
    out = str(tmp_path / "out")
    command = [sys.executable, "-c", "from flows.main import main; main()", "reconcile"]
    words = ["--from", "2026-01-01", "--to", "2026-01-31", "--out", out]
    environ = {**os.environ, **prefect_environment, "PREFECT_FLOWS_DEFAULT_RETRIES": "2"}
    ended = subprocess.run([*command, *words], env=environ, capture_output=True, check=False)

    runs = _ask(prefect, "flow_runs/filter", sort="EXPECTED_START_TIME_DESC", limit=100)
    (run,) = [one for one in runs if one["parameters"].get("out") == out]
    assert (ended.returncode, run["state_name"], run["run_count"]) == (3, "Failed", 1)


def test_a_wrong_setting_is_the_same_sentence_in_both_ways(bridge, house, prefect, last_run, monkeypatch):
    monkeypatch.setenv("BRIDGE_RECORDING__FIELD_MAP", "no-such-map.toml")
    there = bridge("sync", "--json")
    assert last_run()[0] == "FAILED"
    with pytest.MonkeyPatch.context() as without:
        without.delenv("PREFECT_API_URL")
        here = bridge("sync", "--json")

    assert there.code == here.code == 1
    assert there.out == here.out
    assert there.json["error"]["setting"] == "BRIDGE_RECORDING__FIELD_MAP"


def test_a_home_that_does_not_exist_is_refused_before_prefect_hears_of_it(bridge, house, prefect):
    before = _ask(prefect, "flow_runs/count")

    ended = bridge("sync", "--home", "Nosuch")

    assert (ended.code, ended.err) == (1, "incident-bridge: There is no home 'Nosuch'; this site has EXH.\n")
    assert "Nosuch" not in json.dumps(_ask(prefect, "flow_runs/filter", limit=5, sort="EXPECTED_START_TIME_DESC"))
    assert before >= 0


def test_the_pages_of_prefect_show_counts_and_the_numbers_of_incidents(bridge, house, prefect, tmp_path):
    house.load_bulk(2)
    bridge("sync", "--no-wait")
    number = house.recording.report("bulk-0000001")["incidentNumber"]
    day = house.recording.report("bulk-0000001")["occurredAt"][:10]

    bridge("reconcile", "--from", day, "--to", day, "--out", tmp_path / "out")

    shown = {one["key"]: one for one in _ask(prefect, "artifacts/latest/filter", limit=100)}
    totals = {row["what"]: row["count"] for row in json.loads(shown["totals-exh"]["data"])}
    assert totals["In the recording system"] == 2
    assert number in shown["findings-exh"]["data"]
    assert "Bulkmade" not in json.dumps(shown)


def test_a_run_of_a_command_wears_the_tag_of_the_automations_so_that_its_end_is_noticed(bridge, house, prefect):
    """A command's run that was killed stood as Running for ever, and no alarm went for one that failed."""
    from prefect import tags

    mark = f"tagged-{os.getpid()}-{datetime.now(UTC).timestamp()}"
    with tags(mark):
        bridge("sync", "--no-wait")

    (run,) = _ask(prefect, "flow_runs/filter", flow_runs={"tags": {"all_": [mark]}})
    assert set(run["tags"]) == {mark, TAG}


@pytest.mark.parametrize(
    ("parameters", "setting"),
    [
        ({"start": "2026-11-20", "end": "2026-11-01"}, "end"),
        ({"start": "2999-01-01"}, "end"),
        ({"as_of": "2027-03-01T10:00:00+00:00"}, "as_of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else value,
)
def test_what_a_command_would_refuse_is_refused_from_prefects_pages_too_and_no_manager_hears_of_it(
    house, prefect, last_run, tmp_path, parameters, setting
):
    """Managers were told of a period that ended before it began: no incident, and nothing to do."""
    from flows.prefect_flows import run_flow

    house.load_bulk(1)
    with pytest.raises(ConfigurationError) as refused:
        run_flow("reconcile", {"out": str(tmp_path / "out"), "mail": True, **parameters})

    assert refused.value.setting == setting
    state, message = last_run()
    assert state == "FAILED"
    assert f"The flow's parameter {setting} " in message
    assert house.mail.inbox() == []
    assert not (tmp_path / "out").exists()


# ---- a server that is away ------------------------------------------------------------------------------------------


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_dead_server_is_one_sentence_and_exit_code_three_and_nothing_is_run(bridge, house, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{_closed_port()}/api")

    ended = bridge("sync")

    assert (ended.code, ended.out, ended.err) == (3, "", f"incident-bridge: {NOTHING_RUN}\n")
    assert house.recording.requests() == []


@pytest.mark.parametrize(
    "words", [["sync"], ["remind"], ["reconcile", "--from", "2026-01-01", "--to", "2026-01-31"]], ids=lambda w: w[0]
)
def test_a_dead_server_is_an_error_in_json_too(bridge, house, monkeypatch, words):
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{_closed_port()}/api")

    ended = bridge(*words, "--json")

    assert (ended.code, ended.err) == (3, "")
    assert ended.json == {
        "error": {"kind": "unreachable", "message": NOTHING_RUN, "setting": "PREFECT_API_URL"},
        "exit_code": 3,
    }


def test_a_server_that_takes_the_call_and_never_answers_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/api"

        assert not prefect_api.answers(url, patience_seconds=0.2)


@pytest.mark.parametrize("url", ["rubbish", "ftp://127.0.0.1/api", "http://", "http://[::1/api", "file:///etc/passwd"])
def test_an_address_that_is_none_is_no_server(url):
    assert not prefect_api.answers(url)


def test_a_server_that_is_no_prefect_is_a_wrong_setting(bridge, house, monkeypatch):
    with through(house.recording.base_url):
        ended = bridge("sync", "--json")

    assert ended.code == 1
    assert ended.json["error"]["setting"] == "PREFECT_API_URL"
    assert ended.json["error"]["message"].startswith("The Prefect API at PREFECT_API_URL did not take the run (")
    assert house.recording.applied() == []


def test_a_server_that_goes_away_in_mid_run_takes_nothing_from_the_result(bridge, house, prefect_server, monkeypatch):
    house.load_bulk(2)
    port = urlsplit(prefect_server.url).port
    with forwarded(port) as wire, through(f"http://127.0.0.1:{wire.port}/api", retries=0):
        store, kept = running.sync_here, []

        def cut_after(**given: Any) -> dict[str, Any]:
            kept.append(store(**given))
            wire.cut()
            return kept[0]

        monkeypatch.setattr(running, "sync_here", cut_after)
        ended = bridge("sync", "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.json == kept[0]
    assert len(house.mosaic.applied("create")) == 2


# ---- the schedule's own dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2026-11-23T06:10:00+00:00", "2026-10-01", "2026-11-23"),
        ("2026-01-01T06:10:00+00:00", "2025-12-01", "2026-01-01"),
        ("2026-03-31T23:30:00+00:00", "2026-03-01", "2026-04-01"),  # it is April in the home
        ("2026-12-31T23:30:00+00:00", "2026-11-01", "2026-12-31"),
    ],
)
def test_without_dates_a_reconciliation_looks_from_the_first_of_last_month_to_today(now, first, last):
    found = previous_month(datetime.fromisoformat(now))

    assert [day.isoformat() for day in found] == [first, last]


def test_the_flow_without_dates_looks_at_the_same_days(house, prefect, tmp_path):
    from flows.prefect_flows import run_flow

    result = run_flow("reconcile", {"out": str(tmp_path / "out")})

    first, last = previous_month(datetime.now(UTC))
    assert (result["from"], result["to"]) == (first.isoformat(), last.isoformat())
    assert Path(result["report"]["html"]).is_file()
