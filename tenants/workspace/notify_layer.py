"""A Channels layer over PostgreSQL's LISTEN/NOTIFY, for wake-ups and other small, fleeting messages.

Groups live in the process. Per event loop there is one supervised listening connection and one connection that
sends what has collected meanwhile in one statement. A message is delivered at most once, in order per sender; after a
lost connection, or when a reader was too slow, every concerned channel gets `{"type": "layer.reset"}`: what was said
in between is unknown, read the table again.

Both connections go to PostgreSQL itself: behind a pooler in transaction mode LISTEN does not work, so
KONTOR_LISTEN_URL names the direct address there.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import string
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgpack
import psycopg
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer
from django.conf import settings
from django.db import connections

NOTICE_CHANNEL = "kontor_layer"
MOST_BYTES = 7_900  # PostgreSQL refuses a notice of 8,000 bytes and more
MOST_PER_STATEMENT = 500
PROOF_OF_LIFE_SECONDS = 20.0
JOIN_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 8.0
RESET = {"type": "layer.reset"}

logger = logging.getLogger(__name__)


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
        """A channel of this process, for receive(). Shared channels that several processes read do not exist here."""
        return self.station().new_channel(prefix)

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Put a message into one channel, in whichever process it is. Raises ChannelFull for a full one here."""
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
        """Send to every member of the group in every process. Raises psycopg.Error while the database is away."""
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
        notice = base64.b64encode(msgpack.packb([self.origin, self._serial, kind, name, message])).decode()
        if len(notice) > MOST_BYTES:
            raise MessageTooLarge(f"{len(notice)} bytes for {name}")
        return notice

    def _on_notice(self, notice: str) -> None:
        origin, _serial, kind, name, message = msgpack.unpackb(base64.b64decode(notice))
        if origin != self.origin:
            self._deliver((name,) if kind == "c" else self.groups.get(name, ()), message)

    def _on_reset(self) -> None:
        self._deliver(tuple(self.channels), RESET)

    def _deliver(self, names: Iterable[str], message: dict[str, Any]) -> None:
        for name in tuple(names):
            queue = self.channels.get(name)
            if queue is None:
                continue
            if queue.full():  # its reader lost the thread: one word about that instead of everything it missed
                while not queue.empty():
                    queue.get_nowait()
                message = RESET
            queue.put_nowait(dict(message))


class Listener:
    """One LISTEN connection, opened at the first use, opened again whenever it breaks."""

    def __init__(self, notice_channel: str, on_notice: Any, on_reset: Any) -> None:
        self.notice_channel = notice_channel
        self.connections_opened = 0
        self.backend_pid: int | None = None
        self._on_notice = on_notice
        self._on_reset = on_reset
        self._listening = asyncio.Event()
        self._missed = False  # something may have been said while nobody listened
        self._task: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Wait until the connection listens, at most a few seconds."""
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name="notices")
        try:
            await asyncio.wait_for(self._listening.wait(), JOIN_SECONDS)
        except TimeoutError:
            self._missed = True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _supervise(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                failures = 1 if self._listening.is_set() else failures + 1
                if self._listening.is_set():
                    self._listening.clear()
                    self._missed = True
                logger.warning("the listening connection is lost (%s)", type(error).__name__)
            await asyncio.sleep(pause_after(failures))

    async def _listen(self) -> None:
        async with await connect() as connection:
            self.connections_opened += 1
            self.backend_pid = connection.info.backend_pid
            await connection.execute(f"LISTEN {self.notice_channel}")
            self._listening.set()
            if self._missed:
                self._missed = False
                self._on_reset()
            while True:
                async for notice in connection.notifies(timeout=PROOF_OF_LIFE_SECONDS):
                    self._hear(notice.payload)
                await asyncio.wait_for(connection.execute("SELECT 1"), PROOF_OF_LIFE_SECONDS)

    def _hear(self, payload: str) -> None:
        try:
            self._on_notice(payload)
        except Exception:
            logger.exception("an unreadable notice was dropped")


class Sender:
    """One connection that sends everything that waits in one statement: 2,000 concurrent sends are 4 statements."""

    def __init__(self, notice_channel: str) -> None:
        self.notice_channel = notice_channel
        self.statements = 0
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def send(self, notice: str) -> None:
        """Return when the notice is with the server. Raises psycopg.Error or OSError when it could not be sent."""
        sent = asyncio.get_running_loop().create_future()
        self._waiting.append((notice, sent))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await sent

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._drop_connection()

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_PER_STATEMENT], self._waiting[MOST_PER_STATEMENT:]
            try:
                await self._send([notice for notice, _sent in batch])
            except Exception as error:
                await self._drop_connection()
                outcome: Exception | None = error
            else:
                outcome = None
            for _notice, sent in batch:
                if sent.done():
                    continue
                if outcome is None:
                    sent.set_result(None)
                else:
                    sent.set_exception(outcome)

    async def _send(self, notices: list[str]) -> None:
        was_open = self._connection is not None
        try:
            await self._execute(notices)
        except psycopg.OperationalError:
            if not was_open:
                raise
            await self._drop_connection()  # it may have died long ago, unnoticed: once more on a fresh one
            await self._execute(notices)

    async def _execute(self, notices: list[str]) -> None:
        if self._connection is None:
            self._connection = await connect()
        self.statements += 1
        await self._connection.execute(
            "SELECT count(pg_notify(%s, notice)) FROM unnest(%s::text[]) AS notice", [self.notice_channel, notices]
        )

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close()


async def connect() -> psycopg.AsyncConnection[Any]:
    """A direct connection of its own, outside of every pool."""
    alive = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    if settings.LISTEN_URL:
        return await psycopg.AsyncConnection.connect(settings.LISTEN_URL, autocommit=True, **alive)
    known = connections["default"].get_connection_params()
    for django_only in ("cursor_factory", "context", "prepare_threshold"):
        known.pop(django_only, None)
    return await psycopg.AsyncConnection.connect(**{**known, **alive}, autocommit=True)


def pause_after(failures: int) -> float:
    """Seconds before the next try: doubling from a tenth, with jitter, so that processes do not come all at once."""
    return min(LONGEST_PAUSE_SECONDS, 0.1 * 2**failures) * random.uniform(0.5, 1.0)  # noqa: S311
