"""A breaker for one target: after several failures in a row it is left alone for a while.

Ambiguity counts as much as a refusal: answers that may or may not have been applied are a reason to slow down,
not to send faster. One breaker is shared by every thread that works on the target.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Closed: calls pass. Open: nothing passes until the pause is over. Then one probe decides.

    `failures` in a row open it; `pause` and `longest` are seconds, the pause doubles with each probe that fails.
    A pause is never shorter than what the system itself asked for.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        pause: float = 5.0,
        longest: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._first_pause = pause
        self._longest = longest
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._pause = pause
        self._opens_until: float | None = None
        self._probing = False
        self.unreachable = False
        """Whether the last failure was that the system could not be reached at all."""

    def admit(self) -> float:
        """0 where the call may go; else for how many seconds nothing may be sent."""
        if self._opens_until is None:
            return 0.0
        with self._lock:
            if self._opens_until is None:
                return 0.0
            left = self._opens_until - self._monotonic()
            if left > 0:
                return left
            if self._probing:
                return self._first_pause
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        """The system answered as a system does, be it with a refusal."""
        if self._in_a_row == 0:
            return
        with self._lock:
            self._in_a_row = 0
            self._pause = self._first_pause
            self._opens_until = None
            self._probing = False

    def failed(self, *, asked: float | None = None, unreachable: bool = False) -> None:
        """The system was down, asked for patience, or left us in doubt. `asked`: its Retry-After in seconds."""
        with self._lock:
            self._in_a_row += 1
            self.unreachable = unreachable
            if self._probing:
                self._pause = min(self._pause * 2, self._longest)
                self._probing = False
            elif self._in_a_row < self._most:
                return
            self._opens_until = max(self._opens_until or 0.0, self._monotonic() + max(self._pause, asked or 0.0))

    def released(self) -> None:
        """The call ended without saying anything about the system: the next one may probe."""
        if self._probing:
            with self._lock:
                self._probing = False
