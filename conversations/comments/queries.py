"""Reads of comments and posts: what stands in the rows of messages, beside a thread, and in lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from conversations.comments.models import Comment, Post
from conversations.models import POST, Conversation
from tenants.statements import OneOf, Question

Row = dict[str, Any]

_POST_FIELDS = ("id", "inbox_id", "external_id", "text", "picture_url", "url", "published_at")
_FACTS: Question[tuple[Any, ...]] = Question(
    lambda: Comment.objects.filter(OneOf("message_id", "ids", "uuid")).values_list(
        "message_id",
        "comment_id",
        "post__external_id",
        "parent_id",
        "is_hidden",
        "private_until",
        "private_message__status",
    )
)


def facts(message_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """`comment` of the rows of messages that are comments. One query."""
    return {
        message_id: {
            "id": comment_id,
            "post_id": post_id,
            "parent_id": parent_id,
            "is_hidden": is_hidden,
            "private_until": private_until,
            "private_status": status or "",
        }
        for message_id, comment_id, post_id, parent_id, is_hidden, private_until, status in _FACTS.all(
            ids=list(message_ids)
        )
    }


def post_of(conversation: Conversation) -> Row | None:
    """The post below which a conversation of comments stands. One query."""
    named = conversation.thread.removeprefix(POST)
    rows = Post.objects.filter(inbox_id=conversation.inbox_id, external_id=named)
    row = rows.values(*_POST_FIELDS).first()
    return None if row is None else dict(row)


def posts(inbox_ids: frozenset[UUID] | None, *, before: UUID | None = None, limit: int = 50) -> list[Row]:
    """A page of the posts of these inboxes (None: all), newest first. One query."""
    rows = Post.objects.all() if inbox_ids is None else Post.objects.filter(inbox_id__in=inbox_ids)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows.order_by("-id").values(*_POST_FIELDS)[:limit])


def comment_ids_below(
    post_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[tuple[UUID, datetime]]:
    """A page of the messages that are comments below a post, newest first, with their times. One query."""
    rows = Comment.objects.filter(post_id=post_id)
    if before is not None:
        at, last = before
        rows = rows.filter(Q(message__sent_at__lt=at) | Q(message__sent_at=at, message_id__lt=last))
    found = rows.order_by("-message__sent_at", "-message_id").values_list("message_id", "message__sent_at")
    return list(found[:limit])


def linked(conversation: Conversation) -> list[Row]:
    """Where the talk went on in private, or came from: conversations in which the customer answered the private
    message to a comment. conversation: with its identity. One query, and none for a group.

    The private message tells the platform's id of its reader, which may differ from the author's id of the comment.
    """
    if conversation.kind == Conversation.Kind.COMMENTS:
        rows = Comment.objects.filter(message__conversation_id=conversation.id).exclude(private_address="")
        told = rows.values_list("private_address", "private_message__sent_at")
        ways = [Q(identity__address=address, last_customer_message_at__gte=at) for address, at in told if at]
        if not ways:
            return []
        condition = Q(inbox_id=conversation.inbox_id, thread="")
        found = Conversation.objects.filter(condition, _any(ways))
    elif conversation.kind == Conversation.Kind.CHAT and conversation.last_customer_message_at is not None:
        rows = Comment.objects.filter(
            inbox_id=conversation.inbox_id,
            private_address=conversation.identity.address,
            private_message__sent_at__lte=conversation.last_customer_message_at,
        ).exclude(private_address="")
        found = Conversation.objects.filter(id__in=rows.values("message__conversation_id"))
    else:
        return []
    newest_first = found.order_by("-last_activity_at").values(
        "id",
        "kind",
        "status",
        "last_activity_at",
        contact_name=F("contact__name"),
        inbox_name=F("inbox__name"),
    )
    return [dict(row) for row in newest_first[:_MOST_LINKS]]


_MOST_LINKS = 5


def _any(conditions: Sequence[Q]) -> Q:
    whole = Q()
    for condition in conditions:
        whole |= condition
    return whole
