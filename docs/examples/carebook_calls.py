"""The calls to Carebook: the one place that knows its addresses, fields and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

from config.settings import Settings
from connectors.answers import Malformed
from connectors.api_key import api_key_sign_in
from connectors.http import Http
from connectors.outcomes import Naming
from connectors.paging import pages
from connectors.protocols import HeldEntry, NewEntry
from mappings.uk_time import from_wall, london_offset_iso, parse_iso

from carebook.settings import PREFIX, TITLE, of_site

_DAY = timedelta(days=1)


class ShownEntry(NamedTuple):
    """The entry that an answer shows. `already_there`: it was not made by this call."""

    entry: HeldEntry
    already_there: bool = False


class Calls(Protocol):
    """What the connector asks of Carebook."""

    def ping(self) -> None:
        """Show that the address and the secret are right, without writing."""

    def create(self, entry: NewEntry) -> ShownEntry | None:
        """Add an entry, or a correction that names the old one. None: the answer shows no entry that can be read."""

    def entries(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        """Every entry of the home's UK days, to the last page. Raises rather than give a short list."""


class CarebookCalls:
    """Carebook over HTTP: the deadline, Retry-After, the breaker and what each failure proves are `Http`'s."""

    def __init__(self, site: Settings) -> None:
        own = of_site(site)
        naming = Naming(TITLE, f"{PREFIX}ADDRESS", f"{PREFIX}SECRET")
        sign_in = api_key_sign_in(own.secret, setting=naming.credential)
        self.http = Http.from_settings(site, own.address, naming, sign_in=sign_in, rate_per_second=None)

    def ping(self) -> None:
        """One entry of a day long ago."""
        query = {"homeId": "check", "from": "2000-01-01", "to": "2000-01-01", "limit": "1"}
        self.http.read("/daily-log", query, doing="a check of the connection", well_formed=_is_page)

    def create(self, entry: NewEntry) -> ShownEntry | None:
        """Sent once; the answer is believed by the connector only where it carries our reference."""
        doing = f"log entry {entry.reference} of home {entry.home_id}"
        answer = self.http.write("/daily-log", _body(entry), doing=doing)
        try:
            return ShownEntry(_held(answer.content), already_there=answer.status == 200)
        except (Malformed, KeyError, TypeError, ValueError):
            return None

    def entries(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        """Every page; a day more on both sides, in case that days are read another way there."""
        doing = f"the daily log of home {home_id} from {start} to {end}"
        query = {"homeId": home_id, "from": str(start - _DAY), "to": str(end + _DAY), "limit": "500"}
        found: dict[str, HeldEntry] = {}
        try:
            for page in pages(self.http, "/daily-log", query, cursor_field="nextCursor", doing=doing):
                found |= {entry.remote_id: entry for entry in map(_held, page["items"])}
        except (KeyError, TypeError, ValueError):
            raise self.http.unreadable(doing) from None
        return list(found.values())


def _body(entry: NewEntry) -> Mapping[str, object]:
    return {
        "homeId": entry.home_id,
        "entryTime": london_offset_iso(entry.entry_time),
        "category": entry.category,
        "childIds": list(entry.child_ids),
        "text": entry.text,
        "reference": entry.reference,
        "corrects": entry.corrects,
    }


def _held(item: Mapping[str, Any]) -> HeldEntry:
    return HeldEntry(
        remote_id=str(item["entryId"]),
        home_id=str(item["homeId"]),
        entry_time=from_wall(parse_iso(item["entryTime"])).moment,
        category=str(item["category"]),
        text=str(item["text"]),
        reference=item.get("reference"),
        created_at=from_wall(parse_iso(item["createdAt"])).moment,
        child_ids=tuple(map(str, item.get("childIds") or ())),
        corrects=item.get("corrects"),
        created_by=str(item.get("createdBy", "")),
    )


def _is_page(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("items"), list)
