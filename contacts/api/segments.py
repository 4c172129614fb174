"""Segments of contacts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.ground import ContactView
from contacts.lists import listing, segments
from contacts.lists.filters import BadFilter
from contacts.lists.listing import Wish
from contacts.models import Segment
from tenants.workspace.access import Permission
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery


class SegmentRow(serializers.ModelSerializer):
    is_shared = serializers.SerializerMethodField(help_text="Everybody's, not somebody's own.")

    class Meta:
        model = Segment
        fields = ["id", "name", "wish", "is_shared", "created_at"]

    def get_is_shared(self, row: Segment) -> bool:
        return row.owner_id is None


class NewSegment(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    wish = serializers.DictField(
        help_text="Filters of the list of contacts, texts by name, own fields as custom.<key>; and `sort`."
    )


class SegmentChange(serializers.Serializer):
    name = serializers.CharField(max_length=80, required=False)
    wish = serializers.DictField(required=False)


class CountRow(serializers.Serializer):
    count = serializers.IntegerField()


class Segments(ContactView):
    """Everybody's segments, and the caller's own."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="segments_list", responses=SegmentRow(many=True))
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response(SegmentRow(segments.offered(self.caller), many=True).data)

    @extend_schema(operation_id="segments_add", request=NewSegment, responses={201: SegmentRow})
    @once
    def post(self, request: Request) -> Response:
        given = self.body(NewSegment)
        row = segments.save(given["name"], _wish(given["wish"]), owner=None, by=self.caller.actor)
        return Response(SegmentRow(row).data, status=201)


class OneSegment(ContactView):
    """One segment."""

    write_permission = Permission.MANAGE_CONTACTS

    @extend_schema(operation_id="segments_change", request=SegmentChange, responses=SegmentRow)
    def patch(self, request: Request, segment_id: UUID) -> Response:
        row, given = segments.access(self.caller, segment_id, to_change=True), self.body(SegmentChange)
        wish = _wish(given["wish"]) if "wish" in given else None
        row = segments.change(row, name=given.get("name"), wish=wish, by=self.caller.actor)
        return Response(SegmentRow(row).data)

    @extend_schema(operation_id="segments_remove", responses={204: None})
    def delete(self, request: Request, segment_id: UUID) -> Response:
        segments.remove(segments.access(self.caller, segment_id, to_change=True), by=self.caller.actor)
        return Response(status=204)


class SegmentCount(ContactView):
    """How many contacts a segment holds now, of those that the caller sees."""

    @extend_schema(operation_id="segments_count", responses=CountRow)
    def get(self, request: Request, segment_id: UUID) -> Response:
        self.query(NoQuery)
        wish = Wish.read(segments.access(self.caller, segment_id).wish)
        return Response({"count": listing.count(wish, visible=self.visible(self.caller))})


def _wish(given: dict[str, Any]) -> Wish:
    for name, value in given.items():
        if not isinstance(value, str):
            raise BadFilter(name[:60], "invalid")
    return Wish.read(given)
