"""A contact's whole story."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.timeline import reading, sources
from contacts.timeline.sources import Part, Position
from tenants.workspace.problems import unknown_value
from tenants.workspace.rest import PageQuery, limit_of


class TimelineQuery(PageQuery):
    kinds = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Only these, divided by commas: message, state, note, change, consent, order, survey.",
    )


class TimelineEntry(serializers.Serializer):
    kind = serializers.CharField()
    id = serializers.CharField(
        help_text="Of the message, note, consent, order, survey response, or the number of the event."
    )
    at = serializers.DateTimeField(help_text="Platform time.")
    data = serializers.DictField()  # type: ignore[assignment]


class TimelinePage(serializers.Serializer):
    results = TimelineEntry(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Cursor of the next page (older); null at the end."
    )


class Timeline(ContactView):
    """What was said and what happened, over all channels that the caller sees, newest first."""

    @extend_schema(operation_id="contact_timeline", parameters=[TimelineQuery], responses=TimelinePage)
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.query(TimelineQuery)
        part = Part(limit=limit_of(wish), before=self._before(wish.get("cursor")))
        page = reading.page(contact.id, reader=self.caller, part=part, kinds=_kinds(wish))
        rows = [{"kind": each.kind, "id": each.id, "at": each.at, "data": each.data} for each in page.entries]
        last = page.entries[-1].position if page.has_more else None
        return self.page(rows, None if last is None else [last.at, last.kind, last.id])

    def _before(self, cursor: str | None) -> Position | None:
        position = self.position(cursor)
        if position is None:
            return None
        return Position(datetime.fromisoformat(position[0]), position[1], position[2])


def _kinds(wish: dict[str, Any]) -> list[str]:
    kinds = [kind.strip() for kind in wish.get("kinds", "").split(",") if kind.strip()]
    if any(sources.by_kind(kind) is None for kind in kinds):
        raise unknown_value("kinds")
    return kinds
