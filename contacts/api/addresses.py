"""E-mail addresses and phone numbers of a contact."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import addresses
from contacts.addresses import Source
from contacts.api.ground import ContactView
from contacts.models import ContactAddress
from tenants.workspace.idempotency import once
from tenants.workspace.rest import NoQuery


class AddressRow(serializers.ModelSerializer):
    value = serializers.CharField(help_text="An e-mail address in lower case, a phone number in E.164.")
    is_verified = serializers.BooleanField(help_text="Somebody or something vouched for it.")

    class Meta:
        model = ContactAddress
        fields = ["id", "kind", "value", "is_verified", "source", "created_at", "last_used_at"]


class NewAddress(serializers.Serializer):
    kind = serializers.ChoiceField(ContactAddress.Kind.choices)
    value = serializers.CharField(
        max_length=320, help_text="A number without its country is taken for one of the contact's own."
    )
    is_verified = serializers.BooleanField(default=False, help_text="You know that it is theirs.")


class Addresses(ContactView):
    """What is said to be a contact's. Several contacts may claim the same address."""

    @extend_schema(operation_id="contact_addresses_list", responses=AddressRow(many=True))
    def get(self, request: Request, contact_id: UUID) -> Response:
        self.query(NoQuery)
        rows = addresses.of_contact(self.contact(contact_id).id)
        return Response(AddressRow(rows, many=True).data)

    @extend_schema(operation_id="contact_addresses_add", request=NewAddress, responses={201: AddressRow})
    @once
    def post(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        wish = self.body(NewAddress)
        row = addresses.add(contact, **wish, by=self.caller.actor, source=Source.API)
        return Response(AddressRow(row).data, status=201)


class OneAddress(ContactView):
    """One address of a contact."""

    @extend_schema(operation_id="contact_addresses_remove", responses={204: None})
    def delete(self, request: Request, contact_id: UUID, address_id: UUID) -> Response:
        contact = self.contact(contact_id)
        row = ContactAddress.objects.filter(id=address_id, contact=contact).first()
        if row is None:
            raise Http404
        addresses.remove(row, by=self.caller.actor)
        return Response(status=204)
