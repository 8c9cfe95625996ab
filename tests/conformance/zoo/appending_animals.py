"""Mosaic connectors that create well, and append or finish with one thing wrong each; and one that is good."""

from __future__ import annotations

import logging
from dataclasses import replace

import requests

from connectors.conformance import examples
from connectors.edge import bare
from connectors.errors import Cause, NotApplied, Rejected, SentElsewhere, Uncertain, Unreachable
from connectors.mosaic_rest.store import MosaicRest
from connectors.protocols import Found, NewAppendment, NewNote, Receipt


class AppendsAgainAfterA401(MosaicRest):
    """An appendment whose token was refused goes out a second time, within the call."""

    breaks = "C4"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except NotApplied as why:
            if why.status != 401:
                raise
        return super().append(appendment)


class SwallowsAnAppendmentsRetryAfter(MosaicRest):
    """For how long an appendment should wait is nothing that it tells."""

    breaks = "C5"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except NotApplied as why:
            why.retry_after = None
            raise


class DoubtsAnAppendmentThatWasNeverSent(MosaicRest):
    """A refused connection is in doubt with it, where it appends."""

    breaks = "C6"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except Unreachable as why:
            raise Uncertain(why.message) from None


class FollowsARedirectOfAnAppendment(MosaicRest):
    """It goes where it is sent, with an appendment in its hands."""

    breaks = "C7"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except SentElsewhere:
            requests.get(f"{self.http.base_url.removesuffix('/api/v1')}/login", timeout=1)
            raise


class LogsAnAppendment(MosaicRest):
    """It logs what it appends, at DEBUG only."""

    breaks = "C9"

    def append(self, appendment: NewAppendment) -> Receipt:
        logging.getLogger(__name__).debug("appending %s", appendment.html)
        return super().append(appendment)


class BelievesAnyFinish(MosaicRest):
    """Whatever it is answered, the note is finished."""

    breaks = "W6"

    @bare
    def finish(self, note_id: str, reference: str) -> Receipt:
        doing = f"finishing {reference}"
        self.http.write(f"/case-notes/{note_id}/complete", None, doing=doing, expect=(404, 409, 410))
        return Receipt(note_id, person_id=examples.CHILD)


class AppendsAgainAfterAGatewaysError(MosaicRest):
    """A gateway that gave up has appended nothing, it thinks."""

    breaks = "W7"

    def append(self, appendment: NewAppendment) -> Receipt:
        try:
            return super().append(appendment)
        except Uncertain as why:
            if why.status not in (502, 504):
                raise
        return super().append(appendment)


class SwallowsTheRetryAfterOfAFinish(MosaicRest):
    """For how long a finish should wait is nothing that it tells."""

    breaks = "W6"

    def finish(self, note_id: str, reference: str) -> Receipt:
        try:
            return super().finish(note_id, reference)
        except NotApplied as why:
            why.retry_after = None
            raise


class FollowsARedirectOfAFinish(MosaicRest):
    """It goes where it is sent, to finish a note there."""

    breaks = "W6"

    def finish(self, note_id: str, reference: str) -> Receipt:
        try:
            return super().finish(note_id, reference)
        except SentElsewhere:
            requests.get(f"{self.http.base_url.removesuffix('/api/v1')}/login", timeout=1)
            raise


class LogsWhatItFinished(MosaicRest):
    """It logs a note that it has finished, at DEBUG only."""

    breaks = "C9"

    def finish(self, note_id: str, reference: str) -> Receipt:
        receipt = super().finish(note_id, reference)
        note = self.get(note_id)
        logging.getLogger(__name__).debug("finished %s", note and note.html)
        return receipt


class KnowsAnAppendmentByItsFieldAlone(MosaicRest):
    """The reference is in its field, it thinks: why look at the text?"""

    breaks = "W7"

    def find_appendment(self, reference: str, *, note_id: str) -> Found:
        found = super().find_appendment(reference, note_id=note_id)
        shown = self.http.read(f"/case-notes/{note_id}", doing="a look").content["appendments"]
        named = {str(one["id"]) for one in shown if one["reference"] == reference}
        return replace(found, receipts=tuple(one for one in found.receipts if one.remote_id in named))


class ReadsBeforeItWrites(MosaicRest):
    """Nothing is wrong with it: it reads first, as a scaffolded one does, and its notes' ids have one shape."""

    breaks = ""

    @bare
    def create(self, note: NewNote) -> Receipt:
        self.http.read(f"/persons/{note.person_id}", doing="a look at the person", expect=(404, 410))
        return super().create(note)

    @bare
    def append(self, appendment: NewAppendment) -> Receipt:
        if len(appendment.note_id) > 8:
            raise Rejected("That is no id of a note; correct it.", cause=Cause.INVALID, field="note_id")
        self.get(appendment.note_id)
        return super().append(appendment)


ANIMALS = [
    ReadsBeforeItWrites,
    AppendsAgainAfterA401, SwallowsAnAppendmentsRetryAfter, DoubtsAnAppendmentThatWasNeverSent,
    FollowsARedirectOfAnAppendment, LogsAnAppendment, BelievesAnyFinish, KnowsAnAppendmentByItsFieldAlone,
    SwallowsTheRetryAfterOfAFinish, FollowsARedirectOfAFinish, LogsWhatItFinished,
    AppendsAgainAfterAGatewaysError,
]  # fmt: skip
