"""The list of contacts, and one of them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import queries
from contacts.api.ground import ContactView, NoQuery, PageQuery
from tenants.workspace.rest import limit_of


class ContactsQuery(PageQuery):
    created_after = serializers.DateTimeField(required=False)


class IdentityRow(serializers.Serializer):
    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    channel = serializers.CharField()
    scope = serializers.CharField(help_text="Inside which the address is valid: page, provider, site.")
    address = serializers.CharField()
    display_name = serializers.CharField()
    is_reachable = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class ContactRow(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="Empty for a customer who is not known yet.")
    language = serializers.CharField()
    timezone = serializers.CharField()
    picture_url = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)


class ContactWithIdentities(ContactRow):
    identities = IdentityRow(many=True)


class ContactPage(serializers.Serializer):
    results = ContactRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class Contacts(ContactView):
    """The contacts that the caller may see, newest first."""

    @extend_schema(operation_id="contacts_list", parameters=[ContactsQuery], responses=ContactPage)
    def get(self, request: Request) -> Response:
        wish = self.query(ContactsQuery)
        limit = limit_of(wish)
        condition = Q(merged_into__isnull=True) & self.visible(self.caller)
        if "created_after" in wish:
            condition &= Q(created_at__gt=wish["created_after"])
        found = queries.contacts(condition, after=self.after(wish.get("cursor")), limit=limit + 1)
        more = len(found) > limit
        last = found[:limit][-1] if more else None
        return self.page(found[:limit], None if last is None else [last["created_at"], last["id"]])


class OneContact(ContactView):
    """One contact, with every address under which we know them. The id of a contact that was merged into another
    answers with that one."""

    @extend_schema(operation_id="contacts_read", responses=ContactWithIdentities)
    def get(self, request: Request, contact_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(queries.with_identities(self.contact(contact_id)))
