from __future__ import annotations

import logging
import socket
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from contacts.models import ContactIdentity
from conversations import attempts, delivering, outbound, settling
from conversations.channels.base import Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.messenger import Messenger
from conversations.models import Conversation, Inbox, Message, OutboundAttempt, ParkedItem
from tenants.directory import TenantRef
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace import wake
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import (
    TOKEN,
    a_conversation,
    an_inbox,
    answer,
    customer_writes,
    deliver,
    happened,
    jobs,
    statuses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

GONE = Answer(400, {"error": {"message": "No matching user found", "code": 100, "error_subcode": 2018001}})
BAD = Answer(400, {"error": {"message": "Bad", "code": 100}})
TOKEN_DEAD = Answer(400, {"error": {"message": "Session has expired", "code": 190, "error_subcode": 463}})


@pytest.fixture
def messenger(in_acme: TenantRef, double: Double) -> Conversation:
    return a_conversation(an_inbox("messenger", double.url))


@pytest.fixture
def line(in_acme: TenantRef, double: Double) -> Conversation:
    return a_conversation(an_inbox("line", double.url))


def newest_attempt() -> OutboundAttempt:
    return OutboundAttempt.objects.order_by("-started_at", "-number")[0]


def make_due() -> None:
    """The time until the next try has passed."""
    OutboundAttempt.objects.filter(retry_at__isnull=False).update(
        retry_at=timezone.now() - timedelta(seconds=1)
    )


def seconds_until_retry() -> float:
    attempt = newest_attempt()
    assert attempt.retry_at is not None
    assert attempt.finished_at is not None
    return (attempt.retry_at - attempt.finished_at).total_seconds()


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


def give_reply_token(conversation: Conversation, ago: timedelta = timedelta(seconds=5)) -> None:
    Conversation.objects.filter(id=conversation.id).update(
        reply_handle="token", reply_handle_at=timezone.now() - ago
    )


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


# --- killed workers and twins -----------------------------------------------------------------------------


def kill_worker(conversation: Conversation) -> attempts.Call:
    """A worker began and was never heard of again; its lease has run out."""
    call = attempts.begin(conversation.id)
    assert call is not None
    assert attempts.begin(conversation.id) is None  # while the lease holds, nobody else comes in
    OutboundAttempt.objects.filter(id=call.attempt_id).update(lease_until=timezone.now())
    return call


def test_a_killed_worker_with_a_key_is_followed_by_another_try(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    message = answer(line, "hi", bob_agent)
    kill_worker(line)
    deliver(line)
    assert statuses(line) == ["sent"]
    assert double.asked[0].headers["x-line-retry-key"] == str(message.id)
    outcomes = OutboundAttempt.objects.order_by("number").values_list("outcome", "error_code")
    assert list(outcomes) == [("unknown", "lost"), ("sent", "")]


def test_a_message_that_ends_its_workers_again_and_again_waits_longer_and_is_left_to_a_person(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(line, "poison", bob_agent)
    kill_worker(line)
    kill_worker(line)
    for seconds in settling.RETRY_AFTER_SECONDS[1:]:
        assert attempts.begin(line.id) is None
        assert seconds * 0.8 <= seconds_until_retry() <= seconds * 1.2
        make_due()
        kill_worker(line)
    assert attempts.begin(line.id) is None
    assert (statuses(line), double.asked) == (["unconfirmed"], [])


def test_a_killed_worker_that_held_a_reply_token_leaves_it_to_a_person(
    line: Conversation, double: Double, bob_agent: Agent
) -> None:
    give_reply_token(line)
    answer(line, "hi", bob_agent)
    kill_worker(line)
    deliver(line)
    assert (statuses(line), double.asked) == (["unconfirmed"], [])


def test_a_killed_worker_without_a_key_waits_for_the_echo(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(messenger, "hi", bob_agent)
    kill_worker(messenger)
    deliver(messenger)
    assert statuses(messenger) == ["pending"]
    make_due()
    deliver(messenger)
    assert (statuses(messenger), double.asked) == (["unconfirmed"], [])


def test_a_result_after_the_lease_was_taken_over_counts_only_when_it_says_sent(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    answer(messenger, "hi", bob_agent)
    call = kill_worker(messenger)
    deliver(messenger)
    make_due()
    deliver(messenger)
    attempts.finish(call, DeliveryError(ErrorKind.BAD_REQUEST))
    assert statuses(messenger) == ["unconfirmed"]
    attempts.finish(call, Sent(external_id="m_late"))
    assert statuses(messenger) == ["sent"]
    assert happened("message.failed", "message.sent") == ["message.sent"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_deliver_once(
    messenger: Conversation, double: Double, bob_agent: Agent, acme: TenantRef
) -> None:
    double.answers.append(Answer(hold=True))
    for number in range(6):
        answer(messenger, f"part {number}", bob_agent)

    def work() -> None:
        try:
            with tenant_scope(acme):
                deliver(messenger)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert double.arrived.wait(10)
    double.release.set()
    for worker in workers:
        worker.join(30)
    assert double.texts == [f"part {number}" for number in range(6)]
    assert statuses(messenger) == ["sent"] * 6


def test_a_call_is_made_outside_of_every_transaction_with_its_attempt_standing(
    messenger: Conversation, bob_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = len(connection.savepoint_ids)
    seen: list[tuple[int, str]] = []

    def send(*args: object) -> Sent:
        seen.append((len(connection.savepoint_ids), newest_attempt().outcome))
        return Sent(external_id="m_1")

    monkeypatch.setattr(Messenger, "send", send)
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert seen == [(depth, "calling")]


# --- the whole account ------------------------------------------------------------------------------------


def test_a_dead_token_stops_the_inbox_and_keeps_its_messages(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    double.answers.append(TOKEN_DEAD)
    other = a_conversation(messenger.inbox)
    for conversation in (messenger, other):
        answer(conversation, "hi", bob_agent)
        deliver(conversation)
    assert (statuses(messenger), statuses(other)) == (["pending"], ["pending"])
    assert (Inbox.objects.get().health, len(double.asked)) == ("disconnected", 1)
    assert happened("inbox.failing") == ["inbox.failing"]
    assert delivering.sweep(younger_too=True) == 0


def test_credentials_that_cannot_be_opened_stop_the_inbox(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    foreign = an_inbox("line")
    Inbox.objects.filter(id=messenger.inbox_id).update(sealed_credentials=foreign.sealed_credentials)
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert Inbox.objects.get(id=messenger.inbox_id).health == "disconnected"
    assert (statuses(messenger), double.asked) == (["pending"], [])


def open_breaker(inbox: Inbox, double: Double, agent: Agent) -> list[Conversation]:
    conversations = [a_conversation(inbox) for _ in range(10)]
    for conversation in conversations:
        assert Inbox.objects.get().health == "good"
        double.answers.append(Answer(500))
        answer(conversation, "hi", agent)
        deliver(conversation)
    return conversations


def let_probe() -> None:
    Inbox.objects.update(probe_at=timezone.now() - timedelta(seconds=1))


def test_ten_failures_in_a_row_open_the_breaker_and_one_a_minute_asks_again(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    waiting = open_breaker(messenger.inbox, double, bob_agent)
    inbox = Inbox.objects.get()
    assert (inbox.health, happened("inbox.failing")) == ("failing", ["inbox.failing"])
    make_due()
    deliver(waiting[0])
    assert len(double.asked) == 10  # not before the minute is over
    let_probe()
    double.answers.append(Answer(500))
    deliver(waiting[0])
    deliver(waiting[1])
    assert len(double.asked) == 11
    assert (newest_attempt().is_probe, round(seconds_until_retry())) == (True, 60)


def test_a_failing_inbox_recovers_and_everything_waiting_goes_out_oldest_first(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    waiting = open_breaker(messenger.inbox, double, bob_agent)
    let_probe()
    make_due()
    OutboundAttempt.objects.exclude(message__conversation=waiting[0]).update(
        retry_at=timezone.now() + timedelta(hours=4)
    )
    deliver(waiting[0])
    assert statuses(waiting[0]) == ["sent"]
    inbox = Inbox.objects.get()
    assert (inbox.health, inbox.failures_in_a_row, inbox.probe_at) == ("good", 0, None)
    assert happened("inbox.recovered") == ["inbox.recovered"]
    (drain,) = jobs("conversations.delivering.drain")
    known = {job.id for job in jobs()}
    delivering.drain(**drain.args)
    drained = [job.args["conversation_id"] for job in jobs() if job.id not in known]
    assert drained == [str(conversation.id) for conversation in waiting[1:]]
    for conversation in waiting[1:]:
        deliver(conversation)
        assert statuses(conversation) == ["sent"]


def test_an_outage_uses_up_no_tries_of_the_message_that_asks(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    waiting = open_breaker(messenger.inbox, double, bob_agent)
    for _ in range(12):
        double.answers.append(Answer(500))
        let_probe()
        make_due()
        deliver(waiting[0])
    assert (statuses(waiting[0]), len(double.asked)) == (["pending"], 22)


def test_an_answer_of_any_kind_ends_the_row_of_failures(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    for answered in (Answer(500), BAD):
        double.answers.append(answered)
        conversation = a_conversation(messenger.inbox)
        answer(conversation, "hi", bob_agent)
        deliver(conversation)
    assert Inbox.objects.get().failures_in_a_row == 0


def test_no_trouble_of_one_inbox_stops_another(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    open_breaker(messenger.inbox, double, bob_agent)
    other = a_conversation(an_inbox("line", double.url))
    answer(other, "hi", bob_agent)
    deliver(other)
    assert statuses(other) == ["sent"]


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
