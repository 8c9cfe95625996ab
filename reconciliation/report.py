"""The report as a model: everything that the HTML, the spreadsheet, the PDF and the JSON show, computed once.

It holds initials, numbers, ids and counts, never a name or free text; each of the writers only lays it out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.states import DeliveryState
from mappings.duties import DutyState
from mappings.flags import FLAG_TITLES
from mappings.incident import Status
from reconciliation.compare import Comparison
from reconciliation.duty_table import DutyLine, DutyShown, DutyTable
from reconciliation.finding import Finding, by_urgency
from reconciliation.labels import Labels
from reconciliation.totals import Row, Totals
from reconciliation.trends import Trends, trends_of
from reconciliation.verdict import Verdict, verdict_of
from reconciliation.views import (
    Evidence,
    LastGood,
    LedgerDelivery,
    LedgerIncident,
    QuarantinedReport,
    RevisionSeen,
    Side,
    Submission,
    Target,
)


@dataclass(frozen=True)
class TargetLine:
    """One target over the whole period: what was owed to it, and how much of that was seen right just now."""

    target: str
    side: Side
    owed: int
    seen: int
    accepted: int
    """Said to be there by the target, and not seen right just now."""
    unsettled: int


@dataclass(frozen=True)
class DeliveryShown:
    """One delivery of one incident, with initials."""

    id: int
    target: str
    action: str
    child: str
    revision: int
    state: str
    seen: bool
    since: datetime
    attempts: int
    mail_to: str = ""
    """The role that a mail is for; empty where it is none."""


@dataclass(frozen=True)
class Story:
    """One incident from its first revision to now."""

    number: str
    incident_id: str
    occurred_on: date | None
    occurred_at: datetime | None
    status: str
    row: Row | None
    kind: str
    children: tuple[str, ...]
    found_by: str
    revisions: tuple[RevisionSeen, ...]
    deliveries: tuple[DeliveryShown, ...]
    duties: tuple[DutyShown, ...]
    """Those that are late, overdue or open; the others are counted."""
    duties_met: int
    duties_not_applicable: int
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def is_purged(self) -> bool:
        """Whether the ledger had it and has emptied it since, so that nothing can be told of its duties and flags."""
        return bool(self.revisions) and not self.kind


@dataclass(frozen=True)
class Report:
    """One reconciliation of one home and period. Days are UK days, both included; moments are aware."""

    home: str
    home_name: str
    start: date
    end: date
    as_of: datetime
    checked: Mapping[str, Side]
    totals: Totals
    verdict: Verdict
    findings: tuple[Finding, ...]
    labels: Mapping[str, str]
    """Id to initials, for the subjects of findings."""
    duty_lines: tuple[DutyLine, ...]
    duties: tuple[DutyShown, ...]
    """Every duty that applied, for the spreadsheet."""
    target_lines: tuple[TargetLine, ...]
    trends: Trends
    stories: tuple[Story, ...]
    """Every incident of the period once, those included that the ledger has never seen."""
    submissions: tuple[tuple[Submission, str], ...]
    """With the initials of the adult of concern."""
    quarantined: tuple[QuarantinedReport, ...]
    last_good: LastGood
    drafts: int = 0
    voids: int = 0
    earlier: tuple[Finding, ...] = ()
    """Open findings of earlier runs about sides that could not be read now."""
    resolved: int = 0

    @property
    def not_looked_at(self) -> int:
        """How many findings of earlier runs could not be looked at now."""
        return len(self.earlier)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Findings that nobody has acknowledged and that this run has not healed."""
        return tuple(finding for finding in self.findings if finding.is_open)

    def label(self, subject: str | None) -> str:
        """Initials of a child or adult; an id that no report names stays as it is."""
        return self.labels.get(subject, subject) if subject else ""


def report_of(
    evidence: Evidence,
    comparison: Comparison,
    *,
    findings: Sequence[Finding] | None = None,
    known_children: Sequence[tuple[str, str]] = (),
    earlier: Sequence[Finding] = (),
    resolved: int = 0,
    shown_id: Callable[[str], str] = str,
) -> Report:
    """Make the report's model.

    `findings`: the comparison's, with what the ledger knows of them (first seen, acknowledged); `known_children`: (id,
    name) of the home's children in order of first appearance, for initials; `earlier`: open findings of earlier runs
    about sides that could not be read now; `shown_id`: what is shown of an id whose owner's name is not known.
    """
    shown = tuple(sorted(findings if findings is not None else comparison.findings, key=by_urgency))
    contents = [incident.incident for incident in evidence.incidents if incident.incident is not None]
    labels = Labels(contents, known_children, evidence.home.known_as, shown_id)
    submitted = [one for one in contents if one.status in (Status.SUBMITTED, Status.SIGNED_OFF)]
    duties = DutyTable(evidence, comparison, labels)
    statuses = Counter(incident.status for incident in evidence.incidents)
    return Report(
        home=evidence.home.id,
        home_name=evidence.home.name,
        start=evidence.start,
        end=evidence.end,
        as_of=evidence.as_of,
        checked=comparison.checked,
        totals=comparison.totals,
        verdict=verdict_of(comparison.checked, comparison.totals, shown, earlier),
        findings=shown,
        labels={finding.subject: labels.of(finding.subject) for finding in (*shown, *earlier) if finding.subject},
        duty_lines=tuple(duties.lines()),
        duties=tuple(duties.applied()),
        target_lines=tuple(_target_lines(evidence, comparison)),
        trends=trends_of(submitted, evidence.duties, labels, evidence.start, evidence.end),
        stories=tuple(sorted(_stories(evidence, comparison, shown, labels, duties), key=_by_day)),
        submissions=tuple((one, labels.of(one.adult)) for one in evidence.submissions),
        quarantined=tuple(evidence.quarantined),
        last_good=evidence.last_good,
        drafts=statuses[Status.DRAFT],
        voids=statuses[Status.VOID],
        earlier=tuple(sorted(earlier, key=by_urgency)),
        resolved=resolved,
    )


def _target_lines(evidence: Evidence, comparison: Comparison) -> Iterator[TargetLine]:
    for target in (Target.MOSAIC, Target.DAILY_LOG, Target.EMAIL):
        owed = [
            delivery
            for delivery in evidence.deliveries
            if delivery.target == target and delivery.state is not DeliveryState.SUPERSEDED
        ]
        seen = sum(1 for delivery in owed if delivery.id in comparison.verified)
        accepted = sum(1 for delivery in owed if delivery.was_accepted and delivery.id not in comparison.verified)
        side = Side.ABSENT if target is Target.EMAIL else evidence.side(target)
        yield TargetLine(target, side, len(owed), seen, accepted, len(owed) - seen - accepted)


def _stories(
    evidence: Evidence, comparison: Comparison, findings: Sequence[Finding], labels: Labels, table: DutyTable
) -> Iterator[Story]:
    deliveries: dict[str, list[LedgerDelivery]] = defaultdict(list)
    for delivery in evidence.deliveries:
        deliveries[delivery.incident_id].append(delivery)
    told: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        told[finding.incident_id or ""].append(finding)
    for incident in evidence.incidents:
        key = incident.incident_id
        yield _story(evidence, comparison, incident, deliveries[key], told[key], labels, table)
    yield from _unread_stories(evidence, comparison, told)


def _unread_stories(
    evidence: Evidence, comparison: Comparison, told: Mapping[str, Sequence[Finding]]
) -> Iterator[Story]:
    """Incidents of the period that the ledger holds no revision of: never pulled, or in quarantine."""
    known = {incident.incident_id for incident in evidence.incidents}
    index = evidence.source.index
    listed = {row.incident_id: row for row in index.rows} if index else {}
    waiting = {report.source_id or f"quarantined:{report.id}": report for report in evidence.quarantined}
    for key, row in comparison.rows.items():
        if key in known:
            continue
        found, report = listed.get(key), waiting.get(key)
        number = found.number if found else report.number if report else None
        yield Story(
            number=number or "(number not readable)",
            incident_id=key,
            occurred_on=found.occurred_on if found else report.occurred_on if report else None,
            occurred_at=None,
            status=_known_status(found.status) if found else "",
            row=row,
            kind="",
            children=(),
            found_by="",
            revisions=(),
            deliveries=(),
            duties=(),
            duties_met=0,
            duties_not_applicable=0,
            flags=(),
            findings=tuple(told.get(key, ())),
        )


def _known_status(status: str) -> str:
    """A status as it may be shown: one that the contract does not know is whatever somebody typed."""
    return status if status in tuple(Status) else "not a known status"


def _by_day(story: Story) -> tuple[date, str, str]:
    return story.occurred_on or date.max, story.number, story.incident_id


def _story(
    evidence: Evidence,
    comparison: Comparison,
    incident: LedgerIncident,
    deliveries: Sequence[LedgerDelivery],
    findings: Sequence[Finding],
    labels: Labels,
    table: DutyTable,
) -> Story:
    duties = evidence.duties.get(incident.incident_id, ())
    content = incident.incident
    kinds = {True: "Restraint", False: "Disengagement"}
    flags = dict.fromkeys(flag.id for flag in evidence.flags.get(incident.incident_id, ()))
    return Story(
        number=incident.number,
        incident_id=incident.incident_id,
        occurred_on=incident.occurred_on,
        occurred_at=incident.occurred_at,
        status=incident.status,
        row=comparison.rows.get(incident.incident_id),
        kind=kinds[content.is_restrictive] if content else "",
        children=tuple(labels.of(child.child_id) for child in content.children) if content else (),
        found_by=incident.found_by,
        revisions=incident.revisions,
        deliveries=tuple(_delivery_shown(one, comparison, labels) for one in deliveries),
        duties=tuple(table.of(incident, DutyState.MET, DutyState.NOT_APPLICABLE)),
        duties_met=sum(1 for duty in duties if duty.state is DutyState.MET),
        duties_not_applicable=sum(1 for duty in duties if duty.state is DutyState.NOT_APPLICABLE),
        flags=tuple(FLAG_TITLES.get(flag, flag) for flag in flags),
        findings=tuple(findings),
    )


def _delivery_shown(delivery: LedgerDelivery, comparison: Comparison, labels: Labels) -> DeliveryShown:
    role, _, child = delivery.subject.partition(":") if delivery.target == "email" else ("", "", delivery.subject)
    about_child = delivery.target in ("mosaic", "lado") or role in ("social_worker", "parent")
    return DeliveryShown(
        id=delivery.id,
        target=delivery.target,
        action=delivery.action,
        child=labels.of(child) if about_child and "@" not in child else "",
        revision=delivery.revision,
        state=delivery.state,
        seen=delivery.id in comparison.verified,
        since=delivery.since,
        attempts=delivery.attempts,
        mail_to=role,
    )
