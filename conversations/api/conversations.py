"""Conversations: the list, one of them, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.queries import Position
from conversations import deadlines, gates, lifecycle, queries
from conversations.api import forms, rows
from conversations.api.refusals import ActingView
from conversations.deadlines import DeadlinePosition
from conversations.models import Conversation
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.models import Agent
from tenants.workspace.problems import unknown_value
from tenants.workspace.rest import BrandView, NoQuery, NothingMore, limit_of


class Conversations(BrandView):
    """The conversations that the caller may see, newest activity first."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(
        operation_id="conversations_list",
        parameters=[forms.ConversationsQuery],
        responses=rows.ConversationPage,
    )
    def get(self, request: Request) -> Response:
        wish = self.query(forms.ConversationsQuery)
        limit, visible = limit_of(wish), gates.visible_inbox_ids(self.caller)
        if wish["order"] == forms.CLOSING:
            behind = self._deadline(wish.get("cursor"))
            found, following = deadlines.page(
                self._condition(wish), inbox_ids=visible, after=behind, limit=limit
            )
            return self.page(found, None if following is None else astuple(following))
        found = queries.conversations(
            self._condition(wish),
            inbox_ids=visible,
            after=self._after(wish.get("cursor")),
            limit=limit + 1,
        )
        more = len(found) > limit
        last = found[:limit][-1] if more else None
        return self.page(found[:limit], None if last is None else [last["last_activity_at"], last["id"]])

    def _condition(self, wish: Mapping[str, Any]) -> Q:
        condition = Q()
        if "view" in wish:
            agent = self.caller.agent
            if wish["view"] == "mine" and agent is None:
                raise unknown_value("view")  # a token by itself has no work of its own
            condition &= queries.in_view(wish["view"], None if agent is None else agent.id)
        if "status" in wish:
            condition &= Q(status=wish["status"])
        if "assignee" in wish:
            condition &= Q(assignee_id=wish["assignee"])
        if "inbox" in wish:
            condition &= Q(inbox_id=wish["inbox"])
        if "updated_after" in wish:
            condition &= Q(last_activity_at__gt=wish["updated_after"])
        return condition

    def _after(self, cursor: str | None) -> Position | None:
        position = self.position(cursor)
        return None if position is None else Position(datetime.fromisoformat(position[0]), UUID(position[1]))

    def _deadline(self, cursor: str | None) -> DeadlinePosition | None:
        position = self.position(cursor)
        if position is None:
            return None
        *times, row_id = position
        as_of, closes_at, at = map(datetime.fromisoformat, times)
        return DeadlinePosition(as_of, closes_at, at, UUID(row_id))


class OneConversation(BrandView):
    """One conversation."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="conversations_read", responses=rows.ConversationRow)
    def get(self, request: Request, conversation_id: UUID) -> Response:
        self.query(NoQuery)
        conversation = gates.access_conversation(self.caller, conversation_id)
        access_log.note(self.caller, Act.OPENED, "conversation", conversation.id)
        return answer(conversation)


class ConversationAct(ActingView):
    """Ground of the acts on one conversation; each answers its fresh row."""

    write_permission = Permission.CHANGE_CONVERSATIONS

    def conversation(self, conversation_id: UUID) -> Conversation:
        return gates.access_conversation(self.caller, conversation_id)


class Resolve(ConversationAct):
    """End the session."""

    @extend_schema(operation_id="conversations_resolve", request=NothingMore, responses=rows.ConversationRow)
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = self.conversation(conversation_id)
        self.body(NothingMore)
        lifecycle.resolve(conversation, by=self.caller.actor)
        return answer(conversation)


class Reopen(ConversationAct):
    """Bring a resolved, snoozed or pending conversation back."""

    @extend_schema(operation_id="conversations_reopen", request=NothingMore, responses=rows.ConversationRow)
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = self.conversation(conversation_id)
        self.body(NothingMore)
        lifecycle.reopen(conversation, by=self.caller.actor)
        return answer(conversation)


class Assign(ConversationAct):
    """Make an agent responsible, or nobody."""

    @extend_schema(
        operation_id="conversations_assign", request=forms.Assignment, responses=rows.ConversationRow
    )
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = self.conversation(conversation_id)
        wish = self.body(forms.Assignment)["assignee_id"]
        agent = None if wish is None else Agent.objects.filter(id=wish, is_active=True).first()
        if wish is not None and agent is None:
            raise unknown_value("assignee_id")
        lifecycle.assign(conversation, to=agent, by=self.caller.actor)
        return answer(conversation)


class Snooze(ConversationAct):
    """Put to sleep until a time, or until the customer's next message."""

    @extend_schema(operation_id="conversations_snooze", request=forms.Snooze, responses=rows.ConversationRow)
    @once
    def post(self, request: Request, conversation_id: UUID) -> Response:
        conversation = self.conversation(conversation_id)
        lifecycle.snooze(conversation, until=self.body(forms.Snooze)["until"], by=self.caller.actor)
        return answer(conversation)


def answer(conversation: Conversation) -> Response:
    """The conversation's row as it is now."""
    row = queries.conversation(conversation.id)
    if row is None:
        raise Http404
    return Response(row)
