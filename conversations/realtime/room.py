"""One tenant in this process: who follows it, how far it has been told, who is around."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from django.db import connection

from conversations.models import Conversation
from conversations.realtime.audience import Audience, Whereabouts
from conversations.realtime.frames import Batch, read_after
from conversations.realtime.presence import Presence
from conversations.realtime.reading import MOST_AT_ONCE
from tenants.directory import TenantRef
from tenants.scope import in_tenant, tenant_scope
from tenants.threads import DatabaseThreads, renew_old_connection
from tenants.workspace.log import newest_sequence

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
    """Reads the log once per wake-up, however many sockets follow, and hands each its prepared text.

    Reading happens in the hub's threads, one batch a turn and one turn at a time; telling in the hub's loop.
    """

    def __init__(self, tenant: TenantRef, threads: DatabaseThreads) -> None:
        self.tenant = tenant
        self.followers: set[Follower] = set()
        self.presence = Presence()
        self.last = 0
        self.batches_read = 0
        self._places: dict[UUID, Whereabouts] = {}
        self._is_closed = False
        self._opened: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._threads = threads
        self._guard = threading.Lock()
        self._read_up_to: int | None = None  # None: not open yet
        self._is_wanted = False
        self._is_reading = False

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
        with self._guard:
            self._read_up_to = self.last
        self.wake()

    def close(self) -> None:
        """Nobody follows any more."""
        with self._guard:
            self._is_closed = True

    def wake(self, newest: int | None = None) -> None:
        """There may be events up to `newest` (None: look). From any thread."""
        with self._guard:
            if self._is_closed or self._read_up_to is None:
                return
            if newest is not None and newest <= self._read_up_to:
                return
            self._is_wanted = True
            if self._is_reading:
                return
            self._is_reading = True
        self._threads.submit(self._read)

    def _read(self) -> None:
        """One turn, in a thread: read a batch and hand it to the loop, which tells them in this order."""
        with self._guard:
            if self._is_closed:
                return
            self._is_wanted = False
            after = self._read_up_to or 0
        try:
            renew_old_connection()
            with tenant_scope(self.tenant):
                batch = read_after(after)
            self.batches_read += 1
            if batch is not None:
                self._loop.call_soon_threadsafe(self._tell, batch)
        except Exception as error:
            logger.warning("the log could not be read for the desk: %s", type(error).__name__)
            connection.close()
            self._rest()
            return
        with self._guard:
            if batch is not None:
                self._read_up_to = batch.last
                self._is_wanted = self._is_wanted or len(batch.events) == MOST_AT_ONCE
            self._is_reading = self._is_wanted
        if self._is_reading:
            self._threads.submit(self._read)

    def _rest(self) -> None:
        """After a failure: try again, but not at once."""
        with self._guard:
            self._is_reading = False
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(partial(self._loop.call_later, TRY_AGAIN_SECONDS, self.wake))

    def _tell(self, batch: Batch) -> None:
        if self._is_closed:
            return
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
