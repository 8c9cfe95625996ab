"""The command line, driven as an IT team would: a folder and an environment. Only its door is imported."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.main import main
from tests.black_box.mosaic_house import CLIENT, SECRET, MosaicHouse
from tests.black_box.post_office import PostOffice
from tests.black_box.recording_house import KEY, RecordingHouse
from tests.black_box.stories import MANAGER, MANAGER_MAIL, SENIOR, SENIOR_MAIL

COMMAND = Path(sys.executable).with_name("incident-bridge")

HOME = f"""
id = "{{id}}"
name = "Example House"
secure = true
provider = "Example County Council"
address = "1 Example Street, Exampleton"
number_prefix = "{{id}}"                       # running numbers look like EXH-2026-0147
approved_techniques = ["Low level seated hold", "Medium level standing hold", "Disengagement: wrist"]

[registered_manager]
name = "{MANAGER}"
role = "Registered Manager"
email = "{MANAGER_MAIL}"
phone = "0000 000001"

[senior_manager]
name = "{SENIOR}"
role = "Service Manager"
email = "{SENIOR_MAIL}"
phone = "0000 000002"

[mosaic]
note_type = "SAFEINT"

[daily_log]
category = "Safety intervention"

[thresholds]
long_hold_minutes = 10
repeat_days = 7
remind_before_hours = 12
escalate_after_hours = 24
"""


@dataclass
class Ran:
    """One command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Bridge:
    """A site: its folder and environment. Whatever any command printed is kept."""

    folder: Path
    env: dict[str, str]
    printed: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str, code: int | None = None, env: dict[str, str] | None = None) -> Ran:
        """One command, in this process but in the site's own surroundings."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        captured = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
        with _surroundings(self.folder, self.env | (env or {})), captured[0], captured[1]:
            try:
                main(list(arguments))
            except SystemExit as end:
                ended = int(end.code or 0)
        ran = Ran(ended, out.getvalue(), err.getvalue())
        self.printed += [ran.out, ran.err]
        if code is not None:
            assert ran.code == code, f"{arguments} ended {ran.code}, not {code}:\n{ran.out[-3000:]}\n{ran.err[-3000:]}"
        return ran

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """The installed command in a process of its own, for tests about processes. Its output is not kept."""
        return subprocess.Popen(
            [str(COMMAND), *arguments],
            cwd=self.folder,
            env=self.env | (env or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def json(self, *arguments: str, code: int | None = None, env: dict[str, str] | None = None) -> Any:
        ran = self(*arguments, "--json", code=code, env=env)
        assert ran.out, f"{arguments} printed nothing and ended {ran.code}:\n{ran.err}"
        return ran.json

    def sync(self, *arguments: str, code: int | None = None, env: dict[str, str] | None = None) -> Any:
        return self.json("sync", *arguments, code=code, env=env)

    def reconcile(self, first: str, last: str, *arguments: str, code: int | None = None, **more: Any) -> Any:
        return self.json("reconcile", "--from", first, "--to", last, *arguments, code=code, **more)

    def kinds(self, found: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
        return sorted((one["kind"], one["incident"], one["target"]) for one in found["findings"])

    def add_home(self, home_id: str) -> None:
        (self.folder / "homes" / f"{home_id.lower()}.toml").write_text(HOME.format(id=home_id), "utf-8")

    def traces(self, marks: tuple[str, ...], *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """Where marks are to be seen: what was printed, and every file of the site but those under `but`."""
        places: dict[str, list[str]] = {}
        for mark in marks:
            found = ["printed"] if any(mark in text for text in self.printed) else []
            for path in self._files(but):
                if mark.encode() in path.read_bytes() or mark in str(path):
                    found.append(str(path.relative_to(self.folder)))
            if found:
                places[mark] = found
        return places

    def _files(self, but: tuple[str, ...]) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not str(path.relative_to(self.folder)).startswith(("homes", *but)):
                yield path


@contextlib.contextmanager
def _surroundings(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """The site's folder and environment; what a command changes in its own process is put back."""
    before, here, level = dict(os.environ), Path.cwd(), logging.root.level
    raises, hook = logging.raiseExceptions, threading.excepthook
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
        logging.root.setLevel(level)
        logging.raiseExceptions, threading.excepthook = raises, hook


@dataclass
class Town:
    """A site and the world around it."""

    bridge: Bridge
    recording: RecordingHouse
    mosaic: MosaicHouse
    post: PostOffice


def environment(
    folder: Path, recording: RecordingHouse, mosaic: MosaicHouse, post: PostOffice | None, **more: str
) -> dict[str, str]:
    """The environment of FACE.md; nothing of this process's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PREFECT_"))}
    site = {
        "BRIDGE_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
        "BRIDGE_ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"k" * 32).decode(),
        "BRIDGE_HOMES_DIR": str(folder / "homes"),
        "BRIDGE_RECORDING__KIND": "rest",
        "BRIDGE_RECORDING__BASE_URL": recording.url,
        "BRIDGE_RECORDING__API_KEY": KEY,
        "BRIDGE_MOSAIC__KIND": "rest",
        "BRIDGE_MOSAIC__BASE_URL": mosaic.url,
        "BRIDGE_MOSAIC__CLIENT_ID": CLIENT,
        "BRIDGE_MOSAIC__CLIENT_SECRET": SECRET,
        "BRIDGE_DAILY_LOG__KIND": "rest",
        "BRIDGE_DAILY_LOG__BASE_URL": recording.url,
        "BRIDGE_DAILY_LOG__API_KEY": KEY,
        "BRIDGE_LADO__OUT_DIR": str(folder / "lado"),
        "BRIDGE_DELIVERY__SETTLE_SECONDS": "0.3",
        "BRIDGE_DELIVERY__WAIT_SECONDS": "8",
        "BRIDGE_DELIVERY__TIMEOUT_SECONDS": "2",
    }
    if post is not None:
        site |= {
            "BRIDGE_EMAIL__KIND": "smtp",
            "BRIDGE_EMAIL__HOST": "127.0.0.1",
            "BRIDGE_EMAIL__PORT": str(post.port),
            "BRIDGE_EMAIL__SENDER": "bridge@exh.example",
            "BRIDGE_TLS__CA_FILE": str(post.ca_file),
        }
    return kept | site | more
