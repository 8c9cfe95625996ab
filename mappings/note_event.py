"""The sections of a note that tell what happened: before, the measure, and who was there."""

from __future__ import annotations

from mappings.holds import users_of
from mappings.incident import Answer, ChildRole, ClockTroubleKind, Intervention, StaffMember
from mappings.note_subject import Subject, brief, facts, prose
from mappings.said import said_briefly
from mappings.uk_time import uk_clock
from mappings.wording import (
    ANSWERS,
    INVOLVEMENTS,
    KINDS,
    NOT_RECORDED,
    POSITIONS,
    REASONS,
    escaped,
    listed,
    minutes,
    number,
    one_line,
    readable,
    table,
)

#: Getting a member from an enum takes as long as a call.
_YES, _NO, _UNANSWERED = Answer.YES, Answer.NO, Answer.UNANSWERED

_ROWS_A_TABLE = 20
_PLANNED = {_YES: ", planned", _NO: ", not planned"}
_CLOCK_REMARKS = {
    ClockTroubleKind.MISSING: (
        "A time in the report does not exist on the UK clock, because the clocks went forward over it; "
        "it was read by the clock before the change."
    ),
    ClockTroubleKind.TWICE: (
        "A time in the report happened twice, because the clocks went back; "
        "it was taken as the first, unless that would lie before the incident."
    ),
}


def before(subject: Subject) -> list[str]:
    """The behaviour that led to it."""
    return prose(subject, subject.incident.behaviour_before)


def tried(subject: Subject) -> list[str]:
    """What staff tried to avoid it."""
    return prose(subject, subject.incident.de_escalation)


def story(subject: Subject) -> list[str]:
    """The narrative, as staff wrote it."""
    return prose(subject, subject.incident.narrative)


def summary(subject: Subject) -> list[str]:
    """Who, when, where, what kind and why, with what a reader must know about it."""
    incident, child = subject.incident, subject.child
    where = brief(subject.home_name, 100)
    if said_briefly(incident.location):
        where += f", {subject.text(incident.location)}"
    reasons = [REASONS[reason] for reason in incident.reasons]
    kind = KINDS[incident.intervention] + _PLANNED.get(incident.planned, "")
    short = facts(
        [
            f"When: {readable(incident.occurred_at)}",
            f"Where: {where}",
            f"What kind: {kind}",
            f"Why staff intervened: {listed(reasons) if reasons else 'not recorded'}",
        ]
    )
    name = escaped(one_line(child.name, 100))
    opening = f"<p><strong>{name}</strong> {_what_happened_to(subject)}.</p>"
    return [opening, *short, *_remarks(subject)]


def _what_happened_to(subject: Subject) -> str:
    kind = subject.incident.intervention
    if subject.was_held:
        return "was held by staff in a restrictive safety intervention"
    if subject.measures or subject.child.role is ChildRole.DISENGAGED:
        return "was the subject of a disengagement, a safety intervention that is not restrictive"
    one = "a restrictive safety intervention" if kind is Intervention.RESTRICTIVE else "a disengagement"
    verb = "was hurt at" if subject.child.role is ChildRole.INJURED else "was present at"
    return f"{verb} {one}; no measure on this child is recorded"


def _remarks(subject: Subject) -> list[str]:
    remarks = []
    if subject.exempt:
        remarks.append("This was routine under the EHC plan: every measure used is one that the plan provides for.")
    if subject.incident.clock_troubles:
        own = f"children.{subject.incident.children.index(subject.child)}."
        fields = [(trouble.kind, trouble.field) for trouble in subject.incident.clock_troubles]
        kinds = {kind for kind, field in fields if field.startswith(own) or not field.startswith("children.")}
        remarks += [text for kind, text in _CLOCK_REMARKS.items() if kind in kinds]
    return [f"<p><em>{remark}</em></p>" for remark in remarks]


def measure(subject: Subject) -> list[str]:
    """The measures on this child, how long each lasted, and who used them."""
    measures = subject.measures
    if not measures:
        none = "No measure on this child is recorded." if not subject.was_held else NOT_RECORDED
        return [f"<p>{none}</p>"]
    rows = [
        (
            subject.text(measure.technique),
            POSITIONS[measure.position],
            uk_clock(measure.started_at) if measure.started_at else "not recorded",
            minutes(measure.duration_minutes),
            listed([_staff_name(subject, staff_id) for staff_id in users_of(subject.incident, measure)[:20]])
            or "not recorded",
        )
        for measure in measures
    ]
    headings = ("Technique", "Position", "Began", "Lasted", "Staff")
    blocks = [table(headings, rows[start : start + _ROWS_A_TABLE]) for start in range(0, len(rows), _ROWS_A_TABLE)]
    if len(measures) > 1:
        blocks += _together([measure.duration_minutes for measure in measures])
    return [*blocks, *_breathing_and_pain(subject)]


def _together(durations: list[float | None]) -> list[str]:
    known = [duration for duration in durations if duration is not None]
    if len(known) < 2:
        return []
    unknown = "" if len(known) == len(durations) else ", not counting what was not recorded"
    return [f"<p>Together {number(sum(known))} minutes{unknown}.</p>"]


def _breathing_and_pain(subject: Subject) -> list[str]:
    """Said loudly where there was any; not asked after in a disengagement."""
    breathing = _worst([measure.breathing_affected for measure in subject.measures])
    pain = _worst([measure.pain_complaint for measure in subject.measures])
    if breathing is pain is _UNANSWERED and not subject.incident.is_restrictive:
        return []
    found = f"Breathing affected: {ANSWERS[breathing]}. Complaint of pain: {ANSWERS[pain]}."
    return [f"<p><strong>{found}</strong></p>" if breathing is _YES or pain is _YES else f"<p>{found}</p>"]


def _worst(answers: list[Answer]) -> Answer:
    """Yes if any is; no only if all are."""
    if _YES in answers:
        return _YES
    return _NO if answers.count(_NO) == len(answers) else _UNANSWERED


def _staff_name(subject: Subject, staff_id: str) -> str:
    member = subject.incident.staff_member(staff_id)
    return subject.adult(member.name) if member else "a member of staff not named in the report"


def outcome(subject: Subject) -> list[str]:
    """How effective it was and its consequences."""
    effect = prose(subject, subject.incident.effectiveness)
    after = prose(subject, subject.incident.consequences, "What followed: ")
    return [*effect, *after]


def people(subject: Subject) -> list[str]:
    """The staff by name and role; other children by letter."""
    incident = subject.incident
    staff = [_member(subject, member) for member in incident.staff]
    others = [subject.hide.label(child.child_id) for child in incident.children if child is not subject.child]
    blocks = facts(staff) or ["<p>Staff: not recorded.</p>"]
    if others:
        blocks.append(f"<p>Other children in the report: {escaped(listed(others))}.</p>")
    return blocks


def _member(subject: Subject, member: StaffMember) -> str:
    role = f", {subject.text(member.role)}" if said_briefly(member.role) else ""
    involvement = INVOLVEMENTS[member.involvement] if member.involvement else "involvement not recorded"
    return f"{subject.adult(member.name)}{role}: {involvement}"
