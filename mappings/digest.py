"""One digest a person: what is overdue, what is due soon, what has come up to them. Read at seven in the morning.

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
from mappings.uk_time import uk_day
from mappings.wording import clock_time, readable


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
    DigestState.OVERDUE: "Overdue",
    DigestState.ESCALATED: "Overdue, and now with you",
    DigestState.DUE_SOON: "Due soon",
}
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
    blocks: list[Block] = [f"{_counts(found)}, as at {readable(now)}."]
    for state, heading in _HEADINGS.items():
        chosen = [row for row in found if row.state is state]
        if chosen:
            cells = tuple(_cells(row, now, several=len(homes) > 1) for row in chosen)
            blocks.append(Rows(heading, _columns(several=len(homes) > 1), cells))
    blocks.append(f"You get this as {role}. Record what was done in the report; nothing needs an answer to this mail.")
    where = homes[0] if len(homes) == 1 else f"{len(homes)} homes"
    made = mail_text(f"{where}: {_counts(found)}", blocks)
    duties = tuple(dict.fromkeys(row.duty_id for row in found))
    return MailBody(to=to.strip(), subject=made.subject, text=made.text, html=made.html, duties=duties)


def _order(row: DigestRow) -> tuple[bool, float, str, str, str]:
    return (row.due_at is None, row.due_at.timestamp() if row.due_at else 0.0, row.number, row.duty_id, row.initials)


def _counts(rows: list[DigestRow]) -> str:
    """`2 overdue, 1 due soon`; what was escalated is overdue too."""
    late = sum(row.state is not DigestState.DUE_SOON for row in rows)
    soon = len(rows) - late
    parts = [f"{late} overdue"] if late else []
    parts += [f"{soon} due soon"] if soon else []
    return ", ".join(parts)


def _columns(*, several: bool) -> tuple[str, ...]:
    return ("When", "What", "For", "Incident", *(("Home",) if several else ()), "Owed by")


def _cells(row: DigestRow, now: datetime, *, several: bool) -> tuple[str, ...]:
    title = _INSTEAD.get(row.duty_id, row.title)
    owner = row.owner.replace("_", " ") if row.state is DigestState.ESCALATED else ""
    return (_when(row, now), title, row.initials, row.number, *((row.home,) if several else ()), owner)


def _when(row: DigestRow, now: datetime) -> str:
    """`today by 14:05`, `tomorrow by 09:00`, else the day; with how long ago for what is late."""
    if row.due_at is None:
        return "no date"
    if row.due_at < now:
        return f"{_ago(now - row.due_at)} late (since {readable(row.due_at)})"
    days = (uk_day(row.due_at) - uk_day(now)).days
    words = {0: "today", 1: "tomorrow"}.get(days)
    return f"{words} by {clock_time(row.due_at)}" if words else f"by {readable(row.due_at)}"


def _ago(late: timedelta) -> str:
    hours = int(late.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"
