"""The comparison: the source's index, the ledger and the targets become totals, findings and what was seen right.

Pure: what was read is an argument, nothing is read or written here. A side that could not be read makes no finding of
absence and no `fine`: it is `not_checked`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.protocols import HeldNote
from mappings.duties import DutyState
from mappings.duty_rules import DutyId
from mappings.duty_rules import Owner as DutyOwner
from mappings.incident import Status
from reconciliation.copy_age import stale
from reconciliation.finding import Finding, Kind, by_urgency
from reconciliation.ledger_side import ledger_findings, never_planned
from reconciliation.log_side import compare_log, unlisted_entries
from reconciliation.notes_side import compare_notes
from reconciliation.seen import Seen
from reconciliation.source_side import compare_source
from reconciliation.totals import Row, Totals, count
from reconciliation.views import Evidence, LedgerDelivery, NotesView, Side, Target


@dataclass(frozen=True)
class Comparison:
    """What one reconciliation found. Ids of deliveries are the ledger's, of incidents the source's own."""

    checked: Mapping[str, Side]
    totals: Totals
    rows: Mapping[str, Row]
    findings: tuple[Finding, ...]
    """By urgency."""
    verified: frozenset[int]
    """Deliveries that a read found as they were sent: to be marked `verified`, whatever the ledger thought."""
    healable: frozenset[int]
    """Deliveries that were never accepted and that a read proved absent: safe to send (RULINGS 14)."""
    beside_typed: frozenset[int]
    """Deliveries that were never accepted, where a person seems to have typed the note: not healed."""
    unfinished: Mapping[int, str]
    """Deliveries whose own note is a draft or timed out, with the note's id: to be finished, not made again."""
    unseen_incidents: frozenset[str]
    """At the source and not, or not so, in the ledger: to be fetched."""

    @property
    def unseen_targets(self) -> tuple[str, ...]:
        """Targets about which nothing can be called resolved, because they were not read."""
        sides = dict(self.checked)
        unseen = [target for target, side in sides.items() if side is not Side.CHECKED]
        return (*unseen, Target.LEDGER) if sides[Target.SOURCE] is not Side.CHECKED else tuple(unseen)


@dataclass(frozen=True)
class SecondLooks:
    """What to ask for before absence is believed: incidents of the source and notes of Mosaic, each singly, and
    entries of the daily log, by reference and by id, on other days."""

    incidents: tuple[str, ...]
    notes: tuple[str, ...]
    entries: frozenset[str] = frozenset()


def second_looks(evidence: Evidence) -> SecondLooks:
    """What a list did not show although it was there once: a note may have moved to another day or another person."""
    source = compare_source(evidence)
    gone = (source.gone | source.unlisted) - set(evidence.source.answers)
    notes: list[str] = []
    if evidence.mosaic.side is Side.CHECKED:
        listed = {note.remote_id for held in evidence.mosaic.notes.values() for note in held}
        notes = [
            delivery.remote_id
            for delivery in evidence.deliveries
            if delivery.target == Target.MOSAIC and delivery.action == "create" and delivery.was_accepted
            if delivery.remote_id and delivery.remote_id not in listed
        ]
    return SecondLooks(tuple(sorted(gone)), tuple(dict.fromkeys(notes)), frozenset(unlisted_entries(evidence)))


def with_notes(view: NotesView, found: Sequence[HeldNote]) -> NotesView:
    """The view with notes that were asked for singly; each lies with the person whom it names itself."""
    notes = {person: list(held) for person, held in view.notes.items()}
    for note in found:
        notes.setdefault(note.person_id, []).append(note)
    return replace(view, notes=notes)


def compare(evidence: Evidence) -> Comparison:
    """Compare everything. The same evidence gives the same comparison, findings in the same order."""
    source = compare_source(evidence)
    mosaic = compare_notes(evidence, evidence.mosaic)
    log = compare_log(evidence)
    replica = compare_notes(evidence, evidence.replica, Target.REPLICA)
    right = mosaic.verified | log.verified
    if evidence.mosaic.side is not Side.CHECKED:
        right |= replica.verified  # the replica is a look of its own
    short = list(_never_planned(evidence))
    incomplete = frozenset(finding.incident_id for finding in short if finding.incident_id)
    standing = count(evidence, source, frozenset(right), incomplete)
    found = [
        *source.findings,
        *mosaic.findings,
        *log.findings,
        *_disagreements(mosaic, replica),
        *stale(evidence),
        *short,
        *ledger_findings(evidence, mosaic.deleted),
    ]
    return Comparison(
        checked=sides(evidence),
        totals=standing.totals,
        rows=standing.rows,
        findings=_settled(evidence, found, frozenset(right)),
        verified=frozenset(right),
        healable=frozenset((mosaic.healable | log.healable) - right - replica.verified),
        beside_typed=frozenset(mosaic.typed),
        unfinished=mosaic.unfinished,
        unseen_incidents=source.unseen,
    )


def sides(evidence: Evidence) -> dict[str, Side]:
    """Which sides were seen, in FACE's order."""
    return {
        Target.SOURCE: evidence.source.side,
        Target.MOSAIC: evidence.mosaic.side,
        Target.DAILY_LOG: evidence.daily_log.side,
        Target.REPLICA: evidence.replica.side,
    }


def _never_planned(evidence: Evidence) -> Iterator[Finding]:
    owed: dict[str, list[LedgerDelivery]] = defaultdict(list)
    for delivery in evidence.deliveries:
        owed[delivery.incident_id].append(delivery)
    for incident in evidence.incidents:
        if incident.status in (Status.SUBMITTED, Status.SIGNED_OFF):
            yield from never_planned(evidence, incident, owed[incident.incident_id])


def _disagreements(mosaic: Seen, replica: Seen) -> Iterator[Finding]:
    """What only the replica shows. Where it shows what Mosaic itself shows, it agrees, and there is one finding.

    Orphans have no incident to be told apart by: the comparison of the replica left out those that Mosaic shows.
    """
    same = {
        (finding.kind, finding.incident_id, finding.subject, finding.reason)
        for finding in mosaic.findings
        if finding.kind != Kind.ORPHAN
    }
    lost = {
        (finding.incident_id, finding.subject)
        for finding in mosaic.findings
        if finding.kind in (Kind.MISSING, Kind.DELETED, Kind.WRONG_CHILD)
    }
    for finding in replica.findings:
        if (finding.kind, finding.incident_id, finding.subject, finding.reason) in same:
            continue
        if finding.kind in (Kind.MISSING, Kind.DELETED) and (finding.incident_id, finding.subject) in lost:
            continue
        yield finding


#: Duties that are met by a record being seen at a target.
TARGET_OF_DUTY = {
    "mosaic_case_note": Target.MOSAIC,
    "manager_oversight": Target.MOSAIC,
    "daily_log": Target.DAILY_LOG,
}


def _settled(evidence: Evidence, found: list[Finding], right: frozenset[int]) -> tuple[Finding, ...]:
    """One finding an id, by urgency.

    None about a duty that waits for a record which another finding is about, which could not be looked for, or which
    cannot be made of a draft: that the report was not submitted is the finding then. None about contact with the LADO
    where nothing but a manager's decision is late, which is a finding for each adult.
    """
    told = {(finding.incident_id, finding.target) for finding in found if finding.kind != Kind.DUTY_OVERDUE}
    sent = {(one.incident_id, one.target) for one in evidence.deliveries}
    seen = sent - {(one.incident_id, one.target) for one in evidence.deliveries if one.id not in right}
    waiting = set(_waiting_for_a_record(evidence))
    drafts = {one.incident_id for one in evidence.incidents if one.status is Status.DRAFT}
    undecided = _told_as_undecided(evidence, found)
    kept: dict[str, Finding] = {}
    for finding in found:
        is_contact = finding.kind == Kind.DUTY_OVERDUE and finding.reason == DutyId.LADO_CONTACT
        if is_contact and finding.incident_id in undecided:
            continue
        if finding.kind == Kind.DUTY_OVERDUE and (finding.incident_id, finding.reason, finding.subject) in waiting:
            target = TARGET_OF_DUTY[finding.reason or ""]
            place = (finding.incident_id, str(target))
            unseen = evidence.side(target) is Side.NOT_CHECKED
            if place in told or place in seen or unseen or finding.incident_id in drafts:
                continue
        kept.setdefault(finding.id, finding)
    return tuple(sorted(kept.values(), key=by_urgency))


def _told_as_undecided(evidence: Evidence, found: Sequence[Finding]) -> set[str | None]:
    """Incidents of which a late decision is told, and none of which a decided submission waits to be sent."""
    late = {one.incident_id for one in found if one.kind == Kind.LADO_UNDECIDED and one.reason == "overdue"}
    return late - {one.incident_id for one in evidence.submissions if one.state == "approved"}


def _waiting_for_a_record(evidence: Evidence) -> Iterator[tuple[str, str, str | None]]:
    """(incident, duty, child) where people have done their part and the record is what lacks."""
    for incident in evidence.incidents:
        content = incident.incident
        overseen = (
            content is not None and content.manager_oversight.at is not None and content.manager_oversight.comments
        )
        for duty in evidence.duties.get(incident.incident_id, ()):
            ours = duty.owner is DutyOwner.SOFTWARE or (duty.id == "manager_oversight" and bool(overseen))
            if ours and duty.state is DutyState.OVERDUE and duty.id in TARGET_OF_DUTY:
                yield incident.incident_id, str(duty.id), duty.child
