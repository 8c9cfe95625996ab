"""sync, reconcile and remind: flow runs where a Prefect API is configured, else the same stages in this process."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from flows.console import Result, answered, as_json, one_home, progress_bars, say, show_json
from flows.moments import DAY, MOMENT


@click.command()
@one_home
@click.option(
    "--since", type=MOMENT, help="Read reports changed since this moment again, where it is before the watermark."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent where; write and send nothing.")
@click.option("--no-wait", is_flag=True, help="Do not wait for uncertain deliveries to settle.")
@as_json
@answered
def sync(home: str | None, since: datetime | None, dry_run: bool, no_wait: bool, wants_json: bool) -> Result:
    """Pull reports, plan what they owe, deliver it."""
    from flows import running

    if dry_run:
        with progress_bars(not wants_json) as progress:
            shown = running.sync_dry(home=home, since=since, progress=progress)
        _print(shown, wants_json, running.tell_dry_run)
        return int(shown["exit_code"])
    with progress_bars(not wants_json) as progress:
        result = running.run_sync(home=home, since=since, wait=not no_wait, progress=progress, told=_told(wants_json))
    _print(result, wants_json, running.tell_sync)
    return int(result["exit_code"])


@click.command()
@one_home
@click.option("--from", "start", type=DAY, required=True, help="First day, as YYYY-MM-DD (UK calendar day).")
@click.option("--to", "end", type=DAY, required=True, help="Last day, included.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the report; ./reports if not given."
)
@click.option("--heal", is_flag=True, help="Send again what was never accepted and is proven to be missing.")
@click.option("--mail", is_flag=True, help="Mail the verdict and the counts to the managers, if they changed.")
@click.option("--as-of", type=MOMENT, help="Judge deadlines as of another moment; findings are shown, not kept.")
@as_json
@answered
def reconcile(
    home: str | None,
    start: date,
    end: date,
    out: Path | None,
    heal: bool,
    mail: bool,
    as_of: datetime | None,
    wants_json: bool,
) -> Result:
    """Look again at both ends and write the report."""
    from flows import running

    if end < start:
        raise click.UsageError("--to lies before --from; swap them.")
    if mail and as_of is not None:
        raise click.UsageError("--mail does not go with --as-of: mail is sent only about this moment.")
    with progress_bars(not wants_json) as progress:
        result = running.run_reconcile(
            home=home,
            start=start,
            end=end,
            out=out or Path("reports"),
            heal=heal,
            mail=mail,
            as_of=as_of,
            progress=progress,
            told=_told(wants_json),
        )
    _print(result, wants_json, running.tell_reconcile)
    return int(result["exit_code"])


@click.command()
@one_home
@click.option("--dry-run", is_flag=True, help="Show who would be told what; send nothing.")
@click.option("--as-of", type=MOMENT, help="Judge deadlines as of another moment (with --dry-run).")
@as_json
@answered
def remind(home: str | None, dry_run: bool, as_of: datetime | None, wants_json: bool) -> Result:
    """Tell people what is due soon or overdue: one digest a person, never twice for the same state."""
    from flows import running

    if as_of is not None and not dry_run:
        raise click.UsageError("--as-of goes with --dry-run: mail is sent only about this moment.")
    result = running.run_remind(home=home, dry_run=dry_run, as_of=as_of, told=_told(wants_json))
    _print(result, wants_json, running.tell_remind)
    return int(result["exit_code"])


def _told(wants_json: bool) -> Any:
    """Where the one line goes that says how this ran."""
    return (lambda line: click.echo(line, err=True)) if not wants_json else (lambda _line: None)


def _print(result: dict[str, Any], wants_json: bool, tell: Any) -> None:
    if wants_json:
        show_json(result)
        return
    for line in tell(result):
        say(line)
