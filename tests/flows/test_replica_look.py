"""The Mosaic replica in a reconciliation: what only it shows is found, its age is honoured, and it can stand alone.

Real stand-ins, a real ledger, and the copy on SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from flows.looking import Looked, look, look_at_source
from reconciliation.compare import Comparison, compare
from reconciliation.finding import Finding
from sandbox.house import House, start
from tests.connectors.replica_copy import ReplicaCopy
from tests.databases import fresh_database, with_schema
from tests.weather.reports import child_of, person_of
from tests.weather.scene import Scene, environment

STRANGER = 4242


def about_notes(findings: Iterable[Finding]) -> list[tuple[str, str, str | None]]:
    """The findings about case notes; what people owe is not looked at here."""
    found = [(one.target, str(one.kind), one.subject) for one in findings if one.target in ("mosaic", "replica")]
    return sorted(found, key=str)


class Watched:
    """A scene with a copy beside its Mosaic."""

    def __init__(self, house: House, copy: ReplicaCopy) -> None:
        self.house, self.copy = house, copy
        ledger = with_schema(f"sqlite:///{house.folder / 'ledger.db'}")
        self.scene = Scene(house, environment(house, ledger, BRIDGE_REPLICA__URL=copy.url))

    def load(self) -> None:
        """Last night's load of the copy."""
        assert self.house.replica is not None
        self.house.replica.refresh()
        if not self.copy.url.startswith("sqlite"):
            self.copy.load(self.house.replica.path)

    def sent(self, *numbers: int) -> None:
        """Reports are written and sent."""
        self.scene.write(*numbers)
        assert self.scene.sync()["exit_code"] == 0

    def note_of(self, n: int) -> int:
        """The id of the note about report n."""
        return int(self.house.mosaic.notes(person_of(n))[0]["id"])

    def compared(self, **settings: str) -> tuple[Looked, Comparison]:
        """What a reconciliation sees and concludes, without its report."""
        end = self.scene.clock().date() + timedelta(days=1)
        with self.scene.site(**settings) as site:
            home, begin = site.homes["EXH"], end - timedelta(days=60)
            looked = look(site, home, begin, end, site.ledger.now(), *look_at_source(site, home, begin, end))
            return looked, compare(looked.evidence)

    def findings(self) -> list[tuple[str, str, str | None]]:
        """What is found at Mosaic and its copy: target, kind and child."""
        return about_notes(self.compared()[1].findings)


@pytest.fixture
def new_watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    """Starts a house with a copy on either engine."""
    with ExitStack() as stack:

        def make(engine: str) -> Watched:
            house = stack.enter_context(start(folder=tmp_path / "house", replica=True))
            assert house.replica is not None
            copy = ReplicaCopy(house.replica.url)
            if engine == "postgresql":
                copy = ReplicaCopy(fresh_database(request.getfixturevalue("postgres")), "dbo", upper=False).create()
            return Watched(house, copy)

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def watched(request: pytest.FixtureRequest, new_watched: Callable[[str], Watched]) -> Watched:
    """The copy on each engine."""
    return new_watched(request.param)


@pytest.fixture
def on_sqlite(new_watched: Callable[[str], Watched]) -> Watched:
    """The copy on SQLite, for what does not depend on the engine."""
    return new_watched("sqlite")


def plant(watched: Watched) -> list[tuple[str, str, str | None]]:
    """One discrepancy of every kind in the copy alone; returns what must be found, and nothing else."""
    copy, note = watched.copy, watched.note_of
    copy.remove(note(2))
    copy.change(note(3), STATE="DELETED")
    text = copy.row(note(4))["NOTE"]
    copy.change(note(4), NOTE=text.replace("Held by two staff", "Held by nobody"))
    copy.add(copy.row(note(5)) | {"ID": 90005})
    copy.change(note(6), PERSON_ID=person_of(1))
    copy.add(copy.row(note(7)) | {"ID": 90007, "PERSON_ID": STRANGER})
    copy.change(note(8), COMPLETED_DATE=None, TIMEOUT_DATE="2099-01-01 00:00:00")
    copy.change(note(9), COMPLETED_DATE=None, TIMEOUT_DATE="2020-01-01 00:00:00")
    copy.change(note(10), EFFECTIVE_DATE="2020-01-01 10:00:00")
    copy.change(note(11), NOTE_TYPE="OTHER")
    orphan = copy.row(note(1)) | {"ID": 90001, "PERSON_ID": STRANGER}
    copy.add(orphan | {"NOTE": "<p>Invented.</p><p>Reference: IB-EXH-2026-9999-R1-ABCDEFGHIJKLMNOP</p>"})
    copy.remove(copy.rows(f"WHERE {copy.spelled('ROOT_CASE_NOTE')} = {note(12)}")[0]["ID"])
    found = {
        2: "missing", 3: "deleted", 4: "different", 5: "doubled", 6: "wrong_child", 7: "wrong_child",
        8: "unfinished", 9: "unfinished", 10: "different", 11: "different", 12: "missing",
    }  # fmt: skip
    planted: list[tuple[str, str, str | None]] = [("replica", kind, child_of(n)) for n, kind in found.items()]
    return sorted([*planted, ("replica", "orphan", None)], key=str)


def sent_and_loaded(watched: Watched) -> None:
    """Thirteen reports, two of them amended one after the other, all in the copy."""
    watched.sent(*range(1, 14))
    for amended in (12, 13):
        watched.scene.amend(amended)
        watched.scene.advance(120)
        assert watched.scene.sync()["exit_code"] == 0
    watched.load()


def test_a_copy_that_agrees_is_checked_and_finds_nothing(watched: Watched) -> None:
    sent_and_loaded(watched)
    looked, comparison = watched.compared()
    assert (comparison.checked["replica"], looked.faults) == ("checked", {})
    assert about_notes(comparison.findings) == []


def test_every_discrepancy_that_only_the_copy_shows_is_found_and_nothing_else(watched: Watched) -> None:
    sent_and_loaded(watched)
    planted = plant(watched)
    result = watched.scene.reconcile()
    found = [(one["target"], one["kind"], one["subject"]) for one in result["findings"] if one["target"] == "replica"]
    assert sorted(found, key=str) == planted
    assert (result["checked"]["replica"], result["exit_code"]) == ("checked", 2)
    assert result["replica_as_of"] is not None
    assert result["totals"]["verified"] == 13


def test_the_copy_is_the_look_when_mosaic_itself_is_down(watched: Watched) -> None:
    sent_and_loaded(watched)
    planted = plant(watched)
    watched.house.mosaic.weather.arm("refuse", times=None)
    _, comparison = watched.compared()
    assert (comparison.checked["mosaic"], comparison.checked["replica"]) == ("not_checked", "checked")
    assert about_notes(comparison.findings) == planted
    children = {child for _, _, child in planted if child}
    rows = [row for row in watched.scene.rows() if row["target"] == "mosaic" and row["id"] in comparison.verified]
    assert {row["subject"] for row in rows} == {child_of(n) for n in range(1, 14)} - (children - {child_of(12)})


def test_what_mosaic_shows_as_well_is_told_once(on_sqlite: Watched) -> None:
    on_sqlite.sent(1, 2, 3)
    on_sqlite.house.mosaic.delete_note(on_sqlite.note_of(1))
    on_sqlite.house.mosaic.edit_note(on_sqlite.note_of(2), title="Another title")
    on_sqlite.house.mosaic.write_by_hand(
        person_of(3),
        title="Invented",
        text="<p>Invented.</p><p>Reference: IB-EXH-2026-9999-R1-ABCDEFGHIJKLMNOP</p>",
        note_type="SAFEINT",
        effective_date=on_sqlite.house.mosaic.notes(person_of(3))[0]["effective_date"],
    )
    on_sqlite.load()
    told = [("mosaic", "deleted", child_of(1)), ("mosaic", "different", child_of(2)), ("mosaic", "orphan", None)]
    assert on_sqlite.findings() == told
    another = "<p>Invented.</p><p>Reference: IB-EXH-2026-9998-R1-ABCDEFGHIJKLMNOP</p>"
    on_sqlite.copy.add(on_sqlite.copy.row(on_sqlite.note_of(3)) | {"ID": 90001, "NOTE": another})
    assert on_sqlite.findings() == [*told, ("replica", "orphan", None)]


# ---- its age -------------------------------------------------------------------------------------------------------


def test_a_note_sent_since_the_last_load_is_not_there_yet(watched: Watched) -> None:
    watched.sent(1)
    watched.load()
    watched.scene.advance(timedelta(hours=20).total_seconds())
    watched.sent(2)
    watched.scene.amend(1)
    watched.scene.advance(120)
    watched.scene.sync()
    assert watched.findings() == []
    watched.load()
    watched.copy.remove(watched.note_of(1))
    assert watched.findings() == [("replica", "missing", child_of(1))]


def test_a_note_sent_a_moment_before_the_load_is_missing_when_a_later_one_is_there(on_sqlite: Watched) -> None:
    on_sqlite.sent(1, 2)
    on_sqlite.load()
    on_sqlite.copy.remove(min(on_sqlite.note_of(1), on_sqlite.note_of(2)))
    assert [kind for _, kind, _ in on_sqlite.findings()] == ["missing"]


def test_a_load_that_has_not_come_for_days_is_one_finding(on_sqlite: Watched) -> None:
    on_sqlite.sent(1)
    on_sqlite.load()
    on_sqlite.scene.advance(timedelta(days=1).total_seconds())
    on_sqlite.sent(2, 3)
    on_sqlite.scene.advance(timedelta(days=2).total_seconds())
    assert on_sqlite.findings() == []
    on_sqlite.scene.advance(timedelta(days=2).total_seconds())
    assert on_sqlite.findings() == [("replica", "uncertain", None)]
    on_sqlite.load()
    assert on_sqlite.findings() == []


@pytest.mark.parametrize("mosaic_is_down", [False, True])
def test_a_draft_in_the_copy_that_was_finished_since_is_no_finding(on_sqlite: Watched, mosaic_is_down: bool) -> None:
    on_sqlite.sent(1)
    note = on_sqlite.note_of(1)
    on_sqlite.load()
    on_sqlite.copy.change(note, COMPLETED_DATE=None)
    if mosaic_is_down:
        on_sqlite.house.mosaic.weather.arm("refuse", times=None)
    assert on_sqlite.findings() == [("replica", "unfinished", child_of(1))]
    earlier = "2020-01-01 10:00:00"
    on_sqlite.copy.change(note, CREATED_ON=earlier, LAST_UPDATED_ON=earlier)
    assert on_sqlite.findings() == []


def test_a_copy_that_shows_no_note_at_all_was_not_seen(on_sqlite: Watched) -> None:
    on_sqlite.sent(1)
    looked, comparison = on_sqlite.compared()
    assert comparison.checked["replica"] == "not_checked"
    assert "holds no case note" in looked.faults["replica"]
    assert about_notes(comparison.findings) == []


# ---- people --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mosaic_is_down", [False, True])
def test_a_merged_record_is_followed_and_is_not_the_wrong_child(on_sqlite: Watched, mosaic_is_down: bool) -> None:
    on_sqlite.sent(1, 2)
    on_sqlite.house.mosaic.add_person(STRANGER)
    on_sqlite.house.mosaic.merge(person_of(1), STRANGER)
    on_sqlite.load()
    if mosaic_is_down:
        on_sqlite.house.mosaic.weather.arm("refuse", times=None)
    _, comparison = on_sqlite.compared()
    assert about_notes(comparison.findings) == []
    assert len([row for row in on_sqlite.scene.rows() if row["id"] in comparison.verified]) == 4


def test_a_restricted_record_that_the_copy_hides_is_a_finding_only_where_nobody_else_saw_it(on_sqlite: Watched) -> None:
    on_sqlite.sent(1, 2)
    on_sqlite.house.mosaic.restrict(person_of(1))
    on_sqlite.load()
    on_sqlite.copy.remove(on_sqlite.note_of(1))
    on_sqlite.house.mosaic.restrict(person_of(1), restricted=False)
    assert on_sqlite.findings() == []
    on_sqlite.house.mosaic.weather.arm("refuse", times=None)
    assert on_sqlite.findings() == [("replica", "uncertain", child_of(1))]


def test_a_home_without_incidents_reads_nothing_of_anybody(on_sqlite: Watched) -> None:
    on_sqlite.load()
    looked, comparison = on_sqlite.compared()
    assert (comparison.checked["replica"], looked.faults) == ("checked", {})


# ---- bad weather ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////no-such-folder/replica.db", "could not be reached"),
        ("mssql+nosuchdriver://me:sesame-invented@127.0.0.1/mosaic", "not known"),
    ],
)
def test_a_copy_that_cannot_be_opened_is_not_checked(on_sqlite: Watched, url: str, says: str) -> None:
    on_sqlite.sent(1)
    looked, comparison = on_sqlite.compared(BRIDGE_REPLICA__URL=url)
    assert (comparison.checked["replica"], comparison.checked["mosaic"]) == ("not_checked", "checked")
    assert says in looked.faults["replica"]
    assert "sesame" not in looked.faults["replica"]


def test_a_copy_that_is_down_keeps_its_findings_open_and_the_report_is_written(on_sqlite: Watched) -> None:
    on_sqlite.sent(1, 2)
    on_sqlite.load()
    on_sqlite.copy.change(on_sqlite.note_of(1), STATE="DELETED")
    on_sqlite.scene.reconcile()
    result = on_sqlite.scene.reconcile(BRIDGE_REPLICA__URL="postgresql://me:sesame-invented@127.0.0.1:1/mosaic")
    assert (result["checked"]["replica"], result["exit_code"]) == ("not_checked", 3)
    assert Path(result["report"]["html"]).is_file()
    assert "sesame" not in json.dumps(result)
    assert on_sqlite.scene.rows("finding", "target = 'replica'")[0]["resolved_at"] is None
    on_sqlite.load()
    on_sqlite.scene.reconcile()
    assert on_sqlite.scene.rows("finding", "target = 'replica'")[0]["resolved_at"] is not None


def test_without_the_setting_the_copy_is_absent(on_sqlite: Watched) -> None:
    on_sqlite.sent(1)
    looked, comparison = on_sqlite.compared(BRIDGE_REPLICA__URL="")
    assert (comparison.checked["replica"], looked.faults) == ("absent", {})
