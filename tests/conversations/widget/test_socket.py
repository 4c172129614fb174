"""A visitor's socket: their own conversation, live, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from conversations import outbound
from conversations.models import Conversation, Inbox
from conversations.realtime.connection import Close
from conversations.realtime.hub import Hub, hub, say_presence
from conversations.widget import socket, visitors
from tenants import completeness, directory
from tenants.directory import TenantRef
from tenants.scope import in_tenant
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.realtime.browser import Browser as Wire
from tests.conversations.realtime.browser import Refused
from tests.conversations.realtime.conftest import page_headers
from tests.conversations.widget.conftest import Browser

pytestmark = pytest.mark.django_db(transaction=True)

Dial = Callable[..., Awaitable[Wire]]


@pytest.fixture
async def the_hub() -> AsyncIterator[Hub]:
    found = hub()
    yield found
    await found.stop()


@pytest.fixture
async def dial(the_hub: Hub) -> AsyncIterator[Dial]:
    """Opens the widget's socket from the frame's own page; with a token it also says hello."""
    wires: list[Wire] = []

    async def dial(
        tenant: TenantRef, token: str | None = None, after: int = 0, **headers: str | None
    ) -> Wire:
        wire = Wire(socket.application, page_headers(tenant, None, **headers), "/widget/live")
        wires.append(wire)
        await wire.connect()
        if token is not None:
            wire.say({"type": "hello", "token": token, "after": after})
        return wire

    yield dial
    for wire in wires:
        await wire.leave()


@pytest.fixture
async def visitor(browser: Browser, site: Inbox) -> Browser:
    """Somebody who has written once."""
    await sync_to_async(browser.start)(site)
    await sync_to_async(browser.write)("hello")
    return browser


def answer_from(agent: Agent, text: str) -> None:
    conversation = Conversation.objects.get()
    outbound.reply(conversation, text, by=Actor.agent(agent), client_id=uuid.uuid4(), seen_number=None)


async def texts(wire: Wire, count: int) -> list[str]:
    """The next messages, out of as many frames as it takes."""
    found: dict[str, str] = {}
    while len(found) < count:
        for row in (await wire.hear("messages"))["messages"]:
            found[row["id"]] = row["text"]
    return list(found.values())


async def test_what_was_missed_comes_first_and_answers_follow_live(
    dial: Dial, visitor: Browser, acme: TenantRef, bob_agent: Agent
) -> None:
    await in_tenant(acme, answer_from, bob_agent, "Good morning")
    wire = await dial(acme, visitor.token)
    assert await texts(wire, 2) == ["hello", "Good morning"]
    assert (await wire.hear("ready"))["newest"] == 2
    await in_tenant(acme, answer_from, bob_agent, "How can I help?")
    assert (await texts(wire, 1))[-1] == "How can I help?"


async def test_a_reconnect_brings_only_what_is_new(
    dial: Dial, visitor: Browser, acme: TenantRef, bob_agent: Agent
) -> None:
    await in_tenant(acme, answer_from, bob_agent, "Good morning")
    wire = await dial(acme, visitor.token, after=1)
    assert await texts(wire, 1) == ["Good morning"]
    again = await dial(acme, visitor.token, after=2)
    assert (await again.hear())["type"] == "ready"


async def test_a_pong_tells_the_newest_number(dial: Dial, visitor: Browser, acme: TenantRef) -> None:
    wire = await dial(acme, visitor.token, after=1)
    await wire.hear("ready")
    wire.say({"type": "ping"})
    assert await wire.hear("pong") == {"type": "pong", "newest": 1}


async def test_another_visitors_messages_are_not_heard(
    dial: Dial, visitor: Browser, other_browser: Browser, site: Inbox, acme: TenantRef
) -> None:
    wire = await dial(acme, visitor.token, after=1)
    await wire.hear("ready")
    await sync_to_async(other_browser.start)(site)
    await sync_to_async(other_browser.write)("a secret")
    await sync_to_async(visitor.write)("mine")
    assert await texts(wire, 1) == ["mine"]


async def test_typing_is_carried_in_both_directions(
    dial: Dial, visitor: Browser, acme: TenantRef, bob_agent: Agent, the_hub: Hub
) -> None:
    wire = await dial(acme, visitor.token, after=1)
    await wire.hear("ready")
    conversation = await in_tenant(acme, Conversation.objects.get)
    say_presence(
        acme.id, conversation.id, window="w", agent_id=bob_agent.id, name=bob_agent.name, state="typing"
    )
    assert await wire.hear() == {"type": "typing", "typing": True}
    wire.say({"type": "typing"})
    wire.say({"type": "ping"})
    await wire.hear("pong")


async def test_only_the_frames_own_origin_may_connect(dial: Dial, visitor: Browser, acme: TenantRef) -> None:
    for origin in (
        "https://shop.example",
        "null",
        "http://globex.localhost:8000",
        "http://acme.localhost.evil.test:8000",
        None,
    ):
        with pytest.raises(Refused):
            await dial(acme, visitor.token, origin=origin)
    wire = await dial(acme, visitor.token)
    assert (await wire.hear("ready"))["newest"] == 1


async def test_a_token_of_another_brand_is_sent_away(
    dial: Dial, visitor: Browser, acme: TenantRef, globex: TenantRef, globex_site: Inbox
) -> None:
    wire = await dial(globex, visitor.token)
    assert await wire.hear_close() == Close.NOT_SIGNED_IN
    foreign = visitors.issue(visitors.new_visitor(globex_site.id), globex.id)
    assert await (await dial(acme, foreign)).hear_close() == Close.NOT_SIGNED_IN


async def test_a_visitor_without_a_conversation_is_sent_away(
    dial: Dial, site: Inbox, acme: TenantRef
) -> None:
    token = visitors.issue(visitors.new_visitor(site.id), acme.id)
    assert await (await dial(acme, token)).hear_close() == Close.NOT_SIGNED_IN


async def test_silence_is_not_a_hello(dial: Dial, acme: TenantRef, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "HELLO_SECONDS", 0.05)
    assert await (await dial(acme)).hear_close() == Close.NOT_SIGNED_IN


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "hello", "token": 7, "after": 0},
        {"type": "hello", "token": "x", "after": -1},
        {"type": "hello", "token": "x", "after": 1e300},
        {"type": "hello"},
    ],
)
async def test_a_crooked_hello_ends_the_connection(
    dial: Dial, acme: TenantRef, frame: dict[str, Any]
) -> None:
    wire = await dial(acme)
    wire.say(frame)
    assert await wire.hear_close() == Close.BAD_FRAME


@pytest.mark.parametrize("kind", ["ping", "typing", "viewing", "events"])
async def test_before_the_hello_nothing_is_heard(dial: Dial, acme: TenantRef, kind: str) -> None:
    wire = await dial(acme)
    wire.say({"type": kind})
    assert await wire.hear_close() == Close.NOT_SIGNED_IN


async def test_a_visitor_cannot_ask_for_the_desks_frames(
    dial: Dial, visitor: Browser, acme: TenantRef
) -> None:
    wire = await dial(acme, visitor.token)
    await wire.hear("ready")
    wire.say({"type": "viewing", "conversation_id": str(uuid.uuid4()), "visible": True})
    assert await wire.hear_close() == Close.BAD_FRAME


async def test_a_site_that_is_gone_ends_the_connection(
    dial: Dial, visitor: Browser, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "LOOK_SECONDS", 0.05)
    wire = await dial(acme, visitor.token)
    await wire.hear("ready")
    await in_tenant(acme, Inbox.objects.update, is_active=False)
    assert await wire.hear_close() == Close.NOT_SIGNED_IN


async def test_one_visitor_holds_a_few_connections_only(
    dial: Dial, visitor: Browser, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SOCKETS_PER_VISITOR", 2)
    for _window in range(2):
        await (await dial(acme, visitor.token)).hear("ready")
    assert await (await dial(acme, visitor.token)).hear_close() == Close.TRY_LATER


async def test_a_connection_that_ended_leaves_nothing_behind(
    the_hub: Hub, visitor: Browser, acme: TenantRef
) -> None:
    wire = Wire(socket.application, page_headers(acme, None), "/widget/live")
    await wire.connect()
    wire.say({"type": "hello", "token": visitor.token, "after": 0})
    await wire.hear("ready")
    assert acme.id in the_hub.rooms
    await wire.leave()
    assert acme.id not in the_hub.rooms
    assert not socket._open


async def test_a_damaged_brand_asks_the_browser_to_come_again(
    dial: Dial, visitor: Browser, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "LOOK_SECONDS", 0.05)
    wire = await dial(acme, visitor.token, after=1)
    await wire.hear("ready")
    monkeypatch.setattr(completeness, "faults", lambda schemas: {acme.schema_name: "missing: a table"})
    directory.forget()
    assert await wire.hear_close() == Close.TRY_LATER
    with pytest.raises(Refused) as refused:
        await dial(acme, visitor.token)
    assert refused.value.code == Close.TRY_LATER
