"""The other connectors and the other database, end to end: a drop folder, log files, PostgreSQL."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import make_url

from tests.black_box.bridge import Town
from tests.black_box.stories import MARKS, ago, amended, full, minimal
from tests.black_box.wire import Manners

Found = Callable[..., Town]
PERIOD = (ago(20).date().isoformat(), ago(0).date().isoformat())

COLUMNS = (
    "Unit Code", "Report ID", "Revision", "Report Number", "Report Status", "Date Recorded", "Last Amended",
    "Date of Incident", "Time of Incident", "Type of Intervention", "Reasons for Intervention", "Account of Incident",
    "YP Ref", "YP Name", "YP Involvement", "Mosaic ID", "A Column Nobody Knows",
)  # fmt: skip


def row(number: int, when: datetime, child: tuple[str, str, object], **changes: Any) -> dict[str, Any]:
    """One line of a product's export."""
    day, year = f"{when:%d/%m/%Y}", when.year
    told = f"{day} {when:%H:%M}"
    values: list[Any] = [
        "EXH", f"R{number}", "1", f"EXH-{year}-{number:04}", "Awaiting sign off", told, told, day, f"{when:%H:%M}",
        "Physical intervention", "Risk of injury to self; Other", "=HYPERLINK(1) flumoxtext", child[0], child[1],
        "Held", child[2], "?",
    ]  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True)) | {name.replace("_", " "): value for name, value in changes.items()}


def as_csv(path: Path, rows: list[dict[str, Any]], *, encoding: str = "utf-8", delimiter: str = ",") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    rest(path)


def as_book(path: Path, rows: list[dict[str, Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for one in rows:
        sheet.append([("'" + v if isinstance(v, str) and v.startswith("=") else v) for v in one.values()])
    book.save(path)
    rest(path)


def rest(path: Path) -> None:
    """The file was finished a while ago."""
    long_ago = time.time() - 600
    os.utime(path, (long_ago, long_ago))


def test_postgresql_carries_the_same_story(found: Found, postgres: str) -> None:
    import psycopg

    name = f"black_box_{ago().strftime('%H%M%S')}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    url = make_url(postgres).set(database=name).render_as_string(hide_password=False)
    town = found(mail=False, BRIDGE_LEDGER_URL=url)
    first = full(1, ago(2))
    town.recording.put(first, minimal(2, ago(2, 1)), minimal(4, ago(2, 2), status="Odd"))
    town.mosaic.storm("hang up", lambda asked: asked.method == "POST" and "case-notes" in asked.path, after=True)
    town.bridge.sync(code=2)
    town.recording.put(amended(first, narrative="flumoxtext other"))
    town.bridge.sync(code=2)
    found_out = town.bridge.reconcile(*PERIOD, code=2)
    assert (found_out["totals"]["verified"], found_out["totals"]["quarantined"]) == (2, 1)
    assert len(town.mosaic.notes) == 3
    assert town.bridge.json("audit", "verify", code=0)["ok"]
    with psycopg.connect(url) as connection:
        tables = [row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'public'")]
        held = "".join(str(connection.execute(f'select * from "{table}"').fetchall()) for table in tables)  # type: ignore[arg-type]
    assert not [mark for mark in MARKS if mark in held]
    assert f"EXH-{ago(2).year}-0001" in held


def test_a_daily_log_in_files_is_written_once_and_read_back(found: Found, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    town = found(mail=False, BRIDGE_DAILY_LOG__KIND="files", BRIDGE_DAILY_LOG__FOLDER=str(folder))
    del town.bridge.env["BRIDGE_DAILY_LOG__BASE_URL"], town.bridge.env["BRIDGE_DAILY_LOG__API_KEY"]
    first = full(1, ago(2))
    town.recording.put(first, minimal(2, ago(2, minutes=5)))
    town.bridge.sync(code=0)
    town.bridge.sync(code=0)
    town.recording.put(amended(first, location="Garden"))
    town.bridge.sync(code=0)
    found_out = town.bridge.reconcile(*PERIOD)
    assert found_out["totals"]["verified"] == 2, found_out["totals"]
    assert found_out["checked"]["daily_log"] == "checked"
    text = "".join(path.read_text("utf-8-sig") for path in folder.rglob("*.csv"))
    assert text.count("Reference: IB-") == 3
    assert not [mark for mark in ("Zebedee", "Ottoline") if mark in text]


def test_what_was_amended_after_the_clocks_went_back_is_told_although_its_time_looks_earlier(
    found: Found, tmp_path: Path
) -> None:
    """Of an export without versions, what was saved at 01:10 GMT was taken for older than at 01:50 BST, for good."""
    folder, own = tmp_path / "drop", tmp_path / "own.toml"
    folder.mkdir()
    shipped = (Path(__file__).parents[2] / "config/maps/spreadsheet.toml").read_text("utf-8")
    own.write_text(
        shipped.replace('version = "Revision"', 'version = "@version"').replace(
            '"Report ID", "Revision"]', '"Report ID"]'
        )
    )
    town = found(
        mail=False,
        BRIDGE_RECORDING__KIND="files",
        BRIDGE_RECORDING__FOLDER=str(folder),
        BRIDGE_RECORDING__FIELD_MAP=str(own),
    )
    del town.bridge.env["BRIDGE_RECORDING__BASE_URL"], town.bridge.env["BRIDGE_RECORDING__API_KEY"]
    zebedee, held = ("child-1", "Zebedee Quillfeather", 1001), datetime(2025, 10, 25, 22, 5)

    def export(name: str, at: str, **changes: Any) -> None:
        as_csv(folder / name, [row(1, held, zebedee, **changes)])
        seconds = datetime.fromisoformat(at).timestamp()
        os.utime(folder / name, (seconds, seconds))
        town.bridge.sync(code=0)

    export("a.csv", "2025-10-26T00:52:00Z", Last_Amended="26/10/2025 01:50")
    amended_at = {"Last_Amended": "26/10/2025 01:10", "Account_of_Incident": "flumoxtext, and more"}
    export("b.csv", "2025-10-26T01:12:00Z", **amended_at)
    export("c.csv", "2025-10-26T10:12:00Z", **amended_at)
    (note,) = town.mosaic.of(1001)
    assert ["and more" in one["note"] for one in note["appendments"]] == [True]
    town.bridge.reconcile("2025-10-25", "2025-10-26")
    assert len(note["appendments"]) == 1


def test_a_report_of_another_home_is_not_taken_in_where_the_sites_own_map_says_whose_it_is(
    found: Found, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    shipped = (Path(__file__).parents[2] / "config/maps/contract.toml").read_text("utf-8")
    own.write_text(shipped.replace('home_id = "homeId"', 'home_id = "unit"'))
    town = found(mail=False, recording=Manners(ignore_filters=True), BRIDGE_RECORDING__FIELD_MAP=str(own))
    for number, unit in ((1, "EXH"), (2, "NTH")):
        report = minimal(number, ago(2))
        report["unit"] = unit
        del report["homeId"]
        town.recording.put(report)
    town.bridge.sync(code=0)
    assert len(town.mosaic.notes) == len(town.recording.entries()) == 1


def test_the_spreadsheet_in_a_drop_folder_goes_the_whole_way(found: Found, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    town = found(mail=False, BRIDGE_RECORDING__KIND="files", BRIDGE_RECORDING__FOLDER=str(folder))
    del town.bridge.env["BRIDGE_RECORDING__BASE_URL"], town.bridge.env["BRIDGE_RECORDING__API_KEY"]
    zebedee, ottoline = ("child-1", "Zebedee Quillfeather", 1001), ("child-2", "Ottoline Marchbanksy", "1002")
    as_csv(
        folder / "monday.csv",
        [row(1, ago(3), zebedee), row(1, ago(3), ottoline), row(2, ago(2), zebedee, Report_Status="Mislaid")],
        encoding="utf-8-sig",
        delimiter=";",
    )
    as_book(folder / "Tuesday export.xlsx", [row(3, ago(1), ottoline)])
    (folder / "half.csv").write_text("Unit Code,Report ID,Rev", "utf-8")
    (folder / "~$Tuesday export.xlsx").write_bytes(b"lock")
    first = town.bridge.sync(code=2)
    assert (first["pulled"]["new"], first["pulled"]["quarantined"]) == (2, 1), first
    assert (len(town.mosaic.notes), len(town.recording.log)) == (3, 2)
    left = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"monday.csv", "Tuesday export.xlsx"}.isdisjoint(left), "a processed file is moved aside"

    as_csv(folder / "monday again.csv", [row(1, ago(3), zebedee), row(1, ago(3), ottoline)])
    as_csv(folder / "monday.csv", [row(2, ago(2), zebedee), row(4, ago(1), zebedee)])
    second = town.bridge.sync()
    assert second["pulled"]["new"] == 2, second
    assert second["pulled"]["revised"] == 0
    assert (len(town.mosaic.notes), len(town.recording.log)) == (5, 4)
    assert town.bridge.json("quarantine", "list", code=0)["quarantined"] == []
    assert "another child (A)" not in town.mosaic.of(1001)[1]["note"]
    (folder / "half.csv").unlink()
    found_out = town.bridge.reconcile(*PERIOD)
    assert (found_out["totals"]["source"], found_out["totals"]["verified"]) == (4, 4), found_out["totals"]
    assert not [mark for mark in ("Ottoline", "Marchbanksy") if mark in str(town.mosaic.of(1001))]
