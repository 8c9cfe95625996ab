"""How a call shows who we are, and what a 401 means.

A token that was refused is renewed once, by one thread, while the others wait for it. The next refusal in a row, of the
renewed one, means that the credentials themselves are wrong. A fixed key cannot be renewed: its first refusal is taken
for a passing one, its second in a row is final. A token near its end is renewed ahead, while others use the old one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.errors import ConnectorError

_RENEW_AHEAD = 60.0
"""A token is renewed this many seconds before it expires, or in the last fifth of a shorter life."""


@dataclass(frozen=True, repr=False)
class Pass:
    """The headers that show who we are, and for how many seconds they are good (None: until refused)."""

    headers: Mapping[str, str]
    life: float | None = None


class SignIn:
    """The current pass, for every thread of one connector."""

    def __init__(self, issue: Callable[[], Pass], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._issue = issue
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._current: Pass | None = None
        self._renew_at = self._expires_at = float("inf")
        self._issued = 0
        self.failure: ConnectorError | None = None
        """Why the last pass could not be issued, until one is."""
        self._refusals = 0

    def current(self) -> Pass:
        """The pass to show now. Raises what issuing one raises; nothing was applied then."""
        seen = self._issued
        held = self._current
        now = self._monotonic()
        if held is not None and now < self._renew_at:
            return held
        if held is not None and now < self._expires_at:
            return self._renewed_ahead(held)
        with self._lock:
            # what another thread was given, or refused, while this one waited is this one's answer too
            if self._current is not None and self._monotonic() < self._expires_at:
                return self._current
            if self._issued != seen and self.failure is not None:
                raise self.failure.with_traceback(None)
            return self._issue_one()

    def refused(self, shown: Pass) -> bool:
        """The system answered 401 to this pass. Whether another try makes sense."""
        with self._lock:
            if self._current is not shown:
                return True  # it was renewed while this call was under way
            self._current = None
            self._refusals += 1
            return self._refusals < 2

    def accepted(self) -> None:
        """The system took the pass."""
        if self._refusals:
            with self._lock:
                self._refusals = 0

    def forget(self) -> None:
        """Ask for a new pass at the next call."""
        with self._lock:
            self._current = None

    def _renewed_ahead(self, held: Pass) -> Pass:
        if not self._lock.acquire(blocking=False):
            return held  # somebody is at it, and the old one is still good
        try:
            return self._issue_one() if self._current is held else self._current or held
        except ConnectorError:
            return held
        finally:
            self._lock.release()

    def _issue_one(self) -> Pass:
        self._issued += 1
        try:
            issued = self._issue()
        except ConnectorError as why:
            self.failure = why
            raise
        now = self._monotonic()
        if issued.life is None:
            self._renew_at = self._expires_at = float("inf")
        else:
            self._expires_at = now + issued.life
            self._renew_at = self._expires_at - min(_RENEW_AHEAD, issued.life / 5)
        self.failure, self._current = None, issued
        return issued
