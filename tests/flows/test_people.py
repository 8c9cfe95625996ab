"""Who hears of something, and who hears in their stead."""

from __future__ import annotations

from config.home import Contact
from flows.people import first_told
from mappings.incident import Allegation, RaisedBy, StaffMember
from tests.mappings.reports import home, incident

MANAGER = Contact(name="Morag Sampleton", role="Registered Manager", email="manager@home.example")
DEPUTY = Contact(name="Petra Standin", role="Deputy", email="deputy@home.example")
SENIOR = Contact(name="Desmond Placeholder", role="Service Manager", email="senior@home.example")
HOME = home(registered_manager=MANAGER, deputy=DEPUTY, senior_manager=SENIOR)
ABOUT_MANAGER = incident(
    staff=(StaffMember(staff_id="staff-9", name="Morag Sampleton"),),
    allegations=(Allegation(raised_by=RaisedBy.CHILD, summary="Made up.", about_staff_id="staff-9"),),
)


def test_what_is_about_the_manager_goes_up_and_not_to_who_works_for_them() -> None:
    assert first_told(HOME, "registered_manager", [ABOUT_MANAGER]) == ("senior_manager", SENIOR)
    assert first_told(HOME, "staff", [ABOUT_MANAGER]) == ("senior_manager", SENIOR)


def test_with_nobody_above_the_deputy_hears() -> None:
    alone = HOME.model_copy(update={"senior_manager": None})
    assert first_told(alone, "registered_manager", [ABOUT_MANAGER]) == ("deputy", DEPUTY)


def test_a_deputy_stands_in_for_a_manager_without_an_address() -> None:
    unreachable = HOME.model_copy(update={"registered_manager": MANAGER.model_copy(update={"email": ""})})
    assert first_told(unreachable, "registered_manager", [incident()]) == ("deputy", DEPUTY)
