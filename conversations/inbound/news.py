"""News of the account itself, passed on to whoever reacts to it."""

from __future__ import annotations

from conversations.channels.items import AccountChange
from conversations.events import InboxTold
from conversations.inbound.batch import Batch
from conversations.inbound.records import Entry, Outcome
from tenants.workspace.events import SYSTEM, record


def take(batch: Batch, entry: Entry, item: AccountChange) -> str:
    """Note in the log what the platform told of its account."""
    told = InboxTold(inbox_id=entry.inbox.id, change=item.change, details=dict(item.details))
    record(told, by=SYSTEM, happened_at=entry.arrival.happened_at)
    return Outcome.APPLIED
