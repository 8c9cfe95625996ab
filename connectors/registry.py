"""Which connector a setting names: the shipped ones, and those that others registered as entry points.

A third party registers a function `connect(settings: Settings)` in the group `incident_bridge.connectors`, under
`system:kind`, such as `mosaic:acme`. Nothing of a connector is imported before a site asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from config.errors import ConfigurationError

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.protocols import CaseNoteCopy, CaseNoteStore, FormDesk, IncidentSource, LogStore, Notifier

GROUP = "incident_bridge.connectors"

SHIPPED: Mapping[str, Mapping[str, str]] = {
    "recording": {"rest": "connectors.recording_rest", "files": "connectors.recording_files"},
    "mosaic": {"rest": "connectors.mosaic_rest"},
    "daily_log": {"rest": "connectors.daily_log_rest", "files": "connectors.daily_log_files"},
    "email": {"smtp": "connectors.smtp"},
    "lado": {"package": "connectors.lado_package"},
    "replica": {"sql": "connectors.mosaic_replica"},
}
"""System, kind, and the package whose `connect` builds the connector."""


def build_source(settings: Settings) -> IncidentSource:
    """The recording source. Raises ConfigurationError for an unknown kind or a missing setting."""
    return cast("IncidentSource", _connected("recording", settings.recording.kind, settings))


def build_mosaic(settings: Settings) -> CaseNoteStore | None:
    """Mosaic, or None where the site has none. Raises ConfigurationError."""
    section = settings.mosaic
    return None if section is None else cast("CaseNoteStore", _connected("mosaic", section.kind, settings))


def build_daily_log(settings: Settings) -> LogStore | None:
    """The daily log, or None where the site has none. Raises ConfigurationError."""
    section = settings.daily_log
    return None if section is None else cast("LogStore", _connected("daily_log", section.kind, settings))


def build_email(settings: Settings) -> Notifier | None:
    """Mail, or None where the site has none. Raises ConfigurationError."""
    section = settings.email
    return None if section is None else cast("Notifier", _connected("email", section.kind, settings))


def build_form_desk(settings: Settings) -> FormDesk:
    """The desk where LADO packages are prepared. Raises ConfigurationError."""
    return cast("FormDesk", _connected("lado", settings.lado.kind, settings))


def build_replica(settings: Settings) -> CaseNoteCopy | None:
    """The read-only Mosaic copy, or None where the site has none. Raises ConfigurationError."""
    url = settings.replica.url
    if url is None or not url.get_secret_value().strip():
        return None
    return cast("CaseNoteCopy", _connected("replica", "sql", settings))


def kinds(system: str) -> tuple[str, ...]:
    """Every kind that a site may name for a system, shipped ones first."""
    return (*SHIPPED[system], *sorted(kind for kind in _registered(system) if kind not in SHIPPED[system]))


def never_used() -> Iterator[str]:
    """What others registered under a name that no setting leads to, one sentence each."""
    systems = [system for system in SHIPPED if system != "replica"]  # that copy is SQL, whoever keeps it
    names = Counter(point.name for point in entry_points(group=GROUP))
    for name, count in names.items():
        system, _, kind = name.partition(":")
        where = f"The plug-in {name!r} is never used: "
        if system not in systems or not kind:
            yield f"{where}let its entry point be system:kind, with one of {', '.join(systems)} as the system."
        elif kind in SHIPPED[system]:
            yield f"{where}the shipped connector {kind} is; let it have a name of its own."
        elif count > 1:
            yield f"The plug-in {name!r} is installed {count} times, and only one is used; remove the others."


def plug_ins() -> frozenset[str]:
    """The packages of the connectors that others registered."""
    return frozenset(point.module.partition(".")[0] for point in entry_points(group=GROUP))


def _connected(system: str, kind: str, settings: Settings) -> Any:
    """What a connector's `connect` makes. One that makes nothing is refused: it would look like a system nobody has."""
    connector = _connector(system, kind)(settings)
    if connector is None:
        setting = f"BRIDGE_{system.upper()}__KIND"
        raise ConfigurationError(
            f"{setting}: the connector {kind!r} made nothing; let its `connect` return the connector.", setting=setting
        )
    return connector


def _connector(system: str, kind: str) -> Callable[[Settings], Any]:
    shipped = SHIPPED[system].get(kind)
    if shipped is not None:
        return cast("Callable[[Settings], Any]", import_module(shipped).connect)
    found = _registered(system).get(kind)
    if found is not None:
        return _loaded(found, system, kind)
    setting = f"BRIDGE_{system.upper()}__KIND"
    raise ConfigurationError(
        f"{setting}: received {kind!r}; valid values are {', '.join(kinds(system))}.", setting=setting
    )


def _registered(system: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        named, _, kind = point.name.partition(":")
        if named == system and kind:
            found[kind] = point
    return found


def _loaded(point: EntryPoint, system: str, kind: str) -> Callable[[Settings], Any]:
    try:
        return cast("Callable[[Settings], Any]", point.load())
    except Exception as why:  # noqa: BLE001 - whatever somebody else's module raises
        cause = ": ".join(filter(None, (type(why).__name__, getattr(why, "name", None))))
    setting = f"BRIDGE_{system.upper()}__KIND"
    raise ConfigurationError(
        f"{setting}: the connector {kind!r} is registered as {point.value}, which cannot be loaded ({cause}); install "
        "it again or name another.",
        setting=setting,
    )
