"""Mail over SMTP against real sockets: what each failure proves (WEATHER section 3), and what a letter holds."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiosmtpd.smtp
import pytest
import trustme
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from config.errors import ConfigurationError
from config.settings import EmailSettings, TlsSettings, load_settings
from connectors.errors import Cause, ConnectorError, Misconfigured, NotApplied, Rejected, Uncertain, Unreachable
from connectors.patience import may_write
from connectors.protocols import Message, Notifier
from connectors.smtp import SmtpNotifier, connect, message_id_for
from tests.connectors.postbox import CLOSE, CUT, DRIP, RESET, SILENCE, Postbox

CANARY = "canary-recipient-7f3a"
TO = f"{CANARY}@manager.example"
SENDER = "bridge@home.example"


def message(**changes: object) -> Message:
    fields: dict[str, object] = {
        "to": TO,
        "subject": "Incident EXH-2026-0001: what is owed",
        "text": "One thing is owed.\n.\nA line with a dot alone above.\n",
        "html": "<p>One thing is owed.</p>",
        "message_id": message_id_for("EXH-2026-0001-manager", SENDER),
        "date": datetime(2026, 10, 3, 14, 20, tzinfo=UTC),
    }
    return Message(**{**fields, **changes})


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def open_box(authority: trustme.CA) -> Iterator[Callable[..., Postbox]]:
    boxes: list[Postbox] = []

    def make(*, tls: bool = False, **settings: object) -> Postbox:
        context = server_side(authority.issue_cert("localhost", "127.0.0.1")) if tls else None
        boxes.append(Postbox(context=settings.pop("context", context), **settings))
        return boxes[-1]

    yield make
    for box in boxes:
        box.close()


def notifier(box: Postbox | int, *, timeout: float = 5.0, ca_file: Path | None = None, **email: object) -> SmtpNotifier:
    port = box if isinstance(box, int) else box.port
    fields = {"host": "127.0.0.1", "port": port, "sender": SENDER, "starttls": ca_file is not None}
    return SmtpNotifier(EmailSettings(**{**fields, **email}), TlsSettings(ca_file=ca_file), timeout_seconds=timeout)


def failure(notifier: SmtpNotifier, mail: Message | None = None) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        notifier.send(mail or message())
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert CANARY not in repr(error)
    frame = error.__traceback__
    while frame is not None:
        if "connectors/smtp" in frame.tb_frame.f_code.co_filename:
            assert CANARY not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
    return error


# ---- what each answer proves -----------------------------------------------------------------------------------


def test_250_after_the_dot_is_a_receipt_that_carries_the_message_id(open_box) -> None:
    box = open_box()
    receipt = notifier(box).send(message())
    assert receipt.remote_id == "<EXH-2026-0001-manager@home.example>"
    assert len(box.taken) == 1


@pytest.mark.parametrize(
    "fault", [f"kept:{CLOSE}", f"kept:{RESET}", CLOSE, f"kept:{CUT}", "kept:354 odd", "kept:hello"]
)
def test_no_clear_answer_after_the_dot_is_uncertain(open_box, fault: str) -> None:
    box = open_box(answers={"dot": [fault]})
    assert type(failure(notifier(box))) is Uncertain
    assert box.steps.count("dot") == 1


@pytest.mark.parametrize("fault", [SILENCE, f"kept:{SILENCE}", DRIP])
def test_silence_or_a_drip_after_the_dot_is_uncertain_at_the_total_deadline(open_box, fault: str) -> None:
    box = open_box(answers={"dot": [fault]})
    started = time.monotonic()
    assert type(failure(notifier(box, timeout=1.5))) is Uncertain
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "421 4.3.2 closing", "452 4.2.2 full"])
def test_4xx_after_the_dot_proves_that_nothing_was_taken(open_box, answer: str) -> None:
    box = open_box(answers={"dot": [answer]})
    error = failure(notifier(box))
    assert type(error) is NotApplied
    assert error.status == int(answer[:3])


def test_a_word_that_came_before_the_dot_is_no_answer_to_it(open_box) -> None:
    box = open_box(answers={"data": ["354 go on\r\n250 2.0.0 done already"]})
    assert type(failure(notifier(box))) is NotApplied
    assert not box.taken
    box = open_box(answers={"data": ["354 go on\r\n552 5.3.4 too much"]})
    error = failure(notifier(box))
    assert (type(error), error.cause) == (Rejected, Cause.TOO_LARGE)


def test_a_run_that_may_not_write_any_more_sends_nothing(open_box) -> None:
    box = open_box()
    before = may_write.set(lambda: False)
    try:
        assert isinstance(failure(notifier(box)), NotApplied)
    finally:
        may_write.reset(before)
    assert box.taken == []


def test_550_for_the_recipient_is_rejected_and_names_the_field_not_the_address(open_box) -> None:
    box = open_box(answers={"rcpt": [f"550 5.1.1 no such person as <{TO}>"]})
    error = failure(notifier(box))
    assert type(error) is Rejected
    assert (error.cause, error.field, error.status) == (Cause.REFUSED, "to", 550)
    assert "550 5.1.1" in error.message
    assert "data" not in box.steps


def test_a_server_that_will_not_relay_is_not_taken_for_a_wrong_address(open_box) -> None:
    error = failure(notifier(open_box(answers={"rcpt": [f"554 5.7.1 <{TO}>: Relay access denied"]})))
    assert type(error) is Rejected
    assert "ask who runs it to let this machine" in error.message
    assert "correct the address" not in error.message
    assert CANARY not in error.message


def test_greylisting_of_the_recipient_is_not_applied(open_box) -> None:
    box = open_box(answers={"rcpt": ["451 4.7.1 greylisted", "250 ok"]})
    sender = notifier(box)
    assert type(failure(sender)) is NotApplied
    assert sender.send(message()).remote_id == message().message_id
    assert len(box.taken) == 1


@pytest.mark.parametrize(("answer", "cause"), [("552 5.3.4 too big", Cause.TOO_LARGE), ("554 5.6.0 no", Cause.REFUSED)])
def test_5xx_after_the_dot_is_rejected(open_box, answer: str, cause: Cause) -> None:
    error = failure(notifier(open_box(answers={"dot": [answer]})))
    assert isinstance(error, Rejected)
    assert error.cause is cause


@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize("fault", [CLOSE, RESET, SILENCE, "nonsense"])
def test_a_break_before_the_dot_is_not_applied(open_box, step: str, fault: str) -> None:
    box = open_box(answers={step: [fault]})
    error = failure(notifier(box, timeout=1.2))
    assert type(error) is NotApplied
    assert box.taken == []


@pytest.mark.parametrize("step", ["greet", "ehlo"])
@pytest.mark.parametrize("fault", [CLOSE, SILENCE, DRIP, "HTTP/1.1 400 Bad Request"])
def test_a_server_that_never_greets_is_unreachable(open_box, step: str, fault: str) -> None:
    assert type(failure(notifier(open_box(answers={step: [fault]}), timeout=1.2))) is Unreachable


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert type(failure(notifier(port))) is Unreachable


def test_an_unknown_host_is_unreachable() -> None:
    sender = SmtpNotifier(EmailSettings(host="no-such-host.invalid", sender=SENDER), timeout_seconds=5)
    assert type(failure(sender)) is Unreachable


def test_a_refused_sign_in_is_misconfigured_and_names_the_password(open_box) -> None:
    box = open_box(offers=("AUTH PLAIN LOGIN",), answers={"auth": ["535 5.7.8 no"]})
    error = failure(notifier(box, username="bridge", password=SecretStr("geheim-4711")))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__PASSWORD"
    assert "geheim" not in repr(error)


def test_a_passing_trouble_at_sign_in_is_not_applied(open_box) -> None:
    box = open_box(offers=("AUTH PLAIN",), answers={"auth": ["454 4.7.0 later"]})
    assert type(failure(notifier(box, username="bridge", password=SecretStr("x")))) is NotApplied


def test_a_server_without_sign_in_is_misconfigured(open_box) -> None:
    error = failure(notifier(open_box(offers=("AUTH GSSAPI",)), username="bridge", password=SecretStr("x")))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__USERNAME"


def test_a_server_that_wants_a_sign_in_we_do_not_have_names_the_user_name(open_box) -> None:
    error = failure(notifier(open_box(answers={"mail": ["530 5.7.0 sign in first"]})))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__USERNAME"


def test_a_refused_sender_names_the_sender(open_box) -> None:
    error = failure(notifier(open_box(answers={"mail": ["553 5.7.1 not yours"]})))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__SENDER"


@pytest.mark.parametrize(
    ("ways", "expected"), [("PLAIN LOGIN", b"AGJyaWRnZQBwYXNzd8O2cmQ="), ("LOGIN", b"cGFzc3fDtnJk")]
)
def test_signs_in_with_plain_or_login_and_a_password_beyond_ascii(open_box, ways: str, expected: bytes) -> None:
    box = open_box(offers=(f"AUTH {ways}",))
    notifier(box, username="bridge", password=SecretStr("passwörd")).send(message())
    assert any(expected in line for line in box.said)
    assert len(box.taken) == 1


# ---- encryption ------------------------------------------------------------------------------------------------


def test_sends_over_starttls_with_the_sites_own_authority(open_box, ca_file: Path) -> None:
    box = open_box(tls=True)
    notifier(box, ca_file=ca_file).send(message())
    assert len(box.taken) == 1
    assert box.steps[:4] == ["greet", "ehlo", "starttls", "ehlo"]


def test_a_server_without_starttls_gets_nothing_but_a_greeting(open_box, ca_file: Path) -> None:
    box = open_box()
    error = failure(notifier(box, ca_file=ca_file))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__STARTTLS"
    assert box.steps == ["greet", "ehlo"]


def test_a_certificate_of_an_unknown_authority_names_the_ca_file(open_box, ca_file: Path) -> None:
    stranger = server_side(trustme.CA().issue_cert("127.0.0.1"))
    error = failure(notifier(open_box(context=stranger), ca_file=ca_file))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_TLS__CA_FILE"
    assert "authority" in error.message


def test_an_expired_certificate_says_so(open_box, authority: trustme.CA, ca_file: Path) -> None:
    old = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    error = failure(notifier(open_box(context=server_side(old)), ca_file=ca_file))
    assert isinstance(error, Misconfigured)
    assert "expired" in error.message


def test_a_certificate_for_another_name_names_the_host(open_box, authority: trustme.CA, ca_file: Path) -> None:
    other = authority.issue_cert("mail.elsewhere.example")
    error = failure(notifier(open_box(context=server_side(other)), ca_file=ca_file))
    assert isinstance(error, Misconfigured)
    assert error.setting == "BRIDGE_EMAIL__HOST"


def test_what_a_stranger_slips_in_before_encryption_is_not_believed(open_box, ca_file: Path) -> None:
    box = open_box(tls=True, answers={"starttls": ["220 go on\r\n250 injected"]})
    assert isinstance(failure(notifier(box, ca_file=ca_file)), Misconfigured)
    assert box.taken == []


# ---- the kept connection ---------------------------------------------------------------------------------------


def test_a_thread_keeps_its_connection_between_messages(open_box) -> None:
    box = open_box()
    sender = notifier(box)
    for _ in range(3):
        sender.send(message())
    assert (box.connections, len(box.taken)) == (1, 3)


def test_each_thread_has_a_connection_of_its_own(open_box) -> None:
    box = open_box()
    sender = notifier(box)
    threads = [threading.Thread(target=lambda: [sender.send(message()) for _ in range(3)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (box.connections, len(box.taken)) == (3, 9)


def test_a_kept_connection_that_died_meanwhile_is_opened_again_silently(open_box) -> None:
    box = open_box()
    sender = notifier(box)
    sender.send(message())
    box.hang_up()
    sender.send(message())
    assert (box.connections, len(box.taken)) == (2, 2)


def test_a_server_that_closes_a_kept_connection_with_421_is_greeted_again(open_box) -> None:
    box = open_box(answers={"mail": ["250 ok", "421 4.4.2 idle too long", "250 ok"]})
    sender = notifier(box)
    sender.send(message())
    sender.send(message())
    assert (box.connections, len(box.taken)) == (2, 2)


def test_after_the_dot_nothing_is_ever_repeated_on_a_kept_connection(open_box) -> None:
    box = open_box(answers={"dot": ["250 ok", f"kept:{CLOSE}"]})
    sender = notifier(box)
    sender.send(message())
    assert type(failure(sender)) is Uncertain
    assert (box.connections, len(box.taken)) == (1, 2)


def test_a_server_that_always_dies_at_the_sender_is_tried_once_more_and_no_oftener(open_box) -> None:
    box = open_box(answers={"mail": ["250 ok", CLOSE]})
    sender = notifier(box)
    sender.send(message())
    assert type(failure(sender)) is NotApplied
    assert (box.connections, len(box.taken)) == (2, 1)


def test_a_refused_recipient_does_not_spoil_the_next_message(open_box) -> None:
    box = open_box(answers={"rcpt": ["550 no", "250 ok"]})
    sender = notifier(box)
    failure(sender)
    sender.send(message())
    assert len(box.taken) == 1


def test_close_leaves_the_server_and_a_later_message_opens_again(open_box) -> None:
    box = open_box()
    sender = notifier(box)
    sender.send(message())
    sender.close()
    sender.send(message())
    assert (box.connections, len(box.taken)) == (2, 2)


def test_no_more_messages_a_second_than_the_site_allows(open_box) -> None:
    slept: list[float] = []
    box = open_box()
    settings = EmailSettings(host="127.0.0.1", port=box.port, sender=SENDER, starttls=False, rate_per_second=0.1)
    sender = SmtpNotifier(settings, sleep=slept.append)
    for _ in range(3):
        sender.send(message())
    assert [round(pause, -1) for pause in slept] == [10, 20]


# ---- the letter ------------------------------------------------------------------------------------------------


def letter(box: Postbox, index: int = 0) -> email.message.EmailMessage:
    return email.message_from_bytes(box.taken[index].content, policy=email.policy.default)


def test_a_letter_has_both_readings_and_asks_for_no_automatic_answer(open_box) -> None:
    box = open_box()
    notifier(box, sender="Example House <bridge@home.example>").send(message())
    found = letter(box)
    assert found["From"] == "Example House <bridge@home.example>"
    assert found["To"] == TO
    assert found["Date"].datetime == datetime(2026, 10, 3, 14, 20, tzinfo=UTC)
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Auto-Response-Suppress"] == "All"
    assert found.get_content_type() == "multipart/alternative"
    text, html = found.iter_parts()
    assert text.get_content().splitlines() == message().text.splitlines()
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", message().html)


def test_the_address_stands_in_to_and_nowhere_else(open_box) -> None:
    box = open_box()
    notifier(box).send(message())
    assert box.taken[0].content.count(CANARY.encode()) == 1
    assert letter(box)["To"] == TO
    assert box.taken[0].sender == f"MAIL FROM:<{SENDER}>"


def test_a_repeat_is_the_same_letter_to_the_byte(open_box) -> None:
    box = open_box(answers={"dot": [f"kept:{CLOSE}", "250 ok"]})
    sender = notifier(box)
    failure(sender)
    sender.send(message())
    assert box.taken[0].content == box.taken[1].content


def test_lines_stay_within_the_limits_whatever_the_text(open_box) -> None:
    box = open_box()
    text = "é" * 5000 + "\n" + "😀 مرحبا " * 400 + "\r\nlone\rreturn\x00\x07"
    notifier(box).send(message(text=text, html=f"<p>{text}</p>", subject="Ünï " * 80))
    assert max(len(line) for line in box.taken[0].content.split(b"\r\n")) <= 998
    assert b"\r" not in box.taken[0].content.replace(b"\r\n", b"")
    found = letter(box)
    assert found["Subject"] == ("Ünï " * 80).strip()
    assert next(found.iter_parts()).get_content().startswith("é" * 5000 + "\r\n😀 مرحبا ")


def test_a_line_break_in_a_subject_cannot_make_a_header(open_box) -> None:
    box = open_box()
    notifier(box).send(message(subject="One\r\nBcc: someone@else.example\r\n\r\nbody"))
    found = letter(box)
    assert found["Bcc"] is None
    assert found["Subject"] == "One Bcc: someone@else.example body"


@pytest.mark.parametrize(
    "to",
    [
        "",
        "no-at-sign",
        f"{TO}\r\nRCPT TO:<x@y.example>",
        f"{TO}, second@y.example",
        f"<{TO}>",
        f"{CANARY} b@x.example",
        f"{CANARY}@",
        f"{CANARY}@bad_domain..example",
        f"{CANARY}@{'x' * 300}.example",
    ],
)
def test_what_is_not_one_plain_address_is_rejected_before_any_byte_leaves(open_box, to: str) -> None:
    box = open_box()
    error = failure(notifier(box), message(to=to))
    assert isinstance(error, Rejected)
    assert error.field == "to"
    assert box.connections == 0


def test_a_malformed_message_id_is_rejected(open_box) -> None:
    error = failure(notifier(open_box()), message(message_id="<a@b>\r\nX: y"))
    assert isinstance(error, Rejected)
    assert error.field == "message_id"


def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it(open_box) -> None:
    box = open_box()
    notifier(box).send(message(to="jürgen@bücher.example"))
    assert box.taken[0].recipient == "RCPT TO:<jürgen@xn--bcher-kva.example>"
    assert "SMTPUTF8" in box.taken[0].sender
    assert "jürgen@xn--bcher-kva.example".encode() in box.taken[0].content


def test_an_address_beyond_ascii_is_rejected_plainly_where_the_server_cannot(open_box) -> None:
    box = open_box(offers=("8BITMIME",))
    error = failure(notifier(box), message(to=f"{CANARY}-é@manager.example"))
    assert isinstance(error, Rejected)
    assert "A to Z" in error.message
    assert "mail" not in box.steps


def test_a_domain_beyond_ascii_needs_nothing_special(open_box) -> None:
    box = open_box(offers=())
    notifier(box).send(message(to="a@bücher.example"))
    assert box.taken[0].recipient == "RCPT TO:<a@xn--bcher-kva.example>"


def test_a_message_id_is_stable_and_holds_any_reference() -> None:
    assert message_id_for("EXH-2026-0001.manager", SENDER) == "<EXH-2026-0001.manager@home.example>"
    assert message_id_for("a b/ü..", "Example House <x@Home.example>") == "<a=20b=2F=C3=BC=2E=2E@home.example>"
    assert message_id_for("a=20b", SENDER) != message_id_for("a b", SENDER)


# ---- check and settings ----------------------------------------------------------------------------------------


def test_check_says_in_a_sentence_that_all_is_well_and_writes_nothing(open_box, ca_file: Path) -> None:
    box = open_box(tls=True, offers=("AUTH PLAIN",))
    health = notifier(box, ca_file=ca_file, username="bridge", password=SecretStr("x")).check()
    assert health.ok
    assert health.sentence == f"The mail server 127.0.0.1:{box.port} answers, is encrypted and lets us in."
    assert box.steps[-2:] == ["noop", "quit"] or box.steps[-1] == "noop"
    assert not {"mail", "rcpt", "data"} & set(box.steps)


@pytest.mark.parametrize(
    ("answers", "setting", "reachable"),
    [
        ({"greet": [CLOSE]}, "BRIDGE_EMAIL__HOST", False),
        ({"greet": ["554 5.7.1 go away"]}, "BRIDGE_EMAIL__HOST", True),
        ({"auth": ["535 no"]}, "BRIDGE_EMAIL__PASSWORD", True),
    ],
)
def test_check_names_the_setting_to_change(open_box, answers, setting: str, reachable: bool) -> None:
    box = open_box(offers=("AUTH PLAIN",), answers=answers)
    health = notifier(box, username="bridge", password=SecretStr("x")).check()
    assert (health.ok, health.setting, health.reachable) == (False, setting, reachable)
    assert "\n" not in health.sentence


@pytest.mark.parametrize(
    ("fields", "setting"),
    [
        ({"host": None}, "BRIDGE_EMAIL__HOST"),
        ({"sender": None}, "BRIDGE_EMAIL__SENDER"),
        ({"sender": "not an address"}, "BRIDGE_EMAIL__SENDER"),
        ({"sender": "a@b.example\r\nBcc: c@d.example"}, "BRIDGE_EMAIL__SENDER"),
        ({"starttls": False}, "BRIDGE_EMAIL__STARTTLS"),
        ({"port": 465}, "BRIDGE_EMAIL__PORT"),
        ({"username": "bridge"}, "BRIDGE_EMAIL__PASSWORD"),
        ({"password": SecretStr("x")}, "BRIDGE_EMAIL__USERNAME"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_by_name(fields: dict[str, object], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SmtpNotifier(EmailSettings(**{"host": "mail.home.example", "sender": SENDER, **fields}))
    assert caught.value.setting == setting
    assert setting in str(caught.value)


def test_an_unreadable_ca_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SmtpNotifier(EmailSettings(host="localhost", sender=SENDER), TlsSettings(ca_file=tmp_path / "none.pem"))
    assert caught.value.setting == "BRIDGE_TLS__CA_FILE"


def test_connect_reads_the_sites_settings(tmp_path: Path) -> None:
    environ = {"BRIDGE_EMAIL__HOST": "localhost", "BRIDGE_EMAIL__SENDER": SENDER}
    assert isinstance(connect(load_settings(environ, folder=tmp_path)), Notifier)
    with pytest.raises(ConfigurationError):
        connect(load_settings({}, folder=tmp_path))


def test_nothing_is_logged_or_printed(open_box, caplog: pytest.LogCaptureFixture, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    box = open_box(answers={"rcpt": ["550 no", "250 ok"]})
    sender = notifier(box)
    failure(sender)
    sender.send(message())
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


# ---- somebody else's server ------------------------------------------------------------------------------------


class Inbox:
    def __init__(self) -> None:
        self.envelopes: list = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 kept"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[], asyncio.Protocol]], int]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[asyncio.Server] = []

    def start(factory: Callable[[], asyncio.Protocol]) -> int:
        servers.append(asyncio.run_coroutine_threadsafe(loop.create_server(factory, "127.0.0.1", 0), loop).result(10))
        return servers[-1].sockets[0].getsockname()[1]

    yield start

    async def end() -> None:
        for server in servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_speaks_to_another_makers_server_with_starttls_and_sign_in(serve, authority: trustme.CA, ca_file: Path) -> None:
    inbox = Inbox()
    context = server_side(authority.issue_cert("127.0.0.1"))

    def factory() -> aiosmtpd.smtp.SMTP:
        return aiosmtpd.smtp.SMTP(
            inbox,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=lambda server, session, envelope, way, sign_in: AuthResult(
                success=sign_in.password == b"sesam", handled=False
            ),
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    port = serve(factory)
    good = notifier(port, ca_file=ca_file, username="bridge", password=SecretStr("sesam"))
    assert good.check().ok
    good.send(message())
    good.send(message(to="jürgen@manager.example"))
    wrong = failure(notifier(port, ca_file=ca_file, username="bridge", password=SecretStr("sesame")))
    assert isinstance(wrong, Misconfigured)
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [[TO], ["jürgen@manager.example"]]
