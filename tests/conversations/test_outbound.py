from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import delivering, lifecycle, outbound
from conversations.models import Conversation, Inbox, Message, Session, Wait
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.statements import send_what_waits
from tenants.workspace import wake
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.outgoing import (
    a_conversation,
    an_inbox,
    answer,
    customer_writes,
    happened,
    jobs,
    waiting,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

BOT = Actor("bot", uuid4())

Capture = Callable[..., AbstractContextManager[list[Callable[[], Any]]]]


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("messenger"))


def refusal(conversation: Conversation, text: str, agent: Agent, **given: object) -> ReplyRefused:
    """Why an answer is refused, when nothing at all was written."""
    messages, log, waiting = Message.objects.count(), happened(), len(jobs())
    with pytest.raises(ReplyRefused) as caught:
        answer(conversation, text, agent, **given)
    assert (Message.objects.count(), happened(), len(jobs())) == (messages, log, waiting)
    return caught.value


def test_a_reply_stands_in_the_thread_before_anybody_calls_the_platform(
    conversation: Conversation, bob_agent: Agent
) -> None:
    client_id = uuid4()
    message = answer(conversation, "您好！", bob_agent, client_id=client_id, seen_number=1)
    conversation.refresh_from_db()
    assert (message.number, message.status, message.author_kind) == (2, "pending", "agent")
    assert (message.agent, message.client_id) == (bob_agent, client_id)
    assert (conversation.message_count, conversation.last_message_text) == (2, "您好！")
    assert conversation.last_message_direction == "out"
    event = Event.objects.get(name="message.replied")
    assert (event.conversation_id, event.actor_id) == (conversation.id, bob_agent.id)
    assert event.payload == {
        "message_id": str(message.id),
        "inbox_id": str(conversation.inbox_id),
        "number": 2,
        "client_id": str(client_id),
    }
    assert waiting() == [conversation.id]


def test_the_workers_are_told_once_the_answer_is_committed(
    conversation: Conversation,
    bob_agent: Agent,
    acme: TenantRef,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Capture,
) -> None:
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(wake, "call", lambda group, tenant_id: told.append((group, tenant_id)))
    with django_capture_on_commit_callbacks(execute=True):
        answer(conversation, "Hello", bob_agent)
        assert told == []
    assert told == [(delivering.WORKERS, acme.id)]


def test_a_persons_answer_ends_the_wait_and_takes_the_conversation_on(
    conversation: Conversation, bob_agent: Agent
) -> None:
    message = answer(conversation, "Good morning", bob_agent)
    conversation.refresh_from_db()
    wait = Wait.objects.get()
    assert (conversation.assignee, conversation.waiting_since) == (bob_agent, None)
    assert (wait.answered_by, wait.assignee, wait.dropped) == (bob_agent, bob_agent, False)
    assert wait.ended_at == message.sent_at
    assert happened() == ["conversation.assigned", "message.replied"]


def test_a_first_answer_costs_seven_statements_of_which_four_go_with_the_commit(
    conversation: Conversation, bob_agent: Agent
) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer(conversation, "您好！", bob_agent)
        waited_for = len(captured)
        send_what_waits()
    statements = [query["sql"] for query in captured]
    assert (waited_for, len(statements)) == (3, 7), statements
    conversation.refresh_from_db()
    assert (conversation.assignee, conversation.waiting_since) == (bob_agent, None)


def test_a_bots_answer_leaves_the_customer_waiting(conversation: Conversation) -> None:
    message = outbound.reply(conversation, "One moment", by=BOT, client_id=uuid4(), seen_number=None)
    conversation.refresh_from_db()
    assert (message.author_kind, message.agent) == ("bot", None)
    assert conversation.waiting_since is not None
    assert conversation.assignee is None
    assert Wait.objects.get().ended_at is None


def test_answering_for_a_colleague_does_not_take_the_conversation_away(
    conversation: Conversation, alice_agent: Agent, bob_agent: Agent
) -> None:
    lifecycle.assign(conversation, to=alice_agent, by=SYSTEM)
    answer(conversation, "Alice is at lunch", bob_agent)
    conversation.refresh_from_db()
    wait = Wait.objects.get()
    assert conversation.assignee == alice_agent
    assert (wait.answered_by, wait.assignee) == (bob_agent, alice_agent)


def test_a_brand_may_switch_off_taking_on_by_answering(conversation: Conversation, bob_agent: Agent) -> None:
    Inbox.objects.update(settings={"assign_on_reply": False})
    answer(conversation, "Good morning", bob_agent)
    conversation.refresh_from_db()
    assert conversation.assignee is None


def test_a_persons_answer_reopens_a_resolved_conversation_and_a_bots_does_not(
    conversation: Conversation, bob_agent: Agent
) -> None:
    lifecycle.resolve(conversation, by=SYSTEM)
    outbound.reply(conversation, "How was it?", by=BOT, client_id=uuid4(), seen_number=None)
    conversation.refresh_from_db()
    assert conversation.status == "resolved"
    answer(conversation, "One more thing", bob_agent)
    conversation.refresh_from_db()
    assert (conversation.status, Session.objects.count()) == ("open", 2)


def test_the_same_client_id_is_the_same_message(conversation: Conversation, bob_agent: Agent) -> None:
    client_id = uuid4()
    first = answer(conversation, "Once", bob_agent, client_id=client_id, seen_number=1)
    customer_writes(conversation, "meanwhile")
    again = answer(conversation, "Once", bob_agent, client_id=client_id, seen_number=1)
    assert first.id == again.id
    assert happened("message.replied") == ["message.replied"]
    assert Message.objects.filter(direction="out").count() == 1


def test_the_same_client_id_in_two_conversations_is_two_messages(
    conversation: Conversation, bob_agent: Agent
) -> None:
    client_id = uuid4()
    other = a_conversation(conversation.inbox)
    texts = [answer(row, "Hi", bob_agent, client_id=client_id).id for row in (conversation, other)]
    assert len(set(texts)) == 2


@pytest.mark.django_db(transaction=True)
def test_twins_that_come_at_once_are_one_message(
    conversation: Conversation, bob_agent: Agent, acme: TenantRef
) -> None:
    client_id, barrier, found = uuid4(), threading.Barrier(4), []

    def write() -> None:
        try:
            with tenant_scope(acme):
                barrier.wait(10)
                found.append(answer(conversation, "Once", bob_agent, client_id=client_id, seen_number=1).id)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert Message.objects.filter(direction="out").count() == 1


@pytest.mark.parametrize("text", ["", "   \n\t ", "　"])
def test_a_blank_answer_is_refused(conversation: Conversation, bob_agent: Agent, text: str) -> None:
    assert refusal(conversation, text, bob_agent).code == "text_blank"


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d pair"])
def test_signs_that_nobody_can_keep_are_refused(
    conversation: Conversation, bob_agent: Agent, text: str
) -> None:
    assert refusal(conversation, text, bob_agent).code == "text_unreadable"


@pytest.mark.parametrize(
    ("channel", "fits", "too_long", "limit"),
    [("messenger", "字" * 2000, "字" * 2001, 2000), ("line", "🦊" * 2500, "🦊" * 2500 + "!", 5000)],
)
def test_length_is_counted_in_the_channels_unit(
    bob_agent: Agent, channel: str, fits: str, too_long: str, limit: int
) -> None:
    conversation = a_conversation(an_inbox(channel))
    refused = refusal(conversation, too_long, bob_agent)
    assert (refused.code, refused.limit) == ("text_too_long", limit)
    assert answer(conversation, fits, bob_agent).text == fits


def test_what_came_meanwhile_stops_an_answer_and_is_shown(
    conversation: Conversation, bob_agent: Agent, alice_agent: Agent
) -> None:
    answer(conversation, "I have it", alice_agent)
    customer_writes(conversation, "Never mind")
    refused = refusal(conversation, "Which size?", bob_agent, seen_number=1)
    assert refused.code == "conversation_moved"
    assert [row["text"] for row in refused.newest] == ["I have it", "Never mind"]
    assert answer(conversation, "Which size?", bob_agent, seen_number=3).number == 4


def test_ones_own_words_and_a_bots_do_not_stop_an_answer(
    conversation: Conversation, bob_agent: Agent
) -> None:
    answer(conversation, "First", bob_agent, seen_number=1)
    outbound.reply(conversation, "I am a bot", by=BOT, client_id=uuid4(), seen_number=None)
    assert answer(conversation, "Second", bob_agent, seen_number=1).number == 4


def test_what_was_written_in_the_platforms_inbox_stops_an_answer(
    conversation: Conversation, bob_agent: Agent
) -> None:
    message = customer_writes(conversation, "x")
    Message.objects.filter(id=message.id).update(direction="out", status="sent", author_kind="outside")
    assert refusal(conversation, "Hi", bob_agent, seen_number=1).code == "conversation_moved"


def wrote(conversation: Conversation, ago: timedelta) -> None:
    Conversation.objects.filter(id=conversation.id).update(last_customer_message_at=timezone.now() - ago)


def test_after_the_free_window_only_a_person_who_asks_for_it_answers(
    conversation: Conversation, bob_agent: Agent
) -> None:
    wrote(conversation, timedelta(hours=25))
    assert refusal(conversation, "Sorry for the wait", bob_agent).code == "human_only"
    with pytest.raises(ReplyRefused, match="human_only"):
        outbound.reply(conversation, "Buy!", by=BOT, client_id=uuid4(), seen_number=None, outside_window=True)
    assert answer(conversation, "Sorry for the wait", bob_agent, outside_window=True).outside_window


def test_inside_the_window_an_answer_is_an_ordinary_one(conversation: Conversation, bob_agent: Agent) -> None:
    assert not answer(conversation, "At once", bob_agent, outside_window=True).outside_window


def test_after_the_last_window_nobody_answers(conversation: Conversation, bob_agent: Agent) -> None:
    wrote(conversation, timedelta(days=7, seconds=1))
    assert refusal(conversation, "Too late", bob_agent, outside_window=True).code == "window_closed"


def test_who_cannot_be_reached_is_not_written_to(conversation: Conversation, bob_agent: Agent) -> None:
    identity = conversation.identity
    identity.is_reachable = False
    identity.save()
    assert refusal(conversation, "Come back", bob_agent).code == "unreachable"
    identity.is_reachable = True
    identity.save()
    assert answer(conversation, "You are back", bob_agent).status == "pending"


def test_a_closed_inbox_takes_no_answers_and_a_disconnected_one_keeps_them(
    conversation: Conversation, bob_agent: Agent
) -> None:
    Inbox.objects.update(health="disconnected")
    assert answer(conversation, "Waits for the new token", bob_agent).status == "pending"
    Inbox.objects.update(is_active=False)
    assert refusal(conversation, "Nobody is there", bob_agent).code == "inbox_closed"


def failed(conversation: Conversation, agent: Agent, status: str = "failed") -> Message:
    message = answer(conversation, "Hi", agent)
    Message.objects.filter(id=message.id).update(status=status, error_kind="bad_request")
    message.refresh_from_db()
    return message


@pytest.mark.parametrize("status", ["failed", "unconfirmed"])
def test_what_did_not_go_out_is_tried_again_or_given_up(
    conversation: Conversation, bob_agent: Agent, status: str
) -> None:
    by = Actor.agent(bob_agent)
    retried = outbound.retry(failed(conversation, bob_agent, status), by=by)
    assert (retried.status, retried.error_kind) == ("pending", "")
    assert outbound.skip(failed(conversation, bob_agent, status), by=by).status == "skipped"
    assert happened("message.requeued", "message.skipped") == ["message.requeued", "message.skipped"]
    assert waiting() == [conversation.id]


def test_trying_again_and_giving_up_twice_happens_once(conversation: Conversation, bob_agent: Agent) -> None:
    by = Actor.agent(bob_agent)
    for verb in (outbound.retry, outbound.skip):
        message = failed(conversation, bob_agent)
        verb(message, by=by)
        verb(message, by=by)
    assert happened("message.requeued", "message.skipped") == ["message.requeued", "message.skipped"]


def test_what_went_out_is_neither_tried_again_nor_given_up(
    conversation: Conversation, bob_agent: Agent
) -> None:
    message = failed(conversation, bob_agent, "sent")
    for verb in (outbound.retry, outbound.skip):
        with pytest.raises(ReplyRefused, match="not_failed"):
            verb(message, by=Actor.agent(bob_agent))


def test_trying_again_after_the_window_is_refused_unless_a_person_asks_for_it(
    conversation: Conversation, bob_agent: Agent
) -> None:
    message = failed(conversation, bob_agent)
    wrote(conversation, timedelta(hours=30))
    with pytest.raises(ReplyRefused, match="human_only"):
        outbound.retry(message, by=Actor.agent(bob_agent))
    assert outbound.retry(message, by=Actor.agent(bob_agent), outside_window=True).outside_window


def test_another_brands_conversation_cannot_be_answered(
    conversation: Conversation, globex: TenantRef, acme: TenantRef
) -> None:
    with tenant_scope(globex), pytest.raises(ReplyRefused, match="gone"):
        outbound.reply(conversation, "Hi", by=SYSTEM, client_id=UUID(int=1), seen_number=None)
    with tenant_scope(acme):
        assert Message.objects.filter(direction="out").count() == 0
