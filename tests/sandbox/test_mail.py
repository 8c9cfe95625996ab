"""The mail stand-in speaks SMTP with STARTTLS and AUTH, and its faults are what smtplib was measured to say."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.certificates import Certificates
from sandbox.faults import FAULTS, Stage
from sandbox.mail import Mail

TO = "manager@example-house.example"
SMTP_STAGES = {Stage.CONNECT, Stage.HELLO, Stage.AUTH, Stage.SENDER, Stage.RECIPIENT, Stage.DATA}
RAISES: dict[str, type[Exception]] = {
    "greeting_421": smtplib.SMTPConnectError,
    "close_at_connect": smtplib.SMTPServerDisconnected,
    "no_starttls": smtplib.SMTPNotSupportedError,
    "auth_535": smtplib.SMTPAuthenticationError,
    "sender_550": smtplib.SMTPSenderRefused,
    "greylist": smtplib.SMTPRecipientsRefused,
    "recipient_550": smtplib.SMTPRecipientsRefused,
    "data_451": smtplib.SMTPDataError,
    "data_554": smtplib.SMTPDataError,
    "data_disconnect_before": smtplib.SMTPServerDisconnected,
    "disconnect_after_dot": smtplib.SMTPServerDisconnected,
    "stall_after_dot": smtplib.SMTPServerDisconnected,
}


@dataclass
class Post:
    mail: Mail
    client: ssl.SSLContext

    def send(self, *recipients: str, timeout: float = 1) -> dict[str, tuple[int, bytes]]:
        message = EmailMessage()
        message["From"] = "bridge@example-house.example"
        message["To"] = TO
        message["Message-ID"] = "<one@example-house.example>"
        message["Subject"] = "EXH-2026-0001: due"
        message.set_content("Please look.")
        message.add_alternative("<p>Please look.</p>", subtype="html")
        with smtplib.SMTP(self.mail.host, self.mail.port, timeout=timeout) as session:
            session.starttls(context=self.client)
            session.login("bridge", "secret")
            return session.send_message(message, to_addrs=list(recipients) or [TO])


ANSWERS_LATE = ("late_after_dot", "drip_after_dot")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def post(certificates: Certificates) -> Iterator[Post]:
    client = ssl.create_default_context(cafile=str(certificates.ca_file))
    with Mail(tls=certificates.server(), require_starttls=True, username="bridge", password="secret") as mail:
        yield Post(mail, client)


def test_every_smtp_fault_of_the_table_has_a_row_here() -> None:
    assert {name for name, fault in FAULTS.items() if fault.stage in SMTP_STAGES} == {*RAISES, *ANSWERS_LATE}


def test_a_message_lands_in_its_recipients_inbox(post: Post) -> None:
    assert post.send(TO, "second@example-house.example") == {}
    letter = post.mail.inbox(TO)[0]
    assert (letter.message_id, letter.text().strip()) == ("<one@example-house.example>", "Please look.")
    assert "<p>" in letter.text("html")
    assert [(effect.reference, effect.subject) for effect in post.mail.applied()] == [
        ("<one@example-house.example>", TO),
        ("<one@example-house.example>", "second@example-house.example"),
    ]


def test_a_letter_shows_nothing_in_its_repr(post: Post) -> None:
    post.send()
    assert "Please look" not in repr(post.mail.inbox())


@pytest.mark.parametrize("name", RAISES)
def test_a_fault_raises_what_was_measured_and_takes_the_message_or_not(name: str, post: Post) -> None:
    post.mail.arm(name, seconds=5)
    with pytest.raises(RAISES[name]):
        post.send(timeout=1.5)
    assert len(post.mail.inbox()) == int(FAULTS[name].applied)
    post.mail.disarm()
    assert post.send() == {}


@pytest.mark.parametrize("name", ANSWERS_LATE)
def test_a_late_answer_is_still_an_answer(name: str, post: Post) -> None:
    post.mail.arm(name, seconds=0.4)
    assert post.send() == {}
    assert len(post.mail.inbox()) == 1


def test_one_refused_recipient_of_two_raises_nothing(post: Post) -> None:
    post.mail.arm("recipient_550", recipient="second@example-house.example")
    refused = post.send(TO, "second@example-house.example")
    assert refused["second@example-house.example"][0] == 550
    assert [letter.recipient for letter in post.mail.inbox()] == [TO]


@pytest.mark.parametrize("name", ["refuse", "connect_timeout"])
def test_a_server_can_be_out_of_reach_and_come_back_on_its_port(name: str, post: Post) -> None:
    post.mail.arm(name)
    with pytest.raises(OSError, match=r"refused|timed out"):
        post.send(timeout=1.5)
    post.mail.disarm(name)
    assert post.send() == {}


def test_plain_text_is_refused_where_starttls_is_required(post: Post) -> None:
    with smtplib.SMTP(post.mail.host, post.mail.port, timeout=2) as session:
        session.ehlo()
        assert session.docmd("MAIL", f"FROM:<{TO}>")[0] == 530


def test_a_stranger_to_the_authority_cannot_trust_the_server(post: Post) -> None:
    stranger = Post(post.mail, ssl.create_default_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.send()


def test_the_authority_is_written_out_as_pem(certificates: Certificates) -> None:
    assert Path(certificates.ca_file).read_text("ascii").startswith("-----BEGIN CERTIFICATE-----")
