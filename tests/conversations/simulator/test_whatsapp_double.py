"""The double of WhatsApp keeps Meta's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conversations.channels import cards, registry, whatsapp_errors
from conversations.channels.base import Account, Hook, PlatformResponse, Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    DeliveryReport,
    IncomingMessage,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template
from tests.conversations.simulator.conftest import NUMBER, PHONE, Caller, Receiver

WHATSAPP = registry.open("whatsapp")
BASE = "http://simulator/"
ACCOUNT = Account(
    account_id=NUMBER,
    base_url=f"{BASE}whatsapp",
    credentials={"access_token": "number-token"},
    settings={"waba_id": "102290129340398"},
)
DAY = 24 * 3600


async def read(receiver: Receiver, count: int) -> list[Any]:
    """The items of the last of `count` webhooks, whose signature must be right."""
    headers, body = (await receiver.wait(count))[count - 1]
    assert WHATSAPP.verify(Hook(body=body, headers=headers), ["app-secret"])
    assert not WHATSAPP.verify(Hook(body=body, headers=headers), ["another secret"])
    return WHATSAPP.parse(body)


async def in_thread(call: Caller, ask: Any, *given: Any) -> Any:
    """One of our channel's calls, with the simulator behind it."""
    transport = call.as_transport(asyncio.get_running_loop(), BASE)
    return await asyncio.to_thread(ask, *given, ACCOUNT, transport)


async def send(call: Caller, text: str = "", **more: Any) -> Sent:
    message = OutgoingMessage(address=PHONE, text=text, correlation="msg-1", retry_key="k", **more)
    found = await in_thread(call, WHATSAPP.send, message)
    assert isinstance(found, Sent)
    return found


async def phone(call: Caller) -> list[dict[str, Any]]:
    return (await call("GET", f"phone/whatsapp/{NUMBER}/{PHONE}/news?after=-1")).json["bubbles"]


# --- what customers do -------------------------------------------------------------------------------------


async def test_what_a_customer_writes_names_both_the_number_and_the_user_id(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("whatsapp", "write", text="退貨 🍎")
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.text, item.sender_name) == (
        NUMBER,
        PHONE,
        "退貨 🍎",
        "陳美玲",
    )
    assert len(item.aliases) == 1 and item.aliases[0].startswith("TW.")


@pytest.mark.parametrize("kind", ["image", "audio", "file", "sticker"])
async def test_files_are_fetched_in_two_steps_with_the_token(
    call: Caller, receiver: Receiver, kind: str
) -> None:
    await call.act("whatsapp", kind)
    (item,) = await read(receiver, 1)
    [attachment] = item.attachments
    assert attachment.kind == kind
    request = await in_thread(call, WHATSAPP.file_request, attachment)
    path = request.url.partition("/simulator/")[2]
    assert (await call("GET", path)).status == 401
    file = await call("GET", path, **{name.lower(): value for name, value in request.headers.items()})
    assert file.status == 200 and file.headers["content-type"] == attachment.mime


async def test_a_place_an_edit_a_reaction_and_a_taking_back_are_told(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("whatsapp", "location")
    (place,) = await read(receiver, 1)
    assert place.kind == "location"
    mid = (await call.act("whatsapp", "write", text="one")).json["message"]["id"]
    await call.act("whatsapp", "edit", id=mid, text="two")
    (edited,) = await read(receiver, 3)
    assert isinstance(edited, MessageEdited) and (edited.external_id, edited.text) == (mid, "two")
    await call.act("whatsapp", "unsend", id=mid)
    (unsent,) = await read(receiver, 4)
    assert isinstance(unsent, MessageUnsent) and unsent.external_id == mid
    sent = await send(call, "hi")
    await receiver.wait(6)
    await call.act("whatsapp", "react", id=sent.external_id, emoji="❤️")
    (reaction,) = await read(receiver, 7)
    assert isinstance(reaction, MessageReaction)
    assert (reaction.external_id, reaction.emoji) == (sent.external_id, "❤️")
    assert (await call.act("whatsapp", "react", id=mid, emoji="x")).status == 400


# --- what we send ------------------------------------------------------------------------------------------


async def test_an_accepted_message_is_told_of_as_sent_delivered_and_read(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("whatsapp", "write", text="hello")
    sent = await send(call, "hi")
    (first,) = await read(receiver, 2)
    assert isinstance(first, DeliveryReport)
    assert (first.status, first.external_ids, first.correlation) == ("sent", (sent.external_id,), "msg-1")
    (delivered,) = await read(receiver, 3)
    assert delivered.status == "delivered"
    await call.act("whatsapp", "read")
    (seen,) = await read(receiver, 4)
    assert (seen.status, seen.external_ids) == ("read", (sent.external_id,))


async def test_outside_of_the_window_only_a_template_arrives_and_the_refusal_comes_later(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("whatsapp", "write", text="hello")
    await call("POST", "control/clock", {"advance": DAY + 60})
    assert (await send(call, "too late")).external_id
    (failed,) = await read(receiver, 2)
    assert (failed.status, failed.error.kind) == ("failed", ErrorKind.WINDOW_CLOSED)
    await send(
        call,
        template=Template(name="order_update", language="ja", parts={"body": ("陳", "A-1")}),
    )
    assert [bubble["text"] for bubble in await phone(call)] == ["hello", "陳 様、ご注文 A-1 を発送しました。"]


@pytest.mark.parametrize(
    "name, values, code",
    [("order_update", ("only one",), "132000"), ("autumn_sale", (), "132001"), ("unknown", (), "132001")],
)
async def test_a_template_that_does_not_fit_is_refused_at_once(
    call: Caller, name: str, values: tuple[str, ...], code: str
) -> None:
    language = "ja" if name == "order_update" else "en"
    with pytest.raises(DeliveryError) as refusal:
        await send(call, template=Template(name=name, language=language, parts={"body": values}))
    assert refusal.value.code == code


async def test_a_customer_who_blocked_us_is_told_of_later(call: Caller, receiver: Receiver) -> None:
    await call.act("whatsapp", "write", text="hello")
    await call.act("whatsapp", "unfollow")
    await send(call, "hi")
    (failed,) = await read(receiver, 2)
    assert failed.error.kind is ErrorKind.RECIPIENT_GONE
    await call.act("whatsapp", "follow")
    await send(call, "hi again")
    assert [bubble["text"] for bubble in await phone(call)] == ["hello", "hi again"]


async def test_files_cards_and_choices_stand_on_the_phone_and_can_be_tapped(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("whatsapp", "write", text="hello")
    picture = OutgoingFile(
        kind="image", name="pot.png", mime="image/png", size=3, url="http://x/y", read=lambda: b"PNG"
    )
    await send(call, "茶壺", files=(picture,))
    tea = cards.read({"kind": "product", "title": "金萱", "buttons": [{"label": "Buy", "payload": "buy:1"}]})
    await send(call, cards=(tea,))
    await send(call, "Which?", quick_replies=tuple(QuickReply(f"Size {n}", f"s{n}") for n in range(5)))
    _hello, file, card, choice = await phone(call)
    assert (file["kind"], file["text"]) == ("image", "茶壺")
    assert file["files"][0]["url"] == "data:image/png;base64,UE5H"
    assert card["cards"][0]["text"] == "金萱" and card["cards"][0]["buttons"][0]["payload"] == "buy:1"
    assert [each["payload"] for each in choice["cards"][0]["buttons"]] == ["s0", "s1", "s2", "s3", "s4"]
    await call.act("whatsapp", "tap", id=card["id"], payload="buy:1")
    tapped = await receiver.wait_for("button_reply")
    assert tapped["entry"][0]["changes"][0]["value"]["messages"][0]["context"]["id"] == card["id"]


async def test_our_user_id_reaches_the_same_phone(call: Caller, receiver: Receiver) -> None:
    await call.act("whatsapp", "write", text="hello")
    (item,) = await read(receiver, 1)
    message = OutgoingMessage(address=item.aliases[0], text="by id", correlation="c", retry_key="k")
    await in_thread(call, WHATSAPP.send, message)
    assert [bubble["text"] for bubble in await phone(call)] == ["hello", "by id"]


@pytest.mark.parametrize(
    "change, code",
    [
        ({"text": {"body": "長" * 4097}}, 131009),
        ({"text": {"body": " "}}, 131009),
        ({"messaging_product": "fax"}, 131008),
        ({"to": "1"}, 131026),
        ({"type": "hologram"}, 131009),
        ({"type": "image", "image": {"id": "900000000000000"}}, 131053),
        ({"type": "audio", "audio": {"link": "https://f.test/a", "caption": "no"}}, 131009),
        ({"type": "interactive", "interactive": {"type": "button", "body": {"text": "x"}}}, 131009),
    ],
)
async def test_what_meta_refuses_is_refused(call: Caller, change: dict[str, Any], code: int) -> None:
    body = {"messaging_product": "whatsapp", "to": PHONE, "type": "text", "text": {"body": "hi"}}

    async def post(content: dict[str, Any]) -> Any:
        path = f"whatsapp/v25.0/{NUMBER}/messages"
        return await call("POST", path, content, authorization="Bearer number-token")

    refused = await post({**body, **change})
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert (await post(body)).status == 200


async def test_a_wrong_token_is_refused_and_not_recorded(call: Caller) -> None:
    for token in ("Bearer wrong", "Bearer ", ""):
        refused = await call("POST", f"whatsapp/v25.0/{NUMBER}/messages", {}, authorization=token)
        assert (refused.status, refused.json["error"]["code"]) == (401, 190)
    assert (await call("GET", "control/record")).json["sends"] == []


async def test_the_account_and_its_templates_can_be_asked_for(call: Caller) -> None:
    found = await in_thread(call, WHATSAPP.check)
    assert (found.name, found.warnings) == ("Shanhai · 8776655443", ())
    templates = await in_thread(call, WHATSAPP.fetch_templates)
    assert {(each.name, each.status) for each in templates} == {
        ("order_update", "approved"),
        ("back_in_touch", "approved"),
        ("autumn_sale", "rejected"),
    }


async def test_our_own_channel_understands_every_refusal(call: Caller) -> None:
    await call.act("whatsapp", "write", text="hello")
    for fault, kind in {
        "window_closed": ErrorKind.WINDOW_CLOSED,
        "token": ErrorKind.AUTH_EXPIRED,
        "permission": ErrorKind.PERMISSION,
        "rate_limit": ErrorKind.RATE_LIMITED,
        "quota": ErrorKind.QUOTA_USED,
        "temporary": ErrorKind.TEMPORARY,
        "blocked": ErrorKind.RECIPIENT_GONE,
        "bad_request": ErrorKind.BAD_REQUEST,
    }.items():
        await call("POST", "control/faults", {fault: 1})
        with pytest.raises(DeliveryError) as refusal:
            await send(call, "hi")
        assert refusal.value.kind is kind
        assert (refusal.value.retry_after is not None) == (fault == "rate_limit")
    assert (await send(call, "hi")).external_id


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 10_000, b"\xff", b'{"text": 5}'])
async def test_a_broken_send_is_refused(call: Caller, body: bytes) -> None:
    answer = await call(
        "POST", f"whatsapp/v25.0/{NUMBER}/messages", body, authorization="Bearer number-token"
    )
    response = PlatformResponse(status=answer.status, headers=answer.headers, body=answer.body)
    assert answer.status == 400 and whatsapp_errors.of_answer(response).kind is ErrorKind.BAD_REQUEST
