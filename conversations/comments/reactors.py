"""What follows from comments and from the private messages that answer them."""

from __future__ import annotations

from uuid import UUID

from conversations.comments import automation
from conversations.comments.events import CommentReached, CommentReceived
from conversations.comments.models import Comment
from conversations.events import MessageSent
from tenants.statements import Given, Question
from tenants.workspace.events import SYSTEM, record
from tenants.workspace.log import LoggedEvent
from tenants.workspace.reactors import reactor

_ANSWERED = Question(  # asked for every message that goes out
    lambda: Comment.objects.select_related("private_message__conversation__identity").filter(
        private_message_id=Given("message_id")
    )
)


@reactor("comments.answer", events=[CommentReceived])
def answer(event: LoggedEvent) -> None:
    """Let a rule answer a new comment."""
    automation.answer(UUID(event.payload["message_id"]))


@reactor("comments.note_reached", events=[MessageSent])
def note_reached(event: LoggedEvent) -> None:
    """Keep whom a private message reached: by that their answer is known."""
    comment = _ANSWERED.first(message_id=UUID(event.payload["message_id"]))
    if comment is None or comment.private_message is None:
        return
    talk = comment.private_message.conversation
    told = comment.private_message.details.get("reached") or talk.identity.address
    if str(told)[:200] == comment.private_address:
        return
    comment.private_address = str(told)[:200]
    comment.save(update_fields=["private_address"])
    record(CommentReached(talk.id, talk.contact_id, comment.message_id), by=SYSTEM)
