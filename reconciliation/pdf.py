"""The report on paper for an inspector, by initials: the verdict, the totals, the findings, the duties, the trends."""

from __future__ import annotations

import io
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reconciliation import readable
from reconciliation.html_findings import levels, owners
from reconciliation.html_trends import facts, tables, trends_words
from reconciliation.report import Report
from reconciliation.totals import Row

if TYPE_CHECKING:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Flowable

#: What reportlab's own frame leaves free on each side, in points.
_PADDING = 6
#: Findings of one kind that the paper lists; a year's may be hundreds of pages, and are counted here all the same.
_MOST = 40
#: Letters of one cell: what is longer than a page would end the document.
_LONGEST = 600
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
    document.build(
        list(_story(report, _styles(), document.width - 2 * _PADDING)), onFirstPage=footer, onLaterPages=footer
    )
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
            spaceAfter=4,
        ),
        "subheading": ParagraphStyle("subheading", plain, fontName="Helvetica-Bold", fontSize=10, spaceBefore=10),
        "group": ParagraphStyle("group", plain, fontName="Helvetica-Bold", fontSize=8.5, spaceBefore=8),
        "strong": ParagraphStyle("strong", plain, fontName="Helvetica-Bold", fontSize=7.6, leading=9.8),
        "sign": ParagraphStyle("sign", plain, fontName="Helvetica-Bold", fontSize=8.5, textColor=HexColor(_MUTED)),
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
    yield said(readable.SIGNS[report.verdict.tone], "sign")
    yield said(report.verdict.headline, "verdict")
    for sentence in report.verdict.sentences:
        yield said(sentence)
    yield Spacer(0, 4)
    looked = [f"{readable.SIDE_NAMES[side]}: {readable.SIDES[state].lower()}" for side, state in report.checked.items()]
    yield said("; ".join(looked) + ".", "muted")
    yield from _heading(said, "Control totals")
    yield _table(said, ("Row", "Incidents", "Meaning"), _totals(report), (0.32, 0.14, 0.54), width, figures={1}, sums=3)
    yield from _findings(report, said, width)
    yield from _heading(said, "Duties, by clause")
    heads: tuple[str, ...] = ("Duty", "Limit", "On time", "Met", "Late", "Overdue", "Open", "Not checked")
    shares = (0.29, 0.21, 0.1, 0.07, 0.07, 0.1, 0.07, 0.09)
    yield _table(said, heads, _duties(report), shares, width, figures=range(2, 8))
    if report.submissions:
        yield from _heading(said, "LADO decisions")
        heads = ("Incident", "Adult", "Decision", "Due", "Decided")
        yield _table(said, heads, _submissions(report), (0.2, 0.1, 0.32, 0.19, 0.19), width)
    if report.trends.counted:
        yield from _heading(said, "Trends")
        yield said(trends_words(report), "muted")
        rows = [(fact["title"], fact["figure"], fact["words"]) for fact in facts(report)]
        yield _table(said, ("What", "Figure", ""), rows, (0.42, 0.16, 0.42), width, figures={1})
        for one in tables(report):
            if one.rows:
                yield from _heading(said, one.title, "subheading")
                yield _table(said, one.columns, one.rows, (0.4, 0.2, 0.2, 0.2), width, figures=range(1, 4))


def _heading(said: Any, text: str, style: str = "heading") -> Iterator[Flowable]:
    """A heading that does not stand alone at the foot of a page."""
    from reportlab.platypus import CondPageBreak

    yield CondPageBreak(100)
    yield said(text, style)


def _findings(report: Report, said: Any, width: float) -> Iterator[Flowable]:
    yield from _heading(said, "What needs a person")
    if not report.findings:
        yield said("Nothing was found in what could be seen.")
    if report.open_findings:
        yield _by_owner(report, said, width)
    for level in levels(report, {}):
        yield from _heading(said, f"{level['title']}: {level['words']} ({level['count']:,})", "subheading")
        for group in level["groups"]:
            yield from _heading(said, f"{group['title']} ({group['count']:,})", "group")
            yield said(f"{group['action'].replace('`', '')} Who can do it: {group['owner']}.", "muted")
            rows = [(row["number"], row["who"], _words(row)) for part in group["parts"] for row in part]
            yield _table(said, (), rows[:_MOST], (0.19, 0.1, 0.71), width)
            if len(rows) > _MOST:
                yield said(
                    f"And {len(rows) - _MOST:,} more of the same: the workbook's sheet Findings has each.", "muted"
                )


def _by_owner(report: Report, said: Any, width: float) -> Flowable:
    counted = owners(report)
    heads = ("Open findings, by who can do it", *(level["title"] for level in counted["levels"]), "Together")
    lines = [(row["who"], row["counts"]) for row in counted["rows"]] + [("Together", counted["together"])]
    rows = [(who, *(f"{count:,}" for count in counts)) for who, counts in lines]
    share = 0.13
    shares = (1 - share * (len(heads) - 1), *(share for _ in heads[1:]))
    return _table(said, heads, rows, shares, width, figures=range(1, len(heads)), sums=1)


def _words(row: Mapping[str, Any]) -> str:
    due = f" Due {row['due']}." if row["due"] else ""
    since = f" Acknowledged {row['acknowledged']}." if row["acknowledged"] else " Healed now." if row["healed"] else ""
    return f"{row['words']}{due}{since}"


def _totals(report: Report) -> list[tuple[str, ...]]:
    totals = report.totals
    rows: list[tuple[str, ...]] = [
        (readable.ROWS[row][0], f"{getattr(totals, row):,}", readable.ROWS[row][1]) for row in Row
    ]
    if totals.source is None:
        source, said = "not seen", "There is nothing to compare with."
    elif totals.source == totals.sum_of_rows:
        source, said = f"{totals.source:,}", "The rows add up to it."
    else:
        source, said = f"{totals.source:,}", "The rows do not add up to it."
    same = "" if totals.source is None else "The same incidents." if totals.balanced else "Not the same incidents."
    rows.append(("The rows add up to", f"{totals.sum_of_rows:,}", ""))
    rows.append(("The recording system's own count", source, said))
    rows.append(("The ledger's count", f"{totals.ledger:,}", same))
    return rows


def _duties(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            line.title,
            readable.limit(line.due),
            readable.share(line.rate),
            *(f"{count:,}" for count in (line.on_time, line.late, line.overdue, line.open, line.not_checked)),
        )
        for line in report.duty_lines
    ]


def _submissions(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            one.number,
            adult,
            readable.DECISIONS.get(one.state, one.state),
            readable.moment(one.due_at),
            readable.moment(one.decided_at),
        )
        for one, adult in report.submissions
    ]


def _table(
    said: Any,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    width: float,
    *,
    figures: Container[int] = (),
    sums: int = 0,
) -> Flowable:
    """A table of text. Columns in `figures` stand to the right; the last `sums` rows are what the others come to."""
    from reportlab.platypus import Table, TableStyle

    def cell(place: int, text: str, *, strong: bool) -> Any:
        if place in figures:
            return _latin(text)
        return said(text, "strong" if strong else "small")

    first_sum = len(rows) - sums
    laid = [[cell(place, text, strong=True) for place, text in enumerate(heads)]] if heads else []
    laid += [
        [cell(place, text, strong=number == first_sum and bool(sums)) for place, text in enumerate(row)]
        for number, row in enumerate(rows)
    ]
    table = Table(
        laid, colWidths=[share * width for share in shares], repeatRows=1 if heads else 0, hAlign="LEFT", spaceBefore=3
    )
    style: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), "Helvetica", 7.6, 9.8),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ("LINEBELOW", (0, 0), (-1, -1), 0.35, _RULE),
    ]
    style += [("ALIGN", (place, 0), (place, -1), "RIGHT") for place in range(len(shares)) if place in figures]
    style += [("RIGHTPADDING", (place, 0), (place, -1), 12) for place in range(len(shares)) if place in figures]
    if heads:
        style += [("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold"), ("LINEBELOW", (0, 0), (-1, 0), 0.9, _INK)]
    if sums:
        style += [("FONTNAME", (0, -sums), (-1, -sums), "Helvetica-Bold")]
        style += [("LINEABOVE", (0, -sums), (-1, -sums), 0.9, _INK)]
    table.setStyle(TableStyle(style))
    return table


def _footer(report: Report) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(_MUTED)
        canvas.drawString(
            document.leftMargin + _PADDING,
            28,
            f"{report.home}: initials, never names. Handle it as an incident report.",
        )
        canvas.drawRightString(document.pagesize[0] - document.rightMargin - _PADDING, 28, f"Page {document.page}")

    return draw


def _latin(text: str) -> str:
    """Text that the built-in fonts can show and a row of a table can hold; what they cannot is a question mark, never a
    black box."""
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return text.encode("cp1252", "replace").decode("cp1252")
