"""The double of a brand's own system speaks our API channel in both directions, and refuses what it should."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.channels import cards, registry
from conversations.channels.base import Account, Hook
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AudienceChange,
    DeliveryReport,
    IncomingMessage,
    MessageEdited,
    MessageUnsent,
)
from conversations.channels.outgoing import OutgoingMessage, QuickReply
from tests.conversations.simulator.conftest import SHOP, SHOPPER, Caller, Receiver

API = registry.open("api")
BASE = "http://simulator/"
CREDENTIALS = {"access_token": "shop-token", "reply_secret": "shop-secret"}


async def read(receiver: Receiver, count: int) -> Any:
    """The one item of the last of `count` calls, whose signature must be right and fresh."""
    headers, body = (await receiver.wait(count))[count - 1]
    now = datetime.now(UTC).timestamp()
    assert API.verify(Hook(body=body, headers=headers, arrived_at=now), ["shop-secret"])
    assert not API.verify(Hook(body=body, headers=headers, arrived_at=now), ["another secret"])
    assert not API.verify(Hook(body=body, headers=headers, arrived_at=now + 400), ["shop-secret"])
    [item] = API.parse(body)
    return item


async def send(call: Caller, text: str = "hi", *, key: str = "key-1", **more: Any) -> str:
    account = Account(
        account_id=SHOP, base_url=f"{BASE}api", credentials={**CREDENTIALS, **more.pop("credentials", {})}
    )
    message = OutgoingMessage(
        address=more.pop("address", SHOPPER),
        text=text,
        correlation="c-1",
        retry_key=key,
        tried_at=more.pop("tried_at", datetime.now(UTC)),
        **more,
    )
    transport = call.as_transport(asyncio.get_running_loop(), BASE)
    return (await asyncio.to_thread(API.send, message, account, transport)).external_id


async def phone(call: Caller) -> list[dict[str, Any]]:
    return (await call("GET", f"phone/api/{SHOP}/{SHOPPER}/news?after=-1")).json["bubbles"]


async def test_what_a_customer_does_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    mid = (await call.act("api", "write", text="退貨 🍎")).json["message"]["id"]
    written = await read(receiver, 1)
    assert isinstance(written, IncomingMessage)
    assert (written.account_id, written.address, written.text, written.sender_name) == (
        SHOP,
        SHOPPER,
        "退貨 🍎",
        "王美玲",
    )
    await call.act("api", "edit", id=mid, text="two")
    assert isinstance(await read(receiver, 2), MessageEdited)
    await call.act("api", "unsend", id=mid)
    assert isinstance(await read(receiver, 3), MessageUnsent)
    await call.act("api", "location")
    assert (await read(receiver, 4)).kind == "location"
    await call.act("api", "sticker")
    assert (await read(receiver, 5)).kind == "sticker"
    await call.act("api", "unfollow")
    gone = await read(receiver, 6)
    assert isinstance(gone, AudienceChange) and gone.change == "unfollowed"


async def test_our_answers_are_taken_and_told_of_as_delivered_and_read(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("api", "write", text="hello")
    their_id = await send(call, "hi")
    delivered = await read(receiver, 2)
    assert isinstance(delivered, DeliveryReport)
    assert (delivered.status, delivered.external_ids) == ("delivered", (their_id,))
    await call.act("api", "read")
    assert (await read(receiver, 3)).status == "read"


async def test_the_same_key_is_the_same_message(call: Caller) -> None:
    first = await send(call, "hi", key="key-1")
    assert await send(call, "hi", key="key-1") == first
    assert await send(call, "hi", key="key-2") != first
    assert len(await phone(call)) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"credentials": {"reply_secret": "wrong"}},
        {"credentials": {"access_token": "wrong"}},
        {"tried_at": datetime.now(UTC) - timedelta(hours=1)},
    ],
)
async def test_a_wrong_signature_token_or_time_is_refused(call: Caller, change: dict[str, Any]) -> None:
    with pytest.raises(DeliveryError) as refusal:
        await send(call, **change)
    assert refusal.value.kind is ErrorKind.AUTH_EXPIRED
    assert await send(call)


async def test_cards_and_choices_stand_on_the_page_and_can_be_tapped(
    call: Caller, receiver: Receiver
) -> None:
    tea = cards.read({"kind": "product", "title": "金萱", "buttons": [{"label": "Buy", "payload": "buy:1"}]})
    await send(call, "", cards=(tea,), quick_replies=(QuickReply("Yes", "yes"),))
    [bubble] = await phone(call)
    assert bubble["cards"][0]["title"] == "金萱" and bubble["choices"] == [{"label": "Yes", "payload": "yes"}]
    await call.act("api", "tap", id=bubble["id"], payload="buy:1")
    tapped = await receiver.wait_for("buy:1")
    assert tapped["events"][0]["message"]["reply_to"] == bubble["id"]


async def test_our_own_channel_understands_every_refusal(call: Caller) -> None:
    for number, (fault, kind) in enumerate(
        {
            "window_closed": ErrorKind.WINDOW_CLOSED,
            "token": ErrorKind.AUTH_EXPIRED,
            "permission": ErrorKind.PERMISSION,
            "rate_limit": ErrorKind.RATE_LIMITED,
            "quota": ErrorKind.QUOTA_USED,
            "temporary": ErrorKind.TEMPORARY,
            "blocked": ErrorKind.RECIPIENT_GONE,
            "bad_request": ErrorKind.BAD_REQUEST,
        }.items()
    ):
        await call("POST", "control/faults", {fault: 1})
        with pytest.raises(DeliveryError) as refusal:
            await send(call, key=f"key-{number}")
        assert refusal.value.kind is kind, fault
    with pytest.raises(DeliveryError) as nobody:
        await send(call, address="customer-0", key="key-9")
    assert nobody.value.kind is ErrorKind.RECIPIENT_GONE
