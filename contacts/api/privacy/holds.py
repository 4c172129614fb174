"""Legal holds."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.privacy.ground import PrivacyView
from contacts.models import LegalHold
from contacts.privacy import hold
from contacts.privacy.hold import LONGEST_REASON
from tenants.workspace.models import Agent
from tenants.workspace.problems import unknown_value
from tenants.workspace.rest import NoQuery

MOST_SHOWN = 500


class HoldWish(serializers.Serializer):
    reason = serializers.CharField(max_length=LONGEST_REASON)
    review_on = serializers.DateField()
    owner_id = serializers.UUIDField(required=False, help_text="An agent; without it whoever calls.")


class HoldRow(serializers.ModelSerializer):
    contact_id = serializers.UUIDField()
    owner_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = LegalHold
        fields = ["id", "contact_id", "reason", "owner_id", "review_on", "placed_at", "lifted_at"]
        read_only_fields = fields


class HoldList(serializers.Serializer):
    results = HoldRow(many=True)


class ContactHold(PrivacyView):
    """The legal hold on a person."""

    @extend_schema(operation_id="contacts_hold", request=HoldWish, responses=HoldRow)
    def put(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.body(HoldWish)
        owner = self.caller.agent
        if wish.get("owner_id"):
            owner = Agent.objects.filter(id=wish["owner_id"], is_active=True).first()
            if owner is None:
                raise unknown_value("owner_id")
        placed = hold.place(
            contact,
            reason=wish["reason"],
            owner=owner,
            review_on=wish["review_on"],
            by=self.caller.actor,
        )
        return Response(HoldRow(placed).data)

    @extend_schema(operation_id="contacts_release", responses={204: None})
    def delete(self, request: Request, contact_id: UUID) -> Response:
        hold.lift(self.contact(contact_id), by=self.caller.actor)
        return Response(status=204)


class Holds(PrivacyView):
    """The holds in force, those to be reviewed first in front."""

    @extend_schema(operation_id="holds_list", responses=HoldList)
    def get(self, request: Request) -> Response:
        self.query(NoQuery)
        return Response({"results": HoldRow(hold.live()[:MOST_SHOWN], many=True).data})
