"""What Prefect may keep and say: settled in the environment, before Prefect is imported.

Prefect keeps more than a reader expects: the text of an exception that leaves a task or a flow lands in its
database, its storage folder and its log. The rooms never let a foreign exception out; this file closes the other
doors: no telemetry of the client, the server or its web pages, no stored results, no prints, no log line at the
Prefect API but those of one allow-listed logger, and never a temporary server behind anyone's back.

A command calls `harden(os.environ)` before its first import of Prefect. A run that a Prefect worker starts gets the
same settings from `prefect.yaml` (`HARDENED`, kept equal by a test) and proves them with `unhardened`. For Prefect's
own commands, `python -m flows.prefect_environment` prints them as lines for a shell or for systemd's EnvironmentFile.
This module does not import Prefect.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.settings import Settings as PrefectSettings

RUN_LOGGER = "incident_bridge.run"
"""The one logger whose lines reach the Prefect API: counts, ids and sentences of our own, nothing else."""

HARDENED: Mapping[str, str] = {
    # No telemetry: the client's, which goes to a third party, and the server's, which its web pages obey too.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # No temporary server: it costs up to a minute and prints pages when it ends.
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    # Results stay in the process.
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_TASKS_DEFAULT_PERSIST_RESULT": "false",
    "PREFECT_TASKS_DISABLE_CACHING": "true",
    # The log: Prefect's own file (the path cannot exist, so nobody's own file is taken in its place), nothing of
    # the engine at the API or on the screen, nothing printed by a flow.
    "PREFECT_LOGGING_CONFIG_PATH": "/dev/null/logging.yml",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LOG_PRINTS": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "true",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": RUN_LOGGER,
    "PREFECT_LOGGING_LOGGERS_PREFECT_EXTRA_HANDLERS": "api",
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_HANDLERS": "console",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_HANDLERS": "console",
    # A debugging or test switch that somebody left on would undo all this.
    "PREFECT_DEBUG_MODE": "false",
    "PREFECT_TESTING_TEST_MODE": "false",
    "PREFECT_EXPERIMENTS_WARN": "false",
    # A run that was killed is noticed by the heartbeats that stop (flows/automations.py).
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}

#: Other names that Prefect takes for settings above; one left in the environment would win over ours.
_OTHER_NAMES = (
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE",
    "PREFECT_LOGGING_SETTINGS_PATH",
    "PREFECT_LOGGING_INTERNAL_LEVEL",
    "PREFECT_TEST_MODE",
    "PREFECT_UNIT_TEST_MODE",
    "PREFECT_TESTING_UNIT_TEST_MODE",
    "PREFECT_RUNNER_HEARTBEAT_FREQUENCY",
)

_LOGGING_OVERRIDES = (
    "PREFECT_LOGGING_LOGGERS_",
    "PREFECT_LOGGING_HANDLERS_",
    "PREFECT_LOGGING_ROOT_",
    "PREFECT_LOGGING_FORMATTERS_",
)


def harden(environ: MutableMapping[str, str]) -> None:
    """Settle what Prefect may keep and say. `PREFECT_API_URL` and the ways to log in are left as they are.

    Raises RuntimeError when Prefect was already imported: it reads most of this once, at import.
    """
    settled = all(environ.get(name) == value for name, value in HARDENED.items())
    if environ is os.environ and "prefect" in sys.modules and not settled:
        raise RuntimeError("Prefect was imported before its environment was settled; call harden() first")
    for name in list(environ):
        if name in _OTHER_NAMES or name.startswith(_LOGGING_OVERRIDES):
            del environ[name]
    environ.update(HARDENED)


def unhardened(settings: PrefectSettings) -> tuple[str, ...]:
    """Names of the settings that are not as `HARDENED` has them in the Prefect of this process; empty is good.

    A flow that finds any refuses to run: its worker's environment adds to that of `prefect.yaml`.
    """
    wrong: list[str] = []
    found = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": settings.server.analytics_enabled is False,
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": settings.cloud.enable_orchestration_telemetry is False,
        "PREFECT_SERVER_EPHEMERAL_ENABLED": settings.server.ephemeral.enabled is False,
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": settings.results.persist_by_default is False,
        "PREFECT_TASKS_DEFAULT_PERSIST_RESULT": settings.tasks.default_persist_result is False,
        "PREFECT_LOGGING_LOG_PRINTS": settings.logging.log_prints is False,
        "PREFECT_LOGGING_LEVEL": settings.logging.level == "CRITICAL",
        "PREFECT_DEBUG_MODE": settings.debug_mode is False,
        "PREFECT_LOGGING_EXTRA_LOGGERS": settings.logging.extra_loggers in ({RUN_LOGGER}, [RUN_LOGGER], RUN_LOGGER),
    }
    wrong += [name for name, right in found.items() if not right]
    for logger, name in (("prefect.flow_runs", "FLOW_RUNS"), ("prefect.task_runs", "TASK_RUNS")):
        speaks = logging.getLogger(logger)
        if speaks.getEffectiveLevel() < logging.CRITICAL or _at_api(speaks):
            wrong.append(f"PREFECT_LOGGING_LOGGERS_PREFECT_{name}_HANDLERS")
    if _at_api(logging.root):
        wrong.append("PREFECT_LOGGING_ROOT_HANDLERS")
    return tuple(wrong)


def _at_api(logger: logging.Logger) -> bool:
    return any("API" in type(handler).__name__ for handler in logger.handlers)


def run_logger() -> logging.Logger:
    """The allow-listed logger: its lines are shown beside the run in Prefect, and nowhere on the screen.

    Say counts, incident numbers and sentences of our own; never a name, a text or another library's words.
    """
    logger = logging.getLogger(RUN_LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}={value}\n" for name, value in HARDENED.items())
