"""The platform's admin: agencies, tenants, domains, plans, who may enter. Never a brand's data.

What signs hooks is put in by `conversations.admin`, which knows the channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants import directory, provisioning
from tenants.house_admin import HouseAdminSite, HouseModelAdmin
from tenants.models import Agency, Domain, Membership, Plan, Tenant, User
from tenants.scope import tenant_scope
from tenants.workspace import audit


class PlatformAdminSite(HouseAdminSite):
    """On the platform's own host, for platform staff."""

    site_header = _("Platform")
    index_title = _("Platform settings")

    def is_stranger(self, request: HttpRequest) -> bool:
        return not self.has_permission(request)

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_active and request.user.is_staff


platform_site = PlatformAdminSite(name="admin")


class PlatformAdmin(HouseModelAdmin):
    """Platform staff may see and change what is registered; the look-ups of hosts follow at once."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return platform_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return platform_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return platform_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return platform_site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(directory.forget)


@admin.register(Agency, site=platform_site)
class AgencyAdmin(PlatformAdmin):
    list_display = ["name", "created_at"]
    search_fields = ["name"]


@admin.register(Plan, site=platform_site)
class PlanAdmin(PlatformAdmin):
    list_display = [
        "name",
        "api_calls_per_minute",
        "inbound_per_second",
        "sockets",
        "agents",
        "storage_bytes",
    ]


class ZonedForm(forms.ModelForm):
    """A form whose `timezone` is one that exists: pages of a brand or person with any other cannot be shown."""

    def clean_timezone(self) -> str:
        zone = str(self.cleaned_data["timezone"])
        if zone and zone not in available_timezones():
            raise ValidationError(_("“%(zone)s” is not a time zone."), params={"zone": zone})
        return zone


class TenantForm(ZonedForm):
    """A brand's own data; making one asks for its address and owner too, and provisions its schema."""

    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    domain = forms.CharField(label=_("domain"), max_length=253, required=False)
    owner = forms.ModelChoiceField(label=_("owner"), queryset=User.objects.order_by("email"), required=False)

    class Meta:
        model = Tenant
        fields = ["agency", "plan", "name", "slug", "language", "timezone"]

    def _post_clean(self) -> None:
        is_new = self.instance._state.adding
        super()._post_clean()  # type: ignore[misc]
        if is_new and not self.errors:
            try:
                self.instance = provisioning.create(
                    agency=self.cleaned_data["agency"],
                    name=self.cleaned_data["name"],
                    slug=self.cleaned_data["slug"],
                    language=self.cleaned_data["language"],
                    timezone=self.cleaned_data["timezone"],
                    plan=self.cleaned_data["plan"],
                    owner=self.cleaned_data["owner"],
                    domain=self.cleaned_data["domain"]
                    or f"{self.cleaned_data['slug']}.{settings.BRAND_HOST_SUFFIX}",
                )
            except ValidationError as error:
                self.add_error(None, error if not hasattr(error, "error_dict") else error.messages)


@admin.register(Tenant, site=platform_site)
class TenantAdmin(PlatformAdmin):
    form = TenantForm
    list_display = ["name", "slug", "agency", "plan", "status", "language", "created_at"]
    list_filter = ["status", "agency"]
    search_fields = ["name", "slug"]
    actions = ["suspend", "resume", "close"]

    def get_fields(self, request: HttpRequest, obj: Tenant | None = None) -> list[str]:
        known = ["agency", "plan", "name", "slug", "language", "timezone"]
        return [*known, "domain", "owner"] if obj is None else [*known, "status", "schema_name", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> list[str]:
        return [] if obj is None else ["slug", "status", "schema_name", "created_at"]

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if change:  # a new one has been provisioned by its form
            super().save_model(request, obj, form, change)

    @admin.action(description=_("Suspend: nobody enters, nothing is received"))
    def suspend(self, request: HttpRequest, chosen: QuerySet[Tenant]) -> None:
        self._each(request, chosen, provisioning.suspend)

    @admin.action(description=_("Open again"))
    def resume(self, request: HttpRequest, chosen: QuerySet[Tenant]) -> None:
        self._each(request, chosen, provisioning.resume)

    @admin.action(description=_("Close"))
    def close(self, request: HttpRequest, chosen: QuerySet[Tenant]) -> None:
        self._each(request, chosen, provisioning.close)

    def _each(self, request: HttpRequest, chosen: QuerySet[Tenant], verb: Callable[[Tenant], None]) -> None:
        for tenant in chosen:
            verb(tenant)
            self.log_change(request, tenant, verb.__name__)
        messages.success(request, _("Done."))


class DomainForm(forms.ModelForm):
    class Meta:
        model = Domain
        fields = ["domain", "tenant", "is_primary"]

    def clean_domain(self) -> str:
        try:
            return provisioning.checked_host(self.cleaned_data["domain"])
        except ValidationError as error:
            raise ValidationError(error.messages) from None


@admin.register(Domain, site=platform_site)
class DomainAdmin(PlatformAdmin):
    form = DomainForm
    list_display = ["domain", "tenant", "is_primary"]
    search_fields = ["domain"]

    def has_delete_permission(self, request: HttpRequest, obj: Domain | None = None) -> bool:
        return (obj is None or not obj.is_primary) and platform_site.has_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # one by one: a primary address must not go

    def delete_model(self, request: HttpRequest, obj: Domain) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(directory.forget)


class MembershipsOfUser(admin.TabularInline):
    model = Membership
    extra = 0
    fields = readonly_fields = ["tenant", "role", "is_active"]
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return platform_site.has_permission(request)


class UserForm(ZonedForm):
    class Meta:
        model = User
        fields = ["email", "name", "language", "timezone", "is_active", "is_staff"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


@admin.register(User, site=platform_site)
class UserAdmin(PlatformAdmin):
    """People. A password is set by its owner, by way of the reset mail."""

    form = UserForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "language", "timezone", "is_active", "is_staff", "last_login", "date_joined"]
    inlines = [MembershipsOfUser]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fixed = ["last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_staff"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(Membership, site=platform_site)
class MembershipAdmin(PlatformAdmin):
    """Places of people in brands, given by the platform. The brand's audit says so."""

    list_display = ["user", "tenant", "role", "is_active", "created_at"]
    list_filter = ["role", "is_active", "tenant"]
    search_fields = ["user__email", "tenant__name"]
    autocomplete_fields = ["user", "tenant"]
    fields = ["user", "tenant", "role", "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        return [] if obj is None else ["user", "tenant"]

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        with tenant_scope(obj.tenant):
            audit.note(
                "member.changed_by_platform" if change else "member.added_by_platform",
                "membership",
                obj.id,
                obj.user.email,
                user_id=request.user.pk,
                user_name=str(request.user),
                changes={"role": obj.role, "is_active": obj.is_active},
                address=audit.address_of(request),
            )
