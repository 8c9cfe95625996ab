"""What becomes of one report over its life, judged by what the outside systems hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.black_box.bridge import Town
from tests.black_box.stories import ago, amended, full, held_child, minimal, other_child, wall

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())


def appendments(town: Town, person: int = 1001) -> list[str]:
    return [part["note"] for note in town.mosaic.of(person) for part in note["appendments"]]


def show(town: Town, number: int = 1) -> dict[str, Any]:
    shown: dict[str, Any] = town.bridge.json("incident", "show", f"EXH-{ago().year}-{number:04}", code=0)
    return shown


def test_an_empty_house_is_done_and_a_draft_waits_until_it_is_submitted(found: Found) -> None:
    town = found(mail=False)
    assert town.bridge.sync(code=0)["pulled"]["seen"] == 0

    draft = full(1, ago(hours=30), status="Draft", submittedAt=None)
    town.recording.put(draft)
    seen = town.bridge.sync(code=0)
    totals = town.bridge.reconcile(*PERIOD)["totals"]
    owed = {one["id"]: one for one in show(town)["duties"]}

    assert seen["pulled"] | {"unchanged": 0} == {
        "seen": 1, "new": 1, "revised": 0, "unchanged": 0, "quarantined": 0, "drafts": 1,
    }  # fmt: skip
    assert (town.mosaic.notes, town.recording.log) == ({}, [])
    assert (totals["draft"], totals["balanced"]) == (1, True)
    assert owed["daily_log"]["owner"] == owed["mosaic_case_note"]["owner"] == "staff"
    assert owed["incident_report"]["state"] == "overdue"

    town.recording.put(amended(draft, 1500, status="Submitted"))
    town.bridge.sync(code=0)
    assert (len(town.mosaic.notes), len(town.recording.log)) == (2, 1)


def test_voided_and_un_voided_after_delivery_is_said_on_every_record(found: Found) -> None:
    town = found(mail=False)
    report = full(1, ago(2))
    town.recording.put(report, full(2, ago(2), status="Void", children=[held_child(mosaicPersonId=1003)]))
    town.bridge.sync(code=0)
    assert town.mosaic.of(1003) == [], "void when first seen: sent nowhere"
    assert len(town.recording.log) == 1

    void = amended(report, status="Void")
    town.recording.put(void)
    town.bridge.sync()
    kinds = {one["kind"] for one in town.bridge.reconcile(*PERIOD, code=2)["findings"]}
    assert all("recorded in error" in " ".join(appendments(town, who)) for who in (1001, 1002))
    assert len(town.recording.log) == 2
    assert "recorded in error" in town.recording.log[1]["text"]
    assert town.recording.log[1]["corrects"] == town.recording.log[0]["entryId"]
    assert kinds, "a void after delivery is a finding until the council has been asked"

    town.recording.put(amended(void, status="Submitted"))
    town.bridge.sync(code=0)
    after = town.bridge.reconcile(*PERIOD)
    assert [len(appendments(town, who)) for who in (1001, 1002)] == [2, 2]
    assert len(town.recording.log) == 3
    assert len(town.mosaic.notes) == 2
    assert (after["totals"]["verified"], after["totals"]["source"]) == (1, 2), after["totals"]
    assert after["totals"]["balanced"]


def test_a_report_that_was_voided_before_its_note_went_out_asks_nobody_to_have_one_deleted(found: Found) -> None:
    town = found(mail=False)
    report = minimal(1, ago(2))
    town.recording.put(report)
    town.mosaic.locked.add(1001)
    town.bridge.sync(code=2)
    town.recording.put(amended(report, status="Void"))
    town.bridge.sync(code=0)
    assert (len(town.mosaic.notes), len(town.recording.entries())) == (0, 2)
    assert "orphan" not in [kind for kind, *_ in town.bridge.kinds(town.bridge.reconcile(*PERIOD))]


def test_back_to_draft_after_delivery_is_a_revision_and_a_finding(found: Found) -> None:
    town = found(mail=False)
    report = full(1, ago(2))
    town.recording.put(report)
    town.bridge.sync(code=0)
    before = town.bridge.kinds(town.bridge.reconcile(*PERIOD))
    town.recording.put(amended(report, status="Draft", narrative="Perpetua held his legs. flumoxtext"))
    town.bridge.sync()
    after = town.bridge.reconcile(*PERIOD, code=2)
    assert len(show(town)["revisions"]) == 2
    assert [len(note["appendments"]) for note in town.mosaic.notes.values()] == [1, 1]
    assert set(town.bridge.kinds(after)) - set(before), "back to Draft must be a finding"
    assert after["totals"]["balanced"]


def test_changed_to_b_and_back_to_a_is_three_revisions_and_two_appendments(found: Found) -> None:
    town = found(mail=False)
    first = full(1, ago(2))
    second = amended(first, narrative="Perpetua held his legs. flumoxtext")
    third = amended(second, narrative=first["narrative"])
    for one in (first, second, third, amended(third, vendorColour="blue")):
        town.recording.put(one)
        town.bridge.sync(code=0)
    assert len(show(town)["revisions"]) in (3, 4)
    assert len(appendments(town)) == 2, "a change that no record holds appends nothing"
    assert len(town.recording.log) == 1, "the log's own text did not change"


def test_a_child_added_gets_a_note_and_a_child_removed_an_appendment(found: Found) -> None:
    town = found(mail=False)
    first = full(1, ago(2))
    town.recording.put(first)
    town.bridge.sync(code=0)
    third_child = other_child(childId="child-3", mosaicPersonId=1003, name="Ignatius Plumtree")
    second = amended(first, children=[held_child(), third_child])
    town.recording.put(second)
    town.bridge.sync(code=0)
    assert len(town.mosaic.of(1003)) == 1
    assert "no longer names this child" in " ".join(appendments(town, 1002))
    for who, names in ((1001, ("Ottoline", "Ignatius")), (1002, ("Zebedee", "Ignatius")), (1003, ("Zebedee", "Ottol"))):
        text = str([(n["title"], n["note"]) for n in town.mosaic.of(who)]) + str(appendments(town, who))
        assert not [name for name in names if name in text], (who, text)


def test_oversight_that_comes_later_is_appended_to_each_note_and_meets_the_duty(found: Found) -> None:
    town = found(mail=False)
    first = full(1, ago(1, 12))
    town.recording.put(first)
    town.bridge.sync(code=0)
    seen_at = wall(ago(hours=30))
    oversight = {"at": seen_at, "by": "Marigold Underhillock", "comments": "Read and agreed. flumoxtext"}
    town.recording.put(amended(first, 60, managerOversight=oversight))
    town.bridge.sync(code=0)
    before = [one["state"] for one in show(town)["duties"] if one["id"] == "manager_oversight"]
    town.bridge.reconcile(*PERIOD)
    after = [one for one in show(town)["duties"] if one["id"] == "manager_oversight"]
    assert before == ["open"], "not met before it has been seen on Mosaic"
    assert [one["state"] for one in after] == ["met"], after
    assert all("Read and agreed" in " ".join(appendments(town, who)) for who in (1001, 1002))


def test_two_homes_with_one_number_do_not_mix(found: Found) -> None:
    town = found(mail=False)
    town.bridge.add_home("NTH")
    number = f"EXH-{ago().year}-0001"
    town.recording.put(
        full(1, ago(2)),
        full(1, ago(2), home="NTH", incidentNumber=number, children=[held_child(mosaicPersonId=1003)]),
    )
    both = town.bridge.sync(code=0)
    assert sorted(both["home"]) == ["EXH", "NTH"]
    assert {len(town.mosaic.of(who)) for who in (1001, 1002, 1003)} == {1}
    assert sorted(one["homeId"] for one in town.recording.log) == ["EXH", "NTH"]
    town.bridge.json("incident", "show", number, code=1)
    shown = town.bridge.json("incident", "show", number, "--home", "NTH", code=0)
    assert shown["home"] == "NTH"
    by_id = town.bridge.json("incident", "show", "--id", "inc-exh-0001", code=0)
    assert by_id["home"] == "EXH"


def test_what_cannot_be_understood_waits_in_quarantine_until_the_source_is_mended(found: Found) -> None:
    town = found(mail=False)
    broken = [
        full(1, ago(2), status="Archived"),
        full(2, ago(2), children=[held_child(dateOfBirth="2011-02-31")]),
        full(3, ago(2), occurredAt="yesterday"),
        full(4, ago(2), children=[]),
        full(5, ago(2), version="two"),
        full(6, ago(2), interventionType=None),
        minimal(7, ago(2)),
    ]
    del broken[2]["createdAt"]
    town.recording.put(*broken)
    result = town.bridge.sync(code=2)
    waiting = town.bridge.json("quarantine", "list", code=2)["quarantined"]
    totals = town.bridge.reconcile(*PERIOD, code=2)

    assert (result["pulled"]["quarantined"], len(waiting)) == (6, 6)
    paths = {one["incident"][-4:]: one["fields"] for one in waiting}
    assert "status" in paths["0001"]
    assert "children.0.dateOfBirth" in paths["0002"]
    assert {"occurredAt"} <= set(paths["0003"])
    assert (totals["totals"]["quarantined"], totals["totals"]["balanced"]) == (6, True), totals["totals"]
    assert len(town.recording.log) == 1

    town.recording.put(*(amended(full(n, ago(2))) for n in range(1, 7)))
    town.bridge.sync(code=0)
    assert town.bridge.json("quarantine", "list", code=0)["quarantined"] == []
    assert len(town.recording.log) == 7


def test_the_index_sweep_finds_what_committed_late_and_holes_in_the_numbers(found: Found) -> None:
    town = found(mail=False)
    town.recording.put(minimal(1, ago(6)), minimal(2, ago(5)), minimal(5, ago(1)))
    town.bridge.sync(code=0)
    town.recording.put(minimal(3, ago(4)))
    town.bridge.sync(code=0)
    assert len(town.recording.log) == 3, "its time stamp is days before the overlap"
    found_out = town.bridge.reconcile(*PERIOD, code=2)
    gaps = [one for one in found_out["findings"] if one["kind"] == "number_gap"]
    assert ["0004" in one["message"] or "0004" in (one["incident"] or "") for one in gaps] == [True]
    town.bridge.sync(code=0)
    assert len(town.recording.log) == 4


def test_a_routine_hold_of_an_ehc_plan_is_sent_counted_and_owes_nothing(found: Found) -> None:
    town = found(mail=False)
    plan = {
        "routineRestraint": "Yes",
        "techniques": ["Low level seated hold"],
        "reviewedOn": ago(60).date().isoformat(),
    }
    town.recording.put(full(1, ago(2), children=[held_child(ehcPlan=plan)]))
    town.bridge.sync(code=0)
    totals = town.bridge.reconcile(*PERIOD)["totals"]
    shown = show(town)
    states = {one["id"]: one["state"] for one in shown["duties"]}
    assert "routine under the EHC plan" in town.mosaic.of(1001)[0]["note"]
    assert states.pop("ehc_plan_review") == "met"
    assert set(states.values()) == {"not_applicable"}, states
    assert shown["exemption"]
    assert totals["balanced"]


def test_a_dry_run_writes_and_sends_nothing(found: Found) -> None:
    town = found()
    town.recording.put(full(1, ago(2)))
    town.mosaic.asked.clear()
    rehearsed = town.bridge.sync("--dry-run", code=0)["would_send"]
    assert {(one["target"], one["action"], one["subject"]) for one in rehearsed} >= {
        ("mosaic", "create", "child-1"),
        ("mosaic", "create", "child-2"),
    }
    assert all(one["reference"] for one in rehearsed)
    assert {one["target"] for one in rehearsed} == {"mosaic", "daily_log", "email"}
    assert (town.mosaic.notes, town.recording.log, town.post.taken) == ({}, [], [])
    assert town.mosaic.count("POST", "/case-notes") == 0
    files = [path.name for path in town.bridge.folder.rglob("*") if path.is_file()]
    assert files == ["exh.toml"], files
    assert town.bridge.sync(code=0)["pulled"]["new"] == 1


def test_history_before_a_target_came_is_owed_only_on_purpose(found: Found) -> None:
    town = found(mail=False)
    without = {name: "" for name in town.bridge.env if name.startswith("BRIDGE_MOSAIC")}
    kept = {name: value for name, value in town.bridge.env.items() if name in without}
    for name in without:
        del town.bridge.env[name]
    town.recording.put(minimal(1, ago(3)), minimal(2, ago(2)))
    town.bridge.sync(code=0)
    town.bridge.env |= kept
    town.recording.put(minimal(3, ago(1)))
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 1

    days = ("--from", ago(3).date().isoformat(), "--to", ago(2).date().isoformat())
    town.bridge.json("backfill", "--target", "mosaic", *days, "--dry-run", code=0)
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 1
    assert town.bridge.json("backfill", "--target", "mosaic", *days, code=0)["owed"] == 2
    assert town.bridge.json("backfill", "--target", "mosaic", *days, code=0)["owed"] == 0
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == 3
