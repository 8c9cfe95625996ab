"""How well or badly a site's systems behave: every default is the contract's good behaviour, every field a fault."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.paging import Paging


@dataclass
class RecordingGateway:
    """How this recording system behaves; every default is the contract's good behaviour."""

    paging: Paging = field(default_factory=Paging)
    ignores: frozenset[str] = frozenset()
    """Query parameters that it does not know, such as `modifiedSince`, `homeId` or `reference`."""
    drops_reference: bool = False
    """Daily-log entries come back without their reference field."""
    folds_reference: bool = False
    """The reference is stored in capitals; the filter folds too."""
    filter_is_exact: bool = False
    """With `folds_reference`: the filter compares exactly, and so finds nothing."""
    unique_reference: int | None = None
    """A second entry with one reference gets 200 and what is there, or 409."""
    blind_seconds: float = 0.0
    """How long a new entry is not seen by anyone who lists."""
    files_on_home: str | None = None
    """New entries land in this home's log instead, and say so."""
    truncates_at: int | None = None
    """Longer entries are silently cut."""
    index_hides: int = 0
    """So many rows of the index are counted in its total and never listed."""


@dataclass
class MosaicGateway:
    """How this council's gateway behaves; every default is the contract's good behaviour."""

    paging: Paging = field(default_factory=Paging)
    ignores: frozenset[str] = frozenset()
    """Query parameters that it does not know, such as `reference` or `note_type`."""
    drops_reference: bool = False
    """The reference field is not kept; only the text's last line has it."""
    reference_in_title: bool = False
    """The reference field is not kept, but put behind the title."""
    folds_reference: bool = False
    """The reference is kept in capitals; the filter folds too."""
    filter_is_exact: bool = False
    """With `folds_reference`: the filter compares exactly, and so finds nothing."""
    stores_drafts: bool = False
    """`complete: true` is ignored: every new note stays a Draft."""
    honours_idempotency_key: bool = False
    """A repeated Idempotency-Key gets 200 and what is there already."""
    unique_reference: int | None = None
    """A repeated reference gets 200 and what is there, or 409."""
    blind_seconds: float = 0.0
    """How long lists do not show a new note."""
    blind_to_ids: bool = False
    """With `blind_seconds`: asking for the id gets 404 as long."""
    echoes_person: int | None = None
    """The answer to a create names this person instead (the note is where it should be)."""
    files_on_person: int | None = None
    """New notes land on this person's record instead, and say so."""
    truncates_at: int | None = None
    """Longer texts are silently cut."""
    restricted_status: int = 200
    """How a restricted person answers GET /persons/{id}: 200 with restricted true, or 403."""
    effective_style: str = "offset"
    """`offset` (London), `utc`, or `local`: UK wall-clock time without a zone."""
    note_types: frozenset[str] = frozenset()
    """The council's own codes; empty: any."""
