"""One incident as its duties see it: the report, the home, what was seen outside, and the moment of looking."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.home import Home
from mappings.evidence import NOTHING, Evidence, LadoAct, Proof, came_at, submitted_at
from mappings.exemption import exempt_children, wholly_exempt
from mappings.holds import began, clock_start, held
from mappings.incident import Answer, Incident, Status
from mappings.lado_triggers import triggers_of
from mappings.uk_time import uk_day


class Case:
    """What every trigger, deadline and proof of a duty is computed from, worked out once an incident.

    `start`: when hours and days begin to run. `day`: the UK day of the incident, from which working days count.
    `held`, `exempt`: ids of the children who were held, and of those whose restraint was routine under their EHC plan.
    `submitted_at`: None where the report never was. `concerns`: the LADO concerns, with the moment of knowing.
    `is_serious`: a serious incident, or police or emergency services called.
    """

    def __init__(self, incident: Incident, home: Home, evidence: Evidence, now: datetime) -> None:
        self.incident = incident
        self.home = home
        self.evidence = evidence
        self.now = now
        self.is_draft = incident.status is Status.DRAFT
        self.is_restrictive = incident.is_restrictive
        self.is_void = incident.status is Status.VOID
        self.second = now - timedelta(microseconds=now.microsecond)
        self.start = clock_start(incident, now)
        self.day = uk_day(incident.occurred_at)
        self.held = frozenset([child.child_id for child in held(incident)])
        self.exempt = exempt_children(incident)
        self.wholly_exempt = wholly_exempt(incident)
        submission = submitted_at([incident])
        self.submitted_at = evidence.submitted_at or submission
        self.is_serious = Answer.YES in (
            incident.serious_incident,
            incident.police_called,
            incident.emergency_services_called,
        )
        self._began = began(incident)
        self._came_at = came_at(incident, submission)
        self.concerns = triggers_of(incident, submitted_at=self._came_at, since=evidence.undated_at, now=now)

    def since(self, key: str) -> datetime:
        """Since when the report has a piece of evidence that carries no time of its own."""
        return self.evidence.undated_at.get(key, self._came_at)

    def dated(self, moment: datetime | None, what: str) -> Proof:
        """Evidence that carries its own time. `what` names it in the reason, such as "the debrief".

        The incident's own minute counts; before it, and after `now`, do not (RULINGS 11).
        """
        if moment is None:
            return NOTHING
        if moment < self._began:
            return Proof(reason=f"the time of {what} is before the incident")
        if moment > self.now:
            return Proof(reason=f"the time of {what} is in the future")
        return Proof(moment)

    def seen(self, moment: datetime | None) -> Proof:
        """Evidence that we saw at a target ourselves; what was seen after `now` is not there yet."""
        return Proof(moment) if moment is not None and moment <= self.now else NOTHING

    def lado_act(self, adult: str) -> LadoAct | None:
        """The latest decision about an adult that a named person had taken by now."""
        acts = [act for act in self.evidence.lado if act.adult == adult and act.by.strip()]
        decided = [act for act in acts if act.decided_at is None or act.decided_at <= self.now]
        return decided[-1] if decided else None
