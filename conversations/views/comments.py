"""What an agent does with a comment at the desk, beside answering it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse

from conversations import gates, queries
from conversations.comments import answering
from conversations.models import Message
from conversations.views.answers import act
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence


@act
@needs(Permission.REPLY)
def hide(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Hide a comment from everybody but its author."""
    message = gates.access_message(request.member, message_id)
    answering.hide(message, by=request.member.actor)
    return _answer(message)


@act
@needs(Permission.REPLY)
def show(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Let everybody read a comment again."""
    message = gates.access_message(request.member, message_id)
    answering.show(message, by=request.member.actor)
    return _answer(message)


def _answer(message: Message) -> JsonResponse:
    sequence = newest_sequence()  # before the row: what came later, the browser applies again
    return JsonResponse({"sequence": sequence, "message": queries.messages_by_id([message.id])[message.id]})
