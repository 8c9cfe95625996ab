"""The words of a mail: the incident number, the home, initials, what is owed and by when. Nothing else, ever.

No child's name, no story, no address, never the desk that looks into adults (RULINGS 26, 38, 39). Every value stands
on one line, so nothing can become a header of its own. Plain text and HTML say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from mappings.wording import one_line

_NEVER = re.compile(r"\bLADO\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>(),;:]+@[^\s@<>(),;:]+")
_STYLE = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#0b0c0c"
_CELL = "border:1px solid #b1b4b6;padding:6px 10px;text-align:left;vertical-align:top"
_TH, _TD = f'<th scope="col" style="{_CELL}">', f'<td style="{_CELL}">'


class Rows(NamedTuple):
    """A table: a caption for those who hear it read, column headings, and cells of plain text."""

    caption: str
    headings: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


Block = str | Rows


class MailText(NamedTuple):
    """A mail's subject and both its bodies."""

    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        return "<MailText>"


def mail_text(subject: str, blocks: Sequence[Block]) -> MailText:
    """Set a mail from paragraphs and tables. An address in it is left out; the word that no mail says raises.

    Raises ValueError when a title or a number brings the word "LADO" with it.
    """
    subject = safe(subject, 150)
    blocks = [_safe(block) for block in blocks]
    plain = "\n\n".join(_plain(block) for block in blocks) + "\n"
    body = "".join(_html(block) for block in blocks)
    if any("lado" in text.lower() and _NEVER.search(text) for text in (subject, plain)):
        raise ValueError("a mail would have said a word that no mail may say, so it was not made")
    page = (
        f'<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
        f'<body style="{_STYLE}">{body}</body></html>'
    )
    return MailText(subject, plain, page)


def safe(value: str, limit: int = 200) -> str:
    """A value on one line, without control characters and without any mail address."""
    return one_line(_ADDRESS.sub("…", value) if "@" in value else value, limit)


def _safe(block: Block) -> Block:
    if isinstance(block, str):
        return safe(block, 1_000)
    return Rows(
        safe(block.caption), block.headings, tuple([tuple([safe(cell, 1_000) for cell in row]) for row in block.cells])
    )


def _plain(block: Block) -> str:
    if isinstance(block, str):
        return block
    rows = ["- " + ", ".join(filter(None, row)) for row in block.cells]
    return f"{block.caption}:\n\n" + "\n".join(rows)


def _html(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    used = [place for place in range(len(block.headings)) if any(row[place] for row in block.cells)]
    head = "".join([f"{_TH}{escape(block.headings[place])}</th>" for place in used])
    body = "".join(
        [f"<tr>{''.join([f'{_TD}{escape(row[place])}</td>' for place in used])}</tr>" for row in block.cells]
    )
    return (
        '<table style="border-collapse:collapse;margin:16px 0">'
        '<caption style="text-align:left;padding-bottom:4px;font-weight:bold">'
        f"{escape(block.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
