"""One SMTP conversation over a socket, under one total deadline, that keeps its mouth shut.

What goes wrong leaves as one of four private exceptions that say only what happened; `verdict` turns them into the
typed errors that others see. Nothing here prints, logs, or puts an address into an exception.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any

LONGEST_LINE = 8192
MOST_LINES = 200

_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_CODED = re.compile(rb"^([2-5][0-9][0-9])([ -]|$)")


class Stage(Enum):
    """How far a conversation has come; after `DOT` the message may have been taken."""

    REACH = auto()
    GREET = auto()
    SECURE = auto()
    SIGN_IN = auto()
    SENDER = auto()
    RECIPIENT = auto()
    DATA = auto()
    BODY = auto()
    DOT = auto()


class Break(Enum):
    """Why a conversation cannot go on."""

    NO_SUCH_HOST = auto()
    NO_CONNECTION = auto()
    CLOSED = auto()
    SILENT = auto()
    GARBLED = auto()


class Distrust(Enum):
    """Why the server's certificate or encryption was not accepted."""

    EXPIRED = auto()
    WRONG_NAME = auto()
    UNKNOWN_ISSUER = auto()
    NO_AGREEMENT = auto()


class BrokenError(Exception):
    """The conversation ended before its answer came."""

    def __init__(self, why: Break) -> None:
        super().__init__(why.name)
        self.why = why


class DistrustedError(Exception):
    """Encryption could not be agreed upon, or the certificate is not to be trusted."""

    def __init__(self, why: Distrust) -> None:
        super().__init__(why.name)
        self.why = why


@dataclass(frozen=True, repr=False)
class Reply:
    """A whole reply. Its text may quote an address, so its repr shows the code alone."""

    code: int
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Reply {self.code}>"

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463), such as 5.1.1, or nothing."""
        found = _ENHANCED.match(self.lines[-1])
        return found.group(1) if found else ""


class RefusedError(Exception):
    """The server answered, and the answer was no."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(f"{stage.name} {reply.code}")
        self.stage = stage
        self.reply = reply


class LackingError(Exception):
    """The server does not offer what the settings ask of it: an extension's name."""

    def __init__(self, extension: str) -> None:
        super().__init__(extension)
        self.extension = extension


class Deadline:
    """A point in (monotonic) time by which everything must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left. Raises BrokenError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise BrokenError(Break.SILENT)
        return left


class Conversation:
    """The socket, its unread bytes and the deadline of the message at hand."""

    def __init__(self, wire: socket.socket, deadline: Deadline) -> None:
        self._wire = wire
        self._unread = b""
        self.deadline = deadline

    @classmethod
    def reach(cls, host: str, port: int, deadline: Deadline) -> Conversation:
        """Connect to the first of the host's addresses that answers within the deadline."""
        for family, kind, protocol, _, address in _addresses(host, port, deadline):
            wire = socket.socket(family, kind, protocol)
            try:
                wire.settimeout(deadline.remaining())
                wire.connect(address)
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except (OSError, BrokenError):
                wire.close()
                continue
            return cls(wire, deadline)
        raise BrokenError(Break.NO_CONNECTION)

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def own_address(self) -> str:
        """This end's address as a literal, to introduce ourselves without asking a name server."""
        address = str(self._wire.getsockname()[0]).split("%", 1)[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go over to TLS. What was received in clear before it is not believed."""
        if self._unread:
            raise DistrustedError(Distrust.NO_AGREEMENT)
        why: Distrust | Break
        try:
            self._wire.settimeout(self.deadline.remaining())
            self._wire = context.wrap_socket(self._wire, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            why = {9: Distrust.EXPIRED, 10: Distrust.EXPIRED, 62: Distrust.WRONG_NAME, 64: Distrust.WRONG_NAME}.get(
                error.verify_code, Distrust.UNKNOWN_ISSUER
            )
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            why = Break.CLOSED
        except ssl.SSLError:
            why = Distrust.NO_AGREEMENT
        except TimeoutError:
            why = Break.SILENT
        except OSError:
            why = Break.CLOSED
        else:
            return
        raise DistrustedError(why) if isinstance(why, Distrust) else BrokenError(why)

    def command(self, line: str, stage: Stage, *wanted: int) -> Reply:
        """Say one line and read the reply; raises RefusedError unless its code is one of the wanted."""
        self.push(line.encode("utf-8") + b"\r\n")
        return self.expect(stage, *wanted)

    def expect(self, stage: Stage, *wanted: int) -> Reply:
        """Read one reply; raises RefusedError unless its code is one of the wanted."""
        reply = self.reply()
        if reply.code not in wanted:
            raise RefusedError(stage, reply)
        return reply

    def push(self, content: bytes) -> None:
        """Hand every byte to the system, within the deadline."""
        why = Break.CLOSED
        try:
            for start in range(0, len(content), 16384):
                self._wire.settimeout(self.deadline.remaining())
                self._wire.sendall(content[start : start + 16384])
        except TimeoutError:
            why = Break.SILENT
        except OSError:
            why = Break.CLOSED
        else:
            return
        raise BrokenError(why)

    def reply(self) -> Reply:
        """Read one whole reply. A line that was cut off is no reply."""
        lines: list[str] = []
        code = b""
        while len(lines) < MOST_LINES:
            line = self._line()
            found = _CODED.match(line)
            if found is None or (code and found.group(1) != code):
                raise BrokenError(Break.GARBLED)
            code = found.group(1)
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if found.group(2) != b"-":
                return Reply(int(code), tuple(lines))
        raise BrokenError(Break.GARBLED)

    def refuse_early_word(self, stage: Stage) -> None:
        """Whatever was said before it was asked for is no answer to what is asked next; a refusal is one all the same.

        Raises RefusedError or BrokenError where there is any.
        """
        if not self._unread:
            return
        reply = self.reply()
        if reply.code < 400:
            raise BrokenError(Break.GARBLED)
        raise RefusedError(stage, reply)

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def _line(self) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_LINE:
                raise BrokenError(Break.GARBLED)
            self._unread += self._received()
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r")

    def _received(self) -> bytes:
        why = Break.CLOSED
        try:
            self._wire.settimeout(self.deadline.remaining())
            found = self._wire.recv(LONGEST_LINE)
            if found:
                return found
        except TimeoutError:
            why = Break.SILENT
        except OSError:
            why = Break.CLOSED
        raise BrokenError(why)


def _addresses(host: str, port: int, deadline: Deadline) -> list[Any]:
    """Where the host is. A name server may take longer than any deadline, so it is asked from a thread of its own."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    answers: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            answers.put([])

    threading.Thread(target=ask, name="smtp-name-server", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.remaining())
    except queue.Empty:
        found = []
    if not found:
        raise BrokenError(Break.NO_SUCH_HOST) from None
    return found
