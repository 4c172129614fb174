"""Connections to mail servers: to checked addresses only, over TLS, and ended at the call's deadline.

    with deadline(seconds): stream = connect(host, port)

The standard library's mail clients wait anew for every byte; a `TimedSocket` gives them what is left of the whole.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import cache
from typing import Any

from django.conf import settings

from tenants import addresses

CONNECT_SECONDS = 5.0
LARGEST_READ = 65_536


class OutOfTime(TimeoutError):
    """The call's time is used up."""


class TimedSocket:
    """A connected socket as mail clients use it, good until `ends_at` (monotonic seconds)."""

    def __init__(self, plain: socket.socket, ends_at: float) -> None:
        self._plain = plain
        self.ends_at = ends_at

    def sendall(self, content: bytes) -> None:
        self._plain.settimeout(self._time_left())
        self._plain.sendall(content)

    def receive_into(self, buffer: Any) -> int:
        """Read what is there into `buffer`; 0 at the end."""
        self._plain.settimeout(self._time_left())
        return self._plain.recv_into(buffer)

    def makefile(self, mode: str = "rb", buffering: int = -1) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self), LARGEST_READ)

    def begin_tls(self, host: str) -> None:
        """Go on encrypted. Raises ssl.SSLError when the server's certificate is not good for `host`."""
        self._plain.settimeout(self._time_left())
        self._plain = _tls().wrap_socket(self._plain, server_hostname=host)

    @property
    def is_local(self) -> bool:
        """Whether the other side is this very machine."""
        return addresses.is_loopback(str(self._plain.getpeername()[0]))

    def settimeout(self, seconds: float | None) -> None:
        """The deadline counts, whatever the client wants."""

    def shutdown(self, how: int) -> None:
        self._plain.shutdown(how)

    def close(self) -> None:
        self._plain.close()

    def _time_left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise OutOfTime("the call's time is used up")
        return left


def connect(host: str, port: int, *, ends_at: float) -> TimedSocket:
    """Connect to the host's checked addresses, one after the other. Raises addresses.AddressRefused, OSError."""
    trouble: OSError = OSError("the name has no address")
    for address in addresses.resolve(host, port, loopback_allowed=settings.SIMULATOR):
        left = min(CONNECT_SECONDS, ends_at - time.monotonic())
        if left <= 0:
            raise OutOfTime("the call's time is used up")
        try:
            return TimedSocket(socket.create_connection((address, port), timeout=left), ends_at)
        except OSError as error:
            trouble = error
    raise trouble


class _Reader(io.RawIOBase):
    def __init__(self, stream: TimedSocket) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._stream.receive_into(buffer)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
