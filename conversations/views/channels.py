"""The set-up pages of channels: what is connected and how it is, connecting one more, keeping one in order."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversations import accounts, checking, gates, inboxes
from conversations.channels import registry
from conversations.channels.base import Channel
from conversations.inboxes import CannotConnect
from conversations.mailbox import reading
from conversations.models import Inbox
from conversations.views import channel_state
from conversations.views.channel_forms import (
    ConnectForm,
    CredentialsForm,
    InboxForm,
    SecretForm,
    has_handshake,
)
from tenants.models import ChannelApp
from tenants.workspace.access import MemberRequest, Permission, needs

_INBOXES = Inbox.objects.select_related("mailbox_cursor")

REFUSALS = {
    "account_taken": _("This account is connected already, here or with another brand."),
    "account_missing": _("The account's id is missing."),
    "foreign_app": _("The application belongs to the platform: its operator changes it."),
    "secret_unusable": _("The platform cannot use this secret: look at the signs and the length it allows."),
    "unknown_channel": _("There is no such channel."),
}

_FIELDS = {"account_taken": "account_id", "account_missing": "account_id", "secret_unusable": "secret"}


@require_GET
@needs(Permission.MANAGE_INBOXES)
def overview(request: MemberRequest) -> HttpResponse:
    """Every inbox with its health, and the kinds that can be connected."""
    rows = [(row, registry.open(row.channel)) for row in _INBOXES.order_by("-is_active", "name")]
    kinds = [registry.open(kind) for kind in registry.KINDS]
    return render(
        request, "conversations/channels.html", {"rows": rows, "kinds": kinds, "section": "channels"}
    )


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_INBOXES)
def connect(request: MemberRequest, kind: str) -> HttpResponse:
    """Connect one more account of a kind."""
    channel = _channel(kind)
    form = ConnectForm(channel, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            inbox = form.connect(by=request.member.actor)
        except CannotConnect as refusal:
            form.add_error(_FIELDS.get(refusal.code), str(REFUSALS[refusal.code]))
        else:
            messages.success(request, _("Connected. Two steps are left, below."))
            return _asked(request, inbox)
    context = {"channel": channel, "form": form, "section": "channels"}
    return render(request, "conversations/channel_connect.html", context)


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_INBOXES)
def one(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """One inbox: how it is, its hook address, its name and teams; asked by htmx, how it is alone."""
    inbox = gates.access_inbox(request.member, inbox_id)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "conversations/_channel_state.html", channel_state.told(request, inbox))
    form = InboxForm(request.POST or None, instance=inbox)
    if request.method == "POST" and form.is_valid():
        inboxes.describe(
            inbox, form.cleaned_data["name"], form.cleaned_data["teams"], by=request.member.actor
        )
        messages.success(request, _("Saved."))
        return redirect("channel", inbox_id=inbox.id)
    return _page(request, inbox, form=form)


@require_POST
@needs(Permission.MANAGE_INBOXES)
def check(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """Ask the platform now whether the account works."""
    return _asked(request, gates.access_inbox(request.member, inbox_id))


@require_POST
@needs(Permission.MANAGE_INBOXES)
def renew(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """Give the account new credentials, then ask the platform whether they are good."""
    inbox = gates.access_inbox(request.member, inbox_id)
    form = CredentialsForm(inbox, request.POST)
    if not form.is_valid():
        return _page(request, inbox, credentials=form)
    return _asked(request, form.renew(by=request.member.actor))


@require_POST
@needs(Permission.MANAGE_INBOXES)
def rotate(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """Set a new signing secret; the old one is good for another day."""
    inbox = gates.access_inbox(request.member, inbox_id)
    form = SecretForm(registry.open(inbox.channel), request.POST)
    if not form.is_valid():
        return _page(request, inbox, secret=form)
    try:
        inboxes.rotate_secret(inbox, form.cleaned_data["secret"], by=request.member.actor)
    except CannotConnect as refusal:
        form.add_error(_FIELDS.get(refusal.code), str(REFUSALS[refusal.code]))
        return _page(request, inbox, secret=form)
    else:
        messages.success(request, _("Saved. The old secret is good for another day."))
    return redirect("channel", inbox_id=inbox.id)


@require_POST
@needs(Permission.MANAGE_INBOXES)
def disconnect(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """Stop receiving and sending. What was said stays."""
    inbox = gates.access_inbox(request.member, inbox_id)
    inboxes.disconnect(inbox, by=request.member.actor)
    messages.success(request, _("Disconnected. What was said stays."))
    return redirect("channels")


def _channel(kind: str) -> Channel:
    try:
        return registry.open(kind)
    except registry.UnknownKind:
        raise Http404 from None


def _page(
    request: MemberRequest,
    inbox: Inbox,
    *,
    form: InboxForm | None = None,
    credentials: CredentialsForm | None = None,
    secret: SecretForm | None = None,
) -> HttpResponse:
    channel = registry.open(inbox.channel)
    context = {
        **channel_state.told(request, inbox),
        "form": form or InboxForm(instance=inbox),
        "credentials": credentials or (CredentialsForm(inbox) if channel.credentials else None),
        "secret": secret or (SecretForm(channel) if channel.secret_label else None),
        "hook_address": _hook_address(inbox) if channel.secret_label else "",
        "has_handshake": has_handshake(channel),
        "section": "channels",
    }
    return render(request, "conversations/channel.html", context)


def _asked(request: MemberRequest, inbox: Inbox) -> HttpResponse:
    """Ask the platform whether the account works, and let its mailbox be visited; the inbox's page says how it was."""
    row = checking.check(inbox, by=request.member.actor)
    if row.check_error:
        messages.error(request, _("The platform refused. What it said stands below."))
    else:
        messages.success(request, _("The platform answered."))
    if reading.start(row):
        messages.info(request, _("The mailbox is being visited; what comes of it appears below by itself."))
    return redirect("channel", inbox_id=row.id)


def _hook_address(inbox: Inbox) -> str:
    """Where the platform shall call; "" for an application that the operator keeps, and without a route."""
    try:
        inboxes.app_of(inbox)
    except (CannotConnect, ChannelApp.DoesNotExist):
        return ""
    return accounts.hook_url(inbox)
