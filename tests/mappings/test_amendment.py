"""Nothing sent is changed behind anyone's back: a later revision appends what now reads otherwise, and nothing else."""

from __future__ import annotations

import pytest

from mappings.amendment import amendment, note_text_changed
from mappings.case_note import case_note
from mappings.incident import ChildRole, Incident, Status
from mappings.names import NamedChild
from mappings.plain_text import last_line_reference, text_of
from tests.mappings.reports import (
    AISHA,
    GRACE,
    WILL,
    after,
    full_report,
    incident,
    note_context,
    oversight,
    routine_plan,
)


def appended(before: Incident, later: Incident, child_id: str = "child-17", **context: object) -> str | None:
    found = amendment(before, later, child_id, note_context(**({"revision": 2} | context)))
    return None if found is None else text_of(found.html)


def test_a_revision_that_changes_nothing_that_the_note_holds_appends_nothing() -> None:
    later = full_report(version=2, modified_at=after(hours=30))
    assert appended(full_report(), later) is None
    assert not note_text_changed(full_report(), later, "child-17", note_context())


def test_what_is_owed_depends_on_the_hour_and_causes_no_appendment() -> None:
    assert appended(full_report(), full_report(), now=after(days=9)) is None


def test_only_what_changed_is_appended_with_the_revision_the_author_and_the_time() -> None:
    later = full_report(version=3, narrative="Aisha sat down when Grace left.", modified_at=after(hours=30))
    found = appended(full_report(), later)
    assert found is not None
    assert found.startswith(
        "Amended by revision 2 (source version 3): report EXH-2026-0147, written by Tom Underhill, "
    )
    assert "changed Wednesday 7 October 2026 at 20:05" in found
    assert "What happened\nAisha sat down when another child (A) left." in found
    assert "What was tried before" not in found
    assert "The child's views" not in found
    assert "Still owed, as at" in found


def test_the_reference_is_the_last_line_of_an_appendment() -> None:
    found = amendment(incident(), incident(narrative="Other."), "child-17", note_context(reference="IB-X-R2-Y"))
    assert found is not None
    assert last_line_reference(found.html) == "IB-X-R2-Y"


def test_a_long_appendment_goes_on_in_parts() -> None:
    found = amendment(incident(), incident(narrative="word " * 9_000), "child-17", note_context())
    assert found is not None
    assert len(found.more) == 1
    assert "Part 2 of 2" in found.more[0]


def test_manager_oversight_is_appended_to_each_childs_note() -> None:
    before, later = full_report(), full_report(manager_oversight=oversight())
    for child_id in ("child-17", "child-18", "child-19"):
        found = appended(before, later, child_id)
        assert found is not None
        assert "Manager's oversight\nBy Morgan Leadwell, Wednesday 7 October 2026 at 12:05." in found
        assert "Proportionate." in found
    in_aishas = appended(before, later)
    assert in_aishas is not None
    assert "Grace was" not in in_aishas


def test_a_change_for_one_child_is_not_appended_to_anothers_note() -> None:
    hurt = GRACE.model_copy(update={"risk_assessment_reviewed_at": after(hours=30), "legal_status": "S20"})
    children = (full_report().children[0], hurt, WILL)
    later = full_report(children=children)
    assert appended(full_report(), later, "child-17") is None


def test_sign_off_is_appended() -> None:
    later = full_report(status=Status.SIGNED_OFF, signed_off_at=after(hours=40))
    found = appended(full_report(), later)
    assert found is not None
    assert "Signed off Thursday 8 October 2026 at 06:05" in found


def test_a_voided_report_says_recorded_in_error_once() -> None:
    void = full_report(status=Status.VOID)
    found = appended(full_report(), void)
    assert found is not None
    assert "recorded in error" in found
    assert "What happened" not in found
    assert appended(void, full_report(status=Status.VOID, narrative="x")) is None


def test_an_unvoided_report_says_so_and_is_given_in_full() -> None:
    found = appended(full_report(status=Status.VOID), full_report())
    assert found is not None
    assert "no longer void" in found
    assert "What happened" in found


def test_back_to_draft_says_so() -> None:
    found = appended(full_report(), full_report(status=Status.DRAFT, narrative="To be rewritten."))
    assert found is not None
    assert "taken the report back to draft" in found
    assert "To be rewritten." in found


def test_submitted_again_is_appended() -> None:
    found = appended(full_report(status=Status.DRAFT), full_report())
    assert found is not None
    assert "Status of the report: submitted" in found


def test_a_child_who_is_no_longer_in_the_report_is_told_so_without_a_word_about_the_others() -> None:
    later = full_report(children=(GRACE, WILL))
    found = appended(full_report(), later)
    assert found is not None
    assert "The report no longer names this child." in found
    assert "child (" not in found
    assert appended(later, later) is None


def test_a_child_who_is_in_the_report_again_gets_it_in_full() -> None:
    found = appended(full_report(children=(GRACE, WILL)), full_report())
    assert found is not None
    assert "names this child again" in found
    assert "What happened" in found


def test_a_child_whom_only_the_earlier_revision_names_stays_hidden() -> None:
    later = full_report(children=(full_report().children[0], WILL), narrative="Grace Pennyfold fell.")
    found = appended(full_report(), later)
    assert found is not None
    assert "another child fell." in found
    assert "Pennyfold" not in found


def test_a_part_that_is_gone_is_said_to_be_gone() -> None:
    present = AISHA.model_copy(update={"role": ChildRole.PRESENT})
    before = incident(children=(AISHA,))
    found = appended(before, incident(children=(present,), measures=()))
    assert found is not None
    assert "The child's views\nNo longer in the report." in found


def test_an_exemption_that_ends_is_appended() -> None:
    routine = AISHA.model_copy(update={"ehc_plan": routine_plan()})
    later = incident(children=(routine.model_copy(update={"injury_details": "Bruise on the arm"}),))
    found = appended(incident(children=(routine,)), later, exempt=False)
    assert found is not None
    assert "In short" not in found
    assert "was held by staff" in found
    assert "EHC" not in found


@pytest.mark.parametrize("field", ["behaviour_before", "de_escalation", "location", "effectiveness", "consequences"])
def test_every_typed_part_of_the_note_is_compared(field: str) -> None:
    later = full_report(**{field: "Rewritten by staff."})
    assert note_text_changed(full_report(), later, "child-17", note_context())


def test_what_was_known_of_other_children_does_not_make_a_difference() -> None:
    known = (NamedChild("child-3", "Kaitlyn Oldham"),)
    assert appended(full_report(), full_report(), known_children=known) is None
    assert (
        "Kaitlyn"
        not in case_note(full_report(narrative="Kaitlyn"), "child-17", note_context(known_children=known)).html
    )
