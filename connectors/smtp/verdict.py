"""What each answer or failure of a mail server proves: one table, and the sentence for a person.

Before the dot that ends the message nothing was sent; a clear answer after it decides; no clear answer after it
proves nothing (WEATHER section 3). No sentence holds an address or the server's own words: a status code is all.
"""

from __future__ import annotations

from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain, Unreachable
from connectors.smtp.conversation import Break, Distrust, Reply, Stage

NEEDS_SIGN_IN = 530
TOO_LARGE = 552
NOT_ALLOWED = "5.7."
"""How enhanced codes of security and policy begin: many servers refuse sender and machine only at the recipient."""

_OPENING = (Stage.REACH, Stage.GREET, Stage.SECURE, Stage.SIGN_IN)

_BROKEN = {
    Break.NO_SUCH_HOST: "its name is not known, or the name server does not answer",
    Break.NO_CONNECTION: "it does not take connections",
    Break.CLOSED: "it closed the connection",
    Break.SILENT: "it did not answer in time",
    Break.GARBLED: "it did not answer as a mail server does",
}

_DISTRUSTED = {
    Distrust.EXPIRED: ("its certificate has expired or is not valid yet; ask who runs it to renew it", "TLS__CA_FILE"),
    Distrust.WRONG_NAME: ("its certificate is for another name; set BRIDGE_EMAIL__HOST to that name", "EMAIL__HOST"),
    Distrust.UNKNOWN_ISSUER: (
        "its certificate was issued by an authority that this machine does not know; "
        "set BRIDGE_TLS__CA_FILE to that authority's certificate",
        "TLS__CA_FILE",
    ),
    Distrust.NO_AGREEMENT: (
        "no encryption could be agreed upon; ask who runs it to offer TLS 1.2 or 1.3",
        "EMAIL__HOST",
    ),
}

_REFUSED_FOR_GOOD = {
    Stage.GREET: ("does not serve this machine", "EMAIL__HOST", "ask who runs it to allow this machine"),
    Stage.SECURE: ("refused to begin encryption", "EMAIL__STARTTLS", "ask who runs it to mend STARTTLS"),
    Stage.SIGN_IN: (
        "refused the user name and password",
        "EMAIL__PASSWORD",
        "correct BRIDGE_EMAIL__USERNAME and BRIDGE_EMAIL__PASSWORD",
    ),
    Stage.SENDER: ("refused the sender", "EMAIL__SENDER", "set BRIDGE_EMAIL__SENDER to an address that it lets us use"),
}

_LACKING = {
    "STARTTLS": ("does not offer STARTTLS, so nothing was sent", "EMAIL__STARTTLS"),
    "AUTH": ("offers no sign-in by user name and password (PLAIN or LOGIN)", "EMAIL__USERNAME"),
}


def broken(stage: Stage, why: Break) -> ConnectorError:
    """The verdict on a conversation that ended without an answer."""
    if stage is Stage.DOT:
        return Uncertain(
            f"The mail server may have taken the message: {_BROKEN[why]} after the end of it; "
            "it is sent again with the same Message-ID once it has settled."
        )
    if stage in _OPENING:
        return Unreachable(
            f"The mail server could not be reached: {_BROKEN[why]}; nothing was sent. "
            "Check BRIDGE_EMAIL__HOST and BRIDGE_EMAIL__PORT, or wait until it is back."
        )
    return NotApplied(
        f"The mail server did not take the message: {_BROKEN[why]} before the end of it; it will be sent again."
    )


def refused(stage: Stage, reply: Reply) -> ConnectorError:
    """The verdict on a clear answer that is not the wanted one."""
    code = f"{reply.code} {reply.enhanced}".strip()
    if stage is Stage.DOT and reply.code < 400:
        return Uncertain(
            f"The mail server may have taken the message: its answer to the end of it ({code}) is neither yes nor no.",
            status=reply.code,
        )
    if reply.code < 500:
        return NotApplied(f"The mail server asks us to come back later ({code}); nothing was sent.", status=reply.code)
    if reply.code == NEEDS_SIGN_IN:
        return Misconfigured(
            f"The mail server wants a sign-in or encryption first ({code}); "
            "set BRIDGE_EMAIL__USERNAME and BRIDGE_EMAIL__PASSWORD.",
            setting="BRIDGE_EMAIL__USERNAME",
            status=reply.code,
        )
    if stage in _REFUSED_FOR_GOOD:
        what, setting, mend = _REFUSED_FOR_GOOD[stage]
        return Misconfigured(
            f"The mail server {what} ({code}); {mend}.", setting=f"BRIDGE_{setting}", status=reply.code
        )
    if stage is Stage.RECIPIENT and reply.enhanced.startswith(NOT_ALLOWED):
        return Rejected(
            f"The mail server does not let our mail through to the recipient ({code}); ask who runs it to let this "
            "machine and BRIDGE_EMAIL__SENDER send there, or whether the recipient takes no mail from us.",
            status=reply.code,
            field="to",
        )
    if stage is Stage.RECIPIENT:
        return Rejected(
            f"The mail server refused the recipient ({code}); correct the address in the home's file or the record.",
            status=reply.code,
            field="to",
        )
    return Rejected(
        f"The mail server refused the message ({code}); ask who runs it why.",
        cause=Cause.TOO_LARGE if reply.code == TOO_LARGE else Cause.REFUSED,
        status=reply.code,
    )


def distrusted(why: Distrust) -> ConnectorError:
    """The verdict on a certificate or encryption that was not accepted."""
    sentence, setting = _DISTRUSTED[why]
    return Misconfigured(f"The mail server cannot be trusted: {sentence}.", setting=f"BRIDGE_{setting}")


def lacking(extension: str) -> ConnectorError:
    """The verdict on a server that does not offer what is asked of it."""
    if extension == "SMTPUTF8":
        return Rejected(
            "The mail server does not take addresses with letters beyond A to Z before the @; "
            "ask the person for another address.",
            field="to",
        )
    sentence, setting = _LACKING[extension]
    return Misconfigured(
        f"The mail server {sentence}; ask who runs it, "
        "or set BRIDGE_EMAIL__HOST and BRIDGE_EMAIL__PORT to one that does.",
        setting=f"BRIDGE_{setting}",
    )
