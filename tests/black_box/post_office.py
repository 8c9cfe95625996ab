"""An SMTP server that insists on STARTTLS, with a certificate of an authority of its own."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class _Taking:
    def __init__(self, office: PostOffice) -> None:
        self.office = office

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.office.rcpt(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.office.data(envelope)
        if answer.startswith("2") or answer == "drop":
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.office.taken.append((tuple(envelope.rcpt_tos), message))
        if answer == "drop":
            server.transport.abort()
            return "250 never heard"
        return answer


class PostOffice:
    """`taken` is every message that was taken, with whom it was for. `rcpt` and `data` may be replaced by a test."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self.taken: list[tuple[tuple[str, ...], EmailMessage]] = []
        self.rcpt: Callable[[str], str | None] = lambda _address: None
        self.data: Callable[[Any], str] = lambda _envelope: "250 taken"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(
            _Taking(self),
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=True,
            ident="post office",
        )
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        return [message for whom, message in self.taken if whom == (address,)]
