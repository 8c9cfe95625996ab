"""A bad night, run in one process of its own: every command, through a real Prefect server, with everything that can
go wrong going wrong in turn. `python night.py CONTROL_URL CASES OUTCOMES REVEALED`.

What it prints is what a person would have seen; the exit codes go to OUTCOMES, what `--reveal` showed to REVEALED.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from flows.main import main  # noqa: E402
from sandbox.control import RemoteStandIn  # noqa: E402

#: A name that no report holds, as somebody might type it by mistake.
TYPED = "Typedina Mistakeworth"
codes: dict[str, int] = {}


def step(name: str, *words: str) -> None:
    """One command, as typed."""
    try:
        main(list(words))
    except SystemExit as end:
        codes[name] = int(end.code or 0)


def night(control: str, cases: dict[str, Any]) -> None:
    """Everything, in turn."""
    recording, mosaic = RemoteStandIn(control, "recording"), RemoteStandIn(control, "mosaic")
    days = ("--from", cases["from"], "--to", cases["to"])
    step("first sync", "sync")
    recording.put(report=cases["again"])
    mosaic.arm(fault="400_quoting", when="create", times=2)
    step("Mosaic quotes the request", "sync", "--json")
    recording.arm(fault="400_quoting", when="pull", times=None)
    step("the source quotes the request", "sync")
    recording.disarm()
    recording.arm(fault="refuse")
    step("the source is down", "sync", "--json")
    step("the source is down for reconcile", "reconcile", *days)
    recording.disarm()
    approve()
    wrong_settings(cases)
    our_own_mistakes(recording, cases)
    wrong_words()
    step("reconcile", "reconcile", *days, "--mail")
    step("reconcile as JSON", "reconcile", *days, "--json")
    step("remind", "remind", "--json")
    step("remind, nothing new", "remind")
    for words in READ:
        step(" ".join(words), *words)
        step(f"{' '.join(words)} --json", *words, "--json")


READ = [
    ["status"],
    ["duties"],
    ["incident", "show", "--id", "canary-1"],
    ["delivery", "list"],
    ["quarantine", "list"],
    ["quarantine", "show", "1"],
    ["lado", "list"],
    ["doctor"],
    ["config", "show"],
    ["audit", "verify"],
    ["sync", "--dry-run"],
    ["remind", "--dry-run"],
]


def approve() -> None:
    """The manager approves a submission."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        step("lado list for a machine", "lado", "list", "--json")
    submission = str(json.loads(shown.getvalue())["submissions"][0]["id"])
    READ.append(["lado", "show", submission])
    step("lado approve", "lado", "approve", submission, "--by", "Pat Approver", "--mash", "yes", "--police", "no")


def wrong_settings(cases: dict[str, Any]) -> None:
    """A map that does not exist, one that is broken, one that reads a story as a date."""
    kept = os.environ.get("BRIDGE_RECORDING__FIELD_MAP")
    for name, path in cases["maps"].items():
        os.environ["BRIDGE_RECORDING__FIELD_MAP"] = path
        step(name, "sync", "--since", "2020-01-01")
    os.environ.pop("BRIDGE_RECORDING__FIELD_MAP")
    if kept is not None:
        os.environ["BRIDGE_RECORDING__FIELD_MAP"] = kept


def our_own_mistakes(recording: RemoteStandIn, cases: dict[str, Any]) -> None:
    """Our code breaks with the data in its hands: in a renderer, in a thread, at a task's call."""
    from flows import prefect_flows, remind, running
    from ledger import outbox
    from mappings import plan

    name = cases["unsent"]["children"][0]["name"]

    def breaks(*_: object, **__: object) -> Any:
        held = cases["unsent"]
        raise ValueError(f"cannot render {held['children'][0]['name']}: {held['narrative']}")

    recording.put(report=cases["unsent"])
    with patched(plan, "case_note", breaks):
        step("a renderer breaks", "sync")
    with patched(outbox, "record", breaks):
        step("a thread breaks", "sync")
    with patched(remind, "digest", breaks):
        step("a digest breaks", "remind", "--json")
    real = prefect_flows._sync_task
    with patched(prefect_flows, "_sync_task", lambda *given: real(*given, name, narrative=cases["unsent"])):
        step("a task is called wrongly", "sync")
    with patched(running, "remind_here", lambda **_: {"digests": name}):
        step("a stage answers nonsense", "remind")


def wrong_words() -> None:
    """What is typed wrongly is refused before Prefect hears of it; what Prefect passes on is not repeated."""
    step("no such home", "sync", "--home", TYPED)
    step("no such moment", "sync", "--since", TYPED)
    step("no such day", "reconcile", "--from", TYPED, "--to", TYPED)
    from flows import prefect_flows

    for flow, wrong in (
        (prefect_flows.sync_flow, {"since": "not a moment"}),
        (prefect_flows.reconcile_flow, {"start": "not a day"}),
    ):
        state = flow(**wrong, return_state=True)
        codes[f"{flow.name} with {next(iter(wrong))} wrong"] = int(state.is_failed())


@contextlib.contextmanager
def patched(owner: Any, name: str, other: Callable[..., Any]) -> Any:
    """Put something else in a name's place."""
    kept = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, kept)


def reveal() -> str:
    """What a person sees who asks for it."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        step("incident revealed", "incident", "show", "--id", "canary-1", "--reveal")
        step("quarantine revealed", "quarantine", "show", "1", "--reveal")
        step("lado revealed", *READ[-1], "--reveal")
    return shown.getvalue()


if __name__ == "__main__":
    from flows import prefect_flows  # noqa: F401 - it settles Prefect's environment before Prefect is imported

    from prefect import tags  # isort: skip

    told = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    with tags(os.environ["CANARY_NIGHT"]):
        night(sys.argv[1], told)
    Path(sys.argv[4]).write_text(reveal(), "utf-8")
    Path(sys.argv[3]).write_text(json.dumps(codes), "utf-8")
