"""Text messages from the webhook to the desk and back, over our public doors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from contacts import consent
from conversations import inboxes
from conversations.models import Conversation, InboundRecord, Message
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import tenant_scope
from tenants.workspace import reactors
from tenants.workspace.events import SYSTEM
from tests.conversations.channels.samples.sms import ACCOUNT_SID, ADDRESS, message_element, write
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import deliver
from tests.conversations.posting import call
from tests.programs import Api

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER, TOKEN = "+15005550006", "twilio-auth-token-1"


@dataclass
class Road:
    """One number of acme."""

    key: str

    def tell(self, form: dict[str, Any], *, signed_for: str = "", token: str = TOKEN) -> tuple[int, bytes]:
        """Post a webhook as Twilio signs it; status and body of the answer."""
        path = f"/hooks/sms/{self.key}"
        url = signed_for or f"http://localhost{path}"
        signature = RequestValidator(token).compute_signature(url, form)
        return asyncio.run(call(path, write(form), headers={"x-twilio-signature": signature}))


def connect(tenant: TenantRef, base_url: str, account_id: str = NUMBER) -> Road:
    with tenant_scope(tenant):
        inbox = inboxes.connect(
            "sms",
            account_id,
            "SMS",
            by=SYSTEM,
            credentials={"access_token": TOKEN},
            settings={"account_sid": ACCOUNT_SID},
            secret=TOKEN,
            base_url=base_url,
        )
    return Road(ChannelApp.objects.get(routes__inbox_id=inbox.id).key)


@pytest.fixture
def road(acme: TenantRef, double: Double) -> Road:
    return connect(acme, double.url)


def test_a_message_is_answered_and_its_way_is_shown(
    road: Road, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    assert road.tell(message_element("SM1", "你好 🍎")) == (200, b"<Response></Response>")
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    answered = as_bobs_program.post(f"conversations/{conversation.id}/messages", {"text": "您好 🍎"})
    assert answered.status_code == 201
    double.answers.append(Answer(201, {"sid": "SM9", "status": "queued"}))
    with tenant_scope(acme):
        deliver(conversation)
    [asked] = double.asked
    form = dict(parse_qsl(asked.body.decode()))
    assert asked.path == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    assert (form["To"], form["From"], form["Body"]) == (ADDRESS, NUMBER, "您好 🍎")
    assert form["StatusCallback"].endswith(f"/hooks/sms/{road.key}")
    for status in ("delivered", "sent"):  # in the wrong order, as it happens
        report = {"MessageSid": "SM9", "MessageStatus": status, "To": ADDRESS, "From": NUMBER}
        assert road.tell(report)[0] == 200
    with tenant_scope(acme):
        assert Message.objects.get(direction="out").status == "delivered"


def test_a_failure_that_is_told_later_says_why(
    road: Road, acme: TenantRef, double: Double, as_bobs_program: Api
) -> None:
    road.tell(message_element("SM1", "hello"))
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
    as_bobs_program.post(f"conversations/{conversation.id}/messages", {"text": "hi"})
    double.answers.append(Answer(201, {"sid": "SM9", "status": "queued"}))
    with tenant_scope(acme):
        deliver(conversation)
    report = {
        "MessageSid": "SM9",
        "MessageStatus": "undelivered",
        "ErrorCode": "30007",
        "To": ADDRESS,
        "From": NUMBER,
    }
    assert road.tell(report)[0] == 200
    with tenant_scope(acme):
        message = Message.objects.get(direction="out")
        assert (message.status, message.error_kind) == ("failed", "bad_request")


def test_who_writes_stop_cannot_be_answered_until_start(
    road: Road, acme: TenantRef, as_bobs_program: Api
) -> None:
    road.tell(message_element("SM1", "STOP"))
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        assert Message.objects.get().text == "STOP"
    path = f"conversations/{conversation.id}/messages"
    with tenant_scope(acme):
        reactors.run_reactors()
        assert consent.is_withdrawn(conversation.contact_id, "sms", "marketing")
    refused = as_bobs_program.post(path, {"text": "why?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "unreachable")
    road.tell(message_element("SM2", "START"))
    assert as_bobs_program.post(path, {"text": "welcome back"}).status_code == 201


@pytest.mark.parametrize(
    "given", [{"token": "another"}, {"signed_for": "http://localhost/hooks/sms/another"}]
)
def test_a_call_that_twilio_did_not_sign_is_refused(
    road: Road, acme: TenantRef, given: dict[str, str]
) -> None:
    assert road.tell(message_element("SM1", "hello"), **given)[0] == 401
    with tenant_scope(acme):
        assert not InboundRecord.objects.exists()


def test_each_brand_hears_its_own_number(
    road: Road, acme: TenantRef, globex: TenantRef, double: Double
) -> None:
    other = connect(globex, double.url, "MG00000000000000000000000000000001")
    assert road.tell(message_element("SM1", "for acme"))[0] == 200
    assert other.tell(message_element("SM2", "for globex"))[0] == 200
    for tenant, text in ((acme, "for acme"), (globex, "for globex")):
        with tenant_scope(tenant):
            assert Message.objects.get().text == text
