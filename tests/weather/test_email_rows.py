"""WEATHER section 4, E-mail: each row of section 3, greylisting, and a recipient who changes before it is sent."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.weather.invariants import all_is_well
from tests.weather.reports import id_of
from tests.weather.scene import Scene

MANAGER, SENIOR = "manager@example-house.example", "senior@example-council.example"


def inbox(scene: Scene) -> Counter[str]:
    """How many letters each person has."""
    return Counter(letter.recipient for letter in scene.house.mail.inbox())


def different_letters(scene: Scene) -> Counter[str]:
    """How many letters each person has, a repeat under the same Message-ID counted once."""
    return Counter({letter.message_id: letter.recipient for letter in scene.house.mail.inbox()}.values())


@pytest.mark.parametrize(
    "fault",
    [
        "data_451",
        "greylist",
        "greeting_421",
        "close_at_connect",
        "data_disconnect_before",
        "disconnect_after_dot",
        "stall_after_dot",
        "late_after_dot",
    ],
)
def test_m_a_fault_that_passes_leaves_one_letter_or_a_repeat_under_one_message_id(
    mail_scene: Scene, fault: str
) -> None:
    scene = mail_scene
    scene.environ["BRIDGE_DELIVERY__TIMEOUT_SECONDS"] = "1.5"
    scene.write(1, hours_ago=2)
    scene.house.mail.arm(fault, seconds=3 if "dot" in fault else None)
    scene.settle()
    all_is_well(scene)
    assert different_letters(scene)[MANAGER] == 1
    taken = {"disconnect_after_dot": 2, "stall_after_dot": 2, "late_after_dot": 2}.get(fault, 1)
    assert inbox(scene)[MANAGER] == taken, "repeated only where the server may have taken it, and then once"
    scene.settle()
    assert inbox(scene)[MANAGER] == taken


def test_m_a_server_that_never_says_whether_it_took_a_letter_gets_a_few_copies_and_then_a_person(
    mail_scene: Scene,
) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("disconnect_after_dot", recipient=None, times=None)
    for _ in range(40):
        scene.sync()
        scene.advance(120)
    assert inbox(scene)[MANAGER] == 4
    assert different_letters(scene)[MANAGER] == 1
    doubt = scene.rows(where="state = 'uncertain'")
    assert doubt
    assert all("tell the person yourself" in row["why"] for row in doubt)


@pytest.mark.parametrize("fault", ["data_554", "recipient_550"])
def test_m_a_refusal_is_a_persons_to_mend_and_stops_no_other_letter(mail_scene: Scene, fault: str) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.write(2, hours_ago=3)
    scene.house.mail.arm(fault)
    scene.settle()
    all_is_well(scene, but={"rejected": 1})
    assert inbox(scene)[MANAGER] == 1
    scene.retry_rejected()
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 2


@pytest.mark.parametrize("fault", ["auth_535", "no_starttls", "sender_550"])
def test_m_a_server_that_will_not_have_us_stops_mail_alone_and_says_what_to_set(mail_scene: Scene, fault: str) -> None:
    scene = mail_scene
    scene.write(1, 2, 3, hours_ago=2)
    scene.house.mail.arm(fault, times=None)
    result = scene.sync()
    assert result["exit_code"] == 1
    assert [one["system"] for one in result["problems"]] == ["email"]
    assert scene.held()["create"] == 3
    scene.house.mail.disarm()
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 3


def test_m7_a_server_that_greylists_for_two_hours_gets_one_letter_in_the_end(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("greylist", times=None)
    for _ in range(9):
        assert scene.sync()["exit_code"] == 2
        scene.advance(900)
    assert not inbox(scene)
    scene.house.mail.disarm()
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 1


def test_m8_a_recipient_who_changes_before_it_is_sent_is_not_told_and_the_new_one_is(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.sync()
    home = scene.house.homes_dir / "EXH.toml"
    home.write_text(home.read_text("utf-8").replace(MANAGER, "new.manager@example-house.example"), "utf-8")
    scene.house.mail.disarm()
    scene.advance(60)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 0
    assert inbox(scene)["new.manager@example-house.example"] == 1


def test_m8_a_manager_who_becomes_an_adult_of_concern_is_not_told_and_the_next_one_up_is(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.sync()
    found = scene.house.recording.report(id_of(1))
    staff = [
        *found["staff"],
        {"staffId": "staff-01", "name": "Pat Example", "role": "Registered Manager", "involvement": "UsedMeasure"},
    ]
    measures = [{**found["measures"][0], "staffIds": ["staff-01"], "painComplaint": "Yes"}]
    scene.house.recording.amend(id_of(1), {"staff": staff, "measures": measures})
    scene.house.mail.disarm()
    scene.advance(60)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 0
    assert inbox(scene)[SENIOR] >= 1


def test_going_live_mails_nobody_about_what_is_older_than_the_age_limit(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, 2)
    scene.settle()
    all_is_well(scene)
    assert not inbox(scene)
    assert scene.held()["create"] == 2


def test_an_amendment_repeats_no_mail(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.settle()
    scene.amend(1)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 1
