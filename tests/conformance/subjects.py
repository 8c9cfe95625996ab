"""Every shipped connector as the kit's subject, against the sandbox over real sockets and real files.

`tame` changes each connector that is made: the zoo uses it to break one.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pydantic import BaseModel, SecretStr

from config.settings import (
    DailyLogSettings,
    DeliverySettings,
    EmailSettings,
    LadoSettings,
    MosaicSettings,
    RecordingSettings,
    Settings,
    TlsSettings,
)
from connectors import (
    daily_log_files,
    daily_log_rest,
    lado_package,
    lado_prefill,
    mosaic_rest,
    recording_files,
    recording_rest,
    smtp,
)
from connectors.conformance import FOLDER, HTTP, SMTP, Subject, Weather, Wrong
from sandbox.certificates import Certificates
from sandbox.lado_form import LadoForm
from sandbox.mail import Mail
from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from tests.conformance.far_ends import (
    DailyLogFarEnd,
    DropFarEnd,
    FormFarEnd,
    LogFolderFarEnd,
    MailFarEnd,
    MosaicFarEnd,
    PackageFarEnd,
    RecordingFarEnd,
)

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (DOCS / "configuration.md", DOCS / "connectors.md")
SECRET = "canary-secret-9c1f"
PATIENCE = 20.0
"""Seconds that a call may last: what a busy machine does not reach."""
DEADLINE = 1.0
"""The same where the deadline itself is put to the test."""
Tame = Callable[[Any], Any]
SubjectOf = Callable[[Path, Tame], Any]


def as_it_is(connector: Any) -> Any:
    """The connector as it is shipped."""
    return connector


@cache
def authority() -> Certificates:
    """One authority for every certificate of a run."""
    return Certificates(Path(mkdtemp(prefix="conformance-")))


def _settings(**sections: Any) -> Settings:
    return Settings(delivery=DeliverySettings(timeout_seconds=PATIENCE), **sections)


def _hurried(settings: Settings) -> Settings:
    return settings.model_copy(update={"delivery": DeliverySettings(timeout_seconds=DEADLINE)})


def _changed(settings: Settings, section: str, **values: Any) -> Settings:
    wrong = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: wrong})


def _quick(connect: Callable[[Settings], Any], settings: Settings, tame: Tame = as_it_is) -> Callable[[], Any]:
    """A factory of connectors whose pauses between the tries of a read cost no time."""

    def one() -> Any:
        made = connect(settings)
        made.http._wait = lambda _seconds: None
        return tame(made)

    return one


def _wrongs(
    connect: Callable[[Settings], Any],
    settings: Settings,
    section: str,
    secret: str,
    secure: Callable[[], str],
    tame: Tame,
) -> Mapping[str, Wrong]:
    """One setting wrong at a time, for a connector over HTTP."""
    base_url = getattr(settings, section).base_url
    address = f"BRIDGE_{section.upper()}__BASE_URL"

    def at(url: str, given: Settings = settings) -> Callable[[], Any]:
        return _quick(connect, _changed(given, section, base_url=url), tame)

    def untrusted() -> Any:
        return at(secure())()

    return {
        "secret": Wrong(
            _quick(connect, _changed(settings, section, **{secret: SecretStr("wrong")}), tame),
            f"BRIDGE_{section.upper()}__{secret.upper()}",
        ),
        "path": Wrong(at(f"{base_url}/elsewhere"), address),
        "host": Wrong(at("https://no-such-host.invalid"), address),
        "port": Wrong(at("http://127.0.0.1:1/api"), address),
        "no TLS": Wrong(at(base_url.replace("http://", "https://"), _hurried(settings)), address),
        "certificate": Wrong(untrusted, "BRIDGE_TLS__CA_FILE"),
    }


# ---- over HTTP -------------------------------------------------------------------------------------------------------


@contextmanager
def mosaic(_folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """Mosaic over REST."""
    with ExitStack() as stack:
        stand_in = stack.enter_context(Mosaic(client_secret=SECRET))
        section = MosaicSettings(
            base_url=stand_in.base_url, client_id=stand_in.client_id, client_secret=SecretStr(SECRET)
        )
        settings = _settings(mosaic=section)

        def secure() -> str:
            return stack.enter_context(Mosaic(tls=authority().server())).base_url

        connect = mosaic_rest.connect
        yield Subject(
            connect=_quick(connect, settings, tame),
            hurried=_quick(connect, _hurried(settings), tame),
            stand_in=MosaicFarEnd(stand_in),
            settings=section,
            prefix="BRIDGE_MOSAIC__",
            docs=PAGES,
            deadline=DEADLINE,
            wrong=_wrongs(connect, settings, "mosaic", "client_secret", secure, tame),
            secrets=(SECRET,),
        )


@contextmanager
def recording(_folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The recording system over REST."""
    section = RecordingSettings(api_key=SecretStr(SECRET), page_size=3)
    with _keyed(recording_rest.connect, "recording", section, RecordingFarEnd, tame) as subject:
        yield subject


@contextmanager
def daily_log(_folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The daily log over REST."""
    section = DailyLogSettings(api_key=SecretStr(SECRET))
    with _keyed(daily_log_rest.connect, "daily_log", section, DailyLogFarEnd, tame) as subject:
        yield subject


@contextmanager
def _keyed(
    connect: Callable[[Settings], Any], name: str, section: BaseModel, far_end: Callable[[Recording], Any], tame: Tame
) -> Iterator[Subject]:
    with ExitStack() as stack:
        stand_in = stack.enter_context(Recording(api_key=SECRET))
        section = section.model_copy(update={"base_url": stand_in.base_url})
        settings = _settings(**{name: section})

        def secure() -> str:
            return stack.enter_context(Recording(tls=authority().server())).base_url

        yield Subject(
            connect=_quick(connect, settings, tame),
            hurried=_quick(connect, _hurried(settings), tame),
            stand_in=far_end(stand_in),
            settings=section,
            prefix=f"BRIDGE_{name.upper()}__",
            docs=PAGES,
            weather=HTTP,
            deadline=DEADLINE,
            wrong=_wrongs(connect, settings, name, "api_key", secure, tame),
            secrets=(SECRET,),
            page_size=3,
        )


# ---- over SMTP -------------------------------------------------------------------------------------------------------


@contextmanager
def mail(_folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """Mail over SMTP, with STARTTLS and a sign-in."""
    with Mail(tls=authority().server(), username="bridge", password=SECRET) as stand_in:
        section = EmailSettings(
            host="127.0.0.1",
            port=stand_in.port,
            sender="bridge@example-house.example",
            username="bridge",
            password=SecretStr(SECRET),
        )
        settings = _settings(email=section, tls=TlsSettings(ca_file=authority().ca_file))

        def connect(**wrong: Any) -> Callable[[], Any]:
            return lambda: tame(smtp.connect(_changed(settings, "email", **wrong)))

        yield Subject(
            connect=connect(),
            hurried=lambda: tame(smtp.connect(_hurried(settings))),
            stand_in=MailFarEnd(stand_in),
            settings=section,
            prefix="BRIDGE_EMAIL__",
            docs=PAGES,
            weather=SMTP,
            deadline=DEADLINE,
            wrong={
                "secret": Wrong(connect(password=SecretStr("wrong")), "BRIDGE_EMAIL__PASSWORD"),
                "host": Wrong(connect(host="no-such-host.invalid"), "BRIDGE_EMAIL__HOST"),
                "port": Wrong(connect(port=1), "BRIDGE_EMAIL__HOST"),
                "certificate": Wrong(
                    lambda: tame(smtp.connect(settings.model_copy(update={"tls": TlsSettings()}))),
                    "BRIDGE_TLS__CA_FILE",
                ),
            },
            secrets=(SECRET,),
        )


# ---- folders ---------------------------------------------------------------------------------------------------------


@contextmanager
def drop_folder(folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The recording system as a drop folder."""
    section = RecordingSettings(kind="files", folder=folder / "drop", page_size=3)
    stand_in = DropFarEnd(folder / "drop")
    settings = _settings(recording=section)
    gone = _changed(settings, "recording", folder=folder / "elsewhere")
    unset = _changed(settings, "recording", folder=None)
    yield Subject(
        connect=lambda: tame(recording_files.connect(settings)),
        stand_in=stand_in,
        settings=section,
        prefix="BRIDGE_RECORDING__",
        docs=PAGES,
        weather=FOLDER,
        deadline=DEADLINE,
        wrong={
            "folder": Wrong(lambda: recording_files.connect(gone), "BRIDGE_RECORDING__FOLDER"),
            "no folder": Wrong(lambda: recording_files.connect(unset), "BRIDGE_RECORDING__FOLDER"),
        },
        page_size=3,
    )


@contextmanager
def log_folder(folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The daily log as a folder of files."""
    section = DailyLogSettings(kind="files", folder=folder / "log")
    stand_in = LogFolderFarEnd(folder / "log")
    settings = _settings(daily_log=section)
    gone = _changed(settings, "daily_log", folder=folder / "elsewhere")
    unset = _changed(settings, "daily_log", folder=None)
    yield Subject(
        connect=lambda: tame(daily_log_files.connect(settings)),
        stand_in=stand_in,
        settings=section,
        prefix="BRIDGE_DAILY_LOG__",
        docs=PAGES,
        weather=Weather(doubtful=("unsynced",), wrong=("folder",)),
        deadline=DEADLINE,
        wrong={
            "folder": Wrong(lambda: daily_log_files.connect(gone), "BRIDGE_DAILY_LOG__FOLDER"),
            "no folder": Wrong(lambda: daily_log_files.connect(unset), "BRIDGE_DAILY_LOG__FOLDER"),
        },
    )
    stand_in.disarm()


# ---- the LADO desk ---------------------------------------------------------------------------------------------------


@contextmanager
def lado_desk(folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """LADO packages in a folder."""
    section = LadoSettings(out_dir=folder / "lado")
    taken = folder / "a file"
    taken.write_text("not a folder", "utf-8")
    settings = _settings(lado=section)
    wrong = _changed(settings, "lado", out_dir=taken)
    yield Subject(
        connect=lambda: tame(lado_package.connect(settings)),
        stand_in=PackageFarEnd(folder / "lado"),
        settings=section,
        prefix="BRIDGE_LADO__",
        docs=PAGES,
        weather=FOLDER,
        deadline=DEADLINE,
        wrong={"folder": Wrong(lambda: lado_package.connect(wrong), "BRIDGE_LADO__OUT_DIR")},
    )
    assert stat.S_IMODE((folder / "lado").stat().st_mode) in (0o700, 0o755)


@contextmanager
def lado_form(folder: Path, tame: Tame = as_it_is) -> Iterator[Subject]:
    """The council's online form, in a browser that nobody sees."""
    with LadoForm() as stand_in:
        section = LadoSettings(online_url=stand_in.url)
        settings = Settings(lado=section, delivery=DeliverySettings(timeout_seconds=30))

        def connect(**wrong: Any) -> Callable[[], Any]:
            return lambda: tame(lado_prefill.connect(_changed(settings, "lado", **wrong), window=False))

        url = "BRIDGE_LADO__ONLINE_URL"
        yield Subject(
            connect=connect(),
            stand_in=FormFarEnd(stand_in),
            settings=section,
            prefix="BRIDGE_LADO__",
            docs=PAGES,
            weather=Weather(wrong=("address", "path", "browser")),
            deadline=30,
            wrong={
                "no address": Wrong(connect(online_url=None), url),
                "address": Wrong(connect(online_url="http://127.0.0.1:1/form"), url),
                "path": Wrong(connect(online_url=f"{stand_in.url}/elsewhere"), url),
                "browser": Wrong(connect(browser=folder / "no-browser"), "BRIDGE_LADO__BROWSER"),
            },
        )
