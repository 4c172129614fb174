from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from conversations import delivering, postroom
from conversations.models import Conversation, Message
from conversations.postroom import PostRoom
from tenants import jobs
from tenants.directory import TenantRef
from tenants.ids import new_id
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.models import Agent
from tests.conversations.double import running_double
from tests.conversations.outgoing import a_conversation, an_inbox, answer


def until(condition: Callable[[], bool]) -> bool:
    """Whether it came true; a limit is only there so that a broken room does not hold the tests up."""
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


class Desk:
    """Stands in for `delivering`: what waits in each brand, and who is being called."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pending: dict[UUID, dict[UUID, int]] = {}  # brand -> conversation -> messages
        self.sent: list[tuple[UUID, UUID]] = []
        self.looks = 0
        self.gates: dict[UUID, threading.Event] = {}
        self.calling: list[UUID] = []
        self.refused: set[UUID] = set()

    def write(self, tenant: TenantRef, conversation_id: UUID) -> UUID:
        with self.lock:
            brand = self.pending.setdefault(tenant.id, {})
            brand[conversation_id] = brand.get(conversation_id, 0) + 1
        return conversation_id

    def waiting(self, limit: int) -> list[UUID]:
        with self.lock:
            self.looks += 1
            return list(self.pending.get(scoped_tenant().id, {}))[:limit]

    def send_together(
        self,
        ids: Sequence[UUID],
        callers: Executor,
        done: Callable[[UUID, int], None],
        goes_on: Callable[[], bool],
    ) -> None:
        tenant_id = scoped_tenant().id
        calls = {
            conversation_id: callers.submit(self.send, tenant_id, conversation_id) for conversation_id in ids
        }
        for conversation_id, call in calls.items():
            done(conversation_id, 0 if call.exception() else call.result())
        for call in calls.values():
            call.result()

    def send(self, tenant_id: UUID, conversation_id: UUID) -> int:
        if conversation_id in self.refused:
            raise RuntimeError("the channel is broken")
        with self.lock:
            messages = self.pending[tenant_id].get(conversation_id, 0)
            self.calling.append(conversation_id)
        if (gate := self.gates.get(conversation_id)) is not None:
            gate.wait(20)
        with self.lock:
            self.calling.remove(conversation_id)
            self.sent += [(tenant_id, conversation_id)] * messages
            self.pending[tenant_id][conversation_id] -= messages
            if not self.pending[tenant_id][conversation_id]:
                del self.pending[tenant_id][conversation_id]
        return messages


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(delivering, "waiting", desk.waiting)
    monkeypatch.setattr(delivering, "send_together", desk.send_together)
    monkeypatch.setattr(postroom, "give_connection_back", lambda: None)
    return desk


@pytest.fixture
def room() -> Iterator[PostRoom]:
    room = PostRoom()
    yield room
    room.close()


@pytest.mark.django_db
def test_what_waits_is_sent_in_its_own_brand(
    desk: Desk, room: PostRoom, acme: TenantRef, globex: TenantRef
) -> None:
    wanted = [(brand.id, desk.write(brand, new_id())) for brand in (acme, globex) for _ in range(3)]
    room.look(acme)
    room.look(globex)
    assert until(lambda: len(desk.sent) == 6)
    assert sorted(desk.sent) == sorted(wanted)


@pytest.mark.django_db
def test_a_word_that_comes_while_a_conversation_is_being_sent_is_not_lost(
    desk: Desk, room: PostRoom, acme: TenantRef
) -> None:
    conversation_id = desk.write(acme, new_id())
    gate = desk.gates[conversation_id] = threading.Event()
    room.look(acme)
    assert until(lambda: bool(desk.calling))
    desk.write(acme, conversation_id)
    looks = desk.looks
    room.look(acme)
    assert until(lambda: desk.looks > looks)
    gate.set()
    assert until(lambda: len(desk.sent) == 2)


@pytest.mark.django_db
def test_many_words_at_once_are_few_looks(desk: Desk, room: PostRoom, acme: TenantRef) -> None:
    held = desk.write(acme, new_id())
    gate = desk.gates[held] = threading.Event()
    room.look(acme)
    assert until(lambda: bool(desk.calling))
    with desk.lock:  # the look that is under way waits, and all words melt into the next one
        looks = desk.looks
        for _ in range(100):
            room.look(acme)
    gate.set()
    assert until(lambda: len(desk.sent) == 1)
    assert desk.looks <= looks + 3


@pytest.mark.django_db
def test_a_brand_whose_platform_hangs_does_not_hold_up_another(
    desk: Desk, room: PostRoom, acme: TenantRef, globex: TenantRef
) -> None:
    gate = threading.Event()
    for _ in range(postroom.CALLERS_OF_A_BRAND + 1):
        desk.gates[desk.write(acme, new_id())] = gate
    room.look(acme)
    assert until(lambda: len(desk.calling) == postroom.CALLERS_OF_A_BRAND)
    other = desk.write(globex, new_id())
    room.look(globex)
    assert until(lambda: desk.sent == [(globex.id, other)])
    gate.set()
    assert until(lambda: len(desk.sent) == postroom.CALLERS_OF_A_BRAND + 2)


@pytest.mark.django_db
def test_a_conversation_that_breaks_is_left_to_the_sweep_and_stops_nobody(
    desk: Desk, room: PostRoom, acme: TenantRef
) -> None:
    for _ in range(postroom.FOUND_AT_ONCE):
        desk.refused.add(desk.write(acme, new_id()))
    room.look(acme)
    assert until(lambda: not room._brands)
    looks = desk.looks
    desk.pending[acme.id] = {}
    good = desk.write(acme, new_id())
    room.look(acme)
    assert until(lambda: desk.sent == [(acme.id, good)])
    assert desk.looks <= looks + 2


@pytest.mark.django_db
def test_more_than_one_look_finds_is_sent_all_the_same(desk: Desk, room: PostRoom, acme: TenantRef) -> None:
    for _ in range(postroom.FOUND_AT_ONCE * 2 + 1):
        desk.write(acme, new_id())
    room.look(acme)
    assert until(lambda: len(desk.sent) == postroom.FOUND_AT_ONCE * 2 + 1)


# --- the worker ---------------------------------------------------------------------------------------------


class Layer:
    """A channel layer of one channel, whose messages a test writes."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.groups: list[str] = []

    async def new_channel(self, prefix: str) -> str:
        return prefix

    async def group_add(self, group: str, channel: str) -> None:
        self.groups.append(group)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self.messages.get()


def test_a_worker_sends_beside_its_jobs() -> None:
    assert postroom.run in jobs.companions()


@pytest.mark.django_db(transaction=True)
async def test_a_worker_looks_when_it_begins_when_it_is_told_and_after_a_gap(
    desk: Desk, acme: TenantRef, globex: TenantRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Layer()
    monkeypatch.setattr(postroom, "get_channel_layer", lambda: layer)
    first = desk.write(acme, new_id())
    work = asyncio.create_task(postroom.run())
    assert await asyncio.to_thread(until, lambda: desk.sent == [(acme.id, first)])
    assert layer.groups == [delivering.WORKERS]
    second = desk.write(globex, new_id())
    layer.messages.put_nowait({"type": "wake", "tenants": [[globex.id.hex, 0]]})
    assert await asyncio.to_thread(until, lambda: desk.sent[1:] == [(globex.id, second)])
    third = desk.write(acme, new_id())
    layer.messages.put_nowait({"type": "layer.reset"})
    assert await asyncio.to_thread(until, lambda: desk.sent[2:] == [(acme.id, third)])
    layer.messages.put_nowait({"type": "wake", "tenants": [[new_id().hex, 0]]})  # a brand that is gone
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


@pytest.mark.django_db(transaction=True)
def test_an_answer_goes_from_the_table_to_the_platform(
    acme: TenantRef, bob_agent: Agent, settings: Settings, room: PostRoom
) -> None:
    settings.SIMULATOR = True
    with running_double() as double, tenant_scope(acme):
        conversation = a_conversation(an_inbox("messenger", double.url))
        for text in ("one", "two"):
            answer(conversation, text, bob_agent)
        room.look(acme)
        assert until(lambda: _statuses(conversation) == ["sent", "sent"])
        assert double.texts == ["one", "two"]


def _statuses(conversation: Conversation) -> list[str]:
    ours = Message.objects.filter(conversation=conversation, direction="out").order_by("number")
    return list(ours.values_list("status", flat=True))
