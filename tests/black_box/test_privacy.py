"""Marks in every personal field and secret, looked for afterwards in everything that is not the outside systems'."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.black_box.bridge import Town
from tests.black_box.stories import MARKS, accused, ago, amended, full, held_child, minimal, wall
from tests.black_box.wire import Manners

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())
#: Places are shown in the report's trends, names in them hidden.
FREE = tuple(mark for mark in MARKS if mark != "flumoxtext")


def trouble(town: Town) -> None:
    """A month of trouble: refusals that quote, broken reports, allegations, failing mail."""
    town.recording.put(
        accused(full(1, ago(1), location="Ottoline's room")),
        full(2, ago(2), children=[held_child(mosaicPersonId=4040)]),
        full(3, ago(2), status="Zebedee hit Ottoline", children=[held_child(dateOfBirth="13 February 2011")]),
        full(4, ago(3), children=[held_child(mosaicPersonId="Zebedee Quillfeather")]),
        minimal(5, ago(3), occurredAt="flumoxtext when Zebedee ran"),
        full(6, ago(3)),
    )
    quoting = {"detail": "Zebedee Quillfeather born 2011-02-13 flumoxtext", "X-Echo": "Quillfeather"}
    town.mosaic.storm("status", lambda asked: asked.path == "/persons/1001/case-notes", detail=(400, quoting))
    town.mosaic.storm("html", lambda asked: asked.method == "POST", times=2, after=True)
    town.post.rcpt = lambda address: f"550 {address} Lysander Coppergate is gone" if "coppergate" in address else None


def every_command(town: Town) -> None:
    for line in (
        ["sync"], ["sync", "--dry-run"], ["status"], ["duties"], ["delivery", "list"], ["quarantine", "list"],
        ["incident", "show", f"EXH-{ago(1).year}-0001"], ["lado", "list"], ["doctor"], ["config", "show"],
        ["connector", "check"], ["remind"],
    ):  # fmt: skip
        town.bridge(*line)
    for line in (["status"], ["duties"], ["delivery", "list"], ["incident", "show", f"EXH-{ago(1).year}-0001"]):
        town.bridge(*line, "--json")


def test_no_name_text_or_secret_is_printed_or_kept_in_the_clear(found: Found) -> None:
    debug = {"PREFECT_LOGGING_LEVEL": "DEBUG", "PYTHONWARNINGS": "default"}
    town = found(mosaic=Manners(rewrite=True), **debug)
    trouble(town)
    town.bridge.sync()
    result = town.bridge.reconcile(*PERIOD)
    every_command(town)
    town.recording.put(amended(full(6, ago(3)), narrative="flumoxtext Zebedee bit Perpetua"))
    town.bridge("sync")
    town.bridge("reconcile", "--from", PERIOD[0], "--to", PERIOD[1], "--heal")
    assert town.bridge.traces(FREE, but=("lado",)) == {}
    assert "flumoxtext" not in "".join(town.bridge.printed)
    assert "flumoxtext" not in json.dumps(result)
    assert town.bridge.traces(("flumoxtext",), but=("lado", "reports")) == {}
    html = (town.bridge.folder / result["report"]["html"]).read_text("utf-8")
    assert "Z.Q." in html
    assert town.mosaic.notes, "the run did real work"


def test_an_id_that_is_a_name_is_printed_nowhere_where_the_home_says_so(town: Town) -> None:
    """What stood in the way of a duty named the children and the adults by it, an exemption the child, and the report
    an adult whom its list of staff lacks."""
    file = town.bridge.folder / "homes" / "exh.toml"
    file.write_text("pseudonymise_ids = true\n" + file.read_text("utf-8"), "utf-8")
    oversight = {"at": wall(ago(2)), "by": "A. Manager", "comments": "Read."}
    held = accused(full(1, ago(2.5), managerOversight=oversight), aboutStaffId="staff-3", mashReferred="Yes")
    held["measures"][0] |= {"staffIds": ["staff-4"], "position": "Prone"}
    plan = {"routineRestraint": "Yes", "techniques": ["Low level seated hold"], "reviewedOn": wall(ago(60))[:10]}
    pained = full(3, ago(2.4), measures=[held["measures"][0] | {"painComplaint": "Yes"}])
    exempt = full(2, ago(2.5), children=[held_child(ehcPlan=plan)])
    names = {
        "child-1": "Zebedee.Q",
        "child-2": "Ottoline.M",
        "staff-1": "Perpetua.W",
        "staff-3": "Wrenfold.X",
        "staff-4": "Thistledown.Y",
    }
    text = json.dumps([held, exempt, pained])
    for one, name in names.items():
        text = text.replace(one, name)
    town.recording.put(*json.loads(text))
    town.bridge.sync(code=0)
    every_command(town)
    town.bridge.reconcile(*PERIOD)
    for line in (["duties", "--all"], ["incident", "show", exempt["incidentNumber"]]):
        town.bridge(*line)
        town.bridge(*line, "--json")
    for one in town.bridge.json("lado", "list")["submissions"]:
        town.bridge("lado", "show", str(one["id"]))
    written = tuple(name.replace(".", "-") for name in names.values())  # as a file's name has it
    assert town.bridge.traces((*names.values(), *written), but=("lado", "ledger")) == {}
