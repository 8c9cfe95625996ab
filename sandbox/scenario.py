"""A month at Example House, made up from a seed: the same seed and end give the same month, to the byte.

`Scenario.waves[0]` is what the recording system holds when the month ends; the later waves are what comes and changes
afterwards: amendments, voids, and reports whose long transaction commits late. `bulk` makes plain reports for
benchmarks.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import cases, cast
from sandbox.cases import Case, Report
from sandbox.cast import CHILDREN, HOME_ID, SURVIVOR
from sandbox.checks import LONDON
from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from sandbox.story import EVIDENCE, Story, local, stamp

FIRST_NUMBER = 112
BULK_PERSON = 1_000_000


@dataclass(frozen=True)
class Told:
    """One incident of the month: its number, and the marks of what it was built to show."""

    incident_id: str
    number: str
    marks: frozenset[str]


@dataclass
class Scenario:
    """The month. `end`: its last moment, aware. `count`: how many incidents; the cases, and plain ones on top."""

    seed: int
    end: datetime
    count: int = len(cases.CASES)
    told: list[Told] = field(default_factory=list)
    waves: list[list[Report]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    _late: list[tuple[Case, Report]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.end.tzinfo is None:
            raise ValueError("the month's end needs its time zone")
        if self.count < len(cases.CASES):
            raise ValueError(
                f"a month has at least {len(cases.CASES)} incidents, so that every row of the policy is met"
            )
        self.end = self.end.astimezone(UTC).replace(microsecond=0)
        self._tell()
        self.entries = list(_entries(self.end))

    @property
    def cut(self) -> datetime:
        """The moment of wave 0; what is newer comes in a later wave."""
        return self.end - timedelta(hours=2)

    def marks(self) -> frozenset[str]:
        """Everything that the month shows."""
        found = {mark for told in self.told for mark in told.marks}
        return frozenset(found | {"flag:number_gap", "flag:unrecorded_restraint"})

    def with_mark(self, mark: str) -> list[Told]:
        """The incidents built to show this."""
        return [told for told in self.told if mark in told.marks]

    # ---- into the stand-ins ----

    def load(self, recording: Recording, mosaic: Mosaic, wave: int = 0) -> None:
        """Put one wave into the recording system; the first brings the Mosaic records and the daily log too."""
        if wave == 0:
            load_people(mosaic, self.end)
            for entry in self.entries:
                recording.write_entry(entry)
        for report in self.waves[wave]:
            recording.put(report)

    # ---- the telling ----

    def _tell(self) -> None:
        plain = list(_plain_cases(self.seed, self.count - len(cases.CASES)))
        stories = [self._story(n, case) for n, case in enumerate((*cases.CASES, *plain))]
        stories.sort(key=lambda pair: pair[1].at)
        self.waves = [[] for _ in range(1 + max(len(case.later) + case.appears_in for case, _ in stories))]
        numbers = _numbers([story.at for _, story in stories])
        for (case, story), number in zip(stories, numbers, strict=True):
            self._write(case, story, number)
        _share_a_moment(self.waves[0])
        served = max(datetime.fromisoformat(report["modifiedAt"]) for report in self.waves[0])
        for case, told in self._late:
            if case.behind_minutes is not None:
                told["modifiedAt"] = stamp(served - timedelta(minutes=case.behind_minutes))

    def _story(self, n: int, case: Case) -> tuple[Case, Story]:
        rng = random.Random(f"{self.seed}:{n}")
        at = (self.end - timedelta(days=case.ago, minutes=rng.randint(0, 20))).replace(second=0)
        children, adults = case.cast()
        story = Story(
            rng,
            at,
            self.cut,
            children,
            adults,
            minutes=case.minutes,
            technique=case.technique,
            position=case.position,
        )
        case.tell(story)
        return case, story

    def _write(self, case: Case, story: Story, number: str) -> None:
        incident_id = f"inc-{number[4:8]}-{number[9:]}"
        report = {"incidentId": incident_id, "incidentNumber": number, **story.finish()}
        if case.appears_in:
            self._late.append((case, report))
            story.mark("late_commit:within_overlap" if case.behind_minutes is not None else "late_commit:index_only")
        if case.spoil is not None:
            case.spoil(report)
            story.mark(f"broken:{case.spoil.__name__.strip('_')}")
        story.marks.update(f"name:{word}" for word in ("Will", "Grace") if any(word in c.name for c in story.children))
        self.waves[case.appears_in].append(report)
        for n, change in enumerate(case.later, start=case.appears_in + 1):
            report = copy.deepcopy(report)
            minutes = 100 - 30 * n - (len(self.told) % 25)
            report["version"] += 1
            report["modifiedAt"] = stamp(self.end - timedelta(minutes=max(1, minutes)))
            change(report)
            story.mark(f"later:{change.__name__.strip('_')}")
            self.waves[n].append(report)
        self.told.append(Told(incident_id, number, frozenset(story.marks)))


def required_marks() -> frozenset[str]:
    """What every month must show: each duty in each state that a source can bring about, each trigger, each flag."""
    states = ("met", "met_late", "overdue", "open", "not_applicable")
    fewer = {
        "external_review": ("met", "open", "not_applicable"),  # best practice: never overdue
        "medical_told": ("met", "overdue", "not_applicable"),
        "mash_or_police": ("met", "overdue", "open", "not_applicable"),
        "ehc_plan_review": ("met", "overdue", "not_applicable"),
    }
    duties = (*EVIDENCE, "report_complete", "daily_log", "mosaic_case_note", "ehc_plan_review")
    wanted = {f"duty:{duty}:{state}" for duty in duties for state in fewer.get(duty, states)}
    flags = "prohibited_technique unapproved_technique purpose_not_permitted pain training_lapsed training_unknown"
    wanted |= {f"flag:{flag}" for flag in (*flags.split(), "long_hold", "unrecorded_restraint", "number_gap", "repeat")}
    triggers = "1 1:injury 1:force 1:breathing 1:pain 2 2:child 2:parent 3 3:professional 3:prone"
    wanted |= {
        f"lado:{trigger}" for trigger in (*triggers.split(), "two_adults", "no_named_adult", "several", "manager")
    }
    wanted |= {f"person:{state}" for state in ("merged", "restricted", "locked", "missing", "none")}
    wanted |= {f"broken:{what}" for what in ("unknown_word", "missing_key", "impossible_date", "wrong_type")}
    return frozenset(
        wanted
        | {"children:both_held", "children:present", "status:draft", "status:void", "name:Will", "name:Grace"}
        | {"late_commit:within_overlap", "late_commit:index_only", "exemption:ended_by_injury", "exempt"}
        | {"later:add_oversight", "later:made_void", "later:less_narrative", "later:injury_found"}
    )


def load_people(mosaic: Mosaic, end: datetime) -> None:
    """Open the children's Mosaic records, each in its state."""
    mosaic.add_person(SURVIVOR, "Hope Makebelieve")
    for child in CHILDREN:
        person_id = child.person_id
        if person_id is None or child.record == "missing":
            continue
        born = child.born(end.date())
        restricted, locked = child.record == "restricted", child.record == "locked"
        mosaic.add_person(person_id, child.name, born, restricted=restricted, locked=locked)
        if child.record == "merged":
            mosaic.merge(person_id, SURVIVOR)


def _numbers(moments: list[datetime]) -> list[str]:
    """Running numbers in order of time, from 0001 each January, with one torn out in the middle."""
    numbers: list[str] = []
    year, running = moments[0].astimezone(LONDON).year, FIRST_NUMBER
    for n, moment in enumerate(moments):
        if moment.astimezone(LONDON).year != year:
            year, running = moment.astimezone(LONDON).year, 1
        if n == len(moments) // 2:
            running += 1
        numbers.append(f"{HOME_ID}-{year}-{running:04d}")
        running += 1
    return numbers


def _share_a_moment(reports: list[Report]) -> None:
    """The manager signed five old reports off at one stroke: they share one modifiedAt."""
    old = [report for report in reports if report.get("status") == "SignedOff"][:5]
    moment = max(report["modifiedAt"] for report in old)
    for report in old:
        report["modifiedAt"] = moment


def _plain_cases(seed: int, count: int) -> Iterator[Case]:
    rng = random.Random(f"{seed}:plain")
    for _ in range(count):
        pair = rng.sample((2, 3, 5, 9), 2)
        yield Case(
            rng.uniform(10.5, 29.5), (rng.choice((1, 2, 3, 4, 5, 6, 13, 16, 17, 18, 19, 20)),), tuple(pair), cases.plain
        )


_DIARY = (  # days ago, child, category, text, what it is there for
    (28.3, None, "Handover", "Quiet night. All young people settled by 23.00.", "ordinary"),
    (26.9, None, "Meeting", "House meeting held after tea, menu for the week agreed.", "held a meeting"),
    (
        24.1,
        None,
        "Activity",
        "Household shop done w two young people, hold music on the phone for 40 mins!!",
        "household",
    ),
    (
        19.2,
        None,
        "Visit",
        "Review held at school. Fire door held open by contractor, told to shut it.",
        "held at school",
    ),
    (
        13.6,
        20,
        "Incident",
        "After lunch MW was held by two staff in a seated hold for approx 3 mins, calm after.",
        "unrecorded",
    ),
    (11.4, 19, "Behaviour", "Dara shouting at tv, no hold needed, calmed w music. Was not restrained.", "negated"),
    (7.9, None, "Training", "CPI refresher booked for Thursday, training room held for us.", "training"),
    (3.2, 1, "Contact", "Held hands with little sister all through contact. Lovely.", "held hands"),
    (2.0, 12, "Incident", "Restrained briefly by the kitchen door, report to follow.", "unrecorded"),
    (0.9, None, "Handover", "Window in lounge boarded up. Keys counted.", "ordinary"),
)


def _entries(end: datetime) -> Iterator[dict[str, Any]]:
    for ago, child, category, text, _why in _DIARY:
        moment = (end - timedelta(days=ago)).replace(second=0)
        yield {
            "homeId": HOME_ID,
            "entryTime": local(moment),
            "category": category,
            "childIds": [] if child is None else [cast.child(child).child_id],
            "text": text,
            "createdAt": stamp(moment + timedelta(minutes=20)),
        }


_BULK: Report = {
    "homeName": cast.HOME_NAME,
    "status": "SignedOff",
    "version": 1,
    "createdBy": "Chris Sampleton",
    "location": "Lounge",
    "interventionType": "Restrictive",
    "reasons": ["InjuryToOthers"],
    "behaviourBefore": "Threw a chair towards staff.",
    "deEscalation": "Offered time out, a drink and the quiet room.",
    "effectiveness": "Calm within minutes.",
    "consequences": "None.",
    "narrative": "Held by two staff until calm, then sat and talked about football.",
    "staff": [
        {"staffId": "staff-02", "name": "Chris Sampleton", "role": "Senior", "involvement": "UsedMeasure"},
        {"staffId": "staff-03", "name": "Alex Notreal", "role": "Support", "involvement": "UsedMeasure"},
    ],
}
_BULK_MEASURE: Report = {
    "technique": "Low level seated hold",
    "position": "Seated",
    "durationMinutes": 4,
    "staffIds": ["staff-02", "staff-03"],
    "breathingAffected": "No",
    "painComplaint": "No",
}


def bulk(
    count: int, *, end: datetime, home: str = HOME_ID, first: int = 1, children: int | None = None
) -> Iterator[Report]:
    """Plain valid reports for benchmarks, 9 to 29 days before `end`. Ten of them share each modifiedAt.

    Each is about a child of its own, or about one of so many `children` in turn. Mosaic ids run from BULK_PERSON + 1.
    """
    start = end - timedelta(days=29)
    for n in range(first, first + count):
        at = start + timedelta(seconds=(n * 37) % (20 * 86400))
        done = at + timedelta(minutes=5)
        changed = stamp(start + timedelta(days=21, seconds=n // 10))
        child = n if children is None else n % children + 1
        yield {
            "incidentId": f"bulk-{n:07d}",
            "incidentNumber": f"{home}-{at.year}-{n:05d}",
            "homeId": home,
            **_BULK,
            "narrative": f"{_BULK['narrative']} That was score {n % 7} to {n}.",
            "createdAt": stamp(done),
            "modifiedAt": changed,
            "submittedAt": stamp(done),
            "signedOffAt": changed,
            "occurredAt": local(at),
            "measures": [{**_BULK_MEASURE, "heldChildId": f"child-b{child:07d}", "startedAt": local(at)}],
            "children": [
                {
                    "childId": f"child-b{child:07d}",
                    "mosaicPersonId": BULK_PERSON + child,
                    "name": f"Child{child} Bulkmade",
                    "dateOfBirth": "2011-04-01",
                    "role": "Held",
                }
            ],
        }
