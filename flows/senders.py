"""From a claimed delivery to a call on its target, and from what came back to an event in the ledger.

`outcome_of` is the only place that decides what an error means for a delivery.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from typing import Protocol

from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain, Unreachable
from connectors.protocols import (
    CaseNoteStore,
    FormDesk,
    Found,
    LogStore,
    Message,
    NewAppendment,
    NewEntry,
    NewNote,
    Notifier,
    Receipt,
    SearchableNotifier,
)
from flows.packages import note_of
from ledger.outbox import Claim, Outcome, Root
from ledger.states import Event
from mappings.bodies import AppendmentBody, EntryBody, LadoPackage, MailBody, NoteBody
from mappings.uk_time import uk_day

#: The longest pause before a delivery that was not applied is tried again, in seconds.
_LONGEST_PAUSE = 900.0
#: How often a mail is sent whose taking is in doubt each time: then a person must ask the mail server's people.
_MOST_COPIES = 4
#: How often a target may say that it made a record which it then does not show: once more is a doubled record.
_MOST_CLAIMS = 2
#: A token whose time was over says nothing about the target: there is a new one at once.
_STALE = "sign_in_stale"
#: What stands in a Message-ID where the sender has no domain: some notifiers have no address to set.
_NO_DOMAIN = "incident-bridge.invalid"
_CONFLICT = "The target says that it has this record, but a look-up does not find it; ask the target's administrators."

_ELSEWHERE = (
    "It was sent to another address than the one that is set now, where a look-up does not find it; that proves "
    "nothing. Set the old address until it is found, or run `incident-bridge delivery retry {id}` if both lead to one "
    "system."
)
_CLAIMED = (
    "The target has said {times} times that it made this record, and does not show it under its reference; ask its "
    "administrators what it holds, and run `incident-bridge delivery retry {id}` if it is not there."
)


class Sender(Protocol):
    """One target: sends a claimed delivery, or looks for one that may be there. Errors are `ConnectorError`s."""

    def send(self, claim: Claim, root: Root | None) -> Receipt: ...

    def look(self, claim: Claim, root: Root | None) -> Found: ...

    def finish(self, claim: Claim, remote_id: str) -> Receipt: ...


@dataclass
class MosaicSender:
    """Case notes and their appendments."""

    store: CaseNoteStore

    def send(self, claim: Claim, root: Root | None) -> Receipt:
        """Create the note, or append to the one that is there."""
        if claim.action == "append":
            appendment = AppendmentBody.model_validate_json(claim.body)
            return self.store.append(
                NewAppendment(_needed(root).remote_id, appendment.html, claim.reference, appendment.acting_for)
            )
        note = NoteBody.model_validate_json(claim.body)
        return self.store.create(
            NewNote(
                person_id=_person(claim),
                note_type=note.note_type,
                title=note.title,
                html=note.html,
                effective_date=note.effective_date,
                reference=claim.reference,
                significant_event=note.significant_event,
                acting_for=note.acting_for,
                alert_recipients=note.alert_recipients,
            )
        )

    def look(self, claim: Claim, root: Root | None) -> Found:
        """Find our note on the person's record, or our appendment on the note."""
        if claim.action == "append":
            return self.store.find_appendment(claim.reference, note_id=_needed(root).remote_id)
        note = NoteBody.model_validate_json(claim.body)
        day = uk_day(note.effective_date)
        return self.store.find(claim.reference, person_id=_person(claim), note_type=note.note_type, effective_on=day)

    def finish(self, claim: Claim, remote_id: str) -> Receipt:
        """Finish our own draft."""
        return self.store.finish(remote_id, claim.reference)


@dataclass
class DailyLogSender:
    """Log entries and corrections."""

    store: LogStore

    def send(self, claim: Claim, root: Root | None) -> Receipt:
        """Write the entry; a correction names the one it corrects."""
        body = EntryBody.model_validate_json(claim.body)
        return self.store.create(
            NewEntry(
                home_id=claim.home,
                entry_time=body.entry_time,
                category=body.category,
                text=body.text,
                reference=claim.reference,
                child_ids=body.child_ids,
                corrects=_needed(root).remote_id if claim.action == "correct" else None,
            )
        )

    def look(self, claim: Claim, root: Root | None) -> Found:  # noqa: ARG002
        """Find our entry on its day."""
        body = EntryBody.model_validate_json(claim.body)
        return self.store.find(claim.reference, home_id=claim.home, entry_on=uk_day(body.entry_time))

    def finish(self, claim: Claim, remote_id: str) -> Receipt:  # noqa: ARG002
        """A log entry is never unfinished."""
        return Receipt(remote_id)


@dataclass
class MailSender:
    """Notifications and digests: the same Message-ID at every repeat."""

    notifier: Notifier
    sender: str

    def message_id(self, claim: Claim) -> str:
        """Stable for a delivery, whatever happens: what may be out keeps its id when the settings name a new sender."""
        sent_as = claim.detail.get("sent_as")
        if sent_as is not None:
            return str(sent_as)
        return f"<{claim.reference.lower()}@{_domain(self.sender)}>"

    def send(self, claim: Claim, root: Root | None) -> Receipt:  # noqa: ARG002
        """Send one message to one person."""
        body = MailBody.model_validate_json(claim.body)
        dated = datetime.fromisoformat(claim.detail["dated"])
        return self.notifier.send(
            Message(body.to, body.subject, body.text, body.html, message_id=self.message_id(claim), date=dated)
        )

    def look(self, claim: Claim, root: Root | None) -> Found:  # noqa: ARG002
        """Ask whether the message was taken, where the notifier can be asked."""
        if isinstance(self.notifier, SearchableNotifier):
            return self.notifier.find(self.message_id(claim))
        copies = _copies(claim)
        if copies >= _MOST_COPIES:
            raise Rejected(
                f"The mail server may have taken this mail {copies} times and never said so; it is not sent "
                "again. Ask who runs the server, and tell the person yourself."
            )
        raise CannotBeAsked("This target cannot be asked; the message is repeated with the same Message-ID.")

    def finish(self, claim: Claim, remote_id: str) -> Receipt:  # noqa: ARG002
        """A mail is never unfinished."""
        return Receipt(remote_id)


def _domain(sender: str) -> str:
    """The domain of the sender's address, which may stand beside a name and hold letters beyond A to Z."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    try:
        return domain.encode("idna").decode("ascii") or _NO_DOMAIN
    except UnicodeError:
        return _NO_DOMAIN


@dataclass
class LadoSender:
    """Packages on the LADO desk. Nothing leaves the house: a package that is written twice is the same file."""

    desk: FormDesk

    def send(self, claim: Claim, root: Root | None) -> Receipt:  # noqa: ARG002
        """Write the package."""
        files = self.desk.prepare(LadoPackage.model_validate_json(claim.body))
        return Receipt(remote_id=str(files.json))

    def look(self, claim: Claim, root: Root | None) -> Found:  # noqa: ARG002
        """Nobody needs to look: the files are the same byte for byte when they are written again."""
        raise CannotBeAsked("The package is written again.")

    def finish(self, claim: Claim, remote_id: str) -> Receipt:  # noqa: ARG002
        """A package is written whole or not at all."""
        return Receipt(remote_id)


class CannotBeAsked(Exception):
    """This target cannot be asked what it holds."""


def try_to_send(sender: Sender, claim: Claim, root: Root | None, settle_seconds: float) -> Outcome:
    """Send once; whatever happens becomes an outcome. What is in doubt keeps where to it was sent, or as what."""
    outcome = _sent(sender, claim, root, settle_seconds)
    if outcome.event is not Event.AMBIGUOUS:
        return outcome
    trace = {"sent_as": sender.message_id(claim)} if isinstance(sender, MailSender) else {"sent_to": _address(sender)}
    return replace(outcome, detail={**outcome.detail, **trace})


def _sent(sender: Sender, claim: Claim, root: Root | None, settle_seconds: float) -> Outcome:
    try:
        receipt = sender.send(claim, root)
    except ConnectorError as why:
        if isinstance(why, Rejected) and why.cause is Cause.CONFLICT:
            return _after_conflict(sender, claim, root, settle_seconds)
        return outcome_of(why, claim, settle_seconds)
    except Exception as why:  # noqa: BLE001 - after the first byte, our own mistake is a doubt too
        sentence = f"An unexpected fault ({type(why).__name__}) in this software; it is looked up before a repeat."
        return Outcome(claim, Event.AMBIGUOUS, sentence, retry_in=settle_seconds)
    if claim.target == "lado":
        noted = note_of(receipt.remote_id, approved=False)
        return Outcome(claim, Event.PACKAGE_WRITTEN, remote_id=receipt.remote_id, detail=noted)
    return _accepted(claim, receipt, Event.ACCEPTED)


def try_to_look(sender: Sender, claim: Claim, root: Root | None, settle_seconds: float) -> Outcome:
    """Look once for a delivery that may be there."""
    try:
        found = sender.look(claim, root)
        if found.unfinished is not None and not found.receipts:
            return _accepted(claim, sender.finish(claim, found.unfinished), Event.LOOK_FOUND)
    except CannotBeAsked as why:
        return Outcome(claim, Event.REPEATABLE, str(why))
    except Rejected as why:
        if why.cause is Cause.NO_PERSON_ID:  # it can never have been sent; whom a target does not show may be hidden
            return Outcome(claim, Event.LOOK_ABSENT, why.message, retry_in=settle_seconds)
        return Outcome(claim, Event.LOOK_FAILED, why.message, retry_in=_LONGEST_PAUSE, cause=why.cause)
    except ConnectorError as why:
        asked = getattr(why, "retry_after", None) or 0.0
        return _look_failed(claim, why.message, cause_of(why), max(asked, settle_seconds))
    except Exception as why:  # noqa: BLE001 - a look changes nothing; it is tried again
        sentence = f"An unexpected fault ({type(why).__name__}) in this software during a look-up."
        return _look_failed(claim, sentence, None, settle_seconds)
    if found.absent and claim.detail.get("sent_to") not in (None, _address(sender)):
        return Outcome(claim, Event.LOOK_FAILED, _ELSEWHERE.format(id=claim.id), retry_in=_LONGEST_PAUSE)
    claims = int(claim.detail.get("claimed") or 0)
    if found.absent and claims >= _MOST_CLAIMS:
        told = _CLAIMED.format(times=claims, id=claim.id)
        return Outcome(claim, Event.LOOK_FAILED, told, retry_in=_LONGEST_PAUSE)
    if found.absent:
        return Outcome(claim, Event.LOOK_ABSENT, "A look-up did not find it.", retry_in=settle_seconds)
    return _seen(claim, found, Event.LOOK_FOUND)


def _address(sender: Sender) -> str | None:
    """What tells the target's address from another one; None where it has none that we know of."""
    http = getattr(getattr(sender, "store", None), "http", None)
    return None if http is None else hashlib.sha256(http.base_url.encode()).hexdigest()[:16]


def _look_failed(claim: Claim, why: str, cause: str | None, seconds: float) -> Outcome:
    """Each failure makes the next pause four times as long: runs that follow soon do not all wait for it."""
    failed = int(claim.detail.get("looks_failed", 0)) + 1
    pause = _ever_longer(seconds, failed)
    return Outcome(claim, Event.LOOK_FAILED, why, retry_in=pause, cause=cause, detail={"looks_failed": failed})


def _ever_longer(seconds: float, times: int) -> float:
    """The pause after so many times: four times as long after each, up to the longest."""
    return max(seconds, min(_LONGEST_PAUSE, seconds * 4.0 ** (times - 1)))


def outcome_of(why: ConnectorError, claim: Claim, settle_seconds: float) -> Outcome:
    """What an error of a write means for its delivery."""
    if isinstance(why, Uncertain):
        # What cannot be looked for, such as a mail, is repeated ever more slowly.
        copies = _copies(claim) + 1
        rests = _ever_longer(settle_seconds, copies) if claim.target == "email" else settle_seconds
        detail = {"copies": copies, "claimed": int(claim.detail.get("claimed") or 0) + why.claimed}
        return Outcome(claim, Event.AMBIGUOUS, why.message, rests, cause=cause_of(why), detail=detail)
    if isinstance(why, Rejected):
        return Outcome(claim, Event.REFUSED, why.message, cause=why.cause)
    if isinstance(why, NotApplied):
        pause = max(why.retry_after or 0.0, _backoff(1 if why.reason == _STALE else claim.attempts))
        return Outcome(claim, Event.NOT_APPLIED, why.message, retry_in=pause, cause=cause_of(why))
    return Outcome(claim, Event.NOT_APPLIED, why.message, cause=cause_of(why))


def _copies(claim: Claim) -> int:
    """How often the target may have taken it without saying so; tries that are proven not applied do not count."""
    return int(claim.detail.get("copies", 0))


def cause_of(why: ConnectorError) -> str:
    """A word for the ledger: why it was not done."""
    names: Mapping[type[ConnectorError], str] = {
        Misconfigured: "misconfigured",
        Unreachable: "unreachable",
        NotApplied: "not_applied",
        Uncertain: "uncertain",
    }
    return next((name for kind, name in names.items() if isinstance(why, kind)), "refused")


def _after_conflict(sender: Sender, claim: Claim, root: Root | None, settle_seconds: float) -> Outcome:
    """409: look up; there: accepted; not there: rejected (RULINGS 15)."""
    try:
        found = sender.look(claim, root)
        if found.unfinished is not None and not found.receipts:
            return _accepted(claim, sender.finish(claim, found.unfinished), Event.ACCEPTED)
    except Exception:  # noqa: BLE001 - whatever keeps us from looking, the conflict is a doubt
        return Outcome(
            claim, Event.AMBIGUOUS, "The target reports a conflict and could not be looked up.", settle_seconds
        )
    if found.absent:
        return Outcome(claim, Event.REFUSED, _CONFLICT, cause=Cause.CONFLICT)
    return _seen(claim, found, Event.ACCEPTED)


def _seen(claim: Claim, found: Found, event: Event) -> Outcome:
    """It is there, or was: what somebody removed, reconciliation tells of; nothing is made again (DESIGN 3)."""
    if found.receipts:
        return _accepted(claim, found.receipts[0], event)
    return Outcome(claim, event, "It was written and has been deleted at the target since.")


def _accepted(claim: Claim, receipt: Receipt, event: Event) -> Outcome:
    return Outcome(claim, event, remote_id=receipt.remote_id, person_id=receipt.person_id, at=receipt.at)


def _person(claim: Claim) -> int:
    if claim.person_id is None:
        raise Rejected(
            "The report has no usable Mosaic id for this child; add the id to the report at the source.",
            cause=Cause.NO_PERSON_ID,
            field="mosaicPersonId",
        )
    return claim.person_id


def _needed(root: Root | None) -> Root:
    if root is None:
        raise Rejected("The record that this adds to is not known to the ledger; a person must look.", cause=Cause.GONE)
    return root


def _backoff(attempts: int) -> float:
    """Seconds before the next try: doubling, with full jitter on top of half, so that nobody comes back together."""
    ceiling = min(_LONGEST_PAUSE, 2.0 ** min(attempts, 10))
    return ceiling / 2 + random.uniform(0, ceiling / 2)  # noqa: S311 - not a secret
