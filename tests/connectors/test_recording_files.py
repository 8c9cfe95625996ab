"""The drop folder over real files: what is taken, what is left, what is moved aside, and what the files claim."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from openpyxl import Workbook

from config.errors import ConfigurationError
from config.settings import RecordingSettings, Settings
from connectors.errors import Misconfigured, NotApplied, Unreachable
from connectors.protocols import IncidentSource, SourceAnswer
from connectors.recording_files import connect
from connectors.recording_files.source import RecordingFiles
from mappings.field_map import Unreadable, load_map, raw_fingerprint
from tests.config.conftest import as_an_ordinary_user

SHEET = load_map("spreadsheet")
NOW = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)

COLUMNS = [
    "Unit Code", "Report ID", "Revision", "Report Number", "Report Status", "Date Recorded", "Last Amended",
    "Date of Incident", "Time of Incident", "Type of Intervention", "YP Ref", "YP Name", "Account of Incident",
]  # fmt: skip


def line(number: int = 1, **changes: Any) -> list[Any]:
    """One child's row; keys of `changes` are column names with _ for a space."""
    cells = {
        "Unit Code": "EXH",
        "Report ID": f"R-{number}",
        "Revision": "1",
        "Report Number": f"EXH-2026-{number:04}",
        "Report Status": "Submitted",
        "Date Recorded": "03/11/2026 15:00",
        "Last Amended": "03/11/2026 16:00",
        "Date of Incident": "03/11/2026",
        "Time of Incident": "14:05",
        "Type of Intervention": "Restraint",
        "YP Ref": "YP-1",
        "YP Name": "Testchild Number1",
        "Account of Incident": "Example account, with a comma",
    }
    cells |= {name.replace("_", " "): cell for name, cell in changes.items()}
    return [cells[column] for column in COLUMNS]


def text(*lines: list[Any], delimiter: str = ",", end: str = "\r\n") -> str:
    quoted = (delimiter.join('"' + str(cell).replace('"', '""') + '"' for cell in cells) for cells in (COLUMNS, *lines))
    return "".join(f"{one}{end}" for one in quoted)


def workbook(*lines: list[Any], above: Iterable[list[Any]] = (), first_sheet: str | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if first_sheet is not None:
        sheet.title = first_sheet
        sheet.append(["Read me", "first"])
        sheet = book.create_sheet("Incidents")
    for cells in (*above, COLUMNS, *lines):
        sheet.append(cells)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as packed:
        packed.writestr(name, "no workbook")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    made.mkdir()
    return made


Drop = Callable[..., Path]


@pytest.fixture
def drop(folder: Path) -> Drop:
    def dropped(name: str, content: str | bytes, *, minutes_old: float = 10) -> Path:
        path = folder / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        stamp = (NOW - timedelta(minutes=minutes_old)).timestamp()
        os.utime(path, (stamp, stamp))
        return path

    return dropped


def source(folder: Path, **more: Any) -> RecordingFiles:
    pause = more.pop("pause", lambda _: None)
    return RecordingFiles(RecordingSettings(kind="files", folder=folder, **more), clock=lambda: NOW, pause=pause)


def take(files: RecordingFiles, home: str = "EXH", *, into: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """One whole pull, every page stored."""
    items = [] if into is None else into
    for page in files.pull(home, SINCE):
        items += [dict(item) for item in page.items]
        files.stored(page)
    return items


def take_what_there_is(files: RecordingFiles, said: str) -> list[dict[str, Any]]:
    """One pull that reads all that can be read, and then says what is left."""
    items: list[dict[str, Any]] = []
    with pytest.raises(NotApplied) as caught:
        take(files, into=items)
    assert said in caught.value.message
    assert len(caught.value.message.splitlines()) == 1
    return items


def numbers(items: list[dict[str, Any]]) -> list[str]:
    return [SHEET.read(item).number for item in items]


def receipt(folder: Path, name: str, aside: str = "processed") -> dict[str, Any]:
    return json.loads((folder / aside / f"{name}.receipt.json").read_text("utf-8"))


def waiting(files: RecordingFiles) -> dict[str, str]:
    return {one.name: one.reason for one in files.waiting}


# ---- taking files ----------------------------------------------------------------------------------------------


def test_the_drop_folder_is_an_incident_source(folder: Path) -> None:
    files = connect(Settings(recording=RecordingSettings(kind="files", folder=folder)))
    assert isinstance(files, IncidentSource)
    assert files.field_map == "spreadsheet"


def test_a_file_is_read_stored_and_moved_aside_with_a_receipt(folder: Path, drop: Drop) -> None:
    drop("october.csv", text(line(1), line(1, YP_Ref="YP-2", YP_Name="Testchild Number2"), line(2, YP_Name="")))
    items = take(source(folder))
    assert len(items) == 2
    assert [child.child_id for child in SHEET.read(items[0]).children] == ["YP-1", "YP-2"]
    assert not (folder / "october.csv").exists()
    assert (folder / "processed" / "october.csv").is_file()
    told = receipt(folder, "october.csv")
    assert (told["file"], told["rows"], told["reports"], told["unreadable"]) == ("october.csv", 3, 2, 1)
    assert len(told["sha256"]) == 64
    assert told["processed_at"] == NOW.isoformat()
    assert "Testchild" not in json.dumps(told)
    assert take(source(folder)) == []


def test_nothing_is_moved_before_it_is_stored(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    assert [len(page.items) for page in source(folder).pull("EXH", SINCE)] == [1]
    assert numbers(take(source(folder))) == ["EXH-2026-0001"]


def test_a_file_of_several_pages_is_moved_with_its_last_page(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(*(line(number) for number in range(1, 6))))
    files = source(folder, page_size=2)
    pages = list(files.pull("EXH", SINCE))
    assert [len(page.items) for page in pages] == [2, 2, 1]
    for page in (pages[2], pages[0]):
        files.stored(page)
        assert (folder / "a.csv").exists()
    files.stored(pages[1])
    assert (folder / "processed" / "a.csv").exists()


def test_a_file_without_reports_is_a_good_file(folder: Path, drop: Drop) -> None:
    drop("quiet.csv", text())
    assert take(source(folder)) == []
    assert receipt(folder, "quiet.csv")["reports"] == 0


def test_older_files_come_first(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(2)), minutes_old=10)
    drop("b.csv", text(line(1)), minutes_old=20)
    assert numbers(take(source(folder))) == ["EXH-2026-0001", "EXH-2026-0002"]


def test_a_file_delivered_twice_or_renamed_gives_the_same_reports_and_fingerprints(folder: Path, drop: Drop) -> None:
    content = text(line(1), line(2, YP_Name=""))
    drop("a.csv", content)
    first = take(source(folder))
    drop("a.csv", content, minutes_old=5)
    again = take(source(folder))
    drop("a copy.csv", content, minutes_old=1)
    copy = take(source(folder))
    assert (
        [raw_fingerprint(one) for one in first]
        == [raw_fingerprint(one) for one in again]
        == [raw_fingerprint(one) for one in copy]
    )
    assert sorted(path.name for path in (folder / "processed").glob("*.csv")) == ["a copy.csv", "a.csv"]


def test_the_same_name_with_other_content_is_read_and_kept_beside_the_first(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    take(source(folder))
    drop("a.csv", text(line(2)))
    assert numbers(take(source(folder))) == ["EXH-2026-0002"]
    assert len(list((folder / "processed").glob("a*.csv"))) == 2
    assert len(list((folder / "processed").glob("a*.receipt.json"))) == 2


def test_a_crash_between_receipt_and_move_is_harmless(
    folder: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop("a.csv", text(line(1)))
    real = os.replace

    def dies(old: Any, new: Any) -> None:
        if Path(old) == path:
            raise OSError(5, "power cut")
        real(old, new)

    monkeypatch.setattr(os, "replace", dies)
    files = source(folder)
    assert numbers(take_what_there_is(files, "a.csv is stored but could not be moved aside")) == ["EXH-2026-0001"]
    monkeypatch.undo()
    assert numbers(take(source(folder))) == ["EXH-2026-0001"]
    assert (folder / "processed" / "a.csv").exists()


def test_each_home_takes_its_own_part_of_a_file_before_it_is_moved(folder: Path, drop: Drop) -> None:
    drop("both.csv", text(line(1), line(2, Unit_Code="OTH"), line(3)))
    assert numbers(take(source(folder), "OTH")) == ["EXH-2026-0002"]
    assert (folder / "both.csv").exists()
    assert take(source(folder), "OTH") == []
    assert "both.csv waits for home EXH" in source(folder).check().sentence
    assert numbers(take(source(folder), "EXH")) == ["EXH-2026-0001", "EXH-2026-0003"]
    assert (folder / "processed" / "both.csv").exists()
    assert take(source(folder), "THIRD") == []


# ---- files that are not ready ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["~$october.xlsx", "october.csv.tmp", "october.xlsx.part", ".october.csv", "Thumbs.db", "october.crdownload"],
)
def test_another_programs_file_at_work_is_not_touched(folder: Path, drop: Drop, name: str) -> None:
    path = drop(name, text(line(1)))
    files = source(folder)
    assert take(files) == []
    assert path.exists()
    assert files.waiting == ()


WHOLE = text(line(1), line(2))


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("a.csv", WHOLE[:-40]),
        ("a.csv", WHOLE[: len(WHOLE) - 12]),
        ("a.csv", WHOLE[:60]),
        ("a.csv", ""),
        ("a.csv", text(line(1, Account_of_Incident="caf\u00e9")).encode("utf-8")[:-4]),
        ("a.csv", text(line(1)).encode("utf-8") + b"\0" * 200),
        ("a.xlsx", workbook(line(1))[:-300]),
        ("a.xlsx", workbook(line(1))[:900]),
        ("a.xlsx", b"\0" * 900),
        ("a.xlsx", b""),
    ],
)
def test_a_half_written_file_is_left_and_read_when_it_is_whole(folder: Path, drop: Drop, name: str, cut: Any) -> None:
    path = drop(name, cut)
    files = source(folder)
    assert take(files) == []
    assert waiting(files) == {name: "is still being written"}
    assert path.exists()
    drop(name, workbook(line(1)) if name.endswith("xlsx") else text(line(1)))
    assert numbers(take(source(folder))) == ["EXH-2026-0001"]


def test_a_file_that_grows_between_two_looks_is_left(folder: Path, drop: Drop) -> None:
    path = drop("a.csv", text(line(1)), minutes_old=0)

    def writer(_: float) -> None:
        with path.open("ab") as file:
            file.write(text(line(2)).encode("utf-8"))

    files = source(folder, pause=writer)
    assert take(files) == []
    assert waiting(files) == {"a.csv": "is still being written"}


def test_a_file_that_grows_while_it_is_read_is_left(folder: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop("a.csv", text(line(1)))
    real = Path.read_bytes

    def grows(path: Path) -> bytes:
        found = real(path)
        path.write_bytes(found + text(line(2)).encode("utf-8"))
        return found

    monkeypatch.setattr(Path, "read_bytes", grows)
    files = source(folder)
    assert take(files) == []
    assert waiting(files) == {"a.csv": "is still being written"}


def test_a_file_at_rest_is_not_waited_for(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    pauses: list[float] = []
    take(source(folder, pause=pauses.append))
    assert pauses == []


def test_a_file_that_grew_after_it_was_read_stays_for_the_next_time(folder: Path, drop: Drop) -> None:
    path = drop("a.csv", text(line(1)))
    files = source(folder)
    for page in files.pull("EXH", SINCE):
        path.write_text(text(line(1), line(2)), "utf-8", newline="")
        files.stored(page)
    assert path.exists()
    assert numbers(take(source(folder))) == ["EXH-2026-0001", "EXH-2026-0002"]


def test_a_file_that_is_written_to_after_it_was_moved_is_read_again(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    take(source(folder))
    moved = folder / "processed" / "a.csv"
    moved.write_text(text(line(1), line(2)), "utf-8", newline="")
    assert numbers(take(source(folder))) == ["EXH-2026-0001", "EXH-2026-0002"]
    assert receipt(folder, "a.csv")["reports"] == 2
    assert take(source(folder)) == []


def test_a_locked_file_is_left_and_named(folder: Path, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = drop("a.csv", text(line(1)))
    drop("b.csv", text(line(2)))
    real = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(13, "in use")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    files = source(folder)
    assert numbers(take_what_there_is(files, "a.csv is locked by another program")) == ["EXH-2026-0002"]
    assert waiting(files) == {"a.csv": "is locked by another program"}
    assert "a.csv is locked by another program" in files.check().sentence
    with pytest.raises(NotApplied, match=r"a\.csv is locked"):
        files.index("EXH", date(2026, 11, 1), date(2026, 11, 5))


def test_a_line_that_stays_cut_for_an_hour_is_damage(folder: Path, drop: Drop) -> None:
    drop("a.csv", WHOLE[:-80], minutes_old=61)
    items = take(source(folder))
    assert numbers(items[:1]) == ["EXH-2026-0001"]
    with pytest.raises(Unreadable) as caught:
        SHEET.read(items[1])
    assert "rows.0" in caught.value.fields
    assert receipt(folder, "a.csv")["unreadable"] == 1


def test_a_stamp_that_lies_ahead_does_not_make_a_cut_line_wait_for_that_day(folder: Path, drop: Drop) -> None:
    drop("a.csv", WHOLE[:-80], minutes_old=-600)
    take(source(folder))
    assert receipt(folder, "a.csv")["unreadable"] == 1


# ---- odd files and names, and a folder that does not let itself be written ---------------------------------------


def test_a_name_that_is_no_utf8_holds_up_neither_its_file_nor_the_newer_ones(folder: Path, drop: Drop) -> None:
    odd = os.fsdecode(b"K\xe4se.csv")
    drop(odd, text(line(1)), minutes_old=20)
    drop("b.csv", text(line(2)))
    assert numbers(take(source(folder))) == ["EXH-2026-0001", "EXH-2026-0002"]
    assert receipt(folder, odd)["file"] == odd
    assert sorted(path.name for path in folder.iterdir()) == ["processed"]


@pytest.mark.parametrize("kind", ["link to nowhere", "link to itself", "pipe"])
def test_what_is_no_file_is_named_and_holds_up_no_other(folder: Path, drop: Drop, kind: str) -> None:
    odd = folder / "a.csv"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to("a.csv" if kind == "link to itself" else "nowhere.csv")
    drop("b.csv", text(line(2)))
    files = source(folder)
    assert numbers(take_what_there_is(files, "a.csv is no file")) == ["EXH-2026-0002"]
    assert "a.csv is no file" in files.check().sentence


def test_a_link_is_moved_so_that_it_still_leads_to_its_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text(text(line(1)), "utf-8")
    (folder / "a.csv").symlink_to("../real.csv")
    take(source(folder))
    assert not (folder / "a.csv").is_symlink()
    assert (folder / "processed" / "a.csv").read_text("utf-8") == (tmp_path / "real.csv").read_text("utf-8")


def test_a_file_that_is_stored_and_cannot_be_moved_is_said(folder: Path, drop: Drop) -> None:
    name = "a\n" + "x" * 240 + ".csv"  # with the receipt's ending it is longer than a name may be
    drop(name, text(line(1)))
    files = source(folder)
    assert numbers(take_what_there_is(files, "is stored but could not be moved aside")) == ["EXH-2026-0001"]


# ---- files that are no table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0 no table", ("file",)),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("file",)),
        ("a.xlsx", b"this is no workbook", ("file",)),
        ("a.csv", b"\x81\x8d\x8f\x90\xff", ("file",)),
        ("a.csv", "Dear all, please find attached", ("file",)),
        ("a.csv", "Colour,Size\r\nred,4\r\n", ("file",)),
        ("a.csv", text(line(1)).replace("Report ID", "Ref"), ("header.Report ID",)),
        ("a.csv", text(line(1)).replace("YP Name", "yp ref"), ("header.yp ref",)),
        ("a.xlsx", zipped("notes.txt"), ("file",)),
    ],
)
def test_a_file_that_is_no_table_is_one_unreadable_item_and_moved_apart(
    folder: Path, drop: Drop, name: str, content: Any, fields: tuple[str, ...]
) -> None:
    path = drop(name, content)
    raw = path.read_bytes()
    (item,) = take(source(folder))
    with pytest.raises(Unreadable) as caught:
        SHEET.read(json.loads(json.dumps(item)))
    assert caught.value.fields == fields
    assert base64.b64decode(item["content"]) == raw
    assert (folder / "unreadable" / name).read_bytes() == raw
    told = receipt(folder, name, "unreadable")
    assert told["outcome"].startswith("unreadable")
    assert (told["reports"], told["unreadable"]) == (0, 1)


def test_an_unreadable_file_blocks_no_other(folder: Path, drop: Drop) -> None:
    drop("a.csv", "nonsense\r\n", minutes_old=20)
    drop("b.csv", text(line(1)))
    items = take(source(folder))
    assert len(items) == 2
    assert numbers(items[1:]) == ["EXH-2026-0001"]


# ---- ways of writing a table -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        text(line(1)).encode("utf-8"),
        text(line(1)).encode("utf-8-sig"),
        text(line(1)).encode("utf-16"),
        text(line(1)).encode("cp1252"),
        text(line(1), end="\n").encode("utf-8"),
        text(line(1), end="\r").encode("utf-8"),
        text(line(1), delimiter=";").encode("utf-8"),
        text(line(1), delimiter="\t").encode("utf-8"),
        text(line(1), delimiter="|").encode("utf-8"),
        ("sep=;\r\n" + text(line(1), delimiter=";")).encode("utf-8"),
        ("Example House\r\nExport of incidents\r\n\r\n" + text(line(1))).encode("utf-8"),
        text(line(1)).strip().encode("utf-8"),
        (text(line(1)) + "\r\n,,,,\r\n").encode("utf-8"),
        text(line(1)).replace('"R-1"', '"=""R-1"""').encode("utf-8"),
        text(line(1)).upper().replace("RESTRAINT", "restraint").encode("utf-8"),
    ],
)
def test_a_csv_is_read_however_it_was_written(folder: Path, drop: Drop, content: bytes) -> None:
    drop("a.csv", content)
    (item,) = take(source(folder))
    incident = SHEET.read(item)
    assert (incident.incident_id, incident.narrative.casefold()) == ("R-1", "example account, with a comma")


def test_the_letters_of_an_old_windows_file_are_kept(folder: Path, drop: Drop) -> None:
    drop(
        "a.csv",
        text(line(1, YP_Name="Zo\u00eb Testchild", Account_of_Incident="\u00a35 \u2018note\u2019")).encode("cp1252"),
    )
    (item,) = take(source(folder))
    incident = SHEET.read(item)
    assert (incident.children[0].name, incident.narrative) == ("Zo\u00eb Testchild", "\u00a35 \u2018note\u2019")


def test_a_cell_may_hold_line_breaks_quotes_and_ten_megabytes(folder: Path, drop: Drop) -> None:
    story = 'He said "no",\nthen left. ' * 420_000
    drop("a.csv", text(line(1, Account_of_Incident=story)))
    (item,) = take(source(folder))
    assert SHEET.read(item).narrative == story.strip()


def test_cells_beyond_the_header_mean_that_the_row_is_shifted(folder: Path, drop: Drop) -> None:
    unquoted = ",".join(str(cell) for cell in line(2))  # the account's own comma is not quoted
    drop("a.csv", text(line(1)) + unquoted + "\r\n")
    first, second = take(source(folder))
    assert numbers([first]) == ["EXH-2026-0001"]
    with pytest.raises(Unreadable) as caught:
        SHEET.read(second)
    assert caught.value.fields == ("rows.0",)


def test_a_row_broken_in_two_by_a_line_break_is_not_understood_in_part(folder: Path, drop: Drop) -> None:
    unquoted = ",".join(str(cell) for cell in line(2, Account_of_Incident="began")[:-2]) + "\r\nand went on,YP\r\n"
    drop("a.csv", text(line(1)) + unquoted)
    items = take(source(folder))
    assert numbers(items[:1]) == ["EXH-2026-0001"]
    for item in items[1:]:
        with pytest.raises(Unreadable):
            SHEET.read(item)
    assert len(items) == 3
    assert (folder / "processed" / "a.csv").exists()


# ---- workbooks -------------------------------------------------------------------------------------------------


def test_a_workbook_is_read_with_its_typed_cells(folder: Path, drop: Drop) -> None:
    typed = line(
        1,
        Revision=3,
        Date_Recorded=datetime(2026, 11, 3, 15, 0),
        Last_Amended=datetime(2026, 11, 3, 16, 0, 30),
        Date_of_Incident=date(2026, 11, 3),
        Time_of_Incident=datetime(2026, 11, 3, 14, 5).time(),
        YP_Ref=17,
    )
    drop("a.xlsx", workbook(typed, above=[["Example House"], []], first_sheet="Notes"))
    (item,) = take(source(folder))
    assert json.loads(json.dumps(item)) == item
    incident = SHEET.read(item)
    assert (incident.version, incident.children[0].child_id) == (3, "17")
    assert incident.occurred_at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert incident.modified_at == datetime(2026, 11, 3, 16, 0, 30, tzinfo=UTC)


def test_a_formula_gives_its_kept_value_and_without_one_its_field_is_unreadable(folder: Path, drop: Drop) -> None:
    formula = '="Example" & " account"'
    drop("never-calculated.xlsx", workbook(line(1, Account_of_Incident=formula), line(2)), minutes_old=20)
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(1, 0, line(1))
        sheet.write_formula(1, COLUMNS.index("Account of Incident"), formula, None, "Example account")
    drop("calculated.xlsx", out.getvalue())
    never, second, calculated = take(source(folder))
    with pytest.raises(Unreadable) as caught:
        SHEET.read(never)
    assert caught.value.fields == ("Account of Incident",)
    assert numbers([second]) == ["EXH-2026-0002"]
    assert SHEET.read(calculated).narrative == "Example account"


def test_an_error_in_a_cell_is_an_unreadable_field(folder: Path, drop: Drop) -> None:
    drop("a.xlsx", workbook(line(1, Account_of_Incident="#REF!")))
    (item,) = take(source(folder))
    with pytest.raises(Unreadable) as caught:
        SHEET.read(item)
    assert caught.value.fields == ("Account of Incident",)


# ---- what the files claim --------------------------------------------------------------------------------------


def test_the_index_lists_the_latest_state_of_each_report_stored_or_waiting(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1), line(2), line(9, Unit_Code="OTH")), minutes_old=50)
    take(source(folder))
    take(source(folder), "OTH")
    amended = line(2, Revision="2", Report_Status="Void", Last_Amended="04/11/2026 09:00")
    drop("b.csv", text(line(3, Date_of_Incident="20/10/2026"), amended))
    index = source(folder).index("EXH", date(2026, 11, 1), date(2026, 11, 5))
    assert [(row.incident_id, row.version, row.status) for row in index.rows] == [
        ("R-1", 1, "Submitted"),
        ("R-2", 2, "Void"),
    ]
    assert (index.rows[0].number, index.rows[0].occurred_on, index.rows[0].child_ids) == (
        "EXH-2026-0001",
        date(2026, 11, 3),
        ("YP-1",),
    )


def test_an_older_export_that_arrives_late_does_not_turn_the_index_back(folder: Path, drop: Drop) -> None:
    drop("new.csv", text(line(1, Revision="2", Last_Amended="04/11/2026 09:00")), minutes_old=50)
    drop("old.csv", text(line(1)), minutes_old=10)
    files = source(folder)
    (row,) = files.index("EXH", date(2026, 11, 1), date(2026, 11, 5)).rows
    assert row.version == 2
    assert SHEET.read(dict(files.get("EXH", "R-1").item or {})).version == 2


def test_a_report_that_is_not_understood_is_still_in_the_index(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1, Type_of_Intervention="Cuddle")))
    (row,) = source(folder).index("EXH", date(2026, 11, 1), date(2026, 11, 5)).rows
    assert (row.incident_id, row.number, row.occurred_on) == ("R-1", "EXH-2026-0001", date(2026, 11, 3))


def test_the_claim_ends_where_the_newest_file_ends(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)), minutes_old=24 * 60)
    index = source(folder).index("EXH", date(2026, 11, 1), date(2026, 11, 30))
    assert (index.start, index.end) == (date(2026, 11, 1), date(2026, 11, 4))


def test_nothing_is_claimed_where_no_file_reaches(folder: Path, drop: Drop) -> None:
    with pytest.raises(NotApplied, match="holds no file yet"):
        source(folder).index("EXH", date(2026, 11, 1), date(2026, 11, 5))
    drop("a.csv", text(line(1)), minutes_old=24 * 60)
    with pytest.raises(NotApplied, match="no file newer than 2026-11-04"):
        source(folder).index("EXH", date(2026, 11, 5), date(2026, 11, 6))


def test_nothing_is_claimed_while_a_file_is_half_written(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    drop("b.csv", WHOLE[:-40])
    with pytest.raises(NotApplied, match=r"b\.csv is still being written"):
        source(folder).index("EXH", date(2026, 11, 1), date(2026, 11, 5))


def test_one_report_is_found_or_gone(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1), line(2, Unit_Code="OTH")))
    files = source(folder)
    found = files.get("EXH", "R-1")
    assert found.answer is SourceAnswer.FOUND
    assert numbers([dict(found.item or {})]) == ["EXH-2026-0001"]
    assert files.get("EXH", "R-2").answer is SourceAnswer.GONE
    drop("b.csv", text(line(3)))
    assert files.get("EXH", "R-3").answer is SourceAnswer.FOUND


def test_a_folder_that_may_not_be_looked_into_is_named(folder: Path) -> None:
    folder.chmod(0)

    def refusal() -> str:
        with pytest.raises(Misconfigured) as caught:
            list(source(folder).pull("EXH", SINCE))
        return str(caught.value)

    said = as_an_ordinary_user(refusal, folder.parent)
    folder.chmod(0o755)

    assert "BRIDGE_RECORDING__FOLDER names" in said
    assert "mend its permissions" in said


UNSTAMPED = """
name = "unstamped"
version = 1
layout = "rows"
[rows]
key = ["Report ID"]
[codes.Intervention]
"Restraint" = "Restrictive"
[styles]
date = ["%d/%m/%Y"]
moment = ["%d/%m/%Y %H:%M"]
[incident]
incident_id = "Report ID"
number = "Report Number"
home_id = { constant = "EXH" }
status = "Report Status"
version = "@version"
created_at = "Date Recorded"
modified_at = "@modifiedAt"
occurred_at = { date = "Date of Incident", time = "Time of Incident" }
intervention = "Type of Intervention"
narrative = "Account of Incident"
[children]
each = "row"
fields = { child_id = "YP Ref", name = "YP Name" }
"""


def test_an_export_without_stamps_is_dated_by_its_file_the_same_at_every_reading(folder: Path, drop: Drop) -> None:
    own = folder.parent / "unstamped.toml"
    own.write_text(UNSTAMPED, "utf-8")
    field_map = load_map(own)
    drop("a.csv", text(line(1)), minutes_old=50)
    drop("b.csv", text(line(1, Account_of_Incident="Amended")), minutes_old=10)
    files = source(folder, field_map=str(own))
    (before,) = files.index("EXH", date(2026, 11, 1), date(2026, 11, 5)).rows
    first, second = (field_map.read(item) for item in take(files))
    (after,) = source(folder, field_map=str(own)).index("EXH", date(2026, 11, 1), date(2026, 11, 5)).rows
    assert first.modified_at == NOW - timedelta(minutes=50)
    assert (first.modified_at, first.version) < (second.modified_at, second.version)
    assert before == after
    assert (after.modified_at, after.version) == (second.modified_at, second.version)


# ---- the folder itself -----------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    files = source(tmp_path / "nowhere")
    for asked in (lambda: take(files), lambda: files.index("EXH", date(2026, 11, 1), date(2026, 11, 5))):
        with pytest.raises(Misconfigured) as caught:
            asked()
        assert caught.value.setting == "BRIDGE_RECORDING__FOLDER"
    health = files.check()
    assert (health.ok, health.setting) == (False, "BRIDGE_RECORDING__FOLDER")
    assert "BRIDGE_RECORDING__FOLDER" in health.sentence


def test_a_file_in_place_of_the_folder_is_the_same_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Misconfigured):
        take(source(tmp_path / "file"))


def test_a_share_that_does_not_answer_is_unreachable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(_: Path) -> Any:
        raise OSError(116, "stale file handle")

    files = source(folder)
    monkeypatch.setattr(Path, "iterdir", stale)
    with pytest.raises(Unreachable):
        take(files)
    assert not files.check().reachable


def test_a_good_folder_is_healthy_and_checking_writes_nothing(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    health = source(folder).check()
    assert health.ok
    assert "1 file" in health.sentence
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv"]


def test_a_missing_setting_or_a_map_for_json_is_named() -> None:
    with pytest.raises(ConfigurationError, match="BRIDGE_RECORDING__FOLDER"):
        RecordingFiles(RecordingSettings(kind="files"))
    with pytest.raises(Misconfigured) as caught:
        RecordingFiles(RecordingSettings(kind="files", folder=Path(), field_map="contract"))
    assert caught.value.setting == "BRIDGE_RECORDING__FIELD_MAP"


def test_nothing_that_was_dropped_shows_in_a_repr(folder: Path, drop: Drop) -> None:
    drop("a.csv", text(line(1)))
    page = next(iter(source(folder).pull("EXH", SINCE)))
    assert "Testchild" not in repr(page) + repr(source(folder)) + repr(source(folder).get("EXH", "R-1"))
