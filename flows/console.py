"""What a command shows: lines or JSON, progress on a terminal, one sentence for an error, and the exit code."""

from __future__ import annotations

import functools
import getpass
import http.client
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NoReturn, ParamSpec

import click

from config.errors import ConfigurationError
from flows.exit_codes import ExitCode
from flows.prefect_api import PrefectAway
from flows.prefect_environment import RUN_LOGGER
from flows.prefect_server import PrefectServerError

P = ParamSpec("P")
Result = ExitCode | int | None
#: Progress bars hide it, and give it back at their end, which does not come when a run ends at once.
_SHOW_CURSOR = b"\x1b[?25h"

_ROOMS = frozenset({"config", "mappings", "connectors", "ledger", "reconciliation", "flows", "sandbox"})

as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON on standard output.")
one_home = click.option("--home", metavar="H", help="One home's id; all homes if not given.")


def say(line: str = "") -> None:
    """A line for a person, on standard output."""
    _print(line)


def show_json(value: object) -> None:
    """JSON on standard output, one document."""
    _print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def _print(text: str) -> None:
    """Print it. That nobody reads any more, or that the disk is full, changes nothing of what was done."""
    try:
        click.echo(text)
    except OSError as why:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(why, BrokenPipeError):
            sentence = f"The output could not be written ({why.strerror}); the exit code says how the command ended."
            click.echo(f"incident-bridge: {sentence}", err=True)


def actor() -> str:
    """Who gives this command, for the audit trail."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def answered(command: Callable[P, Result]) -> Callable[P, None]:
    """Turn whatever a command raises into one sentence and an exit code, and end with the code it returns."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        wants_json = bool(kwargs.get("wants_json"))
        quiet_libraries()
        try:
            code = command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            _fail("stopped", "Stopped; run it again to go on.", None, ExitCode.LEFT_OVER, wants_json)
        except Exception as why:  # noqa: BLE001 - a traceback could show a child's data
            _fail(*_explain(why), wants_json)
        sys.exit(int(code or 0))

    return run


def _explain(why: Exception) -> tuple[str, str, str | None, ExitCode]:
    from connectors.errors import ConnectorError, Misconfigured
    from ledger.errors import LedgerError, LedgerUnavailable

    if isinstance(why, ConfigurationError):
        return "misconfigured", str(why), why.setting, ExitCode.WRONG
    if isinstance(why, Misconfigured):
        return "misconfigured", why.message, why.setting, ExitCode.WRONG
    if isinstance(why, ConnectorError):
        return "unreachable", why.message, None, ExitCode.UNREACHABLE
    if isinstance(why, PrefectAway):
        return "unreachable", str(why), why.setting, ExitCode.UNREACHABLE
    if isinstance(why, PrefectServerError):
        return "unreachable", str(why), None, ExitCode.UNREACHABLE
    if isinstance(why, LedgerUnavailable):
        return "ledger_unavailable", str(why), why.setting, ExitCode.UNREACHABLE
    if isinstance(why, LedgerError):
        return "refused" if why.setting is None else "misconfigured", str(why), why.setting, ExitCode.WRONG
    place = _place(why.__traceback__)
    sentence = (
        f"This software failed unexpectedly ({type(why).__name__} in {place}); "
        "nothing more was sent; report it with that place."
    )
    return "unexpected", sentence, None, ExitCode.WRONG


def _place(trace: TracebackType | None) -> str:
    """Where it broke, in our own code or that of a third party's connector: file and line, never values."""
    from connectors.registry import plug_ins

    ours, place = _ROOMS | plug_ins(), "an unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.split(".")[0] in ours:
            place = f"{module}, line {trace.tb_lineno} ({code.co_name})"
        trace = trace.tb_next
    return place


def _fail(kind: str, message: str, setting: str | None, code: ExitCode, wants_json: bool) -> NoReturn:
    if wants_json:
        show_json({"error": {"kind": kind, "message": message, "setting": setting}, "exit_code": int(code)})
    else:
        click.echo(f"incident-bridge: {message}", err=True)
    sys.exit(int(code))


def quiet_libraries() -> None:
    """Only warnings of other people's code are logged, whatever level the site has set, and nothing of HTTP is printed.

    At lower levels libraries repeat addresses, statements and what was sent. A thread that dies unexpectedly says so
    in one line, without the text of what it died of.
    """
    named = [name for name, found in logging.root.manager.loggerDict.items() if isinstance(found, logging.Logger)]
    for logger in (logging.root, *map(logging.getLogger, named)):
        if logger.name != RUN_LOGGER and logger.level < logging.WARNING and (logger.level or logger is logging.root):
            logger.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a line that cannot be logged would be printed, with all that it was about
    http.client.HTTPConnection.debuglevel = 0
    threading.excepthook = _thread_died


def _thread_died(died: threading.ExceptHookArgs) -> None:
    kind = died.exc_type.__name__
    click.echo(
        f"incident-bridge: a part of this run failed unexpectedly ({kind} in {_place(died.exc_traceback)}).", err=True
    )


@contextmanager
def stoppable(stopping: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C finish what is in flight and end; the second one ends at once.

    By the system's own hand: Python would first wait for the threads that are at work.
    """
    told: list[int] = []

    def first(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        told.append(number)
        if len(told) == 1:  # another word may interrupt this one, and would wait for the event's lock for ever
            stopping.set()
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), _SHOW_CURSOR)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, first) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_bars(wanted: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """Progress on a terminal; nothing at all anywhere else."""
    if not wanted or not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}
        lock = threading.Lock()

        def show(stage: str, done: int, total: int | None) -> None:
            with lock:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=total)
                over = total is not None and done >= total
                bars.update(tasks[stage], completed=done, total=total, visible=not over)

        yield show


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table that also reads well in a mail or a log."""
    cells = [[str(heading) for heading in headings]] + [["" if c is None else str(c) for c in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for number, row in enumerate(cells):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            say("  ".join("-" * width for width in widths))


def local(moment: Any) -> str:
    """A moment as people in the home read it: UK wall-clock time, to the minute."""
    if moment is None:
        return "never"
    from mappings.uk_time import LONDON

    return str(moment.astimezone(LONDON).strftime("%a %d %b %Y %H:%M"))
