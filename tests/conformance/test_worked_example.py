"""The worked example of docs/writing-a-connector.md: the scaffold with its calls written, proven over real sockets."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from config.settings import DailyLogSettings, DeliverySettings, Settings
from connectors.conformance import LogStoreConformance, Subject, Wrong
from connectors.conformance.documentation import skip_table
from flows.scaffold import scaffold
from sandbox.recording import Recording
from tests.conformance.far_ends import DailyLogFarEnd
from tests.conformance.subjects import authority

DOCS = Path(__file__).parents[2] / "docs"
PREFIX = "BRIDGE_DAILY_LOG__OPTIONS__"
SECRET = "canary-secret-5e0b"


@pytest.fixture(scope="module")
def carebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Settings], Any]]:
    """The package as an author has it after an afternoon; gives its `connect`."""
    folder = tmp_path_factory.mktemp("example")
    scaffold("carebook", "log-store", folder)
    shutil.copy(DOCS / "examples" / "carebook_calls.py", folder / "carebook" / "carebook" / "calls.py")
    sys.path.insert(0, str(folder / "carebook"))
    try:
        yield importlib.import_module("carebook").connect
    finally:
        sys.path.remove(str(folder / "carebook"))
        for name in [name for name in sys.modules if name.partition(".")[0] == "carebook"]:
            del sys.modules[name]


class TestCarebook(LogStoreConformance):
    """Carebook, over HTTP."""

    skips: ClassVar = {
        "test_c2_a_far_ends_wrong_clock_is_told": "Carebook's check does not ask for the time.",
        "W10": "Carebook has no deletion that shows.",
        "W11": "The ledger keeps one body for each key; this connector keeps nothing between calls.",
    }

    @pytest.fixture
    def subject(self, carebook: Callable[[Settings], Any], tmp_path: Path) -> Iterator[Subject]:
        page = tmp_path / "carebook.md"
        page.write_text("\n".join([f"`{PREFIX}ADDRESS` `{PREFIX}SECRET`", *skip_table(type(self))]), "utf-8")
        settings_of = importlib.import_module("carebook.settings").of_site
        with (
            Recording(api_key=SECRET) as stand_in,
            Recording(tls=authority().server()) as secure,
        ):

            def site(address: str = stand_in.base_url, secret: str = SECRET, timeout: float = 20) -> Settings:
                section = DailyLogSettings(kind="carebook", options={"address": address, "secret": secret})
                return Settings(daily_log=section, delivery=DeliverySettings(timeout_seconds=timeout))

            def connect(**unusual: Any) -> Callable[[], Any]:
                def one() -> Any:
                    made = carebook(site(**unusual))
                    made._calls.http._wait = lambda _seconds: None
                    return made

                return one

            address = f"{PREFIX}ADDRESS"
            yield Subject(
                connect=connect(),
                hurried=connect(timeout=1),
                stand_in=DailyLogFarEnd(stand_in),
                settings=settings_of(site()),
                prefix=PREFIX,
                docs=(page,),
                wrong={
                    "secret": Wrong(connect(secret="wrong"), f"{PREFIX}SECRET"),
                    "path": Wrong(connect(address=f"{stand_in.base_url}/elsewhere"), address),
                    "host": Wrong(connect(address="https://no-such-host.invalid"), address),
                    "port": Wrong(connect(address="http://127.0.0.1:1/api"), address),
                    "certificate": Wrong(connect(address=secure.base_url), "BRIDGE_TLS__CA_FILE"),
                },
                secrets=(SECRET,),
            )


def test_the_example_is_linted_as_its_author_would_lint_it(tmp_path: Path) -> None:
    scaffold("carebook", "log-store", tmp_path)
    shutil.copy(DOCS / "examples" / "carebook_calls.py", tmp_path / "carebook" / "carebook" / "calls.py")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
        cwd=tmp_path / "carebook",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_page_shows_the_example_as_it_is_run() -> None:
    page = (DOCS / "writing-a-connector.md").read_text("utf-8")
    example = (DOCS / "examples" / "carebook_calls.py").read_text("utf-8")
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    parts = [one for one in shown if "self.http" in one]
    assert parts
    assert not [one for one in parts if one.strip() not in example]
