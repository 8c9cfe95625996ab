"""Mosaic connectors that write well, and look or list with one thing wrong each."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from connectors.edge import bare
from connectors.errors import Cause, NotApplied, Rejected
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import Found, Health, HeldNote, NewNote, NoteState, Receipt
from tests.conformance import subjects


class TakesSilenceForNoAppendment(MosaicRest):
    """A note that it could not read has no appendment, and so it would be appended again."""

    breaks = "C6"

    def find_appendment(self, reference: str, *, note_id: str) -> Found:
        try:
            return super().find_appendment(reference, note_id=note_id)
        except NotApplied as why:
            if why.retry_after is not None:
                raise
        return Found()


class TakesARestrictedRecordForAnEmptyOne(MosaicRest):
    """What it may not see is not there, and so it would be sent again."""

    breaks = "C4"

    @bare
    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:
        try:
            return super().find(reference, person_id=person_id, note_type=note_type, effective_on=effective_on)
        except Rejected as why:
            if why.cause is not Cause.RESTRICTED:
                raise
        return Found()


class AsksForAListAgain(MosaicRest):
    """It was told to wait, and asks for a list at once again."""

    breaks = "C5"

    @bare
    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        try:
            return super().list(person_id, start, end)
        except NotApplied as why:
            if why.retry_after is None:
                raise
        return super().list(person_id, start, end)


class LogsItsSecretWhenChecked(MosaicRest):
    """It shows IT what it signs in with, at DEBUG only."""

    breaks = "C9"

    def check(self) -> Health:
        logging.getLogger(__name__).debug("signing in with %s", subjects.SECRET)
        return super().check()


class WarnsWithATitle(MosaicRest):
    """It warns of what it sends, by its title."""

    breaks = "C9"

    def create(self, note: NewNote) -> Receipt:
        warnings.warn(f"sending {note.title}", stacklevel=2)
        return super().create(note)


class TakesWhoeverNamesItForOurs(MosaicRest):
    """A note that speaks of our reference is ours."""

    breaks = "W4"

    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:
        found = super().find(reference, person_id=person_id, note_type=note_type, effective_on=effective_on)
        listed = self.list(person_id, effective_on, effective_on) if found.absent else ()
        naming = [note for note in listed if reference in note.html and note.reference != reference]
        return replace(found, receipts=tuple(Receipt(note.remote_id) for note in naming)) if naming else found


class ListsNothingOfTheMerged(MosaicRest):
    """A note that lies with the survivor is not on the list of the person who was asked for."""

    breaks = "W9"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        return [note for note in super().list(person_id, start, end) if note.person_id == person_id]


class ListsNoDeletedNote(MosaicRest):
    """What was deleted is not on its list."""

    breaks = "W10"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        return [note for note in super().list(person_id, start, end) if note.state is not NoteState.DELETED]


class LeavesOutWhatWasAppended(MosaicRest):
    """Its list shows the notes alone."""

    breaks = "W12"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        return [replace(note, appendments=()) for note in super().list(person_id, start, end)]


class LooksByTheUtcDay(MosaicRest):
    """A note of just after midnight, in summer, was of the day before."""

    breaks = "W12"

    def find(self, reference: str, *, effective_on: date, **where: Any) -> Found:
        found = super().find(reference, effective_on=effective_on, **where)
        held = [self.get(receipt.remote_id) for receipt in found.receipts]
        days = {note.effective_date.date() for note in held if note is not None}
        return found if days <= {effective_on} else Found()


ANIMALS = [
    TakesSilenceForNoAppendment, TakesARestrictedRecordForAnEmptyOne, AsksForAListAgain, LogsItsSecretWhenChecked,
    WarnsWithATitle, TakesWhoeverNamesItForOurs, ListsNothingOfTheMerged,
    ListsNoDeletedNote, LeavesOutWhatWasAppended, LooksByTheUtcDay,
]  # fmt: skip
