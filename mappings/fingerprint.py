"""Fingerprints: whether a report says the same as before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mappings.incident import Incident

_NOT_CONTENT = {"modified_at", "version"}


def content_fingerprint(incident: Incident) -> str:
    """SHA-256, in hex, of what the report says: canonical JSON without `modified_at` and `version`.

    Canonical: the Incident's own order of fields, which is therefore part of the ledger's format.

    A report that was saved again without a change keeps its fingerprint. So does one that is read by a later
    release whose Incident has more fields, as long as the source says nothing in them.
    """
    said = incident.model_dump_json(exclude=_NOT_CONTENT, exclude_defaults=True)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()


def raw_fingerprint(raw: object) -> str:
    """SHA-256, in hex, of a source's item as it came, for quarantine. Never raises, whatever the item holds.

    Keys that begin with "@" are the connector's own remarks (a file's name and time), not the source's words,
    so a file that is delivered again under another name gives the same fingerprint.
    """
    if isinstance(raw, Mapping):
        raw = {key: value for key, value in raw.items() if not str(key).startswith("@")}
    digest = hashlib.sha256()
    try:
        digest.update(json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii"))
    except (TypeError, ValueError, RecursionError):
        for piece in _pieces(raw):
            digest.update(piece.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _pieces(raw: object) -> list[str]:
    """The item as a flat list of marks and words, in a fixed order; without recursion, however deep it is."""
    pieces: list[str] = []
    todo: list[Any] = [raw]
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            pieces.append(f"{{{len(value)}\0")
            for key in sorted(value, key=str, reverse=True):
                todo += [value[key], str(key)]
        elif isinstance(value, list | tuple):
            pieces.append(f"[{len(value)}\0")
            todo += reversed(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            pieces.append(f"int:{value:x}\0")
        else:
            pieces.append(f"{type(value).__name__}:{value}\0")
    return pieces
