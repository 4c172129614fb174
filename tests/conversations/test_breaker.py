"""When an account is no longer called, when it is asked again, and how its queue goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import delivering
from conversations.models import Conversation, Inbox, OutboundAttempt
from tenants.directory import TenantRef
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import (
    BAD,
    TOKEN_DEAD,
    a_conversation,
    an_inbox,
    answer,
    deliver,
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


def test_a_dead_token_stops_the_inbox_and_keeps_its_messages(
    messenger: Conversation, double: Double, bob_agent: Agent, in_acme: TenantRef
) -> None:
    double.answers.append(TOKEN_DEAD)
    other = a_conversation(messenger.inbox)
    for conversation in (messenger, other):
        answer(conversation, "hi", bob_agent)
        deliver(conversation)
    assert (statuses(messenger), statuses(other)) == (["pending"], ["pending"])
    assert (Inbox.objects.get().health, len(double.asked)) == ("disconnected", 1)
    assert happened("inbox.failing") == ["inbox.failing"]
    delivering.drain(tenant_id=str(in_acme.id))
    assert jobs() == []


def test_credentials_that_cannot_be_opened_stop_the_inbox(
    messenger: Conversation, double: Double, bob_agent: Agent
) -> None:
    foreign = an_inbox("line")
    Inbox.objects.filter(id=messenger.inbox_id).update(sealed_credentials=foreign.sealed_credentials)
    answer(messenger, "hi", bob_agent)
    deliver(messenger)
    assert Inbox.objects.get(id=messenger.inbox_id).health == "disconnected"
    assert (statuses(messenger), double.asked) == (["pending"], [])


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
