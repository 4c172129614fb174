"""Contacts in a brand's admin: people to look at, labels and own fields to arrange."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts import custom_fields, labels
from contacts.custom_fields import FieldRefused
from contacts.labels import LabelRefused
from contacts.models import Contact, ContactIdentity, CustomField, Label
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from tenants.workspace.access import Permission
from tenants.workspace.admin import ReadOnlyAdmin, VerbAdmin, VerbForm, acting, brand_site, member_of


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

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        access_log.note(acting(request), Act.LISTED, "contacts", contacts=self.list_per_page)
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            access_log.note(acting(request), Act.OPENED, "contact", row.pk)
        return row


REFUSALS = {
    "name_blank": _("Give it a name."),
    "name_too_long": _("The name is too long."),
    "name_taken": _("There is a label with this name."),
    "bad_colour": _("Write the colour as #rrggbb."),
    "bad_key": _("A key begins with a letter and has lower-case letters, digits and underscores only."),
    "key_taken": _("There is a field with this key."),
    "title_blank": _("Give it a title."),
    "title_too_long": _("The title is too long."),
    "bad_options": _("Fields that choose need a list of choices, one a line; other fields have none."),
    "too_many_fields": _("There are too many fields."),
}


class LabelForm(VerbForm):
    class Meta:
        model = Label
        fields = ["name", "colour"]
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}

    def act(self) -> Label:
        by, name, colour = acting(self.request).actor, self.cleaned_data["name"], self.cleaned_data["colour"]
        try:
            if self.instance._state.adding:
                return labels.create(name, colour=colour, by=by)
            return labels.change(self.instance, name=name, colour=colour, by=by)
        except LabelRefused as refusal:
            raise ValidationError(REFUSALS[refusal.code]) from None


@admin.register(Label, site=brand_site)
class LabelAdmin(VerbAdmin):
    permission = Permission.MANAGE_CONTACTS
    may_delete = True
    form = LabelForm
    list_display = ["name", "colour", "created_at"]
    search_fields = ["name"]

    def delete_model(self, request: HttpRequest, obj: Label) -> None:
        labels.remove(obj, by=acting(request).actor)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for label in queryset:
            labels.remove(label, by=acting(request).actor)


class CustomFieldForm(VerbForm):
    choices = forms.CharField(
        label=_("choices"), required=False, widget=forms.Textarea, help_text=_("One a line.")
    )

    class Meta:
        model = CustomField
        fields = ["key", "title", "type", "position", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["choices"].initial = "\n".join(self.instance.options)
            for name in ("key", "type"):
                self.fields[name].disabled = True

    def act(self) -> CustomField:
        by, given = acting(self.request).actor, self.cleaned_data
        options = [line.strip() for line in given["choices"].splitlines() if line.strip()]
        try:
            row = (
                custom_fields.define(given["key"], given["title"], given["type"], options=options, by=by)
                if self.instance._state.adding
                else self.instance
            )
            return custom_fields.change(
                row,
                title=given["title"],
                options=options,
                position=given["position"],
                is_active=given["is_active"],
                by=by,
            )
        except FieldRefused as refusal:
            raise ValidationError(REFUSALS[refusal.code]) from None


@admin.register(CustomField, site=brand_site)
class CustomFieldAdmin(VerbAdmin):
    permission = Permission.MANAGE_CONTACTS
    form = CustomFieldForm
    list_display = ["title", "key", "type", "position", "is_active"]
