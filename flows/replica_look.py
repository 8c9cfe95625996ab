"""Look at the read-only Mosaic copy: what it holds of ours, by a path that shares no code with what wrote.

It is asked for the children of the incidents, for every note that the ledger knows by its id, and for our references on
whosever record they lie, so that a note on a stranger's record is seen. Other case notes of the children are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from config.errors import ConfigurationError
from connectors.errors import ConnectorError
from connectors.protocols import CopyReading, HeldNote
from flows.site import Site
from mappings.bodies import NoteBody
from mappings.owed import Target
from reconciliation.views import Evidence, LedgerDelivery, NotesView, Side

_EMPTY = (
    "The Mosaic replica holds no case note that this account can see; ask its owner whether it was loaded, and what "
    "the account of BRIDGE_REPLICA__URL may see."
)


def look_at_replica(
    site: Site, evidence: Evidence, people: frozenset[int], start: date, end: date, faults: dict[str, str]
) -> NotesView:
    """What the replica shows of these people and UK days. What cannot be read is `not_checked`, with its sentence."""
    try:
        copy = site.replica
        if copy is None:
            return NotesView(Side.ABSENT)
        site.progress("reading the Mosaic replica", 0, None)
        with copy.reading() as look:
            view = _view(look, evidence, people, start, end)
    except ConnectorError as why:
        faults["replica"] = why.message
        return NotesView(Side.NOT_CHECKED)
    except ConfigurationError as why:
        faults["replica"] = str(why)
        return NotesView(Side.NOT_CHECKED)
    if view.age is not None and view.age.as_of is None and any(one.was_accepted for one in _ours(evidence)):
        faults["replica"] = _EMPTY
        return NotesView(Side.NOT_CHECKED)
    return view


def _view(look: CopyReading, evidence: Evidence, people: frozenset[int], start: date, end: date) -> NotesView:
    age = look.newest()
    types = _note_types(evidence)
    notes: dict[int, dict[str, HeldNote]] = {person: {} for person in people}

    def put(person: int, note: HeldNote) -> None:
        notes.setdefault(person, {})[note.remote_id] = note

    for note in look.list(people, types, start, end):
        put(note.person_id, note)
    listed = {remote_id for held in notes.values() for remote_id in held}
    for note in (*look.get(_unlisted(evidence, listed)), *look.carrying(_marker(evidence), types, start, end)):
        put(note.person_id, note)
    known = look.persons(notes)
    for was, note in _merged(evidence, notes, known):
        put(was, note)
    hidden = frozenset(person for person, restricted in (known or {}).items() if restricted and not notes.get(person))
    return NotesView(
        Side.CHECKED, {person: tuple(held.values()) for person, held in notes.items()}, unreadable=hidden, age=age
    )


def _ours(evidence: Evidence) -> Iterator[LedgerDelivery]:
    return (one for one in evidence.deliveries if one.target == Target.MOSAIC)


def _note_types(evidence: Evidence) -> frozenset[str]:
    sent = {one.body.note_type for one in _ours(evidence) if isinstance(one.body, NoteBody)}
    return frozenset({evidence.home.mosaic.note_type, *sent})


def _unlisted(evidence: Evidence, listed: set[str]) -> list[int]:
    """Notes that the ledger knows by id and that the lists did not show: moved to another day, type or person."""
    known = {one.remote_id for one in _ours(evidence) if one.remote_id and one.action == "create"}
    return sorted(int(one) for one in known - listed if one.isdecimal())


def _marker(evidence: Evidence) -> str:
    """How every reference of this home begins (`mappings.reference.reference_of`)."""
    return f"IB-{re.sub(r'[^A-Z0-9]+', '-', evidence.home.prefix.upper()).strip('-')}-"


def _merged(
    evidence: Evidence, notes: Mapping[int, Mapping[str, HeldNote]], known: Mapping[int, bool] | None
) -> list[tuple[int, HeldNote]]:
    """Our notes of persons who were merged into another: the copy no longer knows them, or Mosaic says so.

    They count as listed for the person they were sent to; the comparison takes the other for the survivor.
    """
    held = {remote_id: note for each in notes.values() for remote_id, note in each.items()}
    found: list[tuple[int, HeldNote]] = []
    for one in _ours(evidence):
        note, was = held.get(one.remote_id or ""), one.person_id
        if note is None or was is None or note.person_id == was:
            continue
        at_mosaic = evidence.mosaic.notes.get(was, ())
        if (known is not None and was not in known and note.person_id in known) or any(
            each.person_id == note.person_id for each in at_mosaic
        ):
            found.append((was, note))
    return found
