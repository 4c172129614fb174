"""Inboxes, customers and conversations for tests of the way out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact, ContactIdentity
from conversations import delivering, inboxes, outbound
from conversations.models import Conversation, Inbox, Message, OutboundAttempt, Session, Wait
from tenants.scope import scoped_tenant
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event
from tests.conversations.double import Answer, Double

TOKEN = "token-that-nobody-may-read"

GONE = Answer(400, {"error": {"message": "No matching user found", "code": 100, "error_subcode": 2018001}})
BAD = Answer(400, {"error": {"message": "Bad", "code": 100}})
TOKEN_DEAD = Answer(400, {"error": {"message": "Session has expired", "code": 190, "error_subcode": 463}})


def an_inbox(channel: str, base_url: str = "", **given: Any) -> Inbox:
    """A connected account of `channel`."""
    return inboxes.connect(
        channel,
        given.pop("account_id", f"{channel}-{uuid4().hex[:8]}"),
        given.pop("name", channel.title()),
        by=SYSTEM,
        credentials={"access_token": TOKEN},
        secret="signs",
        base_url=base_url,
        **given,
    )


def a_conversation(inbox: Inbox, *, wrote_at: datetime | None = None, text: str = "Hello?") -> Conversation:
    """A conversation in which the customer wrote once and waits for an answer."""
    wrote_at = wrote_at or timezone.now() - timedelta(minutes=5)
    contact = Contact.objects.create()
    identity = ContactIdentity.objects.create(
        contact=contact, channel=inbox.channel, scope=inbox.identity_scope, address=f"c-{uuid4().hex[:8]}"
    )
    conversation = Conversation.objects.create(
        inbox=inbox,
        contact=contact,
        identity=identity,
        waiting_since=wrote_at,
        last_customer_message_at=wrote_at,
        last_activity_at=wrote_at,
    )
    session = Session.objects.create(conversation=conversation, inbox=inbox, started_at=wrote_at)
    Wait.objects.create(
        conversation=conversation, session=session, inbox=inbox, is_first=True, started_at=wrote_at
    )
    customer_writes(conversation, text, at=wrote_at)
    conversation.refresh_from_db()
    return conversation


def customer_writes(conversation: Conversation, text: str, *, at: datetime | None = None) -> Message:
    """One more message of the customer, as the inbound side would leave it."""
    row = Conversation.objects.get(id=conversation.id)
    at = at or timezone.now()
    number = row.message_count + 1
    Conversation.objects.filter(id=row.id).update(
        message_count=number, last_inbound_number=number, last_customer_message_at=at
    )
    return Message.objects.create(
        conversation=row,
        inbox=row.inbox,
        number=number,
        direction="in",
        text=text,
        author_kind="contact",
        external_id=f"in-{uuid4().hex}",
        status="received",
        sent_at=at,
        created_at=at,
    )


def answer(conversation: Conversation, text: str, agent: Agent, **given: Any) -> Message:
    """An agent's reply that looks at nothing else."""
    given.setdefault("seen_number", None)
    return outbound.reply(
        conversation, text, by=Actor.agent(agent), client_id=given.pop("client_id", uuid4()), **given
    )


def deliver(conversation: Conversation) -> None:
    """Run the delivery job of a conversation, as a worker does."""
    delivering.deliver(tenant_id=str(scoped_tenant().id), conversation_id=str(conversation.id))


def waiting() -> list[UUID]:
    """The conversations that a worker finds when it looks for something to send, oldest first."""
    return delivering.waiting(50)


def statuses(conversation: Conversation) -> list[str]:
    """The states of our messages in their order."""
    ours = Message.objects.filter(conversation=conversation, direction="out").order_by("number")
    return list(ours.values_list("status", flat=True))


def happened(*names: str) -> list[str]:
    """The names of the events of the log, in order; only `names` where given."""
    log = Event.objects.order_by("sequence")
    if names:
        log = log.filter(name__in=names)
    return list(log.values_list("name", flat=True))


def jobs(task_name: str = "conversations.delivering.deliver") -> list[ProcrastinateJob]:
    """The waiting jobs of one kind, oldest first."""
    return list(ProcrastinateJob.objects.filter(task_name=task_name, status="todo").order_by("id"))


def jobs_for(conversation_id: UUID) -> int:
    """How many delivery jobs wait for one conversation: those of the sweep, and of tries to come."""
    return sum(job.args["conversation_id"] == str(conversation_id) for job in jobs())


def newest_attempt() -> OutboundAttempt:
    """The try that began last."""
    return OutboundAttempt.objects.order_by("-started_at", "-number")[0]


def make_due() -> None:
    """The time until the next try has passed."""
    OutboundAttempt.objects.filter(retry_at__isnull=False).update(
        retry_at=timezone.now() - timedelta(seconds=1)
    )


def seconds_until_retry() -> float:
    """How long the newest try lets the next one wait."""
    attempt = newest_attempt()
    assert attempt.retry_at is not None
    assert attempt.finished_at is not None
    return (attempt.retry_at - attempt.finished_at).total_seconds()


def open_breaker(inbox: Inbox, double: Double, agent: Agent) -> list[Conversation]:
    """Ten failures in a row, each of another conversation: those wait."""
    conversations = [a_conversation(inbox) for _ in range(10)]
    for conversation in conversations:
        assert Inbox.objects.get().health == "good"
        double.answers.append(Answer(500))
        answer(conversation, "hi", agent)
        deliver(conversation)
    return conversations


def let_probe() -> None:
    """A failing platform may be asked again."""
    Inbox.objects.update(probe_at=timezone.now() - timedelta(seconds=1))


def give_reply_token(conversation: Conversation, ago: timedelta = timedelta(seconds=5)) -> None:
    """LINE gave us a reply token that long ago."""
    Conversation.objects.filter(id=conversation.id).update(
        reply_handle="token", reply_handle_at=timezone.now() - ago
    )
