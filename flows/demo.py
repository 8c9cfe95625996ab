"""demo: the whole way on this machine. Stand-ins for every outside system, a fresh ledger, a real Prefect server.

It loads a made-up month of one home, syncs, lets time pass (reports are amended, voided, submitted late), syncs again,
reconciles and writes the report. It counts what happened in the stand-ins themselves, not in what this software says.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.errors import ConfigurationError
from flows import prefect_server, running
from flows.prefect_environment import harden
from flows.site import Progress
from reconciliation.readable import kind_title
from sandbox.house import House, start

Say = Callable[[str], None]
_SEED = 20261
_DEFAULT = Path("demo")
#: A folder with this file may be emptied.
_MARK = "made-by-demo.txt"
_LEFT_BY_OLDER = Path("sandbox", "bridge.toml")
_SETTINGS = "settings.env"
_STARTING = "starting Prefect"


@dataclass
class Shown:
    """What the demo showed."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def demo(folder: Path, *, say: Say, progress: Progress, seed: int = _SEED) -> int:
    """Run the demo in `folder`; returns 0 when it showed what it set out to show, findings and all.

    Raises ConfigurationError for a folder that holds something else, and PrefectServerError.
    """
    _empty(folder)
    say("Starting the stand-ins: recording system, daily log, Mosaic, mail server, LADO form page.")
    with start(seed=seed, folder=folder / "sandbox") as house:
        say("Starting a Prefect server; the first start on a machine can take a minute.")
        harden(os.environ)
        server = prefect_server.start_detached(
            folder / "prefect", progress=lambda waited, limit: progress(_STARTING, int(waited), int(limit))
        )
        progress(_STARTING, 1, 1)
        try:
            with _environment(house, server.url, folder):
                shown = _show(house, folder, say, progress)
        except BaseException:
            stop(folder)
            raise
    for line in _summary(shown, server.ui, folder):
        say(line)
    return 1 if shown.wrong else 0


def _empty(folder: Path) -> None:
    """Make room. Only what an earlier demo left is removed."""
    ours = folder / _MARK
    if folder.exists() and any(folder.iterdir()) and not (ours.is_file() or (folder / _LEFT_BY_OLDER).is_file()):
        raise ConfigurationError(
            f"The folder {folder} holds files that no demo made; choose an empty or a new one with --folder.",
            setting="--folder",
        )
    stop(folder)
    for name in ("sandbox", "reports", "prefect"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    ours.write_text("Made by `incident-bridge demo`; the next one empties this folder.\n", "utf-8")


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
    os.environ.update(prefect_server.client_environment(api, folder / "prefect"))
    own = {name: value for name, value in house.environment().items() if value}
    own |= {"BRIDGE_CONFIG": str(empty.resolve())}
    own |= {"BRIDGE_DELIVERY__SETTLE_SECONDS": "1", "BRIDGE_DELIVERY__WAIT_SECONDS": "30"}
    os.environ.update(own)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in own.items()]
    (folder / _SETTINGS).write_text("".join(lines), "utf-8")
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
    say("Syncing a month of one home: pull, plan, deliver.")
    for wave in range(len(scenario.waves)):
        if wave:
            say(f"Time passes: reports are amended, voided and submitted late. Syncing again ({wave}).")
            house.load(wave)
        result = running.run_sync(home=None, since=None, wait=True, progress=progress, told=_untold)
        _tell(say, running.tell_sync(result))
        if result["exit_code"] in (1, 3):
            shown.wrong.append(f"sync ended with exit code {result['exit_code']}")
    say("Telling people what they owe and by when.")
    _tell(say, running.tell_remind(running.run_remind(home=None, dry_run=False, as_of=None, told=_untold)))
    say("Reconciling: looking again at the source's index and at what every target holds now.")
    end = house.end.date()
    reconciled = running.run_reconcile(
        home=None,
        start=end - timedelta(days=40),
        end=end,
        out=folder / "reports",
        heal=False,
        mail=True,
        as_of=None,
        progress=progress,
        told=_untold,
    )
    _tell(say, running.tell_reconcile(reconciled))
    _recount(house, reconciled, shown)
    return shown


def _untold(_line: str) -> None:
    """Where a run runs is no news here."""


def _tell(say: Say, lines: Iterable[str]) -> None:
    """A result's lines; what its exit code means to a schedule is no news here."""
    for line in lines:
        if line not in running.MEANING.values():
            say(f"  {line}")


def _recount(house: House, reconciled: dict[str, Any], shown: Shown) -> None:
    """Count in the stand-ins what they hold now."""
    applied = house.mosaic.weather.applied() + house.recording.weather.applied()
    references = Counter(effect.reference for effect in applied if effect.reference)
    doubled = [reference for reference, count in references.items() if count > 1]
    letters = house.mail.inbox()
    notes = [note for note in house.mosaic.notes() if note.get("reference")]
    packages = sorted((house.folder / "lado").glob("*.json"))
    kinds = Counter(finding["kind"] for finding in reconciled["findings"])
    twice = "No record was" if not doubled else f"{len(doubled)} records were"
    shown.lines += [
        "Counted in the stand-ins themselves, not in what this software says of itself:",
        f"  Mosaic holds {len(notes)} case notes of ours with {sum(len(n['appendments']) for n in notes)} appendments.",
        f"  The daily log took {len(house.recording.weather.applied('log_create'))} entries of ours.",
        f"  The inboxes hold {len(letters)} mails.",
        f"  The LADO desk holds {len(packages)} packages; each waits for a named manager.",
        f"  {twice} written twice, although two of Mosaic's answers were lost on the way.",
        "",
        "What the report found:",
        *(f"  {count:>3}  {kind_title(kind)}" for kind, count in kinds.most_common()),
        "",
        f"The report: {Path(reconciled['report']['html']).resolve()}",
    ]
    if doubled:
        shown.wrong.append(f"{len(doubled)} records were written twice")
    if not reconciled["totals"]["balanced"]:
        shown.wrong.append("the control totals do not add up")
    if not notes or not letters or not packages or not kinds:
        shown.wrong.append("something that should have arrived did not")


def _summary(shown: Shown, ui: str, folder: Path) -> Iterator[str]:
    named = "" if folder == _DEFAULT else f" --folder {folder}"
    yield ""
    yield from shown.lines
    yield f"Prefect, with every run: {ui} (it keeps running; `incident-bridge demo --stop{named}` ends it)"
    yield f"To look around: `set -a; . {folder / _SETTINGS}; set +a`, then `incident-bridge status` or `duties`."
    yield ""
    if shown.wrong:
        yield f"The demo did not show what it set out to show: {'; '.join(shown.wrong)}."
    else:
        yield "That is what it set out to show. The findings are planted: they are what a manager would act on."
