"""Platforms that count: five answers to a message, until the customer writes again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations import outbound
from conversations.channels.outgoing import Template
from conversations.models import Conversation, Inbox, Message
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent
from tests.conversations.double import Double
from tests.conversations.outgoing import a_conversation, an_inbox, answer, deliver, statuses
from tests.conversations.posting import arrive
from tests.conversations.wechat import OPENID, TAKEN, an_official_account, element, event, lends, refuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def inbox(in_acme: TenantRef, double: Double) -> Inbox:
    return an_official_account(double.url)


@pytest.fixture
def conversation(inbox: Inbox) -> Conversation:
    arrive(inbox, element(1, now()))
    return talk()


def now(**ago: float) -> int:
    return int((timezone.now() - timedelta(**ago)).timestamp())


def talk() -> Conversation:
    return Conversation.objects.select_related("inbox", "identity").get(identity__address=OPENID)


def counts() -> tuple[int, int]:
    row = talk()
    return row.sent_in_window, row.sent_in_brief_window


def refused(conversation: Conversation, agent: Agent, **given: Any) -> ReplyRefused:
    before = (counts(), Message.objects.count())
    with pytest.raises(ReplyRefused) as caught:
        answer(conversation, "one more", agent, **given)
    assert (counts(), Message.objects.count()) == before
    return caught.value


def test_the_sixth_answer_is_refused_until_the_customer_writes_again(
    inbox: Inbox, conversation: Conversation, bob_agent: Agent
) -> None:
    for number in range(5):
        answer(conversation, f"answer {number}", bob_agent)
    refusal = refused(conversation, bob_agent)
    assert (refusal.code, refusal.limit, counts()) == ("window_used_up", 0, (5, 0))
    Message.objects.filter(direction="out").update(status="sent")
    arrive(inbox, element(2, now()))
    assert counts() == (0, 0)
    assert answer(conversation, "again", bob_agent).status == "pending"


def test_what_still_waits_goes_into_the_new_window(
    inbox: Inbox, conversation: Conversation, bob_agent: Agent
) -> None:
    for number in range(5):
        answer(conversation, f"answer {number}", bob_agent)
    Message.objects.filter(text__in=["answer 0", "answer 1"]).update(status="sent")
    arrive(inbox, element(2, now()))
    assert counts() == (3, 0)


def test_an_old_message_that_comes_late_or_again_opens_nothing(
    inbox: Inbox, conversation: Conversation, bob_agent: Agent
) -> None:
    answer(conversation, "answer", bob_agent)
    Message.objects.filter(direction="out").update(status="sent")
    arrive(inbox, element(3, now(hours=1)))
    assert counts() == (1, 0)
    arrive(inbox, element(1, now()))
    assert counts() == (1, 0)


def test_all_five_are_sent_though_all_are_counted(
    conversation: Conversation, double: Double, bob_agent: Agent
) -> None:
    for number in range(5):
        answer(conversation, f"answer {number}", bob_agent)
    double.answers.extend([lends(), *[TAKEN] * 5])
    deliver(conversation)
    assert statuses(conversation) == ["sent"] * 5 and counts() == (5, 0)


def test_what_the_platform_did_not_take_is_not_counted_and_counts_when_tried_again(
    conversation: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(conversation, "answer", bob_agent)
    double.answers.extend([lends(), refuses(45002)])
    deliver(conversation)
    assert statuses(conversation) == ["failed"] and counts() == (0, 0)
    message.refresh_from_db()
    outbound.retry(message, by=Actor.agent(bob_agent))
    assert counts() == (1, 0)


def test_a_message_that_finds_the_window_full_fails_without_a_call(
    conversation: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(conversation, "answer", bob_agent)
    Conversation.objects.update(sent_in_window=6)  # somebody answered in the platform's own inbox
    deliver(conversation)
    message.refresh_from_db()
    assert (message.status, message.error_kind, double.asked) == ("failed", "quota_used", [])


def test_a_template_needs_no_place(conversation: Conversation, bob_agent: Agent) -> None:
    Conversation.objects.update(sent_in_window=5)
    template = Template(name="tpl-1", language="zh_TW", parts={"body:thing1": ("tea",)})
    message = outbound.reply(
        conversation,
        "Your tea",
        by=Actor.agent(bob_agent),
        client_id=uuid4(),
        seen_number=None,
        template=template,
    )
    assert message.kind == "template" and counts() == (5, 0)
    assert refused(conversation, bob_agent).code == "window_used_up"


def test_nothing_is_counted_where_the_platform_does_not(bob_agent: Agent, in_acme: TenantRef) -> None:
    conversation = a_conversation(an_inbox("messenger"))
    for number in range(6):
        answer(conversation, f"answer {number}", bob_agent)
    conversation.refresh_from_db()
    assert conversation.sent_in_window == 0


# --- brief windows -----------------------------------------------------------------------------------------


def test_a_tapped_menu_opens_a_minute_and_not_two_days(inbox: Inbox, bob_agent: Agent) -> None:
    arrive(inbox, event("CLICK", now(), EventKey="ORDER_STATUS"))
    conversation = talk()
    assert conversation.last_customer_message_at is None and conversation.waiting_since is not None
    for number in range(3):
        answer(conversation, f"answer {number}", bob_agent)
    assert counts() == (0, 3) and refused(conversation, bob_agent).code == "window_closed"
    Message.objects.filter(direction="out").update(status="sent")
    arrive(inbox, event("CLICK", now() + 1, EventKey="ORDER_STATUS"))
    assert counts() == (0, 0)
    Conversation.objects.update(brief_window_at=timezone.now() - timedelta(seconds=61))
    assert refused(conversation, bob_agent).code == "window_closed"


@pytest.mark.parametrize("name", ["SCAN", "subscribe"])
def test_a_scanned_code_and_a_follow_open_a_minute_too(
    inbox: Inbox, conversation: Conversation, bob_agent: Agent, name: str
) -> None:
    Conversation.objects.update(sent_in_window=5)
    assert refused(conversation, bob_agent).code == "window_used_up"
    arrive(inbox, event(name, now(), EventKey="shop-7"))
    answer(conversation, "welcome", bob_agent)
    assert counts() == (5, 1)


def test_what_the_platform_did_not_take_in_a_brief_window_is_given_back_there(
    inbox: Inbox, conversation: Conversation, double: Double, bob_agent: Agent
) -> None:
    Conversation.objects.update(sent_in_window=5)
    arrive(inbox, event("CLICK", now(), EventKey="ORDER_STATUS"))
    message = answer(conversation, "answer", bob_agent)
    assert counts() == (5, 1)
    double.answers.extend([lends(), refuses(45002)])
    deliver(conversation)
    assert statuses(conversation) == ["failed"] and counts() == (5, 0)
    Conversation.objects.update(sent_in_window=4)  # another one failed meanwhile
    outbound.retry(message, by=Actor.agent(bob_agent))
    assert counts() == (5, 0)
    double.answers.append(refuses(45002))
    deliver(conversation)
    assert statuses(conversation) == ["failed"] and counts() == (4, 0)


def test_an_older_scan_told_later_changes_nothing(inbox: Inbox, conversation: Conversation) -> None:
    arrive(inbox, event("SCAN", now(), EventKey="shop-7"))
    newest = talk().brief_window_at
    Conversation.objects.update(sent_in_brief_window=2)
    arrive(inbox, event("SCAN", now(hours=1), EventKey="shop-8"))
    assert (talk().brief_window_at, counts()) == (newest, (0, 2))


def test_who_follows_and_never_wrote_is_nobodys_conversation(inbox: Inbox) -> None:
    arrive(inbox, event("subscribe", now(), EventKey=""))
    assert not Conversation.objects.exists() and not ContactIdentity.objects.filter(address=OPENID).exists()


# --- what people see ---------------------------------------------------------------------------------------


def test_the_composer_knows_how_many_are_left(
    as_bob: Client, conversation: Conversation, bob_agent: Agent
) -> None:
    answer(conversation, "answer", bob_agent)
    html = as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()
    assert 'data-window="open"' in html
    assert "&quot;messages&quot;: 5" in html and 'data-sent-in-window="1"' in html
    Conversation.objects.update(sent_in_window=5)
    assert 'data-window="used_up"' in as_bob.get(f"/inbox/all/{conversation.id}/").content.decode()


def test_the_desk_says_why_in_words(as_bob: Client, conversation: Conversation) -> None:
    Conversation.objects.update(sent_in_window=5)
    body = {"text": "one more", "client_id": str(uuid4()), "seen_number": 1}
    refusal = as_bob.post(
        f"/desk/conversations/{conversation.id}/reply/", body, content_type="application/json"
    )
    assert refusal.status_code == 409 and refusal.json()["code"] == "window_used_up"
    assert "until the customer writes again" in refusal.json()["title"]
