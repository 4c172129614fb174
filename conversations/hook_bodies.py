"""The body of a hook, bounded in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

BODY_SECONDS = 20.0


class BodyTooLarge(ValueError):
    """The body is, or says that it will be, larger than allowed."""


class Disconnected(Exception):
    """The caller went away before the body was complete."""


async def read_body(
    headers: Mapping[str, str], receive: Callable[[], Awaitable[dict[str, Any]]], most_bytes: int
) -> bytes:
    """The whole body. Raises BodyTooLarge at once when announced, else when it grows too large; TimeoutError
    when it is not complete after BODY_SECONDS; Disconnected."""
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 12 or int(announced) > most_bytes):
        raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part = message.get("body", b"")
            size += len(part)
            if size > most_bytes:
                raise BodyTooLarge
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)
