"""Entry points: for every connected account the link by which customers begin to write, and its QR code."""

from __future__ import annotations

import io
from uuid import UUID

import segno
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from conversations import entry_links, gates
from conversations.channels import registry
from conversations.models import Inbox
from tenants import links
from tenants.workspace.access import MemberRequest, Permission, needs

FORMATS = {"svg": "image/svg+xml", "png": "image/png"}
QUIET_ZONE = 4  # modules, as ISO/IEC 18004 asks for
PNG_SCALE = 16  # pixels per module: sharp on paper of a hand's width


@require_GET
@needs(Permission.MANAGE_INBOXES)
def page(request: MemberRequest) -> HttpResponse:
    """Every account with its link and its code."""
    rows = [
        (inbox, registry.open(inbox.channel), _link(request, inbox))
        for inbox in Inbox.objects.filter(is_active=True).order_by("name")
    ]
    return render(request, "conversations/entry_points.html", {"rows": rows, "section": "channels"})


@require_GET
@needs(Permission.MANAGE_INBOXES)
def code(request: MemberRequest, inbox_id: UUID, form: str) -> HttpResponse:
    """The QR code of an account's link as svg or png; ?download to keep it."""
    inbox = gates.access_inbox(request.member, inbox_id)
    link = _link(request, inbox)
    if form not in FORMATS or not link or not inbox.is_active:
        raise Http404
    made = segno.make(link, error="m", micro=False)
    content = io.BytesIO()
    if form == "svg":
        made.save(content, kind="svg", border=QUIET_ZONE, light="#fff", svgclass=None, lineclass=None)
    else:
        made.save(content, kind="png", border=QUIET_ZONE, scale=PNG_SCALE)
    response = HttpResponse(content.getvalue(), content_type=FORMATS[form])
    if "download" in request.GET:
        name = slugify(f"{inbox.channel} {inbox.name}") or inbox.channel
        response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _link(request: MemberRequest, inbox: Inbox) -> str:
    chat = reverse("widget:alone", kwargs={"key": inbox.account_id}) if inbox.channel == "widget" else ""
    return entry_links.link_of(inbox, chat_address=links.address(request.tenant, chat) if chat else "")
