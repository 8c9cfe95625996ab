"""What case-note stores and log stores prove alike: W1 to W5, W10 to W12, each in its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from connectors.conformance.base import Connect, Read
from connectors.conformance.common import CommonConformance
from connectors.conformance.examples import AT, DAY, reference
from connectors.conformance.stand_in import Habit, Kept
from connectors.conformance.subject import Subject
from connectors.errors import ConnectorError, NotApplied, Rejected, Uncertain
from connectors.protocols import Found, Receipt
from mappings.plain_text import same_text, truncated

_REWRITTEN = (
    "Tom &amp; co said \N{LEFT DOUBLE QUOTATION MARK}no\N{RIGHT DOUBLE QUOTATION MARK},\N{NO-BREAK SPACE}twice."
)
_LONG = "A long account of what was said and done, with a word at its end. " * 20


@dataclass(frozen=True, repr=False)
class Listed:
    """A record as `list` gives it."""

    remote_id: str
    text: str


class StoreConformance(CommonConformance):
    """The part that both kinds of store share; inherit one of them."""

    # ---- what a kind says ----------------------------------------------------------------------------------------

    owner: str = ""
    """Whose record the examples belong to, as the stand-in names it."""
    longest: int = 0
    """Characters of the longest text that is sent in one piece."""

    def body(self, of: str, *, words: str = "Example words.", at: datetime = AT) -> Any:
        """Something to create."""
        raise NotImplementedError

    def words_of(self, body: Any) -> str:
        """The text that it sends."""
        raise NotImplementedError

    def look(self, connector: Any, of: str) -> Found:
        """Look for what was created."""
        raise NotImplementedError

    def listed(self, connector: Any, start: date, end: date) -> Sequence[Listed]:
        """What the store lists of the owner."""
        raise NotImplementedError

    # ---- what the shared assertions ask ------------------------------------------------------------------------------

    def write(self, connector: Any, number: int) -> Receipt:
        """One create."""
        receipt: Receipt = connector.create(self.body(reference(number)))
        return receipt

    def read(self, connector: Any) -> Found:
        """One look for something that is not there."""
        return self.look(connector, reference(9999))

    def reads(self, subject: Subject, connect: Connect) -> Mapping[str, Read]:  # noqa: ARG002
        """A look, and the list."""
        return {"find": self.read, "list": lambda connector: self.listed(connector, DAY, DAY)}

    def held(self, subject: Subject) -> Mapping[str, str]:
        """What the stand-in holds of ours."""
        kept: Sequence[Kept] = subject.stand_in.kept()
        return {of: one.text for one in kept for of in _ours() if one.carries(of)}

    def shown(self, connector: Any) -> Iterator[object]:
        """A body, a receipt, what was found and what is held."""
        body = self.body(reference(1))
        yield from (connector, body, connector.create(body), self.look(connector, reference(1)))
        yield from connector.list(body.person_id if hasattr(body, "person_id") else body.home_id, DAY, DAY)

    def there(self, subject: Subject, of: str) -> list[str]:
        """The ids of the records with this reference, as the stand-in has them."""
        return [one.remote_id for one in subject.stand_in.kept() if one.carries(of)]

    def long_words(self) -> str:
        """As many words as fit."""
        return (_LONG * 40)[: self.longest]

    def delete(self, subject: Subject, remote_id: str) -> None:
        """Delete a record at the far end, or fail with what the author can do about one that cannot."""
        try:
            subject.stand_in.delete(remote_id)
        except ValueError:
            pytest.fail("the stand-in cannot delete a record: teach it, or give the reason in `skips`")

    # ---- the assertions ----------------------------------------------------------------------------------------------

    def test_c4_a_forbidden_record_is_not_an_empty_one(self, subject: Subject, connect: Connect) -> None:
        """A 403 on a read raises: a record that we may not see is not one that lacks ours."""
        fault = self.some(subject.weather.forbidden, "forbidden record")
        for name, read in self.reads(subject, connect).items():
            connector, _ = self._signed(subject, connect)
            self.arm(subject, fault, when="read", times=None)
            seen = True
            try:
                read(connector)
            except ConnectorError:
                seen = False
            subject.far_end.disarm()
            assert not seen, f"{name}: what we may not see was told as if it had been seen"

    def test_w1_creating_twice_with_one_reference_makes_one_record(self, subject: Subject, connect: Connect) -> None:
        """Where the far end knows a reference, a second create makes nothing, and says that it was already there."""
        of = reference(1)
        self.arm(subject, Habit.KNOWS_REFERENCES)
        first, second = (connect().create(self.body(of)) for _ in range(2))
        assert self.there(subject, of) == [first.remote_id]
        assert not first.already_there
        assert (second.remote_id, second.already_there) == (first.remote_id, True)

    def test_w2_a_lost_answer_is_uncertain_and_is_never_sent_again(
        self, subject: Subject, connect: Connect, hurried: Connect
    ) -> None:
        """Whatever spoils the answer: Uncertain, or a read that confirmed it; one record at most; a look tells."""
        for number, fault in enumerate(self.some(subject.weather.doubtful, "lost answer")):
            connector, came = self._signed(subject, hurried if fault in subject.weather.slow else connect)
            self.arm(subject, fault, when="create")
            of = reference(number)
            receipt = receipt_or_doubt(lambda connector=connector, of=of: connector.create(self.body(of)), fault)  # type: ignore[misc]
            subject.far_end.disarm()
            there = self.there(subject, of)
            assert max(len(there), came().count("create")) <= 1, f"{fault}: it was sent twice"
            assert receipt is None or [receipt.remote_id] == there, f"{fault}: a success that nothing proves"
            found = [one.remote_id for one in self.look(connect(), of).receipts]
            assert found == there, f"{fault}: the look saw {found}, there is {there}"

    def test_w3_a_commit_after_the_look_is_seen_by_the_next_look(self, subject: Subject, connect: Connect) -> None:
        """Nothing there at the first look, there half a minute later: the same connector's next look finds it, once."""
        fault, of, connector = self.some(subject.weather.late_commit, "late commit"), reference(1), connect()
        self.warm(connector)
        self.arm(subject, fault, when="create", seconds=30)
        with pytest.raises(Uncertain):
            connector.create(self.body(of))
        assert self.look(connector, of).absent
        subject.far_end.advance(31)
        assert [one.remote_id for one in self.look(connector, of).receipts] == self.there(subject, of)
        assert len(self.there(subject, of)) == 1

    def test_w4_an_ignored_filter_neither_hides_nor_invents_ours(self, subject: Subject, connect: Connect) -> None:
        """Everything comes back, in small pages, among records by hand, one of which names ours: only ours is found."""
        subject.stand_in.write_by_hand(self.owner, f"See {reference(1)} for what happened.", AT - timedelta(hours=4))
        for hour in range(3):
            subject.stand_in.write_by_hand(self.owner, "Written by hand.", AT - timedelta(hours=hour + 1))
        self.arm(subject, Habit.IGNORES_REFERENCE)
        self.arm(subject, Habit.SMALL_PAGES)
        assert self.look(connect(), reference(1)).absent
        receipt = connect().create(self.body(reference(1)))
        for hour in range(3):
            subject.stand_in.write_by_hand(self.owner, "Written by hand.", AT + timedelta(hours=hour + 1))
        assert [one.remote_id for one in self.look(connect(), reference(1)).receipts] == [receipt.remote_id]
        assert self.look(connect(), reference(2)).absent

    def test_w4_a_dropped_field_is_made_good_by_the_last_line(self, subject: Subject, connect: Connect) -> None:
        """A far end that does not keep the reference field: the create is believed, and ours is found by its words."""
        self.arm(subject, Habit.DROPS_REFERENCE)
        receipt = connect().create(self.body(reference(1)))
        self.arm(subject, Habit.DROPS_REFERENCE)
        assert [one.remote_id for one in self.look(connect(), reference(1)).receipts] == [receipt.remote_id]

    def test_w5_a_rewritten_text_says_the_same(self, connect: Connect) -> None:
        """What comes back after the far end has tidied the text compares equal by its words."""
        body = self.body(reference(1), words=_REWRITTEN)
        connect().create(body)
        (held,) = self.listed(connect(), DAY, DAY)
        assert same_text(self.words_of(body), held.text)

    def test_w5_a_long_text_is_there_to_its_end(self, subject: Subject, connect: Connect) -> None:
        """The longest text that is sent in one piece is held to its last word."""
        body = self.body(reference(1), words=self.long_words())
        connect().create(body)
        assert same_text(self.words_of(body), self.held(subject)[reference(1)])

    def test_w5_a_cut_text_shows_that_it_was_cut(self, subject: Subject, connect: Connect) -> None:
        """What comes back is what is held, not what was sent: a text that was cut can be told."""
        body = self.body(reference(1), words=_LONG)
        self.arm(subject, Habit.TRUNCATES)
        with suppress(Uncertain):
            connect().create(body)
        self.arm(subject, Habit.TRUNCATES)
        (held,) = self.listed(connect(), DAY, DAY)
        assert truncated(self.words_of(body), held.text)

    def test_w10_a_deleted_record_is_not_absent(self, subject: Subject, connect: Connect) -> None:
        """What was deleted at the far end is found as deleted: absent would mean that it is sent again."""
        receipt = connect().create(self.body(reference(1)))
        self.delete(subject, receipt.remote_id)
        found = self.look(connect(), reference(1))
        assert (found.deleted, found.receipts, found.absent) == (True, (), False)

    def test_w11_one_reference_with_other_words_is_refused_here(self, subject: Subject, connect: Connect) -> None:
        """A second create with the same reference and other words is Rejected before a byte of it leaves."""
        connector, of = connect(), reference(1)
        connector.create(self.body(of))
        before = len(subject.far_end.applied())
        with pytest.raises(Rejected):
            connector.create(self.body(of, words="Quite other words."))
        assert len(subject.far_end.applied()) == before
        assert "Quite other words." not in self.held(subject)[of]

    def test_w12_a_list_has_both_ends_of_its_uk_days(self, connect: Connect) -> None:
        """A range of UK days holds its first and its last minute, and neither minute beside them."""
        inside, outside = [datetime(2026, 10, 4, 23, 0), datetime(2026, 10, 6, 22, 59)], [  # noqa: DTZ001
            datetime(2026, 10, 4, 22, 59), datetime(2026, 10, 6, 23, 0)  # noqa: DTZ001
        ]  # fmt: skip
        connector = connect()
        made = {
            at: connector.create(self.body(reference(number), at=at.replace(tzinfo=UTC))).remote_id
            for number, at in enumerate((*inside, *outside))
        }
        found = {one.remote_id for one in self.listed(connect(), DAY, DAY + timedelta(days=1))}
        assert found == {made[at] for at in inside}
        assert not self.look(connect(), reference(0)).absent, "a look goes by the UK day, and this is its first minute"

    @pytest.mark.parametrize("habit", [Habit.SMALL_PAGES, Habit.EMPTY_PAGES, Habit.BLANK_CURSOR])
    def test_w12_a_list_is_whole_however_it_is_paged(self, habit: Habit, subject: Subject, connect: Connect) -> None:
        """Small pages, empty pages, a blank cursor: everything is listed once."""
        connector = connect()
        made = [connector.create(self.body(reference(number))).remote_id for number in range(5)]
        self.arm(subject, Habit.SMALL_PAGES)
        self.arm(subject, habit)
        assert sorted(one.remote_id for one in self.listed(connect(), DAY, DAY)) == sorted(made)

    def test_w12_a_repeated_cursor_is_an_error(self, subject: Subject, connect: Connect) -> None:
        """Where a cursor comes twice, a list and a look raise NotApplied: it is never a short list, nor an absence."""
        connector = connect()
        for number in range(7):
            connector.create(self.body(reference(number)))
        self.arm(subject, Habit.SMALL_PAGES)
        self.arm(subject, Habit.REPEATS_CURSOR)
        with pytest.raises(NotApplied):
            self.listed(connect(), DAY, DAY)
        with pytest.raises(NotApplied):
            self.look(connect(), reference(9999))


def receipt_or_doubt(act: Callable[[], Receipt], fault: str) -> Receipt | None:
    """The receipt, or None for Uncertain. Anything else would send it again, or never."""
    try:
        return act()
    except Uncertain:
        return None
    except ConnectorError as why:
        pytest.fail(f"{fault}: {type(why).__name__} is said where nobody can know")


@cache
def _ours() -> Sequence[str]:
    """Every reference that the kit creates with."""
    return [reference(number) for number in range(40)]
