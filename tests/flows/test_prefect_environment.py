"""What Prefect may keep and say, measured: marks are planted in a flow run and looked for in all that Prefect holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.prefect_environment import HARDENED, RUN_LOGGER, harden

ROOT = Path(__file__).parents[2]

FLOW = """
import logging, os, sys
sys.path.insert(0, sys.argv[1])
from flows.prefect_environment import harden, run_logger, unhardened
if "--plain" not in sys.argv:
    harden(os.environ)
from prefect import flow, get_run_logger, task
from prefect.settings import get_current_settings

class Ours(Exception):
    pass

@task
def keeps(body):
    print("mark-printed-in-task")
    get_run_logger().warning("mark-run-logger-in-task")
    return {"body": "mark-result"}

@task
def breaks(body):
    local = "mark-local"
    try:
        raise ValueError("mark-cause")
    except ValueError:
        raise Ours("sentence-of-our-own") from None

@flow(name="planted", flow_run_name="planted-in-" + os.path.basename(os.getcwd()))
def planted(day):
    assert "--plain" in sys.argv or not unhardened(get_current_settings()), unhardened(get_current_settings())
    run_logger().info("counted 3 reports")
    print("mark-printed-in-flow")
    get_run_logger().error("mark-run-logger-in-flow")
    get_run_logger().critical("mark-critical-run-logger")
    logging.getLogger("connectors").info("mark-library-logger")
    keeps("mark-task-parameter")
    breaks("mark-task-parameter")

try:
    planted("day-in-parameter")
except Ours:
    print("ended as planned")
"""

NOWHERE = (
    "mark-printed-in-task",
    "mark-printed-in-flow",
    "mark-result",
    "mark-local",
    "mark-cause",
    "mark-task-parameter",
    "mark-run-logger-in-task",
    "mark-run-logger-in-flow",
    "mark-critical-run-logger",
    "mark-library-logger",
)
#: Prefect keeps these whatever is set: so they are ours, and hold nothing personal.
ALWAYS_KEPT = ("day-in-parameter", "sentence-of-our-own", "counted 3 reports")


def _run(folder: Path, environ: dict[str, str], *, flow: str = FLOW, words: tuple[str, ...] = ()):
    script = folder / "planted.py"
    script.write_text(flow, "utf-8")
    return subprocess.run(
        [sys.executable, str(script), str(ROOT), *words],
        env=environ, cwd=folder, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


def test_a_hardened_run_leaves_only_what_is_ours_in_prefects_database_and_files(
    prefect_server, prefect_environment, tmp_path, traces
):
    run = _run(tmp_path, prefect_environment)
    (tmp_path / "planted.py").unlink()

    assert "ended as planned" in run.stdout, run.stderr
    assert _until(lambda: _end_is_recorded(prefect_server.url, tmp_path.name))
    kept = {**traces(NOWHERE, prefect_server.home), **traces(ALWAYS_KEPT, prefect_server.home)}
    assert {mark for mark, files in kept.items() if files} == set(ALWAYS_KEPT)
    assert not any(traces(NOWHERE, tmp_path).values())


def test_the_marks_can_be_found_for_without_hardening_prefect_keeps_what_the_run_logger_says(
    prefect_server, prefect_environment, tmp_path, traces
):
    plain = {name: value for name, value in prefect_environment.items() if name not in HARDENED}
    plain["DO_NOT_TRACK"] = "1"

    run = _run(tmp_path, plain, flow=FLOW.replace("mark-", "plain-"), words=("--plain",))

    assert "ended as planned" in run.stdout, run.stderr
    assert any(traces(["plain-run-logger-in-flow"], prefect_server.home).values())
    assert "plain-run-logger-in-flow" in run.stderr


def test_a_hardened_run_says_nothing_on_the_screen_but_what_the_flow_prints(prefect_environment, tmp_path):
    run = _run(tmp_path, prefect_environment)

    said = run.stdout + run.stderr
    assert [line for line in run.stdout.splitlines() if not line.startswith("mark-printed")] == ["ended as planned"]
    assert "Traceback" not in said
    assert "mark-run-logger-in" not in said
    assert "mark-cause" not in said


def _end_is_recorded(api: str, run: str) -> bool:
    """Whether the run's last event has reached the database: only then is an absence worth anything."""
    wanted = json.dumps({"filter": {"event": {"name": ["prefect.flow-run.Failed"]}}, "limit": 50}).encode()
    ask = urllib.request.Request(f"{api}/events/filter", wanted, {"Content-Type": "application/json"})
    with urllib.request.urlopen(ask, timeout=30) as answer:
        events = json.load(answer)["events"]
    return any(event["resource"].get("prefect.resource.name") == f"planted-in-{run}" for event in events)


def _until(seen: Callable[[], bool], limit: float = 60) -> bool:
    end = time.monotonic() + limit
    while not seen() and time.monotonic() < end:
        threading.Event().wait(0.5)
    return seen()


@pytest.mark.parametrize(
    "left_over",
    [
        {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true"},
        {"PREFECT_LOGGING_SETTINGS_PATH": "/etc/hostname"},
        {"PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_HANDLERS": "api"},
        {"PREFECT_LOGGING_EXTRA_LOGGERS": "connectors"},
        {"PREFECT_LOGGING_LEVEL": "DEBUG", "PREFECT_DEBUG_MODE": "1", "PREFECT_TEST_MODE": "1"},
        {"PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true", "PREFECT_LOGGING_LOG_PRINTS": "true"},
    ],
    ids=lambda found: next(iter(found)),
)
def test_a_switch_that_somebody_left_on_is_off_again(left_over, tmp_path):
    environ = {"PATH": os.environ["PATH"], "PREFECT_HOME": str(tmp_path), "HOME": str(tmp_path), **left_over}
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from flows.prefect_environment import harden, unhardened\n"
        "harden(os.environ)\n"
        "import prefect.main\n"
        "from prefect.settings import get_current_settings\n"
        "print(unhardened(get_current_settings()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.stdout.strip() == "()", run.stderr


def test_a_process_that_was_not_hardened_can_tell(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import prefect.main\n"
        "from flows.prefect_environment import unhardened\n"
        "from prefect.settings import get_current_settings\n"
        "print(*unhardened(get_current_settings()))"
    )
    environ = {"PATH": os.environ["PATH"], "PREFECT_HOME": str(tmp_path), "HOME": str(tmp_path), "DO_NOT_TRACK": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    named = run.stdout.split()
    assert "PREFECT_SERVER_ANALYTICS_ENABLED" in named
    assert "PREFECT_SERVER_EPHEMERAL_ENABLED" in named
    assert "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_HANDLERS" in named


def test_a_run_whose_worker_sends_every_log_line_to_prefect_does_nothing_and_says_which_setting_it_is(
    prefect_environment, tmp_path
):
    """A worker hands its own environment on, and that of prefect.yaml only adds to it."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import prefect.main\n"
        "from flows.prefect_flows import RunFailed, sync_flow\n"
        "try: sync_flow()\n"
        "except RunFailed as why: print(why)"
    )
    environ = {**prefect_environment, "PREFECT_LOGGING_ROOT_HANDLERS": "api"}
    run = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.stdout.startswith("Prefect would keep more of this run than it may, for PREFECT_LOGGING_ROOT_HANDLERS;")


def test_the_settings_are_printed_as_lines_that_a_shell_reads_back(tmp_path):
    file = tmp_path / "prefect.env"
    printed = subprocess.run(
        [sys.executable, "-m", "flows.prefect_environment"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    file.write_text(printed.stdout, "utf-8")

    read = subprocess.run(
        ["/bin/bash", "-c", f"set -a; . {file}; exec env"], env={}, capture_output=True, text=True, check=True
    )

    assert set(HARDENED.items()) <= {tuple(line.split("=", 1)) for line in read.stdout.splitlines()}


def test_hardening_keeps_the_address_of_the_server_and_the_way_to_log_in():
    environ = {"PREFECT_API_URL": "https://prefect.example.org/api", "PREFECT_API_AUTH_STRING": "kept", "OTHER": "kept"}

    harden(environ)

    assert environ["PREFECT_API_URL"] == "https://prefect.example.org/api"
    assert environ["PREFECT_API_AUTH_STRING"] == "kept"
    assert environ["OTHER"] == "kept"
    assert environ["PREFECT_LOGGING_EXTRA_LOGGERS"] == RUN_LOGGER
    assert HARDENED.items() <= environ.items()


def test_hardening_after_prefect_was_imported_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "prefect", sys)
    monkeypatch.delenv("DO_NOT_TRACK")

    with pytest.raises(RuntimeError, match="before its environment was settled"):
        harden(os.environ)
