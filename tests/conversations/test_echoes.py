"""Echoes of our own messages, in every order with the platform's answer: one message, one bubble, no standstill."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import attempts
from conversations.channels.base import Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import Conversation, Message, OutboundAttempt, Wait
from conversations.realtime import frames
from tenants.directory import TenantRef
from tenants.workspace.models import Agent, Event
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import (
    a_conversation,
    an_inbox,
    answer,
    customer_writes,
    deliver,
    jobs_for,
    statuses,
)
from tests.conversations.posting import START, Element, arrive, delivered, reaction

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def page(in_acme: TenantRef, double: Double) -> Conversation:
    return a_conversation(an_inbox("messenger", double.url))


def echo(page: Conversation, mid: str, *, metadata: str = "") -> Element:
    """Messenger tells what was sent to the customer just now."""
    content = {"mid": mid, "text": "hi", "is_echo": True, "app_id": 1}
    return {
        "sender": {"id": page.inbox.account_id},
        "recipient": {"id": page.identity.address},
        "timestamp": round(timezone.now().timestamp() * 1000),
        "message": {**content, "metadata": metadata} if metadata else content,
    }


def from_customer(page: Conversation, told: Element) -> Element:
    return {**told, "sender": {"id": page.identity.address}, "recipient": {"id": page.inbox.account_id}}


def test_an_echo_before_the_answer_is_one_message_in_the_end(page: Conversation, bob_agent: Agent) -> None:
    message = answer(page, "hi", bob_agent)
    call = attempts.begin(page.id)
    assert call is not None
    arrive(page.inbox, echo(page, "m_1"))
    twin = Message.objects.get(external_id="m_1")
    assert (twin.author_kind, twin.id != message.id) == ("outside", True)
    seconds = (timezone.now() - START).total_seconds()
    arrive(page.inbox, from_customer(page, reaction("m_1", "👍", seconds)))
    arrive(page.inbox, from_customer(page, delivered(["m_1"], seconds)))
    attempts.finish(call, Sent(external_id="m_1"))
    (ours,) = Message.objects.filter(conversation=page, direction="out")
    assert (ours.id, ours.external_id, ours.status, ours.reaction) == (message.id, "m_1", "delivered", "👍")
    merged = Event.objects.get(name="message.merged")
    assert merged.payload == {"message_id": str(message.id), "twin_id": str(twin.id)}
    arrive(page.inbox, echo(page, "m_1"))
    assert Message.objects.filter(conversation=page, direction="out").count() == 1


def test_an_echo_after_the_answer_is_the_same_message(page: Conversation, bob_agent: Agent) -> None:
    message = answer(page, "hi", bob_agent)
    deliver(page)
    arrive(page.inbox, echo(page, "m_1"))
    (ours,) = Message.objects.filter(conversation=page, direction="out")
    assert (ours.id, ours.external_id, ours.status) == (message.id, "m_1", "sent")
    assert not Event.objects.filter(name="message.merged").exists()


def test_the_browser_is_told_which_bubble_goes(page: Conversation, bob_agent: Agent) -> None:
    answer(page, "hi", bob_agent)
    call = attempts.begin(page.id)
    assert call is not None
    arrive(page.inbox, echo(page, "m_1"))
    before = Event.objects.order_by("-sequence")[0].sequence
    attempts.finish(call, Sent(external_id="m_1"))
    batch = frames.read_after(before)
    assert batch is not None
    told = json.loads(batch.text_for(None))["events"]
    assert [event["name"] for event in told] == ["message.sent", "message.merged"]
    assert told[-1]["message"]["external_id"] == "m_1"


def test_a_bots_echo_that_looked_like_a_persons_answer_gives_the_wait_back(page: Conversation) -> None:
    wrote_at = Wait.objects.get().started_at
    outbound_by_a_bot(page)
    call = attempts.begin(page.id)
    assert call is not None
    arrive(page.inbox, echo(page, "m_1"))
    assert Wait.objects.get().ended_at is not None
    attempts.finish(call, Sent(external_id="m_1"))
    (wait,) = Wait.objects.values("started_at", "ended_at", "answered_outside", "is_first")
    assert wait == {"started_at": wrote_at, "ended_at": None, "answered_outside": False, "is_first": True}
    assert Conversation.objects.get().waiting_since == wrote_at


def outbound_by_a_bot(page: Conversation) -> None:
    from_bot = Message(
        conversation=page, inbox=page.inbox, number=page.message_count + 1, direction="out", author_kind="bot",
        text="hi", status="pending", sent_at=timezone.now(), created_at=timezone.now(),
    )  # fmt: skip
    from_bot.save()
    Conversation.objects.filter(id=page.id).update(message_count=from_bot.number)


def test_the_platforms_id_of_another_conversations_message_is_not_taken_away(
    page: Conversation, bob_agent: Agent
) -> None:
    other = a_conversation(page.inbox)
    arrive(page.inbox, echo(other, "m_1"))
    answer(page, "hi", bob_agent)
    deliver(page)
    assert statuses(page) == ["sent"]
    assert Message.objects.get(external_id="m_1").conversation_id == other.id


def test_an_echo_lets_the_messages_behind_go_at_once(
    page: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(Answer(cut=True))
    message = answer(page, "hi", bob_agent)
    answer(page, "behind", bob_agent)
    deliver(page)
    assert statuses(page) == ["pending", "pending"]
    waiting = jobs_for(page.id)
    arrive(page.inbox, echo(page, "m_9", metadata=str(message.id)))
    assert jobs_for(page.id) == waiting + 1
    deliver(page)
    assert (statuses(page), double.texts) == (["sent", "sent"], ["hi", "behind"])


def test_an_echo_of_a_message_that_blocked_nobody_asks_for_nothing(
    page: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(page, "hi", bob_agent)
    deliver(page)
    waiting = jobs_for(page.id)
    arrive(page.inbox, echo(page, "m_1", metadata=str(message.id)))
    arrive(page.inbox, from_customer(page, delivered(["m_1"], (timezone.now() - START).total_seconds())))
    assert (statuses(page), jobs_for(page.id)) == (["delivered"], waiting)


@pytest.mark.parametrize("kind", [ErrorKind.UNKNOWN_OUTCOME, ErrorKind.BAD_REQUEST, ErrorKind.TEMPORARY])
def test_what_an_echo_has_shown_is_not_taken_back_by_a_bad_answer(
    page: Conversation, bob_agent: Agent, kind: ErrorKind
) -> None:
    message = answer(page, "hi", bob_agent)
    call = attempts.begin(page.id)
    assert call is not None
    arrive(page.inbox, echo(page, "m_1", metadata=str(message.id)))
    settled = attempts.finish(call, DeliveryError(kind))
    assert (statuses(page), settled.retry_at) == (["sent"], None)
    assert OutboundAttempt.objects.get().outcome == "unknown"
    assert not Event.objects.filter(name__in=["message.failed", "message.unconfirmed"]).exists()


def test_who_answers_while_a_twin_is_merged_is_not_held_up_by_it(
    page: Conversation, bob_agent: Agent
) -> None:
    answer(page, "hi", bob_agent)
    call = attempts.begin(page.id)
    assert call is not None
    arrive(page.inbox, echo(page, "m_1"))
    seen = Conversation.objects.get().message_count
    attempts.finish(call, Sent(external_id="m_1"))
    answer(page, "one more thing", bob_agent, seen_number=seen)
    customer_writes(page, "thanks", at=timezone.now() + timedelta(seconds=1))
    assert statuses(page) == ["sent", "pending"]
