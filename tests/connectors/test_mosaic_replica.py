"""The Mosaic replica as a second look: spelled either way, in UK time, never written, and plain about what it lacks."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from config.errors import ConfigurationError
from config.settings import ReplicaSettings, Settings
from connectors.errors import Misconfigured, NotApplied, Unreachable
from connectors.mosaic_replica.database import open_engine, reading
from connectors.mosaic_replica.replica import MosaicReplica
from connectors.protocols import CaseNoteCopy, HeldNote, NoteState
from connectors.registry import build_replica
from tests.connectors.replica_copy import SPELLINGS, ReplicaCopy, filled, note_row, reference
from tests.databases import fresh_database

NOW = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
PASSWORD = "sesame-invented"

NewCopy = Callable[[str], ReplicaCopy]


@pytest.fixture(scope="session")
def database(postgres: str) -> str:
    """A database on PostgreSQL, which each test empties: making one takes a while."""
    return fresh_database(postgres)


@pytest.fixture
def new_copy(request: pytest.FixtureRequest, tmp_path: Path) -> NewCopy:
    """Makes the empty tables, spelled in one of the ways."""

    def make(spelling: str) -> ReplicaCopy:
        engine, schema, upper = SPELLINGS[spelling]
        if engine == "sqlite":
            return ReplicaCopy(f"sqlite:///{tmp_path / 'replica.db'}", schema, upper).create()
        copy = ReplicaCopy(request.getfixturevalue("database"), schema, upper)
        copy.run("DROP SCHEMA IF EXISTS dbo CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        return copy.create()

    return make


@pytest.fixture(params=SPELLINGS)
def each_copy(request: pytest.FixtureRequest, new_copy: NewCopy) -> ReplicaCopy:
    """The empty tables in every spelling."""
    return new_copy(request.param)


@pytest.fixture
def copy(new_copy: NewCopy) -> ReplicaCopy:
    """The empty tables in SQLite, for what does not depend on the engine."""
    return new_copy("sqlite, upper case")


def replica(copy: ReplicaCopy, now: datetime = NOW, seconds: float = 30) -> MosaicReplica:
    return MosaicReplica(open_engine(copy.url, seconds), now=lambda: now)


def listed(copy: ReplicaCopy, *people: int, now: datetime = NOW, days: tuple[date, date] = OCTOBER) -> list[HeldNote]:
    with replica(copy, now).reading() as look:
        return list(look.list(people or (700017,), ["SAFEINT"], *days))


def test_a_note_and_what_was_appended_to_it_are_read_however_the_engine_spells_names(each_copy: ReplicaCopy) -> None:
    more = {"ROOT_CASE_NOTE": 1, "NOTE": f"<p>More.</p><p>Reference: {reference(2)}</p>", "TITLE": None}
    filled(each_copy, [note_row(1), note_row(2, **more), note_row(3, PERSON_ID=700018)])
    (note,) = listed(each_copy)
    assert (note.remote_id, note.person_id, note.note_type, note.state) == ("1", 700017, "SAFEINT", NoteState.COMPLETE)
    assert note.title == "Safety intervention EXH-2026-0001"
    assert note.reference == reference(1)
    assert note.significant_event is True
    assert note.effective_date == datetime(2026, 10, 5, 14, 20, tzinfo=UTC)
    assert [(one.remote_id, one.reference) for one in note.appendments] == [("2", reference(2))]


def test_names_are_found_through_a_view(copy: ReplicaCopy) -> None:
    filled(copy, [note_row(1)])
    copy.run('ALTER TABLE "CASE_NOTES" RENAME TO "T"', 'CREATE VIEW case_notes AS SELECT * FROM "T"')
    assert [note.remote_id for note in listed(copy)] == ["1"]


def test_a_note_is_finished_timed_out_draft_or_deleted_by_its_dates_and_state(each_copy: ReplicaCopy) -> None:
    draft = {"COMPLETED_DATE": None}
    filled(
        each_copy,
        [
            note_row(1, TIMEOUT_DATE="2026-10-06 08:00:00"),
            note_row(2, **draft, TIMEOUT_DATE="2026-10-06 10:00:00"),
            note_row(3, **draft, TIMEOUT_DATE="2026-10-06 10:00:01"),
            note_row(4, **draft),
            note_row(5, STATE="DELETED"),
            note_row(6, STATE=None),
        ],
    )
    states = [note.state for note in listed(each_copy)]  # now is 10:00 in the UK
    assert states == ["COMPLETE", "TIMED_OUT", "DRAFT", "DRAFT", "DELETED", "COMPLETE"]


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-03-29 00:59:00", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29 01:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-03-29 02:00:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 00:59:00", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25 01:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 02:00:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_uk_time_at_both_clock_changes(
    each_copy: ReplicaCopy, wall: str, moment: datetime
) -> None:
    filled(each_copy, [note_row(1, EFFECTIVE_DATE=wall, LAST_UPDATED_ON=wall, CREATED_ON=wall)])
    (note,) = listed(each_copy, days=(date(2026, 1, 1), date(2026, 12, 31)), now=datetime(2027, 1, 1, tzinfo=UTC))
    assert note.effective_date == moment
    with replica(each_copy, datetime(2027, 1, 1, tzinfo=UTC)).reading() as look:
        assert look.newest().as_of == moment


def test_days_are_uk_days_and_both_ends_count(each_copy: ReplicaCopy) -> None:
    walls = ("2026-09-30 23:59:59", "2026-10-01 00:00:00", "2026-10-31 23:59:59", "2026-11-01 00:00:00")
    filled(each_copy, [note_row(number, EFFECTIVE_DATE=wall) for number, wall in enumerate(walls, 1)])
    assert [note.remote_id for note in listed(each_copy)] == ["2", "3"]


def test_more_persons_and_notes_than_one_list_of_a_query_takes_are_all_read(copy: ReplicaCopy) -> None:
    filled(copy, [note_row(number, PERSON_ID=number) for number in (1, 499, 500, 501, 1000, 1001, 1203)])
    assert [int(note.remote_id) for note in listed(copy, *range(1, 1204))] == [1, 499, 500, 501, 1000, 1001, 1203]


def test_other_kinds_of_case_notes_are_not_read(copy: ReplicaCopy) -> None:
    filled(copy, [note_row(1), note_row(2, NOTE_TYPE="VISIT")])
    assert [note.remote_id for note in listed(copy)] == ["1"]


def test_our_reference_is_found_on_a_strangers_record(each_copy: ReplicaCopy) -> None:
    lower = note_row(2, PERSON_ID=5)["NOTE"].lower()
    other = note_row(3, PERSON_ID=5, NOTE="<p>Reference: IB-OTH-2026-0003-R1-ABCDEFGHIJKLMNOP</p>")
    filled(each_copy, [note_row(1, PERSON_ID=4), note_row(2, PERSON_ID=5, NOTE=lower), other])
    with replica(each_copy).reading() as look:
        assert [note.person_id for note in look.carrying("IB-EXH-", ["SAFEINT"], *OCTOBER)] == [4, 5]


def test_persons_say_who_is_known_and_who_is_restricted(each_copy: ReplicaCopy) -> None:
    each_copy.add({"PERSON_ID": 1, "RESTRICTED": "Y"}, "DM_PERSONS")
    each_copy.add({"PERSON_ID": 2, "RESTRICTED": "N"}, "DM_PERSONS")
    with replica(each_copy).reading() as look:
        assert look.persons([1, 2, 3]) == {1: True, 2: False}


def test_how_far_the_copy_goes_is_its_newest_change_and_never_the_future(each_copy: ReplicaCopy) -> None:
    filled(
        each_copy,
        [
            note_row(1, LAST_UPDATED_ON="2026-10-05 20:15:00"),
            note_row(2, LAST_UPDATED_ON=None, CREATED_ON="2026-10-05 20:45:00"),
            note_row(3, LAST_UPDATED_ON="2099-01-01 00:00:00"),
        ],
    )
    with replica(each_copy).reading() as look:
        newest = look.newest()
    assert (newest.as_of, newest.last_id) == (datetime(2026, 10, 5, 19, 45, tzinfo=UTC), 3)


def test_a_copy_that_is_emptied_while_it_is_read_is_no_look(copy: ReplicaCopy) -> None:
    filled(copy, [note_row(1), note_row(2)])

    def read_through_a_load() -> None:
        with replica(copy).reading() as look:
            look.newest()
            copy.remove(2)

    with pytest.raises(NotApplied, match="being loaded"):
        read_through_a_load()


@pytest.mark.parametrize("spelling", ["postgresql, lower case in dbo", "sqlite, upper case"])
def test_nothing_can_be_written_through_it(new_copy: NewCopy, spelling: str) -> None:
    copy = filled(new_copy(spelling), [note_row(1)])
    engine = open_engine(copy.url, 30)
    with pytest.raises(NotApplied), reading(engine) as connection:
        connection.execute(text(f"DELETE FROM {copy.table('CASE_NOTES')}"))
    assert len(copy.rows()) == 1


# ---- what can be wrong ---------------------------------------------------------------------------------------------


def test_a_healthy_copy_says_how_new_it_is(each_copy: ReplicaCopy) -> None:
    filled(each_copy, [note_row(1)])
    health = replica(each_copy).check()
    assert health.ok
    assert health.sentence.endswith("its newest case note is of 5 October 2026 at 18:00.")
    assert "ask its owner" in replica(each_copy, datetime(2026, 10, 12, tzinfo=UTC)).check().sentence


def test_a_database_without_the_tables_is_a_sentence(each_copy: ReplicaCopy) -> None:
    each_copy.run(f"DROP TABLE {each_copy.table('CASE_NOTES')}")
    health = replica(each_copy).check()
    assert (health.ok, health.reachable, health.setting) == (False, True, "BRIDGE_REPLICA__URL")
    assert "no table dbo.CASE_NOTES" in health.sentence


def test_a_table_that_lacks_a_column_names_it(each_copy: ReplicaCopy) -> None:
    each_copy.run(f"ALTER TABLE {each_copy.table('CASE_NOTES')} DROP COLUMN {each_copy.spelled('TIMEOUT_DATE')}")
    assert "has no column TIMEOUT_DATE" in replica(each_copy).check().sentence


def test_a_server_that_is_away_is_unreachable_and_its_password_is_told_nobody() -> None:
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:1/mosaic"
    away = MosaicReplica(open_engine(url, 5))
    with pytest.raises(Unreachable) as why, away.reading():
        pass
    assert PASSWORD not in f"{why.value!r} {why.value} {why.getrepr(chain=True, showlocals=False)} {away!r}"
    assert why.value.__cause__ is None
    health = away.check()
    assert (health.ok, health.reachable) == (False, False)
    assert PASSWORD not in health.sentence


def test_a_sqlite_file_that_is_not_there_is_unreachable_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no such # file.db"
    health = MosaicReplica(open_engine(f"sqlite:///{path}", 5)).check()
    assert (health.ok, health.reachable) == (False, False)
    assert not path.exists()


def test_a_sqlite_path_may_hold_any_character(tmp_path: Path) -> None:
    copy = filled(ReplicaCopy(f"sqlite:///{tmp_path / 'a # b%20c.db'}").create(), [note_row(1)])
    assert [note.remote_id for note in listed(copy)] == ["1"]


def test_an_account_that_may_not_read_is_told_what_to_grant(new_copy: NewCopy) -> None:
    copy = filled(new_copy("postgresql, lower case in dbo"), [note_row(1)])
    stranger = _account(copy, "stranger")
    health = MosaicReplica(open_engine(stranger, 30)).check()
    assert (health.ok, health.reachable) == (False, True)
    assert "grant SELECT on CASE_NOTES" in health.sentence


def test_an_account_that_sees_no_persons_still_reads_notes(new_copy: NewCopy) -> None:
    copy = filled(new_copy("postgresql, lower case in dbo"), [note_row(1)])
    reader = _account(copy, "reader")
    copy.run(f"GRANT USAGE ON SCHEMA dbo TO {make_url(reader).username}")
    copy.run(f"GRANT SELECT ON dbo.case_notes TO {make_url(reader).username}")
    seen = MosaicReplica(open_engine(reader, 30), now=lambda: NOW)
    with seen.reading() as look:
        assert look.persons([700017]) is None
        assert [note.remote_id for note in look.list([700017], ["SAFEINT"], *OCTOBER)] == ["1"]
    health = seen.check()
    assert health.ok
    assert "DM_PERSONS cannot be read" in health.sentence


def _account(copy: ReplicaCopy, name: str) -> str:
    """The URL of a new account of this database that may read nothing yet."""
    name = f"{name}_{uuid.uuid4().hex[:8]}"
    copy.run(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    return make_url(copy.url).set(username=name, password=PASSWORD).render_as_string(hide_password=False)


def test_a_query_that_takes_too_long_is_ended(new_copy: NewCopy) -> None:
    engine = open_engine(new_copy("postgresql, no schema").url, 0.05)
    with pytest.raises(NotApplied, match="too long"), reading(engine) as connection:
        connection.execute(text("SELECT pg_sleep(20)"))


@pytest.mark.parametrize(
    "url", ["", "replica", f"nosuchdatabase://me:{PASSWORD}@host/x", f"postgresql+nosuch://me:{PASSWORD}@host/x"]
)
def test_what_is_no_database_url_is_a_sentence_without_the_url(url: str) -> None:
    with pytest.raises(ConfigurationError) as why:
        open_engine(url, 5)
    assert why.value.setting == "BRIDGE_REPLICA__URL"
    assert PASSWORD not in str(why.value)


@pytest.mark.parametrize(("url", "package"), [("mssql://h/d", "pyodbc"), ("oracle://h/d", "oracledb")])
def test_a_driver_that_is_not_installed_is_named_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not there
    with pytest.raises(ConfigurationError, match=f"pip install {package}"):
        open_engine(url, 5)


def test_the_setting_builds_it_and_none_means_none(copy: ReplicaCopy) -> None:
    built = build_replica(Settings(replica=ReplicaSettings(url=copy.url)))  # type: ignore[arg-type]
    assert isinstance(built, CaseNoteCopy)
    assert build_replica(Settings()) is None
    assert build_replica(Settings(replica=ReplicaSettings(url=" "))) is None  # type: ignore[arg-type]


def test_a_copy_that_vanishes_is_misconfigured_and_not_empty(each_copy: ReplicaCopy) -> None:
    each_copy.run(f"DROP TABLE {each_copy.table('CASE_NOTES')}")
    with pytest.raises(Misconfigured):
        listed(each_copy)
