"""A Mosaic and a recording stand-in, running, and a client that speaks to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from tests.sandbox.examples import token


@pytest.fixture
def mosaic() -> Iterator[Mosaic]:
    with Mosaic() as running:
        running.add_people(range(1, 10))
        yield running


@pytest.fixture
def recording() -> Iterator[Recording]:
    with Recording() as running:
        yield running


@pytest.fixture
def to_mosaic(mosaic: Mosaic) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token(mosaic)}"
        yield session


@pytest.fixture
def to_recording(recording: Recording) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Api-Key"] = recording.api_key
        yield session
