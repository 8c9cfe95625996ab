"""The face: commands, exit codes, JSON shapes, and one sentence for each mistake in the configuration."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.black_box.bridge import HOME, Town
from tests.black_box.stories import ago, amended, full, minimal

Found = Callable[..., Town]


@pytest.mark.parametrize(
    "line",
    [
        ["sink"], ["sync", "--nope"], ["reconcile"], ["reconcile", "--from", "2026-13-01", "--to", "x"],
        ["reconcile", "--from", "2026-02-02", "--to", "2026-02-01"], ["lado", "approve", "1"], ["sync", "--home", "X"],
        ["delivery", "retry", "99"], ["incident", "show", "EXH-1999-0001"], ["incident", "show"],
        ["status", "--as-of", "soon"], ["quarantine", "show", "7"], ["lado", "show", "7"], ["sync", "--since", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_is_exit_1_and_one_json_error(town: Town, line: list[str]) -> None:
    ran = town.bridge(*line, "--json", code=1)
    error = ran.json
    assert set(error) == {"error", "exit_code"}
    assert error["exit_code"] == 1
    assert error["error"]["message"]
    assert ran.err == ""


Mistake = tuple[dict[str, str | None], str | None, str]
ENVIRONMENT: dict[str, Mistake] = {
    "no keys": ({"BRIDGE_ENCRYPTION_KEYS": None}, None, "BRIDGE_ENCRYPTION_KEYS"),
    "a short key": ({"BRIDGE_ENCRYPTION_KEYS": "YWJj"}, None, "BRIDGE_ENCRYPTION_KEYS"),
    "no homes": ({"BRIDGE_HOMES_DIR": None}, None, "BRIDGE_HOMES_DIR"),
    "homes nowhere": ({"BRIDGE_HOMES_DIR": "/nonexistent"}, None, "BRIDGE_HOMES_DIR"),
    "no source": ({"BRIDGE_RECORDING__BASE_URL": None}, None, "BRIDGE_RECORDING__BASE_URL"),
    "no key of the source": ({"BRIDGE_RECORDING__API_KEY": None}, None, "BRIDGE_RECORDING__API_KEY"),
    "plain http": ({"BRIDGE_MOSAIC__BASE_URL": "http://mosaic.example/v1"}, None, "BRIDGE_MOSAIC__BASE_URL"),
    "no address": ({"BRIDGE_MOSAIC__BASE_URL": "mosaic"}, None, "BRIDGE_MOSAIC__BASE_URL"),
    "no client": ({"BRIDGE_MOSAIC__CLIENT_ID": None}, None, "BRIDGE_MOSAIC__CLIENT_ID"),
    "an unknown kind": ({"BRIDGE_MOSAIC__KIND": "pigeon"}, None, "BRIDGE_MOSAIC__KIND"),
    "an unknown setting": ({"BRIDGE_MOSAIC__BASE_ULR": "https://x"}, None, "BRIDGE_MOSAIC__BASE_ULR"),
    "an unknown section": ({"BRIDGE_MOSIAC__BASE_URL": "https://x"}, None, "BRIDGE_MOSIAC"),
    "mail in the clear": (
        {"BRIDGE_EMAIL__HOST": "mail.example", "BRIDGE_EMAIL__STARTTLS": "false"}, None, "BRIDGE_EMAIL__STARTTLS",
    ),
    "no port": ({"BRIDGE_EMAIL__PORT": "many"}, None, "BRIDGE_EMAIL__PORT"),
    "no authority": ({"BRIDGE_TLS__CA_FILE": "/nonexistent.pem"}, None, "BRIDGE_TLS__CA_FILE"),
    "a wrong ledger": ({"BRIDGE_LEDGER_URL": "mysql://x/y"}, None, "BRIDGE_LEDGER_URL"),
    "a ledger nowhere": ({"BRIDGE_LEDGER_URL": "sqlite:////nonexistent/ledger.db"}, None, "BRIDGE_LEDGER_URL"),
    "negative wait": ({"BRIDGE_DELIVERY__SETTLE_SECONDS": "-1"}, None, "BRIDGE_DELIVERY__SETTLE_SECONDS"),
    "a start that is no date": ({"BRIDGE_RECORDING__START_DATE": "soon"}, None, "BRIDGE_RECORDING__START_DATE"),
    "no such field map": ({"BRIDGE_RECORDING__FIELD_MAP": "nonsuch"}, None, "BRIDGE_RECORDING__FIELD_MAP"),
    "no such configuration file": ({"BRIDGE_CONFIG": "/nonexistent.toml"}, None, "BRIDGE_CONFIG"),
    "a home's unknown key": ({}, HOME.format(id="EXH").replace("secure =", "secuer ="), "secuer"),
    "a home without a manager": (
        {}, re.sub(r"\[registered_manager\][^\[]+", "", HOME.format(id="EXH")), "registered_manager",
    ),
    "a home that is no TOML": ({}, "id = ", "exh.toml"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", ENVIRONMENT)
def test_each_configuration_mistake_is_one_sentence_that_names_setting_and_fix(found: Found, mistake: str) -> None:
    town = found()
    changes, home, named = ENVIRONMENT[mistake]
    for name, value in changes.items():
        town.bridge.env.pop(name, None)
        if value is not None:
            town.bridge.env[name] = value
    if home is not None:
        (town.bridge.folder / "homes" / "exh.toml").write_text(home, "utf-8")
    ran = town.bridge("sync", "--json", code=1)
    error = ran.json["error"]
    assert error["kind"] == "misconfigured"
    assert named in error["message"]
    assert error["setting"].startswith("BRIDGE_")
    assert re.fullmatch(r"[^\n]+\.", error["message"])
    assert "Canary" not in ran.out
    assert ran.err == ""
    assert (town.mosaic.notes, town.recording.log, town.post.taken) == ({}, [], [])


def test_doctor_names_each_thing_that_will_not_work(found: Found) -> None:
    town = found()
    assert town.bridge("doctor", "--json", code=0).json
    plain = town.bridge("sync", code=1, env={"BRIDGE_MOSAIC__BASE_URL": "http://mosaic.example/v1"})
    assert re.fullmatch(r"incident-bridge: BRIDGE_MOSAIC__BASE_URL [^\n]+\.", plain.err.splitlines()[-1])
    cases: list[tuple[dict[str, str], int, str]] = [
        ({"BRIDGE_RECORDING__API_KEY": "wrong"}, 1, "BRIDGE_RECORDING__API_KEY"),
        ({"BRIDGE_MOSAIC__CLIENT_SECRET": "wrong"}, 1, "BRIDGE_MOSAIC__CLIENT_SECRET"),
        ({"BRIDGE_DAILY_LOG__BASE_URL": town.recording.url + "/elsewhere"}, 1, "BRIDGE_DAILY_LOG__BASE_URL"),
        ({"BRIDGE_MOSAIC__BASE_URL": "http://127.0.0.1:9/v1"}, 3, "BRIDGE_MOSAIC__BASE_URL"),
        ({"BRIDGE_EMAIL__PORT": "9"}, 3, "BRIDGE_EMAIL__"),
        ({"BRIDGE_TLS__CA_FILE": ""}, 1, "BRIDGE_TLS__CA_FILE"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, 3, "PREFECT_API_URL"),
    ]
    for env, code, named in cases:
        ran = town.bridge("doctor", "--json", env=env)
        assert (ran.code, named in ran.out) == (code, True), (env, ran.code, ran.out)
    assert (town.mosaic.notes, town.recording.log, town.post.taken) == ({}, [], []), "doctor writes nothing anywhere"


def test_each_json_has_the_documented_keys(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(full(1, ago(1)), minimal(2, ago(1), status="Odd"))
    town.bridge.sync(code=2)
    number = f"EXH-{ago(1).year}-0001"

    def has(value: dict[str, Any], keys: str) -> None:
        assert set(keys.split()) <= set(value), set(keys.split()) - set(value)

    status = town.bridge.json("status", code=2)
    has(
        status["homes"][0],
        "home last_good_pull last_good_reconcile oldest_not_final deliveries quarantined duties_overdue silent",
    )
    has(town.bridge.json("duties")["duties"][0], "id incident child target_at due_at state met_at reason owner")
    shown = town.bridge.json("incident", "show", number)
    has(shown, "incident home status revisions deliveries duties flags exemption")
    delivery = town.bridge.json("delivery", "list")["deliveries"][0]
    has(delivery, "id key incident revision target action subject state attempts next_look_at remote_id why")
    quarantined = town.bridge.json("quarantine", "list")["quarantined"][0]
    has(quarantined, "id fingerprint source_id incident fields first_seen last_seen")
    for text in re.findall(r'"[a-z_]+_at": "([^"]+)"', json.dumps([status, shown])):
        assert re.search(r"(Z|[+-]\d\d:\d\d)$", text), text
    revealed = town.bridge("incident", "show", number, "--reveal", "--json", code=0)
    assert "Zebedee" in revealed.out
    before = town.bridge.json("audit", "verify", code=0)["entries"]
    town.bridge("quarantine", "show", str(quarantined["id"]), "--reveal", "--json")
    assert town.bridge.json("audit", "verify", code=0)["entries"] == before + 1
    town.bridge.json("quarantine", "discard", str(quarantined["id"]), code=1)
    town.bridge.json("quarantine", "discard", str(quarantined["id"]), "--reason", "a test", code=0)
    assert town.bridge.json("quarantine", "list", code=0)["quarantined"] == []
    findings = town.bridge.json("reconcile", "--from", str(ago(10).date()), "--to", str(ago().date()))["findings"]
    (missing,) = [one for one in findings if one["kind"] == "missing" and one["target"] == "ledger"]
    assert "was discarded" in missing["message"]
    assert "sync, or" not in missing["action"], "no sync brings what a person has discarded"


def test_house_keeping_leaves_the_ledger_readable(found: Found) -> None:
    town = found(mail=False)
    report = full(1, ago(1))
    town.recording.put(report)
    town.bridge.sync(code=0)
    town.bridge.json("ledger", "backup", str(town.bridge.folder / "copy.db"), code=0)
    moment = ago().isoformat()
    town.recording.put(amended(report, narrative="flumoxtext other"))
    town.bridge.sync(code=0)
    old, new = town.bridge.env["BRIDGE_ENCRYPTION_KEYS"], base64.urlsafe_b64encode(b"n" * 32).decode()
    town.bridge.json("key", "rotate", env={"BRIDGE_ENCRYPTION_KEYS": f"{new},{old}"}, code=0)
    wrong = town.bridge.json("sync", code=1)
    assert wrong["error"]["setting"] == "BRIDGE_ENCRYPTION_KEYS"
    town.bridge.env["BRIDGE_ENCRYPTION_KEYS"] = new
    town.bridge.sync(code=0)
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1, 1]

    town.bridge.env |= {
        "BRIDGE_LEDGER_URL": f"sqlite:///{town.bridge.folder / 'copy.db'}",
        "BRIDGE_ENCRYPTION_KEYS": old,
    }
    town.bridge.json("ledger", "restored", "--since", moment, code=0)
    town.bridge.sync(code=0)
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1, 1], "looked up before it is sent"
    assert len(town.recording.log) == 1
    assert town.bridge.json("audit", "verify", code=0)["ok"]
