"""The source's own index: a claim of completeness, counted before it is believed (STORIES 19)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from connectors.answers import whole_number
from connectors.api_key import key_may_not
from connectors.errors import NotApplied, Rejected
from connectors.http import Http
from connectors.paging import pages
from connectors.protocols import Index, IndexRow
from connectors.recording_rest.home_of import is_of_home
from mappings.readers import clean
from mappings.uk_time import from_wall, parse_iso, uk_day

_PAGE = "1000"
_WALKS = 2


def read_index(http: Http, home_id: str, start: date, end: date) -> Index:
    """Walk the index; where the rows do not add up to the source's total, walk it once more, then refuse.

    The range is in UK days, ends included. Rows of other homes or days are left out, because a source may ignore a
    filter; its total is compared before that.
    """
    doing = f"the index of home {home_id} from {start} to {end}"
    for _ in range(_WALKS):
        total, rows = _walk(http, home_id, start, end, doing)
        if total == len(rows):
            found = (_row(item, home_id, start) for item in rows.values())
            return Index(home_id, start, end, tuple(row for row in found if _belongs(row, home_id, start, end)))
    raise NotApplied(
        f"The recording system's index is incomplete ({doing}): it says {total} and lists {len(rows)}; nothing is "
        "concluded from it, and it is read again later."
    )


def _walk(http: Http, home_id: str, start: date, end: date, doing: str) -> tuple[int, dict[str, Mapping[str, Any]]]:
    query = {"occurredFrom": start.isoformat(), "occurredTo": end.isoformat(), "homeId": home_id, "limit": _PAGE}
    rows: dict[str, Mapping[str, Any]] = {}
    total = -1
    try:
        for page in pages(
            http, "/incidents/index", query, cursor_field="nextCursor", doing=doing, well_formed=_is_index_page
        ):
            total = page["total"]
            rows.update({str(item["incidentId"]): item for item in page["items"]})
    except Rejected as why:
        if why.status == 403:
            raise key_may_not(http.naming, doing) from None
        raise
    return total, rows


def _is_index_page(page: Mapping[str, Any]) -> bool:
    total = page.get("total")
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        return False
    return all(isinstance(item, dict) and _is_id(item.get("incidentId")) for item in page["items"])


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and clean(str(value)) != ""


def _row(item: Mapping[str, Any], home_id: str, start: date) -> IndexRow:
    """One row. What the source left out is filled with the least claim: a row must count, whatever is wrong with it."""
    occurred = _moment(item.get("occurredAt"))
    # the source chose the row by its UK day, so a row whose own time cannot be read still belongs to the range
    day = uk_day(occurred) if occurred is not None else start
    children = item.get("childIds")
    return IndexRow(
        incident_id=clean(str(item["incidentId"])),
        number=clean(str(item.get("incidentNumber") or "")),
        home_id=home_id if is_of_home(item.get("homeId"), home_id) else str(item["homeId"]),
        status=clean(str(item.get("status") or "")),
        version=whole_number(item.get("version")) or 0,
        modified_at=_moment(item.get("modifiedAt")) or datetime.combine(day, time(0), UTC),
        occurred_on=day,
        child_ids=tuple(clean(str(child)) for child in children) if isinstance(children, list) else (),
    )


def _belongs(row: IndexRow, home_id: str, start: date, end: date) -> bool:
    return row.home_id == home_id and start <= row.occurred_on <= end


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return from_wall(parse_iso(value)).moment
    except ValueError:
        return None
