"""The eight items of reg 35(3)(a) that a record of restraint must hold, and which of them a report lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mappings.holds import held, measures_on, users_of, users_of_any
from mappings.incident import Answer, Child, Incident
from mappings.last_answer import last_answer
from mappings.said import answered, child_injured, said, staff_injured


@last_answer
def missing_items(incident: Incident) -> tuple[str, ...]:
    """The items that are not all there, in the regulation's order, in words; empty where the report is complete."""
    return tuple([item for item, present in ITEMS.items() if not present(incident)])


def _names(incident: Incident) -> bool:
    return bool(held(incident)) and all(said(child.name) for child in incident.children)


def _behaviour(incident: Incident) -> bool:
    return said(incident.behaviour_before)


def _time_and_place(incident: Incident) -> bool:
    return said(incident.location)


def _measures(incident: Incident) -> bool:
    each_child = all(measures_on(incident, child) for child in held(incident))
    each_measure = all(
        said(measure.technique) and measure.duration_minutes is not None for measure in incident.measures
    )
    return bool(incident.measures) and each_child and each_measure


def _avoidance(incident: Incident) -> bool:
    return said(incident.de_escalation)


def _people(incident: Incident) -> bool:
    """Everyone who used a measure is named among the staff, and no measure was used by nobody (RULINGS 9)."""
    users = users_of_any(incident)
    named = {member.staff_id for member in incident.staff if said(member.name)}
    everyone = len(named) == len(incident.staff) or all(said(member.name) for member in incident.staff)
    each_measure = all(users_of(incident, measure) for measure in incident.measures)
    return bool(users) and named.issuperset(users) and everyone and each_measure


def _effect(incident: Incident) -> bool:
    return said(incident.effectiveness) and said(incident.consequences)


def _injuries(incident: Incident) -> bool:
    asked = all(answered(child.injured) or child_injured(child) for child in held(incident))
    described = all(_described(child) for child in incident.children if child_injured(child))
    staff = all(said(member.injury_details) for member in incident.staff if staff_injured(member))
    return asked and described and staff


def _described(child: Child) -> bool:
    treatment = said(child.medical.outcome) or answered(child.medical.seen) or child.medical.offered is Answer.NO
    return said(child.injury_details) and treatment


ITEMS: Mapping[str, Callable[[Incident], bool]] = {
    "the child's name": _names,
    "the behaviour that led to it": _behaviour,
    "date, time and place": _time_and_place,
    "the measure and its duration": _measures,
    "what was tried to avoid it": _avoidance,
    "who used it and who was present": _people,
    "how effective it was and its consequences": _effect,
    "any injury, to anyone, and any treatment": _injuries,
}
