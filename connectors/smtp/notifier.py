"""Mail over SMTP: one message to one person at a time, over a connection that each thread keeps.

A kept connection that turns out to be dead before the server has agreed to take a message is opened again, since
nothing was sent. After the dot that ends a message nothing is ever repeated here: the ledger decides.
"""

from __future__ import annotations

import ssl
import threading
import time
import weakref
from collections.abc import Callable
from typing import Self

from config.errors import ConfigurationError
from config.settings import EmailSettings, Settings, TlsSettings, is_loopback
from connectors.errors import ConnectorError, Misconfigured, NotApplied, Unreachable
from connectors.patience import may_write
from connectors.protocols import Health, Message, Receipt
from connectors.rate_limit import RateLimit
from connectors.smtp import verdict
from connectors.smtp.conversation import (
    Break,
    BrokenError,
    Deadline,
    DistrustedError,
    LackingError,
    RefusedError,
    Stage,
)
from connectors.smtp.letter import Letter, compose, sender_mailbox
from connectors.smtp.session import Server, Session

KEPT_SECONDS = 60.0
"""A connection that rested longer is opened anew: a firewall may have forgotten it, and silence costs the deadline."""

CLOSING = 421
IMPLICIT_TLS_PORT = 465


class SmtpNotifier:
    """Sends mail. Safe to use from many threads; `close` hangs up for all of them.

    Raises ConfigurationError when the settings cannot be right: no host, no sender, no encryption on the way to
    another machine, a user name without a password, certificates that cannot be read.
    """

    def __init__(
        self,
        email: EmailSettings,
        tls: TlsSettings | None = None,
        *,
        timeout_seconds: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sender = sender_mailbox(email.sender)
        self._server = _server(email, tls or TlsSettings())
        self._timeout = timeout_seconds
        self._rate = RateLimit(email.rate_per_second, wait=sleep)
        self._kept = threading.local()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<SmtpNotifier {self._server.host}:{self._server.port}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, message: Message) -> Receipt:
        """Hand one message to the next mail server; its 250 to the final dot is the receipt (RULINGS 16).

        Raises Uncertain, NotApplied, Unreachable, Rejected or Misconfigured as WEATHER section 3 has it.
        """
        self._rate.take()
        outcome = self._attempt(message) if may_write.get()() else NotApplied(_TAKEN_OVER)
        # Raised here, where no variable holds an address and no foreign exception is under way.
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def check(self) -> Health:
        """Connect, encrypt, sign in, ask for nothing, and leave. Nothing is written at the far end."""
        session = Session()
        where = f"The mail server {self._server.host}:{self._server.port}"
        error = _guarded(session, lambda: self._open_and_ask(session))
        _hang_up(session, politely=error is None)
        if error is None:
            return Health(ok=True, sentence=f"{where} answers{self._manner()}.")
        setting = error.setting if isinstance(error, Misconfigured) else None
        if isinstance(error, Unreachable):
            setting = "BRIDGE_EMAIL__HOST"
        return Health(
            ok=False,
            sentence=error.message.replace("The mail server", where, 1),
            setting=setting,
            reachable=not isinstance(error, NotApplied),
        )

    def close(self) -> None:
        """Leave the mail server, for every thread."""
        with self._lock:
            sessions = list(self._sessions)
            self._sessions.clear()
        for session in sessions:
            _hang_up(session, politely=True)

    def _attempt(self, message: Message) -> Receipt | ConnectorError:
        letter = compose(message, self._sender)
        if isinstance(letter, ConnectorError):
            return letter
        deadline = Deadline(self._timeout)
        session = self._kept_session()
        if session.is_open:
            outcome = self._deliver(session, letter, deadline)
            if outcome is not _AGAIN:
                return outcome or Receipt(remote_id=message.message_id)
        error = _guarded(session, lambda: session.open(self._server, deadline))
        outcome = error or self._deliver(session, letter, deadline)
        if outcome is _AGAIN:
            return verdict.broken(Stage.SENDER, Break.CLOSED)
        return outcome or Receipt(remote_id=message.message_id)

    def _deliver(self, session: Session, letter: Letter, deadline: Deadline) -> ConnectorError | None:
        """None: taken. `_AGAIN`: the connection had ended before the server agreed to anything."""
        try:
            session.deliver(letter, deadline)
        except BrokenError as error:
            gone = session.stage is Stage.SENDER and error.why is Break.CLOSED
            outcome = _AGAIN if gone else verdict.broken(session.stage, error.why)
        except RefusedError as error:
            gone = error.stage is Stage.SENDER and error.reply.code == CLOSING and session.letters > 0
            outcome = _AGAIN if gone else verdict.refused(error.stage, error.reply)
        except LackingError as error:
            outcome = verdict.lacking(error.extension)
        else:
            return None
        _hang_up(session, politely=False)
        return outcome

    def _kept_session(self) -> Session:
        session: Session | None = getattr(self._kept, "session", None)
        if session is not None and session.is_open and time.monotonic() - session.last_used <= KEPT_SECONDS:
            return session
        if session is not None:
            _hang_up(session, politely=False)
        fresh = Session()
        self._kept.session = fresh
        with self._lock:
            self._sessions.add(fresh)
        return fresh

    def _open_and_ask(self, session: Session) -> None:
        session.open(self._server, Deadline(self._timeout))
        session.nothing()

    def _manner(self) -> str:
        manners = [
            "is encrypted" if self._server.starttls else "is on this machine, without encryption",
            "lets us in" if self._server.username else "asks for no sign-in",
        ]
        return ", " + " and ".join(manners)


def connect(settings: Settings) -> SmtpNotifier:
    """The notifier of this site. Raises ConfigurationError naming the setting."""
    if settings.email is None:
        raise ConfigurationError(
            "BRIDGE_EMAIL__HOST is not set; set it to the name of the mail server.", setting="BRIDGE_EMAIL__HOST"
        )
    return SmtpNotifier(settings.email, settings.tls, timeout_seconds=settings.delivery.timeout_seconds)


_TAKEN_OVER = "Nothing was sent: this run was asleep while it waited for its turn."
_AGAIN = NotApplied("The mail server had ended the kept connection; nothing was sent.")


def _guarded(session: Session, act: Callable[[], None]) -> ConnectorError | None:
    """Do it, and return the verdict where it fails."""
    try:
        act()
    except BrokenError as error:
        outcome = verdict.broken(session.stage, error.why)
    except RefusedError as error:
        outcome = verdict.refused(error.stage, error.reply)
    except LackingError as error:
        outcome = verdict.lacking(error.extension)
    except DistrustedError as error:
        outcome = verdict.distrusted(error.why)
    else:
        return None
    _hang_up(session, politely=False)
    return outcome


def _hang_up(session: Session, *, politely: bool) -> None:
    try:
        session.close(politely=politely)
    except (BrokenError, OSError):
        return  # it was gone already, which is what was wanted


def _server(email: EmailSettings, tls: TlsSettings) -> Server:
    host = (email.host or "").strip()
    if not host:
        raise ConfigurationError(
            "BRIDGE_EMAIL__HOST is not set; set it to the name of the mail server.", setting="BRIDGE_EMAIL__HOST"
        )
    if email.port == IMPLICIT_TLS_PORT:
        raise ConfigurationError(
            "BRIDGE_EMAIL__PORT is 465, where encryption begins before the first word; set it to the server's "
            "STARTTLS port, usually 587.",
            setting="BRIDGE_EMAIL__PORT",
        )
    if not email.starttls and not is_loopback(host):
        raise ConfigurationError(
            "BRIDGE_EMAIL__STARTTLS is off, which is allowed only where BRIDGE_EMAIL__HOST is this machine; "
            "set it to true.",
            setting="BRIDGE_EMAIL__STARTTLS",
        )
    username = (email.username or "").strip() or None
    password = email.password if email.password and email.password.get_secret_value() else None
    if (username is None) != (password is None):
        missing = "PASSWORD" if username else "USERNAME"
        raise ConfigurationError(
            f"BRIDGE_EMAIL__{missing} is not set, though the other half of the sign-in is; set both or neither.",
            setting=f"BRIDGE_EMAIL__{missing}",
        )
    return Server(host, email.port, email.starttls, username, password, _context(tls))


def _context(tls: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=str(tls.ca_file))
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            f"BRIDGE_TLS__CA_FILE names {tls.ca_file}, which cannot be read as certificates in PEM form; "
            "correct the path or the file.",
            setting="BRIDGE_TLS__CA_FILE",
        ) from None
    return context
