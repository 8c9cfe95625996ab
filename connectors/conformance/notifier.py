"""What a notifier must prove: N1 to N5."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any, ClassVar

import pytest

from connectors.conformance.base import Connect
from connectors.conformance.common import CommonConformance
from connectors.conformance.examples import ADDRESS, CANARIES, message, reference
from connectors.conformance.stand_in import Habit
from connectors.conformance.subject import Subject
from connectors.errors import ConnectorError, Rejected, Uncertain
from connectors.protocols import Receipt


class NotifierConformance(CommonConformance):
    """A Notifier; its stand-in is a PostStandIn."""

    temporary: ClassVar[tuple[str, ...]] = ("greylist", "data_451")
    """Faults by which the far end says `not now`: nothing was taken."""
    permanent: ClassVar[tuple[str, ...]] = ("recipient_550", "data_554")
    """Faults by which it says `never`."""

    def write(self, connector: Any, number: int) -> Receipt:
        """One mail."""
        receipt: Receipt = connector.send(message(number))
        return receipt

    def read(self, connector: Any) -> Any:
        """Where it can be asked afterwards, a look for a mail; else the connection is checked."""
        find = getattr(connector, "find", None)
        return connector.check() if find is None else find(message(9999).message_id)

    def warm(self, connector: Any) -> None:
        """Nothing is asked for before a mail."""

    def held(self, subject: Subject) -> Mapping[str, str]:
        """The words of each letter, with its Message-ID."""
        found = {}
        for letter in subject.stand_in.letters():
            number = re.search(r"EXH-2026-(\d{4})", letter.text)
            of = reference(int(number[1])) if number else ""
            found[letter.message_id.split("@")[0].strip("<")] = f"{of} {letter.text}"
        return found

    def shown(self, connector: Any) -> Iterator[object]:
        """A message and its receipt."""
        yield from (connector, message(1), connector.send(message(1)))

    # ---- N1 to N5 ------------------------------------------------------------------------------------------------

    def test_n1_one_letter_to_each_and_a_refused_one_is_not_sent(self, subject: Subject, connect: Connect) -> None:
        """One letter to one person; one of three is refused: the others have one each, and the refusal is told."""
        taken, refused, third = "first@example.org", "second@example.org", "third@example.org"
        subject.stand_in.refuse(refused)
        connector, told = connect(), []
        for number, to in enumerate((taken, refused, third)):
            try:
                connector.send(message(number, to))
            except ConnectorError as why:
                told.append((to, type(why)))
        assert told == [(refused, Rejected)]
        assert [letter.recipients for letter in subject.stand_in.letters()] == [(taken,), (third,)]

    def test_n2_a_repeat_has_the_same_message_id(self, subject: Subject, connect: Connect) -> None:
        """The Message-ID is the one that was made before the first try, at every try."""
        for _ in range(2):
            connect().send(message(1))
        assert {letter.message_id for letter in subject.stand_in.letters()} == {message(1).message_id}

    def test_n2_a_mail_whose_answer_was_lost_is_uncertain(
        self, subject: Subject, connect: Connect, hurried: Connect
    ) -> None:
        """No clear answer after the whole message: Uncertain, and not sent again by the connector; a look tells."""
        for number, fault in enumerate(self.some(subject.weather.doubtful, "lost answer")):
            before = len(subject.stand_in.letters())
            self.arm(subject, fault, when="send")
            with pytest.raises(Uncertain):
                (hurried if fault in subject.weather.slow else connect)().send(message(number))
            taken = len(subject.stand_in.letters()) - before
            assert taken <= 1, f"{fault}: it was sent twice"
            if (find := getattr(connect(), "find", None)) is not None:
                subject.far_end.disarm()
                found = len(find(message(number).message_id).receipts)
                assert found == taken, f"{fault}: the look saw {found}, {taken} was taken"

    def test_n3_not_now_and_never_are_told_apart(self, subject: Subject, connect: Connect) -> None:
        """What is refused for the moment is NotApplied, what is refused for good is Rejected; nothing was taken."""
        for wanted, faults in (("NotApplied", self.temporary), ("Rejected", self.permanent)):
            for number, fault in enumerate(self.some(faults, f"fault that ends in {wanted}")):
                self.arm(subject, fault, when="send")
                with pytest.raises(ConnectorError) as caught:
                    connect().send(message(number))
                assert wanted in [base.__name__ for base in type(caught.value).__mro__], f"{fault}: not {wanted}"
        assert not subject.stand_in.letters()

    def test_n4_a_letter_holds_what_was_given_and_nothing_more(self, subject: Subject, connect: Connect) -> None:
        """Subject and text are those given; the address stands in To alone, no name or word of a report anywhere."""
        connect().send(message(1))
        (letter,) = subject.stand_in.letters()
        written = message_from_bytes(letter.raw)
        elsewhere = [name for name, value in written.items() if name.lower() != "to" and ADDRESS in str(value)]
        assert not elsewhere, f"the address stands in {elsewhere}"
        parts = [part.get_payload(decode=True) for part in written.walk() if not part.is_multipart()]
        said = b"\n".join(part for part in parts if isinstance(part, bytes)).decode("utf-8", "replace")
        assert not [mark for mark in CANARIES if mark in f"{letter.text} {said}"]
        assert message(1).text in " ".join(letter.text.split()), "its words are not those that were given"
        pages = [part for part in written.walk() if part.get_content_type() == "text/html"]
        assert not pages or message(1).html in " ".join(said.split()), "its HTML is not what was given"
        assert str(make_header(decode_header(written["Subject"] or ""))) == message(1).subject
        assert letter.raw.count(ADDRESS.encode()) == 1

    def test_n5_a_failure_that_comes_later_is_seen(self, subject: Subject, connect: Connect) -> None:
        """Accepted is not delivered: a permanent failure that comes later is told by `find`, as Rejected."""
        connector = connect()
        self.arm(subject, Habit.FAILS_LATER)
        connector.send(message(1))
        assert connector.find(message(1).message_id).receipts
        subject.far_end.advance(3600)
        with pytest.raises(Rejected):
            connector.find(message(1).message_id)
