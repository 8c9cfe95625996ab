"""Does an entry speak of a hold? Measured on labelled entries, and on what the policy's authors would ask first."""

from __future__ import annotations

import pytest

from benchmarks.restraint_words import Score, parts, score
from mappings.restraint_words import speaks_of_restraint

ENTRIES = parts()


@pytest.mark.parametrize("name", [*ENTRIES, "all"])
def test_precision_and_recall_hold_on_every_part(name: str) -> None:
    chosen = list(ENTRIES.values()) if name == "all" else [ENTRIES[name]]
    scores = [score(part) for part in chosen]
    found = Score(*(sum(column) for column in zip(*(vars(one).values() for one in scores), strict=True)))
    assert found.precision >= 0.95, found
    assert found.recall >= 0.95, found


def test_the_set_is_large_has_both_labels_and_nothing_twice() -> None:
    texts = [text for part in ENTRIES.values() for label in part.values() for text in label]
    assert len(texts) == len(set(texts)) >= 150
    assert {"development", "held_out"} <= set(ENTRIES)
    assert min(len(part["restraint"]) for part in ENTRIES.values()) >= 20


@pytest.mark.parametrize(
    "text",
    [
        "held", "restrained", "safe hold", "team teach", "MAPA", "CPI", "disengaged from a wrist grab", "He was HELD.",
        "He said he didn't care. Restrained at 9.", "Restrained, risk assessment updated.",
        "Restrained as per care plan.", "Held by trained staff in line with policy.",
        "Police attended and staff restrained A.B.", "Restrained at 4pm, nurse to be called if needed.",
        "No injuries but he was restrained.", "He was restrained in case he jumped.",
    ],
)  # fmt: skip
def test_what_speaks_of_a_hold(text: str) -> None:
    assert speaks_of_restraint(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "held a meeting", "household", "hold on", "on hold", "held hands", "got hold of mum",
        "CPI training", "team teach refresher", "no restraint was needed", "did not have to hold him",
        "restraint not used", "was not restrained", "without restraint", "disengaged from the lesson",
    ],
)  # fmt: skip
def test_what_does_not(text: str) -> None:
    assert not speaks_of_restraint(text)


def test_a_denial_covers_its_own_clause_and_no_other() -> None:
    assert speaks_of_restraint("No restraint at lunch but he was restrained at tea.")
    assert speaks_of_restraint("No restraint at lunch. Restrained at tea.")
    assert not speaks_of_restraint("No restraint at lunch. None at tea.")


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("Blue blanket used twice.", True),
        ("No blue blanket needed.", False),
        ("The BLUE  BLANKET was on him.", True),
        ("Blueblanket.", False),
        ("Used (x) again.", True),
    ],
)
def test_the_homes_own_words_are_taken_literally_and_can_be_denied(text: str, *, speaks: bool) -> None:
    assert speaks_of_restraint(text, ("Blue blanket", "(x)", " ")) is speaks


def test_a_long_entry_is_read_in_no_time() -> None:
    nasty = ("held the " * 500 + "no " * 500 + "talked about " * 200)[:4000]
    assert isinstance(speaks_of_restraint(nasty), bool)


@pytest.mark.parametrize(
    "text",
    [
        "The police held him overnight.", "Police have held her for questioning.", "KL was held in police custody.",
        "He was held at the police station until morning.", "She was held in hospital overnight.",
    ],
)  # fmt: skip
def test_custody_is_no_hold(text: str) -> None:
    """Broken once: a night in a police cell was a restraint that nobody had recorded."""
    assert not speaks_of_restraint(text)


@pytest.mark.parametrize(
    "text",
    [
        "Seclusion avoided, hold used.", "Injury avoided, he was held for two minutes.", "Staff held him overnight.",
        "Police held him down in the hallway.", "The police held her until she was calm.",
        "Staff held him at the station.", "Staff held her in hospital while the nurse came.",
    ],
)  # fmt: skip
def test_what_is_avoided_is_not_the_hold_and_what_is_near_the_police_may_be(text: str) -> None:
    """Broken once: what was avoided before the comma took the hold behind it along."""
    assert speaks_of_restraint(text)


@pytest.mark.parametrize(
    "text",
    [
        "KL was held at 14:05 for three minutes.", "Zebedee was held at 23:50 by two staff.", "AB held at 9pm",
        "He was held at bedtime because he kicked staff.", "Jaydon put in a hold 4 mins.",
        "Zoe held on Monday by staff.",
    ],
)  # fmt: skip
def test_a_hold_is_one_at_any_time_and_place(text: str) -> None:
    """Broken once: whatever was "held at" a time was taken for a meeting, and a child's hold was missed."""
    assert speaks_of_restraint(text)


@pytest.mark.parametrize("text", ["Bingo was held at the town hall.", "Held at school today.", "Quiz held at 6."])
def test_what_is_held_somewhere_is_not_a_child(text: str) -> None:
    assert not speaks_of_restraint(text)
