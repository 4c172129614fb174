"""The double of LINE keeps LINE's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import uuid

import pytest

from conversations.channels import registry
from conversations.channels.base import Hook
from conversations.channels.items import AudienceChange, IncomingMessage, MessageUnsent
from tests.conversations.simulator.conftest import OFFICIAL, USER, Caller, Receiver

LINE = registry.open("line")


async def read(receiver: Receiver, count: int):
    """The items of the last of `count` webhooks, whose signature must be right."""
    headers, body = (await receiver.wait(count))[count - 1]
    assert LINE.verify(Hook(body=body, headers=headers), ["channel-secret"])
    assert not LINE.verify(Hook(body=body, headers=headers), ["another secret"])
    return LINE.parse(body)


async def written(call: Caller, receiver: Receiver, count: int = 1) -> str:
    """The reply token of what the customer just wrote."""
    await call.act("line", "write", text="hello")
    (item,) = await read(receiver, count)
    return item.reply_handle


async def test_what_a_customer_writes_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    sent = await call.act("line", "write", text="請問訂單 🍎")
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.text) == (OFFICIAL, USER, "請問訂單 🍎")
    assert item.external_id == sent.json["message"]["id"]
    assert item.reply_handle and len(item.event_id) == 26


@pytest.mark.parametrize("kind", ["sticker", "image"])
async def test_stickers_and_pictures_arrive(call: Caller, receiver: Receiver, kind: str) -> None:
    await call.act("line", kind)
    (item,) = await read(receiver, 1)
    assert [each.kind for each in item.attachments] == [kind]


async def test_following_blocking_and_taking_back_are_told(call: Caller, receiver: Receiver) -> None:
    message_id = (await call.act("line", "write", text="oops")).json["message"]["id"]
    await call.act("line", "unsend", id=message_id)
    (unsent,) = await read(receiver, 2)
    assert isinstance(unsent, MessageUnsent) and unsent.external_id == message_id
    await call.act("line", "unfollow")
    (left,) = await read(receiver, 3)
    await call.act("line", "follow")
    (back,) = await read(receiver, 4)
    assert [type(each) for each in (left, back)] == [AudienceChange, AudienceChange]
    assert [left.change, back.change] == ["unfollowed", "followed"]


async def test_nobody_is_told_what_was_read_or_changed(call: Caller, receiver: Receiver) -> None:
    assert (await call.act("line", "read")).status == 200
    assert (await call.act("line", "edit", id="1", text="x")).status == 400
    await call.act("line", "write", text="hello")
    await receiver.wait(1)
    assert len(receiver.posts) == 1


async def test_a_reply_token_works_once_and_for_a_minute(call: Caller, receiver: Receiver) -> None:
    token = await written(call, receiver)
    first, again = await call.reply(token, "hi"), await call.reply(token, "hi")
    assert (first.status, again.status, again.json["message"]) == (200, 400, "Invalid reply token")
    late = await written(call, receiver, 2)
    await call("POST", "control/clock", {"advance": 61})
    assert (await call.reply(late, "late")).json["message"] == "Invalid reply token"
    assert (await call.reply("no such token", "hi")).status == 400


async def test_a_reply_takes_no_retry_key(call: Caller, receiver: Receiver) -> None:
    token = await written(call, receiver)
    assert (await call.reply(token, "hi", x_line_retry_key=str(uuid.uuid4()))).status == 400
    assert (await call.reply(token, "hi")).status == 200


async def test_the_same_retry_key_is_accepted_once(call: Caller) -> None:
    key = str(uuid.uuid4())
    first = await call.push("hi", x_line_retry_key=key)
    again = await call.push("hi", x_line_retry_key=key)
    assert (first.status, again.status) == (200, 409)
    assert again.json["sentMessages"] == first.json["sentMessages"]
    assert again.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    assert (await call.push("hi", x_line_retry_key=str(uuid.uuid4()))).status == 200
    await call("POST", "control/clock", {"advance": 25 * 3600})
    assert (await call.push("hi", x_line_retry_key=key)).status == 200


async def test_a_refused_push_does_not_use_up_its_key(call: Caller) -> None:
    key = str(uuid.uuid4())
    await call("POST", "control/faults", {"temporary": 1})
    assert (await call.push("hi", x_line_retry_key=key)).status == 500
    assert (await call.push("hi", x_line_retry_key=key)).status == 200


async def test_who_blocked_the_account_gets_nothing_and_nobody_says_so(call: Caller) -> None:
    await call.act("line", "unfollow")
    assert (await call.push("hi")).status == 200
    phone = (await call("GET", f"phone/line/{OFFICIAL}/{USER}/news?after=")).json
    assert phone["bubbles"] == []
    assert (await call("GET", f"line/v2/bot/profile/{USER}", authorization="Bearer line-token")).status == 404


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"type": "text", "text": "x"}] * 6,
        [{"type": "text", "text": ""}],
        [{"type": "text", "text": "x" * 5001}],
        [{"type": "text", "text": "😀" * 2501}],
        [{"type": "file"}],
        [{"type": "text", "text": "x", "sender": {"name": "x" * 21}}],
        [{"type": "text", "text": "x", "sender": {"name": "LINE staff"}}],
        "x",
        None,
    ],
)
async def test_what_line_refuses_is_refused(call: Caller, messages: object) -> None:
    body = {"to": USER, "messages": messages}
    refused = await call("POST", "line/v2/bot/message/push", body, authorization="Bearer line-token")
    assert refused.status == 400
    assert refused.json["details"]
    assert (await call.push("😀" * 2500)).status == 200


async def test_an_unknown_user_and_a_wrong_token_are_refused(call: Caller) -> None:
    body = {"to": "U" + "0" * 32, "messages": [{"type": "text", "text": "x"}]}
    unknown = await call("POST", "line/v2/bot/message/push", body, authorization="Bearer line-token")
    assert (unknown.status, unknown.json["message"]) == (400, "Failed to send messages")
    refused = await call("POST", "line/v2/bot/message/push", body, authorization="Bearer wrong")
    assert (refused.status, refused.json["message"].startswith("Authentication failed")) == (401, True)
    assert (await call.push("hi", x_line_retry_key="no uuid")).status == 400


async def test_profile_account_and_quota_can_be_asked(call: Caller) -> None:
    async def ask(path: str):
        return (await call("GET", f"line/v2/bot/{path}", authorization="Bearer line-token")).json

    assert await ask(f"profile/{USER}") == {"userId": USER, "displayName": "王美玲", "language": "zh-TW"}
    assert (await ask("info"))["userId"] == OFFICIAL
    before = await ask("message/quota/consumption")
    await call.push("hi")
    assert (before["totalUsage"], (await ask("message/quota/consumption"))["totalUsage"]) == (0, 1)
    assert (await ask("message/quota"))["type"] == "limited"


@pytest.mark.parametrize(
    "fault, status, words",
    [
        ("token", 401, "Authentication"),
        ("permission", 403, "Not authorized"),
        ("rate_limit", 429, "rate limit"),
        ("quota", 429, "monthly limit"),
        ("temporary", 500, "server"),
        ("blocked", 400, "Failed to send"),
        ("bad_request", 400, "1 error"),
        ("window_closed", 400, "Invalid reply token"),
    ],
)
async def test_a_fault_strikes_once_and_then_no_more(
    call: Caller, fault: str, status: int, words: str
) -> None:
    await call("POST", "control/faults", {fault: 1})
    refused = await call.push("hi")
    assert refused.status == status
    assert words in refused.json["message"]
    assert (await call.push("hi")).status == 200
