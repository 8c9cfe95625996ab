"""Mail tells the right person, names nobody, tells no story, and says who could not be told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.home import AlsoNotify, Contact, HomeParents
from mappings.incident import Answer, Child, Incident, ParentsInformed, SocialWorker, StaffMember
from mappings.initials import incident_initials
from mappings.mails import DutyKey, MailContext, MailPlan, mails_for
from tests.mappings.reports import AISHA, DUTIES, GRACE, UNDERHILL, WILL, allegation, full_report, home, incident

MANAGER: DutyKey = ("manager_notified", None)
SENIOR: DutyKey = ("senior_manager_notified", None)
WORKER: DutyKey = ("social_worker_notified", "child-17")
PARENT: DutyKey = ("parents_informed", "child-17")


def plan(report: Incident, *unmet: DutyKey, the_home: object = None) -> MailPlan:
    context = MailContext(frozenset(unmet), incident_initials(report, ()), DUTIES)
    return mails_for(report, the_home or home(), context)  # type: ignore[arg-type]


def keys(found: MailPlan) -> list[tuple[str, str]]:
    return [(mail.subject_key, mail.to) for mail in found.mails]


def about(name: str, **changes: object) -> Incident:
    """A report with an allegation about an adult of this name."""
    staff = (UNDERHILL.model_copy(update={"name": name}),)
    return full_report(staff=staff, allegations=(allegation(),), **changes)


# ---- who gets one ----------------------------------------------------------------------------------------------


def test_each_unmet_duty_mails_its_person_and_a_met_one_does_not() -> None:
    assert keys(plan(full_report(), MANAGER, SENIOR, WORKER)) == [
        ("registered_manager", "manager@home.example"),
        ("senior_manager", "senior@home.example"),
        ("social_worker:child-17", "ola.fieldson@council.example"),
    ]
    assert plan(full_report()) == MailPlan()
    assert keys(plan(full_report(), MANAGER)) == [("registered_manager", "manager@home.example")]


def test_a_mail_says_which_duty_it_meets_and_for_which_child() -> None:
    mails = plan(full_report(), MANAGER, WORKER).mails
    assert [(mail.body.duties, mail.body.child_id) for mail in mails] == [
        (("manager_notified",), None),
        (("social_worker_notified",), "child-17"),
    ]


def test_a_social_worker_of_two_children_gets_one_mail_for_each() -> None:
    worker = SocialWorker(name="Ola Fieldson", email="ola@council.example")
    children = tuple(child.model_copy(update={"social_worker": worker}) for child in (AISHA, GRACE))
    found = plan(incident(children=children), WORKER, ("social_worker_notified", "child-18"))
    assert [(mail.subject_key, mail.body.child_id) for mail in found.mails] == [
        ("social_worker:child-17", "child-17"),
        ("social_worker:child-18", "child-18"),
    ]
    assert "G.P." not in found.mails[0].body.text


def test_also_notified_people_hear_of_their_duties_and_meet_none() -> None:
    people = (
        AlsoNotify(name="Ira Plain", email="ira@council.example", duties=("senior_manager_notified",)),
        AlsoNotify(
            name="Uma Plain", email="uma@council.example", duties=("manager_notified", "social_worker_notified")
        ),
    )
    found = plan(full_report(), MANAGER, WORKER, the_home=home(also_notify=people))
    extra = [mail for mail in found.mails if mail.subject_key.startswith("also_notify")]
    assert [(mail.subject_key, mail.to, mail.body.duties) for mail in extra] == [
        ("also_notify:2:manager_notified", "uma@council.example", ()),
        ("also_notify:2:social_worker_notified", "uma@council.example", ()),
    ]


def test_one_address_never_gets_two_mails_for_one_duty() -> None:
    people = (AlsoNotify(name="Morgan Leadwell", email="MANAGER@home.example", duties=("manager_notified",)),)
    assert keys(plan(full_report(), MANAGER, the_home=home(also_notify=people))) == [
        ("registered_manager", "manager@home.example")
    ]


# ---- recipients against the adults in the incident (RULINGS 39) ------------------------------------------------


def test_a_manager_who_is_an_adult_of_concern_is_not_told_and_the_next_person_up_is() -> None:
    found = plan(about("Morgan Leadwell"), MANAGER)
    assert keys(found) == [("registered_manager", "senior@home.example")]
    assert "in the registered manager's place" in found.mails[0].body.text


def test_without_a_senior_manager_the_deputy_is_told() -> None:
    found = plan(about("M. Leadwell"), MANAGER, the_home=home(senior_manager=None))
    assert keys(found) == [("registered_manager", "deputy@home.example")]


def test_nobody_left_is_said() -> None:
    found = plan(about("Leadwell, Morgan"), MANAGER, the_home=home(senior_manager=None, deputy=None))
    assert found.mails == ()
    assert found.undeliverable[0].subject_key == "registered_manager"
    assert "tell the provider" in found.undeliverable[0].reason


def test_a_senior_manager_who_is_an_adult_of_concern_has_nobody_above() -> None:
    found = plan(about("Sasha Overton"), SENIOR)
    assert found.mails == ()
    assert [failed.duty for failed in found.undeliverable] == ["senior_manager_notified"]


def test_a_manager_who_was_merely_there_is_told() -> None:
    there = StaffMember(staff_id="staff-5", name="Morgan Leadwell")
    report = full_report(staff=(UNDERHILL, there), allegations=(allegation(),))
    assert keys(plan(report, MANAGER)) == [("registered_manager", "manager@home.example")]


def test_a_social_worker_and_somebody_also_notified_are_checked_too() -> None:
    people = (AlsoNotify(name="Ola Fieldson", email="ola@home.example", duties=("social_worker_notified",)),)
    found = plan(about("Ola Fieldson"), WORKER, the_home=home(also_notify=people))
    assert found.mails == ()
    assert [failed.subject_key for failed in found.undeliverable] == [
        "social_worker:child-17",
        "also_notify:1:social_worker_notified",
    ]


# ---- nobody is skipped in silence ------------------------------------------------------------------------------


def test_a_missing_person_or_address_is_said() -> None:
    manager = Contact(name="Morgan Leadwell")
    child = AISHA.model_copy(update={"social_worker": SocialWorker(name="Ola Fieldson", phone="01632 960002")})
    found = plan(incident(children=(child,)), MANAGER, SENIOR, WORKER,
                 the_home=home(registered_manager=manager, senior_manager=None))  # fmt: skip
    assert found.mails == ()
    assert [(failed.duty, failed.child_id) for failed in found.undeliverable] == [
        ("manager_notified", None),
        ("senior_manager_notified", None),
        ("social_worker_notified", "child-17"),
    ]
    assert all("Fieldson" not in failed.reason and "Leadwell" not in failed.reason for failed in found.undeliverable)


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: x@y.example", "a@b, c@d", "Ola <ola@x.example>", "nobody", "a b@c.example", "@", " "],
)
def test_what_is_not_one_plain_address_is_not_mailed(address: str) -> None:
    child = AISHA.model_copy(update={"social_worker": SocialWorker(name="Ola", email=address)})
    found = plan(incident(children=(child,)), WORKER)
    assert found.mails == ()
    assert len(found.undeliverable) == 1


# ---- parents (RULINGS 26) --------------------------------------------------------------------------------------


def _with_parent(**told: object) -> Incident:
    values: dict[str, object] = {"required": Answer.YES, "contact_email": "parent@family.example"}
    child = AISHA.model_copy(update={"parents_informed": ParentsInformed(**(values | told))})
    return incident(children=(child,))


MAILS_PARENTS = home(parents=HomeParents(mail=True))


def test_a_parent_is_asked_to_ring_the_home_and_told_nothing_else() -> None:
    mail = plan(_with_parent(), PARENT, the_home=MAILS_PARENTS).mails[0]
    assert (mail.subject_key, mail.to) == ("parent:child-17", "parent@family.example")
    assert mail.body.subject == "Please ring the home"
    assert mail.body.text == "Please ring the home.\n"
    assert re.sub(r"<title>.*?</title>|<[^>]*>", "", mail.body.html) == "Please ring the home."


@pytest.mark.parametrize(
    ("report", "the_home"),
    [
        (_with_parent(), home()),
        (_with_parent(required=Answer.NO), MAILS_PARENTS),
        (_with_parent(required=Answer.NOT_APPLICABLE), MAILS_PARENTS),
        (_with_parent(contact_email=""), MAILS_PARENTS),
    ],
)
def test_a_parent_gets_no_mail_unless_home_and_record_both_ask(report: Incident, the_home: object) -> None:
    assert plan(report, PARENT, the_home=the_home) == MailPlan()


# ---- what a mail says ------------------------------------------------------------------------------------------


def test_the_managers_mail_says_number_home_initials_and_what_is_owed_by_when() -> None:
    body = plan(full_report(), MANAGER).mails[0].body
    assert body.subject == "Please read: safety intervention EXH-2026-0147 at Example House"
    assert "Children in the report: A.T., G.P. and W.O.\n" in body.text
    assert "- Staff debrief, overdue since Wednesday 7 October 2026 at 00:05" in body.text
    assert "- Care plan reviewed, A.T., by Sunday 11 October 2026 at 14:05" in body.text
    assert '<th scope="col"' in body.html
    assert "<caption" in body.html


def test_a_mail_holds_no_name_no_story_no_address_and_not_the_desk() -> None:
    found = plan(full_report(allegations=(allegation(),)), MANAGER, SENIOR, WORKER)
    for mail in found.mails:
        told = f"{mail.body.subject}\n{mail.body.text}\n{mail.body.html}"
        assert not re.search(r"Aisha|Testwell|Grace|Pennyfold|Will|Poole|Tom|Underhill|Ola|Morgan|squeezed|cup", told)
        assert not re.search(r"LADO|@", told, re.IGNORECASE)


@pytest.mark.parametrize("number", ["LADO 7", "EXH-lado-7"])
def test_a_mail_whose_number_would_name_the_desk_is_not_written(number: str) -> None:
    (mail,) = plan(full_report(number=number), MANAGER).mails
    with pytest.raises(ValueError, match="no mail may say"):
        _ = mail.body


def test_the_address_is_in_to_alone() -> None:
    mail = plan(full_report(), MANAGER).mails[0]
    assert mail.to == mail.body.to == "manager@home.example"
    assert "manager@" not in mail.body.text + mail.body.html + mail.body.subject


#: Any character but the letter without which nothing spells the desk, whose mails are not written at all.
_ANY = st.characters(exclude_categories=("Cs",), exclude_characters="lL")


@settings(max_examples=60, deadline=None)
@given(st.text(_ANY, max_size=80), st.text(_ANY, max_size=60))
def test_no_source_field_can_add_a_header(number: str, name: str) -> None:
    child = Child(child_id="child-17", name=name, social_worker=SocialWorker(email="ola@council.example"))
    report = incident(number=f"E{number}\r\nBcc: x@y.example", children=(child,))
    for mail in plan(report, MANAGER, WORKER, the_home=home(name=f"Example{name}\nX: y")).mails:
        assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", mail.body.subject)
        assert "x@y.example" not in mail.body.subject + mail.body.text


def test_a_present_child_counts_among_the_initials() -> None:
    report = incident(children=(AISHA, WILL))
    assert "A.T. and W.O." in plan(report, MANAGER).mails[0].body.text
