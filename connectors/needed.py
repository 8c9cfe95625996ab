"""A setting that a connector cannot do without."""

from __future__ import annotations

from typing import TypeVar

from config.errors import ConfigurationError

Value = TypeVar("Value")


def needed(value: Value | None, setting: str, what: str) -> Value:
    """The value, or a ConfigurationError that names the setting and says what belongs into it."""
    if value is None:
        raise ConfigurationError(f"{setting} is not set; set it to {what}.", setting=setting)
    return value
