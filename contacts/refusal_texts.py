"""Why something cannot stand in a field or be an address: for pages, imports and their error files."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

OF_VALUES: dict[str, Any] = {
    "invalid": _("This cannot stand in the field."),
    "too_long": _("That is too long."),
    "unreadable": _("It holds characters that cannot be kept."),
    "not_a_language": _("Write a language as its code: zh-TW, ja, en."),
    "unknown_zone": _("There is no such time zone."),
    "not_a_link": _("This is not a web address."),
    "not_a_number": _("This is not a number."),
    "not_a_date": _("This is not a date (2026-12-31)."),
    "not_a_moment": _("This is not a date and time."),
    "not_a_choice": _("Choose one of the list."),
    "not_yes_or_no": _("Write yes or no."),
    "not_an_email": _("This is not an e-mail address."),
    "not_a_phone": _("This is not a phone number."),
}
"""By the codes of BadValue and BadAddress."""
