"""The duties of a period as the report lays them out: one line a duty of the policy, and each duty of each incident.

A duty that is met by a record being seen is *not checked* where the record was sent and could not be looked at: it is
not called overdue, and not met either.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from mappings.duties import Duty, DutyId, DutyState
from mappings.duty_rules import RULES
from reconciliation.compare import TARGET_OF_DUTY, Comparison
from reconciliation.finding import Kind
from reconciliation.labels import Labels
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, Side

#: The state of a duty whose record could not be looked at.
NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class DutyLine:
    """One duty of the policy over the whole period. `on_time` and `late` are met; `open` may still be met in time."""

    id: str
    title: str
    clause: str
    owed_by: str
    due: str
    on_time: int
    late: int
    overdue: int
    open: int
    not_applicable: int
    not_checked: int = 0
    """Past its time, and whether it is met lies in a record that could not be looked at."""

    @property
    def owed(self) -> int:
        """How often it applied."""
        return self.on_time + self.late + self.overdue + self.open + self.not_checked

    @property
    def rate(self) -> float | None:
        """Met in time, of those whose time is over or that are met; None where there is none."""
        decided = self.on_time + self.late + self.overdue
        return self.on_time / decided if decided else None


@dataclass(frozen=True)
class DutyShown:
    """One duty of one incident, with initials."""

    id: str
    incident: str
    title: str
    child: str
    owner: str
    state: str
    target_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    reason: str | None


class DutyTable:
    """The duties of every incident of the evidence, as they stand after the comparison."""

    def __init__(self, evidence: Evidence, comparison: Comparison, labels: Labels) -> None:
        self._evidence = evidence
        self._labels = labels
        self._sent: dict[str, list[LedgerDelivery]] = defaultdict(list)
        for delivery in evidence.deliveries:
            self._sent[delivery.incident_id].append(delivery)
        self._unread = {
            (one.incident_id, one.subject)
            for one in comparison.findings
            if one.kind == Kind.UNCERTAIN and one.reason == "unreadable"
        }

    def lines(self) -> Iterator[DutyLine]:
        """Each duty of the policy, in its order."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for incident in self._evidence.incidents:
            for duty in self._evidence.duties.get(incident.incident_id, ()):
                counts[duty.id][self._state(incident, duty)] += 1
        for rule in RULES:
            states = counts[rule.id]
            yield DutyLine(
                id=rule.id,
                title=rule.title,
                clause=rule.clause,
                owed_by=rule.owed_by,
                due=rule.due,
                on_time=states[DutyState.MET],
                late=states[DutyState.MET_LATE],
                overdue=states[DutyState.OVERDUE],
                open=states[DutyState.OPEN],
                not_applicable=states[DutyState.NOT_APPLICABLE],
                not_checked=states[NOT_CHECKED],
            )

    def applied(self) -> Iterator[DutyShown]:
        """Each duty that applied, incident by incident."""
        for incident in self._evidence.incidents:
            yield from self.of(incident, DutyState.NOT_APPLICABLE)

    def of(self, incident: LedgerIncident, *but: DutyState) -> Iterator[DutyShown]:
        """The duties of one incident, but for those in these states."""
        for duty in self._evidence.duties.get(incident.incident_id, ()):
            if duty.state not in but:
                yield DutyShown(
                    id=duty.id,
                    incident=incident.number,
                    title=duty.title,
                    child=self._labels.of(duty.child),
                    owner=duty.owner,
                    state=self._state(incident, duty),
                    target_at=duty.target_at,
                    due_at=duty.due_at,
                    met_at=duty.met_at,
                    reason=self._labels.instead_of_ids(duty.reason) if duty.reason else None,
                )

    def _state(self, incident: LedgerIncident, duty: Duty) -> str:
        return NOT_CHECKED if self._could_not_be_seen(incident, duty) else duty.state

    def _could_not_be_seen(self, incident: LedgerIncident, duty: Duty) -> bool:
        """Whether all that lacks is a look at what was sent, and the look was refused or failed."""
        target = TARGET_OF_DUTY.get(duty.id)
        if target is None or duty.state is not DutyState.OVERDUE or not duty.ours:
            return False
        child = duty.child if duty.id == DutyId.MOSAIC_CASE_NOTE else None
        records = [
            one
            for one in self._sent[incident.incident_id]
            if one.target == target and (one.action == "create" or child is None) and child in (None, one.subject)
        ]
        if not records or not all(one.was_accepted for one in records):
            return False
        if self._evidence.side(target) is Side.NOT_CHECKED:
            return True
        return any((one.incident_id, one.subject) in self._unread for one in records)
