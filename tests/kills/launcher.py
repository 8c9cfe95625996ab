"""Starts the command line as real processes, quickly: each run is a fork of a process that has imported everything.

What a run imports on its way is imported here before the next one. Spoken to over its standard input, a JSON object a
line: `start` answers with a process id, `wait` with its exit code (minus the signal's number, as in `subprocess`).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from connectors import registry
from ledger import crash_points


def start(told: dict[str, Any]) -> int:
    """Fork one command."""
    child = os.fork()
    if child == 0:
        _become(told)
    return child


def _become(told: dict[str, Any]) -> NoReturn:
    code = 70
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        with open(told["out"], "ab") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        os.environ.clear()
        os.environ.update(told["environ"])
        os.chdir(told["cwd"])
        crash_points.arm(told["crash_at"])
        if told["most_bytes"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (told["most_bytes"], told["most_bytes"]))
        try:
            from flows.main import main

            main(told["arguments"])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        _modules_of(told["out"]).write_text("\n".join(sys.modules), "utf-8")
    finally:
        os._exit(code)


def _modules_of(out: str) -> Path:
    return Path(f"{out}.modules")


def learn(out: str) -> None:
    """Import what a run has imported."""
    file = _modules_of(out)
    if file.exists():
        for name in file.read_text("utf-8").splitlines():
            if name not in sys.modules:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)


def serve() -> None:
    """Do as told until the input ends."""
    for system, kind in (("recording", "rest"), ("mosaic", "rest"), ("daily_log", "rest"), ("email", "smtp")):
        registry._connector(system, kind)
    for line in sys.stdin:
        told = json.loads(line)
        if told["do"] == "start":
            answer = start(told)
        else:
            _, status = os.waitpid(told["pid"], 0)
            learn(told["out"])
            answer = os.waitstatus_to_exitcode(status)
        print(answer, flush=True)


if __name__ == "__main__":
    serve()
