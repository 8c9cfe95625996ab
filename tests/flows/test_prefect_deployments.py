"""prefect.yaml: what runs when, on ordinary days and on the two days a year when the clocks change."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from config.home import Thresholds
from flows.automations import TAG
from flows.prefect_environment import HARDENED

ROOT = Path(__file__).parents[2]
LONDON = ZoneInfo("Europe/London")
DEPLOYMENTS = {
    entry["name"]: entry for entry in yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
}

ORDINARY = datetime(2026, 6, 10, tzinfo=LONDON)
SPRING = datetime(2026, 3, 29, tzinfo=LONDON)
AUTUMN = datetime(2026, 10, 25, tzinfo=LONDON)
DAYS = {"ordinary": ORDINARY, "spring": SPRING, "autumn": AUTUMN}


def _fires(name: str, day: datetime) -> list[datetime]:
    """When Prefect's own scheduler starts the deployment on a London day, in UTC."""
    from prefect.server.schemas.schedules import CronSchedule

    (entry,) = DEPLOYMENTS[name]["schedules"]
    schedule = CronSchedule(cron=entry["cron"], timezone=entry["timezone"])
    start, end = day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC)
    found = asyncio.run(schedule.get_dates(n=400, start=start - timedelta(hours=6), end=end + timedelta(hours=6)))
    return sorted(moment.astimezone(UTC) for moment in found if start <= moment.astimezone(UTC) < end)


def _every_minute(day: datetime) -> list[datetime]:
    """Each minute of a London day as it passes, reckoned in UTC: 1380, 1440 or 1500 of them."""
    start, end = day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC)
    return [start + timedelta(minutes=n) for n in range(int((end - start) / timedelta(minutes=1)))]


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_sync_starts_every_quarter_of_an_hour_but_not_between_one_and_three(day):
    expected = [
        minute
        for minute in _every_minute(day)
        if minute.minute % 15 == 0 and not 1 <= minute.astimezone(LONDON).hour < 3
    ]

    assert _fires("sync", day) == expected
    assert len(expected) == 88


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
@pytest.mark.parametrize(("name", "hours", "minute"), [("reconcile", [6], 10), ("remind", [7, 13, 20], 0)])
def test_reconcile_and_remind_start_at_their_hours(name, hours, minute, day):
    assert _fires(name, day) == [day.replace(hour=hour, minute=minute).astimezone(UTC) for hour in hours]


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_whatever_the_minute_a_duty_is_due_a_run_of_remind_tells_of_it_before(day):
    """What is due at the end of a working day was first told at seven the next morning, when it was late."""
    before = timedelta(hours=Thresholds().remind_before_hours)
    runs = [*_fires("remind", day - timedelta(days=1)), *_fires("remind", day)]

    for due in _every_minute(day):
        assert any(timedelta(0) < due - run <= before for run in runs), due


def test_cron_runs_what_prefect_runs_at_the_same_times():
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")

    for name, entry in DEPLOYMENTS.items():
        cron = re.escape(entry["schedules"][0]["cron"])
        assert re.search(rf"(?m)^{cron} +cd .*incident-bridge {name}\b", manual), name


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_no_shipped_schedule_fires_between_one_and_three_in_the_morning_on_any_day_of_the_year(name):
    hours = {
        moment.astimezone(LONDON).hour
        for day in range(0, 365, 7)
        for moment in _fires(name, datetime(2026, 1, 4, tzinfo=LONDON) + timedelta(days=day))
    }

    assert hours
    assert not hours & {1, 2}


def test_the_three_flows_are_deployed_and_reminders_follow_the_reconciliation():
    assert set(DEPLOYMENTS) == {"sync", "reconcile", "remind"}
    assert _fires("reconcile", ORDINARY)[0] < _fires("remind", ORDINARY)[0]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_deployment_runs_one_at_a_time_with_the_hardened_environment_and_our_tag(name):
    deployment = DEPLOYMENTS[name]

    assert deployment["entrypoint"] == f"flows/prefect_flows.py:{name}_flow"
    assert deployment["concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_limit"]["collision_strategy"] in {"CANCEL_NEW", "ENQUEUE"}
    assert deployment["work_pool"]["job_variables"]["env"] == dict(HARDENED)
    assert deployment["tags"] == [TAG]
    assert all(entry["timezone"] == "Europe/London" for entry in deployment["schedules"])


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_parameter_of_a_deployment_is_one_that_its_flow_takes(name):
    from flows import prefect_flows

    taken = inspect.signature(getattr(prefect_flows, f"{name}_flow").fn).parameters
    assert set(DEPLOYMENTS[name]["parameters"]) <= set(taken)
    assert all(parameter.default is not inspect.Parameter.empty for parameter in taken.values())


def test_the_managers_hear_the_verdict_of_the_scheduled_reconciliation():
    assert DEPLOYMENTS["reconcile"]["parameters"] == {"mail": True}


def test_prefect_accepts_the_shipped_deployments(prefect_server, prefect_environment):
    _prefect(prefect_environment, "work-pool", "create", "incident-bridge", "--type", "process")
    deployed = _prefect(prefect_environment, "deploy", "--all", "--no-prompt")

    listed = _prefect(prefect_environment, "deployment", "ls").stdout.replace("\n", "")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert all(f"/{name}" in listed for name in DEPLOYMENTS)
    assert _planned(prefect_server.url) == set(DEPLOYMENTS)


def _planned(url: str) -> set[str]:
    """The deployments of which the server has planned runs; it looks every few seconds."""
    planned: set[str] = set()
    end = time.monotonic() + 60
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        while planned != set(DEPLOYMENTS) and time.monotonic() < end:
            threading.Event().wait(1)
            ids = {one.id: one.name for one in client.read_deployments() if one.tags == [TAG]}
            planned = {ids[run.deployment_id] for run in client.read_flow_runs() if run.deployment_id in ids}
    return planned


def _prefect(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prefect", *words]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
