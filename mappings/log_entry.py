"""The daily-log entry of an incident: short, initials only, and it points to the report (RULINGS 20, 37).

No free text is copied but the place and the names of techniques, and those with every child's name replaced by
initials. An entry is never edited: a correction is a new entry, written only when the entry's own text would change,
or when the report is voided (RULINGS 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from config.home import Home
from mappings.bodies import EntryBody
from mappings.holds import children_of, users_of
from mappings.home_children import HomeChildren, home_children
from mappings.incident import Incident, Measure, Status
from mappings.initials import incident_initials
from mappings.names import KnownChild, initials_redactor
from mappings.said import said_briefly
from mappings.wording import KINDS, ROLES, listed, minutes, one_line, readable, sentence

LIMIT = 4_000
_LINES = 20


class LogContext(NamedTuple):
    """What an entry needs besides the report. `known_children`: the home's, in order of first appearance."""

    home: Home
    reference: str
    known_children: HomeChildren | Sequence[KnownChild] = ()

    def __repr__(self) -> str:
        return "<LogContext>"


def log_entry(incident: Incident, context: LogContext) -> EntryBody:
    """The entry of one incident. Raises RedactionFailed when a text cannot be made safe."""
    writer = _Writer(incident, context)
    return writer.entry(writer.lines())


def log_correction(before: Incident | None, after: Incident, context: LogContext) -> EntryBody | None:
    """The correction that a later revision needs, or None where the entry still reads the same.

    `before` is None where what it said is no longer kept. Raises RedactionFailed when a text cannot be made safe.
    """
    if before is not None:
        context = context._replace(known_children=home_children(context.known_children, before))
    writer = _Writer(after, context)
    number = writer.number
    if after.status is Status.VOID:
        if before is not None and before.status is Status.VOID:
            return None
        return writer.entry([f"Correction: the entry for {number} was recorded in error. The report is void."])
    lines = writer.lines()
    if before is not None and before.status is Status.VOID:
        return writer.entry([f"Correction: the report {number} is in force again.", *lines])
    if before is not None and lines == _Writer(before, context).lines():
        return None
    return writer.entry([f"Correction of the entry for {number}. It now reads:", *lines])


class _Writer:
    """Writes of one report: its children by initials, and every name hidden in what staff typed."""

    def __init__(self, incident: Incident, context: LogContext) -> None:
        self._incident, self._context = incident, context
        self.number = one_line(incident.number, 40)
        self._initials = incident_initials(incident, context.known_children)
        home = context.home
        phrases = (home.name, home.provider, incident.home_name)
        self._hide = initials_redactor(
            incident, self._initials, context.known_children, known_as=home.known_as, phrases=phrases
        )

    def entry(self, lines: Sequence[str]) -> EntryBody:
        """An entry with these lines, the author and the reference."""
        incident, context = self._incident, self._context
        last = f"Reference: {context.reference}"
        text = "\n".join([*lines, self._author()])
        room = LIMIT - len(last) - 1
        if len(text) > room:
            text = f"{text[: room - 1].rstrip()}…"
        return EntryBody(
            entry_time=incident.occurred_at,
            category=context.home.daily_log.category,
            text=f"{text}\n{last}",
            child_ids=tuple(dict.fromkeys([child.child_id for child in incident.children])),
        )

    def lines(self) -> list[str]:
        """What the entry says of the incident: the part that a correction is decided by."""
        incident, number = self._incident, self.number
        place = f" Place: {self._safe(incident.location)}." if said_briefly(incident.location) else ""
        children = [
            f"{self._initials[child.child_id]} ({ROLES[child.role]})" if child.role else self._initials[child.child_id]
            for child in incident.children
        ]
        used = [self._measure(measure) for measure in incident.measures]
        return [
            f"Safety intervention {number}: {KINDS[incident.intervention]}, {readable(incident.occurred_at)}.{place}",
            sentence(f"Children: {listed(_first(children, 'more'))}"),
            *_first(used, "more measures."),
            f"The full record is Safety Intervention Incident Report {number}.",
        ]

    def _measure(self, measure: Measure) -> str:
        incident = self._incident
        whom = listed([self._initials[child.child_id] for child in children_of(incident, measure)][:_LINES])
        technique = self._safe(measure.technique) if said_briefly(measure.technique) else "technique not recorded"
        lasted = minutes(measure.duration_minutes) if measure.duration_minutes is not None else "duration not recorded"
        staff = len(users_of(incident, measure))
        by = f", {staff} member{'s' if staff > 1 else ''} of staff" if staff else ""
        return f"{whom}: {technique}, {lasted}{by}."

    def _author(self) -> str:
        """The human author and time of the report (reg 36(1)(c), RULINGS 40)."""
        name, created = self._incident.created_by, readable(self._incident.created_at)
        author = (
            one_line(self._hide.adult(name), 80) if said_briefly(name) else "an author whom the report does not name"
        )
        return f"Written by {author}, {created}."

    def _safe(self, typed: str) -> str:
        return one_line(self._hide.text(typed), 80)


def _first(items: list[str], rest: str) -> list[str]:
    return items if len(items) <= _LINES else [*items[:_LINES], f"{len(items) - _LINES} {rest}"]
