"""Connecting and keeping a brand's inboxes. Secrets go in and never come out: the last four signs are shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conversations import inboxes
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.inboxes import CannotConnect
from conversations.models import Inbox
from tenants.models import ChannelApp
from tenants.sealing import Unsealable
from tenants.workspace.access import Permission
from tenants.workspace.admin import VerbAdmin, VerbForm, acting, brand_site
from tenants.workspace.json_fields import JSONObjectField

TOKEN = "access_token"  # noqa: S105 -- the name under which every channel's credentials hold it
SHOWN = 4

REFUSALS = {
    "account_taken": _("This account is connected already."),
    "account_missing": _("The account's id is missing."),
    "foreign_app": _("The application belongs to the platform: its operator changes it."),
    "secret_unusable": _("The platform cannot use this secret: look at the signs and the length it allows."),
    "unknown_channel": _("There is no such channel."),
}


def _secret(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "off"})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class ConnectForm(VerbForm):
    channel = forms.ChoiceField(label=_("channel"), choices=[(kind, kind) for kind in registry.KINDS])
    account_id = forms.CharField(
        label=_("account"),
        required=False,
        max_length=200,
        help_text=_("The platform's id of the page, bot or channel. The website chat makes its own."),
    )
    identity_scope = forms.CharField(
        label=_("provider"),
        required=False,
        max_length=200,
        help_text=_("LINE: inside which customers' ids are valid."),
    )
    base_url = forms.URLField(
        label=_("platform address"),
        required=False,
        max_length=300,
        assume_scheme="https",
        help_text=_("Empty: the platform's own."),
    )
    access_token = _secret(_("access token"))
    secret = _secret(_("signing secret"))
    verify_token = _secret(
        _("verify token"), _("What the platform shows when it asks for the address first.")
    )

    class Meta:
        model = Inbox
        fields = ["name", "channel", "account_id", "identity_scope", "base_url", "settings"]
        field_classes = {"settings": JSONObjectField}

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in Inbox._meta.get_fields()}  # the verb checks

    def act(self) -> Inbox:
        given = self.cleaned_data
        try:
            return inboxes.connect(
                given["channel"],
                given["account_id"],
                given["name"],
                by=acting(self.request).actor,
                credentials={TOKEN: given["access_token"]} if given["access_token"] else {},
                secret=given["secret"],
                verify_token=given["verify_token"],
                base_url=given["base_url"],
                identity_scope=given["identity_scope"],
                settings=given["settings"],
            )
        except CannotConnect as refusal:
            raise ValidationError(REFUSALS[refusal.code], refusal.code) from None


class InboxForm(VerbForm):
    access_token = _secret(_("new access token"), _("Empty: stays as it is."))
    secret = _secret(
        _("new signing secret"), _("Empty: stays as it is. The old one is good for another day.")
    )

    class Meta:
        model = Inbox
        fields = ["name", "is_active", "teams", "settings"]
        field_classes = {"settings": JSONObjectField}

    def act(self) -> Inbox:
        row: Inbox = self.instance
        actor = acting(self.request).actor
        row.save(update_fields=["name", "is_active", "settings"])
        try:
            if self.cleaned_data["access_token"]:
                inboxes.renew_credentials(row, {TOKEN: self.cleaned_data["access_token"]}, by=actor)
            if self.cleaned_data["secret"]:
                inboxes.rotate_secret(row, self.cleaned_data["secret"], by=actor)
        except CannotConnect as refusal:
            raise ValidationError(REFUSALS[refusal.code], refusal.code) from None
        return row


@admin.register(Inbox, site=brand_site)
class InboxAdmin(VerbAdmin):
    permission = Permission.MANAGE_INBOXES
    verbs_audit = False
    list_display = ["name", "channel", "account_id", "health", "is_active", "last_inbound_at", "last_sent_at"]
    list_filter = ["channel", "health", "is_active"]
    search_fields = ["name", "account_id"]
    filter_horizontal = ["teams"]
    actions = ["disconnect"]

    def get_form(
        self, request: HttpRequest, obj: Inbox | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = InboxForm if change else ConnectForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Inbox | None = None) -> list[str]:
        if obj is None:
            secrets = ["access_token", "secret", "verify_token"]
            return ["channel", "name", "account_id", "identity_scope", *secrets, "base_url", "settings"]
        kept = ["channel", "account_id", "health", "hook_address", "token_ends_with"]
        return [*kept, "name", "is_active", "teams", "settings", "access_token", "secret"]

    def get_readonly_fields(self, request: HttpRequest, obj: Inbox | None = None) -> list[str]:
        return [] if obj is None else ["channel", "account_id", "health", "hook_address", "token_ends_with"]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The verb has written it."""

    @admin.display(description=_("address for the platform's hooks"))
    def hook_address(self, row: Inbox) -> str:
        try:
            return f"/hooks/{row.channel}/{inboxes.app_of(row).key}"
        except (CannotConnect, ChannelApp.DoesNotExist):
            return "–"

    @admin.display(description=_("access token"))
    def token_ends_with(self, row: Inbox) -> str:
        try:
            token = account_of(row).credentials.get(TOKEN, "")
        except Unsealable:
            return str(_("cannot be read"))
        return f"…{token[-SHOWN:]}" if len(token) > 2 * SHOWN else "–"

    @admin.action(description=_("Disconnect: receive and send no more"))
    def disconnect(self, request: HttpRequest, chosen: QuerySet[Inbox]) -> None:
        for row in chosen:
            inboxes.disconnect(row, by=acting(request).actor)
        messages.success(request, _("Done."))
