"""What the screens of privacy share: how they are shown, and the words for what is refused."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from contacts.privacy.erasing import ErasureRefused
from contacts.privacy.exporting import ExportRefused
from contacts.privacy.hold import HoldRefused, Restricted
from contacts.privacy.retention import RetentionRefused
from tenants.workspace.access import MemberRequest

MOST_SHOWN = 50
REFUSED = (ErasureRefused, ExportRefused, HoldRefused, RetentionRefused, Restricted)
REFUSALS = {
    "erased_already": _("This person is erased already."),
    "erased": _("This person is erased already."),
    "at_work": _("An erasing of this person is at work."),
    "being_erased": _("An erasing of this person is at work."),
    "merged_away": _("This contact was merged into another one."),
    "unknown_identity": _("This address belongs to another contact by now."),
    "not_planned": _("This is confirmed already, or taken back."),
    "not_confirmed_twice": _("Type the name exactly, or let a second administrator confirm."),
    "held_already": _("A hold lies on this person already."),
    "not_held": _("No hold lies on this person."),
    "review_in_past": _("The day of the review has passed."),
    "no_reason": _("A reason is needed."),
    "too_short": _("This kind must be kept longer."),
}
RESTRICTED = _("Restricted: a legal hold lies on this person.")


def page(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A screen of privacy."""
    return render(request, f"contacts/privacy/{template}.html", {**context, "section": "privacy"})


def tell(request: HttpRequest, refusal: Exception) -> None:
    """Say on the next page why something was not done."""
    code = getattr(refusal, "code", "")
    messages.error(request, RESTRICTED if isinstance(refusal, Restricted) else REFUSALS.get(code, code))
