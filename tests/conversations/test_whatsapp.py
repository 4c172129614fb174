"""WhatsApp from the hook to the desk and back: identities that change, reports that name our own id, files by id."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact, ContactIdentity
from conversations import inboxes
from conversations.models import Attachment, Conversation, InboundRecord, Inbox, Message
from tenants import directory
from tenants.directory import TenantRef
from tenants.models import User
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, ApiToken, Event
from tests.conversations.channels.samples.whatsapp import (
    ACCOUNT,
    ADDRESS,
    USER_ID,
    change,
    signature_headers,
)
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import answer, deliver, statuses
from tests.conversations.posting import call
from tests.scene import token_in_the_name_of

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "app-secret"
BOTH = {"contacts": [{"profile": {"name": "陳美玲"}, "wa_id": ADDRESS, "user_id": USER_ID}]}


@pytest.fixture
def inbox(acme: TenantRef, double: Double) -> Inbox:
    with tenant_scope(acme):
        inbox = inboxes.connect(
            "whatsapp",
            ACCOUNT.account_id,
            "WhatsApp",
            by=SYSTEM,
            credentials={"access_token": "number-token"},
            secret=SECRET,
            base_url=double.url,
        )
    directory.forget()
    return inbox


def post(tenant: TenantRef, inbox: Inbox, **value: Any) -> None:
    """A signed webhook with one change, to the inbox's own address."""
    body = change(value)
    with tenant_scope(tenant):
        path = f"/hooks/whatsapp/{inboxes.app_of(inbox).key}"
    assert asyncio.run(call(path, body, headers=signature_headers(body, SECRET))) == (200, b"{}")


def said(mid: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "from": ADDRESS, "id": mid, "timestamp": "1793585400", "type": "text", "text": {"body": text}, **more,
    }  # fmt: skip


def status(mid: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": mid, "status": name, "timestamp": "1793585460", "recipient_id": ADDRESS, **more}


def accepts(mid: str) -> Answer:
    return Answer(200, {"messaging_product": "whatsapp", "messages": [{"id": mid}]})


def threads() -> list[list[str]]:
    """The texts of each conversation, oldest conversation first."""
    return [
        list(Message.objects.filter(conversation=each).order_by("number").values_list("text", flat=True))
        for each in Conversation.objects.order_by("id")
    ]


# --- who it is ---------------------------------------------------------------------------------------------


def test_number_alone_both_and_user_id_alone_go_on_in_one_thread(acme: TenantRef, inbox: Inbox) -> None:
    post(acme, inbox, messages=[said("w1", "number")])
    post(acme, inbox, **BOTH, messages=[said("w2", "both", from_user_id=USER_ID)])
    hidden = {**said("w3", "user id", from_user_id=USER_ID), "from": ""}
    post(acme, inbox, contacts=[{"profile": {"name": "Mei"}, "user_id": USER_ID}], messages=[hidden])
    with tenant_scope(acme):
        assert threads() == [["number", "both", "user id"]]
        assert Contact.objects.count() == 1
        named = dict(ContactIdentity.objects.values_list("address", "stands_for__address"))
        assert named == {ADDRESS: None, USER_ID: ADDRESS}


def test_who_came_by_user_id_alone_is_the_same_one_with_a_number(acme: TenantRef, inbox: Inbox) -> None:
    hidden = {**said("w1", "user id", from_user_id=USER_ID), "from": ""}
    post(acme, inbox, messages=[hidden])
    post(acme, inbox, **BOTH, messages=[said("w2", "both", from_user_id=USER_ID)])
    post(acme, inbox, messages=[said("w3", "number")])
    with tenant_scope(acme):
        assert threads() == [["user id", "both", "number"]]
        assert Conversation.objects.get().identity.address == USER_ID


def test_all_of_it_in_one_change_is_one_thread_too(acme: TenantRef, inbox: Inbox) -> None:
    new = "886987654321"
    system = {"type": "user_changed_number", "wa_id": new, "body": "changed"}
    moved = {"from": ADDRESS, "id": "w3", "timestamp": "1793585401", "type": "system", "system": system}
    post(
        acme,
        inbox,
        **BOTH,
        messages=[
            said("w1", "both", from_user_id=USER_ID),
            said("w2", "number"),
            moved,
            {**said("w4", "new number"), "from": new},
        ],
    )
    with tenant_scope(acme):
        assert sorted(threads()[0]) == ["both", "new number", "number"] and len(threads()) == 1


def test_a_new_number_goes_on_in_the_same_thread_and_is_answered_there(
    acme: TenantRef, inbox: Inbox, double: Double, bob_agent: Agent
) -> None:
    post(acme, inbox, messages=[said("w1", "hello")])
    new = "886987654321"
    system = {"type": "user_changed_number", "wa_id": new, "body": "changed"}
    moved = {"from": ADDRESS, "id": "w2", "timestamp": "1793585401", "type": "system", "system": system}
    post(acme, inbox, messages=[moved])
    post(acme, inbox, messages=[{**said("w3", "here I am"), "from": new}])
    with tenant_scope(acme):
        assert threads() == [["hello", "here I am"]]
        assert Event.objects.filter(name="contact.updated").exists()
        conversation = Conversation.objects.get()
        conversation.last_customer_message_at = conversation.created_at
        conversation.save(update_fields=["last_customer_message_at"])
        double.answers.append(accepts("wamid.OUT1"))
        answer(conversation, "Yes.", bob_agent)
        deliver(conversation)
        assert statuses(conversation) == ["sent"]
    assert double.asked[-1].body["to"] == new


# --- what became of ours -----------------------------------------------------------------------------------


@pytest.fixture
def conversation(acme: TenantRef, inbox: Inbox) -> Conversation:
    post(acme, inbox, messages=[said("w1", "hello")])
    with tenant_scope(acme):
        found = Conversation.objects.select_related("inbox", "identity").get()
        found.last_customer_message_at = found.created_at  # the samples' time is long past
        found.save(update_fields=["last_customer_message_at"])
        return found


def test_an_answer_by_rest_goes_out_and_its_statuses_come_back(
    acme: TenantRef, inbox: Inbox, double: Double, conversation: Conversation, bob: User, alice: User
) -> None:
    double.answers.append(accepts("wamid.OUT1"))
    token = token_in_the_name_of(bob, acme, ApiToken.Access.WRITE, by=alice)
    reply = Client(headers={"host": acme.primary_host, "authorization": f"Bearer {token}"}).post(
        f"/api/v1/conversations/{conversation.id}/messages",
        json.dumps({"text": "您好"}),
        content_type="application/json",
    )
    assert reply.status_code == 201
    with tenant_scope(acme):
        deliver(conversation)
    sent = double.asked[-1]
    assert sent.path == f"/v25.0/{ACCOUNT.account_id}/messages"
    assert (sent.body["to"], sent.body["text"]["body"]) == (ADDRESS, "您好")
    assert sent.body["biz_opaque_callback_data"] == reply.json()["id"]
    post(acme, inbox, statuses=[status("wamid.OUT1", "delivered"), status("wamid.OUT1", "sent")])
    with tenant_scope(acme):
        assert statuses(conversation) == ["delivered"]
    post(acme, inbox, statuses=[status("wamid.OUT1", "read")])
    post(acme, inbox, statuses=[status("wamid.OUT1", "read")])
    with tenant_scope(acme):
        assert statuses(conversation) == ["read"]
        assert Event.objects.filter(name="message.read").count() == 1


def test_a_send_whose_answer_got_lost_is_known_by_its_status(
    acme: TenantRef, inbox: Inbox, double: Double, conversation: Conversation, bob_agent: Agent
) -> None:
    double.answers.append(Answer(cut=True))
    with tenant_scope(acme):
        message = answer(conversation, "Is it there?", bob_agent)
        deliver(conversation)
        assert statuses(conversation) == ["pending"]
    told = status("wamid.OUT7", "sent", biz_opaque_callback_data=str(message.id))
    post(acme, inbox, statuses=[told])
    with tenant_scope(acme):
        message.refresh_from_db()
        assert (message.status, message.external_id) == ("sent", "wamid.OUT7")
    post(acme, inbox, statuses=[status("wamid.OUT7", "delivered")])
    with tenant_scope(acme):
        assert statuses(conversation) == ["delivered"]


def test_a_status_with_another_brands_message_id_changes_nothing_here(
    acme: TenantRef, inbox: Inbox, double: Double, conversation: Conversation, bob_agent: Agent
) -> None:
    with tenant_scope(acme):
        other = inboxes.connect(
            "whatsapp", "999", "Other", by=SYSTEM, credentials={}, secret="x", base_url=double.url
        )
        double.answers.append(Answer(cut=True))
        message = answer(conversation, "Is it there?", bob_agent)
        deliver(conversation)
        Message.objects.filter(id=message.id).update(inbox=other)
    told = status("wamid.OUT7", "sent", biz_opaque_callback_data=str(message.id))
    post(acme, inbox, statuses=[told])
    with tenant_scope(acme):
        message.refresh_from_db()
        assert (message.status, message.external_id) == ("pending", "")


def test_the_window_that_was_closed_all_along_is_shown_as_such(
    acme: TenantRef, inbox: Inbox, double: Double, conversation: Conversation, bob_agent: Agent
) -> None:
    double.answers.append(accepts("wamid.OUT1"))
    with tenant_scope(acme):
        message = answer(conversation, "Too late?", bob_agent)
        deliver(conversation)
    error = {"code": 131047, "title": "Re-engagement message", "error_data": {"details": "24 hours"}}
    post(acme, inbox, statuses=[status("wamid.OUT1", "failed", errors=[error])])
    with tenant_scope(acme):
        message.refresh_from_db()
        assert (message.status, message.error_kind) == ("failed", "window_closed")
        assert message.error_detail == "131047 24 hours"


# --- everything else ---------------------------------------------------------------------------------------


def test_files_places_and_taps_stand_in_the_thread(acme: TenantRef, inbox: Inbox) -> None:
    image = {"id": "1013859600285441", "mime_type": "image/jpeg", "caption": "broken"}
    tap = {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}
    common = {"from": ADDRESS, "timestamp": "1793585400"}
    post(
        acme,
        inbox,
        messages=[
            {**common, "id": "w1", "type": "image", "image": image},
            {**common, "id": "w2", "type": "interactive", "interactive": tap, "context": {"id": "o1"}},
            {**common, "id": "w3", "type": "brand_new", "brand_new": {}},
        ],
    )
    with tenant_scope(acme):
        rows = list(Message.objects.order_by("number").values_list("kind", "text", "reply_to"))
        assert rows == [("attachment", "broken", ""), ("postback", "Yes", "o1"), ("unsupported", "", "")]
        assert Message.objects.get(external_id="w2").details == {"postback": "yes"}
        assert Attachment.objects.get().media_id == "1013859600285441"


def test_news_of_the_account_stand_in_the_log_and_open_no_conversation(acme: TenantRef, inbox: Inbox) -> None:
    told = {"event": "PAUSED", "message_template_name": "hello", "message_template_language": "en"}
    body = json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {"id": "1", "changes": [{"field": "message_template_status_update", "value": told}]},
            ],
        }
    ).encode()
    with tenant_scope(acme):
        path = f"/hooks/whatsapp/{inboxes.app_of(inbox).key}"
    assert asyncio.run(call(path, body, headers=signature_headers(body, SECRET)))[0] == 200
    with tenant_scope(acme):
        event = Event.objects.get(name="inbox.told")
        assert (event.payload["inbox_id"], event.payload["change"]) == (str(inbox.id), "template")
        assert event.payload["details"] == {"name": "hello", "language": "en", "status": "PAUSED"}
        assert not Conversation.objects.exists()
        assert InboundRecord.objects.get().state == "done"


def test_a_webhook_signed_by_somebody_else_stores_nothing(acme: TenantRef, inbox: Inbox) -> None:
    body = change({"messages": [said("w1", "hello")]})
    with tenant_scope(acme):
        path = f"/hooks/whatsapp/{inboxes.app_of(inbox).key}"
    assert asyncio.run(call(path, body, headers=signature_headers(body, "another")))[0] == 401
    with tenant_scope(acme):
        assert not InboundRecord.objects.exists()
    post(acme, inbox, messages=[said("w1", "hello")])
    with tenant_scope(acme):
        assert threads() == [["hello"]]
