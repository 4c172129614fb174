"""Messages: a conversation's thread, one message, an answer to the customer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import gates, outbound, queries
from conversations.api import forms, rows
from conversations.queries import ThreadPosition
from tenants.ids import new_id
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import HEADER, client_id_of, once
from tenants.workspace.problems import Problem
from tenants.workspace.rest import BrandView, limit_of

_ABOUT_THE_TEXT = frozenset({"text_blank", "text_too_long", "text_unreadable"})


class Messages(BrandView):
    """The thread of a conversation."""

    permission = Permission.READ_CONVERSATIONS
    write_permission = Permission.REPLY

    @extend_schema(
        operation_id="messages_list",
        parameters=[forms.MessagesQuery],
        responses=rows.MessagePage,
        description="The newest messages, oldest first; `next` leads to the page before.",
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        conversation = gates.access_conversation(self.caller, conversation_id, alone=True)
        wish = self.query(forms.MessagesQuery)
        limit = limit_of(wish)
        found = queries.thread(conversation.id, before=self._before(wish.get("cursor")), limit=limit + 1)
        more = len(found) > limit
        page = found[-limit:]
        return self.page(page, [page[0]["sent_at"], page[0]["number"]] if more else None)

    @extend_schema(
        operation_id="messages_reply",
        request=forms.Reply,
        responses={201: rows.MessageRow, 409: rows.ProblemRow},
        parameters=[
            OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="Makes a retry harmless.")
        ],
        description="Answer the customer. The message is stored at once and sent in the background.",
    )
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = gates.access_conversation(self.caller, conversation_id, alone=True)
        wish = self.body(forms.Reply)
        try:
            message = outbound.reply(
                conversation,
                wish["text"],
                by=self.caller.actor,
                client_id=wish.get("client_id") or client_id_of(request) or new_id(),
                seen_number=wish.get("seen_number"),
                outside_window=wish["outside_window"],
            )
        except outbound.ReplyRefused as refusal:
            raise _problem(refusal) from None
        return Response(queries.messages_by_id([message.id])[message.id], status=201)

    def _before(self, cursor: str | None) -> ThreadPosition | None:
        position = self.position(cursor)
        return (
            None
            if position is None
            else ThreadPosition(datetime.fromisoformat(position[0]), int(position[1]))
        )


class OneMessage(BrandView):
    """One message."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="messages_read", responses=rows.MessageRow)
    def get(self, request: Request, message_id: UUID) -> Response:
        self.query(forms.NoQuery)
        message = gates.access_message(self.caller, message_id)
        return Response(queries.messages_by_id([message.id])[message.id])


def _problem(refusal: outbound.ReplyRefused) -> Problem:
    if refusal.code in _ABOUT_THE_TEXT:
        detail = "Not a text that can be sent." if refusal.limit is None else f"Longer than {refusal.limit}."
        errors = [{"field": "text", "code": refusal.code, "detail": detail}]
        return Problem(400, "invalid", "Some fields are not valid.", errors=errors)
    return Problem(409, refusal.code, "The answer was not accepted.")
