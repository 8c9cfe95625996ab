"""The daily log: add an entry, look for ours, list a range of days. Entries are never edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.answers import Answer, Malformed
from connectors.api_key import key_may_not
from connectors.daily_log_rest.entries import entry_body, held_entry, is_ours
from connectors.edge import bare
from connectors.errors import Cause, ConnectorError, Rejected, Uncertain
from connectors.health import health_of
from connectors.http import Http
from connectors.paging import NO_SUCH_FILTER, PageRefused, pages
from connectors.protocols import Found, Health, HeldEntry, NewEntry, Receipt
from mappings.uk_time import uk_day

_PAGE = "500"
_DAY = timedelta(days=1)


class DailyLogRest:
    """A LogStore over the recording contract. Safe to share between threads."""

    def __init__(self, http: Http, *, home_to_ask_for: str = "check") -> None:
        self.http = http
        self._home_to_ask_for = home_to_ask_for

    def close(self) -> None:
        """Stop waiting and close the connections."""
        self.http.close()

    def check(self) -> Health:
        """Whether the log answers at its address and takes our key: one of today's entries is asked for."""
        today = uk_day(datetime.now(UTC)).isoformat()
        query = {"homeId": self._home_to_ask_for, "from": today, "to": today, "limit": "1"}
        doing = "a check of the connection"
        return health_of(
            self.http,
            lambda: self.http.read("/daily-log", query, doing=doing, expect=(400, 422), well_formed=_is_answer),
        )

    @bare
    def create(self, entry: NewEntry) -> Receipt:
        """Add an entry, or a correction that names the old one."""
        doing = f"log entry {entry.reference} of home {entry.home_id}"
        headers = {"Idempotency-Key": entry.reference}
        answer = self.http.write("/daily-log", entry_body(entry), doing=doing, headers=headers)
        told = shown = _entry_in(answer)
        if shown is None or not is_ours(shown, entry.reference):
            shown = self._seen(entry, shown)
        if shown is None:
            doubt = Uncertain(
                f"The daily log's answer does not prove that it holds the entry ({doing}); it may have been applied, "
                "so it is looked up before anything is sent again.",
                status=answer.status,
            )
            doubt.claimed = told is not None
            raise doubt
        if not _is_of_home(shown, entry.home_id):
            raise _astray(shown, doing, answer.status)
        return Receipt(shown.remote_id, shown.created_at, already_there=answer.status == 200)

    @bare
    def find(self, reference: str, *, home_id: str, entry_on: date) -> Found:
        """Look for our entry around its UK day, whether or not a filter is honoured.

        Raises Rejected where it lies in another home's log: it is no absence, and no proof that all is well.
        """
        doing = f"looking for log entry {reference} of home {home_id}"
        wide = _query(home_id, entry_on, entry_on)
        for query in ({**wide, "reference": reference}, wide):
            ours = [entry for entry in self._entries(query, doing) if is_ours(entry, reference)]
            for entry in ours:
                if not _is_of_home(entry, home_id):
                    raise _astray(entry, doing)
            if ours:
                return Found(tuple(Receipt(entry.remote_id, entry.created_at, already_there=True) for entry in ours))
        return Found()

    @bare
    def list(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        """Every entry of the home in the range of UK days, ends included, whoever wrote it."""
        doing = f"the daily log of home {home_id} from {start} to {end}"
        entries = self._entries(_query(home_id, start, end), doing)
        return [one for one in entries if _is_of_home(one, home_id) and start <= uk_day(one.entry_time) <= end]

    def _entries(self, query: Mapping[str, str], doing: str) -> Iterable[HeldEntry]:
        """What the log shows; a system that ignores the filter shows other homes' entries too."""
        found: dict[str, HeldEntry] = {}
        expect = NO_SUCH_FILTER if "reference" in query else ()
        try:
            for page in pages(self.http, "/daily-log", query, cursor_field="nextCursor", doing=doing, expect=expect):
                for item in page["items"]:
                    entry = held_entry(item)
                    found[entry.remote_id] = entry
        except PageRefused:
            return ()
        except Malformed:
            raise self.http.unreadable(doing) from None
        except Rejected as why:
            if why.status == 403:
                raise key_may_not(self.http.naming, doing) from None
            raise
        return found.values()

    def _seen(self, entry: NewEntry, shown: HeldEntry | None) -> HeldEntry | None:
        """The entry with the id that the answer gave, read back; None where nothing confirms it."""
        if shown is None:
            return None
        try:
            day = uk_day(entry.entry_time)
            doing = f"reading back log entry {entry.reference}"
            for read in self._entries(_query(entry.home_id, day, day), doing):
                if read.remote_id == shown.remote_id and is_ours(read, entry.reference):
                    return read
        except ConnectorError:
            return None
        return None


def _is_of_home(entry: HeldEntry, home_id: str) -> bool:
    """Whether an entry lies in this home's log; a system that folds or hides ids answers for what it was asked."""
    return entry.home_id.strip().casefold() in ("", home_id.casefold())


def _astray(shown: HeldEntry, doing: str, status: int | None = None) -> Rejected:
    """The alarm: our entry lies in the log of another home."""
    return Rejected(
        f"ALARM: the daily log holds entry {shown.remote_id} ({doing}) in the log of home {shown.home_id}; "
        "have it removed there at once, and check the home's id.",
        cause=Cause.WRONG_PERSON,
        status=status,
    )


def _query(home_id: str, start: date, end: date) -> dict[str, str]:
    """A day wider on both sides, since a far end may read days its own way. We filter ourselves."""
    return {"homeId": home_id, "from": (start - _DAY).isoformat(), "to": (end + _DAY).isoformat(), "limit": _PAGE}


def _entry_in(answer: Answer) -> HeldEntry | None:
    try:
        return held_entry(answer.content)
    except Malformed:
        return None


def _is_answer(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("items"), list)
