"""The house brings every stand-in up, says how to reach it, and can be driven from another process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from config.home import load_homes
from config.settings import load_settings
from sandbox.cast import APPROVED_TECHNIQUES
from sandbox.control import RemoteStandIn
from sandbox.house import House, start

END = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> House:
    with start(seed=3, end=END, folder=tmp_path, replica=True) as running:
        yield running


def test_the_environment_is_what_the_settings_accept(house: House) -> None:
    settings = load_settings(house.environment(), folder=house.folder)
    assert settings.recording.base_url == house.recording.base_url
    assert settings.email is not None
    assert settings.email.port == house.mail.port
    assert len(settings.raw_keys()[0]) == 32
    assert settings.tls.ca_file == house.certificates.ca_file


def test_the_homes_file_is_what_the_configuration_accepts(house: House) -> None:
    home = load_homes(house.homes_dir)["EXH"]
    assert home.secure
    assert home.approved_techniques == APPROVED_TECHNIQUES
    assert ("Willy", "Billy") in [known.names for known in home.known_as]


def test_the_month_is_loaded_with_records_and_daily_log(house: House) -> None:
    scenario = house.load()
    headers = {"X-Api-Key": house.recording.api_key}
    asked = {"occurredFrom": "2026-10-20", "occurredTo": "2026-11-23"}
    index = requests.get(f"{house.recording.base_url}/incidents/index", params=asked, headers=headers, timeout=5).json()
    assert index["total"] == len(scenario.waves[0])
    assert len(house.recording.entries()) == len(scenario.entries)
    assert 4101 in house.mosaic.book.persons
    house.load(1)
    later = requests.get(f"{house.recording.base_url}/incidents/index", params=asked, headers=headers, timeout=5).json()
    assert later["total"] == len(scenario.told)


def test_bulk_reports_come_with_a_mosaic_record_each(house: House) -> None:
    house.load_bulk(250)
    people = {item["children"][0]["mosaicPersonId"] for item in map(json.loads, house.recording.shelf.raw.values())}
    assert len(people) == 250
    assert people <= house.mosaic.book.persons.keys()


def test_another_process_arms_faults_and_reads_what_was_applied(house: House) -> None:
    house.mosaic.add_person(1)
    script = (
        "import sys\n"
        "from sandbox.control import RemoteStandIn\n"
        "mosaic = RemoteStandIn(sys.argv[1], 'mosaic')\n"
        "mosaic.arm(fault='429', when='create', times=2)\n"
        "mosaic.gateway(drops_reference=True, paging={'empty_pages': True}, ignores=['reference'])\n"
        "mosaic.write_by_hand(person_id=1, title='t', text='x', note_type='n', effective_date='2026-06-03T12:00:00Z')\n"
        "print(len(mosaic.notes()), mosaic.applied(), mosaic.armed())\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, house.control_url], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout == "1 [] ['429']\n"
    assert house.mosaic.armed() == ["429"]
    assert house.mosaic.gateway.paging.empty_pages
    assert house.mosaic.gateway.ignores == frozenset({"reference"})


def test_the_control_port_refuses_what_it_does_not_know(house: House) -> None:
    mosaic = RemoteStandIn(house.control_url, "mosaic")
    for call in (lambda: mosaic.arm(fault="explode"), lambda: mosaic.gateway(explodes=True), mosaic.explode):
        with pytest.raises(urllib.error.HTTPError) as caught:
            call()
        assert caught.value.code in (400, 404)
    assert house.mosaic.armed() == []


def test_the_control_port_says_what_there_is(house: House) -> None:
    with urllib.request.urlopen(house.control_url, timeout=5) as answer:
        found = json.load(answer)
    assert set(found["stand_ins"]) == {"recording", "mosaic", "mail", "lado_form"}
    assert found["environment"] == house.environment()
    assert "stall_after_apply" in found["faults"]


def test_a_refusing_stand_in_can_still_be_told_to_open_again(house: House) -> None:
    recording = RemoteStandIn(house.control_url, "recording")
    recording.arm(fault="refuse")
    with pytest.raises(requests.ConnectionError):
        requests.get(house.recording.base_url, timeout=1)
    recording.disarm(fault="refuse")
    assert requests.get(house.recording.base_url, timeout=5).status_code == 401


def test_the_sandbox_runs_in_the_foreground_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--empty", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line.startswith("# Ctrl-C"):
                break
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(20) == 0
    assert any(line.startswith("export BRIDGE_MOSAIC__BASE_URL='http://127.0.0.1:") for line in lines)
    assert rest == "The sandbox is closed.\n"
