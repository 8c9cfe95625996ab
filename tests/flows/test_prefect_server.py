"""A real server as a child: it answers, it is quiet, it ends, and nothing of ours is in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import prefect_server as room
from flows.prefect_server import PrefectServer, PrefectServerError, running, start_detached, stop


def _environment_of(pid: int) -> dict[str, str]:
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode()
    return dict(line.split("=", 1) for line in raw.split("\0") if "=" in line)


def test_the_server_answers_with_its_own_database_and_a_log_that_only_its_owner_reads(prefect_server: PrefectServer):
    assert prefect_server.url.startswith("http://127.0.0.1:")
    assert (prefect_server.home / "prefect.db").is_file()
    assert prefect_server.log.stat().st_mode & 0o077 == 0
    assert prefect_server.home.stat().st_mode & 0o077 == 0


def test_the_server_gets_the_hardened_settings_and_none_of_our_secrets(prefect_server: PrefectServer):
    environ = _environment_of(prefect_server.pid)

    assert environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environ["DO_NOT_TRACK"] == "1"
    assert not [name for name in environ if name.startswith("BRIDGE_")]


def test_the_servers_environment_drops_other_prefect_settings_and_our_own(tmp_path, monkeypatch):
    monkeypatch.setenv("BRIDGE_MOSAIC__CLIENT_SECRET", "not-for-the-server")
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "sqlite+aiosqlite:////elsewhere.db")
    monkeypatch.setenv("PREFECT_API_URL", "http://elsewhere.example/api")

    environ = room._server_environment(tmp_path, 4321)

    assert "BRIDGE_MOSAIC__CLIENT_SECRET" not in environ
    assert "PREFECT_API_URL" not in environ
    assert environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"].endswith(f"{tmp_path}/prefect.db")


def test_a_server_that_ends_while_starting_is_one_sentence_that_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_launch", lambda home, port: _process(home, "raise SystemExit('no luck')"))

    with pytest.raises(PrefectServerError) as caught:
        start_detached(tmp_path)

    assert str(tmp_path / "server.log") in str(caught.value)
    assert running(tmp_path) is None


def test_a_server_that_never_answers_is_stopped_at_the_limit(tmp_path, monkeypatch):
    started = []

    def deaf(home: Path, port: int) -> subprocess.Popen[bytes]:
        started.append(_process(home, "import time; time.sleep(600)"))
        return started[-1]

    monkeypatch.setattr(room, "_launch", deaf)
    monkeypatch.setattr(room, "START_LIMIT_SECONDS", 0.2)
    waits: list[tuple[float, float]] = []

    with pytest.raises(PrefectServerError, match="did not answer"):
        start_detached(tmp_path, progress=lambda waited, limit: waits.append((waited, limit)))

    assert waits
    assert not Path(f"/proc/{started[0].pid}").exists()


def test_a_server_that_ignores_the_request_is_ended_by_force(tmp_path, monkeypatch):
    stubborn = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    processes = []

    def launch(home: Path, port: int) -> subprocess.Popen[bytes]:
        processes.append(
            subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, start_new_session=True)
        )
        processes[-1].stdout.readline()
        return processes[-1]

    monkeypatch.setattr(room, "_launch", launch)
    monkeypatch.setattr(room, "_healthy", lambda port: True)
    monkeypatch.setattr(room, "STOP_LIMIT_SECONDS", 0.3)
    start_detached(tmp_path)

    assert stop(tmp_path)
    assert not Path(f"/proc/{processes[0].pid}").exists()


def test_starting_again_on_a_folder_stops_the_server_that_a_killed_run_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_launch", lambda home, port: _process(home, "import time; time.sleep(600)"))
    monkeypatch.setattr(room, "_healthy", lambda port: True)

    left_behind = start_detached(tmp_path)
    fresh = start_detached(tmp_path)

    assert not Path(f"/proc/{left_behind.pid}").exists()
    assert running(tmp_path) == fresh
    assert stop(tmp_path)
    assert not stop(tmp_path)


def test_a_process_that_merely_reuses_the_number_is_never_stopped(tmp_path):
    own = PrefectServer("http://127.0.0.1:1/api", os.getpid(), "1", tmp_path)
    (tmp_path / "server.json").write_text(
        f'{{"url": "{own.url}", "pid": {own.pid}, "born": "{own.born}", "home": "{tmp_path}"}}', "utf-8"
    )

    assert running(tmp_path) is None
    assert not stop(tmp_path)


def _process(home: Path, code: str) -> subprocess.Popen[bytes]:
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-c", code], stdout=log, stderr=log, start_new_session=True)
