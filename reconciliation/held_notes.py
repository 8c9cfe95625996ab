"""The notes that Mosaic, or its replica, holds: found by reference, and by the person they lie on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connectors.protocols import HeldAppendment, HeldNote, NoteState
from mappings.uk_time import LONDON, uk_day
from reconciliation.seen import fold, is_ours
from reconciliation.views import LedgerDelivery, LedgerIncident, NotesView

_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, repr=False)
class HeldPart:
    """An appendment, and the note that it was added to."""

    note: HeldNote
    appendment: HeldAppendment


class HeldNotes:
    """Every listed note once, however often its person was asked for."""

    def __init__(self, view: NotesView, children: Mapping[int, set[str]]) -> None:
        self._view = view
        self.by_id: dict[str, HeldNote] = {}
        self.by_reference: dict[str, list[HeldNote]] = defaultdict(list)
        self.parts_by_reference: dict[str, list[HeldPart]] = defaultdict(list)
        for notes in view.notes.values():
            for note in notes:
                self.by_id[note.remote_id] = note
        for note in self.by_id.values():
            if note.reference:
                self.by_reference[fold(note.reference)].append(note)
            for appendment in note.appendments:
                if appendment.reference:
                    self.parts_by_reference[fold(appendment.reference)].append(HeldPart(note, appendment))
        self._survivors = dict(_survivors(view, children))

    def was_asked(self, person_id: int) -> bool:
        """Whether this person's notes were listed."""
        return person_id in self._view.notes

    def knows(self, reference: str) -> bool:
        """Whether a note or an appendment with this folded reference was listed, standing or deleted."""
        return reference in self.by_reference or reference in self.parts_by_reference

    def typed_by_people(self) -> dict[tuple[int, date], list[HeldNote]]:
        """Standing notes without a reference of our shape, by the person asked for and the UK day they are about."""
        typed: dict[tuple[int, date], list[HeldNote]] = defaultdict(list)
        for person, notes in self._view.notes.items():
            for note in notes:
                if note.state is not NoteState.DELETED and not is_ours(note.reference):
                    typed[person, uk_day(note.effective_date)].append(note)
        return typed

    def unreadable(self, person_id: int | None) -> bool:
        """Whether this person's record refused us."""
        return person_id in self._view.unreadable

    def right_persons(self, delivery: LedgerDelivery, incident: LedgerIncident | None) -> frozenset[int]:
        """On whose record the note belongs: the report's own id for the child now, or the survivor of its merge.

        Where that id was not asked for, the ledger's word for it counts.
        """
        content = incident.incident if incident else None
        child = content.child(delivery.subject) if content else None
        named = child.mosaic_person() if child else None
        right = set[int]()
        for person in (named, delivery.person_id if named is None or not self.was_asked(named) else None):
            if person is not None:
                right |= {person, self._survivors.get(person, person)}
        return frozenset(right)


def _survivors(view: NotesView, children: Mapping[int, set[str]]) -> Iterator[tuple[int, int]]:
    """Persons who were merged into another: everything listed for them lies on one other person's record.

    A person whom reports name for another child is never taken for a survivor: that is the wrong child until a person
    says otherwise. `children` are the children for whom reports name a person.
    """
    for asked, notes in view.notes.items():
        persons = {note.person_id for note in notes}
        if len(persons) == 1 and asked not in persons:
            (survivor,) = persons
            if children.get(survivor, set()) <= children.get(asked, set()):
                yield asked, survivor


def stands_before(one: datetime, other: datetime) -> bool:
    """Whether what was added at `one` stands before what was added at `other`.

    Not said within the hour that the clocks repeat: a time without a zone does not tell which of the two it was.
    """
    local = one.astimezone(LONDON)
    happens_twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return one < other and not (happens_twice and other - one <= _AN_HOUR)
