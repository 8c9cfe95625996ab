"""Ids as they are shown: the source's own, or keyed hashes for a home whose ids are names (RULINGS 38)."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.home import Home
from ledger.encryption import Vault
from mappings.incident import Incident
from mappings.lado_triggers import TO_BE_IDENTIFIED

#: Subjects that are roles or file positions, not ids of people.
_ROLES = ("registered_manager", "senior_manager", "deputy", "also_notify")


@dataclass
class Ids:
    """How one home's ids are shown."""

    home: Home
    vault: Vault
    _replaced: dict[str, str] = field(default_factory=dict)

    def shown(self, value: str | None) -> str | None:
        """An id of the source as it may be shown."""
        if value is None or not self.home.pseudonymise_ids or value == TO_BE_IDENTIFIED:
            return value
        if value not in self._replaced:
            self._replaced[value] = f"id-{self.vault.digest(f'{self.home.id} {value}')[:10]}"
        return self._replaced[value]

    def subject(self, target: str, subject: str) -> str | None:
        """A delivery's subject as it may be shown; None where it has none."""
        if not subject:
            return None
        if target == "email":
            role, colon, child = subject.partition(":")
            return subject if role in _ROLES or not colon else f"{role}:{self.shown(child)}"
        return self.shown(subject)

    def know(self, report: Incident | None) -> None:
        """Learn every id of a person that a report names, so that a sentence about it names nobody by it."""
        for one in report.people if report is not None else ():
            self.shown(one)

    def hidden(self, text: str | None) -> str | None:
        """A sentence in which every id that was shown or learned before is replaced, the longest first."""
        if text and self.home.pseudonymise_ids:
            for value in sorted(self._replaced, key=len, reverse=True):
                text = text.replace(value, self._replaced[value])
        return text
