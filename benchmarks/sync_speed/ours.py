"""Our own code in a process of its own, at the site that the environment describes.

    python -m benchmarks.sync_speed.ours sync [HOME]     what `incident-bridge sync` does, ledger and all
    python -m benchmarks.sync_speed.ours unkept          the same reading, planning and sending; nothing is kept
    python -m benchmarks.sync_speed.ours task_a_record   the same sending, as one Prefect task a record
    python -m benchmarks.sync_speed.ours bodies          nothing is sent: the bodies, one line an incident

Prints seconds, processor seconds and the peak of its memory in MB as JSON. Imports are not counted; opening is.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Thread
from typing import Any

import holidays.countries  # noqa: F401 - loaded on the way of a sync otherwise, as are the next four
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql  # noqa: F401

import connectors.recording_rest.source  # noqa: F401
import flows.sync  # noqa: F401
from config.home import Home
from connectors.daily_log_rest.entries import entry_body
from connectors.mosaic_rest.notes import note_body
from connectors.protocols import NewEntry, NewNote
from flows.crew import Crew
from flows.planning import circumstances
from flows.pull import understand
from flows.running import sync_here
from flows.site import Site, open_site
from mappings.bodies import EntryBody, NoteBody
from mappings.home_children import HomeChildren
from mappings.incident import Incident
from mappings.owed import History, Owed, Target
from mappings.plan import plan_revision


def sync() -> int:
    """Everything, of all homes or of one."""
    result = sync_here(home=sys.argv[2] if len(sys.argv) > 2 else None)
    if result["exit_code"] != 0:
        raise SystemExit(f"The sync did not end well: {result}")
    return int(result["pulled"]["new"])


def unkept() -> int:
    """The same reading, planning and sending, with the same crew at each target, and no ledger."""
    with open_site() as site:
        notes: list[NewNote] = []
        entries: list[NewEntry] = []
        for home, _, owed in _planned(site):
            notes += [_note(one) for one in owed if one.target == Target.MOSAIC]
            entries += [_entry(home, one) for one in owed if one.target == Target.DAILY_LOG]
        drains = [
            Thread(target=_drain, args=(site, *each)) for each in ((_create_note, notes), (_create_entry, entries))
        ]
        for drain in drains:
            drain.start()
        for drain in drains:
            drain.join()
        return len(entries)


def task_a_record() -> int:
    """What Prefect's own examples lead to: a task for each record."""
    from flows.prefect_environment import harden

    harden(os.environ)
    from prefect import flow, task

    with open_site() as site:

        @task(persist_result=False)
        def record(place: int) -> None:
            home, _, owed = planned[place]
            for one in owed:
                if one.target == Target.MOSAIC:
                    _create_note(site, _note(one))
                else:
                    _create_entry(site, _entry(home, one))

        @flow(persist_result=False)
        def records() -> None:
            for place in range(len(planned)):
                record(place)

        planned = list(_planned(site))
        records()
        return len(planned)


def bodies() -> int:
    """What the plain script posts."""
    with open_site() as site:
        for home, report, owed in _planned(site):
            row: dict[str, Any] = {"incident": report.incident_id}
            for one in owed:
                if one.target == Target.MOSAIC:
                    row |= {"person": one.person_id, "note": note_body(_note(one))}
                else:
                    row |= {"entry": entry_body(_entry(home, one))}
            print(json.dumps(row))
    return 0


def _planned(site: Site) -> Iterator[tuple[Home, Incident, tuple[Owed, ...]]]:
    """What each report owes, read and planned as a sync does it."""
    for home in site.chosen(None):
        around = circumstances(site, home)
        known = HomeChildren()
        for page in site.source.pull(home.id, around.now - timedelta(days=60)):
            readable, _ = understand(site, home, page.items)
            for child in (child for one in readable for child in one.report.children):
                known.add(child.child_id, child.name)
            history = History(1, (), _no_earlier, known)
            for one in readable:
                yield home, one.report, plan_revision(one.report, history, around).owed


def _no_earlier(_number: int) -> Incident:
    raise AssertionError("a first revision has no earlier one")


def _note(owed: Owed) -> NewNote:
    body = owed.body
    assert isinstance(body, NoteBody)
    assert owed.person_id is not None
    return NewNote(
        person_id=owed.person_id,
        note_type=body.note_type,
        title=body.title,
        html=body.html,
        effective_date=body.effective_date,
        reference=owed.reference,
        significant_event=body.significant_event,
        acting_for=body.acting_for,
        alert_recipients=body.alert_recipients,
    )


def _entry(home: Home, owed: Owed) -> NewEntry:
    body = owed.body
    assert isinstance(body, EntryBody)
    return NewEntry(
        home_id=home.id,
        entry_time=body.entry_time,
        category=body.category,
        text=body.text,
        reference=owed.reference,
        child_ids=body.child_ids,
    )


def _create_note(site: Site, note: NewNote) -> None:
    assert site.mosaic is not None
    site.mosaic.create(note)


def _create_entry(site: Site, entry: NewEntry) -> None:
    assert site.daily_log is not None
    site.daily_log.create(entry)


def _drain(site: Site, create: Callable[[Site, Any], None], records: Sequence[object]) -> None:
    with Crew(site.settings.delivery.threads) as crew:
        crew.map(lambda one: create(site, one), records)


def main() -> None:
    """Do what is named and say what it took."""
    known: dict[str, Callable[[], int]] = {
        "sync": sync,
        "unkept": unkept,
        "task_a_record": task_a_record,
        "bodies": bodies,
    }
    what = known[sys.argv[1]]
    started, used = time.perf_counter(), time.process_time()
    moved = what()
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - used, "incidents": moved}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**took, "peak_mb": peak}), file=sys.stderr if sys.argv[1] == "bodies" else sys.stdout)


if __name__ == "__main__":
    main()
