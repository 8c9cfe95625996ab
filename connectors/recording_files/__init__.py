"""The home's recording system as a drop folder of CSV and XLSX exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from connectors.recording_files.source import RecordingFiles


def connect(settings: Settings) -> RecordingFiles:
    """The drop folder as the site's settings describe it. Raises ConfigurationError for a wrong setting or map."""
    from connectors.recording_files.source import RecordingFiles

    return RecordingFiles(settings.recording)


__all__ = ["connect"]
