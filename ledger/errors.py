"""What can be wrong with the ledger itself."""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger cannot be used. One sentence: what, and what to do. Nothing was changed."""

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting


class LedgerUnavailable(LedgerError):
    """The database does not answer, is locked for too long, full or read-only. Nothing more is sent."""


class UnknownRecord(LedgerError):
    """No such incident, delivery, quarantined report or finding."""


class Refused(LedgerError):
    """The ledger does not allow that step now; the sentence says why and what to do instead."""
