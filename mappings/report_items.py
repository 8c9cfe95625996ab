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
    return (
        bool(incident.measures)
        and all(measure.duration_minutes is not None and said(measure.technique) for measure in incident.measures)
        and all(measures_on(incident, child) for child in held(incident))
    )


def _avoidance(incident: Incident) -> bool:
    return said(incident.de_escalation)


def _people(incident: Incident) -> bool:
    """Everyone who used a measure is named among the staff, and no measure was used by nobody (RULINGS 9)."""
    users = users_of_any(incident)
    return (
        bool(users)
        and {member.staff_id for member in incident.staff}.issuperset(users)
        and all(said(member.name) for member in incident.staff)
        and all(users_of(incident, measure) for measure in incident.measures)
    )


def _effect(incident: Incident) -> bool:
    return said(incident.effectiveness) and said(incident.consequences)


def _injuries(incident: Incident) -> bool:
    return (
        all(answered(child.injured) or child_injured(child) for child in held(incident))
        and all(_described(child) for child in incident.children if child_injured(child))
        and all(said(member.injury_details) for member in incident.staff if staff_injured(member))
    )


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
