"""The LADO form: each answer from the record, or to be completed; other children hidden; stable for a revision."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.home import Contact, Home
from config.lado_form import Source, load_form, shipped_form
from mappings.bodies import FormField, LadoPackage
from mappings.incident import (
    Allegation,
    Answer,
    Child,
    ChildRole,
    Incident,
    Intervention,
    Involvement,
    Measure,
    Medical,
    NotifiableDecision,
    NotifiableEvent,
    ParentsInformed,
    Position,
    RaisedBy,
    SocialWorker,
    StaffMember,
    Status,
    Views,
)
from mappings.lado_form import Approval, lado_package
from mappings.lado_triggers import TO_BE_IDENTIFIED, Concern, triggers_of
from mappings.names import redactor_for

CONTRACT = Path(__file__).parents[1] / "contracts" / "lado-contact-form.toml"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, 3, hour, minute, tzinfo=UTC)


def about(**changes: object) -> Concern:
    fields: dict[str, object] = {
        "adult": "staff-9",
        "triggers": (1,),
        "children": ("child-1",),
        "allegation_indexes": (),
        "knowing_at": at(20),
        "in_record": True,
    }
    return Concern(**{**fields, **changes})


HOME = Home(
    id="EXH",
    name="Example House",
    provider="Example County Council",
    address="1 Invented Lane, Exampleton",
    registered_manager=Contact(name="Rita Roster", role="Registered Manager", email="rita@home.example", phone="0"),
    senior_manager=Contact(name="Sam Senior", role="Head of Homes", email="sam@council.example", phone="1"),
)

CHILD = Child(
    child_id="child-1",
    name="Jodie Sampleton",
    mosaic_person_id="0001234",
    date_of_birth=date(2011, 2, 3),
    role=ChildRole.HELD,
    legal_status="S20",
    placing_authority="Example County Council",
    social_worker=SocialWorker(name="Wilma Worker", email="wilma@council.example"),
    injured=Answer.YES,
    injury_details="Graze on the left arm; Max Otherly saw it.",
    medical=Medical(offered=Answer.YES, seen=Answer.YES, seen_by="Nurse Nell", seen_at=at(16), outcome="Cleaned."),
    views=Views(text="I was scared. Max Otherly was laughing.", recorded_at=at(18), spoken_to_by="Rita Roster"),
    parents_informed=ParentsInformed(required=Answer.YES, informed_at=at(17), informed_by="Rita Roster"),
)
OTHER = Child(child_id="child-2", name="Max Otherly", role=ChildRole.PRESENT)
ADULT = StaffMember(
    staff_id="staff-9",
    name="Alan Adultson",
    role="Support worker",
    involvement=Involvement.USED_MEASURE,
    training_expires=date(2026, 10, 3),
)
WITNESS = StaffMember(staff_id="staff-8", name="Wendy Witness", role="Team leader", involvement=Involvement.WITNESS)


def incident(**changes: object) -> Incident:
    fields: dict[str, object] = {
        "incident_id": "i-1",
        "number": "EXH-2026-0001",
        "home_id": "EXH",
        "status": Status.SUBMITTED,
        "version": 1,
        "created_at": at(15),
        "modified_at": at(19),
        "occurred_at": at(14, 5),
        "location": "Lounge",
        "intervention": Intervention.RESTRICTIVE,
        "narrative": "Jodie Sampleton threw a chair at Max Otherly.",
        "measures": (
            Measure(
                technique="Low level seated hold",
                position=Position.SEATED,
                started_at=at(14, 6),
                duration_minutes=4,
                staff_ids=("staff-9", "staff-77"),
                pain_complaint=Answer.YES,
            ),
        ),
        "staff": (ADULT, WITNESS),
        "children": (CHILD, OTHER),
    }
    return Incident(**{**fields, **changes})


def hide(text: str) -> str:
    return text.replace("Max Otherly", "another child (A)")


def package(
    report: Incident | None = None, concern: Concern | None = None, home: Home = HOME, **more: object
) -> LadoPackage:
    return lado_package(report or incident(), concern or about(), home, 1, **{"hide": hide, **more})


def answers(found: LadoPackage) -> Mapping[str, FormField]:
    return {field.key: field for field in found.fields}


ALLEGATION = Allegation(
    raised_by=RaisedBy.PARENT,
    raised_by_name="Paula Parent",
    raised_at=at(17, 30),
    about_staff_id="staff-9",
    concerning_child_id="child-1",
    summary="She says that Alan Adultson twisted the arm while Max Otherly watched.",
    mash_referred=Answer.YES,
    police_referred=Answer.NOT_APPLICABLE,
)


# ---- the form itself -------------------------------------------------------------------------------------------


def test_the_shipped_form_asks_what_the_contract_asks() -> None:
    contract = tomllib.loads(CONTRACT.read_text("utf-8"))["section"]
    shipped = shipped_form().section
    assert [section["key"] for section in contract] == [section.key for section in shipped]
    asked = [field for section in contract for field in section["fields"]]
    ours = [
        {
            "key": question.key,
            "type": question.kind.value,
            "required": question.required,
            "from": question.source.value,
            **({"choices": list(question.choices)} if question.choices else {}),
            **({"help": question.help} if question.help else {}),
        }
        for question in shipped_form().questions().values()
    ]
    assert ours == asked
    assert all(question.title for question in shipped_form().questions().values())


@pytest.mark.parametrize("source", list(Source))
def test_every_source_of_the_form_can_be_read(source: Source, tmp_path: Path) -> None:
    text = Path("config/forms/lado-contact-form.toml").resolve().read_text("utf-8")
    kind = 'type = "choices", choices = ["One"]' if source is Source.TRIGGER else 'type = "text"'
    text += '\n[[section]]\nkey = "more"\ntitle = "More"\n'
    text += f'fields = [{{ key = "extra", {kind}, from = "{source.value}" }}]\n'
    path = tmp_path / "form.toml"
    path.write_text(text, "utf-8")
    found = package(
        incident(allegations=(ALLEGATION,)),
        about(allegation_indexes=(0,)),
        form=load_form(path),
        approval=Approval(at=at(9), by="x"),
    )
    extra = answers(found)["extra"]
    assert extra.to_be_completed == (extra.value is None)
    assert extra.section_title == "More"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('key = "summary"', 'key = "summmary"'), "lacks the field 'summary'"),
        (lambda text: text.replace('from = "home.name"', 'from = "home.nam"'), "section.0.fields.2.from"),
        (lambda text: text.replace('key = "child"', 'key = "kid"'), "section with the key 'child'"),
        (lambda text: text.replace('key = "summary"', 'key = "measures"'), "'measures' stands twice"),
        (lambda text: text + "\ncolour = 'red'", "unknown key"),
        (lambda text: text + "\n[[", "not valid TOML"),
    ],
)
def test_a_sites_own_profile_is_checked_with_the_place_to_mend(change, said: str, tmp_path: Path) -> None:
    path = tmp_path / "form.toml"
    path.write_text(change(Path("config/forms/lado-contact-form.toml").resolve().read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_form(path)
    assert caught.value.setting == "BRIDGE_LADO__FORM"
    assert said in str(caught.value)


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BRIDGE_LADO__FORM"):
        load_form(tmp_path / "none.toml")


# ---- the answers -----------------------------------------------------------------------------------------------


def test_every_field_has_an_answer_with_its_source_or_is_to_be_completed() -> None:
    found = package()
    assert [field.key for field in found.fields] == list(shipped_form().questions())
    for field in found.fields:
        if field.to_be_completed:
            assert (field.value, field.source) == (None, None)
        else:
            assert field.value
            assert field.source == shipped_form().questions()[field.key].source.value


def test_what_the_recording_system_does_not_know_is_never_guessed() -> None:
    expected = {question.key for question in shipped_form().questions().values() if question.source is Source.MANAGER}
    assert expected <= set(package().to_be_completed)
    assert len(expected) == 12


def test_the_answers_of_a_full_record() -> None:
    found = {key: field.value for key, field in answers(package()).items()}
    assert found["referrer_name"] == "Rita Roster"
    assert found["adult_name"] == "Alan Adultson"
    assert found["adult_employer"] == "Example County Council"
    assert found["adult_training_current"] == "Yes"
    assert found["child_name"] == "Jodie Sampleton"
    assert found["child_date_of_birth"] == "2011-02-03"
    assert found["child_mosaic_id"] == "1234"
    assert found["child_social_worker"] == "Wilma Worker, wilma@council.example"
    assert found["parents_informed"] == "Yes, on Saturday 3 October 2026 at 18:00 by Rita Roster."
    assert found["incident_at"] == "2026-10-03 15:05"
    assert found["harm_threshold"] == ("Behaved in a way that has harmed, or may have harmed, a child",)
    assert found["followed_restraint"] == "Yes"
    assert found["measures"] == (
        "1. Low level seated hold; on Jodie Sampleton; position: seated; began Saturday 3 October 2026 at 15:06; "
        "lasted 4 minutes; used by Alan Adultson and an adult whom the record does not name (staff-77); "
        "complaint of pain: yes."
    )
    assert found["witnesses"] == "Wendy Witness (Team leader); another child (A)"
    assert found["medical_attention"] == (
        "A nurse or doctor was offered. The child was seen by Nurse Nell on Saturday 3 October 2026 at 17:00. "
        "Outcome: Cleaned."
    )


def test_without_an_allegation_the_homes_own_record_speaks() -> None:
    found = answers(package())
    assert found["raised_by"].value == "the home's own record"
    assert found["raised_at"].to_be_completed
    assert found["summary"].value.endswith("Jodie Sampleton threw a chair at another child (A).")
    assert found["mash_referral"].to_be_completed


def test_an_allegation_gives_its_own_words() -> None:
    found = answers(package(incident(allegations=(ALLEGATION,)), about(triggers=(2,), allegation_indexes=(0,))))
    assert found["raised_by"].value == "A parent (Paula Parent)"
    assert found["raised_at"].value == "2026-10-03 18:30"
    assert found["summary"].value == "She says that Alan Adultson twisted the arm while another child (A) watched."
    assert found["harm_threshold"].to_be_completed
    assert found["mash_referral"].value == "Yes"
    assert found["police_referral"].to_be_completed


def test_several_allegations_are_all_told() -> None:
    second = ALLEGATION.model_copy(update={"raised_by": RaisedBy.CHILD, "raised_by_name": "", "summary": "It hurt."})
    report = incident(allegations=(ALLEGATION, second))
    found = answers(package(report, about(triggers=(2,), allegation_indexes=(0, 1))))
    assert found["raised_by"].value == "A parent (Paula Parent); The child"
    assert found["summary"].value.splitlines()[1] == "2. It hurt."


def test_another_child_who_raised_it_is_not_named_even_where_nobody_knows_the_name() -> None:
    for name, expected in (
        ("Max Otherly", "Another child (A)"),
        ("Nadia Nowhere", "Another child"),
        ("", "Another child"),
    ):
        raised = ALLEGATION.model_copy(update={"raised_by": RaisedBy.OTHER_CHILD, "raised_by_name": name})
        found = answers(package(incident(allegations=(raised,)), about(allegation_indexes=(0,))))
        assert found["raised_by"].value == expected


def test_no_other_child_is_named_anywhere() -> None:
    report = incident(
        location="Max Otherly's room",
        allegations=(ALLEGATION,),
        children=(CHILD, OTHER.model_copy(update={"injured": Answer.YES, "injury_details": "Max Otherly fell."})),
        measures=(Measure(technique="Guide Max Otherly away", child_id="child-2", staff_ids=("staff-9",)),),
    )
    found = package(report, about(triggers=(1, 2), allegation_indexes=(0,)))
    assert "Otherly" not in found.model_dump_json()
    assert "another child (A)" in answers(found)["injuries_and_treatment"].value.casefold().replace("(a)", "(A)")


def test_another_child_is_not_named_even_where_nothing_is_hidden_by_the_redactor() -> None:
    found = answers(package(hide=lambda text: text))
    assert found["witnesses"].value == "Wendy Witness (Team leader); another child"


def test_each_child_of_the_concern_has_a_section_and_is_named() -> None:
    second = CHILD.model_copy(
        update={"child_id": "child-3", "name": "Kim Secondly", "legal_status": "", "medical": Medical()}
    )
    found = package(incident(children=(CHILD, OTHER, second)), about(children=("child-1", "child-3")))
    names = [next(field.value for field in section if field.key == "child_name") for section in found.children]
    assert names == ["Jodie Sampleton", "Kim Secondly"]
    assert answers(found)["child_name"].value == "Jodie Sampleton"
    assert "Kim Secondly: the record does not say" in answers(found)["medical_attention"].value
    assert "child_legal_status" in found.to_be_completed


def test_a_concern_that_names_no_child_leaves_the_childs_section_to_the_manager() -> None:
    found = package(concern=about(children=()))
    assert {"child_name", "child_date_of_birth"} <= set(found.to_be_completed)
    assert len(found.children) == 1


def test_an_adult_to_be_identified_is_not_guessed() -> None:
    found = package(concern=about(adult=TO_BE_IDENTIFIED))
    expected = {"adult_name", "adult_job_title", "adult_employer", "adult_training_current"}
    assert found.adult == TO_BE_IDENTIFIED
    assert expected <= set(found.to_be_completed)


@pytest.mark.parametrize(("expires", "expected"), [(date(2026, 10, 3), "Yes"), (date(2026, 10, 2), "No"), (None, None)])
def test_training_is_good_to_the_end_of_its_last_day(expires: date | None, expected: str | None) -> None:
    adult = ADULT.model_copy(update={"training_expires": expires})
    assert answers(package(incident(staff=(adult,))))["adult_training_current"].value == expected


def test_the_day_of_training_is_the_uk_day_of_the_incident() -> None:
    midnight = datetime(2026, 10, 3, 23, 30, tzinfo=UTC)  # 00:30 on the 4th in the UK
    assert answers(package(incident(occurred_at=midnight)))["adult_training_current"].value == "No"


def test_n_a_and_blank_answers_are_to_be_completed() -> None:
    child = CHILD.model_copy(
        update={"legal_status": "N/A", "placing_authority": " ", "parents_informed": ParentsInformed()}
    )
    found = package(incident(children=(child,)))
    assert {"child_legal_status", "child_placing_authority", "parents_informed"} <= set(found.to_be_completed)


def test_a_decision_not_to_inform_parents_is_told() -> None:
    decided = ParentsInformed(required=Answer.NO, decided_by="Wilma Worker")
    found = package(incident(children=(CHILD.model_copy(update={"parents_informed": decided}),)))
    assert answers(found)["parents_informed"].value == "No: it was decided by Wilma Worker not to inform them."


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (NotifiableEvent(decision=NotifiableDecision.NOTIFY, notified_at=at(20)), "Yes"),
        (NotifiableEvent(decision=NotifiableDecision.NOTIFY), None),
        (NotifiableEvent(decision=NotifiableDecision.DO_NOT_NOTIFY), "No"),
        (NotifiableEvent(), None),
    ],
)
def test_ofsted_was_notified_only_where_the_record_says_so(event: NotifiableEvent, expected: str | None) -> None:
    assert answers(package(incident(notifiable_event=event)))["ofsted_notified"].value == expected


def test_the_second_of_a_doubled_hour_is_told_from_the_first() -> None:
    first = answers(package(incident(occurred_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))))["incident_at"].value
    second = answers(package(incident(occurred_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))))["incident_at"].value
    assert (first, second) == ("2026-10-25 01:30 BST", "2026-10-25 01:30 GMT")


def test_nobody_refers_themself() -> None:
    manager = HOME.registered_manager.model_copy(update={"name": "alan  adultson"})
    home = HOME.model_copy(update={"registered_manager": manager})
    assert answers(package(home=home))["referrer_name"].value == "Sam Senior"
    alone = home.model_copy(update={"senior_manager": None})
    assert "referrer_name" in package(home=alone).to_be_completed


# ---- approval --------------------------------------------------------------------------------------------------


def test_approval_fills_the_date_and_the_answers_that_only_the_approver_knows() -> None:
    approval = Approval(at=datetime(2026, 10, 4, 23, 30, tzinfo=UTC), by="Rita Roster", mash=True, police=False)
    found = answers(package(approval=approval))
    assert found["referral_date"].value == "2026-10-05"
    assert (found["mash_referral"].value, found["police_referral"].value) == ("Yes", "No")
    assert answers(package())["referral_date"].to_be_completed


def test_a_referral_that_the_record_states_is_not_unsaid_by_the_approver() -> None:
    approval = Approval(at=at(20), by="Rita Roster", mash=False)
    report = incident(allegations=(ALLEGATION,))
    assert answers(package(report, about(allegation_indexes=(0,)), approval=approval))["mash_referral"].value == "Yes"


def test_a_package_depends_on_the_revision_and_its_approval_alone() -> None:
    assert package().model_dump_json() == package().model_dump_json()
    assert package(approval=Approval(at=at(20), by="x")) != package()


# ---- with the rooms next door ----------------------------------------------------------------------------------


def test_the_triggers_and_the_names_of_a_report_make_its_packages() -> None:
    report = incident(
        allegations=(ALLEGATION.model_copy(update={"summary": "Jodie says Max's friend saw Alan Adultson hurt her."}),)
    )
    concerns = triggers_of(report)
    for concern in concerns:
        hidden = redactor_for(report, concern.children).text
        found = lado_package(report, concern, HOME, 2, hide=hidden)
        assert "Max" not in found.model_dump_json()
        assert answers(found)["child_name"].value == "Jodie Sampleton"
    assert [concern.adult for concern in concerns] == ["staff-9", "staff-77"]
