"""A mail about an adult of concern never goes to that adult (RULINGS 39)."""

from __future__ import annotations

import pytest

from mappings.adults_of_concern import adults_in, is_adult_of_concern, plain_name
from mappings.incident import Allegation, Incident, Involvement, RaisedBy
from tests.mappings.perfect import report, staff


def about(staff_id: str, *, name: str = "Rita Manager") -> Incident:
    return report(
        staff=(staff(name="Test Adult"), staff("staff-9", name=name, involvement=Involvement.PRESENT)),
        allegations=(Allegation(raised_by=RaisedBy.CHILD, summary="x", about_staff_id=staff_id),),
    )


@pytest.mark.parametrize(
    "name", ["Rita Manager", "rita  MANAGER", "Ms Rita Manager", "Manager, Rita", "R. Manager", "Rita Jane Manager"]
)
def test_the_manager_is_known_however_the_report_writes_the_name(name: str) -> None:
    assert is_adult_of_concern("Rita Manager", about("staff-9", name=name))


@pytest.mark.parametrize("name", ["Ron Manager", "Rita Other", "", "Mr"])
def test_another_person_is_not_mistaken_for_the_manager(name: str) -> None:
    assert not is_adult_of_concern("Rita Manager", about("staff-9", name=name))


def test_a_manager_in_an_incident_about_somebody_else_is_told() -> None:
    assert not is_adult_of_concern("Rita Manager", about("staff-1"))


def test_while_the_adult_is_to_be_identified_every_adult_in_the_report_may_be_the_one() -> None:
    assert is_adult_of_concern("Rita Manager", about(""))
    assert not is_adult_of_concern("Sam Senior", about(""))


def test_an_incident_without_a_concern_is_told_to_everyone() -> None:
    assert not is_adult_of_concern("Test Adult", report(staff=(staff(name="Test Adult"),)))


def test_a_source_whose_ids_are_addresses_or_names_is_understood() -> None:
    assert is_adult_of_concern("Anybody", about("Rita@Example.org"), email="rita@example.org")
    assert is_adult_of_concern("Rita Manager", about("Rita Manager"))


def test_the_adults_in_the_report_are_compared_by_plain_names() -> None:
    assert adults_in(about("staff-9", name="Manager, Ms Rita")) == {"test adult", "rita manager"}
    assert plain_name("Dr. Bríd O'Hara-Ní") == "bríd ohara ní"
