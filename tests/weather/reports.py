"""Invented reports that carry canaries, for the stand-in of the recording system; one thing is changed in each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.scenario import BULK_PERSON, bulk
from sandbox.story import local, stamp

#: Words that stand in every report and may show nowhere but in sealed columns and in the targets' own records.
SURNAME = "Canarybird"
STORY = "zebrafinchstory"
CANARIES = (SURNAME, STORY, "2011-04-01")


def person_of(n: int) -> int:
    """The Mosaic id of report n's child."""
    return BULK_PERSON + n


def child_of(n: int) -> str:
    """The source's id of report n's child."""
    return f"child-b{n:07d}"


def id_of(n: int) -> str:
    """The source's id of report n."""
    return f"bulk-{n:07d}"


def report(
    n: int, end: datetime, *, hours_ago: float | None = None, home: str = "EXH", **changes: Any
) -> dict[str, Any]:
    """A valid, signed-off report about a child of its own, weeks before `end`, or `hours_ago` before it."""
    found = next(iter(bulk(1, end=end, first=n, home=home)))
    found["children"][0]["name"] = f"Child{n} {SURNAME}"
    found["narrative"] = f"Held by two staff until calm. {STORY} number {n}."
    if hours_ago is not None:
        at = end - timedelta(hours=hours_ago)
        done = stamp(at + timedelta(minutes=30))
        found |= {"occurredAt": local(at), "createdAt": done, "submittedAt": done, "signedOffAt": done}
        found |= {"modifiedAt": done, "incidentNumber": f"{home}-{at.year}-{n:05d}"}
        found["measures"][0]["startedAt"] = local(at)
    return found | changes


def by_staff(n: int, words: str) -> dict[str, Any]:
    """A change of the story and of what the daily log says, so that a note and an entry are both owed an addition."""
    return {"narrative": f"Held by two staff until calm. {STORY} number {n}. {words}", "location": f"Kitchen, {words}"}
