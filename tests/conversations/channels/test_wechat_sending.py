"""WeChat, written as the platform reads it: the judge's own client writes the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from wechatpy import WeChatClient

from conversations.channels import templates
from conversations.channels.base import Account, PlatformRequest, PlatformResponse, Profile, Sent
from conversations.channels.cards import Button, Card, CardKind, CardLine, Money
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingFile, OutgoingMessage, QuickReply, Template
from conversations.channels.wechat import WeChat
from tests.conversations.channels.samples.wechat import ACCEPTED, ACCOUNT, ADDRESS, refusal

CHANNEL = WeChat()
MESSAGE = OutgoingMessage(address=ADDRESS, text="您好 🍎", correlation="message-1", retry_key="key-1")
SHOP = Card(
    kind=CardKind.PRODUCT,
    title="阿里山金萱",
    text="奶香輕柔",
    price=Money(Decimal("680"), "TWD"),
    picture_url="https://shop.example/tea.jpg",
    url="https://shop.example/tea",
)
PATH = f"{ACCOUNT.base_url}/cgi-bin/"


def answer(**content: Any) -> PlatformResponse:
    return PlatformResponse(status=200, headers={}, body=json.dumps(content).encode())


class WeChatServer:
    """Answers each path as told, else accepts."""

    def __init__(self, **answers: PlatformResponse | DeliveryError | list[PlatformResponse]) -> None:
        self.answers = answers
        self.requests: list[PlatformRequest] = []

    def __call__(self, request: PlatformRequest) -> PlatformResponse:
        self.requests.append(request)
        name = request.url.partition("?")[0].rpartition("/")[2]
        told = self.answers.get(name, ACCEPTED)
        told = told.pop(0) if isinstance(told, list) else told
        if isinstance(told, DeliveryError):
            raise told
        return told

    @property
    def paths(self) -> list[str]:
        return [request.url.partition("?")[0].removeprefix(PATH) for request in self.requests]


def sent_body(message: OutgoingMessage, account: Account = ACCOUNT, **answers: PlatformResponse) -> Any:
    server = WeChatServer(**answers)
    CHANNEL.send(message, account, server)
    return server.requests[-1].json


def judged_body(write: Callable[[Any], object]) -> Any:
    """What the judge's client would send."""
    bodies: list[Any] = []

    class Client(WeChatClient):
        def _request(self, method: str, url_or_endpoint: str, **given: Any) -> dict[str, Any]:
            bodies.append((method, url_or_endpoint, given["data"]))
            return {}

    write(Client("wx1", "secret", access_token="token").message)
    [(method, path, body)] = bodies
    assert (method, path) == ("post", "message/custom/send")
    return body


# --- what is said ------------------------------------------------------------------------------------------


def test_a_text_is_what_the_judge_sends() -> None:
    assert sent_body(MESSAGE) == judged_body(lambda api: api.send_text(ADDRESS, "您好 🍎"))


def test_answers_may_appear_in_the_name_of_a_customer_service_account() -> None:
    account = replace(ACCOUNT, settings={**ACCOUNT.settings, "kf_account": "mei@brand"})
    assert sent_body(MESSAGE, account) == judged_body(
        lambda api: api.send_text(ADDRESS, "您好 🍎", "mei@brand")
    )


def test_a_product_with_an_address_is_a_news_article() -> None:
    article = {
        "title": "阿里山金萱", "description": "請看\nTWD 680\n奶香輕柔", "url": "https://shop.example/tea",
        "picurl": "https://shop.example/tea.jpg",
    }  # fmt: skip
    assert sent_body(replace(MESSAGE, text="請看", cards=(SHOP,))) == judged_body(
        lambda api: api.send_articles(ADDRESS, [article])
    )
    [plain] = sent_body(replace(MESSAGE, text="", cards=(replace(SHOP, picture_url=""),)))["news"]["articles"]
    assert "picurl" not in plain and plain["description"] == "TWD 680\n奶香輕柔"


def test_a_card_with_one_leading_button_is_an_article_and_one_with_several_a_text() -> None:
    button = Button(label="Track", url="https://parcel.example/4711")
    parcel = Card(kind=CardKind.SHIPPING, title="On its way", number="4711", buttons=(button,))
    body = sent_body(replace(MESSAGE, text="", cards=(parcel,)))
    assert body["news"]["articles"] == [
        {"title": "On its way", "description": "4711", "url": "https://parcel.example/4711"}
    ]
    both = replace(parcel, url="https://shop.example/order")
    text = sent_body(replace(MESSAGE, text="", cards=(both,)))["text"]["content"]
    assert "https://shop.example/order" in text and "Track: https://parcel.example/4711" in text


def test_a_card_that_leads_nowhere_goes_out_in_words() -> None:
    receipt = Card(kind=CardKind.RECEIPT, title="Receipt", lines=(CardLine(name="Tea", quantity=2),))
    body = sent_body(replace(MESSAGE, text="Thanks", cards=(receipt,)))
    assert body["text"]["content"] == "Thanks\n\nReceipt\n2 × Tea"


def test_what_may_be_tapped_is_a_menu() -> None:
    replies = (QuickReply("好", "yes"), QuickReply("不好", "no"))
    body = sent_body(replace(MESSAGE, text="可以嗎？", quick_replies=replies))
    assert body == {
        "touser": ADDRESS,
        "msgtype": "msgmenu",
        "msgmenu": {
            "head_content": "可以嗎？",
            "list": [{"id": "yes", "content": "好"}, {"id": "no", "content": "不好"}],
            "tail_content": "",
        },
    }


def test_the_buttons_of_a_card_are_a_menu_below_its_words() -> None:
    buttons = (Button(label="Cancel", payload="cancel"), Button(label="Look", url="https://shop.example/o"))
    card = Card(kind=CardKind.BUTTONS, title="Order 7", buttons=buttons)
    menu = sent_body(replace(MESSAGE, text="", cards=(card,)))["msgmenu"]
    assert menu["head_content"] == "Order 7\nLook: https://shop.example/o"
    assert menu["list"] == [{"id": "cancel", "content": "Cancel"}]


def test_words_that_grow_too_long_by_their_card_are_never_sent() -> None:
    server = WeChatServer()
    long = replace(MESSAGE, text="x" * 2000, cards=(replace(SHOP, url="", text="y" * 100),))
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(long, ACCOUNT, server)
    assert error.value.code == "text_too_long" and server.requests == []


# --- files -------------------------------------------------------------------------------------------------


def a_file(kind: str, mime: str, content: bytes = b"bytes", size: int = 5) -> OutgoingFile:
    return OutgoingFile(
        kind=kind, name=f"a.{kind}", mime=mime, size=size, url="https://files.example/a", read=lambda: content
    )


@pytest.mark.parametrize(
    "kind, mime, media_type",
    [("image", "image/png", "image"), ("audio", "audio/amr", "voice"), ("video", "video/mp4", "video")],
)
def test_a_file_is_uploaded_and_then_sent_by_its_id(kind: str, mime: str, media_type: str) -> None:
    server = WeChatServer(upload=answer(type=media_type, media_id="media-9", created_at=1793585700))
    CHANNEL.send(replace(MESSAGE, text="", files=(a_file(kind, mime),)), ACCOUNT, server)
    upload, send = server.requests
    assert server.paths == ["media/upload", "message/custom/send"]
    assert upload.url.endswith(f"&type={media_type}")
    [part] = upload.files
    assert (part.part, part.name, part.mime, part.content) == ("media", f"a.{kind}", mime, b"bytes")
    assert send.json == judged_body(lambda api: getattr(api, f"send_{media_type}")(ADDRESS, "media-9"))


@pytest.mark.parametrize(
    "kind, mime, size, good",
    [
        ("image", "image/png", 10_000_000, True),
        ("image", "image/png", 10_000_001, False),
        ("image", "image/webp", 5, False),
        ("audio", "audio/mpeg", 2_000_001, False),
        ("file", "application/pdf", 5, False),
    ],
)
def test_a_file_that_wechat_would_not_take_is_never_tried(
    kind: str, mime: str, size: int, good: bool
) -> None:
    server = WeChatServer(upload=answer(media_id="media-9"))
    message = replace(MESSAGE, text="", files=(a_file(kind, mime, size=size),))
    if good:
        assert CHANNEL.send(message, ACCOUNT, server) == Sent(external_id="")
        return
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(message, ACCOUNT, server)
    assert error.value.kind is ErrorKind.MEDIA and server.requests == []


def test_trouble_while_uploading_sends_nothing_and_may_be_tried_again() -> None:
    message = replace(MESSAGE, text="", files=(a_file("image", "image/png"),))
    for trouble, kind in (
        (DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code="ReadTimeout"), ErrorKind.TEMPORARY),
        (DeliveryError(ErrorKind.BAD_REQUEST), ErrorKind.BAD_REQUEST),
        (refusal(40005), ErrorKind.MEDIA),
        (answer(type="image"), ErrorKind.TEMPORARY),
    ):
        server = WeChatServer(upload=trouble)
        with pytest.raises(DeliveryError) as error:
            CHANNEL.send(message, ACCOUNT, server)
        assert error.value.kind is kind and server.paths == ["media/upload"]


# --- templates ---------------------------------------------------------------------------------------------


def test_a_template_goes_out_with_its_gaps_and_brings_a_number() -> None:
    parts = {"body:thing1": ("阿里山金萱",), "body": ("4711", "明天")}
    message = replace(MESSAGE, text="", template=Template(name="tpl-1", language="zh_TW", parts=parts))
    server = WeChatServer(send=answer(errcode=0, errmsg="ok", msgid=200163836))
    assert CHANNEL.send(message, ACCOUNT, server) == Sent(external_id="200163836")
    assert server.paths == ["message/template/send"]
    assert server.requests[0].json == {
        "touser": ADDRESS,
        "template_id": "tpl-1",
        "data": {
            "thing1": {"value": "阿里山金萱"},
            "keyword1": {"value": "4711"},
            "keyword2": {"value": "明天"},
        },
    }


def test_a_part_that_wechats_templates_do_not_have_is_refused() -> None:
    template = Template(name="tpl-1", language="zh_TW", parts={"button:0": ("x",)})
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(replace(MESSAGE, text="", template=template), ACCOUNT, WeChatServer())
    assert (error.value.kind, error.value.code) == (ErrorKind.BAD_REQUEST, "template_part")


def test_the_templates_of_the_account_are_listed_with_their_gaps() -> None:
    listed = {
        "template_id": "tpl-1",
        "title": "订单发货提醒",
        "primary_industry": "消费品",
        "content": "商品：{{thing1.DATA}}\n单号：{{ character_string2.DATA }}\n",
    }
    server = WeChatServer(get_all_private_template=answer(template_list=[listed, {"title": "no id"}]))
    [template] = CHANNEL.fetch_templates(ACCOUNT, server)
    assert (template.name, template.status, template.header) == ("tpl-1", "approved", "订单发货提醒")
    values = {"body.thing1": "阿里山金萱", "body.character_string2": "4711"}
    assert templates.gaps(template) == list(values)
    filled = templates.fill(template, values)
    message = replace(MESSAGE, text="", template=filled)
    server = WeChatServer(send=answer(errcode=0, errmsg="ok", msgid=1))
    CHANNEL.send(message, ACCOUNT, server)
    assert server.requests[0].json["data"] == {
        "thing1": {"value": "阿里山金萱"}, "character_string2": {"value": "4711"},
    }  # fmt: skip


# --- the borrowed token ------------------------------------------------------------------------------------

BARE = replace(ACCOUNT, credentials={"app_secret": "app-secret-1"})


def test_without_a_token_one_is_borrowed_first() -> None:
    server = WeChatServer(stable_token=answer(access_token="lent-1", expires_in=7200))
    CHANNEL.send(MESSAGE, BARE, server)
    asked, send = server.requests
    assert server.paths == ["stable_token", "message/custom/send"]
    assert asked.json == {
        "grant_type": "client_credential", "appid": "wx1234567890abcdef", "secret": "app-secret-1",
        "force_refresh": False,
    }  # fmt: skip
    assert send.address.endswith("/cgi-bin/message/custom/send?access_token=lent-1")


def test_a_token_is_lent_for_a_while() -> None:
    lent = CHANNEL.lend_token(BARE, WeChatServer(stable_token=answer(access_token="lent-1", expires_in=7200)))
    assert (lent.value, lent.seconds) == ("lent-1", 7200) and "lent-1" not in repr(lent)


def test_a_refused_token_that_comes_again_is_replaced_by_force() -> None:
    same, fresh = answer(access_token="lent-1", expires_in=9), answer(access_token="lent-2", expires_in=7200)
    server = WeChatServer(stable_token=[same, fresh])
    assert CHANNEL.lend_token(BARE, server, refused="lent-1").value == "lent-2"
    assert [request.json["force_refresh"] for request in server.requests] == [False, True]
    other = WeChatServer(stable_token=[fresh])
    assert CHANNEL.lend_token(BARE, other, refused="lent-1").value == "lent-2"


@pytest.mark.parametrize(
    "told, kind",
    [
        (refusal(40013, "invalid appid"), ErrorKind.AUTH_EXPIRED),
        (refusal(40125, "invalid appsecret"), ErrorKind.AUTH_EXPIRED),
        (refusal(40164, "invalid ip, not in whitelist"), ErrorKind.PERMISSION),
        (DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code="ReadTimeout"), ErrorKind.TEMPORARY),
        (answer(expires_in=7200), ErrorKind.TEMPORARY),
    ],
)
def test_no_token_no_message(told: PlatformResponse | DeliveryError, kind: ErrorKind) -> None:
    server = WeChatServer(stable_token=told)
    with pytest.raises(DeliveryError) as error:
        CHANNEL.send(MESSAGE, BARE, server)
    assert error.value.kind is kind and server.paths == ["stable_token"]


def test_an_account_that_is_not_set_up_is_told_so_without_a_call() -> None:
    server = WeChatServer()
    for account in (replace(BARE, credentials={}), replace(BARE, settings={})):
        with pytest.raises(DeliveryError) as error:
            CHANNEL.send(MESSAGE, account, server)
        assert error.value.kind is ErrorKind.AUTH_EXPIRED
    assert server.requests == []


# --- profile and check -------------------------------------------------------------------------------------


def profile(told: PlatformResponse) -> Profile:
    return CHANNEL.fetch_profile(ADDRESS, ACCOUNT, WeChatServer(info=told))


def test_a_profile_holds_what_wechat_still_tells() -> None:
    assert profile(answer(subscribe=1, openid=ADDRESS, language="zh_TW", nickname="")) == Profile(
        language="zh_TW"
    )
    assert profile(answer(subscribe=0, openid=ADDRESS)) == Profile()
    assert profile(refusal(40003)) == Profile()
    with pytest.raises(DeliveryError):
        profile(refusal(40001))


def test_the_check_warns_of_an_account_that_may_not_answer() -> None:
    assert CHANNEL.check(ACCOUNT, WeChatServer(getkflist=answer(kf_list=[]))).warnings == ()
    [warning] = CHANNEL.check(ACCOUNT, WeChatServer(getkflist=refusal(48001))).warnings
    assert "verify" in warning
    with pytest.raises(DeliveryError) as error:
        CHANNEL.check(ACCOUNT, WeChatServer(getkflist=refusal(40001)))
    assert error.value.kind is ErrorKind.AUTH_EXPIRED
