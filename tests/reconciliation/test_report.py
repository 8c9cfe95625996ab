"""The report is recounted from the file itself, names nobody, and is written whole or not at all."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
import stat
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import openpyxl
import pytest
from pypdf import PdfReader

from reconciliation import whole_file
from reconciliation.compare import compare
from reconciliation.csv_files import csv_reports
from reconciliation.finding import Finding, Kind, Severity
from reconciliation.html import html_report
from reconciliation.html_stories import months
from reconciliation.html_trends import facts
from reconciliation.json_document import json_document
from reconciliation.pdf import pdf_report
from reconciliation.remember import to_keep, with_standing
from reconciliation.report import report_of
from reconciliation.report_files import write_report_files
from reconciliation.summary import artifact_markdown, artifact_rows, verdict_mail
from reconciliation.telling import moment_words
from reconciliation.totals import Row
from reconciliation.views import LogView, NotesView, Side, SourceView
from reconciliation.xlsx import xlsx_report
from tests.reconciliation.example_month import example_report
from tests.reconciliation.world import CHILDREN, STAFF, World, incident, quiet_world

REPORT = example_report()
PAGE = html_report(REPORT)


class _Page(HTMLParser):
    """Counts what a reader of the page would count."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: Counter[str] = Counter()
        self.findings: list[str] = []
        self.totals: dict[str, str] = {}
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._total: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags[tag] += 1
        self.attributes.update(found.keys())
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found["href"]] if found.get("href") else []
        self.rows.update([found["data-row"]] if "data-row" in found else [])
        self.findings += [found["data-finding"]] if found.get("data-finding") else []
        self._total = found.get("data-total") or self._total

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._total:
            self.totals[self._total] = data
            self._total = None


def _report(world: World, **changes):
    evidence = world.evidence(**changes)
    return report_of(evidence, compare(evidence))


# ---- recounted from the artefact (story 21) ------------------------------------------------------------------------


def test_the_incidents_on_the_page_add_up_to_the_totals_on_the_page() -> None:
    page = _Page(PAGE)
    shown = {row.value: int(page.totals[row.value]) for row in Row}
    assert {key: count for key, count in shown.items() if count} == dict(page.rows)
    assert sum(shown.values()) == int(page.totals["sum"]) == int(page.totals["source"]) == sum(page.rows.values())


def test_every_finding_is_on_the_page_once_and_the_open_ones_are_as_many_as_it_says() -> None:
    page = _Page(PAGE)
    assert sorted(page.findings) == sorted(finding.id for finding in REPORT.findings)
    said = re.search(r"What needs a person \((\d+)\)", PAGE)
    assert said is not None
    assert int(said[1]) == len(REPORT.open_findings)


def test_every_link_of_the_page_leads_somewhere_on_the_page_and_no_id_is_used_twice() -> None:
    page = _Page(PAGE)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)


def test_the_workbook_and_the_csv_hold_as_many_rows_as_the_report() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_report(REPORT)))
    files = csv_reports(REPORT)
    for name, count in (
        ("Findings", len(REPORT.findings)),
        ("Duties", len(REPORT.duties)),
        ("Incidents", len(REPORT.stories)),
    ):
        assert book[name].max_row == count + 1
        rows = list(csv.reader(io.StringIO(files[name.lower()].decode("utf-8-sig"), newline="")))
        assert len(rows) == count + 1


def test_the_open_findings_add_up_by_who_can_do_them_and_how_soon() -> None:
    table = re.search(r'<table class="owners">(.*?)</table>', PAGE, re.DOTALL)
    assert table is not None
    rows = [
        [int(cell) for cell in re.findall(r'<td class="n">(\d+)</td>', row)] for row in table[1].split("</tr>")[1:-1]
    ]
    *owners, together = [row for row in rows if row]
    assert len(owners) > 2
    assert together == [sum(column) for column in zip(*owners, strict=True)]
    assert all(sum(row[:-1]) == row[-1] for row in owners)
    assert together[-1] == len(REPORT.open_findings)


def test_a_sentence_ends_with_one_full_stop_and_says_when_it_was_due_once() -> None:
    late = Finding(
        id="0" * 16,
        home="EXH",
        kind=Kind.LADO_UNDECIDED,
        severity=Severity.HIGH,
        sentence="EXH-2026-0009: undecided about {child}.",
        action="Decide now.",
        owner="registered_manager",
        incident="EXH-2026-0009",
        subject="staff-1",
        reason="overdue",
        due=datetime(2026, 11, 2, 23, 59, tzinfo=UTC),
    )
    page = html_report(replace(REPORT, findings=(late,), labels={"staff-1": "S.E."}))
    assert "Undecided about S.E.<" in page
    assert "Due 2 Nov 2026" not in page
    assert late.told_of("the child") == "EXH-2026-0009: undecided about the child."


def test_a_time_in_the_hour_that_happens_twice_says_which_of_the_two() -> None:
    """What was done at 01:20 GMT would stand there as done before it happened, at 01:55 BST."""
    seen = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    assert "25 Oct 2026, 01:20 GMT" in html_report(replace(REPORT, as_of=seen))
    assert moment_words(seen - timedelta(minutes=25)) == "25 October 2026 at 01:55 BST"


def test_much_of_the_same_is_folded_and_none_of_it_is_left_out() -> None:
    some = REPORT.findings[0]
    many = replace(REPORT, findings=tuple(replace(some, id=f"{place:016x}") for place in range(40)))
    page = html_report(many)
    assert "<summary>32 more of the same</summary>" in page
    assert len(_Page(page).findings) == 40
    assert "more of the same" not in html_report(_report(quiet_world()))


def test_a_years_incidents_are_folded_by_month_and_can_be_narrowed_without_a_script() -> None:
    page = html_report(replace(REPORT, stories=REPORT.stories * 3))
    assert page.count('<details class="month">') == len({story.occurred_on.month for story in REPORT.stories})
    assert '<details class="month">' not in PAGE
    found = sum(1 for story in REPORT.stories if story.findings)
    assert f"With findings ({found})" in PAGE
    assert PAGE.count('class="found"') == found


# ---- names nobody --------------------------------------------------------------------------------------------------


def _whole(report) -> str:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_report(report)))
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    paper = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_report(report))).pages)
    tables = "".join(content.decode() for content in csv_reports(report).values())
    document = json.dumps(json_document(report, exit_code=2), ensure_ascii=False)
    short = "".join(verdict_mail(report)) + artifact_markdown(report) + json.dumps(artifact_rows(report))
    return "\n".join([html_report(report), *cells, paper, tables, document, short])


def test_no_file_names_a_child_or_an_adult_or_repeats_what_staff_wrote() -> None:
    everything = _whole(REPORT)
    for _, name, _ in CHILDREN:
        assert [part for part in name.split() if re.search(rf"\b{part}\b", everything)] == []
    for _, name in STAFF:
        assert name not in everything
        assert name.split()[1] not in everything
    assert "Invented" not in everything
    assert "Morgan" not in everything
    assert "R.T." in everything


def test_a_place_that_names_a_child_is_counted_under_initials() -> None:
    world = quiet_world()
    world.add(
        incident(7, at=datetime(2026, 10, 20, 9, 0, tzinfo=UTC), location="Jamie's bedroom, with Sam Exampleworker")
    )
    page = html_report(_report(world))
    assert "Jamie" not in page
    assert "Exampleworker" not in page
    assert "bedroom" in page


def test_children_with_the_same_initials_are_told_apart_by_first_appearance() -> None:
    report = example_report()
    assert {report.labels["child-18"], report.labels.get("child-20", "J.S.2")} == {"J.S.", "J.S.2"}


def test_what_staff_wrote_is_text_and_never_markup() -> None:
    world = quiet_world()
    place = "<script>alert(1)</script>& \"quoted\" 'too' $x^2$"
    world.add(incident(7, at=datetime(2026, 10, 20, 9, 0, tzinfo=UTC), location=place))
    page = html_report(_report(world))
    assert "<script" not in page
    assert "&lt;" in page


def test_a_small_share_of_disengagements_is_not_called_none() -> None:
    trends = replace(REPORT.trends, restraints=61, disengagements=3)
    figures = {fact["title"]: fact["figure"] for fact in facts(replace(REPORT, trends=trends))}
    assert figures["Disengagements to restraints"] == "0.05 : 1"


def test_a_storys_overdue_duties_stand_first() -> None:
    duties = [one["state"] for month in months(REPORT, _anchors(REPORT)) for one in month["stories"][12]["duties"]]
    assert "overdue" in duties
    assert duties == sorted(duties, key=["overdue", "open", "met_late"].index)


def _anchors(report) -> dict[str, str]:
    return {story.incident_id: f"incident-{place}" for place, story in enumerate(report.stories)}


# ---- one self-contained file ---------------------------------------------------------------------------------------


def test_the_page_allows_only_its_own_style_and_loads_nothing() -> None:
    style = re.search(r"<style>(.*?)</style>", PAGE, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', PAGE)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert digest in policy[1]
    page = _Page(PAGE)
    assert not page.attributes.keys() & {"style", "src", "onclick", "onload"}
    assert not page.tags.keys() & {"script", "link", "iframe", "img", "form"}
    assert "url(" not in style[1]


def test_the_same_report_is_the_same_page_and_the_same_workbook() -> None:
    assert html_report(example_report()) == PAGE
    assert xlsx_report(example_report()) == xlsx_report(REPORT)


def test_each_chart_has_its_table() -> None:
    assert PAGE.count('<svg class="chart"') == 5
    assert PAGE.count("<summary>Figures:") == 5


# ---- half the world is down ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"source": SourceView(Side.NOT_CHECKED)}, "source"),
        ({"mosaic": NotesView(Side.NOT_CHECKED)}, "mosaic"),
        ({"daily_log": LogView(Side.NOT_CHECKED)}, "daily_log"),
    ],
)
def test_a_report_is_written_when_half_the_world_is_down_and_says_which_half(changes, name) -> None:
    report = _report(quiet_world(), **changes)
    page = html_report(report)
    assert f'data-side="{name}">Not checked' in page
    assert "not where" not in report.verdict.headline
    assert "Could not be seen" in page
    assert "There is nothing to do" not in page
    assert "Nothing. Everything was looked at" not in page
    assert json_document(report, exit_code=3)["checked"][name] == "not_checked"
    assert pdf_report(report).startswith(b"%PDF")


def test_an_incident_that_nobody_could_look_for_is_not_shown_as_lost() -> None:
    blind = _report(quiet_world(), mosaic=NotesView(Side.NOT_CHECKED))
    tags = [story["row_words"] for month in months(blind, _anchors(blind)) for story in month["stories"]]
    assert tags == ["Not looked for"] * len(blind.stories)
    seen = [story["row_words"] for month in months(REPORT, _anchors(REPORT)) for story in month["stories"]]
    assert "Outstanding" in seen
    assert "Not looked for" not in seen


def test_sides_that_could_not_be_seen_are_listed_as_people_list_things() -> None:
    page = html_report(_report(quiet_world(), source=SourceView(Side.NOT_CHECKED), mosaic=NotesView(Side.NOT_CHECKED)))
    assert "Recording system and Mosaic could not be seen." in page


def test_totals_that_disagree_are_said_before_anything_else() -> None:
    world = quiet_world()
    world.incidents.pop()
    page = html_report(_report(world))
    assert page.index("The totals do not agree.") < page.index("What was looked at")
    assert "Not the same incidents." in page


def test_a_home_where_nothing_happened_has_a_report() -> None:
    page = html_report(_report(World()))
    assert "No incident was recorded in this period." in page
    assert "There is none in this period." in page
    assert "No duty was owed in this period." in page


# ---- findings that stay --------------------------------------------------------------------------------------------


def test_an_acknowledged_finding_stays_visible_marked_and_out_of_the_open_ones() -> None:
    known = [finding for finding in REPORT.findings if finding.acknowledged]
    assert known
    assert all(finding.id in PAGE for finding in known)
    assert "acknowledged 2 Nov 2026" in PAGE
    assert not {finding.id for finding in known} & {finding.id for finding in REPORT.open_findings}


def test_what_is_kept_of_a_finding_is_ids_and_kinds() -> None:
    kept = to_keep(REPORT.findings)
    assert [one.id for one in kept] == [finding.id for finding in REPORT.findings]
    assert with_standing(REPORT.findings, {}) == REPORT.findings


# ---- files ---------------------------------------------------------------------------------------------------------


def test_the_files_are_whole_private_and_replace_those_of_the_same_period(tmp_path) -> None:
    folder = tmp_path / "out"
    first = write_report_files(REPORT, folder, exit_code=2)
    again = write_report_files(REPORT, folder, exit_code=2)
    assert first == again
    assert {"html", "xlsx", "csv", "pdf", "json"} <= set(first)
    assert sorted(path.name for path in folder.iterdir()) == sorted(os.path.basename(path) for path in first.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_write_that_is_cut_off_leaves_the_old_file_whole_and_nothing_beside_it(tmp_path, monkeypatch) -> None:
    path = tmp_path / "report.html"
    whole_file.write_whole(path, b"the old one")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        whole_file.write_whole(path, b"half of the new o")
    assert path.read_bytes() == b"the old one"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_number_that_is_longer_than_a_page_ends_no_report() -> None:
    """One that the source's index gave did, as a mistake of ours."""
    endless = replace(REPORT.findings[0], incident="9" * 100_000)
    assert len(PdfReader(io.BytesIO(pdf_report(replace(REPORT, findings=(endless,))))).pages) > 1


def test_a_home_id_that_is_no_file_name_stays_inside_the_folder(tmp_path) -> None:
    paths = write_report_files(replace(REPORT, home="../../etc/x"), tmp_path, exit_code=2, pdf=False)
    assert {os.path.dirname(path) for path in paths.values()} == {str(tmp_path)}
