"""What the report must flag, whatever the deadlines say: the policy's third table.

`flags_of` looks at one incident. The flags of a home as a whole are functions of their own: `number_gap` is
`running_numbers.number_gaps`, `unrecorded_restraint` is `unrecorded_restraints` here. Messages name no one: ids only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from config.home import Home
from mappings.holds import breathing_affected, children_of, held, in_pain, is_prone, measures_on, users_of_any
from mappings.incident import Incident, Measure, Reason, Status
from mappings.restraint_words import speaks_of_restraint
from mappings.said import same_words
from mappings.uk_time import uk_day


class FlagId(StrEnum):
    """The stable name of each flag."""

    PROHIBITED_TECHNIQUE = "prohibited_technique"
    UNAPPROVED_TECHNIQUE = "unapproved_technique"
    PURPOSE_NOT_PERMITTED = "purpose_not_permitted"
    PAIN = "pain"
    TRAINING_LAPSED = "training_lapsed"
    TRAINING_UNKNOWN = "training_unknown"
    LONG_HOLD = "long_hold"
    UNRECORDED_RESTRAINT = "unrecorded_restraint"
    NUMBER_GAP = "number_gap"
    REPEAT = "repeat"


@dataclass(frozen=True)
class FlagRule:
    """One row of the table: its title, and `when` and `clause` in the table's own words."""

    id: FlagId
    title: str
    when: str
    clause: str


FLAG_RULES: tuple[FlagRule, ...] = (
    FlagRule(
        FlagId.PROHIBITED_TECHNIQUE,
        "Prohibited technique",
        "position Prone, or breathing affected",
        "the use of 'prone face down' techniques must never be used",
    ),
    FlagRule(
        FlagId.UNAPPROVED_TECHNIQUE,
        "Technique not approved",
        "a technique that is not on the home's approved list",
        "Trained staff should only use techniques that are approved by the Home",
    ),
    FlagRule(
        FlagId.PURPOSE_NOT_PERMITTED,
        "Purpose not permitted",
        "a restrictive measure with none of the permitted reasons: injury, serious damage to property, absconding "
        "(from a secure home only); a disengagement with neither injury nor damage",
        '"Restraint in relation to a child is only permitted for the purpose of preventing…"; disengagements "must '
        'never be used to force compliance"',
    ),
    FlagRule(
        FlagId.PAIN,
        "Complaint of pain",
        "a pain complaint under a hold",
        "Restraint that deliberately inflicts pain cannot be proportionate",
    ),
    FlagRule(
        FlagId.TRAINING_LAPSED,
        "Training lapsed",
        "a member of staff who used a measure had no current CPI training on that day",
        "This training will be refreshed on an annual basis",
    ),
    FlagRule(
        FlagId.TRAINING_UNKNOWN,
        "Training not recorded",
        "the same, where the record holds no training date at all",
        "same",
    ),
    FlagRule(
        FlagId.LONG_HOLD,
        "Long hold",
        "longer than the home's threshold (configured; 10 minutes if unset)",
        "for the least amount of time",
    ),
    FlagRule(
        FlagId.UNRECORDED_RESTRAINT,
        "Unrecorded restraint",
        "a daily-log entry that speaks of a hold or restraint on a day with no report for that child",
        "All forms of Safety intervention … must be recorded",
    ),
    FlagRule(FlagId.NUMBER_GAP, "Gap in the numbers", "a hole in the home's running incident numbers", "none missed"),
    FlagRule(
        FlagId.REPEAT,
        "Held again",
        "the same child held again within the home's window (configured; 7 days if unset)",
        "any issues or trends of concern emerge",
    ),
)

FLAG_TITLES: Mapping[str, str] = {rule.id.value: rule.title for rule in FLAG_RULES}

_ROUNDING = 1e-6  # minutes
_INJURY_OR_DAMAGE = (Reason.INJURY_TO_SELF, Reason.INJURY_TO_OTHERS, Reason.SERIOUS_DAMAGE)


@dataclass(frozen=True)
class Flag:
    """One thing that a manager must see. `child` and `staff` are the source's ids, where the flag is about one."""

    id: FlagId
    child: str | None
    staff: str | None
    message: str
    clause: str


@dataclass(frozen=True)
class Earlier:
    """What `repeat` needs to know of another incident of the home."""

    incident_id: str
    number: str
    occurred_at: datetime
    status: Status
    restrictive_held_children: frozenset[str]
    """Ids of the children held, empty for a disengagement."""


def earlier_of(incident: Incident) -> Earlier:
    """An incident as `repeat` looks at it from a later one."""
    children = held(incident) if incident.is_restrictive else ()
    return Earlier(
        incident_id=incident.incident_id,
        number=incident.number,
        occurred_at=incident.occurred_at,
        status=incident.status,
        restrictive_held_children=frozenset(child.child_id for child in children),
    )


def just_before(incident: Incident, home: Home, ordered: Sequence[Earlier]) -> Sequence[Earlier]:
    """Those of `ordered`, which stands in order of time, that this incident may repeat.

    A home's year is not walked once a report. The window is whole UK days, so a day and the clocks' hour are added.
    """
    longest = timedelta(days=home.thresholds.repeat_days + 2)
    first = bisect_left(ordered, incident.occurred_at - longest, key=_time)
    return ordered[first : bisect_right(ordered, incident.occurred_at, key=_time)]


def clause_of(flag: FlagId) -> str:
    """The policy's words for a flag; the table's "same" stands for those of the row above."""
    index = next(number for number, rule in enumerate(FLAG_RULES) if rule.id is flag)
    return [rule.clause for rule in FLAG_RULES[: index + 1] if rule.clause != "same"][-1]


def flags_of(incident: Incident, home: Home, *, earlier: Sequence[Earlier] = ()) -> tuple[Flag, ...]:
    """Every flag of one incident, each once for a child or an adult. A void report has none.

    `earlier`: other incidents of the home, in any order; those outside the window, drafts and voids are passed over.
    """
    if incident.status is Status.VOID:
        return ()
    found = [
        *_prohibited(incident),
        *_unapproved(incident, home),
        *_purpose(incident, home),
        *_pain(incident),
        *_training(incident),
        *_long_holds(incident, home),
        *_repeats(incident, home, earlier),
    ]
    return tuple(dict.fromkeys(found))


def _flag(flag: FlagId, message: str, *, child: str | None = None, staff: str | None = None) -> Flag:
    return Flag(id=flag, child=child, staff=staff, message=message, clause=clause_of(flag))


def _each_child(incident: Incident, measures: Iterable[Measure]) -> Iterator[str]:
    ids = (child.child_id for measure in measures for child in children_of(incident, measure))
    yield from dict.fromkeys(ids)


def _prohibited(incident: Incident) -> Iterator[Flag]:
    prone = set(_each_child(incident, filter(is_prone, incident.measures)))
    breathing = set(_each_child(incident, filter(breathing_affected, incident.measures)))
    for child in incident.children:
        said = [
            words
            for words, ids in (("the position was prone", prone), ("breathing was affected", breathing))
            if child.child_id in ids
        ]
        if said:
            message = f"In a measure used on {child.child_id}, {' and '.join(said)}."
            yield _flag(FlagId.PROHIBITED_TECHNIQUE, message, child=child.child_id)


def _unapproved(incident: Incident, home: Home) -> Iterator[Flag]:
    """Disengagements are checked too (RULINGS 23). The technique's name is the source's free text: not said here."""
    approved = {same_words(technique) for technique in home.approved_techniques} - {""}
    odd = [measure for measure in incident.measures if same_words(measure.technique) not in approved]
    for child_id in _each_child(incident, odd):
        message = f"A technique used on {child_id} is not on the home's approved list."
        yield _flag(FlagId.UNAPPROVED_TECHNIQUE, message, child=child_id)


def _purpose(incident: Incident, home: Home) -> Iterator[Flag]:
    """RULINGS 22."""
    permitted = set(_INJURY_OR_DAMAGE)
    if incident.is_restrictive and home.secure:
        permitted.add(Reason.ABSCONDING)
    if permitted.isdisjoint(incident.reasons):
        kind = "restraint" if incident.is_restrictive else "disengagement"
        yield _flag(FlagId.PURPOSE_NOT_PERMITTED, f"The report gives no permitted reason for the {kind}.")


def _pain(incident: Incident) -> Iterator[Flag]:
    for child_id in _each_child(incident, filter(in_pain, incident.measures)):
        yield _flag(FlagId.PAIN, f"{child_id} complained of pain during a measure.", child=child_id)


def _training(incident: Incident) -> Iterator[Flag]:
    """Good to the end of the expiry day; not recorded has its own flag (RULINGS 24)."""
    day = uk_day(incident.occurred_at)
    for staff_id in users_of_any(incident):
        member = incident.staff_member(staff_id)
        expires = member.training_expires if member else None
        if expires is None:
            message = f"The record holds no CPI training date for {staff_id}, who used a measure."
            yield _flag(FlagId.TRAINING_UNKNOWN, message, staff=staff_id)
        elif expires < day:
            message = f"{staff_id} used a measure; their CPI training had lapsed on {expires:%d/%m/%Y}."
            yield _flag(FlagId.TRAINING_LAPSED, message, staff=staff_id)


def _long_holds(incident: Incident, home: Home) -> Iterator[Flag]:
    """The child's measures in the incident together (RULINGS 23)."""
    limit = home.thresholds.long_hold_minutes
    for child in incident.children:
        minutes = sum(measure.duration_minutes or 0 for measure in measures_on(incident, child))
        if minutes > limit + _ROUNDING:
            message = f"{child.child_id} was held for {minutes:g} minutes in all; the home's threshold is {limit:g}."
            yield _flag(FlagId.LONG_HOLD, message, child=child.child_id)


def _repeats(incident: Incident, home: Home, earlier: Sequence[Earlier]) -> Iterator[Flag]:
    """Restrictive both times; the window ends with the last hour of its last day (RULINGS 23)."""
    this = earlier_of(incident)
    if not _counts(this):
        return
    day, days = uk_day(this.occurred_at), home.thresholds.repeat_days
    before = [
        other
        for other in earlier
        if not this.restrictive_held_children.isdisjoint(other.restrictive_held_children)
        and other.incident_id != this.incident_id
        and _counts(other)
        and _order(other) < _order(this)
        and (day - uk_day(other.occurred_at)).days <= days
    ]
    for child in incident.children:
        times = [other for other in before if child.child_id in other.restrictive_held_children]
        if times and child.child_id in this.restrictive_held_children:
            last = max(times, key=_order)
            message = f"{child.child_id} was also held in {last.number}; {len(times) + 1} times within {days} days."
            yield _flag(FlagId.REPEAT, message, child=child.child_id)


def _counts(incident: Earlier) -> bool:
    return incident.status in (Status.SUBMITTED, Status.SIGNED_OFF)


def _time(incident: Earlier) -> datetime:
    return incident.occurred_at


def _order(incident: Earlier) -> tuple[datetime, str, str]:
    return incident.occurred_at, incident.number, incident.incident_id


# ---- holds that the daily log speaks of and no report covers -----------------------------------------------------


@dataclass(frozen=True, repr=False)
class LogDay:
    """A daily-log entry as this flag looks at it: `day`: the UK day of its time. `ours`: we wrote it."""

    entry_id: str
    day: date
    child_ids: frozenset[str]
    text: str
    ours: bool = False


@dataclass(frozen=True)
class ReportDay:
    """A report as this flag looks at it, drafts and quarantined ones included (RULINGS 29).

    `child_ids` None: the report could not be read, so that it may be about any child. A void one covers nothing.
    """

    day: date
    child_ids: frozenset[str] | None
    void: bool = False


@dataclass(frozen=True)
class UnrecordedRestraint:
    """An entry that speaks of a hold which no report of its day covers. `child` None: the entry names no child."""

    entry_id: str
    day: date
    child: str | None

    def flag(self) -> Flag:
        """The finding as a flag."""
        whom = f" for {self.child}" if self.child else ""
        message = (
            f"The daily-log entry {self.entry_id} of {self.day:%d/%m/%Y} speaks of a hold, and there is no "
            f"report{whom} of that day."
        )
        return _flag(FlagId.UNRECORDED_RESTRAINT, message, child=self.child)


def unrecorded_restraints(
    entries: Iterable[LogDay], reports: Iterable[ReportDay], *, words: Sequence[str] = ()
) -> tuple[UnrecordedRestraint, ...]:
    """The entries that speak of a hold on a day with no report for that child, one for each child they name.

    An entry without children is covered by any report of that day (RULINGS 29). `words`: the home's own vocabulary.
    """
    covered: dict[date, set[str]] = {}
    unreadable: set[date] = set()
    for report in reports:
        if not report.void:
            covered.setdefault(report.day, set()).update(report.child_ids or ())
            if report.child_ids is None:
                unreadable.add(report.day)
    found: list[UnrecordedRestraint] = []
    for entry in entries:
        if entry.ours or entry.day in unreadable or (not entry.child_ids and entry.day in covered):
            continue
        lacking: list[str | None] = [*sorted(entry.child_ids - covered.get(entry.day, set()))]
        if (lacking or not entry.child_ids) and speaks_of_restraint(entry.text, words):
            found += [UnrecordedRestraint(entry.entry_id, entry.day, child) for child in lacking or [None]]
    return tuple(found)
