"""The stand-in for a home's recording system: incidents, their index, and the daily log, over HTTP.

Built from the recording contract. `put`, `amend`, `void`, `delete`, `forbid` and `write_entry` are what people at the
home do; `gateway` is how well or badly this product behaves.
"""

from __future__ import annotations

import hmac
import json
import ssl
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, Self
from urllib.parse import unquote

from sandbox.checks import day_of, moment_of
from sandbox.diary import Diary
from sandbox.faults import Weather
from sandbox.gateways import RecordingGateway
from sandbox.http_stand_in import HttpServer
from sandbox.messages import Answer, Refusal, Request, as_json, problem
from sandbox.paging import limit_of
from sandbox.reports import Shelf

BASE = "/api/v1"
API_KEY = "example-recording-key"


class Recording:
    """A recording system on a free loopback port. Every operation: pull, index, get, log_find, log_list, log_create,
    log_correct."""

    commands = ("put", "report", "amend", "void", "delete", "forbid", "write_entry", "entries")

    def __init__(self, *, api_key: str = API_KEY, latency: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.weather = Weather("recording")
        self.api_key = api_key
        self.gateway = RecordingGateway()
        self.shelf = Shelf()
        self.diary = Diary(self.weather, lambda: self.gateway)
        self.server = HttpServer(self, self.weather, latency=latency, tls=tls)
        self.arm = self.weather.arm
        self.disarm = self.weather.disarm
        self.armed = self.weather.armed
        self.applied = self.weather.applied
        self.requests = self.weather.requests
        self.advance = self.weather.advance

    @property
    def base_url(self) -> str:
        """The API's address."""
        return self.server.root + BASE

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def reset(self) -> None:
        """Forget faults, what was asked and what was applied. Reports and entries stay."""
        self.weather.reset()

    # ---- what people at the home do ----

    def put(self, report: Mapping[str, Any], *, visible_after: float = 0.0) -> None:
        """Add or replace a report exactly as given. `visible_after`: seconds until its long transaction commits."""
        if visible_after:
            found = json.loads(json.dumps(report))
            self.weather.later(visible_after, lambda: self.shelf.put(found))
        else:
            with self.weather.lock:
                self.shelf.put(report)

    def put_all(self, reports: Iterable[Mapping[str, Any]]) -> None:
        """Add or replace many reports."""
        with self.weather.lock:
            for report in reports:
                self.shelf.put(report)

    def report(self, incident_id: str) -> dict[str, Any]:
        """A report as it is now. Raises KeyError."""
        with self.weather.lock:
            return self.shelf.get(incident_id)

    def amend(self, incident_id: str, changes: Mapping[str, Any], *, modified_at: str | None = None) -> None:
        """Change a report's fields; its version goes up and it is modified now, unless `modified_at` says when."""
        with self.weather.lock:
            report = self.shelf.get(incident_id)
            report.update(json.loads(json.dumps(changes)))
            report["version"] = int(report.get("version", 0)) + 1
            report["modifiedAt"] = modified_at or self.weather.clock.now().isoformat(timespec="milliseconds")
            self.shelf.put(report)

    def void(self, incident_id: str, *, modified_at: str | None = None) -> None:
        """Void a report."""
        self.amend(incident_id, {"status": "Void"}, modified_at=modified_at)

    def delete(self, incident_id: str) -> None:
        """Tear a report out: the pull, the index and the id know it no more."""
        with self.weather.lock:
            self.shelf.remove(incident_id)

    def forbid(self, incident_id: str) -> None:
        """Let the id answer 403."""
        with self.weather.lock:
            self.shelf.forbidden.add(incident_id)

    def write_entry(self, entry: Mapping[str, Any], *, by: str = "Night staff") -> str:
        """A person writes into the daily log by hand; the new entry's id."""
        return self.diary.write(entry, by=by)

    def entries(self) -> list[dict[str, Any]]:
        """Every daily-log entry that is there, oldest first, as it was received."""
        self.weather.settle()
        return self.diary.all()

    # ---- HTTP ----

    def operation(self, request: Request) -> str:
        """The operation's name, as `when` uses it."""
        path = request.path.removeprefix(BASE)
        if path == "/incidents":
            return "pull"
        if path == "/incidents/index":
            return "index"
        if path.startswith("/incidents/"):
            return "get"
        if path == "/daily-log":
            if request.method == "POST":
                return "log_correct" if b'"corrects"' in request.body and _corrects(request.body) else "log_create"
            return "log_find" if "reference=" in request.query else "log_list"
        return "unknown"

    def answer(self, request: Request, operation: str) -> Answer:
        """Apply the request and answer it."""
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), self.api_key.encode()):
            return problem(401, "Unknown API key")
        wanted = "POST" if operation in ("log_create", "log_correct") else "GET"
        if operation == "unknown" or not request.path.startswith(BASE):
            return problem(404, "No such resource")
        if request.method != wanted:
            return problem(405, "Method not allowed")
        try:
            with self.weather.lock:
                return self._answer(request, operation)
        except Refusal as refusal:
            return refusal.answer

    def _answer(self, request: Request, operation: str) -> Answer:
        if operation in ("log_create", "log_correct"):
            return self.diary.create(request, operation)
        asked = {name: value for name, value in request.parameters().items() if name not in self.gateway.ignores}
        if operation == "pull":
            return self._pull(asked)
        if operation == "index":
            return self._index(asked)
        if operation == "get":
            return self._get(unquote(request.path.removeprefix(f"{BASE}/incidents/")))
        return self.diary.page(asked)

    def _pull(self, asked: dict[str, str]) -> Answer:
        keys = self.shelf.changes(asked.get("homeId"))
        since, before = _bound(asked, "modifiedSince"), _bound(asked, "modifiedBefore")
        low = bisect_left(keys, since) if since else 0
        high = bisect_left(keys, before) if before else len(keys)
        limit = limit_of(asked, default=100, most=500)
        start, stop, following = self.gateway.paging.page(keys, low, max(low, high), asked.get("cursor"), limit)
        items = b",".join(self.shelf.raw[incident_id] for _, incident_id in keys[start:stop])
        return Answer(200, b'{"items":[' + items + b'],"nextCursor":' + json.dumps(following).encode() + b"}")

    def _index(self, asked: dict[str, str]) -> Answer:
        first, last = day_of(asked, "occurredFrom", required=True), day_of(asked, "occurredTo", required=True)
        assert first is not None
        assert last is not None
        keys = self.shelf.index(asked.get("homeId"), first, last)
        limit = limit_of(asked, default=1000, most=5000)
        start, stop, following = self.gateway.paging.page(keys, 0, len(keys), asked.get("cursor"), limit)
        listed = keys[: len(keys) - self.gateway.index_hides] if self.gateway.index_hides else keys
        items = [self.shelf.row(key[0]) for key in keys[start:stop] if key in listed]
        return as_json(200, {"items": items, "nextCursor": following, "total": len(keys)})

    def _get(self, incident_id: str) -> Answer:
        if incident_id in self.shelf.forbidden:
            return problem(403, "Not yours to read")
        raw = self.shelf.raw.get(incident_id)
        return Answer(200, raw) if raw is not None else problem(404, "No such incident")


def _corrects(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and bool(found.get("corrects"))


def _bound(asked: Mapping[str, str], name: str) -> tuple[str, str] | None:
    text = asked.get(name)
    if text is None:
        return None
    moment = moment_of(text)
    if moment is None:
        raise Refusal(problem(400, f"{name} must be a date-time"))
    return (Shelf.stamp(moment), "")
