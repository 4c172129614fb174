"""How long raw records, tries to send and closed conversations are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.privacy import hold, retention
from contacts.privacy.retention import DAYS, MONTHS, Kind
from conversations.models import Attachment, Conversation, InboundRecord, Message, OutboundAttempt
from tenants.workspace.events import unit_of_work


def register() -> None:
    """Tell the schedules. Conversations are off until the brand decides."""
    for kind in (
        Kind("inbound", _("Raw records of platforms"), DAYS, 30, True, _old_records, _delete_records),
        Kind(
            "attempts",
            _("Tries to send"),
            DAYS,
            30,
            True,
            _old_attempts,
            retention.deleting(OutboundAttempt),
        ),
        Kind(
            "conversations",
            _("Messages and files of closed conversations"),
            MONTHS,
            24,
            False,
            _closed,
            _empty_conversations,
        ),
    ):
        retention.register(kind)


_delete_records = retention.deleting(InboundRecord)


def _old_records(cutoff: datetime) -> QuerySet[InboundRecord]:
    """Read or given up; not those that brought a message of somebody on hold."""
    held = Message.objects.filter(hold.on("conversation__contact_id"), id=OuterRef("id"))
    settled = (InboundRecord.State.DONE, InboundRecord.State.DEAD)
    return InboundRecord.objects.filter(received_at__lt=cutoff, state__in=settled).exclude(Exists(held))


def _old_attempts(cutoff: datetime) -> QuerySet[OutboundAttempt]:
    """Of messages that are settled; the newest try of each stays while its message does."""
    unsettled = (Message.Status.PENDING, Message.Status.FAILED, Message.Status.UNCONFIRMED)
    return (
        OutboundAttempt.objects.filter(started_at__lt=cutoff)
        .exclude(message__status__in=unsettled)
        .exclude(outcome=OutboundAttempt.Outcome.CALLING)
        .exclude(hold.on("message__conversation__contact_id"))
    )


def _closed(cutoff: datetime) -> QuerySet[Conversation]:
    """Closed long ago, and something is left of what was said."""
    said = Message.objects.filter(conversation_id=OuterRef("id"))
    return Conversation.objects.filter(
        Exists(said), status=Conversation.Status.RESOLVED, last_activity_at__lt=cutoff
    ).exclude(hold.on("contact_id"))


def _empty_conversations(keys: Sequence[Any]) -> None:
    """Messages go, and with them their attachments, whose files the hourly sweep then deletes. Conversations,
    sessions and waits stay: figures of the past do not change."""
    for conversation_id in keys:
        with unit_of_work():
            Attachment.objects.filter(message__conversation_id=conversation_id).delete()
            Message.objects.filter(conversation_id=conversation_id).delete()
            Conversation.objects.filter(id=conversation_id).update(
                last_message_text="", reply_handle="", reply_handle_at=None
            )
