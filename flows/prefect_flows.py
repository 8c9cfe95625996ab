"""sync, reconcile and remind as Prefect flows: batches only, ids, dates and counts only.

Prefect schedules, runs, shows and alerts; the ledger keeps the promise. A stage here is a task over a plain function.
Whatever goes wrong leaves a task as one of our own sentences, `from None`: Prefect keeps the text of an exception for
ever, in its database, its storage folder and its log. Import this module only after `harden`.

A run that needs IT now (exit codes 1 and 3) ends as Failed, so that Prefect alerts; one that left something over
(exit code 2) is Completed: the report and `status` tell whom it concerns; one that was stopped is Cancelled. Prefect
retries nothing, whatever the site has told it: the next run takes up what is owed, and a command's run would wait for a
try that never comes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, TypeVar

from flows.prefect_environment import harden, run_logger, unhardened

harden(os.environ)

from httpx import TransportError  # noqa: E402 - Prefect's own way of calling its API
from prefect import flow, tags, task  # noqa: E402 - only after `harden`
from prefect.artifacts import create_markdown_artifact, create_table_artifact  # noqa: E402
from prefect.client.schemas.objects import State  # noqa: E402
from prefect.settings import get_current_settings  # noqa: E402
from prefect.states import Cancelled, Failed  # noqa: E402

from config.errors import ConfigurationError  # noqa: E402
from connectors.errors import ConnectorError  # noqa: E402
from flows import running  # noqa: E402
from flows.automations import TAG  # noqa: E402
from flows.console import quiet_libraries  # noqa: E402
from flows.exit_codes import ExitCode  # noqa: E402
from flows.prefect_api import PrefectAway, PrefectRefused, answers, configured_url  # noqa: E402
from flows.reconcile import previous_month  # noqa: E402
from flows.site import Progress, silent  # noqa: E402
from ledger.errors import LedgerError  # noqa: E402
from reconciliation.report import Report  # noqa: E402
from reconciliation.summary import artifact_markdown, artifact_rows  # noqa: E402

T = TypeVar("T")
Result = dict[str, Any]
_OURS = (ConfigurationError, ConnectorError, LedgerError)


class RunFailed(Exception):
    """A run could not be done. One sentence of ours: ids, settings and systems only."""


class RunStopped(Exception):
    """A run that was told to stop before it was done. One sentence of ours."""


@dataclass
class _Here:
    """A run that this process started itself: who watches it, and what came of it. Prefect sees none of this."""

    progress: Progress = silent
    result: Result | None = None
    failure: BaseException | None = None


_HERE: ContextVar[_Here | None] = ContextVar("run started in this process", default=None)


def _guarded(stage: str, work: Callable[[], T]) -> T:
    """Run a stage; what it raises becomes one sentence without cause or context."""
    here = _HERE.get()
    try:
        return work()
    except RunStopped:
        raise
    except RunFailed as why:
        sentence = str(why)
    except KeyboardInterrupt as why:
        if here is not None:
            here.failure = why
        raise RunStopped(f"{stage} was stopped; the next run takes up what is left.") from None
    except Exception as why:  # noqa: BLE001 - its text could hold a child's data, and Prefect would keep it
        expected = isinstance(why, _OURS)
        sentence = str(why) if expected else f"{stage} failed unexpectedly ({type(why).__name__})."
        if here is not None:
            here.failure = why
    raise RunFailed(sentence) from None


def _moment(name: str, text: str | None) -> datetime | None:
    """A parameter as an aware moment. Raises ConfigurationError, which does not repeat what was written there."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        found = None
        text = "unreadable"
    if text and (found is None or found.tzinfo is None):
        raise ConfigurationError(
            f"The flow's parameter {name} is no moment with an offset; write it as 2026-11-03T14:05:00+00:00.",
            setting=name,
        )
    return found


def _day(name: str, text: str | None, otherwise: date) -> date:
    """A parameter as a UK day. Raises ConfigurationError, which does not repeat what was written there."""
    try:
        return date.fromisoformat(text) if text else otherwise
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"The flow's parameter {name} is no day; write it as 2026-11-03.", setting=name
        ) from None


def _progress() -> Progress:
    here = _HERE.get()
    return silent if here is None else here.progress


@task(name="sync", retries=0, persist_result=False, log_prints=False)
def _sync_task(home: str | None, since: str | None, wait: bool) -> Result:
    return _guarded(
        "sync",
        lambda: running.sync_here(home=home, since=_moment("since", since), wait=wait, progress=_progress()),
    )


@task(name="reconcile", retries=0, persist_result=False, log_prints=False)
def _reconcile_task(
    home: str | None, start: str | None, end: str | None, out: str, heal: bool, mail: bool, as_of: str | None
) -> Result:
    def work() -> Result:
        first, last = previous_month(datetime.now(UTC))
        first, last = _day("start", start, first), _day("end", end, last)
        if last < first:
            raise ConfigurationError(
                "The flow's parameter end lies before start; without an end it is today.", setting="end"
            )
        if mail and as_of:
            raise ConfigurationError(
                "The flow's parameter as_of goes without mail: mail is sent only about this moment.", setting="as_of"
            )
        return running.reconcile_here(
            home=home,
            start=first,
            end=last,
            out=out,
            heal=heal,
            mail=mail,
            as_of=_moment("as_of", as_of),
            progress=_progress(),
            shown_to=_show_report,
        )

    return _guarded("reconcile", work)


@task(name="remind", retries=0, persist_result=False, log_prints=False)
def _remind_task(home: str | None) -> Result:
    return _guarded("remind", lambda: running.remind_here(home=home))


@flow(name="sync", retries=0, persist_result=False, log_prints=False, validate_parameters=False)
def sync_flow(home: str | None = None, since: str | None = None, wait: bool = True) -> Result | State[Result]:
    """Pull new reports, plan what they owe, deliver it."""
    return _run("sync", lambda: _sync_task(home, since, wait), _show_sync)


@flow(name="reconcile", retries=0, persist_result=False, log_prints=False, validate_parameters=False)
def reconcile_flow(
    home: str | None = None,
    start: str | None = None,
    end: str | None = None,
    out: str = "reports",
    heal: bool = False,
    mail: bool = False,
    as_of: str | None = None,
) -> Result | State[Result]:
    """Look again at both ends and write the managers' report; without dates, from the first of last month to today.

    `mail`: the managers hear the verdict, once for each state of things.
    """
    return _run("reconcile", lambda: _reconcile_task(home, start, end, out, heal, mail, as_of), _show_reconcile)


@flow(name="remind", retries=0, persist_result=False, log_prints=False, validate_parameters=False)
def remind_flow(home: str | None = None) -> Result | State[Result]:
    """Tell the people who owe something, before it is late."""
    return _run("remind", lambda: _remind_task(home), _show_remind)


_FLOWS: Mapping[str, Any] = {"sync": sync_flow, "reconcile": reconcile_flow, "remind": remind_flow}


def run_flow(name: str, parameters: Mapping[str, Any], progress: Progress = silent) -> Result:
    """Run a flow in this process against the configured API; gives its result, or raises what the stage raised.

    Raises PrefectAway when the API went away before the run began, or PrefectRefused when it would not. Once the
    stage has run, its result is the answer, whatever Prefect could still note of it.
    """
    here = _Here(progress)
    token = _HERE.set(here)
    refusal, away = "no answer", False
    try:
        with tags(TAG):  # by which the automations know it
            _FLOWS[name](**parameters, return_state=True)
    except Exception as why:  # noqa: BLE001 - Prefect's own errors may quote what they were called with
        refusal, away = type(why).__name__, _is_away(why)
    finally:
        _HERE.reset(token)
    if here.result is not None:
        return here.result
    if here.failure is not None:
        raise here.failure from None
    if away or not answers(configured_url()):
        raise PrefectAway
    raise PrefectRefused("the run", refusal)


def _is_away(why: Exception) -> bool:
    """Whether a server that is down or busy says no, and not one that is wrong for this client."""
    status = getattr(getattr(why, "response", None), "status_code", 0)
    return isinstance(why, TransportError) or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _run(name: str, stage: Callable[[], Result], show: Callable[[Result], None]) -> Result | State[Result]:
    """A flow's body: the stage, what Prefect shows of it, and the state in which the run ends."""
    quiet_libraries()
    _guarded(name, _refuse_open_doors)
    try:
        result = _guarded(name, stage)
    except RunStopped as why:
        return Cancelled(message=str(why))
    here = _HERE.get()
    if here is not None:
        here.result = result
    _shown(name, lambda: show(result))
    trouble = _guarded(name, lambda: _trouble(name, result))
    return Failed(message=trouble) if trouble else result


def _refuse_open_doors() -> None:
    """Raises ConfigurationError where Prefect would keep more than it may: a worker hands its own environment on."""
    if names := unhardened(get_current_settings()):
        raise ConfigurationError(
            f"Prefect would keep more of this run than it may, for {', '.join(names)}; let the worker's environment be "
            "the one that `python -m flows.prefect_environment` prints.",
            setting=names[0],
        )


def _trouble(name: str, result: Result) -> str:
    """Which system needs somebody now, in our own sentences; empty when none does."""
    code = int(result["exit_code"])
    if code not in (ExitCode.WRONG, ExitCode.UNREACHABLE):
        return ""
    told = [f"{one['system']}: {one['message']}" for one in result.get("problems", [])]
    for one in result.get("homes", [result]):
        told += [f"{system}: {sentence}" for system, sentence in one.get("faults", {}).items()]
    return f"{name} ended with exit code {code}. {' '.join(dict.fromkeys(told))}".strip()


# ---- what Prefect's pages show: counts, ids of homes, numbers of incidents --------------------------------------


def _shown(name: str, *works: Callable[[], object]) -> None:
    for work in works:
        try:
            work()
        except Exception as why:  # noqa: BLE001 - the work is done; that Prefect cannot show it changes nothing
            run_logger().warning("%s: its counts could not be shown (%s)", name, type(why).__name__)


def _show_sync(result: Result) -> None:
    rows = [{"what": f"reports {name}", "count": count} for name, count in result["pulled"].items()]
    for target, counts in result["deliveries"].items():
        rows += [{"what": f"{target} {state}", "count": count} for state, count in counts.items()]
    create_table_artifact(table=rows, key="sync-counts", description="What the last sync did: counts only.")
    run_logger().info("sync: %d new, %d revised", result["pulled"]["new"], result["pulled"]["revised"])


def _show_report(report: Report) -> None:
    """The control totals and the findings of one home, as soon as its report is written."""
    home = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in report.home.lower())
    _shown(
        "reconcile",
        lambda: create_table_artifact(
            table=artifact_rows(report), key=f"totals-{home}", description="Totals of the last reconciliation: counts."
        ),
        lambda: create_markdown_artifact(
            markdown=artifact_markdown(report), key=f"findings-{home}", description="Findings: counts and numbers."
        ),
    )


def _show_reconcile(result: Result) -> None:
    run_logger().info("reconcile: exit code %d", int(result["exit_code"]))


def _show_remind(result: Result) -> None:
    run_logger().info("remind: %d digests", len(result["digests"]))
