"""sync, reconcile and remind as Prefect flows: batches only, ids, dates and counts only.

Prefect schedules, runs, shows and alerts; the ledger keeps the promise. A stage here is a task over a plain function.
Whatever goes wrong leaves a task as one of our own sentences, `from None`: Prefect keeps the text of an exception for
ever, in its database, its storage folder and its log. Import this module only after `harden`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flows.prefect_environment import harden, run_logger

harden(os.environ)

from prefect import flow, task  # noqa: E402 - only after `harden`
from prefect.artifacts import create_markdown_artifact, create_table_artifact  # noqa: E402

from config.errors import ConfigurationError  # noqa: E402
from connectors.errors import ConnectorError  # noqa: E402
from flows import running  # noqa: E402
from flows.reconcile import previous_month  # noqa: E402
from ledger.errors import LedgerError  # noqa: E402

T = TypeVar("T")


class RunFailed(Exception):
    """A run could not be done. One sentence of ours: ids, settings and systems only."""


class LeftOver(Exception):
    """A run was done, and an outside system or the configuration needs somebody now."""


def _guarded(stage: str, work: Callable[[], T]) -> T:
    """Run a stage; what it raises becomes one sentence without cause or context."""
    sentence = ""
    try:
        return work()
    except (ConfigurationError, ConnectorError, LedgerError) as why:
        sentence = str(why)
    except Exception as why:  # noqa: BLE001 - its text could hold a child's data, and Prefect would keep it
        sentence = f"{stage} failed unexpectedly ({type(why).__name__})."
    raise RunFailed(sentence) from None


@task(name="sync", persist_result=False, log_prints=False)
def _sync_task(home: str | None, since: str | None, wait: bool) -> dict[str, Any]:
    moment = datetime.fromisoformat(since) if since else None
    return _guarded("sync", lambda: running.sync_here(home=home, since=moment, wait=wait))


@task(name="reconcile", persist_result=False, log_prints=False)
def _reconcile_task(home: str | None, start: str, end: str, out: str, heal: bool, as_of: str | None) -> dict[str, Any]:
    return _guarded(
        "reconcile",
        lambda: running.reconcile_here(home=home, start=start, end=end, out=out, heal=heal, as_of=as_of),
    )


@task(name="remind", persist_result=False, log_prints=False)
def _remind_task(home: str | None) -> dict[str, Any]:
    return _guarded("remind", lambda: running.remind_here(home=home))


@flow(name="sync", persist_result=False, log_prints=False, validate_parameters=False)
def sync_flow(home: str | None = None, since: str | None = None, wait: bool = True) -> dict[str, Any]:
    """Pull new reports, plan what they owe, deliver it."""
    result = _sync_task(home, since, wait)
    _show_sync(result)
    return _ended("sync", result)


@flow(name="reconcile", persist_result=False, log_prints=False, validate_parameters=False)
def reconcile_flow(
    home: str | None = None,
    start: str | None = None,
    end: str | None = None,
    out: str = "reports",
    heal: bool = False,
    as_of: str | None = None,
) -> dict[str, Any]:
    """Look again at both ends and write the managers' report; without dates, from the first of last month to today."""
    first, last = previous_month(datetime.now(UTC))
    begins, ends = start or first.isoformat(), end or last.isoformat()
    result = _reconcile_task(home, begins, ends, out, heal, as_of)
    _show_reconcile(result)
    return _ended("reconcile", result)


@flow(name="remind", persist_result=False, log_prints=False, validate_parameters=False)
def remind_flow(home: str | None = None) -> dict[str, Any]:
    """Tell the people who owe something, before it is late."""
    result = _remind_task(home)
    run_logger().info("remind: %d digests", len(result["digests"]))
    return _ended("remind", result)


def run_flow(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Run a flow in this process against the configured API and return its result.

    Raises RunFailed with the stage's own sentence, or ConfigurationError when the API does not answer.
    """
    flows: dict[str, Any] = {"sync": sync_flow, "reconcile": reconcile_flow, "remind": remind_flow}
    _results.pop(name, None)
    try:
        flows[name](**parameters)
    except LeftOver:
        return _results[name]
    except RunFailed:
        raise
    except Exception as why:  # noqa: BLE001 - Prefect's own errors may quote what they were called with
        if name in _results:
            return _results[name]
        raise ConfigurationError(
            f"The Prefect API at PREFECT_API_URL could not run the flow ({type(why).__name__}); start the server, "
            "correct the address, or unset PREFECT_API_URL to run in this process.",
            setting="PREFECT_API_URL",
        ) from None
    return _results[name]


#: The last result of each flow in this process: a failed run has one too.
_results: dict[str, dict[str, Any]] = {}


def _ended(name: str, result: dict[str, Any]) -> dict[str, Any]:
    """End the run as Prefect should show it: failed when a system is away or the configuration is wrong."""
    _results[name] = result
    code = int(result["exit_code"])
    if code in (1, 3):
        systems = ", ".join(sorted({str(one["system"]) for one in result.get("problems", [])})) or "a system"
        raise LeftOver(f"{name} ended with exit code {code}: {systems} needs attention.")
    return result


def _show_sync(result: dict[str, Any]) -> None:
    rows = [{"what": f"reports {name}", "count": count} for name, count in result["pulled"].items()]
    for target, counts in result["deliveries"].items():
        rows += [{"what": f"{target} {state}", "count": count} for state, count in counts.items()]
    create_table_artifact(table=rows, key="sync-counts", description="What the last sync did: counts only.")
    run_logger().info("sync: %d new, %d revised", result["pulled"]["new"], result["pulled"]["revised"])


def _show_reconcile(result: dict[str, Any]) -> None:
    for one in result.get("homes", [result]):
        key = "".join(letter if letter.isalnum() else "-" for letter in one["home"].lower())
        rows = [{"row": name, "count": value} for name, value in one["totals"].items()]
        create_table_artifact(table=rows, key=f"totals-{key}", description="Control totals of the last reconciliation.")
        kinds: dict[str, int] = {}
        for finding in one["findings"]:
            kinds[finding["kind"]] = kinds.get(finding["kind"], 0) + 1
        lines = [f"# {one['home']}, {one['from']} to {one['to']}", "", "| finding | count |", "|---|---|"]
        lines += [f"| {kind} | {count} |" for kind, count in sorted(kinds.items())]
        create_markdown_artifact(markdown="\n".join(lines), key=f"findings-{key}", description="Findings by kind.")
    run_logger().info("reconcile: exit code %d", int(result["exit_code"]))
