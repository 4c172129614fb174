"""Messages: a conversation's thread, one message, an answer to the customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from conversations import gates, outbound, queries
from conversations.api import forms, rows
from conversations.api.refusals import ActingView
from conversations.channels.email_heads import MailHead
from conversations.channels.outgoing import QuickReply, Template
from conversations.channels.templates import BadFilling
from conversations.queries import ThreadPosition
from conversations.templates import queries as templates
from tenants.ids import new_id
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import HEADER, client_id_of, once
from tenants.workspace.problems import invalid
from tenants.workspace.rest import BrandView, NoQuery, PageQuery, limit_of


class Messages(ActingView):
    """The thread of a conversation."""

    permission = Permission.READ_CONVERSATIONS
    write_permission = Permission.REPLY

    @extend_schema(
        operation_id="messages_list",
        parameters=[PageQuery],
        responses=rows.MessagePage,
        description="The newest messages, oldest first; `next` leads to the page before.",
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        conversation = gates.access_conversation(self.caller, conversation_id, alone=True)
        wish = self.query(PageQuery)
        access_log.note(self.caller, Act.OPENED, "conversation", conversation.id)
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
        description="Answer the customer. The message is stored at once and sent in the background. What the"
        " platform takes only in several messages is stored as several, and the first one answered.",
    )
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = gates.access_conversation(self.caller, conversation_id, alone=True)
        wish = self.body(forms.Reply)
        text, template = wish["text"], None
        if "template" in wish:
            text, template = _chosen_template(conversation.inbox_id, wish["template"])
        message = outbound.reply(
            conversation,
            text,
            by=self.caller.actor,
            client_id=wish.get("client_id") or client_id_of(request) or new_id(),
            template=template,
            **wished(wish),
        )
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
        self.query(NoQuery)
        message = gates.access_message(self.caller, message_id)
        return Response(queries.messages_by_id([message.id])[message.id])


def wished(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an outbound.Wish that a read forms.Reply says by itself."""
    mail = values.get("mail")
    return {
        "seen_number": values.get("seen_number"),
        "outside_window": values["outside_window"],
        "files": list(dict.fromkeys(values["files"])),
        "cards": values["cards"],
        "quick_replies": [QuickReply(**choice) for choice in values.get("quick_replies", ())],
        "mail": MailHead(subject=mail["subject"], cc=tuple(mail["cc"]), bcc=tuple(mail["bcc"]))
        if mail is not None
        else None,
    }


def _chosen_template(inbox_id: UUID, wish: Mapping[str, Any]) -> tuple[str, Template]:
    row = templates.usable_template(inbox_id, wish["id"])
    try:
        return templates.preview(row, wish["values"]), templates.filled(row, wish["values"])
    except BadFilling as refusal:
        raise invalid(f"template.values.{refusal.gap}", refusal.code, "Does not fit.") from None
