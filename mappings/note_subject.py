"""What a child's note is about, and the pieces that its sections are made of.

A section is a heading and paragraphs of limited HTML: pure data, so that a later revision can be compared with it.
Everything that staff typed has gone through the record's redactor and is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mappings.holds import held, measures_on
from mappings.incident import Child, Incident, Measure
from mappings.redactor import Redactor
from mappings.said import said
from mappings.wording import NOT_RECORDED, bullets, escaped, one_line, paragraphs, readable

#: Names, roles and places come again and again.
said_briefly = lru_cache(maxsize=4096)(said)


class Section(NamedTuple):
    """One part of a note. `blocks` are well-formed limited HTML, the heading in the first."""

    id: str
    heading: str
    blocks: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Section {self.id}>"


class Subject(NamedTuple):
    """What every section is made from: the report, the record's own child, and how names are hidden."""

    incident: Incident
    child: Child
    hide: Redactor
    home_name: str
    exempt: bool = False

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures used on this child."""
        return measures_on(self.incident, self.child)

    @property
    def was_held(self) -> bool:
        """Whether the child was held in a restrictive intervention."""
        return self.incident.is_restrictive and (self.child in held(self.incident) or bool(self.measures))

    def text(self, written: str) -> str:
        """What staff typed, on one line, safe and escaped."""
        return escaped(one_line(self.hide.text(written), 300))

    def adult(self, name: str, otherwise: str = "somebody not named") -> str:
        """An adult's name, safe and escaped."""
        return escaped(one_line(self.hide.adult(name), 100)) if said_briefly(name) else otherwise

    def __repr__(self) -> str:
        return "<Subject>"


def section(section_id: str, heading: str, blocks: Iterable[str]) -> Section:
    """A section whose first paragraph opens with the heading."""
    found = list(blocks) or [f"<p>{NOT_RECORDED}</p>"]
    title = f"<strong>{heading}</strong>"
    first = f"<p>{title}<br>{found[0][3:]}" if found[0].startswith("<p>") else f"<p>{title}</p>{found[0]}"
    return Section(section_id, heading, (first, *found[1:]))


def prose(subject: Subject, written: str, lead: str = "") -> list[str]:
    """Free text as paragraphs, the first with a lead such as "Details: "; nothing where it says nothing."""
    if not _says_something(written):
        return []
    found = paragraphs(subject.hide.text(written))
    return [f"<p>{lead if not place else ''}{text}</p>" for place, text in enumerate(found)]


def _says_something(written: str) -> bool:
    """As `said`, without reading a whole story for it; a text of signs alone, such as an emoji, says something too."""
    if (len(written) > 40 and written[:1].isalpha()) or said(written):
        return True
    return not any(character.isalnum() for character in written) and bool(written.strip(" \t\r\n-–—_.*/\\"))


def facts(items: Iterable[str | None]) -> list[str]:
    found = [item for item in items if item]
    return [bullets(found[start : start + 40]) for start in range(0, len(found), 40)]


def dated(moment: datetime | None, otherwise: str = "time not recorded") -> str:
    return readable(moment) if moment else otherwise
