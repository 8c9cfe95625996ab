"""Mosaic case notes over REST, as the integration contract describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.mosaic_rest.store import MosaicRest


def connect(settings: Settings) -> MosaicRest:
    """Mosaic as the site's settings describe it. Raises ConfigurationError for a setting that is missing."""
    from connectors.http import Http
    from connectors.mosaic_rest.store import MosaicRest
    from connectors.mosaic_rest.token import client_credentials
    from connectors.needed import needed
    from connectors.outcomes import Naming

    section = needed(settings.mosaic, "BRIDGE_MOSAIC__BASE_URL", "the address of Mosaic's API")
    base_url = needed(section.base_url, "BRIDGE_MOSAIC__BASE_URL", "the address of Mosaic's API")
    client_id = needed(section.client_id, "BRIDGE_MOSAIC__CLIENT_ID", "the integration's OAuth2 client id")
    secret = needed(section.client_secret, "BRIDGE_MOSAIC__CLIENT_SECRET", "the integration's OAuth2 client secret")
    naming = Naming("Mosaic", "BRIDGE_MOSAIC__BASE_URL", "BRIDGE_MOSAIC__CLIENT_SECRET")
    http = Http.from_settings(settings, base_url, naming, sign_in=None, rate_per_second=section.rate_per_second)
    http.sign_in = client_credentials(http, client_id, secret)
    return MosaicRest(http)


__all__ = ["connect"]
