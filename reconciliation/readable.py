"""What the report calls things: kinds, levels, owners, states and moments, in words for a manager, in UK time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from mappings.flags import FLAG_TITLES
from mappings.uk_time import uk_clock, uk_day
from reconciliation.finding import Finding, Kind, Severity
from reconciliation.totals import Row
from reconciliation.verdict import Tone
from reconciliation.views import Side

KIND_TITLES: Mapping[str, str] = {
    Kind.MISSING: "Missing",
    Kind.DOUBLED: "There more than once",
    Kind.DIFFERENT: "Different from what was sent",
    Kind.WRONG_CHILD: "On the wrong child's record",
    Kind.UNFINISHED: "Not finished",
    Kind.ORPHAN: "Without its other half",
    Kind.DELETED: "Deleted",
    Kind.QUARANTINED: "Could not be understood",
    Kind.REJECTED: "Refused",
    Kind.UNCERTAIN: "Not known",
    Kind.WAITING: "Waiting to be sent",
    Kind.NUMBER_GAP: FLAG_TITLES["number_gap"],
    Kind.UNRECORDED_RESTRAINT: FLAG_TITLES["unrecorded_restraint"],
    Kind.DUTY_OVERDUE: "Duty overdue",
    Kind.LADO_UNDECIDED: "LADO decision awaited",
    Kind.CLOCK: "Times that the clocks skipped or repeated",
    Kind.POSSIBLE_DUPLICATE: "Perhaps written twice",
    **FLAG_TITLES,
}
LEVELS: Mapping[Severity, tuple[str, str]] = {
    Severity.HIGH: ("Urgent", "Look today"),
    Severity.MEDIUM: ("Soon", "Look this week"),
    Severity.LOW: ("To note", "Nothing is lost; read it once"),
}
OWNERS: Mapping[str, str] = {
    "registered_manager": "the registered manager",
    "senior_manager": "the senior manager",
    "deputy": "the deputy",
    "staff": "staff on shift",
    "software": "IT: this software owes it",
    "it": "IT",
    "mosaic_administrators": "the council's Mosaic administrators",
}
SIGNS: Mapping[Tone, str] = {
    Tone.CLEAR: "Nothing to do",
    Tone.ATTENTION: "Needs attention",
    Tone.UNSEEN: "Not everything was seen",
    Tone.ALARM: "Stop and look",
}
DECISIONS: Mapping[str, str] = {
    "awaiting_approval": "Waits for a manager",
    "approved": "Approved, not yet reported sent",
    "declined": "Declined, with a reason in the ledger",
    "sent": "Reported sent",
}
SIDES: Mapping[str, str] = {
    Side.CHECKED: "Seen",
    Side.NOT_CHECKED: "Not checked: could not be read",
    Side.ABSENT: "Not used",
}
SIDE_NAMES: Mapping[str, str] = {
    "source": "Recording system",
    "mosaic": "Mosaic",
    "daily_log": "Daily log",
    "replica": "Mosaic replica",
    "email": "Email",
}
ROWS: Mapping[str, tuple[str, str]] = {
    Row.VERIFIED: ("Verified", "Seen again on Mosaic and in the daily log as they were sent; mail taken."),
    Row.QUARANTINED: ("Could not be understood", "Kept whole and sent nowhere until the report or the map is mended."),
    Row.DRAFT: ("Draft", "Staff have not submitted the report; sent nowhere."),
    Row.EXEMPT: ("Nothing owed", "Routine under every held child's EHC plan, or void when first seen."),
    Row.OUTSTANDING: ("Outstanding", "Not all of it was seen where it belongs, or could be looked for there."),
}
DELIVERY_STATES: Mapping[str, str] = {
    "pending": "waits to be sent",
    "sending": "is being sent",
    "uncertain": "not known whether it arrived",
    "accepted": "taken, not yet seen again",
    "verified": "seen right at an earlier look",
    "rejected": "refused",
    "awaiting_approval": "waits for a manager",
    "superseded": "no longer owed",
}
#: What cannot be looked at again: a mail that was taken, and what a manager says of a LADO package.
_UNSEEN_STATES: Mapping[tuple[str, str], str] = {
    ("email", "accepted"): "sent",
    ("lado", "accepted"): "approved, not yet said to be sent",
    ("lado", "verified"): "sent, a manager says",
}
DUTY_STATES: Mapping[str, str] = {
    "met": "Met in time",
    "overdue": "Overdue",
    "met_late": "Met late",
    "open": "Open",
    "not_checked": "Not checked",
}
ACTIONS: Mapping[str, str] = {
    "create": "record",
    "append": "appendment",
    "correct": "correction",
    "notify": "mail",
    "digest": "digest",
    "prepare": "package",
}


def delivery_state(target: str, state: str) -> str:
    """How far a delivery to this target has come."""
    return _UNSEEN_STATES.get((target, state)) or DELIVERY_STATES.get(state, state)


def owner_words(owner: str) -> str:
    """Who can do it."""
    return OWNERS.get(owner, owner.replace("_", " "))


def kind_title(kind: str) -> str:
    """A kind's heading; an unknown one shows its id."""
    return KIND_TITLES.get(kind, kind.replace("_", " ").capitalize())


def how_soon(finding: Finding) -> str:
    """How soon a person must look at it, or that nobody needs to."""
    if finding.acknowledged:
        return "Acknowledged"
    return LEVELS[finding.severity][0] if finding.is_open else "Healed"


def listed(names: Sequence[str]) -> str:
    """`Mosaic`, `Mosaic and Daily log`, `A, B and C`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def day(value: date | None) -> str:
    """`3 Nov 2026`."""
    return f"{value.day} {value:%b %Y}" if value else ""


def moment(value: datetime | None) -> str:
    """`3 Nov 2026, 14:05`, UK time."""
    return f"{uk_date(value)}, {uk_clock(value)}" if value else ""


def uk_date(value: datetime | None) -> str:
    """The UK day of a moment: `3 Nov 2026`."""
    return day(uk_day(value)) if value else ""


def status(value: str) -> str:
    """A report's status: `SignedOff` is "signed off"."""
    return {"SignedOff": "signed off"}.get(value, value.lower())


def quoted(clause: str) -> str:
    """The policy's words in quotation marks; a regulation stands without."""
    plain = clause.strip().strip('"')
    if plain.startswith("reg"):
        return plain
    return "“" + plain.replace('"; "', "” … “") + "”"


def limit(due: str) -> str:
    """A duty's limit without the names of fields."""
    return due.replace("`", "").replace("with medical.seenAt", "when the child is seen")


def period(start: date, end: date) -> str:
    """`1 to 31 October 2026`; one day stands alone."""
    last = f"{end.day} {end:%B %Y}"
    if start == end:
        return last
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {last}"
    return f"{start.day} {start:%B}{f' {start.year}' if start.year != end.year else ''} to {last}"


def hours(value: float | None) -> str:
    """`7 h`, `1.5 h`, `3 days 4 h`; a dash where there is none."""
    if value is None:
        return "–"
    if value < 10:
        return f"{value:.1f} h".replace(".0 h", " h")
    if value < 72:
        return f"{value:.0f} h"
    return f"{int(value // 24)} days {value % 24:.0f} h"


def minutes(value: float | None) -> str:
    """`4`, `4.5`; a dash where none was written."""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def share(value: float | None) -> str:
    """`93 %`; never rounded up to a hundred; a dash where there is nothing to share."""
    if value is None:
        return "–"
    whole = int(value * 100) if 0.99 < value < 1 else round(value * 100)
    return f"{whole} %"
