"""WEATHER section 4, E-mail: each row of section 3, greylisting, and a recipient who changes before it is sent."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from flows import submissions
from flows.remind import remind
from sandbox.story import stamp
from tests.weather.invariants import all_is_well
from tests.weather.reports import id_of, person_of
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


def test_m_a_letter_whose_taking_is_in_doubt_again_and_again_is_repeated_ever_more_slowly(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("disconnect_after_dot", recipient=None, times=None)
    pauses = []
    for _ in range(3):
        scene.sync()
        due = scene.rows(where="target = 'email' AND state = 'uncertain'")[0]["due_epoch"]
        pauses.append(due - scene.clock().timestamp())
        scene.advance(pauses[-1] + 1)
    assert pauses[1] > 2 * pauses[0] > 0
    assert pauses[2] > 2 * pauses[1]


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


def name_as_manager(scene: Scene, before: str, after: str) -> None:
    """The home's file names another address for its manager."""
    home = scene.house.homes_dir / "EXH.toml"
    home.write_text(home.read_text("utf-8").replace(before, after), "utf-8")


def test_m8_a_recipient_who_changes_before_it_is_sent_is_not_told_and_the_new_one_is(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.sync()
    name_as_manager(scene, MANAGER, "new.manager@example-house.example")
    scene.house.mail.disarm()
    scene.advance(60)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 0
    assert inbox(scene)["new.manager@example-house.example"] == 1


def test_m8_a_manager_who_is_named_again_before_anybody_was_told_is_told(mail_scene: Scene) -> None:
    """Broken once: their mail had been withdrawn, so it was never sent, and nobody was told at all."""
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.sync()
    for before, after in ((MANAGER, "stand.in@example-house.example"), ("stand.in@example-house.example", MANAGER)) * 2:
        name_as_manager(scene, before, after)
        scene.advance(900)
        scene.sync()
    scene.house.mail.disarm()
    scene.advance(900)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene) == Counter({MANAGER: 1})


def test_m8_healing_sends_no_mail_that_waits_for_somebody_who_is_no_longer_named(mail_scene: Scene) -> None:
    """Broken once: only `sync` asked the home's file again."""
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.house.mosaic.lock(person_of(1))
    scene.sync()
    name_as_manager(scene, MANAGER, "new.manager@example-house.example")
    scene.house.mail.disarm()
    scene.house.mosaic.lock(person_of(1), locked=False)
    scene.advance(900)
    scene.reconcile(heal=True)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene) == Counter({"new.manager@example-house.example": 1})


def concern_the_manager(scene: Scene) -> None:
    """Staff write that the manager held the child, who was in pain."""
    found = scene.house.recording.report(id_of(1))
    staff = [
        *found["staff"],
        {"staffId": "staff-01", "name": "Pat Example", "role": "Registered Manager", "involvement": "UsedMeasure"},
    ]
    measures = [{**found["measures"][0], "staffIds": ["staff-01"], "painComplaint": "Yes"}]
    scene.house.recording.amend(id_of(1), {"staff": staff, "measures": measures})


def test_m8_a_manager_who_becomes_an_adult_of_concern_is_not_told_and_the_next_one_up_is(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("refuse")
    scene.sync()
    concern_the_manager(scene)
    scene.house.mail.disarm()
    scene.advance(60)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 0
    assert inbox(scene)[SENIOR] >= 1


def test_m8_a_mail_in_doubt_is_not_repeated_to_a_manager_who_becomes_an_adult_of_concern(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    scene.house.mail.arm("data_disconnect_before")
    scene.sync()
    concern_the_manager(scene)
    scene.advance(120)
    scene.settle()
    assert (inbox(scene)[MANAGER], inbox(scene)[SENIOR]) == (0, 1)
    (given_up,) = scene.rows(where="target = 'email' AND state = 'superseded'")
    assert "may have taken this mail" in given_up["why"]
    all_is_well(scene)


def test_m8_a_parent_who_must_not_be_told_any_more_gets_no_repeat(mail_scene: Scene) -> None:
    scene = mail_scene
    scene.write(1, hours_ago=2)
    child = scene.house.recording.report(id_of(1))["children"][0]
    asked = {"required": "Yes", "contactEmail": "parent@example.org"}
    scene.house.recording.amend(id_of(1), {"children": [{**child, "parentsInformed": asked}]})
    scene.house.mail.arm("data_disconnect_before", times=2)
    scene.sync()
    assert len(scene.rows(where="subject LIKE 'parent:%' AND state = 'uncertain'")) == 1
    decided = {**asked, "required": "No", "decidedBy": "The social worker"}
    scene.house.recording.amend(id_of(1), {"children": [{**child, "parentsInformed": decided}]})
    scene.advance(120)
    scene.settle()
    assert (inbox(scene)["parent@example.org"], inbox(scene)[MANAGER]) == (0, 1)
    all_is_well(scene)


def reminded(scene: Scene) -> None:
    """One run of remind."""
    with scene.site() as site:
        remind(site, list(site.homes.values()))


def with_a_digest_that_waits(scene: Scene) -> None:
    """Much is overdue, and the digests about it could not be sent yet."""
    scene.write(1, hours_ago=80)
    scene.settle()
    scene.house.mail.reset()
    scene.house.mail.arm("refuse")
    reminded(scene)
    scene.advance(60)


@pytest.mark.parametrize("comes_back", [False, True])
def test_m8_a_digest_that_waits_for_a_manager_who_has_left_goes_to_the_new_one(
    mail_scene: Scene, comes_back: bool
) -> None:
    scene = mail_scene
    with_a_digest_that_waits(scene)
    home = scene.house.homes_dir / "EXH.toml"
    before = home.read_text("utf-8")
    home.write_text(before.replace(MANAGER, "new.manager@example-house.example"), "utf-8")
    scene.sync()
    if comes_back:
        home.write_text(before, "utf-8")
    scene.house.mail.disarm()
    scene.advance(3600)
    scene.settle()
    reminded(scene)
    told = {one: inbox(scene)[one] for one in (MANAGER, "new.manager@example-house.example")}
    assert list(told.values()) == ([1, 0] if comes_back else [0, 1])
    all_is_well(scene)


def test_m8_a_digest_that_waits_for_a_manager_who_becomes_an_adult_of_concern_goes_to_the_next_one_up(
    mail_scene: Scene,
) -> None:
    scene = mail_scene
    with_a_digest_that_waits(scene)
    concern_the_manager(scene)
    scene.house.mail.disarm()
    scene.advance(3600)
    scene.settle()
    reminded(scene)
    assert inbox(scene)[MANAGER] == 0
    senior = [letter.text() for letter in scene.house.mail.inbox(SENIOR)]
    assert any("Report complete (regulation 35)" in text and "You get this as" in text for text in senior)
    all_is_well(scene)


@pytest.mark.parametrize(
    "sender",
    [
        "Example House <bridge@example-house.example>",
        '"House, Example" <b@example.org>',
        "bridge@exämple-house.example",
    ],
)
def test_a_sender_may_have_a_name_and_a_domain_with_other_letters(mail_scene: Scene, sender: str) -> None:
    scene = mail_scene
    scene.environ["BRIDGE_EMAIL__SENDER"] = sender
    scene.write(1, hours_ago=2)
    scene.settle()
    all_is_well(scene)
    assert inbox(scene)[MANAGER] == 1


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


def test_the_limit_of_a_childs_views_is_told_of_though_the_target_was_told_of_before(mail_scene: Scene) -> None:
    """Four days earlier, as a target, is no word in time about the limit that the regulation sets."""
    scene = mail_scene
    scene.write(1, hours_ago=13)
    child = scene.house.recording.report(id_of(1))["children"][0]
    done = stamp(scene.house.end)
    conversation = {"heldAt": done, "feedback": "Said", "alternativeDeEscalation": "A walk"}
    reviewed = dict.fromkeys(("advocacyOfferedAt", "riskAssessmentReviewedAt", "carePlanReviewedAt"), done)
    scene.house.recording.amend(
        id_of(1), {"children": [{**child, **reviewed, "restorativeConversation": conversation}]}
    )
    scene.settle()
    reminded(scene)
    scene.advance(timedelta(days=3).total_seconds())
    reminded(scene)
    before = len(scene.house.mail.inbox(MANAGER))
    scene.advance(timedelta(hours=30).total_seconds())
    reminded(scene)
    *_, last = scene.house.mail.inbox(MANAGER)
    assert len(scene.house.mail.inbox(MANAGER)) == before + 1
    assert "Child's views heard" in last.text().partition("Overdue:")[0]


def test_a_duty_that_was_met_and_is_owed_again_is_told_of_again(mail_scene: Scene) -> None:
    """Whoever had been told once that the LADO contact was late heard nothing of a later allegation."""
    scene = mail_scene
    scene.write(1, hours_ago=2)
    concern = {"raisedBy": "Child", "summary": "Something", "aboutStaffId": "staff-98", "mashReferred": "Yes"}
    scene.house.recording.amend(id_of(1), {"allegations": [concern]})
    scene.settle()
    scene.advance(timedelta(days=6).total_seconds())
    reminded(scene)
    (waiting,) = [row["id"] for row in scene.rows(where="target = 'lado'")]
    with scene.site() as site:
        submissions.decide(site, waiting, "approved", "Jo Overseer")
        submissions.decide(site, waiting, "sent", "Jo Overseer")
    raised = {**concern, "aboutStaffId": "staff-99", "raisedAt": stamp(scene.clock())}
    scene.house.recording.amend(id_of(1), {"allegations": [concern, raised]})
    scene.settle()
    for _ in range(32):
        scene.advance(timedelta(hours=6).total_seconds())
        reminded(scene)
    waits = "A decision that waits for a manager"
    before, *later = [text for letter in scene.house.mail.inbox(MANAGER) if waits in (text := letter.text())]
    assert waits in before.partition("Overdue:")[2]
    assert any(waits in text.partition("Overdue:")[0] for text in later), "due soon"
    assert any(waits in text.partition("Overdue:")[2] for text in later), "overdue"
    all_is_well(scene)
