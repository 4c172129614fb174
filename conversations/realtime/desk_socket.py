"""/live on a brand's host: the desk's ordered stream of events, presence and typing.

The browser says:
    {"type": "hello", "after": N}       first, and whenever it sees a hole
    {"type": "ping"}
    {"type": "viewing", "conversation_id": id | null, "visible": bool}
    {"type": "typing", "conversation_id": id}
We say:
    {"type": "events", "events": […]}   a hidden event is {"sequence": n}
    {"type": "resync", "newest": N}
    {"type": "pong", "newest": N}
    {"type": "presence", "conversation_id", "agents": [{"id", "name", "state"}], "customer_typing": bool}
    {"type": "error", "code"}

A resync says: too much was missed, or your rights have changed; read the page again and say hello with its
number.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from conversations.realtime.admission import (
    Damaged,
    Guest,
    NotAllowed,
    NotSignedIn,
    admit,
    brand_of,
    comes_from_own_page,
    session_key_of,
)
from conversations.realtime.audience import DeskAudience
from conversations.realtime.connection import Close, Connection, Message, Receive, Send
from conversations.realtime.frames import read_missed
from conversations.realtime.hub import TooManySockets, hub, say_presence
from conversations.realtime.presence import AWAY, GONE, TYPING, VIEWING
from conversations.realtime.room import Follower
from tenants.scope import in_tenant, in_thread
from tenants.workspace.access import ROLE_PERMISSIONS, Permission

RIGHTS_SECONDS = 30.0
PRESENCE_SECONDS = 20.0
MOST_REFUSALS = 20

logger = logging.getLogger(__name__)


async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application behind /live."""
    connection = Connection(receive, send)
    if not await connection.opened():
        return
    session_key = session_key_of(scope["headers"])
    try:
        tenant = await in_thread(brand_of, scope["headers"])
        if tenant is None or not comes_from_own_page(scope):
            raise NotAllowed
        guest = await in_thread(admit, tenant, session_key)
        give_back = hub().take_place(tenant, guest.member.user_id)
    except NotSignedIn:
        await connection.refuse(Close.NOT_SIGNED_IN)
    except NotAllowed:
        await connection.refuse(Close.NOT_ALLOWED)
    except (TooManySockets, Damaged):
        await connection.refuse(Close.TRY_LATER)
    else:
        await _serve(connection, guest, session_key, give_back)


async def _serve(
    connection: Connection, guest: Guest, session_key: str | None, give_back: Callable[[], None]
) -> None:
    session = DeskSession(connection, guest, session_key)
    try:
        await connection.accept()
        await connection.serve(session.handle, session.mind_rights(), session.mind_presence())
    finally:
        session.end()
        give_back()


class DeskSession:
    """One agent's browser window."""

    def __init__(self, connection: Connection, guest: Guest, session_key: str | None) -> None:
        self._connection = connection
        self._guest = guest
        self._session_key = session_key
        self._audience = DeskAudience(guest.inbox_ids)
        self._window = secrets.token_hex(8)
        self._follower: Follower | None = None
        self._viewing: UUID | None = None
        self._visible = False
        self._refusals = 0

    async def handle(self, frame: Message) -> None:
        """Do what one frame asks for."""
        match frame["type"]:
            case "hello":
                await self._hello(frame.get("after"))
            case "ping":
                self._connection.push_json(
                    {"type": "pong", "newest": self._follower.newest if self._follower else None}
                )
            case "viewing":
                await self._view(frame.get("conversation_id"), frame.get("visible"))
            case "typing":
                await self._type(frame.get("conversation_id"))
            case _:
                self._refuse("unknown_type")

    def end(self) -> None:
        """The window is gone."""
        self._say(GONE)
        if self._follower is not None:
            hub().leave(self._follower)

    async def mind_rights(self) -> None:
        """Look again at what the member may see. Fewer rights end the connection, others renew the page."""
        while True:
            await asyncio.sleep(RIGHTS_SECONDS)
            try:
                guest = await in_thread(admit, self._guest.tenant, self._session_key)
            except NotSignedIn:
                return self._connection.close(Close.NOT_SIGNED_IN)
            except NotAllowed:
                return self._connection.close(Close.NOT_ALLOWED)
            except Damaged:
                return self._connection.close(Close.TRY_LATER)
            except Exception as error:
                logger.warning("rights could not be read: %s", type(error).__name__)
                continue
            before, self._guest = self._guest, guest
            if not ROLE_PERMISSIONS[before.member.role] <= ROLE_PERMISSIONS[guest.member.role]:
                return self._connection.close(Close.NOT_ALLOWED)
            if guest.inbox_ids != before.inbox_ids:
                self._audience.inbox_ids = guest.inbox_ids
                self._resync()

    async def mind_presence(self) -> None:
        """Say again that the window still shows its conversation, as long as the browser is heard."""
        while True:
            await asyncio.sleep(PRESENCE_SECONDS)
            if time.monotonic() - self._connection.heard_at < 2 * PRESENCE_SECONDS:
                self._say(VIEWING if self._visible else AWAY)

    async def _hello(self, after: Any) -> None:
        if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**63:
            self._refuse("bad_number")
            return
        tenant = self._guest.tenant
        is_new = self._follower is None
        if self._follower is None:
            self._follower = await hub().follow(tenant, self._audience, self._connection.push)
        missed = await in_tenant(tenant, read_missed, after)
        if missed is None:
            self._resync()
        elif not missed:
            self._connection.push_json({"type": "events", "events": []})
        for batch in missed or ():
            self._connection.push(self._audience.text_of(batch) or "")
        if is_new:
            self._follower.release()
            await self._follower.room.greet(self._follower)

    async def _view(self, conversation_id: Any, visible: Any) -> None:
        wanted = await self._shown_conversation(conversation_id) if conversation_id is not None else None
        if conversation_id is not None and wanted is None:
            self._refuse("not_found")
            return
        if wanted != self._viewing:
            self._say(GONE)
        self._viewing, self._visible = wanted, bool(visible)
        self._say(VIEWING if self._visible else AWAY)

    async def _type(self, conversation_id: Any) -> None:
        wanted = await self._shown_conversation(conversation_id)
        if wanted is None:
            self._refuse("not_found")
        elif not self._guest.member.may(Permission.REPLY):
            self._refuse("not_allowed")
        else:
            self._viewing, self._visible = wanted, True
            self._say(TYPING)

    async def _shown_conversation(self, text: Any) -> UUID | None:
        """The id, when it is that of a conversation which the member sees; one answer for all other ids."""
        try:
            conversation_id = UUID(text)
        except (ValueError, TypeError, AttributeError):
            return None
        if self._follower is None:
            return None
        place = await self._follower.room.place_of(conversation_id)
        inbox_ids = self._audience.inbox_ids
        return conversation_id if place and (inbox_ids is None or place.inbox_id in inbox_ids) else None

    def _say(self, state: str) -> None:
        if self._viewing is not None:
            agent = self._guest.member.agent
            say_presence(
                self._guest.tenant.id,
                self._viewing,
                window=self._window,
                agent_id=agent.id,
                name=agent.name,
                state=state,
            )

    def _resync(self) -> None:
        if self._follower is not None:
            self._connection.push_json({"type": "resync", "newest": self._follower.newest})

    def _refuse(self, code: str) -> None:
        self._refusals += 1
        if self._refusals > MOST_REFUSALS:
            self._connection.close(Close.BAD_FRAME)
        else:
            self._connection.error(code)
