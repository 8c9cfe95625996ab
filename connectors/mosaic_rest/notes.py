"""A case note as Mosaic writes it in JSON, read into what the target holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.answers import Malformed, whole_number
from connectors.carried_reference import carries, reference_in
from connectors.protocols import HeldAppendment, HeldNote, NewAppendment, NewNote, NoteState
from mappings.uk_time import from_wall, london_offset_iso, parse_iso


def note_body(note: NewNote) -> dict[str, object]:
    """What is sent to create a note: finished at once, the contact date with the London offset (RULINGS 21)."""
    body: dict[str, object] = {
        "note_type": note.note_type,
        "title": note.title,
        "note": note.html,
        "effective_date": london_offset_iso(note.effective_date),
        "significant_event": note.significant_event,
        "complete": True,
        "reference": note.reference,
    }
    if note.acting_for:
        body["acting_for"] = note.acting_for
    if note.alert_recipients:  # Mosaic mails them at every appendment: none unless the home asks (DESIGN 3)
        body["alert_recipients"] = list(note.alert_recipients)
    return body


def appendment_body(appendment: NewAppendment) -> dict[str, object]:
    """What is sent to append to a note."""
    body: dict[str, object] = {"note": appendment.html, "reference": appendment.reference}
    if appendment.acting_for:
        body["acting_for"] = appendment.acting_for
    return body


def held_note(content: Any) -> HeldNote:
    """One note. Times without an offset are UK wall-clock times. Raises Malformed."""
    item = _mapping(content)
    person = whole_number(item.get("person_id"))
    if person is None:
        raise Malformed
    try:
        state = NoteState(item["state"])
    except (KeyError, ValueError):
        raise Malformed from None
    text = _text(item.get("note"))
    created = _moment(item.get("created_on") or item.get("last_updated_on"))
    significant = item.get("significant_event")
    completed = item.get("completed_on")
    appendments = item.get("appendments") or ()
    if not isinstance(appendments, list | tuple):
        raise Malformed
    return HeldNote(
        remote_id=_id(item),
        person_id=person,
        note_type=_text(item.get("note_type")),
        title=_text(item.get("title")),
        html=text,
        effective_date=_moment(item.get("effective_date")),
        state=state,
        reference=_reference(item, text),
        created_at=created,
        completed_at=_moment(completed) if completed else None,
        appendments=tuple(held_appendment(each) for each in appendments),
        significant_event=significant if isinstance(significant, bool) else None,
    )


def held_appendment(content: Any) -> HeldAppendment:
    """One appendment. Raises Malformed."""
    item = _mapping(content)
    text = _text(item.get("note"))
    return HeldAppendment(_id(item), text, _reference(item, text), _moment(item.get("created_on")))


def is_ours(held: HeldNote | HeldAppendment, reference: str) -> bool:
    """Whether a note or an appendment carries our reference, in any of the places where it may stand."""
    title = held.title if isinstance(held, HeldNote) else ""
    return carries(reference, field=held.reference, text=held.html, markup=True, title=title)


def _mapping(content: Any) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise Malformed
    return content


def _id(item: Mapping[str, Any]) -> str:
    number = whole_number(item.get("id"))
    if number is None:
        raise Malformed
    return str(number)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed
    return value


def _reference(item: Mapping[str, Any], text: str) -> str | None:
    return _text(item.get("reference")).strip() or reference_in(text, markup=True)


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise Malformed
    try:
        return from_wall(parse_iso(value)).moment
    except ValueError:
        raise Malformed from None
