"""What the ledger itself says is not settled: quarantine, mail, duties, LADO decisions, flags, numbers and clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import date

from connectors.protocols import SourceAnswer
from mappings.duties import Duty
from mappings.incident import Status
from mappings.lado_triggers import triggers_of
from mappings.running_numbers import NumberGap
from reconciliation.finding import Finding, Kind, Owner, Severity
from reconciliation.seen import by_the_ledger, is_left_out
from reconciliation.telling import Record, day_words, field_words, moment_words, tell
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, Side, Submission, Target

#: A mistyped number can make a hole of millions: a longer one is one finding.
_SINGLE_NUMBERS = 50
_SHOWN_NUMBERS = 5
_READ_BACK = (Target.MOSAIC, Target.DAILY_LOG)


def ledger_findings(evidence: Evidence, deleted: Set[int] = frozenset()) -> Iterator[Finding]:
    """Everything that needs nothing but the ledger and the policy.

    `deleted`: deliveries whose note the council was seen to have deleted, as it was asked to.
    """
    yield from _unsettled(evidence)
    yield from _quarantined(evidence)
    yield from _lives(evidence, deleted)
    yield from _left_out(evidence, deleted)
    yield from _duties(evidence)
    yield from _submissions(evidence)
    yield from _flags(evidence)
    yield from _gaps(evidence)
    yield from _unrecorded(evidence)
    yield from _clocks(evidence)


def _unsettled(evidence: Evidence) -> Iterator[Finding]:
    """Deliveries to what was not read: mail and packages always, the others where they could not be seen."""
    incidents = {incident.incident_id: incident for incident in evidence.incidents}
    for delivery in evidence.deliveries:
        read = delivery.target in _READ_BACK and evidence.side(delivery.target) is Side.CHECKED
        if not read:
            yield from by_the_ledger(evidence, delivery, incidents.get(delivery.incident_id))


def _quarantined(evidence: Evidence) -> Iterator[Finding]:
    understood = {incident.incident_id for incident in evidence.incidents}
    for report in evidence.quarantined:
        record = Record(report.number, report.source_id, Target.LEDGER, None, report.occurred_on)
        fields = ", ".join(report.fields[:5]) or "no field could be read"
        about = report.source_id or str(report.id)
        reason = "later" if report.source_id in understood else None
        if evidence.source.answers.get(report.source_id or "") is SourceAnswer.GONE:
            reason = "gone"
        yield tell(evidence.home.id, Kind.QUARANTINED, record, reason=reason, about=about, fields=fields)


def _lives(evidence: Evidence, deleted: Set[int]) -> Iterator[Finding]:
    """Reports that were sent and then voided, or went back to Draft (RULINGS 2).

    A void one that has notes is told until the council has deleted each of them, or a manager acknowledges it.
    """
    made = [one for one in evidence.deliveries if one.action == "create" and one.was_accepted]
    sent = {one.incident_id for one in made if one.target in _READ_BACK}
    standing = {one.incident_id for one in made if one.target == Target.MOSAIC and one.id not in deleted}
    for incident in evidence.incidents:
        if incident.incident_id not in sent:
            continue
        record = Record.of_incident(incident, Target.MOSAIC)
        if incident.status is Status.VOID and incident.incident_id in standing:
            yield tell(evidence.home.id, Kind.ORPHAN, record, reason="void", about="void")
        elif incident.status is Status.DRAFT:
            record = Record.of_incident(incident, Target.SOURCE)
            yield tell(evidence.home.id, Kind.UNFINISHED, record, reason="back_to_draft", about="draft")


def _left_out(evidence: Evidence, deleted: Set[int]) -> Iterator[Finding]:
    """Notes of children whom the report names no longer: a manager must say whether they stand."""
    incidents = {one.incident_id: one for one in evidence.incidents}
    live = (Status.SUBMITTED, Status.SIGNED_OFF)
    for one in evidence.deliveries:
        incident = incidents.get(one.incident_id)
        made = one.target == Target.MOSAIC and one.action == "create" and one.part == 1 and one.was_accepted
        if not made or one.id in deleted or incident is None or incident.status not in live:
            continue
        if is_left_out(one, incident):
            record = Record.of_delivery(one, incident)
            yield tell(evidence.home.id, Kind.ORPHAN, record, reason="left_out", about="left_out")


def _duties(evidence: Evidence) -> Iterator[Finding]:
    for incident in evidence.incidents:
        for duty in evidence.duties.get(incident.incident_id, ()):
            if duty.state == "overdue":
                yield tell(
                    evidence.home.id,
                    Kind.DUTY_OVERDUE,
                    Record.of_incident(incident, None, duty.child),
                    about=duty.id,
                    reason=duty.id,
                    due=duty.due_at,
                    owner=duty.owner,
                    duty=duty.title,
                    for_child=" for {child}" if duty.child else "",
                    obstacle=_obstacle(duty, incident),
                    due_words=moment_words(duty.due_at) if duty.due_at else "a time that is not known",
                )


def _obstacle(duty: Duty, incident: LedgerIncident) -> str:
    """What stands in the way, where that can be said without an id: people see initials, and some sites hide ids."""
    ids = incident.incident.people if incident.incident else frozenset[str]()
    reasons = (duty.reason or "").split("; ")
    for one in ids:
        reasons = [reason.replace(f" about {one} ", " ") for reason in reasons]
    said = [reason for reason in dict.fromkeys(reasons) if reason and not any(one in reason for one in ids)]
    return "; ".join(said)


def _submissions(evidence: Evidence) -> Iterator[Finding]:
    incidents = {incident.incident_id: incident for incident in evidence.incidents}
    for submission in evidence.submissions:
        if submission.state != "awaiting_approval":
            continue
        incident = incidents.get(submission.incident_id)
        day = incident.occurred_on if incident else None
        record = Record(submission.number, submission.incident_id, Target.LADO, submission.adult, day)
        late = submission.due_at is not None and submission.due_at < evidence.as_of
        taken_out = incident is not None and _is_taken_out(submission, incident)
        yield tell(
            evidence.home.id,
            Kind.LADO_UNDECIDED,
            record,
            reason="taken_out" if taken_out else "overdue" if late else None,
            about=submission.adult,
            due=submission.due_at,
            due_words=moment_words(submission.due_at) if submission.due_at else "",
        )


def _is_taken_out(submission: Submission, incident: LedgerIncident) -> bool:
    """Whether staff have voided the report since, or taken out what this submission is about."""
    content = incident.incident
    if content is None or submission.revision == incident.revision:
        return False
    return content.status is Status.VOID or all(one.adult != submission.adult for one in triggers_of(content))


def _flags(evidence: Evidence) -> Iterator[Finding]:
    for incident in evidence.incidents:
        for flag in evidence.flags.get(incident.incident_id, ()):
            subject = flag.staff if flag.id.startswith("training_") else flag.child
            record = Record.of_incident(incident, None, subject or flag.child or flag.staff)
            yield tell(evidence.home.id, flag.id, record, about=f"{flag.child or ''}:{flag.staff or ''}")


def _gaps(evidence: Evidence) -> Iterator[Finding]:
    for gap in evidence.number_gaps:
        day = _clipped(date(gap.year, 1, 1), date(gap.year, 12, 31), evidence)
        many = gap.missing > _SINGLE_NUMBERS
        for number in _from_to(gap) if many else gap.numbers():
            record = Record(number, None, Target.SOURCE, None, day)
            yield tell(evidence.home.id, Kind.NUMBER_GAP, record, reason="many" if many else None)
    if evidence.misfits:
        record = Record(None, None, Target.SOURCE, None, evidence.start)
        named = ", ".join(number or "(empty)" for number in evidence.misfits[:_SHOWN_NUMBERS])
        rest = len(evidence.misfits) - _SHOWN_NUMBERS
        yield tell(
            evidence.home.id,
            Kind.NUMBER_GAP,
            record,
            reason="misfit",
            about="misfit",
            numbers=f"{named} and {rest:,} more" if rest > 0 else named,
        )


def _from_to(gap: NumberGap) -> Iterator[str]:
    width = f"{gap.prefix}-{gap.year:04}-"
    yield f"{width}{gap.first:04} to {width}{gap.last:04}"


def _clipped(first: date, last: date, evidence: Evidence) -> date | None:
    """A day of this period in which the gap was looked for, so that only a look at the same days resolves it."""
    day = max(first, evidence.start)
    return day if day <= min(last, evidence.end) else None


def _unrecorded(evidence: Evidence) -> Iterator[Finding]:
    for entry in evidence.unrecorded:
        record = Record(None, None, Target.DAILY_LOG, entry.child, entry.day)
        yield tell(evidence.home.id, Kind.UNRECORDED_RESTRAINT, record, about=entry.entry_id, day=day_words(entry.day))


def _clocks(evidence: Evidence) -> Iterator[Finding]:
    for incident in evidence.incidents:
        if incident.incident and incident.incident.clock_troubles:
            fields = ", ".join(field_words(trouble.field) for trouble in incident.incident.clock_troubles[:5])
            record = Record.of_incident(incident)
            about_when = any(trouble.field == "occurred_at" for trouble in incident.incident.clock_troubles)
            severity = Severity.MEDIUM if about_when else None
            yield tell(evidence.home.id, Kind.CLOCK, record, fields=fields, severity=severity, owner=Owner.STAFF)


def never_planned(evidence: Evidence, incident: LedgerIncident, owed: Sequence[LedgerDelivery]) -> Iterator[Finding]:
    """Where an incident belongs and nothing was ever owed: a target that was added later, or a plan that fell short."""
    content = incident.incident
    if content is None:
        return
    places = {(delivery.target, delivery.subject) for delivery in owed}
    if Target.MOSAIC in evidence.targets:
        for child in content.children:
            if (Target.MOSAIC, child.child_id) not in places:
                record = Record.of_incident(incident, Target.MOSAIC, child.child_id)
                yield tell(evidence.home.id, Kind.MISSING, record, reason="never_planned", about="plan")
    if Target.DAILY_LOG in evidence.targets and all(target != Target.DAILY_LOG for target, _ in places):
        record = Record.of_incident(incident, Target.DAILY_LOG)
        yield tell(evidence.home.id, Kind.MISSING, record, reason="never_planned", about="plan")
