"""One child's case note on Mosaic: one Complete note a child and incident, which reads well to a social worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from config.home import Home
from mappings.bodies import NoteBody
from mappings.home_children import HomeChildren
from mappings.incident import Incident
from mappings.names import KnownChild, Redactor, redactor_for
from mappings.note_parts import in_parts, part_reference
from mappings.note_sections import DutyLike, sections_of, still_owed
from mappings.note_subject import blocks_of, subject_of
from mappings.wording import KINDS, escaped, one_line, short_moment

TITLE_LIMIT = 100


class NoteContext(NamedTuple):
    """What a note needs besides the report.

    `reference` is the delivery's own; `reference_of_part` gives those of further parts (2, 3...) where the caller has
    them, else `reference` with `-2`, `-3`. `known_children`: the home's, this report's may be among them. `duties`:
    the incident's, as at `now`. `significant`: RULINGS 21. `exempt`: this child's restraint was routine under the EHC
    plan (RULINGS 4).
    """

    home: Home
    reference: str
    revision: int
    now: datetime
    known_children: HomeChildren | Sequence[KnownChild] = ()
    duties: Sequence[DutyLike] = ()
    significant: bool = False
    exempt: bool = False
    reference_of_part: Callable[[int], str] | None = None

    def __repr__(self) -> str:
        return "<NoteContext>"

    def part(self, part: int) -> str:
        """The reference of one part. Raises ValueError when it is longer than 64 characters."""
        own = self.reference_of_part if part > 1 else None
        return own(part) if own is not None else part_reference(self.reference, part)


def case_note(incident: Incident, child_id: str, context: NoteContext) -> NoteBody:
    """The note for one child of the report.

    Raises RedactionFailed when a text cannot be made safe, and ValueError when the report does not have the child.
    """
    sections = list(note_sections(incident, child_id, context).items())
    sections.insert(-1, still_owed(context.duties, child_id, context.now))
    first, *more = in_parts([*blocks_of(sections), origin_line(incident, context)], context.part)
    mosaic = context.home.mosaic
    return NoteBody(
        title=note_title(incident),
        html=first,
        effective_date=incident.occurred_at,
        note_type=mosaic.note_type,
        significant_event=context.significant,
        acting_for=mosaic.acting_for,
        alert_recipients=mosaic.alert_recipients,
        more=tuple(more),
    )


def note_title(incident: Incident) -> str:
    """Number, kind and time: no name of anybody, at most 100 characters."""
    kind = KINDS[incident.intervention].partition(" (")[0]
    title = f"Safety intervention {one_line(incident.number, 40)}: {kind}, {short_moment(incident.occurred_at)}"
    return title if len(title) <= TITLE_LIMIT else one_line(title, TITLE_LIMIT)


def note_sections(incident: Incident, child_id: str, context: NoteContext) -> dict[str, list[str]]:
    """The note's sections by their headings, as they stand in this revision, without what depends on the hour.

    Raises RedactionFailed when a text cannot be made safe, and ValueError when the report does not have the child.
    """
    child = incident.child(child_id)
    if child is None:
        raise ValueError("this child is not in the report, so there is no note to write")
    hide = note_redactor(incident, child_id, context)
    return sections_of(subject_of(incident, child, hide, context.home.name, exempt=context.exempt))


def note_redactor(incident: Incident, child_id: str, context: NoteContext) -> Redactor:
    """Hides everybody but this child in what staff typed."""
    home = context.home
    phrases = (home.name, home.provider, incident.home_name)
    return redactor_for(incident, (child_id,), context.known_children, known_as=home.known_as, phrases=phrases)


def origin_line(incident: Incident, context: NoteContext) -> str:
    """Where the text came from: report, version at the source, revision here."""
    number = escaped(one_line(incident.number, 40))
    return (
        f"<p><em>Copied from Safety Intervention Incident Report {number}, version {incident.version}, "
        f"revision {context.revision} in this record.</em></p>"
    )
