"""The front door: one ASGI application that decides who answers a request before anything is read or opened.

Sockets and platform hooks go to bare ASGI applications beside Django, everything else to Django. A request
that does not name exactly one plain host is refused here, and so is a body too large for Django to collect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tenants.hosts import host_of

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 1_000_000
MOST_LARGE_AT_ONCE = 8
"""Bodies of uploads that are taken at the same time: they go to the disk before anybody is asked who sends them."""

logger = logging.getLogger(__name__)


class Door:
    """Hands each connection to the application behind it.

    sockets: exact path -> application. folders: beginning of a path -> application, which bounds its own
    bodies. pages: everything else. uploads: paths whose bodies may be as large as is said here, in bytes.
    on_start, on_stop: run when the server speaks ASGI's lifespan protocol (uvicorn does, daphne does not: what
    must happen before the first request stands in the module that builds the door).
    """

    def __init__(
        self,
        pages: Application,
        *,
        sockets: Mapping[str, Application],
        folders: Mapping[str, Application],
        uploads: Mapping[str, int] | None = None,
        on_start: Callable[[], Awaitable[None]] | None = None,
        on_stop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._pages = pages
        self._sockets = dict(sockets)
        self._folders = dict(folders)
        self._uploads = dict(uploads or {})
        self._large = 0
        self._on_start = on_start
        self._on_stop = on_stop
        self._under_way = 0
        self._is_closing = False
        self._all_answered = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._counted(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case other:
                raise ValueError(f"nothing here speaks {other}")

    async def close(self) -> None:
        """Take no further request, and wait until those under way are answered."""
        self._is_closing = True
        if self._under_way:
            await self._all_answered.wait()

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_closing:
            await answer(send, 503)
            return
        self._under_way += 1
        try:
            await self._http(scope, receive, send)
        finally:
            self._one_less()

    def _one_less(self) -> None:
        self._under_way -= 1
        if self._is_closing and not self._under_way:
            self._all_answered.set()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if host_of(scope["headers"]) is None:
            await answer(send, 400)
            return
        for beginning, application in self._folders.items():
            if scope["path"].startswith(beginning):
                await application(scope, receive, send)
                return
        announced = announced_length(scope)
        if announced is None:
            await answer(send, 400)
        elif announced > self._uploads.get(scope["path"], MOST_BODY_BYTES):
            await answer(send, 413)
        elif scope["path"] in self._uploads:
            await self._upload(scope, receive, send)
        else:
            body = BoundedBody(receive, send)
            await self._pages(scope, body.receive, body.send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._large >= MOST_LARGE_AT_ONCE:
            await answer(send, 503)
            return
        self._large += 1
        try:
            body = BoundedBody(receive, send, most_bytes=self._uploads[scope["path"]])
            await self._pages(scope, body.receive, body.send)
        finally:
            self._large -= 1

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self._sockets.get(scope["path"])
        if application is None or host_of(scope["headers"]) is None:
            await receive()
            await send({"type": "websocket.close", "code": 4404})
            return
        await application(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            step = (await receive())["type"].removeprefix("lifespan.")
            work = self._on_start if step == "startup" else self._on_stop
            try:
                if work is not None:
                    await work()
            except Exception as error:
                logger.exception("%s failed", step)
                await send({"type": f"lifespan.{step}.failed", "message": str(error)})
                return
            await send({"type": f"lifespan.{step}.complete"})
            if step == "shutdown":
                return


class BoundedBody:
    """Counts a request's body while it comes in. Past the bound: 413, and nothing more is read."""

    def __init__(self, receive: Receive, send: Send, *, most_bytes: int = MOST_BODY_BYTES) -> None:
        self._receive = receive
        self._send = send
        self._most_bytes = most_bytes
        self._bytes = 0
        self._has_begun = False
        self._is_refused = False

    async def receive(self) -> Message:
        """The next message; a disconnect once the body is too large."""
        if self._is_refused:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes <= self._most_bytes:
            return message
        self._is_refused = True
        if not self._has_begun:
            await answer(self._send, 413)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Pass on, unless the request has been answered already."""
        if not self._is_refused or self._has_begun:
            self._has_begun = True
            await self._send(message)


def announced_length(scope: Scope) -> int | None:
    """What Content-Length says, 0 without one; None when it says nothing sensible or several things."""
    said = {value for name, value in scope["headers"] if name == b"content-length"}
    if not said:
        return 0
    text = said.pop()
    return int(text) if not said and text.isdigit() and len(text) <= 18 else None


async def answer(send: Send, status: int) -> None:
    """An answer without a body."""
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
