"""Promise 5: a stranger learns nothing. A night in which everything goes wrong, and then a search of all that was kept.

Protects against what Prefect does with an exception's text, what a library logs when a site turns its level up, and
what our own mistakes carry along. Each mark is a word of one field, so that a failure names the field that leaks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from sandbox.house import House, start
from tests.conftest import alone
from tests.flows.canaries import MARKS, broken_report, home_file, report
from tests.flows.night import TYPED

ROOT = Path(__file__).parents[2]
#: What a site may have left on: every logger at its loudest, HTTP printed, tracebacks with the values of variables.
LOUD = """
import http.client, logging, sys
http.client.HTTPConnection.debuglevel = 1
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
for name in ("urllib3", "urllib3.connectionpool", "sqlalchemy.engine", "sqlalchemy.pool", "httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.DEBUG)
try:
    import rich.traceback
    rich.traceback.install(show_locals=True)
except ImportError:
    pass
"""
LEFT_ON = {
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "DEBUG",
    "PREFECT_LOGGING_LOG_PRINTS": "true",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "connectors,flows,ledger,mappings,urllib3",
    "PREFECT_DEBUG_MODE": "1",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
    "PREFECT_TASKS_DEFAULT_PERSIST_RESULT": "true",
}
#: Step -> exit code. Every way of failing is in it.
EXPECTED = {
    "first sync": 2,
    "Mosaic quotes the request": 2,
    "the source is down": 3,
    "the source is down for reconcile": 3,
    "lado approve": 0,
    "no such map": 1,
    "a broken map": 1,
    "a map that reads a story as a date": 2,
    "a renderer breaks": 1,
    "a thread breaks": 1,
    "a digest breaks": 1,
    "a task is called wrongly": 1,
    "a stage answers nonsense": 1,
    "no such home": 1,
    "no such moment": 1,
    "no such day": 1,
    "sync with since wrong": 1,
    "reconcile with start wrong": 1,
    "reconcile": 2,
    "remind, nothing new": 0,
}


@dataclass(frozen=True)
class Night:
    """What a night left behind."""

    folder: Path
    server: Path
    api: str
    secrets: list[str]

    @property
    def codes(self) -> dict[str, int]:
        return dict(json.loads((self.folder / "codes.json").read_text("utf-8")))

    @property
    def said(self) -> str:
        """All that a person saw."""
        return (self.folder / "said" / "out.txt").read_text("utf-8") + (self.folder / "said" / "err.txt").read_text(
            "utf-8"
        )

    def ask(self, path: str, **wanted: Any) -> Any:
        """One question to the Prefect API."""
        body = json.dumps(wanted).encode()
        asked = urllib.request.Request(f"{self.api}/{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def runs(self) -> list[dict[str, Any]]:
        """The night's flow runs, oldest first: those whose tag it wore."""
        wanted = {"tags": {"all_": [self.folder.name]}}
        return list(self.ask("flow_runs/filter", flow_runs=wanted, sort="START_TIME_ASC", limit=200))


@pytest.fixture(scope="module")
def night(prefect_server, shared_folder) -> Night:
    """The night, once for all the processes of a test run."""
    folder = shared_folder / "canary-night"
    with alone(shared_folder / "canary-night.lock") as counted:
        if counted(+1) == 1:
            folder.mkdir()
            with start(folder=folder / "house") as house:
                secrets = _spend(house, folder, prefect_server)
            (folder / "secrets.json").write_text(json.dumps(secrets), "utf-8")
    secrets = json.loads((folder / "secrets.json").read_text("utf-8"))
    return Night(folder, prefect_server.home, prefect_server.url, secrets)


def _spend(house: House, folder: Path, server: Any) -> list[str]:
    for name in ("loud", "said", "client", "work"):
        (folder / name).mkdir()
    (folder / "loud" / "sitecustomize.py").write_text(LOUD, "utf-8")
    (house.homes_dir / "EXH.toml").write_text(home_file(), "utf-8")
    people = (70001, 70002)
    house.mosaic.add_people(people)
    for one in (report(1, house.end, people), report(2, house.end, people), broken_report(3, house.end, people)):
        house.recording.put(one)
    cases = {
        "from": f"{house.end.year - 1}-12-01",
        "to": house.end.date().isoformat(),
        "again": report(4, house.end, people),
        "unsent": report(5, house.end, people),
        "maps": _maps(folder),
    }
    (folder / "cases.json").write_text(json.dumps(cases), "utf-8")
    settings = house.environment()
    words = [str(folder / name) for name in ("cases.json", "codes.json", "revealed.txt")]
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tests/flows/night.py"), house.control_url, *words],
        env=_environment(folder, settings, server.url), cwd=folder / "work",
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    (folder / "said" / "out.txt").write_text(ran.stdout, "utf-8")
    (folder / "said" / "err.txt").write_text(ran.stderr, "utf-8")
    (folder / "cases.json").unlink()
    assert (folder / "codes.json").is_file(), ran.stderr[-3000:]
    hidden = ("ENCRYPTION_KEYS", "API_KEY", "CLIENT_SECRET", "PASSWORD")
    return [value for name, value in settings.items() if name.endswith(hidden) and value]


def _environment(folder: Path, settings: dict[str, str], api: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BRIDGE_", "DO_NOT"))}
    return {
        **kept,
        **LEFT_ON,
        **settings,
        "PREFECT_API_URL": api,
        "PREFECT_HOME": str(folder / "client"),
        "PYTHONPATH": str(folder / "loud"),
        "PREFECT_CLIENT_MAX_RETRIES": "5",
        "PREFECT_API_REQUEST_TIMEOUT": "60",
        "NO_PROXY": "127.0.0.1,localhost",
        "BRIDGE_DELIVERY__SETTLE_SECONDS": "0.2",
        "BRIDGE_DELIVERY__WAIT_SECONDS": "2",
        "BRIDGE_DELIVERY__LEASE_SECONDS": "2",
        "CANARY_NIGHT": folder.name,
    }


def _maps(folder: Path) -> dict[str, str]:
    """Field maps that go wrong."""
    shipped = (ROOT / "config/maps/contract.toml").read_text("utf-8")
    broken, misread = folder / "broken.toml", folder / "misread.toml"
    broken.write_text(shipped.replace("[incident]\n", '[incident]\nnonsense = "narrative"\n', 1), "utf-8")
    misread.write_text(shipped.replace('created_at = "createdAt"', 'created_at = "narrative"', 1), "utf-8")
    return {
        "no such map": str(folder / "nowhere.toml"),
        "a broken map": str(broken),
        "a map that reads a story as a date": str(misread),
    }


# ---- what was meant to happen did ----------------------------------------------------------------------------------


def test_the_night_went_as_wrong_as_it_was_meant_to(night):
    assert {name: night.codes.get(name) for name in EXPECTED} == EXPECTED


def test_a_run_that_needs_it_is_failed_with_one_of_our_sentences_and_every_other_is_completed(night):
    ended = [(run["name"], run["state_type"], (run["state"] or {}).get("message") or "") for run in night.runs()]

    assert {state for _, state, _ in ended} == {"COMPLETED", "FAILED"}
    failed = [message for _, state, message in ended if state == "FAILED"]
    assert any("Recording system" in message or "recording system" in message for message in failed)
    assert any("sync failed unexpectedly (ValueError)." in message for message in failed)
    assert any("since is no moment" in message for message in failed)
    assert not [message for message in failed if "Traceback" in message or "\n" in message]


# ---- where nothing personal may be ---------------------------------------------------------------------------------


def _found(marks: Iterable[str], texts: dict[str, str]) -> list[str]:
    return [
        f"{MARKS.get(mark, 'secret')} ({mark}) in {where}"
        for where, text in texts.items()
        for mark in marks
        if mark in text
    ]


def test_prefects_database_files_and_log_hold_no_canary_and_no_secret(night, traces):
    everything = [*MARKS, *night.secrets, *TYPED.split()]

    held = traces(everything, night.server) | {}
    client = traces(everything, night.folder / "client")

    assert {mark: files for mark, files in held.items() if files} == {}
    assert {mark: files for mark, files in client.items() if files} == {}


def test_the_runs_reached_prefect_so_that_an_absence_means_something(night, traces):
    kept = traces(["sync failed unexpectedly (ValueError)", "sync-counts", "Totals of the last"], night.server)

    assert all(kept.values()), kept


def test_what_prefect_shows_is_counts_ids_and_incident_numbers(night):
    artifacts = night.ask("artifacts/filter", limit=200)
    shown = json.dumps(artifacts) + json.dumps(night.runs())

    assert _found([*MARKS, *night.secrets], {"the API": shown}) == []
    assert "EXH-" in shown


def test_a_runs_parameters_are_ids_dates_and_switches(night):
    allowed = (str, bool, type(None))
    parameters = [run["parameters"] for run in night.runs()]

    assert {name for one in parameters for name in one} <= {
        "home", "since", "wait", "start", "end", "out", "heal", "mail", "as_of",
    }  # fmt: skip
    assert all(isinstance(value, allowed) for one in parameters for value in one.values())


def test_nothing_personal_is_printed_or_logged_however_loud_the_site_has_set_everything(night):
    assert _found([*MARKS, *night.secrets], {"what was said": night.said}) == []
    assert "Traceback" not in night.said
    assert "DEBUG:" not in night.said


def test_the_ledgers_bytes_hold_no_canary(night, traces):
    held = traces([*MARKS, *night.secrets], night.folder / "house")
    places = {mark: [name for name in names if name.startswith("ledger.db")] for mark, names in held.items()}

    assert {mark: names for mark, names in places.items() if names} == {}


def test_no_form_of_the_report_names_anybody(night):
    forms = {path.name: _text_of(path) for path in (night.folder / "work").rglob("*") if path.is_file()}

    assert {Path(name).suffix for name in forms} >= {".html", ".xlsx", ".csv", ".pdf"}
    # The report counts by place, as the policy asks; that a child's name in it is hidden, the other marks show.
    assert _found([*(mark for mark in MARKS if mark != "locationcanary"), *night.secrets], forms) == []


def _text_of(path: Path) -> str:
    readers: dict[str, Callable[[Path], str]] = {".xlsx": _unzipped, ".pdf": _pages}
    return readers.get(path.suffix, lambda one: one.read_text("utf-8", errors="replace"))(path)


def _unzipped(path: Path) -> str:
    with zipfile.ZipFile(path) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def _pages(path: Path) -> str:
    return "".join(page.extract_text() for page in PdfReader(path).pages)


# ---- who asks is shown, and that is written down -------------------------------------------------------------------


def test_who_asks_with_reveal_is_shown_and_the_audit_trail_says_so(night):
    import sqlite3

    shown = (night.folder / "revealed.txt").read_text("utf-8")
    with sqlite3.connect(night.folder / "house" / "ledger.db") as ledger:
        acts = [row[0] for row in ledger.execute("SELECT record FROM audit_entry WHERE act = 'contents revealed'")]

    assert {"Zebrawick", "narrativecanary", "brokencanary", "2011-07-23", "allegationcanary"} <= {
        mark for mark in MARKS if mark in shown
    }
    assert [act.split(":")[0] for act in acts] == ["incident", "quarantined", "delivery"]
