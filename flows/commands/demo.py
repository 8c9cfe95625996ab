"""demo: the whole way, on this machine, with invented incidents."""

from __future__ import annotations

from pathlib import Path

import click

from flows.console import Result, answered, progress_bars, say


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), help="Where it works."
)
@click.option("--seed", type=int, help="Another made-up month.")
@click.option("--stop", "stopping", is_flag=True, help="Stop the Prefect server that the last demo left running.")
@answered
def demo(folder: Path, seed: int | None, stopping: bool) -> Result:
    """Start stand-ins, a fresh ledger and a Prefect server; sync, reconcile, and say where the report is."""
    from flows import demo as shown

    if stopping:
        say("The Prefect server is stopped." if shown.stop(folder) else "No Prefect server of a demo is running.")
        return None
    with progress_bars(True) as progress:
        return shown.demo(folder, say=say, progress=progress, **({} if seed is None else {"seed": seed}))
