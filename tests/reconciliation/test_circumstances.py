"""Several things wrong at once: each is found once, with a next step that does not make it worse."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from connectors.protocols import HeldNote, NoteState, SourceAnswer
from ledger.states import DeliveryState
from mappings.duties import DutyState
from mappings.incident import ClockTrouble, ClockTroubleKind, Incident
from reconciliation.compare import compare
from reconciliation.finding import Finding
from reconciliation.html import html_report
from reconciliation.json_document import json_document
from reconciliation.pdf import pdf_report
from reconciliation.report import Report, report_of
from reconciliation.sheets import sheets_of
from reconciliation.views import LogView, NotesView, QuarantinedReport, Side, Submission
from tests.reconciliation.world import AS_OF, CHILDREN, World, child, incident, quiet_world, reference

SECOND = "EXH-2026-0002"


def second(world: World) -> Incident:
    content = world.incidents[1].incident
    assert content is not None
    return content


def second_note(world: World) -> HeldNote:
    return world.note_of(second(world))


def found(world: World, **changes: object) -> tuple[Finding, ...]:
    return tuple(one for one in compare(world.evidence(**changes)).findings if one.kind != "repeat")


def report_on(world: World, **changes: object) -> Report:
    evidence = world.evidence(**changes)
    return report_of(evidence, compare(evidence))


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str | None]]:
    return sorted((one.kind, one.reason) for one in findings)


# ---- what is not ours to finish or to send -------------------------------------------------------------------------


def _drafted_elsewhere(world: World) -> None:
    world.replace_note(second_note(world), person_id=700017, state=NoteState.DRAFT)


def _timed_out_beside_a_copy(world: World) -> None:
    note = second_note(world)
    world.notes.append(replace(note, remote_id="9999"))
    world.replace_note(note, state=NoteState.TIMED_OUT)


@pytest.mark.parametrize(
    ("plant", "other"),
    [(_drafted_elsewhere, ("wrong_child", None)), (_timed_out_beside_a_copy, ("doubled", None))],
    ids=["on a stranger's record", "there twice"],
)
def test_a_note_that_is_not_to_stand_is_not_finished(plant, other) -> None:
    """Broken once: `--heal` finished a draft on another child's record, and made two finished notes of one."""
    world = quiet_world()
    plant(world)
    comparison = compare(world.evidence())
    assert told(comparison.findings) == sorted([other, ("unfinished", "one_of_several")])
    assert comparison.unfinished == {}
    (unfinished,) = [one for one in comparison.findings if one.kind == "unfinished"]
    assert "finishes none of them" in unfinished.action


def test_a_note_that_a_person_seems_to_have_typed_meanwhile_is_not_sent_by_healing() -> None:
    """Broken once: a manager retyped a note during an outage, and `--heal` put ours beside it."""
    world = quiet_world()
    typed = replace(second_note(world), remote_id="9999", reference=None, html="<p>Typed.</p>")
    world.notes[world.notes.index(second_note(world))] = typed
    delivery = world.delivery_of(second(world))
    world.replace_delivery(delivery, state=DeliveryState.PENDING, remote_id=None, accepted_at=None)
    comparison = compare(world.evidence())
    assert told(comparison.findings) == [("missing", "beside_typed"), ("possible_duplicate", None)]
    assert comparison.healable == frozenset()
    assert comparison.beside_typed == {delivery.id}


# ---- the right words about what is there ---------------------------------------------------------------------------


def test_copies_are_named_so_that_the_right_one_is_deleted() -> None:
    """Broken once: the council was asked to delete all but the one that the ledger names, and nobody said which."""
    world = quiet_world()
    note = second_note(world)
    world.notes.append(replace(note, remote_id="9999"))
    (doubled,) = found(world)
    assert doubled.message.endswith(f"twice, as {note.remote_id} (which the ledger names) and 9999.")
    entry = world.entry_of(second(world))
    world.entries.append(replace(entry, remote_id="8888"))
    (entries,) = [one for one in found(world) if one.target == "daily_log"]
    assert f"twice, as 8888 and {entry.remote_id} (which the ledger names)." in entries.message


def test_a_stray_note_is_named_by_its_id() -> None:
    world = quiet_world()
    world.replace_note(second_note(world), person_id=700017)
    (stray,) = found(world)
    assert stray.message.endswith(f"under the id {second_note(world).remote_id} there.")


def test_a_note_that_was_deleted_while_a_copy_lies_elsewhere_is_both() -> None:
    """Broken once: the stray copy was told, and that the child's own record had lost the note was not."""
    world = quiet_world()
    note = second_note(world)
    world.notes.append(replace(note, remote_id="9999", person_id=700017))
    world.replace_note(note, state=NoteState.DELETED)
    assert told(found(world)) == [("deleted", None), ("wrong_child", None)]


def test_a_child_whom_the_report_names_no_longer_has_a_note_about_which_a_manager_is_asked() -> None:
    """Broken once: the note said that a manager must say whether it stands, and nobody asked the manager."""
    world = quiet_world()
    content, note = second(world), second_note(world)
    other = child(CHILDREN[3], content.occurred_at)
    changed = content.model_copy(update={"children": (other,)})
    world.replace_incident(changed, incident=changed)
    world.replace_row(changed, child_ids=("child-20",))
    left_out = [one for one in found(world) if one.kind == "orphan"]
    assert [(one.reason, one.subject, one.severity, one.target) for one in left_out] == [
        ("left_out", "child-18", "medium", "mosaic")
    ]
    world.replace_note(note, state=NoteState.DELETED)
    assert [one for one in found(world) if one.kind in ("orphan", "deleted")] == []


def test_a_report_that_another_home_has_now_is_not_called_removed() -> None:
    """Broken once: "no longer in the recording system", of a report that stood there under another home."""
    world = quiet_world()
    del world.index[1]
    source = replace(world.evidence().source, answers={"inc-2": SourceAnswer.GONE}, moved=frozenset({"inc-2"}))
    (moved,) = found(world, source=source)
    assert (moved.kind, moved.reason) == ("orphan", "moved")
    assert "under another home now" in moved.message
    assert "no longer in the recording system" not in moved.message


def test_an_entry_about_another_homes_incident_in_this_log_is_told() -> None:
    """Broken once: the ledger knew the reference, and so nobody asked what it did in this home's log."""
    world = quiet_world()
    theirs = reference(incident(77), "daily_log")
    world.entries.append(replace(world.entry_of(second(world)), remote_id="9999", reference=theirs))
    knows = {"knows": lambda _: True}
    assert found(world, **knows) == ()
    (stray,) = found(world, **knows, of_another_home=lambda one: one == theirs.upper())
    assert (stray.kind, stray.reason, stray.owner) == ("orphan", "other_home", "registered_manager")


def _replica(world: World, **changes: object) -> NotesView:
    note = second_note(world)
    changed = replace(note, **changes)
    held = {person: [one for one in notes if one != note] for person, notes in world.evidence().mosaic.notes.items()}
    held[changed.person_id] = [*held[changed.person_id], changed]
    return NotesView(Side.CHECKED, held)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"person_id": 700017}, "wrong_child"),
        ({"html": "<p>Altered.</p>"}, "different"),
        ({"state": NoteState.DELETED}, "deleted"),
    ],
)
def test_what_only_the_replica_shows_is_first_looked_at_on_mosaic(changes, kind) -> None:
    """Broken once: the administrators of a read-only copy were asked to delete what Mosaic itself held once."""
    world = quiet_world()
    (copy,) = found(world, replica=_replica(world, **changes))
    assert (copy.kind, copy.target) == (kind, "replica")
    assert copy.action.startswith("Look on Mosaic itself")
    assert "the Mosaic replica shows the case note for child-18" in copy.message


def test_a_note_that_is_gone_from_mosaic_and_deleted_in_its_replica_is_lost_once() -> None:
    world = quiet_world()
    replica = _replica(world, state=NoteState.DELETED)
    world.notes.remove(second_note(world))
    assert told(found(world, replica=replica)) == [("missing", "vanished")]


# ---- an acknowledgement covers what was acknowledged ---------------------------------------------------------------


def test_another_difference_and_another_copy_are_not_the_ones_that_were_acknowledged() -> None:
    """Broken once: a note that had one part acknowledged could change in every other, and nobody heard."""
    world = quiet_world()
    note = second_note(world)
    world.replace_note(note, html="<p>Altered.</p>")
    (text,) = found(world)
    world.replace_note(second_note(world), title="Altered")
    (both,) = found(world)
    assert text.id != both.id
    world = quiet_world()
    world.notes.append(replace(note, remote_id="9998"))
    (two,) = found(world)
    world.notes.append(replace(note, remote_id="9999"))
    (three,) = found(world)
    assert two.id != three.id


# ---- duties --------------------------------------------------------------------------------------------------------


def _awaiting(state: str = "awaiting_approval", adult: str = "staff-1") -> Submission:
    return Submission(5, "inc-2", SECOND, 1, adult, (2,), state, AS_OF - timedelta(days=9))


@pytest.mark.parametrize(
    ("submissions", "contact"),
    [((_awaiting(),), 0), ((_awaiting(), _awaiting("approved", "staff-2")), 1), ((_awaiting("approved"),), 1)],
    ids=["undecided", "one of two approved and not sent", "approved and not sent"],
)
def test_a_late_decision_about_the_lado_is_one_finding(submissions, contact) -> None:
    """Broken once: "LADO decision awaited" and "LADO contacted" both told a manager to decide, for each adult."""
    world = quiet_world()
    duties = world.evidence().duties
    late = tuple(
        one._replace(state=DutyState.OVERDUE, due_at=AS_OF - timedelta(days=9)) if one.id == "lado_contact" else one
        for one in duties["inc-2"]
    )
    seen = found(world, submissions=submissions, duties={**duties, "inc-2": late})
    assert [one.reason for one in seen if one.kind == "duty_overdue"] == ["lado_contact"] * contact
    undecided = [one for one in seen if one.kind == "lado_undecided"]
    assert len(undecided) == sum(one.state == "awaiting_approval" for one in submissions)
    assert all("lado sent" in one.action for one in undecided)


def test_a_duty_that_waits_for_something_about_an_adult_says_for_what() -> None:
    """Broken once: "LADO contacted ... is not done", of a submission that only nobody had reported as sent."""
    world = quiet_world()
    duties = world.evidence().duties
    late = {"state": DutyState.OVERDUE, "due_at": AS_OF - timedelta(days=9)}
    why = "the submission about staff-1 is approved and not yet reported as sent"
    changed = tuple(one._replace(**late, reason=why) if one.id == "lado_contact" else one for one in duties["inc-2"])
    (contact,) = found(world, duties={**duties, "inc-2": changed})
    assert contact.message.endswith("is not done: the submission is approved and not yet reported as sent.")


def test_the_page_and_the_paper_say_what_stands_in_the_way_of_a_duty() -> None:
    """Broken once: the sheet said that the debrief named nobody, and the page that it was not done."""
    world = quiet_world()
    content = second(world)
    changed = content.model_copy(update={"staff_debrief": content.staff_debrief.model_copy(update={"with_name": ""})})
    world.replace_incident(changed, incident=changed)
    report = report_on(world)
    page = html_report(report)
    assert page.count(": the debrief does not say with whom") == 2  # among the findings, and in the incident's story
    paper = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_report(report))).pages)
    assert "the debrief does not say with whom" in " ".join(paper.split())


def _unseen(world: World) -> dict[str, object]:
    """The duties as they stand where no note and no entry was ever seen."""
    duties = {
        key: tuple(
            one._replace(state=DutyState.OVERDUE, met_at=None) if one.id in ("mosaic_case_note", "daily_log") else one
            for one in each
        )
        for key, each in world.evidence().duties.items()
    }
    return {"duties": duties}


def test_a_duty_whose_record_could_not_be_looked_at_is_not_counted_as_overdue() -> None:
    """Broken once: while Mosaic was down the table said that every case note was late."""
    world = quiet_world()
    blind = {"mosaic": NotesView(Side.NOT_CHECKED), "daily_log": LogView(Side.NOT_CHECKED), **_unseen(world)}
    report = report_on(world, **blind)
    lines = {line.id: line for line in report.duty_lines}
    for duty in ("mosaic_case_note", "daily_log"):
        assert (lines[duty].not_checked, lines[duty].overdue, lines[duty].owed) == (3, 0, 3)
        assert lines[duty].rate is None
    document = {one["id"]: one for one in json_document(report, exit_code=3)["duties"]}
    assert document["daily_log"]["not_checked"] == 3
    states = [one.state for one in report.duties if one.id == "mosaic_case_note"]
    assert states == ["not_checked"] * 3
    clauses = next(sheet for sheet in sheets_of(report) if sheet.name == "By clause")
    counted = {row[1]: row[clauses.columns.index("Not checked")] for row in clauses.rows}
    assert counted["daily_log"] == 3


def test_what_was_only_not_looked_for_is_not_drawn_as_what_was_found_amiss() -> None:
    """Broken once: a child held again was a flag, and so its incident stood in red while Mosaic was down."""
    world = quiet_world()
    again = second(world).occurred_at + timedelta(days=2, hours=3)
    world.add(incident(4, at=again, child=CHILDREN[1]))
    world.entries.remove(world.entry_of(second(world)))
    page = html_report(report_on(world, mosaic=NotesView(Side.NOT_CHECKED)))
    tags = re.findall(r'<span class="id">(EXH-2026-\d+)</span>.*?<span class="tag (\w+)">([^<]+)</span>', page)
    assert {number: words for number, _, words in tags} == {
        "EXH-2026-0001": "Not looked for",
        SECOND: "Outstanding",
        "EXH-2026-0003": "Not looked for",
        "EXH-2026-0004": "Not looked for",
    }
    bar = page[page.index('<svg class="bar"') : page.index("Where each incident stands")]
    assert 'class="b-outstanding" x="0.000" y="0" width="25.000"' in bar
    assert 'class="b-not_checked" x="25.000" y="0" width="75.000"' in bar


def test_a_record_that_refuses_us_leaves_its_own_duty_unchecked_and_one_never_sent_overdue() -> None:
    world = quiet_world()
    world.notes.remove(second_note(world))
    third = world.incidents[2].incident
    assert third is not None
    world.replace_delivery(world.delivery_of(third), state=DeliveryState.PENDING, remote_id=None, accepted_at=None)
    world.notes.remove(world.note_of(third))
    view = replace(world.evidence().mosaic, unreadable=frozenset({700018, 700019}))
    report = report_on(world, mosaic=view, **_unseen(world))
    states = {one.incident: one.state for one in report.duties if one.id == "mosaic_case_note"}
    assert states == {"EXH-2026-0001": "overdue", SECOND: "not_checked", "EXH-2026-0003": "overdue"}


# ---- plain words ---------------------------------------------------------------------------------------------------


def test_a_time_that_the_clocks_skipped_is_named_in_words() -> None:
    """Broken once: staff were asked to check `measures.0.started_at`."""
    world = quiet_world()
    troubles = tuple(
        ClockTrouble(field=name, kind=ClockTroubleKind.TWICE) for name in ("occurred_at", "measures.0.started_at")
    )
    changed = second(world).model_copy(update={"clock_troubles": troubles})
    world.replace_incident(changed, incident=changed)
    (clock,) = found(world)
    assert clock.message.endswith(": occurred at, measure 1: started at.")


def test_a_report_without_a_number_is_told_by_its_day() -> None:
    """Broken once: "A report without a readable number", and a manager could not tell which."""
    world = quiet_world()
    day = datetime(2026, 10, 20, tzinfo=UTC).date()
    waiting = QuarantinedReport(3, "inc-9", None, ("incidentNumber",), AS_OF, AS_OF, day)
    (quarantined,) = found(world, quarantined=(waiting,))[:1]
    assert quarantined.message.startswith("A report of 20 October 2026 without a readable number")


def test_what_cannot_be_understood_and_is_gone_is_not_to_be_mended_where_it_is_not() -> None:
    """Broken once: a manager was asked to mend fields of a report that the recording system had no longer."""
    world = quiet_world()
    waiting = QuarantinedReport(3, "inc-9", "EXH-2026-0009", ("status",), AS_OF, AS_OF, datetime(2026, 10, 9).date())
    source = replace(world.evidence().source, answers={"inc-9": SourceAnswer.GONE})
    seen = found(world, quarantined=(waiting,), source=source)
    assert sorted(one.kind for one in seen) == ["orphan", "quarantined"]
    (quarantined,) = [one for one in seen if one.kind == "quarantined"]
    assert "is no longer in the recording system" in quarantined.message
    assert "quarantine discard" in quarantined.action
    (still_there,) = [one for one in found(world, quarantined=(waiting,)) if one.kind == "quarantined"]
    assert still_there.id == quarantined.id
    assert "quarantine retry" in still_there.action


def test_every_key_of_the_totals_is_there_once() -> None:
    """Broken once: `source` was the count and, further down, whether it had been looked at."""
    keys = [row[1] for row in sheets_of(report_on(quiet_world()))[0].rows]
    assert len(keys) == len(set(keys))
