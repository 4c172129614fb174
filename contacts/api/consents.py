"""What a contact allowed and took back."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import consent
from contacts.api.ground import ContactView
from contacts.models import Consent
from tenants.workspace.idempotency import once
from tenants.workspace.rest import PageQuery, limit_of


class ConsentRow(serializers.ModelSerializer):
    channel = serializers.CharField(help_text="Empty: every channel.")

    class Meta:
        model = Consent
        fields = [
            "id",
            "channel",
            "purpose",
            "state",
            "text_version",
            "source",
            "proof",
            "stated_at",
            "created_at",
        ]


class ConsentPage(serializers.Serializer):
    results = ConsentRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class NewConsent(serializers.Serializer):
    purpose = serializers.ChoiceField(Consent.Purpose.choices)
    state = serializers.ChoiceField(Consent.State.choices)
    channel = serializers.CharField(
        max_length=20, default="", allow_blank=True, help_text="Empty: every channel."
    )
    text_version = serializers.CharField(max_length=80, default="", allow_blank=True)
    source = serializers.CharField(max_length=80, default="api", help_text="How it is known.")  # type: ignore[assignment]
    proof = serializers.DictField(default=dict)
    stated_at = serializers.DateTimeField(
        required=False, help_text="When the person said so; the same statement again is one."
    )


class Consents(ContactView):
    """The ledger of a contact's consents, newest first: the newest statement on a purpose and channel counts."""

    @extend_schema(operation_id="contact_consents_list", parameters=[PageQuery], responses=ConsentPage)
    def get(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact(contact_id)
        wish = self.query(PageQuery)
        limit = limit_of(wish)
        found = consent.page(contact.id, after=self.after(wish.get("cursor")), limit=limit + 1)
        return self.page_of(ConsentRow, found, limit=limit, by="stated_at")

    @extend_schema(operation_id="contact_consents_state", request=NewConsent, responses={201: ConsentRow})
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        wish = self.body(NewConsent)
        row = consent.state(contact, at=wish.pop("stated_at", None), **wish, by=self.caller.actor)
        return Response(ConsentRow(row).data, status=201)
