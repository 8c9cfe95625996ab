"""Children by initials, for the daily log and for mails: `J.S.`, and `J.S.2` for the second of a home (RULINGS 37)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mappings.incident import Incident
from mappings.person_name import KnownChild, initials_of


def home_initials(children: Iterable[KnownChild]) -> dict[str, str]:
    """Child id -> initials, for the home's children as (child id, name), in order of first appearance.

    A child keeps the initials of its first appearance, so that an entry and its correction agree.
    """
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for child in children:
        child_id, name = child[0], child[1]
        if child_id in found:
            continue
        plain = initials_of(name)
        counts[plain] = counts.get(plain, 0) + 1
        found[child_id] = plain if counts[plain] == 1 else f"{plain}{counts[plain]}"
    return found


def incident_initials(incident: Incident, known: Iterable[KnownChild]) -> Mapping[str, str]:
    """The initials of the home's children, with this report's own children last where the home does not know them."""
    own = ((child.child_id, child.name) for child in incident.children)
    return home_initials((*known, *own))
