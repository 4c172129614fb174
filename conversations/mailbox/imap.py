"""One visit to a mailbox by IMAP: bounded in time and size, to checked addresses, and without leaving a trace.

The folder is opened read-only and mails are peeked at, so that what people read in it stays as they left it.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from imap_tools import AND
from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox

from conversations.channels.email_mime import MOST_BYTES
from conversations.channels.email_servers import IMAP_SERVER
from conversations.mail_sockets import TimedSocket, connect

PORTS = frozenset({143, 993})
MOST_SESSION_BYTES = 80_000_000  # read in one visit
MOST_UIDS = 10_000  # looked at in one visit
FACTS_AT_ONCE = 500
FOLDER = "INBOX"

MOST_UID = 2**32 - 1  # RFC 3501, section 9: nz-number
LINE_COST = 100  # bytes that the shortest line takes once it is kept

TROUBLE = (imaplib.IMAP4.error, ImapToolsError, OSError, EOFError, ValueError, LookupError)
"""What a visit may fail with. ValueError, LookupError: an answer that cannot be read."""

_SERVER = re.compile(IMAP_SERVER)
_UID = re.compile(rb"\bUID (\d{1,20})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,20})\b")


class NotReachable(Exception):
    """The server is not one that we may visit, or speaks no encryption. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LogInRefused(Exception):
    """The server does not take the name and password."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server tells of a mail before it is fetched. arrived_at: when the server got it, aware UTC."""

    uid: int
    size: int
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail; `is_cut` where it is longer than what was fetched."""

    facts: Facts
    content: bytes = field(repr=False)

    @property
    def is_cut(self) -> bool:
        return self.facts.size > len(self.content)


class Visit:
    """An open folder. Use as a context manager: leaving ends the connection."""

    def __init__(self, server: str, *, ends_at: float) -> None:
        self._box = _Box(server, ends_at)
        self.uid_validity = 0

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_gone: object) -> None:
        self._box.part()

    def log_in(self, username: str, *, password: str = "", access_token: str = "") -> None:
        """Log in and open the folder for reading. Raises LogInRefused, and TROUBLE."""
        try:
            if access_token:
                self._box.xoauth2(username, access_token, initial_folder=None)
            elif username.isascii() and password.isascii():
                self._box.login(username, password, initial_folder=None)
            else:
                self._box.login_utf8(username, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (ImapToolsError, imaplib.IMAP4.error) as error:
            raise LogInRefused(_said(error)) from None
        self._box.folder.set(FOLDER, readonly=True)
        self.uid_validity = _uid(self._box.folder.status(FOLDER, ["UIDVALIDITY"])["UIDVALIDITY"])

    def newer_than(self, uid: int) -> list[int]:
        """The UIDs above `uid`, ascending, at most MOST_UIDS."""
        found = self._box.uids(f"UID {uid + 1}:*", charset=None)  # "*" is the last one, even when it is older
        return sorted(each for each in map(_uid, found[: MOST_UIDS * 2]) if each > uid)[:MOST_UIDS]

    def since(self, day: date) -> list[int]:
        """The UIDs of mails that arrived on `day` or later, ascending, at most MOST_UIDS."""
        found = self._box.uids(AND(date_gte=day), charset=None)
        return sorted(map(_uid, found[:MOST_UIDS]))

    def facts(self, uids: Sequence[int]) -> dict[int, Facts]:
        """What the server tells of these mails; one that has gone is missing."""
        found: dict[int, Facts] = {}
        for start in range(0, len(uids), FACTS_AT_ONCE):
            some = ",".join(map(str, uids[start : start + FACTS_AT_ONCE]))
            for answer in self._box.ask("UID", "FETCH", some, "(RFC822.SIZE INTERNALDATE)"):
                facts = _facts(answer)
                if facts is not None:
                    found[facts.uid] = facts
        return found

    def fetch(self, facts: Facts) -> Fetched | None:
        """A mail, up to MOST_BYTES of it; None when it has gone. Raises TROUBLE."""
        parts = f"(BODY.PEEK[]<0.{MOST_BYTES}>)"
        for answer in self._box.ask("UID", "FETCH", str(facts.uid), parts):
            if isinstance(answer, tuple):
                return Fetched(facts, answer[1])
        return None


class _Box(BaseMailBox):
    def __init__(self, server: str, ends_at: float) -> None:
        self._server, self._ends_at = server, ends_at
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        host, port, is_tls = address_of(self._server)
        client = _Client(host, port, is_tls=is_tls, ends_at=self._ends_at)
        try:
            if not is_tls:
                client.require_encryption()
        except BaseException:
            client.drop()
            raise
        return client

    def ask(self, command: str, *words: str) -> Iterator[Any]:
        """The untagged answers to a command. Raises imaplib.IMAP4.error unless it is answered with OK."""
        state, answers = self.client.uid(*words) if command == "UID" else (None, [])
        if state != "OK":
            raise imaplib.IMAP4.error(f"{words[0]}: {answers!r}"[:200])
        return iter(each for each in answers if each is not None)

    def part(self) -> None:
        """End the connection, politely where that is possible."""
        try:
            self.client.logout()
        except TROUBLE:
            self.client.drop()


class _Client(imaplib.IMAP4):
    """The standard library's client over a checked connection, its reading bounded."""

    def __init__(self, host: str, port: int, *, is_tls: bool, ends_at: float) -> None:
        self._is_tls, self._ends_at, self._read = is_tls, ends_at, 0
        super().__init__(host, port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        stream: TimedSocket = connect(host, port, ends_at=self._ends_at)
        if self._is_tls:
            stream.begin_tls(host)
        self.sock: Any = stream
        self.file: Any = stream.makefile("rb")

    def require_encryption(self) -> None:
        """STARTTLS; without it only a double on this very machine is spoken to."""
        if "STARTTLS" in self.capabilities:
            state, _ = self._simple_command("STARTTLS")
            if state != "OK":
                raise NotReachable("no_tls")
            self.sock.begin_tls(self.host)
            self.file = self.sock.makefile("rb")
            self._get_capabilities()
        elif not (settings.SIMULATOR and self.sock.is_local):
            raise NotReachable("no_tls")

    def read(self, size: int) -> bytes:
        self._count(size)
        return bytes(self.file.read(size))

    def readline(self) -> bytes:
        line = super().readline()
        self._count(max(len(line), LINE_COST))
        return line

    def drop(self) -> None:
        """Close the connection without a word."""
        self.file.close()
        self.sock.close()

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > MOST_SESSION_BYTES or size > MOST_BYTES + 1_000:
            raise self.abort("the server sends more than was asked for")


def address_of(server: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS begins at once: on port 993, which is the usual one. Raises NotReachable."""
    found = _SERVER.fullmatch(server.strip())
    if found is None:
        raise NotReachable("address")
    scheme, host, port = found["scheme"], found["host"].strip("[]").lower(), int(found["port"] or 0)
    is_tls = scheme == "imaps" or (scheme is None and port in {0, 993})
    port = port or (993 if is_tls else 143)
    if port not in PORTS and not settings.SIMULATOR:
        raise NotReachable("address")
    return host, port, is_tls


def _said(error: Exception) -> str:
    """The server's own words of a refusal, without the names of things in our library."""
    result = getattr(error, "command_result", ("", [str(error)]))
    lines = [line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line) for line in result[1]]
    return " ".join(lines).strip()[:200]


def _facts(answer: Any) -> Facts | None:
    line = answer[0] if isinstance(answer, tuple) else answer
    uid, size = _UID.search(line), _SIZE.search(line)
    if uid is None:
        return None
    return Facts(_uid(uid[1]), int(size[1]) if size else 0, _arrived_at(line))


def _arrived_at(line: bytes) -> datetime | None:
    """The INTERNALDATE in an answer; None for one that no calendar knows."""
    try:
        told = imaplib.Internaldate2tuple(line)
        return None if told is None else datetime(*told[:6]).astimezone(UTC)  # imaplib gives local time
    except (ValueError, OverflowError, OSError, LookupError):
        return None


def _uid(told: str | bytes | int) -> int:
    """A number that names a mail or a numbering. Raises ValueError for what is none."""
    uid = int(told)
    if not 0 < uid <= MOST_UID:
        raise ValueError("no UID")
    return uid
