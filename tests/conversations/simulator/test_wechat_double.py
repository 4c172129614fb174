"""The double of WeChat keeps WeChat's rules, and what it posts is what our channel, and another one, reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from conversations.channels import registry
from conversations.channels.base import Account, Hook, PlatformRequest, PlatformResponse, Sent, Transport
from conversations.channels.cards import Card, CardKind
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.items import AudienceChange, DeliveryReport, IncomingMessage, Item
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template
from conversations.simulator import samples
from conversations.simulator.accounts import SimulatedAccount
from tests.conversations.simulator.conftest import GH, OPENID, Caller, Receiver

WECHAT = registry.open("wechat")
BASE = "http://platform/"
TOKEN, KEY, APP_ID = "wx-token-1", "hwL6uy6r92ScoPXCaZYRqcx42YJVQqKfDx6YtUMyQD0", "wx1234567890abcdef"
ACCOUNT = Account(
    account_id=GH,
    base_url=f"{BASE}wechat",
    credentials={"app_secret": "wechat-app-secret"},
    settings={"app_id": APP_ID},
)
MESSAGE = OutgoingMessage(address=OPENID, text="您好", correlation="m", retry_key="k")


async def ask(call: Caller, do: Callable[[Transport], Any]) -> Any:
    """What our channel makes of the double's answers."""
    return await asyncio.to_thread(do, call.as_transport(asyncio.get_running_loop(), BASE))


async def send(call: Caller, account: Account = ACCOUNT, **changes: Any) -> Sent:
    sent: Sent = await ask(call, lambda way: WECHAT.send(replace(MESSAGE, **changes), account, way))
    return sent


async def refusal(call: Caller, account: Account = ACCOUNT, **changes: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        await send(call, account, **changes)
    return error.value


async def bubbles(call: Caller) -> list[dict[str, Any]]:
    """What stands on the phone."""
    found: list[dict[str, Any]] = (await call("GET", f"phone/wechat/{GH}/{OPENID}/news?after=")).json[
        "bubbles"
    ]
    return found


def as_hook(headers: dict[str, str], body: bytes) -> Hook:
    query = dict(parse_qsl(urlsplit(headers[":path"]).query))
    return Hook(body=body, headers=headers, query=query, arrived_at=time.time())


async def read(receiver: Receiver, count: int) -> Item:
    """The item of the last of `count` webhooks, whose signature must be right, as the judge finds too."""
    headers, body = (await receiver.wait(count))[count - 1]
    hook = as_hook(headers, body)
    assert WECHAT.verify(hook, [TOKEN]) and not WECHAT.verify(hook, ["another"])
    check_signature(TOKEN, *(hook.query[name] for name in ("signature", "timestamp", "nonce")))
    [item] = WECHAT.parse(WECHAT.unwrap(hook, [TOKEN]))
    assert parse_message(body).source == OPENID
    return item


# --- what customers do -------------------------------------------------------------------------------------


async def test_what_a_customer_writes_is_posted_signed_and_readable(call: Caller, receiver: Receiver) -> None:
    sent = await call.act("wechat", "write", text="我要查订单 🍎 ]]> <b>")
    item = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)
    assert (item.account_id, item.address, item.text) == (GH, OPENID, "我要查订单 🍎 ]]> <b>")
    assert item.external_id == sent.json["message"]["id"]


@pytest.mark.parametrize("act, kind", [("image", "image"), ("audio", "audio"), ("location", "location")])
async def test_pictures_recordings_and_places_arrive(
    call: Caller, receiver: Receiver, act: str, kind: str
) -> None:
    await call.act("wechat", act)
    item = await read(receiver, 1)
    assert isinstance(item, IncomingMessage) and [each.kind for each in item.attachments] == [kind]


@pytest.mark.parametrize("act", ["image", "audio"])
async def test_what_came_can_be_fetched(call: Caller, receiver: Receiver, act: str) -> None:
    await call.act("wechat", act)
    item = await read(receiver, 1)
    assert isinstance(item, IncomingMessage)

    def fetch(way: Transport) -> PlatformResponse:
        request = WECHAT.file_request(item.attachments[0], ACCOUNT, way)
        assert isinstance(request, PlatformRequest)
        return way(request)

    sample = samples.of(act)
    assert sample is not None and (await ask(call, fetch)).body == sample.content


async def test_following_leaving_scanning_and_the_menu_are_told(call: Caller, receiver: Receiver) -> None:
    for act in ("unfollow", "follow", "menu", "scan"):
        await call.act("wechat", act)
    left, back, tapped, scanned = [await read(receiver, number) for number in (1, 2, 3, 4)]
    assert isinstance(left, AudienceChange) and left.change == "unfollowed"
    assert isinstance(back, AudienceChange) and back.change == "followed"
    assert isinstance(tapped, IncomingMessage) and tapped.postback == "ORDER_STATUS"
    assert isinstance(scanned, IncomingMessage) and scanned.referral["ref"] == "shop-7"


async def test_in_safe_mode_everything_is_encrypted(call: Caller, receiver: Receiver) -> None:
    safe = SimulatedAccount(
        "wechat", GH, "山海", f"{TOKEN} {KEY} {APP_ID}", "wechat-app-secret", receiver.url,
        customers=({"id": OPENID, "name": "陳美玲"},),
    )  # fmt: skip
    call.simulator.stage.register.connect_account(safe)
    await call.act("wechat", "write", text="我要查订单")
    [(headers, body)] = await receiver.wait(1)
    assert "我要查订单".encode() not in body
    hook = as_hook(headers, body)
    judged = WeChatCrypto(TOKEN, KEY, APP_ID).decrypt_message(
        body.decode(), hook.query["msg_signature"], hook.query["timestamp"], hook.query["nonce"]
    )
    assert WECHAT.verify(hook, [safe.secret])
    assert WECHAT.unwrap(hook, [safe.secret]).decode() == judged


# --- windows -----------------------------------------------------------------------------------------------


async def test_five_answers_and_then_the_customer_must_write_again(call: Caller) -> None:
    await call.act("wechat", "write", text="hello")
    for number in range(5):
        await send(call, text=f"answer {number}")
    assert (await refusal(call)).code == "45047"
    await call.act("wechat", "write", text="and?")
    assert await send(call) == Sent(external_id="")
    assert [each["text"] for each in await bubbles(call) if not each["mine"]][-1] == "您好"


async def test_the_window_closes_after_two_days(call: Caller) -> None:
    await call.act("wechat", "write", text="hello")
    await call("POST", "control/clock", {"advance": 48 * 3600 - 1})
    await send(call)
    await call("POST", "control/clock", {"advance": 2})
    refused = await refusal(call)
    assert (refused.kind, refused.code) == (ErrorKind.WINDOW_CLOSED, "45015")


@pytest.mark.parametrize("act", ["menu", "scan", "follow"])
async def test_a_brief_window_takes_three_answers_and_a_minute(call: Caller, act: str) -> None:
    assert (await refusal(call)).kind is ErrorKind.WINDOW_CLOSED
    await call.act("wechat", act)
    for _ in range(3):
        await send(call)
    assert (await refusal(call)).kind is ErrorKind.QUOTA_USED
    await call.act("wechat", act)
    await call("POST", "control/clock", {"advance": 61})
    assert (await refusal(call)).kind is ErrorKind.WINDOW_CLOSED


async def test_who_left_is_not_reached(call: Caller) -> None:
    await call.act("wechat", "write", text="hello")
    await call.act("wechat", "unfollow")
    assert (await refusal(call)).code == "45015"
    template = Template(name="tpl-1", language="zh_TW")
    assert (await refusal(call, text="", template=template)).kind is ErrorKind.RECIPIENT_GONE


# --- tokens ------------------------------------------------------------------------------------------------


async def lend(call: Caller, refused: str = "") -> str:
    lent = await ask(call, lambda way: WECHAT.lend_token(ACCOUNT, way, refused=refused))
    assert lent is not None and 0 < lent.seconds <= 7200
    return str(lent.value)


def holding(token: str) -> Account:
    return replace(ACCOUNT, credentials={**ACCOUNT.credentials, "access_token": token})


async def test_the_same_token_is_lent_until_shortly_before_its_end(call: Caller) -> None:
    first = await lend(call)
    await call("POST", "control/clock", {"advance": 6899})
    assert await lend(call) == first
    await call("POST", "control/clock", {"advance": 2})
    second = await lend(call)
    assert second != first
    await call.act("wechat", "write", text="hello")
    await send(call, holding(first))  # the old one lives on to its end
    await call("POST", "control/clock", {"advance": 300})
    assert (await refusal(call, holding(first))).code == "42001"
    await send(call, holding(second))


async def test_by_force_the_old_token_ends(call: Caller) -> None:
    first = await lend(call)
    second = await lend(call, refused=first)
    await call.act("wechat", "write", text="hello")
    assert first != second and (await refusal(call, holding(first))).code == "40001"
    await send(call, holding(second))


async def test_a_wrong_secret_borrows_nothing(call: Caller) -> None:
    wrong = replace(ACCOUNT, credentials={"app_secret": "wrong"})
    assert (await refusal(call, wrong)).kind is ErrorKind.AUTH_EXPIRED
    assert (await refusal(call, holding("invented"))).code == "40001"


# --- what stands on the phone ------------------------------------------------------------------------------


async def test_cards_menus_and_files_stand_on_the_phone(call: Caller, receiver: Receiver) -> None:
    await call.act("wechat", "write", text="hello")
    card = Card(kind=CardKind.PRODUCT, title="阿里山金萱", url="https://shop.example/tea")
    await send(call, text="", cards=(card,))
    await send(call, text="可以嗎？", quick_replies=(QuickReply("好", "yes"),))
    picture = samples.of("image")
    assert picture is not None
    file = OutgoingFile(
        kind="image", name="tea.png", mime="image/png", size=len(picture.content), url="",
        read=lambda: picture.content,
    )  # fmt: skip
    await send(call, text="", files=(file,))
    drawn, menu, shown = (await bubbles(call))[-3:]
    assert drawn["cards"][0]["title"] == "阿里山金萱"
    assert shown["files"] == [{"kind": "image", "name": "tea.png", "url": picture.data_url}]
    assert (menu["text"], menu["choices"]) == ("可以嗎？", [{"label": "好", "payload": "yes"}])
    await call.act("wechat", "tap", id=menu["id"], payload="yes")
    item = await read(receiver, 2)
    assert isinstance(item, IncomingMessage) and (item.postback, item.text) == ("yes", "好")


async def test_a_template_needs_no_window_and_its_outcome_is_told(call: Caller, receiver: Receiver) -> None:
    template = Template(name="tpl-1", language="zh_TW", parts={"body:thing1": ("阿里山金萱",)})
    sent = await send(call, text="", template=template)
    item = await read(receiver, 1)
    assert isinstance(item, DeliveryReport)
    assert (item.status, item.external_ids) == ("delivered", (sent.external_id,))
    assert (await bubbles(call))[-1]["text"] == "tpl-1\n阿里山金萱"


async def test_templates_are_listed_and_others_are_refused(call: Caller) -> None:
    [template] = await ask(call, lambda way: WECHAT.fetch_templates(ACCOUNT, way))
    assert await send(call, text="", template=Template(name=template.name, language=template.language))
    unknown = Template(name="tpl-9", language="zh_CN")
    assert (await refusal(call, text="", template=unknown)).code == "40037"


@pytest.mark.parametrize(
    "content, code",
    [
        ({"msgtype": "text", "text": {"content": "您" * 683}}, 45002),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "image", "image": {"media_id": "unknown"}}, 40007),
        ({"msgtype": "news", "news": {"articles": [{"url": "https://a.example"}] * 2}}, 45008),
        ({"msgtype": "msgmenu", "msgmenu": {"head_content": "?", "list": []}}, 47001),
        ({"msgtype": "telegram"}, 40008),
        ({"msgtype": "text", "text": {"content": "x"}, "touser": "nobody"}, 40003),
    ],
)
async def test_what_wechat_refuses_is_refused(call: Caller, content: dict[str, Any], code: int) -> None:
    await call.act("wechat", "write", text="hello")
    path = f"wechat/cgi-bin/message/custom/send?access_token={await lend(call)}"
    refused = await call("POST", path, {"touser": OPENID, **content})
    assert (refused.status, refused.json["errcode"]) == (200, code)
    good = {"touser": OPENID, "msgtype": "text", "text": {"content": "您" * 682}}
    assert (await call("POST", path, good)).json == {"errcode": 0, "errmsg": "ok"}


@pytest.mark.parametrize(
    "kind, mime, name, code",
    [("image", "image/webp", "a.webp", 40005), ("thing", "image/png", "a.png", 40004)],
)
async def test_a_file_that_wechat_does_not_take_is_refused(
    call: Caller, kind: str, mime: str, name: str, code: int
) -> None:
    token = await lend(call)
    boundary = "b0undary"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n'
        f"Content-Type: {mime}\r\n\r\nbytes\r\n--{boundary}--\r\n"
    ).encode()
    refused = await call(
        "POST", f"wechat/cgi-bin/media/upload?access_token={token}&type={kind}", body,
        content_type=f"multipart/form-data; boundary={boundary}",
    )  # fmt: skip
    assert refused.json["errcode"] == code


@pytest.mark.parametrize(
    "fault, kind",
    [
        ("token", ErrorKind.AUTH_EXPIRED),
        ("permission", ErrorKind.PERMISSION),
        ("rate_limit", ErrorKind.RATE_LIMITED),
        ("quota", ErrorKind.QUOTA_USED),
        ("temporary", ErrorKind.TEMPORARY),
        ("blocked", ErrorKind.RECIPIENT_GONE),
        ("bad_request", ErrorKind.BAD_REQUEST),
        ("window_closed", ErrorKind.WINDOW_CLOSED),
    ],
)
async def test_a_fault_strikes_once_and_then_no_more(call: Caller, fault: str, kind: ErrorKind) -> None:
    await call.act("wechat", "write", text="hello")
    await call("POST", "control/faults", {fault: 1})
    assert (await refusal(call)).kind is kind
    await send(call)


async def test_profile_and_account_can_be_asked(call: Caller) -> None:
    profile = await ask(call, lambda way: WECHAT.fetch_profile(OPENID, ACCOUNT, way))
    assert (profile.name, profile.language) == ("", "zh_TW")
    assert (await ask(call, lambda way: WECHAT.check(ACCOUNT, way))).warnings == ()
    await call.act("wechat", "unfollow")
    assert (await ask(call, lambda way: WECHAT.fetch_profile(OPENID, ACCOUNT, way))).language == ""
