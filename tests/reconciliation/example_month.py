"""An invented month for the report's tests and its picture: 44 incidents, and findings of most kinds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from connectors.protocols import NoteState
from ledger.states import DeliveryState
from mappings.flags import UnrecordedRestraint
from mappings.incident import Incident
from mappings.running_numbers import number_gaps
from reconciliation.compare import compare
from reconciliation.finding import Finding
from reconciliation.report import Report, report_of
from reconciliation.views import QuarantinedReport, Submission
from tests.reconciliation.world import AS_OF, World, busy_world, incident, index_row


def example_world() -> World:
    """A month with a missing, a doubled, an altered, a timed-out, a deleted and a refused note, and more."""
    world = busy_world(44)
    world.notes.remove(world.note_of(_report(world, 4)))
    world.notes.append(replace(world.note_of(_report(world, 7)), remote_id="8888"))
    world.replace_note(world.note_of(_report(world, 9)), html="<p>Altered.</p>")
    world.replace_note(world.note_of(_report(world, 12)), state=NoteState.TIMED_OUT)
    world.replace_note(world.note_of(_report(world, 15)), state=NoteState.DELETED)
    world.notes.remove(world.note_of(_report(world, 20)))
    refused = world.delivery_of(_report(world, 20))
    world.replace_delivery(refused, state=DeliveryState.REJECTED, cause="restricted", remote_id=None)
    broken = incident(46, at=datetime(2026, 10, 30, 19, 0, tzinfo=UTC))
    world.index.append(index_row(broken))
    seen = AS_OF - timedelta(days=2)
    fields = ("children.0.dateOfBirth",)
    world.extra["quarantined"] = (QuarantinedReport(3, "inc-46", broken.number, fields, seen, seen),)
    world.add(incident(48, at=datetime(2026, 10, 31, 21, 0, tzinfo=UTC), status="Draft"))
    world.extra["number_gaps"] = number_gaps([row.number for row in world.index], "EXH")
    world.extra["unrecorded"] = (UnrecordedRestraint("entry-5", date(2026, 10, 8), "child-19"),)
    asked, declined = _report(world, 26), _report(world, 30)
    due = AS_OF + timedelta(hours=9)
    world.extra["submissions"] = (
        Submission(5, asked.incident_id, asked.number, 1, "staff-1", (1,), "awaiting_approval", due),
        Submission(6, declined.incident_id, declined.number, 1, "staff-9", (2, 3), "declined", seen, seen),
    )
    return world


def example_report(world: World | None = None) -> Report:
    """The month's report, with findings that were seen before and some that a manager acknowledged."""
    evidence = (world or example_world()).evidence()
    comparison = compare(evidence)
    findings = [_remembered(place, finding) for place, finding in enumerate(comparison.findings)]
    return report_of(evidence, comparison, findings=findings, resolved=3)


def _remembered(place: int, finding: Finding) -> Finding:
    known = place % 11 == 10
    return replace(
        finding,
        first_seen=AS_OF - timedelta(days=place % 5, hours=3),
        last_seen=AS_OF,
        acknowledged=known,
        acknowledged_at=AS_OF - timedelta(days=1) if known else None,
    )


def _report(world: World, place: int) -> Incident:
    content = world.incidents[place].incident
    assert content is not None
    return content
