"""What people are called in a report that names nobody: initials, and a number where two share them (RULINGS 37).

Free text that a report counts by, such as a place, may hold a name ("J's bedroom" written in full): every child and
adult known here is hidden in it, and a text that cannot be made safe is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from config.home import KnownAs
from mappings.incident import Incident
from mappings.name_index import name_index
from mappings.person_name import NamedChild, initials_of
from mappings.redactor import RedactionFailed, Redactor

WITHHELD = "(withheld: it may hold a name)"
_LONGEST = 60


def labels_of(people: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Id -> initials, for (id, name) in order of first appearance: J.S., then J.S.2. A later name changes nothing."""
    labels: dict[str, str] = {}
    taken: dict[str, int] = {}
    for person_id, name in people:
        if person_id not in labels:
            initials = initials_of(name)
            taken[initials] = taken.get(initials, 0) + 1
            labels[person_id] = initials if taken[initials] == 1 else f"{initials}{taken[initials]}"
    return labels


class Labels:
    """Every child and adult of a home's reports, by id, and texts made safe."""

    def __init__(
        self,
        incidents: Sequence[Incident],
        known_children: Sequence[tuple[str, str]] = (),
        known_as: Sequence[KnownAs] = (),
        shown_id: Callable[[str], str] = str,
    ) -> None:
        """`known_children`: (id, name) of the home's children in order of first appearance, from the ledger.

        `shown_id`: what is shown of an id that no report names, which may be a name.
        """
        children = [*known_children]
        children += [(child.child_id, child.name) for incident in incidents for child in incident.children]
        staff = [(member.staff_id, member.name) for incident in incidents for member in incident.staff]
        self.children: Mapping[str, str] = labels_of(children)
        self.staff: Mapping[str, str] = labels_of(staff)
        nicknames = {entry.child: entry.names for entry in known_as}
        hidden = [NamedChild(one, name, nicknames.get(one, ())) for one, name in dict.fromkeys(children)]
        hidden += [NamedChild(f"staff:{one}", name, ()) for one, name in dict.fromkeys(staff)]
        shown = {**self.children, **{f"staff:{one}": label for one, label in self.staff.items()}}
        self._redactor = Redactor(name_index(tuple(hidden)), own=(), labels=shown)
        self._safe: dict[str, str] = {}
        self._shown_id = shown_id
        named = {one for incident in incidents for one in incident.people}
        ids = sorted({*self.children, *self.staff, *named}, key=len, reverse=True)
        self._ids = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ids))})(?![\w-])") if ids else None

    def of(self, subject: str | None) -> str:
        """The initials of a child or adult; of one that no report names, the id as it may be shown."""
        if subject is None:
            return ""
        return self.children.get(subject) or self.staff.get(subject) or self._shown_id(subject)

    def instead_of_ids(self, text: str) -> str:
        """A sentence of ours with initials where it names a child or an adult by the source's id."""
        return self._ids.sub(lambda found: self.of(found[0]), text) if self._ids else text

    def safe(self, text: str) -> str:
        """A place or a technique as it can be shown, cut to a readable length."""
        if text not in self._safe:
            words = " ".join(text.split())
            try:
                shown = self._redactor.text(words) if words else ""
            except RedactionFailed:
                shown = WITHHELD
            self._safe[text] = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
        return self._safe[text]
