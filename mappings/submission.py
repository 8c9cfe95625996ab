"""The LADO submission about one adult, made from a revision and, once there is one, its approval."""

from __future__ import annotations

from collections.abc import Sequence

from config.home import Home
from config.lado_form import LadoForm
from mappings.bodies import LadoPackage
from mappings.home_children import HomeChildren
from mappings.incident import Incident
from mappings.lado_form import Approval, lado_package
from mappings.lado_triggers import triggers_of
from mappings.names import redactor_for
from mappings.person_name import KnownChild


def submission(
    report: Incident,
    adult: str,
    home: Home,
    revision: int,
    known_children: HomeChildren | Sequence[KnownChild],
    approval: Approval | None = None,
    form: LadoForm | None = None,
) -> LadoPackage | None:
    """The package about one adult of concern; None when this revision has no concern about that adult.

    `form`: the site's own form profile; the shipped one if None. Children whom the concern is about are named, any
    other child is hidden (RULINGS 32). Raises RedactionFailed.
    """
    concern = next((one for one in triggers_of(report) if one.adult == adult), None)
    if concern is None:
        return None
    redactor = redactor_for(report, concern.children, known_children, known_as=home.known_as, phrases=(home.name,))
    return lado_package(report, concern, home, revision, hide=redactor.text, approval=approval, form=form)
