"""Forms around accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from tenants.models import User


class JoinForm(forms.Form):
    """What an invited person without an account tells us: their name and a password."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    repeated = forms.CharField(
        label=_("Password again"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password and password != cleaned.get("repeated"):
            self.add_error("repeated", _("The two passwords differ."))
        elif password:
            try:
                validate_password(password, User(email=self._email, name=cleaned.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def account(self, known: User | None) -> User:
        """The account with what was written: a new one, or `known`, which had no password yet."""
        user = known or User(email=self._email)
        user.name = self.cleaned_data["name"]
        user.set_password(self.cleaned_data["password"])
        user.save()
        return user
