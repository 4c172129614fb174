"""The plain build as one ASGI process: Django, and a Channels consumer for each browser."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

pages = get_asgi_application()


class Desk(AsyncWebsocketConsumer):
    """A browser: in the group of all, told of every message."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("desk", self.channel_name)
        await self.accept()

    async def message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


application = ProtocolTypeRouter({"http": pages, "websocket": Desk.as_asgi()})
