"""One digest a person: what is due soon, what is overdue, what has come up to them. Read at seven in the morning.

What can still be done in time stands first; what is late is one line an incident; what only the software can settle
stands last, so that nobody looks for a task in it.

One mail a person, not one a duty; nothing to say, no mail. It holds the incident number, the home, initials, the duty
and its time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mappings.bodies import MailBody
from mappings.mail_text import Block, Rows, mail_text
from mappings.uk_time import uk_clock, uk_day
from mappings.wording import readable


class DigestState(StrEnum):
    """Why a row is in the digest."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    ESCALATED = "escalated"


@dataclass(frozen=True)
class DigestRow:
    """One duty that one person hears of. `initials` empty: a duty for the incident as a whole. `owner`: a role."""

    number: str
    home: str
    duty_id: str
    title: str
    due_at: datetime | None
    state: DigestState
    initials: str = ""
    owner: str = ""


_HEADINGS = {
    DigestState.DUE_SOON: "Due soon, still in time",
    DigestState.OVERDUE: "Overdue",
    DigestState.ESCALATED: "Overdue for longer, and now with you",
}
_OURS = "Not yet seen at its place by the software: nothing to write, but ask IT if it stays"
_NUMBERS_SHOWN = 10
#: A title that no mail may say, and what is said instead.
_INSTEAD = {
    "lado_contact": "A decision that waits for a manager",
    "mash_or_police": "A safeguarding answer that waits for a manager",
}


def digest(to: str, role: str, rows: Iterable[DigestRow], now: datetime) -> MailBody | None:
    """The digest for one person, or None when there is nothing to say.

    `role`: whose digest it is, such as "Registered Manager". `now` is aware. Raises ValueError when a title would
    say what no mail may say.
    """
    found = sorted(set(rows), key=_order)
    if not found:
        return None
    homes = list(dict.fromkeys(row.home for row in found))
    several = len(homes) > 1
    ours = [row for row in found if row.owner == "software"]
    asked = [row for row in found if row.owner != "software"]
    blocks: list[Block] = [f"{_counts(found)}, as at {readable(now)}."]
    for state, heading in _HEADINGS.items():
        chosen = [row for row in asked if row.state is state]
        if chosen:
            cells = _soon(chosen, now, several) if state is DigestState.DUE_SOON else _late(chosen, now, several)
            blocks.append(Rows(heading, _columns(several=several), cells))
    if ours:
        blocks.append(
            Rows(_OURS, ("What", "Incidents", *(("Home",) if several else ()), "When"), _unseen(ours, now, several))
        )
    blocks.append(f"You get this as {role}. Record what was done in the report; nothing needs an answer to this mail.")
    where = homes[0] if len(homes) == 1 else f"{len(homes)} homes"
    made = mail_text(f"{where}: {_counts(found)}", blocks)
    duties = tuple(dict.fromkeys(row.duty_id for row in found))
    return MailBody(to=to.strip(), subject=made.subject, text=made.text, html=made.html, duties=duties)


def _order(row: DigestRow) -> tuple[bool, float, str, str, str]:
    return (row.due_at is None, row.due_at.timestamp() if row.due_at else 0.0, row.number, row.duty_id, row.initials)


def _counts(rows: list[DigestRow]) -> str:
    """`2 overdue, 1 due soon, 3 not yet seen`; what was escalated is overdue too."""
    ours = sum(row.owner == "software" for row in rows)
    soon = sum(row.state is DigestState.DUE_SOON and row.owner != "software" for row in rows)
    late = len(rows) - ours - soon
    counted = ((late, "overdue"), (soon, "due soon"), (ours, "not yet seen by the software"))
    return ", ".join(f"{count} {word}" for count, word in counted if count)


def _columns(*, several: bool) -> tuple[str, ...]:
    return ("Incident", *(("Home",) if several else ()), "What", "When", "Owed by")


def _soon(rows: list[DigestRow], now: datetime, several: bool) -> tuple[tuple[str, ...], ...]:
    """A line for each duty: what can still be done in time, the soonest first."""
    return tuple((row.number, *((row.home,) if several else ()), _what(row), _when(row, now), "") for row in rows)


def _late(rows: list[DigestRow], now: datetime, several: bool) -> tuple[tuple[str, ...], ...]:
    """A line for each incident, and who owes it where that is somebody else, with the oldest of its times."""
    together: dict[tuple[str, str, str], list[DigestRow]] = {}
    for row in rows:
        owner = row.owner.replace("_", " ") if row.state is DigestState.ESCALATED else ""
        together.setdefault((row.number, row.home, owner), []).append(row)
    return tuple(
        (number, *((home,) if several else ()), "; ".join(map(_what, late)), _oldest(late, now), owner)
        for (number, home, owner), late in together.items()
    )


def _unseen(rows: list[DigestRow], now: datetime, several: bool) -> tuple[tuple[str, ...], ...]:
    """A line for each thing that the software itself has to see done."""
    together: dict[tuple[str, str], list[DigestRow]] = {}
    for row in rows:
        together.setdefault((row.title, row.home), []).append(row)
    return tuple(
        (title, _numbers(unseen), *((home,) if several else ()), _oldest(unseen, now))
        for (title, home), unseen in together.items()
    )


def _numbers(rows: list[DigestRow]) -> str:
    numbers = list(dict.fromkeys(row.number for row in rows))
    more = len(numbers) - _NUMBERS_SHOWN
    return " ".join(numbers[:_NUMBERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _oldest(rows: list[DigestRow], now: datetime) -> str:
    """The first is the oldest; with `up to` where they differ."""
    first = _when(rows[0], now)
    return f"up to {first}" if len({row.due_at for row in rows}) > 1 and " late " in first else first


def _what(row: DigestRow) -> str:
    title = _INSTEAD.get(row.duty_id, row.title)
    return f"{title} ({row.initials})" if row.initials else title


def _when(row: DigestRow, now: datetime) -> str:
    """`today by 14:05`, `tomorrow by 09:00`, else the day; with how long ago for what is late."""
    if row.due_at is None:
        return "no date"
    if row.due_at < now:
        return f"{_ago(now - row.due_at)} late (since {readable(row.due_at)})"
    days = (uk_day(row.due_at) - uk_day(now)).days
    words = {0: "today", 1: "tomorrow"}.get(days)
    return f"{words} by {uk_clock(row.due_at)}" if words else f"by {readable(row.due_at)}"


def _ago(late: timedelta) -> str:
    hours = int(late.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"
