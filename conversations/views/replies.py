"""What an agent does with messages: answer, try again, give up, have seen."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse

from conversations import gates, lifecycle, outbound, queries
from conversations.models import Message
from conversations.views.answers import act, body_of, id_in, number_in, switch_in, text_in
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence


@act
@needs(Permission.REPLY)
def reply(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Answer the customer: {text, client_id, seen_number, outside_window}. The same client_id answers the same row."""
    conversation = gates.access_conversation(request.member, conversation_id)
    body = body_of(request)
    message = outbound.reply(
        conversation,
        text_in(body, "text"),
        by=request.member.actor,
        client_id=id_in(body, "client_id"),
        seen_number=number_in(body, "seen_number"),
        outside_window=switch_in(body, "outside_window"),
    )
    return _message_answer(message)


@act
@needs(Permission.REPLY)
def retry(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Send a message again that did not go out. {outside_window: true}: in the time that only people have, too."""
    message = gates.access_message(request.member, message_id)
    outside_window = switch_in(body_of(request), "outside_window")
    outbound.retry(message, by=request.member.actor, outside_window=outside_window)
    return _message_answer(message)


@act
@needs(Permission.REPLY)
def skip(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Give a message up that did not go out, so that those behind it can go."""
    message = gates.access_message(request.member, message_id)
    outbound.skip(message, by=request.member.actor)
    return _message_answer(message)


@act
@needs(Permission.READ_CONVERSATIONS)
def seen(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The agent has the thread before their eyes up to message {number}."""
    conversation = gates.access_conversation(request.member, conversation_id)
    number = number_in(body_of(request), "number")
    lifecycle.mark_seen(
        conversation, agent=request.member.agent, number=min(number, conversation.message_count)
    )
    return JsonResponse({"number": number})


def _message_answer(message: Message) -> JsonResponse:
    sequence = newest_sequence()  # before the row: what came later, the browser applies again
    return JsonResponse({"sequence": sequence, "message": queries.messages_by_id([message.id])[message.id]})
