"""How one inbox is: what its set-up page says and asks anew, and the test that a person sends through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from conversations import gates, outbound
from conversations.channels import registry
from conversations.mailbox.models import MailboxCursor
from conversations.models import Conversation, Inbox, Message
from conversations.outbound import ReplyRefused
from conversations.views.answers import TITLES
from tenants.ids import new_id
from tenants.workspace.access import MemberRequest, Permission, needs

WRITERS_SHOWN = 5


@require_POST
@needs(Permission.MANAGE_INBOXES)
def send_test(request: MemberRequest, inbox_id: UUID) -> HttpResponse:
    """Answer the one writer whom the person has chosen: somebody real gets what is sent, so nobody is guessed."""
    inbox = gates.access_inbox(request.member, inbox_id)
    chosen_id = _id(request.POST.get("to", ""))
    chosen = _writers(inbox).filter(id=chosen_id).first() if chosen_id else None
    if chosen is None:
        messages.error(request, _("Choose who gets the test."))
        return redirect("channel", inbox_id=inbox.id)
    text = gettext("This is a test from Kontor: %(inbox)s can send.") % {"inbox": inbox.name}
    try:
        outbound.reply(chosen, text, by=request.member.actor, client_id=new_id(), seen_number=None)
    except ReplyRefused as refusal:
        messages.error(request, TITLES.get(refusal.code, _("This could not be done.")))
    else:
        messages.success(request, _("The test is on its way."))
    return redirect("channel", inbox_id=inbox.id)


def told(request: MemberRequest, inbox: Inbox) -> dict[str, Any]:
    """What `_channel_state.html` shows: health, and who wrote, with what each said and got: whoever asks, by their own
    address, then those who wrote last."""
    own_address = getattr(request.user, "email", "")
    is_own = Q(identity__channel="email", identity__address__iexact=own_address)
    rows = _writers(inbox).alias(is_own=is_own).order_by("-is_own", "-last_customer_message_at")
    writers = list(rows[:WRITERS_SHOWN])
    said = _newest_messages(writers, Message.Direction.IN)
    sent = _newest_messages(writers, Message.Direction.OUT)
    return {
        "inbox": inbox,
        "channel": registry.open(inbox.channel),
        "writers": [(row, said.get(row.id), sent.get(row.id)) for row in writers],
        "has_sent": any(each.status in _ARRIVED for each in sent.values()),
        "mailbox": MailboxCursor.objects.filter(inbox=inbox).first() if inbox.is_active else None,
        "is_new": inbox.last_inbound_at is None,
    }


_ARRIVED = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ}


def _writers(inbox: Inbox) -> QuerySet[Conversation]:
    """Who wrote to an inbox alone and in private."""
    return Conversation.objects.select_related("contact", "identity").filter(
        inbox=inbox, kind=Conversation.Kind.CHAT, last_customer_message_at__isnull=False
    )


def _newest_messages(rows: Sequence[Conversation], direction: str) -> dict[UUID, Message]:
    found = Message.objects.filter(conversation__in=rows, direction=direction)
    newest = found.order_by("conversation_id", "-number").distinct("conversation_id")
    return {message.conversation_id: message for message in newest}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
