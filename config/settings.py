"""Settings of a site: environment (prefix BRIDGE_, nested with __), then .env, then the file BRIDGE_CONFIG names.

`load_settings` is the only door. An unknown key, a missing one, a wrong value or plain HTTP to a host that is not
loopback is a ConfigurationError: one sentence that names the setting and the fix.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import ipaddress
import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.errors import ConfigurationError

PREFIX = "BRIDGE_"
DEFAULT_FILE = Path("config/bridge.toml")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_url(value: str) -> str:
    value = value.strip().rstrip("/")
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError("it is not a web address; write one such as https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("it is not a web address; write one such as https://host/path")
    if parts.username or parts.password:
        raise ValueError("it carries a user name or password; put those in their own settings")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http:// is allowed only to this machine; use https://")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _WebSection(_Section):
    base_url: str | None = Field(default=None, description="Address of the system's API, without a final slash.")

    @field_validator("base_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        return None if value is None or not value.strip() else _checked_url(value)


class RecordingSettings(_WebSection):
    """The home's recording system, where staff write the reports."""

    kind: str = Field(default="rest", description="`rest`, `files`, or a third party's connector name.")
    api_key: SecretStr | None = Field(default=None, description="Key sent as X-Api-Key.")
    folder: Path | None = Field(default=None, description="The drop folder of CSV and XLSX files, for kind `files`.")
    field_map: str | None = Field(
        default=None, description="A shipped field map's name or the path of your own; each kind has a default."
    )
    overlap_minutes: float = Field(
        default=60, ge=0, description="How far before the watermark each pull starts again, in minutes."
    )
    start_date: date | None = Field(
        default=None, description="Where the very first sync begins, as YYYY-MM-DD; 31 days back if unset."
    )
    page_size: int = Field(default=100, ge=1, le=500, description="Reports asked for in one page.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Most calls a second; unset: no limit.")
    options: dict[str, str] = Field(default_factory=dict, description="Further settings of a third party's connector.")


class MosaicSettings(_WebSection):
    """Mosaic case notes."""

    kind: str = Field(default="rest", description="`rest`, or a third party's connector name.")
    client_id: str | None = Field(default=None, description="OAuth2 client id of the integration.")
    client_secret: SecretStr | None = Field(default=None, description="OAuth2 client secret.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Most calls a second; unset: no limit.")
    options: dict[str, str] = Field(default_factory=dict, description="Further settings of a third party's connector.")


class DailyLogSettings(_WebSection):
    """The home's daily log."""

    kind: str = Field(default="rest", description="`rest`, `files`, or a third party's connector name.")
    api_key: SecretStr | None = Field(default=None, description="Key sent as X-Api-Key.")
    folder: Path | None = Field(default=None, description="Folder of the log files, for kind `files`.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Most calls a second; unset: no limit.")
    options: dict[str, str] = Field(default_factory=dict, description="Further settings of a third party's connector.")


class EmailSettings(_Section):
    """Notification mail."""

    kind: str = Field(default="smtp", description="`smtp`, or a third party's connector name.")
    host: str | None = Field(default=None, description="Name of the mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    sender: str | None = Field(default=None, description="Address that the mail comes from.")
    starttls: bool = Field(default=True, description="Encrypt with STARTTLS; may be off only to this machine.")
    username: str | None = Field(default=None, description="User name at the mail server, if it asks for one.")
    password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    max_age_days: float = Field(default=7, gt=0, description="No mail for incidents older than this many days.")
    rate_per_second: float | None = Field(default=None, gt=0, description="Most messages a second; unset: no limit.")
    options: dict[str, str] = Field(default_factory=dict, description="Further settings of a third party's connector.")


class TlsSettings(_Section):
    """Certificates."""

    ca_file: Path | None = Field(default=None, description="PEM file of extra certificate authorities to trust.")


class LadoSettings(_Section):
    """LADO packages."""

    out_dir: Path = Field(default=Path("lado"), description="Folder for the packages; made readable by its owner alone.")


class ReplicaSettings(_Section):
    """The read-only Mosaic copy."""

    url: SecretStr | None = Field(default=None, description="SQLAlchemy URL of the read-only Mosaic copy, if any.")


class DeliverySettings(_Section):
    """How deliveries are made."""

    settle_seconds: float = Field(
        default=60, ge=0, description="How long an uncertain delivery rests before its first look-up and between looks."
    )
    wait_seconds: float = Field(
        default=180, ge=0, description="How long `sync` waits at its end for uncertain deliveries to settle."
    )
    timeout_seconds: float = Field(default=30, gt=0, description="Total deadline of one call.")
    threads: int = Field(default=8, ge=1, le=128, description="Calls under way at once.")
    lease_seconds: float = Field(default=300, gt=0, description="How long a worker holds a delivery unless it renews.")
    batch_size: int = Field(default=200, ge=1, le=5000, description="Deliveries claimed in one transaction.")


class ProxySettings(_Section):
    """The way out to the internet."""

    url: str | None = Field(default=None, description="HTTP proxy for every call; the environment's proxies are ignored.")


class Settings(BaseSettings):
    """Everything a site sets."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        case_sensitive=False,
    )

    ledger_url: SecretStr = Field(
        default=SecretStr("sqlite:///ledger.db"), description="SQLAlchemy URL of the ledger: SQLite or PostgreSQL."
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), description="Comma-separated urlsafe base64 of 32 bytes; the first encrypts, all decrypt."
    )
    homes_dir: Path | None = Field(default=None, description="Folder of one TOML file a home.")
    recording: RecordingSettings = Field(default=RecordingSettings(), description="The recording source.")
    mosaic: MosaicSettings | None = Field(default=None, description="Mosaic; unset: no case notes are owed.")
    daily_log: DailyLogSettings | None = Field(default=None, description="The daily log; unset: no entries are owed.")
    email: EmailSettings | None = Field(default=None, description="Mail; unset: no mail is owed.")
    tls: TlsSettings = Field(default=TlsSettings(), description="Certificates.")
    lado: LadoSettings = Field(default=LadoSettings(), description="LADO packages.")
    replica: ReplicaSettings = Field(default=ReplicaSettings(), description="The read-only Mosaic copy.")
    delivery: DeliverySettings = Field(default=DeliverySettings(), description="How deliveries are made.")
    proxy: ProxySettings = Field(default=ProxySettings(), description="The way out.")

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            try:
                raw = base64.b64decode(key.get_secret_value(), altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                raw = b""
            if len(raw) != 32:
                raise ValueError("each key must be urlsafe base64 of exactly 32 bytes; `incident-bridge key new` makes one")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    def raw_keys(self) -> tuple[bytes, ...]:
        """The encryption keys as bytes, the encrypting one first."""
        return tuple(base64.urlsafe_b64decode(key.get_secret_value()) for key in self.encryption_keys)


def load_settings(environ: Mapping[str, str] | None = None, *, folder: Path | None = None) -> Settings:
    """Read the settings of this site. `folder` is where `.env` and `config/bridge.toml` are looked for.

    Raises ConfigurationError: one sentence, the setting's environment name, the fix; never a value.
    """
    environ = os.environ if environ is None else environ
    folder = Path() if folder is None else folder
    layers = [_from_file(environ, folder), _from_names(_dotenv(folder), ".env"), _from_names(environ, "the environment")]
    merged: dict[str, Any] = {}
    for layer in layers:
        _merge(merged, layer)
    try:
        return Settings(**merged)
    except ValidationError as why:
        raise _configuration_error(why) from None


def known_names() -> Iterator[str]:
    """Every setting's environment name."""
    for name, field in Settings.model_fields.items():
        section = _section(field.annotation)
        if section is None:
            yield f"{PREFIX}{name.upper()}"
        else:
            for inner in section.model_fields:
                yield f"{PREFIX}{name.upper()}__{inner.upper()}"


def _section(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _dotenv(folder: Path) -> Mapping[str, str]:
    path = folder / ".env"
    if not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}


def _from_names(environ: Mapping[str, str], where: str) -> dict[str, Any]:
    known = set(known_names())
    found: dict[str, Any] = {}
    for name, value in environ.items():
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper == "BRIDGE_CONFIG":
            continue
        options = upper.split("__OPTIONS__")
        if upper not in known and not (len(options) == 2 and f"{options[0]}__OPTIONS" in known):
            raise ConfigurationError(f"{upper} in {where} is not a setting; {_closest(upper, known)}.", setting=upper)
        if not value.strip():
            continue
        target = found
        *path, last = upper.removeprefix(PREFIX).lower().split("__")
        for part in path:
            target = target.setdefault(part, {})
        target[last] = value
    return found


def _from_file(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    named = environ.get("BRIDGE_CONFIG") or _dotenv(folder).get("BRIDGE_CONFIG")
    path = Path(named) if named else folder / DEFAULT_FILE
    if not path.is_file():
        if named:
            raise ConfigurationError(
                f"BRIDGE_CONFIG names {path}, which is not a file; correct the path or unset it.", setting="BRIDGE_CONFIG"
            )
        return {}
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as why:
        raise ConfigurationError(f"{path} is not valid TOML ({why}); mend that line.", setting="BRIDGE_CONFIG") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{path} cannot be read as UTF-8 text; check the file and its permissions.", setting="BRIDGE_CONFIG"
        ) from None
    known = set(known_names())
    for name in _file_names(found):
        if name not in known and "__OPTIONS__" not in name:
            raise ConfigurationError(f"{path} sets {name}, which is not a setting; {_closest(name, known)}.", setting=name)
    return found


def _file_names(found: Mapping[str, Any], above: str = PREFIX) -> Iterator[str]:
    for key, value in found.items():
        name = f"{above}{key.upper()}"
        if isinstance(value, dict):
            yield from _file_names(cast("Mapping[str, Any]", value), f"{name}__")
        else:
            yield name


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        else:
            below[key] = value


def _closest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {near[0]}? Correct or remove it" if near else "remove it"


def _configuration_error(why: ValidationError) -> ConfigurationError:
    first = why.errors(include_url=False, include_input=False, include_context=False)[0]
    parts = [str(part) for part in first["loc"] if not isinstance(part, int)]
    setting = PREFIX + "__".join(parts).upper()
    if first["type"] == "extra_forbidden":
        return ConfigurationError(f"{setting} is not a setting; remove it or correct its spelling.", setting=setting)
    message = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(f"{setting} has a wrong value: {message}.", setting=setting)
