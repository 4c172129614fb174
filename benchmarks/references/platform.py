"""A platform that accepts everything at once: what delivered answers and profile calls end at."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """The ASGI application: one answer that fits Messenger and LINE, sending and profiles."""
    if scope["type"] != "http":
        return
    name = uuid4().hex
    body = json.dumps(
        {
            "message_id": name,
            "recipient_id": "1",
            "sentMessages": [{"id": name}],
            "first_name": "美咲",
            "last_name": "田中",
            "displayName": "田中美咲",
        }
    ).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
