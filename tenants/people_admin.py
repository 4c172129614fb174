"""Who belongs to the brand, in the brand's admin: members and invitations. The verbs of `members` decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants import members
from tenants.members import By, CannotChange
from tenants.models import Invitation, Membership
from tenants.scope import scoped_tenant
from tenants.workspace import audit
from tenants.workspace.access import Permission
from tenants.workspace.admin import VerbAdmin, VerbForm, acting, brand_site


def by(request: HttpRequest) -> By:
    """Who changes something, for the verbs of `members`."""
    return By(acting(request), audit.address_of(request))


class OfThisBrand(VerbAdmin):
    """Rows of the public schema: only those of the brand whose host this is."""

    permission = Permission.MANAGE_PEOPLE

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(tenant_id=scoped_tenant().id)


class MembershipForm(VerbForm):
    class Meta:
        model = Membership
        fields = ["role", "is_active"]

    def act(self) -> Membership:
        row = Membership.objects.get(pk=self.instance.pk)
        try:
            members.change_role(row, self.cleaned_data["role"], by=by(self.request))
            if self.cleaned_data["is_active"]:
                members.reactivate(row, by=by(self.request))
            else:
                members.deactivate(row, by=by(self.request))
        except CannotChange as refusal:
            raise ValidationError(refusal.message, refusal.code) from None
        row.refresh_from_db()
        return row


@admin.register(Membership, site=brand_site)
class MembershipAdmin(OfThisBrand):
    may_add = False
    form = MembershipForm
    list_display = ["person", "email", "role", "is_active", "created_at"]
    list_filter = ["role", "is_active"]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    fields = ["person", "email", "role", "is_active"]
    readonly_fields = ["person", "email"]

    @admin.display(description=_("name"), ordering="user__name")
    def person(self, row: Membership) -> str:
        return str(row.user)

    @admin.display(description=_("e-mail address"), ordering="user__email")
    def email(self, row: Membership) -> str:
        return row.user.email


class InvitationForm(VerbForm):
    role = forms.ChoiceField(label=_("role"), choices=Membership.Role.choices, initial=Membership.Role.AGENT)

    class Meta:
        model = Invitation
        fields = ["email", "role"]

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in Invitation._meta.get_fields()}  # the verb checks

    def act(self) -> Invitation:
        try:
            return members.invite(self.cleaned_data["email"], self.cleaned_data["role"], by=by(self.request))
        except CannotChange as refusal:
            raise ValidationError(refusal.message, refusal.code) from None


@admin.register(Invitation, site=brand_site)
class InvitationAdmin(OfThisBrand):
    may_change = False
    form = InvitationForm
    list_display = ["email", "role", "created_at", "expires_at", "accepted_at", "revoked_at"]
    fields = ["email", "role"]
    actions = ["revoke"]

    @admin.action(description=_("Take back"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        for row in chosen:
            try:
                members.revoke(row, by=by(request))
            except CannotChange as refusal:
                messages.error(request, refusal.message)
                return
        messages.success(request, _("Done."))
