"""E-mail through the house: a webhook becomes a conversation, an answer a mail, and answers find their thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from contacts.models import ContactIdentity
from conversations import inbound, inboxes, lanes, lifecycle, mail_threads, queries, reply_tokens
from conversations.channels import registry
from conversations.channels.cards import Card, CardKind
from conversations.channels.email_addresses import tagged, tokens
from conversations.channels.email_heads import MailHead
from conversations.files import incoming
from conversations.inbound import Arrival
from conversations.models import Conversation, InboundRecord, Inbox, Message, Wait
from conversations.outbound import ReplyRefused
from tenants.directory import TenantRef
from tenants.models import ChannelApp
from tenants.scope import scoped_tenant, tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.mail_double import MailDouble, running_mail_double
from tests.conversations.outgoing import a_conversation, an_inbox, answer, deliver, statuses
from tests.conversations.posting import call

pytestmark = pytest.mark.django_db(transaction=True)

SUPPORT = "support@shop.example"
SECRET = "signs"


@pytest.fixture
def server(settings: Settings) -> Iterator[MailDouble]:
    settings.SIMULATOR = True
    with running_mail_double() as server:
        yield server


def connect(server: MailDouble | None = None, address: str = SUPPORT, **settings: str) -> Inbox:
    given = {"smtp_server": server.url if server else "", "plus_addresses": "yes", **settings}
    return inboxes.connect(
        "email", address, "Mail", by=SYSTEM, credentials={"password": "p"}, secret=SECRET, settings=given
    )


@pytest.fixture
def inbox(server: MailDouble, in_acme: TenantRef) -> Inbox:
    return connect(server)


def mail(text: str, sender: str = "mei@customer.example", **fields: str) -> bytes:
    named = {
        "Message-ID": f"<{uuid4()}@customer.example>",
        "From": f"Mei <{sender}>",
        "To": SUPPORT,
        "Subject": "Order",
    }
    named |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()


def arrive(inbox: Inbox, *mails: bytes) -> None:
    channel = registry.open("email")
    elements: list[Any] = [{"mime": each.decode()} for each in mails]
    inbound.receive(
        [Arrival(item, inbox.id) for raw in elements for item in channel.parse_element(SUPPORT, raw)]
    )


def bounce_of(message_id: str, address: str) -> bytes:
    return (
        "Message-ID: <b1@mx.example>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@shop.example\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n"
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n\r\n--b--\r\n"
    ).encode()


def complaint_of(message_id: str, address: str) -> bytes:
    enclosed = (
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n"
        if message_id
        else ""
    )
    return (
        f"Message-ID: <arf-{uuid4()}@relay.example>\r\nFrom: fbl@relay.example\r\nTo: {SUPPORT}\r\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: abuse\r\nOriginal-Rcpt-To: {address}\r\n\r\n{enclosed}--b--\r\n"
    ).encode()


def thread() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("conversation", "number").values_list("direction", "text"))


# --- in ----------------------------------------------------------------------------------------------------


def test_a_mail_that_a_provider_posts_is_a_conversation(acme: TenantRef) -> None:
    with tenant_scope(acme):
        inbox = connect(None)
        app = ChannelApp.objects.get(routes__inbox_id=inbox.id)
    body = mail("您好")
    try:
        for secret, status in (("wrong", 401), (SECRET, 200), (SECRET, 200)):
            headers = {"content-type": "message/rfc822", "authorization": f"Bearer {secret}"}
            assert asyncio.run(call(f"/hooks/email/{app.key}", body, headers=headers))[0] == status
        large = {"content-type": "message/rfc822", "authorization": f"Bearer {SECRET}"}
        plain = mail("x" * 4_000_000)
        assert asyncio.run(call(f"/hooks/email/{app.key}", plain, headers=large))[0] == 200
    finally:
        lanes.close()
    with tenant_scope(acme):
        assert Message.objects.count() == 2  # the same mail twice is one
        first = Message.objects.get(text="您好")
        assert (
            first.details["subject"] == "Order"
            and first.conversation.identity.address == "mei@customer.example"
        )
        assert SECRET not in json.dumps(list(InboundRecord.objects.values_list("headers", flat=True)))


def test_files_come_out_of_the_mail_that_brought_them(inbox: Inbox) -> None:
    head = (
        b"Message-ID: <f@b.example>\r\nFrom: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    )
    parts = b"--b\r\n\r\nsee\r\n--b\r\nContent-Type: text/csv; name=list.csv\r\n\r\na,b\r\n"
    arrive(inbox, head + parts + b"--b--\r\n")
    message = Message.objects.get()
    incoming.fetch(tenant_id=str(scoped_tenant().id), message_id=str(message.id))
    attachment = message.attachments.get()
    assert attachment.name == "list.csv" and attachment.file is not None
    assert (attachment.file.state, attachment.file.size) == ("stored", 3)


# --- out, and the thread -----------------------------------------------------------------------------------


def test_an_answer_names_what_it_answers_and_is_the_same_mail_on_a_second_try(
    server: MailDouble, inbox: Inbox, bob_agent: Agent
) -> None:
    arrive(inbox, mail("hello", Message_ID="<first@customer.example>", Subject="Re: 訂單"))
    conversation = Conversation.objects.get()
    answer(conversation, "Sent today.", bob_agent)
    server.replies["."] = "451 4.3.0 later"
    deliver(conversation)
    assert statuses(conversation) == ["pending"]
    server.replies["."] = "250 ok"
    conversation.messages.get(direction="out").attempts.update(retry_at=timezone.now())
    deliver(conversation)
    assert (
        statuses(conversation) == ["sent"] and len(server.mails) == 2 and server.mails[0] == server.mails[1]
    )
    sent = message_from_bytes(server.mails[0], policy=policy.default)
    assert (sent["Subject"], sent["In-Reply-To"]) == ("Re: 訂單", "<first@customer.example>")
    [token] = tokens([str(sent["Reply-To"])])
    assert reply_tokens.read(token, inbox.id) == conversation.id
    assert Message.objects.get(direction="out").external_id == sent["Message-ID"].strip("<>")


def test_an_answer_from_another_address_lands_in_the_thread_it_answers(
    server: MailDouble, inbox: Inbox, bob_agent: Agent
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    answer(conversation, "Sent today.", bob_agent)
    deliver(conversation)
    own = Message.objects.get(direction="out").external_id
    reply_to = tagged(SUPPORT, reply_tokens.make(conversation.id, inbox.id))
    arrive(
        inbox,
        mail("by token", "one@work.example", To=reply_to),
        mail("by id", "two@work.example", In_Reply_To=f"<{own}>"),
        mail("by reference", "three@work.example", References=f"<unknown@x> <{own}> <other@x>"),
        mail("her own", References=f"<{own}>"),
        mail("a stranger", "four@work.example", In_Reply_To="<unknown@x>"),
    )
    assert Conversation.objects.count() == 2
    texts = [text for direction, text in thread() if direction == "in"]
    assert texts == ["hello", "by token", "by id", "by reference", "her own", "a stranger"]
    marks = dict(Message.objects.filter(direction="in").values_list("text", "details__written_from"))
    assert (
        marks["by token"] == "one@work.example" and marks["her own"] is None and marks["a stranger"] is None
    )
    assert set(ContactIdentity.objects.values_list("address", flat=True)) == {
        "mei@customer.example",
        "four@work.example",
    }
    # our answers go on to the customer, whoever wrote last
    answer(conversation, "And this.", bob_agent)
    deliver(conversation)
    assert message_from_bytes(server.mails[-1])["To"] == "mei@customer.example"


def test_who_asks_for_answers_to_another_is_named(inbox: Inbox) -> None:
    """Anybody can write a mail whose answer goes to a customer: it stands in their thread, and not as their own."""
    arrive(
        inbox,
        mail("hello"),
        mail("send it to me", sender="mallory@c.example", Reply_To="mei@customer.example"),
    )
    rows = queries.thread(Conversation.objects.get().id)
    assert [(row["text"], row["written_from"]) for row in rows] == [
        ("hello", ""), ("send it to me", "mallory@c.example"),
    ]  # fmt: skip
    newest = mail_threads.last_of_customer(rows)
    assert newest is not None and newest["text"] == "hello"


def test_an_uncertain_message_is_found_by_its_own_id(
    server: MailDouble, inbox: Inbox, bob_agent: Agent
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    server.replies["."] = "hang up"
    answer(conversation, "Sent today.", bob_agent)
    deliver(conversation)
    assert statuses(conversation) == ["unconfirmed"]
    own = Message.objects.get(direction="out")
    assert own.external_id == ""
    arrive(inbox, mail("got it", "other@work.example", In_Reply_To=f"<kontor.{own.id}@shop.example>"))
    assert Conversation.objects.count() == 1


def test_a_token_that_was_made_up_or_is_anothers_leads_nowhere(
    inbox: Inbox, acme: TenantRef, globex: TenantRef
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    genuine = reply_tokens.make(conversation.id, inbox.id)
    forged = genuine[:-1] + ("a" if genuine[-1] != "a" else "b")
    assert reply_tokens.read(genuine, inbox.id) == conversation.id
    for token in (forged, "", "x" * 42, "a" * 42, genuine.upper()[:-1]):
        assert reply_tokens.read(token, inbox.id) is None
    assert reply_tokens.read(genuine, uuid4()) is None
    with tenant_scope(globex):
        assert reply_tokens.read(genuine, inbox.id) is None
        other = connect(None, "support@globex.example")
        channel = registry.open("email")
        raw = {"mime": mail("in globex", "eve@b.example", To=tagged(SUPPORT, genuine)).decode()}
        inbound.receive(
            [Arrival(item, other.id) for item in channel.parse_element("support@globex.example", raw)]
        )
        assert Conversation.objects.get().identity.address == "eve@b.example"
    arrive(inbox, mail("forged", "eve@b.example", To=tagged(SUPPORT, forged)))
    assert Conversation.objects.count() == 2


def test_a_key_that_was_replaced_is_believed_while_it_stands_beside_the_new_one(
    inbox: Inbox, settings: Settings
) -> None:
    conversation_id, old = uuid4(), settings.SECRET_KEY
    token = reply_tokens.make(conversation_id, inbox.id)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [old]
    assert reply_tokens.read(token, inbox.id) == conversation_id
    settings.SECRET_KEY_FALLBACKS = []
    assert reply_tokens.read(token, inbox.id) is None


def test_the_headings_of_a_mail_cost_one_query(
    inbox: Inbox, bob_agent: Agent, django_assert_num_queries: Any
) -> None:
    arrive(inbox, *(mail(f"hello {number}", Message_ID=f"<{number}@b>") for number in range(30)))
    conversation = Conversation.objects.select_related("inbox").get()
    message = answer(conversation, "Sent today.", bob_agent)
    with django_assert_num_queries(1):
        found = mail_threads.headings(conversation, message)
    assert found["references"][-1] == "29@b" and len(found["references"]) == mail_threads.LOOKED_BACK
    assert found["subject"] == "Re: Order"
    message.details = {"subject": "News of your order"}
    assert mail_threads.headings(conversation, message)["subject"] == "News of your order"
    conversation.inbox.settings["plus_addresses"] = ""
    assert mail_threads.headings(conversation, message)["reply_address"] == SUPPORT


# --- copies ------------------------------------------------------------------------------------------------


COPIES = MailHead(subject="Your refund", cc=("ken@customer.example",), bcc=("boss@shop.example",))


def test_copies_go_by_the_envelope_and_the_secret_ones_are_in_no_mail(
    server: MailDouble, inbox: Inbox, bob_agent: Agent
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    message = answer(conversation, "Sent today.", bob_agent, mail=COPIES)
    deliver(conversation)
    named = [line for line in server.said if line.startswith("RCPT")]
    people = ("mei@customer.example", "ken@customer.example", "boss@shop.example")
    assert named == [f"RCPT TO:<{address}>" for address in people]
    [content] = server.mails
    sent = message_from_bytes(content, policy=policy.default)
    assert (sent["Subject"], sent["To"], sent["Cc"]) == ("Your refund", people[0], people[1])
    assert b"boss" not in content and b"bcc" not in content.lower()
    row = queries.messages_by_id([message.id])[message.id]
    assert (row["subject"], row["cc"], row["bcc"], row["to"]) == ("Your refund", [people[1]], [people[2]], "")
    answer(conversation, "And this.", bob_agent)
    deliver(conversation)
    plain = message_from_bytes(server.mails[1], policy=policy.default)
    assert plain["Cc"] is None and plain["Subject"] == "Re: Your refund"
    assert server.said.count(f"RCPT TO:<{people[1]}>") == 1


def test_every_mail_of_an_answer_has_its_head(server: MailDouble, inbox: Inbox, bob_agent: Agent) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    card = Card(kind=CardKind.PRODUCT, title="Cup")
    answer(conversation, "This one?", bob_agent, mail=COPIES, cards=[card])
    ours = Message.objects.filter(direction="out")
    assert ours.count() == 2 and all(row.details["bcc"] == ["boss@shop.example"] for row in ours)


@pytest.mark.parametrize(
    ("refused", "kind", "is_reachable"),
    [("ken@customer.example", "bad_request", True), ("mei@customer.example", "recipient_gone", False)],
)
def test_a_copy_that_a_server_refuses_says_nothing_of_the_customer(
    server: MailDouble, inbox: Inbox, bob_agent: Agent, refused: str, kind: str, is_reachable: bool
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    server.replies[f"RCPT TO:<{refused}>"] = "550 5.1.1 no such user"
    message = answer(conversation, "Sent today.", bob_agent, mail=COPIES)
    deliver(conversation)
    message.refresh_from_db()
    assert (message.status, message.error_kind, server.mails) == ("failed", kind, [])
    assert ContactIdentity.objects.get().is_reachable is is_reachable


@pytest.mark.parametrize(
    ("address", "status"), [("ken@customer.example", "sent"), ("mei@customer.example", "failed")]
)
def test_a_copy_that_comes_back_leaves_the_message_sent(
    server: MailDouble, inbox: Inbox, bob_agent: Agent, address: str, status: str
) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    message = answer(conversation, "Sent today.", bob_agent, mail=COPIES)
    deliver(conversation)
    message.refresh_from_db()
    arrive(inbox, bounce_of(message.external_id, address))
    message.refresh_from_db()
    assert message.status == status


@pytest.mark.parametrize("channel", ["line", "sms"])
def test_other_channels_take_no_head(inbox: Inbox, bob_agent: Agent, channel: str) -> None:
    other = a_conversation(an_inbox(channel))
    with pytest.raises(ReplyRefused) as refusal:
        answer(other, "Sent today.", bob_agent, mail=COPIES)
    assert refusal.value.code == "no_mail_head" and not other.messages.filter(direction="out").exists()
    assert answer(other, "Sent today.", bob_agent).status == "pending"


def test_a_mail_that_came_in_says_who_else_got_it(inbox: Inbox) -> None:
    arrive(inbox, mail("hello", To=f"{SUPPORT}, sales@shop.example", Cc="Ken <ken@customer.example>"))
    [row] = queries.thread(Conversation.objects.get().id)
    assert (row["mail_to"], row["cc"], row["bcc"]) == (
        [SUPPORT, "sales@shop.example"],
        ["ken@customer.example"],
        [],
    )
    assert row["to"] == ""


# --- machines ----------------------------------------------------------------------------------------------


def test_a_bounce_fails_our_message(server: MailDouble, inbox: Inbox, bob_agent: Agent) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    answer(conversation, "Sent today.", bob_agent)
    deliver(conversation)
    own = Message.objects.get(direction="out").external_id
    arrive(inbox, bounce_of(own, "mei@customer.example"))
    message = Message.objects.get(direction="out")
    assert (message.status, message.error_kind) == ("failed", "recipient_gone")
    assert Conversation.objects.count() == 1 and Message.objects.count() == 2


def test_only_who_got_a_mail_of_ours_can_complain_of_it(
    server: MailDouble, inbox: Inbox, bob_agent: Agent
) -> None:
    arrive(inbox, mail("hello"), mail("hello", sender="ken@other.example"))
    mei, ken = Conversation.objects.order_by("identity__address").reverse()
    for conversation in (mei, ken):
        answer(conversation, "good news", bob_agent)
        deliver(conversation)
    to_mei, to_ken = (
        Message.objects.get(conversation=each, direction="out").external_id for each in (mei, ken)
    )
    assert to_mei and to_ken

    def reachable() -> bool:
        return ContactIdentity.objects.get(id=mei.identity_id).is_reachable

    forged = ["", "any@relay.example", f"kontor.{uuid4()}@shop.example", to_ken]
    arrive(inbox, *(complaint_of(each, "mei@customer.example") for each in forged))
    assert reachable() and not Event.objects.filter(name="contact.opted").exists()
    arrive(inbox, complaint_of(to_mei, "mei@customer.example"))
    assert not reachable()
    assert Event.objects.get(name="contact.opted").contact_id == mei.contact_id


def test_an_automatic_answer_neither_opens_nor_waits(inbox: Inbox, bob_agent: Agent) -> None:
    arrive(inbox, mail("hello"))
    conversation = Conversation.objects.get()
    answer(conversation, "Sent today.", bob_agent)
    assert Wait.objects.filter(ended_at__isnull=True).count() == 0
    away = {"Auto_Submitted": "auto-replied"}
    arrive(inbox, mail("I am away", **away))
    conversation.refresh_from_db()
    assert conversation.waiting_since is None and not Wait.objects.filter(ended_at__isnull=True).exists()
    assert Message.objects.get(text="I am away").details["is_automatic"] is True
    lifecycle.resolve(conversation, by=Actor.agent(bob_agent))
    arrive(inbox, mail("still away", **away))
    conversation.refresh_from_db()
    assert conversation.status == "resolved" and conversation.message_count == 4
    arrive(inbox, mail("I am back"))
    conversation.refresh_from_db()
    assert conversation.status == "open" and conversation.waiting_since is not None


def test_the_first_word_of_a_machine_is_shown_but_nobody_waits(inbox: Inbox) -> None:
    arrive(inbox, mail("A form was filled in", "no-reply@forms.example"))
    conversation = Conversation.objects.get()
    assert conversation.status == "open" and conversation.waiting_since is None
    arrive(inbox, mail("late", "no-reply@forms.example", Date="Mon, 02 Nov 2020 10:00:00 +0000"))
    conversation.refresh_from_db()
    assert conversation.waiting_since is None and not Wait.objects.exists()
