"""The recording system's shelf of incident reports: in order of change, and by the day they happened."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sandbox.checks import moment_of, uk_day

_ROW = ("incidentId", "incidentNumber", "homeId", "status", "version", "modifiedAt", "occurredAt")


@dataclass(frozen=True, slots=True)
class _Filed:
    change: tuple[str, str]
    home: str
    day: date | None


@dataclass
class Shelf:
    """Reports as JSON, with the two orders in which they are asked for. Not locked: the stand-in locks."""

    raw: dict[str, bytes] = field(default_factory=dict, repr=False)
    forbidden: set[str] = field(default_factory=set)
    _filed: dict[str, _Filed] = field(default_factory=dict, repr=False)
    _changes: dict[str | None, list[tuple[str, str]]] = field(default_factory=lambda: {None: []}, repr=False)
    _index: dict[tuple[str | None, date, date], list[tuple[str]]] = field(default_factory=dict, repr=False)

    @staticmethod
    def stamp(moment: datetime) -> str:
        """A moment as text that sorts."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")

    def put(self, report: Mapping[str, Any]) -> None:
        """File a report under its id, in place of the one that was there."""
        incident_id = str(report["incidentId"])
        self.remove(incident_id)
        modified = moment_of(report.get("modifiedAt")) or datetime.now(UTC)
        filed = _Filed(
            (self.stamp(modified), incident_id),
            str(report.get("homeId", "")),
            uk_day(report.get("occurredAt")) or uk_day(report.get("createdAt")),
        )
        self._filed[incident_id] = filed
        self.raw[incident_id] = json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode()
        insort(self._changes[None], filed.change)
        insort(self._changes.setdefault(filed.home, []), filed.change)

    def remove(self, incident_id: str) -> None:
        """Take a report away, if it is there."""
        self._index.clear()
        filed = self._filed.pop(incident_id, None)
        if filed is None:
            return
        del self.raw[incident_id]
        for order in (self._changes[None], self._changes[filed.home]):
            del order[bisect_left(order, filed.change)]

    def get(self, incident_id: str) -> dict[str, Any]:
        """A copy of a report. Raises KeyError."""
        found: dict[str, Any] = json.loads(self.raw[incident_id])
        return found

    def changes(self, home: str | None) -> list[tuple[str, str]]:
        """(modifiedAt, incidentId) of every report of a home, or of all, in order."""
        return self._changes.get(home, [])

    def index(self, home: str | None, first: date, last: date) -> list[tuple[str]]:
        """Ids of the reports whose UK day lies in the range, ends included, in order."""
        key = (home, first, last)
        if key not in self._index:
            self._index[key] = sorted(
                (incident_id,)
                for incident_id, filed in self._filed.items()
                if home in (None, filed.home) and filed.day is not None and first <= filed.day <= last
            )
        return self._index[key]

    def row(self, incident_id: str) -> dict[str, Any]:
        """One row of the index."""
        report = self.get(incident_id)
        row: dict[str, Any] = {name: report.get(name) for name in _ROW}
        row["childIds"] = [
            str(child["childId"])
            for child in report.get("children") or []
            if isinstance(child, dict) and child.get("childId")
        ]
        return row
