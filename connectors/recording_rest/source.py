"""Incident reports from the recording system: pages of changes, one report, and the index."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.api_key import key_may_not
from connectors.edge import bare
from connectors.errors import Misconfigured, NotApplied, Rejected
from connectors.health import health_of
from connectors.http import Http
from connectors.outcomes import Outcome
from connectors.paging import PageRefused, pages
from connectors.protocols import Health, Index, SourceAnswer, SourcePage, SourceRecord
from connectors.recording_rest.home_of import of_home
from connectors.recording_rest.index import read_index
from mappings.uk_time import from_wall, parse_iso

_LOG = logging.getLogger(__name__)
_MOST_RESTARTS = 4
"""How often a walk over changes begins again without having got any further."""


class RecordingRest:
    """An IncidentSource over the recording contract. Safe to share between threads."""

    field_map = "contract"

    def __init__(self, http: Http, *, page_size: int = 200, overlap: timedelta = timedelta(hours=1)) -> None:
        self.http = http
        self.foreign = 0
        """How many items of other homes came although one home was asked for."""
        self.restarts = 0
        """How many walks began anew because the source no longer knew its own cursor."""
        self._page_size = page_size
        self._overlap = overlap

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self.http.close()

    def check(self) -> Health:
        """Whether the recording system answers at its address and takes our key."""
        query = {"modifiedSince": _stamp(datetime.now(UTC)), "limit": "1"}
        return health_of(
            self.http,
            lambda: self.http.read("/incidents", query, doing="a check of the connection", well_formed=_is_page),
        )

    @bare
    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        """Pages of reports changed at or after `since` (aware), oldest change first; ends only at a null cursor.

        Where the source no longer knows a cursor, the walk begins again at the last change that it reached, less the
        overlap: reports come twice then, and none is missed. Reports of other homes are left out and counted.
        """
        doing = f"the reports of home {home_id}"
        walk = _Walk(since, self._overlap)
        number, size = 0, self._page_size
        while True:
            try:
                for page in self._pages(home_id, walk.start, doing, size):
                    number += 1
                    items = [_report(item) for item in page["items"]]
                    ours = [item for item in (of_home(item, home_id) for item in items) if item is not None]
                    self.foreign += len(items) - len(ours)
                    yield SourcePage(ours, number)
                    walk.passed(items)
                return
            except PageRefused as refused:
                status = refused.answer.status
                if refused.first:
                    raise self._not_understood(doing, status) from None
            except NotApplied as why:
                if why.reason != Outcome.TOO_LONG or size == 1:
                    raise
                size = max(1, size // 10)  # reports with pictures in them: fewer at a time
                continue
            self.restarts += 1
            if not walk.begin_again():
                raise NotApplied(
                    f"The recording system keeps losing its own page cursor (status {status}, {doing}); what was read "
                    "is kept, and the rest is read again later.",
                    status=status,
                )
            _LOG.warning(
                "the source lost its cursor (status %s); home %s is read again from its last page", status, home_id
            )

    def stored(self, page: SourcePage) -> None:
        """Nothing to tell: the source keeps no mark of ours."""

    @bare
    def index(self, home_id: str, start: date, end: date) -> Index:
        """Every incident of the range of UK days, ends included, counted against the source's own total.

        Raises NotApplied rather than return a short list.
        """
        return read_index(self.http, home_id, start, end)

    @bare
    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        """One report as it is now: found, gone (404, or with another home now), or forbidden (403)."""
        if not incident_id or incident_id == "index":
            return SourceRecord(SourceAnswer.GONE)
        doing = f"report {incident_id} of home {home_id}"
        path = f"/incidents/{quote(incident_id, safe='')}"

        def right(content: Any) -> bool:
            if not isinstance(content, dict):
                return False
            named = content.get("incidentId")  # a source with other names has a field map, and the id elsewhere
            return incident_id in str(content) if named is None else str(named) == incident_id

        try:
            answer = self.http.read(path, doing=doing, expect=(404, 410), well_formed=right)
        except Rejected as why:
            if why.status == 403:
                return SourceRecord(SourceAnswer.FORBIDDEN)
            raise
        if answer.status in (404, 410):
            return SourceRecord(SourceAnswer.GONE)
        found = of_home(answer.content, home_id)
        return SourceRecord(SourceAnswer.GONE, moved=True) if found is None else SourceRecord(SourceAnswer.FOUND, found)

    def _pages(self, home_id: str, since: datetime, doing: str, size: int) -> Iterator[Mapping[str, Any]]:
        query = {"modifiedSince": _stamp(since), "homeId": home_id, "limit": str(size)}
        try:
            yield from pages(
                self.http, "/incidents", query, cursor_field="nextCursor", doing=doing, expect=(400, 410), restarts=0
            )
        except Rejected as why:
            if why.status == 403:
                raise key_may_not(self.http.naming, doing) from None
            raise

    def _not_understood(self, doing: str, status: int) -> Misconfigured:
        naming = self.http.naming
        return Misconfigured(
            f"{naming.system} does not understand our question for {doing} (status {status}); check that "
            f"{naming.base_url} is the address of its API.",
            setting=naming.base_url,
            status=status,
        )


def _report(item: Any) -> Mapping[str, Any]:
    """A report as it came; what is not even an object is wrapped, so that it ends in quarantine and blocks nobody."""
    return item if isinstance(item, dict) else {"unreadable": item}


class _Walk:
    """Where a walk over changes begins, and begins again when the source loses its cursor."""

    def __init__(self, since: datetime, overlap: timedelta) -> None:
        self.start = since
        self._since = since
        self._overlap = overlap
        self._share = _MOST_RESTARTS
        self._reached = self._furthest = since

    def passed(self, items: list[Mapping[str, Any]]) -> None:
        """A page was handed on: by the source's order, nothing before its last change is still to come."""
        for item in items:
            moment = _change(item)
            if moment is not None and moment > self._reached:
                self._reached = moment

    def begin_again(self) -> bool:
        """Begin again; False where this would get no further.

        Each walk that got no further takes less overlap than the one before. What commits late is then the next
        pull's to find.
        """
        if self._reached > self._furthest:
            self._furthest = self._reached
        elif self._share == 0:
            return False
        else:
            self._share -= 1
        self.start = max(self._since, self._furthest - self._overlap * self._share / _MOST_RESTARTS)
        return True


def _change(item: Mapping[str, Any]) -> datetime | None:
    stamp = item.get("modifiedAt")
    try:
        return from_wall(parse_iso(stamp)).moment if isinstance(stamp, str) else None
    except ValueError:
        return None


def _stamp(moment: datetime) -> str:
    """UTC to the second, rounded down: never later than asked."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _is_page(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("items"), list) and "nextCursor" in content
