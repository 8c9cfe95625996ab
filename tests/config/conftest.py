"""Settings and homes as a site would write them, with one thing changed."""

from __future__ import annotations

import base64
import os
import tempfile
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


def as_an_ordinary_user(work: Callable[[], object], folder: Path) -> str:
    """What `work` returns, as text, in a child process that is not root: root may read every file.

    The way to `folder` is opened for it first.
    """
    for above in (folder, *folder.parents):
        if above.stat().st_uid == os.geteuid() and above.is_relative_to(tempfile.gettempdir()):
            above.chmod(above.stat().st_mode | 0o11)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            found = str(work())
        except BaseException as why:  # noqa: BLE001 - the parent's assertion shows it
            found = f"the child failed: {why!r}"
        os.write(writing, found.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text
