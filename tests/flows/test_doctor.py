"""doctor: one line for each thing that must be right, with the fix; and nothing written anywhere."""

from __future__ import annotations

import socket
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from sandbox.house import House
from tests.flows.canaries import homes_own, report
from tests.flows.conftest import Bridge, through


def _lines(answer: Any) -> dict[str, dict[str, Any]]:
    return {row["what"]: row for row in answer.json["checks"]}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_site_in_order_is_one_good_line_for_each_thing(house: House, bridge: Bridge):
    ended = bridge("doctor", "--json")

    assert ended.code == 0
    wanted = {"settings", "homes", "ledger", "audit trail", "recording", "mosaic", "daily_log", "email", "lado",
              "field map", "bank holidays", "prefect"}  # fmt: skip
    assert wanted <= set(_lines(ended))
    assert all(row["ok"] for row in ended.json["checks"])
    assert all(line.startswith("ok ") for line in bridge("doctor").out.splitlines())


def test_nothing_is_written_anywhere(house: House, bridge: Bridge):
    before = _files(house.folder)

    bridge("doctor")

    assert {name: held for name, held in _files(house.folder).items() if "ledger.db" not in name} == {
        name: held for name, held in before.items() if "ledger.db" not in name
    }
    assert house.mosaic.applied() == house.recording.applied() == []
    assert house.mail.inbox() == []


@pytest.mark.parametrize(
    ("setting", "value", "what", "code"),
    [
        ("BRIDGE_MOSAIC__CLIENT_SECRET", "wrong", "mosaic", 1),
        ("BRIDGE_RECORDING__API_KEY", "wrong", "recording", 1),
        ("BRIDGE_EMAIL__PASSWORD", "wrong", "email", 1),
        ("BRIDGE_MOSAIC__BASE_URL", "http://127.0.0.1:9/api", "mosaic", 3),
        ("BRIDGE_RECORDING__FIELD_MAP", "/nowhere.toml", "field map", 1),
        ("BRIDGE_LEDGER_URL", "postgresql://user@127.0.0.1:9/name", "ledger", 3),
        ("BRIDGE_LADO__FORM", "/nowhere.toml", "lado", 1),
        ("BRIDGE_HOMES_DIR", "/nowhere", "homes", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_setting_and_the_rest_is_looked_at(
    house: House, bridge: Bridge, monkeypatch, setting, value, what, code
):
    monkeypatch.setenv(setting, value)

    ended = bridge("doctor", "--json")

    assert ended.code == ended.json["exit_code"] == code
    wrong = [row for row in ended.json["checks"] if not row["ok"]]
    assert [row["what"] for row in wrong] == [what]
    assert setting in (wrong[0]["setting"] or "") + wrong[0]["sentence"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["mosiac:acme"], "with one of recording, mosaic, daily_log, email, lado as the system"),
        (["acme"], "let its entry point be system:kind"),
        (["replica:acme"], "let its entry point be system:kind"),
        (["mosaic:rest"], "the shipped connector rest is"),
        (["mosaic:acme", "mosaic:acme"], "is installed 2 times, and only one is used"),
        (["mosaic:acme"], ""),
    ],
)
def test_a_plug_in_that_no_setting_leads_to_is_named(house: House, bridge: Bridge, monkeypatch, names, said):
    """It was passed over in silence, and the shipped connector went on writing."""
    points = [EntryPoint(name, "example_plug_in:connect", registry.GROUP) for name in names]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)

    ended, listed = bridge("doctor", "--json"), bridge("connector", "list", "--json").json["never_used"]

    found = [row["sentence"] for row in ended.json["checks"] if row["what"] == "plug-ins"]
    assert (ended.code, found == listed) == (1 if said else 0, True)
    assert [(names[0] in one, said in one) for one in found] == ([(True, True)] if said else [])


def test_a_ledger_that_may_only_be_read_is_not_well(house: House, bridge: Bridge, monkeypatch):
    """It opens, and the next run could write nothing down."""
    bridge("sync")
    monkeypatch.setenv("BRIDGE_LEDGER_URL", f"sqlite:///file:{house.folder / 'ledger.db'}?mode=ro&uri=true")

    ended = bridge("doctor", "--json")

    assert ended.code == 3
    assert [row["what"] for row in ended.json["checks"] if not row["ok"]] == ["ledger"]
    assert "full or read-only" in _lines(ended)["ledger"]["sentence"]


def test_a_prefect_server_that_does_not_answer_is_a_system_that_is_away(house: House, bridge: Bridge, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{probe.getsockname()[1]}/api")
        ended = bridge("doctor", "--json")

    assert ended.code == 3
    assert _lines(ended)["prefect"]["setting"] == "PREFECT_API_URL"


def test_a_server_that_would_not_take_a_run_is_a_wrong_setting(house: House, bridge: Bridge):
    """Prefect tells its health to everybody; with a wrong password all was well here, and every sync ended with 1."""
    with through(house.recording.base_url):
        ended = bridge("doctor", "--json")

    assert ended.code == 1
    assert _lines(ended)["prefect"]["setting"] == "PREFECT_API_URL"
    assert "PREFECT_API_AUTH_STRING" in _lines(ended)["prefect"]["sentence"]


def test_a_prefect_server_that_takes_runs_is_well(house: House, bridge: Bridge, prefect_server):
    with through(prefect_server.url):
        assert _lines(bridge("doctor", "--json"))["prefect"]["ok"]


def test_people_who_are_owed_mail_and_have_no_address_are_named_by_role(house: House, bridge: Bridge):
    (house.homes_dir / "EXH.toml").write_text(homes_own(mail=False), "utf-8")

    ended = bridge("doctor")

    assert ended.code == 1
    assert "registered_manager and senior_manager of EXH have no address in the home's file" in ended.out


def test_a_child_without_a_mosaic_id_is_said_with_the_incidents_number(house: House, bridge: Bridge):
    (house.homes_dir / "EXH.toml").write_text(homes_own(), "utf-8")
    found = report(1, house.end, (70001, 70002))
    found["children"][0]["mosaicPersonId"] = "see file"
    house.mosaic.add_people([70002])
    house.recording.put(found)
    bridge("sync")

    said = bridge("doctor").out

    assert f"A child has no usable Mosaic id in {found['incidentNumber']}" in said
    assert "Zebrawick" not in said


def test_fields_that_the_map_does_not_know_are_named_once_without_their_values(house: House, bridge: Bridge):
    """RULINGS 6. Broken once: the map could name them, and nobody asked it."""
    for number in (1, 2):
        found = report(number, house.end, (70001, 70002)) | {"shoeSize": "sizecanary"}
        found["children"][0]["pet"] = "petcanary"
        house.recording.put(found)

    before, _ = bridge("doctor", "--json"), bridge("sync")
    after = bridge("doctor", "--json")

    for ended in (before, after):
        line = _lines(ended)["field map"]
        assert line["ok"]
        assert line["sentence"].endswith("it does not know and ignores: children.pet, shoeSize.")
        assert "canary" not in ended.out


def test_one_connector_can_be_checked_alone(house: House, bridge: Bridge):
    assert [row["what"] for row in bridge("connector", "check", "mosaic", "--json").json["checks"]] == ["mosaic"]
    assert bridge("connector", "check", "nosuch").code == 1
