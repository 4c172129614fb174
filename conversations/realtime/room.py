"""One tenant in this process: who follows it, how far it has been told, who is around."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from conversations.models import Conversation
from conversations.realtime.audience import Audience, Whereabouts
from conversations.realtime.frames import Batch, read_after
from conversations.realtime.presence import Presence
from tenants.directory import TenantRef
from tenants.scope import in_tenant
from tenants.workspace.log import MOST_AT_ONCE, newest_sequence

TRY_AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Follower:
    """A socket in its room. Until release() live frames are held back, so that the catch-up comes first."""

    room: Room
    audience: Audience
    push: Callable[[str], None]
    _held: list[str] | None = field(default_factory=list)

    @property
    def newest(self) -> int:
        """Everything up to this number has been pushed (or was there before the socket joined)."""
        return self.room.last

    def tell(self, text: str) -> None:
        if self._held is None:
            self.push(text)
        else:
            self._held.append(text)

    def release(self) -> None:
        """The catch-up is pushed: let the live frames follow. The reader drops numbers that came twice."""
        held, self._held = self._held, None
        for text in held or ():
            self.push(text)


class Room:
    """Reads the log once per wake-up, however many sockets follow, and hands each its prepared text."""

    def __init__(self, tenant: TenantRef) -> None:
        self.tenant = tenant
        self.followers: set[Follower] = set()
        self.presence = Presence()
        self.last = 0
        self.batches_read = 0
        self._places: dict[UUID, Whereabouts] = {}
        self._is_closed = False
        self._dirty = asyncio.Event()
        self._opened: asyncio.Future[None] | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Find out where the log stands; events from here on are live. Safe to call from every newcomer."""
        if self._opened is None:
            self._opened = asyncio.ensure_future(self._start())
        try:
            await asyncio.shield(self._opened)
        except Exception:
            self._opened = None
            raise

    async def _start(self) -> None:
        self.last = await in_tenant(self.tenant, newest_sequence)
        if not self._is_closed:
            self._reader = asyncio.create_task(self._read(), name=f"room {self.tenant.slug}")

    def close(self) -> None:
        """Nobody follows any more."""
        self._is_closed = True
        if self._reader is not None:
            self._reader.cancel()

    def wake(self, newest: int | None = None) -> None:
        """There may be events up to `newest` (None: look)."""
        if newest is None or newest > self.last:
            self._dirty.set()

    async def _read(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._read_on()
            except Exception as error:
                logger.warning("the log could not be read for the desk: %s", type(error).__name__)
                self._dirty.set()
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _read_on(self) -> None:
        while True:
            wanted = any(follower.audience.needs_identities for follower in self.followers)
            batch = await in_tenant(self.tenant, read_after, self.last, with_identities=wanted)
            self.batches_read += 1
            if batch is None:
                return
            if not wanted and any(follower.audience.needs_identities for follower in self.followers):
                continue  # a customer joined while we read: once more, with what they need
            self._tell(batch)
            if len(batch.events) < MOST_AT_ONCE:
                return

    def _tell(self, batch: Batch) -> None:
        self.last = batch.last
        for follower in tuple(self.followers):
            text = follower.audience.text_of(batch)
            if text is not None:
                follower.tell(text)

    # --- presence -----------------------------------------------------------------------------------------

    async def tell_presence(self) -> None:
        """Tell everybody concerned what has changed about who is around."""
        now = time.monotonic()
        for conversation_id in self.presence.changed(now):
            place = await self.place_of(conversation_id)
            if place is None:
                continue
            for follower in tuple(self.followers):
                text = follower.audience.presence_text(conversation_id, place, self.presence, now)
                if text is not None:
                    follower.tell(text)

    async def greet(self, follower: Follower) -> None:
        """Tell a newcomer who is around."""
        now = time.monotonic()
        for conversation_id in self.presence.conversations():
            place = await self.place_of(conversation_id)
            text = place and follower.audience.presence_text(conversation_id, place, self.presence, now)
            if text:
                follower.tell(text)

    async def place_of(self, conversation_id: UUID) -> Whereabouts | None:
        """Inbox and customer of a conversation of this tenant; None for any other id."""
        known = self._places.get(conversation_id)
        if known is None:
            known = await in_tenant(self.tenant, _place_of, conversation_id)
            if known is not None:
                self._places[conversation_id] = known
        return known


def _place_of(conversation_id: UUID) -> Whereabouts | None:
    row = Conversation.objects.filter(id=conversation_id).values_list("inbox_id", "identity_id").first()
    return None if row is None else Whereabouts(*row)
