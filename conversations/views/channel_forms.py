"""What the set-up pages of channels ask for: fields as each kind of channel declares them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import inboxes
from conversations.channels import registry
from conversations.channels.base import Channel, Credential
from conversations.models import Inbox
from tenants.workspace.events import Actor
from tenants.workspace.models import Team

_PREFIX = "credential_"
_VERIFY_TOKEN_BYTES = 18


class ConnectForm(forms.Form):
    """A new account of one kind of channel."""

    name = forms.CharField(
        label=_("Name of the inbox"), max_length=120, help_text=_("As your staff will see it in the list.")
    )

    def __init__(self, channel: Channel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        if channel.account_label:
            self.fields["account_id"] = forms.CharField(label=gettext(channel.account_label), max_length=200)
        _ask_for_credentials(self, channel)
        if channel.secret_label:
            self.fields["secret"] = _secret(gettext(channel.secret_label), required=True)
        if has_handshake(channel):
            self.fields["verify_token"] = forms.CharField(
                label=_("Verify token"),
                max_length=100,
                initial=secrets.token_urlsafe(_VERIFY_TOKEN_BYTES),
                help_text=_("Give the platform the same text: it proves itself with it."),
            )
        if channel.default_base_url and settings.SIMULATOR:
            self.fields["base_url"] = forms.URLField(
                label=_("Platform address"),
                required=False,
                max_length=300,
                assume_scheme="https",
                help_text=_("Empty: the platform's own. On a development machine: the simulator's."),
            )

    def connect(self, *, by: Actor) -> Inbox:
        """Connect the account. Raises inboxes.CannotConnect."""
        given = self.cleaned_data
        sealed, plain = _sorted(self.channel, given)
        return inboxes.connect(
            self.channel.kind,
            given.get("account_id", ""),
            given["name"],
            by=by,
            credentials=sealed,
            settings={name: value for name, value in plain.items() if value},
            secret=given.get("secret", ""),
            verify_token=given.get("verify_token", ""),
            base_url=given.get("base_url", ""),
        )


class CredentialsForm(forms.Form):
    """New credentials for a connected account, and what else it was connected with."""

    def __init__(self, inbox: Inbox, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inbox, self.channel = inbox, registry.open(inbox.channel)
        _ask_for_credentials(self, self.channel, known=inbox.settings)

    def renew(self, *, by: Actor) -> Inbox:
        """Give them to the account; a secret that was left empty stays as it is. Returns the row as it is now."""
        sealed, plain = _sorted(self.channel, self.cleaned_data)
        return inboxes.renew_credentials(self.inbox, sealed, by=by, settings=plain)


class SecretForm(forms.Form):
    """A new signing secret; the old one is good for another day."""

    def __init__(self, channel: Channel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"] = _secret(gettext(channel.secret_label), required=True)


class InboxForm(forms.ModelForm):
    """What staff see of an inbox, and who of them."""

    class Meta:
        model = Inbox
        fields = ["name", "teams"]
        widgets = {"teams": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams: Any = self.fields["teams"]
        teams.queryset = Team.objects.order_by("name")


def has_handshake(channel: Channel) -> bool:
    """Whether the platform asks for a hook's address with a text of its own that both sides know."""
    return type(channel).challenge is not Channel.challenge and not channel.handshake_by_secret


def _ask_for_credentials(
    form: forms.Form, channel: Channel, *, known: Mapping[str, Any] | None = None
) -> None:
    """known: the settings of an account that is connected already, whose secrets may stay as they are."""
    for wanted in channel.credentials:
        form.fields[_PREFIX + wanted.name] = _field(wanted, known)


def _field(wanted: Credential, known: Mapping[str, Any] | None) -> forms.Field:
    label, help_text = gettext(wanted.label), gettext(wanted.help_text) if wanted.help_text else ""
    if wanted.is_secret and known is not None:
        help_text = f"{help_text} {gettext('Empty: stays as it is.')}".strip()
    if wanted.is_secret:
        return _secret(label, required=wanted.is_required and known is None, help_text=help_text)
    shown = {"label": label, "help_text": help_text, "initial": (known or {}).get(wanted.name, "")}
    if wanted.choices:
        choices = [(value, gettext(name)) for value, name in wanted.choices]
        return forms.ChoiceField(choices=choices, required=False, **shown)
    field = forms.CharField(required=wanted.is_required, max_length=500, **shown)
    if wanted.pattern:
        field.validators.append(
            RegexValidator(rf"\A(?:{wanted.pattern})\Z", _("This is not written as it should be."))
        )
    return field


def _secret(label: str, *, required: bool, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(
        label=label, required=required, max_length=4000, help_text=help_text, widget=widget
    )


def _sorted(channel: Channel, given: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What is held sealed, without what was left empty, and what stands in the settings."""
    values = {wanted: given.get(_PREFIX + wanted.name, "") for wanted in channel.credentials}
    sealed = {wanted.name: value for wanted, value in values.items() if wanted.is_secret and value}
    return sealed, {wanted.name: value for wanted, value in values.items() if not wanted.is_secret}
