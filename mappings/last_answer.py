"""The answer for the report that was asked about last: reports are worked on one after the other, and each of the
texts and duties of a report asks the same questions of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mappings.incident import Incident

T = TypeVar("T")


def last_answer(asked: Callable[[Incident], T]) -> Callable[[Incident], T]:
    """Remember one answer of a pure function of an incident. Safe among threads: the pair is replaced as one."""
    known: tuple[Incident, T] | None = None

    def answer(incident: Incident) -> T:
        nonlocal known
        last = known
        if last is None or last[0] is not incident:
            known = last = incident, asked(incident)
        return last[1]

    answer.__doc__, answer.__name__, answer.__module__ = asked.__doc__, asked.__name__, asked.__module__
    return answer
