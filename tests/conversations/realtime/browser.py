"""A browser's side of a WebSocket, speaking bare ASGI to an application in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

PATIENCE_SECONDS = 20  # how long a test waits for what must come; never how long it takes

Message = dict[str, Any]
Application = Callable[[Mapping[str, Any], Any, Any], Awaitable[None]]


class Refused(Exception):
    """The handshake was refused with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Browser:
    """One connection. `headers` are sent as they stand."""

    def __init__(
        self, application: Application, headers: list[tuple[bytes, bytes]], path: str = "/live"
    ) -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        self._to_server: asyncio.Queue[Message] = asyncio.Queue()
        self._to_us: asyncio.Queue[Message] = asyncio.Queue()
        self._is_reading = asyncio.Event()
        self._is_reading.set()
        self._task = asyncio.ensure_future(application(scope, self._to_server.get, self._take))

    async def _take(self, message: Message) -> None:
        await self._is_reading.wait()
        self._to_us.put_nowait(message)

    def stop_reading(self) -> None:
        """The network stands still: what the server sends is not taken."""
        self._is_reading.clear()

    def read_again(self) -> None:
        self._is_reading.set()

    async def connect(self) -> None:
        """Raises Refused."""
        self._to_server.put_nowait({"type": "websocket.connect"})
        answer = await self._next()
        if answer["type"] != "websocket.accept":
            raise Refused(answer["code"])

    def say(self, frame: Any) -> None:
        self.say_text(json.dumps(frame))

    def say_text(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def say_bytes(self, content: bytes) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": content})

    async def hear(self, kind: str | None = None) -> Message:
        """The next frame; with `kind`, the next of that type."""
        while True:
            message = await self._next()
            assert message["type"] == "websocket.send", message
            frame = json.loads(message["text"])
            if kind is None or frame["type"] == kind:
                return frame

    async def hear_events(self, count: int) -> list[Message]:
        """The next events, out of as many frames as it takes."""
        events: list[Message] = []
        while len(events) < count:
            events += (await self.hear("events"))["events"]
        assert len(events) == count
        return events

    async def hear_close(self) -> int:
        """The code with which the server ends the connection."""
        while True:
            message = await self._next()
            if message["type"] == "websocket.close":
                return message["code"]

    async def leave(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(asyncio.gather(self._task, return_exceptions=True), PATIENCE_SECONDS)

    async def _next(self) -> Message:
        return await asyncio.wait_for(self._to_us.get(), PATIENCE_SECONDS)
