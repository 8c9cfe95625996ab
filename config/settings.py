"""Settings of a site: environment (prefix BRIDGE_, nested with __), then .env, then the file BRIDGE_CONFIG names.

`load_settings` is the only door. An unknown key, a missing one, a wrong value or plain HTTP to a host that is not
loopback is a ConfigurationError: one sentence that names the setting and the fix.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from urllib3.util import parse_url

from config.errors import ConfigurationError
from config.layers import PREFIX, is_there, merged_layers


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_LONDON = ZoneInfo("Europe/London")
_NO_ADDRESS = "it is not a web address; write one such as https://host/path"


def _web_parts(value: str, schemes: tuple[str, ...]) -> tuple[SplitResult, str]:
    """The parts and the host of a web address; raises ValueError without repeating the address."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
        parse_url(value)  # as those who call will read it, its port too
    except ValueError:
        raise ValueError(_NO_ADDRESS) from None
    _, bracket, behind = parts.netloc.rpartition("]")
    crooked = bool(bracket) and behind[:1] not in ("", ":")
    if parts.scheme not in schemes or not host or crooked or any(c.isspace() for c in value):
        raise ValueError(_NO_ADDRESS)
    return parts, host


def _checked_url(value: str) -> str:
    value = value.strip().rstrip("/")
    parts, host = _web_parts(value, ("http", "https"))
    if parts.username or parts.password:
        raise ValueError("it carries a user name or password; put those in their own settings")
    if parts.query or parts.fragment:
        raise ValueError("it goes on after the path; end it before '?' and '#'")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http:// is allowed only to this machine; use https://")
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


_OPTIONS = "Further settings of a third party's connector, one name each (`__OPTIONS__NAME`); hidden like secrets."
_Options = Annotated[dict[str, str], PlainSerializer(lambda options: dict.fromkeys(options, "**********"))]


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
        default=60, ge=0, le=525_600, description="How far before the watermark each pull starts again, in minutes."
    )
    start_date: date | None = Field(
        default=None, description="Where the very first sync begins, as YYYY-MM-DD; 31 days back if unset."
    )
    page_size: int = Field(default=200, ge=1, le=500, description="Reports asked for in one page.")
    rate_per_second: float | None = Field(default=None, ge=0.001, description="Most calls a second; unset: no limit.")
    options: _Options = Field(default_factory=dict, repr=False, description=_OPTIONS)

    @field_validator("start_date", mode="before")
    @classmethod
    def _a_day_that_has_come(cls, value: object) -> object:
        """A number would be taken for seconds since 1970; from a day that has not come, nothing would be read."""
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            day = None
        if type(day) is not date:
            raise ValueError("it is no day; write it as YYYY-MM-DD")
        if day > datetime.now(_LONDON).date():
            raise ValueError("that day has not come yet, and no report would be read; correct it")
        return day


class MosaicSettings(_WebSection):
    """Mosaic case notes."""

    kind: str = Field(default="rest", description="`rest`, or a third party's connector name.")
    client_id: str | None = Field(default=None, description="OAuth2 client id of the integration.")
    client_secret: SecretStr | None = Field(default=None, description="OAuth2 client secret.")
    rate_per_second: float | None = Field(default=None, ge=0.001, description="Most calls a second; unset: no limit.")
    options: _Options = Field(default_factory=dict, repr=False, description=_OPTIONS)


class DailyLogSettings(_WebSection):
    """The home's daily log."""

    kind: str = Field(default="rest", description="`rest`, `files`, or a third party's connector name.")
    api_key: SecretStr | None = Field(default=None, description="Key sent as X-Api-Key.")
    folder: Path | None = Field(default=None, description="Folder of the log files, for kind `files`.")
    rate_per_second: float | None = Field(default=None, ge=0.001, description="Most calls a second; unset: no limit.")
    options: _Options = Field(default_factory=dict, repr=False, description=_OPTIONS)


class EmailSettings(_Section):
    """Notification mail."""

    kind: str = Field(default="smtp", description="`smtp`, or a third party's connector name.")
    host: str | None = Field(default=None, description="Name of the mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    sender: str | None = Field(default=None, description="Address that the mail comes from.")
    starttls: bool = Field(default=True, description="Encrypt with STARTTLS; may be off only to this machine.")
    username: str | None = Field(default=None, description="User name at the mail server, if it asks for one.")
    password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    max_age_days: float = Field(
        default=7, gt=0, le=36_500, description="No mail for incidents older than this many days."
    )
    rate_per_second: float | None = Field(
        default=None, ge=0.001, description="Most messages a second; unset: no limit."
    )
    options: _Options = Field(default_factory=dict, repr=False, description=_OPTIONS)


class TlsSettings(_Section):
    """Certificates."""

    ca_file: Path | None = Field(default=None, description="PEM file of extra certificate authorities to trust.")


class LadoSettings(_Section):
    """LADO packages."""

    kind: str = Field(default="package", description="`package`, or a third party's connector name.")
    out_dir: Path = Field(
        default=Path("lado"), description="Folder for the packages; made readable by its owner alone."
    )
    form: Path | None = Field(default=None, description="Your own form profile, a TOML file; unset: the shipped form.")
    online_url: str | None = Field(default=None, description="Address of the council's online form, to be filled in.")
    online_profile: Path | None = Field(
        default=None, description="TOML file that says which field of the online form takes which answer."
    )
    browser: Path | None = Field(default=None, description="Chromium's program file; unset: looked for on the PATH.")
    options: _Options = Field(default_factory=dict, repr=False, description=_OPTIONS)

    @field_validator("online_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        return None if value is None or not value.strip() else _checked_url(value)


class ReplicaSettings(_Section):
    """The read-only Mosaic copy."""

    url: SecretStr | None = Field(default=None, description="SQLAlchemy URL of the read-only Mosaic copy, if any.")
    timeout_seconds: float = Field(default=120, gt=0, le=3600, description="Longest that one query there may take.")


class DeliverySettings(_Section):
    """How deliveries are made."""

    settle_seconds: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="How long an uncertain delivery rests before its first look-up and between looks.",
    )
    wait_seconds: float = Field(
        default=180, ge=0, description="How long `sync` waits at its end for uncertain deliveries to settle."
    )
    timeout_seconds: float = Field(default=30, gt=0, le=3600, description="Total deadline of one call.")
    threads: int = Field(default=8, ge=1, le=128, description="Calls under way at once.")
    lease_seconds: float = Field(
        default=300, gt=0, le=86_400, description="How long a worker holds a delivery unless it renews."
    )
    batch_size: int = Field(default=256, ge=1, le=5000, description="Deliveries claimed in one transaction.")


class ProxySettings(_Section):
    """The way out to the internet."""

    url: SecretStr | None = Field(
        default=None, description="HTTP proxy for every call; the environment's proxies are ignored."
    )

    @field_validator("url")
    @classmethod
    def _proxy(cls, value: SecretStr | None) -> SecretStr | None:
        url = value.get_secret_value().strip() if value is not None else ""
        if url:
            _web_parts(url, ("http", "https"))
        return SecretStr(url) if url else None


class Settings(BaseSettings):
    """Everything a site sets."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        case_sensitive=False,
        allow_inf_nan=False,
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

    @field_validator("ledger_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value().strip()  # a blank at its end would name another ledger, an empty one
        if not url.startswith(("sqlite:", "sqlite+", "postgresql:", "postgresql+")):
            raise ValueError("write sqlite:///path/ledger.db or postgresql+psycopg://user:password@host/name")
        return SecretStr(url)

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
                raise ValueError(
                    "each key must be urlsafe base64 of exactly 32 bytes; `incident-bridge key new` makes one"
                )
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
    merged = merged_layers(environ, Path() if folder is None else folder, frozenset(known_names()))
    try:
        settings = Settings(**merged)
    except ValidationError as why:
        raise _configuration_error(why) from None
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """What one field alone cannot tell."""
    email, ca_file = settings.email, settings.tls.ca_file
    if email is not None and not email.starttls and email.host is not None and not is_loopback(email.host):
        setting = f"{PREFIX}EMAIL__STARTTLS"
        raise ConfigurationError(
            f"{setting} has a wrong value: mail without STARTTLS is allowed only to this machine; set it to true.",
            setting=setting,
        )
    setting = f"{PREFIX}TLS__CA_FILE"
    if ca_file is not None and not is_there(ca_file, f"{setting} names {ca_file}, which", setting):
        raise ConfigurationError(
            f"{setting} has a wrong value: there is no such file; correct the path.", setting=setting
        )


#: What each connector of ours cannot do without, by section and kind. A third party's connector checks its own.
_NEEDED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "recording": {"rest": ("base_url", "api_key"), "files": ("folder",)},
    "mosaic": {"rest": ("base_url", "client_id", "client_secret")},
    "daily_log": {"rest": ("base_url", "api_key"), "files": ("folder",)},
    "email": {"smtp": ("host", "sender")},
}


def missing(settings: Settings) -> tuple[ConfigurationError, ...]:
    """What `sync` and `reconcile` need and these settings lack, one sentence each, in the order of the settings.

    A section of which nothing is set owes nothing, but for the recording source: without it there is nothing to do.
    Commands that only read the ledger do not ask.
    """
    found: list[ConfigurationError] = []
    for name in ("encryption_keys", "homes_dir"):
        if not getattr(settings, name):
            found.append(_missing(f"{PREFIX}{name.upper()}", Settings.model_fields[name].description))
    for name, kinds in _NEEDED.items():
        section = getattr(settings, name)
        for field in kinds.get(section.kind, ()) if section is not None else ():
            value = getattr(section, field)
            if value is None or (isinstance(value, SecretStr) and not value.get_secret_value().strip()):
                described = type(section).model_fields[field].description
                found.append(_missing(f"{PREFIX}{name.upper()}__{field.upper()}", described))
    return tuple(found)


def _missing(setting: str, described: str | None) -> ConfigurationError:
    return ConfigurationError(f"{setting} is not set; set it ({(described or '').removesuffix('.')}).", setting=setting)


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


def _configuration_error(why: ValidationError) -> ConfigurationError:
    first = why.errors(include_url=False, include_input=False, include_context=False)[0]
    parts = [str(part) for part in first["loc"] if not isinstance(part, int)]
    setting = PREFIX + "__".join(parts).upper()
    if first["type"] == "extra_forbidden":
        return ConfigurationError(f"{setting} is not a setting; remove it or correct its spelling.", setting=setting)
    message = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(f"{setting} has a wrong value: {message}.", setting=setting)
