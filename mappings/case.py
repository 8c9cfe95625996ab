"""One incident as its duties see it: the report, the home, what was seen outside, and the moment of looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from config.home import Home
from mappings.evidence import Evidence, LadoAct, submitted_at, undated
from mappings.exemption import exempt_children, wholly_exempt
from mappings.holds import clock_start, held
from mappings.incident import Answer, Incident
from mappings.lado_triggers import Concern, triggers_of
from mappings.uk_time import uk_day


@dataclass(frozen=True)
class Case:
    """What every trigger, deadline and proof of a duty is computed from. Its parts are computed once."""

    incident: Incident
    home: Home
    evidence: Evidence
    now: datetime

    @cached_property
    def start(self) -> datetime:
        """When hours and days begin to run."""
        return clock_start(self.incident, self.now)

    @cached_property
    def day(self) -> date:
        """The UK day of the incident, from which working days count."""
        return uk_day(self.incident.occurred_at)

    @cached_property
    def held(self) -> frozenset[str]:
        """Ids of the children who were held."""
        return frozenset(child.child_id for child in held(self.incident))

    @cached_property
    def exempt(self) -> frozenset[str]:
        """Ids of the children whose restraint was routine under their EHC plan."""
        return exempt_children(self.incident)

    @cached_property
    def wholly_exempt(self) -> bool:
        """Whether every held child is exempt."""
        return wholly_exempt(self.incident)

    @cached_property
    def submitted_at(self) -> datetime | None:
        """When the report was submitted, or None where it never was."""
        return self.evidence.submitted_at or submitted_at([self.incident])

    @cached_property
    def undated(self) -> Mapping[str, datetime]:
        """Since when the report has each piece of evidence that carries no time of its own."""
        return {**undated([self.incident]), **self.evidence.undated_at}

    @cached_property
    def concerns(self) -> tuple[Concern, ...]:
        """The LADO concerns, with the moment of knowing."""
        return triggers_of(self.incident, submitted_at=self.submitted_at, since=self.undated, now=self.now)

    @cached_property
    def is_serious(self) -> bool:
        """A serious incident, or police or emergency services called."""
        answers = (
            self.incident.serious_incident,
            self.incident.police_called,
            self.incident.emergency_services_called,
        )
        return Answer.YES in answers

    def lado_act(self, adult: str) -> LadoAct | None:
        """The latest decision about an adult that a named person had taken by now."""
        acts = [act for act in self.evidence.lado if act.adult == adult and act.by.strip()]
        decided = [act for act in acts if act.decided_at is None or act.decided_at <= self.now]
        return decided[-1] if decided else None
