"""Handing a mail to its SMTP server: the sibling of `transport` for requests whose method is SEND or LOGIN.

Until the server has been given the whole mail, nothing is sent, so that trying again is safe; when the connection
breaks before it answers the whole mail, nobody knows. The log-in and the mail go over TLS; in the clear only to a
double on this very machine.
"""

from __future__ import annotations

import base64
import smtplib
import ssl
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from conversations.channels import email_errors
from conversations.channels.base import PlatformRequest, PlatformResponse
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.mail_sockets import TimedSocket, connect
from tenants import addresses

METHODS = frozenset({"SEND", "LOGIN"})
PORTS = frozenset({465, 587, 2525})
MOST_RECIPIENTS = 50
MOST_REPLY_LINES = 100
LONGEST_REPLY_LINE = 8_192

_NAME = "kontor"  # what we call ourselves in EHLO: submission servers do not look at it
_GOOD = (200, 400)


class _Refused(Exception):
    """The server answered; `stage` says at what."""

    def __init__(self, code: int, text: bytes, stage: str) -> None:
        super().__init__(code)
        self.response = PlatformResponse(status=code, headers={"stage": stage}, body=text[:4_000])


def call(request: PlatformRequest, *, ends_at: float) -> PlatformResponse:
    """Make an SMTP call; the server's last reply. ends_at: monotonic seconds. Raises DeliveryError."""
    host, port, is_tls = _server(request.url)
    client = _Client()
    try:
        try:
            client.open(host, port, ends_at=ends_at, is_tls=is_tls)
            client.log_in(request.params)
            if request.method == "LOGIN":
                return PlatformResponse(status=250, headers={}, body=b"")
            client.announce(request.params)
            client.hand_over(request.content or b"")
        except addresses.AddressRefused as error:
            raise _bad("address_refused", str(error)) from None
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                ErrorKind.PERMISSION, code="certificate", detail=error.verify_message
            ) from None
        except (OSError, smtplib.SMTPException, ValueError, EOFError) as error:
            raise _trouble(ErrorKind.TEMPORARY, error) from None
        try:
            return client.outcome()
        except (OSError, smtplib.SMTPException, ValueError, EOFError) as error:
            raise _trouble(ErrorKind.UNKNOWN_OUTCOME, error) from None
    except _Refused as refused:
        return refused.response
    finally:
        client.leave()


class _Client(smtplib.SMTP):
    """The standard library's client, step by step, so that each step's failure keeps its meaning."""

    sock: Any
    file: Any

    def __init__(self) -> None:
        super().__init__(local_hostname=_NAME)

    def open(self, host: str, port: int, *, ends_at: float, is_tls: bool) -> None:
        stream: TimedSocket = connect(host, port, ends_at=ends_at)
        self.sock = stream
        self._host = host
        if is_tls:
            stream.begin_tls(host)
        self._require(self.getreply(), "connect")
        self._greet()
        if is_tls:
            return
        if self.has_extn("starttls"):
            self._require(self.docmd("STARTTLS"), "hello")
            stream.begin_tls(host)
            self.file = None  # what was said in the clear, to be believed after TLS began, goes with it
            self._greet()
        elif not (settings.SIMULATOR and stream.is_local):
            raise DeliveryError(ErrorKind.PERMISSION, code="no_tls", detail="the server offers no encryption")

    def log_in(self, params: Any) -> None:
        name, password, token = (params.get(key, "") for key in ("username", "password", "access_token"))
        if token:
            answer = base64.b64encode(f"user={name}\x01auth=Bearer {token}\x01\x01".encode()).decode()
            code, text = self.docmd("AUTH", f"XOAUTH2 {answer}")
            if code == 334:  # the reason follows an empty line of ours
                code, text = self.docmd("")
            self._require((code, text), "login")
        elif password:
            if not self.has_extn("auth"):
                raise _Refused(530, b"the server offers no log-in", "login")
            offered = self.esmtp_features["auth"].upper().split()
            plain = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
            if "PLAIN" in offered:
                self._require(self.docmd("AUTH", f"PLAIN {plain}"), "login")
            else:
                self._log_in_by_steps(name, password)

    def announce(self, params: Any) -> None:
        recipients = [each for each in params.get("recipients", "").split(",") if each]
        if not recipients or len(recipients) > MOST_RECIPIENTS:
            raise _bad("recipients", "a mail has from 1 to 50 recipients")
        for address in [params.get("sender", ""), *recipients]:
            if not address.isascii() or any(sign in address for sign in "<>\r\n\0 "):
                raise _bad("bad_address", "mail cannot be sent to this address")
        self._require(self.docmd("MAIL", f"FROM:<{params.get('sender', '')}>"), "sender")
        for place, address in enumerate(recipients):
            stage = "recipient" if place == 0 else email_errors.COPY
            self._require(self.docmd("RCPT", f"TO:<{address}>"), stage)

    def hand_over(self, content: bytes) -> None:
        """Give the server everything. Its last line goes with the last bytes: as long as this fails, the server
        has not got it."""
        code, text = self.docmd("DATA")
        if code != 354:
            raise _Refused(code, text, "data")
        lines = _quoted(content)
        self.send(lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n")

    def outcome(self) -> PlatformResponse:
        """What the server says of the whole mail."""
        code, text = self.getreply()
        if code < 200:
            raise smtplib.SMTPResponseException(code, text)
        return PlatformResponse(status=code, headers={"stage": "data"}, body=text[:4_000])

    def leave(self) -> None:
        with suppress(OSError, smtplib.SMTPException, ValueError, EOFError):
            if self.sock is not None:
                self.sock.sendall(b"QUIT\r\n")
        self.close()

    def getreply(self) -> tuple[int, bytes]:
        """A reply of bounded length; an endless one is no reply."""
        if self.file is None:
            self.file = self.sock.makefile("rb")
        lines: list[bytes] = []
        while len(lines) < MOST_REPLY_LINES:
            line = self.file.readline(LONGEST_REPLY_LINE + 1)
            if not line or len(line) > LONGEST_REPLY_LINE:
                raise smtplib.SMTPServerDisconnected("the connection was closed, or the reply has no end")
            lines.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return (int(line[:3]) if line[:3].isdigit() else -1), b"\n".join(lines)
        raise smtplib.SMTPServerDisconnected("the reply has no end")

    def _greet(self) -> None:
        self._require(self.ehlo(_NAME), "hello")

    def _log_in_by_steps(self, name: str, password: str) -> None:
        code, text = self.docmd("AUTH", "LOGIN")
        for given in (name, password):
            if code != 334:
                break
            code, text = self.docmd(base64.b64encode(given.encode()).decode())
        self._require((code, text), "login")

    def _require(self, reply: tuple[int, bytes], stage: str) -> None:
        code, text = reply
        if not _GOOD[0] <= code < _GOOD[1]:
            raise _Refused(code if code > 0 else 421, text, stage)


def _quoted(content: bytes) -> bytes:
    """The mail's lines as DATA carries them: CRLF, and a dot before each line that begins with one."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


def _server(url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        raise _bad("address_refused", "the mail server's address cannot be read") from None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise _bad("address_refused", "the mail server's address cannot be read")
    if port not in PORTS and not settings.SIMULATOR:
        raise _bad("address_refused", "mail is handed over on the ports 465, 587 and 2525")
    return host, port, parts.scheme == "smtps"


def _bad(code: str, detail: str) -> DeliveryError:
    return DeliveryError(ErrorKind.BAD_REQUEST, code=code, detail=detail)


def _trouble(kind: ErrorKind, error: Exception) -> DeliveryError:
    return DeliveryError(kind, code=type(error).__name__, detail="the mail server could not be reached")
