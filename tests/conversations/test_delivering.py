from __future__ import annotations

import logging
import socket
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations import attempts, delivering, outbound, settling
from conversations.channels.base import Sent
from conversations.channels.messenger import Messenger
from conversations.models import Conversation, Inbox, Message, OutboundAttempt, ParkedItem
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant
from tenants.workspace import wake
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import (
    BAD,
    GONE,
    TOKEN,
    a_conversation,
    an_inbox,
    answer,
    customer_writes,
    deliver,
    give_reply_token,
    happened,
    jobs,
    let_probe,
    make_due,
    newest_attempt,
    open_breaker,
    seconds_until_retry,
    statuses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


# --- the platform takes it --------------------------------------------------------------------------------


def test_an_accepted_message_is_sent_once_with_our_correlation(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(messenger, "Good morning", bob_agent)
    deliver(messenger)
    deliver(messenger)
    message.refresh_from_db()
    (asked,) = double.asked
    assert asked.body["message"] == {"text": "Good morning", "metadata": str(message.id)}
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert (message.status, message.external_id) == ("sent", "m_1")
    assert happened("message.sent") == ["message.sent"]
    assert newest_attempt().outcome == "sent"
    assert Inbox.objects.get().last_sent_at is not None


def test_messages_go_out_in_the_order_in_which_they_were_written(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    for number in range(5):
        answer(messenger, f"part {number}", bob_agent)
    deliver(messenger)
    assert double.texts == [f"part {number}" for number in range(5)]
    assert statuses(messenger) == ["sent"] * 5


def test_a_websites_visitor_is_answered_without_any_platform(in_acme: TenantRef, bob_agent: Agent) -> None:
    conversation = a_conversation(an_inbox("widget"))
    answer(conversation, "Hello", bob_agent)
    deliver(conversation)
    assert statuses(conversation) == ["sent"]


def test_a_late_report_is_not_taken_back_by_the_answer(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(messenger, "Read before we knew", bob_agent)
    call = attempts.begin(messenger.id)
    assert call is not None
    Message.objects.filter(id=message.id).update(status="read", external_id="m_echo")
    attempts.finish(call, Sent(external_id="m_echo"))
    assert statuses(messenger) == ["read"]
    assert happened("message.sent") == []


def test_a_report_that_came_before_the_answer_is_not_lost(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    now = timezone.now()
    ParkedItem.objects.create(
        inbox=messenger.inbox, external_id="m_1", kind="delivered", happened_at=now, parked_at=now
    )
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert statuses(messenger) == ["delivered"]
    assert happened("message.sent", "message.delivered") == ["message.sent", "message.delivered"]


def test_an_id_that_another_message_has_does_not_stop_the_queue(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.extend([Answer(200, {"message_id": "same"}), Answer(200, {"message_id": "same"})])
    answer(messenger, "one", bob_agent)
    answer(messenger, "two", bob_agent)
    deliver(messenger)
    assert statuses(messenger) == ["sent", "sent"]


# --- LINE: reply token, push, key -------------------------------------------------------------------------


def test_a_fresh_reply_token_is_used_once(line: Conversation, double: Double, bob_agent: Agent) -> None:
    give_reply_token(line)
    answer(line, "one", bob_agent)
    answer(line, "two", bob_agent)
    deliver(line)
    assert [asked.path for asked in double.asked] == ["/v2/bot/message/reply", "/v2/bot/message/push"]
    assert list(OutboundAttempt.objects.order_by("started_at").values_list("way", flat=True)) == [
        "reply",
        "push",
    ]


def test_an_old_reply_token_is_not_tried(line: Conversation, double: Double, bob_agent: Agent) -> None:
    give_reply_token(line, timedelta(seconds=61))
    answer(line, "hi", bob_agent)
    deliver(line)
    assert [asked.path for asked in double.asked] == ["/v2/bot/message/push"]


def test_a_dead_reply_token_becomes_one_push(line: Conversation, double: Double, bob_agent: Agent) -> None:
    give_reply_token(line)
    double.answers.append(Answer(400, {"message": "Invalid reply token"}))
    answer(line, "hi", bob_agent)
    deliver(line)
    assert [asked.path for asked in double.asked] == ["/v2/bot/message/reply", "/v2/bot/message/push"]
    assert (statuses(line), newest_attempt().way) == (["sent"], "push")


def test_a_push_that_line_has_already_taken_is_sent(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.extend([Answer(cut=True), Answer(409, {"sentMessages": [{"id": "77"}]})])
    message = answer(line, "hi", bob_agent)
    deliver(line)
    assert (statuses(line), newest_attempt().outcome) == (["pending"], "unknown")
    make_due()
    deliver(line)
    message.refresh_from_db()
    assert (message.status, message.external_id) == ("sent", "77")
    keys = [asked.headers["x-line-retry-key"] for asked in double.asked]
    assert keys == [str(message.id)] * 2


def test_a_reply_of_unknown_outcome_waits_for_a_person(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    give_reply_token(line)
    double.answers.append(Answer(cut=True))
    answer(line, "hi", bob_agent)
    deliver(line)
    assert (statuses(line), len(double.asked)) == (["unconfirmed"], 1)


def test_a_key_that_line_has_forgotten_protects_no_more(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.extend([Answer(500), Answer(cut=True)])
    answer(line, "hi", bob_agent)
    deliver(line)
    make_due()
    OutboundAttempt.objects.update(started_at=timezone.now() - settling.KEY_LIFE)
    deliver(line)
    assert statuses(line) == ["unconfirmed"]


# --- not now ----------------------------------------------------------------------------------------------


def test_who_asks_us_to_wait_is_obeyed(messenger: Conversation, double: Double, bob_agent: Agent) -> None:
    double.answers.append(Answer(429, {"error": {"code": 613, "message": "rate"}}, {"Retry-After": "77"}))
    answer(messenger, "hi", bob_agent)
    first = len(jobs())
    deliver(messenger)
    deliver(messenger)  # somebody comes too early
    assert (statuses(messenger), len(double.asked)) == (["pending"], 1)
    assert seconds_until_retry() == 77
    assert len(jobs()) == first + 1
    assert jobs()[-1].scheduled_at == newest_attempt().retry_at
    make_due()
    deliver(messenger)
    assert statuses(messenger) == ["sent"]


def test_a_broken_platform_is_tried_by_the_schedule_and_then_given_up(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(messenger, "hi", bob_agent)
    for seconds in settling.RETRY_AFTER_SECONDS:
        double.answers.append(Answer(500))
        deliver(messenger)
        assert seconds * 0.8 <= seconds_until_retry() <= seconds * 1.2
        make_due()
    double.answers.append(Answer(500))
    deliver(messenger)
    message = Message.objects.get(direction="out")
    assert (message.status, message.error_kind) == ("failed", "temporary")
    assert (len(double.asked), happened("message.failed")) == (8, ["message.failed"])


def test_a_person_who_tries_again_begins_a_new_schedule(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(messenger, "hi", bob_agent)
    double.answers.extend([Answer(500), Answer(500), BAD, Answer(500)])
    for _ in range(3):
        deliver(messenger)
        make_due()
    outbound.retry(message, by=Actor.agent(bob_agent))
    deliver(messenger)
    assert 4 <= seconds_until_retry() <= 6


def test_nobody_there_is_no_fault_of_the_message(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        Inbox.objects.update(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        answer(messenger, "hi", bob_agent)
        deliver(messenger)
    assert (statuses(messenger), newest_attempt().outcome) == (["pending"], "transient")
    Inbox.objects.update(base_url=double.url)
    make_due()
    deliver(messenger)
    assert statuses(messenger) == ["sent"]


# --- never ------------------------------------------------------------------------------------------------


def test_a_failed_head_blocks_its_own_conversation_only(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    other = a_conversation(messenger.inbox)
    double.answers.append(BAD)
    head = answer(messenger, "head", bob_agent)
    answer(messenger, "behind", bob_agent)
    answer(other, "elsewhere", bob_agent)
    deliver(messenger)
    deliver(other)
    assert (statuses(messenger), statuses(other)) == (["failed", "pending"], ["sent"])
    head.refresh_from_db()
    assert (head.error_kind, head.error_detail) == ("bad_request", "Bad")
    outbound.skip(head, by=Actor.agent(bob_agent))
    deliver(messenger)
    assert (statuses(messenger), double.texts) == (["skipped", "sent"], ["head", "elsewhere", "behind"])


def test_a_failed_head_that_is_tried_again_goes_before_the_others(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(BAD)
    head = answer(messenger, "head", bob_agent)
    answer(messenger, "behind", bob_agent)
    deliver(messenger)
    outbound.retry(head, by=Actor.agent(bob_agent))
    deliver(messenger)
    assert double.texts == ["head", "head", "behind"]
    assert statuses(messenger) == ["sent", "sent"]


def test_who_blocked_us_is_marked_unreachable(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(GONE)
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert Message.objects.get(direction="out").error_kind == "recipient_gone"
    assert not ContactIdentity.objects.get().is_reachable
    assert Event.objects.get(name="contact.updated").payload["fields"] == ["is_reachable"]


def test_a_customer_who_left_meanwhile_is_not_called(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(messenger, "hi", bob_agent)
    ContactIdentity.objects.update(is_reachable=False)
    deliver(messenger)
    assert (statuses(messenger), double.asked) == (["failed"], [])


def test_a_window_that_closes_between_answer_and_sending_stops_the_message(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(messenger, "hi", bob_agent)
    Conversation.objects.update(last_customer_message_at=timezone.now() - timedelta(hours=24, seconds=1))
    deliver(messenger)
    message = Message.objects.get(direction="out")
    assert (message.status, message.error_kind, double.asked) == ("failed", "window_closed", [])
    outbound.retry(message, by=Actor.agent(bob_agent), outside_window=True)
    deliver(messenger)
    assert (statuses(messenger), double.asked[0].body["tag"]) == (["sent"], "HUMAN_AGENT")


def test_a_late_answer_is_an_ordinary_one_when_the_customer_wrote_again(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    Conversation.objects.update(last_customer_message_at=timezone.now() - timedelta(hours=30))
    answer(messenger, "hi", bob_agent, outside_window=True)
    customer_writes(messenger, "still there?")
    deliver(messenger)
    assert double.asked[0].body["messaging_type"] == "RESPONSE"


# --- nobody knows -----------------------------------------------------------------------------------------


def test_an_uncertain_message_waits_for_its_echo_and_then_for_a_person(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(Answer(cut=True))
    answer(messenger, "hi", bob_agent)
    answer(messenger, "behind", bob_agent)
    deliver(messenger)
    deliver(messenger)
    assert (statuses(messenger), seconds_until_retry()) == (["pending", "pending"], 60)
    make_due()
    deliver(messenger)
    assert (statuses(messenger), len(double.asked)) == (["unconfirmed", "pending"], 1)
    assert happened("message.unconfirmed") == ["message.unconfirmed"]


def test_an_echo_that_comes_in_time_settles_the_message(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(Answer(cut=True))
    message = answer(messenger, "hi", bob_agent)
    answer(messenger, "behind", bob_agent)
    deliver(messenger)
    Message.objects.filter(id=message.id).update(status="sent", external_id="m_echo")
    make_due()
    deliver(messenger)
    assert (statuses(messenger), double.texts) == (["sent", "sent"], ["hi", "behind"])


def test_no_answer_in_time_is_an_unknown_outcome(
    messenger: Conversation, double: Double, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "SEND_SECONDS", 0.3)
    double.answers.append(Answer(hold=True))
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert (newest_attempt().outcome, statuses(messenger)) == ("unknown", ["pending"])


def test_a_fault_of_ours_leaves_no_attempt_open(
    messenger: Conversation, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Messenger, "send", lambda *args: 1 / 0)
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert (newest_attempt().outcome, newest_attempt().error_code) == ("unknown", "ZeroDivisionError")


# --- the sweep --------------------------------------------------------------------------------------------


def age(seconds: int) -> None:
    Message.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))


def swept() -> list[str]:
    """The conversations that the sweep gives a job; all jobs are gone before."""
    known = {job.id for job in jobs()}
    delivering.sweep()
    return [job.args["conversation_id"] for job in jobs() if job.id not in known]


def test_a_message_that_no_worker_heard_of_is_told_again_and_then_has_a_job(
    messenger: Conversation,
    bob_agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[UUID] = []
    monkeypatch.setattr(wake, "call", lambda group, tenant_id: told.append(tenant_id))
    answer(messenger, "hi", bob_agent)
    with django_capture_on_commit_callbacks(execute=True):
        assert swept() == []
    assert told == []  # too young: the workers have just been told
    age(10)
    with django_capture_on_commit_callbacks(execute=True):
        assert swept() == []
    assert told == [scoped_tenant().id]
    age(70)
    assert swept() == [str(messenger.id)]
    assert swept() == []  # that job still waits


def test_the_sweep_leaves_alone_what_may_not_go_now(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.extend([Answer(500), BAD])
    later, blocked, busy, idle = (a_conversation(messenger.inbox) for _ in range(4))
    for conversation in (later, blocked, busy, idle):
        answer(conversation, "hi", bob_agent)
        answer(conversation, "behind", bob_agent)
    deliver(later)
    deliver(blocked)
    call = attempts.begin(busy.id)
    assert call is not None
    age(70)
    Message.objects.filter(conversation=later, text="behind").update(status="sent")
    Message.objects.filter(conversation=busy, text="behind").update(status="sent")
    assert swept() == [str(idle.id)]
    OutboundAttempt.objects.update(lease_until=timezone.now(), retry_at=None)
    assert sorted(swept()) == sorted([str(later.id), str(busy.id)])


def test_the_sweep_probes_a_failing_inbox_with_the_one_that_waited_longest(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    waiting = open_breaker(messenger.inbox, double, bob_agent)
    make_due()
    age(10)
    Message.objects.filter(conversation=waiting[3]).update(created_at=timezone.now() - timedelta(hours=1))
    assert swept() == []
    let_probe()
    assert swept() == [str(waiting[3].id)]


# --- secrets ----------------------------------------------------------------------------------------------


def test_no_token_reaches_logs_attempts_or_jobs(
    messenger: Conversation, double: Double, bob_agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    double.answers.extend([Answer(500), Answer(cut=True)])
    with caplog.at_level(logging.DEBUG):
        answer(messenger, "hi", bob_agent)
        deliver(messenger)
        make_due()
        deliver(messenger)
    assert len(double.asked) == 2
    kept = [*OutboundAttempt.objects.values_list("error_code", "error_detail"), *(job.args for job in jobs())]
    assert TOKEN not in caplog.text
    assert TOKEN not in str(kept)
    assert TOKEN not in repr(attempts.account_of(messenger.inbox))
