"""The LADO triggers of the policy, and about whom: one concern for each adult (RULINGS 12, 30 to 32).

The software never decides that a trigger does not matter: whatever may be one is one, and a named manager approves or
declines. The status of the report is not looked at: what is owed of a draft or a void report is the caller's matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from mappings.holds import (
    began,
    breathing_affected,
    children_of,
    held,
    in_pain,
    is_prone,
    measures_on,
    users_of,
    users_of_any,
)
from mappings.incident import Allegation, Answer, Child, Incident, Measure, RaisedBy
from mappings.last_answer import last_answer
from mappings.said import child_injured

TO_BE_IDENTIFIED = "to be identified"


class Trigger(IntEnum):
    """The three situations in which the LADO should be notified."""

    INJURY_OR_FORCE = 1
    ALLEGATION_BY_CHILD_OR_FAMILY = 2
    REPORT_BY_OTHERS = 3


TRIGGER_CLAUSES: Mapping[Trigger, str] = {
    Trigger.INJURY_OR_FORCE: (
        "A child is injured or may have been injured because of appropriate/permitted restraint practice or "
        "actual/perceived use of excessive force"
    ),
    Trigger.ALLEGATION_BY_CHILD_OR_FAMILY: (
        "A child and/or parent/carer makes an allegation and/or complaint against a professional following a restraint "
        "of a child"
    ),
    Trigger.REPORT_BY_OTHERS: (
        "A professional, other adult or child reports an observed or perceived inappropriate restraint"
    ),
}

_FAMILY = (RaisedBy.CHILD, RaisedBy.PARENT, RaisedBy.CARER)


@dataclass(frozen=True)
class Concern:
    """Why the LADO should hear about one adult.

    `adult`: a staff id, or "to be identified". `children`: ids of those the concern is about, in the report's order.
    `allegation_indexes`: positions in the report's allegations. `knowing_at`: when the home knew: the
    earliest `raised_at`, else the time of submission (RULINGS 12).
    `in_record`: some trigger rests on the record itself (an injury, a hold), not on an allegation.
    """

    adult: str
    triggers: tuple[int, ...]
    children: tuple[str, ...]
    allegation_indexes: tuple[int, ...]
    knowing_at: datetime
    in_record: bool


@dataclass(frozen=True)
class _Sign:
    """One reason for one adult."""

    adult: str
    trigger: Trigger
    children: tuple[str, ...]
    allegation: int | None = None


def triggers_of(
    incident: Incident,
    *,
    submitted_at: datetime | None = None,
    since: Mapping[str, datetime] | None = None,
    now: datetime | None = None,
) -> tuple[Concern, ...]:
    """The concerns that a report gives rise to, one for each adult, in order of first mention.

    `submitted_at`, `since`: what all revisions together say (`evidence.submitted_at`, `evidence.undated`); from this
    revision alone where not given. A trigger that came with a later revision was known when that one came.
    `now`: an allegation dated after it, like one from before the incident, does not date the knowing.
    """
    if not has_trigger(incident):
        return ()
    otherwise = submitted_at or incident.submitted_at or incident.modified_at
    signs = [*_from_allegations(incident), *_from_measures(incident)]
    known = {sign: _known(incident, sign, since or {}, now) or otherwise for sign in signs}
    adults = dict.fromkeys(sign.adult for sign in signs)
    return tuple(
        _concern(incident, adult, {sign: moment for sign, moment in known.items() if sign.adult == adult})
        for adult in adults
    )


@last_answer
def has_trigger(incident: Incident) -> bool:
    """Whether a report gives rise to any concern."""
    if incident.allegations or any(map(child_injured, held(incident))):
        return True
    return any(breathing_affected(one) or in_pain(one) or is_prone(one) for one in incident.measures)


def adults_in_record(incident: Incident) -> tuple[str, ...]:
    """The adults about whom a concern rests on the record itself, in order of first mention."""
    return tuple(dict.fromkeys(sign.adult for sign in _from_measures(incident)))


def concern_key(adult: str) -> str:
    """Key, among undated evidence, of a concern about an adult that rests on the record itself."""
    return f"concern/{adult}"


def allegation_key(incident: Incident, index: int) -> str:
    """Key of an allegation: who raised it, about whom, for which child; positions change between revisions."""
    names = [_identity(allegation) for allegation in incident.allegations[: index + 1]]
    return f"allegation/{names[index]}/{names.count(names[index])}"


def raised_at(incident: Incident, allegation: Allegation, now: datetime | None = None) -> datetime | None:
    """When an allegation was raised, where the report says so and it can be."""
    moment = allegation.raised_at
    if moment is None or moment < began(incident):
        return None
    return None if now is not None and moment > now else moment


def _identity(allegation: Allegation) -> str:
    return f"{allegation.raised_by}/{allegation.about_staff_id}/{allegation.concerning_child_id}"


def _known(incident: Incident, sign: _Sign, since: Mapping[str, datetime], now: datetime | None) -> datetime | None:
    if sign.allegation is None:
        return since.get(concern_key(sign.adult))
    stated = raised_at(incident, incident.allegations[sign.allegation], now)
    return stated or since.get(allegation_key(incident, sign.allegation))


def _concern(incident: Incident, adult: str, known: Mapping[_Sign, datetime]) -> Concern:
    concerned = {child_id for sign in known for child_id in sign.children}
    return Concern(
        adult=adult,
        triggers=tuple(sorted({int(sign.trigger) for sign in known})),
        children=tuple(child.child_id for child in incident.children if child.child_id in concerned),
        allegation_indexes=tuple(sorted({sign.allegation for sign in known if sign.allegation is not None})),
        knowing_at=min(known.values()),
        in_record=any(sign.allegation is None for sign in known),
    )


def _from_allegations(incident: Incident) -> Iterator[_Sign]:
    for index, allegation in enumerate(incident.allegations):
        adult = allegation.about_staff_id.strip() or TO_BE_IDENTIFIED
        children = _concerned(incident, allegation)
        by_family = allegation.raised_by in _FAMILY
        trigger = Trigger.ALLEGATION_BY_CHILD_OR_FAMILY if by_family else Trigger.REPORT_BY_OTHERS
        yield _Sign(adult, trigger, children, index)
        if allegation.excessive_force is Answer.YES:
            yield _Sign(adult, Trigger.INJURY_OR_FORCE, children, index)


def _concerned(incident: Incident, allegation: Allegation) -> tuple[str, ...]:
    named = incident.child(allegation.concerning_child_id) if allegation.concerning_child_id else None
    return _ids((named,) if named is not None else held(incident) or incident.children)


def _ids(children: tuple[Child, ...]) -> tuple[str, ...]:
    return tuple(child.child_id for child in children)


def _from_measures(incident: Incident) -> Iterator[_Sign]:
    for child in held(incident):
        if child_injured(child):
            yield from _signs(Trigger.INJURY_OR_FORCE, (child,), _users_on(incident, child))
    for measure in incident.measures:
        children = children_of(incident, measure)
        users = users_of(incident, measure)
        if breathing_affected(measure) or in_pain(measure):
            yield from _signs(Trigger.INJURY_OR_FORCE, children, users)
        if is_prone(measure):
            yield from _signs(Trigger.REPORT_BY_OTHERS, children, users)


def _users_on(incident: Incident, child: Child) -> tuple[str, ...]:
    measures: tuple[Measure, ...] = measures_on(incident, child)
    if not measures:
        return users_of_any(incident)
    return tuple(dict.fromkeys(user for measure in measures for user in users_of(incident, measure)))


def _signs(trigger: Trigger, children: tuple[Child, ...], users: tuple[str, ...]) -> Iterator[_Sign]:
    for adult in users or (TO_BE_IDENTIFIED,):
        yield _Sign(adult, trigger, _ids(children))
