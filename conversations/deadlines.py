"""The queue of closing reply windows: who must be answered first, before the platform stops taking answers.

Windows are counted here in SQL as `window` counts them in Python; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations import queries
from conversations.channels import registry
from conversations.channels.base import Capabilities
from conversations.models import Conversation
from conversations.queries import Row

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""Stands for a window that does not close, or is none to hurry for: behind all that do."""


@dataclass(frozen=True, slots=True)
class DeadlinePosition:
    """Where a page ends: the next one begins behind it. as_of: when the first page was read, so that a window which
    closes meanwhile moves nothing between pages."""

    as_of: datetime
    closes_at: datetime
    at: datetime
    id: UUID


def page(
    condition: Q,
    *,
    inbox_ids: frozenset[UUID] | None = None,
    after: DeadlinePosition | None = None,
    limit: int = 50,
) -> tuple[list[Row], DeadlinePosition | None]:
    """A page of conversations and where the next one begins (None: there is none): those that wait for an answer by
    the window that closes next, then the others by their newest activity. inbox_ids: only these (None: all). One
    query."""
    as_of = after.as_of if after is not None else timezone.now()
    rows = Conversation.objects.filter(condition).annotate(
        deadline=Case(
            When(waiting_since__isnull=False, then=Coalesce(closes_at(as_of), Value(NEVER))),
            default=Value(NEVER),
            output_field=DateTimeField(),
        )
    )
    if inbox_ids is not None:
        rows = rows.filter(inbox_id__in=inbox_ids)
    if after is not None:
        behind = Q(last_activity_at__lt=after.at) | Q(last_activity_at=after.at, id__lt=after.id)
        rows = rows.filter(Q(deadline__gt=after.closes_at) | Q(behind, deadline=after.closes_at))
    in_order = rows.order_by("deadline", "-last_activity_at", "-id")[: limit + 1]
    found: list[Row] = list(queries.conversation_rows(in_order, "deadline"))
    deadlines = [row.pop("deadline") for row in found]
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], DeadlinePosition(as_of, deadlines[limit - 1], last["last_activity_at"], last["id"])


def closes_at(as_of: datetime) -> Case:
    """When the reply window that is open at `as_of` closes, as `window.closing` tells it of a conversation: SQL NULL
    where none is open, or none closes."""
    kinds = {kind: registry.open(kind).capabilities for kind in registry.KINDS}
    return Case(
        When(kind=Conversation.Kind.COMMENTS, then=Value(None, DateTimeField())),
        *(
            When(inbox__channel=kind, then=_of_kind(capabilities, as_of))
            for kind, capabilities in kinds.items()
            if capabilities.reply_window is not None
        ),
        default=Value(None, DateTimeField()),
        output_field=DateTimeField(),
    )


def _of_kind(capabilities: Capabilities, as_of: datetime) -> Case:
    takes = Q()
    if capabilities.window_messages is not None:
        takes = Q(sent_in_window__lt=capabilities.window_messages)
    ends = [
        _open("last_customer_message_at", span, as_of, takes)
        for span in (capabilities.reply_window, capabilities.human_window)
        if span is not None
    ]
    if capabilities.brief_window is not None:
        most = capabilities.brief_window_messages
        takes = Q() if most is None else Q(sent_in_brief_window__lt=most)
        ends.append(_open("brief_window_at", capabilities.brief_window, as_of, takes))
    return Case(*ends, default=Value(None, DateTimeField()), output_field=DateTimeField())


def _open(since: str, span: timedelta, as_of: datetime, takes: Q) -> When:
    still_open: dict[str, Any] = {f"{since}__gt": as_of - span}
    return When(takes & Q(**still_open), then=F(since) + Value(span))
