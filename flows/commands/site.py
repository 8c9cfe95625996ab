"""doctor, config and connector: for IT, and for those who write a connector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flows.console import Result, answered, as_json, say, show_json, table


@click.command()
@as_json
@answered
def doctor(wants_json: bool) -> Result:
    """Check configuration, ledger, keys, every connector and Prefect: one line each, with the fix."""
    from flows.doctor import examine

    result = examine()
    if wants_json:
        show_json(result)
    else:
        for row in result["checks"]:
            say(f"{'ok  ' if row['ok'] else 'NOT '} {row['what']:<16} {row['sentence']}")
    return int(result["exit_code"])


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command("check")
@as_json
@answered
def config_check(wants_json: bool) -> Result:
    """Read the settings and every home's file; say the first thing that is wrong."""
    from config.home import load_homes
    from config.settings import load_settings

    settings = load_settings()
    homes = load_homes(settings.homes_dir)
    sentence = f"The settings are readable; homes: {', '.join(sorted(homes))}."
    show_json({"homes": sorted(homes), "exit_code": 0}) if wants_json else say(sentence)
    return None


@config.command("show")
@as_json
@answered
def config_show(wants_json: bool) -> Result:
    """Show the settings as they were read; secrets are hidden."""
    from config.settings import load_settings

    shown: dict[str, Any] = load_settings().model_dump(mode="json")
    if wants_json:
        show_json({"settings": shown, "exit_code": 0})
        return None
    for name, value in shown.items():
        if isinstance(value, dict):
            for inner, one in value.items():
                say(f"BRIDGE_{name.upper()}__{inner.upper():<20} {one}")
        else:
            say(f"BRIDGE_{name.upper():<30} {value}")
    return None


@click.group()
def connector() -> None:
    """List, check and start connectors."""


@connector.command("list")
@as_json
@answered
def connector_list(wants_json: bool) -> Result:
    """Every connector that this installation has."""
    from connectors.registry import SHIPPED, kinds, never_used

    rows = [
        {"system": system, "kind": kind, "shipped": kind in SHIPPED[system]}
        for system in SHIPPED
        for kind in kinds(system)
    ]
    unused = list(never_used())
    if wants_json:
        show_json({"connectors": rows, "never_used": unused, "exit_code": 0})
        return None
    table(
        ("system", "kind", "from"),
        [(r["system"], r["kind"], "shipped" if r["shipped"] else "plug-in") for r in rows],
    )
    for sentence in unused:
        say(sentence)
    return None


@connector.command("check")
@click.argument("system", required=False)
@as_json
@answered
def connector_check(system: str | None, wants_json: bool) -> Result:
    """Ask one outside system, or all of them, whether it answers; writes nothing there."""
    from flows.doctor import check_connectors

    result = check_connectors(system)
    if wants_json:
        show_json(result)
    else:
        for row in result["checks"]:
            say(f"{'ok  ' if row['ok'] else 'NOT '} {row['what']:<16} {row['sentence']}")
    return int(result["exit_code"])


@connector.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["incident-source", "case-note-store", "log-store", "notifier", "form-desk"]),
    required=True,
    help="What the connector can do.",
)
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The folder to write to."
)
@as_json
@answered
def connector_new(name: str, kind: str, into: Path, wants_json: bool) -> Result:
    """Start a connector of your own: package, settings, test and docs page."""
    from flows.scaffold import scaffold

    files = scaffold(name, kind, into)
    if wants_json:
        show_json({"files": [str(path) for path in files], "exit_code": 0})
    else:
        for path in files:
            say(f"wrote {path}")
        say("Next: fill in the methods, then run its test; docs/writing-a-connector.md says what each must prove.")
    return None
