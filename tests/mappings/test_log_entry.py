"""The daily log says little, by initials only, and points to the report."""

from __future__ import annotations

import re

from config.home import HomeDailyLog
from mappings.incident import Child, Incident, Measure, Status
from mappings.initials import home_initials
from mappings.log_entry import LogContext, log_correction, log_entry
from mappings.names import NamedChild
from mappings.plain_text import last_line_reference
from tests.mappings.reports import AISHA, OCCURRED, REFERENCE, after, full_report, home, incident


def context(**changes: object) -> LogContext:
    values: dict[str, object] = {"home": home(), "reference": REFERENCE}
    return LogContext(**(values | changes))  # type: ignore[arg-type]


def correction(before: Incident, later: Incident) -> str | None:
    found = log_correction(before, later, context())
    return None if found is None else found.text


# ---- initials (RULINGS 37) -------------------------------------------------------------------------------------


def test_children_of_one_home_with_the_same_initials_are_told_apart_by_first_appearance() -> None:
    children = [
        ("a", "Jane Sample"),
        ("b", "Jo Smithson"),
        ("a", "Janet Other"),
        ("c", "Abel Test"),
        ("d", "Jim Stone"),
    ]
    assert home_initials(children) == {"a": "J.S.", "b": "J.S.2", "c": "A.T.", "d": "J.S.3"}


def test_initials_come_from_every_kind_of_name() -> None:
    names = [
        "Mary-Jane O'Brien",
        "de la Cruz, Zoë",
        "Ama",
        "Ólafur Þór",
        "  ",
        "Ruth (Moppet) Fieldson",
        "Miss Ann Lee",
        "Mo al-Rashid",
    ]
    found = home_initials([(str(place), name) for place, name in enumerate(names)])
    assert list(found.values()) == ["M.O.", "Z.C.", "A.", "O.T.", "?", "R.F.", "A.L.", "M.R."]


# ---- the entry -------------------------------------------------------------------------------------------------


def test_an_entry_says_what_when_where_who_by_initials_and_who_wrote_it() -> None:
    entry = log_entry(full_report(), context())
    assert entry.text.split("\n") == [
        "Safety intervention EXH-2026-0147: restrictive intervention, Tuesday 6 October 2026 at 14:05. Place: Lounge.",
        "Children: A.T. (held), G.P. (present) and W.O. (present).",
        "A.T.: Low level seated hold, 4 minutes, 1 member of staff.",
        "The full record is Safety Intervention Incident Report EXH-2026-0147.",
        "Written by Tom Underhill, Tuesday 6 October 2026 at 15:05.",
        f"Reference: {REFERENCE}",
    ]
    assert entry.entry_time == OCCURRED
    assert entry.child_ids == ("child-17", "child-18", "child-19")
    assert last_line_reference(entry.text) == REFERENCE


def test_the_category_is_the_homes() -> None:
    changed = home(daily_log=HomeDailyLog(category="Incidents"))
    assert log_entry(incident(), context(home=changed)).category == "Incidents"


def test_no_child_is_named_even_in_a_place_or_a_technique() -> None:
    measures = (Measure(technique="Hold as in Gracie's plan", child_id="child-17"),)
    text = log_entry(full_report(location="Aisha Testwell's room, near Will", measures=measures), context()).text
    assert "Place: A.T.'s room, near W.O." in text
    assert "Hold as in G.P.'s plan, duration not recorded" in text
    assert not re.search(r"Aisha|Testwell|Grac|Will|Poole", text)


def test_a_child_of_the_home_who_is_not_in_the_report_is_hidden() -> None:
    known = (NamedChild("child-3", "Kaitlyn Oldham"),)
    text = log_entry(incident(location="Kaitlyn's room"), context(known_children=known)).text
    assert "Place: another child's room." in text


def test_no_story_is_copied() -> None:
    report = full_report()
    text = log_entry(report, context()).text
    for told in (report.narrative, report.behaviour_before, report.de_escalation, report.children[0].views.text):
        assert told.split(".")[0] not in text


def test_an_entry_never_grows_beyond_the_logs_limit() -> None:
    children = tuple(Child(child_id=f"c{n}", name=f"Ann{'e' * n} Example") for n in range(100))
    measures = tuple(Measure(technique="Technique " * 40) for _ in range(100))
    entry = log_entry(incident(children=children, measures=measures, location="far " * 999), context())
    assert len(entry.text) <= 4_000
    assert last_line_reference(entry.text) == REFERENCE
    assert "80 more measures." in entry.text or "…" in entry.text


# ---- corrections (RULINGS 3) -----------------------------------------------------------------------------------


def test_a_change_that_the_entry_does_not_hold_makes_no_correction() -> None:
    later = full_report(narrative="Rewritten.", version=2, status=Status.SIGNED_OFF, modified_at=after(days=1))
    assert correction(full_report(), later) is None
    assert correction(full_report(), full_report(status=Status.DRAFT)) is None


def test_a_change_of_the_entrys_own_text_is_corrected_in_full() -> None:
    later = full_report(location="Kitchen")
    found = correction(full_report(), later)
    assert found is not None
    assert found.startswith("Correction of the entry for EXH-2026-0147. It now reads:\nSafety intervention")
    assert "Place: Kitchen." in found
    assert last_line_reference(found) == REFERENCE


def test_a_void_is_corrected_once_and_undone_when_the_report_is_in_force_again() -> None:
    void = full_report(status=Status.VOID)
    found = correction(full_report(), void)
    assert found is not None
    assert "recorded in error" in found
    assert "hold" not in found
    assert correction(void, void) is None
    again = correction(void, full_report())
    assert again is not None
    assert "in force again" in again
    assert "Low level seated hold" in again


def test_initials_of_a_child_who_has_left_the_report_do_not_shift() -> None:
    namesake = Child(child_id="child-50", name="Abel Testwell")
    before = incident(children=(AISHA, namesake))
    later = incident(children=(namesake,), measures=())
    assert "A.T.2" in log_entry(before, context()).text
    found = correction(before, later)
    assert found is not None
    assert "\nChildren: A.T.2.\n" in found
