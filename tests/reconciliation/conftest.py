"""Both ends over real sockets: the sandbox's stand-ins, a ledger, and a bridge that is opened anew for each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.house import start
from tests.databases import with_schema
from tests.weather.scene import Scene, environment


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A house and a ledger on SQLite."""
    with start(folder=tmp_path) as house:
        made = Scene(house, environment(house, with_schema(f"sqlite:///{tmp_path / 'ledger.db'}")))
        made.exempt.add("I5")  # what was verified is removed and changed by people here: the findings must say so
        yield made
