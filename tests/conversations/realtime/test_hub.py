from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from conversations.realtime import hub as hub_module
from conversations.realtime import room
from conversations.realtime.audience import CustomerAudience, DeskAudience
from conversations.realtime.groups import tenant_group
from conversations.realtime.hub import Hub, TooManySockets, customer_typing
from tenants.directory import TenantRef
from tenants.ids import new_id
from tenants.models import User
from tenants.scope import in_tenant
from tenants.workspace import wake
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Agent
from tests.conversations.realtime.seeds import Talk, make_inbox, reply, start_talk, write

pytestmark = pytest.mark.django_db(transaction=True)

Inside = Callable[..., Awaitable[Any]]


class Ear:
    """A socket that only listens."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[str] = asyncio.Queue()

    def push(self, text: str) -> None:
        self.frames.put_nowait(text)

    async def hear(self) -> dict[str, Any]:
        return json.loads(await asyncio.wait_for(self.frames.get(), 20))

    async def hear_texts(self, count: int) -> list[str]:
        texts: list[str] = []
        while len(texts) < count:
            frame = await self.hear()
            events = frame["events"] if frame["type"] == "events" else frame["messages"]
            texts += [event["message"]["text"] if "message" in event else event["text"] for event in events]
        return texts


async def listen(the_hub: Hub, tenant: TenantRef, audience: Any) -> Ear:
    ear = Ear()
    follower = await the_hub.follow(tenant, audience, ear.push)
    follower.release()
    return ear


async def a_talk(tenant: TenantRef) -> Talk:
    return await in_tenant(tenant, lambda: start_talk(make_inbox()))


async def test_a_commit_reaches_every_socket_of_the_brand_in_order(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ears = [await listen(the_hub, acme, DeskAudience(None)) for _ in range(5)]
    for number in range(10):
        await in_tenant(acme, write, talk, str(number))
    for ear in ears:
        assert await ear.hear_texts(10) == [str(number) for number in range(10)]


async def test_a_log_that_cannot_be_read_is_read_later_without_a_hole(
    the_hub: Hub, acme: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, genuine, failures = await a_talk(acme), room.read_after, []

    def fail_once(sequence: int) -> Any:
        if not failures:
            failures.append(sequence)
            raise RuntimeError("the database is away")
        return genuine(sequence)

    ear = await listen(the_hub, acme, DeskAudience(None))
    monkeypatch.setattr(room, "read_after", fail_once)
    monkeypatch.setattr(room, "TRY_AGAIN_SECONDS", 0.01)
    await in_tenant(acme, write, talk, "first")
    await in_tenant(acme, write, talk, "second")
    assert await ear.hear_texts(2) == ["first", "second"]
    assert failures


async def test_more_than_a_batch_at_once_arrives_whole_and_in_order(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ear = await listen(the_hub, acme, DeskAudience(None))
    many = 2 * room.MOST_AT_ONCE + 5

    def write_all() -> None:
        with unit_of_work():
            for number in range(many):
                write(talk, str(number))

    await in_tenant(acme, write_all)
    assert await ear.hear_texts(many) == [str(number) for number in range(many)]


async def test_the_log_is_read_once_however_many_sockets_follow(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ears = [await listen(the_hub, acme, DeskAudience(None)) for _ in range(50)]
    await in_tenant(acme, write, talk, "hello")
    texts = {await asyncio.wait_for(ear.frames.get(), 20) for ear in ears}
    assert len(texts) == 1
    assert the_hub.rooms[acme.id].batches_read <= 3


async def test_another_brand_hears_nothing(the_hub: Hub, acme: TenantRef, globex: TenantRef) -> None:
    talk, their_talk = await a_talk(acme), await a_talk(globex)
    ours, theirs = (
        await listen(the_hub, acme, DeskAudience(None)),
        await listen(the_hub, globex, DeskAudience(None)),
    )
    await in_tenant(acme, write, talk, "for acme")
    await in_tenant(globex, write, their_talk, "for globex")
    assert await ours.hear_texts(1) == ["for acme"]
    assert await theirs.hear_texts(1) == ["for globex"]
    assert ours.frames.empty()
    assert theirs.frames.empty()


async def test_a_customer_hears_only_their_own_talk(the_hub: Hub, acme: TenantRef, bob_agent: Agent) -> None:
    mine, other = await a_talk(acme), await a_talk(acme)
    ear = await listen(the_hub, acme, CustomerAudience(mine.identity_id))
    await in_tenant(acme, write, other, "not mine")
    await in_tenant(acme, reply, mine, "for you", bob_agent)
    await in_tenant(acme, reply, other, "not for you", bob_agent)
    await in_tenant(acme, write, mine, "mine")
    assert await ear.hear_texts(2) == ["for you", "mine"]


async def test_a_customer_who_joins_before_the_first_message_hears_it(the_hub: Hub, acme: TenantRef) -> None:
    desk = await listen(the_hub, acme, DeskAudience(None))
    talk = await a_talk(acme)
    ear = await listen(the_hub, acme, CustomerAudience(talk.identity_id))
    await in_tenant(acme, write, talk, "first")
    assert await ear.hear_texts(1) == ["first"]
    assert (await desk.hear())["type"] == "events"


async def test_live_frames_wait_for_the_catch_up(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ear, other = Ear(), await listen(the_hub, acme, DeskAudience(None))
    follower = await the_hub.follow(acme, DeskAudience(None), ear.push)
    await in_tenant(acme, write, talk, "live")
    await other.hear_texts(1)
    assert ear.frames.empty()
    ear.push('{"type":"events","events":[]}')
    follower.release()
    assert (await ear.hear())["events"] == []
    assert await ear.hear_texts(1) == ["live"]


async def test_a_lost_wake_up_costs_only_time(
    the_hub: Hub, acme: TenantRef, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await the_hub.stop()
    monkeypatch.setattr(hub_module, "LOOK_SECONDS", 0.05)
    looking = hub_module.hub()
    settings.WAKE_UPS_DROPPED_PERCENT = 100
    talk = await a_talk(acme)
    ear = await listen(looking, acme, DeskAudience(None))
    await in_tenant(acme, write, talk, "unannounced")
    assert await ear.hear_texts(1) == ["unannounced"]
    await looking.stop()


async def test_a_wake_up_of_another_process_comes_through_the_layer(
    the_hub: Hub, acme: TenantRef, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await a_talk(acme)
    ear = await listen(the_hub, acme, DeskAudience(None))
    settings.WAKE_UPS_DROPPED_PERCENT = 100  # this process says nothing by itself
    await in_tenant(acme, write, talk, "from afar")
    sequence = the_hub.rooms[acme.id].last + 1
    await get_channel_layer().group_send(wake.GROUP, {"type": "wake", "tenants": [[acme.id.hex, sequence]]})
    assert await ear.hear_texts(1) == ["from afar"]


async def test_a_reset_of_the_layer_makes_the_hub_look(
    the_hub: Hub, acme: TenantRef, settings: Settings
) -> None:
    talk = await a_talk(acme)
    ear = await listen(the_hub, acme, DeskAudience(None))
    settings.WAKE_UPS_DROPPED_PERCENT = 100
    await in_tenant(acme, write, talk, "said in between")
    await get_channel_layer().group_send(wake.GROUP, {"type": "layer.reset"})
    assert await ear.hear_texts(1) == ["said in between"]


async def test_the_customer_typing_is_told_to_the_desk(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ear = await listen(the_hub, acme, DeskAudience(None))
    hidden = await listen(the_hub, acme, DeskAudience(frozenset({new_id()})))
    customer_typing(acme.id, talk.id)
    frame = await ear.hear()
    assert frame == {
        "type": "presence",
        "conversation_id": str(talk.id),
        "agents": [],
        "customer_typing": True,
    }
    assert hidden.frames.empty()


async def test_the_room_is_closed_behind_the_last_and_opened_again(the_hub: Hub, acme: TenantRef) -> None:
    talk = await a_talk(acme)
    ear = Ear()
    follower = await the_hub.follow(acme, DeskAudience(None), ear.push)
    the_hub.leave(follower)
    assert the_hub.rooms == {}
    again = await listen(the_hub, acme, DeskAudience(None))
    await in_tenant(acme, write, talk, "back")
    assert await again.hear_texts(1) == ["back"]
    assert ear.frames.empty()


async def test_connections_are_counted_per_person_and_per_brand(
    the_hub: Hub, acme: TenantRef, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "SOCKETS_PER_USER", 2)
    first = the_hub.take_place(acme, alice.id)
    the_hub.take_place(acme, alice.id)
    with pytest.raises(TooManySockets):
        the_hub.take_place(acme, alice.id)
    the_hub.take_place(acme, bob.id)
    first()
    the_hub.take_place(acme, alice.id)


async def test_group_names_carry_the_brand_and_cannot_be_guessed(
    acme: TenantRef, globex: TenantRef, settings: Settings
) -> None:
    ours = tenant_group(acme.id)
    assert ours != tenant_group(globex.id)
    assert len(ours) < 100
    settings.SECRET_KEY = "another secret of another installation"
    assert tenant_group(acme.id) != ours
