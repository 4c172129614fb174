"""Reads for lists, threads, the REST API and the live stream: one query each, plain rows, keyset pages.

A row is a dict that `json.dumps(default=str)` can write; desk, REST and hub show the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from contacts.queries import Position
from conversations import row_parts
from conversations.models import Attachment, Conversation, Message, ReadMark
from conversations.models.messages import awaits_file
from tenants.statements import Given, OneOf, Question

Row = dict[str, Any]

_CONVERSATION_FIELDS = {
    "id": "id",
    "inbox_id": "inbox_id",
    "inbox_name": "inbox__name",
    "channel": "inbox__channel",
    "contact_id": "contact_id",
    "contact_name": "contact__name",
    "contact_picture_url": "contact__picture_url",
    "kind": "kind",
    "status": "status",
    "priority": "priority",
    "assignee_id": "assignee_id",
    "assignee_name": "assignee__name",
    "team_id": "team_id",
    "team_name": "team__name",
    "snoozed_until": "snoozed_until",
    "waiting_since": "waiting_since",
    "last_customer_message_at": "last_customer_message_at",
    "sent_in_window": "sent_in_window",
    "brief_window_at": "brief_window_at",
    "sent_in_brief_window": "sent_in_brief_window",
    "held_elsewhere_at": "held_elsewhere_at",
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
    "sender_name": "details__sender__name",
    "subject": "details__subject",
    "written_from": "details__written_from",
    "is_typed": "details__is_typed",
    "status": "status",
    "error_kind": "error_kind",
    "client_id": "client_id",
    "external_id": "external_id",
    "sent_at": "sent_at",
    "created_at": "created_at",
    "edited_at": "edited_at",
    "unsent_at": "unsent_at",
    "erased_at": "details__erased_at",
    "reaction": "reaction",
    "cards": "details__cards",
    "quick_replies": "details__quick_replies",
    "template": "details__template",
    "to": "details__to",
    "cc": "details__cc",
    "bcc": "details__bcc",
    "comment": "details__comment",
}
_ATTACHMENT_FIELDS = (
    "id", "kind", "name", "mime", "size", "url", "media_id", "details", "file_id", "file__state", "file__reason",
    "file__name", "file__mime", "file__size", "file__width", "file__height", "file__seconds",
    "file__thumbnail_path",
)  # fmt: skip


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
        rows = rows.filter(after.beyond("last_activity_at"))
    return list(conversation_rows(rows.order_by("-last_activity_at", "-id")[:limit]))


def conversation(conversation_id: UUID) -> Row | None:
    """One conversation's row."""
    return _CONVERSATION.first(id=conversation_id)


def conversations_by_id(ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Rows of several conversations. One query."""
    return {row["id"]: row for row in conversation_rows(Conversation.objects.filter(id__in=set(ids)))}


def thread(conversation_id: UUID, *, before: ThreadPosition | None = None, limit: int = 50) -> list[Row]:
    """The newest messages of a conversation (behind `before`, older ones), oldest first.

    One query, two where there are attachments.
    """
    if before is None:
        rows = _NEWEST_MESSAGES.all(conversation_id=conversation_id, limit=limit)
    else:
        rows = _OLDER_MESSAGES.all(
            conversation_id=conversation_id, sent_at=before.sent_at, number=before.number, limit=limit
        )
    return list(reversed(_with_attachments(rows)))


def thread_after(conversation_id: UUID, after: ThreadPosition, *, limit: int = 50) -> list[Row]:
    """The messages that follow a place in a thread, oldest first. One query, two where there are attachments."""
    found = _NEWER_MESSAGES.all(
        conversation_id=conversation_id, sent_at=after.sent_at, number=after.number, limit=limit
    )
    return _with_attachments(found)


def messages_after(conversation_id: UUID, number: int, *, limit: int = 200) -> list[Row]:
    """Messages that reached us after message `number`, in that order. One query, two with attachments."""
    rows = Message.objects.filter(conversation_id=conversation_id, number__gt=number)
    return _with_attachments(list(_message_rows(rows.order_by("number")[:limit])))


def messages_by_id(ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Rows of several messages. One query, two with attachments."""
    return {row["id"]: row for row in _with_attachments(_MESSAGES.all(ids=list(set(ids))))}


def read_numbers(agent_id: UUID, conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How far an agent has read each of the conversations. One query."""
    return dict(_READ_NUMBERS.all(agent_id=agent_id, conversation_ids=list(conversation_ids)))


def conversations_select() -> str:
    """The SELECT behind conversations' rows, without a condition, for a statement that is written around it."""
    statement, values = conversation_rows(Conversation.objects.order_by()).query.sql_with_params()
    assert not values
    return str(statement)


def conversation_rows(rows: QuerySet[Conversation], *more: str) -> QuerySet[Conversation, Row]:
    """The rows of some conversations, with `more` beside what every row has."""
    named = {alias: F(path) for alias, path in _CONVERSATION_FIELDS.items() if alias != path}
    same = [alias for alias, path in _CONVERSATION_FIELDS.items() if alias == path]
    found: QuerySet[Conversation, Row] = rows.values(*same, *more, **named)
    return found


def _message_rows(rows: QuerySet[Message]) -> QuerySet[Message, Row]:
    named = {alias: F(path) for alias, path in _MESSAGE_FIELDS.items() if alias != path}
    same = [alias for alias, path in _MESSAGE_FIELDS.items() if alias == path]
    has_attachments = Exists(Attachment.objects.filter(message_id=OuterRef("id")))
    found: QuerySet[Message, Row] = rows.values(*same, **named, has_attachments=has_attachments)
    return found


def _with_attachments(rows: list[Row]) -> list[Row]:
    by_id = {row["id"]: row for row in rows if row.pop("has_attachments")}
    for row in rows:
        row["attachments"] = []
        row["sender_name"] = row["sender_name"] or ""
        row["subject"] = row["subject"] or ""
        row["written_from"] = row["written_from"] or ""
        row["is_typed"] = bool(row["is_typed"])
        row["erased_at"] = datetime.fromisoformat(row["erased_at"]) if row["erased_at"] else None
        row["cards"] = row["cards"] or []
        row["quick_replies"] = row["quick_replies"] or []
        to = row["to"] or ""  # of a mail that came in: its recipients
        row["mail_to"] = to if isinstance(to, list) else []
        row["to"] = to if isinstance(to, str) else ""
        row["cc"] = row["cc"] or []
        row["bcc"] = row["bcc"] or []
    row_parts.fill(rows)
    for message_id, *values in _ATTACHMENTS.all(ids=list(by_id)) if by_id else ():
        found = dict(zip(_ATTACHMENT_FIELDS, values, strict=True))
        by_id[message_id]["attachments"].append(_attachment_row(found))
    return rows


def _attachment_row(found: Row) -> Row:
    """`state`: fetching | stored | refused | missing, or none for what is no file."""
    waits = "fetching" if awaits_file(found["kind"], found["url"], found["media_id"]) else "none"
    is_link = found["kind"] == "link" and found["url"].startswith(("https://", "http://"))
    return {
        "id": found["id"],
        "file_id": found["file_id"],
        "kind": found["kind"],
        "name": found["file__name"] or found["name"],
        "mime": found["file__mime"] or found["mime"],
        "size": found["file__size"] or found["size"],
        "state": found["file__state"] or waits,
        "reason": found["file__reason"] or "",
        "width": found["file__width"],
        "height": found["file__height"],
        "seconds": found["file__seconds"],
        "has_thumbnail": bool(found["file__thumbnail_path"]),
        "url": found["url"] if is_link else "",
        "place": _place(found["details"]) if found["kind"] == "location" else None,
    }


def _place(details: Row) -> Row:
    return {name: details.get(name) for name in ("latitude", "longitude", "address")}


def _thread_rows(*conditions: Q) -> QuerySet[Message, Row]:
    rows = Message.objects.filter(*conditions, conversation_id=Given("conversation_id"))
    return _message_rows(rows.order_by("-sent_at", "-number"))


_CONVERSATION: Question[Row] = Question(
    lambda: conversation_rows(Conversation.objects.filter(id=Given("id")))
)
_MESSAGES: Question[Row] = Question(lambda: _message_rows(Message.objects.filter(OneOf("id", "ids", "uuid"))))
_NEWEST_MESSAGES: Question[Row] = Question(_thread_rows, limited=True)
_OLDER_MESSAGES: Question[Row] = Question(
    lambda: _thread_rows(
        Q(sent_at__lt=Given("sent_at")) | Q(sent_at=Given("sent_at"), number__lt=Given("number")),
        # said once more in a way that an index can begin with
        Q(sent_at__lte=Given("sent_at")),
    ),
    limited=True,
)
_NEWER_MESSAGES: Question[Row] = Question(
    lambda: _thread_rows(
        Q(sent_at__gt=Given("sent_at")) | Q(sent_at=Given("sent_at"), number__gt=Given("number")),
        Q(sent_at__gte=Given("sent_at")),
    ).order_by("sent_at", "number"),
    limited=True,
)
_ATTACHMENTS: Question[tuple[Any, ...]] = Question(
    lambda: (
        Attachment.objects.filter(OneOf("message_id", "ids", "uuid"))
        .order_by("message_id", "position")
        .values_list("message_id", *_ATTACHMENT_FIELDS)
    )
)
_READ_NUMBERS: Question[tuple[UUID, int]] = Question(
    lambda: ReadMark.objects.filter(
        OneOf("conversation_id", "conversation_ids", "uuid"), agent_id=Given("agent_id")
    ).values_list("conversation_id", "number")
)


def has_open_conversation(wish: str) -> Q:
    """The contacts with a conversation that is not resolved (`1`), or without one (`0`): a filter of contact lists.
    Raises ValueError for any other wish."""
    if wish not in {"0", "1"}:
        raise ValueError(wish)
    living = Conversation.objects.exclude(status=Conversation.Status.RESOLVED)
    has = Q(Exists(living.filter(contact=OuterRef("pk"))))
    return has if wish == "1" else ~has
