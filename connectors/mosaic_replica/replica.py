"""Case notes as the council's read-only copy of Mosaic holds them. Nothing is ever written.

A copy is as old as its last load, typically a night: `newest` says how far it goes, so that a note made since is "not
there yet" and never "missing".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Engine, and_, func, literal, or_, select
from sqlalchemy.exc import DBAPIError

from connectors.errors import ConnectorError, Misconfigured, NotApplied, Unreachable
from connectors.mosaic_replica.database import reading, told
from connectors.mosaic_replica.rows import Row, held_note, moment_of, number_of, root_of
from connectors.mosaic_replica.tables import Tables, find_tables
from connectors.protocols import CopyAge, Health, HeldNote
from mappings.uk_time import LONDON, uk_day

_BATCH = 500
"""Keys in one list of a query: every engine takes as many twice over (Oracle 1,000, SQL Server 2,100)."""
_ABSURD = timedelta(days=366)
"""A row dated this far ahead is a slip, not a sign of how new the copy is."""
_DAY = timedelta(days=1)
_OLD = timedelta(days=3)


class MosaicReplica:
    """The replica. Each `reading` is one read-only transaction of its own."""

    def __init__(self, engine: Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now

    @contextmanager
    def reading(self) -> Iterator[ReplicaReading]:
        """Look into the copy. Raises Unreachable, NotApplied or Misconfigured, each one sentence for IT."""
        with reading(self._engine) as connection:
            look = ReplicaReading(connection, find_tables(connection), self._now())
            yield look
            if look.is_being_loaded():
                raise NotApplied(
                    "The Mosaic replica was being loaded while it was read; try again when its load is done."
                )

    def check(self) -> Health:
        """Reads one row of each table and how new the copy is."""
        try:
            with self.reading() as look:
                age = look.newest()
                persons = look.persons([0])
        except ConnectorError as why:
            setting = why.setting if isinstance(why, Misconfigured) else None
            return Health(False, why.message, setting, reachable=not isinstance(why, Unreachable))
        if age.as_of is None:
            return Health(True, "The Mosaic replica can be read and holds no case note that this account can see.")
        sentence = f"The Mosaic replica can be read; its newest case note is of {_words(age.as_of)}."
        if self._now() - age.as_of > _OLD:
            sentence += " That is days ago: ask its owner whether the nightly load still runs."
        if persons is None:
            sentence += " DM_PERSONS cannot be read: grant SELECT on it, or merged records are not recognised."
        return Health(True, sentence)


class ReplicaReading:
    """One look. Memory is bounded: keys are fetched first, then the notes in batches."""

    def __init__(self, connection: Connection, tables: Tables, now: datetime) -> None:
        self._connection = connection
        self._tables = tables
        self._notes = tables.notes
        self._now = now
        self._newest: CopyAge | None = None

    def newest(self) -> CopyAge:
        """How far the copy goes. Asked before the notes, so that it never claims more than they show."""
        if self._newest is None:
            limit = self._wall(self._now + _ABSURD)
            stamps = [
                self._connection.scalar(select(func.max(stamp)).where(stamp <= limit))
                for stamp in (self._notes["LAST_UPDATED_ON"], self._notes["CREATED_ON"])
            ]
            moments = [moment for moment in map(moment_of, stamps) if moment is not None]
            last = number_of(self._connection.scalar(select(func.max(self._notes["ID"]))))
            self._newest = CopyAge(max(moments, default=None), last)
            self._now = max([self._now, *moments])
        return self._newest

    def list(self, person_ids: Iterable[int], note_types: Iterable[str], start: date, end: date) -> Iterator[HeldNote]:
        """Notes of these types on these persons' records, UK days, both included; deleted ones too."""
        ids: list[int] = []
        for people in _batches(sorted(set(person_ids))):
            ids += self._ids(self._notes["PERSON_ID"].in_(people), self._of(note_types), self._within(start, end))
        for note in self.get(ids):
            if start <= uk_day(note.effective_date) <= end:
                yield note

    def carrying(self, marker: str, note_types: Iterable[str], start: date, end: date) -> Iterator[HeldNote]:
        """Notes of these types of the period whose text holds `marker`, on whosever record they lie.

        This is how a note on a stranger's record is found. `marker` is capital letters, digits and hyphens.
        """
        text = self._notes["NOTE"]
        marked = or_(text.like(f"%{marker}%"), text.like(f"%{marker.lower()}%"))
        yield from self.get(self._ids(self._of(note_types), self._within(start, end), marked))

    def get(self, note_ids: Iterable[int]) -> Iterator[HeldNote]:
        """These notes, whatever became of them, with what was appended. Unknown ids give nothing."""
        self.newest()
        columns = self._notes.columns
        for batch in _batches(sorted(set(note_ids))):
            query = select(*(each.label(name.lower()) for name, each in columns.items())).where(
                or_(self._notes["ID"].in_(batch), self._notes["ROOT_CASE_NOTE"].in_(batch))
            )
            rows = [dict(zip(columns, found, strict=True)) for found in self._connection.execute(query)]
            appended: dict[int, list[Row]] = defaultdict(list)
            for row in rows:
                root = root_of(row)
                if root is not None:
                    appended[root].append(row)
            for row in rows:
                if root_of(row) is None:
                    yield held_note(row, appended[number_of(row["ID"]) or 0], self._now)

    def persons(self, person_ids: Iterable[int]) -> dict[int, bool] | None:
        """Which of these persons the copy knows, and whether each is restricted; None: it does not show persons."""
        table = self._tables.persons
        if table is None:
            return None
        try:
            with self._connection.begin_nested():  # a refusal must not end the whole transaction
                return {
                    number_of(person) or 0: _yes(restricted)
                    for batch in _batches(sorted(set(person_ids)))
                    for person, restricted in self._connection.execute(
                        select(table["PERSON_ID"], table["RESTRICTED"]).where(table["PERSON_ID"].in_(batch))
                    )
                }
        except DBAPIError as why:
            if isinstance(told(why), Misconfigured):
                return None
            raise

    def is_being_loaded(self) -> bool:
        """Whether the copy has lost rows since this look began: it is being emptied and filled again."""
        before, self._newest = self._newest, None
        if before is None or before.as_of is None:
            return False
        after = self.newest()
        return after.as_of is None or after.as_of < before.as_of or (after.last_id or 0) < (before.last_id or 0)

    def _ids(self, *conditions: ColumnElement[bool]) -> Sequence[int]:
        """The notes that meet these conditions, and the notes that rows which meet them were appended to."""
        self.newest()
        own, root = self._notes["ID"], self._notes["ROOT_CASE_NOTE"]
        rows = [
            {"ID": each, "ROOT_CASE_NOTE": of}
            for each, of in self._connection.execute(select(own, root).where(*conditions))
        ]
        return [found for row in rows if (found := root_of(row) or number_of(row["ID"])) is not None]

    def _of(self, note_types: Iterable[str]) -> ColumnElement[bool]:
        return self._notes["NOTE_TYPE"].in_(sorted(set(note_types)))

    def _within(self, start: date, end: date) -> ColumnElement[bool]:
        """A day more at each end, because engines compare time stamps in their own ways; the caller looks again."""
        first = datetime.combine(start - _DAY, time(), LONDON)
        last = datetime.combine(end + 2 * _DAY, time(), LONDON)
        stamp = self._notes["EFFECTIVE_DATE"]
        return and_(stamp >= self._wall(first), stamp < self._wall(last))

    @staticmethod
    def _wall(moment: datetime) -> ColumnElement[Any]:
        """A moment as the copy writes it: UK local time, no zone."""
        return literal(moment.astimezone(LONDON).replace(tzinfo=None), DateTime())


def _batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(keys), _BATCH):
        yield keys[first : first + _BATCH]


def _yes(flag: object) -> bool:
    return str(flag or "").strip().upper() in ("Y", "1", "T", "TRUE")


def _words(moment: datetime) -> str:
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"
