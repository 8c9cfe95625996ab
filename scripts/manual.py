"""Writes the parts of the manual that come from the code, so that they cannot drift.

`python scripts/manual.py [--check]`, or `make docs-reference`.

A part stands between `<!-- generated:NAME -->` and `<!-- /generated:NAME -->`; two pages are written whole. With
`--check` nothing is written, stale pages are named, and the exit code is 1 when there are any.
"""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from config import reference
from connectors import conformance, errors, outcomes
from connectors.conformance import documentation
from flows import main as door
from ledger.states import TRANSITIONS, Event

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

WHEN = {
    Event.CLAIMED: "a worker takes it, before the first byte leaves",
    Event.ACCEPTED: "the target's answer carries our reference, or a read confirms it",
    Event.NOT_APPLIED: "the failure proves that nothing was applied",
    Event.AMBIGUOUS: "the failure proves nothing",
    Event.REFUSED: "the target refuses this record",
    Event.LEASE_EXPIRED: "no answer was recorded in time: the worker died, or could not write down what it knew",
    Event.LOOK_FOUND: "a look-up finds our reference",
    Event.LOOK_ABSENT: "a first look finds nothing",
    Event.LOOK_ABSENT_AGAIN: "a second look, a settling time later, finds nothing again",
    Event.LOOK_FAILED: "a look-up fails, or its worker did not come back",
    Event.REPEATABLE: "the target cannot be looked up (mail): the same message goes again, with the same Message-ID",
    Event.READ_BACK: "reconciliation reads it: right child, right text, finished",
    Event.READDRESSED: "staff put another Mosaic id into the report: it was not seen on that record",
    Event.PACKAGE_WRITTEN: "the LADO package is written",
    Event.APPROVED: "a named manager approves",
    Event.SENT_BY_PERSON: "a named manager says that it was sent",
    Event.DECLINED: "a named manager declines, with a reason",
    Event.RETRIED: "a person asks for another try; what was refused is proven not there",
    Event.DOUBTED: "nobody knows any longer: after a restore, or because a person says so",
    Event.WITHDRAWN: "it is no longer owed, and proven not there",
    Event.REFUSED_LATER: "a bounce, or a final failure that came later",
}

_WORDS = {
    "base_url": "the site's settings",
    "credential": "its credentials",
    "status": "its number",
    "fields": "a field",
}


def delivery_states() -> Iterator[str]:
    """Every step that a delivery can take."""
    yield "| from | when | to |"
    yield "|---|---|---|"
    for (state, event), following in TRANSITIONS.items():
        yield f"| `{state}` | {WHEN[event]} | `{following}` |"


def failures() -> Iterator[str]:
    """What each failure makes of a write and of a read."""
    yield "| reason | the system | a write is | a read is |"
    yield "|---|---|---|---|"
    for outcome, row in outcomes.TABLE.items():
        happened = row.happened.replace("within {seconds} seconds", "within the deadline")
        happened = re.sub(r"\{(\w+)\}", lambda found: _WORDS[found[1]], happened)
        yield f"| `{outcome}` | {happened} | {row.write} | {row.read} |"


def error_tree() -> Iterator[str]:
    """The tree at the top of connectors/errors.py."""
    drawn = re.search(r"(?m)^ {4}ConnectorError\n(?:^ {4}.*\n)+", errors.__doc__ or "")
    if drawn is None:
        raise SystemExit("connectors/errors.py no longer begins with its tree; draw it there again.")
    yield "```text"
    yield textwrap.dedent(drawn[0]).rstrip()
    yield "```"


def assertions() -> Iterator[str]:
    """What the conformance kit proves of each kind of connector."""
    kits = ("CaseNoteStore", "Source", "LogStore", "Notifier", "FormDesk")
    yield from documentation.assertion_table(*(getattr(conformance, f"{kit}Conformance") for kit in kits))


def skips(name: str) -> Callable[[], Iterator[str]]:
    """What one shipped connector skips of the kit, and why."""

    def table() -> Iterator[str]:
        sys.path.insert(0, str(Path(errors.__file__).parents[1]))
        shipped = importlib.import_module("tests.conformance.test_shipped")
        yield from documentation.skip_table(getattr(shipped, f"Test{name}"))

    return table


def commands_page() -> str:
    """Every command with its options."""
    parts = [
        "# Commands\n\nThis page is written from the commands themselves; change it with `make docs-reference`. "
        "What the exit codes mean is in [Operations](operations.md#exit-codes).\n"
    ]
    for name, (module, attribute, summary) in door.COMMANDS.items():
        parts.append(f"\n## {name}\n\n{summary}\n")
        command = getattr(importlib.import_module(f"flows.commands.{module}"), attribute)
        parts.extend(_described(command, f"incident-bridge {name}"))
    return "".join(parts)


def _described(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield f"\n### {path.removeprefix('incident-bridge ')} {name}\n\n{_first(inner)}\n"
            yield from _described(inner, f"{path} {name}")
        return
    context = click.Context(command, info_name=path)
    usage = command.get_usage(context).removeprefix("Usage: ")
    yield f"\n```text\n{' '.join(usage.split())}\n```\n"
    rows = [record for option in command.params if (record := option.get_help_record(context)) is not None]
    if rows:
        yield "\n| option | what for |\n|---|---|\n"
        yield from (f"| `{shown}` | {_cell(text)} |\n" for shown, text in rows)


def _first(command: click.Command) -> str:
    return " ".join((command.help or command.get_short_help_str()).split("\n\n")[0].split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


_SHIPPED = (
    "RecordingRest", "RecordingFiles", "MosaicRest", "DailyLogRest", "DailyLogFiles", "Smtp", "LadoPackage",
    "LadoPrefill",
)  # fmt: skip
PARTS = {
    "delivery-states": delivery_states,
    "outcomes": failures,
    "error-tree": error_tree,
    "assertions": assertions,
    **{f"skips-{name}": skips(name) for name in _SHIPPED},
}
PAGES = {"configuration.md": reference.page, "commands.md": commands_page}


def wanted() -> Iterator[tuple[Path, str]]:
    """Each page that holds something generated, as it should be."""
    for name, page in PAGES.items():
        yield DOCS / name, page()
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text("utf-8")
        found = re.sub(
            r"(<!-- generated:([\w-]+) -->\n).*?(<!-- /generated:\2 -->)",
            lambda part: part[1] + "\n".join(PARTS[part[2]]()) + "\n" + part[3],
            text,
            flags=re.DOTALL,
        )
        if found != text or "<!-- generated:" in text:
            yield path, found


def main(arguments: list[str]) -> int:
    """0: everything is current, or was written; 1: stale pages, with `--check`."""
    stale = [(path, text) for path, text in wanted() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path, _ in stale:
            sys.stdout.write(f"{path.relative_to(ROOT)} is stale; renew it with: make docs-reference\n")
        return 1 if stale else 0
    for path, text in stale:
        path.write_text(text, "utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
