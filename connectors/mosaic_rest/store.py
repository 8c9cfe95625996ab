"""Mosaic's case notes: create, finish, append, and look for what is there.

A write is believed when the answer is well formed, names the right person and carries our reference, or when a read
of the id that it gave does. Once a note may be there, nothing that follows may say "not applied": it is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connectors.answers import Answer, Malformed, whole_number
from connectors.edge import bare
from connectors.errors import Cause, ConnectorError, Rejected, Uncertain
from connectors.health import health_of
from connectors.http import Http
from connectors.mosaic_rest.look_up import LookUp
from connectors.mosaic_rest.notes import appendment_body, held_appendment, held_note, is_ours, note_body
from connectors.mosaic_rest.refusals import gone, person_not_found, wrong_person
from connectors.protocols import Found, Health, HeldNote, NewAppendment, NewNote, NoteState, Receipt


class MosaicRest:
    """A CaseNoteStore over Mosaic's REST contract. Safe to share between threads."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._look = LookUp(http)

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self.http.close()

    def check(self) -> Health:
        """Whether Mosaic answers at its address and takes our client: a new token, and a read of no record."""
        if self.http.sign_in is not None:
            self.http.sign_in.forget()
        return health_of(
            self.http,
            lambda: self.http.read("/persons/0", doing="a check of the connection", expect=(400, 403, 404, 410, 422)),
        )

    # ---- writes ------------------------------------------------------------------------------------------------

    @bare
    def create(self, note: NewNote) -> Receipt:
        """Create and finish the note, on the survivor's record where the person was merged (RULINGS 15)."""
        body, key = note_body(note), {"Idempotency-Key": note.reference}
        chain = [note.person_id]
        while True:
            doing = f"case note {note.reference} for person {chain[-1]}"
            path = f"/persons/{chain[-1]}/case-notes"
            answer = self.http.write(path, body, doing=doing, headers=key, expect=(404, 410))
            if answer.status == 404:
                raise person_not_found(chain[-1], doing)
            if answer.status != 410:
                return self._created(note, answer, chain, doing)
            self._look.follow(chain, answer)

    @bare
    def finish(self, note_id: str, reference: str) -> Receipt:
        """Finish our own draft or timed-out note; a note that is finished already is as good."""
        doing = f"finishing case note {reference}, id {note_id}"
        answer = self.http.write(f"/case-notes/{_id(note_id)}/complete", None, doing=doing, expect=(404, 409, 410))
        if answer.status in (404, 410):
            raise gone(doing, answer.status)
        if answer.status == 409:
            return self._finished_before(note_id, doing)
        shown = _note_in(answer)
        if shown is None or shown.remote_id != note_id or shown.state is not NoteState.COMPLETE:
            shown = self._by_id(note_id, doing)
        if shown is None or shown.state is not NoteState.COMPLETE:
            raise _doubt(doing, answer.status)
        return _receipt(shown)

    @bare
    def append(self, appendment: NewAppendment) -> Receipt:
        """Append to a finished note."""
        doing = f"appendment {appendment.reference} to case note {appendment.note_id}"
        path = f"/case-notes/{_id(appendment.note_id)}/appendments"
        body, key = appendment_body(appendment), {"Idempotency-Key": appendment.reference}
        try:
            answer = self.http.write(path, body, doing=doing, headers=key, expect=(404, 410))
        except Rejected as why:
            if why.cause is Cause.CONFLICT and self._is_deleted_without(appendment):
                raise gone(doing, 409) from None
            raise
        if answer.status in (404, 410):
            raise gone(doing, answer.status)
        try:
            shown = held_appendment(answer.content)
        except Malformed:
            shown = None
        if shown is not None and is_ours(shown, appendment.reference):
            return Receipt(shown.remote_id, shown.created_at, already_there=answer.status == 200)
        try:
            found = self.find_appendment(appendment.reference, note_id=appendment.note_id)
        except ConnectorError:
            found = Found()
        if not found.receipts:
            raise _doubt(doing, answer.status, claimed=_id_in(answer) is not None)
        return found.receipts[0]

    # ---- reads -------------------------------------------------------------------------------------------------

    @bare
    def find(self, reference: str, *, person_id: int, note_type: str, effective_on: date) -> Found:  # noqa: ARG002
        """Look for our note on the person's record (or the survivor's), whether or not a filter is honoured."""
        return self._look.note(reference, person_id=person_id, effective_on=effective_on)

    @bare
    def find_appendment(self, reference: str, *, note_id: str) -> Found:
        """Look for our appendment on the note. Raises Rejected where the note itself is not to be seen."""
        note = self.get(note_id)
        if note is None:
            raise gone(f"looking for appendment {reference} on case note {note_id}", 404)
        ours = [each for each in note.appendments if is_ours(each, reference)]
        receipts = tuple(Receipt(each.remote_id, each.created_at, note.person_id, already_there=True) for each in ours)
        return Found(receipts, deleted=bool(receipts) and note.state is NoteState.DELETED)

    @bare
    def get(self, note_id: str) -> HeldNote | None:
        """One note as it is now, or None where Mosaic does not know the id."""
        return self._look.by_id(str(_id(note_id)))

    @bare
    def list(self, person_id: int, start: date, end: date) -> Sequence[HeldNote]:
        """Every note on the person's record (or the survivor's) in the range of UK days, deleted ones too."""
        return self._look.notes(person_id, start, end)

    # ---- what an answer to a write proves ----------------------------------------------------------------------

    def _created(self, note: NewNote, answer: Answer, chain: Sequence[int], doing: str) -> Receipt:
        shown = _note_in(answer)
        if shown is None or not is_ours(shown, note.reference):
            shown = self._by_id(_id_in(answer), doing)
        if shown is None or not is_ours(shown, note.reference) or shown.state is NoteState.DELETED:
            raise _doubt(doing, answer.status, claimed=_id_in(answer) is not None)
        try:
            right = shown.person_id in chain or self._look.survives(shown.person_id, chain)
            if right and shown.state is not NoteState.COMPLETE:
                return self.finish(shown.remote_id, note.reference)
        except ConnectorError as why:  # the note is there: only a look-up may say what became of it
            raise _doubt(doing, why.status) from None
        if not right:
            raise wrong_person(doing, shown, answer.status)
        return _receipt(shown, already_there=answer.status == 200)

    def _by_id(self, note_id: str | None, doing: str) -> HeldNote | None:
        if note_id is None:
            return None
        try:
            return self.get(note_id)
        except ConnectorError as why:
            raise _doubt(doing, why.status) from None

    def _is_deleted_without(self, appendment: NewAppendment) -> bool:
        """Whether somebody deleted the note, and this was not appended to it before."""
        try:
            note = self.get(appendment.note_id)
        except ConnectorError:
            return False
        there = note is not None and any(is_ours(each, appendment.reference) for each in note.appendments)
        return note is not None and note.state is NoteState.DELETED and not there

    def _finished_before(self, note_id: str, doing: str) -> Receipt:
        """A 409: finishing a Complete note is one."""
        shown = self.get(note_id)
        if shown is None or shown.state is NoteState.DELETED:
            raise gone(doing, 409)
        if shown.state is not NoteState.COMPLETE:
            raise Rejected(
                f"Mosaic does not let the note be finished (status 409, {doing}); look at the note there.",
                cause=Cause.CONFLICT,
                status=409,
            )
        return _receipt(shown, already_there=True)


def _receipt(shown: HeldNote, *, already_there: bool = False) -> Receipt:
    return Receipt(shown.remote_id, shown.completed_at or shown.created_at, shown.person_id, already_there)


def _doubt(doing: str, status: int | None, *, claimed: bool = False) -> Uncertain:
    doubt = Uncertain(
        f"Mosaic's answer does not prove that it holds the right record ({doing}); it may have been applied, so it is "
        "looked up before anything is sent again.",
        status=status,
    )
    doubt.claimed = claimed
    return doubt


def _note_in(answer: Answer) -> HeldNote | None:
    try:
        return held_note(answer.content)
    except Malformed:
        return None


def _id_in(answer: Answer) -> str | None:
    try:
        number = whole_number(answer.content.get("id"))
    except (Malformed, AttributeError):
        return None
    return None if number is None else str(number)


def _id(note_id: str) -> int:
    """A note's id for an address: digits only, whatever the ledger holds. Raises Rejected."""
    number = whole_number(note_id)
    if number is None:
        raise Rejected("This is not the id of a Mosaic note; a person must look at the delivery.", cause=Cause.GONE)
    return number
