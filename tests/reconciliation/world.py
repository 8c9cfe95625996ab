"""An invented home, its reports, its ledger and its targets, all agreeing; each test breaks one thing.

Nothing here is real: "Example House", numbers EXH-2026-0001, people with plainly made-up names.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from config.home import Contact, Home
from connectors.protocols import HeldAppendment, HeldEntry, HeldNote, Index, IndexRow, NoteState
from ledger.states import DeliveryState
from mappings.bodies import AppendmentBody, EntryBody, NoteBody
from mappings.duties import Evidence as Proofs
from mappings.duties import duties_of
from mappings.exemption import exempt_children
from mappings.flags import earlier_of, flags_of, just_before
from mappings.incident import (
    Answer,
    Child,
    ChildRole,
    EhcPlan,
    Incident,
    Intervention,
    Involvement,
    ManagerOversight,
    Measure,
    Medical,
    NotifiableDecision,
    NotifiableEvent,
    ParentsInformed,
    Position,
    Reason,
    RestorativeConversation,
    SocialWorker,
    StaffDebrief,
    StaffMember,
    Status,
    Views,
)
from mappings.reference import delivery_key, reference_of
from mappings.uk_time import uk_day
from reconciliation.views import (
    Evidence,
    LastGood,
    LedgerDelivery,
    LedgerIncident,
    LogView,
    NotesView,
    RevisionSeen,
    Side,
    SourceView,
)

APPROVED = ("Low level seated hold", "Medium level standing hold", "Disengagement: wrist", "Disengagement: clothing")
HOME = Home(
    id="EXH",
    name="Example House",
    number_prefix="EXH",
    approved_techniques=APPROVED,
    registered_manager=Contact(name="Morgan Samplemanager", email="manager@example.org"),
)
CHILDREN = (
    ("child-17", "Robin Testchild", "700017"),
    ("child-18", "Jamie Samplechild", "700018"),
    ("child-19", "Alex Madeupname", "700019"),
    ("child-20", "Jo Sampleton", "700020"),
    ("child-21", "Kit Inventedson", "700021"),
)
STAFF = (
    ("staff-1", "Sam Exampleworker"),
    ("staff-2", "Pat Fictional"),
    ("staff-3", "Lee Pretend"),
    ("staff-4", "Chris Notreal"),
    ("staff-9", "Dana Imaginary"),
)
PLACES = ("Lounge", "Garden", "Kitchen", "Upstairs landing", "Dining room", "Minibus", "Education room")
START, END = date(2026, 10, 1), date(2026, 10, 31)
AS_OF = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)


def incident(position: int = 1, *, at: datetime | None = None, **changes: Any) -> Incident:
    """A restraint of one child with every duty met in time, and nothing to flag."""
    at = at or datetime(2026, 10, 5, 15, 20, tzinfo=UTC)
    soon = at + timedelta(hours=3)
    person = changes.pop("child", CHILDREN[0])
    report = Incident(
        incident_id=f"inc-{position}",
        number=f"EXH-{at.year}-{position:04}",
        home_id="EXH",
        home_name="Example House",
        status=Status.SIGNED_OFF,
        version=1,
        created_at=at + timedelta(minutes=40),
        created_by="Sam Exampleworker",
        modified_at=soon,
        submitted_at=at + timedelta(hours=1),
        signed_off_at=soon,
        occurred_at=at,
        location="Lounge",
        intervention=Intervention.RESTRICTIVE,
        reasons=(Reason.INJURY_TO_OTHERS,),
        behaviour_before="Invented: was upset after a telephone call.",
        de_escalation="Invented: offered space and a drink.",
        measures=(
            Measure(
                technique=APPROVED[0],
                position=Position.SEATED,
                child_id=person[0],
                started_at=at,
                duration_minutes=4,
                staff_ids=("staff-1", "staff-2"),
                breathing_affected=Answer.NO,
                pain_complaint=Answer.NO,
            ),
        ),
        effectiveness="Invented: calm returned.",
        consequences="Invented: none.",
        narrative="Invented: a short account.",
        police_called=Answer.NO,
        emergency_services_called=Answer.NO,
        serious_incident=Answer.NO,
        staff=tuple(
            StaffMember(
                staff_id=staff_id,
                name=name,
                role="Residential worker",
                involvement=Involvement.USED_MEASURE,
                training_expires=date(2027, 3, 31),
                injured=Answer.NO,
            )
            for staff_id, name in STAFF[:2]
        ),
        children=(child(person, at),),
        staff_debrief=StaffDebrief(held_at=at + timedelta(hours=20), with_name="Lee Pretend", with_role="Deputy"),
        manager_notified_at=soon,
        manager_oversight=ManagerOversight(
            at=at + timedelta(hours=26), by="Morgan Samplemanager", comments="Invented: read and agreed."
        ),
        notifiable_event=NotifiableEvent(
            considered_at=soon, by="Morgan Samplemanager", decision=NotifiableDecision.DO_NOT_NOTIFY
        ),
    )
    return Incident.model_validate({**dict(report), **changes})


def child(person: tuple[str, str, str], at: datetime, **changes: Any) -> Child:
    """A child that was held, and for whom all was done."""
    soon = at + timedelta(hours=5)
    held = Child(
        child_id=person[0],
        name=person[1],
        mosaic_person_id=person[2],
        date_of_birth=date(2012, 5, 4),
        role=ChildRole.HELD,
        fully_accommodated=Answer.NO,
        social_worker=SocialWorker(name="Val Madeup", email="val@example.org", notified_at=soon),
        parents_informed=ParentsInformed(required=Answer.YES, informed_at=soon, informed_by="Sam Exampleworker"),
        injured=Answer.NO,
        medical=Medical(
            offered=Answer.YES, offered_at=soon, seen=Answer.NO, outcome="Invented: declined, no mark seen."
        ),
        views=Views(recorded_at=at + timedelta(hours=18), text="Invented.", spoken_to_by="Pat Fictional"),
        advocacy_offered_at=soon,
        restorative_conversation=RestorativeConversation(
            held_at=at + timedelta(hours=30), feedback="Invented.", alternative_de_escalation="Invented: a walk."
        ),
        risk_assessment_reviewed_at=at + timedelta(hours=40),
        care_plan_reviewed_at=at + timedelta(hours=40),
    )
    return Child.model_validate({**dict(held), **changes})


def reference(report: Incident, target: str, subject: str = "", *, revision: int = 1, action: str = "create") -> str:
    """The reference of a delivery of this report."""
    key = delivery_key(
        home="EXH", incident=report.incident_id, revision=revision, target=target, subject=subject, action=action
    )
    return reference_of(key, number=report.number, revision=revision)


@dataclass
class World:
    """Everything that one reconciliation sees, in lists that a test may change before `evidence()`."""

    incidents: list[LedgerIncident] = field(default_factory=list)
    deliveries: list[LedgerDelivery] = field(default_factory=list)
    notes: list[HeldNote] = field(default_factory=list)
    entries: list[HeldEntry] = field(default_factory=list)
    index: list[IndexRow] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    start: date = START
    end: date = END
    as_of: datetime = AS_OF
    home: Home = HOME

    def add(self, report: Incident, **changes: Any) -> Incident:
        """The source, the ledger and the targets all know this report, as its status has it."""
        self.index.append(index_row(report))
        self.incidents.append(ledger_incident(report, **changes))
        if report.status in (Status.SUBMITTED, Status.SIGNED_OFF):
            self._deliver(report)
        return report

    def _deliver(self, report: Incident) -> None:
        sent = report.modified_at + timedelta(hours=1)
        for one in report.children:
            ref = reference(report, "mosaic", one.child_id)
            body = NoteBody(
                title=f"Safety intervention {report.number}",
                html=f"<p>Invented account of {report.number}.</p><p>Reference: {ref}</p>",
                effective_date=report.occurred_at,
                note_type="SAFEINT",
            )
            made = self.deliver(report, "mosaic", one.child_id, body, person_id=one.mosaic_person())
            self.notes.append(held_note(made, sent))
        ref = reference(report, "daily_log")
        entry = EntryBody(
            entry_time=report.occurred_at,
            category="Safety intervention",
            text=f"Invented entry about {report.number}.\nReference: {ref}",
            child_ids=tuple(one.child_id for one in report.children),
        )
        self.entries.append(held_entry(self.deliver(report, "daily_log", "", entry), sent))

    def deliver(
        self,
        report: Incident,
        target: str,
        subject: str,
        body: Any,
        *,
        revision: int = 1,
        action: str = "create",
        **more: Any,
    ) -> LedgerDelivery:
        """The ledger says that this was accepted."""
        sent = report.modified_at + timedelta(hours=1)
        number = len(self.deliveries) + 1
        made = LedgerDelivery(
            id=number,
            incident_id=report.incident_id,
            number=report.number,
            revision=revision,
            target=target,
            action=action,
            subject=subject,
            state=DeliveryState.ACCEPTED,
            reference=reference(report, target, subject, revision=revision, action=action),
            since=sent,
            created_at=report.modified_at,
            body=body,
            remote_id=str(9000 + number),
            accepted_at=sent,
            attempts=1,
        )
        made = replace(made, **more)
        self.deliveries.append(made)
        return made

    def append(
        self, report: Incident, *, revision: int = 2, text: str = "<p>Invented oversight.</p>"
    ) -> LedgerDelivery:
        """Revision 2 of the report was appended to its first child's note."""
        one = report.children[0]
        ref = reference(report, "mosaic", one.child_id, revision=revision, action="append")
        body = AppendmentBody(html=f"{text}<p>Reference: {ref}</p>")
        made = self.deliver(
            report, "mosaic", one.child_id, body, revision=revision, action="append", person_id=one.mosaic_person()
        )
        note = self.note_of(report)
        part = HeldAppendment(remote_id=made.remote_id or "", html=body.html, reference=ref, created_at=made.since)
        self.replace_note(note, appendments=(*note.appendments, part))
        return made

    # ---- breaking things -----------------------------------------------------------------------------------------

    def note_of(self, report: Incident) -> HeldNote:
        """The first child's note."""
        wanted = reference(report, "mosaic", report.children[0].child_id)
        return next(note for note in self.notes if note.reference == wanted)

    def entry_of(self, report: Incident) -> HeldEntry:
        """The daily-log entry."""
        wanted = reference(report, "daily_log")
        return next(entry for entry in self.entries if entry.reference == wanted)

    def delivery_of(self, report: Incident, target: str = "mosaic") -> LedgerDelivery:
        """The first delivery of a report to a target."""
        return next(one for one in self.deliveries if one.incident_id == report.incident_id and one.target == target)

    def replace_note(self, note: HeldNote, **changes: Any) -> HeldNote:
        """A person, or the weather, changed this note."""
        changed = replace(note, **changes)
        self.notes[self.notes.index(note)] = changed
        return changed

    def replace_entry(self, entry: HeldEntry, **changes: Any) -> None:
        """The same of an entry."""
        self.entries[self.entries.index(entry)] = replace(entry, **changes)

    def replace_delivery(self, delivery: LedgerDelivery, **changes: Any) -> LedgerDelivery:
        """The ledger says something else of this delivery."""
        changed = replace(delivery, **changes)
        self.deliveries[self.deliveries.index(delivery)] = changed
        return changed

    def replace_incident(self, report: Incident, **changes: Any) -> None:
        """The ledger says something else of this incident."""
        place = next(i for i, one in enumerate(self.incidents) if one.incident_id == report.incident_id)
        self.incidents[place] = replace(self.incidents[place], **changes)

    def replace_row(self, report: Incident, **changes: Any) -> None:
        """The source's index says something else of this incident."""
        place = next(i for i, row in enumerate(self.index) if row.incident_id == report.incident_id)
        self.index[place] = replace(self.index[place], **changes)

    # ---- looking -------------------------------------------------------------------------------------------------

    def evidence(self, **changes: Any) -> Evidence:
        """What a reconciliation of the period sees."""
        contents = [one.incident for one in self.incidents if one.incident is not None]
        asked = {one.mosaic_person() for content in contents for one in content.children}
        by_person: dict[int, list[HeldNote]] = {person: [] for person in asked if person is not None}
        for note in self.notes:
            by_person.setdefault(note.person_id, []).append(note)
        sent: dict[str, list[LedgerDelivery]] = {}
        for one in self.deliveries:
            sent.setdefault(one.incident_id, []).append(one)
        earlier = sorted(map(earlier_of, contents), key=lambda one: one.occurred_at)
        made = Evidence(
            home=self.home,
            start=self.start,
            end=self.end,
            as_of=self.as_of,
            source=SourceView(Side.CHECKED, Index("EXH", self.start, self.end, tuple(self.index))),
            incidents=tuple(self.incidents),
            deliveries=tuple(self.deliveries),
            mosaic=NotesView(Side.CHECKED, by_person),
            daily_log=LogView(Side.CHECKED, tuple(self.entries)),
            duties={
                content.incident_id: duties_of(
                    content, self.home, _proofs(content, sent.get(content.incident_id, [])), self.as_of
                )
                for content in contents
            },
            flags={
                content.incident_id: flags_of(content, self.home, earlier=just_before(content, self.home, earlier))
                for content in contents
            },
            last_good=LastGood(self.as_of - timedelta(hours=1), self.as_of - timedelta(days=1)),
        )
        return replace(made, **{**self.extra, **changes})


def _proofs(content: Incident, deliveries: Sequence[LedgerDelivery]) -> Proofs:
    sent = [one for one in deliveries if one.was_accepted]
    notes = {one.subject: one.since for one in sent if one.target == "mosaic"}
    log = next((one.since for one in sent if one.target == "daily_log"), None)
    oversight = {key: max(at, content.manager_oversight.at or at) for key, at in notes.items()}
    return Proofs(submitted_at=content.submitted_at, log_seen=log, notes_seen=notes, oversight_seen=oversight)


def index_row(report: Incident) -> IndexRow:
    """The source's index lists the report as it is."""
    return IndexRow(
        incident_id=report.incident_id,
        number=report.number,
        home_id=report.home_id,
        status=report.status,
        version=report.version,
        modified_at=report.modified_at,
        occurred_on=uk_day(report.occurred_at),
        child_ids=tuple(one.child_id for one in report.children),
    )


def ledger_incident(report: Incident, **changes: Any) -> LedgerIncident:
    """The ledger has the report as it is, in one revision."""
    seen = report.modified_at + timedelta(minutes=20)
    made = LedgerIncident(
        home="EXH",
        incident_id=report.incident_id,
        number=report.number,
        status=report.status,
        occurred_at=report.occurred_at,
        occurred_on=uk_day(report.occurred_at),
        revision=1,
        source_version=report.version,
        modified_at=report.modified_at,
        first_seen=seen,
        incident=report,
        revisions=(RevisionSeen(1, report.status, seen),),
    )
    return replace(made, **changes)


def held_note(delivery: LedgerDelivery, at: datetime) -> HeldNote:
    """Mosaic holds this delivery as it was sent."""
    body = delivery.body
    assert isinstance(body, NoteBody)
    return HeldNote(
        remote_id=delivery.remote_id or "",
        person_id=delivery.person_id or 0,
        note_type=body.note_type,
        title=body.title,
        html=body.html,
        effective_date=body.effective_date,
        state=NoteState.COMPLETE,
        reference=delivery.reference,
        created_at=at,
        completed_at=at,
    )


def held_entry(delivery: LedgerDelivery, at: datetime) -> HeldEntry:
    """The daily log holds this delivery as it was sent."""
    body = delivery.body
    assert isinstance(body, EntryBody)
    return HeldEntry(
        remote_id=delivery.remote_id or "",
        home_id="EXH",
        entry_time=body.entry_time,
        category=body.category,
        text=body.text,
        reference=delivery.reference,
        created_at=at,
        child_ids=body.child_ids,
    )


def quiet_world(count: int = 3) -> World:
    """A few incidents of different children, a day apart; nothing to find."""
    world = World()
    for position in range(1, count + 1):
        at = datetime(2026, 10, 4 + position, 15, 20, tzinfo=UTC)
        person = CHILDREN[(position - 1) % len(CHILDREN)]
        world.add(incident(position, at=at, child=person))
    return world


def busy_world(
    count: int, seed: int = 7, *, days: int = 31, first: date = START, mishaps: Sequence[Callable[..., Any]] = ()
) -> World:
    """A period of a busy home: several children and adults, all kinds of holds, some duties late or forgotten."""
    dice = random.Random(seed)
    end = first + timedelta(days=days - 1)
    world = World(
        start=first, end=end, as_of=datetime(end.year, end.month, end.day, 6, 30, tzinfo=UTC) + timedelta(days=3)
    )
    moments = sorted(
        datetime(first.year, first.month, first.day, tzinfo=UTC)
        + timedelta(
            days=dice.randrange(days),
            hours=dice.choice((7, 8, 12, 15, 16, 17, 19, 20, 21, 21, 22)),
            minutes=dice.randrange(60),
        )
        for _ in range(count)
    )
    for position, at in enumerate(moments, 1):
        world.add(_busy_report(dice, position, at))
    for mishap in mishaps:
        mishap(world)
    return world


def _busy_report(dice: random.Random, position: int, at: datetime) -> Incident:
    person = dice.choices(CHILDREN, weights=(8, 5, 3, 2, 1))[0]
    disengagement = dice.random() < 0.42
    technique = dice.choice(APPROVED[2:]) if disengagement else dice.choice(APPROVED[:2])
    staff = dice.sample(STAFF, 2)
    role = ChildRole.DISENGAGED if disengagement else ChildRole.HELD
    late = dice.random()
    one = child(
        person,
        at,
        role=role,
        injured=Answer.YES if dice.random() < 0.06 and not disengagement else Answer.NO,
        views=Views(
            recorded_at=None if late < 0.05 else at + timedelta(hours=4 + dice.expovariate(1 / 18)),
            text="Invented.",
            spoken_to_by="Pat Fictional",
        ),
    )
    return incident(
        position,
        at=at,
        child=person,
        children=(one,),
        location=dice.choice(PLACES),
        intervention=Intervention.NON_RESTRICTIVE if disengagement else Intervention.RESTRICTIVE,
        measures=(
            Measure(
                technique=technique,
                position=Position.STANDING,
                child_id=person[0],
                started_at=at,
                duration_minutes=round(1 if disengagement else 1 + dice.expovariate(1 / 4), 1),
                staff_ids=tuple(staff_id for staff_id, _ in staff),
                breathing_affected=Answer.NO,
                pain_complaint=Answer.NO,
            ),
        ),
        staff=tuple(
            StaffMember(
                staff_id=staff_id,
                name=name,
                involvement=Involvement.USED_MEASURE,
                training_expires=date(2026, 10, 24) if staff_id == "staff-4" else date(2027, 3, 31),
                injured=Answer.YES if dice.random() < 0.05 else Answer.NO,
            )
            for staff_id, name in staff
        ),
        staff_debrief=StaffDebrief(
            held_at=None if dice.random() < 0.06 else at + timedelta(hours=2 + dice.expovariate(1 / 17)),
            with_name="Lee Pretend",
        ),
        manager_oversight=ManagerOversight(
            at=None if dice.random() < 0.04 else at + timedelta(hours=3 + dice.expovariate(1 / 16)),
            by="Morgan Samplemanager",
            comments="Invented: read.",
        ),
    )


__all__ = ["EhcPlan", "World", "busy_world", "child", "exempt_children", "incident", "quiet_world", "reference"]
