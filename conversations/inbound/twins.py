"""An echo that told nothing of us, and came before the platform's answer did: the same message, stored twice."""

from __future__ import annotations

from django.db.models import Q

from conversations.events import MessageDelivered, MessageMerged, MessageRead
from conversations.inbound import late, reports
from conversations.models import Message
from tenants.statements import Given, Question
from tenants.workspace.events import SYSTEM, record

# The second condition is that of the index.
_NAMED = Question(
    lambda: Message.objects.filter(
        ~Q(external_id=""), inbox_id=Given("inbox_id"), external_id=Given("external_id")
    )
)
_TOLD = {Message.Status.DELIVERED: MessageDelivered, Message.Status.READ: MessageRead}


def twin_of(message: Message, external_id: str) -> Message | None:
    """Another message of the inbox that has this id of the platform's."""
    others = _NAMED.all(inbox_id=message.inbox_id, external_id=external_id)
    return next((other for other in others if other.id != message.id), None)


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
