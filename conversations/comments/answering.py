"""Answers to comments: in public below them, once in private, and who may still read them.

answering.reply(message, "有的，請看私訊", by=member.actor, client_id=client_id, seen_number=17)
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from conversations import attempts, outbound, platforms
from conversations.channels.errors import DeliveryError
from conversations.channels.outgoing import PRIVATE, PUBLIC
from conversations.comments.events import CommentAnsweredPrivately, CommentHidden, CommentShown
from conversations.comments.models import Comment
from conversations.models import Conversation, Message
from conversations.outbound import ReplyRefused
from tenants.workspace.events import Actor, record, unit_of_work

HIDE_SECONDS = 12.0


class CommentRefused(ReplyRefused):
    """Beside the codes of ReplyRefused: gone (no comment, or taken back), too_late (seven days have passed),
    already_private, not_hidden (the platform refused; `kind` is its word of channels.errors.ErrorKind)."""

    def __init__(self, code: str, *, kind: str = "") -> None:
        super().__init__(code)
        self.kind = kind


def reply(
    message: Message,
    text: str,
    *,
    by: Actor,
    client_id: UUID,
    seen_number: int | None,
    files: Sequence[UUID] = (),
) -> Message:
    """Answer below a comment, where everybody can read it. message: the comment's. Raises CommentRefused and
    ReplyRefused, as `outbound.reply` does, also for all other arguments."""
    with unit_of_work():
        comment = _comment_of(message)
        return outbound.reply(
            comment.message.conversation,
            text,
            by=by,
            client_id=client_id,
            seen_number=seen_number,
            files=files,
            to=f"{PUBLIC}{comment.comment_id}",
        )


def reply_privately(
    message: Message,
    text: str,
    *,
    by: Actor,
    client_id: UUID,
    seen_number: int | None,
    files: Sequence[UUID] = (),
) -> Message:
    """Write the one private message that a comment may have, within seven days of it.

    The same `client_id` again gives the same message; one that was given up makes room for another. What the
    customer answers stands in a chat of their own. Raises CommentRefused and ReplyRefused.
    """
    with unit_of_work():
        attempts.lock(message.conversation_id)
        comment = _comment_of(message, lock=True)
        before = comment.private_message
        if before is not None and before.client_id == client_id:
            return before
        if before is not None and before.status != Message.Status.SKIPPED:
            raise CommentRefused("already_private")
        if timezone.now() >= comment.private_until:
            raise CommentRefused("too_late")
        sent = outbound.reply(
            comment.message.conversation,
            text,
            by=by,
            client_id=client_id,
            seen_number=seen_number,
            files=files,
            to=f"{PRIVATE}{comment.comment_id}",
            until=comment.private_until,
        )
        comment.private_message, comment.private_address = sent, ""
        comment.save(update_fields=["private_message", "private_address"])
        record(CommentAnsweredPrivately(*_where(comment), private_message_id=sent.id), by=by)
    return sent


def hide(message: Message, *, by: Actor) -> None:
    """Hide a comment from everybody but its author. Asks the platform, outside of transactions. Raises
    CommentRefused."""
    _set_hidden(message, True, by=by)


def show(message: Message, *, by: Actor) -> None:
    """Let everybody read a hidden comment again. Raises CommentRefused."""
    _set_hidden(message, False, by=by)


def _set_hidden(message: Message, hidden: bool, *, by: Actor) -> None:
    comment = _comment_of(message)
    if comment.is_hidden == hidden:
        return
    _tell_platform(comment, hidden)
    with unit_of_work():
        row = Comment.objects.select_for_update(no_key=True).get(id=comment.id)
        was_hidden, row.is_hidden, row.hidden_told_at = row.is_hidden, hidden, timezone.now()
        row.save(update_fields=["is_hidden", "hidden_told_at"])
        if was_hidden != hidden:
            record((CommentHidden if hidden else CommentShown)(*_where(comment)), by=by)


def _tell_platform(comment: Comment, hidden: bool) -> None:
    try:
        platforms.ask(
            comment.message.conversation.inbox,
            lambda channel, account, way: channel.hide_comment(comment.comment_id, hidden, account, way),
            seconds=HIDE_SECONDS,
        )
    except DeliveryError as error:
        raise CommentRefused("not_hidden", kind=error.kind) from error


def _comment_of(message: Message, *, lock: bool = False) -> Comment:
    rows = Comment.objects.select_related("message__conversation__inbox", "private_message")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    comment = rows.filter(message_id=message.pk).first()
    if comment is None or comment.message.unsent_at is not None:
        raise CommentRefused("gone")
    return comment


def _where(comment: Comment) -> tuple[UUID, UUID, UUID]:
    conversation: Conversation = comment.message.conversation
    return conversation.id, conversation.contact_id, comment.message_id
