"""Mosaic connectors with one thing wrong each: C1 to C11, W1 to W10, W12."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

import requests
from pydantic import SecretStr

from config.settings import MosaicSettings
from connectors.conformance import Subject, examples
from connectors.edge import bare
from connectors.errors import Cause, NotApplied, Rejected, SentElsewhere, Uncertain, Unreachable
from connectors.mosaic_rest.notes import held_note
from connectors.mosaic_rest.store import MosaicRest
from connectors.paging import PageRefused, pages
from connectors.protocols import Found, Health, HeldNote, NewAppendment, NewNote, NoteState, Receipt
from mappings.uk_time import uk_day


class ChecksByWriting(MosaicRest):
    """Its check leaves a note behind."""

    breaks = "C1"

    def check(self) -> Health:
        health = super().check()
        if health.ok:
            self.create(examples.note(examples.reference(777)))
        return health


class HasOneSentence(MosaicRest):
    """Whatever is wrong, it says the same."""

    breaks = "C2"

    def check(self) -> Health:
        health = super().check()
        return health if health.ok else replace(health, sentence=f"Mosaic does not work; see {health.setting}.")


class StormsTheSignIn(MosaicRest):
    """Each look asks for a new token."""

    breaks = "C3"

    def find(self, reference: str, **where: Any) -> Found:
        self.http.sign_in.forget()  # type: ignore[union-attr]
        return super().find(reference, **where)


class SendsAgainAfterA401(MosaicRest):
    """A write whose token was refused goes out a second time, within the call."""

    breaks = "C4"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except NotApplied as why:
            if why.status != 401:
                raise
        return super().create(note)


class SwallowsRetryAfter(MosaicRest):
    """It knows that it should wait, and tells nobody for how long."""

    breaks = "C5"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except NotApplied as why:
            why.retry_after = None
            raise


class DoubtsWhatWasNeverSent(MosaicRest):
    """A refused connection is in doubt with it: every night of a dead Mosaic is a night of look-ups."""

    breaks = "C6"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except Unreachable as why:
            raise Uncertain(why.message) from None


class FollowsARedirectOfAWrite(MosaicRest):
    """It goes where it is sent, with what it has in its hands."""

    breaks = "C7"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except SentElsewhere:
            requests.get(f"{self.http.base_url.removesuffix('/api/v1')}/login", timeout=1)
            raise


class HasNoTotalDeadline(MosaicRest):
    """As long as bytes come, it reads on."""

    breaks = "C8"

    def settle_in(self) -> None:
        self.http.timeout = 8.0


class ListsWithoutADeadline(MosaicRest):
    """As long as a list drips, it reads on."""

    breaks = "C8"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        self.http.timeout = 8.0
        return super().list(person_id, start, end)


class LogsABody(MosaicRest):
    """It logs what it sends, at DEBUG only."""

    breaks = "C9"

    def create(self, note: NewNote) -> Receipt:
        logging.getLogger(__name__).debug("sending %s", note.html)
        return super().create(note)


class DescribesNothing(MosaicRest):
    """One of its settings has no description."""

    breaks = "C10"

    @staticmethod
    def changed(subject: Subject) -> Subject:
        class Settings(MosaicSettings):
            client_secret: SecretStr | None = None

        return replace(subject, settings=Settings(**dict(subject.settings)))


class SharesItsNote(MosaicRest):
    """All of its kind share one note."""

    breaks = "C11"
    _note: ClassVar[NewNote]

    def create(self, note: NewNote) -> Receipt:
        SharesItsNote._note = note
        time.sleep(0.005)
        return super().create(SharesItsNote._note)


class ForgetsThatItWasThere(MosaicRest):
    """What was there before counts as made now."""

    breaks = "W1"

    def create(self, note: NewNote) -> Receipt:
        return replace(super().create(note), already_there=False)


class TrustsABare201(MosaicRest):
    """A status is enough for it."""

    breaks = "W2"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except Uncertain as why:
            if why.status != 201:
                raise
        return Receipt("0", person_id=note.person_id)


class RetriesAPost(MosaicRest):
    """A failure of the server's own means to it that nothing happened."""

    breaks = "W2"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except Uncertain as why:
            if why.status != 500:
                raise
        return super().create(note)


class RemembersThatItWasNotThere(MosaicRest):
    """It looked once, and never looks again."""

    breaks = "W3"
    _sent: frozenset[str] = frozenset()
    _absent: frozenset[str] = frozenset()

    def create(self, note: NewNote) -> Receipt:
        self._sent |= {note.reference}
        return super().create(note)

    def find(self, reference: str, **where: Any) -> Found:
        found = Found() if reference in self._absent else super().find(reference, **where)
        if found.absent:
            self._absent |= {reference} & self._sent
        return found


class BelievesTheFilter(MosaicRest):
    """The first note that comes back is ours, because it asked for ours."""

    breaks = "W4"

    @bare
    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:
        path, query = f"/persons/{person_id}/case-notes", {"reference": reference}
        try:
            for page in pages(self.http, path, query, cursor_field="next_cursor", doing="a look", expect=(404, 410)):
                for note in map(held_note, page["items"]):
                    if note.state is NoteState.COMPLETE:
                        return Found((Receipt(note.remote_id, note.created_at, note.person_id),))
        except PageRefused:
            pass
        return super().find(reference, person_id=person_id, note_type=note_type, effective_on=effective_on)


class ListsFromMemory(MosaicRest):
    """It lists what it has sent, not what is there."""

    breaks = "W5"
    _sent: ClassVar[dict[str, str]] = {}

    def create(self, note: NewNote) -> Receipt:
        self._sent[note.reference] = note.html
        return super().create(note)

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        held = super().list(person_id, start, end)
        return [replace(note, html=self._sent.get(note.reference or "", note.html)) for note in held]


class OverlooksDrafts(MosaicRest):
    """A draft is nothing to it, and so it would be made anew."""

    breaks = "W6"

    def find(self, reference: str, **where: Any) -> Found:
        return replace(super().find(reference, **where), unfinished=None)


class TakesAConflictForDone(MosaicRest):
    """A conflict with an unfinished note must mean that the appendment is there already."""

    breaks = "W7"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except Rejected as why:
            note = self.get(appendment.note_id)
            if why.cause is not Cause.CONFLICT or note is None or note.state is NoteState.COMPLETE:
                raise
        return Receipt(appendment.note_id, already_there=True)


class MakesANoteOfAnAppendment(MosaicRest):
    """Where the note is not there, the appendment becomes one."""

    breaks = "W8"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except Rejected as why:
            if why.cause is not Cause.GONE or self.get(appendment.note_id) is not None:
                raise
        return self.create(replace(examples.note(appendment.reference), html=appendment.html))


class EditsTheWrongPerson(MosaicRest):
    """Whose record it was is nothing that it reads."""

    breaks = "W9"

    def create(self, note: NewNote) -> Receipt:
        try:
            return super().create(note)
        except Rejected as why:
            if why.cause is not Cause.WRONG_PERSON:
                raise
        return Receipt("1", person_id=note.person_id)


class HidesAMerge(MosaicRest):
    """Its receipt names the person that was asked for, not the one who has the note now."""

    breaks = "W9"

    def create(self, note: NewNote) -> Receipt:
        receipt = super().create(note)
        return replace(receipt, person_id=note.person_id)


class CallsTheDeletedAbsent(MosaicRest):
    """What was deleted is not there, and so it would be sent again."""

    breaks = "W10"

    def find(self, reference: str, **where: Any) -> Found:
        found = super().find(reference, **where)
        return Found() if found.deleted else found


class LosesTheLastDay(MosaicRest):
    """The end of a range is not in the range."""

    breaks = "W12"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        held = super().list(person_id, start, end)
        return [note for note in held if start == end or uk_day(note.effective_date) < end]


ANIMALS = [
    ChecksByWriting, HasOneSentence, StormsTheSignIn, SendsAgainAfterA401, SwallowsRetryAfter, DoubtsWhatWasNeverSent,
    FollowsARedirectOfAWrite, HasNoTotalDeadline, ListsWithoutADeadline, LogsABody, DescribesNothing, SharesItsNote,
    ForgetsThatItWasThere, TrustsABare201, RetriesAPost, RemembersThatItWasNotThere, BelievesTheFilter, ListsFromMemory,
    OverlooksDrafts, TakesAConflictForDone, MakesANoteOfAnAppendment, EditsTheWrongPerson, HidesAMerge,
    CallsTheDeletedAbsent, LosesTheLastDay,
]  # fmt: skip
