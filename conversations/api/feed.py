"""The change feed: everything after a number, in order, without holes; ask again from the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import gates
from conversations.api import forms, rows
from conversations.models import Conversation, Inbox
from tenants.workspace.access import Permission
from tenants.workspace.log import LoggedEvent, events_after, newest_sequence
from tenants.workspace.rest import BrandView, NoQuery


class Events(BrandView):
    """The event log."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="events_list", parameters=[forms.EventsQuery], responses=rows.EventPage)
    def get(self, request: Request) -> Response:
        wish = self.query(forms.EventsQuery)
        newest = newest_sequence()
        events = events_after(wish["after"], wish["limit"])
        hidden = _hidden(events, gates.visible_inbox_ids(self.caller))
        return Response(
            {
                "events": [
                    {"sequence": event.sequence} if event.sequence in hidden else _row(event)
                    for event in events
                ],
                "newest": max([newest, *(event.sequence for event in events[-1:])]),
            }
        )


def _hidden(events: Sequence[LoggedEvent], inbox_ids: frozenset[UUID] | None) -> frozenset[int]:
    """The numbers of events that speak of inboxes outside of these. One query, none when all is visible."""
    if inbox_ids is None:
        return frozenset()
    spoken_of = {event.conversation_id for event in events if event.conversation_id is not None}
    visible = Conversation.objects.filter(id__in=spoken_of, inbox_id__in=inbox_ids).values_list(
        "id", flat=True
    )
    seen = set(visible)
    return frozenset(
        event.sequence
        for event in events
        if (event.conversation_id is not None and event.conversation_id not in seen)
        or ("inbox_id" in event.payload and UUID(event.payload["inbox_id"]) not in inbox_ids)
    )


def _row(event: LoggedEvent) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "name": event.name,
        "at": event.happened_at,
        "actor": {"kind": event.actor.kind, "id": event.actor.id},
        "conversation_id": event.conversation_id,
        "contact_id": event.contact_id,
        "payload": event.payload,
    }


class Inboxes(BrandView):
    """The connected accounts that the caller may see."""

    permission = Permission.READ_CONVERSATIONS

    @extend_schema(operation_id="inboxes_list", responses=rows.InboxRow(many=True))
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        names = list(rows.InboxRow().fields)
        visible = gates.visible_inbox_ids(self.caller)
        inboxes = Inbox.objects.all() if visible is None else Inbox.objects.filter(id__in=visible)
        return Response(list(inboxes.order_by("name", "id").values(*names)))
