"""One hub per web process: it hears wake-ups and fans the log out to the sockets of its process.

    follower = await hub().follow(tenant, DeskAudience(None), connection.push)   # join first …
    …read and push what was missed…                                              # … then the log …
    follower.release()                                                           # … then live
    hub().leave(follower)

Wake-ups come directly from this process's own commits and through the channel layer from all others. They
may get lost: the hub also looks at the log of every followed tenant by itself, every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from conversations.realtime.audience import Audience
from conversations.realtime.groups import tenant_group
from conversations.realtime.presence import STATES
from conversations.realtime.room import Follower, Room
from tenants.directory import TenantRef
from tenants.threads import DatabaseThreads
from tenants.workspace import wake

LOOK_SECONDS = 15.0
THREADS = 2
PRESENCE_SECONDS = 1.0
LAYER_PAUSE_SECONDS = 2.0
SOCKETS_PER_USER = 20

logger = logging.getLogger(__name__)

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop, started when it is first asked for."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
        found.start()
    return found


async def stop_hub() -> None:
    """Stop the hub of the running event loop, when there is one: the server ends."""
    found = _hubs.get(asyncio.get_running_loop())
    if found is not None:
        await found.stop()


def say_presence(
    tenant_id: UUID, conversation_id: UUID, *, window: str, agent_id: UUID, name: str, state: str
) -> None:
    """Tell every process what an agent's window does in a conversation. From any thread; may be lost.

    window: names the browser window, so that two of one agent are kept apart. state: a word of
    presence.STATES. The caller has checked that the agent may see the conversation.
    """
    message = {
        "type": "presence",
        "tenant": tenant_id.hex,
        "conversation": conversation_id.hex,
        "window": window,
        "agent": agent_id.hex,
        "name": name,
        "state": state,
    }
    wake.whisper(tenant_group(tenant_id), message)


def customer_typing(tenant_id: UUID, conversation_id: UUID) -> None:
    """Tell the desk that the customer writes in the website chat. From any thread; may be lost."""
    message = {"type": "customer_typing", "tenant": tenant_id.hex, "conversation": conversation_id.hex}
    wake.whisper(tenant_group(tenant_id), message)


class TooManySockets(RuntimeError):
    """The plan's connections, or those that one person may open, are used up in this process."""


class Hub:
    """Rooms by tenant, and the tasks that keep them informed. Belongs to one event loop."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, Room] = {}
        self._loop = asyncio.get_running_loop()
        self._threads = DatabaseThreads(THREADS, "live")
        self._sockets: dict[UUID, int] = {}
        self._sockets_of: dict[tuple[UUID, UUID], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._channel: str | None = None
        self._end_subscription: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Listen to wake-ups and begin to look by itself."""
        self._end_subscription = wake.subscribe(self._hear_own)
        for work in (self._hear_layer(), self._look(), self._watch_presence()):
            task = self._loop.create_task(work)
            self._tasks.add(task)

    async def stop(self) -> None:
        """End all tasks; sockets are closed by their server."""
        self._end_subscription()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in self.rooms.values():
            room.close()
        self.rooms.clear()
        await asyncio.to_thread(self._threads.close)
        _hubs.pop(self._loop, None)

    # --- sockets ------------------------------------------------------------------------------------------

    def take_place(self, tenant: TenantRef, user_id: UUID) -> Callable[[], None]:
        """Count a desk connection in; returns how to count it out. Raises TooManySockets."""
        mine = (tenant.id, user_id)
        if (
            self._sockets.get(tenant.id, 0) >= tenant.sockets_limit
            or self._sockets_of.get(mine, 0) >= SOCKETS_PER_USER
        ):
            raise TooManySockets(tenant.slug)
        self._sockets[tenant.id] = self._sockets.get(tenant.id, 0) + 1
        self._sockets_of[mine] = self._sockets_of.get(mine, 0) + 1

        def give_back() -> None:
            for counts, key in ((self._sockets, tenant.id), (self._sockets_of, mine)):
                counts[key] -= 1  # type: ignore[index]
                if not counts[key]:  # type: ignore[index]
                    del counts[key]  # type: ignore[arg-type]

        return give_back

    async def follow(self, tenant: TenantRef, audience: Audience, push: Callable[[str], None]) -> Follower:
        """Join the tenant's room. Frames are held back until the follower is released."""
        room = self.rooms.get(tenant.id)
        is_first = room is None
        if room is None:
            room = self.rooms[tenant.id] = Room(tenant, self._threads)
        follower = Follower(room, audience, push)
        room.followers.add(follower)
        try:
            if is_first:
                await self._join_group(tenant.id)
            await room.open()
        except BaseException:
            self.leave(follower)
            raise
        return follower

    def leave(self, follower: Follower) -> None:
        """Leave the room; the last one closes it."""
        room = follower.room
        room.followers.discard(follower)
        if not room.followers and self.rooms.get(room.tenant.id) is room:
            del self.rooms[room.tenant.id]
            room.close()
            self._soon(self._leave_group(room.tenant.id))

    # --- what the hub hears -------------------------------------------------------------------------------

    def _hear_own(self, tenant_id: UUID, newest: int) -> None:
        """In the thread that committed: the reading begins at once, without a turn of the loop."""
        if not self._loop.is_closed():
            self._wake(tenant_id, newest)

    def _wake(self, tenant_id: UUID, newest: int | None = None) -> None:
        room = self.rooms.get(tenant_id)
        if room is not None:
            room.wake(newest)

    async def _hear_layer(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                self._channel = await layer.new_channel()
                await layer.group_add(wake.GROUP, self._channel)
                for tenant_id in tuple(self.rooms):
                    await self._join_group(tenant_id)
                self._wake_all()
                while True:
                    self._take(await layer.receive(self._channel))
            except Exception as error:
                logger.warning("the channel layer failed: %s", type(error).__name__)
                self._channel = None
                await asyncio.sleep(LAYER_PAUSE_SECONDS)

    async def _join_group(self, tenant_id: UUID) -> None:
        if self._channel is None:
            return  # joined together with the others as soon as the layer answers
        try:
            await get_channel_layer().group_add(tenant_group(tenant_id), self._channel)
        except Exception as error:
            logger.warning("presence cannot be heard: %s", type(error).__name__)

    async def _leave_group(self, tenant_id: UUID) -> None:
        if self._channel is not None and tenant_id not in self.rooms:
            with suppress(Exception):  # at worst we hear what nobody here asks for
                await get_channel_layer().group_discard(tenant_group(tenant_id), self._channel)

    def _take(self, message: Mapping[str, Any]) -> None:
        match message.get("type"):
            case "wake":
                for tenant_id, newest in wake.read_wake_up(message).items():
                    self._wake(tenant_id, newest)
            case "layer.reset":
                self._wake_all()
            case "presence" | "customer_typing":
                self._take_presence(message)

    def _take_presence(self, message: Mapping[str, Any]) -> None:
        room = self.rooms.get(UUID(hex=message["tenant"]))
        if room is None:
            return
        conversation_id = UUID(hex=message["conversation"])
        if message["type"] == "customer_typing":
            room.presence.note_customer_typing(conversation_id, time.monotonic())
        elif message["state"] in STATES:
            agent_id = UUID(hex=message["agent"])
            room.presence.note(
                conversation_id,
                message["window"],
                agent_id,
                message["name"],
                message["state"],
                time.monotonic(),
            )
        self._soon(room.tell_presence())

    def _soon(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- what the hub does by itself ----------------------------------------------------------------------

    def _wake_all(self) -> None:
        for tenant_id in self.rooms:
            self._wake(tenant_id)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._wake_all()

    async def _watch_presence(self) -> None:
        while True:
            await asyncio.sleep(PRESENCE_SECONDS)
            for room in tuple(self.rooms.values()):
                if room.presence.conversations():
                    try:
                        await room.tell_presence()
                    except Exception as error:
                        logger.warning("presence could not be told: %s", type(error).__name__)
