"""Hand-worked: each flag on each side of its threshold, the holes in the numbers, and holds only the log speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mappings.flags import LogDay, ReportDay, earlier_of, flags_of, unrecorded_restraints
from tests.policy.hand_worked import (
    ALLEGATION,
    CHILD_2,
    GONE,
    MEASURE,
    STAFF_3,
    home_with,
    incident_with,
)


@dataclass(frozen=True)
class Flagged:
    """One worked case: the flags of the changed report, as `id`, `id/child` or `id/staff`."""

    clause: str
    change: Mapping[str, Any]
    expect: frozenset[str]
    home: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[Mapping[str, Any], ...] = ()

    def found(self) -> frozenset[str]:
        """What the product says."""
        before = tuple(earlier_of(incident_with(change)) for change in self.earlier)
        flags = flags_of(incident_with(self.change), home_with(self.home), earlier=before)
        return frozenset("/".join(filter(None, (flag.id.value, flag.child, flag.staff))) for flag in flags)


def flagged(clause: str, change: Mapping[str, Any], *expect: str, **more: Any) -> Flagged:
    return Flagged(clause, change, frozenset(expect), **more)


def disengaged(**more: Any) -> dict[str, Any]:
    return {
        "interventionType": "NonRestrictive",
        "measures.0.technique": "Disengagement: wrist",
        "children.0.role": "Disengaged",
        **more,
    }


SECURE = {"secure": True}
OTHER = {"incidentId": "inc-0", "incidentNumber": "EXH-2026-0000"}


def again(at: str, clause: str, *expect: str, now: str = "2026-06-09T14:00", **other: Any) -> Flagged:
    """The base report at `now`, after another one at `at`."""
    return flagged(
        f"repeat, R23: {clause}",
        {"occurredAt": now, "measures.0.startedAt": now},
        *expect,
        earlier=(OTHER | {"occurredAt": at, "measures.0.startedAt": at} | other,),
    )


CASES: dict[str, Flagged] = {
    "nothing": flagged("a plain hold", {}),
    "prone": flagged(
        "prohibited_technique: position Prone", {"measures.0.position": "Prone"}, "prohibited_technique/child-1"
    ),
    "prone by its name only": flagged(
        "prohibited_technique goes by position; a name off the list is unapproved",
        {"measures.0.technique": "Prone hold"},
        "unapproved_technique/child-1",
    ),
    "supine": flagged("prohibited_technique: Prone and no other", {"measures.0.position": "Supine"}),
    "position not said": flagged("Unknown is not Prone", {"measures.0.position": GONE}),
    "breathing": flagged(
        "prohibited_technique: or breathing affected",
        {"measures.0.breathingAffected": "Yes"},
        "prohibited_technique/child-1",
    ),
    "breathing N/A": flagged("R25: N/A answers nothing", {"measures.0.breathingAffected": "N/A"}),
    "prone for the other child": flagged(
        "the flag stands at the child it is about",
        {"children.+": CHILD_2, "measures.+": MEASURE | {"heldChildId": "child-2", "position": "Prone"}},
        "prohibited_technique/child-2",
    ),
    "off the list": flagged(
        "unapproved_technique", {"measures.0.technique": "Bear hug"}, "unapproved_technique/child-1"
    ),
    "other case and spacing": flagged("the same technique", {"measures.0.technique": "  SEATED   hold "}),
    "almost the same": flagged(
        "not the same technique", {"measures.0.technique": "Seated holds"}, "unapproved_technique/child-1"
    ),
    "a disengagement on the list": flagged("R23", disengaged()),
    "a disengagement off the list": flagged(
        "R23: disengagements are checked too",
        disengaged(**{"measures.0.technique": "Disengagement: hair"}),
        "unapproved_technique/child-1",
    ),
    "no list": flagged(
        "not on the home's approved list", {}, "unapproved_technique/child-1", home={"approved_techniques": []}
    ),
    "no reason": flagged("purpose_not_permitted", {"reasons": []}, "purpose_not_permitted"),
    "reasons missing": flagged("purpose_not_permitted", {"reasons": GONE}, "purpose_not_permitted"),
    "compliance": flagged(
        "purpose_not_permitted", {"reasons": ["Compliance", "GoodOrderAndDiscipline", "Other"]}, "purpose_not_permitted"
    ),
    "compliance and injury": flagged(
        "none of the permitted reasons; here there is one", {"reasons": ["Compliance", "InjuryToSelf"]}
    ),
    "damage": flagged("serious damage to property", {"reasons": ["SeriousDamageToProperty"]}),
    "absconding from an open home": flagged(
        "R22: from a secure home only", {"reasons": ["Absconding"]}, "purpose_not_permitted"
    ),
    "absconding from a secure home": flagged("R22", {"reasons": ["Absconding"]}, home=SECURE),
    "absconding and injury, open home": flagged("R22: injury permits it", {"reasons": ["Absconding", "InjuryToSelf"]}),
    "disengaged for damage": flagged("R22", disengaged(reasons=["SeriousDamageToProperty"])),
    "disengaged for compliance": flagged("R22", disengaged(reasons=["Compliance"]), "purpose_not_permitted"),
    "disengaged for absconding from a secure home": flagged(
        "R22: a disengagement with neither injury nor damage",
        disengaged(reasons=["Absconding"]),
        "purpose_not_permitted",
        home=SECURE,
    ),
    "pain": flagged("pain", {"measures.0.painComplaint": "Yes"}, "pain/child-1"),
    "pain empty": flagged("pain: not answered is not a complaint", {"measures.0.painComplaint": ""}),
    "trained to this day": flagged("R24: good to the end of the expiry day", {"staff.0.trainingExpires": "2026-06-09"}),
    "trained to yesterday": flagged("R24", {"staff.0.trainingExpires": "2026-06-08"}, "training_lapsed/staff-1"),
    "half past midnight after the expiry day": flagged(
        "R24: the UK day",
        {
            "occurredAt": "2026-06-10T00:30",
            "measures.0.startedAt": "2026-06-10T00:30",
            "staff.0.trainingExpires": "2026-06-09",
        },
        "training_lapsed/staff-1",
    ),
    "half past eleven at night on the expiry day": flagged(
        "R24: to the end of the day",
        {
            "occurredAt": "2026-06-09T23:30",
            "measures.0.startedAt": "2026-06-09T23:30",
            "staff.0.trainingExpires": "2026-06-09",
        },
    ),
    "no training date": flagged("training_unknown", {"staff.0.trainingExpires": None}, "training_unknown/staff-1"),
    "a bystander's training": flagged("staff who used a measure", {"staff.1.trainingExpires": "2020-01-01"}),
    "a user by involvement alone": flagged(
        "R9: used by involvement", {"staff.+": STAFF_3 | {"trainingExpires": "2020-01-01"}}, "training_lapsed/staff-3"
    ),
    "present by involvement, in a measure": flagged(
        "R9: used by staffIds",
        {"staff.1.trainingExpires": "2020-01-01", "measures.0.staffIds": ["staff-1", "staff-2"]},
        "training_lapsed/staff-2",
    ),
    "ten minutes": flagged("long_hold: longer than", {"measures.0.durationMinutes": 10}),
    "ten minutes and six seconds": flagged("long_hold", {"measures.0.durationMinutes": 10.1}, "long_hold/child-1"),
    "twice six minutes": flagged(
        "long_hold, R23: the child's measures together",
        {"measures.0.durationMinutes": 6, "measures.+": MEASURE | {"durationMinutes": 6}},
        "long_hold/child-1",
    ),
    "twice five minutes": flagged("long_hold: ten together is not longer", {"measures.+": MEASURE}),
    "six minutes each for two": flagged(
        "long_hold: each child's own",
        {
            "children.+": CHILD_2,
            "measures.0.durationMinutes": 6,
            "measures.+": MEASURE | {"durationMinutes": 6, "heldChildId": "child-2"},
        },
    ),
    "eleven minutes for whoever was held": flagged(
        "R9: a measure that names no child belongs to every held child",
        {"children.+": CHILD_2, "measures.0.durationMinutes": 11, "measures.0.heldChildId": GONE},
        "long_hold/child-1",
        "long_hold/child-2",
    ),
    "unknown and eleven": flagged(
        "an unknown duration does not hide a long one",
        {"measures.0.durationMinutes": None, "measures.+": MEASURE | {"durationMinutes": 11}},
        "long_hold/child-1",
    ),
    "the home's own threshold": flagged(
        "long_hold: the home's", {"measures.0.durationMinutes": 15}, home={"thresholds": {"long_hold_minutes": 15}}
    ),
    "tenths that do not add up in binary": flagged(
        "three times 3.3 and 0.1 are ten minutes",
        {
            "measures": [
                MEASURE | {"durationMinutes": 3.3},
                MEASURE | {"durationMinutes": 3.3},
                MEASURE | {"durationMinutes": 3.3},
                MEASURE | {"durationMinutes": 0.1},
            ]
        },
    ),
    "held a week ago": again("2026-06-02T09:00", "seven days, the later one", "repeat/child-1"),
    "the last hour of the last day": again(
        "2026-06-02T00:05", "the last hour of the last day included", "repeat/child-1", now="2026-06-09T23:55"
    ),
    "the first minute of the eighth day": again("2026-06-02T23:59", "past the window", now="2026-06-10T00:00"),
    "the same day": again("2026-06-09T08:00", "held again", "repeat/child-1"),
    "the earlier one": again("2026-06-10T08:00", "the later one is flagged, not the earlier"),
    "a disengagement before": again("2026-06-08T08:00", "restrictive both times", interventionType="NonRestrictive"),
    "a Draft before": again("2026-06-08T08:00", "drafts do not count", status="Draft"),
    "a Void before": again("2026-06-08T08:00", "voids do not count", status="Void"),
    "present before": again(
        "2026-06-08T08:00", "the same child *held*", **{"children.0.role": "Present", "measures": []}
    ),
    "another child before": again(
        "2026-06-08T08:00",
        "the same child",
        **{"children": [CHILD_2], "measures": [MEASURE | {"heldChildId": "child-2"}]},
    ),
    "a fortnight's window": flagged(
        "repeat: the home's window",
        {},
        "repeat/child-1",
        home={"thresholds": {"repeat_days": 14}},
        earlier=(OTHER | {"occurredAt": "2026-05-26T09:00", "measures.0.startedAt": "2026-05-26T09:00"},),
    ),
    "Void": flagged("R2: recorded in error", {"status": "Void", "measures.0.position": "Prone"}),
    "an allegation is no flag": flagged("the flags are those of the table", {"allegations": [ALLEGATION]}),
}


@dataclass(frozen=True)
class Logged:
    """One worked case of `unrecorded_restraint`: a day's entry and its reports; children who are not covered."""

    clause: str
    text: str
    children: tuple[str, ...]
    reports: tuple[ReportDay, ...]
    expect: tuple[str | None, ...]
    words: tuple[str, ...] = ()

    def found(self) -> tuple[str | None, ...]:
        """What the product says."""
        entry = LogDay("entry-1", DAY, frozenset(self.children), self.text)
        return tuple(
            sorted((one.child for one in unrecorded_restraints([entry], self.reports, words=self.words)), key=str)
        )


DAY = date(2026, 6, 9)
SPOKEN = "Aisha was held by two staff for three minutes."


def on_day(*children: str, day: date = DAY, void: bool = False) -> ReportDay:
    return ReportDay(day, frozenset(children), void)


LOG: dict[str, Logged] = {
    "no report": Logged("no report for that child", SPOKEN, ("child-1",), (), ("child-1",)),
    "a report of that day": Logged("covered", SPOKEN, ("child-1",), (on_day("child-1"),), ()),
    "a report for another child": Logged("for *that* child", SPOKEN, ("child-1",), (on_day("child-2"),), ("child-1",)),
    "a report of the day before": Logged(
        "on a day", SPOKEN, ("child-1",), (on_day("child-1", day=date(2026, 6, 8)),), ("child-1",)
    ),
    "two children, one covered": Logged(
        "each child", SPOKEN, ("child-1", "child-2"), (on_day("child-2"),), ("child-1",)
    ),
    "a void report": Logged(
        "R29: Void does not cover", SPOKEN, ("child-1",), (on_day("child-1", void=True),), ("child-1",)
    ),
    "a quarantined report whose children are unknown": Logged(
        "R29: quarantined covers", SPOKEN, ("child-1",), (ReportDay(DAY, None),), ()
    ),
    "no children, no report": Logged("R29", SPOKEN, (), (), (None,)),
    "no children, any report": Logged("R29: covered by any report of that day", SPOKEN, (), (on_day("child-9"),), ()),
    "no children, a void report": Logged("R29", SPOKEN, (), (on_day("child-9", void=True),), (None,)),
    "a meeting": Logged(
        "not fooled", "We held a house meeting and the household voted for pizza.", ("child-1",), (), ()
    ),
    "held hands": Logged("not fooled", "Held hands crossing the road.", ("child-1",), (), ()),
    "not held": Logged("negation", "No restraint was needed and nobody was held.", ("child-1",), (), ()),
    "did not have to": Logged(
        "negation", "Staff did not need to use a safe hold, he calmed by himself.", ("child-1",), (), ()
    ),
    "team teach": Logged("vocabulary", "Team Teach used to move him from the stairs.", ("child-1",), (), ("child-1",)),
    "MAPA": Logged("vocabulary", "A MAPA hold by two staff, 2 mins.", ("child-1",), (), ("child-1",)),
    "CPI training": Logged("not fooled", "Two staff at CPI refresher training until 4pm.", ("child-1",), (), ()),
    "disengaged": Logged(
        "vocabulary", "He grabbed my hair; I disengaged using CPI technique.", ("child-1",), (), ("child-1",)
    ),
    "disengaged from class": Logged(
        "not fooled", "Disengaged from the lesson and went to his room.", ("child-1",), (), ()
    ),
    "capitals": Logged("free text", "RESTRAINED IN HALLWAY 2 STAFF", ("child-1",), (), ("child-1",)),
    "asked for": Logged(
        "a doubt is shown to a person",
        "She asked for a cuddle and I held her while she cried.",
        ("child-1",),
        (),
        ("child-1",),
    ),
    "held, after a negation of something else": Logged(
        "a negation of another word does not hide it",
        "He would not calm down and was restrained for a minute.",
        ("child-1",),
        (),
        ("child-1",),
    ),
    "no injuries from it": Logged(
        "a negation after it does not hide it",
        "Restrained in the kitchen, no injuries.",
        ("child-1",),
        (),
        ("child-1",),
    ),
    "the home's own word": Logged(
        "a configurable vocabulary", "We used the blue wrap.", ("child-1",), (), ("child-1",), ("blue wrap",)
    ),
}

#: clause, every number present, what else is known, the numbers missing (R7: Draft and Void are present by number).
NUMBERS: dict[str, tuple[str, list[str], dict[str, Any], list[str]]] = {
    "none": ("no hole", ["EXH-2026-0001", "EXH-2026-0002"], {}, []),
    "one": ("a hole", ["EXH-2026-0001", "EXH-2026-0003"], {}, ["EXH-2026-0002"]),
    "two": ("a wider hole", ["EXH-2026-0001", "EXH-2026-0004"], {}, ["EXH-2026-0002", "EXH-2026-0003"]),
    "the first year": ("from the first number ever seen", ["EXH-2026-0041", "EXH-2026-0043"], {}, ["EXH-2026-0042"]),
    "a later year": ("from 0001 each January", ["EXH-2025-0041", "EXH-2026-0002"], {}, ["EXH-2026-0001"]),
    "an earlier first": ("from the first ever", ["EXH-2026-0043"], {"first_ever": "EXH-2026-0042"}, ["EXH-2026-0042"]),
    "beyond the range": (
        "up to the highest in the range",
        ["EXH-2026-0001", "EXH-2026-0003", "EXH-2026-0009"],
        {"in_range": ["EXH-2026-0001", "EXH-2026-0003"]},
        ["EXH-2026-0002"],
    ),
    "another home": ("for each home", ["EXH-2026-0001", "OTH-2026-0002", "EXH-2026-0003"], {}, ["EXH-2026-0002"]),
    "a number of another kind": ("not of the pattern", ["EXH-2026-0001", "by hand", "EXH-2026-0002"], {}, []),
}
