"""Django behind the door, answered by threads of its own.

Django's ASGI handler makes a thread for every request and hands the request to it and back several times. Here the
event loop reads a request, one of a few lasting threads answers it whole, and the loop writes the answer: the
number of threads bounds how many connections pages may hold.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from contextvars import copy_context
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core import signals
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import FileResponse
from django.urls import set_script_prefix

from config.door import Message, Receive, Scope, Send, answer

MOST_WAITING = 500
"""Requests that may wait for a thread; what comes on top is told to come again."""

MOST_STREAMS = 500
"""Streamed answers at a time, each with a thread and an open file however slowly it is read; beyond: come again."""

MOST_IN_MEMORY = 1_000_000
"""Bytes of a body; the door lets only uploads be larger."""


class Pages(ASGIHandler):
    """Answers HTTP requests with Django's middlewares and views, `threads` of them at a time.

    A streamed answer gets a thread of its own once it begins, so that a slow reader holds up nobody.
    """

    def __init__(self, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")
        self._most = threads + MOST_WAITING
        self._under_way = 0
        self._streams = 0

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one request."""
        body = await _body_of(receive)
        if body is None:
            return
        if self._under_way >= self._most:
            body.close()
            await answer(send, 503)
            return
        self._under_way += 1
        try:
            respond = partial(copy_context().run, self._respond, _with_length(scope, body), body)
            response = await asyncio.get_running_loop().run_in_executor(self._threads, respond)
        finally:
            self._under_way -= 1
            body.close()
        if response.streaming:
            await self._streamed(response, receive, send)
        else:
            await send(_start_of(response))
            await send({"type": "http.response.body", "body": response.content})

    async def _streamed(self, response: Any, receive: Receive, send: Send) -> None:
        if self._streams >= MOST_STREAMS:
            await asyncio.get_running_loop().run_in_executor(self._threads, response.close)
            await answer(send, 503)
            return
        self._streams += 1
        try:
            await send(_start_of(response))
            await _stream(response, receive, send)
        finally:
            self._streams -= 1

    def _respond(self, scope: Scope, body: IO[bytes]) -> Any:
        """The response. A streamed one is left open, all else is closed; no connection stays with the thread."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        response: Any
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
        response._handler_class = self.__class__
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response


async def _body_of(receive: Receive) -> IO[bytes] | None:
    """The whole body, which the door has bounded, in memory or, where it is large, on disk; None when the caller
    left meanwhile."""
    body = SpooledTemporaryFile(max_size=MOST_IN_MEMORY)  # noqa: SIM115 -- whoever answers closes it
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.close()
            return None
        body.write(message.get("body", b""))
        if not message.get("more_body", False):
            body.seek(0)
            return body


def _with_length(scope: Scope, body: IO[bytes]) -> Scope:
    """The same call with the length of its body, which one that comes in chunks does not announce: those who read
    bodies take that for none."""
    if any(name == b"content-length" for name, _value in scope["headers"]):
        return scope
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    return {**scope, "headers": [*scope["headers"], (b"content-length", str(size).encode())]}


def _start_of(response: Any) -> Message:
    return {"type": "http.response.start", "status": response.status_code, "headers": _headers(response)}


def _headers(response: Any) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = [cookie.output(header="").strip().encode("ascii") for cookie in response.cookies.values()]
    return headers + [(b"Set-Cookie", cookie) for cookie in cookies]


async def _stream(response: Any, receive: Receive, send: Send) -> None:
    """Send a body piece by piece, until its end or until nobody reads it any more."""
    if isinstance(response, FileResponse):
        response.block_size = ASGIHandler.chunk_size
    gone = asyncio.create_task(_left(receive))
    thread = ThreadPoolExecutor(1, thread_name_prefix="stream")
    run: Any = copy_context().run
    call: Any = partial(asyncio.get_running_loop().run_in_executor, thread, run)
    try:
        async with aclosing(_pieces(response, call)) as pieces:
            async for piece in pieces:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
        await call(response.close)
        thread.shutdown(wait=False)


async def _pieces(response: Any, call: Any) -> AsyncGenerator[bytes, None]:
    """The pieces of a streamed body; those of an ordinary iterator are made in the stream's thread."""
    if response.is_async:
        async for piece in response:
            yield piece
        return
    pieces = await call(iter, response)
    while (piece := await call(next, pieces, None)) is not None:
        yield piece


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
