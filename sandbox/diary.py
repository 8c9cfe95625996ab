"""The home's daily log at the recording stand-in: entries are added, never edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.checks import Rule, checked, day_of, moment_of, uk_day
from sandbox.faults import Weather
from sandbox.gateways import RecordingGateway
from sandbox.messages import Answer, Refusal, Request, as_json, problem
from sandbox.paging import limit_of
from sandbox.reports import Shelf

INTEGRATION = "incident-bridge"
ENTRY_RULES = {
    "homeId": Rule("text", required=True),
    "entryTime": Rule("local_time", required=True),
    "category": Rule("text", required=True, most=40),
    "childIds": Rule("texts"),
    "text": Rule("text", required=True, least=1, most=4000),
    "reference": Rule("text", required=True, most=64),
    "corrects": Rule("text", nullable=True),
}


class Diary:
    """Every entry, whoever wrote it."""

    def __init__(self, weather: Weather, gateway: Callable[[], RecordingGateway]) -> None:
        self._weather = weather
        self._modes = gateway
        self._entries: dict[str, dict[str, Any]] = {}
        self._by_home: dict[str, list[str]] = {}
        self._by_reference: dict[str, list[str]] = {}
        self._seen_from: dict[str, float] = {}
        self._placed: dict[str, tuple[tuple[str, str], date | None]] = {}
        self._last = 0

    @property
    def _gateway(self) -> RecordingGateway:
        return self._modes()

    def all(self) -> list[dict[str, Any]]:
        """Every entry in the order of writing, as stored."""
        with self._weather.lock:
            return [dict(entry) for entry in self._entries.values()]

    def write(self, entry: Mapping[str, Any], *, by: str) -> str:
        """Add an entry, unchecked: a person did it by hand."""
        with self._weather.lock:
            return str(self._add(entry, by=by, entry_id=self._next_id())["entryId"])

    def create(self, request: Request, operation: str) -> Answer:
        """Check and add an entry that the integration sends. Raises Refusal."""
        body = checked(request, ENTRY_RULES)
        corrects = body.get("corrects")
        if corrects and corrects not in self._entries:
            error = {"field": "corrects", "message": "no such entry"}
            raise Refusal(problem(400, "The request does not match the schema", errors=[error]))
        known = self._by_reference.get(self._kept(body["reference"])) if self._gateway.unique_reference else None
        if known and self._gateway.unique_reference == 200:
            return as_json(200, self._shown(self._entries[known[0]]))
        if known:
            raise Refusal(problem(409, "There is an entry with this reference"))
        entry_id = self._next_id()

        def commit() -> dict[str, Any]:
            entry = self._add(body, by=INTEGRATION, entry_id=entry_id)
            self._weather.apply(
                operation, reference=body["reference"], subject=body["homeId"], remote_id=entry_id, target="daily_log"
            )
            return entry

        if request.commit_after:
            self._weather.later(request.commit_after, commit)
            return Answer(202)
        return as_json(201, self._shown(commit()))

    def page(self, asked: dict[str, str]) -> Answer:
        """One page of a home's entries. Raises Refusal."""
        home = asked.get("homeId")
        if home is None and "homeId" not in self._gateway.ignores:
            raise Refusal(problem(400, "homeId is required"))
        ranged = {"from", "to"} - self._gateway.ignores
        first = day_of(asked, "from", required="from" in ranged)
        last = day_of(asked, "to", required="to" in ranged)
        ids = self._candidates(home, asked.get("reference"))
        keys = sorted(self._placed[entry_id][0] for entry_id in ids if self._listed(entry_id, first, last))
        limit = limit_of(asked, default=100, most=500)
        start, stop, following = self._gateway.paging.page(keys, 0, len(keys), asked.get("cursor"), limit)
        items = [self._shown(self._entries[entry_id]) for _, entry_id in keys[start:stop]]
        return as_json(200, {"items": items, "nextCursor": following})

    def _next_id(self) -> str:
        self._last += 1
        return f"log-{self._last:06d}"

    def _add(self, body: Mapping[str, Any], *, by: str, entry_id: str) -> dict[str, Any]:
        gateway, ours = self._gateway, by == INTEGRATION
        home = gateway.files_on_home if ours and gateway.files_on_home else body["homeId"]
        entry = {
            "entryId": entry_id,
            "homeId": home,
            "entryTime": body["entryTime"],
            "category": body.get("category", "General"),
            "childIds": list(body.get("childIds") or []),
            "text": body["text"][: gateway.truncates_at] if ours else body["text"],
            "reference": self._kept(body.get("reference")),
            "corrects": body.get("corrects"),
            "createdAt": body.get("createdAt") or self._weather.clock.now().isoformat(timespec="milliseconds"),
            "createdBy": by,
        }
        moment = moment_of(entry["entryTime"])
        stamp = Shelf.stamp(moment) if moment else ""
        self._placed[entry_id] = ((stamp, entry_id), uk_day(entry["entryTime"]))
        self._entries[entry_id] = entry
        self._by_home.setdefault(entry["homeId"], []).append(entry_id)
        if entry["reference"]:
            self._by_reference.setdefault(entry["reference"], []).append(entry_id)
        if self._gateway.blind_seconds:
            self._seen_from[entry_id] = self._weather.clock.time() + self._gateway.blind_seconds
        return entry

    def _kept(self, reference: Any) -> Any:
        return reference.upper() if reference and self._gateway.folds_reference else reference

    def _shown(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {**entry, "reference": None} if self._gateway.drops_reference else dict(entry)

    def _candidates(self, home: str | None, reference: str | None) -> list[str]:
        ids = self._by_home.get(home, []) if home is not None else list(self._entries)
        if reference is None:
            return ids
        if self._gateway.drops_reference:
            return []
        wanted = reference if self._gateway.filter_is_exact else self._kept(reference)
        return [found for found in self._by_reference.get(wanted, []) if home in (None, self._entries[found]["homeId"])]

    def _listed(self, entry_id: str, first: date | None, last: date | None) -> bool:
        if self._seen_from and self._seen_from.get(entry_id, 0) > self._weather.clock.time():
            return False
        day = self._placed[entry_id][1]
        if day is None:
            return False
        return (first is None or day >= first) and (last is None or day <= last)
