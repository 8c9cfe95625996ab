"""A LADO package as a PDF that a manager reads, completes with a pen and copies from.

Every page names the incident and the revision. What is to be completed says so in words and has a blank or boxes
to tick. The bytes depend on the package alone: no date of making, no random id (RULINGS 33).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from connectors.lado_package.direction import is_right_to_left, visual_lines
from connectors.lado_package.lettering import BOLD, PLAIN, register_fonts, writable
from mappings.bodies import FormField, LadoPackage
from mappings.lado_triggers import TRIGGER_CLAUSES, Trigger
from mappings.uk_time import readable_day

MARGIN = 18 * mm
QUESTION_WIDTH = 55 * mm
CELL_PADDING = 6
ANSWER_WIDTH = A4[0] - 2 * MARGIN - QUESTION_WIDTH - 2 * CELL_PADDING
CHUNK_CHARACTERS = 1200
CHUNK_LINES = 20
"""A longer answer goes on in another row: a row of a table cannot run over the end of a page."""

TO_BE_COMPLETED = "To be completed"
_INK = colors.HexColor("#1a1a1a")
_RULE = colors.HexColor("#8a8a8a")
_BLANK = colors.HexColor("#fff4ce")

# reportlab keeps each document's letters in the registered font, so one document is made at a time.
_ONE_AT_A_TIME = threading.Lock()


def readable_pdf(package: LadoPackage) -> bytes:
    """The package as PDF bytes, the same for the same package."""
    register_fonts()
    target = io.BytesIO()
    with _ONE_AT_A_TIME:
        document = SimpleDocTemplate(
            target,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN + 8 * mm,
            bottomMargin=MARGIN + 4 * mm,
            title=writable(f"LADO contact form: {package.incident}, revision {package.revision}"),
            author="incident-bridge",
            subject="Prepared for a manager's decision; not submitted",
            lang="en-GB",
            invariant=1,
        )
        document.build(list(_story(package)), canvasmaker=_pages(package))
    return target.getvalue()


# ---- what is on the pages --------------------------------------------------------------------------------------


def _story(package: LadoPackage) -> Iterator[Flowable]:
    yield _Heading("LADO contact form", 0)
    yield _text("Prepared from the incident report for a manager's decision. It has not been sent to anybody.")
    facts = [
        ("Incident", package.incident),
        ("Revision", str(package.revision)),
        ("Adult of concern (id)", package.adult),
    ]
    rows: list[list[Any]] = [[_question(title), _text(value)] for title, value in facts]
    known = [Trigger(number) for number in package.triggers if number in set(Trigger)]
    triggers = [f"{trigger.value}. {TRIGGER_CLAUSES[trigger]}." for trigger in known]
    rows.append([_question("Why"), _text("\n".join(triggers))])
    missing = len(package.to_be_completed)
    rows.append([_question(TO_BE_COMPLETED), _text(f"{missing} answers" if missing != 1 else "1 answer")])
    yield Spacer(0, 3 * mm)
    yield _table(rows, ())
    for title, fields in _sections(package):
        yield _Heading(title, 1)
        yield _section(fields)


def _sections(package: LadoPackage) -> Iterator[tuple[str, Sequence[FormField]]]:
    child_section = package.children[0][0].section if package.children and package.children[0] else None
    for key in dict.fromkeys(field.section for field in package.fields):
        fields = [field for field in package.fields if field.section == key]
        title = fields[0].section_title or key
        if key != child_section or len(package.children) == 1:
            yield title, fields
            continue
        for number, section in enumerate(package.children, 1):
            yield f"{title} ({number} of {len(package.children)})", section


def _section(fields: Sequence[FormField]) -> Table:
    rows: list[list[Any]] = []
    blanks: list[int] = []
    for field in fields:
        if field.to_be_completed:
            blanks.append(len(rows))
            rows.append([_question(field.title or field.key), _blank(field)])
            continue
        for number, part in enumerate(_parts(_answer(field))):
            rows.append([_question(field.title or field.key) if number == 0 else "", _text(part)])
    return _table(rows, blanks)


def _answer(field: FormField) -> str:
    value = field.value
    if field.choices and value is not None and not isinstance(value, bool):
        chosen = value if isinstance(value, tuple) else (value,)
        return "\n".join(f"{'☒' if choice in chosen else '☐'} {choice}" for choice in field.choices)
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    text = value or ""
    if field.kind in ("date", "datetime"):
        return _uk(text)
    return text


def _uk(text: str) -> str:
    """`2026-11-03 14:05` as people say it; anything else as it stands."""
    day, _, time = text.partition(" ")
    try:
        words = readable_day(date.fromisoformat(day))
    except ValueError:
        return text
    return f"{words} at {time}" if time else words


def _blank(field: FormField) -> list[Flowable]:
    optional = "" if field.required else " (optional)"
    parts: list[Flowable] = [Paragraph(f"{TO_BE_COMPLETED}{optional}", _style("blank"))]
    if field.help:
        parts.append(Paragraph(escape(writable(field.help)), _style("help")))
    if field.choices:
        parts += [_text(f"☐ {choice}") for choice in field.choices]
    else:
        parts.append(Spacer(0, (22 if field.kind == "long_text" else 8) * mm))
    return parts


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    lines: list[str] = []
    for line in _short_lines(text):
        if lines and (len(lines) >= CHUNK_LINES or sum(map(len, lines)) + len(line) > CHUNK_CHARACTERS):
            parts.append("\n".join(lines))
            lines = []
        lines.append(line)
    return [*parts, "\n".join(lines)]


def _short_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        rest = line
        while len(rest) > CHUNK_CHARACTERS:
            cut = rest.rfind(" ", 1, CHUNK_CHARACTERS)
            cut = cut if cut > 0 else CHUNK_CHARACTERS
            yield rest[:cut]
            rest = rest[cut:].lstrip(" ")
        yield rest


# ---- how they look ---------------------------------------------------------------------------------------------


@cache
def _style(name: str) -> ParagraphStyle:
    plain = ParagraphStyle("answer", fontName=PLAIN, fontSize=9.5, leading=13, textColor=_INK, splitLongWords=1)
    return {
        "answer": plain,
        "question": ParagraphStyle("question", parent=plain, fontName=BOLD),
        "blank": ParagraphStyle("blank", parent=plain, fontName=BOLD),
        "help": ParagraphStyle("help", parent=plain, fontSize=8.5, leading=11),
        "title": ParagraphStyle("title", parent=plain, fontName=BOLD, fontSize=18, leading=24, spaceAfter=2 * mm),
        "heading": ParagraphStyle(
            "heading", parent=plain, fontName=BOLD, fontSize=12.5, leading=17, spaceBefore=6 * mm, spaceAfter=2 * mm,
            keepWithNext=1,
        ),
    }[name]  # fmt: skip


class _Heading(Paragraph):
    """A heading that a reader finds again in the document's outline."""

    def __init__(self, title: str, level: int) -> None:
        super().__init__(escape(writable(title)), _style("heading" if level else "title"))
        self._title = writable(title)
        self._level = level

    def draw(self) -> None:
        key = f"{self._level}-{self._title}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(self._title, key, self._level)
        super().draw()


def _text(text: str) -> Paragraph:
    style = _style("answer")
    lines = (
        visual_lines(line, ANSWER_WIDTH, lambda part: stringWidth(part, style.fontName, style.fontSize))
        if is_right_to_left(line)
        else [line]
        for line in writable(text).split("\n")
    )
    return Paragraph("<br/>".join(escape(one) for drawn in lines for one in drawn), style)


def _question(text: str) -> Paragraph:
    return Paragraph(escape(writable(text)), _style("question"))


def _table(rows: list[list[Any]], blanks: Sequence[int]) -> Table:
    table = Table(rows, colWidths=[QUESTION_WIDTH, A4[0] - 2 * MARGIN - QUESTION_WIDTH])
    look: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
    ]
    for row in blanks:
        look += [("BACKGROUND", (1, row), (1, row), _BLANK), ("BOX", (1, row), (1, row), 0.8, _INK)]
    table.setStyle(TableStyle(look))
    return table


def _pages(package: LadoPackage) -> type[Canvas]:
    """A canvas that knows at its end how many pages there are, and writes it on each."""
    head = writable(f"LADO contact form · {package.incident} · revision {package.revision}")

    class Pages(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.setViewerPreference("DisplayDocTitle", "true")
            self._finished: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._finished.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self._finished, 1):
                self.__dict__.update(page)
                self._frame(number, len(self._finished))
                super().showPage()
            super().save()

        def _frame(self, number: int, total: int) -> None:
            self.setFont(PLAIN, 8)
            self.setFillColor(_INK)
            self.drawString(MARGIN, A4[1] - MARGIN, head)
            self.drawString(MARGIN, MARGIN - 2 * mm, "Holds personal data: only for those who need it for this child.")
            self.drawRightString(A4[0] - MARGIN, MARGIN - 2 * mm, f"Page {number} of {total}")

    return Pages
