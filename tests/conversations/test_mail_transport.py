"""The way of a mail to its server: what each reply means, what is not known, and what is never done."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import socket
import ssl
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from conversations import mail_sockets, transport
from conversations.channels.base import PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from tests.conversations.mail_double import HANG_UP, HOLD, running_mail_double

MAIL = b"From: support@shop.example\r\nSubject: Order\r\n\r\n.one dot\r\n..two dots\r\nend"
LOG_IN = {"username": "support@shop.example", "password": "very-secret"}


@pytest.fixture(autouse=True)
def on_a_development_machine(settings: Settings) -> None:
    settings.SIMULATOR = True


def request_to(url: str, method: str = "SEND", **params: str) -> PlatformRequest:
    envelope = {"sender": "support@shop.example", "recipients": "mei@customer.example"}
    return PlatformRequest(method=method, url=url, params={**envelope, **params}, content=MAIL)


def send(url: str, seconds: float = 5.0, **params: str) -> PlatformResponse:
    return transport.within(seconds)(request_to(url, **params))


def trouble(url: str, seconds: float = 5.0, **params: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(url, seconds, **params)
    return caught.value


# --- a mail that goes --------------------------------------------------------------------------------------


def test_a_mail_arrives_whole_with_its_envelope() -> None:
    with running_mail_double() as server:
        answer = send(server.url, **LOG_IN)
    assert (answer.status, answer.body) == (250, b"2.0.0 queued as 4QzXY")
    assert server.mails == [MAIL + b"\r\n"]
    assert (
        "MAIL FROM:<support@shop.example>" in server.said and "RCPT TO:<mei@customer.example>" in server.said
    )


def test_a_real_server_reads_the_same_mail() -> None:
    class Kept(MessageHandler):
        mails: list[object] = []

        def handle_message(self, message: object) -> None:
            self.mails.append(message)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Kept(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert send(f"smtp://127.0.0.1:{port}").status == 250
    finally:
        controller.stop()
    [mail] = Kept.mails
    assert mail["Subject"] == "Order" and mail["X-RcptTo"] == "mei@customer.example"
    assert mail.get_payload().rstrip("\r\n") == ".one dot\r\n..two dots\r\nend"


def test_a_log_in_is_tried_without_a_mail() -> None:
    with running_mail_double() as server:
        request = PlatformRequest(method="LOGIN", url=server.url, params=LOG_IN)
        assert transport.within(5.0)(request).status == 250
    assert server.mails == [] and not any(said.startswith("MAIL") for said in server.said)


@pytest.mark.parametrize("offered, steps", [("PLAIN LOGIN", 1), ("LOGIN", 3)])
def test_the_log_in_speaks_what_the_server_offers(offered: str, steps: int) -> None:
    ehlo = f"250-double\r\n250 AUTH {offered}"
    replies = {"AUTH": "334 VXNlcm5hbWU6"} if steps == 3 else {}
    with running_mail_double(EHLO=ehlo, **replies) as server:
        server.replies |= {"C3VWCG9YDEBZAG9WLMV4YW1WBGU=": "334 UGFzc3dvcmQ6", "DMVYES1ZZWNYZXQ=": "235 ok"}
        assert send(server.url, **LOG_IN).status == 250
    assert len([said for said in server.said if said.startswith("AUTH")]) == 1


def test_a_token_goes_as_xoauth2_and_a_refused_one_tells_its_reason() -> None:
    with running_mail_double() as server:
        assert send(server.url, username="support@shop.example", access_token="lent-1").status == 250
        assert [said for said in server.said if said.startswith("AUTH XOAUTH2 dXNlcj1z")]
    with running_mail_double(AUTH="334 eyJzdGF0dXMiOiI0MDAifQ==") as server:
        server.replies[""] = "535 5.7.8 the token is dead"
        answer = send(server.url, username="support@shop.example", access_token="lent-1")
    assert (answer.status, answer.headers["stage"]) == (535, "login")


# --- what is refused, and where ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step, reply, stage",
    [
        ("connect", "554 5.7.1 go away", "connect"),
        ("EHLO", "502 5.5.1 no", "hello"),
        ("AUTH", "535 5.7.8 wrong password", "login"),
        ("MAIL", "550 5.7.1 not your address", "sender"),
        ("RCPT", "550 5.1.1 user unknown", "recipient"),
        ("RCPT", "450 4.7.1 greylisted", "recipient"),
        ("DATA", "451 4.3.0 later", "data"),
        ("dot", "552 5.3.4 too large", "data"),
    ],
)
def test_a_refusal_comes_back_with_the_step_it_was_given_at(step: str, reply: str, stage: str) -> None:
    with running_mail_double(**{step: reply}) as server:
        answer = send(server.url, **LOG_IN)
    assert f"{answer.status} {answer.body.decode()}" == reply and answer.headers["stage"] == stage


@pytest.mark.parametrize("step", ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_mail_was_given_means_that_nothing_was_sent(step: str) -> None:
    with running_mail_double(**{step: HANG_UP}) as server:
        assert trouble(server.url, **LOG_IN).kind is ErrorKind.TEMPORARY
    assert server.mails == []


@pytest.mark.parametrize("reply", [HANG_UP, HOLD, "what?", "25"])
def test_no_answer_after_the_whole_mail_leaves_the_outcome_open(reply: str) -> None:
    with running_mail_double(dot=reply) as server:
        assert trouble(server.url, seconds=0.7).kind is ErrorKind.UNKNOWN_OUTCOME
        assert len(server.mails) == 1


def test_a_server_that_never_speaks_is_given_up() -> None:
    with running_mail_double(connect=HOLD) as server:
        assert trouble(server.url, seconds=0.3).kind is ErrorKind.TEMPORARY


def test_a_reply_without_an_end_is_no_reply() -> None:
    endless = "250-more\r\n" * 500 + "250 end"
    with running_mail_double(EHLO=endless) as server:
        assert trouble(server.url).kind is ErrorKind.TEMPORARY
    with running_mail_double(connect="220 " + "x" * 20_000) as server:
        assert trouble(server.url).kind is ErrorKind.TEMPORARY


def test_nobody_at_the_port_means_that_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert trouble(f"smtp://127.0.0.1:{unused.getsockname()[1]}").kind is ErrorKind.TEMPORARY


# --- what is never done ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "smtp://127.0.0.1:587", "smtps://localhost:465", "smtp://169.254.169.254:587", "smtp://[::1]:587",
        "smtp://mail.test:25", "smtp://mail.test:22", "http://mail.test:587", "smtp://:587", "smtp://mail.test:x",
    ],
)  # fmt: skip
def test_addresses_that_are_no_public_mail_server_are_refused(settings: Settings, url: str) -> None:
    settings.SIMULATOR = False
    error = trouble(url)
    assert (error.kind, error.code) == (ErrorKind.BAD_REQUEST, "address_refused")


@pytest.mark.parametrize("name", ["sender", "recipients"])
@pytest.mark.parametrize(
    "address", ["a@b.test>\r\nRCPT TO:<c@d.test", "a b@c.test", "メール@b.test", "a@b\n.test"]
)
def test_an_address_cannot_bring_a_command(name: str, address: str) -> None:
    with running_mail_double() as server:
        assert trouble(server.url, **{name: address}).code == "bad_address"
    assert not any(said.startswith(("MAIL", "RCPT")) for said in server.said)


def test_secrets_and_mails_never_go_in_the_clear_over_the_net(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_sockets.addresses, "is_loopback", lambda text: False)
    with running_mail_double() as server:
        error = trouble(server.url, **LOG_IN)
    assert (error.kind, error.code) == (ErrorKind.PERMISSION, "no_tls")
    assert not any(said.startswith(("AUTH", "MAIL")) for said in server.said)


def certificate_for(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    signed = (
        builder.not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, path


@pytest.mark.parametrize("name, is_good", [("127.0.0.1", True), ("127.0.0.2", False)])
def test_tls_is_begun_where_it_is_offered_and_the_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_good: bool
) -> None:
    server_side, path = certificate_for(tmp_path, name)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(mail_sockets, "_tls", lambda: trusting)
    ehlo = "250-double\r\n250-STARTTLS\r\n250 AUTH PLAIN"
    with running_mail_double(server_side, EHLO=ehlo) as server:
        if is_good:
            assert send(server.url, **LOG_IN).status == 250
            assert server.encrypted and len(server.mails) == 1
        else:
            error = trouble(server.url, **LOG_IN)
            assert (error.kind, error.code) == (ErrorKind.PERMISSION, "certificate")
            assert server.mails == []


def test_no_password_reaches_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), running_mail_double(MAIL=HANG_UP) as server:
        assert "very-secret" not in str(trouble(server.url, **LOG_IN)) + repr(
            request_to(server.url, **LOG_IN)
        )
    assert "very-secret" not in caplog.text
