"""Which connector a setting names: shipped, registered by others, or a sentence that says what is valid."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import DailyLogSettings, EmailSettings, MosaicSettings, RecordingSettings, Settings
from connectors import registry
from connectors.daily_log_rest.store import DailyLogRest
from connectors.mosaic_rest.store import MosaicRest
from connectors.recording_rest.source import RecordingRest

KEY = SecretStr("example-key")
URL = "https://example.invalid/api"


def connect_acme(settings: Settings) -> str:
    """A third party's connector."""
    assert settings.mosaic is not None
    return f"acme at {settings.mosaic.options['place']}"


def registered(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name=name, value=value, group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point] if group == registry.GROUP else [])
    monkeypatch.setattr(EntryPoint, "load", lambda self: _loaded(self.value))


def _loaded(value: str) -> Any:
    if value == "acme:connect":
        return connect_acme
    raise ImportError(value)


def test_the_shipped_rest_connectors_are_built_from_settings() -> None:
    settings = Settings(
        recording=RecordingSettings(base_url=URL, api_key=KEY),
        mosaic=MosaicSettings(base_url=URL, client_id="example", client_secret=KEY),
        daily_log=DailyLogSettings(base_url=URL, api_key=KEY),
    )
    assert isinstance(registry.build_source(settings), RecordingRest)
    assert isinstance(registry.build_mosaic(settings), MosaicRest)
    assert isinstance(registry.build_daily_log(settings), DailyLogRest)


def test_what_the_site_does_not_have_is_none() -> None:
    settings = Settings()
    assert [registry.build_mosaic(settings), registry.build_daily_log(settings), registry.build_email(settings)] == [
        None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "build", "setting", "valid"),
    [
        (Settings(recording=RecordingSettings(kind="fax")), registry.build_source, "RECORDING", "rest, files"),
        (Settings(mosaic=MosaicSettings(kind="fax")), registry.build_mosaic, "MOSAIC", "rest"),
        (Settings(daily_log=DailyLogSettings(kind="fax")), registry.build_daily_log, "DAILY_LOG", "rest, files"),
        (Settings(email=EmailSettings(kind="fax")), registry.build_email, "EMAIL", "smtp"),
    ],
)
def test_an_unknown_kind_says_what_was_received_and_what_is_valid(
    settings: Settings, build: Any, setting: str, valid: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(settings)
    assert str(caught.value) == f"BRIDGE_{setting}__KIND: received 'fax'; valid values are {valid}."
    assert caught.value.setting == f"BRIDGE_{setting}__KIND"


def test_a_missing_address_is_a_sentence_that_names_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry.build_source(Settings())
    assert str(caught.value).startswith("BRIDGE_RECORDING__BASE_URL is not set; set it to ")


def test_a_third_partys_connector_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, "mosaic:acme", "acme:connect")
    settings = Settings(mosaic=MosaicSettings(kind="acme", options={"place": "Example Town"}))
    assert registry.build_mosaic(settings) == "acme at Example Town"  # type: ignore[comparison-overlap]
    assert registry.kinds("mosaic") == ("rest", "acme")
    assert registry.kinds("recording") == ("rest", "files")


def test_a_third_partys_connector_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, "mosaic:acme", "gone:connect")
    with pytest.raises(ConfigurationError) as caught:
        registry.build_mosaic(Settings(mosaic=MosaicSettings(kind="acme")))
    assert "'acme'" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("import example_that_is_not_installed", "ModuleNotFoundError: example_that_is_not_installed"),
        ("def (", "SyntaxError"),
        ("{}['example']", "KeyError"),
        ("", "AttributeError: connect"),
    ],
)
def test_why_a_third_partys_connector_cannot_be_loaded_is_said(
    written: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "example_plug_in.py").write_text(written, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "example_plug_in", raising=False)
    point = EntryPoint("mosaic:acme", "example_plug_in:connect", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [point])
    with pytest.raises(ConfigurationError) as caught:
        registry.build_mosaic(Settings(mosaic=MosaicSettings(kind="acme")))
    assert f"cannot be loaded ({cause})" in str(caught.value)


def test_a_third_partys_connect_that_forgets_its_return_does_not_look_like_no_mosaic_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing would be sent, and nobody told."""
    registered(monkeypatch, "mosaic:acme", "acme:connect")
    monkeypatch.setattr(EntryPoint, "load", lambda _point: lambda _settings: None)
    with pytest.raises(ConfigurationError, match="'acme' made nothing"):
        registry.build_mosaic(Settings(mosaic=MosaicSettings(kind="acme")))


def test_every_shipped_connector_has_a_connect() -> None:
    from importlib import import_module

    missing = [
        package
        for kinds in registry.SHIPPED.values()
        for package in kinds.values()
        if not callable(getattr(import_module(package), "connect", None))
    ]
    assert missing == []


def test_importing_the_registry_brings_nothing_heavy() -> None:
    program = (
        "import sys, connectors.registry; print([n for n in ('requests', 'pydantic', 'prefect') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
