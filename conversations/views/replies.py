"""What an agent does with messages: answer, try again, give up, have seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations import gates, lifecycle, outbound, queries
from conversations.channels.email_heads import MailHead
from conversations.channels.outgoing import Template
from conversations.channels.templates import BadFilling
from conversations.comments import answering
from conversations.models import Conversation, Message
from conversations.templates import queries as templates
from conversations.templates.queries import usable_template
from conversations.views.answers import (
    BadRequest,
    act,
    body_of,
    id_in,
    ids_in,
    number_in,
    object_in,
    problem,
    switch_in,
    text_in,
    texts_in,
)
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.log import newest_sequence

MOST_GIVEN = 100
"""Addresses in one field that are looked at; how many may go out, is told by the verb."""


@act
@needs(Permission.REPLY)
def reply(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Answer the customer: {text, client_id, seen_number, outside_window, files: [id], template: {id, values},
    comment: {id, is_private}, mail: {subject, cc: [address], bcc: [address]}}.

    The same client_id answers the same rows.
    """
    conversation = gates.access_conversation(request.member, conversation_id)
    body = body_of(request)
    if body.get("comment") is not None:
        return _answer_comment(request, conversation, body)
    text, template = text_in(body, "text"), None
    if body.get("template") is not None:
        try:
            text, template = chosen_template(conversation.inbox_id, object_in(body, "template"))
        except BadFilling as refusal:
            return problem("bad_filling", 409, gap=refusal.gap)
    message = outbound.reply(
        conversation,
        text,
        by=request.member.actor,
        client_id=id_in(body, "client_id"),
        seen_number=number_in(body, "seen_number"),
        outside_window=switch_in(body, "outside_window"),
        files=ids_in(body, "files"),
        template=template,
        mail=_mail_head_in(body),
    )
    return _message_answer(message)


def _mail_head_in(body: dict[str, Any]) -> MailHead | None:
    if body.get("mail") is None:
        return None
    head = object_in(body, "mail")
    return MailHead(
        subject=text_in(head, "subject"),
        cc=texts_in(head, "cc", most=MOST_GIVEN),
        bcc=texts_in(head, "bcc", most=MOST_GIVEN),
    )


def _answer_comment(request: MemberRequest, conversation: Conversation, body: dict[str, Any]) -> HttpResponse:
    wish = object_in(body, "comment")
    message = gates.access_message(request.member, id_in(wish, "id"))
    if message.conversation_id != conversation.id:
        raise Http404
    say = answering.reply_privately if switch_in(wish, "is_private") else answering.reply
    sent = say(
        message,
        text_in(body, "text"),
        by=request.member.actor,
        client_id=id_in(body, "client_id"),
        seen_number=number_in(body, "seen_number"),
        files=ids_in(body, "files"),
    )
    return _message_answer(sent)


def chosen_template(inbox_id: UUID, wish: dict[str, Any]) -> tuple[str, Template]:
    """How a template reads when it is filled, and what is sent: {id, values: {gap: value}}. Raises BadRequest,
    Http404 for one that cannot be used in this inbox, and BadFilling."""
    row = usable_template(inbox_id, id_in(wish, "id"))
    values = object_in(wish, "values") if "values" in wish else {}
    if not all(isinstance(value, str) for value in values.values()):
        raise BadRequest
    return templates.preview(row, values), templates.filled(row, values)


@require_GET
@needs(Permission.REPLY)
def template_list(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The templates that may be sent in this conversation, as a fragment of the composer."""
    conversation = gates.access_conversation(request.member, conversation_id)
    rows = templates.of_inbox(conversation.inbox_id, usable_only=True)
    return render(request, "conversations/_templates.html", {"templates": rows})


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
    ids = outbound.parts_after(message) if message.direction == Message.Direction.OUT else [message.id]
    rows = queries.messages_by_id(ids)
    return JsonResponse(
        {"sequence": sequence, "message": rows[message.id], "messages": [rows[each] for each in ids]}
    )
