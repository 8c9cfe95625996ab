"""People are shown as initials: in a sentence too, and where a site's ids are names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciliation.compare import compare
from reconciliation.html import html_report
from reconciliation.report import report_of
from tests.reconciliation.world import incident, quiet_world


def test_a_duty_that_names_an_adult_by_its_id_shows_initials() -> None:
    """Broken once: a home whose ids are names had one in the list of duties, in the page and in the spreadsheet."""
    world = quiet_world()
    evidence = world.evidence()
    waits = "the submission about staff-9 waits for a named manager"
    content = incident(1)
    member = content.staff[0].model_copy(update={"staff_id": "staff-9", "name": "Dana Imaginary"})
    changed = content.model_copy(update={"staff": (*content.staff, member)})
    world.replace_incident(changed, incident=changed)
    duties = {key: [one._replace(reason=waits) for one in each] for key, each in evidence.duties.items()}
    evidence = world.evidence(duties=duties)
    report = report_of(evidence, compare(evidence))
    assert {one.reason for one in report.duties} == {"the submission about D.I. waits for a named manager"}
    assert "staff-9" not in html_report(report)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("seen for child-17, child-18", "seen for R.T., J.S."),
        ("seen for child-170", "seen for child-170"),
        ("it concerns grandchild-17", "it concerns grandchild-17"),
    ],
)
def test_an_id_is_a_whole_word(text: str, shown: str) -> None:
    world = quiet_world()
    evidence = world.evidence()
    duties = {key: [one._replace(reason=text) for one in each] for key, each in evidence.duties.items()}
    report = report_of(replace(evidence, duties=duties), compare(evidence))
    assert {one.reason for one in report.duties} == {shown}
