"""What `receive` makes of what platforms tell: messages, conversations, sessions, waits, events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact, ContactIdentity
from conversations import inbound
from conversations.channels.items import IncomingMessage
from conversations.inbound import Arrival
from conversations.inbound.arrivals import FUTURE_ALLOWED
from conversations.models import Attachment, Conversation, InboundRecord, Inbox, Message, Session, Wait
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.models import Event
from tests.conversations.posting import PAGE, arrivals, arrive, at, echo, element, message, page_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(in_acme: TenantRef) -> Inbox:
    return page_inbox()


def events() -> list[str]:
    return list(Event.objects.order_by("sequence").values_list("name", flat=True))


def test_a_first_message_opens_a_conversation_that_waits(inbox: Inbox) -> None:
    arrive(inbox, message("m1", "您好", 5))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.waiting_since) == ("open", at(5))
    assert (conversation.last_message_text, conversation.last_message_direction) == ("您好", "in")
    assert (conversation.message_count, conversation.last_inbound_number) == (1, 1)
    assert conversation.last_customer_message_at == conversation.last_activity_at == at(5)
    stored = Message.objects.get()
    assert (stored.text, stored.external_id, stored.status, stored.sent_at) == (
        "您好",
        "m1",
        "received",
        at(5),
    )
    wait = Wait.objects.get()
    assert (wait.is_first, wait.started_at, wait.ended_at) == (True, at(5), None)
    assert Session.objects.get().started_at == at(5)
    assert events() == ["contact.created", "conversation.opened", "message.received"]
    assert Event.objects.get(name="message.received").happened_at == at(5)
    inbox.refresh_from_db()
    assert inbox.last_inbound_at is not None


def test_the_record_keeps_the_element_and_is_done(inbox: Inbox) -> None:
    raw = message("m1", "kept as it came")
    arrive(inbox, raw)
    row = InboundRecord.objects.get()
    assert (row.state, row.channel, row.account_id, row.event_id) == ("done", "messenger", PAGE, "m1")
    assert b"kept as it came" in bytes(row.body)
    assert row.id == Message.objects.get().id


def test_a_redelivery_changes_nothing_and_the_first_text_stays(inbox: Inbox) -> None:
    arrive(inbox, message("m1", "first"))
    before = Event.objects.count()
    arrive(inbox, message("m1", "second"), message("m1", "third"))
    assert Message.objects.get().text == "first"
    assert (Conversation.objects.get().message_count, Event.objects.count()) == (1, before)
    arrive(inbox, message("m2", "new"))
    assert Conversation.objects.get().message_count == 2


def test_a_redelivery_under_another_event_id_reopens_nothing(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    Conversation.objects.update(status="resolved", waiting_since=None)
    Wait.objects.update(ended_at=timezone.now())
    Session.objects.update(resolved_at=timezone.now())
    again = arrivals(inbox, message("m1"))[0].item
    assert isinstance(again, IncomingMessage)
    twin = IncomingMessage(
        account_id=PAGE,
        event_id="another",
        happened_at=at(9),
        raw=again.raw,
        address="5001",
        external_id="m1",
    )
    inbound.receive([Arrival(twin, inbox.id)])
    assert Conversation.objects.get().status == "resolved"
    assert InboundRecord.objects.filter(state="done").count() == 2
    arrive(inbox, message("m2", seconds=10))
    assert Conversation.objects.get().status == "open"


def test_a_resolved_conversation_opens_again_with_a_new_session(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    Wait.objects.update(ended_at=at(1))
    Session.objects.update(resolved_at=at(1))
    Conversation.objects.update(status="resolved", waiting_since=None)
    arrive(inbox, message("m2", seconds=60))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.waiting_since, conversation.message_count) == (
        "open",
        at(60),
        2,
    )
    assert Session.objects.count() == 2 and Session.objects.filter(resolved_at=None).get().started_at == at(
        60
    )
    assert Wait.objects.get(ended_at=None).is_first
    assert events()[-2:] == ["conversation.reopened", "message.received"]


@pytest.mark.parametrize("status", ["snoozed", "pending"])
def test_a_sleeper_wakes_inside_its_session(inbox: Inbox, status: str) -> None:
    arrive(inbox, message("m1"))
    until = timezone.now() + timedelta(days=1) if status == "snoozed" else None
    Conversation.objects.update(status=status, snoozed_until=until)
    arrive(inbox, message("m2", seconds=60))
    conversation, session = Conversation.objects.get(), Session.objects.get()
    assert (conversation.status, conversation.snoozed_until) == ("open", None)
    reopened = Event.objects.get(name="conversation.reopened")
    assert reopened.payload == {"session_id": str(session.id), "previous_status": status}


def test_an_answer_from_the_platforms_own_inbox_ends_the_wait(inbox: Inbox) -> None:
    arrive(inbox, message("m1", seconds=0), message("m2", seconds=10))
    arrive(inbox, echo("e1", "from the page", seconds=60))
    conversation, wait = Conversation.objects.get(), Wait.objects.get()
    assert (conversation.waiting_since, conversation.last_message_text) == (None, "from the page")
    assert conversation.last_customer_message_at == at(10)
    assert (wait.started_at, wait.ended_at, wait.answered_outside) == (at(0), at(60), True)
    outside = Message.objects.get(external_id="e1")
    assert (outside.direction, outside.author_kind, outside.status) == ("out", "outside", "sent")
    arrive(inbox, message("m3", seconds=70))
    assert Conversation.objects.get().waiting_since == at(70)
    assert not Wait.objects.get(ended_at=None).is_first


def test_what_the_page_sends_first_is_kept_but_gives_the_desk_no_work(inbox: Inbox) -> None:
    arrive(inbox, echo("e1"))
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.last_customer_message_at) == ("resolved", None)
    assert not Session.objects.exists() and not Wait.objects.exists()
    arrive(inbox, message("m1", seconds=5))
    assert Conversation.objects.get().status == "open"


def test_an_echo_of_our_own_message_brings_its_platform_id_and_no_second_message(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    conversation = Conversation.objects.get()
    ours = Message.objects.create(
        conversation=conversation, inbox=inbox, number=2, direction="out", author_kind="agent", text="hi",
        status="unconfirmed", sent_at=at(5), created_at=at(5),
    )  # fmt: skip
    Conversation.objects.update(message_count=2)
    arrive(inbox, echo("e1", seconds=6, metadata=str(ours.id)))
    ours.refresh_from_db()
    assert (ours.external_id, ours.status) == ("e1", "sent")
    assert Message.objects.count() == 2 and events()[-1] == "message.sent"
    arrive(inbox, echo("e2", seconds=7, metadata=str(uuid4())))
    assert Message.objects.filter(author_kind="outside").count() == 1


def test_pictures_and_long_texts_and_unknown_kinds_are_kept(inbox: Inbox) -> None:
    pictures = [{"type": "image", "payload": {"url": f"http://127.0.0.1/{n}.png"}} for n in range(3)]
    arrive(
        inbox,
        element(0, message={"mid": "m1", "attachments": pictures}),
        message("m2", "x" * 70_000, 1),
        element(2, message={"mid": "m3", "is_unsupported": True}),
        element(3, something_new={"a": 1}),
    )
    assert list(Attachment.objects.order_by("position").values_list("url", flat=True)) == [
        f"http://127.0.0.1/{n}.png" for n in range(3)
    ]
    cut = Message.objects.get(external_id="m2")
    assert len(cut.text) == 65_536 and cut.text.endswith("…") and cut.details["shortened"]
    assert Message.objects.get(external_id="m3").kind == "unsupported"
    assert InboundRecord.objects.filter(state="done").count() == 4 and Message.objects.count() == 3


def test_a_list_says_of_a_picture_without_words_that_it_is_one(inbox: Inbox) -> None:
    picture = {"type": "image", "payload": {"url": "http://127.0.0.1/1.png"}}
    arrive(inbox, element(0, message={"mid": "m1", "attachments": [picture]}))
    assert Conversation.objects.get().last_message_text == "🖼️"
    arrive(inbox, element(1, message={"mid": "m2", "text": "Look!", "attachments": [picture]}))
    assert Conversation.objects.get().last_message_text == "Look!"


def test_a_time_in_the_future_is_brought_back(inbox: Inbox) -> None:
    far = (datetime(2031, 1, 1, tzinfo=UTC) - at(0)).total_seconds()
    arrive(inbox, message("m1", seconds=far))
    assert Message.objects.get().sent_at <= timezone.now() + FUTURE_ALLOWED


def test_a_late_message_stands_at_its_own_time_and_does_not_become_the_newest(inbox: Inbox) -> None:
    arrive(inbox, message("m2", "newer", 60))
    arrive(inbox, message("m1", "older", 0))
    conversation = Conversation.objects.get()
    assert (conversation.last_message_text, conversation.last_activity_at) == ("newer", at(60))
    assert conversation.waiting_since == Wait.objects.get().started_at == at(0)
    assert list(Message.objects.order_by("sent_at").values_list("text", "number")) == [
        ("older", 2),
        ("newer", 1),
    ]


def test_customers_who_go_can_be_reached_again_when_they_come_back(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    arrive(inbox, element(5, optin={"notification_messages_status": "STOP_NOTIFICATIONS"}))
    assert not ContactIdentity.objects.get().is_reachable
    arrive(inbox, element(6, optin={"type": "notification_messages"}))
    assert ContactIdentity.objects.get().is_reachable and Message.objects.count() == 1


def test_of_two_changes_the_one_made_later_stands_whichever_comes_first(inbox: Inbox) -> None:
    arrive(inbox, message("m1"))
    gone = element(5, optin={"notification_messages_status": "STOP_NOTIFICATIONS"})
    back = element(6, optin={"type": "notification_messages"})
    arrive(inbox, back)
    arrive(inbox, gone)
    assert ContactIdentity.objects.get().is_reachable
    arrive(inbox, element(9, optin={"notification_messages_status": "STOP_NOTIFICATIONS"}), back)
    assert not ContactIdentity.objects.get().is_reachable


def test_who_wrote_after_they_had_gone_has_come_back_whichever_is_told_first(inbox: Inbox) -> None:
    gone = element(100, optin={"notification_messages_status": "STOP_NOTIFICATIONS"})
    arrive(inbox, message("m1"))
    arrive(inbox, message("m2", "I am back", 200))
    arrive(inbox, gone)
    assert ContactIdentity.objects.get().is_reachable
    arrive(inbox, element(300, optin={"notification_messages_status": "STOP_NOTIFICATIONS"}))
    arrive(inbox, message("m0", "sent long before", 50))
    assert not ContactIdentity.objects.get().is_reachable
    arrive(inbox, message("m3", "and again", 400))
    assert ContactIdentity.objects.get().is_reachable


def test_a_batch_of_a_hundred_costs_as_many_statements_as_one_message(inbox: Inbox) -> None:
    arrive(inbox, message("m0", customer="0"), message("n0", customer="1"))

    def statements(*elements: dict[str, object]) -> int:
        with CaptureQueriesContext(connection) as captured:
            arrive(inbox, *elements)
        return len(captured)

    one = statements(message("m1", seconds=1, customer="0"))
    hundred = statements(*(message(f"n{n}", seconds=n, customer=str(n % 2)) for n in range(1, 101)))
    assert one == hundred <= 16
    one = statements(message("o1", customer="new"))
    hundred = statements(*(message(f"p{n}", seconds=n, customer=f"new {n}") for n in range(100)))
    assert one == hundred
    assert Message.objects.count() == 204 and Conversation.objects.count() == 103


def test_an_inbox_that_is_gone_leaves_a_dead_letter_and_the_others_in_peace(inbox: Inbox) -> None:
    lost = Arrival(arrivals(inbox, message("m1"))[0].item, uuid4())
    inbound.receive([lost, *arrivals(inbox, message("m2"))])
    assert list(Message.objects.values_list("external_id", flat=True)) == ["m2"]
    assert InboundRecord.objects.get(event_id="m1").state == "dead"


@pytest.mark.django_db(transaction=True)
def test_the_same_event_from_twenty_threads_makes_one_message(acme: TenantRef) -> None:
    with tenant_scope(acme):
        inbox = page_inbox()
    _at_once(acme, inbox, [[message("m1")]] * 20)
    with tenant_scope(acme):
        assert (Message.objects.count(), Conversation.objects.count(), Contact.objects.count()) == (1, 1, 1)
        assert (InboundRecord.objects.count(), Wait.objects.count(), Session.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_album_of_ten_pictures_at_once_makes_one_conversation(acme: TenantRef) -> None:
    with tenant_scope(acme):
        inbox = page_inbox()
    _at_once(acme, inbox, [[message(f"m{number}", seconds=number)] for number in range(10)])
    with tenant_scope(acme):
        conversation = Conversation.objects.get()
        assert conversation.message_count == Message.objects.count() == 10
        assert sorted(Message.objects.values_list("number", flat=True)) == list(range(1, 11))
        assert conversation.waiting_since == Wait.objects.get().started_at == at(0)
        sequences = list(Event.objects.order_by("sequence").values_list("sequence", flat=True))
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


@pytest.mark.django_db(transaction=True)
def test_batches_in_opposite_orders_do_not_lock_each_other_out(acme: TenantRef) -> None:
    with tenant_scope(acme):
        inbox = page_inbox()
    crowd = [message(f"{{0}}-{number}", customer=str(number)) for number in range(20)]

    def named(prefix: int) -> list[dict[str, object]]:
        batch = [element(0, str(n), message={"mid": f"{prefix}-{n}", "text": "x"}) for n in range(len(crowd))]
        return batch if prefix % 2 else batch[::-1]

    _at_once(acme, inbox, [named(prefix) for prefix in range(8)])
    with tenant_scope(acme):
        assert Message.objects.count() == 160 and Conversation.objects.count() == 20
        assert not InboundRecord.objects.exclude(state="done").exists()


def test_nothing_of_one_brand_reaches_another(inbox: Inbox, globex: TenantRef) -> None:
    arrive(inbox, message("m1"))
    with tenant_scope(globex):
        assert (
            not Message.objects.exists()
            and not InboundRecord.objects.exists()
            and not Contact.objects.exists()
        )
    assert Message.objects.exists()


def _at_once(tenant: TenantRef, inbox: Inbox, loads: list[list[dict[str, object]]]) -> None:
    barrier = Barrier(len(loads))

    def work(elements: list[dict[str, object]]) -> None:
        try:
            with tenant_scope(tenant):
                batch = arrivals(inbox, *elements)
                barrier.wait()
                inbound.receive(batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(loads)) as threads:
        list(threads.map(work, loads))
