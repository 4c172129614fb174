"""What follows from comments and from the private messages that answer them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from conversations.comments import automation
from conversations.comments.events import CommentReached, CommentReceived
from conversations.comments.models import Comment
from conversations.events import MessageSent
from tenants.statements import OneOf, Question
from tenants.workspace.events import SYSTEM, record
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import batch_reactor, reactor

_ANSWERED = Question(  # asked for all that goes out
    lambda: Comment.objects.select_related("private_message__conversation__identity").filter(
        OneOf("private_message_id", "message_ids", "uuid")
    )
)


@reactor("comments.answer", events=[CommentReceived])
def answer(event: LoggedEvent) -> None:
    """Let a rule answer a new comment."""
    automation.answer(UUID(event.payload["message_id"]))


@batch_reactor("comments.note_reached", events=[MessageSent])
def note_reached(happened: Sequence[LoggedEvent]) -> None:
    """Keep whom private messages reached: by that their answers are known."""
    for comment in _ANSWERED.all(message_ids=[UUID(event.payload["message_id"]) for event in happened]):
        _note_reached(comment)


def _note_reached(comment: Comment) -> None:
    message = comment.private_message
    if message is None:
        return
    talk = message.conversation
    told = str(message.details.get("reached") or talk.identity.address)[:200]
    if told == comment.private_address:
        return
    comment.private_address = told
    comment.save(update_fields=["private_address"])
    record(CommentReached(talk.id, talk.contact_id, comment.message_id), by=SYSTEM)
