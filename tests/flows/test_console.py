"""The command line: one sentence for whatever goes wrong, JSON where JSON was asked for, and no haste to load."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from connectors import registry
from flows import records
from flows.console import quiet_libraries, stoppable
from flows.main import COMMANDS
from sandbox.cast import home_file
from sandbox.scenario import bulk
from tests.flows.conftest import Bridge

ROOT = Path(__file__).parents[2]
NAME = "Quellian Zebrawick"


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(house, monkeypatch):
    """A command that fails on a child's name, with the name in the exception and in a variable."""

    def fails(*_: object) -> None:
        childs_name = NAME
        raise ValueError(f"cannot show {childs_name}")

    monkeypatch.setattr(records, "status", fails)


def test_our_own_mistake_is_one_sentence_with_its_place_and_without_its_words(broken, bridge: Bridge):
    ended = bridge("status")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("incident-bridge: This software failed unexpectedly (ValueError in flows.commands.")
    assert len(ended.err.splitlines()) == 1
    assert "Zebrawick" not in ended.err
    assert "Traceback" not in ended.err


def test_a_mistake_in_a_third_partys_connector_is_told_with_the_place_in_it(
    house, bridge: Bridge, monkeypatch, tmp_path
):
    (tmp_path / "example_plug_in.py").write_text("def connect(settings):\n    return settings.nothing\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("daily_log:example", "example_plug_in:connect", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    monkeypatch.setenv("BRIDGE_DAILY_LOG__KIND", "example")

    ended = bridge("connector", "check", "daily_log")

    assert "(AttributeError in example_plug_in, line 2 (connect))" in ended.err


def test_our_own_mistake_is_json_where_json_was_asked_for(broken, bridge: Bridge):
    ended = bridge("status", "--json")

    assert (ended.code, ended.err) == (1, "")
    assert ended.json["error"]["kind"] == "unexpected"
    assert ended.json["exit_code"] == 1
    assert "Zebrawick" not in ended.out


def test_our_mistake_over_one_homes_reports_holds_up_no_other_home_and_nothing_owed(house, bridge: Bridge, monkeypatch):
    from mappings import plan

    (house.homes_dir / "OTH.toml").write_text(home_file().replace('"EXH"', '"OTH"'), "utf-8")
    house.load_bulk(1)
    for one in bulk(1, end=house.end, home="OTH", first=2):
        house.recording.put(one)
    real = plan.case_note

    def breaks_for_one(report, *others):
        if report.home_id == "EXH":
            raise ValueError(NAME)
        return real(report, *others)

    monkeypatch.setattr(plan, "case_note", breaks_for_one)
    ended = bridge("sync")

    assert ended.code == 1
    assert "ValueError in mappings.plan" in ended.err
    assert [effect.subject for effect in house.recording.applied("log_create")] == ["OTH"]


def test_a_person_who_interrupts_is_told_that_it_can_go_on(house, bridge: Bridge, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(records, "status", interrupted)

    assert (bridge("status").code, bridge("status").err) == (2, "incident-bridge: Stopped; run it again to go on.\n")


def test_a_word_to_stop_that_interrupts_another_does_not_wait_for_it():
    """It would wait for ever: what it interrupts holds the lock of the event that both would set."""
    asked = []

    class Told(threading.Event):
        def set(self) -> None:
            asked.append(1)
            if len(asked) == 1:
                signal.raise_signal(signal.SIGINT)
            super().set()

    stopping = Told()
    with stoppable(stopping):
        signal.raise_signal(signal.SIGTERM)

    assert stopping.is_set()
    assert len(asked) == 1


def _makes_a_key(stdout: int) -> tuple[int, str]:
    code = "from flows.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "key", "new"],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr


def test_a_reader_that_has_gone_away_is_no_failure():
    here, there = os.pipe()
    os.close(here)

    assert _makes_a_key(there) == (0, "")

    os.close(there)


def test_output_for_which_there_is_no_space_is_said_in_one_sentence():
    with open("/dev/full", "wb") as full:
        code, told = _makes_a_key(full.fileno())

    assert code == 0
    assert told.startswith("incident-bridge: The output could not be written (No space left on device)")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nosuchcommand"], "No such command"),
        (["status", "--nosuchoption"], "No such option"),
        (["reconcile", "--from", "yesterday", "--to", "2026-11-03"], "write it as YYYY-MM-DD"),
        (["reconcile", "--from", "2026-11-03", "--to", "2026-11-01"], "--to lies before --from"),
        (["sync", "--since", "soon"], "is not a moment"),
        (["reconcile", "--from", "2026-11-03"], "--to"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_is_exit_code_one_in_words_and_in_json(bridge: Bridge, words, told):
    spoken, written = bridge(*words), bridge(*words, "--json")

    assert spoken.code == written.code == 1
    assert told in spoken.err
    assert (written.json["error"]["kind"], written.json["exit_code"], written.err) == ("usage", 1, "")
    assert told in written.json["error"]["message"]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("BRIDGE_HOMES_DIR", "/nowhere", ["status"]),
        ("BRIDGE_MOSAIC__BASE_URL", "http://mosaic.example/api", ["sync"]),
        ("BRIDGE_NOSUCHTHING", "1", ["config", "check"]),
        ("BRIDGE_ENCRYPTION_KEYS", "short", ["status"]),
        ("BRIDGE_EMAIL__STARTTLS", "perhaps", ["sync"]),
        ("BRIDGE_LEDGER_URL", "nosuch://engine", ["status"]),
        ("BRIDGE_RECORDING__FIELD_MAP", "/nowhere.toml", ["sync", "--dry-run"]),
        ("BRIDGE_MOSAIC__CLIENT_ID", "", ["sync"]),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(house, bridge: Bridge, monkeypatch, setting, value, words):
    monkeypatch.setenv(setting, value)

    spoken, written = bridge(*words), bridge(*words, "--json")

    assert spoken.code == written.code == written.json["exit_code"] == 1
    assert len([line for line in spoken.err.splitlines() if line.startswith("incident-bridge: ")]) == 1
    assert setting in spoken.err
    assert (written.json["error"]["kind"], written.json["error"]["setting"]) == ("misconfigured", setting)
    assert house.mosaic.requests() == []


def test_a_ledger_that_cannot_be_reached_is_exit_code_three(house, bridge: Bridge, monkeypatch):
    monkeypatch.setenv("BRIDGE_LEDGER_URL", "postgresql://nobody:secret-word@127.0.0.1:9/ledger")

    ended = bridge("status", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "ledger_unavailable")
    assert "secret-word" not in ended.out


def test_a_home_that_does_not_exist_is_named_beside_those_that_do(house, bridge: Bridge):
    assert bridge("status", "--home", "XYZ").err == "incident-bridge: There is no home 'XYZ'; this site has EXH.\n"


def test_secrets_are_hidden_when_settings_are_shown(house, bridge: Bridge, monkeypatch):
    monkeypatch.setenv("BRIDGE_PROXY__URL", "http://me:secret-word@proxy.example.org:3128")

    shown = bridge("config", "show").out + bridge("config", "show", "--json").out

    assert house.encryption_key not in shown
    assert house.mosaic.client_secret not in shown
    assert house.recording.api_key not in shown
    assert "secret-word" not in shown
    assert house.mosaic.base_url in shown


def test_a_third_partys_options_are_hidden_when_settings_are_shown(house, bridge: Bridge, monkeypatch):
    monkeypatch.setenv("BRIDGE_DAILY_LOG__OPTIONS__PASSPHRASE", "secret-word")

    shown = bridge("config", "show").out + bridge("config", "show", "--json").out

    assert "secret-word" not in shown
    assert shown.count("passphrase") == 2


# ---- what libraries may log ------------------------------------------------------------------------------------------


def test_libraries_log_warnings_only_however_loud_they_were_set(bridge: Bridge, caplog, monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    loud = logging.getLogger("urllib3.connectionpool")
    monkeypatch.setattr(loud, "level", logging.DEBUG)
    logging.root.setLevel(logging.DEBUG)

    quiet_libraries()
    logging.getLogger("a.library.not.yet.seen").debug(NAME)
    loud.debug(NAME)

    assert NAME not in caplog.text
    assert http.client.HTTPConnection.debuglevel == 0


def test_a_thread_that_dies_says_so_in_one_line_without_its_words(bridge: Bridge, capsys):
    def dies() -> None:
        raise ValueError(NAME)

    quiet_libraries()
    thread = threading.Thread(target=dies)
    thread.start()
    thread.join()

    said = capsys.readouterr().err
    assert said.startswith("incident-bridge: a part of this run failed unexpectedly (ValueError in ")
    assert len(said.splitlines()) == 1
    assert "Zebrawick" not in said


# ---- nothing is loaded before it is needed ---------------------------------------------------------------------------

LIGHT = {"click", "config", "flows"}


def _loaded(*words: str) -> set[str]:
    code = (
        "import json, sys\n"
        "from flows.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        "found = {name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print('\\n' + json.dumps(sorted(name for name in found if name != '__main__')))"
    )
    ran = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in json.loads(ran.stdout.splitlines()[-1]) if not name.startswith(("_", "sitecustomize"))}


def test_asking_for_help_loads_nothing_heavy():
    assert _loaded("--help") <= LIGHT | {"__editable___incident_bridge_0_1_0_finder"}


@pytest.mark.parametrize("module", sorted({module for module, _, _ in COMMANDS.values()}))
def test_asking_for_a_commands_help_loads_nothing_heavy(module):
    name = next(name for name, (found, _, _) in COMMANDS.items() if found == module)

    assert _loaded(name, "--help") <= LIGHT | {"__editable___incident_bridge_0_1_0_finder"}


def test_a_run_in_this_process_never_imports_prefect(house):
    loaded = _loaded("sync", "--json")

    assert {"connectors", "sqlalchemy"} <= loaded
    assert not loaded & {"prefect", "fastapi", "sandbox"}


def test_every_command_is_listed_with_what_it_does(bridge: Bridge):
    said = bridge("--help").out

    assert all(name in said for name in COMMANDS)
    assert "Exit codes" in said
