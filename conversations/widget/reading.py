"""What a visitor may see: the public fields of the messages of their own conversation, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations import queries
from conversations.models import Conversation, Message
from conversations.widget.sites import KIND, Site
from conversations.widget.visitors import Visitor

Row = dict[str, Any]

_UNSEEN = (Message.Status.PENDING, Message.Status.SENT, Message.Status.DELIVERED)
_GIVEN_UP = (Message.Status.FAILED, Message.Status.SKIPPED)


def conversation_of(site: Site, visitor: Visitor) -> UUID | None:
    """The visitor's conversation, None before the first message. One query."""
    rows = Conversation.objects.filter(
        inbox_id=site.inbox_id,
        identity__channel=KIND,
        identity__scope=site.identity_scope,
        identity__address=visitor.address,
    )
    return rows.order_by("-created_at").values_list("id", flat=True).first()


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
        conversation_id=conversation_id, number__lte=number, direction=Message.Direction.OUT, status__in=_UNSEEN
    )
    return rows.order_by("-sent_at").values_list("sent_at", flat=True).first()


def by_client_id(conversation_id: UUID, client_id: UUID) -> Row | None:
    """The visitor's own message that their browser called `client_id`."""
    found = Message.objects.filter(conversation_id=conversation_id, external_id=str(client_id))
    rows = public(queries.messages_by_id(found.values_list("id", flat=True)[:1]).values())
    return rows[0] if rows else None


def public(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows of conversations.queries cut down to what a visitor may know; what never went out is left out."""
    return [_public(row) for row in rows if row["status"] not in _GIVEN_UP]




def _public(row: Mapping[str, Any]) -> Row:
    inbound = row["direction"] == Message.Direction.IN
    return {
        "id": row["id"],
        "number": row["number"],
        "direction": row["direction"],
        "kind": row["kind"],
        "text": row["text"],
        "client_id": row["external_id"] if inbound else None,
        "sent_at": row["sent_at"],
        "edited_at": row["edited_at"],
        "unsent": row["unsent_at"] is not None,
        "attachments": [{"kind": each["kind"], "name": each["name"]} for each in row["attachments"]],
    }
