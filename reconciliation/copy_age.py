"""How old the replica is, and what that allows to be concluded: a note made since its last load is not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciliation.finding import Finding, Kind
from reconciliation.telling import Record, moment_words, tell
from reconciliation.views import Evidence, LedgerDelivery, NotesView, Side, Target

_CLOCKS = timedelta(minutes=15)
"""By so much two machines' clocks may differ. So close to the last load Mosaic's running ids decide, not times."""
_LONG = timedelta(days=3)
"""A nightly load that has not come for so long is a finding: what was sent since is looked at in one way only."""


def not_there_yet(view: NotesView, delivery: LedgerDelivery) -> bool:
    """Whether this delivery was accepted after the copy was made, so that its absence says nothing."""
    if view.age is None or not delivery.was_accepted:
        return False
    newest, accepted = view.age.as_of, delivery.accepted_at or delivery.since
    if newest is None:
        return True
    known = delivery.remote_id or ""
    if view.age.last_id is None or not known.isdecimal() or abs(accepted - newest) > _CLOCKS:
        return accepted > newest
    return int(known) > view.age.last_id


def is_older(view: NotesView, moment: datetime | None) -> bool:
    """Whether the copy was made before this moment of Mosaic's own clock, to the second."""
    newest = view.age.as_of if view.age else None
    return newest is not None and moment is not None and moment.replace(microsecond=0) > newest


def stale(evidence: Evidence) -> Iterator[Finding]:
    """One finding when notes have waited for days to be seen in the replica: its load seems to have stopped."""
    view = evidence.replica
    if view.side is not Side.CHECKED or view.age is None or view.age.as_of is None:
        return
    for one in evidence.deliveries:
        waited = evidence.as_of - (one.accepted_at or one.since)
        if one.target == Target.MOSAIC and waited > _LONG and not_there_yet(view, one):
            record = Record(target=Target.REPLICA)
            since = moment_words(view.age.as_of)
            yield tell(evidence.home.id, Kind.UNCERTAIN, record, reason="old_copy", about="old_copy", since=since)
            return
