"""The words of the LADO form's answers: what the record says, in plain sentences, and nothing that it does not say.

Every function returns None where the record says nothing. `hide` hides every child whom the concern is not about; it
is put over whatever staff typed, never over the names of the children concerned or of adults.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from mappings.incident import (
    Allegation,
    Answer,
    Child,
    ChildRole,
    Incident,
    Involvement,
    Measure,
    Position,
    RaisedBy,
    StaffMember,
)
from mappings.said import answered, child_injured, said, staff_injured
from mappings.uk_time import LONDON, readable

ANOTHER_CHILD = "another child"

_RAISERS = {
    RaisedBy.CHILD: "The child",
    RaisedBy.PARENT: "A parent",
    RaisedBy.CARER: "A carer",
    RaisedBy.PROFESSIONAL: "A professional",
    RaisedBy.OTHER_ADULT: "Another adult",
    RaisedBy.OTHER_CHILD: "Another child",
}


def text(written: str) -> str | None:
    """A text field, if it says anything."""
    return written.strip() if said(written) else None


def yes_no(answer: bool) -> str:
    """A fact as an answer."""
    return "Yes" if answer else "No"


def wall_clock(moment: datetime) -> str:
    """A moment as UK wall-clock text, `2026-11-03 14:05`; in the hour that happens twice with BST or GMT."""
    local = moment.astimezone(LONDON)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%Y-%m-%d %H:%M}" + (f" {local.tzname()}" if twice else "")


def same_person(one: str, other: str) -> bool:
    """Whether two names are written alike, but for case and spacing."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def by_child(values: Sequence[tuple[str, str | None]]) -> str | None:
    """One answer for several children, a line each; of a single child the answer itself."""
    if all(value is None for _, value in values):
        return None
    if len(values) == 1:
        return values[0][1]
    return "\n".join(f"{name}: {value or 'the record does not say'}" for name, value in values)


# ---- about the child -------------------------------------------------------------------------------------------


def social_worker(child: Child) -> str | None:
    """Name, email and telephone, as far as they are known."""
    worker = child.social_worker
    return ", ".join(part.strip() for part in (worker.name, worker.email, worker.phone) if said(part)) or None


def views(child: Child, hide: Callable[[str], str]) -> str | None:
    """The child's own account, or that the child declined to give one."""
    found = child.views
    parts = []
    if said(found.text):
        parts.append(hide(found.text.strip()))
    if found.declined is Answer.YES:
        parts.append("The child declined to give an account.")
    if not parts:
        return None
    if said(found.spoken_to_by):
        parts.append(f"Spoken to by {hide(found.spoken_to_by.strip())}.")
    if found.recorded_at is not None:
        parts.append(f"Recorded on {readable(found.recorded_at)}.")
    return " ".join(parts)


def parents_informed(child: Child, hide: Callable[[str], str]) -> str | None:
    """Whether and when parents were informed, or who decided that they are not to be."""
    found = child.parents_informed
    if found.informed_at is not None:
        by = f" by {hide(found.informed_by.strip())}" if said(found.informed_by) else ""
        return f"Yes, on {readable(found.informed_at)}{by}."
    if found.required is Answer.NO:
        by = f" by {hide(found.decided_by.strip())}" if said(found.decided_by) else ""
        return f"No: it was decided{by} not to inform them."
    return None


def medical(child: Child, hide: Callable[[str], str]) -> str | None:
    """The offer of a nurse or doctor, and what came of it."""
    found = child.medical
    parts = []
    if answered(found.offered):
        when = f" on {readable(found.offered_at)}" if found.offered_at else ""
        offered = "was" if found.offered is Answer.YES else "was not"
        parts.append(f"A nurse or doctor {offered} offered{when}.")
    if found.seen is Answer.YES or found.seen_at is not None:
        by = f" by {hide(found.seen_by.strip())}" if said(found.seen_by) else ""
        when = f" on {readable(found.seen_at)}" if found.seen_at else ""
        parts.append(f"The child was seen{by}{when}.")
    elif found.seen is Answer.NO:
        parts.append("The child was not seen.")
    if answered(found.told_of_restraint):
        told = "was" if found.told_of_restraint is Answer.YES else "was not"
        parts.append(f"The nurse or doctor {told} told of the restraint.")
    if said(found.outcome):
        parts.append(f"Outcome: {hide(found.outcome.strip())}")
    return " ".join(parts) or None


# ---- about the incident ----------------------------------------------------------------------------------------


def measures(incident: Incident, concerned: Collection[Child], hide: Callable[[str], str]) -> str | None:
    """Each measure on a line of its own: what, on whom, how, how long, by whom."""
    lines = [_measure(measure, incident, concerned, hide) for measure in incident.measures]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)) or None


def _measure(measure: Measure, incident: Incident, concerned: Collection[Child], hide: Callable[[str], str]) -> str:
    on = [
        _called(child, concerned, hide)
        for child in incident.children
        if child.child_id == measure.child_id or (not measure.child_id and child.role is ChildRole.HELD)
    ]
    parts = [hide(measure.technique.strip()) or "a measure without a name"]
    parts += [f"on {_listed(on)}"] if on else []
    parts += [f"position: {measure.position.value.lower()}"] if measure.position is not Position.UNKNOWN else []
    parts += [f"began {readable(measure.started_at)}"] if measure.started_at else []
    parts += [f"lasted {measure.duration_minutes:g} minutes"] if measure.duration_minutes is not None else []
    parts += [f"used by {_listed([_adult(incident, one) for one in measure.staff_ids])}"] if measure.staff_ids else []
    if answered(measure.breathing_affected):
        parts.append(f"breathing affected: {measure.breathing_affected.value.lower()}")
    if answered(measure.pain_complaint):
        parts.append(f"complaint of pain: {measure.pain_complaint.value.lower()}")
    return "; ".join(parts) + "."


def injuries(incident: Incident, concerned: Collection[Child], hide: Callable[[str], str]) -> str | None:
    """Each child concerned and everybody else who was injured, with what was done about it."""
    ids = {child.child_id for child in concerned}
    lines = []
    for child in incident.children:
        if child.child_id in ids or child_injured(child):
            line = _injury(child, child_injured(child), hide)
            lines.append((_called(child, concerned, hide), line))
    lines += [
        (f"{member.name} (staff)", _hidden(member.injury_details, hide) or "injured.")
        for member in incident.staff
        if staff_injured(member)
    ]
    if all(line is None for _, line in lines):
        return None
    return "\n".join(f"{_capital(who)}: {line or 'the record does not say.'}" for who, line in lines)


def _injury(child: Child, injured: bool, hide: Callable[[str], str]) -> str | None:
    parts = []
    if injured:
        details = _hidden(child.injury_details, hide)
        parts.append(f"injured. {details}" if details else "injured.")
    elif child.injured is Answer.NO:
        parts.append("no injury.")
    treatment = medical(child, hide)
    if treatment:
        parts.append(treatment)
    return " ".join(parts) or None


def witnesses(
    incident: Incident, adult: StaffMember | None, concerned: Collection[Child], hide: Callable[[str], str]
) -> str | None:
    """Adults who were present or saw it, but for the adult of concern, and the children who were present."""
    ids = {child.child_id for child in concerned}
    people = [
        f"{member.name} ({member.role.strip()})" if said(member.role) else member.name
        for member in incident.staff
        if member.involvement in (Involvement.PRESENT, Involvement.WITNESS) and member != adult
    ]
    people += [
        _called(child, concerned, hide)
        for child in incident.children
        if child.role is ChildRole.PRESENT and child.child_id not in ids
    ]
    return "; ".join(people) or None


# ---- about the allegation --------------------------------------------------------------------------------------


def raisers(found: Sequence[Allegation], concerned: Collection[str], hide: Callable[[str], str]) -> str | None:
    """Who raised it: the kind of person, and the name unless it is that of a child whom it is not about."""
    return "; ".join(dict.fromkeys(_raiser(allegation, concerned, hide) for allegation in found)) or None


def _raiser(allegation: Allegation, concerned: Collection[str], hide: Callable[[str], str]) -> str:
    kind = _RAISERS[allegation.raised_by]
    name = text(allegation.raised_by_name)
    if name is None:
        return kind
    if allegation.raised_by in (RaisedBy.CHILD, RaisedBy.OTHER_CHILD):
        if any(same_person(name, one) for one in concerned):
            return f"{kind} ({name})"
        hidden = hide(name)
        # A name that nobody knows to be a child's is still the name of one.
        return _capital(hidden) if ANOTHER_CHILD in hidden else kind
    return f"{kind} ({hide(name)})"


def allegations(found: Sequence[Allegation], hide: Callable[[str], str]) -> str | None:
    """What was said, a paragraph for each allegation."""
    told = [hide(allegation.summary.strip()) for allegation in found if said(allegation.summary)]
    if len(told) < 2:
        return told[0] if told else None
    return "\n".join(f"{number}. {one}" for number, one in enumerate(told, 1))


# ---- people ----------------------------------------------------------------------------------------------------


def _called(child: Child, concerned: Collection[Child], hide: Callable[[str], str]) -> str:
    if any(one.child_id == child.child_id for one in concerned):
        return child.name
    hidden = hide(child.name)
    return ANOTHER_CHILD if child.name in hidden else hidden


def _adult(incident: Incident, staff_id: str) -> str:
    member = incident.staff_member(staff_id)
    return member.name if member else f"an adult whom the record does not name ({staff_id})"


def _hidden(written: str, hide: Callable[[str], str]) -> str | None:
    found = text(written)
    return None if found is None else hide(found)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(people: Sequence[str]) -> str:
    return people[0] if len(people) == 1 else f"{', '.join(people[:-1])} and {people[-1]}"
