"""The words in which a report's codes are read by people, and text made safe for limited HTML.

One place for each word, so that a note, a log entry and a mail say the same thing the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from mappings.folded_text import cleaned
from mappings.incident import Answer, ChildRole, Intervention, Involvement, Position, RaisedBy, Reason, Status
from mappings.uk_time import LONDON, clock_face
from mappings.uk_time import readable as uk_readable

NOT_RECORDED = "Not recorded."

#: A paragraph never grows beyond this, so that a long text can be cut between paragraphs (RULINGS 20).
PARAGRAPH_LIMIT = 5_000

REASONS = {
    Reason.INJURY_TO_SELF: "to prevent injury to the child themselves",
    Reason.INJURY_TO_OTHERS: "to prevent injury to another person",
    Reason.SERIOUS_DAMAGE: "to prevent serious damage to property",
    Reason.ABSCONDING: "to prevent absconding",
    Reason.GOOD_ORDER: "for good order and discipline",
    Reason.COMPLIANCE: "to obtain compliance",
    Reason.OTHER: "another reason",
}
POSITIONS = {
    Position.STANDING: "standing",
    Position.SEATED: "seated",
    Position.KNEELING: "kneeling",
    Position.SUPINE: "supine (face up)",
    Position.PRONE: "prone (face down)",
    Position.SIDE: "on the side",
    Position.ESCORT: "escort",
    Position.UNKNOWN: "not recorded",
}
INVOLVEMENTS = {
    Involvement.USED_MEASURE: "used a measure",
    Involvement.PRESENT: "present",
    Involvement.WITNESS: "witness",
    Involvement.ON_DUTY: "on duty",
}
ROLES = {
    ChildRole.HELD: "held",
    ChildRole.DISENGAGED: "disengaged from",
    ChildRole.PRESENT: "present",
    ChildRole.INJURED: "injured",
}
RAISED_BY = {
    RaisedBy.CHILD: "the child",
    RaisedBy.PARENT: "a parent",
    RaisedBy.CARER: "a carer",
    RaisedBy.PROFESSIONAL: "a professional",
    RaisedBy.OTHER_ADULT: "another adult",
    RaisedBy.OTHER_CHILD: "another child",
}
STATUSES = {
    Status.DRAFT: "draft",
    Status.SUBMITTED: "submitted",
    Status.SIGNED_OFF: "signed off",
    Status.VOID: "void",
}
#: "N/A" answers nothing (RULINGS 25).
ANSWERS = {
    Answer.YES: "yes",
    Answer.NO: "no",
    Answer.NOT_APPLICABLE: "not recorded",
    Answer.UNANSWERED: "not recorded",
}
KINDS = {
    Intervention.RESTRICTIVE: "restrictive intervention",
    Intervention.NON_RESTRICTIVE: "disengagement (not restrictive)",
}
#: A report repeats its moments, and a home's reports are rendered one after the other.
readable = lru_cache(maxsize=4096)(uk_readable)

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def minutes(duration: float | None) -> str:
    """A duration: `4 minutes`, `1 minute`, `4.5 minutes`, `not recorded`."""
    if duration is None:
        return "not recorded"
    return "1 minute" if duration == 1 else f"{number(duration)} minutes"


def number(value: float) -> str:
    """A number without a needless decimal point."""
    return f"{value:.1f}".removesuffix(".0")


def short_moment(moment: datetime) -> str:
    """A UK moment for titles and tables: `6 October 2026, 14:05`."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {clock_face(local)}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) == 1:
        return words[0]
    first, last = ", ".join(words[:-1]), "".join(words[-1:])
    return f"{first} and {last}" if first and last else first or last


def sentence(text: str) -> str:
    """The text with a full stop, unless initials have brought one."""
    return text if text.endswith(".") else f"{text}."


def one_line(text: str, limit: int = 200) -> str:
    """A text on one line, without control characters, cut with an ellipsis: no header can be smuggled in."""
    line = " ".join((text if text.isprintable() else cleaned(text)).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


# ---- limited HTML: p, br, ul, ol, li, strong, em and the parts of a table ---------------------------------------


def escaped(text: str) -> str:
    """Text for HTML; it stays as it was written, tags and all."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def paragraphs(text: str, lead: str = "") -> list[str]:
    """Text in paragraphs, the first with a lead: a blank line parts them, a line end is a `<br>`, and none is too long
    to place."""
    text = text.strip()
    if "\n" not in text and len(text) <= PARAGRAPH_LIMIT:
        return [f"<p>{lead}{escaped(text)}</p>"]
    first, *more = [
        escaped(piece).replace("\n", "<br>") for paragraph in _BLANK_LINES.split(text) for piece in _pieces(paragraph)
    ]
    return [f"<p>{lead}{first}</p>", *[f"<p>{piece}</p>" for piece in more]]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of ready HTML cells."""
    head = "</th><th>".join(headings)
    body = "".join([f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in rows])
    return f"<table><thead><tr><th>{head}</th></tr></thead><tbody>{body}</tbody></table>"


def _pieces(paragraph: str) -> Iterable[str]:
    while len(paragraph) > PARAGRAPH_LIMIT or paragraph.count("\n") > PARAGRAPH_LIMIT // 5:
        window = paragraph[:PARAGRAPH_LIMIT]
        lines = window.split("\n", PARAGRAPH_LIMIT // 5)
        cut = len(window) - len(lines[-1]) if len(lines) > PARAGRAPH_LIMIT // 5 else _good_cut(window)
        yield paragraph[:cut].strip()
        paragraph = paragraph[cut:].strip()
    yield paragraph


def _good_cut(window: str) -> int:
    """After the last sentence, else the last word, in the second half of the window; else at its end."""
    for mark in (". ", "\n", " "):
        place = window.rfind(mark, len(window) // 2)
        if place > 0:
            return place + len(mark)
    return len(window)
