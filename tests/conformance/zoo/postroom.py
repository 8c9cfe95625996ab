"""A good notifier that can be asked afterwards, and its post office, both in this process: for N5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar

import pytest

from config.settings import EmailSettings
from connectors.conformance import Applied, Habit, Letter, NotifierConformance, Seen, Subject, Weather, Wrong
from connectors.conformance.documentation import skip_table
from connectors.errors import Misconfigured, NotApplied, Rejected, Uncertain
from connectors.protocols import Found, Health, Message, Receipt
from tests.conformance.far_ends import Noted
from tests.conformance.subjects import DOCS, Tame, as_it_is

_IN_THIS_PROCESS = "The post office is an object in this process: there is no wire."


class PostOffice:
    """What takes messages, and fails as it is told."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._refused: set[str] = set()
        self._armed: list[str] = []
        self._now = self._bounces_at = 0.0
        self._shut = False

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        if fault == Habit.FAILS_LATER:
            self._bounces_at = self._now + 3600
        elif fault in ("closed", "busy", "unwanted", "silent", "lost"):
            self._shut = when == "read"
            self._armed += [] if self._shut else [fault]
        else:
            raise ValueError(fault)

    def disarm(self) -> None:
        self._armed.clear()
        self._shut = False

    def applied(self) -> Sequence[Applied]:
        return [Noted("send") for _ in self._letters]

    def requests(self) -> Sequence[Seen]:
        return self.applied()

    def advance(self, seconds: float) -> None:
        self._now += seconds

    def letters(self) -> Sequence[Letter]:
        return list(self._letters)

    def refuse(self, recipient: str) -> None:
        self._refused.add(recipient)

    def take(self, message: Message) -> str:
        """What came of a message: `taken`, or the fault's name."""
        fault = self._armed.pop(0) if self._armed else "taken"
        if message.to in self._refused:
            return "unwanted"
        if fault in ("taken", "silent"):
            mail = EmailMessage()
            mail["To"], mail["Subject"], mail["Message-ID"] = message.to, message.subject, message.message_id
            mail.set_content(message.text)
            self._letters.append(Letter((message.to,), message.message_id, mail.as_bytes(), message.text))
        return fault

    def became_of(self, message_id: str) -> str:
        """`delivered`, `failed` or `unknown`; nobody is there to say while the office is shut."""
        if self._shut:
            return "shut"
        if not any(letter.message_id == message_id for letter in self._letters):
            return "unknown"
        return "failed" if 0 < self._bounces_at <= self._now else "delivered"


class Postroom:
    """A SearchableNotifier over a post office."""

    def __init__(self, office: PostOffice | None) -> None:
        self._office = office

    def check(self) -> Health:
        if self._office is None:
            return Health(False, "There is no post office; set BRIDGE_EMAIL__HOST to one.", "BRIDGE_EMAIL__HOST")
        return Health(True, "The post office is open.")

    def send(self, message: Message) -> Receipt:
        if self._office is None:
            raise Misconfigured("There is no post office; set BRIDGE_EMAIL__HOST.", setting="BRIDGE_EMAIL__HOST")
        match self._office.take(message):
            case "closed" | "busy":
                raise NotApplied("The post office is closed; the mail is sent again later.")
            case "unwanted":
                raise Rejected("The post office refuses the recipient; correct the address.", field="to")
            case "silent" | "lost":
                raise Uncertain("The post office may have taken the mail; it is looked up.")
        return Receipt(message.message_id)

    def find(self, message_id: str) -> Found:
        if self._office is None or (became := self._office.became_of(message_id)) == "unknown":
            return Found()
        if became == "shut":
            raise NotApplied("The post office is closed; it is asked again later.")
        if became == "failed":
            raise Rejected("The mail came back; correct the address.", field="to")
        return Found((Receipt(message_id, already_there=True),))


@contextmanager
def postroom(folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The postroom as the kit's subject."""
    office = PostOffice()
    page = folder / "postroom.md"
    page.write_text("\n".join(skip_table(TestPostroom)), "utf-8")
    yield Subject(
        connect=lambda: tame(Postroom(office)),
        stand_in=office,
        settings=EmailSettings(host="postroom"),
        prefix="BRIDGE_EMAIL__",
        docs=(DOCS / "configuration.md", page),
        weather=Weather(
            doubtful=("silent", "lost"), proven={"closed": NotApplied}, blind=("closed",), wrong=("office",)
        ),
        wrong={"office": Wrong(lambda: tame(Postroom(None)), "BRIDGE_EMAIL__HOST")},
    )


class TestPostroom(NotifierConformance):
    """The postroom itself is good."""

    skips: ClassVar = {
        **dict.fromkeys(("C3", "C4", "C5", "C7", "C8", "test_c2_a_far_ends_wrong_clock_is_told"), _IN_THIS_PROCESS),
        "test_c6_a_kept_connection_that_was_closed_costs_nothing": _IN_THIS_PROCESS,
    }
    temporary: ClassVar = ("closed", "busy")
    permanent: ClassVar = ("unwanted",)

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Iterator[Subject]:
        with postroom(tmp_path) as subject:
            yield subject
