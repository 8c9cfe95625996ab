"""What a log store must prove: W1 to W12, as far as a log has notes' troubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest

from connectors.conformance.base import Connect
from connectors.conformance.examples import AT, DAY, HOME, OTHER_HOME, entry, reference
from connectors.conformance.stand_in import Habit
from connectors.conformance.stores import Listed, StoreConformance
from connectors.conformance.subject import Subject
from connectors.errors import Cause, Rejected
from connectors.protocols import Found, NewEntry
from mappings.plain_text import same_text


class LogStoreConformance(StoreConformance):
    """A LogStore; its stand-in is a LogStandIn."""

    skips: ClassVar[Mapping[str, str]] = {}

    owner = HOME
    longest = 3800

    def body(self, of: str, *, words: str = "Example words.", at: datetime = AT) -> NewEntry:
        """An entry of HOME."""
        return entry(of, words=words, at=at)

    def words_of(self, body: NewEntry) -> str:
        """Its text."""
        return body.text

    def look(self, connector: Any, of: str) -> Found:
        """In HOME's log."""
        found: Found = connector.find(of, home_id=HOME, entry_on=DAY)
        return found

    def listed(self, connector: Any, start: date, end: date) -> Sequence[Listed]:
        """HOME's log."""
        return [Listed(one.remote_id, one.text) for one in connector.list(HOME, start, end)]

    def test_w4_another_homes_entries_are_not_listed(self, subject: Subject, connect: Connect) -> None:
        """A log that shows every home's entries, whichever was asked for: this home's alone are listed."""
        subject.stand_in.write_by_hand(OTHER_HOME, "Written by hand.", AT)
        receipt = connect().create(entry(reference(1)))
        self.arm(subject, Habit.IGNORES_HOME)
        assert [one.remote_id for one in connect().list(HOME, DAY, DAY)] == [receipt.remote_id]

    def test_w8_a_correction_names_the_entry_that_it_corrects(self, subject: Subject, connect: Connect) -> None:
        """Revision 2 is a new entry that names revision 1's; revision 1 stays as it was."""
        first = connect().create(entry(reference(1)))
        connect().create(entry(reference(2), words="As corrected.", corrects=first.remote_id))
        kept = {one.reference: one for one in subject.stand_in.kept()}
        assert kept[reference(2)].corrects == first.remote_id
        assert "As corrected." not in kept[reference(1)].text
        assert [one.corrects for one in connect().list(HOME, DAY, DAY) if one.corrects] == [first.remote_id]

    def test_w12_an_entry_is_shown_as_it_is_held(self, subject: Subject, connect: Connect) -> None:
        """Home, time, category, text, reference and children as they were sent; what a person wrote, at its time."""
        subject.stand_in.write_by_hand(HOME, "Written by hand.", AT - timedelta(hours=1))
        sent = entry(reference(1))
        receipt = connect().create(sent)
        listed = {one.remote_id: one for one in connect().list(HOME, DAY, DAY)}
        assert len(listed) == 2
        shown = listed.pop(receipt.remote_id)
        (by_hand,) = listed.values()
        assert by_hand.entry_time == AT - timedelta(hours=1), "both ways of a time may be wrong alike"
        assert (shown.home_id, shown.entry_time, shown.category) == (sent.home_id, sent.entry_time, sent.category)
        assert (shown.reference, shown.child_ids) == (sent.reference, sent.child_ids)
        assert same_text(sent.text, shown.text)

    def test_w9_an_entry_in_another_homes_log_is_an_alarm(self, subject: Subject, connect: Connect) -> None:
        """An answer that names another home is Rejected as such, whatever else it says."""
        self.arm(subject, Habit.FILES_ELSEWHERE)
        with pytest.raises(Rejected) as caught:
            connect().create(entry(reference(1)))
        assert caught.value.cause is Cause.WRONG_PERSON
        assert [one.owner for one in subject.stand_in.kept()] == [OTHER_HOME]

    def test_w9_an_entry_of_ours_in_another_homes_log_is_no_find(self, subject: Subject, connect: Connect) -> None:
        """A look that meets our entry in another home's log is Rejected too: it is neither there nor absent."""
        self.arm(subject, Habit.FILES_ELSEWHERE)
        with pytest.raises(Rejected):
            connect().create(entry(reference(1)))
        self.arm(subject, Habit.IGNORES_HOME)
        with pytest.raises(Rejected) as caught:
            self.look(connect(), reference(1))
        assert caught.value.cause is Cause.WRONG_PERSON
