"""Reply windows of platforms that count our messages: what a customer does lets the count begin again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.channels import registry
from conversations.channels.items import AudienceChange, IncomingMessage
from conversations.inbound.batch import Batch, Reference
from conversations.inbound.records import Entry
from tenants.statements import prepared


def write(batch: Batch) -> None:
    """Begin the counts again that this batch's customers have opened. At most two statements, and none where no
    platform of the batch counts. What still waits to be sent goes into the new window."""
    counting = [entry for entry in batch.entries if _counts(entry)]
    if not counting:
        return
    opened = sorted({found for entry in counting if (found := _opened(batch, entry)) is not None})
    briefly = _opened_briefly(batch, counting)
    with prepared() as cursor:
        if opened:
            cursor.execute(
                """
                UPDATE conversations_conversation c
                   SET sent_in_window = (SELECT count(*) FROM conversations_message m
                                          WHERE m.conversation_id = c.id AND m.status = 'pending')
                 WHERE c.id = ANY (%s::uuid[])
                """,
                [opened],
            )
        if briefly:
            rows = sorted(briefly.items())
            cursor.execute(
                """
                UPDATE conversations_conversation c
                   SET brief_window_at = told.opened_at, sent_in_brief_window = 0
                  FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[])
                       AS told (inbox_id, identity_id, opened_at)
                 WHERE c.inbox_id = told.inbox_id AND c.identity_id = told.identity_id
                   AND (c.brief_window_at IS NULL OR c.brief_window_at < told.opened_at)
                """,
                [[key[0] for key, _ in rows], [key[1] for key, _ in rows], [at for _, at in rows]],
            )


def _counts(entry: Entry) -> bool:
    return registry.open(entry.inbox.channel).capabilities.window_messages is not None


def _opened(batch: Batch, entry: Entry) -> UUID | None:
    """The conversation in which an entry is the customer's newest message."""
    item = entry.arrival.item
    if not isinstance(item, IncomingMessage) or item.opens_brief_window:
        return None
    said = batch.said.get(Reference(entry.inbox.id, item.external_id))
    if said is None or not said.is_new:
        return None
    newest = batch.threads[said.conversation_id].last_customer_message_at
    return said.conversation_id if newest is None or said.sent_at >= newest else None


def _opened_briefly(batch: Batch, entries: list[Entry]) -> dict[tuple[UUID, UUID], datetime]:
    """Inbox and identity of who followed, scanned a code or tapped the menu -> when, the newest."""
    found: dict[tuple[UUID, UUID], datetime] = {}
    for entry in entries:
        item, person = entry.arrival.item, batch.person(entry)
        is_brief = (isinstance(item, IncomingMessage) and item.opens_brief_window) or (
            isinstance(item, AudienceChange) and item.change == "followed"
        )
        if is_brief and person is not None:
            key, at = (entry.inbox.id, person.identity_id), entry.arrival.happened_at
            found[key] = max(found.get(key, at), at)
    return found
