"""WeChat from the webhook to the desk and back, over our public doors."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest
from django.test import Client
from wechatpy.crypto import WeChatCrypto

from conversations import inboxes
from conversations.channels import wechat_xml
from conversations.models import Attachment, Conversation, InboundRecord, Inbox, Message
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tests.conversations.channels.samples.wechat import write
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import deliver
from tests.conversations.posting import Element, call
from tests.conversations.wechat import (
    OPENID,
    TAKEN,
    TOKEN,
    an_official_account,
    calls,
    element,
    event,
    lends,
    signed,
)
from tests.programs import Api

pytestmark = pytest.mark.django_db(transaction=True)

KEY, APP_ID = "hwL6uy6r92ScoPXCaZYRqcx42YJVQqKfDx6YtUMyQD0", "wx1234567890abcdef"


@dataclass
class Road:
    """One Official Account of acme."""

    inbox: Inbox
    key: str

    @property
    def now(self) -> int:
        return int(time.time())

    def call(self, body: bytes, query: str, method: str = "POST") -> tuple[int, bytes]:
        return asyncio.run(call(f"/hooks/wechat/{self.key}", body, query=query, method=method))

    def tell(self, content: Element) -> tuple[int, bytes]:
        """Post a signed webhook; status and body of the answer."""
        return self.call(write(content), signed(self.now))


@pytest.fixture
def road(acme: TenantRef, double: Double) -> Road:
    with tenant_scope(acme):
        inbox = an_official_account(double.url)
    return Road(inbox, ChannelApp.objects.get(routes__inbox_id=inbox.id).key)


def test_the_address_is_proved_with_the_token_of_the_hooks(road: Road) -> None:
    assert road.call(b"", f"{signed(road.now)}&echostr=4711", "GET") == (200, b"4711")
    assert road.call(b"", "signature=0&timestamp=1&nonce=2&echostr=4711", "GET")[0] == 403


def test_a_message_is_answered_within_its_window(
    road: Road, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    assert road.tell(element(1, road.now)) == (200, b"success")
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    path = f"conversations/{conversation.id}/messages"
    assert as_bobs_program.post(path, {"text": "有的 🍎"}).status_code == 201
    double.answers.extend([lends("lent-1"), TAKEN])
    with tenant_scope(acme):
        deliver(conversation)
        assert Message.objects.get(direction="out").status == "sent"
    assert calls(double) == ["stable_token", "message/custom/send"]
    assert double.asked[1].body == {"touser": OPENID, "msgtype": "text", "text": {"content": "有的 🍎"}}
    for _ in range(4):
        assert as_bobs_program.post(path, {"text": "more"}).status_code == 201
    sixth = as_bobs_program.post(path, {"text": "one too many"})
    assert (sixth.status_code, sixth.json()["code"]) == (409, "window_used_up")


def test_what_wechat_tells_three_times_stands_there_once(road: Road, acme: TenantRef) -> None:
    at = road.now
    for _ in range(3):
        assert road.tell(element(1, at))[0] == 200
        assert road.tell(event("CLICK", at, EventKey="ORDER_STATUS"))[0] == 200
    with tenant_scope(acme):
        assert sorted(Message.objects.values_list("kind", flat=True)) == ["postback", "text"]


def test_the_safe_mode_is_switched_on_while_messages_come(road: Road, acme: TenantRef) -> None:
    with tenant_scope(acme):
        inboxes.rotate_secret(road.inbox, f"{TOKEN} {KEY} {APP_ID}", by=SYSTEM)
    envelope = WeChatCrypto(TOKEN, KEY, APP_ID).encrypt_message(
        write(element(1, road.now)).decode(), "839202", str(road.now)
    )
    told = wechat_xml.read(envelope.encode())
    query = (
        f"timestamp={told['TimeStamp']}&nonce=839202&encrypt_type=aes&msg_signature={told['MsgSignature']}"
    )
    assert road.call(envelope.encode(), query) == (200, b"success")
    assert road.tell(element(2, road.now))[0] == 200  # the old secret is good for another day
    with tenant_scope(acme):
        assert list(Message.objects.order_by("number").values_list("text", flat=True)) == [
            "message 1",
            "message 2",
        ]


def test_an_encrypted_message_without_its_key_is_kept_for_a_person(road: Road, acme: TenantRef) -> None:
    body = write({"ToUserName": road.inbox.account_id, "Encrypt": "c2VhbGVk"})
    assert road.call(body, signed(road.now))[0] == 200
    with tenant_scope(acme):
        record = InboundRecord.objects.get()
        assert record.state == "dead" and "EncodingAESKey" in record.error and bytes(record.body) == body


@pytest.mark.parametrize(
    "query", ["", "signature=0&timestamp=1&nonce=2", "msg_signature=0&timestamp=1&nonce=2"]
)
def test_a_call_that_nobody_signed_is_refused(road: Road, acme: TenantRef, query: str) -> None:
    assert road.call(write(element(1, road.now)), query)[0] == 401
    with tenant_scope(acme):
        assert not InboundRecord.objects.exists()


def test_an_old_signature_is_good_for_nothing(road: Road, acme: TenantRef) -> None:
    body = write(element(1, road.now))
    assert road.call(body, signed(road.now - 601))[0] == 401
    assert road.call(body, signed(road.now - 590))[0] == 200


def test_a_customer_who_leaves_cannot_be_answered(road: Road, acme: TenantRef, as_bobs_program: Api) -> None:
    road.tell(element(1, road.now))
    road.tell(event("unsubscribe", road.now, EventKey=""))
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    refused = as_bobs_program.post(f"conversations/{conversation.id}/messages", {"text": "hello?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "unreachable")


def test_the_outcome_of_a_template_reaches_its_message(
    road: Road, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    road.tell(element(1, road.now))
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        as_bobs_program.post(f"conversations/{conversation.id}/messages", {"text": "hello"})
        message = Message.objects.get(direction="out")
        message.kind, message.details = (
            "template",
            {"template": {"name": "tpl-1", "language": "zh_TW", "parts": {}}},
        )
        message.save(update_fields=["kind", "details"])
        double.answers.extend([lends(), Answer(body={"errcode": 0, "errmsg": "ok", "msgid": 200163836})])
        deliver(conversation)
    assert calls(double)[-1] == "message/template/send"
    road.tell(event("TEMPLATESENDJOBFINISH", road.now, MsgID="200163836", Status="success"))
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").status == "delivered"


def test_a_picture_keeps_the_number_by_which_it_is_fetched(road: Road, acme: TenantRef) -> None:
    picture = {"MsgType": "image", "PicUrl": "http://mmbiz.qpic.cn/a", "MediaId": "media-1", "MsgId": "7"}
    road.tell(element(0, road.now, **picture))
    with tenant_scope(acme):
        attachment = Attachment.objects.get()
        assert (attachment.kind, attachment.media_id) == ("image", "media-1")


def test_another_brand_sees_nothing_of_it(road: Road, acme: TenantRef, globex: TenantRef) -> None:
    road.tell(element(1, road.now))
    with tenant_scope(acme):
        assert Message.objects.exists()
    with tenant_scope(globex):
        assert not Message.objects.exists() and not InboundRecord.objects.exists()


def test_the_set_up_page_asks_for_the_token_once(as_alice: Client) -> None:
    wechat = as_alice.get("/channels/connect/wechat/").content.decode()
    messenger = as_alice.get("/channels/connect/messenger/").content.decode()
    assert 'name="secret"' in wechat and "EncodingAESKey" in wechat
    assert ('name="verify_token"' in wechat, 'name="verify_token"' in messenger) == (False, True)
    assert 'name="credential_app_id"' in wechat and 'name="credential_app_secret"' in wechat
