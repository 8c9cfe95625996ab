"""demo: the whole way on this machine, once as a newcomer runs it, and what surrounds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows import demo as room
from flows.prefect_server import running
from tests.flows.conftest import Bridge

ROOT = Path(__file__).parents[2]


def _demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BRIDGE_"))}
    code = "from flows.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "demo", "--folder", str(folder), *words],
        env={**environment, "PYTHONPATH": str(ROOT)}, cwd=folder.parent,
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip


def test_the_demo_shows_the_whole_way_says_where_to_look_and_can_be_stopped(tmp_path, bridge: Bridge, monkeypatch):
    folder = tmp_path / "shown"

    ran = _demo(folder)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    said = ran.stdout
    assert "No record was written twice, although two of Mosaic's answers were lost on the way." in said
    assert said.rstrip().endswith("The findings are planted: they are what a manager would act on.")
    assert not [word for word in ("Traceback", "WARNING", "None", "{", "prefect.") if word in said]
    report = next(line for line in said.splitlines() if line.startswith("The report: "))
    assert Path(report.removeprefix("The report: ")).is_file()
    server = running(folder / "prefect")
    assert server is not None
    assert f"Prefect, with every run: {server.ui} (" in said

    for line in (folder / "settings.env").read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value.strip("'"))
    monkeypatch.chdir(tmp_path)
    assert "in quarantine" in bridge("status").out

    stopped, again = _demo(folder, "--stop"), _demo(folder, "--stop")
    assert stopped.stdout == "The Prefect server is stopped.\n"
    assert again.stdout == "No Prefect server of a demo is running.\n"
    room._empty(folder)  # a second demo begins anew
    assert sorted(path.name for path in folder.iterdir()) == ["made-by-demo.txt", "settings.env"]


def test_a_folder_that_holds_something_else_is_not_emptied(tmp_path, bridge: Bridge):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "kept.html").write_text("a site's own report", "utf-8")

    ended = bridge("demo", "--folder", tmp_path)

    assert ended.code == 1
    assert "holds files that no demo made" in ended.err
    assert (tmp_path / "reports" / "kept.html").is_file()


def test_a_server_that_does_not_start_is_one_sentence_that_names_its_log(tmp_path, bridge: Bridge, monkeypatch):
    from flows import prefect_server

    def ends_at_once(home: Path, _port: int) -> subprocess.Popen[bytes]:
        (home / "server.log").write_text("no luck", "utf-8")
        return subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"], start_new_session=True)

    monkeypatch.setattr(prefect_server, "_launch", ends_at_once)

    ended = bridge("demo", "--folder", tmp_path / "shown")

    assert ended.code == 3
    assert f"its log is {tmp_path / 'shown' / 'prefect' / 'server.log'}" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_demo_that_breaks_leaves_no_server_behind(tmp_path, monkeypatch):
    stopped: list[Path] = []

    class Server:
        ui, url = "http://127.0.0.1:1", "http://127.0.0.1:1/api"

    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(room.prefect_server, "start_detached", lambda *_, **__: Server())
    monkeypatch.setattr(room.prefect_server, "stop", stopped.append)
    monkeypatch.setattr(room, "_show", breaks)

    with pytest.raises(KeyboardInterrupt):
        room.demo(tmp_path / "shown", say=lambda _: None, progress=lambda *_: None)

    assert stopped[-1] == tmp_path / "shown" / "prefect"
    assert "BRIDGE_LEDGER_URL" not in os.environ
