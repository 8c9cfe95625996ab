"""The trends that the policy asks a manager to see, counted from submitted reports only.

Drafts and voids do not count; the report says how many there are. Durations are in minutes, delays in hours from the
end of the last measure. Places and techniques are the source's own words, made safe first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from mappings.duties import Duty
from mappings.holds import held, measures_on, users_of_any
from mappings.incident import Answer, Incident, Measure
from mappings.said import child_injured
from mappings.uk_time import LONDON, uk_day
from reconciliation.labels import Labels

NO_PLACE = "(no place recorded)"
NO_TECHNIQUE = "(no technique recorded)"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PLACES = 10
_TECHNIQUES = 12


@dataclass(frozen=True)
class Week:
    """One week, by its Monday; a long period has months, by their first day."""

    start: date
    restraints: int
    disengagements: int


@dataclass(frozen=True)
class Technique:
    """One technique: how often it was used, how long, and how often no duration was written."""

    name: str
    uses: int
    minutes: tuple[float, ...]

    @property
    def median_minutes(self) -> float | None:
        """The middle duration, or None where none was written."""
        return median(self.minutes) if self.minutes else None

    @property
    def longest_minutes(self) -> float | None:
        """The longest duration, or None where none was written."""
        return max(self.minutes, default=None)


@dataclass(frozen=True)
class Person:
    """A child held, or an adult who used a measure, more than once. `label` is initials."""

    label: str
    incidents: int
    restraints: int
    minutes: float


@dataclass(frozen=True)
class Delay:
    """How long it took until something was done, over the incidents where it was owed."""

    title: str
    hours: tuple[float, ...]
    owed: int
    limit_hours: float
    target_hours: float | None = None

    @property
    def median_hours(self) -> float | None:
        """The middle delay of those that were done."""
        return median(self.hours) if self.hours else None

    @property
    def within(self) -> int:
        """How many were done within the limit."""
        return sum(1 for hours in self.hours if hours <= self.limit_hours)


@dataclass(frozen=True)
class Trends:
    """Everything that is counted over the period."""

    counted: int
    restraints: int
    disengagements: int
    by_month: bool
    weeks: tuple[Week, ...]
    hours: Mapping[tuple[int, int], int]
    """(weekday from Monday = 0, hour in UK time) to incidents."""
    places: tuple[tuple[str, int], ...]
    techniques: tuple[Technique, ...]
    children_injured: int
    staff_injured: int
    incidents_with_injury: int
    children: tuple[Person, ...]
    staff: tuple[Person, ...]
    delays: tuple[Delay, ...]

    @property
    def ratio(self) -> float | None:
        """Disengagements for each restraint; None where there was no restraint."""
        return self.disengagements / self.restraints if self.restraints else None


def trends_of(
    incidents: Sequence[Incident],
    duties: Mapping[str, Sequence[Duty]],
    labels: Labels,
    start: date,
    end: date,
) -> Trends:
    """Count the submitted incidents of a period, both days included. `duties` by incident id."""
    injured = [(_children_injured(incident), _staff_injured(incident)) for incident in incidents]
    restraints = sum(1 for incident in incidents if incident.is_restrictive)
    by_month = (end - start).days > 200
    return Trends(
        counted=len(incidents),
        restraints=restraints,
        disengagements=len(incidents) - restraints,
        by_month=by_month,
        weeks=_weeks(incidents, start, end, by_month=by_month),
        hours=Counter(_weekday_and_hour(incident.occurred_at) for incident in incidents),
        places=_places(incidents, labels),
        techniques=_techniques(incidents, labels),
        children_injured=sum(children for children, _ in injured),
        staff_injured=sum(staff for _, staff in injured),
        incidents_with_injury=sum(1 for children, staff in injured if children or staff),
        children=_repeats(incidents, _children_of, labels, labels.children),
        staff=_repeats(incidents, _staff_of, labels, labels.staff),
        delays=_delays(incidents, duties),
    )


def _weekday_and_hour(moment: datetime) -> tuple[int, int]:
    local = moment.astimezone(LONDON)
    return local.weekday(), local.hour


def _weeks(incidents: Sequence[Incident], start: date, end: date, *, by_month: bool) -> tuple[Week, ...]:
    first_of: Callable[[date], date] = _month if by_month else _monday
    counted: dict[date, list[int]] = {}
    day = start
    while day <= end:
        counted.setdefault(first_of(day), [0, 0])
        day += timedelta(days=1)
    for incident in incidents:
        counted.setdefault(first_of(uk_day(incident.occurred_at)), [0, 0])[not incident.is_restrictive] += 1
    return tuple(Week(day, *counts) for day, counts in sorted(counted.items()))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)


def _places(incidents: Sequence[Incident], labels: Labels) -> tuple[tuple[str, int], ...]:
    counts = Counter(_spelling(labels.safe(incident.location)) or NO_PLACE for incident in incidents)
    return _top(counts, _PLACES, "other places")


def _spelling(text: str) -> str:
    """One spelling for what tired people type in several: the first letter large, no full stop."""
    plain = text.strip(" .")
    return plain[:1].upper() + plain[1:]


def _top(counts: Counter[str], most: int, rest: str) -> tuple[tuple[str, int], ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) <= most:
        return tuple(ordered)
    others = ordered[most - 1 :]
    return (*ordered[: most - 1], (f"{len(others)} {rest}", sum(count for _, count in others)))


def _techniques(incidents: Sequence[Incident], labels: Labels) -> tuple[Technique, ...]:
    used: dict[str, list[Measure]] = defaultdict(list)
    for incident in incidents:
        for measure in incident.measures:
            used[_spelling(labels.safe(measure.technique)) or NO_TECHNIQUE].append(measure)
    ordered = sorted(used.items(), key=lambda item: (-len(item[1]), item[0]))
    shown = ordered[:_TECHNIQUES]
    rest = [measure for _, measures in ordered[_TECHNIQUES:] for measure in measures]
    if rest:
        shown.append((f"{len(ordered) - _TECHNIQUES} other techniques", rest))
    return tuple(Technique(name, len(measures), _minutes(measures)) for name, measures in shown)


def _minutes(measures: Iterable[Measure]) -> tuple[float, ...]:
    return tuple(sorted(measure.duration_minutes for measure in measures if measure.duration_minutes is not None))


def _children_injured(incident: Incident) -> int:
    return sum(1 for child in incident.children if child_injured(child))


def _staff_injured(incident: Incident) -> int:
    return sum(1 for member in incident.staff if member.injured is Answer.YES)


def _children_of(incident: Incident) -> dict[str, float]:
    """The children on whom a measure was used, with the minutes."""
    named = {child.child_id: child for child in held(incident)}
    named |= {child.child_id: child for child in incident.children if measures_on(incident, child)}
    return {key: sum(_minutes(measures_on(incident, child))) for key, child in named.items()}


def _staff_of(incident: Incident) -> dict[str, float]:
    """The adults who used a measure, with the minutes of the measures that name them."""
    return {
        staff_id: sum(_minutes(measure for measure in incident.measures if staff_id in measure.staff_ids))
        for staff_id in users_of_any(incident)
    }


def _repeats(
    incidents: Sequence[Incident],
    people: Callable[[Incident], dict[str, float]],
    labels: Labels,
    named: Mapping[str, str],
) -> tuple[Person, ...]:
    times: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for incident in incidents:
        for person, minutes in people(incident).items():
            times[person].append((incident.is_restrictive, minutes))
    found = [
        Person(
            named.get(person) or labels.of(person),
            len(each),
            sum(1 for held, _ in each if held),
            sum(minutes for _, minutes in each),
        )
        for person, each in times.items()
        if len(each) > 1
    ]
    return tuple(sorted(found, key=lambda one: (-one.incidents, -one.minutes, one.label)))


_DELAYS = (
    ("child_views", "The child's views", 120.0, 24.0),
    ("staff_debrief", "Staff debrief", 48.0, None),
    ("manager_oversight", "Manager's oversight", 48.0, None),
)


def _delays(incidents: Sequence[Incident], duties: Mapping[str, Sequence[Duty]]) -> tuple[Delay, ...]:
    found: list[Delay] = []
    for duty_id, title, limit, target in _DELAYS:
        owed = [
            duty
            for incident in incidents
            for duty in duties.get(incident.incident_id, ())
            if duty.id == duty_id and duty.due_at is not None and duty.state != "not_applicable"
        ]
        hours = sorted(
            max(0.0, limit - (duty.due_at - duty.met_at).total_seconds() / 3600)
            for duty in owed
            if duty.met_at is not None and duty.due_at is not None
        )
        found.append(Delay(title, tuple(hours), len(owed), limit, target))
    return tuple(found)
