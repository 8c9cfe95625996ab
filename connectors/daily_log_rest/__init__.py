"""The home's daily log over REST, as the recording contract describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.daily_log_rest.store import DailyLogRest


def connect(settings: Settings) -> DailyLogRest:
    """The daily log as the site's settings describe it. Raises ConfigurationError for a setting that is missing."""
    from connectors.api_key import api_key_sign_in
    from connectors.daily_log_rest.store import DailyLogRest
    from connectors.http import Http
    from connectors.needed import needed
    from connectors.outcomes import Naming

    naming = Naming("The daily log", "BRIDGE_DAILY_LOG__BASE_URL", "BRIDGE_DAILY_LOG__API_KEY")
    section = needed(settings.daily_log, naming.base_url, "the address of the daily log's API")
    base_url = needed(section.base_url, naming.base_url, "the address of the daily log's API")
    key = needed(section.api_key, naming.credential, "the key that the daily log's system gave you")
    http = Http.from_settings(
        settings,
        base_url,
        naming,
        sign_in=api_key_sign_in(key, setting=naming.credential),
        rate_per_second=section.rate_per_second,
    )
    return DailyLogRest(http, home_to_ask_for=_any_home(settings))


def _any_home(settings: Settings) -> str:
    """A home of this site, for a check that reads; its file is somebody else's to complain about."""
    from config.errors import ConfigurationError
    from config.home import load_homes

    try:
        return next(iter(load_homes(settings.homes_dir)))
    except ConfigurationError:
        return "check"


__all__ = ["connect"]
