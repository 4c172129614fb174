"""A platform that accepts everything at once: what delivered answers and profile calls end at."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

_numbers = itertools.count(1)


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """The ASGI application: one answer that fits every kind, sending, profiles and lent tokens."""
    if scope["type"] != "http":
        return
    name, number = uuid4().hex, next(_numbers)
    body = json.dumps(
        {
            "message_id": name,  # Messenger, Instagram
            "recipient_id": "1",
            "sentMessages": [{"id": name}],  # LINE
            "messages": [{"id": name}],  # WhatsApp
            "ok": True,  # Telegram
            "result": {"message_id": number, "chat": {"id": 1}},
            "errcode": 0,  # WeChat
            "errmsg": "ok",
            "access_token": "lent to nobody",
            "expires_in": 7200,
            "sid": name,  # SMS
            "status": "queued",
            "id": name,  # an integrator's own system
            "first_name": "美咲",
            "last_name": "田中",
            "displayName": "田中美咲",
        }
    ).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
