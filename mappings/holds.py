"""Who was held, by which measures and by whom, and when it ended (RULINGS 9, 11, 30, 31).

The source may leave a role, a child or a name out. Where that leaves nobody, these functions take the reading under
which more people are looked after, never the one under which nobody is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mappings.incident import Answer, Child, ChildRole, Incident, Involvement, Measure, Position
from mappings.last_answer import last_answer
from mappings.said import same_words

_LATEST_START = timedelta(hours=24)
_MAY_HAVE_BEEN_HELD = (None, ChildRole.INJURED)
_PRONE_WORDS = ("prone", "face down")


@last_answer
def began(incident: Incident) -> datetime:
    """The minute in which an incident happened: what people write down has no seconds (RULINGS 11)."""
    moment = incident.occurred_at
    return moment.replace(second=0, microsecond=0) if moment.second or moment.microsecond else moment


@last_answer
def held(incident: Incident) -> tuple[Child, ...]:
    """Who was held: role Held or named by a measure. In a restrictive report that leaves nobody, every child whose
    role does not say otherwise: one that is not given, or Injured, is not "was not held"."""
    found = incident.held_children()
    if found or not incident.is_restrictive:
        return found
    return tuple(child for child in incident.children if child.role in _MAY_HAVE_BEEN_HELD)


def measures_on(incident: Incident, child: Child) -> tuple[Measure, ...]:
    """The measures used on this child; one that names nobody in the report belongs to every held child it can be."""
    return tuple([measure for measure in incident.measures if child in children_of(incident, measure)])


def children_of(incident: Incident, measure: Measure) -> tuple[Child, ...]:
    """On whom a measure was used: the child it names, else those with role Held, else whoever it can have been."""
    named = incident.child(measure.child_id) if measure.child_id else None
    if named is not None:
        return (named,)
    for roles in ((ChildRole.HELD,), _MAY_HAVE_BEEN_HELD, (ChildRole.DISENGAGED,)):
        found = tuple(child for child in incident.children if child.role in roles)
        if found:
            return found
    return incident.children


def users_of(incident: Incident, measure: Measure) -> tuple[str, ...]:
    """Who used a measure: its own staff ids, and those of involvement UsedMeasure whom no measure names."""
    used, unplaced = _involved(incident)
    own = [staff_id for staff_id in measure.staff_ids if staff_id.strip()]
    return tuple(dict.fromkeys(own + unplaced if own else used))


@last_answer
def _involved(incident: Incident) -> tuple[list[str], list[str]]:
    """Ids of the staff of involvement UsedMeasure, and of those among them whom no measure names."""
    used = [member.staff_id for member in incident.staff if member.involvement is Involvement.USED_MEASURE]
    placed = {staff_id for measure in incident.measures for staff_id in measure.staff_ids}
    return used, [staff_id for staff_id in used if staff_id not in placed]


def users_of_any(incident: Incident) -> tuple[str, ...]:
    """Everyone who used a measure, by `staff_ids` and by involvement, in the report's order."""
    return tuple([staff_id for staff_id in incident.users_of_measures() if staff_id.strip()])


def is_prone(measure: Measure) -> bool:
    """Position Prone; or no position given, and a technique that names it."""
    if measure.position is not Position.UNKNOWN:
        return measure.position is Position.PRONE
    words = same_words(measure.technique)
    return any(prone in words for prone in _PRONE_WORDS) and "not prone" not in words and "non prone" not in words


def breathing_affected(measure: Measure) -> bool:
    """Whether the child's breathing was affected."""
    return measure.breathing_affected is Answer.YES


def in_pain(measure: Measure) -> bool:
    """Whether the child complained of pain."""
    return measure.pain_complaint is Answer.YES


def clock_start(incident: Incident, now: datetime) -> datetime:
    """When hours and days begin to run: the end of the last measure, or `occurred_at` where no end is known.

    An end is known where a measure has its start and its duration. One that cannot be (before the incident, after
    `now`, or of a measure that began over a day later) is not believed: the clock then runs from `occurred_at`.
    """
    earliest, latest = began(incident), incident.occurred_at + _LATEST_START
    ends = [
        measure.started_at + timedelta(minutes=measure.duration_minutes)
        for measure in incident.measures
        if measure.duration_minutes is not None and measure.started_at is not None and measure.started_at <= latest
    ]
    return max([end for end in ends if earliest <= end <= now], default=incident.occurred_at)
