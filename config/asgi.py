"""What an ASGI server serves: sockets and platform hooks as bare ASGI, everything else by Django.

    daphne config.asgi:application
    uvicorn config.asgi:application --ws-per-message-deflate false

The self-tests, and what warms the process up, run while this module is imported, in a thread of their own, because
one server imports it outside of an event loop and the other inside: no start on a database that mixes brands or loses
commits, and no port before the first page is quick.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import django

from config import env

env.choose_settings()
django.setup(set_prefix=False)  # the imports below need the apps

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from config import bodies, frames, stopping, warming  # noqa: E402
from config.door import Application, Door  # noqa: E402
from config.pages import Pages  # noqa: E402
from contacts.lists.importing.tables import MOST_BYTES as MOST_TABLE_BYTES  # noqa: E402
from conversations import hooks, lanes  # noqa: E402
from conversations.api.reply_road import ReplyRoad  # noqa: E402
from conversations.files.limits import MOST_BYTES as MOST_UPLOAD_BYTES  # noqa: E402
from conversations.realtime import desk_socket  # noqa: E402
from conversations.realtime.hub import stop_hub  # noqa: E402
from conversations.simulator import application as simulator  # noqa: E402
from conversations.widget import socket as widget_socket  # noqa: E402
from tenants import collector, selftest  # noqa: E402

pages = Pages(settings.PAGE_THREADS)


def _check() -> None:
    try:
        selftest.check()
        warming.warm(pages)
    finally:
        connections.close_all()


with ThreadPoolExecutor(max_workers=1) as thread:
    thread.submit(_check).result()

FORM_BYTES = 100_000  # what a form puts around a file

UPLOADS = {
    **dict.fromkeys(("/desk/files/", "/api/v1/files", "/widget/uploads"), MOST_UPLOAD_BYTES + FORM_BYTES),
    **dict.fromkeys(("/contacts/imports/", "/api/v1/imports"), MOST_TABLE_BYTES + FORM_BYTES),
}
"""Paths that take more than the door lets through elsewhere, in bytes."""

folders: dict[str, Application] = {"/hooks/": hooks.application}
if settings.SIMULATOR:
    folders["/simulator/"] = simulator.application


async def _finish() -> None:
    """Answer what is under way, write what waits in the lanes, let the browsers go to another process."""
    await application.close()
    await asyncio.to_thread(replies.close)
    await asyncio.to_thread(lanes.close)
    await stop_hub()


replies = ReplyRoad(pages)
application = Door(
    replies,
    sockets={"/live": desk_socket.application, "/widget/live": widget_socket.application},
    folders=folders,
    uploads=UPLOADS,
    on_stop=_finish,
)
stopping.gently(_finish)
bodies.leave_to_django()
frames.send_at_once()
collector.freeze()
