"""The list of contacts, and one of them."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import profile, queries
from contacts.api.filters import FiltersQuery, read_wish
from contacts.api.ground import ContactView
from contacts.lists import listing
from contacts.lists.orders import Place
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from contacts.profile import Source
from tenants.workspace.rest import NoQuery, PageQuery, limit_of


class ContactsQuery(FiltersQuery, PageQuery):
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
    name = serializers.CharField(
        help_text="As given, never split. Empty for a customer who is not known yet."
    )
    honorific = serializers.CharField(help_text="The form of address that goes with the name: 様, 小姐, Ms.")
    language = serializers.CharField()
    timezone = serializers.CharField()
    place = serializers.CharField()
    company = serializers.CharField()
    picture_url = serializers.CharField()
    page_url = serializers.CharField(help_text="The page of the website they wrote from last.")
    referrer = serializers.CharField(help_text="Where they had come from to that page.")
    custom = serializers.DictField(help_text="Values of the brand's own fields, by key.")
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)


class ContactWithIdentities(ContactRow):
    identities = IdentityRow(many=True)


class ContactChange(serializers.Serializer):
    """What is given is set by hand: no channel changes it afterwards. What is left out stays."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    honorific = serializers.CharField(required=False, allow_blank=True, max_length=20)
    language = serializers.CharField(required=False, allow_blank=True, max_length=12, help_text="BCP 47.")
    timezone = serializers.CharField(required=False, allow_blank=True, max_length=60)
    place = serializers.CharField(required=False, allow_blank=True, max_length=120)
    company = serializers.CharField(required=False, allow_blank=True, max_length=200)
    picture_url = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    custom = serializers.DictField(
        required=False, help_text="Values of the brand's own fields, by key; null takes one away."
    )


class ContactPage(serializers.Serializer):
    results = ContactRow(many=True)
    next = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")


class Contacts(ContactView):
    """The contacts that the caller may see, narrowed by filters: newest first, or by `sort`."""

    @extend_schema(operation_id="contacts_list", parameters=[ContactsQuery], responses=ContactPage)
    def get(self, request: Request) -> Response:
        wish = self.query(ContactsQuery)
        limit = limit_of(wish)
        wanted = read_wish(wish)
        after = Place.read(wanted.order, self.position(wish.get("cursor")))
        found = listing.page(wanted, visible=self.visible(self.caller), after=after, limit=limit + 1)
        access_log.note(self.caller, Act.LISTED, "contacts", contacts=len(found[:limit]))
        more = len(found) > limit
        last = found[:limit][-1] if more else None
        keys = [row.pop("key") for row in found[:limit]]
        return self.page(found[:limit], None if last is None else [keys[-1], last["id"]])


class OneContact(ContactView):
    """One contact, with every address under which we know them. The id of a contact that was merged into another
    answers with that one."""

    @extend_schema(operation_id="contacts_read", responses=ContactWithIdentities)
    def get(self, request: Request, contact_id: UUID) -> Response:
        self.query(NoQuery)
        return Response(queries.with_identities(self.contact(contact_id)))

    @extend_schema(operation_id="contacts_change", request=ContactChange, responses=ContactWithIdentities)
    def patch(self, request: Request, contact_id: UUID) -> Response:
        contact = self.contact_to_change(contact_id)
        profile.change(contact, self.body(ContactChange), by=self.caller.actor, source=Source.API)
        access_log.note(self.caller, Act.OPENED, "contact", contact.id)  # all of them is answered
        return Response(queries.with_identities(self.contact(contact.id)))
