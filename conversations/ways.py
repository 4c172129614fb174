"""Other ways to the same customer: where else they wrote, and may be answered now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Value, When

from conversations.channels import registry
from conversations.models import Conversation, Inbox
from conversations.queries import Row
from conversations.window import closing, may_send, window_of

MOST = 3


def other_ways(
    conversation: Conversation, now: datetime, *, inbox_ids: frozenset[UUID] | None = None
) -> list[Row]:
    """The customer's other one-to-one conversations in which a person may write now, where they wrote last first.

    Of one address the live conversation, else the newest, which an answer opens again. Nothing is chosen and nothing
    sent: it is for a person to take one. inbox_ids: only these (None: all). Each row: id, channel, inbox_name,
    address_name, closes_at (None: never). One query.
    """
    rows = Conversation.objects.filter(
        contact_id=conversation.contact_id,
        thread="",
        inbox__is_active=True,
        identity__is_reachable=True,
    ).exclude(inbox_id=conversation.inbox_id, identity_id=conversation.identity_id)
    rows = rows.exclude(inbox__health=Inbox.Health.DISCONNECTED)
    if inbox_ids is not None:
        rows = rows.filter(inbox_id__in=inbox_ids)
    is_over = Case(When(status=Conversation.Status.RESOLVED, then=Value(1)), default=Value(0))
    one_each = rows.order_by("inbox_id", "identity_id", is_over, "-last_activity_at", "-id").distinct(
        "inbox_id", "identity_id"
    )
    found: Any = one_each.annotate(
        channel=F("inbox__channel"), inbox_name=F("inbox__name"), address_name=F("identity__display_name")
    )
    windows = [(row, window_of(registry.open(row.channel).capabilities, row, now)) for row in found]
    usable = [(row, window) for row, window in windows if may_send(window, by_person=True)]
    usable.sort(key=lambda each: each[0].last_activity_at, reverse=True)
    return [
        {
            "id": row.id,
            "channel": row.channel,
            "inbox_name": row.inbox_name,
            "address_name": row.address_name,
            "closes_at": closing(window),
        }
        for row, window in usable[:MOST]
    ]
