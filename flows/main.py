"""The command line's door. Commands are loaded when they are asked for, so that `--help` costs nothing."""

from __future__ import annotations

import importlib
import json
import sys

import click

#: name -> (module of flows.commands, attribute, what it does)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "Show the whole way on this machine, with invented incidents."),
    "doctor": ("site", "doctor", "Check configuration, ledger, keys, connectors and Prefect, one line each."),
    "sync": ("running", "sync", "Pull reports, plan what they owe, deliver it."),
    "reconcile": ("running", "reconcile", "Look again at both ends and write the report."),
    "remind": ("running", "remind", "Tell people what is due soon or overdue."),
    "status": ("records", "status", "How every home stands; exits 2 when something is too old."),
    "duties": ("records", "duties", "What is owed, by whom, by when."),
    "incident": ("records", "incident", "The story of one incident."),
    "delivery": ("records", "delivery", "What is owed to the outside systems, and what came of it."),
    "quarantine": ("records", "quarantine", "Reports that could not be understood."),
    "finding": ("records", "finding", "Acknowledge a finding of the reconciliation."),
    "lado": ("lado", "lado", "LADO submissions: a named manager's decision and its record."),
    "backfill": ("keeping", "backfill", "Owe history to a new target, on purpose."),
    "connector": ("site", "connector", "List, check and start connectors."),
    "config": ("site", "config", "Check and show the configuration."),
    "ledger": ("keeping", "ledger", "Upgrade, back up, restore and purge the ledger."),
    "key": ("keeping", "key", "Make and rotate encryption keys."),
    "audit": ("keeping", "audit", "Verify the audit trail."),
}


class _Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"flows.commands.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="incident-bridge", prog_name="incident-bridge")
def commands() -> None:
    """Takes safety intervention reports to every record that needs them, and proves that none was missed.

    Exit codes: 0 done, nothing left over; 1 the command or the configuration is wrong; 2 done, but something needs
    a person or another run; 3 an outside system could not be reached.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit. A wrong command line is exit code 1, as everywhere."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        commands.main(args=arguments, prog_name="incident-bridge", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        sys.exit(1)
    except click.ClickException as why:
        if "--json" in arguments:
            error = {"kind": "usage", "message": why.format_message(), "setting": None}
            click.echo(json.dumps({"error": error, "exit_code": 1}, ensure_ascii=False, indent=1))
        else:
            why.show()
        sys.exit(1)
