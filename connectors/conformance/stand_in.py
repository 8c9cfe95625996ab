"""What the kit asks of a stand-in: bad weather on demand, and the truth about what arrived and what is held.

`StandIn` is what every one must do; the protocols below it are what each kind of far end adds. A stand-in that cannot
do what `arm` names raises ValueError: the kit then fails, and the author teaches it or skips with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connectors.conformance.examples import Report


class Habit(StrEnum):
    """How a far end may behave for good, well or badly; armed by name like a fault, with neither `when` nor `times`."""

    SIGN_IN_EXPIRES = "sign_in_expires"  # what was given as a pass is refused from now on, and a new one is not
    KNOWS_REFERENCES = "knows_references"  # a second create with one reference answers with what is there
    IGNORES_REFERENCE = "ignores_reference"  # the reference filter does nothing
    DROPS_REFERENCE = "drops_reference"  # the reference field is not kept; only the text's last line has it
    TRUNCATES = "truncates"  # texts are silently cut, to less than half of the kit's long one
    STORES_DRAFTS = "stores_drafts"  # a new note stays a draft until it is finished
    FILES_ELSEWHERE = "files_elsewhere"  # what is created lands with OTHER person or home, and says so
    SMALL_PAGES = "small_pages"  # two items a page at most
    EMPTY_PAGES = "empty_pages"  # an empty page with a cursor comes before every other
    BLANK_CURSOR = "blank_cursor"  # the first cursor is the empty text
    REPEATS_CURSOR = "repeats_cursor"  # a page names its own cursor as the next, for ever
    IGNORES_HOME = "ignores_home"  # reports or entries of every home come, whichever was asked for
    INDEX_INCOMPLETE = "index_incomplete"  # the index lacks a row, and a careful reader can tell
    FAILS_LATER = "fails_later"  # a message is accepted, and fails for good when the clock has moved on by an hour
    SUBMITS_BY_ITSELF = "submits_by_itself"  # the form submits at every change and at Enter
    FIELD_RENAMED = "field_renamed"  # FORM_FIELD has another name and label
    FIELD_REMOVED = "field_removed"  # FORM_FIELD is gone
    FIELD_ADDED = "field_added"  # NEW_FORM_FIELD must be answered


class Applied(Protocol):
    """An effect that really happened at the far end."""

    @property
    def operation(self) -> str:
        """Such as `create`."""


class Seen(Protocol):
    """A request that arrived."""

    @property
    def operation(self) -> str:
        """One of the words of `when`: `sign_in`, `create`, `append`, `finish`, `send`, or any name for a read."""


@dataclass(frozen=True, repr=False)
class Kept:
    """A record as the far end itself holds it."""

    remote_id: str
    owner: str
    """The person's or the home's id."""
    text: str
    reference: str | None = None
    state: str = ""
    """Of a note: DRAFT, COMPLETE, TIMED_OUT or DELETED."""
    corrects: str | None = None
    appendments: tuple[Kept, ...] = ()
    acting_for: str = ""
    """Of a note or an appendment: the human author that goes with it."""
    significant: bool = False
    """Of a note: marked as a significant event."""
    alerted: tuple[str, ...] = ()
    """Of a note: whom the far end mails about it."""

    def carries(self, reference: str) -> bool:
        """Whether it is the one with this reference, in its field or in its words."""
        return (self.reference or "").upper() == reference.upper() or reference in self.text


@dataclass(frozen=True, repr=False)
class Letter:
    """One letter as one mail server took it."""

    recipients: tuple[str, ...]
    message_id: str
    raw: bytes
    text: str


class StandIn(Protocol):
    """Every stand-in."""

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        """Let a fault of the subject's weather strike, or take up a Habit. Raises ValueError for an unknown one.

        `when`: `read`, `write`, or one of `sign_in`, `create`, `append`, `finish`, `send`; `*` is all. `times` None:
        until `disarm`. `seconds`: how long a drip, a stall or a late commit takes.
        """

    def disarm(self) -> None:
        """Fair weather again. Habits stay."""

    def applied(self) -> Sequence[Applied]:
        """Every effect, in order."""

    def requests(self) -> Sequence[Seen]:
        """Every request that arrived, in order."""

    def advance(self, seconds: float) -> None:
        """Move the far end's own clock on."""


class SourceStandIn(StandIn, Protocol):
    """A recording system."""

    def put(self, *reports: Report, visible_after: float = 0.0) -> None:
        """Staff save reports, new or again, in this system's own shape. `visible_after`: when they commit, seconds."""

    def remove(self, incident_id: str) -> None:
        """A report is torn out."""

    def forbid(self, incident_id: str) -> None:
        """A report may no longer be read by us. Raises ValueError where there is no such thing."""


class CaseNoteStandIn(StandIn, Protocol):
    """Mosaic. It knows the persons CHILD, OTHER and SURVIVOR of the kit's examples."""

    def kept(self) -> Sequence[Kept]:
        """Every note, whoever's."""

    def write_by_hand(self, owner: str, text: str, at: datetime) -> None:
        """A person types a note, of the same type as ours."""

    def merge(self, loser: str, survivor: str) -> None:
        """The overnight batch merges two persons."""

    def delete(self, remote_id: str) -> None:
        """The council deletes a note, visibly. Raises ValueError where there is no such thing."""


class LogStandIn(StandIn, Protocol):
    """A daily log."""

    def kept(self) -> Sequence[Kept]:
        """Every entry, of every home."""

    def write_by_hand(self, owner: str, text: str, at: datetime) -> None:
        """A person writes an entry."""

    def delete(self, remote_id: str) -> None:
        """An entry is deleted, visibly. Raises ValueError where the log has no such thing."""


class PostStandIn(StandIn, Protocol):
    """What takes messages."""

    def letters(self) -> Sequence[Letter]:
        """Every letter that was taken, in order."""

    def refuse(self, recipient: str) -> None:
        """This recipient is refused for good."""


class FormStandIn(StandIn, Protocol):
    """A council's online form, or nothing at all where a desk only writes files."""

    def submissions(self) -> Sequence[object]:
        """What was submitted."""
