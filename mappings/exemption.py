"""The EHC-plan exemption: routine restraint that a child's plan provides for (RULINGS 4).

"Where a child has an EHC plan … in which a specific type of restrictive practice is provided for use as part of the
child's day to day routine, the Home is exempt from the incident report recording requirement." An exempt child's
duties are listed as not applicable, with the reason; the incident is still counted and what staff recorded is sent.
"""

from __future__ import annotations

from mappings.holds import held, measures_on
from mappings.incident import Answer, Child, Incident
from mappings.lado_triggers import has_trigger
from mappings.last_answer import last_answer
from mappings.said import anyone_injured, same_words

REASON = "routine under the EHC plan"
_NOBODY: frozenset[str] = frozenset()


@last_answer
def exempt_children(incident: Incident) -> frozenset[str]:
    """Ids of the held children every measure on whom is a technique that their plan names for routine use.

    Empty when anyone was injured, or there is an allegation, a complaint of pain or any other LADO trigger.
    """
    if not incident.is_restrictive:
        return _NOBODY
    routine = [child.child_id for child in held(incident) if _routine(incident, child)]
    return frozenset(routine) if routine and ends_exemption(incident) is None else _NOBODY


def wholly_exempt(incident: Incident) -> bool:
    """Whether every held child is exempt, and somebody was held: then the home's own duties are not applicable too."""
    exempt = exempt_children(incident)
    return bool(exempt) and all(child.child_id in exempt for child in held(incident))


def ends_exemption(incident: Incident) -> str | None:
    """Why no child of this report can be exempt, or None: "Any injury, complaint or allegation ends the exemption"."""
    if incident.allegations:
        return "there is an allegation or complaint"
    if anyone_injured(incident):
        return "somebody was injured"
    if has_trigger(incident):
        return "breathing was affected, pain was complained of or the position was prone"
    return None


def exemption_note(incident: Incident) -> str | None:
    """A sentence for the report where a child's plan names techniques for routine use, or None where no plan does.

    It says whether the exemption holds, so that it is never silent either way.
    """
    planned = [child for child in held(incident) if child.ehc_plan.routine_restraint is Answer.YES]
    if not planned:
        return None
    exempt = exempt_children(incident)
    ended = ends_exemption(incident)
    if ended is not None:
        return f"An EHC plan provides for routine restraint, but {ended}: every duty applies."
    if not exempt:
        return (
            "An EHC plan provides for routine restraint, but not for every measure that was used: every duty applies."
        )
    return f"Restraint of {len(exempt)} of {len(held(incident))} held children was {REASON}; the incident is counted."


def _routine(incident: Incident, child: Child) -> bool:
    plan = child.ehc_plan
    if plan.routine_restraint is not Answer.YES:
        return False
    measures = measures_on(incident, child)
    provided = {same_words(technique) for technique in plan.techniques} - {""}
    return bool(measures) and all(same_words(measure.technique) in provided for measure in measures)
