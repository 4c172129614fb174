"""An SMTP server on 127.0.0.1 that says what it is told to say, and remembers what it was given."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

HANG_UP = "hang up"
HOLD = "hold"

GREETING = {
    "connect": "220 mail.double.test",
    "EHLO": "250-mail.double.test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 30000000",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 queued as 4QzXY",
    "QUIT": "221 bye",
    "STARTTLS": "220 2.0.0 ready",
}


class MailDouble:
    """replies: what is said at each step, over GREETING; HANG_UP ends the connection, HOLD waits for the end.
    Under a whole line, like "RCPT TO:<a@b.example>", is what is said to that line alone."""

    def __init__(self, replies: Mapping[str, str], certificate: ssl.SSLContext | None) -> None:
        self.replies = {**GREETING, **replies}
        self.certificate = certificate
        self.said: list[str] = []
        self.mails: list[bytes] = []
        self.encrypted = False
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"

    def serve(self) -> None:
        while not self.ended.is_set():
            with suppress(OSError):
                connection, _ = self._listener.accept()
                with suppress(OSError, ValueError):
                    self._talk(connection)
                connection.close()

    def close(self) -> None:
        self.ended.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._listener.close()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        if not self._say(connection, "connect"):
            return
        reader = connection.makefile("rb")
        while line := reader.readline():
            words = line.decode("latin-1").rstrip("\r\n")
            self.said.append(words)
            step = words.partition(" ")[0].upper()
            if not self._say(connection, words if words in self.replies else step):
                return
            if step == "STARTTLS" and self.certificate is not None:
                connection = self.certificate.wrap_socket(connection, server_side=True)
                reader, self.encrypted = connection.makefile("rb"), True
            if step == "DATA" and self.replies["DATA"].startswith("354"):
                lines = []
                while (line := reader.readline()) not in {b".\r\n", b""}:
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                if line:
                    self.mails.append(b"".join(lines))
                if not self._say(connection, "."):
                    return

    def _say(self, connection: socket.socket, step: str) -> bool:
        reply = self.replies.get(step, "500 5.5.1 what")
        if reply == HOLD:
            self.ended.wait(10)
        if reply in {HANG_UP, HOLD}:
            return False
        connection.sendall(reply.encode() + b"\r\n")
        return step != "QUIT"


@contextmanager
def running_mail_double(certificate: ssl.SSLContext | None = None, **replies: str) -> Iterator[MailDouble]:
    """A server that serves until the block ends."""
    named = {{"dot": ".", "connect": "connect"}.get(name, name): reply for name, reply in replies.items()}
    double = MailDouble(named, certificate)
    thread = threading.Thread(target=double.serve, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.close()
        thread.join(5)
