"""A mail server on a loopback socket that keeps what it takes and misbehaves as told: the tests' own stand-in."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field

CLOSE = "close"
SILENCE = "silence"
RESET = "reset"
CUT = "cut"
DRIP = "drip"


@dataclass
class Taken:
    """One message that this server holds."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class Postbox:
    """`answers` maps a step (greet, ehlo, starttls, auth, mail, rcpt, data, dot, noop) to replies, one a visit.

    The last reply of a list repeats. CLOSE, RESET, SILENCE, CUT (half a line, then closed) and DRIP (a byte at a time,
    for ever) are no replies. A reply to the dot that begins "kept:" keeps the message first.
    """

    context: ssl.SSLContext | None = None
    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8")
    answers: dict[str, list[str]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End every connection that is open now."""
        for wire in self._open:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()
        self._open.clear()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                wire, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(wire)
            threading.Thread(target=self._talk, args=(wire,), daemon=True).start()

    def _talk(self, wire: socket.socket) -> None:
        with wire, contextlib.suppress(OSError, _HungUpError):
            _Visit(self, wire).run()

    def next_answer(self, step: str, usual: str) -> str:
        self.steps.append(step)
        replies = self.answers.get(step)
        if not replies:
            return usual
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def rest(self) -> None:
        self._over.wait(30)


class _HungUpError(Exception):
    pass


class _Visit:
    def __init__(self, box: Postbox, wire: socket.socket) -> None:
        self.box, self.wire, self.lines = box, wire, wire.makefile("rb")
        self.encrypted = False
        self.sender = self.recipient = ""

    def run(self) -> None:
        self.answer("greet", "220 postbox.example ESMTP")
        while line := self.lines.readline():
            self.box.said.append(line)
            word = line.split()[0].decode().upper() if line.split() else ""
            text = line.decode("utf-8").strip()
            if word == "EHLO":
                offers = [*self.box.offers] + (["STARTTLS"] if self.box.context and not self.encrypted else [])
                lines = ["postbox.example", *offers]
                usual = "\r\n".join(f"250{'-' if n < len(lines) - 1 else ' '}{one}" for n, one in enumerate(lines))
                self.answer("ehlo", usual)
            elif word == "STARTTLS":
                self.starttls()
            elif word == "AUTH":
                self.auth(text)
            elif word == "MAIL":
                self.sender = text
                self.answer("mail", "250 2.1.0 ok")
            elif word == "RCPT":
                self.recipient = text
                self.answer("rcpt", "250 2.1.5 ok")
            elif word == "DATA":
                if self.answer("data", "354 go on").startswith("354"):
                    self.dot()
            elif word == "NOOP":
                self.answer("noop", "250 2.0.0 ok")
            elif word == "QUIT":
                self.box.steps.append("quit")
                return
            else:
                self.wire.sendall(b"500 5.5.1 what?\r\n")

    def starttls(self) -> None:
        if self.answer("starttls", "220 2.0.0 go on").startswith("220"):
            self.wire = self.box.context.wrap_socket(self.wire, server_side=True)
            self.box._open.append(self.wire)
            self.lines = self.wire.makefile("rb")
            self.encrypted = True

    def auth(self, text: str) -> None:
        if text.upper() == "AUTH LOGIN":
            self.wire.sendall(b"334 VXNlcm5hbWU6\r\n")
            self.box.said.append(self.lines.readline())
            self.wire.sendall(b"334 UGFzc3dvcmQ6\r\n")
            self.box.said.append(self.lines.readline())
        self.answer("auth", "235 2.7.0 welcome")

    def dot(self) -> None:
        content = b""
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise _HungUpError
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        message = Taken(self.sender, self.recipient, content)
        answer = self.box.next_answer("dot", "250 2.0.0 kept")
        if answer.startswith(("250", "kept:")):
            self.box.taken.append(message)
        self.say(answer.removeprefix("kept:"))

    def answer(self, step: str, usual: str) -> str:
        answer = self.box.next_answer(step, usual)
        self.say(answer)
        return answer

    def say(self, answer: str) -> None:
        if answer == CLOSE:
            raise _HungUpError
        if answer == RESET:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            raise _HungUpError
        if answer == SILENCE:
            self.box.rest()
            raise _HungUpError
        if answer == CUT:
            self.wire.sendall(b"250 2.0")
            raise _HungUpError
        if answer == DRIP:
            self.drip()
        self.wire.sendall(answer.encode() + b"\r\n")

    def drip(self) -> None:
        while not self.box._over.wait(0.02):
            self.wire.sendall(b"2")
        raise _HungUpError
