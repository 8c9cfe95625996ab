"""Pull: read what changed at the source, understand it, and keep it with what it owes.

The true watermark is in the ledger; the overlap is subtracted here, when reading. A walk of several pages is walked
again until it shows nothing new, because a page walk by offset skips a record when another one moves in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from config.home import Home
from connectors.errors import ConnectorError
from connectors.protocols import SourceAnswer
from flows.planning import planner
from flows.seen_items import SeenItems
from flows.site import Site
from ledger import quarantine, reports, runs
from ledger.crash_points import reach
from ledger.quarantine import Unreadable
from ledger.reports import Readable, Stored, Watermark
from mappings.field_map import Unreadable as CannotBeRead
from mappings.field_map import content_fingerprint, raw_fingerprint
from mappings.incident import Incident
from mappings.uk_time import LONDON, uk_day

#: How many times a walk is walked again while it still shows something new.
_WALKS = 3


@dataclass
class Pulled:
    """What a pull of one home saw."""

    home: str
    stored: Stored = field(default_factory=Stored)
    walks: int = 0
    fault: ConnectorError | None = None


def pull(
    site: Site, home: Home, since: datetime | None = None, stored: Callable[[int], object] = lambda _pages: None
) -> Pulled:
    """Pull one home. A source that fails ends the pull with its fault; what was stored by then stays stored.

    `since`: read reports changed at or after this moment, where that is before the watermark less the overlap.
    `stored` is told how many pages of the walk are in the ledger.
    """
    since = _since(site, home, since)
    unconfirmed = _unconfirmed(site, home, since)
    counts: dict[str, Any] = {"since": since.isoformat()}
    run = runs.begin(site.ledger, home.id, "pull", counts)
    pulled = Pulled(home.id)
    _try_quarantine_again(site, home)
    seen = SeenItems()
    try:
        while pulled.walks < _WALKS:
            pages, found = _walk(site, home, since, pulled.stored, seen, stored, first=pulled.walks == 0)
            pulled.walks += 1
            if site.stopping.is_set() or not ((pages > 1 and found) or unconfirmed < since):
                break
            since = unconfirmed
    except ConnectorError as why:
        pulled.fault = why
    counts |= {"seen": pulled.stored.seen, "new": pulled.stored.new, "revised": pulled.stored.revised}
    good = pulled.fault is None and not site.stopping.is_set()
    runs.end(site.ledger, run, good=good, counts=counts)
    return pulled


def rehearse(site: Site, homes: Sequence[Home], since: datetime | None = None) -> None:
    """Pull onto a ledger that is thrown away; the source is not told. Raises what the source raises.

    All is read before anything is stored: on PostgreSQL what is stored holds up real runs until it is thrown away.
    """
    read = [(home, page.items) for home in homes for page in site.source.pull(home.id, _since(site, home, since))]
    for home, items in read:
        readable, unreadable = understand(site, home, items)
        _store(site, home, readable, unreadable, None)


def glimpse(site: Site, home: Home) -> Sequence[Mapping[str, Any]]:
    """The first reports that the next pull would read. Nothing is kept. Raises what the source raises."""
    pages = site.source.pull(home.id, _since(site, home, None))
    return next((page.items for page in pages if page.items), ())


def understand(site: Site, home: Home, items: Sequence[Mapping[str, Any]]) -> tuple[list[Readable], list[Unreadable]]:
    """Turn raw items into reports, or into quarantine with the paths that failed."""
    return _sorted(home, items, [_read(site, item) for item in items])


def fetch(site: Site, home: Home, incident_ids: Sequence[str]) -> Stored:
    """Read single reports by id and keep them: what the index showed and no pull has seen."""
    stored = Stored()
    for incident_id in incident_ids:
        record = site.source.get(home.id, incident_id)
        if record.answer is not SourceAnswer.FOUND or record.item is None:
            continue
        readable, unreadable = understand(site, home, [record.item])
        stored.add(_store(site, home, readable, unreadable, None, found_by="index sweep"))
        reach("pull.fetched")
    return stored


def _since(site: Site, home: Home, asked: datetime | None) -> datetime:
    """Where to begin: nothing between the watermark and a later moment that was asked for may be passed over."""
    mark = reports.watermark_of(site.ledger, home.id, site.settings.recording.kind)
    if mark is not None:
        own = mark.modified_at - timedelta(minutes=site.settings.recording.overlap_minutes)
        return own if asked is None else min(asked, own)
    if asked is not None:
        return asked
    start = site.settings.recording.start_date or uk_day(site.ledger.now()) - timedelta(days=31)
    return datetime.combine(start, time(), LONDON).astimezone(UTC)


def _unconfirmed(site: Site, home: Home, since: datetime) -> datetime:
    """Where the pulls began that ended before they had walked again: what they may have skipped is looked for too."""
    with site.ledger.reading() as connection:
        found = runs.since_last_good(connection, home.id, "pull")
    return min([since, *(datetime.fromisoformat(one["since"]) for one in found if "since" in one)])


def _walk(
    site: Site,
    home: Home,
    since: datetime,
    total: Stored,
    seen: SeenItems,
    tell: Callable[[int], object],
    *,
    first: bool,
) -> tuple[int, int]:
    """One walk; returns how many pages it had and how many reports were not known as they were.

    What an earlier walk has stored, word for word, is not read again. The cursor moves page by page only while the
    source keeps its promised order; otherwise once, at the end.
    """
    began = site.ledger.now()
    highest: Watermark | None = None
    ordered, pages, found = True, 0, 0
    for page in site.source.pull(home.id, since):
        reach("pull.page_read")
        items = page.items if first else seen.others(page.items)
        read = [_read(site, item) for item in items]
        readable, unreadable = _sorted(home, items, read)
        marks = _marks(read, began)
        ordered = ordered and marks == sorted(marks) and (highest is None or not marks or marks[0] >= highest)
        highest = max([*marks, *([highest] if highest else [])], default=None)
        stored = Stored()
        if first or items:
            stored = _store(site, home, readable, unreadable, highest if ordered else None)
            seen.add(items)
        site.source.stored(page)
        reach("pull.page_stored")
        pages, found = pages + 1, found + stored.changed
        tell(pages)
        _add(total, stored, first=first)
        site.progress(f"reading {home.id}", total.seen, None)
        if site.stopping.is_set():
            return pages, found
    if highest is not None and not ordered:
        _store(site, home, [], [], highest)
    return pages, found


def _store(
    site: Site,
    home: Home,
    readable: Sequence[Readable],
    unreadable: Sequence[Unreadable],
    mark: Watermark | None,
    *,
    found_by: str = "pull",
) -> Stored:
    return reports.store(
        site.ledger,
        home.id,
        site.settings.recording.kind,
        readable=readable,
        unreadable=unreadable,
        watermark=mark,
        plan=planner(site, home),
        actor=site.worker,
        found_by=found_by,
    )


def _add(total: Stored, stored: Stored, *, first: bool) -> None:
    """Count a page. A second walk counts only what the first one missed."""
    if first:
        total.add(stored)
        return
    total.add(Stored(seen=stored.changed, new=stored.new, revised=stored.revised, owed=stored.owed))


def _read(site: Site, item: Mapping[str, Any]) -> Incident | CannotBeRead:
    try:
        return site.field_map.read(item)
    except CannotBeRead as why:
        return why


def _sorted(
    home: Home, items: Sequence[Mapping[str, Any]], read: Sequence[Incident | CannotBeRead]
) -> tuple[list[Readable], list[Unreadable]]:
    """The home's reports among what was read, and what nobody could read."""
    readable, unreadable = [], []
    for item, one in zip(items, read, strict=True):
        if isinstance(one, CannotBeRead):
            unreadable.append(_unreadable(item, one))
        elif one.home_id == home.id:
            readable.append(Readable(one, content_fingerprint(one), uk_day(one.occurred_at)))
    return readable, unreadable


def _marks(read: Sequence[Incident | CannotBeRead], began: datetime) -> list[Watermark]:
    """Positions of a page's items. One in the future is held back to now, so that a wrong clock hides nothing."""
    marks = []
    for one in read:
        source_id = one.source_id if isinstance(one, CannotBeRead) else one.incident_id
        if one.modified_at is not None and source_id is not None:
            marks.append(Watermark(min(one.modified_at, began), source_id))
    return marks


def _unreadable(item: Mapping[str, Any], why: CannotBeRead) -> Unreadable:
    return Unreadable(
        raw=json.dumps(item, default=str),
        fingerprint=raw_fingerprint(item),
        fields=why.fields,
        source_id=why.source_id,
        number=why.number,
    )


def _try_quarantine_again(site: Site, home: Home) -> None:
    """What could not be understood before may be now: the map may have changed."""
    with site.ledger.reading() as connection:
        waiting = quarantine.waiting(connection, [home.id])
    for one in waiting:
        try_again(site, home, one.id)


def try_again(site: Site, home: Home, quarantine_id: int) -> bool:
    """Read one quarantined report again, through the normal path. True when it was understood."""
    item = json.loads(quarantine.raw(site.ledger, quarantine_id))
    readable, _ = understand(site, home, [item])
    if not readable:
        return False
    _store(site, home, readable, [], None)
    quarantine.release(site.ledger, quarantine_id, site.worker)
    return True
