"""An echo that told nothing of us, and came before the platform's answer did: the same message, stored twice."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from conversations.events import MessageDelivered, MessageMerged, MessageRead
from conversations.inbound import late, reports
from conversations.models import Message
from tenants.arrays import columns
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, record

_NAMED = """
    SELECT asked.message_id, m.id FROM unnest(%s::uuid[], %s::uuid[], %s::text[])
           AS asked (message_id, inbox_id, external_id)
      JOIN conversations_message m USING (inbox_id, external_id)
     WHERE m.external_id <> '' AND m.id <> asked.message_id
"""  # the first condition is that of the index
_TOLD = {Message.Status.DELIVERED: MessageDelivered, Message.Status.READ: MessageRead}


def twins_of(named: Sequence[tuple[Message, str]]) -> dict[UUID, Message]:
    """By a message's id: another message of its inbox that has the id which the platform gave to it."""
    if not named:
        return {}
    rows = [(message.id, message.inbox_id, external_id) for message, external_id in named]
    with prepared() as cursor:
        cursor.execute(_NAMED, columns(rows))
        found: dict[UUID, UUID] = dict(cursor.fetchall())
    there = Message.objects.in_bulk(found.values()) if found else {}
    return {message_id: there[twin_id] for message_id, twin_id in found.items()}


def is_echo_of(twin: Message, message: Message) -> bool:
    """Whether `twin` can only be what we sent ourselves."""
    return twin.author_kind == Message.Author.OUTSIDE and twin.conversation_id == message.conversation_id


def merge(message: Message, twin: Message) -> None:
    """Let `message`, which is sent, stand for its echo too. The conversation is locked by the caller, whose
    unit of work this is."""
    where = {
        "conversation_id": message.conversation_id,
        "contact_id": message.conversation.contact_id,
        "message_id": message.id,
    }
    external_id, told = twin.external_id, Message.Status(twin.status)
    since, twin_id = twin.sent_at, twin.id
    twin.delete()
    message.external_id = external_id
    message.reaction, message.details = twin.reaction, {**message.details, **twin.details}
    if told in _TOLD and reports.rank(told) > reports.rank(message.status):
        message.status = told
        record(_TOLD[told](**where), by=SYSTEM)
    message.save(update_fields=["external_id", "reaction", "details", "status"])
    record(MessageMerged(**where, twin_id=twin_id), by=SYSTEM)
    late.ask_who_waits(message.id, since)
