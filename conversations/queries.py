"""Reads for lists, threads, the REST API and the live stream: one query each, plain rows, keyset pages.

A row is a dict that `json.dumps(default=str)` can write; desk, REST and hub show the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet

from conversations.models import Attachment, Conversation, Message, ReadMark

Row = dict[str, Any]

_CONVERSATION_FIELDS = {
    "id": "id",
    "inbox_id": "inbox_id",
    "inbox_name": "inbox__name",
    "channel": "inbox__channel",
    "contact_id": "contact_id",
    "contact_name": "contact__name",
    "contact_picture_url": "contact__picture_url",
    "status": "status",
    "priority": "priority",
    "assignee_id": "assignee_id",
    "assignee_name": "assignee__name",
    "team_id": "team_id",
    "team_name": "team__name",
    "snoozed_until": "snoozed_until",
    "waiting_since": "waiting_since",
    "last_customer_message_at": "last_customer_message_at",
    "last_activity_at": "last_activity_at",
    "last_message_text": "last_message_text",
    "last_message_direction": "last_message_direction",
    "message_count": "message_count",
    "last_inbound_number": "last_inbound_number",
    "created_at": "created_at",
}
_MESSAGE_FIELDS = {
    "id": "id",
    "conversation_id": "conversation_id",
    "number": "number",
    "direction": "direction",
    "kind": "kind",
    "text": "text",
    "author_kind": "author_kind",
    "agent_id": "agent_id",
    "agent_name": "agent__name",
    "status": "status",
    "error_kind": "error_kind",
    "client_id": "client_id",
    "external_id": "external_id",
    "sent_at": "sent_at",
    "created_at": "created_at",
    "edited_at": "edited_at",
    "unsent_at": "unsent_at",
    "reaction": "reaction",
}


_ATTACHMENT_FIELDS = ("kind", "name", "mime", "size")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the next one begins behind it."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class ThreadPosition:
    """Where a page of a thread ends, towards the past."""

    sent_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Load:
    """What lies on a brand's desk now. waiting_since: of the customer who waits longest."""

    open: int
    waiting: int
    waiting_since: datetime | None


def load() -> Load:
    """The load of the scope's brand. One query over living conversations only."""
    live = Conversation.objects.exclude(status=Conversation.Status.RESOLVED)
    return Load(
        **live.aggregate(
            open=Count("id", filter=Q(status__in=[Conversation.Status.OPEN, Conversation.Status.PENDING])),
            waiting=Count("waiting_since"),
            waiting_since=Min("waiting_since"),
        )
    )


def in_view(view: str, agent_id: UUID | None) -> Q:
    """The filter of one of the desk's views: mine, unassigned, all, waiting, snoozed, resolved."""
    live = Q(status__in=[Conversation.Status.OPEN, Conversation.Status.PENDING])
    return {
        "mine": live & Q(assignee_id=agent_id),
        "unassigned": live & Q(assignee_id__isnull=True),
        "all": live,
        "waiting": live & Q(waiting_since__isnull=False),
        "snoozed": Q(status=Conversation.Status.SNOOZED),
        "resolved": Q(status=Conversation.Status.RESOLVED),
    }[view]


VIEWS = ("mine", "unassigned", "all", "waiting", "snoozed", "resolved")


def conversations(
    condition: Q | None = None,
    *,
    inbox_ids: frozenset[UUID] | None = None,
    after: Position | None = None,
    limit: int = 50,
) -> list[Row]:
    """A page of conversations, newest activity first. inbox_ids: only these (None: all). One query."""
    rows = Conversation.objects.filter(condition or Q())
    if inbox_ids is not None:
        rows = rows.filter(inbox_id__in=inbox_ids)
    if after is not None:
        rows = rows.filter(
            Q(last_activity_at__lt=after.at) | Q(last_activity_at=after.at, id__lt=after.id),
            last_activity_at__lte=after.at,
        )
    return _conversation_rows(rows.order_by("-last_activity_at", "-id")[:limit])


def conversation(conversation_id: UUID) -> Row | None:
    """One conversation's row."""
    rows = _conversation_rows(Conversation.objects.filter(id=conversation_id))
    return rows[0] if rows else None


def conversations_by_id(ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Rows of several conversations. One query."""
    return {row["id"]: row for row in _conversation_rows(Conversation.objects.filter(id__in=set(ids)))}


def thread(conversation_id: UUID, *, before: ThreadPosition | None = None, limit: int = 50) -> list[Row]:
    """The newest messages of a conversation (behind `before`, older ones), oldest first. Two queries."""
    rows = Message.objects.filter(conversation_id=conversation_id)
    if before is not None:
        rows = rows.filter(
            Q(sent_at__lt=before.sent_at) | Q(sent_at=before.sent_at, number__lt=before.number),
            sent_at__lte=before.sent_at,
        )
    return list(reversed(_message_rows(rows.order_by("-sent_at", "-number")[:limit])))


def messages_after(conversation_id: UUID, number: int, *, limit: int = 200) -> list[Row]:
    """Messages that reached us after message `number`, in that order. Two queries."""
    rows = Message.objects.filter(conversation_id=conversation_id, number__gt=number)
    return _message_rows(rows.order_by("number")[:limit])


def messages_by_id(ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Rows of several messages. Two queries."""
    return {row["id"]: row for row in _message_rows(Message.objects.filter(id__in=set(ids)))}


def read_numbers(agent_id: UUID, conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How far an agent has read each of the conversations. One query."""
    marks = ReadMark.objects.filter(agent_id=agent_id, conversation_id__in=conversation_ids)
    return dict(marks.values_list("conversation_id", "number"))


def _conversation_rows(rows: QuerySet[Conversation]) -> list[Row]:
    named = {alias: F(path) for alias, path in _CONVERSATION_FIELDS.items() if alias != path}
    same = [alias for alias, path in _CONVERSATION_FIELDS.items() if alias == path]
    return list(rows.values(*same, **named))


def _message_rows(rows: QuerySet[Message]) -> list[Row]:
    named = {alias: F(path) for alias, path in _MESSAGE_FIELDS.items() if alias != path}
    same = [alias for alias, path in _MESSAGE_FIELDS.items() if alias == path]
    found = list(rows.values(*same, **named))
    by_id = {row["id"]: row for row in found}
    for row in found:
        row["attachments"] = []
    attachments = Attachment.objects.filter(message_id__in=by_id).order_by("message_id", "position")
    for message_id, *values in attachments.values_list("message_id", *_ATTACHMENT_FIELDS):
        by_id[message_id]["attachments"].append(dict(zip(_ATTACHMENT_FIELDS, values, strict=True)))
    return found
