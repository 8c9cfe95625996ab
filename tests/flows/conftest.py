"""A house of stand-ins and the command line in this process, as a person would type it."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.main import main
from flows.site import Site, open_site
from sandbox.house import House, start
from tests.databases import copied_file, with_schema

#: Short waits: what settles, settles in these.
QUICK = {
    "BRIDGE_DELIVERY__SETTLE_SECONDS": "0.05",
    "BRIDGE_DELIVERY__WAIT_SECONDS": "0",
    "BRIDGE_DELIVERY__TIMEOUT_SECONDS": "5",
}


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Bridge = Callable[..., Answer]


@pytest.fixture(scope="session")
def blank_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, so that a test pays for no migration."""
    template = tmp_path_factory.mktemp("blank") / "ledger.db"
    with_schema(f"sqlite:///{template}")
    return template


@contextmanager
def settings_of(house: House, **others: str) -> Iterator[None]:
    """The environment of a site that works with this house, and nothing else of the machine's."""
    before = dict(os.environ)
    for name in _the_sites():
        del os.environ[name]
    os.environ.update({**house.environment(), **QUICK, **others})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def through(url: str, retries: int = 5) -> Iterator[None]:
    """Runs go through the Prefect API at this address."""
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with (
        pytest.MonkeyPatch.context() as environment,
        temporary_settings({PREFECT_API_URL: url, PREFECT_CLIENT_MAX_RETRIES: retries}),
    ):
        environment.setenv("PREFECT_API_URL", url)
        environment.setenv("PREFECT_CLIENT_MAX_RETRIES", str(retries))  # a run would set it for the whole process
        environment.setenv("PREFECT_API_REQUEST_TIMEOUT", "60")
        yield


def _the_sites() -> list[str]:
    return [name for name in os.environ if name.startswith("BRIDGE_") or name == "PREFECT_API_URL"]


@pytest.fixture
def house(tmp_path: Path, blank_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Stand-ins with nothing in them, and the site's settings in the environment; the folder is the site's own."""
    (tmp_path / "site").mkdir()
    monkeypatch.chdir(tmp_path / "site")
    with start(folder=tmp_path / "house") as found:
        copied_file(blank_ledger, found.folder)
        # By monkeypatch, so that what a test changes afterwards is put back before this is.
        for name in _the_sites():
            monkeypatch.delenv(name)
        for name, value in {**found.environment(), **QUICK}.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def bridge(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Runs one command in this process."""
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    level = logging.root.level

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    yield run
    logging.root.setLevel(level)


@pytest.fixture
def site(house: House) -> Iterator[Site]:
    """The site that the environment describes, open."""
    with open_site() as found:
        yield found
