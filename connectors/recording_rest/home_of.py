"""Whose report an item is: a source that ignores the home filter shows other homes' reports too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEY = "homeId"


def is_of_home(named: object, home_id: str) -> bool:
    """Whether an item that names this home belongs to `home_id`, upper and lower case alike.

    One that names no home that can be read belongs to whoever asked: it is quarantined there, never passed over.
    """
    if not isinstance(named, str) or not named.strip():
        return True
    return named.strip().casefold() == home_id.casefold()


def of_home(item: Mapping[str, Any], home_id: str) -> Mapping[str, Any] | None:
    """The item, its home written as we write it; None where it is another home's."""
    named = item.get(_KEY, home_id)
    if not is_of_home(named, home_id):
        return None
    return {**item, _KEY: home_id} if isinstance(named, str) and named.strip() and named != home_id else item
