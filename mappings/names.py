"""One child's record never names another child.

A `Redactor` belongs to one record. It calls the other children of the report "another child (A)", "(B)"... in the
order of the report, skipping the record's own child (RULINGS 34); children whom the home knows but this report does
not name become "another child" (RULINGS 35). The own child and the adults keep their names, but for a first name
that an adult shares with a hidden child (RULINGS 36).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from string import ascii_uppercase

from config.home import KnownAs
from mappings.home_children import HomeChildren, home_children
from mappings.incident import Incident, RaisedBy
from mappings.last_answer import last_answer
from mappings.name_index import NameIndex
from mappings.person_name import KnownChild, NamedChild
from mappings.redactor import ANOTHER_CHILD, RedactionFailed, Redactor

__all__ = [
    "HomeChildren",
    "KnownChild",
    "NamedChild",
    "RedactionFailed",
    "Redactor",
    "initials_redactor",
    "letters_for",
    "redactor_for",
]


def letters_for(incident: Incident, own: Collection[str]) -> dict[str, str]:
    """Child id -> "another child (A)"..., in the report's order, skipping the record's own (RULINGS 34)."""
    others = dict.fromkeys(child.child_id for child in incident.children if child.child_id not in own)
    return {child_id: f"{ANOTHER_CHILD} ({_letter(place)})" for place, child_id in enumerate(others)}


def _letter(place: int) -> str:
    letter = ascii_uppercase[place % 26]
    return letter if place < 26 else f"{ascii_uppercase[place // 26 - 1]}{letter}"


def redactor_for(
    incident: Incident,
    own: Collection[str],
    known: HomeChildren | Sequence[KnownChild] = (),
    *,
    known_as: Sequence[KnownAs] = (),
    phrases: Sequence[str] = (),
) -> Redactor:
    """The redactor of one record: `own` are the ids of the children whom the record is about.

    `known`: children of the home's earlier incidents; `known_as`: nicknames of the home's file; `phrases`: names
    that stay whatever a child is called, such as the home's.
    """
    index = home_children(known, incident).index(known_as)
    return _of_record(incident, index, own, letters_for(incident, own), phrases)


def initials_redactor(
    incident: Incident,
    initials: Mapping[str, str],
    known: HomeChildren | Sequence[KnownChild] = (),
    *,
    known_as: Sequence[KnownAs] = (),
    phrases: Sequence[str] = (),
) -> Redactor:
    """The redactor of a text that names no child at all: the report's children go by `initials` (RULINGS 37)."""
    index = home_children(known, incident).index(known_as)
    labels = {child.child_id: initials[child.child_id] for child in incident.children}
    return _of_record(incident, index, (), labels, phrases)


def _of_record(
    incident: Incident, index: NameIndex, own: Collection[str], labels: Mapping[str, str], phrases: Sequence[str]
) -> Redactor:
    staff = [member.name for member in incident.staff]
    return Redactor(index, own=own, labels=labels, adults=lambda: adults_of(incident), staff=staff, phrases=phrases)


@last_answer
def adults_of(incident: Incident) -> tuple[str, ...]:
    """The adults whom the report names, wherever it does."""
    names = [member.name for member in incident.staff]
    names += [incident.created_by, incident.staff_debrief.with_name, incident.manager_oversight.by]
    names += [incident.notifiable_event.by, incident.external_review.by]
    for child in incident.children:
        told = child.parents_informed
        names += [child.social_worker.name, child.medical.seen_by, child.views.spoken_to_by]
        names += [told.decided_by, told.informed_by]
    children = (RaisedBy.CHILD, RaisedBy.OTHER_CHILD)
    names += [allegation.raised_by_name for allegation in incident.allegations if allegation.raised_by not in children]
    return tuple(dict.fromkeys(name for name in names if name))
