"""What a case-note store must prove: W1 to W12."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import pytest

from connectors.conformance.base import Connect, Read, Write
from connectors.conformance.examples import (
    AT,
    CHILD,
    DAY,
    NOTE_TYPE,
    OTHER,
    SURVIVOR,
    appendment,
    note,
    reference,
)
from connectors.conformance.stand_in import Habit
from connectors.conformance.stores import Listed, StoreConformance, receipt_or_doubt
from connectors.conformance.subject import Subject
from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain
from connectors.protocols import Found, NewNote, NoteState
from mappings.plain_text import same_text

_WEEKS = 21 * 24 * 3600.0
_STANDING = reference(9998)
_NEXT_LETTER = str.maketrans(ascii_letters, f"{ascii_lowercase[1:]}a{ascii_uppercase[1:]}A")


class CaseNoteStoreConformance(StoreConformance):
    """A CaseNoteStore; its stand-in is a CaseNoteStandIn."""

    owner = str(CHILD)
    longest = 31_500

    def body(self, of: str, *, words: str = "Example words.", at: datetime = AT) -> NewNote:
        """A note about CHILD."""
        return note(of, words=words, at=at)

    def words_of(self, body: NewNote) -> str:
        """Its HTML."""
        return body.html

    def look(self, connector: Any, of: str) -> Found:
        """On CHILD's record."""
        found: Found = connector.find(of, person_id=CHILD, note_type=NOTE_TYPE, effective_on=DAY)
        return found

    def listed(self, connector: Any, start: date, end: date) -> Sequence[Listed]:
        """CHILD's record."""
        return [Listed(one.remote_id, one.html) for one in connector.list(CHILD, start, end)]

    def writes(self, subject: Subject, connect: Connect) -> Mapping[str, Write]:
        """A note, and an appendment to one."""
        note_id = connect().create(note(_STANDING)).remote_id
        return {
            **super().writes(subject, connect),
            "append": lambda connector, number: connector.append(appendment(reference(number), note_id)),
        }

    def reads(self, subject: Subject, connect: Connect) -> Mapping[str, Read]:
        """Of a record, of a note, and of what was appended to it."""
        note_id = connect().create(note(_STANDING)).remote_id
        return {
            **super().reads(subject, connect),
            "get": lambda connector: connector.get(note_id),
            "find_appendment": lambda connector: connector.find_appendment(reference(9999), note_id=note_id),
        }

    def shown(self, connector: Any) -> Iterator[object]:
        """With an appendment and its note, which is as good as finished anew."""
        yield from super().shown(connector)
        note_id = connector.create(note(_STANDING)).remote_id
        yield from (connector.append(appendment(reference(2), note_id)), connector.get(note_id))
        yield from (connector.find_appendment(reference(2), note_id=note_id), connector.finish(note_id, _STANDING))

    # ---- W5: what goes with a text -------------------------------------------------------------------------------

    @pytest.mark.parametrize("marked", [False, True], ids=["plain", "marked"])
    def test_w5_what_goes_with_a_text_is_kept(self, marked: bool, subject: Subject, connect: Connect) -> None:
        """The author of a note and of an appendment, the mark of a significant event, and no alert but those given."""
        alerted = ("worker-1",) if marked else ()
        sent = replace(note(reference(1)), significant_event=marked, alert_recipients=alerted)
        added = appendment(reference(2), connect().create(sent).remote_id)
        connect().append(added)
        (kept,) = subject.stand_in.kept()
        assert kept.significant is marked, "the mark of a significant event is not as it was given"
        assert kept.alerted == alerted, "others are alerted than those that were given"
        authors = [one.acting_for for one in (kept, *kept.appendments)]
        assert authors == [sent.acting_for, added.acting_for], "the author of the note or of the appendment is lost"

    def test_w5_a_long_appendment_is_there_to_its_end(self, subject: Subject, connect: Connect) -> None:
        """A text that is too long for one note goes on in appendments as long: they are held to their last word."""
        added = appendment(reference(2), connect().create(note(reference(1))).remote_id, self.long_words())
        connect().append(added)
        (held,) = [one for kept in subject.stand_in.kept() for one in kept.appendments]
        assert same_text(added.html, held.text)

    # ---- W6 to W9: drafts, appendments, persons --------------------------------------------------------------------

    @pytest.mark.parametrize("waits", [0.0, _WEEKS], ids=["a draft", "a timed-out draft"])
    def test_w6_a_draft_that_was_left_is_found_and_finished(
        self, waits: float, subject: Subject, connect: Connect
    ) -> None:
        """A crash between create and finish leaves a draft: it is found as unfinished, finished, and not made anew."""
        of = reference(1)
        self._leave_draft(subject, connect, of)
        subject.far_end.advance(waits)
        found = self.look(connect(), of)
        assert found.receipts == ()
        assert [found.unfinished] == self.there(subject, of)
        (kept,) = subject.stand_in.kept()
        assert [one.state for one in connect().list(CHILD, DAY, DAY)] == [kept.state], "it is listed as something else"
        connect().finish(str(found.unfinished), of)
        (kept,) = subject.stand_in.kept()
        assert kept.state == NoteState.COMPLETE
        assert [one.remote_id for one in self.look(connect(), of).receipts] == [kept.remote_id]

    def test_w6_a_finish_that_is_refused_says_why(self, subject: Subject, connect: Connect) -> None:
        """What a create or an append proves by its failure, a finish does: patience, a pass, a redirect, a refusal."""
        weather, of = subject.weather, reference(1)
        wanted: dict[str, type[ConnectorError]] = {**dict.fromkeys(weather.patience, NotApplied), **weather.proven}
        wanted |= dict.fromkeys(weather.redirects, Misconfigured)
        wanted |= {weather.unauthorised: NotApplied, weather.forbidden: Rejected}
        self._leave_draft(subject, connect, of)
        (note_id,) = self.there(subject, of)
        for fault, right in self.some(
            [one for one in wanted.items() if one[0] and one[0] not in weather.slow], "refusal"
        ):
            connector, came = self._signed(subject, connect)
            self.arm(subject, fault, when="finish")
            with pytest.raises(right) as caught:
                connector.finish(note_id, of)
            subject.far_end.disarm()
            if isinstance(caught.value, NotApplied):
                assert (caught.value.retry_after or 0.0) >= weather.patience.get(fault, 0.0), fault
            assert fault not in weather.redirects or came()[-1] == "finish", f"{fault}: it went on from there: {came()}"
            assert [one.state for one in subject.stand_in.kept()] == [NoteState.DRAFT], fault

    def test_w6_a_draft_whose_finishing_is_in_doubt_is_looked_at(self, subject: Subject, connect: Connect) -> None:
        """Whatever spoils the answer to a finish: Uncertain, or a read that confirmed it; and again does no harm."""
        quick = [fault for fault in subject.weather.doubtful if fault not in subject.weather.slow]
        for number, fault in enumerate(self.some(quick, "lost answer"), 1):
            of = reference(number)
            self._leave_draft(subject, connect, of)
            (note_id,) = self.there(subject, of)
            connector = connect()
            self.warm(connector)
            self.arm(subject, fault, when="finish")
            receipt = receipt_or_doubt(lambda c=connector, i=note_id, of=of: c.finish(i, of), fault)  # type: ignore[misc]
            subject.far_end.disarm()
            state = next(one.state for one in subject.stand_in.kept() if one.remote_id == note_id)
            assert receipt is None or state == NoteState.COMPLETE, f"{fault}: a success that nothing proves"
            for _ in range(2):
                assert connect().finish(note_id, of).remote_id == note_id

    def test_w7_appending_twice_with_one_reference_appends_once(self, subject: Subject, connect: Connect) -> None:
        """Where the far end knows a reference, a second append makes nothing, and says that it was already there."""
        note_id, of = connect().create(note(reference(1))).remote_id, reference(2)
        self.arm(subject, Habit.KNOWS_REFERENCES)
        first, second = (connect().append(appendment(of, note_id)) for _ in range(2))
        assert self._appended(subject, of) == [first.remote_id]
        assert (first.already_there, second.already_there) == (False, True)
        assert [one.remote_id for one in connect().find_appendment(of, note_id=note_id).receipts] == [first.remote_id]

    def test_w7_an_append_whose_answer_was_lost_is_found(self, subject: Subject, connect: Connect) -> None:
        """Whatever spoils the answer to an append: Uncertain, or a read that confirmed it; one appendment at most."""
        note_id = connect().create(note(reference(1))).remote_id
        quick = [fault for fault in subject.weather.doubtful if fault not in subject.weather.slow]
        for number, fault in enumerate(self.some(quick, "lost answer"), 2):
            (connector, came), of = self._signed(subject, connect), reference(number)
            self.arm(subject, fault, when="append")
            receipt = receipt_or_doubt(lambda c=connector, of=of: c.append(appendment(of, note_id)), fault)  # type: ignore[misc]
            subject.far_end.disarm()
            there = self._appended(subject, of)
            assert max(len(there), came().count("append")) <= 1, f"{fault}: it was sent twice"
            assert receipt is None or [receipt.remote_id] == there, f"{fault}: a success that nothing proves"
            found = [one.remote_id for one in connect().find_appendment(of, note_id=note_id).receipts]
            assert found == there

    def test_w7_an_appendment_is_known_by_its_last_line(self, subject: Subject, connect: Connect) -> None:
        """A far end that does not keep the reference field: the append is believed, and ours is found by its words."""
        note_id, of = connect().create(note(reference(1))).remote_id, reference(2)
        self.arm(subject, Habit.DROPS_REFERENCE)
        receipt = connect().append(appendment(of, note_id))
        assert [one.remote_id for one in connect().find_appendment(of, note_id=note_id).receipts] == [receipt.remote_id]

    def test_w7_a_draft_takes_no_appendment(self, subject: Subject, connect: Connect) -> None:
        """Appending to a draft is Rejected, and nothing is appended anywhere."""
        self._leave_draft(subject, connect, reference(1))
        (note_id,) = self.there(subject, reference(1))
        with pytest.raises(Rejected):
            connect().append(appendment(reference(2), note_id))
        assert not self._appended(subject, reference(2))

    def test_w7_a_deleted_note_takes_no_appendment(self, subject: Subject, connect: Connect) -> None:
        """Appending to a deleted note is Rejected, and nothing is appended anywhere."""
        note_id = connect().create(note(reference(1))).remote_id
        self.delete(subject, note_id)
        with pytest.raises(Rejected):
            connect().append(appendment(reference(2), note_id))
        assert not self._appended(subject, reference(2))

    def test_w8_an_appendment_never_comes_before_its_note(self, subject: Subject, connect: Connect) -> None:
        """Revision 2 before 1: an append to a note that is not there is Rejected, and nothing is made of it."""
        nowhere = _another(connect().create(note(reference(1))).remote_id)
        before = len(subject.far_end.applied())
        with pytest.raises(Rejected) as caught:
            connect().append(appendment(reference(2), nowhere))
        assert caught.value.cause is Cause.GONE
        assert len(subject.far_end.applied()) == before

    def test_w8_a_look_for_an_appendment_needs_its_note(self, connect: Connect) -> None:
        """Where the note itself is not to be seen, a look for its appendment is Rejected: that is no absence."""
        nowhere = _another(connect().create(note(reference(1))).remote_id)
        with pytest.raises(Rejected):
            connect().find_appendment(reference(2), note_id=nowhere)

    @pytest.mark.parametrize("chain", [(CHILD, SURVIVOR), (CHILD, OTHER, SURVIVOR)], ids=["once", "twice"])
    def test_w9_a_merged_person_is_followed(self, chain: Sequence[int], subject: Subject, connect: Connect) -> None:
        """A note for a person who was merged, once or again, lies on the survivor's record, and the receipt says so."""
        for loser, survivor in pairwise(chain):
            subject.stand_in.merge(str(loser), str(survivor))
        receipt = connect().create(note(reference(1)))
        assert receipt.person_id == SURVIVOR
        assert [one.owner for one in subject.stand_in.kept()] == [str(SURVIVOR)]
        (found,) = self.look(connect(), reference(1)).receipts
        assert (found.remote_id, found.person_id) == (receipt.remote_id, SURVIVOR)
        assert [(one.remote_id, one.person_id) for one in connect().list(CHILD, DAY, DAY)] == [
            (receipt.remote_id, SURVIVOR)
        ]

    def test_w9_a_note_on_another_persons_record_is_an_alarm(self, subject: Subject, connect: Connect) -> None:
        """An answer that names another person is Rejected as such, whatever else it says."""
        self.arm(subject, Habit.FILES_ELSEWHERE)
        with pytest.raises(Rejected) as caught:
            connect().create(note(reference(1)))
        assert caught.value.cause is Cause.WRONG_PERSON
        assert [one.owner for one in subject.stand_in.kept()] == [str(OTHER)]

    # ---- W10, W12: what is shown of a note ---------------------------------------------------------------------------

    def test_w10_a_deleted_note_is_shown_as_deleted(self, subject: Subject, connect: Connect) -> None:
        """A deleted note is in the list and is got by its id, as deleted; an id that nobody knows is none."""
        note_id = connect().create(note(reference(1))).remote_id
        self.delete(subject, note_id)
        listed = [(one.remote_id, one.state) for one in connect().list(CHILD, DAY, DAY)]
        assert listed == [(note_id, NoteState.DELETED)]
        got = connect().get(note_id)
        assert got is not None
        assert got.state is NoteState.DELETED
        assert connect().get(_another(note_id)) is None

    def test_w12_a_note_is_shown_as_it_is_held(self, subject: Subject, connect: Connect) -> None:
        """Person, type, title, text, date, state, reference and appendments: by its id and in the list, as was sent.

        A note that a person wrote is there too, at its time.
        """
        subject.stand_in.write_by_hand(self.owner, "Written by hand.", AT - timedelta(hours=1))
        sent = note(reference(1))
        note_id = connect().create(sent).remote_id
        added = appendment(reference(2), note_id)
        appended = connect().append(added)
        listed = {one.reference: one for one in connect().list(CHILD, DAY, DAY)}
        assert listed[None].effective_date == AT - timedelta(hours=1), "both ways of a time may be wrong alike"
        for shown in (connect().get(note_id), listed[reference(1)]):
            assert (shown.remote_id, shown.person_id, shown.note_type) == (note_id, sent.person_id, sent.note_type)
            assert (shown.title, shown.state) == (sent.title, NoteState.COMPLETE)
            assert shown.effective_date == sent.effective_date
            assert same_text(sent.html, shown.html)
            assert [(one.remote_id, one.reference) for one in shown.appendments] == [
                (appended.remote_id, added.reference)
            ]
            assert same_text(added.html, shown.appendments[0].html)

    # ----

    def _appended(self, subject: Subject, of: str) -> list[str]:
        return [one.remote_id for kept in subject.stand_in.kept() for one in kept.appendments if one.carries(of)]

    def _leave_draft(self, subject: Subject, connect: Connect, of: str) -> None:
        """A note that was created and could not be finished."""
        connector = connect()
        self.warm(connector)
        self.arm(subject, Habit.STORES_DRAFTS)
        self.arm(subject, self.some(subject.weather.doubtful, "lost answer")[0], when="finish")
        try:
            connector.create(note(of))
        except Uncertain:
            subject.far_end.disarm()
        except ConnectorError as why:
            pytest.fail(f"a draft that could not be finished is in doubt, not {type(why).__name__}")
        else:
            pytest.fail("a note that stayed a draft is told as finished")
        with suppress(StopIteration):
            state = next(one.state for one in subject.stand_in.kept() if one.carries(of))
            assert state == NoteState.DRAFT


def _another(note_id: str) -> str:
    """An id of the same shape that nothing has, where there is one note."""
    other = re.sub(r"\d", lambda digit: str(int(digit[0]) % 9 + 1), note_id)
    return other if other != note_id else note_id.translate(_NEXT_LETTER)
