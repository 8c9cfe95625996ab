"""A scene on either engine. The ledger begins as a copy of an empty one, so that a row costs no migration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sandbox.house import start
from tests.databases import copied_file, fresh_database, with_schema
from tests.weather.scene import Scene, environment

NewLedger = Callable[[Path], str]


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory: pytest.TempPathFactory) -> NewLedger:
    """Makes an empty SQLite ledger in a folder."""
    template = tmp_path_factory.mktemp("template") / "ledger.db"
    with_schema(f"sqlite:///{template}")
    return lambda folder: copied_file(template, folder)


@pytest.fixture(scope="session")
def postgresql_ledger(postgres: str) -> NewLedger:
    """Makes an empty ledger on PostgreSQL."""
    template = with_schema(fresh_database(postgres))
    return lambda _folder: fresh_database(postgres, template)


@pytest.fixture
def new_scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Starts a house of its own for each scene that is asked for."""
    with ExitStack() as stack:

        def make(new_ledger: NewLedger, *, mail: bool = False, **settings: str) -> Scene:
            folder = tmp_path / f"house-{len(list(tmp_path.iterdir()))}"
            house = stack.enter_context(start(folder=folder))
            scene = Scene(house, environment(house, new_ledger(folder), mail=mail, **settings))
            stack.enter_context(_overheard(scene))
            return scene

        yield make


@pytest.fixture
def scene(new_scene: Callable[..., Scene], sqlite_ledger: NewLedger) -> Scene:
    """A house and a ledger on SQLite."""
    return new_scene(sqlite_ledger)


@pytest.fixture
def mail_scene(new_scene: Callable[..., Scene], sqlite_ledger: NewLedger) -> Scene:
    """A scene whose bridge sends mail too."""
    return new_scene(sqlite_ledger, mail=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene_on_both(request: pytest.FixtureRequest, new_scene: Callable[..., Scene]) -> Scene:
    """The same on each engine, for rows that touch the ledger."""
    return new_scene(request.getfixturevalue(f"{request.param}_ledger"))


@contextmanager
def _overheard(scene: Scene) -> Iterator[None]:
    """Everything that is logged while the scene lasts, whatever level a library thinks is enough."""
    root = logging.getLogger()
    level = root.level
    root.addHandler(scene.heard)
    logging.getLogger("matplotlib").setLevel(logging.INFO)  # thousands of lines about fonts
    root.setLevel(logging.DEBUG)
    yield
    root.removeHandler(scene.heard)
    root.setLevel(level)
