"""Calls a second, as the site configures them: evenly spaced, shared by every thread of a target."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """Gives each call its own moment. `wait` sleeps for so many seconds and is what a stop interrupts."""

    def __init__(
        self,
        per_second: float | None,
        *,
        wait: Callable[[float], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spacing = 0.0 if per_second is None else 1.0 / per_second
        self._wait = wait
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next = 0.0

    def take(self) -> float:
        """Wait for this call's moment, and say how many seconds that took; none where no rate is configured."""
        if self._spacing == 0.0:
            return 0.0
        with self._lock:
            now = self._monotonic()
            moment = max(now, self._next)
            self._next = moment + self._spacing
        if moment > now:
            self._wait(moment - now)
        return moment - now
