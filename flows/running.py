"""sync, reconcile and remind, wherever they run: as Prefect flows where an API is configured, else in this process.

Both ways run the very same stages. `tell_*` say in plain lines what a result means.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.home import load_homes
from config.settings import load_settings
from flows.console import stoppable
from flows.exit_codes import ExitCode
from flows.prefect_api import configured_url, reach
from flows.site import Progress, Site, known_home, open_site, silent

if TYPE_CHECKING:
    from reconciliation.report import Report

Told = Callable[[str], None]
_HERE = "No Prefect API is configured (PREFECT_API_URL); running in this process."
_THERE = "Running as a Prefect flow run."
#: Prefect's client goes on asking for minutes when its server goes away in mid-run. At a command somebody waits; the
#: work is done whatever Prefect can still note of it. Seconds, and tries after the first.
_WHILE_SOMEBODY_WAITS = {"PREFECT_CLIENT_MAX_RETRIES": "2", "PREFECT_API_REQUEST_TIMEOUT": "15"}


def prefect_is_configured() -> bool:
    """Whether runs go through Prefect. Read without importing it."""
    return bool(configured_url())


def _through_prefect(
    name: str, parameters: dict[str, Any], home: str | None, told: Told, progress: Progress = silent
) -> dict[str, Any]:
    """Run a flow. A home that does not exist is refused first: Prefect would keep what was typed for ever.

    Raises PrefectAway within seconds when the API does not answer, and what the stage raises.
    """
    if home is not None:
        known_home(load_homes(load_settings().homes_dir), home)
    reach()
    told(_THERE)
    for setting, value in _WHILE_SOMEBODY_WAITS.items():
        os.environ.setdefault(setting, value)
    from flows.prefect_flows import run_flow

    return run_flow(name, {"home": home, **parameters}, progress)


def run_sync(
    *, home: str | None, since: datetime | None, wait: bool, progress: Progress = silent, told: Told
) -> dict[str, Any]:
    """Sync the homes; returns the JSON of FACE.md. Raises what opening the site raises."""
    if prefect_is_configured():
        parameters = {"since": since.isoformat() if since else None, "wait": wait}
        return _through_prefect("sync", parameters, home, told, progress)
    told(_HERE)
    return sync_here(home=home, since=since, wait=wait, progress=progress)


def sync_here(
    *, home: str | None = None, since: datetime | None = None, wait: bool = True, progress: Progress = silent
) -> dict[str, Any]:
    """Sync in this process."""
    from flows.sync import sync

    with open_site(progress=progress) as site, stoppable(site.stopping):
        site.ready()
        homes = list(site.chosen(home))
        return sync(site, homes, since=since, wait_seconds=None if wait else 0.0).as_json()


def sync_dry(*, home: str | None, since: datetime | None, progress: Progress = silent) -> dict[str, Any]:
    """What a sync would send where; nothing is written or sent."""
    from flows.dry_run import dry_run

    return dry_run(home=home, since=since, progress=progress)


def run_reconcile(
    *,
    home: str | None,
    start: date,
    end: date,
    out: Path,
    heal: bool,
    mail: bool = False,
    as_of: datetime | None,
    progress: Progress = silent,
    told: Told,
) -> dict[str, Any]:
    """Reconcile one home or all; returns the JSON of FACE.md, with `homes` where there are several."""
    if prefect_is_configured():
        parameters: dict[str, Any] = {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "out": str(out),
            "heal": heal,
            "mail": mail,
            "as_of": as_of.isoformat() if as_of else None,
        }
        return _through_prefect("reconcile", parameters, home, told, progress)
    told(_HERE)
    return reconcile_here(
        home=home, start=start, end=end, out=str(out), heal=heal, mail=mail, as_of=as_of, progress=progress
    )


def reconcile_here(
    *,
    home: str | None,
    start: date,
    end: date,
    out: str,
    heal: bool = False,
    mail: bool = False,
    as_of: datetime | None = None,
    progress: Progress = silent,
    shown_to: Callable[[Report], object] = lambda _: None,
) -> dict[str, Any]:
    """Reconcile in this process. `mail`: the managers hear the verdict, once for each state of things.

    `shown_to` gets each home's report, once it is written.
    """
    from flows.reconcile import reconcile
    from flows.verdict_mail import tell_managers

    with open_site(progress=progress) as site, stoppable(site.stopping):
        site.ready()
        results = []
        for one in site.chosen(home):
            reports: list[Report] = []
            result = reconcile(site, one, start, end, Path(out), heal=heal, as_of=as_of, shown_to=reports.append)
            shown_to(reports[0])
            if mail:
                result["mailed"] = tell_managers(site, one, reports[0])
            results.append(result)
    return together(results)


def together(results: list[dict[str, Any]]) -> dict[str, Any]:
    """One home's result as it is; several under `homes`, with the gravest exit code."""
    if len(results) == 1:
        return results[0]
    return {"homes": results, "exit_code": gravest([int(result["exit_code"]) for result in results])}


def gravest(codes: list[int]) -> int:
    """The exit code of several homes together."""
    order = (ExitCode.WRONG, ExitCode.UNREACHABLE, ExitCode.LEFT_OVER)
    return next((int(code) for code in order if code in codes), int(ExitCode.DONE))


def run_remind(*, home: str | None, dry_run: bool, as_of: datetime | None, told: Told) -> dict[str, Any]:
    """Send the digests that are due, or show them."""
    if prefect_is_configured() and not dry_run:
        return _through_prefect("remind", {}, home, told)
    if not dry_run:
        told(_HERE)
    return remind_here(home=home, dry_run=dry_run, as_of=as_of)


def remind_here(*, home: str | None = None, dry_run: bool = False, as_of: datetime | None = None) -> dict[str, Any]:
    """Remind in this process."""
    from flows.remind import remind

    with open_site() as site, stoppable(site.stopping):
        return remind(site, list(site.chosen(home)), dry_run=dry_run, as_of=as_of)


def read_site(work: Callable[[Site], dict[str, Any]]) -> dict[str, Any]:
    """Run a reading command on the site."""
    with open_site() as site:
        return work(site)


# ---- what a result means, in plain lines ------------------------------------------------------------------------

_TARGET_NAMES = {
    "recording": "Recording system",
    "source": "Recording system",
    "mosaic": "Mosaic",
    "replica": "Mosaic replica",
    "daily_log": "Daily log",
    "email": "Email",
    "lado": "LADO packages",
}
_STATE_WORDS = {
    "accepted": "accepted",
    "uncertain": "uncertain (being looked up)",
    "rejected": "rejected (a person must look)",
    "pending": "still to send",
    "sending": "with a worker",
    "awaiting_approval": "waiting for a manager",
}
#: What each exit code means, as the last line of a run.
MEANING = {
    0: "Done, nothing left over.",
    1: "The configuration is wrong; mend what is named above and run it again.",
    2: "Done, but something needs a person or another run; the report, or `incident-bridge status`, says what.",
    3: "An outside system could not be reached; nothing is lost, run it again when it is back.",
}


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def tell_sync(result: dict[str, Any]) -> Iterator[str]:
    """A sync in a few lines."""
    pulled = result["pulled"]
    yield (
        f"Read {_counted(pulled['seen'], 'report')}: {pulled['new']} new, {pulled['revised']} changed, "
        f"{pulled['unchanged']} unchanged, {_counted(pulled['drafts'], 'draft')}, "
        f"{pulled['quarantined']} not understood."
    )
    for target, counts in result["deliveries"].items():
        words = [f"{count} {_STATE_WORDS[state]}" for state, count in counts.items() if count]
        yield f"{_TARGET_NAMES.get(target, target)}: {', '.join(words) or 'nothing to do'}."
    if result["quarantined"]:
        waiting = _counted(result["quarantined"], "report")
        yield f"In quarantine: {waiting}; `incident-bridge quarantine list` shows which."
    yield from tell_homes_without_file(result)
    for problem in result["problems"]:
        yield f"{_TARGET_NAMES.get(problem['system'], problem['system'])}: {problem['message']}"
    yield MEANING[result["exit_code"]]


def tell_homes_without_file(result: dict[str, Any]) -> Iterator[str]:
    """What is owed by a home that nobody speaks of any more."""
    for home, count in result["homes_without_file"].items():
        yield (
            f"{home}: {_counted(count, 'thing')} of this home not finished, and BRIDGE_HOMES_DIR has no file of it; "
            "put the file back until they are."
        )


def tell_dry_run(result: dict[str, Any]) -> Iterator[str]:
    """What a sync would send."""
    for row in result["would_send"]:
        about = f" for {row['subject']}" if row["subject"] else ""
        target = _TARGET_NAMES.get(row["target"], row["target"])
        yield f"{target}: {row['action']} {row['incident'] or ''}{about} ({row['reference']})"
    yield f"{len(result['would_send'])} would be sent. Nothing was written or sent."


def tell_reconcile(result: dict[str, Any]) -> Iterator[str]:
    """A reconciliation in a few lines."""
    for one in result.get("homes", [result]):
        totals = one["totals"]
        yield f"{one['home']}, {one['from']} to {one['to']}: {one['verdict']['headline']}"
        if totals["source"] is None:
            yield "  The source could not be read, so nobody can say what is missing."
        else:
            rows = ("verified", "outstanding", "draft", "quarantined", "exempt")
            words = {"exempt": "nothing owed"}
            summed = " + ".join(f"{words.get(row, row)} {totals[row]}" for row in rows)
            ledger = "" if totals["balanced"] else f"  -- BUT THE LEDGER HAS {totals['ledger']}, AND NOT THE SAME"
            yield f"  Source {totals['source']} = {summed}{ledger}"
        for side, state in one["checked"].items():
            if state == "not_checked":
                yield f"  Not checked: {_TARGET_NAMES.get(side, side)} could not be read."
        standing = [finding for finding in one["findings"] if not (finding["acknowledged"] or finding["healed"])]
        earlier = f", and {one['not_looked_at']} of earlier looks that nobody could look at again"
        earlier = earlier if one["not_looked_at"] else ""
        yield f"  Open: {_counted(len(standing), 'finding')}{earlier}. The report: {one['report']['html']}"
        for told in one.get("mailed", []):
            state = _STATE_WORDS.get(told["state"], told["state"])
            yield f"  The verdict is mailed to the {told['role'].replace('_', ' ')} ({state})."
    yield MEANING[result["exit_code"]]


def tell_remind(result: dict[str, Any]) -> Iterator[str]:
    """Who was told."""
    verb = "would be told" if result["dry_run"] else "told"
    for digest in result["digests"]:
        yield (
            f"{digest['home']}: {digest['role'].replace('_', ' ')} {verb} of {digest['overdue']} overdue, "
            f"{digest['due_soon']} due soon, {digest['escalated']} escalated ({digest['state']})."
        )
    for problem in result["undeliverable"]:
        yield f"{problem['home']}: {problem['message']}"
    for problem in result["problems"]:
        yield f"{_TARGET_NAMES.get(problem['system'], problem['system'])}: {problem['message']}"
    if not result["digests"]:
        yield "Nothing new to say to anybody."
