"""A whole mail: everything that it says, and on request its page, which can neither run, post nor call home."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from conversations import gates
from conversations.models import Message
from tenants.workspace.access import MemberRequest, Permission, needs

_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src {pictures}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def show(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """A mail's head and its whole text, quotes included."""
    message = _mail(request, message_id)
    details = message.details
    return render(
        request,
        "conversations/mail.html",
        {
            "message": message,
            "details": details,
            "is_ours": message.direction == Message.Direction.OUT,
            "whole_text": details.get("full_text") or message.text,
        },
    )


@require_GET
@needs(Permission.READ_CONVERSATIONS)
def page(request: MemberRequest, message_id: UUID) -> HttpResponse:
    """A mail's own page, cleaned when it came. Its pictures from outside are loaded with ?pictures=1 only."""
    source = _mail(request, message_id).details.get("html")
    if not source:
        raise Http404
    response = HttpResponse(f'<!doctype html><meta charset="utf-8"><title></title>{source}')
    pictures = "https: data:" if request.GET.get("pictures") == "1" else "data:"
    response["Content-Security-Policy"] = _POLICY.format(pictures=pictures)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _mail(request: MemberRequest, message_id: UUID) -> Message:
    """The message, where it is a mail that is still there. Raises Http404."""
    message = gates.access_message(request.member, message_id)
    if message.unsent_at is not None or ("subject" not in message.details and "html" not in message.details):
        raise Http404
    return message
