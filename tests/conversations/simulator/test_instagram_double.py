"""The double of Instagram keeps Meta's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import asyncio
import json

import pytest

from conversations.channels import graph, registry
from conversations.channels.base import Account, Hook, PlatformResponse
from conversations.channels.errors import ErrorKind
from conversations.channels.items import (
    CommentChanged,
    DeliveryReport,
    IncomingMessage,
    Item,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.channels.outgoing import OutgoingMessage
from tests.conversations.simulator.conftest import IGSID, PROFESSIONAL, Caller, Receiver

INSTAGRAM = registry.open("instagram")
DAY = 24 * 3600


async def read(receiver: Receiver, count: int) -> list[Item]:
    """The items of the last of `count` webhooks, whose signature must be right."""
    headers, body = (await receiver.wait(count))[count - 1]
    assert INSTAGRAM.verify(Hook(body=body, headers=headers), ["app-secret"])
    return INSTAGRAM.parse(body)


async def test_what_a_customer_writes_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    written = await call.act("instagram", "write", text="這件還有嗎")
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.text) == (PROFESSIONAL, IGSID, "這件還有嗎")
    assert item.external_id == written.json["message"]["id"]


@pytest.mark.parametrize(
    "act, more, kinds",
    [
        ("sticker", {}, ["sticker"]),
        ("image", {}, ["image"]),
        ("audio", {}, ["audio"]),
        ("mention", {}, ["link"]),
        ("story", {"text": "so pretty"}, ["link"]),
    ],
)
async def test_hearts_files_and_stories_come_as_attachments(
    call: Caller, receiver: Receiver, act: str, more: dict[str, str], kinds: list[str]
) -> None:
    await call.act("instagram", act, **more)
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert [each.kind for each in item.attachments] == kinds
    assert item.text == more.get("text", "")


async def test_an_accepted_send_comes_back_as_an_echo_and_is_seen_by_its_id(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("instagram", "write", text="hello")
    sent = await call.send_instagram("hi")
    assert sent.json["recipient_id"] == IGSID
    (echo,) = await read(receiver, 2)
    assert isinstance(echo, MessageEcho)
    assert (echo.external_id, echo.correlation, echo.text) == (sent.json["message_id"], "", "hi")
    await call.act("instagram", "read")
    (seen,) = await read(receiver, 3)
    assert isinstance(seen, DeliveryReport)
    assert (seen.status, seen.external_ids, seen.watermark) == ("read", (echo.external_id,), None)


async def test_edits_reactions_and_taking_back_name_the_message(call: Caller, receiver: Receiver) -> None:
    mid = (await call.act("instagram", "write", text="one")).json["message"]["id"]
    await call.act("instagram", "edit", id=mid, text="two")
    (edited,) = await read(receiver, 2)
    assert isinstance(edited, MessageEdited) and (edited.external_id, edited.text) == (mid, "two")
    ours = (await call.send_instagram("hi")).json["message_id"]
    await receiver.wait(3)
    await call.act("instagram", "react", id=ours, emoji="")
    (reaction,) = await read(receiver, 4)
    assert isinstance(reaction, MessageReaction) and (reaction.external_id, reaction.emoji) == (ours, "")
    await call.act("instagram", "unsend", id=mid)
    (unsent,) = await read(receiver, 5)
    assert isinstance(unsent, MessageUnsent) and unsent.external_id == mid


@pytest.mark.parametrize(
    "change, code",
    [
        ({"message": {"text": "長" * 334}}, 100),
        (
            {"message": {"text": "hi", "attachment": {"type": "image", "payload": {"url": "https://a.io/"}}}},
            100,
        ),
        ({"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100),
        ({"tag": "POST_PURCHASE_UPDATE"}, 100),
        ({"recipient": {"id": "1"}}, 100),
        ({"recipient": {"comment_id": "1"}}, 100),
    ],
)
async def test_what_meta_refuses_is_refused(call: Caller, change: dict[str, object], code: int) -> None:
    await call.act("instagram", "write", text="hello")
    refused = await call.send_instagram("hi", **change)
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert (await call.send_instagram("長" * 333)).status == 200


async def test_receipts_are_not_drawn_there(call: Caller) -> None:
    await call.act("instagram", "write", text="hello")
    receipt = {
        "template_type": "receipt", "recipient_name": "a", "order_number": "1", "currency": "TWD",
        "payment_method": "Visa", "summary": {"total_cost": 5}, "elements": [],
    }  # fmt: skip
    message = {"attachment": {"type": "template", "payload": receipt}}
    assert (await call.send_instagram("", message=message)).status == 400


async def test_the_window_closes_with_instagrams_own_number(call: Caller) -> None:
    await call.act("instagram", "write", text="hello")
    await call("POST", "control/clock", {"advance": DAY + 60})
    refused = await call.send_instagram("too late")
    assert refused.json["error"]["error_subcode"] == 2534022
    response = PlatformResponse(status=refused.status, headers={}, body=refused.body)
    assert graph.delivery_error(response).kind is ErrorKind.WINDOW_CLOSED
    person = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert (await call.send_instagram("by a person", **person)).status == 200


async def test_a_wrong_token_is_refused(call: Caller) -> None:
    body = {"recipient": {"id": IGSID}, "message": {"text": "hi"}}
    refused = await call("POST", "instagram/v25.0/me/messages", body, authorization="Bearer page-token")
    assert (refused.status, refused.json["error"]["code"]) == (401, 190)


async def test_comments_are_told_answered_and_moved_to_private(call: Caller, receiver: Receiver) -> None:
    comment_id = (await call.act("instagram", "comment", text="價格?")).json["message"]["id"]
    (comment,) = await read(receiver, 1)
    assert isinstance(comment, CommentChanged)
    assert (comment.address, comment.comment_id, comment.text) == (IGSID, comment_id, "價格?")
    base = "http://simulator/"
    account = Account(
        account_id=PROFESSIONAL,
        base_url=f"{base}instagram",
        credentials={"access_token": "instagram-token"},
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)
    for to in (f"comment:{comment_id}", f"private:{comment_id}"):
        message = OutgoingMessage(address="", text="480 元", correlation="c", retry_key="k", to=to)
        await asyncio.to_thread(INSTAGRAM.send, message, account, transport)
    (own,) = await read(receiver, 2)
    assert isinstance(own, CommentChanged) and own.by_account and own.parent_id == comment_id
    [echo] = INSTAGRAM.parse(json.dumps(await receiver.wait_for("is_echo")).encode())
    assert isinstance(echo, MessageEcho) and echo.address == IGSID
    await asyncio.to_thread(INSTAGRAM.hide_comment, comment_id, True, account, transport)
    sends = (await call("GET", "control/record")).json["sends"]
    assert [each["endpoint"] for each in sends] == ["replies", "messages", "comment"]


async def test_profile_and_check_are_answered(call: Caller) -> None:
    base = "http://simulator/"
    account = Account(
        account_id=PROFESSIONAL,
        base_url=f"{base}instagram",
        credentials={"access_token": "instagram-token"},
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)
    profile = await asyncio.to_thread(INSTAGRAM.fetch_profile, IGSID, account, transport)
    assert profile.name == "陳美玲"
    found = await asyncio.to_thread(INSTAGRAM.check, account, transport)
    assert (found.name, found.warnings) == (f"user.{PROFESSIONAL[-6:]}", ())
