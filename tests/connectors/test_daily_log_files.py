"""The daily log as files: nothing lost, nothing doubled, whoever else writes into the folder."""

from __future__ import annotations

import csv
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from config.errors import ConfigurationError
from config.settings import load_settings
from connectors.daily_log_files import DailyLogFiles, connect
from connectors.daily_log_files import month_file as month_file_module
from connectors.daily_log_files.cells import as_written, neutralised
from connectors.errors import Cause, Misconfigured, NotApplied, Rejected, Uncertain
from connectors.protocols import LogStore, NewEntry

NOW = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)
REFERENCE = "IB-EXH-2026-0001-R1-ABCDEFGHIJKLMNOP"
DAY = date(2026, 11, 3)


def entry(**changes: object) -> NewEntry:
    fields: dict[str, object] = {
        "home_id": "EXH",
        "entry_time": datetime(2026, 11, 3, 14, 5, tzinfo=UTC),
        "category": "Safety intervention",
        "text": f"J.S. was held; see the report.\nReference: {REFERENCE}",
        "reference": REFERENCE,
        "child_ids": ("child-1", "child-2"),
    }
    return NewEntry(**{**fields, **changes})


@pytest.fixture
def log(tmp_path: Path) -> DailyLogFiles:
    return DailyLogFiles(tmp_path, clock=lambda: NOW, lock_seconds=5)


def find(log: DailyLogFiles, reference: str = REFERENCE) -> list[str]:
    return [one.remote_id for one in log.find(reference, home_id="EXH", entry_on=DAY).receipts]


def rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


FILE = "EXH-2026-11.csv"


def test_an_entry_is_a_row_of_its_homes_file_of_the_month(log: DailyLogFiles, tmp_path: Path) -> None:
    receipt = log.create(entry(corrects="log-1"))
    assert rows(tmp_path / FILE) == [
        {
            "entry_id": receipt.remote_id,
            "home_id": "EXH",
            "entry_time": "2026-11-03T14:05:00+00:00",
            "category": "Safety intervention",
            "child_ids": "child-1;child-2",
            "text": entry().text,
            "corrects": "log-1",
            "created_at": "2026-11-03T15:00:00+00:00",
            "created_by": "incident-bridge",
            "reference": REFERENCE,
        }
    ]
    assert (receipt.at, receipt.already_there) == (NOW, False)
    assert (tmp_path / FILE).read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_was_written_is_read_back_equal(log: DailyLogFiles) -> None:
    sent = entry(text='"Quoted", 😀\r\n;=1+1\nReference: IB-X', corrects="log-0")
    receipt = log.create(sent)
    (held,) = log.list("EXH", DAY, DAY)
    assert (held.remote_id, held.home_id, held.entry_time, held.category) == (
        receipt.remote_id,
        sent.home_id,
        sent.entry_time,
        sent.category,
    )
    assert (held.text, held.reference, held.child_ids, held.corrects) == (
        sent.text,
        sent.reference,
        sent.child_ids,
        "log-0",
    )


def test_creating_twice_makes_one_row_and_says_so(log: DailyLogFiles, tmp_path: Path) -> None:
    first = log.create(entry())
    second = log.create(entry())
    assert (second.remote_id, second.already_there) == (first.remote_id, True)
    assert len(rows(tmp_path / FILE)) == 1


def test_find_sees_our_entry_and_no_other(log: DailyLogFiles) -> None:
    receipt = log.create(entry())
    log.create(entry(reference="IB-OTHER", text="Reference: IB-OTHER"))
    log.create(entry(home_id="EXB", reference="IB-B", text="Reference: IB-B"))
    assert find(log) == [receipt.remote_id]
    assert log.find("IB-NONE", home_id="EXH", entry_on=DAY).absent
    assert log.find("IB-B", home_id="EXH", entry_on=DAY).absent


def test_find_goes_by_the_last_line_where_somebody_emptied_the_field(log: DailyLogFiles, tmp_path: Path) -> None:
    receipt = log.create(entry())
    text = (tmp_path / FILE).read_text("utf-8-sig")
    (tmp_path / FILE).write_text(text.replace(f',"{REFERENCE}"', ',""'), "utf-8-sig")
    assert find(log) == [receipt.remote_id]


def test_find_sees_an_entry_that_somebody_moved_to_another_file(log: DailyLogFiles, tmp_path: Path) -> None:
    receipt = log.create(entry())
    (tmp_path / FILE).rename(tmp_path / "EXH old log.csv")
    assert find(log) == [receipt.remote_id]


def test_a_row_that_was_copied_by_hand_is_seen_twice(log: DailyLogFiles, tmp_path: Path) -> None:
    log.create(entry())
    lines = (tmp_path / FILE).read_bytes().split(b"\r\n", 1)
    (tmp_path / FILE).write_bytes(lines[0] + b"\r\n" + lines[1] + lines[1])
    assert len(find(log)) == 2
    assert len(log.list("EXH", DAY, DAY)) == 2


# ---- days and months -------------------------------------------------------------------------------------------


def test_the_month_and_the_day_are_the_uks(log: DailyLogFiles, tmp_path: Path) -> None:
    late = entry(entry_time=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))  # 00:30 on 1 July in the UK
    log.create(late)
    assert (tmp_path / "EXH-2026-07.csv").exists()
    assert len(log.list("EXH", date(2026, 7, 1), date(2026, 7, 1))) == 1
    assert log.list("EXH", date(2026, 6, 1), date(2026, 6, 30)) == []


def test_a_range_includes_both_its_ends_and_is_in_order(log: DailyLogFiles) -> None:
    for day in (5, 1, 3):
        moment = datetime(2026, 11, day, 9, tzinfo=UTC)
        log.create(entry(entry_time=moment, reference=f"IB-{day}", text=f"Reference: IB-{day}"))
    found = log.list("EXH", date(2026, 11, 1), date(2026, 11, 3))
    assert [one.reference for one in found] == ["IB-1", "IB-3"]


def test_both_hours_of_the_doubled_one_stay_apart(log: DailyLogFiles) -> None:
    moments = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    for number, moment in enumerate(moments):
        log.create(entry(entry_time=moment, reference=f"IB-{number}", text=f"Reference: IB-{number}"))
    found = log.list("EXH", date(2026, 10, 25), date(2026, 10, 25))
    assert [one.entry_time for one in found] == moments


@pytest.mark.parametrize("home", ["../up", "a/b", "Example House", "..", "ü", "con:1"])
def test_an_odd_home_id_cannot_leave_the_folder(log: DailyLogFiles, tmp_path: Path, home: str) -> None:
    log.create(entry(home_id=home))
    assert [one.home_id for one in log.list(home, DAY, DAY)] == [home]
    assert len(list(tmp_path.glob("*.csv"))) == 1
    assert log.list("other", DAY, DAY) == []


# ---- formulas --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "＝1", '=HYPERLINK("x")']
)
def test_no_cell_is_a_formula_and_the_text_is_equal_again(log: DailyLogFiles, tmp_path: Path, text: str) -> None:
    log.create(entry(text=text, category=text))
    (row,) = rows(tmp_path / FILE)
    assert row["text"].startswith("'")
    assert row["category"] == row["text"]
    (held,) = log.list("EXH", DAY, DAY)
    assert held.text == text


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_neutralising_a_cell_can_always_be_undone(text: str) -> None:
    cell = neutralised(text)
    assert as_written(cell) == text
    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} or cell == ""


# ---- what people do to the files -------------------------------------------------------------------------------


def test_a_file_saved_by_a_spreadsheet_program_is_read_and_added_to(log: DailyLogFiles, tmp_path: Path) -> None:
    first = log.create(entry(text=f"Zoë – held\nReference: {REFERENCE}"))
    found = rows(tmp_path / FILE)
    columns = ["text", *[column for column in found[0] if column != "text"], "our notes"]
    with (tmp_path / FILE).open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerow({**found[0], "entry_time": "03/11/2026 14:05", "our notes": "seen"})
    second = log.create(entry(reference="IB-2", text="Ünï 😀\nReference: IB-2"))
    held = {one.remote_id: one for one in log.list("EXH", DAY, DAY)}
    assert held[first.remote_id].text == f"Zoë – held\nReference: {REFERENCE}"
    assert held[first.remote_id].entry_time == entry().entry_time
    assert held[second.remote_id].text == "Ünï 😀\nReference: IB-2"


def test_a_missing_line_ending_does_not_glue_rows_together(log: DailyLogFiles, tmp_path: Path) -> None:
    log.create(entry())
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes().rstrip(b"\r\n"))
    log.create(entry(reference="IB-2", text="Reference: IB-2"))
    assert [row["reference"] for row in rows(tmp_path / FILE)] == [REFERENCE, "IB-2"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text + '"open', "quotation mark"),
        (lambda text: text.replace("2026-11-03T14:05:00+00:00", "yesterday"), "date and time"),
        (lambda text: text.replace('"reference"', '"ref."'), "column 'reference'"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_added_to_it(
    log: DailyLogFiles, tmp_path: Path, change, said: str
) -> None:
    log.create(entry())
    path = tmp_path / FILE
    path.write_text(change(path.read_text("utf-8-sig")), "utf-8-sig")
    before = path.read_bytes()
    with pytest.raises(Misconfigured) as caught:
        log.create(entry(reference="IB-2", text="Reference: IB-2"))
    assert caught.value.setting == "BRIDGE_DAILY_LOG__FOLDER"
    assert said in caught.value.message
    assert FILE in caught.value.message
    assert caught.value.__context__ is None
    assert path.read_bytes() == before


def test_what_cannot_be_seen_is_not_absent(log: DailyLogFiles, tmp_path: Path) -> None:
    (tmp_path / "EXH notes.xlsx").write_bytes(b"PK half a workbook")
    with pytest.raises(Misconfigured, match="still being written"):
        log.find(REFERENCE, home_id="EXH", entry_on=DAY)
    with pytest.raises(Misconfigured):
        log.list("EXH", DAY, DAY)


@pytest.mark.parametrize("name", [FILE, "EXH notes.csv"])
@pytest.mark.parametrize("harm", ["a link that leads nowhere", "this user may not", "moved it meanwhile"])
def test_a_file_that_cannot_be_read_is_named_and_never_passed_over(
    log: DailyLogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, harm: str
) -> None:
    """The folder was blamed, which was as it should be; and what a link led to was missing without a word."""
    path = tmp_path / name
    path.write_text("when,text\n", "utf-8")
    if harm == "a link that leads nowhere":
        path.unlink()
        path.symlink_to("/nowhere/november.csv")
    else:
        code = errno.EACCES if harm == "this user may not" else errno.ENOENT
        read = Path.read_bytes

        def refused(self: Path) -> bytes:
            if self.name == name:
                raise OSError(code, "canary")
            return read(self)

        monkeypatch.setattr(Path, "read_bytes", refused)
    calls = [lambda: log.find(REFERENCE, home_id="EXH", entry_on=DAY), lambda: log.list("EXH", DAY, DAY)]
    if name == FILE and harm != "moved it meanwhile":
        calls.append(lambda: log.create(entry()))
    for call in calls:
        with pytest.raises(Misconfigured) as caught:
            call()
        assert f"{path} cannot be read: " in caught.value.message
        assert harm in caught.value.message
        assert caught.value.__context__ is None


# ---- hand-made entries -----------------------------------------------------------------------------------------


def workbook(path: Path, *lines: list[object]) -> None:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    book.save(path)


def test_a_hand_made_file_whose_name_is_no_utf8_is_read_or_named(log: DailyLogFiles, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"EXH n\xe4chtlich\n.csv")))
    odd.write_text("when,text\n03/11/2026 02:15,All quiet.\n", "utf-8")
    assert [one.text for one in log.list("EXH", DAY, DAY)] == ["All quiet."]
    odd.write_text('"open', "utf-8")
    with pytest.raises(Misconfigured) as caught:
        log.list("EXH", DAY, DAY)
    assert caught.value.message.isprintable()


def test_where_a_link_stands_for_the_months_file_the_file_gets_the_entry(tmp_path: Path) -> None:
    real = tmp_path / "share" / "november.csv"
    real.parent.mkdir()
    real.touch()
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / FILE).symlink_to("../share/november.csv")
    DailyLogFiles(folder, clock=lambda: NOW).create(entry())
    assert [row["reference"] for row in rows(real)] == [REFERENCE]


def test_hand_made_workbooks_are_read(log: DailyLogFiles, tmp_path: Path) -> None:
    workbook(
        tmp_path / "EXH night log.xlsx",
        ["Date and Time", "Category", "Children", "Entry", "Written by"],
        [datetime(2026, 11, 3, 2, 15), "Night", "child-1, child-2", "J.S. was held for a while.", "Wendy Worker"],
        [None, None, None, None, None],
        ["03/11/2026 03:00", "Night", 17, "All quiet.", "Wendy Worker"],
    )
    found = log.list("EXH", DAY, DAY)
    assert [(one.entry_time.hour, one.text, one.child_ids, one.created_by) for one in found] == [
        (2, "J.S. was held for a while.", ("child-1", "child-2"), "Wendy Worker"),
        (3, "All quiet.", ("17",), "Wendy Worker"),
    ]
    assert [one.reference for one in found] == [None, None]
    assert log.list("EX", DAY, DAY) == []


def test_hand_made_summer_times_are_uk_wall_clock_times_with_a_column_each_for_date_and_time(
    log: DailyLogFiles, tmp_path: Path
) -> None:
    workbook(
        tmp_path / "logs.xlsx",
        ["Home", "Date", "Time", "Text"],
        ["EXH", datetime(2026, 7, 1), datetime(2026, 7, 1, 14, 5).time(), "Held."],
        ["EXB", datetime(2026, 7, 1), datetime(2026, 7, 1, 14, 5).time(), "Another home's."],
    )
    (found,) = log.list("EXH", date(2026, 7, 1), date(2026, 7, 1))
    assert found.entry_time == datetime(2026, 7, 1, 13, 5, tzinfo=UTC)


def test_a_hand_made_entry_keeps_its_id_when_a_row_is_put_in_above_it(log: DailyLogFiles, tmp_path: Path) -> None:
    path = tmp_path / "EXH.csv"
    path.write_text("when,text\n2026-11-03 02:15,Held\n", "utf-8")
    (before,) = log.list("EXH", DAY, DAY)
    path.write_text("when,text\n2026-11-03 01:00,First\n2026-11-03 02:15,Held\n", "utf-8")
    assert before.remote_id in {one.remote_id for one in log.list("EXH", DAY, DAY)}


@pytest.mark.parametrize(
    ("text", "said"),
    [("when,text\n2026-11-03 02:15,ok\nlast night,Held\n", "row 3"), ("when,what\n2026-11-03 02:15,x\n", "no column")],
)
def test_a_hand_made_row_that_cannot_be_read_is_named_rather_than_left_out(
    log: DailyLogFiles, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "EXH.csv").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=said):
        log.list("EXH", DAY, DAY)


def test_hidden_files_and_locks_of_a_spreadsheet_program_are_not_read(log: DailyLogFiles, tmp_path: Path) -> None:
    (tmp_path / "~$EXH.xlsx").write_bytes(b"lock")
    (tmp_path / ".EXH-2026-11.csv.0.part").write_bytes(b'"half')
    (tmp_path / "readme.txt").write_text("hello")
    assert log.list("EXH", DAY, DAY) == []


# ---- crashes, other writers, the disk --------------------------------------------------------------------------

SCRIPT = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from connectors.daily_log_files import DailyLogFiles, month_file
from connectors.protocols import NewEntry

point, folder, first, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if point == "before":
    month_file.os.fsync = die
if point == "after":
    month_file._sync_folder = die
log = DailyLogFiles(folder, lock_seconds=60)
for number in range(first, first + count):
    reference = f"IB-{number}"
    log.create(NewEntry("EXH", datetime(2026, 11, 3, 14, 5, tzinfo=UTC), "C", f"Reference: {reference}", reference))
"""


def start(point: str, folder: Path, first: int = 0, count: int = 1) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, point, str(folder), str(first), str(count)])


def test_killed_after_the_row_and_before_the_answer_the_look_up_finds_it(log: DailyLogFiles, tmp_path: Path) -> None:
    assert start("after", tmp_path).wait(60) == -signal.SIGKILL
    assert len(find(log, "IB-0")) == 1
    assert log.create(entry(reference="IB-0", text="Reference: IB-0")).already_there


def test_killed_before_the_row_is_whole_nothing_is_there_and_nothing_stays_behind(
    log: DailyLogFiles, tmp_path: Path
) -> None:
    log.create(entry())
    assert start("before", tmp_path).wait(60) == -signal.SIGKILL
    assert find(log, "IB-0") == []
    assert list(tmp_path.glob(".*.part"))
    log.create(entry(reference="IB-0", text="Reference: IB-0"))
    assert list(tmp_path.glob(".*.part")) == []
    assert len(rows(tmp_path / FILE)) == 2


def test_processes_that_write_at_once_lose_and_double_nothing(log: DailyLogFiles, tmp_path: Path) -> None:
    workers = [start("never", tmp_path, first, 20) for first in (0, 10, 20)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    assert sorted(row["reference"] for row in rows(tmp_path / FILE)) == sorted(f"IB-{n}" for n in range(40))


STAFF = '"","EXH","03/11/2026 10:00","Night","","All quiet, {n}.","","","W. Worker",""\r\n'


def staff_write_while_it_is_written(path: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    written, sync = [], os.fsync

    def save(handle: int) -> None:
        sync(handle)
        if len(written) < times:
            written.append(len(written))
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(STAFF.format(n=len(written)))

    monkeypatch.setattr(month_file_module.os, "fsync", save)


@pytest.mark.parametrize("there", [True, False])
def test_what_staff_save_while_an_entry_is_being_added_is_not_written_over(
    log: DailyLogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """An entry of the night was lost for good, and nobody was told."""
    path = tmp_path / FILE
    log.create(entry(reference="IB-1", text="Reference: IB-1"))
    headings = path.read_bytes().split(b"\r\n", 1)[0] + b"\r\n"
    if not there:
        path.rename(tmp_path / "EXH old log.csv")
        monkeypatch.setattr(sys.modules[__name__], "STAFF", headings.decode("utf-8") + STAFF)
    staff_write_while_it_is_written(path, monkeypatch, 1)
    log.create(entry())
    assert {one.reference or one.text for one in log.list("EXH", DAY, DAY)} == {"IB-1", REFERENCE, "All quiet, 1."}
    assert not list(tmp_path.glob(".*.part"))


def test_a_file_that_changes_all_the_time_is_left_for_later(
    log: DailyLogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.create(entry(reference="IB-1", text="Reference: IB-1"))
    with monkeypatch.context() as busy:
        staff_write_while_it_is_written(tmp_path / FILE, busy, 1000)
        with pytest.raises(NotApplied, match=FILE):
            log.create(entry())
    assert find(log) == []
    assert not list(tmp_path.glob(".*.part"))
    assert not log.create(entry()).already_there


def test_a_writer_that_holds_the_file_too_long_makes_us_come_back_later(tmp_path: Path) -> None:
    slow = DailyLogFiles(tmp_path, lock_seconds=0.05)
    with month_file_module.MonthFile(tmp_path / FILE).locked(1), pytest.raises(NotApplied):
        slow.create(entry())
    assert not slow.create(entry()).already_there


@pytest.mark.parametrize(("code", "said"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "may not")])
def test_a_disk_that_refuses_leaves_the_file_as_it_was(
    log: DailyLogFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    log.create(entry())
    before = (tmp_path / FILE).read_bytes()

    def refuse(*_: object) -> int:
        raise OSError(code, "canary of the system")

    monkeypatch.setattr(month_file_module.os, "write", refuse)
    with pytest.raises(Misconfigured, match=said) as caught:
        log.create(entry(reference="IB-2", text="Reference: IB-2"))
    assert "canary" not in caught.value.message
    assert caught.value.__context__ is None
    assert (tmp_path / FILE).read_bytes() == before
    assert list(tmp_path.glob(".*.part")) == []


def test_a_disk_that_does_not_confirm_makes_the_entry_uncertain(
    log: DailyLogFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "canary")

    monkeypatch.setattr(month_file_module, "_sync_folder", refuse)
    with pytest.raises(Uncertain):
        log.create(entry())
    assert len(find(log)) == 1


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_folder_that_is_not_there_is_named_by_every_call(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "log"
    if kind == "file":
        folder.write_text("x")
    log = DailyLogFiles(folder)
    for call in (
        lambda: log.create(entry()),
        lambda: log.find(REFERENCE, home_id="EXH", entry_on=DAY),
        lambda: log.list("EXH", DAY, DAY),
    ):
        with pytest.raises(Misconfigured, match="BRIDGE_DAILY_LOG__FOLDER"):
            call()
    assert (log.check().ok, log.check().setting) == (False, "BRIDGE_DAILY_LOG__FOLDER")


def test_check_leaves_nothing_behind(log: DailyLogFiles, tmp_path: Path) -> None:
    assert log.check().ok
    assert list(tmp_path.iterdir()) == []


def test_check_sees_a_disk_on_which_a_file_can_be_made_but_nothing_written(tmp_path: Path) -> None:
    """A full disk takes an empty file: `doctor` said that all is well, and each sync that the disk is full."""
    script = (
        "import resource, sys; from pathlib import Path; from connectors.daily_log_files import DailyLogFiles\n"
        "log = DailyLogFiles(Path(sys.argv[1])); resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "sys.exit(0 if log.check().ok else 7)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 7
    assert list(tmp_path.iterdir()) == []


def test_the_file_keeps_the_rights_that_staff_gave_it(log: DailyLogFiles, tmp_path: Path) -> None:
    log.create(entry())
    (tmp_path / FILE).chmod(0o664)
    log.create(entry(reference="IB-2", text="Reference: IB-2"))
    assert os.stat(tmp_path / FILE).st_mode & 0o777 == 0o664


def test_connect_takes_the_sites_folder(tmp_path: Path) -> None:
    environ = {"BRIDGE_DAILY_LOG__KIND": "files", "BRIDGE_DAILY_LOG__FOLDER": str(tmp_path)}
    log = connect(load_settings(environ, folder=tmp_path))
    assert isinstance(log, LogStore)
    assert log.create(entry()).remote_id
    with pytest.raises(ConfigurationError, match="BRIDGE_DAILY_LOG__FOLDER"):
        connect(load_settings({"BRIDGE_DAILY_LOG__KIND": "files"}, folder=tmp_path))


def test_other_words_under_one_reference_are_refused_and_nothing_is_added(log: DailyLogFiles) -> None:
    """W11: 'already there' would have called a record of another revision, or one changed by hand, ours."""
    log.create(entry())
    with pytest.raises(Rejected) as caught:
        log.create(entry(text=f"Quite other words.\nReference: {REFERENCE}"))
    assert caught.value.cause is Cause.CONFLICT
    assert len(log.list("EXH", DAY, DAY)) == 1
