"""One WebSocket as bare ASGI, bounded on every side: what comes in by size and rate, what goes out by its
queue.
"""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from conversations.realtime.frames import as_json

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_FRAMES_WAITING = 200
MOST_BYTES_UNHEARD = (
    8_000_000  # sent since the browser last said anything: it is stuck, whatever the server buffers
)
MOST_BYTES_IN = 64_000
FRAMES_PER_SECOND = 20.0
FRAMES_AT_ONCE = 60.0
SILENCE_SECONDS = 150.0  # a browser lets timers of hidden tabs run once a minute

logger = logging.getLogger(__name__)


class Close(enum.IntEnum):
    """Why a socket ends (RFC 6455 section 7.4; 4000 and up are our own)."""

    WENT_AWAY = 1001
    BAD_FRAME = 1008
    TOO_BIG = 1009
    BROKEN = 1011
    TRY_LATER = 1013
    NOT_SIGNED_IN = 4401
    NOT_ALLOWED = 4403
    SILENT = 4408


class Connection:
    """A socket between `accept()` and its end. Everything happens in the event loop that made it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(MOST_FRAMES_WAITING)
        self._closing: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        self._allowance = FRAMES_AT_ONCE
        self._unheard = 0
        self.heard_at = time.monotonic()

    async def opened(self) -> bool:
        """Wait for the request to connect; False when the browser has already left."""
        message = await self._receive()
        return bool(message["type"] == "websocket.connect")

    async def refuse(self, code: Close) -> None:
        """Close before accepting: the browser sees a refused handshake (HTTP 403)."""
        await self._send({"type": "websocket.close", "code": int(code)})

    async def accept(self) -> None:
        await self._send({"type": "websocket.accept"})

    def push(self, text: str) -> None:
        """Queue a frame. A browser that does not keep up is sent away and catches up when it comes back."""
        self._unheard += len(text)
        if self._outgoing.full() or self._unheard > MOST_BYTES_UNHEARD:
            self.close(Close.TRY_LATER)
        elif not self._closing.done():
            self._outgoing.put_nowait(text)

    def push_json(self, frame: dict[str, Any]) -> None:
        """Queue a frame that is for this socket alone."""
        self.push(as_json(frame))

    def error(self, code: str) -> None:
        """Tell the browser that its frame was refused."""
        self.push_json({"type": "error", "code": code})

    def close(self, code: Close) -> None:
        """End the connection with this code."""
        if not self._closing.done():
            self._closing.set_result(code)

    async def serve(
        self, handle: Callable[[Message], Awaitable[None]], *beside: Coroutine[Any, Any, None]
    ) -> None:
        """Hand each decoded frame to `handle`, one after the other, until the end; `beside` runs meanwhile, and
        when one of it ends, the connection does.
        """
        tasks: list[asyncio.Future[None]] = [
            asyncio.create_task(work)
            for work in (self._write(), self._read(handle), self._mind_silence(), *beside)
        ]
        try:
            ends: set[asyncio.Future[Any]] = {self._closing, *tasks}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    logger.error("a socket broke", exc_info=error)
                    self.close(Close.BROKEN)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        code = self._closing.result() if self._closing.done() else Close.WENT_AWAY
        if code is not Close.WENT_AWAY:
            with suppress(Exception):  # a browser that hangs does not take our goodbye either
                await asyncio.wait_for(self._send({"type": "websocket.close", "code": int(code)}), timeout=2)

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            await self._send({"type": "websocket.send", "text": text})

    async def _read(self, handle: Callable[[Message], Awaitable[None]]) -> None:
        while not self._closing.done():
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self.close(Close.WENT_AWAY)
                return
            frame = self._decoded(message)
            if frame is not None:
                await handle(frame)

    def _decoded(self, message: Message) -> Message | None:
        now = time.monotonic()
        self._allowance = min(FRAMES_AT_ONCE, self._allowance + (now - self.heard_at) * FRAMES_PER_SECOND) - 1
        self.heard_at, self._unheard = now, 0
        text = message.get("text")
        if text is None or self._allowance < 0:
            self.close(Close.BAD_FRAME)
            return None
        if len(text) > MOST_BYTES_IN or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES_IN:
            self.close(Close.TOO_BIG)
            return None
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            self.close(Close.BAD_FRAME)
            return None
        return frame

    async def _mind_silence(self) -> None:
        while True:
            await asyncio.sleep(SILENCE_SECONDS / 5)
            if time.monotonic() - self.heard_at > SILENCE_SECONDS:
                self.close(Close.SILENT)
