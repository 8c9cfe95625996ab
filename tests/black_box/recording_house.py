"""A home's recording system after `recording.openapi.yaml`: reports, their index and the daily log, in memory."""

from __future__ import annotations

import base64
import copy
import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.black_box.contract import faults
from tests.black_box.wire import Asked, Manners, Refusal, Reply, Wire

LONDON = ZoneInfo("Europe/London")
KEY = "CanaryKey-recording-5f1e"


def aware(text: str) -> datetime:
    """A moment as the contract writes it; without an offset it is UK wall-clock time, the first of two."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=LONDON) if found.tzinfo is None else found


def strict_moment(text: str) -> datetime:
    """A query's date-time: it must carry an offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "not a date-time", errors=[{"field": "modifiedSince", "message": "format"}]) from None
    if found.tzinfo is None:
        raise Refusal(400, "a date-time without an offset")
    return found


def strict_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "not a date") from None


class RecordingHouse(Wire):
    """What staff typed, and what came into the log. `hidden` ids are not committed yet."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.reports: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.log: list[dict[str, Any]] = []
        self.refused: list[list[str]] = []
        self.entries_of_any_home = False
        self._numbers = itertools.count(501)
        super().__init__(manners)

    def put(self, *reports: dict[str, Any]) -> None:
        with self.lock:
            for one in reports:
                self.reports[one["incidentId"]] = copy.deepcopy(one)

    def drop(self, incident_id: str) -> None:
        with self.lock:
            del self.reports[incident_id]

    def write_by_hand(self, home: str, when: str, text: str, **more: Any) -> dict[str, Any]:
        """What a member of staff writes into the log."""
        return self._keep(
            {"homeId": home, "entryTime": when, "category": "General", "text": text, "reference": None, **more}
        )

    def entries(self, reference_part: str = "") -> list[dict[str, Any]]:
        """What this software wrote, oldest first."""
        return [one for one in self.log if one.get("createdBy") == "api" and reference_part in one["text"]]

    def meet(self, asked: Asked) -> Reply:
        if asked.headers.get("x-api-key") != KEY:
            raise Refusal(401, "who are you")
        with self.lock:
            if asked.path == "/incidents":
                return Reply(200, self._page(asked))
            if asked.path == "/incidents/index":
                return Reply(200, self._index(asked))
            if asked.path.startswith("/incidents/"):
                found = self.reports.get(asked.path.removeprefix("/incidents/"))
                if found is None or found["incidentId"] in self.hidden:
                    raise Refusal(404, "no such report")
                return Reply(200, self._dressed(found))
            if asked.path == "/daily-log":
                return Reply(201, self._add(asked)) if asked.method == "POST" else Reply(200, self._entries(asked))
        raise Refusal(404, "no such path")

    # ---- reading ----

    def _seen(self) -> Iterable[dict[str, Any]]:
        return (one for one in self.reports.values() if one["incidentId"] not in self.hidden)

    def _page(self, asked: Asked) -> dict[str, Any]:
        rows = sorted(self._seen(), key=lambda one: (aware(one["modifiedAt"]), one["incidentId"]))
        query = asked.query
        if "modifiedSince" in query:
            since = strict_moment(query["modifiedSince"])
            rows = [one for one in rows if aware(one["modifiedAt"]) >= since]
        if "modifiedBefore" in query:
            before = strict_moment(query["modifiedBefore"])
            rows = [one for one in rows if aware(one["modifiedAt"]) < before]
        if "homeId" in query and not self.manners.ignore_filters:
            rows = [one for one in rows if one["homeId"] == query["homeId"]]
        items, cursor = self.paged(rows, asked, 500, lambda one: f"{one['modifiedAt']}|{one['incidentId']}")
        return {"items": [self._dressed(one) for one in items], "nextCursor": cursor, **self._more()}

    def _index(self, asked: Asked) -> dict[str, Any]:
        first, last = strict_day(asked.query["occurredFrom"]), strict_day(asked.query["occurredTo"])
        rows = []
        for one in sorted(self._seen(), key=lambda one: one["incidentId"]):
            try:
                day = aware(one["occurredAt"]).astimezone(LONDON).date()
            except (ValueError, TypeError, KeyError):
                day = aware(one["modifiedAt"]).astimezone(LONDON).date()
            if first <= day <= last:
                rows.append(one)
        if "homeId" in asked.query:
            rows = [one for one in rows if one["homeId"] == asked.query["homeId"]]
        items, cursor = self.paged(rows, asked, 5000, lambda one: one["incidentId"])
        keys = ("incidentId", "incidentNumber", "homeId", "status", "version", "modifiedAt", "occurredAt")
        shown = [
            self._dressed({key: one.get(key) for key in keys})
            | {"childIds": [child.get("childId") for child in one.get("children") or []]}
            for one in items
        ]
        return {"items": shown, "nextCursor": cursor, "total": len(rows), **self._more()}

    def paged(self, rows: list[Any], asked: Asked, most: int, key: Any) -> tuple[list[Any], str | None]:
        """A page and its cursor: by offset or by the last key seen, with this house's odd habits."""
        asked_for = int(asked.query.get("limit", 100))
        if not 1 <= asked_for <= most:
            raise Refusal(400, "limit out of range")
        size = self.manners.page or asked_for
        token = asked.query.get("cursor")
        blank, empties = self.manners.blank_cursor, self.manners.empty_pages
        if token == "" and blank:
            token = _sealed(f"{size}@0" if self.manners.offset_cursor else key(rows[size - 1]) + "@0")
        place, empty = ("", "0") if token is None else _opened(token).rsplit("@", 1)
        if empty == "1":
            return [], _sealed(f"{place}@0")
        if self.manners.offset_cursor:
            at = int(place or 0)
        else:
            at = next((i for i, row in enumerate(rows) if key(row) == place), -1) + 1 if place else 0
        items = rows[at : at + size]
        if self.manners.twice and at:
            items = [rows[at - 1], *items]
        if at + size >= len(rows):
            return items, None
        if blank and at == 0 and token is None:
            return items, ""
        after = str(at + size) if self.manners.offset_cursor else key(rows[at + size - 1])
        return items, _sealed(f"{after}@{1 if empties else 0}")

    def _dressed(self, one: dict[str, Any]) -> dict[str, Any]:
        home = one.get("homeId")
        folded = {"homeId": home.lower()} if self.manners.fold_home and isinstance(home, str) else {}
        return {**one, **folded, **self._more()}

    def _more(self) -> dict[str, Any]:
        return {"x-vendor": {"build": "9.4", "tags": []}, "schemaVersion": 3} if self.manners.extra else {}

    # ---- the log ----

    def _entries(self, asked: Asked) -> dict[str, Any]:
        home = asked.query["homeId"]
        first, last = strict_day(asked.query["from"]), strict_day(asked.query["to"])
        rows = [
            one
            for one in self.log
            if (one["homeId"] == home or self.entries_of_any_home)
            and first <= aware(one["entryTime"]).astimezone(LONDON).date() <= last
        ]
        rows.sort(key=lambda one: (aware(one["entryTime"]), one["entryId"]))
        if "reference" in asked.query and not self.manners.ignore_filters:
            rows = [one for one in rows if one.get("reference") == asked.query["reference"]]
        items, cursor = self.paged(rows, asked, 500, lambda one: one["entryId"])
        left_out = {"childIds", "corrects", "createdBy"} if self.manners.short_lists else set()
        shown = [{name: value for name, value in one.items() if name not in left_out} for one in items]
        return {"items": [self._dressed(one) for one in shown], "nextCursor": cursor, **self._more()}

    def _add(self, asked: Asked) -> dict[str, Any]:
        wrong = faults("recording", "NewDailyLogEntry", asked.json)
        if wrong:
            self.refused.append(wrong)
            raise Refusal(400, "the entry breaks the contract", errors=[{"field": w, "message": "rule"} for w in wrong])
        body = asked.json
        aware(body["entryTime"])
        if self.manners.idempotent:
            for one in self.log:
                if one.get("reference") == body["reference"]:
                    return self._dressed(one)
        return self._dressed(self._keep({**body, "createdBy": "api"}))

    def _keep(self, body: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(UTC) + timedelta(seconds=self.manners.skew_seconds)
        entry = {"entryId": f"log/{next(self._numbers)}", **body, "createdAt": now.isoformat()}
        if self.manners.drop_reference:
            entry.pop("reference", None)
        elif self.manners.fold_reference and entry.get("reference"):
            entry["reference"] = entry["reference"].lower()
        with self.lock:
            self.log.append(entry)
        return entry


def _sealed(text: str) -> str:
    return base64.b64encode(text.encode()).decode() + "+/="


def _opened(token: str) -> str:
    if not token.endswith("+/="):
        raise Refusal(400, "no cursor of ours")
    return base64.b64decode(token.removesuffix("+/=")).decode()
