"""What is typed on the screens of privacy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactIdentity, Erasure
from contacts.privacy.hold import LONGEST_REASON
from contacts.privacy.retention import LONGEST
from contacts.privacy.watching import LARGEST
from tenants.workspace.models import Agent


class PlanForm(forms.Form):
    """What is to be erased, and how."""

    mode = forms.ChoiceField(label=_("How"), choices=Erasure.Mode.choices)
    identity = forms.ModelChoiceField(
        label=_("What"),
        queryset=ContactIdentity.objects.none(),
        required=False,
        empty_label=_("the whole person"),
    )
    ground = forms.CharField(
        label=_("Ground"),
        max_length=200,
        required=False,
        help_text=_("It stands on the certificate: write why, and nobody's name."),
    )

    def __init__(self, contact: Contact, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = contact.identities.filter(stands_for__isnull=True).order_by("created_at")
        self.fields["identity"].queryset = own  # type: ignore[attr-defined]


class ConfirmForm(forms.Form):
    """The second confirmation of one person alone."""

    name = forms.CharField(
        label=_("The name, exactly"),
        max_length=400,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class HoldForm(forms.Form):
    """A legal hold."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_REASON)
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=Agent.objects.none())
    review_on = forms.DateField(
        label=_("To be reviewed on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = Agent.objects.filter(is_active=True)  # type: ignore[attr-defined]


class LimitForm(forms.Form):
    """How many contacts somebody of the staff may see within an hour."""

    contacts = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)


class RuleForm(forms.Form):
    """How long one kind of data is kept."""

    kind = forms.CharField(max_length=40)
    is_on = forms.BooleanField(required=False)
    keep = forms.IntegerField(min_value=1, max_value=LONGEST)
