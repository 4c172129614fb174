"""A worker's post room: sends what waits, told after each commit, several conversations at once.

A brand that has something to send is looked through with one query; what is found is handed to a few callers. While
they are busy more is written, and the next look finds all of it: the busier the desk, the fewer looks for a message.
A word that is lost costs seconds: a worker looks everywhere when it begins and after each gap in its hearing, and
the sweep finds the rest.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from channels.layers import get_channel_layer

from conversations import delivering
from tenants import directory
from tenants.directory import TenantRef
from tenants.jobs import give_connection_back
from tenants.scope import in_thread, tenant_scope
from tenants.workspace import wake

GROUP = 8
"""Conversations that are begun and settled together."""
GROUPS = 6
GROUPS_OF_A_BRAND = 2
"""So that a platform that hangs holds up its own brand only."""
CALLERS_OF_A_BRAND = GROUP * GROUPS_OF_A_BRAND
FOUND_AT_ONCE = 50

logger = logging.getLogger(__name__)


async def run() -> None:
    """Send until cancelled. Raises what the channel layer raises."""
    layer = get_channel_layer()
    channel = await layer.new_channel("post")
    room = PostRoom()
    try:
        await layer.group_add(delivering.WORKERS, channel)
        await in_thread(room.look_everywhere)
        while True:
            message = await layer.receive(channel)
            if message["type"] != "wake":  # the layer lost the thread
                await in_thread(room.look_everywhere)
                continue
            for tenant_id in wake.read_wake_up(message):
                tenant = await directory.ask(directory.tenant_by_id, tenant_id)
                if tenant is not None and tenant.is_active and tenant.is_complete:
                    room.look(tenant)
    finally:
        room.close()


@dataclass(slots=True)
class _Brand:
    """What the room knows of a brand while it has work there."""

    tenant: TenantRef
    found: deque[UUID] = field(default_factory=deque)
    in_hand: set[UUID] = field(default_factory=set)
    groups: int = 0  # threads that send for it
    again: set[UUID] = field(default_factory=set)  # found while in hand, so perhaps not finished with it
    is_asked: bool = False
    is_looking: bool = False
    has_more: bool = False  # the last look found as much as a look may


class PostRoom:
    """Callers, and what they have in hand. Every method may be called from any thread."""

    def __init__(self, groups: int = GROUPS) -> None:
        self._senders = ThreadPoolExecutor(groups, thread_name_prefix="post")
        self._callers = ThreadPoolExecutor(groups * GROUP, thread_name_prefix="call")
        self._lock = threading.Lock()
        self._brands: dict[UUID, _Brand] = {}
        self._is_closed = False

    def look(self, tenant: TenantRef) -> None:
        """Find and send what waits in a brand. Returns at once."""
        with self._lock:
            brand = self._brands.setdefault(tenant.id, _Brand(tenant))
            brand.is_asked = True
            self._go_on(brand)

    def look_everywhere(self) -> None:
        """The same in every brand."""
        for tenant in directory.active_tenants():
            self.look(tenant)

    def close(self) -> None:
        """Begin nothing more. Calls under way end by themselves; what is left waits in the database."""
        with self._lock:
            self._is_closed = True
        self._senders.shutdown(wait=False, cancel_futures=True)
        # The callers are left to those who still send: what is begun is called.

    def _go_on(self, brand: _Brand) -> None:
        while brand.found and brand.groups < GROUPS_OF_A_BRAND:
            group = [brand.found.popleft() for _ in range(min(GROUP, len(brand.found)))]
            brand.in_hand.update(group)
            brand.groups += 1
            self._begin(self._send, brand, group)
        if brand.is_asked and not brand.found and not brand.is_looking:
            brand.is_asked, brand.has_more, brand.is_looking = False, False, True
            self._begin(self._find, brand)
        elif not (brand.in_hand or brand.groups or brand.is_looking):
            self._brands.pop(brand.tenant.id, None)

    def _begin(self, work: Callable[..., None], *given: object) -> None:
        if not self._is_closed:
            self._senders.submit(work, *given)

    def _find(self, brand: _Brand) -> None:
        ids: list[UUID] = []
        try:
            with tenant_scope(brand.tenant):
                ids = delivering.waiting(FOUND_AT_ONCE)
        except Exception:
            logger.exception("could not look what waits in %s", brand.tenant.slug)
        finally:
            give_connection_back()
        with self._lock:
            brand.is_looking = False
            brand.again |= brand.in_hand.intersection(ids)
            brand.found.extend(each for each in ids if each not in brand.in_hand)
            brand.has_more = len(ids) == FOUND_AT_ONCE
            self._go_on(brand)

    def _send(self, brand: _Brand, group: Sequence[UUID]) -> None:
        try:
            with tenant_scope(brand.tenant):
                done = partial(self._done, brand)
                delivering.send_together(group, self._callers, done, lambda: not self._is_closed)
        except Exception:
            logger.exception("of conversations %s of %s some could not be sent", group, brand.tenant.slug)
        finally:
            give_connection_back()
        with self._lock:
            brand.groups -= 1
            self._go_on(brand)

    def _done(self, brand: _Brand, conversation_id: UUID, calls: int) -> None:
        with self._lock:
            # What cannot be sent is found by every look: only success asks for the next one.
            brand.is_asked |= brand.has_more and calls > 0
            brand.in_hand.discard(conversation_id)
            if conversation_id in brand.again:
                brand.again.discard(conversation_id)
                brand.found.append(conversation_id)
            self._go_on(brand)
