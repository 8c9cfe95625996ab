"""The stand-in for a mail server: real SMTP with STARTTLS and, where asked for, AUTH; an inbox that code can read.

Nothing leaves this machine: what is taken is kept in `inbox`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox import mishaps
from sandbox.faults import Armed, Stage, Weather

# aiosmtpd logs every line of every message at DEBUG; even an invented child's words do not belong in a log.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass(frozen=True, repr=False)
class Letter:
    """One message in one person's inbox. `at` is the stand-in's own clock."""

    recipient: str
    sender: str
    message: EmailMessage
    raw: bytes
    at: datetime

    @property
    def message_id(self) -> str:
        """The Message-ID header."""
        return str(self.message["Message-ID"] or "").strip()

    def as_json(self) -> dict[str, str]:
        """The letter for a program in another process."""
        return {
            "recipient": self.recipient,
            "sender": self.sender,
            "message_id": self.message_id,
            "subject": str(self.message["Subject"] or ""),
            "text": self.text(),
            "html": self.text("html"),
            "raw": self.raw.decode("utf-8", "replace"),
            "at": self.at.isoformat(),
        }

    def text(self, kind: str = "plain") -> str:
        """The body of this kind, `plain` or `html`; empty where there is none."""
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""


class Mail:
    """A mail server on a free loopback port. Operations: connect, hello, auth, sender, recipient, data."""

    host = "127.0.0.1"
    commands = ("inbox",)

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        require_starttls: bool = False,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self.weather = Weather("email")
        self.tls = tls
        self.require_starttls = require_starttls
        self.username = username
        self.password = password
        self._inbox: list[Letter] = []
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._crowd: list[socket.socket] = []
        self._open: set[_Conversation] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"sandbox-mail-{self.port}", daemon=True)
        self.arm = self.weather.arm
        self.disarm = self.weather.disarm
        self.armed = self.weather.armed
        self.applied = self.weather.applied
        self.requests = self.weather.requests
        self.advance = self.weather.advance

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._listen())
        self.weather.watch(self._sky)
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._reservation.close()

    def reset(self) -> None:
        """Forget faults, what was asked and what was taken, and empty the inbox."""
        self.weather.reset()
        with self.weather.lock:
            self._inbox.clear()

    def inbox(self, recipient: str | None = None) -> list[Letter]:
        """Every message taken, in order; or those of one recipient."""
        with self.weather.lock:
            return [letter for letter in self._inbox if recipient in (None, letter.recipient)]

    # ---- the server ----

    def _wait(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _sky(self, armed: frozenset[str]) -> None:
        if "refuse" in armed or "connect_timeout" in armed:
            self._wait(self._shut())
            if "connect_timeout" in armed and not self._crowd:
                self._crowd = mishaps.crowd(self.port)
        elif self._server is None:
            for member in self._crowd:
                member.close()
            self._crowd = []
            self._wait(self._listen())

    async def _listen(self) -> None:
        listener = _bound(self.port)
        self._server = await self._loop.create_server(lambda: _Conversation(self), sock=listener)

    async def _shut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for conversation in list(self._open):
            conversation.hang_up()
        for _ in range(3):
            await asyncio.sleep(0)

    def began(self, conversation: _Conversation) -> None:
        """A client is connected."""
        self._open.add(conversation)

    def ended(self, conversation: _Conversation) -> None:
        """A client is gone."""
        self._open.discard(conversation)

    def take(self, envelope: Envelope) -> None:
        """Put a message into its recipients' inboxes."""
        raw = cast("bytes", envelope.original_content)
        message = message_from_bytes(raw, policy=policy.default)
        for recipient in envelope.rcpt_tos:
            with self.weather.lock:
                letter = Letter(recipient, envelope.mail_from or "", message, raw, self.weather.clock.now())
                self._inbox.append(letter)
                self.weather.apply(
                    "send", reference=letter.message_id, subject=recipient, remote_id=str(len(self._inbox))
                )


class _Conversation(SMTP):
    """One connection."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        clerk = _Clerk(mail)
        super().__init__(
            clerk,
            hostname="mail.example",
            ident="Example mail server",
            tls_context=mail.tls,
            require_starttls=mail.require_starttls and mail.tls is not None,
            auth_required=mail.username is not None,
            auth_require_tls=mail.tls is not None,
            # One mechanism: a client that is refused one would try the next, and so pass a fault that strikes once.
            auth_exclude_mechanism=("LOGIN",),
            authenticator=clerk.authenticate,
            loop=asyncio.get_running_loop(),
        )

    def hang_up(self) -> None:
        """Close the connection without a word."""
        transport = self._original_transport or self.transport
        if transport is not None:
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone."""
        self._mail.ended(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        self._mail.began(self)
        armed = self._mail.weather.take("connect", (Stage.CONNECT,))
        self._mail.weather.saw("CONNECT", "", "connect", armed.fault.name if armed else None)
        if armed is not None:
            if armed.fault.name == "greeting_421":
                await self.push("421 4.3.2 Not now, please come back later")
            self.hang_up()
            return
        await super()._handle_client()


class _Clerk:
    """What is said at each command; aiosmtpd calls these by name."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    def _struck(self, stage: Stage, recipient: str | None = None) -> Armed | None:
        return self._mail.weather.take(stage.value, (stage,), recipient=recipient)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any
    ) -> AuthResult:
        """Whether a client is who it says."""
        struck = self._struck(Stage.AUTH)
        mail = self._mail
        right = isinstance(login, LoginPassword) and (
            login.login == (mail.username or "").encode() and login.password == (mail.password or "").encode()
        )
        mail.weather.saw("AUTH", "", "auth", struck.fault.name if struck else None)
        return AuthResult(success=right and struck is None, handled=False)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """What is offered."""
        session.host_name = hostname
        hidden = ["250-AUTH"] if self._mail.username is None else []
        if self._struck(Stage.HELLO):
            server.tls_context = None
            hidden.append("250-STARTTLS")
        return [line for line in responses if not line.startswith(tuple(hidden))] if hidden else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        if self._struck(Stage.SENDER):
            return "550 5.7.1 Sender refused"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """One recipient."""
        armed = self._struck(Stage.RECIPIENT, address)
        if armed is not None:
            if armed.fault.name == "greylist":
                return "451 4.7.1 Greylisted, please come back later"
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The message, after its final dot."""
        armed = self._struck(Stage.DATA)
        name = armed.fault.name if armed else None
        self._mail.weather.saw("DATA", "", "data", name)
        if armed is None or armed.fault.applied:
            self._mail.take(envelope)
        if armed is None:
            return "250 2.0.0 Taken"
        if name == "data_451":
            return "451 4.3.0 Try again later"
        if name == "data_554":
            return "554 5.6.0 Message refused"
        if name in ("disconnect_after_dot", "data_disconnect_before"):
            cast("_Conversation", server).hang_up()
            await asyncio.sleep(60)
        if name == "drip_after_dot":
            for _ in range(int(armed.seconds * 5)):
                await server.push("250-2.0.0 Still at it")
                await asyncio.sleep(0.2)
        else:
            await asyncio.sleep(armed.seconds)
        return "250 2.0.0 Taken"


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made
