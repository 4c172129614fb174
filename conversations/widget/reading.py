"""What a visitor may see: the public fields of the messages of their own conversation, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from conversations import queries
from conversations.models import Attachment, Conversation, Message, StoredFile
from conversations.queries import Row
from conversations.realtime.frames import public_message
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor

GIVEN_UP = (Message.Status.FAILED, Message.Status.SKIPPED)
_UNSEEN = (Message.Status.PENDING, Message.Status.SENT, Message.Status.DELIVERED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor's words stand."""

    conversation_id: UUID
    identity_id: UUID


def place_of(site: Site, visitor: Visitor) -> Place | None:
    """The visitor's conversation, None before the first message. One query."""
    rows = Conversation.objects.filter(
        inbox_id=site.inbox_id,
        identity__channel=KIND,
        identity__scope=site.identity_scope,
        identity__address=visitor.address,
    )
    found = rows.order_by("-created_at").values_list("id", "identity_id").first()
    return None if found is None else Place(*found)


def conversation_of(site: Site, visitor: Visitor) -> UUID | None:
    """The id of the visitor's conversation, None before the first message. One query."""
    place = place_of(site, visitor)
    return None if place is None else place.conversation_id


def newest(conversation_id: UUID, *, limit: int = 50) -> list[Row]:
    """The newest messages, oldest first."""
    return public(queries.thread(conversation_id, limit=limit))


def after(conversation_id: UUID, number: int, *, limit: int = 200) -> list[Row]:
    """Messages behind message `number`, in the order in which they reached us."""
    return public(queries.messages_after(conversation_id, number, limit=limit))


def unread(conversation_id: UUID) -> int:
    """How many of our messages the visitor has not seen. One query."""
    return Message.objects.filter(
        conversation_id=conversation_id, direction=Message.Direction.OUT, status__in=_UNSEEN
    ).count()


def unseen_until(conversation_id: UUID, number: int) -> datetime | None:
    """The time of our newest message up to `number` that the visitor had not seen yet, or None. One query."""
    rows = Message.objects.filter(
        conversation_id=conversation_id,
        number__lte=number,
        direction=Message.Direction.OUT,
        status__in=_UNSEEN,
    )
    return rows.order_by("-sent_at").values_list("sent_at", flat=True).first()


def by_client_id(conversation_id: UUID, client_id: UUID) -> Row | None:
    """The visitor's own message that their browser called `client_id`."""
    found = Message.objects.filter(conversation_id=conversation_id, external_id=str(client_id))
    rows = public(queries.messages_by_id(found.values_list("id", flat=True)[:1]).values())
    return rows[0] if rows else None


def files_of(conversation_id: UUID, message_id: UUID) -> list[Attachment]:
    """The attachments with a stored file of a message that the visitor may see. One query."""
    rows = Attachment.objects.filter(
        message_id=message_id,
        message__conversation_id=conversation_id,
        message__unsent_at=None,
        file__state=StoredFile.State.STORED,
    )
    return list(rows.exclude(message__status__in=GIVEN_UP).select_related("file").order_by("position"))


def public(rows: Iterable[Row]) -> list[Row]:
    """Rows of conversations.queries cut down to what the visitor may know; what was given up is left out."""
    return [shown for shown in map(public_message, rows) if shown is not None]


def newest_number(conversation_id: UUID) -> int:
    """The number of the conversation's newest message that the visitor may see. One query."""
    rows = Message.objects.filter(conversation_id=conversation_id).exclude(status__in=GIVEN_UP)
    return rows.order_by("-number").values_list("number", flat=True).first() or 0
