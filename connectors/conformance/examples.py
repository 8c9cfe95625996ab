"""What the kit sends and has written: invented, plainly so, with a mark in every personal field.

The marks (canaries) are words that no log, exception or repr may hold.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from connectors.protocols import Message, NewAppendment, NewEntry, NewNote

HOME, OTHER_HOME = "EXH", "OTH"
CHILD, OTHER, SURVIVOR = 4101, 4102, 4103
NOTE_TYPE = "SAFEINT"
DAY = date(2026, 10, 5)
AT = datetime(2026, 10, 5, 14, 5, tzinfo=UTC)
START = datetime(2026, 10, 1, tzinfo=UTC)
FORM_FIELD, NEW_FORM_FIELD = "referrer_name", "example_new_question"

CHILDS_NAME = "Canarychild"
STORY = "canarystory"
STAFFS_NAME = "Canaryworker"
ADDRESS = "canaryaddress"
CANARIES = (CHILDS_NAME, STORY, STAFFS_NAME, ADDRESS)


def reference(number: int) -> str:
    """The n-th reference, of the shape that ours have."""
    digest = base64.b32encode(hashlib.sha256(f"conformance {number}".encode()).digest())[:16].decode()
    return f"IB-EXH-2026-{number:04}-R1-{digest}"


def note(
    of: str, *, person_id: int = CHILD, words: str = "Example words.", at: datetime = AT, title: str = ""
) -> NewNote:
    """A case note with this reference."""
    return NewNote(
        person_id=person_id,
        note_type=NOTE_TYPE,
        title=title or f"Safety intervention {STORY}",
        html=f"<p>{CHILDS_NAME}: {STORY} {of}.</p><p>{words}</p><p>Reference: {of}</p>",
        effective_date=at,
        reference=of,
        acting_for=STAFFS_NAME,
    )


def appendment(of: str, note_id: str, words: str = "Oversight was given.") -> NewAppendment:
    """An appendment with this reference."""
    html = f"<p>{CHILDS_NAME}: {STORY} {of}.</p><p>{words}</p><p>Reference: {of}</p>"
    return NewAppendment(note_id, html, of, STAFFS_NAME)


def entry(
    of: str, *, home_id: str = HOME, words: str = "Example words.", at: datetime = AT, corrects: str | None = None
) -> NewEntry:
    """A daily-log entry with this reference."""
    return NewEntry(
        home_id=home_id,
        entry_time=at,
        category="Safety intervention",
        text=f"{CHILDS_NAME}: {STORY} {of}.\n{words}\nReference: {of}",
        reference=of,
        child_ids=("child-1",),
        corrects=corrects,
    )


def message(number: int, to: str = f"{ADDRESS}@example.org") -> Message:
    """A mail as the bridge writes them: the incident's number and what to do, nothing of the child."""
    return Message(
        to=to,
        subject=f"Incident EXH-2026-{number:04}: please read the report",
        text=f"Incident EXH-2026-{number:04} needs you. Please read it in the recording system.",
        html=f"<p>Incident EXH-2026-{number:04} needs you. Please read it in the recording system.</p>",
        message_id=f"<{reference(number)}@example-house.example>",
        date=AT,
    )


class Damage(StrEnum):
    """What can be wrong with a report. It must reach quarantine whole, and block nobody."""

    UNKNOWN_CODE = "unknown_code"  # the status is a word that nobody knows
    MISSING = "missing"  # the kind of intervention is not there at all
    WRONG_TYPE = "wrong_type"  # the version is a word
    IMPOSSIBLE_DATE = "impossible_date"  # the incident was on 31 February


@dataclass(frozen=True, repr=False)
class Report:
    """A report as staff wrote it, for a stand-in to put into its system's own shape.

    `occurred_at` is ISO 8601, in most cases without an offset: UK wall-clock time. `modified_at` is aware.
    """

    incident_id: str
    modified_at: datetime
    home_id: str = HOME
    version: int = 1
    status: str = "Submitted"
    occurred_at: str = "2026-10-05T15:05:00"
    narrative: str = f"{STORY} of {STAFFS_NAME}"
    child_name: str = CHILDS_NAME
    child_id: str = "child-1"
    other_child_ids: tuple[str, ...] = ()
    """Further children of the same report; each was held, and has `child_name` too."""
    damage: Damage | None = None
    unknown_field: bool = False
    """The system sends a field that nobody has heard of."""

    @property
    def child_ids(self) -> tuple[str, ...]:
        """Every child of the report."""
        return (self.child_id, *self.other_child_ids)

    @property
    def number(self) -> str:
        """The home's running number."""
        digits = "".join(letter for letter in self.incident_id if letter.isdigit())
        return f"{self.home_id}-2026-{int(digits or 0) % 10_000:04}"


def report(number: int, **changes: object) -> Report:
    """The n-th report: each changed a minute after the one before, the first of them a minute after START."""
    made = {"incident_id": f"inc-{number:04}", "modified_at": START + timedelta(minutes=number + 1), **changes}
    return Report(**made)  # type: ignore[arg-type]
