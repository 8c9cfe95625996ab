"""When each duty is due. Hours and days are elapsed time from the end of the last measure, across a clock change;
working days end at 23:59:59 Europe/London and count from the UK day of `occurredAt` (RULINGS 11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from mappings.case import Case
from mappings.duty_rules import DutyId
from mappings.holds import began
from mappings.incident import Child
from mappings.working_days import BankHolidaysUnknown, add_weekdays, add_working_days, end_of

HOURS_24 = timedelta(hours=24)
HOURS_48 = timedelta(hours=48)
DAYS_5 = timedelta(days=5)

ELAPSED: Mapping[DutyId, timedelta] = {
    DutyId.INCIDENT_REPORT: HOURS_24,
    DutyId.REPORT_COMPLETE: HOURS_24,
    DutyId.DAILY_LOG: HOURS_24,
    DutyId.MOSAIC_CASE_NOTE: HOURS_24,
    DutyId.MANAGER_OVERSIGHT: HOURS_48,
    DutyId.SENIOR_MANAGER_NOTIFIED: HOURS_24,
    DutyId.NOTIFIABLE_EVENT: HOURS_24,
    DutyId.MEDICAL_OFFERED: HOURS_24,
    DutyId.CHILD_VIEWS: DAYS_5,
    DutyId.ADVOCACY_OFFERED: DAYS_5,
    DutyId.RESTORATIVE_CONVERSATION: DAYS_5,
    DutyId.STAFF_DEBRIEF: HOURS_48,
    DutyId.RISK_ASSESSMENT_REVIEWED: DAYS_5,
    DutyId.CARE_PLAN_REVIEWED: DAYS_5,
    DutyId.MASH_OR_POLICE: HOURS_24,
}

WORKING_DAYS: Mapping[DutyId, int] = {
    DutyId.MANAGER_NOTIFIED: 2,
    DutyId.SOCIAL_WORKER_NOTIFIED: 2,
    DutyId.PARENTS_INFORMED: 2,
}

TARGETS: Mapping[DutyId, timedelta] = {DutyId.CHILD_VIEWS: HOURS_24}
"""Where the policy has an ideal before its limit."""


class Deadline(NamedTuple):
    """When a duty is due (None: never), its ideal time where there is one, and what to know about it."""

    due_at: datetime | None
    target_at: datetime | None = None
    note: str | None = None


NO_DEADLINE = Deadline(None)


def deadlines_of(case: Case) -> Mapping[DutyId, Deadline]:
    """The deadlines that the incident sets, whichever child a duty is towards."""
    elapsed = {time: Deadline(case.start + time) for time in (HOURS_24, HOURS_48, DAYS_5)}
    found = {duty: elapsed[time] for duty, time in ELAPSED.items()}
    for duty, count in WORKING_DAYS.items():
        found[duty] = after_working_days(case.day, count)
    for duty, time in TARGETS.items():
        found[duty] = Deadline(found[duty].due_at, case.start + time)
    return found


def own_deadline(duty: DutyId, case: Case, child: Child | None) -> Deadline:
    """The deadline of a duty that is not among those. `lado_contact` has one for each adult: see `lado_duties`."""
    if duty is DutyId.MEDICAL_TOLD and child is not None:
        return _when_seen(case, child)
    if duty is DutyId.EHC_PLAN_REVIEW:
        return Deadline(end_of(case.day))
    return NO_DEADLINE


@lru_cache(maxsize=1024)
def after_working_days(day: date, count: int) -> Deadline:
    """The end of the `count`-th working day after `day`; by weekdays alone, and saying so, where bank holidays are not
    known: that is never later."""
    try:
        return Deadline(end_of(add_working_days(day, count)))
    except BankHolidaysUnknown as unknown:
        return Deadline(
            end_of(add_weekdays(day, count)),
            note=f"the bank holidays of {unknown.year} are not known, so only weekends were left out",
        )


def _when_seen(case: Case, child: Child) -> Deadline:
    seen_at = child.medical.seen_at
    if seen_at is not None and seen_at >= began(case.incident):
        return Deadline(seen_at)
    return Deadline(case.start + HOURS_24, note="the record does not say when the child was seen")
