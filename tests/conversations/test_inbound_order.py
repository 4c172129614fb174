"""Things come in any order, twice, late: the state in the end is the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations import lifecycle, outbound
from conversations.inbound import late
from conversations.models import (
    Attachment,
    Conversation,
    InboundRecord,
    Inbox,
    Message,
    ParkedItem,
    Session,
    Wait,
)
from tenants.directory import TenantRef
from tenants.workspace.events import Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.posting import (
    Element,
    arrive,
    at,
    delivered,
    echo,
    edit,
    element,
    message,
    page_inbox,
    reaction,
    read_up_to,
    unsend,
)

pytestmark = pytest.mark.django_db

HISTORY: list[Element] = [
    message("m1", "one", 0),
    message("m2", "two", 10),
    edit("m2", "two, better", 12),
    edit("m2", "two, best", 14),
    echo("e1", "from the page", 20),
    delivered(["e1"], 21),
    reaction("e1", "👍", 22),
    read_up_to(23),
    message("m3", "never mind", 30),
    edit("m3", "never mind me", 31),
    unsend("m3", 32),
    message("m4", "still there?", 40),
    reaction("m4", "😆", 41),
    reaction("m4", "😢", 42),
    message("m5", "hello?", 50),
]


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return page_inbox()


def state() -> dict[str, Any]:
    """What a person sees in the end; numbers and events tell of the order of arrival and are left out."""
    fields = ("external_id", "text", "status", "reaction", "edited_at", "unsent_at", "sent_at", "direction")
    conversation = Conversation.objects.get()
    return {
        "messages": list(Message.objects.order_by("sent_at").values_list(*fields)),
        "waiting_since": conversation.waiting_since,
        "waits": waits(),
        "status": conversation.status,
        "shown": (conversation.last_message_text, conversation.last_message_direction),
        "last_activity_at": conversation.last_activity_at,
        "window": conversation.last_customer_message_at,
        "count": conversation.message_count,
        "sessions": list(Session.objects.values_list("started_at", "resolved_at")),
        "parked": ParkedItem.objects.exclude(external_id__startswith="mark:").count(),
        "records": set(InboundRecord.objects.values_list("state", flat=True)),
        "erased": {row.event_id for row in InboundRecord.objects.all() if not bytes(row.body)},
    }


def waits() -> list[tuple[Any, ...]]:
    """When each wait began and ended, whether it was answered elsewhere, whether it is its session's first."""
    fields = ("started_at", "ended_at", "answered_outside", "is_first")
    return list(Wait.objects.order_by("started_at").values_list(*fields))


def seconds_since_start() -> int:
    return int((timezone.now() - at(0)).total_seconds())


def clear() -> None:
    for model in (Attachment, Message, Wait, Session, Conversation, ParkedItem, InboundRecord, Event):
        model.objects.all().delete()


def in_order() -> dict[str, Any]:
    return {
        "messages": [
            ("m1", "one", "received", "", None, None, at(0), "in"),
            ("m2", "two, best", "received", "", at(14), None, at(10), "in"),
            ("e1", "from the page", "read", "👍", None, None, at(20), "out"),
            ("m3", "", "received", "", at(31), at(32), at(30), "in"),
            ("m4", "still there?", "received", "😢", None, None, at(40), "in"),
            ("m5", "hello?", "received", "", None, None, at(50), "in"),
        ],
        "waiting_since": at(30),
        "waits": [(at(0), at(20), True, True), (at(30), None, False, False)],
        "status": "open",
        "shown": ("hello?", "in"),
        "last_activity_at": at(50),
        "window": at(50),
        "count": 6,
        "sessions": [(at(0), None)],
        "parked": 0,
        "records": {"done"},
        "erased": {"m3", next(_event_ids([edit("m3", "never mind me", 31)]))},
    }


def _event_ids(elements: Iterable[Element]) -> Iterable[str]:
    for raw in elements:
        yield f"edit:{raw['message_edit']['mid']}:{raw['message_edit']['num_edit']}:{raw['timestamp']}"


def test_a_history_in_order_gives_what_a_person_expects(inbox: Inbox) -> None:
    for raw in HISTORY:
        arrive(inbox, raw)
    found, expected = state(), in_order()
    found["messages"] = [_edited_of_unsent_left_out(row) for row in found["messages"]]
    expected["messages"] = [_edited_of_unsent_left_out(row) for row in expected["messages"]]
    assert found == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(HISTORY),
    cuts=st.lists(st.integers(1, 6), min_size=15, max_size=15),
    twice=st.booleans(),
)
def test_a_history_in_any_order_and_any_batches_ends_in_the_same_state(
    inbox: Inbox, order: list[Element], cuts: list[int], twice: bool
) -> None:
    clear()
    left, sizes = list(order), iter(cuts)
    while left:
        size = next(sizes)
        arrive(inbox, *left[:size])
        if twice:
            arrive(inbox, *left[:size])
        left = left[size:]
    found, expected = state(), in_order()
    found["messages"] = [_edited_of_unsent_left_out(row) for row in found["messages"]]
    expected["messages"] = [_edited_of_unsent_left_out(row) for row in expected["messages"]]
    assert found == expected


TALK: list[Element] = [
    echo("e0", "we are here for you", 0),
    message("m1", "one", 10),
    message("m2", "two", 20),
    echo("e1", "answer", 20),
    echo("e2", "and more", 25),
    message("m3", "three", 30),
    echo("e3", "answer", 40),
    message("m4", "four", 50),
    message("m5", "five", 50),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(TALK), cuts=st.lists(st.integers(1, 5), min_size=9, max_size=9))
def test_answers_from_the_platforms_inbox_end_the_same_waits_in_any_order(
    inbox: Inbox, order: list[Element], cuts: list[int]
) -> None:
    clear()
    left, sizes = list(order), iter(cuts)
    while left:
        size = next(sizes)
        arrive(inbox, *left[:size])
        left = left[size:]
    assert waits() == [
        (at(10), at(20), True, True),
        (at(30), at(40), True, False),
        (at(50), None, False, False),
    ]
    assert list(Session.objects.values_list("started_at", "resolved_at")) == [(at(10), None)]
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.waiting_since) == ("open", at(50))


def test_an_answer_told_before_its_question_still_counts_as_a_first_response(inbox: Inbox) -> None:
    arrive(inbox, echo("e1", "answer", 20))
    arrive(inbox, message("m1", "question", 0))
    assert waits() == [(at(0), at(20), True, True)]
    assert (Conversation.objects.get().waiting_since, Session.objects.get().started_at) == (None, at(0))
    arrive(inbox, message("m2", "another question", 30))
    assert waits()[1:] == [(at(30), None, False, False)]


def test_a_question_and_its_answer_in_one_batch_are_a_wait(inbox: Inbox) -> None:
    arrive(inbox, message("m1", "question", 0), echo("e1", "answer", 20))
    assert waits() == [(at(0), at(20), True, True)]


def test_what_an_agent_answered_stays_frozen_whatever_comes_late(inbox: Inbox, bob_agent: Agent) -> None:
    just_now = seconds_since_start() - 100
    arrive(inbox, message("m1", "question", just_now))
    outbound.reply(
        Conversation.objects.get(), "answer", by=Actor.agent(bob_agent), client_id=uuid4(), seen_number=None
    )
    (frozen,) = Wait.objects.values()
    arrive(inbox, echo("e1", "answered elsewhere too", just_now + 20))
    arrive(inbox, message("m0", "never answered by anybody", just_now + 25))
    assert Wait.objects.filter(id=frozen["id"]).values().get() == frozen
    assert waits()[1:] == [(at(just_now + 25), None, False, False)]


def test_a_late_message_does_not_bring_back_what_was_dropped_before(inbox: Inbox, bob_agent: Agent) -> None:
    arrive(inbox, message("m1", "never mind", 0))
    lifecycle.resolve(Conversation.objects.get(), by=Actor.agent(bob_agent))
    ended_at = Session.objects.get().resolved_at
    assert ended_at is not None
    after = seconds_since_start()
    arrive(inbox, message("m3", "hello again", after + 60))
    arrive(inbox, message("m2", "sent before", 5))
    first, second = Session.objects.order_by("started_at")
    assert (first.resolved_at, second.started_at) == (ended_at, ended_at)
    assert waits()[1:] == [(at(5), None, False, True)]
    arrive(inbox, echo("e1", "answer", 10))
    assert waits()[1:] == [(at(5), at(10), True, True), (at(after + 60), None, False, False)]


def _edited_of_unsent_left_out(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """An edit that comes after its message was taken back is dropped, so its time is not known then."""
    return (*row[:4], None, *row[5:]) if row[5] is not None else row


def test_what_is_taken_back_is_gone_everywhere(inbox: Inbox) -> None:
    picture = {"type": "image", "payload": {"url": "http://127.0.0.1/secret.png"}}
    arrive(inbox, element(0, message={"mid": "m1", "text": "my secret", "attachments": [picture]}))
    arrive(inbox, edit("m1", "my other secret", 1))
    arrive(inbox, unsend("m1", 2))
    arrive(inbox, edit("m1", "my last secret", 3))
    gone = Message.objects.get()
    assert (gone.text, gone.details, gone.unsent_at) == ("", {}, at(2))
    assert Conversation.objects.get().last_message_text == ""
    assert not Attachment.objects.exists()
    assert not [row for row in InboundRecord.objects.all() if b"secret" in bytes(row.body)]
    arrive(inbox, message("m2", "kept", 4))
    assert b"kept" in bytes(InboundRecord.objects.get(event_id="m2").body)


def test_a_message_taken_back_before_it_came_comes_without_content(inbox: Inbox) -> None:
    arrive(inbox, edit("m1", "my secret", 1))
    arrive(inbox, unsend("m1", 2))
    assert not [row for row in InboundRecord.objects.all() if b"secret" in bytes(row.body)]
    assert list(ParkedItem.objects.values_list("kind", flat=True)) == ["unsent"]
    arrive(inbox, message("m1", "my secret", 0))
    gone = Message.objects.get()
    assert (gone.text, gone.unsent_at) == ("", at(2))
    assert Conversation.objects.get().last_message_text == ""
    assert not [row for row in InboundRecord.objects.all() if b"secret" in bytes(row.body)]


def ours(
    inbox: Inbox, number: int, status: str = "sent", external_id: str = "", seconds: float = 5
) -> Message:
    return Message.objects.create(
        conversation=Conversation.objects.get(), inbox=inbox, number=number, direction="out", author_kind="agent",
        text="our answer", status=status, external_id=external_id, sent_at=at(seconds), created_at=at(seconds),
    )  # fmt: skip


def test_reports_move_our_messages_forward_only_and_tell_once(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    sent = ours(inbox, 2, external_id="e1")
    arrive(inbox, read_up_to(10))
    arrive(inbox, delivered(["e1"], 9))
    arrive(inbox, read_up_to(11))
    sent.refresh_from_db()
    assert sent.status == "read"
    assert list(
        Event.objects.filter(name__in=["message.delivered", "message.read"]).values_list("name", flat=True)
    ) == ["message.read"]


def test_a_report_reaches_only_what_was_sent_before_it_and_only_that_customers(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    early, later = ours(inbox, 2, external_id="e1", seconds=5), ours(inbox, 3, external_id="e2", seconds=50)
    arrive(inbox, element(20, "another customer", read={"watermark": 4_000_000_000_000}))
    arrive(inbox, read_up_to(10))
    early.refresh_from_db()
    later.refresh_from_db()
    assert (early.status, later.status) == ("read", "sent")


@pytest.mark.parametrize(
    ("before", "after"), [("failed", "delivered"), ("delivered", "delivered"), ("read", "read")]
)
def test_failed_is_the_end_unless_it_was_delivered_after_all(inbox: Inbox, before: str, after: str) -> None:
    arrive(inbox, message("m1"))
    sent = ours(inbox, 2, status=before, external_id="e1")
    arrive(inbox, delivered(["e1"], 9))
    sent.refresh_from_db()
    assert sent.status == after


def test_a_report_before_the_platforms_answer_is_applied_when_the_id_is_known(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    sent = ours(inbox, 2)
    arrive(inbox, delivered(["e1"], 9))
    assert InboundRecord.objects.filter(state="parked").count() == 1
    assert late.apply() == 0
    Message.objects.filter(id=sent.id).update(external_id="e1")
    assert late.apply() == 1
    sent.refresh_from_db()
    assert sent.status == "delivered"
    assert not InboundRecord.objects.filter(state="parked").exists() and late.apply() == 0


def test_what_waits_too_long_becomes_a_dead_letter(inbox: Inbox) -> None:
    arrive(inbox, edit("never", "came", 1))
    arrive(inbox, edit("young", "still waiting", 1))
    ParkedItem.objects.filter(external_id="never").update(parked_at=at(0) - timedelta(days=30))
    assert late.expire() == 1
    dead = InboundRecord.objects.get(state="dead")
    assert b"never" in bytes(dead.body) and dead.error == late.EXPIRED
    assert Event.objects.filter(name="inbound.died").count() == 1
    assert ParkedItem.objects.get().external_id == "young"
