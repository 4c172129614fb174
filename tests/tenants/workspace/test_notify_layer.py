from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from channels.exceptions import ChannelFull
from pytest_django import Settings

from tenants.workspace import notices
from tenants.workspace.notices import connect
from tenants.workspace.notify_layer import RESET, MessageTooLarge, NotifyChannelLayer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def here() -> AsyncIterator[NotifyChannelLayer]:
    """The layer of one process."""
    layer = NotifyChannelLayer()
    yield layer
    await layer.flush()


@pytest.fixture
async def there() -> AsyncIterator[NotifyChannelLayer]:
    """The layer of another process."""
    layer = NotifyChannelLayer()
    yield layer
    await layer.flush()


async def member(layer: NotifyChannelLayer, group: str = "wake") -> str:
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


async def heard(layer: NotifyChannelLayer, channel: str, count: int = 1) -> list[dict[str, Any]]:
    return [await asyncio.wait_for(layer.receive(channel), 20) for _ in range(count)]


async def terminate(pid: int | None) -> None:
    async with await connect() as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [pid])


async def test_a_message_reaches_members_of_the_group_in_both_processes_once(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    mine, theirs = await member(here), await member(there)
    await here.group_send("wake", {"type": "wake", "text": "這裡 ✓", "n": 1})
    await here.group_send("wake", {"type": "wake", "n": 2})
    assert await heard(here, mine, 2) == [
        {"type": "wake", "text": "這裡 ✓", "n": 1},
        {"type": "wake", "n": 2},
    ]
    assert await heard(there, theirs, 2) == [
        {"type": "wake", "text": "這裡 ✓", "n": 1},
        {"type": "wake", "n": 2},
    ]
    await there.group_send("wake", {"type": "wake", "n": 3})
    assert await heard(here, mine) == await heard(there, theirs) == [{"type": "wake", "n": 3}]


async def test_five_hundred_messages_keep_their_order_in_both_processes(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    mine, theirs = await member(here), await member(there)
    await asyncio.gather(*(here.group_send("wake", {"n": n}) for n in range(500)))
    expected = [{"n": n} for n in range(500)]
    assert await heard(here, mine, 500) == expected
    assert await heard(there, theirs, 500) == expected


async def test_what_collects_goes_out_in_few_statements(here: NotifyChannelLayer) -> None:
    await asyncio.gather(*(here.group_send("wake", {"n": n}) for n in range(2_000)))
    assert here.station().sender.statements <= 5


async def test_equal_messages_of_one_batch_all_arrive(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    theirs = await member(there)
    await asyncio.gather(*(here.group_send("wake", {"same": True}) for _ in range(10)))
    assert await heard(there, theirs, 10) == [{"same": True}] * 10


async def test_a_foreign_group_hears_nothing(here: NotifyChannelLayer, there: NotifyChannelLayer) -> None:
    stranger = await member(there, "presence.other")
    await here.group_send("presence.mine", {"n": 1})
    await here.group_send("presence.other", {"n": 2})
    assert await heard(there, stranger) == [{"n": 2}]


async def test_who_has_left_hears_nothing(here: NotifyChannelLayer, there: NotifyChannelLayer) -> None:
    leaver, stayer = await member(there), await member(there)
    await there.group_discard("wake", leaver)
    await here.group_send("wake", {"n": 1})
    await heard(there, stayer)
    assert there.station().channels[leaver].empty()


async def test_a_channel_of_another_process_is_reached_by_name(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    theirs = await member(there)
    await here.send(theirs, {"n": 1})
    assert await heard(there, theirs) == [{"n": 1}]


async def test_a_killed_listener_comes_back_and_says_so(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    theirs = await member(there)
    await terminate(there.station().listener.backend_pid)
    assert await heard(there, theirs) == [RESET]
    await here.group_send("wake", {"n": 1})
    assert await heard(there, theirs) == [{"n": 1}]
    assert there.station().listener.connections_opened == 2


async def test_a_killed_sender_sends_the_next_message(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    theirs = await member(there)
    await here.group_send("wake", {"n": 1})
    sending = here.station().sender._connection
    assert sending is not None
    await terminate(sending.info.backend_pid)
    await here.group_send("wake", {"n": 2})
    assert await heard(there, theirs, 2) == [{"n": 1}, {"n": 2}]


async def test_a_lost_database_is_told_to_the_sender_and_forgotten_afterwards(
    here: NotifyChannelLayer, there: NotifyChannelLayer, settings: Settings
) -> None:
    theirs = await member(there)
    settings.LISTEN_URL = "postgresql://nobody@127.0.0.1:1/nowhere"
    with pytest.raises(psycopg.OperationalError):
        await here.group_send("wake", {"n": 1})
    settings.LISTEN_URL = ""
    await here.group_send("wake", {"n": 2})
    assert await heard(there, theirs) == [{"n": 2}]


async def test_joining_while_the_database_is_away_is_followed_by_a_reset(
    here: NotifyChannelLayer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "JOIN_SECONDS", 0.05)
    settings.LISTEN_URL = "postgresql://nobody@127.0.0.1:1/nowhere"
    channel = await member(here)
    settings.LISTEN_URL = ""
    assert await heard(here, channel) == [RESET]


async def test_two_hundred_channels_that_join_together_open_one_connection(here: NotifyChannelLayer) -> None:
    channels = [await here.new_channel() for _ in range(200)]
    await asyncio.gather(*(here.group_add("wake", channel) for channel in channels))
    assert here.station().listener.connections_opened == 1
    await terminate(here.station().listener.backend_pid)
    for channel in channels:
        assert await heard(here, channel) == [RESET]
    assert here.station().listener.connections_opened == 2


async def test_a_reader_that_does_not_keep_up_is_told_that_it_missed_something(
    there: NotifyChannelLayer,
) -> None:
    small = NotifyChannelLayer(capacity=10)
    slow = await member(small)
    for n in range(11):
        await small.group_send("wake", {"n": n})
    assert await heard(small, slow) == [RESET]
    for n in range(10):
        await small.send(slow, {"n": n})
    with pytest.raises(ChannelFull):
        await small.send(slow, {"n": 10})
    await small.flush()


async def test_a_message_that_fits_no_notice_is_refused_and_others_pass(
    here: NotifyChannelLayer, there: NotifyChannelLayer
) -> None:
    theirs = await member(there)
    with pytest.raises(MessageTooLarge):
        await here.group_send("wake", {"text": "x" * 8_000})
    await here.group_send("wake", {"text": "x" * 7_700})
    assert len((await heard(there, theirs))[0]["text"]) == 7_700


async def test_an_unreadable_notice_harms_nobody(here: NotifyChannelLayer, there: NotifyChannelLayer) -> None:
    theirs = await member(there)
    async with await connect() as other:
        await other.execute("SELECT pg_notify('kontor_layer', 'not ours')")
    await here.group_send("wake", {"n": 1})
    assert await heard(there, theirs) == [{"n": 1}]


@pytest.mark.parametrize("name", ["", "two words", "ü", "a" * 100, "semi;colon"])
async def test_a_name_outside_the_alphabet_is_refused(here: NotifyChannelLayer, name: str) -> None:
    with pytest.raises(TypeError):
        await here.group_send(name, {"n": 1})
    await here.group_send("plain-name.1", {"n": 1})


async def test_giving_up_a_channel_leaves_nothing_behind(here: NotifyChannelLayer) -> None:
    channel = await member(here)
    waiting = asyncio.create_task(here.receive(channel))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert here.station().channels == {}
    assert here.station().groups == {}
