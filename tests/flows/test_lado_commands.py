"""lado: a named manager decides about a submission; the software prepares, waits and writes down."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from sandbox.house import House
from tests.flows.canaries import MARKS, homes_own, report
from tests.flows.conftest import Bridge

PEOPLE = (70001, 70002)


@pytest.fixture
def waiting(house: House, bridge: Bridge) -> House:
    """Two adults of concern, so two submissions that wait."""
    (house.homes_dir / "EXH.toml").write_text(homes_own(), "utf-8")
    house.mosaic.add_people(PEOPLE)
    house.recording.put(report(1, house.end, PEOPLE))
    bridge("sync")
    return house


def _submissions(bridge: Bridge) -> list[dict]:
    return bridge("lado", "list", "--json").json["submissions"]


def test_each_adult_of_concern_has_a_submission_that_waits_with_its_files(waiting, bridge):
    rows = _submissions(bridge)

    assert sorted(row["adult"] for row in rows) == ["staff-0", "staff-1"]
    assert {row["state"] for row in rows} == {"awaiting_approval"}
    for row in rows:
        assert {"id", "incident", "revision", "triggers", "due_at", "to_be_completed"} <= set(row)
        for name in (row["package"], row["pdf"]):
            assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
        assert not [mark for mark in MARKS if mark in Path(row["package"]).name]


def test_without_reveal_no_answer_is_shown(waiting, bridge):
    number = _submissions(bridge)[0]["id"]

    hidden = bridge("lado", "show", number)
    shown = bridge("lado", "show", number, "--reveal")

    assert not [mark for mark in MARKS if mark in hidden.out]
    assert "Zebrawick" in shown.out
    assert "TO BE COMPLETED" in shown.out


def test_an_approval_is_written_into_the_package_with_the_managers_name(waiting, bridge):
    number = _submissions(bridge)[0]["id"]

    ended = bridge("lado", "approve", number, "--by", "Pat Example", "--mash", "yes", "--police", "no", "--json")

    assert (ended.code, ended.json["state"]) == (0, "approved")
    assert ended.json["decisions"][0]["by"] == "Pat Example"
    package = json.loads(Path(ended.json["package"]).read_text("utf-8"))
    assert package["fields"]["referral_date"]["value"]
    assert "now carries the date" in ended.json["message"]


def test_a_declined_one_keeps_its_reason_and_is_not_asked_about_again(waiting, bridge):
    number = _submissions(bridge)[0]["id"]
    assert bridge("lado", "decline", number, "--by", "Pat Example").code == 1  # a reason is owed

    assert bridge("lado", "decline", number, "--by", "Pat Example", "--reason", "seen on camera").code == 0
    bridge("sync")

    states = {row["id"]: row for row in _submissions(bridge)}
    assert (states[number]["state"], states[number]["decisions"][0]["reason"]) == ("declined", "seen on camera")
    assert bridge("lado", "approve", number, "--by", "Pat Example").code == 1


def test_what_was_sent_is_recorded_by_a_person_after_the_approval(waiting, bridge):
    number = _submissions(bridge)[0]["id"]
    bridge("lado", "approve", number, "--by", "Pat Example")

    ended = bridge("lado", "sent", number, "--by", "Jo Overseer")

    assert ended.out == f"Submission {number} is recorded as sent by Jo Overseer.\n"
    assert [one["decision"] for row in _submissions(bridge) for one in row["decisions"]] == ["approved", "sent"]


@pytest.mark.parametrize("harm", ["no json", "no pdf", "no folder", "{", "[]", "{}", '{"fields": [], "children": []}'])
def test_a_package_that_somebody_removed_or_damaged_is_written_again_by_the_next_sync(waiting, bridge, harm):
    row = _submissions(bridge)[0]
    files = Path(row["package"]), Path(row["pdf"])
    before = [path.read_bytes() for path in files]
    if harm == "no folder":
        shutil.rmtree(files[0].parent)
    elif harm.startswith("no"):
        files[harm == "no pdf"].unlink()
    else:
        files[0].write_text(harm)
    shown = bridge("lado", "show", row["id"], "--reveal")
    if harm != "no pdf":
        assert shown.code == 1
        assert "run `incident-bridge sync`, which writes it again" in shown.err
        assert len(shown.err.splitlines()) == 1

    assert bridge("sync").code == 0

    assert [path.read_bytes() for path in files] == before
    assert bridge("lado", "show", row["id"], "--reveal").code == 0


def test_killed_between_its_two_files_an_approved_package_does_not_keep_a_pdf_without_the_approval(waiting, bridge):
    row = _submissions(bridge)[0]
    package, pdf = Path(row["package"]), Path(row["pdf"])
    before = pdf.read_bytes()
    pdf.unlink()
    (pdf / "in the way").mkdir(parents=True)  # the PDF cannot be written, as when the process dies before it is
    assert bridge("lado", "approve", row["id"], "--by", "Pat Example").code == 1
    shutil.rmtree(pdf)
    pdf.write_bytes(before)

    bridge("sync")

    assert pdf.read_bytes() != before
    assert json.loads(package.read_text("utf-8"))["fields"]["referral_date"]["value"]


def test_a_package_that_is_approved_into_another_folder_is_named_where_it_lies(waiting, bridge, house, monkeypatch):
    number = _submissions(bridge)[0]["id"]
    monkeypatch.setenv("BRIDGE_LADO__OUT_DIR", str(house.folder / "elsewhere"))

    ended = bridge("lado", "approve", number, "--by", "Pat Example", "--json")

    package = Path(ended.json["package"])
    assert package.parent == house.folder / "elsewhere"
    assert json.loads(package.read_text("utf-8"))["fields"]["referral_date"]["value"]
    written = package.stat().st_mtime_ns
    bridge("sync")
    assert package.stat().st_mtime_ns == written, "it is not written anew by every run"


def test_a_folder_of_packages_that_cannot_be_written_holds_up_no_note(waiting, bridge, house):
    row = _submissions(bridge)[0]
    folder = Path(row["package"]).parent
    shutil.rmtree(folder)
    folder.write_text("a file in its place")
    bridge("lado", "approve", row["id"], "--by", "Pat Example")
    notes = len(house.mosaic.notes())
    house.recording.put(report(2, house.end, PEOPLE))

    ended = bridge("sync", "--json")

    assert len(house.mosaic.notes()) > notes
    assert (ended.code, [one["system"] for one in ended.json["problems"]]) == (1, ["lado"])
    folder.unlink()
    assert bridge("sync").code == 0
    assert json.loads(Path(row["package"]).read_text("utf-8"))["fields"]["referral_date"]["value"]


def test_a_delivery_that_is_no_submission_is_not_decided_about(waiting, bridge):
    other = next(
        row["id"] for row in bridge("delivery", "list", "--json").json["deliveries"] if row["target"] != "lado"
    )

    for words in (["show", other], ["approve", other, "--by", "Pat Example"]):
        ended = bridge("lado", *words)
        assert ended.code == 1
        assert len(ended.err.splitlines()) == 1


def test_a_form_is_prefilled_only_for_what_a_manager_approved(waiting, bridge):
    number = _submissions(bridge)[0]["id"]

    ended = bridge("lado", "prefill", number, "--url", "http://127.0.0.1:9/form")

    assert ended.code == 1
    assert "is not approved" in ended.err
