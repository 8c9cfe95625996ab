"""The plan: what one revision of one incident owes, to whom, by when. Pure; the ledger writes what it returns.

A first revision that is not a draft owes a case note a child, a log entry, the mails that its duties name, and a LADO
package for each adult of concern. A later one owes only what changed: an appendment, a correction, a new mail, a new
package. A draft owes nothing until it is submitted; a void report is said to be recorded in error wherever it went.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from config.home import Home
from config.lado_form import LadoForm
from mappings.amendment import amendment
from mappings.bodies import AppendmentBody, EntryBody, LadoPackage, NoteBody
from mappings.case_note import NoteContext, case_note
from mappings.duties import Duty, DutyState, duties_of
from mappings.evidence import SUBMITTED, Evidence
from mappings.exemption import exempt_children
from mappings.flags import FlagId, flags_of
from mappings.incident import Answer, Child, Incident, Status
from mappings.initials import incident_initials
from mappings.lado_triggers import triggers_of
from mappings.log_entry import LogContext, log_correction, log_entry
from mappings.mails import MailContext, PlannedMail, Undeliverable, mails_for
from mappings.owed import (
    NO_DETAIL,
    NO_RECORD_CAUSES,
    OTHER_RECORD_CAUSES,
    OTHER_TEXT_CAUSES,
    Action,
    Before,
    History,
    Owed,
    Plan,
    Target,
)
from mappings.redactor import RedactionFailed
from mappings.reference import DeliveryKey, Reference, delivery_key, reference_of
from mappings.said import child_injured, staff_injured
from mappings.submission import submission

B = TypeVar("B")
G = TypeVar("G")

_TOO_OLD = "The incident is older than the mail's age limit: listed, not mailed (RULINGS 5)."
_VOIDED = "The report was voided before it was sent."
_NOT_NAMED = "The report no longer names this child, and nothing had been sent."
_MADE_ANEW = "The report changed before this could be sent; what it says now is sent instead."
_TAKEN_BACK = "Staff took the report back to draft before this was sent; it is sent when the report is submitted again."
_NEW_PACKAGE = "A later revision changed this submission; decide about the newer one."
_NEW_PERSON = "This person is not to be told any more; whoever is to be told now is told instead."
_UNSAFE = "A text of this report could not be made safe for this child's record; a person must look at the report."
#: What is owed is planned by what the report says alone.
_NOTHING_SEEN = Evidence()


@dataclass(frozen=True)
class Circumstances:
    """What a plan depends on beyond the report: the home, the site's targets, the mail's age limit, the moment.

    `form`: the site's own LADO form profile. `digest` tells apart addresses that must not be stored in the clear.
    """

    home: Home
    targets: frozenset[Target]
    mail_max_age: timedelta
    now: datetime
    form: LadoForm | None = None
    digest: Callable[[str], str] = field(default=lambda text: hashlib.sha256(text.encode()).hexdigest())


def plan_revision(report: Incident, history: History, around: Circumstances) -> Plan:
    """What this revision owes now, and what is no longer owed."""
    if report.status is Status.DRAFT and not any(before.live for before in history.before):
        return Plan()
    return _Planning(report, history, around).plan()


def recipients(
    report: Incident, home: Home, duties: Sequence[Duty], digest: Callable[[str], str]
) -> frozenset[tuple[str, str]]:
    """Who may be mailed about this report, whatever has been done already: (subject, digest of the address)."""
    everything = {(duty.id, duty.child) for duty in duties}
    planned = mails_for(report, home, MailContext(everything))
    return frozenset((mail.subject_key, digest(mail.to)) for mail in planned.mails)


def _made_safe(render: Callable[[G], B | None], given: G) -> tuple[B | None, str | None]:
    """The text, or why it may not be sent: a text that could not be made safe stops, and blocks no other."""
    try:
        return render(given), None
    except RedactionFailed:
        return None, _UNSAFE


def _others(report: Incident, child_id: str | None) -> set[tuple[str, str]]:
    """The children in a report but for this one, by id and name."""
    return {(child.child_id, child.name) for child in report.children if child.child_id != child_id}


class _Planning:
    """One revision being planned."""

    def __init__(self, report: Incident, history: History, around: Circumstances) -> None:
        self.report, self.history, self.around = report, history, around
        self.home = around.home
        self.duties = duties_of(report, self.home, _NOTHING_SEEN, around.now)
        #: What people still have to do; a text that itself brings the oversight to Mosaic does not call it owed.
        self.asked = tuple([duty for duty in self.duties if not duty.ours])
        self.known = history.known_children
        self.is_submitted = report.status in SUBMITTED
        self.exempt = exempt_children(report)
        self.withdrawn: list[tuple[int, str]] = []
        self.readdressed: list[tuple[int, int | None]] = []
        self.unseen: list[int] = []

    def plan(self) -> Plan:
        owed: list[Owed] = []
        if Target.MOSAIC in self.around.targets:
            for child_id in self._children():
                owed += self._notes(child_id)
        if Target.DAILY_LOG in self.around.targets:
            owed += self._entry()
        if self.is_submitted:
            if Target.EMAIL in self.around.targets:
                owed += self._mails()
            if Target.LADO in self.around.targets:
                owed += self._packages()
        else:
            self._withdraw(self._chain(Target.EMAIL), _VOIDED if self.report.status is Status.VOID else _TAKEN_BACK)
        return Plan(tuple(owed), tuple(self.withdrawn), tuple(self.readdressed), tuple(self.unseen))

    # ---- Mosaic ------------------------------------------------------------------------------------------------

    def _children(self) -> list[str]:
        """The report's children, and those who were in it when a note was made for them."""
        earlier = [before.subject for before in self.history.before if before.target == Target.MOSAIC and before.live]
        return list(dict.fromkeys([*(child.child_id for child in self.report.children), *earlier]))

    def _notes(self, child_id: str) -> Iterator[Owed]:
        chain = self._chain(Target.MOSAIC, child_id)
        child = self.report.child(child_id)
        if self.report.status is Status.VOID:
            chain = self._withdraw(chain, _VOIDED)
        elif child is None:
            chain = self._withdraw(chain, _NOT_NAMED)
        elif self._is_made_anew(chain, child_id):
            chain = self._withdraw(chain, _MADE_ANEW)
        elif self._is_taken_back(chain):
            chain = self._withdraw(chain, _TAKEN_BACK)
        if not chain:
            if child is not None and self.is_submitted:
                new = partial(case_note, self.report, child_id)
                yield from self._parts(Action.CREATE, child_id, child.mosaic_person(), new)
            return
        before = self.history.earlier(chain[-1].revision)
        if child is not None:
            self._readdress(chain, child, before)
        person = child.mosaic_person() if child is not None else chain[-1].person_id
        yield from self._parts(Action.APPEND, child_id, person, partial(amendment, before, self.report, child_id))

    def _is_made_anew(self, chain: Sequence[Before], child_id: str | None = None) -> bool:
        """Whether what waits to be sent must not go as it reads: it was refused for what it says, or was written before
        the report named another child so, whose name a note may hold; an entry names every child."""
        first = next((before for before in chain if not before.may_be_there), None)
        if first is None or first.part > 1 or first.revision == self.history.revision:
            return False
        if first.state == "rejected" and first.cause in OTHER_TEXT_CAUSES:
            return True
        earlier = self.history.earlier(first.revision)
        if earlier is None:
            return False
        then, now = _others(earlier, child_id), _others(self.report, child_id)
        return then != now if child_id is None else not now <= then

    def _is_taken_back(self, chain: Sequence[Before]) -> bool:
        """Whether staff took the report back to draft before anything was sent: a draft is sent nowhere (RULINGS 1)."""
        return self.report.status is Status.DRAFT and not any(before.may_be_there for before in chain)

    def _parts(
        self,
        action: Action,
        child_id: str,
        person: int | None,
        render: Callable[[NoteContext], NoteBody | AppendmentBody | None],
    ) -> Iterator[Owed]:
        """The record, and the appendments in which a text that is too long goes on (RULINGS 20)."""
        key, reference = self._reference(Target.MOSAIC, action, child_id)
        body: NoteBody | AppendmentBody | None
        body, unsafe = _made_safe(render, self._note_context(child_id, reference))
        if body is None and unsafe is None:
            return
        revision, due = self.history.revision, self._due("mosaic_case_note", child_id)
        detail = {"oversight": self._has_oversight()} if body is not None else NO_DETAIL
        owed = Owed(
            key, reference, Target.MOSAIC, action, child_id, revision, due, body, 1, person, detail, refused=unsafe
        )
        yield owed
        for part, html in enumerate(body.more if body is not None else (), start=2):
            yield owed._replace(
                key=self._reference(Target.MOSAIC, action, child_id, part)[0],
                reference=Reference(f"{reference}-{part}"),
                action=Action.APPEND,
                body=AppendmentBody(html=html, acting_for=self.home.mosaic.acting_for),
                detail=NO_DETAIL,
                part=part,
            )

    def _readdress(self, chain: Sequence[Before], child: Child, earlier: Incident | None) -> None:
        """What is proven not to be on the old record, or is looked for on one that nobody has, goes to the new one.

        What was seen on the old one was not seen on the child's.
        """
        person = child.mosaic_person()
        then = earlier.child(child.child_id) if earlier is not None else child
        if then is None or then.mosaic_person() != person:
            self.unseen += [before.id for before in chain if before.state == "verified"]
        for before in chain:
            waits = before.state == "pending" and before.action == Action.CREATE
            refused = before.state == "rejected" and before.cause in OTHER_RECORD_CAUSES
            nowhere = before.state == "uncertain" and before.cause in NO_RECORD_CAUSES
            mended = person is not None and (refused or nowhere)
            if (waits or mended) and person != before.person_id:
                self.readdressed.append((before.id, person))

    def _note_context(self, child_id: str, reference: Reference) -> NoteContext:
        return NoteContext(
            home=self.home,
            reference=reference,
            revision=self.history.revision,
            now=self.around.now,
            known_children=self.known,
            duties=self.asked,
            significant=self._is_significant(child_id),
            exempt=child_id in self.exempt,
        )

    def _is_significant(self, child_id: str) -> bool:
        """Restrictive, injury, police, LADO trigger or prohibited technique (RULINGS 21)."""
        report = self.report
        return (
            report.is_restrictive
            or report.police_called is Answer.YES
            or any(child_injured(child) for child in report.children)
            or any(staff_injured(member) for member in report.staff)
            or any(child_id in concern.children for concern in triggers_of(report))
            or any(flag.id is FlagId.PROHIBITED_TECHNIQUE for flag in flags_of(report, self.home))
        )

    def _has_oversight(self) -> bool:
        oversight = self.report.manager_oversight
        return oversight.at is not None and bool(oversight.comments.strip())

    # ---- the daily log -----------------------------------------------------------------------------------------

    def _entry(self) -> Iterator[Owed]:
        chain = self._chain(Target.DAILY_LOG)
        if self.report.status is Status.VOID:
            chain = self._withdraw(chain, _VOIDED)
        elif self._is_made_anew(chain):
            chain = self._withdraw(chain, _MADE_ANEW)
        elif self._is_taken_back(chain):
            chain = self._withdraw(chain, _TAKEN_BACK)
        if not chain and not self.is_submitted:
            return
        action = Action.CORRECT if chain else Action.CREATE
        key, reference = self._reference(Target.DAILY_LOG, action, "")
        context = LogContext(home=self.home, reference=reference, known_children=self.known)
        render: Callable[[LogContext], EntryBody | None] = partial(log_entry, self.report)
        if chain:
            render = partial(log_correction, self.history.earlier(chain[-1].revision), self.report)
        body, unsafe = _made_safe(render, context)
        if body is not None or unsafe is not None:
            revision, due = self.history.revision, self._due("daily_log", None)
            yield Owed(key, reference, Target.DAILY_LOG, action, "", revision, due, body, refused=unsafe)

    # ---- people ------------------------------------------------------------------------------------------------

    def _mails(self) -> Iterator[Owed]:
        """Mails for duties without evidence; none twice to one person, none to a person who changed meanwhile."""
        before = self._chain(Target.EMAIL)
        told = {(b.subject, b.detail.get("to", "")) for b in before}
        if any(old.state in ("pending", "rejected") for old in before):
            self._withdraw_from_strangers(before)
        initials = incident_initials(self.report, self.known)
        unmet = {(duty.id, duty.child) for duty in self.duties if duty.is_owed}
        planned = mails_for(self.report, self.home, MailContext(unmet, initials, self.asked))
        too_old = self.report.occurred_at < self.around.now - self.around.mail_max_age
        for mail in planned.mails:
            to = self.around.digest(mail.to)
            if (mail.subject_key, to) not in told:
                yield self._mail(mail, to, _TOO_OLD if too_old else None)
        for failed in planned.undeliverable:
            if not any(b.subject == failed.subject_key for b in before):
                yield self._undeliverable(failed)

    def _withdraw_from_strangers(self, before: Sequence[Before]) -> None:
        applicable = [duty for duty in self.duties if duty.state is not DutyState.NOT_APPLICABLE]
        everybody = recipients(self.report, self.home, applicable, self.around.digest)
        for old in before:
            if (old.subject, old.detail.get("to", "")) not in everybody and old.state in ("pending", "rejected"):
                self.withdrawn.append((old.id, _NEW_PERSON))

    def _mail(self, mail: PlannedMail, to: str, not_sent: str | None) -> Owed:
        again = 1 if not_sent else 1 + self._times_withdrawn(mail.subject_key, to)
        key, reference = self._reference(Target.EMAIL, Action.NOTIFY, f"{mail.subject_key}\n{to}", again)
        duties = mail.duties or (mail.subject_key.rpartition(":")[2],)
        return Owed(
            key,
            reference,
            Target.EMAIL,
            Action.NOTIFY,
            mail.subject_key,
            self.history.revision,
            min(self._due(duty, mail.child_id) for duty in duties),
            mail.body if not_sent is None else None,
            detail={
                "duties": list(mail.duties),
                "child": mail.child_id,
                "to": to,
                "dated": self.around.now.isoformat(),
            },
            not_sent=not_sent,
        )

    def _times_withdrawn(self, subject: str, to: str) -> int:
        """How often this revision's mail to this person was withdrawn before they became the one to be told again."""
        place = (self.history.revision, subject, to)
        return sum((b.revision, b.subject, b.detail.get("to", "")) == place for b in self.history.before)

    def _undeliverable(self, failed: Undeliverable) -> Owed:
        """Nobody can be mailed: listed with the reason; the duty itself stays open until a person meets it."""
        key, reference = self._reference(Target.EMAIL, Action.NOTIFY, f"{failed.subject_key}\nnobody")
        return Owed(
            key,
            reference,
            Target.EMAIL,
            Action.NOTIFY,
            failed.subject_key,
            self.history.revision,
            self._due(failed.duty, failed.child_id),
            None,
            detail={"duties": [failed.duty], "child": failed.child_id},
            not_sent=failed.reason,
        )

    # ---- the LADO desk -----------------------------------------------------------------------------------------

    def _packages(self) -> Iterator[Owed]:
        for concern in triggers_of(self.report):
            chain = self._chain(Target.LADO, concern.adult)
            key, reference = self._reference(Target.LADO, Action.PREPARE, concern.adult)
            due = self._due("lado_contact", None)
            package, unsafe = _made_safe(self._package, concern.adult)
            if unsafe is not None:
                adult, revision = concern.adult, self.history.revision
                yield Owed(key, reference, Target.LADO, Action.PREPARE, adult, revision, due, None, refused=unsafe)
            if package is None:
                continue
            said = package.model_copy(update={"revision": 0}).model_dump_json(exclude={"ids_are_names"})
            content = self.around.digest(said)
            if chain and chain[-1].detail.get("content") == content:
                continue
            self.withdrawn += [(b.id, _NEW_PACKAGE) for b in chain if b.state in ("pending", "awaiting_approval")]
            yield Owed(
                key,
                reference,
                Target.LADO,
                Action.PREPARE,
                concern.adult,
                self.history.revision,
                due,
                package,
                detail={
                    "content": content,
                    "triggers": list(concern.triggers),
                    "to_be_completed": list(package.to_be_completed),
                },
            )

    def _package(self, adult: str) -> LadoPackage | None:
        known, revision = self.history.known_children, self.history.revision
        return submission(self.report, adult, self.home, revision, known, form=self.around.form)

    # ---- what all of them need ---------------------------------------------------------------------------------

    def _chain(self, target: Target, subject: str | None = None) -> list[Before]:
        return [
            before
            for before in self.history.before
            if before.target == target and before.live and (subject is None or before.subject == subject)
        ]

    def _withdraw(self, chain: Sequence[Before], why: str) -> list[Before]:
        """Withdraw what is proven not to be there; returns what may be. What this revision adds to it stays."""
        there = [before for before in chain if before.may_be_there]
        earlier = [b for b in chain if not there or b.revision < self.history.revision]
        self.withdrawn += [(b.id, why) for b in earlier if b not in there and b.state in ("pending", "rejected")]
        return there

    def _due(self, duty_id: str, child: str | None) -> datetime:
        """When the duty is due; what has no deadline goes by the time of the incident."""
        for duty in self.duties:
            if duty.id == duty_id and duty.child in (child, None) and duty.due_at is not None:
                return duty.due_at
        return self.report.occurred_at + timedelta(hours=24)

    def _reference(self, target: Target, action: Action, subject: str, part: int = 1) -> tuple[DeliveryKey, Reference]:
        key = delivery_key(
            home=self.home.id,
            incident=self.report.incident_id,
            revision=self.history.revision,
            target=target,
            subject=subject,
            action=action,
            part=part,
        )
        return key, reference_of(key, number=self.report.number, revision=self.history.revision)
