"""Contacts for integrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import queries
from contacts.queries import Position
from tenants.workspace.access import Permission
from tenants.workspace.callers import Caller
from tenants.workspace.rest import MOST, PAGE, BrandView, limit_of


class ContactsQuery(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=PAGE)
    cursor = serializers.CharField(required=False, max_length=1000, help_text="`next` of the page before.")
    created_after = serializers.DateTimeField(required=False)


class NoQuery(serializers.Serializer):
    pass


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


def none(caller: Caller) -> Q:
    """No contact at all."""
    return Q(pk__in=())


class ContactView(BrandView):
    """visible: which contacts a caller may see; given by the address list, which knows the conversations' gates."""

    permission = Permission.READ_CONTACTS
    visible: Callable[[Caller], Q] = staticmethod(none)


class Contacts(ContactView):
    """The contacts that the caller may see, newest first."""

    @extend_schema(operation_id="contacts_list", parameters=[ContactsQuery], responses=ContactPage)
    def get(self, request: Request) -> Response:
        wish = self.query(ContactsQuery)
        limit = limit_of(wish)
        condition = self.visible(self.caller)
        if "created_after" in wish:
            condition &= Q(created_at__gt=wish["created_after"])
        found = queries.contacts(condition, after=self._after(wish.get("cursor")), limit=limit + 1)
        more = len(found) > limit
        last = found[:limit][-1] if more else None
        return self.page(found[:limit], None if last is None else [last["created_at"], last["id"]])

    def _after(self, cursor: str | None) -> Position | None:
        position = self.position(cursor)
        return None if position is None else Position(datetime.fromisoformat(position[0]), UUID(position[1]))


class OneContact(ContactView):
    """One contact, with every address under which we know them."""

    @extend_schema(operation_id="contacts_read", responses=ContactWithIdentities)
    def get(self, request: Request, contact_id: UUID) -> Response:
        self.query(NoQuery)
        if not queries.contacts(Q(id=contact_id) & self.visible(self.caller), limit=1):
            raise Http404
        row = queries.contact(contact_id)
        if row is None:
            raise Http404
        return Response(row)
