"""The sections of a note that tell what came after: care, the child's voice, oversight, and who has been told."""

from __future__ import annotations

from mappings.holds import held
from mappings.incident import (
    Allegation,
    Answer,
    Medical,
    NotifiableDecision,
    NotifiableEvent,
    RaisedBy,
    Views,
)
from mappings.note_subject import Subject, dated, facts, prose
from mappings.said import child_injured, said_briefly, staff_injured
from mappings.wording import ANSWERS, NOT_RECORDED, RAISED_BY, STATUSES, escaped, listed, readable

_NO_MEDICAL = Medical()
_NO_VIEWS = Views()
#: Getting a member from an enum takes as long as a call.
_YES, _NO, _UNANSWERED = Answer.YES, Answer.NO, Answer.UNANSWERED
_UNDECIDED = NotifiableDecision.UNDECIDED


def injuries(subject: Subject) -> list[str]:
    """Any injury, to anyone, and the medical care that was offered and given."""
    child, incident = subject.child, subject.incident
    hurt = child_injured(child)
    told = "The child was injured." if hurt else f"Injury to the child: {ANSWERS[child.injured]}."
    blocks = [f"<p>{told}</p>", *prose(subject, child.injury_details, "Injury: ")]
    for member in filter(staff_injured, incident.staff):
        who = subject.adult(member.name)
        blocks += prose(subject, member.injury_details, f"Staff injury, {who}: ") or [f"<p>{who} was injured.</p>"]
    others = [other for other in incident.children if other is not child and child_injured(other)]
    if others:
        labels = listed([subject.hide.label(other.child_id) for other in others])
        blocks.append(f"<p>Also injured: {escaped(labels)}.</p>")
    return [*blocks, *_medical(subject)]


def _medical(subject: Subject) -> list[str]:
    medical = subject.child.medical
    if not subject.was_held and medical == _NO_MEDICAL:
        return []
    offered = f"A nurse or doctor was offered: {ANSWERS[medical.offered]}"
    if medical.offered_at:
        offered += f", {readable(medical.offered_at)}"
    seen = f"Seen by a nurse or doctor: {ANSWERS[medical.seen]}"
    if said_briefly(medical.seen_by) or medical.seen_at:
        seen += f", {subject.adult(medical.seen_by, 'by whom is not recorded')}, {dated(medical.seen_at)}"
    items = [offered, seen]
    if medical.seen is _YES or medical.told_of_restraint is not _UNANSWERED:
        items.append(f"Told that the child had been restrained: {ANSWERS[medical.told_of_restraint]}")
    outcome = prose(subject, medical.outcome, "Outcome: ") or ["<p>Outcome: not recorded.</p>"]
    return [*facts(items), *outcome]


def views(subject: Subject) -> list[str] | None:
    """The child's own account, or that it was declined, and the offer of an advocate."""
    found, advocacy = subject.child.views, subject.child.advocacy_offered_at
    if not subject.was_held and found == _NO_VIEWS and advocacy is None:
        return None
    speaker = f", spoken to by {subject.adult(found.spoken_to_by)}" if said_briefly(found.spoken_to_by) else ""
    blocks = []
    if found.declined is _YES:
        blocks.append(f"<p>The child declined to give their views{speaker}.</p>")
    if found.recorded_at:
        blocks.append(f"<p>Recorded {readable(found.recorded_at)}{speaker}.</p>")
    blocks += prose(subject, found.text)
    advocate = f"Advocacy was offered {readable(advocacy)}." if advocacy else "Offer of advocacy: not recorded."
    return [*(blocks or [f"<p>{NOT_RECORDED}</p>"]), f"<p>{advocate}</p>"]


def conversation(subject: Subject) -> list[str]:
    """The restorative conversation, with the child's word on what would have helped."""
    found = subject.child.restorative_conversation
    blocks = [f"<p>Held {readable(found.held_at)}.</p>"] if found.held_at else []
    blocks += prose(subject, found.feedback, "Feedback: ")
    blocks += prose(subject, found.alternative_de_escalation, "What would have helped: ")
    return blocks


def oversight(subject: Subject) -> list[str]:
    """The manager's oversight, the staff debrief and the look from outside."""
    incident = subject.incident
    found, debrief, review = incident.manager_oversight, incident.staff_debrief, incident.external_review
    blocks = []
    if found.at or said_briefly(found.by):
        blocks.append(f"<p>By {subject.adult(found.by)}, {dated(found.at)}.</p>")
    blocks += prose(subject, found.comments)
    blocks = blocks or [f"<p>{NOT_RECORDED}</p>"]
    if debrief.held_at or said_briefly(debrief.with_name):
        role = f" ({subject.text(debrief.with_role)})" if said_briefly(debrief.with_role) else ""
        blocks.append(f"<p>Staff debrief: {dated(debrief.held_at)}, with {subject.adult(debrief.with_name)}{role}.</p>")
    if review.at or said_briefly(review.by):
        role = f" ({subject.text(review.role)})" if said_briefly(review.role) else ""
        blocks.append(f"<p>External review: {dated(review.at)}, by {subject.adult(review.by)}{role}.</p>")
    return blocks


# ---- allegations: in the record of the child concerned, and nowhere else ----------------------------------------


def allegations(subject: Subject) -> list[str]:
    """Allegations and complaints that concern this child, as facts."""
    found = [entry for entry in subject.incident.allegations if _concerns(subject, entry)]
    blocks: list[str] = []
    for entry in found:
        blocks.append(f"<p>{_raised(subject, entry)}</p>")
        blocks += prose(subject, entry.summary)
        asked = (("Referred to MASH", entry.mash_referred), ("Referred to the police", entry.police_referred))
        blocks += facts([f"{what}: {ANSWERS[said_so]}" for what, said_so in asked])
    return blocks or ["<p>None recorded.</p>"]


def _concerns(subject: Subject, entry: Allegation) -> bool:
    """Whether it is about what was done to this child; with no child named, only where there is no doubt."""
    incident, own = subject.incident, subject.child.child_id
    if incident.child(entry.concerning_child_id) is not None:
        return entry.concerning_child_id == own
    if entry.concerning_child_id:
        return False
    return [child.child_id for child in held(incident) or incident.children] == [own]


def _raised(subject: Subject, entry: Allegation) -> str:
    who = RAISED_BY[entry.raised_by]
    if entry.raised_by not in (RaisedBy.CHILD, RaisedBy.OTHER_CHILD) and said_briefly(entry.raised_by_name):
        who += f" ({subject.adult(entry.raised_by_name)})"
    member = subject.incident.staff_member(entry.about_staff_id)
    about = subject.adult(member.name) if member else "an adult who is to be identified"
    force = "; excessive force is alleged" if entry.excessive_force is _YES else ""
    return f"Raised by {who}, {dated(entry.raised_at)}, about {about}{force}."


# ---- who has been told, and who wrote it -------------------------------------------------------------------------


def told(subject: Subject) -> list[str]:
    """Manager, social worker, parents, police: who knows, and since when."""
    incident, child = subject.incident, subject.child
    worker = child.social_worker
    items = [
        f"Home manager: {dated(incident.manager_notified_at, 'not recorded')}",
        f"Social worker{f' ({subject.adult(worker.name)})' if said_briefly(worker.name) else ''}: "
        + dated(worker.notified_at, "not recorded"),
        f"Parents or carers: {_parents(subject)}",
        f"Police called: {ANSWERS[incident.police_called]}",
        f"Emergency services called: {ANSWERS[incident.emergency_services_called]}",
    ]
    if incident.senior_manager_notified_at:
        items.append(f"Senior manager: {readable(incident.senior_manager_notified_at)}")
    if incident.notifiable_event.decision is not _UNDECIDED:
        items.append(_notifiable(subject, incident.notifiable_event))
    return facts(items)


def _parents(subject: Subject) -> str:
    found = subject.child.parents_informed
    if found.informed_at:
        by = f", by {subject.adult(found.informed_by)}" if said_briefly(found.informed_by) else ""
        return readable(found.informed_at) + by
    if found.required is _NO and said_briefly(found.decided_by):
        return f"not to be informed, as decided by {subject.adult(found.decided_by)}"
    return "not recorded"


def _notifiable(subject: Subject, event: NotifiableEvent) -> str:
    by = f" by {subject.adult(event.by)}" if said_briefly(event.by) else ""
    when = f", {readable(event.considered_at)}" if event.considered_at else ""
    notify = event.decision is NotifiableDecision.NOTIFY
    sent = f"; notified {readable(event.notified_at)}" if event.notified_at else ""
    return f"Notifiable event considered{by}{when}: {'to be notified' if notify else 'not to be notified'}{sent}"


def record(subject: Subject) -> list[str]:
    """The human author and time, and where the report stands in its life (reg 36(1)(c))."""
    incident = subject.incident
    author = subject.adult(incident.created_by, "an author whom the report does not name")
    items = [f"Written by {author}, {readable(incident.created_at)}"]
    if incident.submitted_at:
        items.append(f"Submitted {readable(incident.submitted_at)}")
    if incident.signed_off_at:
        items.append(f"Signed off {readable(incident.signed_off_at)}")
    items.append(f"Status of the report: {STATUSES[incident.status]}")
    return facts(items)
