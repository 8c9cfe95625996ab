"""What Prefect does about runs that fail or are killed: seen at a real server, with real runs."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import automations as room
from flows.automations import FAILED, LATE, TAG, ZOMBIE, automations, ensure_automations, notification_block

ROOT = Path(__file__).parents[2]

RUN = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from flows.prefect_environment import harden
harden(os.environ)
from prefect import flow, tags

class Ours(Exception):
    pass

@flow(name="tried", flow_run_name=sys.argv[3])
def tried():
    print("started", flush=True)
    if sys.argv[2] == "fails":
        raise Ours("state-message")
    time.sleep(600)

with tags(sys.argv[4]):
    tried()
"""


@pytest.fixture
def api(prefect_server, shared_folder) -> Iterator[Any]:
    """The server's API, with nobody else changing its automations meanwhile."""
    lock = (shared_folder / "automations.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    with lock, temporary_settings({PREFECT_API_URL: prefect_server.url}), get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A chat system's web hook: what it was told, in order."""
    told: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", told
    server.shutdown()
    server.server_close()


def _start(environ: dict[str, str], folder: Path, kind: str, name: str, tag: str = TAG) -> subprocess.Popen[str]:
    script = folder / "tried.py"
    script.write_text(RUN, "utf-8")
    return subprocess.Popen(
        [sys.executable, str(script), str(ROOT), kind, name, tag],
        env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def _until(seen: Callable[[], Any], limit: float = 90) -> Any:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if found := seen():
            return found
        threading.Event().wait(0.5)
    return seen()


def _state(api: Any, name: str) -> StateType | None:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

    runs = api.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name])))
    return runs[0].state_type if runs else None


def test_a_run_that_was_killed_is_marked_as_crashed_and_a_strangers_run_is_left_alone(
    api, prefect_environment, tmp_path
):
    ensure_automations(automations(silent_for=timedelta(seconds=10)))
    ours = _start(prefect_environment, tmp_path, "hangs", "killed-run")
    strangers = _start(prefect_environment, tmp_path, "hangs", "strangers-run", tag="another-team")
    for run in (ours, strangers):
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
    _until(lambda: _heartbeats(api, "killed-run") and _heartbeats(api, "strangers-run"))

    for run in (ours, strangers):
        os.kill(run.pid, signal.SIGKILL)
        run.wait()

    assert _until(lambda: _state(api, "killed-run") is StateType.CRASHED)
    assert _state(api, "strangers-run") is StateType.RUNNING


def test_a_failed_run_tells_whom_the_site_named_which_run_but_not_its_message(
    api, prefect_environment, tmp_path, inbox
):
    from prefect.blocks.notifications import CustomWebhookNotificationBlock

    address, told = inbox
    hook = CustomWebhookNotificationBlock(
        name="night", url=address, json_data={"subject": "{{subject}}", "body": "{{body}}"}
    )
    hook.save("it-at-night", overwrite=True)
    ensure_automations(automations(notification_block("custom-webhook/it-at-night")))

    run = _start(prefect_environment, tmp_path, "fails", "failed-run")

    assert run.wait(120) != 0
    message = _until(lambda: [one for one in told if "failed-run" in one["body"]])[0]
    assert message["subject"] == FAILED
    assert "Failed" in message["body"]
    assert "state-message" not in json.dumps(told)


def test_creating_the_automations_twice_leaves_one_of_each(api):
    ensure_automations(automations())
    assert ensure_automations(automations()) == (LATE, FAILED, ZOMBIE)

    assert [len(api.read_automations_by_name(name)) for name in (LATE, FAILED, ZOMBIE)] == [1, 1, 1]


def test_a_late_run_is_one_that_has_not_started_a_quarter_of_an_hour_after_prefect_called_it_late():
    late = automations()[0].trigger

    assert late.after == {"prefect.flow-run.Late"}
    assert "prefect.flow-run.Running" in late.expect
    assert late.within == timedelta(minutes=15)


def test_the_command_names_what_it_made(api, prefect_environment):
    made = _command(prefect_environment)

    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines() == [LATE, FAILED, ZOMBIE]


def test_an_unknown_notification_is_one_sentence_with_the_fix(prefect_environment):
    made = _command(prefect_environment, "--notify", "slack-webhook/nobody")

    assert made.returncode == 1
    assert made.stderr.startswith("Prefect has no notification block 'slack-webhook/nobody';")
    assert len(made.stderr.splitlines()) == 1


def test_without_a_server_the_command_says_which_setting_is_missing(monkeypatch, capsys):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    assert room.main([]) == 1
    assert capsys.readouterr().err.startswith("PREFECT_API_URL is not set;")


def test_a_server_that_is_away_or_will_not_is_one_sentence(prefect_server, prefect_environment):
    away = _command({**prefect_environment, "PREFECT_API_URL": "http://127.0.0.1:1/api"})
    wrong = _command({**prefect_environment, "PREFECT_API_URL": prefect_server.ui})

    assert (away.returncode, wrong.returncode) == (3, 1)
    assert away.stderr.startswith("The Prefect API at PREFECT_API_URL does not answer;")
    assert wrong.stderr.startswith("The Prefect API at PREFECT_API_URL did not take the automations (")
    assert len(away.stderr.splitlines()) == len(wrong.stderr.splitlines()) == 1


def _command(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows.automations", *words]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)


def _heartbeats(api: Any, name: str) -> bool:
    """Whether the server has recorded a heartbeat of the run of this name."""
    wanted = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}, "limit": 50}
    held = api._client.post("/events/filter", json=wanted).json()["events"]
    return any(event["resource"].get("prefect.resource.name") == name for event in held)
