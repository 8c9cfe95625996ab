"""The read-only SQL copy of Mosaic that many councils keep: a second look, sharing no code with what writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.mosaic_replica.replica import MosaicReplica


def connect(settings: Settings) -> MosaicReplica:
    """The replica as the site's settings describe it. Nothing is connected yet.

    Raises ConfigurationError: the setting is missing or no database URL, or the database's driver is not installed.
    """
    from connectors.mosaic_replica.database import open_engine
    from connectors.mosaic_replica.replica import MosaicReplica
    from connectors.needed import needed

    section = settings.replica
    url = needed(section.url, "BRIDGE_REPLICA__URL", "the SQLAlchemy URL of the read-only Mosaic copy")
    return MosaicReplica(open_engine(url.get_secret_value(), section.timeout_seconds))


__all__ = ["connect"]
