"""`connector new`: what it writes is linted, typed and tested as it stands, whatever the name and the kind."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config.errors import ConfigurationError
from config.settings import Settings, load_settings
from connectors import protocols, registry
from connectors.errors import Misconfigured
from flows.commands.site import connector
from flows.scaffold import KINDS, scaffold
from tests.config.conftest import as_an_ordinary_user

ROOT = Path(__file__).parents[2]
LONG = "care_book_of_the_longest_name"
NAMES = {
    kind: f"{kind[0]}{suffix}" for kind, suffix in zip(KINDS, ("b", f"_{LONG}"[:29], "b1", "_b", "b_2"), strict=True)
}
SECTION = {
    "incident-source": "recording",
    "case-note-store": "mosaic",
    "log-store": "daily_log",
    "notifier": "email",
    "form-desk": "lado",
}
PROTOCOL = {
    "incident-source": protocols.IncidentSource,
    "case-note-store": protocols.CaseNoteStore,
    "log-store": protocols.LogStore,
    "notifier": protocols.SearchableNotifier,
    "form-desk": protocols.FormDesk,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of each kind, with short names and long ones."""
    folder = tmp_path_factory.mktemp("scaffold")
    for kind, name in NAMES.items():
        scaffold(name, kind, folder)
    return folder


def run(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def site(kind: str, **options: str) -> Settings:
    section = f"BRIDGE_{SECTION[kind].upper()}__"
    environ = {f"{section}OPTIONS__{name.upper()}": value for name, value in options.items()}
    return load_settings({f"{section}KIND": NAMES[kind], **environ}, folder=ROOT / "no-such-folder")


def made(kind: str, written: Path, monkeypatch: pytest.MonkeyPatch, **options: str) -> Any:
    monkeypatch.syspath_prepend(str(written / NAMES[kind]))
    return importlib.import_module(NAMES[kind]).connect(site(kind, **options))


GOOD: Mapping[str, str] = {"address": "https://carebook.example", "secret": "example"}


def test_what_is_written_is_linted_and_formatted(written: Path) -> None:
    for kind, name in NAMES.items():
        for how in (("check",), ("format", "--check")):
            done = run("ruff", *how, "--no-cache", ".", folder=written / name)
            assert done.returncode == 0, f"{kind}\n{done.stdout}{done.stderr}"


def test_what_is_written_is_typed(written: Path) -> None:
    files = [str(path) for path in sorted(written.glob("*/*/*.py"))]
    assert len(files) == 6 * len(KINDS)
    done = run(
        "mypy", "--strict", "--python-version", "3.11", "--cache-dir", str(written / "cache"), *files,
        folder=written, MYPYPATH=str(ROOT),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_what_is_written_passes_its_own_tests(written: Path) -> None:
    paths = [str(written / name / part) for name in NAMES.values() for part in ("", "tests")]
    done = run(
        "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "--rootdir", str(written),
        "-c", os.devnull, *(str(written / name / "tests") for name in NAMES.values()),
        folder=written, PYTHONPATH=os.pathsep.join([*paths, str(ROOT)]),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "failed" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_is_not_written_says_what_to_fill_in(
    kind: str, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = made(kind, written, monkeypatch, **GOOD)
    assert isinstance(connector, PROTOCOL[kind])
    health = connector.check()
    assert not health.ok
    assert "calls.py" in health.sentence
    assert "\n" not in health.sentence
    assert health.setting == f"BRIDGE_{SECTION[kind].upper()}__KIND"


def test_a_method_that_is_not_written_raises_a_typed_error(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = made("case-note-store", written, monkeypatch, **GOOD)
    with pytest.raises(Misconfigured, match=r"cannot read note 7: write that call in its calls\.py"):
        connector.get("7")


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_or_unknown_option_is_named(kind: str, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"BRIDGE_{SECTION[kind].upper()}__OPTIONS__"
    for options, setting in (({"address": "x"}, f"{prefix}SECRET"), ({**GOOD, "colour": "red"}, f"{prefix}COLOUR")):
        with pytest.raises(ConfigurationError) as caught:
            made(kind, written, monkeypatch, **options)
        assert caught.value.setting == setting
        assert setting in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_that_chooses_it_gets_it(kind: str, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(written / NAMES[kind]))
    point = EntryPoint(f"{SECTION[kind]}:{NAMES[kind]}", f"{NAMES[kind]}:connect", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    builders = {
        "recording": registry.build_source,
        "mosaic": registry.build_mosaic,
        "daily_log": registry.build_daily_log,
        "email": registry.build_email,
        "lado": registry.build_form_desk,
    }
    assert isinstance(builders[SECTION[kind]](site(kind, **GOOD)), PROTOCOL[kind])
    assert f'"{point.name}" = "{point.value}"' in (written / NAMES[kind] / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    ["", "Carebook", "care-book", "1care", "care__book", "care_", "class", "json", "connectors", "../x", "c" * 31],
)
def test_a_bad_name_is_refused_in_one_sentence_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        scaffold(name, "notifier", tmp_path / "in")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "in").exists()


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "carebook").mkdir()
    mine = tmp_path / "carebook" / "README.md"
    mine.write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="is there already; choose another"):
        scaffold("carebook", "notifier", tmp_path)
    assert [path.name for path in (tmp_path / "carebook").iterdir()] == ["README.md"]
    assert mine.read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        scaffold("carebook", "notifier", tmp_path / "file")


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    def refusal() -> str:
        with pytest.raises(ConfigurationError) as caught:
            scaffold("carebook", "notifier", closed)
        return str(caught.value)

    assert "cannot be written; choose another --into" in as_an_ordinary_user(refusal, tmp_path)


def test_the_command_offers_every_kind_and_says_what_it_wrote(tmp_path: Path) -> None:
    (option,) = (one for one in connector.commands["new"].params if one.name == "kind")
    assert tuple(option.type.choices) == KINDS
    done = CliRunner().invoke(connector, ["new", "carebook", "--kind", "log-store", "--into", str(tmp_path)])
    assert done.exit_code == 0
    assert f"wrote {tmp_path / 'carebook' / 'carebook' / 'connector.py'}" in done.output
    again = CliRunner().invoke(connector, ["new", "carebook", "--kind", "log-store", "--into", str(tmp_path)])
    assert again.exit_code == 1
    assert again.output.count("\n") == 1
