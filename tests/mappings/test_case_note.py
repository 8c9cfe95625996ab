"""A child's note on Mosaic reads well to a social worker, holds what the report holds, and names no other child.

The golden notes are what four representative reports look like. After a change that is meant, write them anew with
`RENEW_GOLDEN=1 pytest tests/mappings/test_case_note.py`, read each aloud as the social worker would, and commit them.
"""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from config.home import HomeMosaic
from mappings.bodies import NoteBody
from mappings.case_note import NoteContext, case_note
from mappings.incident import (
    Answer,
    Child,
    ChildRole,
    ClockTrouble,
    ClockTroubleKind,
    Incident,
    Intervention,
    Measure,
    Position,
    RaisedBy,
    Reason,
    Status,
    Views,
)
from mappings.plain_text import last_line_reference, text_of
from tests.mappings.reports import (
    AISHA,
    GRACE,
    HALL,
    OCCURRED,
    REFERENCE,
    WILL,
    PlainDuty,
    after,
    allegation,
    full_report,
    home,
    incident,
    note_context,
    oversight,
    routine_plan,
)

GOLDEN = Path(__file__).with_name("golden")
ALLOWED = {"p", "br", "ul", "ol", "li", "strong", "em", "table", "thead", "tbody", "tr", "th", "td"}


class _Tags(HTMLParser):
    """Checks that tags are allowed, bare and closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert not attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_limited_html(html: str) -> None:
    tags = _Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []


def note(report: Incident, child_id: str = "child-17", **context: object) -> NoteBody:
    return case_note(report, child_id, note_context(**context))


def text(report: Incident, child_id: str = "child-17", **context: object) -> str:
    return text_of(note(report, child_id, **context).html)


# ---- golden notes ----------------------------------------------------------------------------------------------


def _present() -> tuple[Incident, str, NoteContext]:
    return full_report(), "child-18", note_context()


def _full() -> tuple[Incident, str, NoteContext]:
    report = full_report(
        allegations=(allegation(),),
        manager_oversight=oversight(),
        status=Status.SIGNED_OFF,
        signed_off_at=after(days=1),
    )
    return report, "child-17", note_context(significant=True)


def _bare() -> tuple[Incident, str, NoteContext]:
    bare = Incident(
        incident_id="inc-150", number="EXH-2026-0150", home_id="EXH", status=Status.SUBMITTED, version=1,
        created_at=after(hours=1), modified_at=after(hours=1), occurred_at=OCCURRED,
        intervention=Intervention.RESTRICTIVE, children=(AISHA,),
    )  # fmt: skip
    return bare, "child-17", note_context(duties=())


def _disengagement() -> tuple[Incident, str, NoteContext]:
    child = AISHA.model_copy(update={"role": ChildRole.DISENGAGED})
    measure = Measure(technique="Disengagement: wrist", child_id="child-17", duration_minutes=0.5)
    report = incident(intervention=Intervention.NON_RESTRICTIVE, children=(child,), measures=(measure,), staff=(HALL,))
    return report, "child-17", note_context(duties=())


@pytest.mark.parametrize(
    ("name", "made"),
    [("full", _full()), ("present_child", _present()), ("bare", _bare()), ("disengagement", _disengagement())],
)
def test_a_note_reads_as_its_golden_example(name: str, made: tuple[Incident, str, NoteContext]) -> None:
    body = case_note(*made)
    shown = re.sub(r"(</p>|</ul>|</li>|<ul>|</table>|</tr>|<tbody>)", r"\1\n", f"<!-- {body.title} -->\n{body.html}")
    path = GOLDEN / f"{name}.html"
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(shown, "utf-8")
    assert_limited_html(body.html)
    assert path.read_text("utf-8") == shown


# ---- the record around it --------------------------------------------------------------------------------------


def test_the_reference_is_the_last_line() -> None:
    html = note(full_report()).html
    assert html.endswith(f"<p>Reference: {REFERENCE}</p>")
    assert last_line_reference(html) == REFERENCE


def test_the_title_carries_the_number_and_fits_however_long_the_number_is() -> None:
    body = note(incident(number="EXH-2026-0147"))
    assert body.title == "Safety intervention EXH-2026-0147: restrictive intervention, 6 October 2026, 14:05"
    assert len(note(incident(number="N" * 300)).title) <= 100


def test_the_effective_date_is_when_it_happened_and_the_codes_are_the_homes() -> None:
    mosaic = HomeMosaic(note_type="SI", acting_for="EXH01", alert_recipients=("w1",))
    body = note(incident(), home=home(mosaic=mosaic), significant=True)
    assert body.effective_date == OCCURRED
    assert (body.note_type, body.acting_for, body.alert_recipients) == ("SI", "EXH01", ("w1",))
    assert body.significant_event


def test_a_child_who_is_not_in_the_report_gets_no_note() -> None:
    with pytest.raises(ValueError, match="not in the report"):
        note(incident(), "child-99")


# ---- what it says ----------------------------------------------------------------------------------------------


def test_the_human_author_and_the_time_of_the_report_are_named() -> None:
    assert "Written by Tom Underhill, Tuesday 6 October 2026 at 15:05" in text(incident())
    assert "Written by an author whom the report does not name" in text(incident(created_by=" "))


def test_the_measure_says_technique_position_time_and_who_used_it() -> None:
    assert "Low level seated hold\nseated\n14:07\n4 minutes\nTom Underhill" in text(incident())


def test_another_childs_measure_is_not_in_the_note() -> None:
    measures = (*incident().measures, Measure(technique="Standing hold", child_id="child-18", duration_minutes=9))
    report = incident(children=(AISHA, GRACE), measures=measures)
    assert "Standing hold" not in text(report)
    assert "seated hold" not in text(report, "child-18")


def test_a_measure_that_names_no_child_is_in_every_held_childs_note_and_not_in_a_present_ones() -> None:
    held = GRACE.model_copy(update={"role": ChildRole.HELD})
    measure = Measure(technique="Standing hold", duration_minutes=2)
    report = incident(children=(AISHA, held, WILL), measures=(measure,))
    assert "Standing hold" in text(report)
    assert "Standing hold" in text(report, "child-18")
    assert "Standing hold" not in text(report, "child-19")
    assert "no measure on this child is recorded" in text(report, "child-19")


def test_breathing_and_pain_are_said_loudly_and_prone_is_said() -> None:
    measure = Measure(
        technique="Hold", position=Position.PRONE, child_id="child-17", breathing_affected=Answer.YES,
        pain_complaint=Answer.NO,
    )  # fmt: skip
    html = note(incident(measures=(measure,))).html
    assert "<strong>Breathing affected: yes. Complaint of pain: no.</strong>" in html
    assert "prone (face down)" in html


def test_durations_are_added_up_and_what_is_unknown_is_said() -> None:
    measures = tuple(Measure(technique="Hold", child_id="child-17", duration_minutes=m) for m in (4, 2.5, None))
    assert "Together 6.5 minutes, not counting what was not recorded." in text(incident(measures=measures))


def test_what_nobody_recorded_is_said_once_and_not_invented() -> None:
    found = text(_bare()[0])
    for heading in ("What led to it", "What was tried before", "What happened", "The child's views"):
        assert f"{heading}\nNot recorded." in found
    assert "Complaint of pain" not in found
    assert "None recorded." in found


def test_a_dash_or_not_applicable_is_no_text() -> None:
    assert "What was tried before\nNot recorded." in text(incident(de_escalation=" N/A "))


def test_declined_views_say_who_spoke_to_the_child() -> None:
    child = AISHA.model_copy(update={"views": Views(declined=Answer.YES, spoken_to_by="Grace Hall")})
    assert "The child declined to give their views, spoken to by Grace Hall." in text(incident(children=(child,)))


def test_an_exempt_child_is_routine_under_the_ehc_plan() -> None:
    child = AISHA.model_copy(update={"ehc_plan": routine_plan()})
    assert "routine under the EHC plan" in text(incident(children=(child,)), exempt=True)
    assert "EHC" not in text(incident(children=(child,)))


def test_clock_trouble_is_remarked_but_not_another_childs() -> None:
    twice = ClockTrouble(field="occurred_at", kind=ClockTroubleKind.TWICE)
    theirs = ClockTrouble(field="children.1.medical.seen_at", kind=ClockTroubleKind.MISSING)
    report = incident(children=(AISHA, GRACE), clock_troubles=(twice, theirs))
    assert "happened twice" in text(report)
    assert "does not exist" not in text(report)
    assert "does not exist" in text(report, "child-18")


def test_what_is_still_owed_to_this_child_is_listed_soonest_first() -> None:
    found = text(incident())
    owed = found[found.index("Still owed, as at") : found.index("The report\n")]
    assert owed.split("\n")[1:4] == [
        "Staff debrief: overdue since Wednesday 7 October 2026 at 00:05",
        "Manager's oversight: due Thursday 8 October 2026 at 14:05",
        "Care plan reviewed: due Sunday 11 October 2026 at 14:05",
    ]
    assert found.count("Care plan reviewed") == 1
    assert "LADO" not in found
    assert "Nothing." in text(incident(), duties=(PlainDuty("child_views", "Views", state="met_late"),))


def test_the_reasons_are_in_words() -> None:
    found = text(incident(reasons=(Reason.INJURY_TO_SELF, Reason.ABSCONDING)))
    assert "Why staff intervened: to prevent injury to the child themselves and to prevent absconding" in found


# ---- allegations -----------------------------------------------------------------------------------------------


def test_an_allegation_is_in_the_record_of_the_child_concerned_and_in_no_other() -> None:
    report = full_report(allegations=(allegation(),))
    assert "squeezed her arm" in text(report)
    assert "about Tom Underhill; excessive force is alleged" in text(report)
    assert "squeezed" not in text(report, "child-18")


def test_an_allegation_by_another_child_does_not_say_which() -> None:
    said = allegation(raised_by=RaisedBy.OTHER_CHILD, raised_by_name="Grace Pennyfold", about_staff_id="")
    found = text(full_report(allegations=(said,)))
    assert "Raised by another child, " in found
    assert "about an adult who is to be identified" in found
    assert "Pennyfold" not in found


def test_an_allegation_without_a_child_goes_to_the_one_held_child_and_where_there_are_two_to_nobody() -> None:
    said = (allegation(concerning_child_id=""),)
    assert "squeezed" in text(full_report(allegations=said))
    two = (AISHA, GRACE.model_copy(update={"role": ChildRole.HELD}))
    assert "squeezed" not in text(incident(children=two, allegations=said))


# ---- text as it was written ------------------------------------------------------------------------------------


def test_html_in_a_text_is_delivered_as_text() -> None:
    body = note(incident(narrative='<script>alert("x")</script> & <b onclick=1>bold</b> <!-- half'))
    assert_limited_html(body.html)
    assert '<script>alert("x")</script> & <b onclick=1>bold</b> <!-- half' in text_of(body.html)


def test_emoji_and_right_to_left_text_stay_and_control_characters_go() -> None:
    found = text(incident(narrative="כן 🙂\x00\x1b ok"))
    assert "כן 🙂 ok" in found


def test_lines_and_paragraphs_of_a_text_are_kept() -> None:
    assert "<br>one<br>two</p><p>three</p>" in note(incident(narrative="one\r\ntwo\n\n \nthree")).html


def test_a_text_cannot_pass_for_the_reference_line() -> None:
    assert last_line_reference(note(incident(narrative="x\n\nReference: IB-FALSE")).html) == REFERENCE


# ---- too long (RULINGS 20) -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["A sentence about what happened. ", "&", "word\n", "<" * 40 + " ", "x"])
def test_a_long_note_is_cut_into_well_formed_parts_that_lose_nothing(unit: str) -> None:
    long_text = unit * (70_000 // len(unit))
    body = note(incident(narrative=long_text))
    parts = (body.html, *body.more)
    assert len(parts) >= 3
    for number, part in enumerate(parts, start=1):
        assert len(part) <= 32_000
        assert_limited_html(part)
        assert f"Part {number} of {len(parts)}" in part
        assert last_line_reference(part) == (REFERENCE if number == 1 else f"{REFERENCE}-{number}")
    assert "".join("".join(text_of(part) for part in parts).split()).count("".join(unit.split())) >= 70_000 // len(unit)


def test_parts_take_the_callers_own_references() -> None:
    body = note(incident(narrative="x " * 20_000), reference_of_part=lambda part: f"OWN-{part}")
    assert [last_line_reference(part) for part in body.more] == [f"OWN-{part}" for part in range(2, len(body.more) + 2)]


def test_a_note_of_ordinary_length_is_one_part() -> None:
    assert note(full_report()).more == ()


def test_a_report_with_a_crowd_still_fits() -> None:
    staff = tuple(
        HALL.model_copy(update={"staff_id": f"s{n}", "name": f"Pat Exampleton{chr(97 + n % 26)}" * 8})
        for n in range(300)
    )
    measures = tuple(Measure(technique="Very long technique " * 30, child_id="child-17") for _ in range(200))
    body = note(incident(staff=staff, measures=measures))
    for part in (body.html, *body.more):
        assert len(part) <= 32_000
        assert_limited_html(part)


# ---- speed -----------------------------------------------------------------------------------------------------


def test_rendering_a_note_costs_little_beside_validating_its_report() -> None:
    report, context = full_report(), note_context()
    written = report.model_dump_json()
    case_note(report, "child-17", context)

    def cost(work: object) -> float:
        times = []
        for _ in range(5):
            begun = time.process_time()
            for _ in range(20):
                work()  # type: ignore[operator]
            times.append(time.process_time() - begun)
        return min(times)

    ratio = cost(lambda: case_note(report, "child-17", context)) / cost(lambda: Incident.model_validate_json(written))
    assert ratio < 40


def test_now_changes_nothing_but_what_is_owed() -> None:
    one, two = text(incident()), text(incident(), now=after(days=3))
    differ = [line for line in zip(one.split("\n"), two.split("\n"), strict=True) if line[0] != line[1]]
    assert all(line[0].startswith("Still owed") for line in differ)
    assert timedelta(0) < after(days=3) - OCCURRED


def test_a_child_with_an_odd_name_is_escaped() -> None:
    child = Child(child_id="child-17", name="Aisha <b>Testwell</b>", role=ChildRole.HELD)
    assert "<strong>Aisha &lt;b&gt;Testwell&lt;/b&gt;</strong>" in note(incident(children=(child,))).html
