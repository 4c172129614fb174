"""The double of Messenger keeps Meta's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import pytest

from conversations.channels import graph, registry
from conversations.channels.base import Hook, PlatformResponse
from conversations.channels.errors import ErrorKind
from conversations.channels.items import (
    DeliveryReport,
    IncomingMessage,
    MessageEcho,
    MessageEdited,
    MessageUnsent,
)
from tests.conversations.simulator.conftest import PAGE, PSID, Caller, Receiver

MESSENGER = registry.open("messenger")
WEEK = 7 * 24 * 3600


async def read(receiver: Receiver, count: int):
    """The items of the last of `count` webhooks, whose signature must be right."""
    headers, body = (await receiver.wait(count))[count - 1]
    assert MESSENGER.verify(Hook(body=body, headers=headers), ["app-secret"])
    assert not MESSENGER.verify(Hook(body=body, headers=headers), ["another secret"])
    return MESSENGER.parse(body)


async def test_what_a_customer_writes_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    written = await call.act("messenger", "write", text="退貨 🍎")
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.text) == (PAGE, PSID, "退貨 🍎")
    assert item.external_id == written.json["message"]["id"]
    assert b"\\u9000" in receiver.posts[0][1]


@pytest.mark.parametrize("kind", ["sticker", "image"])
async def test_stickers_and_pictures_are_attachments(call: Caller, receiver: Receiver, kind: str) -> None:
    await call.act("messenger", kind)
    (item,) = await read(receiver, 1)
    assert [each.kind for each in item.attachments] == [kind]


async def test_an_edit_and_a_taking_back_name_the_message(call: Caller, receiver: Receiver) -> None:
    mid = (await call.act("messenger", "write", text="one")).json["message"]["id"]
    await call.act("messenger", "edit", id=mid, text="two")
    (edited,) = await read(receiver, 2)
    assert isinstance(edited, MessageEdited)
    assert (edited.external_id, edited.text) == (mid, "two")
    await call.act("messenger", "unsend", id=mid)
    (unsent,) = await read(receiver, 3)
    assert isinstance(unsent, MessageUnsent)
    assert (await call.act("messenger", "edit", id=mid, text="three")).status == 400


async def test_an_accepted_send_comes_back_as_echo_delivery_and_read(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("messenger", "write", text="hello")
    await receiver.wait(1)
    sent = await call.send_messenger("hi", message={"text": "hi", "metadata": "msg:1"})
    assert sent.status == 200
    assert sent.json["recipient_id"] == PSID
    (echo,) = await read(receiver, 2)
    assert isinstance(echo, MessageEcho)
    assert (echo.external_id, echo.correlation, echo.address) == (sent.json["message_id"], "msg:1", PSID)
    (delivered,) = await read(receiver, 3)
    assert isinstance(delivered, DeliveryReport)
    assert (delivered.status, delivered.external_ids) == ("delivered", (sent.json["message_id"],))
    await call.act("messenger", "read")
    (seen,) = await read(receiver, 4)
    assert (seen.status, seen.watermark) == ("read", delivered.watermark)


async def test_the_window_closes_by_the_platforms_clock(call: Caller) -> None:
    await call.act("messenger", "write", text="hello")
    assert (await call.send_messenger("in time")).status == 200
    await call("POST", "control/clock", {"advance": 24 * 3600 + 60})
    refused = await call.send_messenger("too late")
    assert (refused.status, refused.json["error"]["code"], refused.json["error"]["error_subcode"]) == (
        400,
        10,
        2018278,
    )
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert (await call.send_messenger("by a person", **tagged)).status == 200
    await call("POST", "control/clock", {"advance": WEEK})
    assert (await call.send_messenger("much too late", **tagged)).json["error"]["code"] == 10


async def test_nobody_who_never_wrote_can_be_written_to(call: Caller) -> None:
    assert (await call.send_messenger("out of the blue")).json["error"]["error_subcode"] == 2018278


@pytest.mark.parametrize(
    "change, code",
    [
        ({"message": {"text": "長" * 2001}}, 100),
        ({"message": {"text": ""}}, 100),
        ({"message": None}, 100),
        ({"messaging_type": None}, 100),
        ({"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100),
        ({"recipient": {"id": "1"}}, 100),
        ({"recipient": None}, 100),
    ],
)
async def test_what_meta_refuses_is_refused(call: Caller, change: dict[str, object], code: int) -> None:
    await call.act("messenger", "write", text="hello")
    refused = await call.send_messenger("hi", **change)
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert (await call.send_messenger("長" * 2000)).status == 200


async def test_a_wrong_token_is_refused_and_not_recorded(call: Caller) -> None:
    body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "hi"}}
    for token in ("Bearer wrong", "Bearer ", ""):
        refused = await call("POST", f"messenger/v25.0/{PAGE}/messages", body, authorization=token)
        assert (refused.status, refused.json["error"]["code"]) == (401, 190)
    assert (await call("GET", "control/record")).json["sends"] == []


async def test_a_customer_who_blocked_the_page_cannot_be_reached(call: Caller) -> None:
    await call.act("messenger", "write", text="hello")
    await call.act("messenger", "unfollow")
    assert (await call.send_messenger("hi")).json["error"]["code"] == 551
    await call.act("messenger", "follow")
    assert (await call.send_messenger("hi")).status == 200


async def test_a_profile_has_first_and_last_name(call: Caller) -> None:
    found = await call("GET", f"messenger/v25.0/{PSID}?fields=first_name", authorization="Bearer page-token")
    assert (found.json["first_name"], found.json["last_name"]) == ("美玲", "陳")
    assert (await call("GET", "messenger/v25.0/999", authorization="Bearer page-token")).status == 400


async def test_the_subscription_can_be_read(call: Caller) -> None:
    found = await call("GET", f"messenger/v25.0/{PAGE}/subscribed_apps", authorization="Bearer page-token")
    assert "messages" in found.json["data"][0]["subscribed_fields"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 10_000, b'{"recipient": 1e400}', b"\xff", b'{"message": {"text": 5}}']
)
async def test_a_broken_send_is_refused(call: Caller, body: bytes) -> None:
    answer = await call("POST", f"messenger/v25.0/{PAGE}/messages", body, authorization="Bearer page-token")
    assert (answer.status, answer.json["error"]["code"]) == (400, 100)


@pytest.mark.parametrize(
    "fault, status, code",
    [
        ("window_closed", 400, 10),
        ("token", 401, 190),
        ("permission", 403, 200),
        ("rate_limit", 429, 613),
        ("quota", 400, 4),
        ("temporary", 500, 1200),
        ("blocked", 400, 551),
        ("bad_request", 400, 100),
    ],
)
async def test_a_fault_strikes_so_many_times_and_then_no_more(
    call: Caller, fault: str, status: int, code: int
) -> None:
    await call.act("messenger", "write", text="hello")
    await call("POST", "control/faults", {fault: 2})
    for _try in range(2):
        refused = await call.send_messenger("hi")
        assert (refused.status, refused.json["error"]["code"]) == (status, code)
        assert ("retry-after" in refused.headers) == (fault == "rate_limit")
    assert (await call.send_messenger("hi")).status == 200


async def test_our_own_channel_understands_every_refusal(call: Caller) -> None:
    await call.act("messenger", "write", text="hello")
    for fault, kind in {
        "window_closed": ErrorKind.WINDOW_CLOSED,
        "token": ErrorKind.AUTH_EXPIRED,
        "permission": ErrorKind.PERMISSION,
        "rate_limit": ErrorKind.RATE_LIMITED,
        "quota": ErrorKind.RATE_LIMITED,
        "temporary": ErrorKind.TEMPORARY,
        "blocked": ErrorKind.RECIPIENT_GONE,
        "bad_request": ErrorKind.BAD_REQUEST,
    }.items():
        await call("POST", "control/faults", {fault: 1})
        refused = await call.send_messenger("hi")
        response = PlatformResponse(status=refused.status, headers=refused.headers, body=refused.body)
        assert graph.delivery_error(response).kind is kind
