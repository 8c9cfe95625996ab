"""The call that a thread has under way: until when it may last, and how far it has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class UnderWay(threading.local):
    """One for each thread.

    `sent`: a byte of the request was handed to a connected socket; `answered`: status and headers came back.
    """

    ends: float = float("inf")  # by time.monotonic
    sent: bool = False
    answered: bool = False
    on_stage: Callable[[str], None] | None = None

    def left(self) -> float:
        """Seconds that are left; raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


CALL = UnderWay()
