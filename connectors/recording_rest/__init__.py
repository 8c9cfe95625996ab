"""The home's recording system over REST, as the integration contract describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.recording_rest.source import RecordingRest


def connect(settings: Settings) -> RecordingRest:
    """The recording system as the site's settings describe it. Raises ConfigurationError for a missing setting."""
    from datetime import timedelta

    from connectors.api_key import api_key_sign_in
    from connectors.http import Http
    from connectors.needed import needed
    from connectors.outcomes import Naming
    from connectors.recording_rest.source import RecordingRest

    section = settings.recording
    naming = Naming("The recording system", "BRIDGE_RECORDING__BASE_URL", "BRIDGE_RECORDING__API_KEY")
    base_url = needed(section.base_url, naming.base_url, "the address of the recording system's API")
    key = needed(section.api_key, naming.credential, "the key that the recording system gave you")
    http = Http.from_settings(
        settings,
        base_url,
        naming,
        sign_in=api_key_sign_in(key, setting=naming.credential),
        rate_per_second=section.rate_per_second,
    )
    return RecordingRest(http, page_size=section.page_size, overlap=timedelta(minutes=section.overlap_minutes))


__all__ = ["connect"]
