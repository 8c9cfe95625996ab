"""Two Prefect workers on one PostgreSQL ledger share the work, and one that is killed leaves nothing lost or doubled.

As docs/operations.md sets it up: a process work pool, `prefect worker start` on each machine, the settings in the
worker's environment and nowhere in Prefect. Protects promise 2 where Prefect's states say nothing: a run that SIGKILL
ended cannot tell anybody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.prefect_environment import HARDENED
from sandbox.house import House, start
from tests.databases import fresh_database, with_schema

ROOT = Path(__file__).parents[2]
REPORTS = 12


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Stand-ins whose Mosaic takes its time, so that two runs meet in the middle."""
    with start(folder=tmp_path / "house") as found:
        found.load_bulk(REPORTS)
        found.mosaic.server.latency = 0.7
        yield found


@pytest.fixture
def api(prefect_server) -> Iterator[Any]:
    with temporary_settings({PREFECT_API_URL: prefect_server.url}), get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def workers(house, postgres, prefect_environment, tmp_path, api) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers of a pool of this test's own. The settings are theirs; Prefect never hears of them."""
    pool = f"pool-{tmp_path.name}"
    api.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    environment = {
        **prefect_environment,
        **house.environment(),
        "BRIDGE_LEDGER_URL": with_schema(fresh_database(postgres)),
        "BRIDGE_DELIVERY__SETTLE_SECONDS": "1",
        "BRIDGE_DELIVERY__WAIT_SECONDS": "20",
        "BRIDGE_DELIVERY__LEASE_SECONDS": "5",
        "BRIDGE_DELIVERY__THREADS": "2",
        "BRIDGE_DELIVERY__BATCH_SIZE": "2",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process", "--limit", "1"]
    with (tmp_path / "workers.log").open("wb") as log:
        started = [
            subprocess.Popen([*command, "--name", name], env=environment, cwd=tmp_path, stdout=log, stderr=log)
            for name in ("one", "two")
        ]
        yield started
        for worker in started:
            _end(worker)


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and whatever it started."""
    family = psutil.Process(worker.pid).children(recursive=True) if worker.poll() is None else []
    for process in [*family, psutil.Process(worker.pid)] if worker.poll() is None else family:
        process.kill()
    worker.wait(30)


@pytest.fixture
def runs(api, workers, tmp_path) -> Callable[[], UUID]:
    """Asks for a run of `sync`, as `prefect deploy` would have set it up."""
    flow_id = api.create_flow_from_name("sync")
    deployment = api.create_deployment(
        flow_id=flow_id,
        name=tmp_path.name,
        entrypoint="flows/prefect_flows.py:sync_flow",
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        work_pool_name=f"pool-{tmp_path.name}",
        job_variables={"env": dict(HARDENED)},
        parameter_openapi_schema={"type": "object", "properties": {}},
    )
    return lambda: UUID(str(api.create_flow_run_from_deployment(deployment).id))


def _until(seen: Callable[[], Any], limit: float = 120) -> Any:
    end = time.monotonic() + limit
    while not (found := seen()) and time.monotonic() < end:
        threading.Event().wait(0.2)
    return found


def _process_of(worker: subprocess.Popen[bytes]) -> psutil.Process | None:
    """The process in which a worker's flow run is at work."""
    children = psutil.Process(worker.pid).children(recursive=True)
    return children[-1] if children else None


def test_two_workers_share_the_work_and_a_killed_one_leaves_nothing_lost_or_doubled(
    house, api, workers, runs, tmp_path, prefect_server, traces
):
    first, second = runs(), runs()

    def state(run: UUID) -> StateType | None:
        return api.read_flow_run(run).state_type

    assert _until(lambda: all(_process_of(worker) for worker in workers) and house.mosaic.applied("create"))
    killed = _process_of(workers[0])
    os.kill(killed.pid, signal.SIGKILL)

    ended = {StateType.CRASHED, StateType.COMPLETED, StateType.FAILED}
    assert _until(lambda: {state(first), state(second)} <= ended), (tmp_path / "workers.log").read_text()
    assert {state(first), state(second)} == {StateType.CRASHED, StateType.COMPLETED}
    last = runs()
    assert _until(lambda: state(last) in ended)

    assert state(last) is StateType.COMPLETED
    notes = Counter(effect.reference for effect in house.mosaic.applied("create"))
    entries = Counter(effect.reference for effect in house.recording.applied("log_create"))
    assert (len(notes), len(entries)) == (REPORTS, REPORTS)
    assert set(notes.values()) == set(entries.values()) == {1}
    secrets = [value for name, value in house.environment().items() if name.endswith(("_KEY", "_KEYS", "_SECRET"))]
    assert not any(traces(secrets, prefect_server.home).values())
