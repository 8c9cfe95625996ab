"""Children by initials, for the daily log and for mails: `J.S.`, and `J.S.2` for the second of a home (RULINGS 37)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mappings.home_children import HomeChildren, home_children
from mappings.incident import Incident
from mappings.person_name import KnownChild


def home_initials(children: Iterable[KnownChild]) -> dict[str, str]:
    """Child id -> initials, for the home's children as (child id, name), in order of first appearance.

    A child keeps the initials of its first appearance, so that an entry and its correction agree.
    """
    known = tuple(children)
    home = HomeChildren(known)
    return {child[0]: home.initials(child[0]) or "?" for child in known}


def incident_initials(incident: Incident, known: HomeChildren | Sequence[KnownChild]) -> Mapping[str, str]:
    """The initials of this report's children, who come last where the home does not know them."""
    home = home_children(known, incident)
    return {child.child_id: home.initials(child.child_id) or "?" for child in incident.children}
