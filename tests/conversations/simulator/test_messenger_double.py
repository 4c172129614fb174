"""The double of Messenger keeps Meta's rules, and what it posts is what our channel reads."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from conversations.channels import graph, registry
from conversations.channels.base import Account, Hook, PlatformResponse, Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import (
    AccountChange,
    CommentChanged,
    DeliveryReport,
    IncomingMessage,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.channels.outgoing import OutgoingMessage, QuickReply
from tests.conversations.channels.asking import Asked, a_file
from tests.conversations.channels.test_graph_cards import PRODUCT, RECEIPT, SHIPPING
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


@pytest.mark.parametrize("kind", ["sticker", "image", "audio", "file", "location"])
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


async def test_a_thread_that_another_app_has_is_handed_over_when_we_ask(call: Caller) -> None:
    transport = call.as_transport(asyncio.get_running_loop(), "http://simulator/")
    account = Account(
        account_id=PAGE,
        base_url="http://simulator/messenger",
        credentials={"access_token": "page-token"},
    )
    await asyncio.to_thread(MESSENGER.take_thread, PSID, account, transport)
    with pytest.raises(DeliveryError):
        await asyncio.to_thread(MESSENGER.take_thread, "4711", account, transport)


async def test_who_answers_in_the_pages_own_inbox_has_the_thread_until_it_is_given_back(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("messenger", "colleague", text="Hello from the Page")
    (said,) = await read(receiver, 1)
    assert isinstance(said, MessageEcho)
    assert (said.text, said.is_standby) == ("Hello from the Page", True)
    await call.act("messenger", "write", text="And now?")
    (heard,) = await read(receiver, 2)
    assert isinstance(heard, IncomingMessage) and heard.is_standby
    await call.act("messenger", "start")
    tapped = (await receiver.wait(3))[2][1]
    assert "payload" not in json.loads(tapped)["entry"][0]["standby"][0]["postback"]
    await call.act("messenger", "give_back")
    (passed,) = await read(receiver, 4)
    assert isinstance(passed, AccountChange) and passed.change == "thread_control"
    await call.act("messenger", "write", text="Back again")
    (ours,) = await read(receiver, 5)
    assert isinstance(ours, IncomingMessage) and not ours.is_standby


async def test_a_thread_that_we_take_over_is_told_to_us_as_ours(call: Caller, receiver: Receiver) -> None:
    await call.act("messenger", "colleague", text="Mine")
    taken = {"recipient": {"id": PSID}}
    path = f"messenger/v25.0/{PAGE}/take_thread_control"
    assert (await call("POST", path, taken, authorization="Bearer page-token")).status == 200
    await call.act("messenger", "write", text="Who is there?")
    (item,) = await read(receiver, 2)
    assert isinstance(item, IncomingMessage) and not item.is_standby


async def test_an_answer_stands_on_the_phone_under_its_personas_name(call: Caller) -> None:
    transport = call.as_transport(asyncio.get_running_loop(), "http://simulator/")
    account = Account(
        account_id=PAGE,
        base_url="http://simulator/messenger",
        credentials={"access_token": "page-token"},
        settings={"personas": "yes"},
    )
    await call.act("messenger", "write", text="Hello?")
    message = OutgoingMessage(
        address=PSID, text="Here I am", correlation="c", retry_key="k", sender_name="Mei Lin"
    )
    await asyncio.to_thread(MESSENGER.send, message, account, transport)
    await asyncio.to_thread(MESSENGER.send, message, account, transport)
    phone = (await call("GET", f"phone/messenger/{PAGE}/{PSID}/news?after=-1")).json["bubbles"]
    assert [(each["text"], each["sender"]) for each in phone[-2:]] == [("Here I am", "Mei Lin")] * 2
    made = await call("GET", f"messenger/v25.0/{PAGE}/personas", authorization="Bearer page-token")
    assert [each["name"] for each in made.json["data"]] == ["Mei Lin"]
    body = {
        "recipient": {"id": PSID},
        "messaging_type": "RESPONSE",
        "message": {"text": "x"},
        "persona_id": "4711",
    }
    refused = await call("POST", f"messenger/v25.0/{PAGE}/messages", body, authorization="Bearer page-token")
    assert refused.status == 400 and "persona" in refused.json["error"]["message"]


@pytest.mark.parametrize(
    "name, first, last", [("Mark", "Mark", ""), ("Sophie Chan", "Sophie", "Chan"), ("松本 彩", "彩", "松本")]
)
async def test_a_names_parts_stand_where_its_language_has_them(
    call: Caller, name: str, first: str, last: str
) -> None:
    place = {"kind": "messenger", "account_id": PAGE}
    made = await call("POST", "control/customers", {**place, "name": name})
    told = await call("GET", f"messenger/v25.0/{made.json['id']}", authorization="Bearer page-token")
    assert (told.json["first_name"], told.json["last_name"]) == (first, last)


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


# --- buttons, links, reactions ------------------------------------------------------------------------------


async def test_a_quick_reply_and_a_cards_button_come_back_as_what_they_are(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("messenger", "write", text="hello")
    replies = [{"content_type": "text", "title": "Orders", "payload": "ORDER"}]
    asked = await call.send_messenger("", message={"text": "What?", "quick_replies": replies})
    button = {"type": "postback", "title": "Ask", "payload": "ASK"}
    template = {"template_type": "button", "text": "More?", "buttons": [button]}
    card = await call.send_messenger("", message={"attachment": {"type": "template", "payload": template}})
    assert (asked.status, card.status) == (200, 200)
    await call.act("messenger", "tap", id=asked.json["message_id"], payload="ORDER")
    body = await receiver.wait_for('"ORDER"')
    [tapped] = MESSENGER.parse(json.dumps(body).encode())
    assert isinstance(tapped, IncomingMessage)
    assert (tapped.kind, tapped.text, tapped.postback) == ("text", "Orders", "ORDER")
    await call.act("messenger", "tap", id=card.json["message_id"], payload="ASK")
    [pressed] = MESSENGER.parse(json.dumps(await receiver.wait_for('"postback"')).encode())
    assert isinstance(pressed, IncomingMessage)
    assert (pressed.kind, pressed.text, pressed.postback) == ("postback", "Ask", "ASK")
    assert (await call.act("messenger", "tap", id=card.json["message_id"], payload="OTHER")).status == 400


@pytest.mark.parametrize("act, kind", [("start", "postback"), ("refer", "referral")])
async def test_get_started_and_a_link_of_ours_open_the_window(
    call: Caller, receiver: Receiver, act: str, kind: str
) -> None:
    assert (await call.send_messenger("too early")).json["error"]["code"] == 10
    assert (await call.act("messenger", act)).status == 200
    (item,) = await read(receiver, 1)
    assert isinstance(item, IncomingMessage) and item.kind == kind
    assert (await call.send_messenger("welcome")).status == 200


async def test_a_reaction_names_our_message(call: Caller, receiver: Receiver) -> None:
    mine = (await call.act("messenger", "write", text="hello")).json["message"]["id"]
    ours = (await call.send_messenger("hi")).json["message_id"]
    await call.act("messenger", "react", id=ours, emoji="❤️")
    [item] = MESSENGER.parse(json.dumps(await receiver.wait_for('"reaction"')).encode())
    assert isinstance(item, MessageReaction) and (item.external_id, item.emoji) == (ours, "❤️")
    assert (await call.act("messenger", "react", id=mine, emoji="❤️")).status == 400


async def test_what_a_customer_sends_can_be_fetched_where_the_webhook_says(
    call: Caller, receiver: Receiver
) -> None:
    await call.act("messenger", "image")
    (item,) = await read(receiver, 1)
    account = Account(account_id=PAGE, base_url="http://127.0.0.1:8000/simulator/messenger")
    request = MESSENGER.file_request(item.attachments[0], account, Asked())
    assert request is not None
    fetched = await call("GET", request.url.partition("/simulator/")[2])
    assert (fetched.status, fetched.body[:4]) == (200, b"\x89PNG")


# --- templates ---------------------------------------------------------------------------------------------

URL_BUTTON = {"type": "web_url", "title": "Shop", "url": "https://shop.example/"}


@pytest.mark.parametrize(
    "payload, status",
    [
        ({"template_type": "button", "text": "a", "buttons": [URL_BUTTON]}, 200),
        ({"template_type": "button", "text": "a" * 641, "buttons": [URL_BUTTON]}, 400),
        ({"template_type": "button", "text": "a", "buttons": []}, 400),
        ({"template_type": "button", "text": "a", "buttons": [URL_BUTTON] * 4}, 400),
        ({"template_type": "button", "text": "a", "buttons": [{**URL_BUTTON, "title": "x" * 21}]}, 400),
        ({"template_type": "generic", "elements": [{"title": "a", "subtitle": "b"}]}, 200),
        ({"template_type": "generic", "elements": [{"title": "a"}]}, 400),
        ({"template_type": "generic", "elements": [{"title": "a", "subtitle": "b"}] * 11}, 400),
        ({"template_type": "hologram"}, 400),
    ],
)
async def test_templates_keep_metas_limits(call: Caller, payload: dict[str, object], status: int) -> None:
    await call.act("messenger", "write", text="hello")
    message = {"attachment": {"type": "template", "payload": payload}}
    assert (await call.send_messenger("", message=message)).status == status


async def test_our_own_cards_files_and_replies_stand_on_the_phone(call: Caller) -> None:
    await call.act("messenger", "write", text="hello")
    base = "http://simulator/"
    account = Account(
        account_id=PAGE, base_url=f"{base}messenger", credentials={"access_token": "page-token"}
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)

    async def send(**more: Any) -> Sent:
        message = OutgoingMessage(address=PSID, correlation="c", retry_key="k", **{"text": "", **more})
        return await asyncio.to_thread(MESSENGER.send, message, account, transport)

    await send(cards=(PRODUCT, SHIPPING))
    await send(cards=(RECEIPT,))
    await send(files=(a_file(url="https://acme.example/files/cake.jpg"),))
    await send(text="Which?", quick_replies=(QuickReply("Red", "RED"),))
    with pytest.raises(DeliveryError) as twice:
        await send(cards=(RECEIPT,))
    assert twice.value.kind is ErrorKind.BAD_REQUEST
    phone = (await call("GET", f"phone/messenger/{PAGE}/{PSID}/news?after=-1")).json["bubbles"][1:]
    assert [bubble["kind"] for bubble in phone] == ["text", "text", "image", "text"]
    assert [card["title"] for card in phone[0]["cards"]] == ["鳳梨酥 12 入 · TWD 480", "Your parcel"]
    assert phone[1]["cards"][0]["rows"][-1] == ["=", "JPY 2401.0"]
    assert phone[2]["files"] == [
        {"kind": "image", "name": "cake.jpg", "url": "https://acme.example/files/cake.jpg"}
    ]
    assert phone[3]["choices"] == [{"label": "Red", "payload": "RED"}]


# --- comments ----------------------------------------------------------------------------------------------


async def test_a_comment_is_answered_in_public_hidden_and_answered_in_private_once(
    call: Caller, receiver: Receiver
) -> None:
    comment_id = (await call.act("messenger", "comment", text="請問還有M號嗎?")).json["message"]["id"]
    (comment,) = await read(receiver, 1)
    assert isinstance(comment, CommentChanged)
    assert (comment.comment_id, comment.text, comment.change) == (comment_id, "請問還有M號嗎?", "added")
    assert (comment.address, comment.by_account, comment.parent_id) == (PSID, False, "")
    base = "http://simulator/"
    account = Account(
        account_id=PAGE, base_url=f"{base}messenger", credentials={"access_token": "page-token"}
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)

    async def send(to: str) -> Sent:
        message = OutgoingMessage(address="", text="有的", correlation="c", retry_key="k", to=to)
        return await asyncio.to_thread(MESSENGER.send, message, account, transport)

    answered = await send(f"comment:{comment_id}")
    (own,) = await read(receiver, 2)
    assert isinstance(own, CommentChanged)
    assert (own.comment_id, own.parent_id, own.by_account) == (answered.external_id, comment_id, True)
    await asyncio.to_thread(MESSENGER.hide_comment, comment_id, True, account, transport)
    (hidden,) = await read(receiver, 3)
    assert isinstance(hidden, CommentChanged) and hidden.change == "hidden"
    moved = await send(f"private:{comment_id}")
    assert moved.address == PSID
    with pytest.raises(DeliveryError) as twice:
        await send(f"private:{comment_id}")
    assert twice.value.code == "10900"
    with pytest.raises(DeliveryError) as closed:
        message = OutgoingMessage(address=PSID, text="hi", correlation="c", retry_key="k")
        await asyncio.to_thread(MESSENGER.send, message, account, transport)
    assert closed.value.kind is ErrorKind.WINDOW_CLOSED  # a comment opens no window


async def test_a_private_answer_comes_too_late_after_seven_days(call: Caller) -> None:
    comment_id = (await call.act("messenger", "comment", text="price?")).json["message"]["id"]
    await call("POST", "control/clock", {"advance": WEEK + 1})
    late = await call.send_messenger("hi", recipient={"comment_id": comment_id})
    assert late.json["error"]["error_subcode"] == 2018278


async def test_a_lost_subscription_is_seen_by_our_check(call: Caller) -> None:
    base = "http://simulator/"
    account = Account(
        account_id=PAGE, base_url=f"{base}messenger", credentials={"access_token": "page-token"}
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)
    well = await asyncio.to_thread(MESSENGER.check, account, transport)
    assert (well.name, well.warnings) == ("Shanhai", ())
    await call("DELETE", f"messenger/v25.0/{PAGE}/subscribed_apps", authorization="Bearer page-token")
    assert len((await asyncio.to_thread(MESSENGER.check, account, transport)).warnings) == 3
    await call(
        "POST",
        f"messenger/v25.0/{PAGE}/subscribed_apps?subscribed_fields=messages,messaging_postbacks",
        authorization="Bearer page-token",
    )
    assert len((await asyncio.to_thread(MESSENGER.check, account, transport)).warnings) == 2


async def test_a_comment_can_be_changed_and_removed_by_its_author(call: Caller, receiver: Receiver) -> None:
    comment_id = (await call.act("messenger", "comment", text="price?")).json["message"]["id"]
    await call.act("messenger", "edit", id=comment_id, text="prices?")
    await call.act("messenger", "unsend", id=comment_id)
    told = [(await read(receiver, count))[0] for count in (1, 2, 3)]
    assert [(each.change, each.text) for each in told] == [
        ("added", "price?"),
        ("edited", "prices?"),
        ("removed", ""),
    ]


async def test_the_post_can_be_read(call: Caller, receiver: Receiver) -> None:
    await call.act("messenger", "comment", text="price?")
    (comment,) = await read(receiver, 1)
    base = "http://simulator/"
    account = Account(
        account_id=PAGE, base_url=f"{base}messenger", credentials={"access_token": "page-token"}
    )
    transport = call.as_transport(asyncio.get_running_loop(), base)
    post = await asyncio.to_thread(MESSENGER.fetch_post, comment.post_id, account, transport)
    assert "ferry bag" in post.text and post.url.endswith(comment.post_id)
    assert post.published_at is not None and post.published_at.isoformat() == "2026-03-02T09:00:00+00:00"
