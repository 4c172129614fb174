"""What the administrators do about somebody who looks at too many contacts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from contacts.privacy import watching
from contacts.views.privacy.forms import LimitForm
from tenants.workspace.access import MemberRequest, Permission, needs


@require_POST
@needs(Permission.READ_ACCESS_LOG)
def limit(request: MemberRequest) -> HttpResponseRedirect:
    """How many contacts somebody may see within an hour; nothing: nobody is watched."""
    form = LimitForm(request.POST)
    if form.is_valid():
        watching.change_limit(form.cleaned_data["contacts"], by=request.member.actor)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Write a whole number of contacts, or nothing."))
    return redirect("privacy_accesses")


@require_POST
@needs(Permission.READ_ACCESS_LOG)
def have_seen(request: MemberRequest, alert_id: UUID) -> HttpResponseRedirect:
    """Somebody has looked into an alert."""
    watching.have_seen(alert_id, by=request.member.actor)
    return redirect("privacy_accesses")
