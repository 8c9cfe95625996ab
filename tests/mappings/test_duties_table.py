"""Every row of the policy's three tables has code, and all code has a row."""

from __future__ import annotations

import re
from pathlib import Path

from mappings.duties import DUTY_TITLES, DutyState
from mappings.duty_deadlines import ELAPSED, WORKING_DAYS
from mappings.duty_proofs import CHILD_PROOFS, HOME_PROOFS
from mappings.duty_rules import RULES, DutyId, clause_of
from mappings.flags import FLAG_RULES, FlagId
from mappings.lado_triggers import TRIGGER_CLAUSES, Trigger
from mappings.report_items import ITEMS
from tests.mappings.perfect import duties, report

PAGE = (Path(__file__).parent.parent / "policy" / "duties.md").read_text("utf-8")


def _rows(columns: int) -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == columns]


def _unquoted(words: str) -> str:
    return words.strip('"') if words.count('"') == 2 else words


def test_every_row_of_the_duties_table_is_a_rule_in_its_words_and_every_rule_has_a_row() -> None:
    rows = [
        (row[0].strip("`"), row[1], row[2], row[3], row[4], _unquoted(row[5]) if row[5] != "same" else "same")
        for row in _rows(6)
    ]
    rules = [(rule.id.value, rule.owed_by, rule.trigger, rule.due, rule.met_by, rule.clause) for rule in RULES]
    assert rules == rows
    assert len(rows) == 22


def test_every_duty_has_a_proof_and_a_deadline_rule_of_its_own() -> None:
    lado = {DutyId.LADO_CONTACT, DutyId.MASH_OR_POLICE}
    assert set(HOME_PROOFS) | set(CHILD_PROOFS) | lado == set(DutyId)
    own = {DutyId.MEDICAL_TOLD, DutyId.EHC_PLAN_REVIEW, DutyId.EXTERNAL_REVIEW, DutyId.LADO_CONTACT}
    assert set(ELAPSED) | set(WORKING_DAYS) | own == set(DutyId)


def test_every_duty_is_answered_for_every_incident_with_its_clause_and_title() -> None:
    found = duties(report())
    assert {duty.id.value for duty in found.values()} == {row[0].strip("`") for row in _rows(6)}
    for duty in found.values():
        assert duty.clause != "same"
        assert duty.clause in PAGE.replace('"', "") or duty.clause in PAGE
        assert duty.title == DUTY_TITLES[duty.id.value]
        assert duty.reason or duty.state is not DutyState.NOT_APPLICABLE


def test_same_in_the_table_stands_for_the_words_above() -> None:
    assert clause_of(DutyId.SOCIAL_WORKER_NOTIFIED) == clause_of(DutyId.MANAGER_NOTIFIED)


def test_every_row_of_the_flags_table_is_a_rule_in_its_words_and_every_rule_has_a_row() -> None:
    rows = [(row[0].strip("`"), row[1], row[2].replace('"', "")) for row in _rows(3)]
    rules = [(rule.id.value, rule.when, rule.clause.replace('"', "")) for rule in FLAG_RULES]
    assert rules == rows
    assert {rule.id for rule in FLAG_RULES} == set(FlagId)


def test_every_lado_trigger_has_its_number_and_words() -> None:
    part = PAGE.split("## LADO triggers")[1].split("\n## ")[0]
    rows = re.findall(r'^(\d)\. "(.+?)"', part, re.MULTILINE | re.DOTALL)
    found = [(int(number), " ".join(words.split())) for number, words in rows]
    assert found == [(trigger.value, TRIGGER_CLAUSES[trigger]) for trigger in Trigger]


def test_the_eight_items_of_the_regulation_are_checked_in_its_words() -> None:
    listed = re.search(r"The eight items of reg 35\(3\)\(a\): (.+?)\.\n\n", PAGE, re.DOTALL)
    assert listed is not None
    assert [" ".join(item.split()) for item in listed[1].split(";")] == list(ITEMS)
