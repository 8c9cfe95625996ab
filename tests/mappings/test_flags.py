"""What the report must flag, whatever the deadlines say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.home import Home
from mappings.flags import Earlier, FlagId, earlier_of, flags_of, just_before
from mappings.incident import ChildRole, Incident, Intervention, Involvement, Position, Reason, Status
from tests.mappings.perfect import HOME, NA, OCCURRED, YES, child, disengagement, measure, report, staff

SECURE = HOME.model_copy(update={"secure": True})


def found(incident: Incident, home: Home = HOME, earlier: tuple[Earlier, ...] = ()) -> set[tuple[str, str | None]]:
    return {(flag.id.value, flag.child or flag.staff) for flag in flags_of(incident, home, earlier=earlier)}


def test_a_report_without_anything_odd_has_no_flag() -> None:
    assert found(report()) == set()
    assert found(disengagement()) == set()


@pytest.mark.parametrize(
    ("incident", "expected"),
    [
        (report(measures=(measure(position=Position.PRONE),)), {("prohibited_technique", "child-17")}),
        (report(measures=(measure(breathing_affected=YES),)), {("prohibited_technique", "child-17")}),
        (report(measures=(measure(breathing_affected=NA, pain_complaint=NA),)), set()),
        (report(measures=(measure(pain_complaint=YES),)), {("pain", "child-17")}),
        (report(measures=(measure(technique="Basket hold"),)), {("unapproved_technique", "child-17")}),
        (report(measures=(measure(technique="low-level  SEATED hold"),)), set()),
        (disengagement(measures=(measure(technique="Hair pull release"),)), {("unapproved_technique", "child-17")}),
    ],
)
def test_a_measure_raises_its_flag_for_the_child_it_was_used_on(
    incident: Incident, expected: set[tuple[str, str]]
) -> None:
    assert found(incident) == expected


def test_a_measure_that_names_no_child_raises_its_flag_for_every_held_child_once() -> None:
    incident = report(
        children=(child(), child("child-18"), child("child-19", role=ChildRole.PRESENT)),
        measures=(measure(child_id="", position=Position.PRONE, breathing_affected=YES), measure(child_id="")),
    )
    flags = flags_of(incident, HOME)
    assert [(flag.id, flag.child) for flag in flags] == [
        (FlagId.PROHIBITED_TECHNIQUE, "child-17"),
        (FlagId.PROHIBITED_TECHNIQUE, "child-18"),
    ]
    assert flags[0].message == "In a measure used on child-17, the position was prone and breathing was affected."


def test_a_home_that_approves_nothing_has_every_technique_flagged() -> None:
    assert found(report(), HOME.model_copy(update={"approved_techniques": ()})) == {
        ("unapproved_technique", "child-17")
    }


@pytest.mark.parametrize(
    ("intervention", "reasons", "home", "flagged"),
    [
        ("Restrictive", ("InjuryToSelf",), HOME, False),
        ("Restrictive", ("InjuryToOthers", "Compliance"), HOME, False),
        ("Restrictive", ("SeriousDamageToProperty",), HOME, False),
        ("Restrictive", ("Absconding",), HOME, True),
        ("Restrictive", ("Absconding",), SECURE, False),
        ("Restrictive", ("GoodOrderAndDiscipline",), SECURE, True),
        ("Restrictive", (), SECURE, True),
        ("Restrictive", ("Other",), HOME, True),
        ("NonRestrictive", ("InjuryToOthers",), HOME, False),
        ("NonRestrictive", ("SeriousDamageToProperty",), HOME, False),
        ("NonRestrictive", ("Absconding",), SECURE, True),
        ("NonRestrictive", ("Compliance",), HOME, True),
        ("NonRestrictive", (), HOME, True),
    ],
)
def test_the_purpose_has_to_be_a_permitted_one(
    intervention: str, reasons: tuple[str, ...], home: Home, *, flagged: bool
) -> None:
    incident = report(
        intervention=Intervention(intervention),
        reasons=tuple(map(Reason, reasons)),
        measures=(measure(),),
    )
    assert (("purpose_not_permitted", None) in found(incident, home)) is flagged


@pytest.mark.parametrize(
    ("expires", "flag"),
    [
        (date(2026, 10, 7), None),
        (date(2026, 10, 6), None),
        (date(2026, 10, 5), "training_lapsed"),
        (None, "training_unknown"),
    ],
)
def test_training_is_good_to_the_end_of_its_day(expires: date | None, flag: str | None) -> None:
    expected = {(flag, "staff-1")} if flag else set()
    assert found(report(staff=(staff(training_expires=expires),))) == expected


def test_training_is_judged_by_the_london_day_of_the_incident() -> None:
    just_after_midnight = report(
        occurred_at=datetime(2026, 10, 5, 23, 30, tzinfo=UTC), staff=(staff(training_expires=date(2026, 10, 5)),)
    )
    assert found(just_after_midnight) == {("training_lapsed", "staff-1")}


def test_only_those_who_used_a_measure_need_the_training_listed_or_not() -> None:
    incident = report(
        measures=(measure(staff_ids=("staff-1", "staff-99")),),
        staff=(
            staff(),
            staff("staff-2", training_expires=None),
            staff("staff-3", training_expires=None, involvement=Involvement.PRESENT),
        ),
    )
    assert found(incident) == {("training_unknown", "staff-2"), ("training_unknown", "staff-99")}


@pytest.mark.parametrize(
    ("minutes", "flagged"),
    [
        ((10.0,), False),
        ((10.1,), True),
        ((5.0, 5.0), False),
        ((6.0, 6.0), True),
        ((9.0, None), False),
        ((None,), False),
    ],
)
def test_the_childs_measures_together_make_a_long_hold(minutes: tuple[float | None, ...], *, flagged: bool) -> None:
    incident = report(measures=tuple(measure(duration_minutes=one) for one in minutes))
    assert (("long_hold", "child-17") in found(incident)) is flagged


def test_the_minutes_of_one_child_are_not_anothers_and_the_threshold_is_the_homes() -> None:
    incident = report(
        children=(child(), child("child-18")),
        measures=(measure(duration_minutes=8), measure(child_id="child-18", duration_minutes=8)),
    )
    assert found(incident) == set()
    strict = HOME.model_copy(update={"thresholds": HOME.thresholds.model_copy(update={"long_hold_minutes": 5})})
    assert found(incident, strict) == {("long_hold", "child-17"), ("long_hold", "child-18")}


def before(days: float, **changes: object) -> Earlier:
    values: dict[str, object] = {
        "incident_id": "inc-1",
        "number": "EXH-2026-0101",
        "occurred_at": OCCURRED - timedelta(days=days),
        "status": Status.SIGNED_OFF,
        "restrictive_held_children": frozenset({"child-17"}),
    }
    return Earlier(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("earlier", "flagged"),
    [
        (before(1), True),
        (before(7), True),
        (before(7, occurred_at=datetime(2026, 9, 28, 23, 0, tzinfo=UTC)), True),
        (before(7, occurred_at=datetime(2026, 9, 28, 22, 59, tzinfo=UTC)), False),
        (before(-1), False),
        (before(1, status=Status.DRAFT), False),
        (before(1, status=Status.VOID), False),
        (before(1, status=Status.SUBMITTED), True),
        (before(1, restrictive_held_children=frozenset({"child-18"})), False),
        (before(1, incident_id="inc-147"), False),
        (before(0), True),
        (before(0, number="EXH-2026-0200"), False),
    ],
    ids=[
        "a day", "seven days", "first minute of the day", "the day before", "later", "draft", "void", "submitted",
        "another child", "itself", "same moment", "same moment and a higher number",
    ],
)  # fmt: skip
def test_a_child_held_again_within_the_window_is_flagged_the_second_time(earlier: Earlier, *, flagged: bool) -> None:
    assert (("repeat", "child-17") in found(report(), earlier=(earlier,))) is flagged


def test_the_last_hour_of_the_last_day_of_the_window_counts() -> None:
    late = report(occurred_at=datetime(2026, 10, 6, 22, 30, tzinfo=UTC), measures=(measure(started_at=None),))
    morning = before(0, occurred_at=datetime(2026, 9, 29, 6, 0, tzinfo=UTC))
    assert ("repeat", "child-17") in found(late, earlier=(morning,))


@given(st.lists(st.integers(-24 * 60 * 12, 24 * 60 * 2), max_size=12), st.sampled_from([0, 24 * 7, 24 * 20]))
def test_the_days_before_a_report_flag_the_same_repeats_as_the_whole_year(minutes: list[int], later: int) -> None:
    this = report(occurred_at=OCCURRED + timedelta(hours=later), measures=(measure(started_at=None),))
    year = sorted(
        (before(0, occurred_at=this.occurred_at + timedelta(minutes=one)) for one in minutes),
        key=lambda one: one.occurred_at,
    )
    assert flags_of(this, HOME, earlier=just_before(this, HOME, year)) == flags_of(this, HOME, earlier=year)


def test_a_disengagement_is_no_repeat_either_way_and_a_draft_is_not_flagged() -> None:
    assert found(disengagement(), earlier=(before(1),)) == set()
    assert earlier_of(disengagement()).restrictive_held_children == frozenset()
    assert found(report(status=Status.DRAFT), earlier=(before(1),)) == set()
    assert earlier_of(report()) == Earlier(
        "inc-147", "EXH-2026-0147", OCCURRED, Status.SIGNED_OFF, frozenset({"child-17"})
    )


def test_a_void_report_has_no_flag() -> None:
    assert found(report(status=Status.VOID, reasons=(), measures=(measure(position=Position.PRONE),))) == set()


def test_no_message_repeats_a_name_or_the_reports_own_words() -> None:
    bad = report(
        reasons=(),
        children=(child(name="Zebedee Canaryname"),),
        staff=(staff(name="Yolanda Canarystaff", training_expires=None),),
        measures=(measure(technique="Canaryhold", position=Position.PRONE, pain_complaint=YES, duration_minutes=11),),
    )
    flags = flags_of(bad, HOME, earlier=(before(1),))
    assert len({flag.id for flag in flags}) == 7
    assert not any("Canary" in flag.message for flag in flags)
    assert all(flag.clause and flag.clause != "same" for flag in flags)
