"""WEATHER section 4, Privacy: canaries stay sealed whatever is switched on for debugging."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.weather.invariants import check, moved, spoken_in
from tests.weather.reports import STORY, SURNAME, id_of
from tests.weather.scene import Scene

_LOUD = """
import cgitb, faulthandler, http.client, logging, smtplib, sys, warnings
cgitb.enable(format="text")
faulthandler.enable()
logging.basicConfig(level=logging.DEBUG)
logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
logging.getLogger("urllib3").setLevel(logging.DEBUG)
http.client.HTTPConnection.debuglevel = 2
smtplib.SMTP.debuglevel = 2
{harm}
from flows.main import main
main(sys.argv[1:])
"""

_HARMS = {
    "nothing else": "",
    "our own code fails on a report": (
        "import mappings.plan\n"
        "def plan_revision(report, *_):\n    raise RuntimeError(repr(report) + report.narrative)\n"
        "mappings.plan.plan_revision = plan_revision"
    ),
    "a connector fails on a body": (
        "import connectors.mosaic_rest.store as store\n"
        "def note_body(note):\n    raise ValueError(note.html)\n"
        "store.note_body = note_body"
    ),
    "the ledger fails on a row": (
        "import ledger.encryption as encryption\n"
        "def seal(self, plain, record):\n    raise ValueError(plain)\n"
        "encryption.Vault.seal = seal"
    ),
}


@pytest.mark.parametrize("harm", _HARMS)
def test_p2_with_every_debug_switch_on_nothing_personal_is_printed(mail_scene: Scene, harm: str) -> None:
    scene = mail_scene
    scene.write(1, 2, hours_ago=3)
    scene.house.mosaic.arm("400_quoting", when="create")
    environ = {**os.environ, **scene.environ, "PREFECT_LOGGING_LEVEL": "DEBUG", "PYTHONFAULTHANDLER": "1"}
    environ |= {"PYTHONDEVMODE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    code = _LOUD.format(harm=_HARMS[harm])
    ran = subprocess.run(
        [sys.executable, "-c", code, "sync", "--no-wait"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=scene.house.folder,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert said.strip()
    assert spoken_in(said) == []
    assert "Traceback" not in said
    scene.exempt.add("I7")
    check(scene)


def test_p1_a_report_that_cannot_be_understood_keeps_its_words_sealed(scene: Scene) -> None:
    scene.write(1)
    scene.house.recording.amend(id_of(1), {"interventionType": f"{SURNAME} {STORY}", "location": [SURNAME]})
    scene.sync()
    scene.reconcile()
    assert scene.rows("quarantined")
    assert not scene.held()


def test_p1_a_target_that_quotes_the_body_back_is_not_repeated_to_anybody(scene: Scene) -> None:
    scene.write(1)
    scene.house.mosaic.arm("400_quoting", when="create")
    scene.house.recording.arm("400_quoting", when="log_create")
    scene.settle()
    assert scene.states()["rejected"] == 2
    scene.retry_rejected()
    scene.settle()
    moved(scene, create=1, log_create=1)


def test_an_unexpected_fault_of_our_own_after_the_first_byte_is_a_doubt_and_is_looked_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.mosaic_rest.store import MosaicRest

    scene.write(1)
    with monkeypatch.context() as patch:
        patch.setattr(MosaicRest, "_created", lambda *_: 1 / 0)
        scene.sync()
    assert scene.states()["uncertain"] == 1
    scene.settle()
    moved(scene, create=1, log_create=1)
