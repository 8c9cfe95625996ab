"""What a revision owes: the words in which the plan speaks and the ledger listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from mappings.home_children import HomeChildren
from mappings.incident import Frozen, Incident
from mappings.reference import DeliveryKey, Reference


class Target(StrEnum):
    """The outside systems that are owed something."""

    # An enum's own hash is worked out in Python; every report is asked about each of these.
    __hash__ = str.__hash__

    MOSAIC = "mosaic"
    DAILY_LOG = "daily_log"
    EMAIL = "email"
    LADO = "lado"


class Action(StrEnum):
    """What is done at a target."""

    CREATE = "create"
    APPEND = "append"
    CORRECT = "correct"
    NOTIFY = "notify"
    DIGEST = "digest"
    PREPARE = "prepare"


NO_DETAIL: Mapping[str, Any] = MappingProxyType({})


class Owed(NamedTuple):
    """One thing to deliver. `priority_at`: the moment its duty is due; the oldest goes first.

    With `not_sent`, it is recorded as superseded from the start, with that reason: listed, never sent. With `refused`,
    it is recorded as rejected: a person must look before it can be sent.
    """

    key: DeliveryKey
    reference: Reference
    target: Target
    action: Action
    subject: str
    revision: int
    priority_at: datetime
    body: Frozen | None
    part: int = 1
    person_id: int | None = None
    detail: Mapping[str, Any] = NO_DETAIL
    not_sent: str | None = None
    refused: str | None = None

    def __repr__(self) -> str:
        return "<Owed>"


#: Causes of a refusal after which the target may hold something all the same: a conflict, a note on a wrong record, a
#: status that its contract does not know.
DOUBTFUL_CAUSES = frozenset({"conflict", "wrong_person", "unusual"})
#: Causes for which a note can lie on no child's record; another Mosaic id mends them.
NO_RECORD_CAUSES = frozenset({"no_person_id", "person_not_found"})
#: Causes of a refusal that another Mosaic id may mend.
OTHER_RECORD_CAUSES = NO_RECORD_CAUSES | {"restricted"}
#: Causes of a refusal that only another text may mend.
OTHER_TEXT_CAUSES = frozenset({"unsafe_text", "invalid", "too_large"})


@dataclass(frozen=True)
class Before:
    """A delivery of the incident that the ledger already has, oldest first."""

    id: int
    target: str
    action: str
    subject: str
    part: int
    revision: int
    state: str
    person_id: int | None
    cause: str | None
    detail: Mapping[str, Any]

    @property
    def live(self) -> bool:
        """Whether it is, may be, or will be at the target."""
        return self.state != "superseded"

    @property
    def may_be_there(self) -> bool:
        """Whether something may be at the target because of it."""
        doubtful = self.state == "rejected" and self.cause in DOUBTFUL_CAUSES
        return doubtful or self.state in ("sending", "uncertain", "accepted", "verified")


class Plan(NamedTuple):
    """What is owed now, what is no longer owed, which deliveries have a new address, and which were seen at another."""

    owed: tuple[Owed, ...] = ()
    withdrawn: tuple[tuple[int, str], ...] = ()
    readdressed: tuple[tuple[int, int | None], ...] = ()
    unseen: tuple[int, ...] = ()


class History(NamedTuple):
    """What is known of an incident when a revision of it is planned.

    `earlier` gives the report as it was at an earlier revision, None where it is no longer kept; `known_children` are
    the home's, this report's included.
    """

    revision: int
    before: Sequence[Before]
    earlier: Callable[[int], Incident | None]
    known_children: HomeChildren

    def __repr__(self) -> str:
        return "<History>"


Planner = Callable[[Incident, History], Plan]
