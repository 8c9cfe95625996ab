"""Scenes with real processes. The launcher costs an import of everything, once for each test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.kills.bridge import QUICK, Bridge, Launcher
from tests.weather.conftest import new_scene, postgresql_ledger, sqlite_ledger  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Starts processes of the bridge."""
    with Launcher() as running:
        yield running


@pytest.fixture
def bridge(request: pytest.FixtureRequest, new_scene: Callable[..., object], launcher: Launcher) -> Bridge:  # noqa: F811
    """The bridge on SQLite, with mail."""
    return _bridge(request, new_scene, launcher, "sqlite")


@pytest.fixture
def bridge_on_postgresql(
    request: pytest.FixtureRequest,
    new_scene: Callable[..., object],  # noqa: F811
    launcher: Launcher,
) -> Bridge:
    """The bridge on PostgreSQL, with mail."""
    return _bridge(request, new_scene, launcher, "postgresql")


@pytest.fixture(params=["sqlite", "postgresql"])
def bridge_on_both(request: pytest.FixtureRequest, new_scene: Callable[..., object], launcher: Launcher) -> Bridge:  # noqa: F811
    """The same on each engine."""
    return _bridge(request, new_scene, launcher, request.param)


def _bridge(request: pytest.FixtureRequest, make: Callable[..., object], launcher: Launcher, engine: str) -> Bridge:
    scene = make(request.getfixturevalue(f"{engine}_ledger"), mail=True, **QUICK)
    return Bridge(scene, launcher)  # type: ignore[arg-type]
