"""HTTP/1.1 with keep-alive on a bare asyncio transport: writes a prepared request, cuts the answer out of the
bytes."""

from __future__ import annotations

import asyncio
import time
from typing import cast

ADDRESS = "127.0.0.1"


class Gone(ConnectionError):
    """The server closed the connection before it had answered."""


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None
        self._body_at = -1
        self._ends_at = 0
        self._is_chunked = False
        self._used_at = time.monotonic()

    @classmethod
    async def connect(cls, port: int) -> Client:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(cls, ADDRESS, port))[1]

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; the answer's status and body. Raises Gone."""
        if self._transport is None or self._transport.is_closing():
            raise Gone
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._answer
        self._used_at = time.monotonic()
        return answer

    def idle_seconds(self) -> float:
        """Since the last answer."""
        return time.monotonic() - self._used_at

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Gone())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._body_at < 0 and not self._read_head():
            return
        if self._is_chunked:
            if not self._buffer.endswith(b"0\r\n\r\n"):
                return
            self._ends_at = len(self._buffer)
        if len(self._buffer) >= self._ends_at:
            self._finish()

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        self._body_at = end + 4
        self._is_chunked = b"transfer-encoding: chunked" in head
        _, found, rest = head.partition(b"content-length:")
        self._ends_at = self._body_at + (int(rest.split(b"\r", 1)[0]) if found else 0)
        return True

    def _finish(self) -> None:
        status = int(self._buffer[9:12])
        body = bytes(self._buffer[self._body_at : self._ends_at])
        self._buffer.clear()
        self._body_at = -1
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, body))


def request(
    method: str, path: str, host: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """A whole request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
