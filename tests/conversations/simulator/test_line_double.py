"""The double of LINE keeps LINE's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from linebot.v3 import WebhookParser

from conversations.channels import registry
from conversations.channels.base import Account, Hook, Profile, Sent, Transport
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money
from conversations.channels.items import AudienceChange, IncomingMessage, MessageUnsent
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from tests.conversations.simulator.conftest import OFFICIAL, USER, Caller, Receiver

LINE = registry.open("line")


BASE = "http://platform/"
ACCOUNT = Account(account_id=OFFICIAL, base_url=f"{BASE}line", credentials={"access_token": "line-token"})
GROUP = "C" + "b" * 32
CARD = Card(
    kind=CardKind.ORDER,
    title="ご注文",
    number="A-1021",
    picture_url="https://shop.example/tea.jpg",
    lines=(CardLine("抹茶", 2, Money(Decimal(1200), "JPY")),),
    buttons=(Button("見る", url="https://shop.example/a"), Button("質問", payload="ASK:A-1021")),
)


async def ask(call: Caller, do: Callable[[Transport], Any]) -> Any:
    """What our channel makes of the double's answers."""
    return await asyncio.to_thread(do, call.as_transport(asyncio.get_running_loop(), BASE))


async def bubbles(call: Caller, customer: str = USER) -> list[dict[str, Any]]:
    """What stands on a phone."""
    found: list[dict[str, Any]] = (await call("GET", f"phone/line/{OFFICIAL}/{customer}/news?after=")).json[
        "bubbles"
    ]
    return found


def outgoing(**given: Any) -> OutgoingMessage:
    plain: dict[str, Any] = {"address": USER, "text": "", "correlation": "m", "retry_key": str(uuid.uuid4())}
    return OutgoingMessage(**{**plain, **given})


async def read(receiver: Receiver, count: int):
    """The items of the last of `count` webhooks, whose signature must be right, also for LINE's own reader."""
    headers, body = (await receiver.wait(count))[count - 1]
    judged = WebhookParser("channel-secret").parse(body.decode(), headers["x-line-signature"])
    assert not any("Unknown" in type(event).__name__ for event in judged)
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


@pytest.mark.parametrize("kind", ["sticker", "image", "audio", "file", "location"])
async def test_stickers_files_and_places_arrive(call: Caller, receiver: Receiver, kind: str) -> None:
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


# --- with our channel --------------------------------------------------------------------------------------


async def test_what_a_customer_sent_can_be_fetched_until_it_is_taken_back(
    call: Caller, receiver: Receiver
) -> None:
    for count, kind in enumerate(("image", "audio", "file"), 1):
        await call.act("line", kind)
        (item,) = await read(receiver, count)
        request = await ask(
            call, lambda transport, item=item: LINE.file_request(item.attachments[0], ACCOUNT, transport)
        )
        fetched = await ask(call, lambda transport, request=request: transport(request))
        assert (fetched.status, len(fetched.body) > 100) == (200, True)
    await call.act("line", "unsend", id=item.external_id)
    assert (await ask(call, lambda transport: transport(request))).status == 410


async def test_files_cards_and_quick_replies_stand_on_the_phone(call: Caller) -> None:
    picture = OutgoingFile(
        kind="image", name="a.png", mime="image/png", size=10, url="https://f.example/a.png", read=lambda: b""
    )
    paper = OutgoingFile(
        kind="file",
        name="a.pdf",
        mime="application/pdf",
        size=9000,
        url="https://f.example/a.pdf",
        read=lambda: b"",
    )
    message = outgoing(
        text="こちらです", files=(picture, paper), cards=(CARD,), quick_replies=(QuickReply("はい", "YES"),)
    )
    await ask(call, lambda transport: LINE.send(message, ACCOUNT, transport))
    text, card, shown, link = await bubbles(call)
    assert text["text"] == "こちらです"
    assert card["cards"] == [
        {
            "title": "ご注文",
            "text": "A-1021",
            "picture": "https://shop.example/tea.jpg",
            "rows": [["2 × 抹茶", "JPY 1,200"]],
            "buttons": [
                {"label": "見る", "url": "https://shop.example/a"},
                {"label": "質問", "payload": "ASK:A-1021"},
            ],
        }
    ]
    assert shown["files"] == [{"kind": "image", "name": "", "url": "https://f.example/a.png"}]
    assert (link["cards"][0]["title"], link["cards"][0]["buttons"][0]["label"]) == ("a.pdf", "⬇ PDF")
    assert link["choices"] == [{"label": "はい", "payload": "YES"}]


async def test_a_tapped_button_comes_back_with_its_payload(call: Caller, receiver: Receiver) -> None:
    await ask(call, lambda transport: LINE.send(outgoing(cards=(CARD,)), ACCOUNT, transport))
    [card] = await bubbles(call)
    assert (await call.act("line", "tap", id=card["id"], payload="no such button")).status == 400
    await call.act("line", "tap", id=card["id"], payload="ASK:A-1021")
    (item,) = await read(receiver, 1)
    assert (item.kind, item.postback, bool(item.reply_handle)) == ("postback", "ASK:A-1021", True)


@pytest.mark.parametrize(
    "message",
    [
        {
            "type": "image",
            "originalContentUrl": "http://f.example/a",
            "previewImageUrl": "https://f.example/a",
        },
        {"type": "image", "originalContentUrl": "https://f.example/a"},
        {"type": "audio", "originalContentUrl": "https://f.example/a"},
        {"type": "flex", "altText": "", "contents": {"type": "bubble"}},
        {"type": "flex", "altText": "x", "contents": {"type": "carousel", "contents": []}},
        {
            "type": "flex",
            "altText": "x",
            "contents": {"type": "bubble", "body": {"type": "text", "text": ""}},
        },
        {"type": "flex", "altText": "x", "contents": {"type": "bubble", "footer": {"type": "button"}}},
        {"type": "text", "text": "x", "quickReply": {"items": []}},
        {
            "type": "text",
            "text": "x",
            "quickReply": {"items": [{"action": {"type": "postback", "label": "x"}}]},
        },
    ],
)
async def test_objects_that_line_refuses_are_refused(call: Caller, message: dict[str, Any]) -> None:
    body = {"to": USER, "messages": [message]}
    refused = await call("POST", "line/v2/bot/message/push", body, authorization="Bearer line-token")
    assert refused.status == 400
    assert await bubbles(call) == []


async def test_a_group_is_one_conversation_with_a_name_and_members(call: Caller, receiver: Receiver) -> None:
    where = {"kind": "line", "account_id": OFFICIAL}
    await call("POST", "control/customers", {**where, "id": GROUP, "name": "家族"})
    for act in ("follow", "write", "unfollow"):
        await call("POST", "control/act", {**where, "customer": GROUP, "do": act, "text": "大家好"})
    (joined,), (said,), (left,) = [await read(receiver, count) for count in (1, 2, 3)]
    assert [(item.address, item.change) for item in (joined, left)] == [
        (GROUP, "followed"),
        (GROUP, "unfollowed"),
    ]
    assert (said.address, said.details["sender"]["id"]) == (GROUP, "U" + "b" * 32)
    await call("POST", "control/act", {**where, "customer": GROUP, "do": "follow"})
    name = await ask(call, lambda transport: LINE.fetch_profile(GROUP, ACCOUNT, transport))
    member = await ask(call, lambda transport: LINE.fetch_member(GROUP, "U" + "b" * 32, ACCOUNT, transport))
    assert (name, member) == (Profile(name="家族"), Profile(name="家族 1"))
    sent = await ask(
        call, lambda transport: LINE.send(outgoing(address=GROUP, text="hi"), ACCOUNT, transport)
    )
    assert isinstance(sent, Sent)
    assert [each["text"] for each in await bubbles(call, GROUP)] == ["大家好", "hi"]


async def test_a_check_finds_the_account_its_webhook_and_its_quota(call: Caller) -> None:
    await call.push("hi")
    found = await ask(call, lambda transport: LINE.check(ACCOUNT, transport))
    assert found.name.startswith("Shanhai @")
    assert (found.warnings, found.figures) == ((), {"quota": 5000, "quota_used": 1})
