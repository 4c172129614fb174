"""The ground of a brand's admin: its site, its base classes, and what belongs to the workspace itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants.house_admin import HouseAdminSite, HouseModelAdmin
from tenants.workspace import audit, availability, reactors, tokens
from tenants.workspace.access import Member, Permission
from tenants.workspace.hours import Schedule, ScheduleError
from tenants.workspace.json_fields import JSONObjectField
from tenants.workspace.models import Agent, ApiToken, AuditEntry, BusinessHours, DeadEvent, Team

_ENTRANCE = (Permission.MANAGE_INBOXES, Permission.MANAGE_PEOPLE, Permission.MANAGE_TOKENS)


class BrandAdminSite(HouseAdminSite):
    """On a brand's host, for its owners and administrators. Being platform staff gives nothing here."""

    site_header = _("Settings")
    index_title = _("Settings")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._figures: list[Callable[[], tuple[str, str]]] = []

    def show(self, figure: Callable[[], tuple[str, str]]) -> None:
        """Have the first page tell a figure of the brand: what it is, and how much."""
        self._figures.append(figure)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        figures = [figure() for figure in self._figures]
        answer: HttpResponse = super().index(request, {**(extra_context or {}), "figures": figures})
        return answer

    def is_stranger(self, request: HttpRequest) -> bool:
        return member_of(request) is None

    def has_permission(self, request: HttpRequest) -> bool:
        member = member_of(request)
        return member is not None and any(member.may(permission) for permission in _ENTRANCE)


brand_site = BrandAdminSite(name="admin")


def member_of(request: HttpRequest) -> Member | None:
    """The member who sits at the admin."""
    member: Member | None = getattr(request, "member", None)
    return member


def acting(request: HttpRequest) -> Member:
    """The member who acts. Only for what `admin_view` has let in."""
    member = member_of(request)
    if member is None:
        raise LookupError("the admin was opened to a stranger")
    return member


class BrandAdmin(HouseModelAdmin):
    """One `permission` opens a model; `may_add`, `may_change`, `may_delete` say for what. Changes go to the audit."""

    permission: ClassVar[Permission]
    may_add: ClassVar[bool] = True
    may_change: ClassVar[bool] = True
    may_delete: ClassVar[bool] = False
    verbs_audit: ClassVar[bool] = False  # the verbs behind this page write the audit themselves

    def _may(self, request: HttpRequest) -> bool:
        member = member_of(request)
        return member is not None and member.may(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self._may(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"request": request})

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._note(request, obj, "added", message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        self._note(request, obj, "changed", message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self._note(request, obj, "deleted", None)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit of this one row."""
        return redirect(f"{reverse('admin:workspace_auditentry_changelist')}?target_id={object_id}")

    def _note(self, request: HttpRequest, obj: Any, act: str, message: Any) -> None:
        if self.verbs_audit:
            return
        member = acting(request)
        audit.note(
            f"{self.opts.model_name}.{act}",
            str(self.opts.model_name),
            obj.pk,
            str(obj),
            user_id=member.user_id,
            user_name=member.agent.name,
            changes={"what": message} if message else {},
            address=audit.address_of(request),
        )


class VerbForm(forms.ModelForm):
    """A form whose work is done by a verb; what the verb refuses stands on the form."""

    request: HttpRequest

    def act(self) -> Any:
        """Do what was asked and return the row. Raises ValidationError for what was refused."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                with transaction.atomic():  # what is refused half-way has not happened
                    self.instance = self.act()
            except ValidationError as error:
                self.add_error(None, error)


class VerbAdmin(BrandAdmin):
    """For models with a VerbForm: the row is written when the form is found good."""

    verbs_audit = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        pass


class AgentForm(forms.ModelForm):
    request: HttpRequest

    class Meta:
        model = Agent
        fields = ["name", "availability"]


@admin.register(Agent, site=brand_site)
class AgentAdmin(BrandAdmin):
    permission = Permission.MANAGE_PEOPLE
    may_add = False
    form = AgentForm
    list_display = ["name", "availability", "is_active", "created_at"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        obj.save(update_fields=["name"])
        availability.change(obj, form.cleaned_data["availability"], by=acting(request).actor)


@admin.register(Team, site=brand_site)
class TeamAdmin(BrandAdmin):
    permission = Permission.MANAGE_PEOPLE
    may_delete = True
    list_display = ["name"]
    search_fields = ["name"]
    filter_horizontal = ["agents"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A team stays while it is the last one that something is kept for: without a team it is everybody's."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        going = [team.pk for team in objs]
        for relation in Team._meta.related_objects:
            if relation.many_to_many:
                name, rows = relation.field.name, relation.related_model._default_manager.all()
                kept = rows.filter(**{f"{name}__in": Team.objects.exclude(pk__in=going)}).values("pk")
                protected += map(str, rows.filter(**{f"{name}__in": going}).exclude(pk__in=kept).distinct())
        return to_delete, counts, missing, protected


class HoursForm(forms.ModelForm):
    class Meta:
        model = BusinessHours
        fields = ["name", "timezone", "weekly", "special_days"]
        help_texts = {
            "weekly": _('For example {"monday": [["09:00", "12:00"], ["13:00", "18:00"]]}.'),
            "special_days": _('For example {"2026-01-01": []}: closed.'),
        }
        field_classes = {"weekly": JSONObjectField, "special_days": JSONObjectField}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                Schedule.from_json(
                    {
                        "zone": cleaned["timezone"],
                        "weekly": cleaned["weekly"],
                        "special": cleaned["special_days"] or {},
                    }
                )
            except ScheduleError as error:
                raise ValidationError(str(error)) from None
        return cleaned


@admin.register(BusinessHours, site=brand_site)
class BusinessHoursAdmin(BrandAdmin):
    permission = Permission.MANAGE_INBOXES
    may_delete = True
    form = HoursForm
    list_display = ["name", "timezone"]


class TokenForm(VerbForm):
    class Meta:
        model = ApiToken
        fields = ["name", "access", "agent", "expires_at"]

    def act(self) -> ApiToken:
        row, self.token = tokens.issue(
            self.cleaned_data["name"],
            self.cleaned_data["access"],
            by=acting(self.request),
            agent=self.cleaned_data["agent"],
            expires_at=self.cleaned_data["expires_at"],
            address=audit.address_of(self.request),
        )
        return row


@admin.register(ApiToken, site=brand_site)
class ApiTokenAdmin(VerbAdmin):
    permission = Permission.MANAGE_TOKENS
    may_change = False
    form = TokenForm
    list_display = ["name", "prefix", "access", "agent", "last_used_at", "expires_at", "revoked_at"]
    fields = ["name", "access", "agent", "expires_at"]
    actions = ["revoke"]

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        request.shown_once = form.token  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The token itself, this once: not in a message, which browsers and sessions keep."""
        token = request.shown_once  # type: ignore[attr-defined]
        context = {**brand_site.each_context(request), "token": token, "title": _("API token")}
        return render(request, "platform/token_once.html", context)

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        for row in chosen:
            tokens.revoke(row, by=acting(request), address=audit.address_of(request))
        messages.success(request, _("Done."))


class ReadOnlyAdmin(BrandAdmin):
    may_add = False
    may_change = False


@admin.register(AuditEntry, site=brand_site)
class AuditAdmin(ReadOnlyAdmin):
    permission = Permission.READ_AUDIT
    list_display = ["happened_at", "user_name", "act", "target_type", "target_name", "address"]
    list_filter = ["act", "target_type"]
    search_fields = ["user_name", "target_name", "act"]
    date_hierarchy = "happened_at"
    more_lookups = ("target_id",)


@admin.register(DeadEvent, site=brand_site)
class DeadEventAdmin(ReadOnlyAdmin):
    permission = Permission.REPLAY_DEAD_LETTERS
    list_display = ["reactor", "sequence", "error", "died_at", "replayed_at"]
    list_filter = ["reactor"]
    actions = ["replay"]

    @admin.action(description=_("Try again"))
    def replay(self, request: HttpRequest, chosen: QuerySet[DeadEvent]) -> None:
        failed = 0
        for row in chosen:
            try:
                reactors.replay(row)
            except Exception:
                failed += 1
                continue
            self.log_change(request, row, "replayed")
        if failed:
            messages.error(request, _("%(count)s failed again.") % {"count": failed})
        else:
            messages.success(request, _("Done."))
