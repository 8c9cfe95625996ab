"""A session with the mail server: greeted, encrypted, signed in, and good for more than one letter."""

from __future__ import annotations

import base64
import socket
import ssl
import time
from dataclasses import dataclass, field

from pydantic import SecretStr

from connectors.smtp.conversation import Conversation, Deadline, LackingError, Stage
from connectors.smtp.letter import Letter


@dataclass(frozen=True)
class Server:
    """Where the mail server is and how it is spoken to."""

    host: str
    port: int
    starttls: bool = True
    username: str | None = field(default=None, repr=False)
    password: SecretStr | None = field(default=None, repr=False)
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)


class Session:
    """One open session. `stage` says how far it came, for the verdict when it breaks."""

    def __init__(self) -> None:
        self.stage = Stage.REACH
        self.letters = 0
        self.last_used = time.monotonic()
        self._talk: Conversation | None = None
        self._offers: dict[str, str] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a conversation to go on with."""
        return self._talk is not None

    def open(self, server: Server, deadline: Deadline) -> None:
        """Connect, greet, encrypt and sign in. Raises the conversation's exceptions; `stage` says where."""
        self._talk = talk = Conversation.reach(server.host, server.port, deadline)
        self.stage = Stage.GREET
        talk.expect(Stage.GREET, 220)
        self._introduce(talk)
        if server.starttls:
            self.stage = Stage.SECURE
            if "STARTTLS" not in self._offers:
                raise LackingError("STARTTLS")
            talk.command("STARTTLS", Stage.SECURE, 220)
            talk.encrypt(server.context, server.host)
            self.stage = Stage.GREET
            self._introduce(talk)
        if server.username is not None and server.password is not None:
            self.stage = Stage.SIGN_IN
            self._sign_in(talk, server.username, server.password)

    def deliver(self, letter: Letter, deadline: Deadline) -> None:
        """Hand over one letter. Returns when the server has said 250 to its final dot."""
        talk = self._open_talk()
        talk.deadline = deadline
        self.stage = Stage.SENDER
        if letter.needs_utf8 and not {"SMTPUTF8", "8BITMIME"} <= self._offers.keys():
            raise LackingError("SMTPUTF8")
        options = " BODY=8BITMIME SMTPUTF8" if letter.needs_utf8 else ""
        talk.command(f"MAIL FROM:<{letter.sender}>{options}", Stage.SENDER, 250)
        self.stage = Stage.RECIPIENT
        talk.command(f"RCPT TO:<{letter.recipient}>", Stage.RECIPIENT, 250, 251, 252)
        self.stage = Stage.DATA
        talk.command("DATA", Stage.DATA, 354)
        self.stage = Stage.BODY
        talk.push(letter.content)
        talk.refuse_early_word(Stage.BODY)
        # The dot goes by itself: until it leaves, no server can have taken the message.
        self.stage = Stage.DOT
        talk.command(".", Stage.DOT, 250)
        self.letters += 1
        self.last_used = time.monotonic()

    def nothing(self) -> None:
        """Ask the server for nothing, to see that it is there."""
        self.stage = Stage.SENDER
        self._open_talk().command("NOOP", Stage.SENDER, 250)

    def close(self, *, politely: bool = False) -> None:
        """Hang up; politely: say so first, and do not wait for the answer."""
        talk, self._talk = self._talk, None
        if talk is None:
            return
        with talk:
            if politely:
                talk.deadline = Deadline(1)
                talk.push(b"QUIT\r\n")

    def _open_talk(self) -> Conversation:
        if self._talk is None:
            raise RuntimeError("the session is closed")
        return self._talk

    def _introduce(self, talk: Conversation) -> None:
        host = socket.gethostname()
        own = host if "." in host and host.isascii() else talk.own_address()
        reply = talk.command(f"EHLO {own}", Stage.GREET, 250)
        offers = (line.upper().partition(" ") for line in reply.lines[1:])
        self._offers = {name: options for name, _, options in offers}

    def _sign_in(self, talk: Conversation, username: str, password: SecretStr) -> None:
        ways = self._offers.get("AUTH", "").split()
        if "PLAIN" in ways:
            talk.command(
                f"AUTH PLAIN {_encoded(f'{chr(0)}{username}{chr(0)}{password.get_secret_value()}')}", Stage.SIGN_IN, 235
            )
        elif "LOGIN" in ways:
            talk.command("AUTH LOGIN", Stage.SIGN_IN, 334)
            talk.command(_encoded(username), Stage.SIGN_IN, 334)
            talk.command(_encoded(password.get_secret_value()), Stage.SIGN_IN, 235)
        else:
            raise LackingError("AUTH")


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
