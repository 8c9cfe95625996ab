"""One site at work: its settings, homes, ledger and connectors, opened once and closed once.

Connectors are built when they are first needed, so that a command that needs none costs nothing.
"""

from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from config.errors import ConfigurationError
from config.home import Home, load_homes
from config.lado_form import LadoForm, load_form
from config.settings import Settings, load_settings, missing
from ledger import crash_points
from mappings.owed import Target

if TYPE_CHECKING:
    from connectors.protocols import CaseNoteCopy, CaseNoteStore, FormDesk, IncidentSource, LogStore, Notifier
    from ledger.database import Ledger
    from mappings.field_map import FieldMap

#: Tells a person how far a stage is: its name, how many are done, how many there are (None: nobody knows yet).
Progress = Callable[[str, int, int | None], None]

#: Python looks for objects that only hold each other after so many new ones. A page makes thousands, which live until
#: it is done: with Python's own number a twelfth of a sync goes into looking through them, for nothing.
_LOOK_FOR_CYCLES_AFTER = 10_000

C = TypeVar("C")


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """No progress shown."""


@dataclass
class Site:
    """What a stage works with."""

    settings: Settings
    homes: dict[str, Home]
    ledger: Ledger
    progress: Progress = silent
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}")
    stopping: threading.Event = field(default_factory=threading.Event)

    @cached_property
    def source(self) -> IncidentSource:
        """The recording source."""
        from connectors.registry import build_source

        return build_source(self.settings)

    @cached_property
    def field_map(self) -> FieldMap:
        """The field map of the source."""
        from mappings.field_map import load_map

        return load_map(self.settings.recording.field_map or self.source.field_map)

    @cached_property
    def mosaic(self) -> CaseNoteStore | None:
        """Mosaic, where the site has it."""
        from connectors.registry import build_mosaic

        return _with_crash_points(build_mosaic(self.settings), Target.MOSAIC)

    @cached_property
    def replica(self) -> CaseNoteCopy | None:
        """The read-only Mosaic copy, where the site has one."""
        from connectors.registry import build_replica

        return build_replica(self.settings)

    @cached_property
    def daily_log(self) -> LogStore | None:
        """The daily log, where the site has it."""
        from connectors.registry import build_daily_log

        return _with_crash_points(build_daily_log(self.settings), Target.DAILY_LOG)

    @cached_property
    def email(self) -> Notifier | None:
        """Mail, where the site has it."""
        from connectors.registry import build_email

        return build_email(self.settings)

    @cached_property
    def desk(self) -> FormDesk:
        """The LADO desk."""
        from connectors.registry import build_form_desk

        return build_form_desk(self.settings)

    @cached_property
    def lado_form(self) -> LadoForm:
        """The LADO form: the site's own profile, or the shipped one."""
        return load_form(self.settings.lado.form)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets that this site has; what is planned goes to these."""
        found = [
            target
            for target, section in (
                (Target.MOSAIC, self.settings.mosaic),
                (Target.DAILY_LOG, self.settings.daily_log),
                (Target.EMAIL, self.settings.email),
            )
            if section is not None
        ]
        return (*found, Target.LADO)

    def ready(self) -> None:
        """Raise ConfigurationError for the first setting that a sync or a reconciliation would miss later, and
        LedgerError where the audit trail that it would add to is broken."""
        for why in missing(self.settings):
            raise why
        _ = self.field_map
        self._refuse_homes_in_other_letters()
        self._refuse_a_broken_trail()

    def _refuse_homes_in_other_letters(self) -> None:
        """A home's id is a part of every delivery's key: in other letters, all would be owed a second time."""
        from ledger import standing

        with self.ledger.reading() as connection:
            pulled = standing.homes_pulled(connection)
        known_as = {home.casefold(): home for home in pulled}
        for home in self.homes:
            known = known_as.get(home.casefold())
            if known is not None and home not in pulled:
                raise ConfigurationError(
                    f"The ledger knows the home {known}, whose file now calls it {home}; write its id as it was.",
                    setting="BRIDGE_HOMES_DIR",
                )

    def _refuse_a_broken_trail(self) -> None:
        """Nothing is done that could not be told. Whoever changed the trail may have changed what was sent, too."""
        from ledger import audit
        from ledger.errors import LedgerError

        verdict = audit.verify(self.ledger, last=audit.END)
        if not verdict.ok:
            raise LedgerError(
                f"The ledger's audit trail is broken: {verdict.sentence} Restore a backup and run `incident-bridge "
                "ledger restored --since T`; without a backup, run it with a T before the ledger was changed."
            )

    def chosen(self, home: str | None) -> Sequence[Home]:
        """The home that was asked for, or all of them. Raises ConfigurationError for an unknown one."""
        if home is None:
            return list(self.homes.values())
        return [known_home(self.homes, home)]


def known_home(homes: Mapping[str, Home], home: str) -> Home:
    """The home of this id. Raises ConfigurationError for an unknown one."""
    if home not in homes:
        known = ", ".join(sorted(homes))
        raise ConfigurationError(f"There is no home {home!r}; this site has {known}.", setting="BRIDGE_HOMES_DIR")
    return homes[home]


def _with_crash_points(connector: C, target: Target) -> C:
    """Where a crash point is armed, the stages of a write on the wire are points too."""
    http = getattr(connector, "http", None)
    if crash_points.is_armed() and http is not None:
        http.on_stage = lambda stage: crash_points.reach(f"wire.{target}.{stage}")
    return connector


@contextmanager
def open_site(
    *, progress: Progress = silent, settings: Settings | None = None, folder: Path | None = None
) -> Iterator[Site]:
    """Open the site that the environment describes.

    Raises ConfigurationError, LedgerError or LedgerUnavailable; each is one sentence for a person.
    """
    from ledger.database import Ledger

    settings = settings or load_settings(folder=folder)
    homes = load_homes(settings.homes_dir)
    ledger = Ledger(settings.ledger_url.get_secret_value(), settings.raw_keys())
    gc.set_threshold(_LOOK_FOR_CYCLES_AFTER)
    try:
        yield Site(settings, homes, ledger, progress)
    finally:
        ledger.close()
