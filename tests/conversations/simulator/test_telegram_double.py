"""The double of Telegram keeps Telegram's rules, and what it posts is what our channel, and another one, reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from telegram import Update

from conversations.channels import registry
from conversations.channels.base import Account, Hook, Profile, Transport
from conversations.channels.cards import Button, Card, CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import AudienceChange, IncomingMessage, MessageEdited
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply
from tests.conversations.simulator.conftest import BOT, BOT_TOKEN, CHAT, Caller, Receiver

TELEGRAM = registry.open("telegram")
BASE = "http://platform/"
ACCOUNT = Account(account_id=BOT, base_url=f"{BASE}telegram", credentials={"access_token": BOT_TOKEN})
MESSAGE = OutgoingMessage(address=CHAT, text="您好", correlation="m", retry_key="k")
CARD = Card(
    kind=CardKind.BUTTONS,
    title="<滿意嗎?>",
    buttons=(Button("官網", url="https://shop.example/"), Button("滿意", payload="csat:5")),
)
GROUP = "-4012345678"


async def ask(call: Caller, do: Callable[[Transport], Any]) -> Any:
    """What our channel makes of the double's answers."""
    return await asyncio.to_thread(do, call.as_transport(asyncio.get_running_loop(), BASE))


async def send(call: Caller, **changes: Any) -> Any:
    return await ask(call, lambda transport: TELEGRAM.send(replace(MESSAGE, **changes), ACCOUNT, transport))


async def refusal(call: Caller, **changes: Any) -> ErrorKind:
    with pytest.raises(DeliveryError) as error:
        await send(call, **changes)
    return error.value.kind


async def bubbles(call: Caller, customer: str = CHAT) -> list[dict[str, Any]]:
    """What stands on a phone."""
    news = await call("GET", f"phone/telegram/{BOT}/{customer}/news?after=")
    found: list[dict[str, Any]] = news.json["bubbles"]
    return found


async def read(receiver: Receiver, count: int) -> Any:
    """The item of the last of `count` webhooks, whose secret must be right, and which another library reads."""
    headers, body = (await receiver.wait(count))[count - 1]
    assert TELEGRAM.verify(Hook(body=body, headers=headers), ["s3cret_token"])
    assert not TELEGRAM.verify(Hook(body=body, headers=headers), ["another secret"])
    judged = Update.de_json(json.loads(body), None)
    assert judged is not None and judged.update_id
    [item] = TELEGRAM.parse(body)
    return item


async def test_what_a_customer_writes_is_posted_and_readable(call: Caller, receiver: Receiver) -> None:
    written = await call.act("telegram", "write", text="請問訂單 🍎")
    item = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.address, item.text, item.sender_name) == (CHAT, "請問訂單 🍎", "王美玲")
    assert item.external_id == f"{CHAT}:{written.json['message']['id']}"
    await call.act("telegram", "edit", id=written.json["message"]["id"], text="請問訂單 A-1")
    edit = await read(receiver, 2)
    assert isinstance(edit, MessageEdited) and (edit.external_id, edit.text) == (
        item.external_id,
        "請問訂單 A-1",
    )


@pytest.mark.parametrize("kind", ["sticker", "image", "audio", "file", "location"])
async def test_stickers_files_and_places_arrive_and_files_can_be_fetched(
    call: Caller, receiver: Receiver, kind: str
) -> None:
    await call.act("telegram", kind)
    [attachment] = (await read(receiver, 1)).attachments
    assert attachment.kind == kind
    if kind != "location":
        request = await ask(call, lambda transport: TELEGRAM.file_request(attachment, ACCOUNT, transport))
        fetched = await ask(call, lambda transport: transport(request))
        assert (fetched.status, len(fetched.body)) == (200, attachment.size)


async def test_a_bot_cannot_write_first_nor_to_who_blocked_it(call: Caller, receiver: Receiver) -> None:
    assert await refusal(call) is ErrorKind.RECIPIENT_GONE
    assert await refusal(call, address="999") is ErrorKind.RECIPIENT_GONE
    await call.act("telegram", "write", text="hello")
    assert (await send(call)).external_id.startswith(f"{CHAT}:")
    await call.act("telegram", "unfollow")
    left = await read(receiver, 2)
    assert isinstance(left, AudienceChange) and left.change == "unfollowed"
    assert await refusal(call) is ErrorKind.RECIPIENT_GONE
    await call.act("telegram", "follow")
    back = await read(receiver, 3)
    assert isinstance(back, AudienceChange) and back.change == "followed"
    assert await send(call)


async def test_cards_stand_on_the_phone_and_a_tap_comes_back(call: Caller, receiver: Receiver) -> None:
    await call.act("telegram", "write", text="hello")
    await send(call, text="", cards=(CARD,), quick_replies=(QuickReply("不", "NO"),))
    card = (await bubbles(call))[-1]
    assert card["text"] == "<滿意嗎?>"
    assert card["choices"] == [
        {"label": "官網", "url": "https://shop.example/"},
        {"label": "滿意", "payload": "csat:5"},
        {"label": "不", "payload": "NO"},
    ]
    assert (await call.act("telegram", "tap", id=card["id"], payload="csat:1")).status == 400
    await call.act("telegram", "tap", id=card["id"], payload="csat:5")
    item = await read(receiver, 2)
    assert (item.kind, item.text, item.postback) == ("postback", "滿意", "csat:5")
    assert item.reply_to == f"{CHAT}:{card['id']}"
    body = (await receiver.wait(2))[1][1]
    assert b"answerCallbackQuery" in TELEGRAM.acknowledge(body)[0]


async def test_files_go_out_by_address_and_as_uploads(call: Caller) -> None:
    await call.act("telegram", "write", text="hello")
    picture = OutgoingFile(
        kind="image",
        name="a.png",
        mime="image/png",
        size=10,
        url="https://f.example/a.png",
        read=lambda: b"png",
    )
    await send(call, text="", files=(picture,))
    await send(call, text="", files=(replace(picture, url=""),), quick_replies=(QuickReply("好", "OK"),))
    by_address, uploaded = (await bubbles(call))[1:]
    assert by_address["files"] == [{"kind": "image", "name": "", "url": "https://f.example/a.png"}]
    assert uploaded["files"] == [{"kind": "image", "name": "a.png", "url": "data:image/png;base64,cG5n"}]
    assert uploaded["choices"] == [{"label": "好", "payload": "OK"}]


async def test_a_group_is_one_conversation_with_a_name(call: Caller, receiver: Receiver) -> None:
    where = {"kind": "telegram", "account_id": BOT}
    await call("POST", "control/customers", {**where, "id": GROUP, "name": "VIP"})
    await call("POST", "control/act", {**where, "customer": GROUP, "do": "write", "text": "大家好"})
    said = await read(receiver, 1)
    assert (said.address, said.sender_name) == (GROUP, "VIP")
    assert said.details["sender"]["id"] == "4012345678"
    assert await ask(call, lambda transport: TELEGRAM.fetch_profile(GROUP, ACCOUNT, transport)) == Profile(
        name="VIP"
    )
    assert (await send(call, address=GROUP)).external_id.startswith(f"{GROUP}:")
    await call("POST", "control/act", {**where, "customer": GROUP, "do": "unfollow"})
    assert (await read(receiver, 2)).change == "unfollowed"
    assert await refusal(call, address=GROUP) is ErrorKind.RECIPIENT_GONE


def with_button(button: dict[str, str]) -> dict[str, Any]:
    return {"text": "x", "reply_markup": {"inline_keyboard": [[button]]}}


@pytest.mark.parametrize(
    "method, fields, words",
    [
        ("sendMessage", {"text": ""}, "empty"),
        ("sendMessage", {"text": "x" * 4097}, "too long"),
        ("sendMessage", {"text": "<b>x", "parse_mode": "HTML"}, "parse entities"),
        ("sendMessage", {"text": "<h1>x</h1>", "parse_mode": "HTML"}, "parse entities"),
        ("sendPhoto", {"photo": "https://f.example/a", "caption": "x" * 1025}, "caption is too long"),
        ("sendPhoto", {"photo": "nowhere"}, "wrong file identifier"),
        ("sendMessage", with_button({"text": "x", "callback_data": "y" * 65}), "BUTTON_DATA"),
        ("sendMessage", with_button({"text": "x", "url": "shop"}), "BUTTON_URL"),
        ("setWebhook", {"url": "http://desk.example/"}, "HTTPS"),
        ("getFile", {"file_id": "file-1"}, "file_id"),
        ("getChat", {"chat_id": "5"}, "chat not found"),
        ("noSuchMethod", {}, "Not Found"),
    ],
)  # fmt: skip
async def test_what_telegram_refuses_is_refused(
    call: Caller, method: str, fields: dict[str, Any], words: str
) -> None:
    await call.act("telegram", "write", text="hello")
    refused = await call("POST", f"telegram/bot{BOT_TOKEN}/{method}", {"chat_id": int(CHAT), **fields})
    assert refused.status >= 400 and refused.json["ok"] is False and words in refused.json["description"]
    assert (
        await call("POST", f"telegram/bot{BOT_TOKEN}/sendMessage", {"chat_id": CHAT, "text": "x" * 4096})
    ).status == 200


async def test_a_wrong_token_is_refused(call: Caller) -> None:
    refused = await call("POST", f"telegram/bot{BOT_TOKEN}x/getMe", {})
    assert (refused.status, refused.json["description"]) == (401, "Unauthorized")
    assert (await call("GET", f"telegram/bot{BOT_TOKEN}/getMe")).json["result"]["id"] == int(BOT)


async def test_a_check_finds_the_bot_and_its_webhook_and_sets_one_where_there_is_none(call: Caller) -> None:
    found = await ask(call, lambda transport: TELEGRAM.check(ACCOUNT, transport))
    assert (found.name, found.warnings) == (f"Shanhai @kontor_{BOT}_bot", ())
    account = call.simulator.stage.register.account("telegram", BOT)
    assert account is not None
    call.simulator.stage.register.connect_account(replace(account, hook_url=""))
    ours = replace(ACCOUNT, hook_url="https://desk.example/hooks/telegram/k", hook_secret="n3w")
    assert (await ask(call, lambda transport: TELEGRAM.check(ours, transport))).warnings == ()
    account = call.simulator.stage.register.account("telegram", BOT)
    assert account is not None and (account.hook_url, account.secret) == (ours.hook_url, "n3w")


@pytest.mark.parametrize(
    "fault, kind",
    [
        ("token", ErrorKind.AUTH_EXPIRED),
        ("permission", ErrorKind.BAD_REQUEST),
        ("rate_limit", ErrorKind.RATE_LIMITED),
        ("quota", ErrorKind.RATE_LIMITED),
        ("temporary", ErrorKind.TEMPORARY),
        ("blocked", ErrorKind.RECIPIENT_GONE),
        ("bad_request", ErrorKind.BAD_REQUEST),
        ("window_closed", ErrorKind.RECIPIENT_GONE),
    ],
)
async def test_a_fault_strikes_once_and_then_no_more(call: Caller, fault: str, kind: ErrorKind) -> None:
    await call.act("telegram", "write", text="hello")
    await call("POST", "control/faults", {fault: 1})
    assert await refusal(call) is kind
    assert await send(call)
