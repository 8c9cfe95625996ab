"""The whole house of stand-ins: recording system, Mosaic, mail server, LADO form, and the control port.

`with start(seed=1, folder=folder) as house:` brings everything up on free loopback ports, and
`house.environment()` holds the BRIDGE_ settings that point a bridge at it.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.cast import HOME_ID, home_file
from sandbox.certificates import Certificates
from sandbox.control import Control
from sandbox.lado_form import LadoForm
from sandbox.mail import Mail
from sandbox.mosaic import Mosaic
from sandbox.recording import Recording
from sandbox.replica import Replica
from sandbox.scenario import BULK_PERSON, Scenario, bulk

SENDER = "bridge@example-house.example"


@dataclass(frozen=True)
class House:
    """Every stand-in of one sandbox, running."""

    folder: Path
    seed: int
    end: datetime
    recording: Recording
    mosaic: Mosaic
    mail: Mail
    lado_form: LadoForm
    certificates: Certificates
    encryption_key: str
    replica: Replica | None = None
    control: Control | None = None

    @property
    def control_url(self) -> str:
        """Where another process drives the stand-ins."""
        assert self.control is not None
        return self.control.url

    def environment(self) -> dict[str, str]:
        """Settings of a bridge that works with this house."""
        replica = {"BRIDGE_REPLICA__URL": self.replica.url} if self.replica else {}
        return {
            **replica,
            "BRIDGE_LEDGER_URL": f"sqlite:///{self.folder / 'ledger.db'}",
            "BRIDGE_ENCRYPTION_KEYS": self.encryption_key,
            "BRIDGE_HOMES_DIR": str(self.homes_dir),
            "BRIDGE_RECORDING__KIND": "rest",
            "BRIDGE_RECORDING__BASE_URL": self.recording.base_url,
            "BRIDGE_RECORDING__API_KEY": self.recording.api_key,
            "BRIDGE_RECORDING__START_DATE": (self.end - timedelta(days=40)).date().isoformat(),
            "BRIDGE_MOSAIC__KIND": "rest",
            "BRIDGE_MOSAIC__BASE_URL": self.mosaic.base_url,
            "BRIDGE_MOSAIC__CLIENT_ID": self.mosaic.client_id,
            "BRIDGE_MOSAIC__CLIENT_SECRET": self.mosaic.client_secret,
            "BRIDGE_DAILY_LOG__KIND": "rest",
            "BRIDGE_DAILY_LOG__BASE_URL": self.recording.base_url,
            "BRIDGE_DAILY_LOG__API_KEY": self.recording.api_key,
            "BRIDGE_EMAIL__KIND": "smtp",
            "BRIDGE_EMAIL__HOST": self.mail.host,
            "BRIDGE_EMAIL__PORT": str(self.mail.port),
            "BRIDGE_EMAIL__SENDER": SENDER,
            "BRIDGE_EMAIL__STARTTLS": "true",
            "BRIDGE_EMAIL__USERNAME": self.mail.username or "",
            "BRIDGE_EMAIL__PASSWORD": self.mail.password or "",
            "BRIDGE_TLS__CA_FILE": str(self.certificates.ca_file),
            "BRIDGE_LADO__OUT_DIR": str(self.folder / "lado"),
        }

    @property
    def homes_dir(self) -> Path:
        """The folder of the homes' files."""
        return self.folder / "homes"

    def stand_ins(self) -> Mapping[str, Recording | Mosaic | Mail | LadoForm]:
        """The stand-ins by name."""
        return {"recording": self.recording, "mosaic": self.mosaic, "mail": self.mail, "lado_form": self.lado_form}

    @property
    def scenario(self) -> Scenario:
        """The made-up month of this house's seed and end."""
        return Scenario(self.seed, self.end)

    def load(self, wave: int = 0) -> Scenario:
        """Put one wave of the month into the recording system; the first brings the records and the daily log."""
        scenario = self.scenario
        scenario.load(self.recording, self.mosaic, wave)
        return scenario

    def load_bulk(self, count: int) -> None:
        """Put plain reports into the recording system, each about a child with a Mosaic record of its own."""
        self.mosaic.add_people(range(BULK_PERSON + 1, BULK_PERSON + count + 1))
        self.recording.put_all(bulk(count, end=self.end))

    def advance(self, seconds: float) -> None:
        """Move every stand-in's clock on."""
        for stand_in in self.stand_ins().values():
            stand_in.advance(seconds)

    def reset(self) -> None:
        """Fair weather everywhere, and nothing counted. What the stand-ins hold stays, but for the inbox."""
        for stand_in in self.stand_ins().values():
            stand_in.reset()


@contextmanager
def start(
    *, seed: int = 1, end: datetime | None = None, folder: Path | None = None, replica: bool = False
) -> Iterator[House]:
    """Start every stand-in. `end`: the moment at which the made-up month ends, now if unset; aware.

    `replica`: keep a read-only SQL copy of Mosaic beside it; `house.replica.refresh()` brings it up to date.

    `folder` gets the certificate, the home's file and, by `environment()`, the ledger; a temporary one if unset.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "homes").mkdir(exist_ok=True)
        (folder / "homes" / f"{HOME_ID}.toml").write_text(home_file(), "utf-8")
        certificates = Certificates(folder)
        mail = Mail(tls=certificates.server(), username="bridge", password=secrets.token_urlsafe(12))
        mosaic = stack.enter_context(Mosaic())
        house = House(
            folder=folder,
            seed=seed,
            end=end or datetime.now(UTC),
            recording=stack.enter_context(Recording()),
            mosaic=mosaic,
            mail=stack.enter_context(mail),
            lado_form=stack.enter_context(LadoForm()),
            certificates=certificates,
            encryption_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            replica=Replica(folder / "replica.db", mosaic) if replica else None,
        )
        yield replace(house, control=stack.enter_context(Control(house.stand_ins(), house.environment)))
