"""What an agent does with messages: answer, try again, give up, have seen."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse

from conversations import gates, lifecycle, outbound, queries
from conversations.models import Message
from conversations.views.answers import BadRequest, act, body_of, id_in, number_in, problem, text_in
from tenants.workspace.access import MemberRequest, Permission, needs


@act
@needs(Permission.REPLY)
def reply(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Answer the customer: {text, client_id, seen_number, outside_window}. The same client_id answers the same row."""
    conversation = gates.access_conversation(request.member, conversation_id)
    body = body_of(request)
    outside_window = body.get("outside_window", False)
    if not isinstance(outside_window, bool):
        raise BadRequest
    try:
        message = outbound.reply(
            conversation,
            text_in(body, "text"),
            by=request.member.actor,
            client_id=id_in(body, "client_id"),
            seen_number=number_in(body, "seen_number"),
            outside_window=outside_window,
        )
    except outbound.ReplyRefused as refusal:
        if refusal.code != "conversation_moved":
            return problem(refusal.code, 409)
        return problem(refusal.code, 409, messages=list(refusal.newest))
    return _message_answer(message)


@act
@needs(Permission.REPLY)
def retry(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """Send a message again that did not go out; a person asks, so the longer window for people counts."""
    message = gates.access_message(request.member, message_id)
    outbound.retry(message, by=request.member.actor, outside_window=True)
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
    return JsonResponse({"message": queries.messages_by_id([message.id])[message.id]})
