"""What the set-up page of a website chat asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.widget import colours
from conversations.widget.arrangement import ASKED, FIELDS, REQUIRED, TEXT_LIMIT, TEXTS, Arrangement
from conversations.widget.sites import is_origin
from tenants.workspace.models import BusinessHours

MOST_ORIGINS = 50

LANGUAGES = {"en": "English", "zh-hant": "繁體中文", "zh-hans": "简体中文", "ja": "日本語"}
TEXT_LABELS = {
    "greeting": _("Greeting above the first message"),
    "instant": _("Sent at once, in opening hours"),
    "away": _("Sent outside opening hours"),
    "consent": _("Consent to be ticked before the first message"),
}
FIELD_LABELS = {"name": _("Name"), "email": _("E-mail address"), "phone": _("Phone number")}


class ArrangementForm(forms.Form):
    """One site's chat: where it may stand, how it looks, what it says and asks."""

    origins = forms.CharField(
        label=_("Sites that may show the chat"),
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        required=False,
        max_length=5000,
        help_text=_(
            "One address a line, such as https://shop.example or https://*.shop.example. None: nobody may."
        ),
    )
    colour = forms.CharField(label=_("Brand colour"), widget=forms.TextInput({"type": "color"}), max_length=7)
    hours = forms.ModelChoiceField(
        BusinessHours.objects.none(), label=_("Opening hours"), required=False, empty_label=_("Always open")
    )
    asks_email_when_closed = forms.BooleanField(
        label=_("Outside opening hours, ask for an e-mail address first"),
        required=False,
        help_text=_("Where a mailbox is connected, what visitors write then is answered by e-mail."),
    )
    needs_identity = forms.BooleanField(
        label=_("Only for people whom your own server vouches for"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hours: Any = self.fields["hours"]
        hours.queryset = BusinessHours.objects.order_by("name")
        choices = [("", _("not asked")), (ASKED, _("asked, may be left empty")), (REQUIRED, _("required"))]
        for name in FIELDS:
            self.fields[f"form_{name}"] = forms.ChoiceField(
                label=FIELD_LABELS[name], choices=choices, required=False
            )
        for language in LANGUAGES:
            for name in TEXTS:
                self.fields[_text_field(name, language)] = forms.CharField(
                    label=TEXT_LABELS[name],
                    required=False,
                    max_length=TEXT_LIMIT,
                    widget=forms.Textarea({"rows": 2, "lang": language}),
                )

    @staticmethod
    def initial_for(origins: list[str], arrangement: Arrangement) -> dict[str, Any]:
        """The fields' values for what is stored."""
        texts = {
            _text_field(name, language): arrangement.text(name, language)
            for language in LANGUAGES
            for name in TEXTS
        }
        return {
            "origins": "\n".join(origins),
            "colour": arrangement.colour,
            "hours": arrangement.hours_id,
            "asks_email_when_closed": arrangement.asks_email_when_closed,
            "needs_identity": arrangement.needs_identity,
            **{f"form_{name}": arrangement.form.get(name, "") for name in FIELDS},
            **texts,
        }

    def clean_origins(self) -> list[str]:
        """One origin a line; a slash at the end is no matter."""
        lines = [line.strip().lower().rstrip("/") for line in self.cleaned_data["origins"].splitlines()]
        found = list(dict.fromkeys(filter(None, lines)))
        for origin in found:
            if not is_origin(origin):
                raise forms.ValidationError(
                    _("“%(origin)s” is not the address of a site: https:// and its name."),
                    params={"origin": origin},
                )
        if len(found) > MOST_ORIGINS:
            raise forms.ValidationError(_("At most %(most)d sites."), params={"most": MOST_ORIGINS})
        return found

    def clean_colour(self) -> str:
        """A colour as browsers' choosers write it."""
        colour = str(self.cleaned_data["colour"]).lower()
        if not colours.is_colour(colour):
            raise forms.ValidationError(_("Write the colour as # and six digits."))
        return colour

    def arrangement(self) -> Arrangement:
        """What was decided."""
        given = self.cleaned_data
        return Arrangement(
            colour=given["colour"],
            texts={
                language: {
                    name: text for name in TEXTS if (text := given[_text_field(name, language)].strip())
                }
                for language in LANGUAGES
            },
            form={name: how for name in FIELDS if (how := given[f"form_{name}"])},
            hours_id=UUID(str(given["hours"].pk)) if given["hours"] else None,
            asks_email_when_closed=given["asks_email_when_closed"],
            needs_identity=given["needs_identity"],
        )

    @property
    def places(self) -> list[forms.BoundField]:
        """The fields of where and how it looks."""
        return [self[name] for name in ("origins", "colour")]

    @property
    def asking(self) -> list[forms.BoundField]:
        """The fields of what is asked, of whom and when."""
        names = [f"form_{name}" for name in FIELDS]
        return [self[name] for name in (*names, "hours", "asks_email_when_closed", "needs_identity")]

    @property
    def texts(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Language code, its own name, and the fields of its texts."""
        return [
            (language, name, [self[_text_field(text, language)] for text in TEXTS])
            for language, name in LANGUAGES.items()
        ]


def _text_field(name: str, language: str) -> str:
    return f"text_{name}_{language}"
