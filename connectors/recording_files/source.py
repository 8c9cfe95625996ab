"""The drop folder as a source of incidents: exports are read, stored, and moved aside with a receipt.

The folder is the cursor: `pull` yields every file that was not yet stored, whatever `since` says, because exports
overlap anyway and the ledger knows what it has. Stored files stay in `processed/`; with the waiting ones they are
what `index` and `get` read, each time anew, so that the claim rests on the files and not on our own notes.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from stat import S_ISREG
from typing import Any

from config.settings import RecordingSettings
from connectors.errors import Misconfigured, NotApplied, Unreachable
from connectors.needed import needed
from connectors.printable import printable
from connectors.protocols import Health, Index, IndexRow, SourceAnswer, SourcePage, SourceRecord
from connectors.recording_files.comma_separated import read_csv
from connectors.recording_files.drop_folder import (
    PROCESSED,
    SETTING,
    UNREADABLE,
    DropFolder,
    Dropped,
    Waiting,
    fault_of,
)
from connectors.recording_files.table import HalfWritten, NoTable, Table, groups
from connectors.recording_files.workbook import read_xlsx
from mappings.field_map import Outline, Unreadable, load_map
from mappings.uk_time import latest_alike, uk_day

DEFAULT_MAP = "spreadsheet"
MAP_SETTING = "BRIDGE_RECORDING__FIELD_MAP"

_RECENT = timedelta(seconds=2)
_SECOND_LOOK_SECONDS = 0.25
_PATIENCE = timedelta(hours=1)
_MOST_QUARANTINED = 32 * 1024 * 1024
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_BUSY = "is still being written"
_LOCKED = "is locked by another program"
_NO_FILE = "is no file, or a link that leads nowhere"

Item = dict[str, Any]


@dataclass(frozen=True, repr=False)
class Export:
    """A complete file, read: its items, the home of each, its counts.

    A home is None where an item names none, or is damaged and names one that no whole report does.
    """

    file: Dropped
    items: Sequence[Item]
    homes_of: Sequence[str | None]
    rows: int
    is_table: bool

    @property
    def homes(self) -> frozenset[str]:
        """The homes that the file names."""
        return frozenset(home for home in self.homes_of if home is not None)

    def items_of(self, home_id: str) -> list[Item]:
        """The items of one home. Those without a home go to the first home that the file names."""
        first = min(self.homes, default=home_id)
        return [item for item, home in zip(self.items, self.homes_of, strict=True) if (home or first) == home_id]


@dataclass
class _Sending:
    """A file whose pages are on their way to the ledger for one home."""

    export: Export
    home_id: str
    pages: int
    stored: set[int] = field(default_factory=set)


class RecordingFiles:
    """A drop folder of CSV and XLSX files, as the settings describe it.

    `clock` and `pause` are passed in so that tests set them. Raises ConfigurationError for a missing folder setting
    or a wrong map, Misconfigured for a map that is not for spreadsheets.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder = DropFolder(Path(needed(settings.folder, SETTING, "the folder where the exports are dropped")))
        self.field_map = settings.field_map or DEFAULT_MAP
        self._map = load_map(self.field_map)
        if not self._map.is_for_rows:
            raise Misconfigured(
                f"{MAP_SETTING} is '{self.field_map}', a map for JSON; the drop folder needs one whose layout is "
                f"'rows', such as '{DEFAULT_MAP}'.",
                setting=MAP_SETTING,
            )
        self._page_size = settings.page_size
        self._clock = clock
        self._pause = pause
        self._sending: dict[str, _Sending] = {}
        self._latest: tuple[object, dict[str, dict[str, tuple[Outline, Item]]]] | None = None
        self.waiting: tuple[Waiting, ...] = ()
        """Files that the last look left for the next time, with the reason."""

    def check(self) -> Health:
        """Whether the folder can be read and files be moved aside; names what waits. Writes nothing."""
        try:
            exports = list(self._exports(self.folder.listing()))
            self._name_missing_homes(exports)
        except Misconfigured as why:
            return Health(False, why.message, why.setting)
        except Unreachable as why:
            return Health(False, why.message, SETTING, reachable=False)
        root = self.folder.root
        if not _is_writable(root):
            sentence = f"{SETTING}: files in {root} cannot be moved to {PROCESSED}; allow this account to write there."
            return Health(False, sentence, SETTING)
        left = "".join(f"; {one.name} {one.reason}" for one in self.waiting)
        return Health(True, f"The drop folder {root} can be read: {len(exports)} file(s) to take{left}.")

    def pull(self, home_id: str, since: datetime) -> Iterator[SourcePage]:
        """Pages of every file that is not yet stored, oldest file first. `since` is not used: the folder is the cursor.

        Raises Misconfigured or Unreachable where the folder cannot be read, and, when all others have been read,
        NotApplied naming the files that could not be read or moved aside. One that is still being written is left.
        """
        del since
        for export in self._exports([*self.folder.rewritten(), *self.folder.listing()]):
            if export.homes and (home_id not in export.homes or home_id in self.folder.homes_done(export.file.sha256)):
                continue
            items = export.items_of(home_id)
            starts = range(0, max(len(items), 1), self._page_size)
            token = f"{export.file.sha256}:{home_id}"
            self._sending[token] = _Sending(export, home_id, len(starts))
            for number, start in enumerate(starts):
                yield SourcePage(items[start : start + self._page_size], number + 1, receipt=f"{token}:{number}")
        held_up = [one for one in self.waiting if one.reason != _BUSY]
        if held_up:
            raise NotApplied(f"The drop folder {self.folder.root} is not done: {_named(held_up)}; see to these files.")

    def stored(self, page: SourcePage) -> None:
        """The page is in the ledger: with a file's last page the file is moved aside. What cannot be moved is named."""
        token, _, number = (page.receipt or "").rpartition(":")
        sending = self._sending.get(token)
        if sending is None:
            return
        sending.stored.add(int(number))
        if len(sending.stored) == sending.pages:
            del self._sending[token]
            try:
                self._finish(sending.export, sending.home_id)
            except OSError:
                if os.path.lexists(sending.export.file.path):  # or another run was quicker
                    self._leave(sending.export.file.path, "is stored but could not be moved aside")

    def index(self, home_id: str, start: date, end: date) -> Index:
        """What the folder's files, stored and waiting, say of a home: the latest state of each report.

        The claim ends on the day of the newest file. Raises NotApplied where a file could not be read or none
        reaches the range: then nothing can be said.
        """
        reports, covered = self._reports(home_id)
        if covered is None or covered < start:
            reach = "holds no file yet" if covered is None else f"holds no file newer than {covered}"
            raise NotApplied(f"The drop folder {reach}, so nothing can be said from {start}; deliver a newer export.")
        rows = []
        for outline, _ in reports.values():
            row = _index_row(outline, home_id)
            if row is not None and start <= row.occurred_on <= end:
                rows.append(row)
        return Index(home_id, start, min(end, covered), tuple(sorted(rows, key=lambda row: row.incident_id)))

    def get(self, home_id: str, incident_id: str) -> SourceRecord:
        """The latest state of one report that any file holds. Raises as `index` does where a file cannot be read."""
        reports, _ = self._reports(home_id)
        found = reports.get(incident_id)
        return SourceRecord(SourceAnswer.GONE) if found is None else SourceRecord(SourceAnswer.FOUND, found[1])

    # ---- reading files -----------------------------------------------------------------------------------------

    def _exports(self, listed: Sequence[tuple[Path, Any]]) -> Iterator[Export]:
        """The complete ones of the listed files, read. The others are put into `waiting`."""
        self.waiting = ()
        now = self._clock()
        if any(datetime.fromtimestamp(stat.st_mtime, UTC) > now - _RECENT for _, stat in listed):
            self._pause(_SECOND_LOOK_SECONDS)
        for path, stat in listed:
            if not S_ISREG(stat.st_mode):
                self._leave(path, _NO_FILE)
                continue
            try:
                after = path.stat()
                still = (after.st_size, after.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
                file = self.folder.read(path) if still else None
                if file is None:
                    raise HalfWritten
                # A stamp that lies ahead is from a wrong clock, and says as little of a file that is being written.
                export = self._export(file, patient=abs(now - file.modified_at) > _PATIENCE)
            except HalfWritten:
                self._leave(path, _BUSY)
            except PermissionError:
                self._leave(path, _LOCKED)
            except FileNotFoundError:
                continue  # taken by another run a moment ago
            except OSError as why:
                raise fault_of(why, self.folder.root) from None
            else:
                yield export

    def _name_missing_homes(self, exports: Sequence[Export]) -> None:
        """Name the files that some homes have stored and others, perhaps unknown here, have not."""
        for export in exports:
            done = self.folder.homes_done(export.file.sha256)
            if done and export.homes - done:
                self._leave(export.file.path, f"waits for home {', '.join(sorted(export.homes - done))}")

    def _leave(self, path: Path, reason: str) -> None:
        self.waiting = (*self.waiting, Waiting(printable(path.name), reason))

    def _export(self, file: Dropped, *, patient: bool) -> Export:
        try:
            table = self._table(file, patient=patient)
        except NoTable as why:
            return Export(file, [_whole(file, why.fields)], [None], 0, is_table=False)
        items: list[Item] = []
        homes: list[str | None] = []
        for group in groups(table, self._map):
            item: Item = {"rows": list(group.rows), "@file": file.name, "@modifiedAt": file.modified_at.isoformat()}
            if group.damaged:
                item["@damaged"] = list(group.damaged)
            identity = self._map.identify(item)
            item["@version"] = _version_at(identity.modified_at, file.modified_at)
            items.append(item)
            homes.append(identity.home_id)
        named = {home for home, item in zip(homes, items, strict=True) if "@damaged" not in item}
        homes = [home if home in named else None for home in homes]
        return Export(file, items, homes, len(table.rows), is_table=True)

    def _table(self, file: Dropped, *, patient: bool) -> Table:
        kind = file.path.suffix.lower()
        if kind in (".xlsx", ".xlsm"):
            return read_xlsx(file.raw, self._map, patient=patient)
        if kind in (".csv", ".tsv", ".txt"):
            return read_csv(file.raw, self._map, patient=patient)
        raise NoTable

    # ---- moving files aside ------------------------------------------------------------------------------------

    def _finish(self, export: Export, home_id: str) -> None:
        """Move the file aside once every home that it names has stored its part. Raises OSError."""
        try:
            file = self.folder.read(export.file.path)
        except FileNotFoundError:
            return  # another run was quicker
        if file is None or file.sha256 != export.file.sha256:
            return  # it grew meanwhile: what is new is read next time
        done = {*self.folder.homes_done(file.sha256), home_id}
        if export.homes - done:
            self.folder.note_homes(file.sha256, done)
            return
        counted = self._export(file, patient=True)
        receipt = {
            "outcome": "stored" if counted.is_table else "unreadable: no table that the field map knows",
            "rows": counted.rows,
            "reports": len(counted.items) if counted.is_table else 0,
            "unreadable": sum(not self._is_readable(item) for item in counted.items),
            "field_map": f"{self._map.name} {self._map.version}",
            "processed_at": self._clock().isoformat(),
        }
        self.folder.set_aside(file, PROCESSED if counted.is_table else UNREADABLE, receipt)

    def _is_readable(self, item: Mapping[str, Any]) -> bool:
        try:
            self._map.read(item)
        except Unreadable:
            return False
        return True

    # ---- what the files claim ----------------------------------------------------------------------------------

    def _reports(self, home_id: str) -> tuple[dict[str, tuple[Outline, Item]], date | None]:
        """The latest state of each of the home's reports, and the last day that the files can speak of."""
        listed = [*self.folder.processed(), *self.folder.listing()]
        listed.sort(key=lambda one: (one[1].st_mtime_ns, one[0].name))
        state = tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in listed)
        if self._latest is None or self._latest[0] != state:
            self._latest = (state, self._read_all(listed))
        reports = self._latest[1].get(home_id, {})
        days = [uk_day(datetime.fromtimestamp(stat.st_mtime, UTC)) for _, stat in listed]
        days += [uk_day(outline.occurred_at) for outline, _ in reports.values() if outline.occurred_at is not None]
        return reports, max(days, default=None) if listed else None

    def _read_all(self, listed: Sequence[tuple[Path, Any]]) -> dict[str, dict[str, tuple[Outline, Item]]]:
        latest: dict[str, dict[str, tuple[Outline, Item]]] = {}
        for export in self._exports(listed):
            for item in export.items if export.is_table else ():
                outline = self._map.outline(item)
                if outline.home_id is None or outline.source_id is None:
                    continue
                held = latest.setdefault(outline.home_id, {}).get(outline.source_id)
                if held is None or _order(outline, item) >= _order(*held):
                    latest[outline.home_id][outline.source_id] = (outline, item)
        if self.waiting:
            raise NotApplied(
                f"The drop folder cannot be read as a whole ({_named(self.waiting)}), so nothing is concluded from it "
                "yet."
            )
        return latest


def _named(waiting: Sequence[Waiting]) -> str:
    return "; ".join(f"{one.name} {one.reason}" for one in waiting)


def _whole(file: Dropped, fields: Sequence[str]) -> Item:
    """A file that is no table, whole, as one item that the map will refuse."""
    item: Item = {"sha256": file.sha256, "size": file.size, "@file": file.name, "@unreadable": list(fields)}
    if file.size <= _MOST_QUARANTINED:
        item["content"] = base64.b64encode(file.raw).decode("ascii")
    return item


def _version_at(changed: datetime | None, exported: datetime) -> int:
    """A version for exports that have none: it rises with the time of the report, or of its file.

    Of a time of change that happens twice the file's own says how late it may have been: what was changed again after
    the clocks went back is not older than what was changed before.
    """
    at = exported if changed is None else changed
    if changed is not None and latest_alike(changed) != changed:
        at = min(max(changed, exported), latest_alike(changed) + _MINUTE)
    return max(1, int((at - _EPOCH).total_seconds()))


def _order(outline: Outline, item: Item) -> tuple[int, int]:
    return item["@version"], outline.version or 0


def _index_row(outline: Outline, home_id: str) -> IndexRow | None:
    happened = outline.occurred_at or outline.created_at or outline.modified_at
    if outline.source_id is None or happened is None:
        return None
    return IndexRow(
        incident_id=outline.source_id,
        number=outline.number or "",
        home_id=home_id,
        status=outline.status or "",
        version=outline.version or 1,
        modified_at=outline.modified_at or happened,
        occurred_on=uk_day(happened),
        child_ids=outline.child_ids,
    )


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)
