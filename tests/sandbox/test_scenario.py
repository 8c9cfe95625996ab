"""The made-up month shows every row of the policy, is valid by the contract, and is the same for the same seed."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from config.home import Home, load_home
from mappings.duties import Evidence, duties_of
from mappings.evidence import LadoAct, LadoState
from mappings.field_map import Unreadable, load_map
from mappings.flags import FlagId, earlier_of, flags_of
from mappings.incident import Incident
from mappings.lado_triggers import triggers_of
from sandbox.cases import CASES, Report
from sandbox.cast import home_file
from sandbox.scenario import Scenario, bulk, required_marks
from tests.sandbox.schemas import validator

ENDS = [
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),  # an ordinary month, with the end of summer time in it
    datetime(2026, 1, 7, 15, 30, tzinfo=UTC),  # Christmas and a new year's numbers
    datetime(2026, 4, 8, 2, 0, tzinfo=UTC),  # Easter and the beginning of summer time
]
DUTIES = Path(__file__).parents[1] / "policy" / "duties.md"


@cache
def month(end: datetime, seed: int = 1) -> Scenario:
    return Scenario(seed, end)


def first_seen(scenario: Scenario) -> list[Report]:
    return [report for wave in scenario.waves for report in wave if report["version"] == 1]


def is_broken(scenario: Scenario, report: Report) -> bool:
    marks = next(told.marks for told in scenario.told if told.incident_id == report["incidentId"])
    return any(mark.startswith("broken:") for mark in marks)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("home") / "EXH.toml"
    path.write_text(home_file(), "utf-8")
    return load_home(path)


@pytest.mark.parametrize("end", ENDS)
def test_the_month_shows_all_that_it_has_to(end: datetime) -> None:
    assert required_marks() - month(end).marks() == set()
    assert len(month(end).told) >= 40


def test_every_duty_and_flag_of_the_policy_has_its_mark() -> None:
    text = DUTIES.read_text("utf-8")
    ids = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    marked = {mark.split(":")[1] for mark in required_marks() if mark.startswith(("duty:", "flag:"))}
    assert marked == ids
    assert {f"lado:{n}" for n in (1, 2, 3)} <= required_marks()


@pytest.mark.parametrize("end", ENDS)
def test_every_report_is_valid_by_the_contract_unless_it_is_broken_on_purpose(end: datetime) -> None:
    scenario = month(end)
    check = validator("recording", {"$ref": "#/components/schemas/IncidentReport"})
    for report in (report for wave in scenario.waves for report in wave):
        troubles = [list(error.path) for error in check.iter_errors(report)]
        assert bool(troubles) is is_broken(scenario, report), (report["incidentNumber"], troubles)


def test_the_same_seed_and_end_make_the_same_month() -> None:
    assert json.dumps(Scenario(7, ENDS[0]).waves) == json.dumps(Scenario(7, ENDS[0]).waves)
    assert json.dumps(Scenario(7, ENDS[0]).waves) != json.dumps(Scenario(8, ENDS[0]).waves)


def test_a_month_can_be_longer_and_not_shorter_than_its_cases() -> None:
    assert len(Scenario(1, ENDS[0], count=120).told) == 120
    with pytest.raises(ValueError, match="at least"):
        Scenario(1, ENDS[0], count=len(CASES) - 1)
    with pytest.raises(ValueError, match="time zone"):
        Scenario(1, datetime(2026, 1, 1))


def test_the_numbers_run_with_one_hole_and_start_again_in_january() -> None:
    for end in ENDS[:2]:
        by_year = defaultdict(list)
        for told in month(end).told:
            by_year[told.number[4:8]].append(int(told.number[9:]))
        holes = sum(max(found) - min(found) + 1 - len(found) for found in by_year.values())
        assert holes == 1
    assert min(int(told.number[9:]) for told in month(ENDS[1]).told if "-2026-" in told.number) == 1


def test_several_reports_share_one_moment_of_change() -> None:
    counts = Counter(report["modifiedAt"] for report in month(ENDS[0]).waves[0])
    assert counts.most_common(1)[0][1] >= 5


def test_nothing_is_changed_after_the_end_and_the_first_wave_is_older_than_the_rest() -> None:
    scenario = month(ENDS[0])
    assert all(_moment(report["modifiedAt"]) <= scenario.cut for report in scenario.waves[0])
    changed = [report for wave in scenario.waves[1:] for report in wave if report["version"] > 1]
    assert all(scenario.cut < _moment(report["modifiedAt"]) <= scenario.end for report in changed)
    assert {"Void", "Draft", "SignedOff", "Submitted"} <= {report["status"] for report in changed}


def test_a_report_changes_to_another_and_back_again() -> None:
    scenario = month(ENDS[0])
    told = scenario.with_mark("later:less_narrative")[0]
    versions = [report for wave in scenario.waves for report in wave if report["incidentId"] == told.incident_id]
    texts = [report["narrative"] for report in versions]
    assert texts[0] == texts[2] != texts[1]
    assert [report["version"] for report in versions] == [1, 2, 3]


def test_late_commits_lie_behind_what_was_already_served() -> None:
    scenario = month(ENDS[0])
    served = max(_moment(report["modifiedAt"]) for report in scenario.waves[0])
    late = {report["incidentId"]: report for report in scenario.waves[1] if report["version"] == 1}
    within = late[scenario.with_mark("late_commit:within_overlap")[0].incident_id]
    beyond = late[scenario.with_mark("late_commit:index_only")[0].incident_id]
    assert served - timedelta(hours=1) < _moment(within["modifiedAt"]) < served
    assert _moment(beyond["modifiedAt"]) < served - timedelta(days=1)


@pytest.mark.parametrize("end", ENDS)
def test_our_own_reading_of_the_policy_finds_what_each_report_was_built_to_show(end: datetime, home: Home) -> None:
    scenario, read = month(end), load_map("contract").read
    marks = {told.incident_id: told.marks for told in scenario.told}
    incidents: list[Incident] = []
    for report in first_seen(scenario):
        if is_broken(scenario, report):
            with pytest.raises(Unreadable):
                read(report)
            continue
        incident = read(report)
        wanted = {tuple(mark.split(":")[1:]) for mark in marks[incident.incident_id] if mark.startswith("duty:")}
        wanted -= {(duty, state) for duty, state in wanted if duty in ("daily_log", "mosaic_case_note")}
        assert {pair for pair in wanted if pair[1] != "after_target"} <= _states(incident, home, end), incident.number
        flags = {mark[5:] for mark in marks[incident.incident_id] if mark.startswith("flag:")}
        found = {flag.id.value for flag in flags_of(incident, home, earlier=[earlier_of(old) for old in incidents])}
        assert flags <= found <= flags | {FlagId.REPEAT.value}, incident.number
        triggers = {mark[5:] for mark in marks[incident.incident_id]} & {"1", "2", "3"}
        concerns = triggers_of(incident, now=end)
        assert {str(int(n)) for concern in concerns for n in concern.triggers} == triggers, incident.number
        incidents.append(incident)
    assert len(incidents) > 60


def _states(incident: Incident, home: Home, now: datetime) -> set[tuple[str, str]]:
    """The duties' states where all was delivered, and a manager approved each submission in time."""
    decided = incident.occurred_at + timedelta(hours=5)
    evidence = Evidence(
        oversight_seen={child.child_id: incident.manager_oversight.at or now for child in incident.children},
        notes_seen={child.child_id: now for child in incident.children},
        lado=tuple(
            LadoAct(adult=concern.adult, state=LadoState.APPROVED, decided_at=decided, by="Pat Example")
            for concern in triggers_of(incident, now=now)
        ),
    )
    return {(duty.id.value, duty.state.value) for duty in duties_of(incident, home, evidence, now)}


def test_bulk_reports_are_valid_distinct_and_share_moments() -> None:
    reports = list(bulk(300, end=ENDS[0]))
    check = validator("recording", {"$ref": "#/components/schemas/IncidentReport"})
    assert not [error for report in reports for error in check.iter_errors(report)]
    assert len({report["children"][0]["mosaicPersonId"] for report in reports}) == 300
    assert len({report["incidentNumber"] for report in reports}) == 300
    assert Counter(report["modifiedAt"] for report in reports).most_common(1)[0][1] == 10


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
