"""Who at a home hears of something, and who hears in their stead.

Whoever has no address, or may be an adult of concern in what it is about, is passed over for the next person up
(RULINGS 39).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from config.home import Contact, Home
from mappings.adults_of_concern import is_adult_of_concern
from mappings.incident import Incident

_UP: Mapping[str, tuple[str, ...]] = {
    "staff": ("registered_manager", "deputy", "senior_manager"),
    "software": ("registered_manager", "deputy", "senior_manager"),
    "deputy": ("deputy", "registered_manager", "senior_manager"),
    "registered_manager": ("registered_manager", "deputy", "senior_manager"),
    "senior_manager": ("senior_manager", "registered_manager", "deputy"),
}


def way_up(role: str) -> tuple[str, ...]:
    """The roles to ask, first to last, for something that is this role's."""
    return _UP.get(role, ("registered_manager",))


def contacts(home: Home) -> dict[str, Contact]:
    """The people of the home's file, by role."""
    named = {
        "registered_manager": home.registered_manager,
        "senior_manager": home.senior_manager,
        "deputy": home.deputy,
    }
    return {role: contact for role, contact in named.items() if contact is not None}


def may_hear(home: Home, about: Iterable[Incident]) -> list[Contact]:
    """Everybody in the home's file who has an address and is no adult of concern in any of these reports."""
    reports = list(about)
    return [
        person
        for person in (*contacts(home).values(), *home.also_notify)
        if person.email and not any(is_adult_of_concern(person.name, report, email=person.email) for report in reports)
    ]


def first_told(home: Home, role: str, about: Iterable[Incident | None]) -> tuple[str, Contact] | None:
    """The first person of the way up who has an address and is no adult of concern in any of these reports."""
    reports = [report for report in about if report is not None]
    there = contacts(home)
    concerned = {
        one
        for one, contact in there.items()
        if any(is_adult_of_concern(contact.name, report, email=contact.email) for report in reports)
    }
    for one in _passing_over(concerned, way_up(role)):
        if one in there and there[one].email:
            return one, there[one]
    return None


def _passing_over(concerned: Set[str], way: tuple[str, ...]) -> Iterator[str]:
    """A deputy stands in for an absent manager; what is about the manager goes up first, not to who works for them."""
    manager_first = "registered_manager" in concerned and way[0] == "registered_manager"
    order = sorted(way, key=lambda one: one == "deputy") if manager_first else way
    return (one for one in order if one not in concerned)
