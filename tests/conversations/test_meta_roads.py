"""Messenger and Instagram from the webhook to the desk and back, over our public doors."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

import pytest

from conversations import inboxes
from conversations.models import Attachment, Conversation, InboundRecord, Inbox, Message
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Event
from tests.conversations.double import Double
from tests.conversations.outgoing import deliver
from tests.conversations.posting import Element, call, signature
from tests.programs import Api

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNT, CUSTOMER = {"instagram": "17841405512345678", "messenger": "104857600123456"}, "6633221100998877"
OBJECTS = {"instagram": "instagram", "messenger": "page"}
KINDS = pytest.mark.parametrize("kind", ["instagram", "messenger"])


@dataclass
class Road:
    """One connected account of acme."""

    kind: str
    tenant: TenantRef
    key: str

    def tell(self, *elements: Element, part: str = "messaging") -> int:
        """Post a signed webhook; the status of the answer."""
        entry = {"id": ACCOUNT[self.kind], "time": self.now, part: list(elements)}
        body = json.dumps({"object": OBJECTS[self.kind], "entry": [entry]}).encode()
        headers = {"x-hub-signature-256": signature(body, "app-secret")}
        return asyncio.run(call(f"/hooks/{self.kind}/{self.key}", body, headers=headers))[0]

    @property
    def now(self) -> int:
        return int(time.time() * 1000)

    def element(self, **content: object) -> Element:
        sides = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT[self.kind]}}
        return {**sides, "timestamp": self.now, **content}


@pytest.fixture
def road(kind: str, acme: TenantRef, double: Double) -> Road:
    with tenant_scope(acme):
        inbox = inboxes.connect(
            kind,
            ACCOUNT[kind],
            kind.title(),
            by=SYSTEM,
            credentials={"access_token": "a token"},
            secret="app-secret",
            base_url=double.url,
        )
    return Road(kind, acme, ChannelApp.objects.get(routes__inbox_id=inbox.id).key)


@KINDS
def test_a_message_is_answered_and_seen(
    kind: str, road: Road, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    assert road.tell(road.element(message={"mid": "in-1", "text": "請問還有嗎"})) == 200
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    answered = as_bobs_program.post(f"conversations/{conversation.id}/messages", {"text": "有的"})
    assert answered.status_code == 201
    with tenant_scope(acme):
        deliver(conversation)
        ours = Message.objects.get(direction="out")
    [asked] = [asked for asked in double.asked if asked.method == "POST"]
    assert asked.path == f"/v25.0/{'me' if kind == 'instagram' else ACCOUNT[kind]}/messages"
    assert asked.body["recipient"] == {"id": CUSTOMER} and asked.body["message"]["text"] == "有的"
    assert asked.headers["authorization"] == "Bearer a token"
    told = {"mid": ours.external_id} if kind == "instagram" else {"watermark": road.now + 1000}
    assert road.tell(road.element(read=told)) == 200
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").status == "read"


@KINDS
def test_an_echo_of_the_platforms_own_inbox_stands_in_the_thread(
    kind: str, road: Road, acme: TenantRef
) -> None:
    road.tell(road.element(message={"mid": "in-1", "text": "hello"}))
    told = {"mid": "out-1", "text": "written on the phone", "is_echo": True, "app_id": 1}
    sides = {"sender": {"id": ACCOUNT[kind]}, "recipient": {"id": CUSTOMER}}
    assert road.tell({**road.element(message=told), **sides}) == 200
    with tenant_scope(acme):
        echo = Message.objects.get(direction="out")
        assert (echo.author_kind, echo.text) == ("outside", "written on the phone")


@KINDS
def test_another_brand_sees_nothing_of_it(kind: str, road: Road, acme: TenantRef, globex: TenantRef) -> None:
    road.tell(road.element(message={"mid": "in-1", "text": "hello"}))
    with tenant_scope(acme):
        assert Message.objects.exists() and InboundRecord.objects.exists()
    with tenant_scope(globex):
        assert not Message.objects.exists() and not InboundRecord.objects.exists()


@pytest.mark.parametrize("kind", ["instagram"])
def test_an_answer_to_a_story_shows_its_link_and_fetches_nothing(
    kind: str, road: Road, acme: TenantRef, double: Double
) -> None:
    story = {"id": "1790", "url": f"{double.url}/story.jpg"}
    told = {"mid": "in-1", "text": "so pretty", "reply_to": {"story": story}}
    assert road.tell(road.element(message=told)) == 200
    with tenant_scope(acme):
        message, attachment = Message.objects.get(), Attachment.objects.get()
        assert (message.kind, message.text) == ("text", "so pretty")
        assert (attachment.kind, attachment.url) == ("link", f"{double.url}/story.jpg")
    assert "/story.jpg" not in [asked.path for asked in double.asked]


@KINDS
def test_a_thread_that_another_app_owns_says_so(kind: str, road: Road, acme: TenantRef) -> None:
    assert road.tell(road.element(message={"mid": "in-1", "text": "hello"}), part="standby") == 200
    assert road.tell(road.element(message={"mid": "in-2", "text": "again"})) == 200
    with tenant_scope(acme):
        assert [each.details for each in Message.objects.order_by("number")] == [{"standby": True}, {}]


@pytest.mark.parametrize("kind", ["messenger"])
def test_news_of_thread_control_stands_in_the_log(kind: str, road: Road, acme: TenantRef) -> None:
    told = {"previous_owner_app_id": "1", "new_owner_app_id": "2"}
    assert road.tell(road.element(take_thread_control=told)) == 200
    with tenant_scope(acme):
        news = Event.objects.get(name="inbox.told")
        assert (news.payload["change"], news.payload["details"]["action"]) == ("thread_control", "taken")
        assert Inbox.objects.get().health == "good"


@KINDS
def test_a_comment_opens_a_conversation_of_its_own_once(kind: str, road: Road, acme: TenantRef) -> None:
    changes = {
        "instagram": {"field": "comments", "value": {"id": "1", "text": "price?", "from": {"id": CUSTOMER}}},
        "messenger": {
            "field": "feed",
            "value": {"item": "comment", "verb": "add", "comment_id": "1", "from": {"id": CUSTOMER}},
        },
    }
    assert road.tell(changes[kind], part="changes") == 200
    assert road.tell(changes[kind], part="changes") == 200
    with tenant_scope(acme):
        assert InboundRecord.objects.get().event_id == "comment:1"
        assert Conversation.objects.get().kind == "comments"
        assert Message.objects.get().external_id == "1"
