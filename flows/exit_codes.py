"""The same exit codes everywhere (DESIGN, RULINGS 19)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    """Done, nothing left over."""
    WRONG = 1
    """The command or the configuration is wrong."""
    LEFT_OVER = 2
    """Done, but something needs a person or another run."""
    UNREACHABLE = 3
    """An outside system could not be reached."""
