"""A digest at seven in the morning: sober, clear, one a person, and none when there is nothing to say."""

from __future__ import annotations

from datetime import UTC, datetime

from mappings.bodies import MailBody
from mappings.digest import DigestRow, DigestState, digest
from tests.mappings.reports import NOW, after

VIEWS = DigestRow(
    "EXH-2026-0147",
    "Example House",
    "child_views",
    "Child's views heard",
    after(hours=22),
    DigestState.DUE_SOON,
    "A.T.",
)
DEBRIEF = DigestRow(
    "EXH-2026-0141", "Example House", "staff_debrief", "Staff debrief", after(hours=-30), DigestState.OVERDUE
)
OVERSIGHT = DigestRow(
    "EXH-2026-0139", "Example House", "manager_oversight", "Manager's oversight", after(hours=-60),
    DigestState.ESCALATED, owner="registered_manager",
)  # fmt: skip


def made(*rows: DigestRow) -> MailBody:
    found = digest("senior@home.example", "Senior Manager", rows, NOW)
    assert found is not None
    return found


def test_nothing_to_say_is_no_mail() -> None:
    assert digest("senior@home.example", "Senior Manager", [], NOW) is None


def test_what_can_still_be_done_in_time_comes_first_then_what_is_overdue_then_what_has_come_up() -> None:
    body = made(VIEWS, OVERSIGHT, DEBRIEF)
    assert body.subject == "Example House: 2 overdue, 1 due soon"
    assert body.text == (
        "2 overdue, 1 due soon, as at Wednesday 7 October 2026 at 10:05.\n\n"
        "Due soon, still in time:\n\n"
        "- EXH-2026-0147, Child's views heard (A.T.), today by 12:05\n\n"
        "Overdue:\n\n"
        "- EXH-2026-0141, Staff debrief, 2 days late (since Monday 5 October 2026 at 08:05)\n\n"
        "Overdue for longer, and now with you:\n\n"
        "- EXH-2026-0139, Manager's oversight, 3 days late (since Sunday 4 October 2026 at 02:05), "
        "registered manager\n\n"
        "You get this as Senior Manager. Record what was done in the report; nothing needs an answer to this mail.\n"
    )
    assert body.duties == ("manager_oversight", "staff_debrief", "child_views")
    assert body.to == "senior@home.example"


def test_the_soonest_comes_first_within_its_group_and_a_row_given_twice_is_said_once() -> None:
    later = VIEWS.__class__(**(VIEWS.__dict__ | {"number": "EXH-2026-0150", "due_at": after(hours=40)}))
    text = made(later, VIEWS, VIEWS).text
    assert text.index("EXH-2026-0147") < text.index("EXH-2026-0150")
    assert text.count("EXH-2026-0147") == 1
    assert "tomorrow by 06:05" in text


def test_a_time_in_the_hour_that_happens_twice_says_which_of_the_two() -> None:
    """Read at 01:30 BST, "by 01:10" is over; by 01:10 GMT there are forty minutes left."""
    due = VIEWS.__class__(**(VIEWS.__dict__ | {"due_at": datetime(2026, 10, 25, 1, 10, tzinfo=UTC)}))
    found = digest("senior@home.example", "Senior Manager", [due], datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert found is not None
    assert "as at Sunday 25 October 2026 at 01:30 BST" in found.text
    assert "today by 01:10 GMT" in found.text


def test_a_digest_over_several_homes_says_which() -> None:
    other = DigestRow("OTH-2026-0001", "Other House", "staff_debrief", "Staff debrief", None, DigestState.DUE_SOON)
    body = made(VIEWS, other)
    assert body.subject == "2 homes: 2 due soon"
    assert "Other House" in body.text
    assert "no date" in body.text


def test_the_desk_is_never_named_and_its_decision_is_asked_for() -> None:
    lado = DigestRow(
        "EXH-2026-0147", "Example House", "lado_contact", "LADO contacted", after(hours=30), DigestState.DUE_SOON
    )
    body = made(lado)
    assert "LADO" not in (body.text + body.html + body.subject).upper()
    assert "A decision that waits for a manager" in body.text


def test_the_html_says_the_same_in_tables_with_headings() -> None:
    body = made(VIEWS, DEBRIEF)
    assert body.html.count("<table") == 2
    assert body.html.count("<caption") == 2
    assert "Child&#x27;s views heard" in body.html
    assert ">Incident</th>" in body.html
    assert "Owed by" not in body.html


def test_late_is_said_in_words() -> None:
    def late(hours: float) -> str:
        row = DigestRow("N-1", "H", "staff_debrief", "Staff debrief", after(hours=20 - hours), DigestState.OVERDUE)
        return made(row).text

    assert ", less than an hour late (since Wednesday 7 October 2026 at 09:35)" in late(0.5)
    assert ", 1 hour late" in late(1)
    assert ", 47 hours late" in late(47.5)
    assert ", 4 days late" in late(100)


def test_what_is_late_is_one_line_an_incident_with_the_oldest_of_its_times() -> None:
    more = DigestRow(
        DEBRIEF.number,
        "Example House",
        "child_views",
        "Child's views heard",
        after(hours=10),
        DigestState.OVERDUE,
        "A.T.",
    )
    text = made(more, DEBRIEF).text
    assert text.count("EXH-2026-0141") == 1
    assert "Staff debrief; Child's views heard (A.T.), up to 2 days late (since Monday 5 October" in text


def test_what_only_the_software_can_settle_stands_last_and_is_nobodys_task() -> None:
    ours = [
        DigestRow(
            f"EXH-2026-{number:04}", "Example House", "daily_log", "Entry in the daily log", after(hours=-number),
            DigestState.OVERDUE, owner="software",
        )
        for number in range(1, 13)
    ]  # fmt: skip
    body = made(DEBRIEF, *ours)
    assert body.subject == "Example House: 1 overdue, 12 not yet seen by the software"
    assert body.text.index("Staff debrief") < body.text.index("Not yet seen at its place by the software")
    assert body.text.count("Entry in the daily log") == 1
    assert "and 2 more, up to" in body.text
