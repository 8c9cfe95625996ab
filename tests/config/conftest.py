"""Settings and homes as a site would write them, with one thing changed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

HOME = """
id = "EXH"
name = "Example House"

[registered_manager]
name = "Morgan Sample"
email = "manager@example.org"
"""


@pytest.fixture(scope="session")
def key() -> str:
    return base64.urlsafe_b64encode(b"a key of exactly 32 bytes, spelt").decode()


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the files given by name, each with its text."""

    def made(**files: str | bytes) -> Path:
        names = {"env": ".env", "bridge": "config/bridge.toml"}
        for name, text in files.items():
            path = tmp_path / names.get(name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path

    return made


@pytest.fixture
def home_file(tmp_path: Path) -> Callable[..., Path]:
    """A home's file: the shortest good one, with more appended or something replaced."""

    def made(more: str = "", *, name: str = "exh.toml", replace: tuple[str, str] = ("", "")) -> Path:
        path = tmp_path / name
        text = HOME + more
        path.write_text(text.replace(*replace) if replace[0] else text, "utf-8")
        return path

    return made
