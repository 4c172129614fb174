"""Who owns a thread on the platform, where several apps of one account may answer in it.

No event names our own app, so the customer's newest message decides: told to us as usual, the thread is ours; told in
standby, another app owns it (Meta's conversation routing, LINE's module channels).
"""

from __future__ import annotations

from datetime import datetime

from conversations.events import ConversationHeldElsewhere, ConversationTakenOver
from conversations.inbound.batch import Batch, Thread
from tenants.arrays import columns
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, record


def note(batch: Batch, thread: Thread, at: datetime, *, is_standby: bool) -> None:
    """Something was said in a thread, and came to us as its owner or not. What came late changes nothing."""
    if (thread.held_elsewhere_at is not None) == is_standby or at < thread.last_activity_at:
        return
    thread.held_elsewhere_at = at if is_standby else None
    batch.holders[thread.id] = thread.held_elsewhere_at
    happened = ConversationHeldElsewhere if is_standby else ConversationTakenOver
    record(
        happened(conversation_id=thread.id, contact_id=thread.contact_id),
        by=SYSTEM,
        happened_at=at,
    )


def write(batch: Batch) -> None:
    """The threads whose owner changed. One statement, and none where none did."""
    if not batch.holders:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_conversation c SET held_elsewhere_at = told.at
              FROM unnest(%s::uuid[], %s::timestamptz[]) AS told (id, at) WHERE c.id = told.id
            """,
            columns(sorted(batch.holders.items(), key=lambda each: each[0])),
        )
