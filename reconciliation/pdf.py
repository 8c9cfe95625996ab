"""The report on paper for an inspector: the verdict, the control totals, the findings and the duties, by initials."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reconciliation import readable
from reconciliation.finding import Finding
from reconciliation.report import Report
from reconciliation.totals import Row

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Flowable

_INK, _RULE, _MUTED = "#1a1d21", "#b9b3a6", "#545b64"


def pdf_report(report: Report) -> bytes:
    """The document, A4, the same bytes for the same report."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    written = io.BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=A4,
        invariant=1,
        title=f"{report.home_name}: reconciliation, {readable.period(report.start, report.end)}",
        author="incident-bridge",
        lang="en-GB",
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
    )
    footer = _footer(report)
    document.build(list(_story(report, _styles(), document.width)), onFirstPage=footer, onLaterPages=footer)
    return written.getvalue()


def _styles() -> dict[str, ParagraphStyle]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    plain = ParagraphStyle("plain", fontName="Helvetica", fontSize=9, leading=12.5, textColor=HexColor(_INK))
    return {
        "plain": plain,
        "small": ParagraphStyle("small", plain, fontSize=7.6, leading=9.8),
        "muted": ParagraphStyle("muted", plain, fontSize=8, leading=10.5, textColor=HexColor(_MUTED)),
        "verdict": ParagraphStyle("verdict", plain, fontName="Times-Bold", fontSize=21, leading=25, spaceAfter=6),
        "heading": ParagraphStyle(
            "heading",
            plain,
            fontName="Times-Bold",
            fontSize=14,
            leading=18,
            spaceBefore=16,
            spaceAfter=5,
            keepWithNext=1,
        ),
    }


def _story(report: Report, styles: dict[str, ParagraphStyle], width: float) -> Iterator[Flowable]:
    from reportlab.platypus import Paragraph, Spacer

    def said(text: str, style: str = "plain") -> Paragraph:
        return Paragraph(escape(_latin(text)), styles[style])

    title = f"{report.home_name}: reconciliation of safety interventions"
    yield said(title)
    yield said(
        f"{readable.period(report.start, report.end)}, as seen on {readable.moment(report.as_of)} (UK time)", "muted"
    )
    yield Spacer(0, 10)
    yield said(report.verdict.headline, "verdict")
    for sentence in report.verdict.sentences:
        yield said(sentence)
    yield Spacer(0, 4)
    looked = [f"{readable.SIDE_NAMES[side]}: {readable.SIDES[state].lower()}" for side, state in report.checked.items()]
    yield said("; ".join(looked) + ".", "muted")
    yield said("Control totals", "heading")
    yield _table(
        [said(cell) for cell in ("Row", "Incidents", "Meaning")], _totals(report, said), (0.32, 0.14, 0.54), width
    )
    yield said("What needs a person", "heading")
    if report.findings:
        rows = [
            [said(cell, "small") for cell in row]
            for row in (
                (
                    _how_soon(finding),
                    finding.incident or readable.day(finding.occurred_on),
                    finding.told_of(report.label(finding.subject) or "the child"),
                    f"{finding.action.replace('`', '')} ({readable.owner_words(finding.owner)})",
                )
                for finding in report.findings
            )
        ]
        heads = [said(cell, "small") for cell in ("How soon", "Incident", "What was seen", "What to do, and who")]
        yield _table(heads, rows, (0.12, 0.17, 0.37, 0.34), width)
    else:
        yield said("Nothing was found in what could be seen.")
    yield said("Duties, by clause", "heading")
    heads = [said(cell, "small") for cell in ("Duty", "Limit", "On time", "Met", "Late", "Overdue", "Open")]
    yield _table(heads, _duties(report, said), (0.33, 0.27, 0.1, 0.07, 0.07, 0.09, 0.07), width)


def _how_soon(finding: Finding) -> str:
    if finding.acknowledged:
        return "Acknowledged"
    return readable.LEVELS[finding.severity][0] if finding.is_open else "Healed"


def _totals(report: Report, said: Any) -> list[list[Any]]:
    totals = report.totals
    rows = [
        [said(readable.ROWS[row][0]), said(f"{getattr(totals, row):,}"), said(readable.ROWS[row][1], "small")]
        for row in Row
    ]
    source = "not seen" if totals.source is None else f"{totals.source:,}"
    verdict = "balanced" if totals.balanced else "not balanced"
    rows.append([said("The rows add up to"), said(f"{totals.sum_of_rows:,}"), said("")])
    rows.append([said("In the recording system"), said(source), said(verdict, "small")])
    rows.append([said("In the ledger"), said(f"{totals.ledger:,}"), said("")])
    return rows


def _duties(report: Report, said: Any) -> list[list[Any]]:
    return [
        [
            said(cell, "small")
            for cell in (
                line.title,
                readable.limit(line.due),
                readable.share(line.rate),
                str(line.on_time),
                str(line.late),
                str(line.overdue),
                str(line.open),
            )
        ]
        for line in report.duty_lines
    ]


def _table(heads: Sequence[Any], rows: Sequence[Sequence[Any]], shares: Sequence[float], width: float) -> Flowable:
    from reportlab.platypus import Table, TableStyle

    table = Table([list(heads), *map(list, rows)], colWidths=[share * width for share in shares], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, _INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.35, _RULE),
            ]
        )
    )
    return table


def _footer(report: Report) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(_MUTED)
        canvas.drawString(
            document.leftMargin, 28, f"{report.home}: initials, never names. Handle it as an incident report."
        )
        canvas.drawRightString(document.pagesize[0] - document.rightMargin, 28, f"Page {document.page}")

    return draw


def _latin(text: str) -> str:
    """Text that the built-in fonts can show; what they cannot is a question mark, never a black box."""
    return text.encode("cp1252", "replace").decode("cp1252")
