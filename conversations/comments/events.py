"""What can happen to a comment, beside what happens to its message. Ids only, never text."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.workspace.events import DomainEvent


@dataclass(frozen=True, slots=True)
class _OfComment(DomainEvent):
    """message_id: of the comment."""

    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True)
class CommentReceived(_OfComment):
    """A customer commented on a post."""

    name = "comment.received"
    post_id: UUID


@dataclass(frozen=True, slots=True)
class CommentHidden(_OfComment):
    """Only its author and their friends still see the comment."""

    name = "comment.hidden"


@dataclass(frozen=True, slots=True)
class CommentShown(_OfComment):
    """Everybody sees the comment again."""

    name = "comment.shown"


@dataclass(frozen=True, slots=True)
class CommentAnsweredPrivately(_OfComment):
    """The one private answer to the comment was written."""

    name = "comment.answered_privately"
    private_message_id: UUID


@dataclass(frozen=True, slots=True)
class CommentReached(_OfComment):
    """The private answer reached its author: what they answer stands in a chat with them."""

    name = "comment.reached"


@dataclass(frozen=True, slots=True)
class PostDescribed(DomainEvent):
    """The platform told what stands in a post."""

    name = "post.described"
    inbox_id: UUID
    post_id: UUID
