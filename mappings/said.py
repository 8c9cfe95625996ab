"""What counts as said: an answer, a name or a text that a person really gave.

"N/A" answers nothing, anywhere (RULINGS 25), and neither does a dash or an empty line.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mappings.incident import Answer, Child, ChildRole, Incident, StaffMember

_NOTHING = frozenset({"", "na", "notapplicable", "tbc", "tba", "notknown", "unknown"})
_NO_INJURY = frozenset(
    {"no", "none", "nil", "noinjury", "noinjuries", "nonenoted", "noneseen", "nonereported", "nonevisible"}
    | {"noinjuriesnoted", "noinjuriesseen", "noinjuriesreported", "noinjurynoted", "novisibleinjuries", "nomarks"}
)
_YES, _INJURED = Answer.YES, ChildRole.INJURED
_ANSWERS = (_YES, Answer.NO)
_SEPARATORS = re.compile(r"[\W_]+")
_BEGINNINGS = frozenset(words[:2] for words in _NOTHING)
_LONGER = re.compile(rf"(?:[\W_]*[^\W_]){{{max(map(len, _NOTHING)) + 1}}}")
"""More letters than any of these: the rest of a story need not be read to know that it says something."""


def _letters(text: str) -> str:
    return _SEPARATORS.sub("", text).casefold()


@lru_cache(maxsize=4096)
def _nothing(text: str) -> bool:
    return _letters(text) in _NOTHING


def said(text: str) -> bool:
    """Whether a text field says anything: not empty, not dashes, not "N/A", "TBC" or "unknown"."""
    begins = text[:2]
    if begins.isalnum() and begins.casefold() not in _BEGINNINGS:
        return True
    return bool(text) and (_LONGER.match(text) is not None or not _nothing(text))


#: Names, roles and places come again and again.
said_briefly = lru_cache(maxsize=4096)(said)


def answered(answer: Answer) -> bool:
    """Whether a yes/no question was answered; "N/A" is no answer."""
    return answer in _ANSWERS


def same_words(text: str) -> str:
    """A text for comparing names of techniques: case, spacing and punctuation do not matter."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def child_injured(child: Child) -> bool:
    """Whether the report says that this child was injured: by the answer, the role, or details without an answer."""
    return child.injured is _YES or child.role is _INJURED or _details(child)


def staff_injured(member: StaffMember) -> bool:
    """Whether the report says that this adult was injured."""
    return member.injured is _YES or _details(member)


def anyone_injured(incident: Incident) -> bool:
    """Whether the report says that anybody was injured, child or adult."""
    return any(map(child_injured, incident.children)) or any(map(staff_injured, incident.staff))


def _details(person: Child | StaffMember) -> bool:
    details = person.injury_details
    return said(details) and not answered(person.injured) and _letters(details) not in _NO_INJURY
