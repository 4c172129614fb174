"""A door with one slow page, for a real server that is told to stop while it answers."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import django

from config import env, stopping

env.choose_settings()
django.setup()

from config.door import Door  # noqa: E402


async def page(scope: dict[str, Any], receive: Any, send: Any) -> None:
    print("begun", file=sys.stderr, flush=True)
    await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})


async def finish() -> None:
    await application.close()
    print("finished", file=sys.stderr, flush=True)


application = Door(page, sockets={}, folders={})
stopping.gently(finish)
