"""What a recording source must prove: S1 to S11.

Items are read with the field map that the connector names, as the bridge reads them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest

from connectors.conformance.base import Connect, Read, Write
from connectors.conformance.common import CommonConformance, together
from connectors.conformance.examples import HOME, OTHER_HOME, START, STORY, Damage, Report, report
from connectors.conformance.stand_in import Habit
from connectors.conformance.subject import Subject
from connectors.errors import ConnectorError, Misconfigured, NotApplied
from connectors.protocols import SourceAnswer, SourcePage
from mappings.field_map import FieldMap, Outline, Unreadable, load_map
from mappings.incident import Status

_MOST_PAGES = 200
_WRITES_NOTHING = "A source writes nothing."
_LONG = 10_000_000


class SourceConformance(CommonConformance):
    """An IncidentSource; its stand-in is a SourceStandIn."""

    skips: ClassVar[Mapping[str, str]] = {
        "C4": _WRITES_NOTHING,
        "test_c5_a_write_waits_as_long_as_it_is_asked_to": _WRITES_NOTHING,
        "test_c6_each_failure_of_a_write_is_the_class_that_it_proves": _WRITES_NOTHING,
        "test_c6_a_kept_connection_that_was_closed_costs_nothing": _WRITES_NOTHING,
        "test_c7_a_redirected_write_is_not_followed": _WRITES_NOTHING,
        "test_c8_a_slow_drip_does_not_stretch_a_write": _WRITES_NOTHING,
    }

    def read(self, connector: Any) -> Any:
        """One pull of everything."""
        return [page.items for page in connector.pull(HOME, START)]

    def writes(self, subject: Subject, connect: Connect) -> Mapping[str, Write]:  # noqa: ARG002
        """None."""
        return {}

    def reads(self, subject: Subject, connect: Connect) -> Mapping[str, Read]:  # noqa: ARG002
        """The reports, one of them, and the index."""
        day = date(2026, 10, 5)
        return {
            "pull": self.read,
            "get": lambda connector: connector.get(HOME, "inc-0001"),
            "index": lambda connector: connector.index(HOME, day, day),
        }

    def shown(self, connector: Any) -> Iterator[object]:
        """A page, a report, the index."""
        yield from (connector, *connector.pull(HOME, START), connector.get(HOME, "inc-0001"))
        yield connector.index(HOME, date(2026, 10, 5), date(2026, 10, 5))

    @pytest.fixture(autouse=True)
    def _one_report(self, request: pytest.FixtureRequest) -> None:
        """The tests that all kinds share find a report there."""
        if "subject" in request.fixturenames and request.function.__name__.startswith("test_c"):
            request.getfixturevalue("subject").stand_in.put(report(1))

    # ---- S1 to S4: pages ---------------------------------------------------------------------------------------------

    def test_s1_every_report_comes_once_however_pages_fall(self, subject: Subject, connect: Connect) -> None:
        """None, one, a page less one, a page, a page and one, three whole pages: every id comes once."""
        size = subject.page_size
        for count in (0, 1, size - 1, size, size + 1, 3 * size):
            home = f"EX{count}"
            reports = [report(number, incident_id=f"{home}-{number}", home_id=home) for number in range(count)]
            subject.stand_in.put(*reports)
            found = [outline.source_id for outline in _pulled(connect(), home)]
            assert sorted(map(str, found)) == sorted(one.incident_id for one in reports)

    def test_s1_a_report_comes_whatever_its_status(self, subject: Subject, connect: Connect) -> None:
        """Drafts and voided reports come like any other."""
        subject.stand_in.put(*(report(number, status=str(status)) for number, status in enumerate(Status)))
        found = [str(outline.status) for outline in _pulled(connect(), HOME)]
        assert sorted(found) == sorted(map(str, Status))

    def test_s1_every_child_of_a_report_is_there(self, subject: Subject, connect: Connect) -> None:
        """Three children in each report, over the end of a page: all of them come, and stand in the index."""
        others = ("child-2", "child-3")
        subject.stand_in.put(*(report(number, other_child_ids=others) for number in range(subject.page_size + 1)))
        day, wanted = date(2026, 10, 5), {"child-1", *others}
        for outline in (pulled := _pulled(connect(), HOME)):
            assert {*outline.child_ids} == wanted, outline.source_id
        rows = connect().index(HOME, day, day).rows
        assert len(pulled) == len(rows) == subject.page_size + 1
        assert not [row.incident_id for row in rows if {*row.child_ids} != wanted]

    def test_s2_ties_are_all_there(self, subject: Subject, connect: Connect) -> None:
        """Three pages and one report of a single time stamp, over every page's end: none is lost."""
        reports = [report(number, modified_at=START) for number in range(3 * subject.page_size + 1)]
        subject.stand_in.put(*reports)
        assert _ids(connect()) == {one.incident_id for one in reports}

    def test_s2_a_tie_with_the_last_run_is_there(self, subject: Subject, connect: Connect) -> None:
        """A report with the very time stamp at which the last run ended comes with the next one."""
        at = report(2).modified_at + timedelta(milliseconds=400)
        subject.stand_in.put(report(1), report(2, modified_at=at))
        mark = max(outline.modified_at or START for outline in _pulled(connect(), HOME))
        subject.stand_in.put(report(3, modified_at=at))
        assert "inc-0003" in _ids(connect(), since=mark)

    def test_s3_what_changes_between_pages_is_not_skipped(self, subject: Subject, connect: Connect) -> None:
        """A row added, edited or deleted while its neighbours are read: the newest of each comes, now or next time."""
        count = 3 * subject.page_size + 1
        subject.stand_in.put(*(report(number) for number in range(count)))
        seen: dict[str, int] = {}
        marks: list[datetime] = []
        for number, outline in enumerate(_walk(connect(), HOME, START)):
            if number == 0:
                self._meanwhile(subject, count)
            marks += _note(seen, outline)
        for outline in _walk(connect(), HOME, max(marks)):
            _note(seen, outline)
        wanted = {f"inc-{number:04}": 1 for number in range(count)} | {"inc-0000": 2, f"inc-{count - 1:04}": 2}
        wanted |= {f"inc-{count:04}": 1, f"inc-{count + 1:04}": 1}
        assert {one: seen.get(one, 0) for one in wanted if one != "inc-0001"} == {
            one: version for one, version in wanted.items() if one != "inc-0001"
        }

    def test_s4_an_empty_page_with_a_cursor_goes_on(self, subject: Subject, connect: Connect) -> None:
        """A page without items is not the end while it has a cursor."""
        self._pages_well(subject, connect, Habit.EMPTY_PAGES)

    def test_s4_the_empty_text_is_a_cursor(self, subject: Subject, connect: Connect) -> None:
        """Only a null cursor ends a walk; the empty text is a cursor like any other."""
        self._pages_well(subject, connect, Habit.BLANK_CURSOR)

    def test_s4_a_repeated_cursor_is_an_error(self, subject: Subject, connect: Connect) -> None:
        """A cursor that comes twice raises: it is neither the end nor a reason to go round for ever."""
        subject.stand_in.put(*(report(number) for number in range(3 * subject.page_size)))
        self.arm(subject, Habit.REPEATS_CURSOR)
        with pytest.raises(ConnectorError):
            _bounded(connect().pull(HOME, START))

    def test_c6_a_walk_that_breaks_off_says_so(self, subject: Subject, connect: Connect) -> None:
        """A failure after the first page raises, unless everything had been read by then: it is no whole walk."""
        count = 3 * subject.page_size + 1
        subject.stand_in.put(*(report(number) for number in range(count)))
        for fault in self.some(subject.weather.blind, "fault of a read"):
            walk = connect().pull(HOME, START)
            came = len(next(walk).items)
            self.arm(subject, fault, when="read", times=None)
            with suppress(NotApplied, Misconfigured):
                came += sum(len(page.items) for page in _bounded(walk))
                assert came == count, f"{fault}: {came} of {count} reports are told as all of them"
            subject.far_end.disarm()

    # ---- S5 to S7: where a run begins and ends -----------------------------------------------------------------------

    def test_s5_a_late_commit_is_found_by_the_overlap_and_by_the_index(
        self, subject: Subject, connect: Connect
    ) -> None:
        """A report that appears with an older stamp after a run comes with the next overlap, and in the index."""
        subject.stand_in.put(report(100), report(101))
        subject.stand_in.put(report(50), visible_after=3600)
        connector = connect()
        assert _ids(connector) == {"inc-0100", "inc-0101"}
        subject.far_end.advance(3601)
        assert "inc-0050" in _ids(connector, since=report(101).modified_at - timedelta(hours=1))
        rows = connect().index(HOME, date(2026, 10, 5), date(2026, 10, 5)).rows
        assert "inc-0050" in {row.incident_id for row in rows}

    def test_s6_a_run_that_was_interrupted_loses_nothing(self, subject: Subject, connect: Connect) -> None:
        """Page one was stored and page two was not: from page one's last change on, everything comes again."""
        count = 3 * subject.page_size + 1
        reports = [report(number, modified_at=START + timedelta(minutes=count - number)) for number in range(count)]
        subject.stand_in.put(*reports)
        connector = connect()
        walk = connector.pull(HOME, START)
        first, _second = next(walk), next(walk)
        connector.stored(first)
        walk.close()
        done = [_outline(connector, item) for item in first.items]
        mark = max(outline.modified_at or START for outline in done)
        left = {one.incident_id for one in reports} - {outline.source_id for outline in done}
        assert left <= _ids(connect(), since=mark)

    def test_s7_a_start_in_the_future_gives_nothing(self, subject: Subject, connect: Connect) -> None:
        """A pull from the year 2999 ends at once, without a report and without an error."""
        subject.stand_in.put(report(1), report(2))
        assert not _ids(connect(), since=datetime(2999, 1, 1, tzinfo=UTC))

    def test_s7_no_other_homes_report_comes(self, subject: Subject, connect: Connect) -> None:
        """A source that serves every home's reports, whichever was asked for, gives this home's alone."""
        subject.stand_in.put(report(1), report(2, home_id=OTHER_HOME))
        self.arm(subject, Habit.IGNORES_HOME)
        assert _ids(connect()) == {"inc-0001"}

    # ---- S8, S9: what a report may hold ----------------------------------------------------------------------------

    def test_s8_a_damaged_report_reaches_quarantine_whole(self, subject: Subject, connect: Connect) -> None:
        """Unknown code, missing key, wrong type, impossible date: the map names the fields; the neighbours are well."""
        damaged = [report(number, damage=damage) for number, damage in enumerate(Damage, 1)]
        subject.stand_in.put(report(0), *damaged, report(8), report(9))
        connector = connect()
        whole = {str(outline.source_id): str(item) for item, outline in _items(connector)}
        assert not [one.incident_id for one in damaged if STORY not in whole.get(one.incident_id, "")], "not whole"
        read, refused = _read(connect())
        assert set(read) == {"inc-0000", "inc-0008", "inc-0009"}
        assert refused.keys() == {one.incident_id for one in damaged}, "a damaged report was lost on the way"
        assert all(refused.values()), "a damaged report has no field that a person could look at"

    def test_s8_any_text_is_delivered_as_text(self, subject: Subject, connect: Connect) -> None:
        """Ten megabytes, emoji, right-to-left, HTML and a field that nobody knows: text, and no mistake."""
        story = f"{STORY} \N{GRINNING FACE} <b>bold</b> \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} a\0b "
        subject.stand_in.put(report(1, narrative=story + "x" * _LONG, unknown_field=True))
        read, refused = _read(connect())
        assert not refused
        told = read["inc-0001"]
        assert len(told) > _LONG
        assert "\0" not in told
        for part in ("\N{GRINNING FACE}", "<b>bold</b>", "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"):
            assert part in told

    def test_s9_the_two_nights_of_the_clock_change_fall_on_their_days(self, subject: Subject, connect: Connect) -> None:
        """The index goes by the UK day: just after midnight in summer, on both change days, in the doubled hour."""
        nights = {
            "2026-07-01T00:30:00": date(2026, 7, 1),
            "2026-03-29T01:30:00": date(2026, 3, 29),
            "2026-10-25T00:10:00": date(2026, 10, 25),
            "2026-10-25T01:30:00": date(2026, 10, 25),
            "2026-10-25T23:50:00": date(2026, 10, 25),
        }
        reports = [report(number, occurred_at=at) for number, at in enumerate(nights)]
        subject.stand_in.put(*reports)
        for day in set(nights.values()):
            rows = connect().index(HOME, day, day).rows
            wanted = {one.incident_id for one in reports if nights[one.occurred_at] == day}
            assert {row.incident_id for row in rows} == wanted
            assert {row.occurred_on for row in rows} == {day}

    def test_s9_times_without_a_zone_are_uk_time(self, subject: Subject, connect: Connect) -> None:
        """A wall-clock time that did not exist, or existed twice, is read as RULINGS 10 says."""
        moments = {
            "2026-03-29T01:30:00": datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            "2026-10-25T01:30:00": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "2026-07-01T12:00:00": datetime(2026, 7, 1, 11, 0, tzinfo=UTC),
            "2026-12-01T12:00:00": datetime(2026, 12, 1, 12, 0, tzinfo=UTC),
        }
        subject.stand_in.put(*(report(number, occurred_at=at) for number, at in enumerate(moments)))
        connector = connect()
        found = {outline.source_id: outline.occurred_at for outline in _pulled(connector, HOME)}
        assert found == {f"inc-{number:04}": moment for number, moment in enumerate(moments.values())}

    # ---- S10, S11: the index, and one report -------------------------------------------------------------------------

    def test_s10_the_index_says_what_it_is_complete_for(self, subject: Subject, connect: Connect) -> None:
        """The index lists every report of the range, ends included, and states the range and the home."""
        days = ["2026-10-03", "2026-10-04", "2026-10-05", "2026-10-06"]
        subject.stand_in.put(*(report(n, occurred_at=f"{day}T12:00:00") for n, day in enumerate(days)))
        index = connect().index(HOME, date(2026, 10, 4), date(2026, 10, 5))
        assert (index.home_id, index.start, index.end) == (HOME, date(2026, 10, 4), date(2026, 10, 5))
        assert {row.incident_id for row in index.rows} == {"inc-0001", "inc-0002"}

    def test_s10_a_long_range_is_read_as_far_as_it_is_claimed(self, subject: Subject, connect: Connect) -> None:
        """Of two years, every report lies in the index, or outside of the range that the index claims."""
        days = [date(2024, 10, 5), date(2025, 4, 5), date(2026, 10, 5)]
        subject.stand_in.put(*(report(number, occurred_at=f"{day}T12:00:00") for number, day in enumerate(days)))
        index = connect().index(HOME, days[0], days[-1])
        claimed = {day for day in days if index.start <= day <= index.end}
        assert {row.occurred_on for row in index.rows} == claimed, "it claims days that it did not read"
        assert claimed, "it claims nothing of what was asked for"

    def test_s10_a_damaged_report_is_in_the_index(self, subject: Subject, connect: Connect) -> None:
        """What nobody can read counts all the same, while its day can be told."""
        damages = [damage for damage in Damage if damage is not Damage.IMPOSSIBLE_DATE]
        subject.stand_in.put(*(report(number, damage=damage) for number, damage in enumerate(damages)))
        rows = connect().index(HOME, date(2026, 10, 5), date(2026, 10, 5)).rows
        assert {row.incident_id for row in rows} == {f"inc-{number:04}" for number in range(len(damages))}

    def test_s10_a_row_says_what_its_report_says(self, subject: Subject, connect: Connect) -> None:
        """Number, status, version, change and children are the report's; drafts and voids count, other homes do not."""
        reports = [report(n, status=str(status), version=n + 1) for n, status in enumerate(Status)]
        subject.stand_in.put(*reports, report(9, home_id=OTHER_HOME))
        self.arm(subject, Habit.IGNORES_HOME)
        rows = {row.incident_id: row for row in connect().index(HOME, date(2026, 10, 5), date(2026, 10, 5)).rows}
        assert rows.keys() == {one.incident_id for one in reports}
        for one in reports:
            row = rows[one.incident_id]
            assert (row.number, row.home_id, row.status) == (one.number, HOME, one.status)
            assert (row.version, row.modified_at, row.child_ids) == (one.version, one.modified_at, (one.child_id,))

    @pytest.mark.parametrize("habit", [Habit.SMALL_PAGES, Habit.EMPTY_PAGES, Habit.BLANK_CURSOR])
    def test_s10_the_index_is_whole_however_it_is_paged(self, habit: Habit, subject: Subject, connect: Connect) -> None:
        """Small pages, empty pages, a blank cursor: every row is there."""
        reports = [report(number) for number in range(5)]
        subject.stand_in.put(*reports)
        self.arm(subject, Habit.SMALL_PAGES)
        self.arm(subject, habit)
        rows = connect().index(HOME, date(2026, 10, 5), date(2026, 10, 5)).rows
        assert sorted(row.incident_id for row in rows) == [one.incident_id for one in reports]

    def test_s10_an_incomplete_index_raises(self, subject: Subject, connect: Connect) -> None:
        """An index that lacks a row raises NotApplied: never a short list."""
        subject.stand_in.put(*(report(number) for number in range(4)))
        self.arm(subject, Habit.INDEX_INCOMPLETE)
        with pytest.raises(NotApplied):
            connect().index(HOME, date(2026, 10, 5), date(2026, 10, 5))

    def test_s11_a_voided_report_is_found_and_says_so(self, subject: Subject, connect: Connect) -> None:
        """A voided report is found, as voided."""
        subject.stand_in.put(report(1), report(2))
        subject.stand_in.put(report(2, status="Void", version=2, modified_at=report(3).modified_at))
        connector = connect()
        plain, voided = (connector.get(HOME, f"inc-{number:04}") for number in (1, 2))
        assert plain.answer is voided.answer is SourceAnswer.FOUND
        assert _outline(connector, plain.item).status == Status.SUBMITTED
        assert _outline(connector, voided.item).status == Status.VOID

    def test_s11_what_is_not_there_is_gone(self, subject: Subject, connect: Connect) -> None:
        """A report that was torn out, that never was, or that another home has, is gone."""
        subject.stand_in.put(report(1), report(2), report(3, home_id=OTHER_HOME))
        subject.stand_in.remove("inc-0002")
        for incident_id in ("inc-0002", "inc-0404", "inc-0003"):
            assert connect().get(HOME, incident_id).answer is SourceAnswer.GONE
        assert not connect().get(HOME, "inc-0002").moved, "a report that was torn out is with no other home"

    def test_s11_a_report_that_another_home_has_now_is_moved(self, subject: Subject, connect: Connect) -> None:
        """A report that staff gave to another home is gone from this one, and `moved` says why."""
        subject.stand_in.put(report(1))
        subject.stand_in.put(report(1, home_id=OTHER_HOME, version=2, modified_at=report(2).modified_at))
        record = connect().get(HOME, "inc-0001")
        assert (record.answer, record.moved) == (SourceAnswer.GONE, True)

    def test_s11_an_id_is_the_same_wherever_it_stands(self, subject: Subject, connect: Connect) -> None:
        """Digits alone, zeros in front, capitals, a slash, an accent: pull, index and get have each id as it is."""
        ids = ["42", "0042", "Inc-0042", "EXH/2026 7#1?\N{LATIN SMALL LETTER E WITH ACUTE}"]
        subject.stand_in.put(*(report(number, incident_id=one) for number, one in enumerate(ids)))
        connector = connect()
        assert _ids(connector) == {*ids}
        rows = connector.index(HOME, date(2026, 10, 5), date(2026, 10, 5)).rows
        assert {row.incident_id for row in rows} == {*ids}
        for one in ids:
            record = connector.get(HOME, one)
            assert record.answer is SourceAnswer.FOUND, f"{one!r} is not found by its id"
            assert record.item is not None
            assert _outline(connector, record.item).source_id == one

    def test_s11_what_is_forbidden_is_not_gone(self, subject: Subject, connect: Connect) -> None:
        """A report that we may not read is forbidden, which is not gone."""
        subject.stand_in.put(report(1))
        try:
            subject.stand_in.forbid("inc-0001")
        except ValueError:
            pytest.fail("the stand-in cannot forbid a report: teach it, or give the reason in `skips`")
        assert connect().get(HOME, "inc-0001").answer is SourceAnswer.FORBIDDEN

    def test_c11_two_connectors_at_once_share_nothing(self, subject: Subject, connect: Connect) -> None:
        """Two connectors pull two homes at once: each gets its own home's reports, all of them."""
        homes = (HOME, OTHER_HOME)
        numbers = range(4 * subject.page_size + 1)
        wanted = {home: {f"{home}-{number}" for number in numbers} for home in homes}
        for home in homes:
            subject.stand_in.put(*(report(n, incident_id=f"{home}-{n}", home_id=home) for n in numbers))
        found: dict[str, set[str]] = {}

        def one(connector: Any, home: str) -> None:
            found[home] = {str(outline.source_id) for outline in _pulled(connector, home)}

        made = [(connect(), home) for home in homes]
        failures = together([lambda pair=pair: one(*pair) for pair in made])  # type: ignore[misc]
        assert not failures
        assert {home: ids - {"inc-0001"} for home, ids in found.items()} == wanted

    # ----

    def _meanwhile(self, subject: Subject, count: int) -> None:
        later = START + timedelta(days=1)
        subject.stand_in.put(
            report(0, version=2, modified_at=later),
            report(count - 1, version=2, modified_at=later + timedelta(minutes=1)),
            report(count, modified_at=later + timedelta(minutes=2)),
            report(count + 1, modified_at=later + timedelta(minutes=3)),
        )
        subject.stand_in.remove("inc-0001")

    def _pages_well(self, subject: Subject, connect: Connect, habit: Habit) -> None:
        reports = [report(number) for number in range(2 * subject.page_size + 1)]
        subject.stand_in.put(*reports)
        self.arm(subject, habit)
        assert _ids(connect()) == {one.incident_id for one in reports}


def _map(connector: Any) -> FieldMap:
    return load_map(connector.field_map)


def _outline(connector: Any, item: Any) -> Outline:
    return _map(connector).outline(item)


def _bounded(pages: Iterator[SourcePage]) -> list[SourcePage]:
    return list(itertools.islice(pages, _MOST_PAGES))


def _walk(connector: Any, home: str, since: datetime) -> Iterator[Outline]:
    """Every report that a pull gives; each page is stored as soon as it was read."""
    field_map = _map(connector)
    for page in itertools.islice(connector.pull(home, since), _MOST_PAGES):
        yield from [field_map.outline(item) for item in page.items]
        connector.stored(page)


def _items(connector: Any) -> list[tuple[Any, Outline]]:
    """Every report as it came, beside what is known of it."""
    found = [item for page in _bounded(connector.pull(HOME, START)) for item in page.items]
    return [(item, _outline(connector, item)) for item in found]


def _pulled(connector: Any, home: str, since: datetime = START) -> Sequence[Outline]:
    return list(_walk(connector, home, since))


def _ids(connector: Any, since: datetime = START) -> set[str]:
    return {str(outline.source_id) for outline in _pulled(connector, HOME, since)}


def _note(seen: dict[str, int], outline: Outline) -> list[datetime]:
    if outline.source_id is not None:
        seen[outline.source_id] = max(seen.get(outline.source_id, 0), outline.version or 0)
    return [outline.modified_at] if outline.modified_at is not None else []


def _read(connector: Any) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The narrative of each report that can be understood, and the fields of each that cannot."""
    field_map, read, refused = _map(connector), {}, {}
    for page in connector.pull(HOME, START):
        for item in page.items:
            try:
                incident = field_map.read(item)
            except Unreadable as why:
                refused[str(why.source_id)] = why.fields
            else:
                read[incident.incident_id] = incident.narrative
        connector.stored(page)
    return read, refused


__all__ = ["Report", "SourceConformance"]
