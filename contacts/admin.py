"""Contacts in a brand's admin: to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from contacts.models import Contact, ContactIdentity
from tenants.workspace.access import Permission
from tenants.workspace.admin import ReadOnlyAdmin, brand_site, member_of


class IdentitiesOfContact(admin.TabularInline):
    model = ContactIdentity
    extra = 0
    can_delete = False
    fields = readonly_fields = ["channel", "scope", "address", "display_name", "is_reachable", "last_used_at"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        member = member_of(request)
        return member is not None and member.may(Permission.READ_CONTACTS)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Contact, site=brand_site)
class ContactAdmin(ReadOnlyAdmin):
    permission = Permission.READ_CONTACTS
    list_display = ["__str__", "language", "created_at", "last_seen_at"]
    search_fields = ["name"]
    fields = ["name", "language", "timezone", "created_at", "last_seen_at"]
    inlines = [IdentitiesOfContact]
    show_full_result_count = False
