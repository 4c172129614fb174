"""Rows and events for the tests of the live stream, written as the inbound and outbound roads write them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from contacts.models import Contact, ContactIdentity
from conversations.events import (
    ConversationOpened,
    ConversationSeen,
    MessageReceived,
    MessageReplied,
    MessageSent,
)
from conversations.models import Conversation, Inbox, Message
from tenants.ids import new_id
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work
from tenants.workspace.models import Agent, Team


@dataclass(frozen=True)
class Talk:
    """One conversation and whose it is."""

    id: UUID
    inbox_id: UUID
    contact_id: UUID
    identity_id: UUID


def make_inbox(name: str = "Website", *, only_for: Team | None = None) -> Inbox:
    inbox = Inbox.objects.create(name=name, channel="widget", account_id=str(new_id()))
    if only_for is not None:
        inbox.teams.add(only_for)
    return inbox


def start_talk(inbox: Inbox, name: str = "王小明") -> Talk:
    with unit_of_work():
        contact = Contact.objects.create(name=name)
        identity = ContactIdentity.objects.create(contact=contact, channel="widget", address=str(new_id()))
        conversation = Conversation.objects.create(
            inbox=inbox, contact=contact, identity=identity, last_activity_at=timezone.now()
        )
        record(
            ConversationOpened(conversation.id, contact.id, inbox.id, new_id()),
            by=Actor("contact", contact.id),
        )
    return Talk(conversation.id, inbox.id, contact.id, identity.id)


def write(talk: Talk, text: str) -> UUID:
    """The customer writes."""
    with unit_of_work():
        message = _message(talk, text, "in", Message.Author.CONTACT, Message.Status.RECEIVED)
        record(
            MessageReceived(talk.id, talk.contact_id, message.id, talk.inbox_id, message.number),
            by=Actor("contact", talk.contact_id),
        )
    return message.id


def reply(talk: Talk, text: str, agent: Agent) -> UUID:
    """An agent answers; nothing has gone out yet."""
    with unit_of_work():
        message = _message(talk, text, "out", Message.Author.AGENT, Message.Status.PENDING, agent)
        record(
            MessageReplied(talk.id, talk.contact_id, message.id, talk.inbox_id, message.number, None),
            by=Actor.agent(agent),
        )
    return message.id


def mark_sent(talk: Talk, message_id: UUID) -> None:
    with unit_of_work():
        Message.objects.filter(id=message_id).update(status=Message.Status.SENT)
        record(MessageSent(talk.id, talk.contact_id, message_id), by=SYSTEM)


def mark_seen(talk: Talk, number: int, agent: Agent) -> None:
    with unit_of_work():
        record(ConversationSeen(talk.id, number), by=Actor.agent(agent))


def _message(
    talk: Talk, text: str, direction: str, author: str, status: str, agent: Agent | None = None
) -> Message:
    conversation = Conversation.objects.select_for_update().get(id=talk.id)
    conversation.message_count += 1
    conversation.last_message_text = text
    conversation.save()
    now = timezone.now()
    return Message.objects.create(
        conversation=conversation,
        inbox_id=talk.inbox_id,
        number=conversation.message_count,
        direction=direction,
        author_kind=author,
        agent=agent,
        status=status,
        text=text,
        sent_at=now,
        created_at=now,
    )
