"""Case notes as Mosaic, or its read-only replica, holds them now, against what the ledger says was sent.

Right means: the right child, the right text, title, type and day, finished, and once. The same comparison reads the
replica, whose rows come by a path that shares nothing with the one that wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.protocols import HeldNote, NoteState
from ledger.states import DeliveryState
from mappings.bodies import AppendmentBody, NoteBody
from mappings.incident import Status
from mappings.owed import Action
from mappings.uk_time import uk_day, uk_minute
from reconciliation.copy_age import is_older, not_there_yet
from reconciliation.finding import Finding, Kind
from reconciliation.held_notes import HeldNotes, HeldPart, stands_before
from reconciliation.seen import (
    Seen,
    by_the_ledger,
    copies_identity,
    copies_words,
    differing_identity,
    differing_parts,
    due_of,
    fold,
    identity_of,
    is_left_out,
    is_ours,
    not_there,
    same_title,
    text_part,
    unknown_record,
)
from reconciliation.telling import Record, tell
from reconciliation.views import Evidence, LedgerDelivery, LedgerIncident, NotesView, Side, Target


def compare_notes(evidence: Evidence, view: NotesView, target: Target = Target.MOSAIC) -> Seen:
    """Compare the notes of one view. Nothing is concluded from a view that was not read."""
    if view.side is not Side.CHECKED:
        return Seen()
    return _Comparison(evidence, view, target).run()


class _Comparison:
    """One look at one view."""

    def __init__(self, evidence: Evidence, view: NotesView, target: Target) -> None:
        self.evidence = evidence
        self.target = target
        self.view = view
        self.is_replica = target is Target.REPLICA
        self.alone = not self.is_replica or evidence.mosaic.side is not Side.CHECKED
        self.incidents = {incident.incident_id: incident for incident in evidence.incidents}
        self.deliveries = [delivery for delivery in evidence.deliveries if delivery.target == Target.MOSAIC]
        self.held = HeldNotes(view, self._children())
        self.at_mosaic = HeldNotes(evidence.mosaic, self._children()) if self.is_replica else self.held
        self.seen = Seen()
        self.ours: dict[str, HeldNote] = {}
        self.claimed: set[str] = set()
        self.places: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.latest: dict[tuple[str, str], datetime] = {}
        self.absent: list[tuple[LedgerDelivery, LedgerIncident | None]] = []

    def _children(self) -> Mapping[int, set[str]]:
        """For which children the reports name each of Mosaic's persons."""
        found: dict[int, set[str]] = defaultdict(set)
        for incident in self.incidents.values():
            for child in incident.incident.children if incident.incident else ():
                person = child.mosaic_person()
                if person is not None:
                    found[person].add(child.child_id)
        return found

    def run(self) -> Seen:
        live = [one for one in self.deliveries if one.state is not DeliveryState.SUPERSEDED]
        notes = [delivery for delivery in live if delivery.action == Action.CREATE and delivery.part == 1]
        parts = [delivery for delivery in live if delivery.action != Action.CREATE or delivery.part != 1]
        for delivery in notes:
            self._note(delivery, self.incidents.get(delivery.incident_id))
        lost = {(one.incident_id, one.subject) for one in notes if one.was_accepted and one.reference not in self.ours}
        for delivery in parts:
            self._part(delivery, self.incidents.get(delivery.incident_id), lost)
        self._additions(parts)
        self._orphans()
        if self.alone:
            self._possible_duplicates(notes)
        for delivery, incident in self.absent:
            typed = delivery.id in self.seen.typed
            not_there(self.evidence, delivery, incident, self.seen, self.target, typed=typed)
        return self.seen

    # ---- one note ----------------------------------------------------------------------------------------------

    def _note(self, delivery: LedgerDelivery, incident: LedgerIncident | None) -> None:
        hits = self._hits(delivery)
        self.claimed |= {note.remote_id for note in hits}
        self.places[delivery.incident_id, delivery.subject] |= {note.remote_id for note in hits}
        right = self.held.right_persons(delivery, incident)
        live = [note for note in hits if note.state is not NoteState.DELETED]
        if not live:
            self._no_live_note(delivery, incident, right, deleted=bool(hits))
            return
        there = [note for note in live if note.person_id in right]
        note = self._best(there or live, delivery)
        self.ours[delivery.reference] = note
        strays = [note for note in live if note.person_id not in right]
        found = [self._strayed(delivery, incident, stray.remote_id) for stray in strays]
        if len(there) > 1:
            found.append(self._doubled(delivery, incident, [one.remote_id for one in there]))
        if not there and any(one.person_id in right for one in hits) and not _may_go(delivery, incident):
            found.append(self._tell(Kind.DELETED, delivery, incident))
        if self._has_moved_on(note, delivery):
            self.seen.findings += found
            return
        found += self._unfinished(note, delivery, incident, alone=len(there) == 1)
        found += self._note_differs(note, delivery, incident)
        self._conclude(delivery, found)

    def _has_moved_on(self, note: HeldNote, delivery: LedgerDelivery) -> bool:
        """Whether the copy shows an early state of a note that was finished since it was made."""
        if not self.is_replica or note.state is NoteState.COMPLETE:
            return False
        now = self.at_mosaic.by_id.get(note.remote_id)
        return not_there_yet(self.view, delivery) or is_older(self.view, now.completed_at if now else None)

    def _hits(self, delivery: LedgerDelivery) -> list[HeldNote]:
        hits = list(self.held.by_reference.get(fold(delivery.reference), ()))
        known = self.held.by_id.get(delivery.remote_id or "")
        if known is not None and known not in hits:
            hits.append(known)  # our own note, whose reference somebody removed
        return hits

    def _no_live_note(
        self, delivery: LedgerDelivery, incident: LedgerIncident | None, right: frozenset[int], *, deleted: bool
    ) -> None:
        if deleted and _may_go(delivery, incident):
            self.seen.deleted.add(delivery.id)
            self.seen.verified.add(delivery.id)
        elif deleted:
            self.seen.findings.append(self._tell(Kind.DELETED, delivery, incident))
        elif self._refused(delivery, right):
            if delivery.was_accepted and self.alone:
                self.seen.findings.append(self._tell(Kind.UNCERTAIN, delivery, incident, "unreadable"))
            elif not self.is_replica:
                self.seen.findings.extend(by_the_ledger(self.evidence, delivery, incident))
        elif not self.is_replica:
            self.absent.append((delivery, incident))
        elif delivery.was_accepted and not not_there_yet(self.view, delivery):
            self.seen.findings.append(self._tell(Kind.MISSING, delivery, incident, "replica"))

    def _refused(self, delivery: LedgerDelivery, right: frozenset[int]) -> bool:
        """Whether the record, or the note itself, refused us: then nobody knows what is there."""
        persons = right | {delivery.person_id}
        return any(self.held.unreadable(one) for one in persons) or delivery.remote_id in self.view.refused

    @staticmethod
    def _best(notes: Sequence[HeldNote], delivery: LedgerDelivery) -> HeldNote:
        """The note that the ledger knows, else a finished one, else the oldest."""
        return min(
            notes,
            key=lambda note: (
                note.remote_id != delivery.remote_id,
                note.state is not NoteState.COMPLETE,
                note.created_at,
                note.remote_id,
            ),
        )

    def _unfinished(
        self, note: HeldNote, delivery: LedgerDelivery, incident: LedgerIncident | None, *, alone: bool
    ) -> list[Finding]:
        """A draft or timed-out note. One that is there twice, or on a stranger's record, is not for us to finish."""
        reasons = {NoteState.DRAFT: "draft", NoteState.TIMED_OUT: "timed_out"}
        reason = reasons.get(note.state)
        if reason is None:
            return []
        if not alone:
            return [self._tell(Kind.UNFINISHED, delivery, incident, "one_of_several")]
        if not self.is_replica:
            self.seen.unfinished[delivery.id] = note.remote_id
        return [self._tell(Kind.UNFINISHED, delivery, incident, reason)]

    def _strayed(self, delivery: LedgerDelivery, incident: LedgerIncident | None, remote_id: str) -> Finding:
        return self._tell(Kind.WRONG_CHILD, delivery, incident, about=remote_id, which=remote_id)

    def _doubled(self, delivery: LedgerDelivery, incident: LedgerIncident | None, ids: Sequence[str]) -> Finding:
        about = copies_identity(delivery, len(ids))
        return self._tell(Kind.DOUBLED, delivery, incident, about=about, times=copies_words(ids, delivery.remote_id))

    def _note_differs(self, note: HeldNote, delivery: LedgerDelivery, incident: LedgerIncident | None) -> list[Finding]:
        body = delivery.body
        if not isinstance(body, NoteBody):
            return []
        parts = differing_parts(
            [
                ("title", same_title(note.title, body.title, delivery.reference)),
                text_part(body.html, note.html),
                ("effective date", uk_minute(note.effective_date) == uk_minute(body.effective_date)),
                ("note type", note.note_type.strip() == body.note_type.strip()),
                ("significant event", note.significant_event in (None, body.significant_event)),
            ]
        )
        return [self._tell_parts(delivery, incident, parts)] if parts else []

    # ---- one appendment ----------------------------------------------------------------------------------------

    def _part(self, delivery: LedgerDelivery, incident: LedgerIncident | None, lost: set[tuple[str, str]]) -> None:
        hits = self.held.parts_by_reference.get(fold(delivery.reference), [])
        if not hits:
            self._no_part(delivery, incident, lost)
            return
        part = hits[0]
        if part.note.state is NoteState.DELETED:  # a finding of its own, but where it was asked for
            self.seen.verified |= {delivery.id} if _may_go(delivery, incident) else set()
            return
        found: list[Finding] = []
        strayed = part.note.person_id not in self.held.right_persons(delivery, incident)
        if strayed:
            found.append(self._strayed(delivery, incident, part.appendment.remote_id))
        copies = sorted({one.appendment.remote_id for one in hits})
        if len(copies) > 1:
            found.append(self._doubled(delivery, incident, copies))
        found += self._part_differs(part, delivery, incident, strayed=strayed)
        self._conclude(delivery, found)
        self._in_order(part, delivery, incident)

    def _no_part(self, delivery: LedgerDelivery, incident: LedgerIncident | None, lost: set[tuple[str, str]]) -> None:
        if (delivery.incident_id, delivery.subject) in lost and delivery.was_accepted:
            return  # the note that it was added to is lost, which is the finding
        self._no_live_note(delivery, incident, self.held.right_persons(delivery, incident), deleted=False)

    def _part_differs(
        self, part: HeldPart, delivery: LedgerDelivery, incident: LedgerIncident | None, *, strayed: bool
    ) -> list[Finding]:
        body = delivery.body
        if not isinstance(body, AppendmentBody | NoteBody):
            return []
        places = () if strayed else self.places.get((delivery.incident_id, delivery.subject), ())
        parts = differing_parts(
            [
                text_part(body.html, part.appendment.html),
                ("the note that it was added to", not places or part.note.remote_id in places),
            ]
        )
        return [self._tell_parts(delivery, incident, parts)] if parts else []

    def _in_order(self, part: HeldPart, delivery: LedgerDelivery, incident: LedgerIncident | None) -> None:
        """Appendments stand by their time: one of a later revision that stands before an earlier one reads wrongly."""
        key, added = (delivery.incident_id, delivery.subject), part.appendment.created_at
        latest = self.latest.get(key)
        if latest is not None and stands_before(added, latest):
            self.seen.findings.append(self._tell(Kind.DIFFERENT, delivery, incident, "order", about="order"))
        self.latest[key] = max(added, latest or added)

    # ---- what else is there --------------------------------------------------------------------------------------

    def _additions(self, parts: Sequence[LedgerDelivery]) -> None:
        """Appendments on our notes that are not ours: nothing is wrong, and a manager should have read them."""
        sent = {fold(part.reference) for part in parts}
        by_reference = {delivery.reference: delivery for delivery in self.deliveries}
        for reference, note in self.ours.items():
            delivery = by_reference[reference]
            for addition in note.appendments:
                theirs = not is_ours(addition.reference) and fold(addition.reference) not in sent
                if theirs and self.alone:
                    incident = self.incidents.get(delivery.incident_id)
                    told = self._tell(Kind.DIFFERENT, delivery, incident, "addition", about=addition.remote_id)
                    self.seen.findings.append(told)

    def _orphans(self) -> None:
        """References of our shape that the ledger does not know, and what it had withdrawn."""
        known = {fold(delivery.reference): delivery for delivery in self.deliveries}
        standing = [(key, note) for key, notes in self.held.by_reference.items() for note in notes]
        standing += [(key, part.note) for key, parts in self.held.parts_by_reference.items() for part in parts]
        for reference, note in standing:
            if note.state is NoteState.DELETED or (self.is_replica and self.at_mosaic.knows(reference)):
                continue  # what Mosaic itself shows is told once
            delivery = known.get(reference)
            if delivery is not None and delivery.state is DeliveryState.SUPERSEDED:
                incident = self.incidents.get(delivery.incident_id)
                self.seen.findings.append(self._tell(Kind.ORPHAN, delivery, incident, "withdrawn", about=reference))
            elif delivery is None and is_ours(reference) and not self.evidence.knows(reference):
                self.seen.findings.append(
                    unknown_record(self.evidence, self.target, reference, uk_day(note.effective_date))
                )

    def _possible_duplicates(self, notes: Sequence[LedgerDelivery]) -> None:
        """Notes that a person typed for the same child, day and type as one of ours (WEATHER H-3)."""
        typed = self.held.typed_by_people()
        paired = set(self.claimed)
        for delivery in notes:
            incident = self.incidents.get(delivery.incident_id)
            if incident is None:
                continue
            body = delivery.body
            wanted = body.note_type if isinstance(body, NoteBody) else self.evidence.home.mosaic.note_type
            for person in self.held.right_persons(delivery, incident):
                for note in typed.get((person, incident.occurred_on), ()):
                    if note.remote_id not in paired and note.note_type.strip() == wanted:
                        paired.add(note.remote_id)
                        self.seen.typed.add(delivery.id)
                        told = self._tell(Kind.POSSIBLE_DUPLICATE, delivery, incident, about=note.remote_id)
                        self.seen.findings.append(told)

    # ---- words ---------------------------------------------------------------------------------------------------

    def _conclude(self, delivery: LedgerDelivery, found: list[Finding]) -> None:
        self.seen.findings += found
        if not found:
            self.seen.verified.add(delivery.id)

    def _tell_parts(self, delivery: LedgerDelivery, incident: LedgerIncident | None, parts: str) -> Finding:
        about = differing_identity(delivery, parts)
        return self._tell(Kind.DIFFERENT, delivery, incident, parts, about=about)

    def _tell(
        self,
        kind: Kind,
        delivery: LedgerDelivery,
        incident: LedgerIncident | None,
        reason: str | None = None,
        *,
        about: str | None = None,
        times: str = "",
        which: str = "",
    ) -> Finding:
        record = Record.of_delivery(delivery, incident, self.target)
        named = about or identity_of(delivery)
        due = due_of(self.evidence, delivery)
        return tell(self.evidence.home.id, kind, record, reason=reason, about=named, due=due, times=times, which=which)


def _may_go(delivery: LedgerDelivery, incident: LedgerIncident | None) -> bool:
    """Whether the council may delete this note: its report is void, or names its child no longer."""
    if incident is None:
        return False
    return incident.status is Status.VOID or is_left_out(delivery, incident)
