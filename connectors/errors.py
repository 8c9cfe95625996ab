"""What went wrong at an outside system, by what the caller may do about it.

    ConnectorError
    |-- NotApplied      proven not applied: safe to try again, not before `retry_after` seconds
    |   `-- Unreachable never sent: the system could not be reached (exit code 3)
    |-- Uncertain       something may have been applied: look it up before anything is sent again
    |-- Rejected        the system refused this record: a person must look; `cause` and `field` say why
    `-- Misconfigured   our settings are wrong: stop this system and tell IT; `setting` names what to change
        `-- SentElsewhere  a write was redirected: both Misconfigured and Uncertain

Never sent, or sent: that is the question a caller asks. `NotApplied` and `Misconfigured` answer "nothing was
applied", `Rejected` answers "it was refused", `Uncertain` answers "nobody knows yet". Ask for `Uncertain` first.

A message is a sentence for a person. It holds the system, a status, a code and ids, never a body, a name,
an address or another library's text. Errors are raised `from None` at a connector's edge.
"""

from __future__ import annotations

from enum import StrEnum


class ConnectorError(Exception):
    """An outside system did not do what was asked."""

    #: A short code of what was seen, such as `connection_lost`; empty where the class says it all.
    reason: str = ""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class NotApplied(ConnectorError):
    """The answer proves that nothing was applied. Try again, not before `retry_after` seconds."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Unreachable(NotApplied):
    """The system could not be reached: refused, no such host, or no connection in time. Nothing was sent."""


class Uncertain(ConnectorError):
    """The request may have been applied. It is looked up by its reference before anything is sent again."""

    claimed = False
    """Whether the answer named a record that it made: nothing proves that it is ours, and yet something was made."""


class Cause(StrEnum):
    """Why a record was refused, and so what mends it."""

    NO_PERSON_ID = "no_person_id"  # the report lacks a usable Mosaic id: ask for it
    PERSON_NOT_FOUND = "person_not_found"  # Mosaic does not know the id: ask for the right one
    WRONG_PERSON = "wrong_person"  # the answer names another person: alarm
    RESTRICTED = "restricted"  # access must be granted to the integration's worker
    CONFLICT = "conflict"  # 409 and the look-up finds nothing
    INVALID = "invalid"  # 400 or 422: a field was refused
    TOO_LARGE = "too_large"  # 413
    GONE = "gone"  # what should be amended has vanished
    UNUSUAL = "unusual"  # a status of which the contract says nothing
    REFUSED = "refused"  # anything else that was refused, such as a recipient


class Rejected(ConnectorError):
    """The system refused this record; repeating it will not help. `field` is a path, never a value."""

    def __init__(
        self, message: str, *, cause: Cause = Cause.REFUSED, status: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.cause = cause
        self.field = field


class Misconfigured(ConnectorError):
    """Our settings are wrong, or the far end is not what the settings say. `setting` is what to change."""

    def __init__(self, message: str, *, setting: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.setting = setting


class SentElsewhere(Misconfigured, Uncertain):
    """A write was answered with a redirect. Our address is wrong, and yet what was sent may have been applied."""
