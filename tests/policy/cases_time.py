"""Hand-worked: when each duty is due, when it counts as met, and what the two Sundays do that move the clock."""

from __future__ import annotations

from tests.policy.hand_worked import (
    GONE,
    MEASURE,
    Case,
    late,
    met,
    none,
    on,
    opened,
    overdue,
)

#: Evidence in time, for a report whose only question is its clock.
OFFERED = {"children.0.medical": {"offered": "Yes", "seen": "No", "outcome": "Did not wish to be seen."}}


def notified(day: str, due: str, why: str, time: str = "14:00") -> Case:
    """Where "within two working days" ends for an incident of that day."""
    clause = f"working days, day 0 the local day of the incident: {why}"
    look = f"{day} 00:00"
    return Case(clause, on(day, time), {"manager_notified": opened(due), "social_worker_notified": opened(due)}, look)


CASES: dict[str, Case] = {
    "the whole table, the moment after submission": Case(
        "every row: restrictive, one held child, nothing serious, nothing done yet",
        {},
        {
            "incident_report": met("06-09 15:00", due="06-10 13:05", owner="staff", reason=""),
            "report_complete": met("06-09 15:00", due="06-10 13:05", owner="staff", reason=""),
            "daily_log": opened("06-10 13:05", owner="software"),
            "mosaic_case_note": opened("06-10 13:05", owner="software"),
            "manager_oversight": opened("06-11 13:05", owner="registered_manager"),
            "manager_notified": opened("06-11 22:59:59", owner="staff"),
            "social_worker_notified": opened("06-11 22:59:59", owner="registered_manager"),
            "parents_informed": opened("06-11 22:59:59", owner="registered_manager"),
            "senior_manager_notified": none(),
            "notifiable_event": none(),
            "medical_offered": opened("06-10 13:05", owner="registered_manager"),
            "medical_told": none(),
            "child_views": opened("06-14 13:05", target="06-10 13:05", owner="registered_manager"),
            "advocacy_offered": opened("06-14 13:05", owner="registered_manager"),
            "restorative_conversation": opened("06-14 13:05", owner="staff"),
            "staff_debrief": opened("06-11 13:05"),
            "risk_assessment_reviewed": opened("06-14 13:05", owner="registered_manager"),
            "care_plan_reviewed": opened("06-14 13:05", owner="registered_manager"),
            "external_review": opened(""),
            "lado_contact": none(),
            "mash_or_police": none(),
            "ehc_plan_review": none(),
        },
    ),
    "24 hours to the second": Case(
        "clock: elapsed hours from the end of the measure; the deadline itself is still in time",
        {},
        {
            "medical_offered": opened("06-10 13:05"),
            "daily_log": opened("06-10 13:05"),
            "child_views": opened("06-14 13:05"),
        },
        at="06-10 13:05:00",
    ),
    "24 hours and a second": Case(
        "clock: past 24 h is overdue; the target of child_views is not its limit",
        {},
        {
            "medical_offered": overdue("06-10 13:05"),
            "daily_log": overdue("06-10 13:05"),
            "mosaic_case_note": overdue("06-10 13:05"),
            "child_views": opened("06-14 13:05", target="06-10 13:05"),
            "staff_debrief": opened("06-11 13:05"),
            "incident_report": met("06-09 15:00"),
        },
        at="06-10 13:05:01",
    ),
    "48 hours and a second": Case(
        "staff_debrief and manager_oversight: 48 h",
        {},
        {"staff_debrief": overdue("06-11 13:05"), "manager_oversight": overdue("06-11 13:05")},
        at="06-11 13:05:01",
    ),
    "5 days to the second": Case(
        "child_views, advocacy_offered and the readings of 5 days: still in time at the instant",
        {},
        {"child_views": opened("06-14 13:05"), "advocacy_offered": opened(), "restorative_conversation": opened()},
        at="06-14 13:05:00",
    ),
    "5 days and a second": Case(
        "5 days: overdue past the limit; the external review never is",
        {},
        {
            "child_views": overdue("06-14 13:05"),
            "advocacy_offered": overdue("06-14 13:05"),
            "restorative_conversation": overdue("06-14 13:05"),
            "risk_assessment_reviewed": overdue("06-14 13:05"),
            "care_plan_reviewed": overdue("06-14 13:05"),
            "external_review": opened(""),
        },
        at="06-14 13:05:01",
    ),
    "the last second of the second working day": Case(
        "working days: within two ends at 23:59:59 Europe/London",
        {},
        {"manager_notified": opened("06-11 22:59:59"), "parents_informed": opened("06-11 22:59:59")},
        at="06-11 22:59:59",
    ),
    "the second after the second working day": Case(
        "working days: midnight is late",
        {},
        {"manager_notified": overdue("06-11 22:59:59"), "social_worker_notified": overdue("06-11 22:59:59")},
        at="06-11 23:00:00",
    ),
    "met at the very instant": Case(
        "met by its own time: 15:00 London plus 24 h is in time to the minute",
        {
            "children.0.views": {"recordedAt": "2026-06-14T14:05"},
            "children.0.advocacyOfferedAt": "2026-06-14T14:06",
            "managerNotifiedAt": "2026-06-11T23:59",
        },
        {"child_views": met("06-14 13:05"), "advocacy_offered": late("06-14 13:06"), "manager_notified": met()},
        at="06-20 09:00",
    ),
    "views between the target and the limit": Case(
        "child_views: ideally 24 hours, no longer than 5 days; a target missed is not a limit missed",
        {"children.0.views": {"recordedAt": "2026-06-12T10:00"}},
        {"child_views": met("06-12 09:00", target="06-10 13:05", due="06-14 13:05")},
        at="06-20 09:00",
    ),
    "no duration": Case(
        "unknown end: from occurredAt",
        {"measures.0.durationMinutes": None},
        {
            "medical_offered": opened("06-10 13:00"),
            "child_views": opened("06-14 13:00"),
            "staff_debrief": opened("06-11 13:00"),
        },
    ),
    "no measure at all": Case(
        "unknown end: no measure, from occurredAt",
        {"measures": []},
        {"daily_log": opened("06-10 13:00"), "staff_debrief": opened("06-11 13:00")},
    ),
    "measures key missing": Case(
        "contract: only the required keys can be relied on",
        {"measures": GONE},
        {"daily_log": opened("06-10 13:00"), "report_complete": opened("06-10 13:00", reason="measure")},
    ),
    "several measures": Case(
        "R11: hours run from the end of the last measure, whatever the order in the list",
        {
            "measures.0": MEASURE | {"startedAt": "2026-06-09T14:20", "durationMinutes": 10},
            "measures.+": MEASURE | {"technique": "Standing hold"},
        },
        {"medical_offered": opened("06-10 13:30"), "staff_debrief": opened("06-11 13:30")},
    ),
    "a long first measure ends last": Case(
        "R11: the last to end, not the last to begin",
        {
            "measures.0.durationMinutes": 60,
            "measures.+": MEASURE | {"startedAt": "2026-06-09T14:20", "durationMinutes": 10},
        },
        {"medical_offered": opened("06-10 14:00")},
    ),
    "half a minute": Case(
        "durationMinutes is a number: 7.5 minutes end at 14:07:30",
        {"measures.0.durationMinutes": 7.5},
        {"medical_offered": opened("06-10 13:07:30")},
    ),
    "over midnight": Case(
        "R11: working days from the local day of occurredAt, hours from the end",
        on("2026-06-08", "23:55", 10),
        {"manager_notified": opened("06-10 22:59:59"), "medical_offered": opened("06-09 23:05")},
        at="06-09 06:00",
    ),
    "half past midnight in summer": notified(
        "2026-06-09", "06-11 22:59:59", "00:30 BST on Tuesday is Monday in UTC, and Tuesday in the home", "00:30"
    ),
    "a Friday night": notified("2026-06-12", "06-16 22:59:59", "Friday 23:30: Monday, Tuesday", "23:30"),
    "a Saturday": notified("2026-06-13", "06-16 22:59:59", "Saturday: Monday, Tuesday"),
    "a Sunday": notified("2026-06-14", "06-16 22:59:59", "Sunday: Monday, Tuesday"),
    "a Monday": notified("2026-06-15", "06-17 22:59:59", "Monday: Tuesday, Wednesday"),
    "Maundy Thursday": notified("2026-04-02", "04-08 22:59:59", "Good Friday and Easter Monday are not worked"),
    "Easter Sunday": notified("2026-04-05", "04-08 22:59:59", "Easter Monday is not worked"),
    "two days before Christmas": notified(
        "2026-12-23", "12-29 23:59:59", "24th; 25th and its neighbour's substitute, Monday 28th, are not"
    ),
    "Christmas Eve": notified("2026-12-24", "12-30 23:59:59", "Tuesday 29th and Wednesday 30th"),
    "Christmas Eve of 2027": notified(
        "2027-12-24",
        "2027-12-30 23:59:59",
        "25th and 26th fall on a weekend: Monday 27th and Tuesday 28th are not worked",
    ),
    "New Year's Eve": notified("2026-12-31", "2027-01-05 23:59:59", "1 January is a Friday"),
    "New Year's Day in England": notified("2026-01-01", "01-05 23:59:59", "2 January is a holiday in Scotland alone"),
    "early May": notified("2026-05-01", "05-06 22:59:59", "Monday 4 May is not worked"),
    "late May": notified("2026-05-22", "05-27 22:59:59", "Monday 25 May is not worked"),
    "first Monday of August": notified("2026-07-31", "08-04 22:59:59", "3 August is a holiday in Scotland alone"),
    "last Monday of August": notified("2026-08-28", "09-02 22:59:59", "Monday 31 August is not worked"),
    "St Patrick": notified("2026-03-16", "03-18 23:59:59", "17 March is a holiday in Northern Ireland alone"),
    "Friday before the clocks go forward": notified("2026-03-27", "03-31 22:59:59", "the deadline is in BST"),
    "Friday before the clocks go back": notified("2026-10-23", "10-27 23:59:59", "the deadline is in GMT"),
    "24 elapsed hours over the spring change": Case(
        "clock: hours in elapsed time across a clock change: 14:05 GMT on Saturday is 15:05 BST on Sunday",
        on(
            "2026-03-28",
            **{
                "children.0.views": {"recordedAt": "2026-03-29T15:05"},
                "staffDebrief": {"heldAt": "2026-03-30T15:06", "withName": "P. Standin"},
            },
        ),
        {
            "child_views": met("03-29 14:05", target="03-29 14:05"),
            "staff_debrief": late("03-30 14:06", due="03-30 14:05"),
        },
        at="04-03 09:00",
    ),
    "24 elapsed hours over the autumn change": Case(
        "clock: 14:05 BST on Saturday is 13:05 GMT on Sunday",
        on("2026-10-24", **{"staffDebrief": {"heldAt": "2026-10-26T13:06", "withName": "P. Standin"}}),
        {"medical_offered": overdue("10-25 13:05"), "staff_debrief": late("10-26 13:06", due="10-26 13:05")},
        at="10-26 13:30",
    ),
    "5 elapsed days over the autumn change": Case(
        "clock: days are elapsed too",
        on("2026-10-22"),
        {"child_views": opened("10-27 13:05", target="10-23 13:05"), "risk_assessment_reviewed": opened("10-27 13:05")},
        at="10-27 13:05",
    ),
    "an hour that does not exist": Case(
        "R10: 01:30 on the spring Sunday is read with the offset before the change, 01:30Z",
        on("2026-03-29", "01:30"),
        {"medical_offered": opened("03-30 01:35"), "manager_notified": opened("03-31 22:59:59")},
        at="03-29 12:00",
    ),
    "evidence in the hour that does not exist": Case(
        "R10: evidence at 01:30 on the spring Sunday is 01:30Z too",
        on("2026-03-28", "23:00", **{"managerNotifiedAt": "2026-03-29T01:30"}),
        {"manager_notified": met("03-29 01:30")},
        at="03-29 12:00",
    ),
    "an hour that exists twice": Case(
        "R10: the first",
        on("2026-10-25", "01:30"),
        {"medical_offered": opened("10-26 00:35")},
        at="10-25 12:00",
    ),
    "evidence in the doubled hour that would be before": Case(
        "R10: read so that it is not before the incident",
        on("2026-10-25", "01:30", **{"managerNotifiedAt": "2026-10-25T01:10"}),
        {"manager_notified": met("10-25 01:10", reason="")},
        at="10-25 12:00",
    ),
    "evidence in the doubled hour that can be the first": Case(
        "R10: otherwise the first",
        on("2026-10-25", "00:50", **{"managerNotifiedAt": "2026-10-25T01:05"}),
        {"manager_notified": met("10-25 00:05")},
        at="10-25 12:00",
    ),
    "evidence in the doubled hour after an incident that says its offset": Case(
        "R10: the incident is the second 01:30, and so is what follows it by five minutes",
        on(
            "2026-10-25",
            "01:30",
            **{
                "occurredAt": "2026-10-25T01:30:00+00:00",
                "measures": [MEASURE | {"startedAt": "2026-10-25T01:30:00+00:00"}],
                "managerNotifiedAt": "2026-10-25T01:35",
            },
        ),
        {"manager_notified": met("10-25 01:35"), "medical_offered": opened("10-26 01:35")},
        at="10-25 12:00",
    ),
    "a child's evidence in the doubled hour": Case(
        "R10 holds for what lies inside a child too",
        on(
            "2026-10-25",
            "01:40",
            **{
                "children.0.views": {"recordedAt": "2026-10-25T01:20"},
                "children.0.parentsInformed": {"informedAt": "2026-10-25T01:39"},
            },
        ),
        {"child_views": met("10-25 01:20"), "parents_informed": met("10-25 01:39")},
        at="10-25 12:00",
    ),
    "a measure in the doubled hour that would end before the incident": Case(
        "R10, R11: a hold of the incident is not before it",
        on("2026-10-25", "01:50", **{"measures.0.startedAt": "2026-10-25T01:10"}),
        {"medical_offered": opened("10-26 01:15")},
        at="10-25 12:00",
    ),
    "a deadline met in the doubled hour": Case(
        "R10: 24 h after Saturday 01:35 BST is the first 01:35 on Sunday",
        on(
            "2026-10-24",
            "01:30",
            **{
                "children.0.medical": {
                    "offered": "Yes",
                    "offeredAt": "2026-10-25T01:35",
                    "seen": "No",
                    "outcome": "Declined.",
                },
                "submittedAt": "2026-10-24T02:00:00Z",
            },
        ),
        {"medical_offered": met("10-25 00:35", due="10-25 00:35")},
        at="10-26 12:00",
    ),
    "before the incident": Case(
        "issue: evidence before the incident is not evidence; the duty says why",
        {
            "managerNotifiedAt": "2026-06-09T13:59",
            "staffDebrief": {"heldAt": "2026-06-08T15:00", "withName": "P. Standin"},
            "children.0.views": {"recordedAt": "2025-06-09T15:00"},
            "children.0.riskAssessmentReviewedAt": "2026-06-01T09:00",
        },
        {
            "manager_notified": opened(reason="before the incident"),
            "staff_debrief": opened(reason="before the incident"),
            "child_views": opened(reason="before the incident"),
            "risk_assessment_reviewed": opened(reason="before the incident"),
        },
    ),
    "in the incident's own minute": Case(
        "R11: evidence in the incident's own minute counts",
        {"occurredAt": "2026-06-09T14:00:40", "managerNotifiedAt": "2026-06-09T14:00"},
        {"manager_notified": met(reason="")},
    ),
    "in the future": Case(
        "issue: evidence in the future is not evidence",
        {
            "managerNotifiedAt": "2026-06-09T17:01",
            "children.0.advocacyOfferedAt": "2027-06-09T15:00",
            "staffDebrief": {"heldAt": "2026-06-10T09:00", "withName": "P. Standin"},
        },
        {
            "manager_notified": opened(reason="future"),
            "advocacy_offered": opened(reason="future"),
            "staff_debrief": opened(reason="future"),
        },
    ),
    "no longer in the future": Case(
        "the same evidence counts once its time has come",
        {"managerNotifiedAt": "2026-06-09T17:01"},
        {"manager_notified": met("06-09 16:01", reason="")},
        at="06-09 16:01",
    ),
    "in the future and past the deadline": Case(
        "impossible evidence does not stop the clock",
        {"children.0.views": {"recordedAt": "2026-07-14T15:00"}},
        {"child_views": overdue("06-14 13:05", reason="future")},
        at="06-15 09:00",
    ),
    "a report that arrives after its deadline": Case(
        "R8: met late at submittedAt; what it says happened in time was in time",
        {
            "submittedAt": "2026-06-11T09:00:00Z",
            "managerNotifiedAt": "2026-06-09T14:30",
            "children.0.views": {"recordedAt": "2026-06-09T16:00"},
            "staffDebrief": {"heldAt": "2026-06-10T09:00", "withName": "P. Standin"},
        },
        {
            "incident_report": late("06-11 09:00", due="06-10 13:05"),
            "manager_notified": met("06-09 13:30"),
            "child_views": met("06-09 15:00"),
            "staff_debrief": met("06-10 08:00"),
        },
        at="06-12 09:00",
    ),
    "undated evidence in a late report": Case(
        "R8: an outcome without a date is dated as the submission is",
        {"submittedAt": "2026-06-11T09:00:00Z", "children.0.medical": {"offered": "Yes", "outcome": "Declined."}},
        {"medical_offered": late("06-11 09:00")},
        at="06-12 09:00",
    ),
    "no submittedAt": Case(
        "R8: else the modifiedAt of the first version seen submitted",
        {"submittedAt": GONE, "modifiedAt": "2026-06-09T15:10:00Z"},
        {"incident_report": met("06-09 15:10")},
    ),
    "signed off": Case(
        "incident_report: Submitted or SignedOff",
        {"status": "SignedOff", "submittedAt": None, "modifiedAt": "2026-06-10T13:05:01Z"},
        {"incident_report": late("06-10 13:05:01")},
        at="06-12 09:00",
    ),
    "a Draft": Case(
        "R1: the log's and Mosaic's duties are staff's until it is submitted, and say so",
        {"status": "Draft", "submittedAt": None},
        {
            "incident_report": opened(owner="staff"),
            "daily_log": opened("06-10 13:05", owner="staff", reason="Draft"),
            "mosaic_case_note": opened("06-10 13:05", owner="staff", reason="Draft"),
            "child_views": opened("06-14 13:05"),
        },
    ),
    "a Draft a day later": Case(
        "R1: an unsubmitted report is overdue like any other",
        {"status": "Draft", "submittedAt": None},
        {"incident_report": overdue("06-10 13:05"), "mosaic_case_note": overdue(owner="staff", reason="Draft")},
        at="06-10 14:00",
    ),
    "back to Draft": Case(
        "R2: a revision like any other; the report is not submitted now",
        {"status": "Draft", "submittedAt": "2026-06-09T15:00:00Z"},
        {"incident_report": opened(owner="staff")},
    ),
    "Void": Case(
        "R2: kept and counted, nothing is owed for what was recorded in error",
        {"status": "Void"},
        {"incident_report": none(), "child_views": none(), "daily_log": none(), "manager_oversight": none()},
    ),
}
