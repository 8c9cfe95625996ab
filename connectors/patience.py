"""How long a call may last, and how long a read waits before it is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextvars import ContextVar

from tenacity import RetryCallState

from connectors.outcomes import Outcome

_LONGEST_JITTER = 8.0

may_write: ContextVar[Callable[[], bool]] = ContextVar("may_write", default=lambda: True)
"""Whether the caller may still write. Asked when the waits for a token and for the rate are over: a process can have
been asleep in them for longer than its lease."""


class Patience:
    """Until when a call may last, all its tries together. Waiting for a token or the rate does not use it up."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; nothing or less when the time is up."""
        return self.ends - time.monotonic()


def pause(state: RetryCallState) -> float:
    """Seconds before the next try: what the system asked for, and full jitter on top; never less than was asked."""
    why = state.outcome.exception() if state.outcome is not None else None
    if getattr(why, "reason", "") == Outcome.SIGN_IN_STALE:
        return 0.0
    asked = getattr(why, "retry_after", None) or 0.0
    jitter = min(_LONGEST_JITTER, 0.25 * 2**state.attempt_number)
    return float(asked) + random.uniform(0.0, jitter)  # noqa: S311 - not a secret
