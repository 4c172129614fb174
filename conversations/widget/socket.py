"""/widget/live on a brand's host: a visitor's own conversation, live.

Browser: {"type": "hello", "token", "after": N} first and within five seconds,
         {"type": "ping"}, {"type": "typing"}.
We:      {"type": "ready" | "pong", "newest": N}, {"type": "messages", "messages": […]},
         {"type": "typing", "typing": bool}.

Numbers are those of the visitor's messages. A visitor without a conversation has nothing to follow: refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from conversations.queries import Row
from conversations.realtime.admission import Damaged, brand_of, comes_from_own_page, still_served
from conversations.realtime.audience import CustomerAudience
from conversations.realtime.connection import Close, Connection, Message, Receive, Send
from conversations.realtime.hub import customer_typing, hub
from conversations.realtime.room import Follower
from conversations.widget import reading, sites, visitors
from conversations.widget.reading import Place
from conversations.widget.visitors import NotAVisitor, Visitor
from tenants.directory import TenantRef
from tenants.scope import in_tenant, in_thread, tenant_scope

HELLO_SECONDS = 5.0
LOOK_SECONDS = 60.0
TYPING_SECONDS = 2.0
SOCKETS_PER_VISITOR = 10
SOCKETS_PER_BRAND = 5000  # of one process
MOST_MISSED = 200

logger = logging.getLogger(__name__)

_open: Counter[object] = Counter()


async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application behind /widget/live."""
    connection = Connection(receive, send)
    if not await connection.opened():
        return
    try:
        tenant = await in_thread(brand_of, scope["headers"])
    except Damaged:
        await connection.refuse(Close.TRY_LATER)
        return
    if tenant is None or not comes_from_own_page(scope):
        await connection.refuse(Close.NOT_ALLOWED)
        return
    if _open[tenant.id] >= SOCKETS_PER_BRAND:
        await connection.refuse(Close.TRY_LATER)
        return
    _open[tenant.id] += 1
    session = VisitorSession(connection, tenant)
    try:
        await connection.accept()
        await connection.serve(session.handle, session.expect_hello(), session.look_again())
    finally:
        session.end()
        _give_back(tenant.id)


class VisitorSession:
    """One browser window with the chat in it."""

    def __init__(self, connection: Connection, tenant: TenantRef) -> None:
        self._connection = connection
        self._tenant = tenant
        self._visitor: Visitor | None = None
        self._token = ""
        self._place: Place | None = None
        self._follower: Follower | None = None
        self._typed_at = 0.0

    async def handle(self, frame: Message) -> None:
        """Do what one frame asks for. Before a good hello nothing else is heard."""
        if frame["type"] == "hello":
            await self._hello(frame)
        elif self._place is None:
            self._connection.close(Close.NOT_SIGNED_IN)
        elif frame["type"] == "ping":
            newest = await in_tenant(self._tenant, reading.newest_number, self._place.conversation_id)
            self._connection.push_json({"type": "pong", "newest": newest})
        elif frame["type"] == "typing":
            self._typing(self._place.conversation_id)
        else:
            self._connection.close(Close.BAD_FRAME)

    async def expect_hello(self) -> None:
        """Send away who does not say who they are."""
        await asyncio.sleep(HELLO_SECONDS)
        if self._visitor is None:
            self._connection.close(Close.NOT_SIGNED_IN)
        await asyncio.Event().wait()  # the end of one task would end the socket

    async def look_again(self) -> None:
        """A token run out, a site that is gone, a suspended brand: the connection ends within a minute."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._visitor is None:
                continue
            try:
                if await in_thread(_find, self._tenant.id, self._token) is None:
                    self._connection.close(Close.NOT_SIGNED_IN)
            except Damaged:
                self._connection.close(Close.TRY_LATER)

    def end(self) -> None:
        """The window is gone."""
        if self._follower is not None:
            hub().leave(self._follower)
        if self._visitor is not None:
            _give_back(self._visitor.id)

    async def _hello(self, frame: Message) -> None:
        after, token = frame.get("after"), frame.get("token")
        if (
            not isinstance(after, int)
            or not 0 <= after < 2**31
            or not isinstance(token, str)
            or self._visitor
        ):
            self._connection.close(Close.BAD_FRAME)
            return
        found = await in_thread(_find, self._tenant.id, token)
        if found is None or _open[found[0].id] >= SOCKETS_PER_VISITOR:
            self._connection.close(Close.NOT_SIGNED_IN if found is None else Close.TRY_LATER)
            return
        self._visitor, self._place = found
        self._token = token
        _open[self._visitor.id] += 1
        await self._follow(self._place, after)

    async def _follow(self, place: Place, after: int) -> None:
        """Join first, then read what was missed, then let the live frames follow: so there is no gap."""
        audience = CustomerAudience(place.identity_id)
        self._follower = await hub().follow(self._tenant, audience, self._connection.push)
        rows: list[Row] = await in_tenant(
            self._tenant, reading.after, place.conversation_id, after, limit=MOST_MISSED
        )
        if rows:
            self._connection.push_json({"type": "messages", "messages": rows})
        self._follower.release()
        newest = await in_tenant(self._tenant, reading.newest_number, place.conversation_id)
        self._connection.push_json({"type": "ready", "newest": newest})
        await self._follower.room.greet(self._follower)

    def _typing(self, conversation_id: UUID) -> None:
        now = time.monotonic()
        if now - self._typed_at >= TYPING_SECONDS:
            self._typed_at = now
            customer_typing(self._tenant.id, conversation_id)


def _find(tenant_id: UUID, token: str) -> tuple[Visitor, Place] | None:
    """The visitor of a token and where their words stand; None for everybody else. Raises Damaged."""
    tenant = still_served(tenant_id)
    if tenant is None:
        return None
    try:
        visitor = visitors.read(token, tenant_id)
    except NotAVisitor:
        return None
    with tenant_scope(tenant):
        site = sites.by_inbox(visitor.inbox_id)
        is_admitted = site is not None and site.admits(visitor.person)
        place = reading.place_of(site, visitor) if site is not None and is_admitted else None
    return (visitor, place) if place is not None else None


def _give_back(key: object) -> None:
    _open[key] -= 1
    if _open[key] <= 0:
        del _open[key]
