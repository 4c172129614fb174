"""WebSocket clients on bare asyncio transports (RFC 6455): they say hello and note which marks arrive when."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import time
from collections.abc import Callable
from typing import cast

from benchmarks.load.http import ADDRESS

MARK = re.compile(rb"#(\d+)#")
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
CONNECTING_AT_ONCE = 40
OPEN_SECONDS = 120.0


class Listener(asyncio.Protocol):
    """One socket. heard(number, now) is called once for each mark `#number#`, with the wall clock."""

    def __init__(self, upgrade: bytes, hello: str, heard: Callable[[int, float], None]) -> None:
        self._upgrade = upgrade
        self._hello = hello
        self._heard = heard
        self._known: set[int] = set()
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_open = False
        self.close_code: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._upgrade)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(bytes(self._buffer[:200])))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open and not self._read_handshake():
            return
        while (frame := self._next_frame()) is not None:
            self._take(*frame)

    def _read_handshake(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._buffer.startswith(b"HTTP/1.1 101"):
            self.close()
            return False
        del self._buffer[: end + 4]
        self._is_open = True
        if self._hello:
            self._say(TEXT, self._hello.encode())
        else:
            self.opened.set_result(None)
        return True

    def _next_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + length or (start > 2 and len(buffer) < start):
            return None
        kind, payload = buffer[0] & 15, bytes(buffer[start : start + length])
        del buffer[: start + length]
        return kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self._say(PONG, payload)
        elif kind == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big")
            self.close()
        elif kind == TEXT:
            if not self.opened.done():
                self.opened.set_result(None)
            now = time.time()
            for found in MARK.findall(payload):
                number = int(found)
                if number not in self._known:
                    self._known.add(number)
                    self._heard(number, now)

    def _say(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        head = (
            bytes([128 | kind, 128 | size])
            if size < 126
            else bytes([128 | kind, 254]) + size.to_bytes(2, "big")
        )
        if self._transport is not None:
            self._transport.write(head + b"\0\0\0\0" + payload)  # a mask of zeros masks nothing


async def open_all(
    port: int, upgrades: list[bytes], hello: str, heard: Callable[[int, float], None]
) -> list[Listener]:
    """Open a socket for each upgrade request; returns when all of them have been answered."""
    loop = asyncio.get_running_loop()
    turn = asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def one(upgrade: bytes) -> Listener:
        async with turn:
            listener = Listener(upgrade, hello, heard)
            await loop.create_connection(lambda: listener, ADDRESS, port)
            await asyncio.wait_for(asyncio.shield(listener.opened), OPEN_SECONDS)
            return listener

    return list(await asyncio.gather(*(one(upgrade) for upgrade in upgrades)))


def upgrade(path: str, host: str, port: int, cookie: str = "") -> bytes:
    """The request that opens a socket, from the host's own page. No compression is offered."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Origin: http://{host}:{port}",
    ]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
