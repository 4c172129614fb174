"""Several conversations of a brand are begun and settled together, and none pays for another."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import attempts, delivering
from conversations.channels.base import Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.models import Conversation, Inbox, Message, OutboundAttempt
from tenants.directory import TenantRef
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import a_conversation, an_inbox, answer, happened, statuses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("in_acme")]

Done = list[tuple[UUID, int]]


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as callers:
        yield callers


@pytest.fixture
def three(in_acme: TenantRef, double: Double, bob_agent: Agent) -> list[Conversation]:
    """Three conversations, in two inboxes, with an answer waiting in each."""
    messenger, line = an_inbox("messenger", double.url), an_inbox("line", double.url)
    conversations = [a_conversation(inbox) for inbox in (messenger, line, messenger)]
    for number, conversation in enumerate(conversations):
        answer(conversation, f"to {number}", bob_agent)
    return conversations


def send(conversations: Sequence[Conversation], callers: ThreadPoolExecutor) -> Done:
    done: Done = []
    delivering.send_together(
        [conversation.id for conversation in conversations],
        callers,
        lambda *told: done.append(told),
        lambda: True,
    )
    return done


def test_all_are_called_and_settled(
    three: list[Conversation], callers: ThreadPoolExecutor, double: Double
) -> None:
    done = send(three, callers)
    assert sorted(double.texts) == ["to 0", "to 1", "to 2"]
    assert [statuses(conversation) for conversation in three] == [["sent"]] * 3
    assert sorted(done) == sorted((conversation.id, 1) for conversation in three)
    assert happened("message.sent") == ["message.sent"] * 3


def test_several_messages_of_a_conversation_go_in_their_order(
    three: list[Conversation], callers: ThreadPoolExecutor, double: Double, bob_agent: Agent
) -> None:
    for number in range(3):
        answer(three[0], f"then {number}", bob_agent)
    done = send(three, callers)
    of_the_first = [text for text in double.texts if text not in {"to 1", "to 2"}]
    assert of_the_first == ["to 0", "then 0", "then 1", "then 2"]
    assert statuses(three[0]) == ["sent"] * 4
    assert dict(done) == {three[0].id: 4, three[1].id: 1, three[2].id: 1}


def test_a_conversation_with_nothing_to_send_is_told_at_once(
    three: list[Conversation], callers: ThreadPoolExecutor
) -> None:
    assert send(three, callers) and send(three, callers) == [(each.id, 0) for each in three]


def test_three_are_begun_with_one_commit_and_settled_with_another(three: list[Conversation]) -> None:
    ids = [conversation.id for conversation in three]
    with CaptureQueriesContext(connection) as asked:
        calls = attempts.begin_all(ids)
        attempts.finish_all([(call, Sent(external_id=f"m_{call.conversation_id}")) for call in calls])
    text = [query["sql"] for query in asked]
    assert text.count("COMMIT") == 2
    assert len([sql for sql in text if "FOR NO KEY UPDATE" in sql]) == 2
    assert [statuses(conversation) for conversation in three] == [["sent"]] * 3


def test_a_slow_platform_holds_up_its_own_conversation_only(
    three: list[Conversation], callers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, others = threading.Event(), threading.Event()
    told: Done = []
    really = delivering._send

    def slow(call: attempts.Call) -> Sent | DeliveryError:
        if call.conversation_id == three[0].id:
            assert gate.wait(20)
        return really(call)

    def done(conversation_id: UUID, calls: int) -> None:
        told.append((conversation_id, calls))
        if len(told) == 2:
            others.set()

    monkeypatch.setattr(delivering, "_send", slow)
    seen: list[list[str]] = []

    def look() -> None:
        try:
            assert others.wait(20)
        finally:
            gate.set()

    watcher = threading.Thread(target=look)
    watcher.start()

    def done_and_seen(conversation_id: UUID, calls: int) -> None:
        seen.append(statuses(three[0]))
        done(conversation_id, calls)

    delivering.send_together([each.id for each in three], callers, done_and_seen, lambda: True)
    watcher.join(20)
    assert seen == [["pending"], ["pending"], ["sent"]]
    assert told[-1] == (three[0].id, 1)


def test_one_that_is_refused_fails_alone(
    three: list[Conversation], callers: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = delivering._send

    def refuse(call: attempts.Call) -> Sent | DeliveryError:
        if call.conversation_id == three[1].id:
            return DeliveryError(ErrorKind.BAD_REQUEST)
        return really(call)

    monkeypatch.setattr(delivering, "_send", refuse)
    send(three, callers)
    assert [statuses(conversation) for conversation in three] == [["sent"], ["failed"], ["sent"]]


@pytest.mark.parametrize("step", ["_begin", "_settle"])
def test_one_that_breaks_on_our_side_costs_no_other_its_turn(
    three: list[Conversation],
    callers: ThreadPoolExecutor,
    double: Double,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    really = getattr(attempts, step)

    def breaks(*given: Any) -> Any:
        if any(getattr(each, "conversation_id", None) == three[0].id for each in given):
            raise RuntimeError("a fault of ours")
        return really(*given)

    monkeypatch.setattr(attempts, step, breaks)
    done = send(three, callers)
    assert [statuses(conversation) for conversation in three] == [["pending"], ["sent"], ["sent"]]
    assert {conversation_id for conversation_id, _calls in done} == {each.id for each in three}
    assert len(double.texts) == (2 if step == "_begin" else 3)
    assert str(three[0].id) in caplog.text and "to 0" not in caplog.text
    monkeypatch.undo()
    assert Message.objects.filter(status="pending").count() == 1


def test_a_message_that_cannot_be_begun_leaves_the_one_before_it_sent(
    three: list[Conversation], callers: ThreadPoolExecutor, double: Double, bob_agent: Agent
) -> None:
    for conversation in three:
        answer(conversation, "then", bob_agent)
    behind = Message.objects.filter(conversation=three[0], text="then")
    behind.update(details={"cards": [{"kind": "song"}]})
    send(three, callers)
    assert sorted(double.texts) == ["then", "then", "to 0", "to 1", "to 2"]
    assert [statuses(conversation) for conversation in three] == [
        ["sent", "pending"], ["sent", "sent"], ["sent", "sent"],
    ]  # fmt: skip
    behind.update(details={})
    send(three, callers)
    assert statuses(three[0]) == ["sent", "sent"] and len(double.texts) == 6


def test_a_process_that_ends_calls_what_it_has_begun_and_begins_nothing_more(
    three: list[Conversation], callers: ThreadPoolExecutor, double: Double, bob_agent: Agent
) -> None:
    answer(three[0], "then", bob_agent)
    callers.shutdown()  # as the interpreter does before its threads have ended
    done: Done = []
    delivering.send_together(
        [each.id for each in three], callers, lambda *told: done.append(told), lambda: not double.texts
    )
    assert sorted(double.texts) == ["to 0", "to 1", "to 2"]
    assert [statuses(conversation) for conversation in three] == [["sent", "pending"], ["sent"], ["sent"]]
    assert not OutboundAttempt.objects.filter(outcome=OutboundAttempt.Outcome.CALLING).exists()
    assert sorted(done) == sorted((each.id, 1) for each in three)
    answer(three[1], "later", bob_agent)
    delivering.send_together([three[1].id], callers, lambda *told: done.append(told), lambda: False)
    assert statuses(three[1]) == ["sent", "pending"] and done[-1] == (three[1].id, 0)


def test_results_that_the_database_refuses_together_are_written_each_for_itself(
    callers: ThreadPoolExecutor, double: Double, bob_agent: Agent
) -> None:
    line = an_inbox("line", double.url)
    two = [a_conversation(line) for _ in range(2)]
    Inbox.objects.update(
        last_sent_at=timezone.now()
    )  # is written once a minute: nothing else is asked meanwhile
    for conversation in two:
        answer(conversation, "first", bob_agent)
        answer(conversation, "behind", bob_agent)
    double.answers += [Answer(200, {"sentMessages": [{"id": "twice"}]})] * 2
    send(two, callers)
    assert [statuses(conversation) for conversation in two] == [["sent", "sent"]] * 2
    assert happened("message.sent") == ["message.sent"] * 4
    assert not OutboundAttempt.objects.exclude(outcome="sent").exists()
