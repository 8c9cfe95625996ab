"""A town for each test: a site's folder, and servers that the software has never met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.black_box.bridge import Bridge, Town, environment
from tests.black_box.mosaic_house import MosaicHouse
from tests.black_box.post_office import PostOffice
from tests.black_box.recording_house import RecordingHouse
from tests.black_box.wire import Manners


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Found a town: `found(recording=Manners(...), mosaic=Manners(...), mail=True, BRIDGE_...="...")`."""
    towns: list[Town] = []

    def build(
        *, recording: Manners | None = None, mosaic: Manners | None = None, mail: bool = True, **env: str
    ) -> Town:
        folder = tmp_path / f"site{len(towns)}"
        (folder / "homes").mkdir(parents=True)
        (tmp_path / f"post{len(towns)}").mkdir()
        record, notes = RecordingHouse(recording), MosaicHouse(mosaic)
        notes.admit(1001, 1002, 1003, 1004)
        post = PostOffice(tmp_path / f"post{len(towns)}")
        bridge = Bridge(folder, environment(folder, record, notes, post if mail else None, **env))
        bridge.add_home("EXH")
        towns.append(Town(bridge, record, notes, post))
        return towns[-1]

    yield build
    for town in towns:
        town.recording.close()
        town.mosaic.close()
        town.post.close()


@pytest.fixture
def town(found: Callable[..., Town]) -> Town:
    """An ordinary town with good manners."""
    return found()
