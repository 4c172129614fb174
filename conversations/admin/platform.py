"""What signs hooks, and hooks that nobody could take, on the platform's admin."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations import replaying
from conversations.channels import registry
from tenants import channel_apps, directory
from tenants.admin import PlatformAdmin, platform_site
from tenants.models import ChannelApp, UnknownAccount, UnparsedHook

MOST_SHOWN = 4_000

logger = logging.getLogger(__name__)


class ChannelAppForm(forms.ModelForm):
    """Secrets go in and never come out."""

    kind = forms.ChoiceField(label=_("channel"), choices=[(kind, kind) for kind in registry.KINDS])
    secret = forms.CharField(
        label=_("signing secret"),
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("Empty: stays as it is. The old one is good for another day."),
    )
    verify_token = forms.CharField(
        label=_("verify token"),
        required=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text=_("Empty: stays as it is."),
    )

    class Meta:
        model = ChannelApp
        fields = ["kind", "name", "tenant"]


@admin.register(ChannelApp, site=platform_site)
class ChannelAppAdmin(PlatformAdmin):
    form = ChannelAppForm
    list_display = ["name", "kind", "tenant", "created_at"]
    list_filter = ["kind"]
    search_fields = ["name"]

    def get_fields(self, request: HttpRequest, obj: ChannelApp | None = None) -> list[str]:
        own = ["name", "secret", "verify_token"]
        return ["kind", "tenant", *own] if obj is None else ["kind", "tenant", "key", *own]

    def get_readonly_fields(self, request: HttpRequest, obj: ChannelApp | None = None) -> list[str]:
        return [] if obj is None else ["kind", "tenant", "key"]

    def save_model(self, request: HttpRequest, obj: ChannelApp, form: Any, change: bool) -> None:
        given = form.cleaned_data
        if not change:
            tenant = given["tenant"]
            row = channel_apps.create(
                given["kind"],
                given["name"],
                tenant_id=None if tenant is None else tenant.id,
                secret=given["secret"],
                verify_token=given["verify_token"],
            )
            obj.pk, obj.key, obj._state.adding = row.pk, row.key, False
        else:
            obj.save(update_fields=["name"])
            if given["secret"]:
                channel_apps.rotate_secret(obj, given["secret"], at=timezone.now())
            if given["verify_token"]:
                channel_apps.set_verify_token(obj, given["verify_token"])
        transaction.on_commit(directory.forget)


class ToLookAt(PlatformAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(UnknownAccount, site=platform_site)
class UnknownAccountAdmin(ToLookAt):
    list_display = ["account_id", "app", "items", "first_seen_at", "last_seen_at"]
    list_filter = ["app"]
    search_fields = ["account_id"]


@admin.register(UnparsedHook, site=platform_site)
class UnparsedHookAdmin(ToLookAt):
    list_display = ["received_at", "app", "error", "replayed_at"]
    list_filter = ["app"]
    fields = readonly_fields = ["received_at", "app", "error", "headers", "content", "replayed_at"]
    actions = ["replay"]

    @admin.display(description=_("content"))
    def content(self, hook: UnparsedHook) -> str:
        return bytes(hook.body)[:MOST_SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")

    @admin.action(description=_("Read again"))
    def replay(self, request: HttpRequest, chosen: QuerySet[UnparsedHook]) -> None:
        failed = 0
        for hook in chosen:
            try:
                replaying.replay_hook(hook)
            except Exception as error:
                logger.warning("an unread hook failed again: %s", type(error).__name__)
                failed += 1
        if failed:
            messages.error(request, _("%(count)s failed again.") % {"count": failed})
        else:
            messages.success(request, _("Done."))
