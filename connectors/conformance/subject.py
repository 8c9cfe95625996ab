"""What an author hands the kit: a factory of connectors, and the stand-in that they talk to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from connectors.conformance.stand_in import StandIn
from connectors.conformance.weather import HTTP, Weather


@dataclass(frozen=True)
class Wrong:
    """A connector with one setting wrong. `setting`: the environment name that its sentence must give."""

    connect: Callable[[], Any]
    setting: str


@dataclass(frozen=True)
class Subject:
    """One connector on its stand-in, both new for each test."""

    connect: Callable[[], Any]
    """A new connector with good settings; called more than once."""
    stand_in: Any
    """A StandIn, with what its kind adds (connectors.conformance.stand_in)."""
    settings: BaseModel
    """The settings section that `connect` used: described fields, hidden secrets."""
    prefix: str
    """How its settings begin in the environment, such as `BRIDGE_MOSAIC__`."""
    docs: tuple[Path, ...]
    """The pages that name each setting and print the skips."""
    weather: Weather = HTTP
    hurried: Callable[[], Any] | None = None
    """The same with a deadline of a second or so, for the faults that cost a whole one; then that of `connect` may be
    long, and a busy machine is not taken for a silent far end. None: `connect` has to do.
    """
    deadline: float = 1.0
    """Seconds that one call may last by the settings that `hurried` used."""
    wrong: Mapping[str, Wrong] = field(default_factory=dict)
    """By the names of `weather.wrong`, and any more."""
    secrets: tuple[str, ...] = ()
    """The values in the settings that must show nowhere."""
    page_size: int = 3
    """Of a source: how many reports `connect`'s settings ask for in one page; at least 2."""

    @property
    def far_end(self) -> StandIn:
        """The stand-in, as far as every kind has it."""
        found: StandIn = self.stand_in
        return found
