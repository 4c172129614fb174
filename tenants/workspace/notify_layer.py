"""A Channels layer over PostgreSQL's LISTEN/NOTIFY, for wake-ups and other small, fleeting messages.

Groups live in the process. Per event loop there is one supervised listening connection and one connection
that sends what has collected meanwhile in one statement. A message is delivered at most once, in order per
sender; after a lost connection, or when a reader was too slow, every concerned channel gets `{"type":
"layer.reset"}`: what was said in between is unknown, read the table again.

The two connections stand in `notices`.
"""

from __future__ import annotations

import asyncio
import json
import random
import string
from collections.abc import Iterable
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

from tenants.workspace.notices import Listener, Sender

NOTICE_CHANNEL = "kontor_layer"
MOST_BYTES = 7_900  # PostgreSQL refuses a notice of 8,000 bytes and more
RESET = {"type": "layer.reset"}


class MessageTooLarge(ValueError):
    """The message does not fit into a notice: send ids, not contents."""


class NotifyChannelLayer(BaseChannelLayer):
    """The layer as Channels and the hub see it: one instance per process, one station per event loop."""

    extensions = ("groups", "flush")

    def __init__(self, expiry: int = 60, capacity: int = 1_000, notice_channel: str = NOTICE_CHANNEL) -> None:
        super().__init__(expiry=expiry, capacity=capacity)
        self.notice_channel = notice_channel
        self._stations: dict[asyncio.AbstractEventLoop, Station] = {}

    def station(self) -> Station:
        """The connections and groups of the running event loop."""
        loop = asyncio.get_running_loop()
        station = self._stations.get(loop)
        if station is None:
            for closed in [known for known in self._stations if known.is_closed()]:
                self._stations.pop(closed, None)
            station = self._stations[loop] = Station(self.notice_channel, self.capacity)
        return station

    async def new_channel(self, prefix: str = "specific") -> str:
        """A channel of this process, for receive(). Channels that several processes read do not exist here."""
        return self.station().new_channel(prefix)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Put a message into one channel, in whichever process it is. Raises ChannelFull for a full one."""
        self.require_valid_channel_name(channel)
        await self.station().send_to_channel(channel, message)

    async def receive(self, channel: str) -> dict[str, Any]:
        """The next message of a channel made by new_channel(). Being cancelled gives the channel up."""
        return await self.station().receive(channel)

    async def group_add(self, group: str, channel: str) -> None:
        """Join; when this returns, the listening connection stands, or a reset follows once it does."""
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        await self.station().join(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """Leave."""
        self.require_valid_group_name(group)
        self.station().leave(group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to every member of the group in every process. Raises psycopg.Error when the database is away."""
        self.require_valid_group_name(group)
        await self.station().send_to_group(group, message)

    async def flush(self) -> None:
        """Forget all channels and groups of this loop and close its connections."""
        station = self._stations.pop(asyncio.get_running_loop(), None)
        if station is not None:
            await station.close()


class Station:
    """What one event loop holds: its channels and groups, its listener and its sender."""

    def __init__(self, notice_channel: str, capacity: int) -> None:
        self.origin = "".join(random.choices(string.ascii_letters, k=16))  # noqa: S311
        self.capacity = capacity
        self.channels: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self.groups: dict[str, set[str]] = {}
        self.listener = Listener(notice_channel, self._on_notice, self._on_reset)
        self.sender = Sender(notice_channel)
        self._serial = 0

    def new_channel(self, prefix: str) -> str:
        self._serial += 1
        name = f"{prefix}.{self.origin}!{self._serial}"
        self.channels[name] = asyncio.Queue(self.capacity)
        return name

    async def receive(self, channel: str) -> dict[str, Any]:
        try:
            return await self.channels[channel].get()
        except asyncio.CancelledError:
            self.forget(channel)
            raise

    def forget(self, channel: str) -> None:
        self.channels.pop(channel, None)
        for group in [group for group, members in self.groups.items() if channel in members]:
            self.leave(group, channel)

    async def join(self, group: str, channel: str) -> None:
        self.groups.setdefault(group, set()).add(channel)
        await self.listener.ready()

    def leave(self, group: str, channel: str) -> None:
        members = self.groups.get(group, set())
        members.discard(channel)
        if not members:
            self.groups.pop(group, None)

    async def send_to_channel(self, channel: str, message: dict[str, Any]) -> None:
        if channel in self.channels:
            if self.channels[channel].full():
                raise ChannelFull(channel)
            self.channels[channel].put_nowait(message)
            return
        await self.sender.send(self._packed("c", channel, message))

    async def send_to_group(self, group: str, message: dict[str, Any]) -> None:
        notice = self._packed("g", group, message)
        self._deliver(self.groups.get(group, ()), message)
        await self.sender.send(notice)

    async def close(self) -> None:
        self.channels.clear()
        self.groups.clear()
        await self.listener.close()
        await self.sender.close()

    def _packed(self, kind: str, name: str, message: dict[str, Any]) -> str:
        self._serial += 1  # equal notices of one transaction are delivered once: the number keeps them apart
        notice = json.dumps([self.origin, self._serial, kind, name, message], separators=(",", ":"))
        if len(notice) > MOST_BYTES:
            raise MessageTooLarge(f"{len(notice)} bytes for {name}")
        return notice

    def _on_notice(self, notice: str) -> None:
        origin, _serial, kind, name, message = json.loads(notice)
        if origin != self.origin:
            self._deliver((name,) if kind == "c" else self.groups.get(name, ()), message)

    def _on_reset(self) -> None:
        self._deliver(tuple(self.channels), RESET)

    def _deliver(self, names: Iterable[str], message: dict[str, Any]) -> None:
        for name in tuple(names):
            queue = self.channels.get(name)
            if queue is None:
                continue
            if (
                queue.full()
            ):  # its reader lost the thread: one word about that instead of everything it missed
                while not queue.empty():
                    queue.get_nowait()
                message = RESET
            queue.put_nowait(dict(message))
