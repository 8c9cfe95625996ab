"""A daily-log entry as the recording contract writes it in JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.answers import Malformed
from connectors.carried_reference import carries, reference_in
from connectors.protocols import HeldEntry, NewEntry
from mappings.readers import clean
from mappings.uk_time import from_wall, london_offset_iso, parse_iso

_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of letters: JSON can say them, and no ledger can hold an id with them."""


def entry_body(entry: NewEntry) -> dict[str, object]:
    """What is sent to add an entry; its time with the London offset."""
    body: dict[str, object] = {
        "homeId": entry.home_id,
        "entryTime": london_offset_iso(entry.entry_time),
        "category": entry.category,
        "childIds": list(entry.child_ids),
        "text": entry.text,
        "reference": entry.reference,
    }
    if entry.corrects is not None:
        body["corrects"] = entry.corrects
    return body


def held_entry(content: Any) -> HeldEntry:
    """One entry, whoever wrote it. Times without an offset are UK wall-clock times. Raises Malformed."""
    if not isinstance(content, dict):
        raise Malformed
    item: Mapping[str, Any] = content
    remote_id, home_id = _text(item, "entryId"), _text(item, "homeId")
    if not remote_id or _UNKEEPABLE.search(remote_id + home_id):
        raise Malformed
    text = _text(item, "text")
    entry_time = _moment(item.get("entryTime"))
    children = item.get("childIds")
    return HeldEntry(
        remote_id=remote_id,
        home_id=home_id,
        entry_time=entry_time,
        category=_text(item, "category"),
        text=text,
        reference=_text(item, "reference").strip() or reference_in(text, markup=False),
        created_at=_moment(item.get("createdAt") or item.get("entryTime")),
        child_ids=tuple(filter(None, (clean(str(child)) for child in children))) if isinstance(children, list) else (),
        corrects=_text(item, "corrects") or None,
        created_by=_text(item, "createdBy"),
    )


def is_ours(entry: HeldEntry, reference: str) -> bool:
    """Whether an entry carries our reference, in its field or in its last line."""
    return carries(reference, field=entry.reference, text=entry.text, markup=False)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Malformed
    return str(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise Malformed
    try:
        return from_wall(parse_iso(value)).moment
    except ValueError:
        raise Malformed from None
