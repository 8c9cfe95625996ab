"""Log stores, notifiers and form desks with one thing wrong each: W8, W9, W11, N1 to N5, F1 to F3."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from connectors.daily_log_files.store import DailyLogFiles
from connectors.daily_log_rest.store import DailyLogRest
from connectors.edge import bare
from connectors.errors import Cause, NotApplied, Rejected, Uncertain
from connectors.lado_package.desk import LadoPackageDesk
from connectors.lado_prefill import FormChanged, LadoPrefill, Prefilled
from connectors.protocols import Found, HeldEntry, Message, NewEntry, PackageFiles, Receipt
from connectors.smtp import SmtpNotifier
from mappings.bodies import LadoPackage
from mappings.uk_time import uk_day
from tests.conformance.zoo.postroom import Postroom

_DAY = timedelta(days=1)


class ForgetsWhatItCorrects(DailyLogRest):
    """A correction stands in the log as if it were news."""

    breaks = "W8"

    def create(self, entry: NewEntry) -> Receipt:
        return super().create(replace(entry, corrects=None))


class ForgetsTheChildren(DailyLogRest):
    """Whom an entry is about is nothing that it reads."""

    breaks = "W12"

    def list(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        return [replace(entry, child_ids=()) for entry in super().list(home_id, start, end)]


class SendsAgainAfterAGatewaysError(DailyLogRest):
    """A gateway that gave up has passed nothing on, it thinks."""

    breaks = "W2"

    def create(self, entry: NewEntry) -> Receipt:
        try:
            return super().create(entry)
        except Uncertain as why:
            if why.status not in (502, 504):
                raise
        return super().create(entry)


class ListsEveryHome(DailyLogRest):
    """Whose log is shown to it is nothing that it reads, when it lists."""

    breaks = "W4"

    @bare
    def list(self, home_id: str, start: date, end: date) -> Sequence[HeldEntry]:
        query = {"homeId": home_id, "from": str(start - _DAY), "to": str(end + _DAY), "limit": "500"}
        shown = self._entries(query, "a list")
        return [entry for entry in shown if start <= uk_day(entry.entry_time) <= end]


class FindsOursInAnyLog(DailyLogRest):
    """Where its entry lies is nothing that it reads, when it looks."""

    breaks = "W9"

    @bare
    def find(self, reference: str, *, home_id: str, entry_on: date) -> Found:
        try:
            return super().find(reference, home_id=home_id, entry_on=entry_on)
        except Rejected as why:
            if why.cause is not Cause.WRONG_PERSON:
                raise
        return Found((Receipt("log-000001"),))


class WritesInAnyHomesLog(DailyLogRest):
    """Whose log it was is nothing that it reads."""

    breaks = "W9"

    def create(self, entry: NewEntry) -> Receipt:
        try:
            return super().create(entry)
        except Rejected as why:
            if why.cause is not Cause.WRONG_PERSON:
                raise
        return Receipt("log-000001")


class CallsOtherWordsOurs(DailyLogFiles):
    """Whatever has our reference is what we wrote."""

    breaks = "W11"

    def create(self, entry: NewEntry) -> Receipt:
        try:
            return super().create(entry)
        except Rejected:
            day = uk_day(entry.entry_time)
        return self.find(entry.reference, home_id=entry.home_id, entry_on=day).receipts[0]


class CopiesTheLastPerson(SmtpNotifier):
    """Whoever had the last mail has this one too."""

    breaks = "N1"
    _last = ""

    def send(self, message: Message) -> Receipt:
        receipt = super().send(message)
        if self._last not in ("", message.to):
            super().send(replace(message, to=self._last))
        self._last = message.to
        return receipt


class RenamesARepeat(SmtpNotifier):
    """A mail that goes out again has another Message-ID."""

    breaks = "N2"
    _tried: ClassVar[set[tuple[int, str]]] = set()

    def send(self, message: Message) -> Receipt:
        sent = (self._server.port, message.message_id)
        if sent in self._tried:
            message = replace(message, message_id=f"<{time.monotonic_ns()}@example.org>")
        self._tried.add(sent)
        return super().send(message)


class GivesUpAtGreylisting(SmtpNotifier):
    """Not now is never to it."""

    breaks = "N3"

    def send(self, message: Message) -> Receipt:
        try:
            return super().send(message)
        except NotApplied as why:
            if why.status != 451:
                raise
        raise Rejected("The mail server refused the recipient (451).", status=451)


class WritesTheAddressIntoTheText(SmtpNotifier):
    """It greets people by their address."""

    breaks = "N4"

    def send(self, message: Message) -> Receipt:
        return super().send(replace(message, text=f"Dear {message.to},\n{message.text}"))


class HasASubjectOfItsOwn(SmtpNotifier):
    """Each mail has the same subject."""

    breaks = "N4"

    def send(self, message: Message) -> Receipt:
        return super().send(replace(message, subject="A message"))


class WritesItsOwnPage(SmtpNotifier):
    """Its HTML says what it likes."""

    breaks = "N4"

    def send(self, message: Message) -> Receipt:
        return super().send(replace(message, html="<p>You have a message.</p>"))


class FindsWhateverItIsAskedFor(Postroom):
    """Any mail was taken, it says, so that none is sent again."""

    breaks = "N2"

    def find(self, message_id: str) -> Found:
        found = super().find(message_id)
        return Found((Receipt(message_id),)) if found.absent else found


class TakesAClosedOfficeForUnknown(Postroom):
    """What nobody could tell it of was never sent, and so it would be sent again."""

    breaks = "C6"

    def find(self, message_id: str) -> Found:
        try:
            return super().find(message_id)
        except NotApplied:
            return Found()


class TakesAcceptedForDelivered(Postroom):
    """What was accepted was delivered, for ever."""

    breaks = "N5"

    def find(self, message_id: str) -> Found:
        try:
            return super().find(message_id)
        except Rejected:
            return Found((Receipt(message_id),))


class PressesTheButton(LadoPrefill):
    """It does the person's part too."""

    breaks = "F1"

    def prefill(self, package: LadoPackage, **_: Any) -> Prefilled:
        return super().prefill(package, then=lambda page: page.locator("button[type=submit]").click())


class OverlooksAChangedForm(LadoPrefill):
    """A field that is not there any more is no trouble to it."""

    breaks = "F2"

    def prefill(self, package: LadoPackage, **how: Any) -> Prefilled:
        try:
            return super().prefill(package, **how)
        except FormChanged:
            return Prefilled(package.to_be_completed, (), 0, 0)


class DatesItsPackages(LadoPackageDesk):
    """Each package says when it was made."""

    breaks = "F3"

    def prepare(self, package: LadoPackage) -> PackageFiles:
        files = super().prepare(package)
        with files.json.open("a", encoding="utf-8") as file:
            file.write(f"\n{time.time_ns()}\n")
        return files


class NamesTheDayOfMaking(LadoPackageDesk):
    """Each package says on which day it was made."""

    breaks = "F3"

    def prepare(self, package: LadoPackage) -> PackageFiles:
        files = super().prepare(package)
        with files.json.open("a", encoding="utf-8") as file:
            file.write(f"\n{datetime.now(UTC):%d/%m/%Y}\n")
        return files


class SaysThatNothingIsMissing(LadoPackageDesk):
    """What a manager must fill in is nothing that it tells."""

    breaks = "F3"

    def prepare(self, package: LadoPackage) -> PackageFiles:
        return replace(super().prepare(package), to_be_completed=())


class LeavesItsPackagesOpen(LadoPackageDesk):
    """Whoever has an account on the machine may read what it makes."""

    breaks = "F3"

    def prepare(self, package: LadoPackage) -> PackageFiles:
        files = super().prepare(package)
        files.pdf.chmod(0o644)
        return files


LOG_REST = [
    ForgetsWhatItCorrects,
    WritesInAnyHomesLog,
    ForgetsTheChildren,
    ListsEveryHome,
    FindsOursInAnyLog,
    SendsAgainAfterAGatewaysError,
]
LOG_FILES = [CallsOtherWordsOurs]
SMTP = [
    CopiesTheLastPerson, RenamesARepeat, GivesUpAtGreylisting, WritesTheAddressIntoTheText, HasASubjectOfItsOwn,
    WritesItsOwnPage,
]  # fmt: skip
POSTROOM = [TakesAcceptedForDelivered, TakesAClosedOfficeForUnknown, FindsWhateverItIsAskedFor]
PREFILL = [PressesTheButton, OverlooksAChangedForm]
PACKAGE = [DatesItsPackages, NamesTheDayOfMaking, LeavesItsPackagesOpen, SaysThatNothingIsMissing]
