"""Advertising and those who do not want it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from contacts import consent
from conversations import outbound
from conversations.channels.outgoing import Template
from conversations.channels.templates import PlatformTemplate, fill
from conversations.models import Conversation, Message
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, deliver, statuses

pytestmark = pytest.mark.django_db

SALE = PlatformTemplate(external_id="1", name="sale", language="zh_TW", category="marketing", body="Tea!")
ORDER = PlatformTemplate(external_id="2", name="order", language="zh_TW", category="utility", body="Sent.")


@pytest.fixture
def whatsapp(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("whatsapp"))


def say(conversation: Conversation, state: str, channel: str = "whatsapp") -> None:
    consent.state(
        conversation.contact, purpose="marketing", channel=channel, state=state, source="agent", by=SYSTEM
    )


def send(conversation: Conversation, agent: Agent, template: Template) -> Message:
    return outbound.reply(
        conversation,
        "Tea!",
        by=Actor.agent(agent),
        client_id=uuid4(),
        seen_number=None,
        template=template,
    )


def test_who_took_consent_back_gets_no_advertising_but_service(
    whatsapp: Conversation, bob_agent: Agent
) -> None:
    say(whatsapp, "withdrawn")
    with pytest.raises(ReplyRefused) as refusal:
        send(whatsapp, bob_agent, fill(SALE, {}))
    assert refusal.value.code == "no_consent"
    assert statuses(whatsapp) == []
    send(whatsapp, bob_agent, fill(ORDER, {}))
    assert statuses(whatsapp) == ["pending"]


def test_who_gave_it_again_gets_advertising(whatsapp: Conversation, bob_agent: Agent) -> None:
    say(whatsapp, "withdrawn")
    say(whatsapp, "given")
    send(whatsapp, bob_agent, fill(SALE, {}))
    assert statuses(whatsapp) == ["pending"]


def test_consent_taken_back_on_another_channel_says_nothing_here(
    whatsapp: Conversation, bob_agent: Agent
) -> None:
    say(whatsapp, "withdrawn", "sms")
    send(whatsapp, bob_agent, fill(SALE, {}))
    assert statuses(whatsapp) == ["pending"]


def test_consent_is_asked_once_more_when_the_message_goes_out(
    whatsapp: Conversation, bob_agent: Agent
) -> None:
    message = send(whatsapp, bob_agent, fill(SALE, {}))
    say(whatsapp, "withdrawn", "")
    deliver(whatsapp)
    message.refresh_from_db()
    assert (message.status, message.error_kind) == ("failed", "no_consent")
