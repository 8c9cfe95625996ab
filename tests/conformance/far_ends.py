"""The sandbox's stand-ins as the kit drives them: its words on one side, the sandbox's operations on the other."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock
from zoneinfo import ZoneInfo

from connectors.conformance import Applied, Damage, Habit, Kept, Letter, Report, Seen
from connectors.conformance.examples import CHILD, FORM_FIELD, NEW_FORM_FIELD, NOTE_TYPE, OTHER, OTHER_HOME, SURVIVOR
from connectors.daily_log_files import month_file
from sandbox.lado_form import LadoForm
from sandbox.mail import Mail
from sandbox.mosaic import Mosaic
from sandbox.paging import Paging
from sandbox.recording import Recording

LONDON = ZoneInfo("Europe/London")
Act = Callable[[], object]


@dataclass(frozen=True)
class Noted:
    """An effect or a request in the kit's words."""

    operation: str


class HttpFarEnd:
    """A stand-in of the sandbox. `words`: the sandbox's operations for the kit's; the others are the same."""

    words: ClassVar[dict[str, str]] = {}

    def __init__(self, stand_in: Any) -> None:
        self.sandbox = stand_in

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        habit = self.habits().get(Habit(fault)) if fault in list(Habit) else None
        if habit is not None:
            habit()
        else:
            self.sandbox.arm(fault, when=self.words.get(when, when), times=times, seconds=seconds)

    def habits(self) -> dict[Habit, Act]:
        gateway = self.sandbox.gateway
        paging: Paging = gateway.paging
        return {
            Habit.KNOWS_REFERENCES: lambda: setattr(gateway, "unique_reference", 200),
            Habit.IGNORES_REFERENCE: lambda: setattr(gateway, "ignores", frozenset({"reference"})),
            Habit.DROPS_REFERENCE: lambda: setattr(gateway, "drops_reference", True),
            Habit.TRUNCATES: lambda: setattr(gateway, "truncates_at", 300),
            Habit.SMALL_PAGES: lambda: setattr(paging, "most", 2),
            Habit.EMPTY_PAGES: lambda: setattr(paging, "empty_pages", True),
            Habit.BLANK_CURSOR: lambda: setattr(paging, "blank_cursor", True),
            Habit.REPEATS_CURSOR: lambda: setattr(paging, "repeats_cursor", True),
            Habit.IGNORES_HOME: lambda: setattr(gateway, "ignores", frozenset({"homeId"})),
        }

    def disarm(self) -> None:
        self.sandbox.disarm()

    def applied(self) -> Sequence[Applied]:
        return [Noted(self._said(effect.operation)) for effect in self.sandbox.applied()]

    def requests(self) -> Sequence[Seen]:
        return [Noted(self._said(seen.operation)) for seen in self.sandbox.requests()]

    def advance(self, seconds: float) -> None:
        self.sandbox.advance(seconds)

    def _said(self, operation: str) -> str:
        return next((ours for ours, theirs in self.words.items() if theirs == operation), operation)


class MosaicFarEnd(HttpFarEnd):
    """Mosaic."""

    words: ClassVar = {"sign_in": "token", "finish": "complete"}

    def __init__(self, mosaic: Mosaic) -> None:
        super().__init__(mosaic)
        mosaic.add_people([CHILD, OTHER, SURVIVOR])

    def habits(self) -> dict[Habit, Act]:
        gateway = self.sandbox.gateway
        return {
            **super().habits(),
            Habit.SIGN_IN_EXPIRES: self.sandbox.revoke_tokens,
            Habit.STORES_DRAFTS: lambda: setattr(gateway, "stores_drafts", True),
            Habit.FILES_ELSEWHERE: lambda: setattr(gateway, "files_on_person", OTHER),
        }

    def kept(self) -> Sequence[Kept]:
        book = self.sandbox.book
        return [
            Kept(
                str(note["id"]),
                str(note["person_id"]),
                note["note"],
                note["reference"],
                note["state"],
                appendments=tuple(
                    Kept(str(one.appendment_id), "", one.note, one.reference, acting_for=one.acting_for)
                    for one in book.notes[note["id"]].appendments
                ),
                acting_for=book.notes[note["id"]].acting_for,
                significant=note["significant_event"],
                alerted=book.recipients.get(note["id"], ()),
            )
            for note in self.sandbox.notes()
        ]

    def write_by_hand(self, owner: str, text: str, at: datetime) -> None:
        self.sandbox.write_by_hand(
            int(owner), title="By hand", text=f"<p>{text}</p>", note_type=NOTE_TYPE, effective_date=at
        )

    def merge(self, loser: str, survivor: str) -> None:
        self.sandbox.merge(int(loser), int(survivor))

    def delete(self, remote_id: str) -> None:
        self.sandbox.delete_note(int(remote_id))


class KeyedFarEnd(HttpFarEnd):
    """The recording system: its key does not expire, so a pass that is refused once is all that can happen."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)

    def habits(self) -> dict[Habit, Act]:
        return {
            **super().habits(),
            Habit.SIGN_IN_EXPIRES: lambda: self.sandbox.arm("401", when="read"),
            Habit.INDEX_INCOMPLETE: lambda: setattr(self.sandbox.gateway, "index_hides", 1),
            Habit.FILES_ELSEWHERE: lambda: setattr(self.sandbox.gateway, "files_on_home", OTHER_HOME),
        }


class RecordingFarEnd(KeyedFarEnd):
    """The recording system's reports."""

    def put(self, *reports: Report, visible_after: float = 0.0) -> None:
        for one in reports:
            self.sandbox.put(as_json(one), visible_after=visible_after)

    def remove(self, incident_id: str) -> None:
        self.sandbox.delete(incident_id)

    def forbid(self, incident_id: str) -> None:
        self.sandbox.forbid(incident_id)


def as_json(report: Report) -> dict[str, Any]:
    """A report in the recording contract's shape."""
    made: dict[str, Any] = {
        "incidentId": report.incident_id,
        "incidentNumber": report.number,
        "homeId": report.home_id,
        "status": report.status,
        "version": report.version,
        "createdAt": "2026-01-01T09:00:00Z",
        "modifiedAt": report.modified_at.isoformat(),
        "occurredAt": report.occurred_at,
        "interventionType": "Restrictive",
        "narrative": report.narrative,
        "children": [{"childId": one, "name": report.child_name, "role": "Held"} for one in report.child_ids],
    }
    match report.damage:
        case Damage.UNKNOWN_CODE:
            made["status"] = "Sideways"
        case Damage.MISSING:
            del made["interventionType"]
        case Damage.WRONG_TYPE:
            made["version"] = "two"
        case Damage.IMPOSSIBLE_DATE:
            made["occurredAt"] = "2026-02-31T10:00:00"
        case None:
            pass
    return made | ({"moodOfTheHouse": "fair"} if report.unknown_field else {})


class DailyLogFarEnd(KeyedFarEnd):
    """The recording system's daily log."""

    words: ClassVar = {"create": "log_create"}

    def kept(self) -> Sequence[Kept]:
        return [
            Kept(one["entryId"], one["homeId"], one["text"], one["reference"], corrects=one["corrects"])
            for one in self.sandbox.entries()
        ]

    def write_by_hand(self, owner: str, text: str, at: datetime) -> None:
        self.sandbox.write_entry({"homeId": owner, "entryTime": at.isoformat(), "text": text})

    def delete(self, remote_id: str) -> None:
        raise ValueError("entries are never deleted")


class MailFarEnd(HttpFarEnd):
    """The mail server. A fault strikes where its name says."""

    def __init__(self, mail: Mail) -> None:
        super().__init__(mail)

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        self.sandbox.arm(fault, times=times, seconds=seconds)

    def letters(self) -> Sequence[Letter]:
        found: dict[int, list[Any]] = {}
        for letter in self.sandbox.inbox():
            found.setdefault(id(letter.message), []).append(letter)
        return [
            Letter(tuple(one.recipient for one in each), each[0].message_id, each[0].raw, each[0].text())
            for each in found.values()
        ]

    def refuse(self, recipient: str) -> None:
        self.sandbox.arm("recipient_550", recipient=recipient, times=None)


# ---- folders ---------------------------------------------------------------------------------------------------------


class Folder:
    """A folder: no requests, no pages, no filter, no clock of its own but for what is still to come."""

    always: frozenset[Habit] = frozenset()
    """What a folder does anyway, or cannot do wrong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._ahead = 0.0
        self._later: list[tuple[float, Act]] = []

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        if fault not in self.always:
            raise ValueError(fault)

    def disarm(self) -> None:
        return

    def requests(self) -> Sequence[Seen]:
        return []

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
        due = [act for moment, act in self._later if moment <= self._ahead]
        self._later = [one for one in self._later if one[0] > self._ahead]
        for act in due:
            act()


@dataclass
class _Sheet:
    reports: list[Report]
    number: int


_HEADINGS = [
    "Unit Code", "Report ID", "Revision", "Report Number", "Report Status", "Date Recorded", "Last Amended",
    "Date of Incident", "Time of Incident", "Type of Intervention", "YP Ref", "YP Name", "Account of Incident",
]  # fmt: skip


class DropFarEnd(Folder):
    """A drop folder of CSV exports, one for each `put`."""

    always = frozenset({Habit.IGNORES_HOME})

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._sheets: list[_Sheet] = []

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        if fault == Habit.INDEX_INCOMPLETE:
            (self.root / "still-coming.xlsx").write_bytes(b"PK\x03\x04 half a workbook")
        else:
            super().arm(fault)

    def applied(self) -> Sequence[Applied]:
        """Whatever lies there that nobody dropped."""
        dropped = {f"export-{sheet.number}.csv" for sheet in self._sheets}
        return [Noted(path.name) for path in self.root.rglob("*") if path.is_file() and path.name not in dropped]

    def put(self, *reports: Report, visible_after: float = 0.0) -> None:
        if visible_after:
            self._later.append((self._ahead + visible_after, lambda: self.put(*reports)))
        elif reports:
            self._sheets.append(_Sheet(list(reports), len(self._sheets)))
            self._drop(self._sheets[-1])

    def remove(self, incident_id: str) -> None:
        for sheet in self._sheets:
            left = [one for one in sheet.reports if one.incident_id != incident_id]
            if len(left) < len(sheet.reports):
                sheet.reports = left
                self._drop(sheet, minutes=1)

    def forbid(self, incident_id: str) -> None:
        raise ValueError("a folder has no rights for one report")

    def _drop(self, sheet: _Sheet, minutes: int = 0) -> None:
        path = self.root / f"export-{sheet.number}.csv"
        written = io.StringIO()
        rows = csv.writer(written)
        unknown = any(one.unknown_field for one in sheet.reports)
        rows.writerow(_HEADINGS + (["Mood of the House"] if unknown else []))
        for one in sheet.reports:
            rows.writerows([*_cells(one, child), *(["fair"] if unknown else [])] for child in one.child_ids)
        path.write_text(written.getvalue(), "utf-8")
        stamp = (datetime.now(UTC) - timedelta(hours=2) + timedelta(minutes=sheet.number + minutes)).timestamp()
        os.utime(path, (stamp, stamp))


def _cells(report: Report, child: str) -> list[str]:
    occurred = datetime.fromisoformat(report.occurred_at)
    amended = report.modified_at.astimezone(LONDON)
    cells = [
        report.home_id, report.incident_id, str(report.version), report.number, report.status, "01/01/2026 09:00",
        f"{amended:%d/%m/%Y %H:%M:%S}", f"{occurred:%d/%m/%Y}", f"{occurred:%H:%M}", "Restraint", child,
        report.child_name, report.narrative,
    ]  # fmt: skip
    damaged = {
        Damage.UNKNOWN_CODE: ("Report Status", "Sideways"),
        Damage.MISSING: ("Type of Intervention", ""),
        Damage.WRONG_TYPE: ("Revision", "two"),
        Damage.IMPOSSIBLE_DATE: ("Date of Incident", "31/02/2026"),
    }
    if report.damage is not None:
        heading, cell = damaged[report.damage]
        cells[_HEADINGS.index(heading)] = cell
    return cells


@dataclass
class LogFolderFarEnd(Folder):
    """A folder of daily-log files, read and spoilt with nothing but the csv module."""

    root: Path
    _patch: Any = field(default=None, repr=False)

    always = frozenset({
        Habit.KNOWS_REFERENCES, Habit.IGNORES_REFERENCE, Habit.SMALL_PAGES, Habit.EMPTY_PAGES, Habit.BLANK_CURSOR,
        Habit.IGNORES_HOME,
    })  # fmt: skip

    def __post_init__(self) -> None:
        super().__init__(self.root)

    def arm(self, fault: str, *, when: str = "*", times: int | None = 1, seconds: float | None = None) -> None:
        if fault == "unsynced":
            self._patch = mock.patch.object(month_file, "_sync_folder", side_effect=OSError(5, "an example"))
            self._patch.start()
        elif fault == Habit.DROPS_REFERENCE:
            self._spoil("reference", lambda _: "")
        elif fault == Habit.TRUNCATES:
            self._spoil("text", lambda text: text[:300])
        else:
            super().arm(fault)

    def disarm(self) -> None:
        if self._patch is not None:
            self._patch.stop()
            self._patch = None

    def applied(self) -> Sequence[Applied]:
        return [Noted("create") for row in self._rows() if row["created_by"] == "incident-bridge"]

    def kept(self) -> Sequence[Kept]:
        return [
            Kept(row["entry_id"], row["home_id"], row["text"], row["reference"] or None, corrects=row["corrects"])
            for row in self._rows()
        ]

    def write_by_hand(self, owner: str, text: str, at: datetime) -> None:
        path = self.root / f"{owner} by hand.csv"
        head = "" if path.exists() else "Date and time,Text\r\n"
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(f"{head}{at.astimezone(LONDON):%d/%m/%Y %H:%M},{text}\r\n")

    def delete(self, remote_id: str) -> None:
        raise ValueError("a row that was deleted leaves nothing behind")

    def _rows(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for path in self._files():
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows += csv.DictReader(file)
        return rows

    def _files(self) -> list[Path]:
        return [path for path in sorted(self.root.glob("*.csv")) if "by hand" not in path.name]

    def _spoil(self, column: str, change: Callable[[str], str]) -> None:
        for path in self._files():
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                rows = [{**row, column: change(row[column])} for row in reader]
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.DictWriter(file, list(reader.fieldnames or ()), quoting=csv.QUOTE_ALL)
                writer.writeheader()
                writer.writerows(rows)


# ---- the LADO desk ---------------------------------------------------------------------------------------------------


class PackageFarEnd(Folder):
    """The folder of the packages."""

    def applied(self) -> Sequence[Applied]:
        return [Noted(path.name) for path in self.root.rglob("*") if path.is_file()]

    def submissions(self) -> Sequence[object]:
        return []


class FormFarEnd(HttpFarEnd):
    """The council's online form."""

    def __init__(self, form: LadoForm) -> None:
        super().__init__(form)

    def habits(self) -> dict[Habit, Act]:
        form = self.sandbox.gateway

        def submits() -> None:
            form.submits_on_change = form.submits_on_enter = True

        return {
            Habit.SUBMITS_BY_ITSELF: submits,
            Habit.FIELD_RENAMED: lambda: form.renamed.update({FORM_FIELD: "somebody_else"}),
            Habit.FIELD_REMOVED: lambda: setattr(form, "removed", frozenset({FORM_FIELD})),
            Habit.FIELD_ADDED: lambda: setattr(form, "added", frozenset({NEW_FORM_FIELD})),
        }

    def submissions(self) -> Sequence[object]:
        found: Sequence[object] = self.sandbox.submissions()
        return found
