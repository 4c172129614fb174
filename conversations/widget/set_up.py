"""The set-up page of a website chat: where it may stand, how it looks, what it says, and the tag to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from conversations import gates
from conversations.models import Inbox
from conversations.widget import colours, identity
from conversations.widget.arrangement import Arrangement
from conversations.widget.set_up_forms import ArrangementForm
from conversations.widget.sites import KIND, ORIGINS_SETTING, is_origin
from tenants import links
from tenants.workspace import audit
from tenants.workspace.access import MemberRequest, Permission, needs
from tenants.workspace.events import Actor, unit_of_work


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_INBOXES)
def page(request: MemberRequest, site_id: UUID) -> HttpResponse:
    """Show and change one site's chat."""
    inbox = _site_inbox(request, site_id)
    initial = ArrangementForm.initial_for(_origins(inbox), Arrangement.read(inbox.settings))
    form = ArrangementForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        arrange(inbox, form.cleaned_data["origins"], form.arrangement(), by=request.member.actor)
        messages.success(request, _("Saved."))
        return redirect("website_chat", site_id=inbox.id)
    return _shown(request, inbox, form)


@require_POST
@needs(Permission.MANAGE_INBOXES)
def renew_secret(request: MemberRequest, site_id: UUID) -> HttpResponse:
    """Make a new identity secret, and show it this once."""
    inbox = _site_inbox(request, site_id)
    secret = identity.renew_secret(inbox, by=request.member.actor)
    inbox.refresh_from_db()
    form = ArrangementForm(
        initial=ArrangementForm.initial_for(_origins(inbox), Arrangement.read(inbox.settings))
    )
    response = _shown(request, inbox, form, secret=secret)
    response["Cache-Control"] = "no-store"
    return response


def arrange(inbox: Inbox, origins: Sequence[str], arrangement: Arrangement, *, by: Actor) -> None:
    """Store where a site's chat may stand and how it is; what else stands in the inbox's settings stays."""
    with unit_of_work():
        row = Inbox.objects.select_for_update(no_key=True).get(pk=inbox.pk)
        row.settings = {**row.settings, ORIGINS_SETTING: list(origins), **arrangement.as_settings()}
        row.save(update_fields=["settings"])
        audit.note_by(
            by, "inbox.chat_arranged", "inbox", row.id, row.name, changes={ORIGINS_SETTING: list(origins)}
        )


def _site_inbox(request: MemberRequest, site_id: UUID) -> Inbox:
    inbox = gates.access_inbox(request.member, site_id)
    if inbox.channel != KIND:
        raise Http404
    return inbox


def _shown(request: MemberRequest, inbox: Inbox, form: ArrangementForm, *, secret: str = "") -> HttpResponse:
    arrangement = Arrangement.read(inbox.settings)
    context: dict[str, Any] = {
        "inbox": inbox,
        "form": form,
        "arrangement": arrangement,
        "contrast": f"{colours.contrast(arrangement.ink, arrangement.colour):.1f}",
        "snippet": _snippet(request, inbox, arrangement),
        "origins": _origins(inbox),
        "secret": secret,
        "has_secret": bool(identity.keys_of(inbox)),
        "section": "channels",
    }
    return render(request, "widget/set_up.html", context)


def _origins(inbox: Inbox) -> list[str]:
    stored = inbox.settings.get(ORIGINS_SETTING)
    return [origin for origin in stored if is_origin(origin)] if isinstance(stored, list) else []


def _snippet(request: MemberRequest, inbox: Inbox, arrangement: Arrangement) -> str:
    address = links.address(request.tenant, "/widget/loader.js")
    return f'<script async src="{address}" data-site="{inbox.account_id}" data-color="{arrangement.colour}"></script>'
