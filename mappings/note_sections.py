"""What a child's note says, section by section, in the order in which a social worker reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from mappings.note_care import allegations, conversation, injuries, oversight, record, told, views
from mappings.note_event import before, measure, outcome, people, story, summary, tried
from mappings.note_subject import Section, Subject, facts
from mappings.wording import NOT_RECORDED, escaped, readable

_SECTIONS: tuple[tuple[str, Callable[[Subject], list[str] | None]], ...] = (
    ("", summary),
    ("What led to it", before),
    ("What was tried before", tried),
    ("What happened", story),
    ("The measure and how long it lasted", measure),
    ("How effective it was, and what followed", outcome),
    ("Who was involved", people),
    ("Injuries and medical care", injuries),
    ("The child's views", views),
    ("Restorative conversation", conversation),
    ("Manager's oversight", oversight),
    ("Allegations and complaints", allegations),
    ("Who has been told", told),
    ("The report", record),
)
_NOTHING = f"<p>{NOT_RECORDED}</p>"

_NEVER = datetime.max.replace(tzinfo=UTC)
_OWED = frozenset({"open", "overdue"})
#: Our own two deliveries, the desk that only a few people may know of, and what is best practice but owed by nobody.
_NOT_SHOWN = frozenset({"daily_log", "mosaic_case_note", "lado_contact", "external_review"})


#: The policy's own words, a few dozen.
_title = lru_cache(maxsize=256)(escaped)


class DutyLike(Protocol):
    """A duty of the incident, as far as a text needs it. `child` None: a duty of the home."""

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def due_at(self) -> datetime | None: ...

    @property
    def state(self) -> str: ...

    @property
    def child(self) -> str | None: ...


def sections_of(subject: Subject) -> dict[str, list[str]]:
    """Every section of the note by its heading, but for what is still owed, which depends on the hour."""
    return {heading: blocks or [_NOTHING] for heading, tell in _SECTIONS if (blocks := tell(subject)) is not None}


def still_owed(duties: Iterable[DutyLike], child_id: str, now: datetime) -> Section:
    """What is owed to this child and for the incident as a whole, soonest first, as at `now`."""
    owed = [
        (duty.due_at or _NEVER, duty.id, place, duty)
        for place, duty in enumerate(duties)
        if duty.state in _OWED and (duty.child is None or duty.child == child_id) and duty.id not in _NOT_SHOWN
    ]
    owed.sort()
    items = []
    for due_at, _, _, duty in owed:
        if due_at is _NEVER:
            due = "no date is set"
        elif duty.state == "overdue":
            due = f"<strong>overdue since {readable(due_at)}</strong>"
        else:
            due = f"due {readable(due_at)}"
        items.append(f"{_title(duty.title)}: {due}")
    return f"Still owed, as at {readable(now)}", facts(items) or ["<p>Nothing.</p>"]
