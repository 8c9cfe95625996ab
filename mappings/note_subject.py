"""What a child's note is about, and the pieces that its sections are made of.

A section is a heading and blocks of limited HTML: pure data, so that a later revision can be compared with it.
Everything that staff typed has gone through the record's redactor and is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mappings.holds import held, measures_on
from mappings.incident import Child, Incident, Measure
from mappings.redactor import Redactor
from mappings.said import said, said_briefly
from mappings.wording import escaped, one_line, paragraphs, readable

_ITEMS_A_LIST = 40


@lru_cache(maxsize=512)
def brief(text: str, limit: int) -> str:
    """A short text that has been made safe, such as a role or a place, on one line and escaped."""
    return escaped(one_line(text, limit))


#: One part of a note: its heading, and blocks of well-formed limited HTML. The part that opens the note has no heading.
Section = tuple[str, list[str]]


class Subject(NamedTuple):
    """What every section is made from: the report, the record's own child, and how names are hidden."""

    incident: Incident
    child: Child
    hide: Redactor
    home_name: str
    exempt: bool
    measures: tuple[Measure, ...]
    """The measures used on this child."""
    was_held: bool
    """Whether the child was held in a restrictive intervention."""

    def text(self, written: str) -> str:
        """What staff typed, on one line, safe and escaped."""
        return brief(self.hide.text(written), 300)

    def adult(self, name: str, otherwise: str = "somebody not named") -> str:
        """An adult's name, safe and escaped."""
        return brief(self.hide.adult(name), 100) if said_briefly(name) else otherwise

    def __repr__(self) -> str:
        return "<Subject>"


def subject_of(incident: Incident, child: Child, hide: Redactor, home_name: str, *, exempt: bool) -> Subject:
    """What the note of this child is made from."""
    measures = measures_on(incident, child)
    was_held = incident.is_restrictive and (bool(measures) or child in held(incident))
    return Subject(incident, child, hide, home_name, exempt, measures, was_held)


def blocks_of(sections: Iterable[Section]) -> list[str]:
    """What these sections say, block by block; a first paragraph goes on where the heading's own would end."""
    found: list[str] = []
    for heading, blocks in sections:
        place = len(found)
        found += blocks
        if heading:
            found[place] = f"<p><strong>{heading}</strong></p>{blocks[0]}".replace("</p><p>", "<br>", 1)
    return found


def prose(subject: Subject, written: str, lead: str = "") -> list[str]:
    """Free text as paragraphs, the first with a lead such as "Details: "; nothing where it says nothing."""
    if not written or not _says_something(written):
        return []
    return paragraphs(subject.hide.text(written), lead)


def _says_something(written: str) -> bool:
    """As `said`, without reading a whole story for it; a text of signs alone, such as an emoji, says something too."""
    if (len(written) > 40 and written[:1].isalpha()) or said(written):
        return True
    return not any(character.isalnum() for character in written) and bool(written.strip(" \t\r\n-–—_.*/\\"))


def facts(items: Sequence[str]) -> list[str]:
    """Lists of ready HTML items, none too long to place."""
    if len(items) > _ITEMS_A_LIST:
        return [*facts(items[:_ITEMS_A_LIST]), *facts(items[_ITEMS_A_LIST:])]
    return [f"<ul><li>{'</li><li>'.join(items)}</li></ul>"] if items else []


def dated(moment: datetime | None, otherwise: str = "time not recorded") -> str:
    return readable(moment) if moment else otherwise
