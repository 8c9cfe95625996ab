"""The tables, the document and the paper: what a spreadsheet, a machine and an inspector get is what the page says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import jsonschema
import openpyxl
import pytest
from pypdf import PdfReader

from mappings.flags import FLAG_RULES
from reconciliation.compare import compare
from reconciliation.csv_files import csv_reports, safe_cell
from reconciliation.finding import Kind
from reconciliation.html_findings import owners
from reconciliation.json_document import json_document, schema
from reconciliation.pdf import pdf_report
from reconciliation.report import report_of
from reconciliation.summary import artifact_markdown, artifact_rows, verdict_mail
from reconciliation.xlsx import xlsx_report
from tests.reconciliation.example_month import example_report
from tests.reconciliation.world import World, incident, quiet_world

REPORT = example_report()


def _report(world: World, **changes):
    evidence = world.evidence(**changes)
    return report_of(evidence, compare(evidence))


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "|calc", "%0A=1")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_computed_by_a_spreadsheet(text) -> None:
    assert safe_cell(text).startswith("'")
    world = quiet_world()
    world.add(incident(7, at=datetime(2026, 10, 20, 9, 0, tzinfo=UTC), number=f"{text}X"))
    report = _report(world)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_report(report)))
    kinds = {cell.data_type for page in book for row in page.iter_rows() for cell in row if cell.value is not None}
    assert "f" not in kinds
    for content in csv_reports(report).values():
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "|", "＝")) for cell in row)


def test_dates_are_dates_the_header_is_frozen_and_every_table_has_a_filter() -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_report(REPORT)))
    for page in book:
        assert page.freeze_panes == "A2"
        assert page.auto_filter.ref
    due = [row[7].value for row in book["Duties"].iter_rows(min_row=2)]
    assert {type(value) for value in due if value is not None} == {datetime}
    days = [row[1] for row in book["Incidents"].iter_rows(min_row=2)]
    assert {(type(cell.value), cell.number_format) for cell in days} == {(datetime, "dd/mm/yyyy")}


def test_the_tables_say_what_the_page_says_and_whose_they_are() -> None:
    files = csv_reports(REPORT)
    totals, found, incidents = (
        list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))
        for name in ("totals", "findings", "incidents")
    )
    assert [row["Value"] for row in totals[:4]] == ["EXH", "2026-10-01", "2026-10-31", "2026-11-03 06:30"]
    assert totals[4]["Meaning"] == REPORT.verdict.headline
    urgent = sum(1 for one in REPORT.open_findings if one.severity == "high")
    assert Counter(row["How soon"] for row in found)["Urgent"] == urgent
    assert found[0]["What"] == "Missing"
    assert found[0]["Kind"] == "missing"
    assert incidents[0]["Day"] == "2026-10-02"


def test_the_json_is_as_its_published_schema_says() -> None:
    document = json_document(REPORT, exit_code=2, files_written={"html": "report.html"})
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema(), format_checker=jsonschema.FormatChecker())
    assert document["totals"]["balanced"] is True
    assert [one["id"] for one in document["findings"]] == [finding.id for finding in REPORT.findings]


def test_the_schema_knows_every_kind_and_every_flag_of_the_policy() -> None:
    kinds = set(schema()["$defs"]["finding"]["properties"]["kind"]["enum"])
    assert kinds == {str(kind) for kind in Kind} | {rule.id.value for rule in FLAG_RULES}


def test_the_mail_and_the_artifacts_hold_counts_and_numbers_only() -> None:
    short = "".join(verdict_mail(REPORT)) + artifact_markdown(REPORT)
    assert not any(label in short for label in ("R.T.", "child-", "staff-"))
    assert "EXH-2026-0005" in artifact_markdown(REPORT)
    assert {row["what"]: row["count"] for row in artifact_rows(REPORT)}["In the recording system"] == 46


def test_the_inspectors_paper_has_the_verdict_and_every_finding() -> None:
    paper = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_report(REPORT))).pages)
    words = " ".join(paper.split())
    assert REPORT.verdict.headline in words
    assert all(finding.incident in words for finding in REPORT.findings if finding.incident)
    assert f"Look today ({sum(one.severity == 'high' for one in REPORT.open_findings)})" in words
    assert f"Together {' '.join(map(str, owners(REPORT)['together']))}" in words
    assert "Declined, with a reason in the ledger" in words
    assert "Counted over 44 submitted reports" in words


def test_the_inspectors_paper_does_not_call_uneven_totals_even() -> None:
    world = quiet_world()
    world.incidents.pop()
    words = " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_report(_report(world)))).pages).split()
    )
    assert "Not the same incidents." in words
    assert "The same incidents." not in words


def test_the_inspectors_paper_counts_what_it_does_not_list() -> None:
    some = REPORT.findings[0]
    many = replace(REPORT, findings=tuple(replace(some, id=f"{place:016x}") for place in range(1200)))
    pages = PdfReader(io.BytesIO(pdf_report(many))).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Missing (1,200)" in words
    assert "And 1,160 more of the same" in words
    assert len(pages) < 8
