"""demo: the whole way on this machine. Stand-ins for every outside system, a fresh ledger, a real Prefect server.

It loads a made-up month of one home, syncs, lets time pass (reports are amended, voided, submitted late), syncs again,
reconciles and writes the report. It counts what happened in the stand-ins themselves, not in what this software says.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flows import prefect_server, running
from flows.prefect_environment import harden
from flows.site import Progress
from sandbox.house import House, start

Say = Callable[[str], None]
_SEED = 20261


@dataclass
class Shown:
    """What the demo showed."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def demo(folder: Path, *, say: Say, progress: Progress, seed: int = _SEED) -> int:
    """Run the demo in `folder`; returns 0 when it showed what it set out to show, findings and all."""
    prefect_server.stop(folder / "prefect")
    for name in ("sandbox", "reports", "prefect"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    say("Starting the stand-ins: recording system, daily log, Mosaic, mail server, LADO form page.")
    with start(seed=seed, folder=folder / "sandbox") as house:
        say("Starting a Prefect server; the first start on a machine can take a minute.")
        harden(os.environ)
        server = prefect_server.start_detached(
            folder / "prefect", progress=lambda waited, limit: progress("starting Prefect", int(waited), int(limit))
        )
        with _environment(house, server.url, folder):
            shown = _show(house, folder, say, progress)
    for line in _summary(shown, server.ui, folder):
        say(line)
    return 1 if shown.wrong else 0


def stop(folder: Path) -> bool:
    """Stop the Prefect server that a demo left running; False when there is none."""
    return prefect_server.stop(folder / "prefect")


@contextmanager
def _environment(house: House, api: str, folder: Path) -> Iterator[None]:
    """The settings of the sandbox, and nothing of the site that may be configured on this machine."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.upper().startswith("BRIDGE_")]:
        del os.environ[name]
    empty = folder / "sandbox" / "bridge.toml"
    empty.write_text("", "utf-8")
    os.environ.update(house.environment())
    os.environ.update(prefect_server.client_environment(api, folder / "prefect"))
    os.environ.update(BRIDGE_CONFIG=str(empty), BRIDGE_DELIVERY__SETTLE_SECONDS="1", BRIDGE_DELIVERY__WAIT_SECONDS="30")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _show(house: House, folder: Path, say: Say, progress: Progress) -> Shown:
    shown = Shown()
    scenario = house.load()
    # Two answers of Mosaic are lost after it applied the request: the case that doubles records elsewhere.
    house.mosaic.weather.arm("close_after_apply", when="create", times=2)
    waves = len(scenario.waves)
    for wave in range(waves):
        if wave:
            say(f"Time passes: reports are amended, voided and submitted late ({wave} of {waves - 1}).")
            house.load(wave)
        result = running.run_sync(home=None, since=None, wait=True, progress=progress, told=lambda _: None)
        for line in running.tell_sync(result):
            say(f"  {line}")
        if result["exit_code"] in (1, 3):
            shown.wrong.append(f"sync ended with exit code {result['exit_code']}")
    reminded = running.run_remind(home=None, dry_run=False, as_of=None, told=lambda _: None)
    for line in running.tell_remind(reminded):
        say(f"  {line}")
    end = house.end.date()
    reconciled = running.run_reconcile(
        home=None,
        start=end - timedelta(days=40),
        end=end,
        out=folder / "reports",
        heal=False,
        as_of=None,
        progress=progress,
        told=lambda _: None,
    )
    for line in running.tell_reconcile(reconciled):
        say(f"  {line}")
    _recount(house, reconciled, shown, date.today())  # noqa: DTZ011 - shown to a person on this machine
    return shown


def _recount(house: House, reconciled: dict[str, Any], shown: Shown, today: date) -> None:
    """Count in the stand-ins what they hold now."""
    applied = house.mosaic.weather.applied() + house.recording.weather.applied()
    references = Counter(effect.reference for effect in applied if effect.reference)
    doubled = [reference for reference, count in references.items() if count > 1]
    letters = house.mail.inbox()
    notes = [note for note in house.mosaic.notes() if note.get("reference")]
    packages = sorted((house.folder / "lado").glob("*.json"))
    kinds = Counter(finding["kind"] for finding in reconciled["findings"])
    shown.lines += [
        f"Counted in the stand-ins on {today:%d %B %Y}:",
        f"  Mosaic holds {len(notes)} case notes of ours, {sum(len(n['appendments']) for n in notes)} appendments.",
        f"  The daily log took {len(house.recording.weather.applied('log_create'))} entries of ours.",
        f"  The inboxes hold {len(letters)} mails.",
        f"  The LADO desk holds {len(packages)} packages; each waits for a named manager.",
        f"  {len(doubled)} records were written twice, although two answers were lost on the way.",
        "  Findings: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) + ".",
    ]
    if doubled:
        shown.wrong.append(f"{len(doubled)} records were written twice")
    if not reconciled["totals"]["balanced"]:
        shown.wrong.append("the control totals do not add up")
    if not notes or not letters or not packages or not kinds:
        shown.wrong.append("something that should have arrived did not")
    shown.lines.append("")
    shown.lines.append(f"The report: {Path(reconciled['report']['html']).resolve()}")


def _summary(shown: Shown, ui: str, folder: Path) -> Iterator[str]:
    yield ""
    yield from shown.lines
    yield f"Prefect: {ui} (it keeps running; stop it with `incident-bridge demo --stop --folder {folder}`)"
    if shown.wrong:
        yield f"The demo did not show what it set out to show: {'; '.join(shown.wrong)}."
    else:
        yield "That is what it set out to show. The findings above are planted: they are what a manager would act on."
