"""One line for IT about a system behind HTTP: it answers, or what is wrong and which setting mends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.answers import Answer
from connectors.errors import ConnectorError, Misconfigured, Unreachable
from connectors.http import Http
from connectors.outcomes import setting_of
from connectors.protocols import Health

_MOST_SKEW = 120.0
"""Seconds by which two clocks may differ before it is worth a word."""


def health_of(
    http: Http, ask: Callable[[], Answer], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Health:
    """Ask once, without writing, and say what came of it."""
    system = http.naming.system
    try:
        answer = ask()
    except ConnectorError as why:
        setting = why.setting if isinstance(why, Misconfigured) else setting_of(why.reason, http.naming)
        return Health(False, why.message, setting, reachable=not isinstance(why, Unreachable))
    sentence = f"{system} answers at {http.base_url} and takes our sign-in."
    skew = _skew(answer, now())
    if abs(skew) > _MOST_SKEW:
        sentence += (
            f" Its clock and this machine's differ by {abs(skew) / 60:.0f} minutes: check this machine's time service."
        )
    return Health(True, sentence)


def _skew(answer: Answer, now: datetime) -> float:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date") or "")
        return (now - theirs).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
