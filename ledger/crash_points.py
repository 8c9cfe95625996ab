"""Named points at which a test may kill the process. Inert unless INCIDENT_BRIDGE_CRASH_AT names one.

The value is `name` or `name:n`, which dies when the point is reached for the n-th time. The process gets SIGKILL:
nothing is flushed, nothing is told, as when a host loses power.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("INCIDENT_BRIDGE_CRASH_AT", "").partition(":")
_left = int(_count or 1)


def arm(point: str) -> None:
    """Name the point at which this process dies; an empty text disarms it."""
    global _name, _left  # noqa: PLW0603
    _name, _, count = point.partition(":")
    _left = int(count or 1)


def is_armed() -> bool:
    """Whether any point is armed."""
    return bool(_name)


def reach(name: str) -> None:
    """Say that this point was reached."""
    if _name and name == _name:
        _die_in_turn()


def _die_in_turn() -> None:
    global _left  # noqa: PLW0603
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
