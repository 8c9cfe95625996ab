"""Mosaic connectors that leave something out, change it, or follow and look not far enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta

from pydantic import Field

from config.settings import MosaicSettings
from connectors.conformance import Subject
from connectors.edge import bare
from connectors.errors import Cause, NotApplied, Rejected
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import Found, HeldNote, NewAppendment, NewNote, NoteState, Receipt
from mappings.uk_time import LONDON, uk_day

_DAY = timedelta(days=1)


class ShowsItsKey(MosaicRest):
    """A key is no secret, it thinks."""

    breaks = "C10"

    @staticmethod
    def changed(subject: Subject) -> Subject:
        class Settings(MosaicSettings):
            subscription_key: str = Field(default="example", description="What lets us in.")

        return replace(subject, settings=Settings(**dict(subject.settings)))


class MarksNothingAsSignificant(MosaicRest):
    """Nothing that happens is a significant event to it."""

    breaks = "W5"

    def create(self, note: NewNote) -> Receipt:
        return super().create(replace(note, significant_event=False))


class AlertsTheTeam(MosaicRest):
    """It has the whole team mailed about each note."""

    breaks = "W5"

    def create(self, note: NewNote) -> Receipt:
        return super().create(replace(note, alert_recipients=(*note.alert_recipients, "team")))


class SignsAppendmentsItself(MosaicRest):
    """Who wrote an appendment is nothing that it passes on."""

    breaks = "W5"

    def append(self, appendment: NewAppendment) -> Receipt:
        return super().append(replace(appendment, acting_for=""))


class CutsALongText(MosaicRest):
    """A thousand characters are enough for anybody, it thinks, and the last line."""

    breaks = "W5"

    def create(self, note: NewNote) -> Receipt:
        return super().create(replace(note, html=note.html[:1000] + note.html[1000:][-100:]))


class CutsALongAppendment(MosaicRest):
    """Who would write more than a thousand characters under a note?"""

    breaks = "W5"

    def append(self, appendment: NewAppendment) -> Receipt:
        return super().append(replace(appendment, html=appendment.html[:1000] + appendment.html[1000:][-100:]))


class TakesADraftThatTimedOutForFinished(MosaicRest):
    """What can no longer be edited is finished, it thinks."""

    breaks = "W6"

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        held = super().list(person_id, start, end)
        return [replace(note, state=NoteState.COMPLETE) if note.state is NoteState.TIMED_OUT else note for note in held]


class MissesNoNoteAtAnAppendment(MosaicRest):
    """An appendment to a note that is not there is absent to it."""

    breaks = "W8"

    @bare
    def find_appendment(self, reference: str, *, note_id: str) -> Found:
        return Found() if self.get(note_id) is None else super().find_appendment(reference, note_id=note_id)


class FollowsOneMergeAlone(MosaicRest):
    """Whoever was merged once will not be merged again, it thinks."""

    breaks = "W9"

    @bare
    def create(self, note: NewNote) -> Receipt:
        survivor = self._merged_into(note.person_id)
        if survivor is not None and self._merged_into(survivor) is not None:
            raise Rejected("The person was merged again.", cause=Cause.PERSON_NOT_FOUND)
        return super().create(note)

    def _merged_into(self, person_id: int) -> int | None:
        found: int | None = self.http.read(f"/persons/{person_id}", doing="a person").content.get("merged_into")
        return found


class IsAnHourLateBothWays(MosaicRest):
    """It writes and reads all times wrong by the same hour, so that its own notes look right to it."""

    breaks = "W12"

    def create(self, note: NewNote) -> Receipt:
        return super().create(replace(note, effective_date=note.effective_date.replace(tzinfo=LONDON)))

    def get(self, note_id: str) -> HeldNote | None:
        note = super().get(note_id)
        return None if note is None else _in_its_time(note)

    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        held = [_in_its_time(note) for note in super().list(person_id, start - _DAY, end + _DAY)]
        return [note for note in held if start <= uk_day(note.effective_date) <= end]


class LooksNoFurtherThanACursorLeads(MosaicRest):
    """Where the pages go in a circle, it has seen everything, it thinks."""

    breaks = "W12"

    @bare
    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:
        try:
            return super().find(reference, person_id=person_id, note_type=note_type, effective_on=effective_on)
        except NotApplied as why:
            if "cursor twice" not in why.message:
                raise
        return Found()


def _in_its_time(note: HeldNote) -> HeldNote:
    return replace(note, effective_date=note.effective_date.astimezone(LONDON).replace(tzinfo=UTC))


ANIMALS = [
    ShowsItsKey, MarksNothingAsSignificant, AlertsTheTeam, SignsAppendmentsItself, CutsALongText, CutsALongAppendment,
    TakesADraftThatTimedOutForFinished, MissesNoNoteAtAnAppendment, FollowsOneMergeAlone, IsAnHourLateBothWays,
    LooksNoFurtherThanACursorLeads,
]  # fmt: skip
