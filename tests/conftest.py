"""What every room's tests share: a quiet Prefect, and one Prefect server for the tests that need one."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from flows.prefect_environment import harden
from flows.prefect_server import PrefectServer, client_environment, running, running_server

# Before any test imports Prefect.
harden(os.environ)
os.environ.pop("PREFECT_API_URL", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A Prefect server costs 15 seconds: under `--dist loadgroup` the tests that use it share one worker, so one."""
    for item in items:
        if "prefect_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("prefect_server"))


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A real Prefect server, started when the first test asks for it."""
    home = tmp_path_factory.mktemp("prefect") / "server"
    with running_server(home):
        server = running(home)
        assert server is not None
        yield server


@pytest.fixture
def prefect_environment(prefect_server: PrefectServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that runs flows against the server, with a `PREFECT_HOME` of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "BRIDGE_"))}
    harden(kept)
    return {**kept, **client_environment(prefect_server.url, tmp_path / "prefect-home")}


@pytest.fixture(scope="session")
def traces() -> Callable[[Iterable[str], Path], Mapping[str, list[str]]]:
    """Where each mark lies under a folder: as it stands, and in base64 at each of its three alignments."""

    def found(marks: Iterable[str], folder: Path) -> Mapping[str, list[str]]:
        files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        return {
            mark: [path.name for path, held in files.items() if any(form in held for form in _forms(mark))]
            for mark in marks
        }

    return found


def _forms(mark: str) -> list[bytes]:
    raw = mark.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, raw.decode().encode("utf-16-le"), *shifted]
