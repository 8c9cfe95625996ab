from __future__ import annotations

from datetime import timedelta

from mappings.home_children import HomeChildren
from mappings.incident import ManagerOversight
from mappings.owed import History, Target
from mappings.plan import Circumstances, plan_revision
from tests.mappings.reports import AISHA, NOW, after, home, incident


def test_a_note_in_parts_is_said_to_bring_the_oversight_once() -> None:
    known = HomeChildren([(AISHA.child_id, AISHA.name)])
    oversight = ManagerOversight(at=after(hours=3), by="Morgan Leadwell", comments="Proportionate.")
    report = incident(narrative="Aisha kicked out at staff. " * 1_500, manager_oversight=oversight)
    around = Circumstances(home(), frozenset({Target.MOSAIC}), timedelta(days=2), NOW)
    first, *more = plan_revision(report, History(1, (), lambda _: None, known), around).owed
    assert first.detail == {"oversight": True}
    assert [(owed.part, dict(owed.detail)) for owed in more] == [(2, {})]
