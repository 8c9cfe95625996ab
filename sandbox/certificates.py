"""An invented certificate authority, and certificates for loopback servers signed by it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


class Certificates:
    """One authority. `ca_file` is its certificate as PEM, for BRIDGE_TLS__CA_FILE."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = trustme.CA(organization_name="Example sandbox authority")
        self.ca_file = folder / "sandbox-ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for the names, `localhost` and 127.0.0.1 if none is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        valid_until = datetime.now(UTC) - timedelta(days=1) if expired else None
        self._authority.issue_cert(*(names or ("localhost", "127.0.0.1")), not_after=valid_until).configure_cert(
            context
        )
        return context
