"""doctor: one line for each thing that must be right, with the fix. Nothing is written anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from config.errors import ConfigurationError
from config.home import Home, load_homes
from config.settings import Settings, load_settings
from connectors.errors import ConnectorError, Misconfigured
from connectors.protocols import Checkable
from connectors.registry import never_used
from flows.exit_codes import ExitCode
from flows.prefect_api import DOES_NOT_ANSWER, PrefectRefused, answers, configured_url
from flows.prefect_environment import harden
from flows.pull import glimpse
from flows.site import Site, open_site
from ledger.errors import LedgerError, LedgerUnavailable


@dataclass(frozen=True)
class Check:
    """One line."""

    what: str
    ok: bool
    sentence: str
    setting: str | None = None
    reachable: bool = True


def examine() -> dict[str, Any]:
    """Check everything. Exit code 1 for a wrong configuration, 3 for a system that is away, 0 when all is well."""
    checks: list[Check] = []
    settings = _settings(checks)
    homes = _homes(settings, checks) if settings is not None else {}
    if settings is not None and homes:
        try:
            with open_site(settings=settings) as site:
                checks.append(_ledger(site))
                checks += _audit(site)
                checks += list(_connectors(site, None))
                checks += [line for home in homes.values() for line in _home(site, home)]
                checks += list(_bank_holidays(site))
        except LedgerError as why:
            checks.append(_wrong_ledger(why))
    checks += [Check("plug-ins", False, sentence) for sentence in never_used()]
    checks.append(_prefect())
    return _result(checks)


def check_connectors(system: str | None) -> dict[str, Any]:
    """Check one outside system or all of them. Raises ConfigurationError for an unknown name."""
    with open_site() as site:
        return _result(list(_connectors(site, system)))


def _result(checks: list[Check]) -> dict[str, Any]:
    wrong = [check for check in checks if not check.ok]
    code = ExitCode.DONE
    if wrong:
        code = ExitCode.WRONG if any(check.reachable for check in wrong) else ExitCode.UNREACHABLE
    shown = [
        {"what": check.what, "ok": check.ok, "sentence": check.sentence, "setting": check.setting} for check in checks
    ]
    return {"checks": shown, "exit_code": int(code)}


def _settings(checks: list[Check]) -> Settings | None:
    try:
        settings = load_settings()
    except ConfigurationError as why:
        checks.append(Check("settings", False, str(why), why.setting))
        return None
    checks.append(Check("settings", True, "Every setting is known and has a possible value."))
    return settings


def _homes(settings: Settings, checks: list[Check]) -> dict[str, Home]:
    try:
        homes = load_homes(settings.homes_dir)
    except ConfigurationError as why:
        checks.append(Check("homes", False, str(why), why.setting))
        return {}
    files = "1 home file is" if len(homes) == 1 else f"{len(homes)} home files are"
    checks.append(Check("homes", True, f"{files} readable: {', '.join(sorted(homes))}."))
    return homes


def _ledger(site: Site) -> Check:
    try:
        site.ledger.refuse_if_only_readable()
    except LedgerError as why:
        return _wrong_ledger(why)
    return Check("ledger", True, f"The ledger on {site.ledger.engine.dialect.name} opens with these keys.")


def _wrong_ledger(why: LedgerError) -> Check:
    return Check("ledger", False, str(why), why.setting, reachable=not isinstance(why, LedgerUnavailable))


def _audit(site: Site) -> list[Check]:
    from ledger import audit

    verdict = audit.verify(site.ledger)
    if verdict.ok:
        return [Check("audit trail", True, f"The chain of {verdict.entries} entries holds.")]
    return [Check("audit trail", False, f"{verdict.sentence} Find out who changed the ledger; restore a backup.")]


def _connectors(site: Site, only: str | None) -> Iterator[Check]:
    systems: dict[str, Callable[[], Checkable | None]] = {
        "recording": lambda: site.source,
        "mosaic": lambda: site.mosaic,
        "daily_log": lambda: site.daily_log,
        "email": lambda: site.email,
        "lado": lambda: _desk(site),
        "replica": lambda: site.replica,
    }
    if only is not None and only not in systems:
        raise ConfigurationError(f"Received {only!r}; valid systems are {', '.join(systems)}.", setting="SYSTEM")
    for name, build in systems.items():
        if only in (None, name):
            yield _connector(name, build)
    if only in (None, "recording"):
        yield from _field_map(site)


def _desk(site: Site) -> Checkable:
    """The LADO desk, and the form that it fills: a sync needs both."""
    _ = site.lado_form
    return site.desk


def _connector(name: str, build: Callable[[], Checkable | None]) -> Check:
    try:
        connector = build()
        if connector is None and name == "replica":
            return Check(name, True, "Not configured: Mosaic is looked at in one way only (BRIDGE_REPLICA__URL).")
        if connector is None:
            return Check(name, True, f"Not configured: nothing is sent there (BRIDGE_{name.upper()}__KIND).")
        health = connector.check()
    except ConfigurationError as why:
        return Check(name, False, str(why), why.setting)
    except Misconfigured as why:
        return Check(name, False, why.message, why.setting)
    except ConnectorError as why:
        return Check(name, False, why.message, reachable=False)
    return Check(name, health.ok, health.sentence, health.setting, health.reachable)


def _field_map(site: Site) -> Iterator[Check]:
    try:
        name = site.field_map.name
    except ConfigurationError as why:
        yield Check("field map", False, str(why), why.setting)
        return
    unknown = sorted({field for home in site.homes.values() for field in _unknown_fields(site, home)})
    ignored = f" The source has fields that it does not know and ignores: {', '.join(unknown)}." if unknown else ""
    yield Check("field map", True, f"The field map {name} is readable.{ignored}")


def _unknown_fields(site: Site, home: Home) -> set[str]:
    """What the newest reports hold and the map ignores, by name (RULINGS 6). A source that is away has its own line."""
    try:
        items = glimpse(site, home)
    except (ConfigurationError, ConnectorError):
        return set()
    return {field for item in items for field in site.field_map.unknown_fields(item)}


def _home(site: Site, home: Home) -> Iterator[Check]:
    """People who are owed a mail and have no address, techniques that nobody approved, children without an id."""
    lacking = [
        role
        for role, contact in (("registered_manager", home.registered_manager), ("senior_manager", home.senior_manager))
        if contact is None or not contact.email
    ]
    if lacking:
        who = " and ".join(lacking)
        have = "has" if len(lacking) == 1 else "have"
        sentence = f"{who} of {home.id} {have} no address in the home's file; add it, or their mail is not sent."
        yield Check(f"home {home.id}", False, sentence, "BRIDGE_HOMES_DIR")
    if not home.approved_techniques:
        sentence = f"{home.id} approves no technique, so that every one is flagged; add approved_techniques."
        yield Check(f"home {home.id}", False, sentence, "BRIDGE_HOMES_DIR")
    from ledger import standing

    with site.ledger.reading() as connection:
        rows = list(standing.delivery_rows(connection, homes=[home.id], states=["rejected"], targets=["mosaic"]))
    nobody = [row.incident for row in rows if row.cause in ("no_person_id", "person_not_found")]
    if nobody:
        where = ", ".join(sorted(set(nobody)))
        sentence = f"A child has no usable Mosaic id in {where}; add the id to the report at the source."
        yield Check(f"home {home.id}", False, sentence)


def _bank_holidays(site: Site) -> Iterator[Check]:
    from mappings.uk_time import uk_day
    from mappings.working_days import covered_years

    years = covered_years()
    this = uk_day(site.ledger.now()).year
    ok = this in years and this + 1 in years
    sentence = (
        f"Bank holidays are known from {min(years)} to {max(years)}."
        if ok
        else f"Bank holidays are not known for {this} and {this + 1}; install a newer release of `holidays`."
    )
    yield Check("bank holidays", ok, sentence)


def _prefect() -> Check:
    url = configured_url()
    if not url:
        return Check("prefect", True, "Not configured (PREFECT_API_URL): commands run in their own process.")
    if not answers(url):
        return Check("prefect", False, DOES_NOT_ANSWER, "PREFECT_API_URL", reachable=False)
    harden(os.environ)
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            client.api_version()  # its health is told to everybody; this wants the password
    except Exception as why:  # noqa: BLE001 - whatever came back, it is no answer to the question
        refused = PrefectRefused("a question", type(why).__name__)
        return Check("prefect", False, str(refused), refused.setting)
    return Check("prefect", True, "The Prefect API answers.")
