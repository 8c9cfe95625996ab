"""Named points at which a test may kill the process. Inert unless INCIDENT_BRIDGE_CRASH_AT names one.

The value is `name` or `name:n`, which dies when the point is reached for the n-th time. The process gets SIGKILL:
nothing is flushed, nothing is told, as when a host loses power.
"""

from __future__ import annotations

import os
import signal

_ARMED = os.environ.get("INCIDENT_BRIDGE_CRASH_AT", "")
_NAME, _, _COUNT = _ARMED.partition(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """Say that this point was reached."""
    if _NAME and name == _NAME:
        _die_in_turn()


def _die_in_turn() -> None:
    global _left  # noqa: PLW0603
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
