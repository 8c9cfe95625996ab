"""Looking for notes on a person's record: filters that may be ignored, pages, merges, records we may not see.

"Absent" is said only when the whole neighbourhood was walked, without any filter that a gateway might get wrong, on
a record that is neither merged away nor restricted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from connectors.answers import Answer, Malformed, survivor, whole_number
from connectors.http import Http
from connectors.mosaic_rest.notes import held_note, is_ours
from connectors.mosaic_rest.refusals import (
    MOST_HOPS,
    add_hop,
    person_not_found,
    restricted,
    survivor_not_said,
    wrong_person,
)
from connectors.paging import NO_SUCH_FILTER, PageRefused, pages
from connectors.protocols import Found, HeldNote, NoteState, Receipt
from mappings.uk_time import uk_day

_PAGE = "200"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Person:
    restricted: bool
    merged_into: int | None


class LookUp:
    """Reads of persons and of the notes on their records."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def note(self, reference: str, *, person_id: int, effective_on: date) -> Found:
        """Our note: asked for by its reference, whatever its day is now, then for the days around it with no filter."""
        doing = f"looking for case note {reference}"
        for chain in self._records(person_id, doing):
            for query in ({"reference": reference}, _days(effective_on, effective_on)):
                shown = self._walk(chain, query, doing)
                ours = [note for note in shown if is_ours(note, reference)]
                if ours:
                    return self._found(ours, chain, doing)
                self._are_of(chain, shown, doing)
        return Found()

    def notes(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        """Every note whose contact date lies in the range of UK days, ends included.

        A list need not show appendments. Of a note with a reference that shows none, the note itself is asked.
        """
        doing = f"the case notes of person {person_id}"
        for chain in self._records(person_id, doing):
            unsaid: set[str] = set()
            found = self._walk(chain, _days(start, end), doing, unsaid)
            self._are_of(chain, found, doing)
            if found:
                listed = [note for note in found if start <= uk_day(note.effective_date) <= end]
                return [self._whole(note) if note.reference and note.remote_id in unsaid else note for note in listed]
        return []

    def by_id(self, note_id: str) -> HeldNote | None:
        """One note with its appendments, or None where Mosaic does not know the id."""

        def right(content: Any) -> bool:
            return held_note(content).remote_id == note_id

        doing = f"case note {note_id}"
        answer = self._http.read(f"/case-notes/{note_id}", doing=doing, expect=(404, 410), well_formed=right)
        return None if answer.status in (404, 410) else held_note(answer.content)

    def survives(self, person_id: int, chain: Sequence[int]) -> bool:
        """Whether a person is the survivor of one in the chain, by what the persons' records say."""
        person, hops = chain[-1], 0
        while hops < MOST_HOPS:
            record = self._person(person)
            if record is None or record.merged_into is None:
                return False
            person, hops = record.merged_into, hops + 1
            if person == person_id:
                return True
        return False

    def follow(self, chain: list[int], answer: Answer) -> None:
        """Make the chain longer by whom a 410 sends us to. An answer that lost its body does not say: the record does.

        Raises Rejected where neither says, in a circle, or beyond the fifth hop.
        """
        further = survivor(answer)
        if further is None:
            record = self._person(chain[-1])
            further = record.merged_into if record is not None else None
        if further is None:
            raise survivor_not_said(chain[-1])
        add_hop(chain, further)

    # ----

    def _records(self, person_id: int, doing: str) -> Iterator[list[int]]:
        """The person's record, then, as long as nothing was found, the one it was merged into.

        The list that is given out grows as merges are met. Raises Rejected for a restricted record: an empty
        list would then only mean that we may not see.
        """
        chain = [person_id]
        while True:
            yield chain
            record = self._person(chain[-1])
            if record is not None and record.restricted:
                raise restricted(chain[-1], doing)
            if record is None or record.merged_into is None:
                return
            add_hop(chain, record.merged_into)

    def _whole(self, note: HeldNote) -> HeldNote:
        """The note with the appendments that the list left out; as it was listed where its id is unknown by now."""
        return self.by_id(note.remote_id) or note

    def _walk(
        self, chain: list[int], query: Mapping[str, str], doing: str, unsaid: set[str] | None = None
    ) -> list[HeldNote]:
        """Every note of the last person in the chain; a merge (410) makes the chain longer and starts again.

        `unsaid` gets the ids of the notes that do not say whether they have appendments.
        """
        while True:
            found: dict[str, HeldNote] = {}
            try:
                for page in pages(
                    self._http,
                    f"/persons/{chain[-1]}/case-notes",
                    {**query, "limit": _PAGE},
                    cursor_field="next_cursor",
                    doing=doing,
                    expect=(404, 410, *NO_SUCH_FILTER) if "reference" in query else (404, 410),
                ):
                    for item in page["items"]:
                        note = held_note(item)
                        found[note.remote_id] = note
                        if unsaid is not None and item.get("appendments") is None:
                            unsaid.add(note.remote_id)
            except Malformed:
                raise self._http.unreadable(doing) from None
            except PageRefused as refused:
                if refused.answer.status in NO_SUCH_FILTER:
                    return []
                if refused.answer.status == 404:
                    raise person_not_found(chain[-1], doing) from None
                self.follow(chain, refused.answer)
            else:
                return list(found.values())

    def _are_of(self, chain: Sequence[int], shown: Sequence[HeldNote], doing: str) -> None:
        """Raises NotApplied for an answer that is about somebody else: what it lacks may be there all the same."""
        for person in {note.person_id for note in shown} - set(chain):
            if not self.survives(person, chain):
                raise self._http.unreadable(doing)

    def _found(self, ours: Sequence[HeldNote], chain: Sequence[int], doing: str) -> Found:
        for note in ours:
            if note.person_id not in chain and not self.survives(note.person_id, chain):
                raise wrong_person(doing, note)
        by_state = {state: [note for note in ours if note.state is state] for state in NoteState}
        unfinished = [*by_state[NoteState.DRAFT], *by_state[NoteState.TIMED_OUT]]
        return Found(
            tuple(
                Receipt(note.remote_id, note.completed_at or note.created_at, note.person_id, already_there=True)
                for note in by_state[NoteState.COMPLETE]
            ),
            deleted=bool(by_state[NoteState.DELETED]),
            unfinished=unfinished[0].remote_id if unfinished else None,
        )

    def _person(self, person_id: int) -> _Person | None:
        doing = f"person {person_id}"
        answer = self._http.read(f"/persons/{person_id}", doing=doing, expect=(404, 410), well_formed=_is_person)
        if answer.status == 410:
            further = survivor(answer)
            if further is None:
                raise self._http.unreadable(doing)
            return _Person(restricted=False, merged_into=further)
        if answer.status == 404:
            return None
        content: Mapping[str, Any] = answer.content
        return _Person(content.get("restricted") is True, whole_number(content.get("merged_into")))


def _days(start: date, end: date) -> dict[str, str]:
    """A day wider on both sides: a far end that reads an offset its own way loses nothing. We filter ourselves."""
    return {"effective_from": (start - _DAY).isoformat(), "effective_to": (end + _DAY).isoformat()}


def _is_person(content: Any) -> bool:
    return isinstance(content, dict) and "person_id" in content
