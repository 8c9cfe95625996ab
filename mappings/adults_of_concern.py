"""Which of the people whom we would mail is an adult of concern in the incident (RULINGS 39).

The home's file knows people by name and address, the report by staff id and name. A doubt counts as a match: the mail
then goes to the next person up, who can pass it on; the other way round, a mail warns the adult it is about.
"""

from __future__ import annotations

import re

from mappings.incident import Incident, StaffMember
from mappings.lado_triggers import TO_BE_IDENTIFIED, triggers_of

_TITLES = frozenset({"mr", "mrs", "miss", "ms", "mx", "dr", "prof", "rev", "sir"})


def adults_in(incident: Incident) -> frozenset[str]:
    """The names of the adults in the report, as `plain_name` writes them."""
    return frozenset(filter(None, (plain_name(member.name) for member in incident.staff)))


def plain_name(name: str) -> str:
    """A name for comparing: lower case, no titles or punctuation, "Surname, First" turned round."""
    if name.count(",") == 1:
        surname, first = name.split(",")
        name = f"{first} {surname}"
    words = re.findall(r"[^\W\d_]+", name.casefold().replace("'", "").replace("’", ""))
    return " ".join(word for word in words if word not in _TITLES)


def is_adult_of_concern(contact_name: str, incident: Incident, *, email: str = "") -> bool:
    """Whether this person is, or may be, an adult of concern in the incident.

    With an adult who is still "to be identified", every adult in the report may be the one.
    """
    concerns = {concern.adult for concern in triggers_of(incident)}
    if not concerns:
        return False
    if any(_is_id(adult, contact_name, email) for adult in concerns):
        return True
    anyone = TO_BE_IDENTIFIED in concerns
    suspects = [member for member in incident.staff if anyone or member.staff_id in concerns]
    return any(_same_person(contact_name, member) for member in suspects)


def _is_id(adult: str, contact_name: str, email: str) -> bool:
    """Some sources use an address or a name as the id of staff."""
    plain = adult.strip().casefold()
    if adult == TO_BE_IDENTIFIED or not plain:
        return False
    return plain == email.strip().casefold() or _names_agree(plain_name(adult), plain_name(contact_name))


def _same_person(contact_name: str, member: StaffMember) -> bool:
    return _names_agree(plain_name(contact_name), plain_name(member.name))


def _names_agree(one: str, other: str) -> bool:
    """Same surname, and first names that are equal, or of which one is the other's beginning ("J" and "Jane")."""
    first, second = one.split(), other.split()
    if not first or not second or first[-1] != second[-1]:
        return False
    if len(first) == 1 or len(second) == 1:
        return True
    return first[0].startswith(second[0]) or second[0].startswith(first[0])
