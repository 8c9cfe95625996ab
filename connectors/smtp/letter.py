"""A Message as the bytes that travel: the same bytes at every try.

The address stands in To (and in the envelope, which no reader sees) and nowhere else (RULINGS 38). The boundary
between the parts comes from the Message-ID, and the date from the message, so that a repeat is the same letter.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from config.errors import ConfigurationError
from connectors.errors import Cause, Rejected
from connectors.protocols import Message

LONGEST_ADDRESS = 254

_LOCAL_PART = re.compile(r"[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+(?:\.[^\s\x00-\x20\x7f\"(),:;<>@\[\\\].]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PLAIN_ATOM = re.compile(r"[^A-Za-z0-9_.-]|\.(?=\.|$)|^\.")


@dataclass(frozen=True, repr=False)
class Mailbox:
    """One address, split; the domain is in ASCII. Its repr shows nothing."""

    local: str
    domain: str
    name: str = ""

    @property
    def address(self) -> str:
        """As it stands in the envelope."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether any mail server can take it."""
        return self.local.isascii()


@dataclass(frozen=True, repr=False)
class Letter:
    """What is said after MAIL, RCPT and DATA. `content` is stuffed for the dot, and lacks the final one."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool


def mailbox(written: str, name: str = "") -> Mailbox | None:
    """One plain address, or None where it is not one."""
    local, at, domain = written.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    usable = at and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not usable or len(local.encode()) > 64 or len(f"{local}@{domain}".encode()) > LONGEST_ADDRESS:
        return None
    return Mailbox(local, domain, name)


def sender_mailbox(written: str | None) -> Mailbox:
    """The sender of every mail, with or without a display name. Raises ConfigurationError."""
    name, address = parseaddr(written or "")
    found = None if _UNWRITABLE.search(written or "") or "\n" in (written or "") else mailbox(address, name)
    if found is None:
        raise ConfigurationError(
            "BRIDGE_EMAIL__SENDER is not one plain address; set it to the address that the mail comes from, "
            "such as bridge@example.org.",
            setting="BRIDGE_EMAIL__SENDER",
        )
    return found


def message_id_for(reference: str, sender: str) -> str:
    """The Message-ID of the mail with this reference, the same for ever: <reference@sender's domain>.

    Characters that a Message-ID cannot hold are written =XX. Raises ConfigurationError where the sender is no address.
    """
    if not reference:
        raise ValueError("a mail needs a reference")
    plain = _PLAIN_ATOM.sub(lambda found: "".join(f"={byte:02X}" for byte in found.group().encode()), reference)
    return f"<{plain}@{sender_mailbox(sender).domain}>"


def compose(message: Message, sender: Mailbox) -> Letter | Rejected:
    """The letter, or the reason why there can be none; never a value in it."""
    recipient = mailbox(message.to)
    if recipient is None:
        return Rejected(
            "The recipient is not one plain address; correct it in the home's file or the record.",
            cause=Cause.INVALID,
            field="to",
        )
    if not _MESSAGE_ID.fullmatch(message.message_id):
        return Rejected(
            "The mail's Message-ID is not well formed; report this.", cause=Cause.INVALID, field="message_id"
        )
    needs_utf8 = not (recipient.is_ascii and sender.is_ascii)
    try:
        content = _content(message, sender, recipient, needs_utf8)
    except (MessageError, ValueError):
        return Rejected("The mail could not be written down; report this.", cause=Cause.INVALID)
    return Letter(sender.address, recipient.address, content, needs_utf8)


def _content(message: Message, sender: Mailbox, recipient: Mailbox, needs_utf8: bool) -> bytes:
    mail = EmailMessage(policy=SMTP.clone(utf8=needs_utf8))
    mail["From"] = Address(sender.name, sender.local, sender.domain)
    mail["To"] = Address("", recipient.local, recipient.domain)
    mail["Subject"] = " ".join(_UNWRITABLE.sub(" ", message.subject).split())
    mail["Date"] = format_datetime(message.date.astimezone(UTC))
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_lines(message.text), charset="utf-8", cte="quoted-printable")
    mail.add_alternative(_lines(message.html), subtype="html", charset="utf-8", cte="quoted-printable")
    # "=_" cannot stand in quoted-printable text, so the boundary cannot either.
    mail.set_boundary(f"=_{hashlib.sha256(message.message_id.encode()).hexdigest()[:32]}")
    written = mail.as_bytes()
    if not written.endswith(b"\r\n"):
        written += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", written)


def _lines(text: str) -> str:
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n") + "\n"
