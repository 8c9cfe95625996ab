"""Who was held, by which measures and by whom, and when it ended (RULINGS 9, 11, 30, 31).

The source may leave a role, a child or a name out. Where that leaves nobody, these functions take the reading under
which more people are looked after, never the one under which nobody is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from mappings.incident import Answer, Child, ChildRole, Incident, Involvement, Measure, Position
from mappings.last_answer import last_answer
from mappings.said import same_words

_LATEST_START = timedelta(hours=24)
_HELD, _USED_MEASURE, _YES = ChildRole.HELD, Involvement.USED_MEASURE, Answer.YES
_MAY_HAVE_BEEN_HELD = (None, ChildRole.INJURED)
_ON_WHOM_IT_WAS_USED = ((_HELD,), _MAY_HAVE_BEEN_HELD, (ChildRole.DISENGAGED,))
_PRONE_WORDS = ("prone", "face down")


@last_answer
def began(incident: Incident) -> datetime:
    """The minute in which an incident happened: what people write down has no seconds (RULINGS 11)."""
    moment = incident.occurred_at
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


@last_answer
def held(incident: Incident) -> tuple[Child, ...]:
    """Who was held: role Held or named by a measure (RULINGS 9).

    In a restrictive report that leaves nobody, every child whose role does not say otherwise: one that is not given, or
    Injured, is not "was not held".
    """
    named = {measure.child_id for measure in incident.measures if measure.child_id}
    found = tuple([child for child in incident.children if child.role is _HELD or child.child_id in named])
    if found or not incident.is_restrictive:
        return found
    return tuple([child for child in incident.children if child.role in _MAY_HAVE_BEEN_HELD])


def measures_on(incident: Incident, child: Child) -> tuple[Measure, ...]:
    """The measures used on this child; one that names nobody in the report belongs to every held child it can be."""
    return tuple([measure for measure in incident.measures if child in children_of(incident, measure)])


def children_of(incident: Incident, measure: Measure) -> tuple[Child, ...]:
    """On whom a measure was used: the child it names, else those with role Held, else whoever it can have been."""
    named = incident.child(measure.child_id) if measure.child_id else None
    if named is not None:
        return (named,)
    for roles in _ON_WHOM_IT_WAS_USED:
        found = tuple([child for child in incident.children if child.role in roles])
        if found:
            return found
    return incident.children


def users_of(incident: Incident, measure: Measure) -> tuple[str, ...]:
    """Who used a measure: its own staff ids, and those of involvement UsedMeasure whom no measure names."""
    users = _users(incident)
    own = [staff_id for staff_id in measure.staff_ids if staff_id.strip()]
    return tuple(dict.fromkeys(own + users.unplaced if own else users.involved))


def users_of_any(incident: Incident) -> tuple[str, ...]:
    """Everyone who used a measure, by `staff_ids` and by involvement together (RULINGS 9), in the report's order."""
    return _users(incident).everybody


class _Users(NamedTuple):
    """Ids of the staff of involvement UsedMeasure, of those among them whom no measure names, and of all users."""

    involved: list[str]
    unplaced: list[str]
    everybody: tuple[str, ...]


@last_answer
def _users(incident: Incident) -> _Users:
    involved = [member.staff_id for member in incident.staff if member.involvement is _USED_MEASURE]
    placed = dict.fromkeys([staff_id for measure in incident.measures for staff_id in measure.staff_ids])
    unplaced = [staff_id for staff_id in involved if staff_id not in placed]
    everybody = tuple([staff_id for staff_id in dict.fromkeys([*placed, *unplaced]) if staff_id.strip()])
    return _Users(involved, unplaced, everybody)


def is_prone(measure: Measure) -> bool:
    """Position Prone; or no position given, and a technique that names it."""
    if measure.position is not Position.UNKNOWN:
        return measure.position is Position.PRONE
    words = same_words(measure.technique)
    return any(prone in words for prone in _PRONE_WORDS) and "not prone" not in words and "non prone" not in words


def breathing_affected(measure: Measure) -> bool:
    """Whether the child's breathing was affected."""
    return measure.breathing_affected is _YES


def in_pain(measure: Measure) -> bool:
    """Whether the child complained of pain."""
    return measure.pain_complaint is _YES


def clock_start(incident: Incident, now: datetime) -> datetime:
    """When hours and days begin to run: the end of the last measure, or `occurred_at` where no end is known.

    An end is known where a measure has its start and its duration. One that cannot be (before the incident, after
    `now`, or of a measure that began over a day later) is not believed: the clock then runs from `occurred_at`.
    """
    earliest, latest = began(incident), incident.occurred_at + _LATEST_START
    ends = []
    for measure in incident.measures:
        start, minutes = measure.started_at, measure.duration_minutes
        if start is not None and minutes is not None and start <= latest:
            end = start + timedelta(minutes=minutes)
            if earliest <= end <= now:
                ends.append(end)
    return max(ends) if ends else incident.occurred_at
