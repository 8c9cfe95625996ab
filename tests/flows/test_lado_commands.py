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


@pytest.mark.parametrize(
    "harm", ["no json", "no pdf", "half pdf", "no folder", "{", "[]", "{}", '{"fields": [], "children": []}']
)
def test_a_package_that_somebody_removed_or_damaged_is_written_again_by_the_next_sync(waiting, bridge, harm):
    row = _submissions(bridge)[0]
    files = Path(row["package"]), Path(row["pdf"])
    before = [path.read_bytes() for path in files]
    if harm == "no folder":
        shutil.rmtree(files[0].parent)
    elif harm == "half pdf":
        files[1].write_bytes(before[1][:300])
    elif harm.startswith("no"):
        files[harm == "no pdf"].unlink()
    else:
        files[0].write_text(harm)
    shown = bridge("lado", "show", row["id"], "--reveal")
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


@pytest.mark.parametrize("harm", ["edited", "another's", "a link"])
def test_what_somebody_put_in_a_packages_place_is_never_taken_for_it_and_not_overwritten(
    waiting, bridge, house, tmp_path, harm
):
    """A manager would read, and a form be filled with, what the ledger does not hold."""
    row, other = _submissions(bridge)
    for one in (row, other):
        bridge("lado", "approve", one["id"], "--by", "Pat Example")
    package, url = Path(row["package"]), house.lado_form.url
    before = package.read_bytes()
    if harm == "edited":
        package.write_bytes(before.replace(b"Zebrawick", b"Elsewise"))
    else:
        package.unlink()
        shutil.copy(other["package"], package) if harm == "another's" else package.symlink_to(other["package"])
    put = package.read_bytes()

    bridge("sync")
    show = ["lado", "show", row["id"], "--reveal"]
    fill = ["lado", "prefill", row["id"], "--url", url, "--screenshot", str(tmp_path / "form.png")]
    for ended in (bridge(*show), bridge(*fill)):
        assert ended.code == 1
        assert "has been changed since it was written" in ended.err
    assert package.read_bytes() == put

    package.rename(tmp_path / "moved away")
    bridge("sync")
    assert package.read_bytes() == before
    assert bridge(*show).code == 0


def test_a_package_that_lacks_its_approval_is_not_filled_in(waiting, bridge, house):
    row = _submissions(bridge)[0]
    package, pdf = Path(row["package"]), Path(row["pdf"])
    pdf.unlink()
    pdf.mkdir()  # the approval cannot be written, as when the process dies before it is
    bridge("lado", "approve", row["id"], "--by", "Pat Example")
    pdf.rmdir()
    pdf.write_bytes(Path(_submissions(bridge)[1]["pdf"]).read_bytes())
    assert json.loads(package.read_text("utf-8"))["fields"]["referral_date"]["value"] is None

    ended = bridge("lado", "prefill", row["id"], "--url", house.lado_form.url)

    assert ended.code == 1
    assert "run `incident-bridge sync`, which writes it again" in ended.err


@pytest.mark.parametrize("decision", ["approve", "sent"])
def test_a_decision_whose_package_cannot_be_written_says_that_it_stands_and_what_to_do(waiting, bridge, decision):
    row = _submissions(bridge)[0]
    folder = Path(row["package"]).parent
    folder.rename(folder.with_name("aside"))
    folder.write_text("a file in its place")

    ended = bridge("lado", decision, row["id"], "--by", "Pat Example", "--json")

    assert ended.code == 1
    error = ended.json["error"]
    assert (error["kind"], error["setting"]) == ("misconfigured", "BRIDGE_LADO__OUT_DIR")
    for part in ("by Pat Example, and that stands", str(folder), "Then run `incident-bridge sync`"):
        assert part in error["message"]


def test_what_was_sent_is_recorded_although_the_desk_cannot_be_written_and_the_file_stays_as_it_was_sent(
    waiting, bridge
):
    row = _submissions(bridge)[0]
    bridge("lado", "approve", row["id"], "--by", "Pat Example")
    folder, package = Path(row["package"]).parent, Path(row["package"])
    written = package.stat().st_mtime_ns
    folder.rename(folder.with_name("aside"))
    folder.write_text("a file in its place")

    assert bridge("lado", "sent", row["id"], "--by", "Jo Overseer").code == 0

    folder.unlink()
    folder.with_name("aside").rename(folder)
    bridge("sync")
    assert package.stat().st_mtime_ns == written


def test_one_package_that_cannot_be_written_holds_up_no_other_and_is_named(waiting, bridge):
    stuck, other = _submissions(bridge)
    for row in (stuck, other):
        Path(row["package"]).unlink()
    (Path(stuck["package"]) / "in the way").mkdir(parents=True)

    ended = bridge("sync", "--json")

    assert ended.code == 1
    assert f"{stuck['package']} cannot be written: a folder stands in its place" in ended.json["problems"][0]["message"]
    assert Path(other["package"]).is_file()


def test_a_package_that_was_removed_after_its_incident_was_purged_stops_no_run(waiting, bridge, house):
    """Every run died of it, before anything was sent."""
    first, other = _submissions(bridge)
    bridge("lado", "sent", first["id"], "--by", "Pat Example")
    bridge("lado", "approve", other["id"], "--by", "Pat Example")
    assert bridge("ledger", "purge", "--before", "2100-01-01", "--yes").out.startswith("1 ")
    shutil.rmtree(Path(first["package"]).parent)
    notes = len(house.mosaic.notes())
    house.recording.put(report(2, house.end, PEOPLE))

    assert bridge("sync").code == 0

    assert len(house.mosaic.notes()) > notes
    assert bridge("lado", "sent", other["id"], "--by", "Pat Example").code == 0
    shown = bridge("lado", "show", first["id"], "--reveal")
    assert shown.code == 1
    assert "contents were purged" in shown.err


def test_a_submission_of_a_home_whose_file_was_taken_away_is_not_decided_about(waiting, bridge, house):
    number = _submissions(bridge)[0]["id"]
    own = house.homes_dir / "EXH.toml"
    text = own.read_text("utf-8")
    own.unlink()
    (house.homes_dir / "OTH.toml").write_text(text.replace('"EXH"', '"OTH"'), "utf-8")

    for words in (["approve", number, "--by", "Pat Example"], ["show", number]):
        ended = bridge("lado", *words)
        assert ended.code == 1
        assert "There is no home 'EXH'" in ended.err

    own.write_text(text, "utf-8")
    assert {row["state"] for row in _submissions(bridge)} == {"awaiting_approval"}


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
