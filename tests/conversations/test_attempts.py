"""Whoever takes over from a worker that died, or was only slow."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.utils import timezone

from conversations import attempts, settling
from conversations.channels.base import Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.messenger import Messenger
from conversations.models import Conversation, OutboundAttempt
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import (
    answer,
    deliver,
    give_reply_token,
    happened,
    make_due,
    newest_attempt,
    seconds_until_retry,
    statuses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


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
